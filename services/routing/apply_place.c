/* apply_place.c - tasks come in, and move from list to list. */
#include "services/routing/apply_private.h"
#include "services/routing/waits.h"

/* ---- lanes that are left empty ---- */

enum fr_error
apply_lane_left(struct fr_tables *tables, const struct fr_record *event, uint32_t number)
{
    struct routing_lane lane;

    TRY(routing_lane_get(fr_tables_view(tables), number, &lane));
    if (lane.tasks > 0 || lane.idle_us == 0)
        return FR_OK;
    return fr_timer_arm(tables, ROUTING_TIMER_LANE, number,
                        (struct fr_time){event->head->time_us + lane.idle_us});
}

static bool
in_lane(const struct routing_task *task, uint32_t lane)
{
    return task != NULL && task->lane == lane &&
           (task->state == ROUTING_WAITING || task->state == ROUTING_OFFERED);
}

enum fr_error
apply_task_move(struct fr_tables *tables, const struct fr_record *event,
                const struct routing_task *before, const struct routing_task *after)
{
    uint32_t lane = before != NULL ? before->lane : 0;
    bool left = in_lane(before, lane) && !in_lane(after, lane);

    TRY(routing_task_move(tables, before, after));
    return left ? apply_lane_left(tables, event, lane) : FR_OK;
}

/* ---- contracts ---- */

enum fr_error
apply_count(struct fr_tables *tables, uint32_t queue, uint32_t site, int64_t start_us, int arrived,
            int taken)
{
    struct routing_contract contract;

    TRY(routing_contract_get(fr_tables_view(tables), queue, site, &contract));
    if (contract.start_us > start_us)
        return FR_OK; /* of an interval that is over */
    if (contract.start_us != start_us)
        contract = (struct routing_contract){.start_us = start_us, .recalled = contract.recalled};
    contract.arrived += (uint32_t)arrived;
    if (taken > 0 || contract.taken > 0)
        contract.taken += (uint32_t)taken;
    return routing_contract_put(tables, queue, site, &contract);
}

/* ---- coming in ---- */

static void
task_of_request(const Fr__TaskRequested *request, const struct fr_record *event,
                struct routing_task *task)
{
    *task = (struct routing_task){.task_id = request->task_id,
                                  .conversation_id = request->conversation_id,
                                  .customer_id = request->customer_id,
                                  .entered_us = event->head->time_us,
                                  .since_us = event->head->time_us,
                                  .arrived_us = request->arrived_us < event->head->time_us
                                                    ? request->arrived_us
                                                    : event->head->time_us};
    memcpy(task->brand, event->head->brand, sizeof(task->brand));
}

static enum fr_error
keep_request(struct fr_tables *tables, const Fr__TaskRequested *request, const Fr__RuleResult *rule)
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
    facts.tier = request->tier;
    facts.has_urgency = request->has_urgency;
    facts.urgency = request->urgency;
    facts.rule = (Fr__RuleResult *)rule;
    return routing_task_facts_put(tables, request->task_id, &facts);
}

enum fr_error
routing_unhold(struct fr_tables *tables, const struct routing_task *task)
{
    struct routing_agent holder;

    if (task->state != ROUTING_WAITING)
        return FR_OK;
    if (task->relax_us != 0)
        TRY(fr_timer_disarm(tables, ROUTING_TIMER_RELAX, task->task_id));
    if (task->parked)
        TRY(fr_timer_disarm(tables, ROUTING_TIMER_PARKED, task->task_id));
    if (task->agent == 0)
        return FR_OK;
    if (task->agent != ROUTING_LATER) {
        TRY(routing_agent_get(fr_tables_view(tables), task->agent, &holder));
        holder.held--;
        TRY(routing_agent_put(tables, &holder));
    }
    return fr_timer_disarm(tables, ROUTING_TIMER_OPEN, task->task_id);
}

enum fr_error
apply_start_from(struct fr_tables *tables, const struct fr_record *event,
                 const struct apply_start *start, struct routing_task *row,
                 struct routing_task *task, const struct routing_task **before)
{
    *before = NULL;
    for (size_t i = 0; i < start->mark_count; i++)
        TRY(apply_count(tables, start->marks[i]->queue, start->marks[i]->site,
                        start->marks[i]->start_us, 1, 0));
    if (start->request != NULL) {
        task_of_request(start->request, event, task);
        return keep_request(tables, start->request, start->rule);
    }
    TRY(routing_task_get(fr_tables_view(tables), start->task_id, row));
    *before = row;
    *task = *row;
    TRY(routing_unhold(tables, row));
    if (row->state == ROUTING_WAITING) {
        task->relax_us = 0;
        task->until_us = 0;
    }
    return FR_OK;
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

/* TaskQueued.  Writes tasks, task_facts, waiting, lanes, heads, contracts, agents (held); arms the
 * timers at which anybody may take it, less is asked, and those who let it go may be asked again.
 */
enum fr_error
routing_apply_task_queued(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskQueued *queued = fr_body(event);
    const struct apply_start start = {queued->task_id, queued->task, queued->rule, queued->marks,
                                      queued->n_marks};
    const struct routing_task *before;
    struct routing_task row, task;

    TRY(apply_start_from(tables, event, &start, &row, &task, &before));
    task.state = ROUTING_WAITING;
    task.lane = queued->lane;
    task.order_us = queued->order_us;
    task.strict = (uint8_t)queued->strict;
    task.step = (uint8_t)queued->step;
    task.parked = 0;
    TRY(hold(tables, queued->held_for, queued->open_us, &task));
    if (queued->has_relax_us) {
        task.relax_us = queued->relax_us;
        TRY(fr_timer_arm(tables, ROUTING_TIMER_RELAX, task.task_id,
                         (struct fr_time){queued->relax_us}));
    }
    if (queued->has_again_us)
        TRY(fr_timer_arm(tables, ROUTING_TIMER_AGAIN, task.task_id,
                         (struct fr_time){queued->again_us}));
    return apply_task_move(tables, event, before, &task);
}

/* TaskParked.  Writes tasks, task_facts, waiting, lanes, heads, contracts, agents (held); arms the
 * timer at which it is looked at again. */
enum fr_error
routing_apply_task_parked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskParked *parked = fr_body(event);
    const struct apply_start start = {parked->task_id, parked->task, parked->rule, parked->marks,
                                      parked->n_marks};
    const struct routing_task *before;
    struct routing_task row, task;

    TRY(apply_start_from(tables, event, &start, &row, &task, &before));
    task.state = ROUTING_WAITING;
    task.lane = parked->lane;
    task.order_us = parked->order_us;
    task.strict = (uint8_t)parked->strict;
    task.step = (uint8_t)parked->step;
    task.agent = 0;
    task.open_us = 0;
    task.parked = 1;
    task.until_us = parked->until_us;
    TRY(apply_task_move(tables, event, before, &task));
    return parked->has_until_us ? fr_timer_arm(tables, ROUTING_TIMER_PARKED, task.task_id,
                                               (struct fr_time){parked->until_us})
                                : FR_OK;
}

/* ---- moving ---- */

static enum fr_error
keep_priority(struct fr_tables *tables, const Fr__TaskRaised *raised)
{
    const Fr__RoutingStateTask *before;
    Fr__RoutingStateTask facts;

    if (!raised->has_priority)
        return FR_OK;
    TRY(routing_task_facts(fr_tables_view(tables), raised->task_id, fr_tables_arena(tables),
                           &before));
    facts = *before;
    facts.has_priority = 1;
    facts.priority = raised->priority;
    facts.tier = raised->tier;
    facts.has_urgency = raised->has_urgency;
    facts.urgency = raised->urgency;
    if (facts.rule != NULL) { /* what a person says counts more */
        facts.rule->has_priority = facts.rule->has_urgency = 0;
        facts.rule->tier = NULL;
    }
    return routing_task_facts_put(tables, raised->task_id, &facts);
}

/* TaskRaised.  Writes tasks, task_facts, waiting, lanes, heads. */
enum fr_error
routing_apply_task_raised(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskRaised *raised = fr_body(event);
    struct routing_task before, task;

    TRY(routing_task_get(fr_tables_view(tables), raised->task_id, &before));
    task = before;
    task.order_us = raised->order_us;
    if (raised->has_strict)
        task.strict = (uint8_t)raised->strict;
    if (!raised->has_priority)
        task.raised = 1;
    TRY(keep_priority(tables, raised));
    return apply_task_move(tables, event, &before, &task);
}

/* TaskRekeyed.  Writes tasks. */
enum fr_error
routing_apply_task_rekeyed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskRekeyed *rekeyed = fr_body(event);
    struct routing_task task;

    TRY(routing_task_get(fr_tables_view(tables), rekeyed->task_id, &task));
    task.customer_id = rekeyed->customer_id;
    return routing_task_put(tables, &task);
}
