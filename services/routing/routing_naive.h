/* routing_naive.h - routing as one would write it without a thought for speed: arrays, and every
 * question answered by looking at everything.  The model test runs the real one beside it.
 */
#ifndef FR_ROUTING_NAIVE_H
#define FR_ROUTING_NAIVE_H

#include "services/routing/routing_testing.h"

#define AGENT_MAX 10
#define TASK_MAX 700
#define SAID_MAX 4096

enum { SKILLS = 2, BRANDS = 2, CHANNELS = 2, QUEUES = 3, SITES = 2, STEPS_MAX = 2 };
static const char *const site_names[] = {"inhouse", "tana"};
static const char *const brand_names[] = {"acme", "bolt"};
static const char *const channel_names[] = {"channel_webchat", "channel_webform"};

struct naive_step { /* of relaxation */
    int64_t after_us;
    unsigned level; /* at most; 0: as it is */
    bool any_skill, add_site;
};
struct naive_queue {
    int brand;             /* -1: any */
    int channel;           /* likewise */
    unsigned need[SKILLS]; /* level; 0: not asked */
    int64_t credit_us, wrap_us;
    int site; /* -1: both; else only this one at first */
    bool longest_idle;
    struct naive_step steps[STEPS_MAX];
    int step_count;
};
struct naive_site {
    bool silent;
    int64_t grace_us, walk_us; /* timers; 0: not armed */
    bool take_assigned;
};
struct naive_agent {
    char name[8];
    int brand;                 /* -1: all */
    unsigned skill[SKILLS];    /* level; 0: none */
    unsigned weight[CHANNELS]; /* 0: none there */
    unsigned most;             /* of the first channel at a time; 0: as many as fit */
    bool excludes;             /* the first channel's and the second's never meet */
    unsigned room, counts[CHANNELS];
    int site;
    Fr__AgentState state;
    unsigned used, expired_in_row;
    int64_t idle_us;
};
enum naive_state { GONE, WAITING, OFFERED, ASSIGNED, WRAPPING };
struct naive_task {
    enum naive_state state;
    int queue, brand, channel, agent; /* agent: held for, offered or assigned to; -1: nobody */
    bool raised, parked;
    uint64_t offer_id;
    int64_t arrived_us, entered_us, order_us;
    int priority;
    unsigned strict;
    int step;                    /* of its queue's relaxation, when it was placed last */
    int64_t again_us[AGENT_MAX]; /* when he may be asked again; 0: he never let it go */
    int64_t timer_us[6];         /* in the order of the enum below; 0: not armed */
};
struct naive {
    struct naive_queue queues[QUEUES];
    struct naive_agent agents[AGENT_MAX];
    struct naive_task tasks[TASK_MAX]; /* by task id, which counts from 1 */
    struct naive_site sites[SITES];
    int64_t match_us; /* all who wait are tried then; 0: not armed */
    int agent_count, task_count;
    int64_t now_us;
    struct said {
        uint32_t kind;
        uint64_t task;
        int agent; /* -1: nobody */
    } said[SAID_MAX];
    size_t said_count;
};
/* In the order in which those that are due together fire. */
enum { TIMER_OFFER, TIMER_OPEN, TIMER_AGAIN, TIMER_RELAX, TIMER_PARKED, TIMER_WRAP, TIMERS };

static struct naive m;

#define OFFER_US (20 * SECOND)
#define OPEN_US (30 * SECOND)
#define DECLINED_US (60 * SECOND)
#define RAISE_US (300 * SECOND)
#define AWAY_AFTER 2
#define CONTINUITY_MOST 2
#define PARK_US (60 * SECOND)
#define GRACE_US (90 * SECOND)
#define PRIORITY_CREDIT_US (100 * SECOND) /* from priority 5 on; from 9 on they are strict */

static inline void
say(uint32_t kind, uint64_t task, int agent)
{
    assert_true(m.said_count < SAID_MAX);
    m.said[m.said_count++] = (struct said){kind, task, agent};
}

/* What its queue asks after so many steps. */
static inline unsigned
asked(const struct naive_queue *queue, int step, int skill)
{
    unsigned level = queue->need[skill];

    for (int i = 0; i < step; i++) {
        if (queue->steps[i].any_skill)
            level = 0;
        if (queue->steps[i].level > 0 && level > queue->steps[i].level)
            level = queue->steps[i].level;
    }
    return level;
}

static inline bool
site_serves(const struct naive_queue *queue, int step, int site)
{
    bool serves = queue->site < 0 || queue->site == site;

    for (int i = 0; i < step; i++)
        serves |= queue->steps[i].add_site;
    return serves;
}

static inline bool
fits_at(const struct naive_agent *agent, const struct naive_task *task, int step)
{
    const struct naive_queue *queue = task->queue >= 0 ? &m.queues[task->queue] : NULL;

    if (queue == NULL || (agent->brand >= 0 && agent->brand != task->brand) ||
        !site_serves(queue, step, agent->site))
        return false;
    for (int i = 0; i < SKILLS; i++)
        if (agent->skill[i] < asked(queue, step, i))
            return false;
    return agent->weight[task->channel] > 0;
}

static inline bool
fits(const struct naive_agent *agent, const struct naive_task *task)
{
    return fits_at(agent, task, task->step);
}

static inline bool
has_room(const struct naive_agent *agent, const struct naive_task *task)
{
    int channel = task->channel;

    return agent->state == FR__AGENT_STATE__AVAILABLE && !m.sites[agent->site].silent &&
           agent->used + agent->weight[channel] <= agent->room &&
           (channel != 0 || agent->most == 0 || agent->counts[0] < agent->most) &&
           (!agent->excludes || agent->counts[1 - channel] == 0);
}

static inline void
load(int agent, int channel, int sign)
{
    m.agents[agent].used += (unsigned)sign * m.agents[agent].weight[channel];
    m.agents[agent].counts[channel] += (unsigned)sign;
}

static inline bool
earlier(const struct naive_task *a, const struct naive_task *b)
{
    if (a->strict != b->strict)
        return a->strict > b->strict;
    if (a->order_us != b->order_us)
        return a->order_us < b->order_us;
    return a < b; /* the lower id, which came first */
}

static inline bool
before(const struct naive_agent *a, const struct naive_agent *b, bool longest_idle)
{
    uint64_t left = (uint64_t)a->used * 1000000 / a->room;
    uint64_t right = (uint64_t)b->used * 1000000 / b->room;

    if (!longest_idle && left != right)
        return left < right;
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
        if (asked(&m.queues[task->queue], task->step, i) > 0)
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
                 before(agent, &m.agents[best], m.queues[task->queue].longest_idle)))
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
    task->timer_us[TIMER_OPEN] = task->timer_us[TIMER_RELAX] = task->timer_us[TIMER_PARKED] = 0;
    load(agent, task->channel, 1);
    m.agents[agent].idle_us = m.now_us;
}

/* Steps in force now, and when the next one is. */
static inline int
step_now(const struct naive_task *task, int64_t *next_us)
{
    int step = 0;

    *next_us = 0;
    if (task->queue < 0)
        return 0;
    while (step < m.queues[task->queue].step_count &&
           task->entered_us + m.queues[task->queue].steps[step].after_us <= m.now_us)
        step++;
    if (step < m.queues[task->queue].step_count)
        *next_us = task->entered_us + m.queues[task->queue].steps[step].after_us;
    return step;
}

static inline void
queue_up(uint64_t id, int holder)
{
    struct naive_task *task = &m.tasks[id];
    int64_t next_us = 0, relax_us;

    say(FR_TASK_QUEUED, id, holder);
    task->state = WAITING;
    task->agent = holder;
    task->parked = false;
    (void)step_now(task, &relax_us);
    task->timer_us[TIMER_OPEN] = holder >= 0 ? m.now_us + OPEN_US : 0;
    task->timer_us[TIMER_RELAX] = holder >= 0 ? 0 : relax_us;
    task->timer_us[TIMER_PARKED] = 0;
    for (int i = 0; i < m.agent_count; i++)
        if (task->again_us[i] > m.now_us && (next_us == 0 || task->again_us[i] < next_us))
            next_us = task->again_us[i];
    if (next_us != 0)
        task->timer_us[TIMER_AGAIN] = next_us;
}

static inline bool
somebody_fits(const struct naive_task *task, int step)
{
    for (int i = 0; i < m.agent_count; i++)
        if (fits_at(&m.agents[i], task, step))
            return true;
    return false;
}

static inline bool
somebody_fits_later(const struct naive_task *task)
{
    for (int step = task->step + 1; task->queue >= 0 && step <= m.queues[task->queue].step_count;
         step++)
        if (somebody_fits(task, step))
            return true;
    return false;
}

static inline void
place(uint64_t id)
{
    struct naive_task *task = &m.tasks[id];
    int64_t next_us;
    int agent;

    task->step = step_now(task, &next_us);
    agent = pick_agent(task);
    if (!somebody_fits(task, task->step) && somebody_fits_later(task)) {
        queue_up(id, -1);
    } else if (!somebody_fits(task, task->step)) {
        say(FR_TASK_PARKED, id, -1);
        task->state = WAITING;
        task->agent = -1;
        task->parked = true;
        task->timer_us[TIMER_OPEN] = task->timer_us[TIMER_RELAX] = 0;
        task->timer_us[TIMER_PARKED] = m.now_us + PARK_US;
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
            if (best == 0 || earlier(task, &m.tasks[best]))
                best = (uint64_t)id;
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
    load(task->agent, task->channel, -1);
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
            if (earlier(&m.tasks[ids[i]], &m.tasks[ids[least]]))
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

/* Its place, as queue and priority have it. */
static inline void
naive_place_of(struct naive_task *task)
{
    task->order_us = task->arrived_us - (task->queue >= 0 ? m.queues[task->queue].credit_us : 0) -
                     (task->priority >= 5 ? PRIORITY_CREDIT_US : 0) - (task->raised ? RAISE_US : 0);
    task->strict = task->priority >= 9;
}

static inline void
naive_request(uint64_t id, int brand, int channel, int64_t arrived_us, int preferred, int priority)
{
    struct naive_task *task = &m.tasks[id];
    int64_t next_us;

    m.task_count = (int)id;
    *task = (struct naive_task){.queue = -1, .brand = brand, .channel = channel, .agent = -1};
    for (int i = QUEUES - 1; i >= 0; i--)
        if ((m.queues[i].brand < 0 || m.queues[i].brand == brand) &&
            (m.queues[i].channel < 0 || m.queues[i].channel == channel))
            task->queue = i;
    task->arrived_us = arrived_us < m.now_us ? arrived_us : m.now_us;
    task->entered_us = m.now_us;
    task->priority = priority;
    naive_place_of(task);
    task->step = step_now(task, &next_us);
    if (preferred >= 0 && fits(&m.agents[preferred], task) &&
        m.agents[preferred].state == FR__AGENT_STATE__AVAILABLE &&
        has_room(&m.agents[preferred], task))
        offer(id, preferred);
    else if (preferred >= 0 && fits(&m.agents[preferred], task) &&
             m.agents[preferred].state == FR__AGENT_STATE__AVAILABLE &&
             !m.sites[m.agents[preferred].site].silent && held_for(preferred) < CONTINUITY_MOST)
        queue_up(id, preferred);
    else
        place(id);
}

static inline void
naive_end(uint64_t id, bool wrap_up)
{
    struct naive_task *task = &m.tasks[id];
    enum naive_state was = task->state;
    int agent = task->agent;
    bool wraps = wrap_up && was == ASSIGNED && m.queues[task->queue].wrap_us > 0;

    if (was == GONE || was == WRAPPING)
        return;
    if (was == OFFERED)
        back_to_place(id, FR_OFFER_RESCINDED);
    say(FR_TASK_ENDED, id, was == ASSIGNED ? agent : -1);
    memset(task->timer_us, 0, sizeof(task->timer_us));
    task->state = wraps ? WRAPPING : GONE;
    if (wraps)
        task->timer_us[TIMER_WRAP] = m.now_us + m.queues[task->queue].wrap_us;
    if (was == ASSIGNED && !wraps) {
        load(agent, task->channel, -1);
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

static inline void
naive_wrap_due(uint64_t id)
{
    struct naive_task *task = &m.tasks[id];
    int agent = task->agent;

    task->state = GONE;
    load(agent, task->channel, -1);
    m.agents[agent].idle_us = m.now_us;
    serve(agent);
}

static inline void
naive_classify(uint64_t id, int priority)
{
    struct naive_task *task = &m.tasks[id], before = *task;

    if (task->state != WAITING && task->state != OFFERED)
        return;
    task->priority = priority;
    naive_place_of(task);
    if (before.priority != priority || before.order_us != task->order_us)
        say(FR_TASK_RAISED, id, -1);
}

/* ---- sites ---- */

static inline void
naive_silent(int site)
{
    if (m.sites[site].silent)
        return;
    m.sites[site].silent = true;
    m.sites[site].grace_us = m.now_us + GRACE_US;
    m.sites[site].walk_us = m.now_us;
    m.sites[site].take_assigned = false;
}

static inline void
naive_heard(int site)
{
    if (!m.sites[site].silent)
        return;
    m.sites[site] = (struct naive_site){.silent = false};
    m.match_us = m.now_us;
}

/* All of its agents, by number. */
static inline void
naive_walk(int site)
{
    bool take_assigned = m.sites[site].take_assigned;

    m.sites[site].take_assigned = false;
    for (int i = 0; i < m.agent_count; i++) {
        if (m.agents[i].site != site)
            continue;
        withdraw_from(i);
        for (int id = 1; take_assigned && id <= m.task_count; id++)
            if (m.tasks[id].state == ASSIGNED && m.tasks[id].agent == i)
                naive_end((uint64_t)id, false);
    }
}

/* Everything that waits, in the order of places. */
static inline void
naive_match(void)
{
    uint8_t tried[TASK_MAX] = {0};

    for (;;) {
        int next = 0, agent;

        for (int id = 1; id <= m.task_count; id++)
            if (m.tasks[id].state == WAITING && m.tasks[id].agent < 0 && !tried[id] &&
                (next == 0 || earlier(&m.tasks[id], &m.tasks[next])))
                next = id;
        if (next == 0)
            return;
        tried[next] = 1;
        agent = pick_agent(&m.tasks[next]);
        if (agent >= 0)
            offer((uint64_t)next, agent);
    }
}

/* ---- time ---- */

struct naive_due {
    int64_t us;
    int kind, id;
};

static inline void
due_first(struct naive_due *first, int64_t us, int kind, int id)
{
    if (us != 0 &&
        (us < first->us ||
         (us == first->us && (kind < first->kind || (kind == first->kind && id < first->id)))))
        *first = (struct naive_due){us, kind, id};
}

static inline void
naive_fire_task(int kind, uint64_t id)
{
    m.tasks[id].timer_us[kind] = 0;
    if (kind == TIMER_OFFER)
        naive_expire(id);
    else if (kind == TIMER_WRAP)
        naive_wrap_due(id);
    else if (m.tasks[id].state == WAITING)
        place(id);
}

static inline void
naive_fire_site(int kind, int site)
{
    if (kind == TIMERS) {
        m.sites[site].walk_us = 0;
        naive_walk(site);
    } else if (kind == TIMERS + 1) {
        m.sites[site].grace_us = 0;
        m.sites[site].take_assigned = true;
        m.sites[site].walk_us = m.now_us;
    } else {
        m.match_us = 0;
        naive_match();
    }
}

/* The earliest timer of all, by scanning them all; equal times by kind, then task. */
static inline bool
naive_fire(int64_t until_us)
{
    struct naive_due first = {INT64_MAX, 0, 0};

    for (int kind = 0; kind < TIMERS; kind++)
        for (int id = 1; id <= m.task_count; id++)
            due_first(&first, m.tasks[id].timer_us[kind], kind, id);
    for (int site = 0; site < SITES; site++) {
        due_first(&first, m.sites[site].walk_us, TIMERS, site);
        due_first(&first, m.sites[site].grace_us, TIMERS + 1, site);
    }
    due_first(&first, m.match_us, TIMERS + 2, 0);
    if (first.us > until_us)
        return false;
    if (first.us > m.now_us)
        m.now_us = first.us;
    if (first.kind < TIMERS)
        naive_fire_task(first.kind, (uint64_t)first.id);
    else
        naive_fire_site(first.kind, first.id);
    return true;
}

#endif
