/* routing_naive.h - routing as one would write it without a thought for speed: arrays, and every
 * question answered by looking at everything.  The model test runs the real one beside it.
 */
#ifndef FR_ROUTING_NAIVE_H
#define FR_ROUTING_NAIVE_H

#include "services/routing/routing_testing.h"

#define AGENT_MAX 10
#define TASK_MAX 700
#define SAID_MAX 4096

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

#define OFFER_US (20 * SECOND)
#define OPEN_US (30 * SECOND)
#define DECLINED_US (60 * SECOND)
#define RAISE_US (300 * SECOND)
#define AWAY_AFTER 2
#define CONTINUITY_MOST 2

static inline void
say(uint32_t kind, uint64_t task, int agent)
{
    assert_true(m.said_count < SAID_MAX);
    m.said[m.said_count++] = (struct said){kind, task, agent};
}

static inline bool
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

static inline bool
has_room(const struct naive_agent *agent, const struct naive_task *task)
{
    return agent->state == FR__AGENT_STATE__AVAILABLE &&
           agent->used + agent->weight[task->channel] <= 100;
}

static inline bool
before(const struct naive_agent *a, const struct naive_agent *b)
{
    if (a->used != b->used)
        return a->used < b->used;
    if (a->idle_us != b->idle_us)
        return a->idle_us < b->idle_us;
    return strcmp(a->name, b->name) < 0;
}

/* How far he is from the best in what is asked; less is better. */
static inline unsigned
rank(const struct naive_agent *agent, const struct naive_task *task)
{
    unsigned distance = 0;

    for (int i = 0; i < SKILLS; i++)
        if (m.queues[task->queue].need[i] > 0)
            distance += 5 - agent->skill[i];
    return distance;
}

/* Everybody is looked at; those who let it go only in the second round. */
static inline int
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
            if (best < 0 || rank(agent, task) < rank(&m.agents[best], task) ||
                (rank(agent, task) == rank(&m.agents[best], task) &&
                 before(agent, &m.agents[best])))
                best = i;
        }
        if (best >= 0)
            return best;
    }
    return -1;
}

static inline void
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

static inline void
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

static inline bool
somebody_fits(const struct naive_task *task)
{
    for (int i = 0; i < m.agent_count; i++)
        if (fits(&m.agents[i], task))
            return true;
    return false;
}

static inline void
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
static inline void
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

static inline void
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
static inline void
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

static inline int
held_for(int agent)
{
    int count = 0;

    for (int id = 1; id <= m.task_count; id++)
        count += m.tasks[id].state == WAITING && m.tasks[id].agent == agent;
    return count;
}

static inline void
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
        m.agents[preferred].state == FR__AGENT_STATE__AVAILABLE &&
        has_room(&m.agents[preferred], task))
        offer(id, preferred);
    else if (preferred >= 0 && fits(&m.agents[preferred], task) &&
             m.agents[preferred].state == FR__AGENT_STATE__AVAILABLE &&
             held_for(preferred) < CONTINUITY_MOST)
        queue_up(id, preferred);
    else
        place(id);
}

static inline void
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

static inline void
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

static inline void
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

static inline void
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
static inline bool
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

#endif
