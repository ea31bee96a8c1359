/* end.c - taking back what was offered or accepted, and ending. */
#include "services/routing/counters.h"
#include "services/routing/place.h"

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
    rescinded.site = agent.site_name;
    rescinded.reason = (char *)reason;
    fr_count(turn, ROUTING_COUNT_RESCINDED, 1);
    return fr_emit_as(turn, input, &rescinded.base, &labels);
}

static void
held_for(struct fr_turn *turn, uint32_t number, size_t max, uint64_t *task_ids, size_t *count)
{
    struct routing_waiting waiting;
    struct fr_scan scan;

    routing_held_scan(&scan, turn->view, number);
    while (*count < max && routing_waiting_next(&scan, &waiting) == FR_OK)
        task_ids[(*count)++] = waiting.task_id;
    fr_scan_fini(&scan);
}

#define OFFERS_MAX 256 /* of one agent, taken back in one go; nobody has more at a time */

enum fr_error
routing_withdraw_from(struct fr_turn *turn, const struct fr_record *input, uint32_t number,
                      const char *reason)
{
    uint64_t task_ids[OFFERS_MAX + ROUTING_SLICE];
    size_t count = 0;
    enum fr_error err =
        routing_tasks_with(turn->view, number, ROUTING_OFFERED, OFFERS_MAX, task_ids, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_task task;

        err = routing_task_get(turn->view, task_ids[i], &task);
        if (err == FR_OK)
            err = rescind(turn, input, &task, reason);
    }
    if (err == FR_OK)
        held_for(turn, number, OFFERS_MAX + ROUTING_SLICE, task_ids, &count);
    return err != FR_OK ? err : routing_place_all(turn, input, task_ids, count);
}

enum fr_error
routing_take_assigned(struct fr_turn *turn, const struct fr_record *input, uint32_t number,
                      const char *reason)
{
    uint64_t task_ids[OFFERS_MAX];
    size_t count;
    enum fr_error err =
        routing_tasks_with(turn->view, number, ROUTING_ASSIGNED, OFFERS_MAX, task_ids, &count);

    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = routing_end(turn, input, task_ids[i], reason, false);
    return err;
}

/* His queue's time for notes, from now; 0: none. */
static enum fr_error
wrap_until(struct fr_turn *turn, const struct routing_task *task, int64_t *out)
{
    const Fr__RoutingStateTask *facts;
    const struct routing_queue *queue;
    enum fr_error err = routing_task_facts(turn->view, task->task_id, turn->arena, &facts);

    *out = 0;
    if (err != FR_OK)
        return err;
    queue = routing_queue_for(turn->config, task->brand, facts);
    if (queue != NULL && queue->wrap_up.us > 0)
        *out = fr_time_add(turn->now, queue->wrap_up).unix_us;
    return FR_OK;
}

enum fr_error
routing_end(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id,
            const char *reason, bool wrap_up)
{
    Fr__TaskEnded ended = FR__TASK_ENDED__INIT;
    struct routing_agent agent;
    struct fr_labels labels;
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, task_id, &task);

    if (err == FR_NOT_FOUND || (err == FR_OK && task.state == ROUTING_WRAPPING))
        return FR_OK;
    labels = routing_labels(&task);
    if (err == FR_OK && task.state == ROUTING_OFFERED)
        err = rescind(turn, input, &task, reason);
    if (err == FR_OK && task.state != ROUTING_WAITING)
        err = routing_agent_get(turn->view, task.agent, &agent);
    if (err == FR_OK && wrap_up && task.state == ROUTING_ASSIGNED && !task.idle)
        err = wrap_until(turn, &task, &ended.wrap_until_us);
    if (err != FR_OK)
        return err;
    ended.has_wrap_until_us = ended.wrap_until_us != 0;
    ended.task_id = task.task_id;
    ended.conversation_id = task.conversation_id;
    ended.agent = task.state == ROUTING_ASSIGNED ? agent.name : NULL;
    ended.reason = (char *)reason;
    err = fr_emit_as(turn, input, &ended.base, &labels);
    if (err == FR_OK && task.state != ROUTING_WAITING)
        err = routing_serve(turn, input, task.agent);
    return err;
}
