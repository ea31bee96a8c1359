/* routing_model_test.c - routing against a naive version of itself that looks at everything each
 * time.
 *
 * Both get the same random inputs; after each of them every event must be the same, in the same
 * order, and what must never happen is looked for by counting.  FR_SEED=<number> repeats a run; the
 * seed is printed.  FR_EVENTS=10000000 goes on until there were so many.
 */
#include <time.h>

#include "services/routing/routing_naive.h"

#define RUNS 300
#define STEPS 500

static struct fr_given *g;

/* ---- dice ---- */

static uint64_t dice;

static uint64_t
roll(uint64_t sides)
{
    dice ^= dice << 13; /* xorshift64, Marsaglia 2003 */
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice % sides;
}

/* ---- a random house ---- */

struct text { /* YAML under construction */
    char bytes[8192];
    size_t size;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text->size += (size_t)vsnprintf(text->bytes + text->size, sizeof(text->bytes) - text->size,
                                    format, arguments);
    va_end(arguments);
    assert_true(text->size < sizeof(text->bytes));
}

static void
add_skills(struct text *yaml, const unsigned *levels)
{
    add(yaml, "      skills: [");
    for (int s = 0; s < SKILLS; s++)
        if (levels[s] > 0)
            add(yaml, "{name: s%d, level: %u}, ", s, levels[s]);
    add(yaml, "]\n");
}

static void
make_steps(struct text *yaml, struct naive_queue *queue)
{
    queue->step_count = (int)roll(STEPS_MAX + 1);
    if (queue->step_count > 0)
        add(yaml, "      relax:\n");
    for (int i = 0; i < queue->step_count; i++) {
        struct naive_step *step = &queue->steps[i];

        *step = (struct naive_step){.after_us = (5 + 12 * i + (int64_t)roll(10)) * SECOND,
                                    .level = (unsigned)roll(3),
                                    .any_skill = roll(4) == 0,
                                    .add_site = queue->site >= 0 && roll(2) == 0};
        add(yaml, "        - {after: %ds, level: %u, any_skill: %s%s}\n",
            (int)(step->after_us / SECOND), step->level, step->any_skill ? "true" : "false",
            step->add_site ? ", add_sites: [inhouse, tana]" : "");
    }
}

/* The last one takes any brand, so that most tasks find a queue, and some none. */
static void
make_queue(struct text *yaml, int i)
{
    struct naive_queue *queue = &m.queues[i];

    queue->brand = i == QUEUES - 1 ? -1 : (int)roll(3) - 1;
    queue->channel = (int)roll(3) - 1;
    queue->credit_us = (int64_t)roll(3) * 60 * SECOND;
    queue->wrap_us = roll(3) == 0 ? 15 * SECOND : 0;
    queue->site = (int)roll(3) - 1;
    queue->longest_idle = roll(2) == 0;
    for (int s = 0; s < SKILLS; s++)
        queue->need[s] = roll(3) == 0 ? 1 + (unsigned)roll(3) : 0;
    add(yaml, "    - name: q%d\n      credit: %ds\n      wrap_up: %ds\n", i,
        (int)(queue->credit_us / SECOND), (int)(queue->wrap_us / SECOND));
    if (queue->longest_idle)
        add(yaml, "      choose: longest_idle\n");
    if (queue->site >= 0)
        add(yaml, "      sites: [%s]\n", site_names[queue->site]);
    make_steps(yaml, queue);
    if (queue->brand >= 0)
        add(yaml, "      brands: [%s]\n", brand_names[queue->brand]);
    if (queue->channel >= 0)
        add(yaml, "      channels: [%s]\n", channel_names[queue->channel]);
    add_skills(yaml, queue->need);
}

static void
make_agent(struct text *yaml, int i)
{
    struct naive_agent *agent = &m.agents[i];

    snprintf(agent->name, sizeof(agent->name), "a%d", (i * 7) % AGENT_MAX); /* not in order */
    agent->state = FR__AGENT_STATE__OFFLINE;
    agent->idle_us = m.now_us;
    agent->brand = roll(2) == 0 ? -1 : (int)roll(BRANDS);
    for (int s = 0; s < SKILLS; s++)
        agent->skill[s] = (unsigned)roll(5);
    agent->site = (int)roll(SITES);
    agent->room = roll(2) == 0 ? 100 : 50 + 50 * (unsigned)roll(4);
    agent->most = roll(3) == 0 ? 1 + (unsigned)roll(3) : 0;
    agent->excludes = roll(4) == 0;
    add(yaml, "    %s:\n      site: %s\n      room: %u\n", agent->name, site_names[agent->site],
        agent->room);
    if (agent->brand >= 0)
        add(yaml, "      brands: [%s]\n", brand_names[agent->brand]);
    add_skills(yaml, agent->skill);
    add(yaml, "      capacity: [{channel: fax, weight: 1}");
    for (int c = 0; c < CHANNELS; c++) {
        agent->weight[c] = roll(6) == 0 ? 0 : 10 + (unsigned)roll(agent->room - 9);
        if (agent->weight[c] > 0)
            add(yaml, ", {channel: %s, weight: %u, most: %u%s}", channel_names[c], agent->weight[c],
                c == 0 ? agent->most : 0,
                c == 0 && agent->excludes ? ", excludes: [channel_webform]" : "");
    }
    add(yaml, "]\n");
}

static void
make_house(struct text *yaml)
{
    memset(&m, 0, sizeof(m));
    m.now_us = testing_us(0);
    yaml->size = 0;
    add(yaml, "desks: [inhouse, tana]\nrouting:\n  raise_by: 5m\n  park_for: 1m\n"
              "  priorities: [{from: 5, credit: 100s}, {from: 9, credit: 100s, strict: 1}]\n"
              "  sites: {inhouse: {grace: 90s}, tana: {grace: 90s}}\n  queues:\n");
    for (int i = 0; i < QUEUES; i++)
        make_queue(yaml, i);
    add(yaml, "  agents:\n");
    m.agent_count = 1 + (int)roll(AGENT_MAX);
    for (int i = 0; i < m.agent_count; i++)
        make_agent(yaml, i);
}

/* ---- comparing ---- */

static int
agent_by_name(const char *name)
{
    for (int i = 0; name != NULL && i < m.agent_count; i++)
        if (strcmp(m.agents[i].name, name) == 0)
            return i;
    return -1;
}

/* What an event of the real one says, in the same words; false: the naive one has no such thing. */
static bool
real_said(size_t index, struct said *said)
{
    const struct fr_record_head *head = fr_given_event(g, index);
    const ProtobufCMessage *body = fr_given_body(g, index, head->kind);

    *said = (struct said){.kind = head->kind, .agent = -1};
#define TAKE(Type, id, name)                                                                       \
    do {                                                                                           \
        said->task = ((const Fr__##Type *)body)->id;                                               \
        said->agent = agent_by_name(((const Fr__##Type *)body)->name);                             \
    } while (0)
    switch (head->kind) {
    case FR_TASK_OFFERED:
        TAKE(TaskOffered, task_id, agent);
        m.tasks[said->task].offer_id = head->id;
        break;
    case FR_TASK_QUEUED:
        TAKE(TaskQueued, task_id, held_for);
        break;
    case FR_TASK_PARKED:
        said->task = ((const Fr__TaskParked *)body)->task_id;
        break;
    case FR_TASK_ENDED:
        TAKE(TaskEnded, task_id, agent);
        break;
    case FR_OFFER_ACCEPTED:
        TAKE(OfferAccepted, task_id, agent);
        break;
    case FR_OFFER_DECLINED:
        TAKE(OfferDeclined, task_id, agent);
        break;
    case FR_OFFER_EXPIRED:
        TAKE(OfferExpired, task_id, agent);
        break;
    case FR_OFFER_RESCINDED:
        TAKE(OfferRescinded, task_id, agent);
        break;
    case FR_AGENT_STATE_CHANGED:
        said->agent = agent_by_name(((const Fr__AgentStateChanged *)body)->agent);
        break;
    case FR_TASK_RAISED:
        said->task = ((const Fr__TaskRaised *)body)->task_id;
        break;
    case FR_OFFER_ANSWER_REFUSED:
        break;
    default:
        return false;
    }
#undef TAKE
    return true;
}

static void
assert_same(uint64_t seed, int step)
{
    size_t at = 0;

    for (size_t i = 0; i < fr_given_count(g); i++) {
        struct said said;

        if (!real_said(i, &said))
            continue;
        if (at >= m.said_count || said.kind != m.said[at].kind || said.task != m.said[at].task ||
            said.agent != m.said[at].agent) {
            fr_given_print(g);
            for (size_t n = 0; n < m.said_count; n++)
                print_error("naive: %s task %d agent %d\n", fr_kind_name(m.said[n].kind),
                            (int)m.said[n].task, m.said[n].agent);
            fail_msg("FR_SEED=%llu step %d: event %zu differs", (unsigned long long)seed, step, at);
        }
        at++;
    }
    if (at != m.said_count)
        fail_msg("FR_SEED=%llu step %d: %zu events, naive has %zu", (unsigned long long)seed, step,
                 at, m.said_count);
    m.said_count = 0;
}

/* ---- what must never happen, counted without the naive version's help ---- */

static uint8_t offer_open[TASK_MAX];      /* an offer of this task is open */
static uint64_t event_count, offer_count; /* of all runs */

static void
count_offers(void)
{
    for (size_t i = 0; i < fr_given_count(g); i++) {
        struct said said;

        event_count++;
        if (!real_said(i, &said))
            continue;
        offer_count += said.kind == FR_TASK_OFFERED;
        if (said.kind == FR_TASK_OFFERED) {
            assert_false(offer_open[said.task]);
            offer_open[said.task] = 1;
        } else if (said.kind == FR_OFFER_ACCEPTED || said.kind == FR_OFFER_DECLINED ||
                   said.kind == FR_OFFER_EXPIRED || said.kind == FR_OFFER_RESCINDED) {
            assert_true(offer_open[said.task]);
            offer_open[said.task] = 0;
        } else if (said.kind == FR_TASK_ENDED) {
            assert_false(offer_open[said.task]);
        }
    }
}

static void
look_at_the_tables(void)
{
    unsigned used[AGENT_MAX] = {0};

    for (int id = 1; id <= m.task_count; id++) {
        struct routing_task row;
        enum fr_error err = routing_task_get(fr_given_view(g), (uint64_t)id, &row);

        assert_int_equal(err, m.tasks[id].state == GONE ? FR_NOT_FOUND : FR_OK);
        if (err != FR_OK)
            continue; /* over, as it should be; none is forgotten */
        assert_int_equal(row.order_us, m.tasks[id].order_us);
        assert_int_equal(row.state, m.tasks[id].state == WAITING    ? ROUTING_WAITING
                                    : m.tasks[id].state == OFFERED  ? ROUTING_OFFERED
                                    : m.tasks[id].state == WRAPPING ? ROUTING_WRAPPING
                                                                    : ROUTING_ASSIGNED);
        if (row.state != ROUTING_WAITING)
            used[row.agent - 1] += row.weight;
    }
    for (int i = 0; i < m.agent_count; i++) {
        struct routing_agent row = testing_agent(g, m.agents[i].name);

        assert_int_equal(row.used, used[row.number - 1]);
        assert_true(row.used <= row.room);
    }
}

/* ---- one run ---- */

/* The bench cuts off what is behind the microseconds. */
static double
bench_seconds(int64_t us)
{
    return ((double)(us - testing_us(0)) + 0.5) / 1e6;
}

static int
some_task(enum naive_state state)
{
    int start = m.task_count > 0 ? 1 + (int)roll((uint64_t)m.task_count) : 1;

    for (int i = 0; i < m.task_count; i++) {
        int id = 1 + (start + i) % m.task_count;

        if (m.tasks[id].state == state)
            return id;
    }
    return 0;
}

static void
step_request(void)
{
    uint64_t id = (uint64_t)m.task_count + 1;
    int brand = (int)roll(BRANDS), channel = (int)roll(CHANNELS);
    int preferred = roll(3) == 0 ? (int)roll((uint64_t)m.agent_count) : -1;
    int priority = roll(3) == 0 ? (int)roll(11) : 0;
    Fr__TaskRequested request = testing_request(id, 0);

    if (id >= TASK_MAX)
        return;
    request.arrived_us = m.now_us - (int64_t)roll(100) * SECOND + (int64_t)roll(3) * 20 * SECOND;
    request.channel = (char *)channel_names[channel];
    if (preferred >= 0)
        request.preferred_agent = m.agents[preferred].name;
    request.has_priority = priority > 0;
    request.priority = priority;
    testing_send_request(g, &request, brand_names[brand]);
    naive_request(id, brand, channel, request.arrived_us, preferred, priority);
}

static void
step_answer(void)
{
    int id = some_task(OFFERED);
    bool accepted = roll(3) != 0;

    if (id == 0)
        return;
    testing_answer(g, m.agents[m.tasks[id].agent].name, (uint64_t)id, m.tasks[id].offer_id,
                   accepted);
    naive_answer((uint64_t)id, m.tasks[id].agent, accepted);
}

/* From the wrong agent, or for an offer that there never was: refused, and nothing changes. */
static void
step_wrong_answer(void)
{
    int id = some_task(OFFERED), agent = (int)roll((uint64_t)m.agent_count);

    if (id == 0)
        return;
    testing_answer(g, m.agents[agent].name, (uint64_t)id, m.tasks[id].offer_id + 1, true);
    say(FR_OFFER_ANSWER_REFUSED, 0, -1);
}

static void
step_end(int how)
{
    int id = some_task(how == 0 ? ASSIGNED : (enum naive_state)(WAITING + roll(3)));

    if (id == 0)
        return;
    if (how == 0)
        testing_finish(g, m.agents[m.tasks[id].agent].name, (uint64_t)id);
    else if (how == 1)
        testing_withdraw(g, (uint64_t)id);
    else
        testing_resolve(g, (uint64_t)id);
    naive_end((uint64_t)id, how != 1);
}

static void
step_warn(void)
{
    int id = some_task(roll(2) == 0 ? WAITING : OFFERED);

    if (id == 0)
        return;
    testing_warn(g, (uint64_t)id);
    if (m.tasks[id].raised)
        return;
    m.tasks[id].raised = true;
    naive_place_of(&m.tasks[id]);
    say(FR_TASK_RAISED, (uint64_t)id, -1);
}

static void
step_presence(void)
{
    static const Fr__AgentState states[] = {FR__AGENT_STATE__AVAILABLE, FR__AGENT_STATE__AVAILABLE,
                                            FR__AGENT_STATE__AVAILABLE, FR__AGENT_STATE__AWAY,
                                            FR__AGENT_STATE__OFFLINE};
    Fr__AgentState state = states[roll(5)];
    int agent = (int)roll((uint64_t)m.agent_count);

    testing_presence(g, m.agents[agent].name, site_names[m.agents[agent].site], state);
    naive_presence(agent, state);
}

/* Its place changes, and nothing else. */
static void
step_classify(void)
{
    Fr__ConversationClassified said = FR__CONVERSATION_CLASSIFIED__INIT;
    int id = some_task((enum naive_state)(WAITING + roll(3)));

    if (id == 0)
        return;
    said.conversation_id = CONVERSATION_OF((uint64_t)id);
    said.priority = (int)roll(11);
    said.reason = "test";
    assert_int_equal(fr_given_input(g, "conversations", said.conversation_id, "acme", &said.base),
                     FR_OK);
    naive_classify((uint64_t)id, said.priority);
}

/* What follows from a site's silence is left to timers that are due at once. */
static void
step_site(void)
{
    Fr__SiteSilent silent = FR__SITE_SILENT__INIT;
    Fr__SiteHeard heard = FR__SITE_HEARD__INIT;
    int site = (int)roll(SITES);
    bool falls_silent = roll(3) == 0;

    silent.site = heard.site = (char *)site_names[site];
    assert_int_equal(fr_given_input(g, "sites", 0, NULL, falls_silent ? &silent.base : &heard.base),
                     FR_OK);
    fr_given_at(g, bench_seconds(m.now_us));
    if (falls_silent)
        naive_silent(site);
    else
        naive_heard(site);
    while (naive_fire(m.now_us))
        ;
}

static void
step_time(void)
{
    static const int64_t spans[] = {0, 1, 500000, 3 * SECOND, 10 * SECOND, 45 * SECOND};
    int64_t until_us = m.now_us + spans[roll(6)] + (int64_t)roll(1000);

    fr_given_at(g, bench_seconds(until_us));
    while (naive_fire(until_us))
        ;
    m.now_us = until_us;
}

static void
step(void)
{
    switch (roll(18)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        step_request();
        break;
    case 5:
    case 6:
    case 7:
        step_answer();
        break;
    case 8:
    case 9:
        step_end(0);
        break;
    case 10:
        step_end(1 + (int)roll(2));
        break;
    case 11:
        step_warn();
        break;
    case 12:
        step_wrong_answer();
        break;
    case 13:
    case 14:
        step_presence();
        break;
    case 15:
        step_classify();
        break;
    case 16:
        step_site();
        break;
    default:
        step_time();
    }
}

static void
run(uint64_t seed)
{
    struct text yaml;

    dice = seed * 2 + 1;
    make_house(&yaml);
    memset(offer_open, 0, sizeof(offer_open));
    g = fr_given_new(&routing_stage, yaml.bytes);
    for (int i = 0; i < STEPS; i++) {
        fr_given_at(g, bench_seconds(m.now_us)); /* forgets the events before */
        step();
        assert_same(seed, i);
        count_offers();
        if (i % 10 == 0)
            look_at_the_tables();
        if (i == STEPS / 2)
            assert_true(fr_given_rebuilds(g));
    }
    look_at_the_tables();
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

static void
routing_chooses_like_one_who_looks_at_everything(void **state)
{
    const char *given = getenv("FR_SEED"), *wanted = getenv("FR_EVENTS");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    uint64_t least = wanted != NULL ? strtoull(wanted, NULL, 10) : 0, runs = 0;

    (void)state;
    print_message("  FR_SEED=%llu, %d steps each\n", (unsigned long long)seed, STEPS);
    do
        run(seed + runs++);
    while (given == NULL && (runs < RUNS || event_count < least));
    print_message("  %llu runs, %llu events, %llu of them offers: the same choices, no offer ended "
                  "twice, no room exceeded, nothing forgotten\n",
                  (unsigned long long)runs, (unsigned long long)event_count,
                  (unsigned long long)offer_count);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routing_chooses_like_one_who_looks_at_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
