/* apply_wait.c - what customers in line were told, how lines move, and who wants to be called back.
 */
#include "services/routing/tables_private.h"
#include "services/routing/waits.h"

/* The lane's timer, unless it runs already. */
static enum fr_error
look_again(struct fr_tables *tables, uint32_t lane, int64_t again_us)
{
    struct fr_time due;
    enum fr_error err = fr_timer_get(fr_tables_view(tables), ROUTING_TIMER_WAIT, lane, &due);

    if (err != FR_NOT_FOUND)
        return err;
    return fr_timer_arm(tables, ROUTING_TIMER_WAIT, lane, (struct fr_time){again_us});
}

/* WaitEstimated.  Writes told; arms the lane's timer. */
enum fr_error
routing_apply_wait_estimated(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WaitEstimated *estimated = fr_body(event);
    struct routing_told told = {.lane = estimated->lane};
    enum fr_error err = routing_told_get(fr_tables_view(tables), estimated->task_id, &told);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (err == FR_NOT_FOUND) {
        told.first_us = event->head->time_us;
        told.p50_us = estimated->p50_us;
        told.p90_us = estimated->p90_us;
        told.model_us = estimated->model_us;
        told.hour_us = estimated->hour_us;
    }
    told.last_us = event->head->time_us;
    told.last_p50_us = estimated->p50_us;
    told.last_p90_us = estimated->p90_us;
    told.position = estimated->position;
    told.offered = estimated->n_windows > 0;
    TRY(routing_told_put(tables, estimated->task_id, &told));
    return estimated->first ? look_again(tables, estimated->lane, estimated->again_us) : FR_OK;
}

/* WaitsLookedAt.  Arms the lane's timer. */
enum fr_error
routing_apply_waits_looked_at(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WaitsLookedAt *looked = fr_body(event);

    return look_again(tables, looked->lane, looked->again_us);
}

/* WaitEnded.  Writes told (removed), flows. */
enum fr_error
routing_apply_wait_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WaitEnded *ended = fr_body(event);
    const struct routing_wait told = {.p50_us = ended->p50_us,
                                      .p90_us = ended->p90_us,
                                      .model_us = ended->model_us,
                                      .hour_us = ended->hour_us};
    const Fr__RoutingStateLane *lane;
    struct routing_flow flow;

    TRY(routing_told_del(tables, ended->task_id));
    TRY(routing_lane_facts(fr_tables_view(tables), ended->lane, fr_tables_arena(tables), &lane));
    TRY(routing_flow_get(fr_tables_view(tables), lane, &flow));
    routing_wait_learn(&flow, &told, ended->waited_us, ended->served,
                       (struct fr_time){event->head->time_us});
    return routing_flow_put(tables, lane, &flow);
}

/* TaskQueued.  What routing_apply_task_queued writes; when its customer was told and it stands in
 * another lane now, that lane is looked at. */
enum fr_error
routing_apply_wait_task_queued(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskQueued *queued = fr_body(event);
    struct routing_told told;
    enum fr_error err;

    TRY(routing_apply_task_queued(tables, event));
    err = routing_told_get(fr_tables_view(tables), queued->task_id, &told);
    if (err != FR_OK || told.lane == queued->lane)
        return err == FR_NOT_FOUND ? FR_OK : err;
    told.lane = queued->lane;
    TRY(routing_told_put(tables, queued->task_id, &told));
    return look_again(tables, queued->lane, event->head->time_us);
}

/* TaskEnded.  Writes told (removed), and what routing_apply_task_ended does. */
enum fr_error
routing_apply_wait_task_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskEnded *ended = fr_body(event);

    TRY(routing_told_del(tables, ended->task_id));
    return routing_apply_task_ended(tables, event);
}

/* TaskDeferred.  Writes tasks, waiting (held for nobody), told (removed); arms the timer at which
 * anybody may take it. */
enum fr_error
routing_apply_task_deferred(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TaskDeferred *deferred = fr_body(event);
    struct routing_task before, task;

    TRY(routing_task_get(fr_tables_view(tables), deferred->task_id, &before));
    task = before;
    TRY(routing_unhold(tables, &before));
    task.agent = ROUTING_LATER;
    task.relax_us = 0;
    task.parked = 0;
    task.open_us = deferred->until_us;
    TRY(routing_told_del(tables, deferred->task_id));
    TRY(routing_task_move(tables, &before, &task));
    return fr_timer_arm(tables, ROUTING_TIMER_OPEN, task.task_id,
                        (struct fr_time){deferred->until_us});
}
