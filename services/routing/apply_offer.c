/* apply_offer.c - offers are made and end, conversations fall silent and wake, tasks end. */
#include "services/routing/apply_private.h"
#include "services/routing/waits.h"

/* ---- offered ---- */

static void
request_of_offer(const Fr__TaskOffered *offered, Fr__TaskRequested *request)
{
    fr__task_requested__init(request);
    request->task_id = offered->task_id;
    request->conversation_id = offered->conversation_id;
    request->customer_id = offered->customer_id;
    request->arrived_us = offered->arrived_us;
    request->channel = offered->channel;
    request->preview = offered->preview;
    request->n_skills = offered->n_skills;
    request->skills = offered->skills;
    request->language = offered->language;
    request->has_complaint = offered->has_complaint;
    request->complaint = offered->complaint;
    request->customer_name = offered->customer_name;
    request->has_priority = offered->has_priority;
    request->priority = offered->priority;
    request->tier = offered->tier;
    request->has_urgency = offered->has_urgency;
    request->urgency = offered->urgency;
}

static enum fr_error
count_offer(struct fr_tables *tables, const Fr__TaskOffered *offered, struct routing_task *task)
{
    const Fr__ContractMark *counted = offered->counted;

    task->counted_queue = task->counted_site = 0;
    task->counted_us = 0;
    if (offered->has_contract_again_us && counted != NULL)
        TRY(fr_timer_arm(tables, ROUTING_TIMER_CONTRACT,
                         (uint64_t)counted->queue << 32 | counted->site,
                         (struct fr_time){offered->contract_again_us}));
    if (counted == NULL)
        return FR_OK;
    task->counted_queue = counted->queue;
    task->counted_site = counted->site;
    task->counted_us = counted->start_us;
    return apply_count(tables, counted->queue, counted->site, counted->start_us, 0, 1);
}

static void
offer_row(const Fr__TaskOffered *offered, const struct fr_record *event, uint32_t agent,
          struct routing_task *task)
{
    task->state = ROUTING_OFFERED;
    task->since_us = event->head->time_us;
    task->offer_id = offered->offer_id;
    task->order_us = offered->order_us;
    task->strict = (uint8_t)offered->strict;
    task->step = (uint8_t)offered->step;
    task->lane = offered->lane;
    task->weight = offered->weight;
    task->class_number = (uint8_t)offered->class_number;
    task->agent = agent;
    task->open_us = 0;
    task->parked = 0;
}

/* TaskOffered.  Writes tasks, task_facts, waiting (removed), lanes, heads, of_agent, contracts,
 * agents (busier), sets, idle; arms its expiry, and the next interval of a contract that it used
 * up. */
enum fr_error
routing_apply_task_offered(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskOffered *offered = fr_body(event);
    struct apply_start start = {offered->task_id, NULL, offered->rule, offered->marks,
                                offered->n_marks};
    const struct routing_task *before = NULL;
    Fr__TaskRequested request;
    struct routing_task row, task;
    struct routing_agent agent;

    if (offered->entered) {
        request_of_offer(offered, &request);
        start.request = &request;
    }
    TRY(apply_start_from(tables, event, &start, &row, &task, &before));
    TRY(routing_agent_by_name(fr_tables_view(tables), offered->agent, &agent));
    offer_row(offered, event, agent.number, &task);
    TRY(count_offer(tables, offered, &task));
    TRY(apply_task_move(tables, event, before, &task));
    routing_agent_load(&agent, task.class_number, task.weight, 1);
    agent.offered++;
    agent.idle_us = event->head->time_us;
    TRY(routing_agent_put(tables, &agent));
    return fr_timer_arm(tables, ROUTING_TIMER_OFFER, task.task_id,
                        (struct fr_time){offered->expires_us});
}

/* ---- the ends of an offer ---- */

/* OfferAccepted.  Writes tasks, of_agent, lanes, agents, refusals (forgotten); disarms the expiry.
 */
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
    TRY(apply_task_move(tables, event, &before, &task));
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
    if (before.counted_site != 0)
        TRY(apply_count(tables, before.counted_queue, before.counted_site, before.counted_us, 0,
                        -1));
    *task = before;
    task->counted_site = task->counted_queue = 0;
    task->counted_us = 0;
    task->state = ROUTING_WAITING;
    task->since_us = event->head->time_us;
    task->ended_offer = before.offer_id;
    task->ended_how = (uint8_t)how;
    task->offer_id = 0;
    task->agent = 0;
    task->weight = 0;
    if (how != ROUTING_RESCINDED)
        task->refusals++;
    TRY(apply_task_move(tables, event, &before, task));
    routing_agent_load(agent, before.class_number, before.weight, -1);
    agent->offered--;
    return fr_timer_disarm(tables, ROUTING_TIMER_OFFER, task_id);
}

/* OfferDeclined.  Writes tasks, waiting, lanes, heads, contracts, agents, sets, idle, refusals;
 * disarms the expiry. */
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

/* OfferExpired.  Writes the same: others come first, but he may have it again at once when there is
 * nobody else. */
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

/* OfferRescinded.  Writes the same, but no refusal. */
enum fr_error
routing_apply_offer_rescinded(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__OfferRescinded *rescinded = fr_body(event);
    struct routing_task task;
    struct routing_agent agent;

    TRY(back_to_place(tables, event, rescinded->task_id, ROUTING_RESCINDED, &task, &agent));
    return routing_agent_put(tables, &agent);
}

/* ---- silence ---- */

/* TaskIdled.  Writes tasks; arms the timer of its silence, or frees the agent of it (agents, sets,
 * idle). */
enum fr_error
routing_apply_task_idled(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskIdled *idled = fr_body(event);
    struct routing_agent agent;
    struct routing_task task;

    TRY(routing_task_get(fr_tables_view(tables), idled->task_id, &task));
    if (idled->has_idle_us) {
        task.idle_armed = 1;
        TRY(routing_task_put(tables, &task));
        return fr_timer_arm(tables, ROUTING_TIMER_IDLE, task.task_id,
                            (struct fr_time){idled->idle_us});
    }
    task.idle_armed = 0;
    task.idle = 1;
    TRY(routing_task_put(tables, &task));
    TRY(routing_agent_get(fr_tables_view(tables), task.agent, &agent));
    routing_agent_load(&agent, task.class_number, task.weight, -1);
    agent.idle++;
    agent.idle_us = event->head->time_us;
    return routing_agent_put(tables, &agent);
}

/* TaskWoken.  Writes tasks; if it was idle, agents, sets and idle; disarms the timer of silence. */
enum fr_error
routing_apply_task_woken(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskWoken *woken = fr_body(event);
    struct routing_agent agent;
    struct routing_task task;
    bool was_idle;

    TRY(routing_task_get(fr_tables_view(tables), woken->task_id, &task));
    was_idle = task.idle != 0;
    task.idle = task.idle_armed = 0;
    TRY(routing_task_put(tables, &task));
    TRY(fr_timer_disarm(tables, ROUTING_TIMER_IDLE, task.task_id));
    if (!was_idle)
        return FR_OK;
    TRY(routing_agent_get(fr_tables_view(tables), task.agent, &agent));
    routing_agent_load(&agent, task.class_number, task.weight, 1);
    agent.idle--;
    return routing_agent_put(tables, &agent);
}

/* ---- the end ---- */

/* His capacity is free again, unless it was or stays taken. */
static enum fr_error
release(struct fr_tables *tables, const struct fr_record *event, const struct routing_task *task,
        bool wraps)
{
    struct routing_agent agent;

    TRY(routing_agent_get(fr_tables_view(tables), task->agent, &agent));
    agent.assigned--;
    if (wraps) {
        agent.wrapping++;
    } else if (task->idle) {
        agent.idle--;
    } else {
        routing_agent_load(&agent, task->class_number, task->weight, -1);
        agent.idle_us = event->head->time_us;
    }
    return routing_agent_put(tables, &agent);
}

static enum fr_error
disarm_all(struct fr_tables *tables, const struct routing_task *task)
{
    if (task->refusals > 0) {
        TRY(routing_refusals_drop(tables, task->task_id));
        TRY(fr_timer_disarm(tables, ROUTING_TIMER_AGAIN, task->task_id));
    }
    if (task->idle_armed)
        TRY(fr_timer_disarm(tables, ROUTING_TIMER_IDLE, task->task_id));
    return routing_unhold(tables, task);
}

/* TaskEnded.  Writes tasks, task_facts, waiting or of_agent, lanes, heads, refusals (all removed,
 * but for the row of one whose agent is at his notes), agents, sets, idle; disarms its timers, arms
 * that of the notes.  An open offer was rescinded by the event before this one. */
enum fr_error
routing_apply_task_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskEnded *ended = fr_body(event);
    struct routing_task task, after;

    TRY(routing_task_get(fr_tables_view(tables), ended->task_id, &task));
    fr_assert(task.state != ROUTING_OFFERED);
    TRY(disarm_all(tables, &task));
    if (ended->has_wrap_until_us) {
        after = task;
        after.state = ROUTING_WRAPPING;
        after.since_us = event->head->time_us;
        after.until_us = ended->wrap_until_us;
        after.idle_armed = 0;
        TRY(apply_task_move(tables, event, &task, &after));
        TRY(fr_timer_arm(tables, ROUTING_TIMER_WRAP, task.task_id,
                         (struct fr_time){ended->wrap_until_us}));
    } else {
        TRY(apply_task_move(tables, event, &task, NULL));
    }
    return task.state == ROUTING_ASSIGNED ? release(tables, event, &task, ended->has_wrap_until_us)
                                          : FR_OK;
}

/* WrapUpEnded.  Writes tasks, task_facts, of_agent (removed), agents, sets, idle. */
enum fr_error
routing_apply_wrap_up_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WrapUpEnded *ended = fr_body(event);
    struct routing_agent agent;
    struct routing_task task;

    TRY(routing_task_get(fr_tables_view(tables), ended->task_id, &task));
    TRY(fr_timer_disarm(tables, ROUTING_TIMER_WRAP, task.task_id));
    TRY(apply_task_move(tables, event, &task, NULL));
    TRY(routing_agent_get(fr_tables_view(tables), task.agent, &agent));
    routing_agent_load(&agent, task.class_number, task.weight, -1);
    agent.wrapping--;
    agent.idle_us = event->head->time_us;
    return routing_agent_put(tables, &agent);
}
