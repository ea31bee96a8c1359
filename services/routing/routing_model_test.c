/* routing_model_test.c - routing against a naive version of itself that looks at everything each
 * time.
 *
 * Both get the same random inputs; after each of them every event must be the same, in the same
 * order, and what must never happen is looked for by counting.  FR_SEED=<number> repeats a run; the
 * seed is printed.
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

/* The last one takes any brand, so that most tasks find a queue, and some none. */
static void
make_queue(struct text *yaml, int i)
{
    struct naive_queue *queue = &m.queues[i];

    queue->brand = i == QUEUES - 1 ? -1 : (int)roll(3) - 1;
    queue->channel = (int)roll(3) - 1;
    queue->credit_us = (int64_t)roll(3) * 60 * SECOND;
    for (int s = 0; s < SKILLS; s++)
        queue->need[s] = roll(3) == 0 ? 1 + (unsigned)roll(3) : 0;
    add(yaml, "    - name: q%d\n      credit: %ds\n", i, (int)(queue->credit_us / SECOND));
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
    add(yaml, "    %s:\n      site: inhouse\n", agent->name);
    if (agent->brand >= 0)
        add(yaml, "      brands: [%s]\n", brand_names[agent->brand]);
    add_skills(yaml, agent->skill);
    add(yaml, "      capacity: [{channel: fax, weight: 1}");
    for (int c = 0; c < CHANNELS; c++) {
        agent->weight[c] = roll(6) == 0 ? 0 : 10 + (unsigned)roll(91);
        if (agent->weight[c] > 0)
            add(yaml, ", {channel: %s, weight: %u}", channel_names[c], agent->weight[c]);
    }
    add(yaml, "]\n");
}

static void
make_house(struct text *yaml)
{
    memset(&m, 0, sizeof(m));
    m.now_us = testing_us(0);
    yaml->size = 0;
    add(yaml, "routing:\n  raise_by: 5m\n  queues:\n");
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

static uint8_t offer_open[TASK_MAX]; /* an offer of this task is open */

static void
count_offers(void)
{
    for (size_t i = 0; i < fr_given_count(g); i++) {
        struct said said;

        if (!real_said(i, &said))
            continue;
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
        assert_int_equal(row.state, m.tasks[id].state == WAITING   ? ROUTING_WAITING
                                    : m.tasks[id].state == OFFERED ? ROUTING_OFFERED
                                                                   : ROUTING_ASSIGNED);
        if (row.state != ROUTING_WAITING)
            used[row.agent - 1] += row.weight;
    }
    for (int i = 0; i < m.agent_count; i++) {
        struct routing_agent row = testing_agent(g, m.agents[i].name);

        assert_int_equal(row.used, used[row.number - 1]);
        assert_true(row.used <= 100);
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
    Fr__TaskRequested request = testing_request(id, 0);

    if (id >= TASK_MAX)
        return;
    request.arrived_us = m.now_us - (int64_t)roll(100) * SECOND + (int64_t)roll(3) * 20 * SECOND;
    request.channel = (char *)channel_names[channel];
    if (preferred >= 0)
        request.preferred_agent = m.agents[preferred].name;
    testing_send_request(g, &request, brand_names[brand]);
    naive_request(id, brand, channel, request.arrived_us, preferred);
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
    naive_end((uint64_t)id);
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
    m.tasks[id].order_us -= RAISE_US;
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

    testing_presence(g, m.agents[agent].name, "inhouse", state);
    naive_presence(agent, state);
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
    switch (roll(16)) {
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
    const char *given = getenv("FR_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

    (void)state;
    print_message("  FR_SEED=%llu, %d runs of %d steps\n", (unsigned long long)seed,
                  given != NULL ? 1 : RUNS, STEPS);
    for (uint64_t i = 0; i < (given != NULL ? 1 : RUNS); i++)
        run(seed + i);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routing_chooses_like_one_who_looks_at_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
