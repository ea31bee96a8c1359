/* place.c - what every input ends in: a task finds its agent or its place, a free agent finds his
 * task. */
#include "services/routing/place.h"

#include <stdlib.h>
#include "services/routing/counters.h"

struct fr_labels
routing_labels(const struct routing_task *task)
{
    return (struct fr_labels){.key = task->conversation_id, .brand = task->brand};
}

/* ---- saying it ---- */

struct placing { /* one task on its way to an agent or a list */
    const struct fr_record *input;
    struct routing_task task;
    const Fr__RoutingStateTask *facts;
    struct routing_place place;
    const Fr__TaskRequested *request; /* when it has just come in, else NULL */
    const char *remark;               /* about the agent who served this customer last; or "" */
};

static enum fr_error
say_offered(struct fr_turn *turn, const struct placing *p, const struct routing_pick *pick)
{
    const struct routing_config *config = turn->config;
    const struct fr_labels labels = routing_labels(&p->task);
    const Fr__RoutingStateTask *facts = p->facts;
    Fr__TaskOffered offered = FR__TASK_OFFERED__INIT;
    char *reason = routing_explain_offer(turn, &p->place, pick);

    if (reason == NULL)
        return FR_NO_MEMORY;
    offered.offer_id = fr_next_id(turn);
    offered.task_id = p->task.task_id;
    offered.conversation_id = p->task.conversation_id;
    offered.customer_id = p->task.customer_id;
    offered.agent = (char *)pick->agent.name;
    offered.site = (char *)pick->agent.site;
    offered.channel = facts->channel;
    offered.queue = (char *)p->place.queue;
    offered.expires_us = fr_time_add(turn->now, config->offer_time).unix_us;
    offered.arrived_us = p->task.arrived_us;
    offered.waited_us = turn->now.unix_us - p->task.arrived_us;
    offered.preview = facts->preview;
    offered.reason =
        p->remark[0] == '\0' ? reason : fr_arena_printf(turn->arena, "%s%s", reason, p->remark);
    offered.customer_name = facts->customer_name;
    offered.has_complaint = facts->has_complaint;
    offered.complaint = facts->complaint;
    offered.has_priority = facts->has_priority;
    offered.priority = facts->priority;
    offered.has_order_us = offered.has_lane = offered.has_weight = 1;
    offered.order_us = p->task.order_us;
    offered.lane = p->place.lane.number;
    offered.weight = pick->weight;
    if (p->request != NULL) {
        offered.has_entered = offered.entered = 1;
        offered.n_skills = facts->n_skills;
        offered.skills = facts->skills;
        offered.language = facts->language;
    }
    fr_count(turn, ROUTING_COUNT_OFFERED, 1);
    return offered.reason == NULL ? FR_NO_MEMORY
                                  : fr_emit_as(turn, p->input, &offered.base, &labels);
}

static enum fr_error
say_parked(struct fr_turn *turn, const struct placing *p)
{
    const struct fr_labels labels = routing_labels(&p->task);
    Fr__TaskParked parked = FR__TASK_PARKED__INIT;
    const Fr__RoutingStateLane *lane;
    enum fr_error err = routing_lane_facts(turn->view, p->place.lane.number, turn->arena, &lane);

    if (err != FR_OK)
        return err;
    parked.task_id = p->task.task_id;
    parked.conversation_id = p->task.conversation_id;
    parked.reason = lane->reason;
    if (lane->reason[0] == '\0') /* its last agent has just gone; the lane is told of it next */
        err = routing_lane_nobody(turn, lane, (const char **)&parked.reason);
    parked.has_order_us = parked.has_lane = 1;
    parked.order_us = p->task.order_us;
    parked.lane = p->place.lane.number;
    parked.task = (Fr__TaskRequested *)p->request;
    fr_count(turn, ROUTING_COUNT_PARKED, 1);
    return err != FR_OK ? err : fr_emit_as(turn, p->input, &parked.base, &labels);
}

/* `holder` NULL: anybody may take it. */
static enum fr_error
say_queued(struct fr_turn *turn, const struct placing *p, const struct routing_agent *holder)
{
    const struct routing_config *config = turn->config;
    const struct fr_labels labels = routing_labels(&p->task);
    Fr__TaskQueued queued = FR__TASK_QUEUED__INIT;
    char *reason;

    if (holder != NULL)
        reason =
            fr_arena_printf(turn->arena, "queue %s: waits for %s, who served this customer last",
                            p->place.queue, holder->name);
    else
        reason = routing_explain_wait(turn, &p->place, &p->task);
    if (reason != NULL && holder == NULL && p->remark[0] != '\0')
        reason = fr_arena_printf(turn->arena, "%s%s", reason, p->remark);
    if (reason == NULL)
        return FR_NO_MEMORY;
    queued.task_id = p->task.task_id;
    queued.conversation_id = p->task.conversation_id;
    queued.queue = (char *)p->place.queue;
    queued.order_us = p->task.order_us;
    queued.reason = reason;
    queued.task = (Fr__TaskRequested *)p->request;
    queued.has_lane = 1;
    queued.lane = p->place.lane.number;
    if (p->task.refusals > 0 &&
        routing_refusal_next(turn->view, p->task.task_id, turn->now, &queued.again_us) == FR_OK)
        queued.has_again_us = 1;
    if (holder != NULL) {
        queued.held_for = (char *)holder->name;
        queued.has_open_us = 1;
        queued.open_us = fr_time_add(turn->now, config->continuity_for).unix_us;
    }
    return fr_emit_as(turn, p->input, &queued.base, &labels);
}

/* ---- a task looks for its agent ---- */

static enum fr_error
place(struct fr_turn *turn, struct placing *p)
{
    struct routing_pick pick;
    enum fr_error err;

    p->task.lane = p->place.lane.number;
    if (p->place.lane.members == 0)
        return say_parked(turn, p);
    err = routing_pick_agent(turn->view, turn->now, &p->task, &pick);
    if (err == FR_NOT_FOUND)
        return say_queued(turn, p, NULL);
    return err != FR_OK ? err : say_offered(turn, p, &pick);
}

static enum fr_error
place_preferred(struct fr_turn *turn, struct placing *p)
{
    const struct routing_config *config = turn->config;
    const char *name = p->request->preferred_agent;
    enum routing_preferred verdict;
    struct routing_pick pick;
    enum fr_error err =
        routing_pick_preferred(turn->view, name, p->place.lane.number, &pick, &verdict);

    if (err != FR_OK)
        return err;
    if (verdict == ROUTING_PREFERRED_FREE)
        return say_offered(turn, p, &pick);
    if (verdict == ROUTING_PREFERRED_BUSY && config->continuity_for.us > 0)
        return say_queued(turn, p, &pick.agent);
    p->remark = routing_explain_preferred(turn, name, verdict);
    return p->remark == NULL ? FR_NO_MEMORY : place(turn, p);
}

static void
facts_of(const Fr__TaskRequested *request, Fr__RoutingStateTask *facts)
{
    fr__routing_state_task__init(facts);
    facts->channel = request->channel;
    facts->preview = request->preview;
    facts->n_skills = request->n_skills;
    facts->skills = request->skills;
    facts->language = request->language;
    facts->has_complaint = request->has_complaint;
    facts->complaint = request->complaint;
    facts->customer_name = request->customer_name;
    facts->has_priority = request->has_priority;
    facts->priority = request->priority;
}

enum fr_error
routing_place_new(struct fr_turn *turn, const struct fr_record *input,
                  const Fr__TaskRequested *request)
{
    Fr__RoutingStateTask facts;
    struct placing p = {.input = input, .facts = &facts, .request = request, .remark = ""};
    enum fr_error err;

    facts_of(request, &facts);
    p.task.task_id = request->task_id;
    p.task.conversation_id = request->conversation_id;
    p.task.customer_id = request->customer_id;
    memcpy(p.task.brand, input->head->brand, sizeof(p.task.brand));
    err = routing_lane_for(turn, input, p.task.brand, &facts, &p.place);
    if (err == FR_TOO_BIG)
        return fr_reject(turn, input,
                         "the task asks for too many skills, or one with too long a name");
    if (err == FR_FULL)
        return fr_reject(turn, input, "there are %d kinds of requirement already",
                         ROUTING_LANE_MAX);
    if (err != FR_OK)
        return err;
    /* A message from the future would be overtaken by nobody for as long as that lasts. */
    p.task.arrived_us =
        request->arrived_us < turn->now.unix_us ? request->arrived_us : turn->now.unix_us;
    p.task.order_us = p.task.arrived_us - p.place.credit.us;
    return place_preferred(turn, &p);
}

enum fr_error
routing_place_again(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id)
{
    struct placing p = {.input = input, .remark = ""};
    enum fr_error err = routing_task_get(turn->view, task_id, &p.task);

    if (err == FR_NOT_FOUND || (err == FR_OK && p.task.state != ROUTING_WAITING))
        return FR_OK;
    if (err == FR_OK)
        err = routing_task_facts(turn->view, task_id, turn->arena, &p.facts);
    if (err == FR_OK)
        err = routing_lane_for(turn, input, p.task.brand, p.facts, &p.place);
    return err != FR_OK ? err : place(turn, &p);
}

/* ---- several tasks, in the order of their places ---- */

static int
by_place(const void *a, const void *b)
{
    const struct routing_waiting *left = a, *right = b;

    if (left->order_us != right->order_us)
        return left->order_us < right->order_us ? -1 : 1;
    return (left->task_id > right->task_id) - (left->task_id < right->task_id);
}

enum fr_error
routing_place_all(struct fr_turn *turn, const struct fr_record *input, uint64_t *task_ids,
                  size_t count)
{
    struct routing_waiting *waiting = fr_arena_zalloc(turn->arena, count + 1, sizeof(*waiting));
    enum fr_error err = waiting == NULL ? FR_NO_MEMORY : FR_OK;

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_task task;

        err = routing_task_get(turn->view, task_ids[i], &task);
        if (err == FR_OK)
            waiting[i] = (struct routing_waiting){task.order_us, task.task_id};
    }
    if (err == FR_OK)
        qsort(waiting, count, sizeof(*waiting), by_place);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = routing_place_again(turn, input, waiting[i].task_id);
    return err;
}

/* ---- an agent looks for tasks ---- */

enum fr_error
routing_serve(struct fr_turn *turn, const struct fr_record *input, uint32_t number)
{
    struct placing p = {.input = input, .remark = ""};
    struct routing_pick pick = {.why = ROUTING_EARLIEST};
    enum fr_error err;

    /* Each offer takes at least one hundredth of him, so this ends. */
    for (;;) {
        err = routing_agent_get(turn->view, number, &pick.agent);
        if (err == FR_OK)
            err = routing_pick_task(turn->view, turn->now, &pick.agent, &p.task, &pick.weight);
        if (err == FR_NOT_FOUND)
            return FR_OK;
        if (err == FR_OK)
            err = routing_task_facts(turn->view, p.task.task_id, turn->arena, &p.facts);
        if (err == FR_OK)
            err = routing_lane_get(turn->view, p.task.lane, &p.place.lane);
        if (err == FR_OK) {
            const Fr__RoutingStateLane *lane;

            err = routing_lane_facts(turn->view, p.task.lane, turn->arena, &lane);
            p.place.queue = err == FR_OK ? lane->queue : "";
        }
        if (err == FR_OK)
            err = say_offered(turn, &p, &pick);
        if (err != FR_OK)
            return err;
    }
}

/* ---- taking back, ending ---- */

static enum fr_error
rescind(struct fr_turn *turn, const struct fr_record *input, const struct routing_task *task,
        const char *reason)
{
    const struct fr_labels labels = routing_labels(task);
    Fr__OfferRescinded rescinded = FR__OFFER_RESCINDED__INIT;
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(turn->view, task->agent, &agent);

    if (err != FR_OK)
        return err;
    rescinded.offer_id = task->offer_id;
    rescinded.task_id = task->task_id;
    rescinded.conversation_id = task->conversation_id;
    rescinded.agent = agent.name;
    rescinded.site = agent.site;
    rescinded.reason = (char *)reason;
    fr_count(turn, ROUTING_COUNT_RESCINDED, 1);
    return fr_emit_as(turn, input, &rescinded.base, &labels);
}

/* What waits for him alone, at most `max` of it: the rest is opened by its timers. */
static enum fr_error
held_for(struct fr_turn *turn, uint32_t number, size_t max, uint64_t *task_ids, size_t *count)
{
    struct routing_shares shares;
    enum fr_error err = routing_shares_get(turn->view, number, &shares);

    for (size_t i = 0; err == FR_OK && i < shares.count && *count < max; i++) {
        struct routing_waiting waiting;
        struct fr_scan scan;

        routing_waiting_scan(&scan, turn->view, routing_share_at(&shares, i).lane, number, NULL);
        while (*count < max && routing_waiting_next(&scan, &waiting) == FR_OK)
            task_ids[(*count)++] = waiting.task_id;
        fr_scan_fini(&scan);
    }
    return err;
}

enum fr_error
routing_withdraw_from(struct fr_turn *turn, const struct fr_record *input, uint32_t number,
                      const char *reason)
{
    uint64_t task_ids[ROUTING_FULL + ROUTING_SLICE];
    struct routing_agent agent;
    size_t count = 0;
    enum fr_error err =
        routing_tasks_with(turn->view, number, ROUTING_OFFERED, ROUTING_FULL, task_ids, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_task task;

        err = routing_task_get(turn->view, task_ids[i], &task);
        if (err == FR_OK)
            err = rescind(turn, input, &task, reason);
    }
    if (err == FR_OK)
        err = routing_agent_get(turn->view, number, &agent);
    if (err == FR_OK && agent.held > 0)
        err = held_for(turn, number, ROUTING_FULL + ROUTING_SLICE, task_ids, &count);
    return err != FR_OK ? err : routing_place_all(turn, input, task_ids, count);
}

enum fr_error
routing_end(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id,
            const char *reason)
{
    Fr__TaskEnded ended = FR__TASK_ENDED__INIT;
    struct routing_agent agent;
    struct fr_labels labels;
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, task_id, &task);

    if (err == FR_NOT_FOUND)
        return FR_OK;
    labels = routing_labels(&task);
    if (err == FR_OK && task.state == ROUTING_OFFERED)
        err = rescind(turn, input, &task, reason);
    if (err == FR_OK && task.state != ROUTING_WAITING)
        err = routing_agent_get(turn->view, task.agent, &agent);
    if (err != FR_OK)
        return err;
    ended.task_id = task.task_id;
    ended.conversation_id = task.conversation_id;
    ended.agent = task.state == ROUTING_ASSIGNED ? agent.name : NULL;
    ended.reason = (char *)reason;
    err = fr_emit_as(turn, input, &ended.base, &labels);
    if (err == FR_OK && task.state != ROUTING_WAITING)
        err = routing_serve(turn, input, task.agent);
    return err;
}
