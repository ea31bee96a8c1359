/* routing_model_test.c - routing against a naive version of itself that looks at everything each
 * time.
 *
 * Both get the same random inputs; after each of them every event must be the same, in the same
 * order, and what must never happen is looked for by counting.  FR_SEED=<number> repeats a run; the
 * seed is printed.
 */
#include <time.h>

#include "services/routing/routing_testing.h"

#define AGENT_MAX 10
#define TASK_MAX 700
#define SAID_MAX 4096
#define RUNS 300
#define STEPS 500

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

/* ---- the naive version ---- */

enum { SKILLS = 2, BRANDS = 2, CHANNELS = 2, QUEUES = 3 };
static const char *const brand_names[] = {"acme", "bolt"};
static const char *const channel_names[] = {"channel_webchat", "channel_webform"};

struct naive_queue {
    int brand;             /* -1: any */
    int channel;           /* likewise */
    unsigned need[SKILLS]; /* level; 0: not asked */
    int64_t credit_us;
};
struct naive_agent {
    char name[8];
    int brand;                 /* -1: all */
    unsigned skill[SKILLS];    /* level; 0: none */
    unsigned weight[CHANNELS]; /* 0: none there */
    Fr__AgentState state;
    unsigned used, expired_in_row;
    int64_t idle_us;
};
enum naive_state { GONE, WAITING, OFFERED, ASSIGNED };
struct naive_task {
    enum naive_state state;
    int queue, brand, channel, agent; /* agent: held for, offered or assigned to; -1: nobody */
    bool raised, parked;
    uint64_t offer_id;
    int64_t order_us;
    int64_t again_us[AGENT_MAX]; /* when he may be asked again; 0: he never let it go */
    int64_t timer_us[3];         /* offer, open, again; 0: not armed */
};
struct naive {
    struct naive_queue queues[QUEUES];
    struct naive_agent agents[AGENT_MAX];
    struct naive_task tasks[TASK_MAX]; /* by task id, which counts from 1 */
    int agent_count, task_count;
    int64_t now_us;
    struct said {
        uint32_t kind;
        uint64_t task;
        int agent; /* -1: nobody */
    } said[SAID_MAX];
    size_t said_count;
};
enum { TIMER_OFFER, TIMER_OPEN, TIMER_AGAIN };

static struct naive m;
static struct fr_given *g;

#define OFFER_US (20 * SECOND)
#define OPEN_US (30 * SECOND)
#define DECLINED_US (60 * SECOND)
#define RAISE_US (300 * SECOND)
#define AWAY_AFTER 2

static void
say(uint32_t kind, uint64_t task, int agent)
{
    assert_true(m.said_count < SAID_MAX);
    m.said[m.said_count++] = (struct said){kind, task, agent};
}

static bool
fits(const struct naive_agent *agent, const struct naive_task *task)
{
    const struct naive_queue *queue = task->queue >= 0 ? &m.queues[task->queue] : NULL;

    if (queue == NULL || (agent->brand >= 0 && agent->brand != task->brand))
        return false;
    for (int i = 0; i < SKILLS; i++)
        if (agent->skill[i] < queue->need[i])
            return false;
    return agent->weight[task->channel] > 0;
}

static bool
has_room(const struct naive_agent *agent, const struct naive_task *task)
{
    return agent->state == FR__AGENT_STATE__AVAILABLE &&
           agent->used + agent->weight[task->channel] <= 100;
}

static bool
before(const struct naive_agent *a, const struct naive_agent *b)
{
    if (a->used != b->used)
        return a->used < b->used;
    if (a->idle_us != b->idle_us)
        return a->idle_us < b->idle_us;
    return strcmp(a->name, b->name) < 0;
}

/* Everybody is looked at; those who let it go only in the second round. */
static int
pick_agent(const struct naive_task *task)
{
    for (int round = 0; round < 2; round++) {
        int best = -1;

        for (int i = 0; i < m.agent_count; i++) {
            const struct naive_agent *agent = &m.agents[i];
            int64_t again_us = task->again_us[i];

            if (!fits(agent, task) || !has_room(agent, task) ||
                (round == 0 ? again_us != 0 : again_us > m.now_us))
                continue;
            if (best < 0 || before(agent, &m.agents[best]))
                best = i;
        }
        if (best >= 0)
            return best;
    }
    return -1;
}

static void
offer(uint64_t id, int agent)
{
    struct naive_task *task = &m.tasks[id];

    say(FR_TASK_OFFERED, id, agent);
    task->state = OFFERED;
    task->agent = agent;
    task->parked = false;
    task->timer_us[TIMER_OFFER] = m.now_us + OFFER_US;
    task->timer_us[TIMER_OPEN] = 0;
    m.agents[agent].used += m.agents[agent].weight[task->channel];
    m.agents[agent].idle_us = m.now_us;
}

static void
queue_up(uint64_t id, int holder)
{
    struct naive_task *task = &m.tasks[id];
    int64_t next_us = 0;

    say(FR_TASK_QUEUED, id, holder);
    task->state = WAITING;
    task->agent = holder;
    task->parked = false;
    task->timer_us[TIMER_OPEN] = holder >= 0 ? m.now_us + OPEN_US : 0;
    for (int i = 0; i < m.agent_count; i++)
        if (task->again_us[i] > m.now_us && (next_us == 0 || task->again_us[i] < next_us))
            next_us = task->again_us[i];
    if (next_us != 0)
        task->timer_us[TIMER_AGAIN] = next_us;
}

static bool
somebody_fits(const struct naive_task *task)
{
    for (int i = 0; i < m.agent_count; i++)
        if (fits(&m.agents[i], task))
            return true;
    return false;
}

static void
place(uint64_t id)
{
    struct naive_task *task = &m.tasks[id];
    int agent = pick_agent(task);

    if (!somebody_fits(task)) {
        say(FR_TASK_PARKED, id, -1);
        task->state = WAITING;
        task->agent = -1;
        task->parked = true;
        task->timer_us[TIMER_OPEN] = 0;
    } else if (agent >= 0) {
        offer(id, agent);
    } else {
        queue_up(id, -1);
    }
}

/* All tasks are looked at, each time. */
static void
serve(int number)
{
    struct naive_agent *agent = &m.agents[number];
    uint64_t best;

    do {
        best = 0;
        for (int id = 1; id <= m.task_count; id++) {
            const struct naive_task *task = &m.tasks[id];

            if (task->state != WAITING || (task->agent >= 0 && task->agent != number) ||
                !fits(agent, task) || !has_room(agent, task) || task->again_us[number] > m.now_us)
                continue;
            if (best == 0 || task->order_us < m.tasks[best].order_us)
                best = (uint64_t)id; /* equal places: the lower id, which came first */
        }
        if (best != 0)
            offer(best, number);
    } while (best != 0);
}

static void
back_to_place(uint64_t id, uint32_t how)
{
    struct naive_task *task = &m.tasks[id];

    say(how, id, task->agent);
    m.agents[task->agent].used -= m.agents[task->agent].weight[task->channel];
    task->state = WAITING;
    task->agent = -1;
    task->timer_us[TIMER_OFFER] = 0;
}

/* Those that this agent had on offer, then those held for him, all in order of their places. */
static void
withdraw_from(int number)
{
    uint64_t ids[TASK_MAX];
    int count = 0;

    for (int id = 1; id <= m.task_count; id++)
        if (m.tasks[id].state == OFFERED && m.tasks[id].agent == number) {
            back_to_place((uint64_t)id, FR_OFFER_RESCINDED);
            ids[count++] = (uint64_t)id;
        }
    for (int id = 1; id <= m.task_count; id++)
        if (m.tasks[id].state == WAITING && m.tasks[id].agent == number)
            ids[count++] = (uint64_t)id;
    for (int done = 0; done < count; done++) {
        int least = done;

        for (int i = done + 1; i < count; i++)
            if (m.tasks[ids[i]].order_us < m.tasks[ids[least]].order_us ||
                (m.tasks[ids[i]].order_us == m.tasks[ids[least]].order_us && ids[i] < ids[least]))
                least = i;
        uint64_t id = ids[least];
        ids[least] = ids[done];
        place(id);
    }
}

static void
naive_request(uint64_t id, int brand, int channel, int64_t arrived_us, int preferred)
{
    struct naive_task *task = &m.tasks[id];

    m.task_count = (int)id;
    *task = (struct naive_task){.queue = -1, .brand = brand, .channel = channel, .agent = -1};
    for (int i = QUEUES - 1; i >= 0; i--)
        if ((m.queues[i].brand < 0 || m.queues[i].brand == brand) &&
            (m.queues[i].channel < 0 || m.queues[i].channel == channel))
            task->queue = i;
    task->order_us = (arrived_us < m.now_us ? arrived_us : m.now_us) -
                     (task->queue >= 0 ? m.queues[task->queue].credit_us : 0);
    if (preferred >= 0 && fits(&m.agents[preferred], task) &&
        m.agents[preferred].state == FR__AGENT_STATE__AVAILABLE) {
        if (has_room(&m.agents[preferred], task))
            offer(id, preferred);
        else
            queue_up(id, preferred);
    } else {
        place(id);
    }
}

static void
naive_end(uint64_t id)
{
    struct naive_task *task = &m.tasks[id];
    enum naive_state was = task->state;
    int agent = task->agent;

    if (was == GONE)
        return;
    if (was == OFFERED)
        back_to_place(id, FR_OFFER_RESCINDED);
    say(FR_TASK_ENDED, id, was == ASSIGNED ? agent : -1);
    memset(task->timer_us, 0, sizeof(task->timer_us));
    task->state = GONE;
    if (was == ASSIGNED) {
        m.agents[agent].used -= m.agents[agent].weight[task->channel];
        m.agents[agent].idle_us = m.now_us;
    }
    if (was == OFFERED || was == ASSIGNED)
        serve(agent);
}

static void
naive_presence(int number, Fr__AgentState state)
{
    struct naive_agent *agent = &m.agents[number];

    if (agent->state == state)
        return;
    say(FR_AGENT_STATE_CHANGED, 0, number);
    agent->state = state;
    if (state == FR__AGENT_STATE__AVAILABLE) {
        agent->idle_us = m.now_us;
        agent->expired_in_row = 0;
        serve(number);
    } else {
        withdraw_from(number);
    }
}

static void
naive_answer(uint64_t id, int number, bool accepted)
{
    struct naive_task *task = &m.tasks[id];

    m.agents[number].expired_in_row = 0;
    if (accepted) {
        say(FR_OFFER_ACCEPTED, id, number);
        task->state = ASSIGNED;
        task->timer_us[TIMER_OFFER] = task->timer_us[TIMER_AGAIN] = 0;
        memset(task->again_us, 0, sizeof(task->again_us));
        return;
    }
    back_to_place(id, FR_OFFER_DECLINED);
    task->again_us[number] = m.now_us + DECLINED_US;
    place(id);
    serve(number);
}

static void
naive_expire(uint64_t id)
{
    struct naive_task *task = &m.tasks[id];
    int number = task->agent;

    back_to_place(id, FR_OFFER_EXPIRED);
    task->again_us[number] = m.now_us;
    if (++m.agents[number].expired_in_row >= AWAY_AFTER &&
        m.agents[number].state == FR__AGENT_STATE__AVAILABLE) {
        say(FR_AGENT_STATE_CHANGED, 0, number);
        m.agents[number].state = FR__AGENT_STATE__AWAY;
        place(id);
        withdraw_from(number);
    } else {
        place(id);
        serve(number);
    }
}

/* The earliest timer of all, by scanning them all; equal times by kind, then task. */
static bool
naive_fire(int64_t until_us)
{
    int64_t due_us = INT64_MAX;
    int kind = -1, task_id = 0;

    for (int k = 0; k < 3; k++)
        for (int id = 1; id <= m.task_count; id++)
            if (m.tasks[id].timer_us[k] != 0 && m.tasks[id].timer_us[k] < due_us) {
                due_us = m.tasks[id].timer_us[k];
                kind = k;
                task_id = id;
            }
    if (kind < 0 || due_us > until_us)
        return false;
    if (due_us > m.now_us)
        m.now_us = due_us;
    m.tasks[task_id].timer_us[kind] = 0;
    if (kind == TIMER_OFFER)
        naive_expire((uint64_t)task_id);
    else if (m.tasks[task_id].state == WAITING)
        place((uint64_t)task_id);
    return true;
}

/* ---- a random house ---- */

static void
make_house(char *yaml, size_t size)
{
    size_t used = (size_t)snprintf(yaml, size, "routing:\n  raise_by: 5m\n  queues:\n");

    memset(&m, 0, sizeof(m));
    m.now_us = testing_us(0);
#define ADD(...) used += (size_t)snprintf(yaml + used, size - used, __VA_ARGS__)
    for (int i = 0; i < QUEUES; i++) {
        struct naive_queue *queue = &m.queues[i];

        queue->brand = i == QUEUES - 1 ? -1 : (int)roll(3) - 1;
        queue->channel = (int)roll(3) - 1;
        queue->credit_us = (int64_t)roll(3) * 60 * SECOND;
        ADD("    - name: q%d\n      credit: %ds\n", i, (int)(queue->credit_us / SECOND));
        if (queue->brand >= 0)
            ADD("      brands: [%s]\n", brand_names[queue->brand]);
        if (queue->channel >= 0)
            ADD("      channels: [%s]\n", channel_names[queue->channel]);
        ADD("      skills: [");
        for (int s = 0; s < SKILLS; s++) {
            queue->need[s] = roll(3) == 0 ? 1 + (unsigned)roll(3) : 0;
            if (queue->need[s] > 0)
                ADD("{name: s%d, level: %u}, ", s, queue->need[s]);
        }
        ADD("]\n");
    }
    m.agent_count = 1 + (int)roll(AGENT_MAX);
    ADD("  agents:\n");
    for (int i = 0; i < m.agent_count; i++) {
        struct naive_agent *agent = &m.agents[i];

        snprintf(agent->name, sizeof(agent->name), "a%d", (i * 7) % AGENT_MAX); /* not in order */
        agent->state = FR__AGENT_STATE__OFFLINE;
        agent->idle_us = m.now_us;
        agent->brand = (int)roll(4) - 2 < 0 ? -1 : (int)roll(2);
        ADD("    %s:\n      site: inhouse\n", agent->name);
        if (agent->brand >= 0)
            ADD("      brands: [%s]\n", brand_names[agent->brand]);
        ADD("      skills: [");
        for (int s = 0; s < SKILLS; s++) {
            agent->skill[s] = (unsigned)roll(5);
            if (agent->skill[s] > 0)
                ADD("{name: s%d, level: %u}, ", s, agent->skill[s]);
        }
        ADD("]\n      capacity: [");
        for (int c = 0; c < CHANNELS; c++) {
            agent->weight[c] = roll(6) == 0 ? 0 : 10 + (unsigned)roll(91);
            if (agent->weight[c] > 0)
                ADD("{channel: %s, weight: %u}, ", channel_names[c], agent->weight[c]);
        }
        if (agent->weight[0] == 0 && agent->weight[1] == 0)
            ADD("{channel: fax, weight: 1}");
        ADD("]\n");
    }
#undef ADD
    assert_true(used < size);
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
    char yaml[8192];

    dice = seed * 2 + 1;
    make_house(yaml, sizeof(yaml));
    memset(offer_open, 0, sizeof(offer_open));
    g = fr_given_new(&routing_stage, yaml);
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
