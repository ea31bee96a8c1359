/* apply.c - one function per event kind: the only caller of the tables' put. */
#include "proto/conversation.pb-c.h"
#include "services/routing/waits.h"

#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum fr_error try_error = (call);                                                          \
        if (try_error != FR_OK)                                                                    \
            return try_error;                                                                      \
    } while (0)

static struct fr_time
at(const struct fr_record *event)
{
    return (struct fr_time){event->head->time_us};
}

enum fr_error
routing_apply_nothing(struct fr_tables *tables, const struct fr_record *event)
{
    (void)tables;
    (void)event;
    return FR_OK;
}

/* ---- agents ---- */

/* AgentDefined.  Writes agents, names, profiles, shares, members, lanes (members), available. */
enum fr_error
routing_apply_agent_defined(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AgentDefined *defined = fr_body(event);
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(fr_tables_view(tables), defined->number, &agent);

    if (err == FR_NOT_FOUND) {
        agent = (struct routing_agent){.number = defined->number,
                                       .state = FR__AGENT_STATE__OFFLINE,
                                       .idle_us = event->head->time_us,
                                       .state_us = event->head->time_us};
        strncpy(agent.name, defined->agent, sizeof(agent.name) - 1);
    } else if (err != FR_OK) {
        return err;
    }
    if (defined->removed || strcmp(agent.site, defined->site) != 0)
        agent.state = FR__AGENT_STATE__OFFLINE; /* he signs in again, where he belongs now */
    agent.removed = defined->removed != 0;
    strncpy(agent.site, defined->site, sizeof(agent.site) - 1); /* pads with NULs */
    TRY(routing_agent_define(tables, &agent, defined));
    return defined->look_again
               ? fr_timer_arm(tables, ROUTING_TIMER_AGENT, defined->number, at(event))
               : FR_OK;
}

/* AgentStateChanged.  Writes agents, available. */
enum fr_error
routing_apply_agent_state_changed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AgentStateChanged *changed = fr_body(event);
    struct routing_agent agent;

    TRY(routing_agent_by_name(fr_tables_view(tables), changed->agent, &agent));
    agent.state = (uint8_t)changed->state;
    agent.state_us = event->head->time_us;
    if (changed->state == FR__AGENT_STATE__AVAILABLE) {
        agent.idle_us = event->head->time_us;
        agent.expired_in_row = 0;
    }
    return routing_agent_put(tables, &agent);
}

/* ---- lanes ---- */

/* LaneOpened.  Writes lanes, lane_keys, lane_facts, members, shares, available. */
enum fr_error
routing_apply_lane_opened(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LaneOpened *opened = fr_body(event);

    TRY(routing_lane_open(tables, opened));
    for (size_t i = 0; i < opened->n_agents; i++)
        TRY(routing_lane_join(tables, opened->lane, opened->agents[i]));
    return FR_OK;
}

/* LaneChanged.  Writes lanes, lane_facts; arms its timer while there is more to go through. */
enum fr_error
routing_apply_lane_changed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LaneChanged *changed = fr_body(event);
    struct routing_lane lane;

    TRY(routing_lane_get(fr_tables_view(tables), changed->lane, &lane));
    TRY(routing_lane_reason(tables, changed->lane, changed->reason));
    lane.walking = !changed->done;
    lane.walk_order_us = changed->from_order_us;
    lane.walk_task = changed->from_task_id;
    lane.stamp = changed->stamp;
    TRY(routing_lane_put(tables, &lane));
    return lane.walking ? fr_timer_arm(tables, ROUTING_TIMER_LANE, lane.number, at(event)) : FR_OK;
}

/* ---- a task comes in, or moves from list to list ---- */

static void
task_of_request(const Fr__TaskRequested *request, const struct fr_record *event,
                struct routing_task *task)
{
    *task = (struct routing_task){.task_id = request->task_id,
                                  .conversation_id = request->conversation_id,
                                  .customer_id = request->customer_id,
                                  .arrived_us = request->arrived_us < event->head->time_us
                                                    ? request->arrived_us
                                                    : event->head->time_us};
    memcpy(task->brand, event->head->brand, sizeof(task->brand));
}

static enum fr_error
keep_request(struct fr_tables *tables, const Fr__TaskRequested *request)
{
    Fr__RoutingStateTask facts = FR__ROUTING_STATE_TASK__INIT;

    facts.channel = request->channel;
    facts.preview = request->preview;
    facts.n_skills = request->n_skills;
    facts.skills = request->skills;
    facts.language = request->language;
    facts.has_complaint = request->has_complaint;
    facts.complaint = request->complaint;
    facts.customer_name = request->customer_name;
    facts.has_priority = request->has_priority;
    facts.priority = request->priority;
    return routing_task_facts_put(tables, request->task_id, &facts);
}

enum fr_error
routing_unhold(struct fr_tables *tables, const struct routing_task *task)
{
    struct routing_agent holder;

    if (task->state != ROUTING_WAITING || task->agent == 0)
        return FR_OK;
    if (task->agent != ROUTING_LATER) {
        TRY(routing_agent_get(fr_tables_view(tables), task->agent, &holder));
        holder.held--;
        TRY(routing_agent_put(tables, &holder));
    }
    return fr_timer_disarm(tables, ROUTING_TIMER_OPEN, task->task_id);
}

/* The agent for whom the task waits, NULL for anybody; his number into the row. */
static enum fr_error
hold(struct fr_tables *tables, const char *name, int64_t open_us, struct routing_task *task)
{
    struct routing_agent holder;

    task->agent = 0;
    task->open_us = 0;
    if (name == NULL)
        return FR_OK;
    TRY(routing_agent_by_name(fr_tables_view(tables), name, &holder));
    holder.held++;
    TRY(routing_agent_put(tables, &holder));
    task->agent = holder.number;
    task->open_us = open_us;
    return fr_timer_arm(tables, ROUTING_TIMER_OPEN, task->task_id, (struct fr_time){open_us});
}

/* The row to start from: what the request says when it has just come in (*before is NULL then). */
static enum fr_error
start_from(struct fr_tables *tables, const struct fr_record *event, uint64_t task_id,
           const Fr__TaskRequested *request, struct routing_task *row, struct routing_task *task,
           const struct routing_task **before)
{
    *before = NULL;
    if (request != NULL) {
        task_of_request(request, event, task);
        task->since_us = event->head->time_us;
        return keep_request(tables, request);
    }
    TRY(routing_task_get(fr_tables_view(tables), task_id, row));
    *before = row;
    *task = *row;
    return routing_unhold(tables, row);
}

/* TaskQueued.  Writes tasks, task_facts, waiting, lanes (waiting), agents (held); arms the timers
 * at which anybody may take it, and at which those who let it go may be asked again. */
enum fr_error
routing_apply_task_queued(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskQueued *queued = fr_body(event);
    const struct routing_task *before;
    struct routing_task row, task;

    TRY(start_from(tables, event, queued->task_id, queued->task, &row, &task, &before));
    task.state = ROUTING_WAITING;
    task.lane = queued->lane;
    task.order_us = queued->order_us;
    task.parked = 0;
    TRY(hold(tables, queued->held_for, queued->open_us, &task));
    if (queued->has_again_us)
        TRY(fr_timer_arm(tables, ROUTING_TIMER_AGAIN, task.task_id,
                         (struct fr_time){queued->again_us}));
    return routing_task_move(tables, before, &task);
}

/* TaskParked.  Writes tasks, task_facts, waiting, lanes (waiting), agents (held). */
enum fr_error
routing_apply_task_parked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskParked *parked = fr_body(event);
    const struct routing_task *before;
    struct routing_task row, task;

    TRY(start_from(tables, event, parked->task_id, parked->task, &row, &task, &before));
    task.state = ROUTING_WAITING;
    task.lane = parked->lane;
    task.order_us = parked->order_us;
    task.agent = 0;
    task.open_us = 0;
    task.parked = 1;
    return routing_task_move(tables, before, &task);
}

/* TaskRaised.  Writes tasks, waiting. */
enum fr_error
routing_apply_task_raised(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskRaised *raised = fr_body(event);
    struct routing_task before, task;

    TRY(routing_task_get(fr_tables_view(tables), raised->task_id, &before));
    task = before;
    task.order_us = raised->order_us;
    task.raised = 1;
    return routing_task_move(tables, &before, &task);
}

/* TaskRekeyed.  Writes tasks. */
enum fr_error
routing_apply_task_rekeyed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskRekeyed *rekeyed = fr_body(event);
    struct routing_task before, task;

    TRY(routing_task_get(fr_tables_view(tables), rekeyed->task_id, &before));
    task = before;
    task.customer_id = rekeyed->customer_id;
    return routing_task_move(tables, &before, &task);
}

/* ---- offers ---- */

static enum fr_error
enter_by_offer(struct fr_tables *tables, const struct fr_record *event,
               const Fr__TaskOffered *offered, struct routing_task *task)
{
    Fr__TaskRequested request = FR__TASK_REQUESTED__INIT;

    request.task_id = offered->task_id;
    request.conversation_id = offered->conversation_id;
    request.customer_id = offered->customer_id;
    request.arrived_us = offered->arrived_us;
    request.channel = offered->channel;
    request.preview = offered->preview;
    request.n_skills = offered->n_skills;
    request.skills = offered->skills;
    request.language = offered->language;
    request.has_complaint = offered->has_complaint;
    request.complaint = offered->complaint;
    request.customer_name = offered->customer_name;
    request.has_priority = offered->has_priority;
    request.priority = offered->priority;
    task_of_request(&request, event, task);
    return keep_request(tables, &request);
}

/* TaskOffered.  Writes tasks, task_facts, waiting (removed), of_agent, agents (busier), available;
 * arms its expiry. */
enum fr_error
routing_apply_task_offered(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskOffered *offered = fr_body(event);
    const struct routing_task *before = NULL;
    struct routing_task row, task;
    struct routing_agent agent;

    if (offered->entered)
        TRY(enter_by_offer(tables, event, offered, &task));
    else
        TRY(start_from(tables, event, offered->task_id, NULL, &row, &task, &before));
    TRY(routing_agent_by_name(fr_tables_view(tables), offered->agent, &agent));
    task.state = ROUTING_OFFERED;
    task.since_us = event->head->time_us;
    task.offer_id = offered->offer_id;
    task.order_us = offered->order_us;
    task.lane = offered->lane;
    task.weight = offered->weight;
    task.agent = agent.number;
    task.open_us = 0;
    task.parked = 0;
    TRY(routing_task_move(tables, before, &task));
    agent.used += task.weight;
    agent.offered++;
    agent.idle_us = event->head->time_us;
    TRY(routing_agent_put(tables, &agent));
    return fr_timer_arm(tables, ROUTING_TIMER_OFFER, task.task_id,
                        (struct fr_time){offered->expires_us});
}

/* OfferAccepted.  Writes tasks, of_agent, agents, refusals (forgotten); disarms the expiry. */
enum fr_error
routing_apply_offer_accepted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__OfferAccepted *accepted = fr_body(event);
    struct routing_task before, task;
    struct routing_agent agent;

    TRY(routing_task_get(fr_tables_view(tables), accepted->task_id, &before));
    TRY(routing_agent_get(fr_tables_view(tables), before.agent, &agent));
    task = before;
    task.state = ROUTING_ASSIGNED;
    task.since_us = event->head->time_us;
    task.refusals = 0;
    agent.offered--;
    agent.assigned++;
    agent.expired_in_row = 0;
    if (before.refusals > 0) {
        TRY(routing_refusals_drop(tables, task.task_id));
        TRY(fr_timer_disarm(tables, ROUTING_TIMER_AGAIN, task.task_id));
    }
    TRY(routing_task_move(tables, &before, &task));
    TRY(routing_agent_put(tables, &agent));
    return fr_timer_disarm(tables, ROUTING_TIMER_OFFER, task.task_id);
}

/* The offer is over, and the task waits in its old place for anybody. */
static enum fr_error
back_to_place(struct fr_tables *tables, const struct fr_record *event, uint64_t task_id,
              enum routing_offer_end how, struct routing_task *task, struct routing_agent *agent)
{
    struct routing_task before;

    TRY(routing_task_get(fr_tables_view(tables), task_id, &before));
    TRY(routing_agent_get(fr_tables_view(tables), before.agent, agent));
    *task = before;
    task->state = ROUTING_WAITING;
    task->since_us = event->head->time_us;
    task->ended_offer = before.offer_id;
    task->ended_how = (uint8_t)how;
    task->offer_id = 0;
    task->agent = 0;
    task->weight = 0;
    if (how != ROUTING_RESCINDED)
        task->refusals++;
    TRY(routing_task_move(tables, &before, task));
    agent->used -= before.weight;
    agent->offered--;
    return fr_timer_disarm(tables, ROUTING_TIMER_OFFER, task_id);
}

/* OfferDeclined.  Writes tasks, waiting, agents, available, refusals; disarms the expiry. */
enum fr_error
routing_apply_offer_declined(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__OfferDeclined *declined = fr_body(event);
    struct routing_task task;
    struct routing_agent agent;

    TRY(back_to_place(tables, event, declined->task_id, ROUTING_DECLINED, &task, &agent));
    agent.expired_in_row = 0;
    TRY(routing_refusal_put(tables, task.task_id, agent.number, declined->again_us));
    return routing_agent_put(tables, &agent);
}

/* OfferExpired.  Writes tasks, waiting, agents, available, refusals: others come first, but he may
 * have it again at once when there is nobody else. */
enum fr_error
routing_apply_offer_expired(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__OfferExpired *expired = fr_body(event);
    struct routing_task task;
    struct routing_agent agent;

    TRY(back_to_place(tables, event, expired->task_id, ROUTING_EXPIRED, &task, &agent));
    agent.expired_in_row++;
    TRY(routing_refusal_put(tables, task.task_id, agent.number, event->head->time_us));
    return routing_agent_put(tables, &agent);
}

/* OfferRescinded.  Writes tasks, waiting, agents, available; disarms the expiry. */
enum fr_error
routing_apply_offer_rescinded(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__OfferRescinded *rescinded = fr_body(event);
    struct routing_task task;
    struct routing_agent agent;

    TRY(back_to_place(tables, event, rescinded->task_id, ROUTING_RESCINDED, &task, &agent));
    return routing_agent_put(tables, &agent);
}

/* ---- the end ---- */

/* His capacity is free again. */
static enum fr_error
release(struct fr_tables *tables, const struct fr_record *event, const struct routing_task *task)
{
    struct routing_agent agent;

    TRY(routing_agent_get(fr_tables_view(tables), task->agent, &agent));
    agent.used -= task->weight;
    agent.assigned--;
    agent.idle_us = event->head->time_us;
    return routing_agent_put(tables, &agent);
}

/* TaskEnded.  Writes tasks, task_facts, waiting or of_agent, refusals (all removed), agents
 * (freer), available; disarms its timers.  An open offer was rescinded by the event before this
 * one. */
enum fr_error
routing_apply_task_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskEnded *ended = fr_body(event);
    struct routing_task task;

    TRY(routing_task_get(fr_tables_view(tables), ended->task_id, &task));
    fr_assert(task.state != ROUTING_OFFERED);
    TRY(routing_unhold(tables, &task));
    if (task.refusals > 0) {
        TRY(routing_refusals_drop(tables, task.task_id));
        TRY(fr_timer_disarm(tables, ROUTING_TIMER_AGAIN, task.task_id));
    }
    TRY(routing_task_move(tables, &task, NULL));
    return task.state == ROUTING_ASSIGNED ? release(tables, event, &task) : FR_OK;
}
