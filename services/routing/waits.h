/* waits.h - what customers in line are told: position, expected wait, and what they may choose
 * instead (routing contract, R9).  The judgement is wait.h's; here are its rows and its stories.
 *
 *     TaskRequested --> (it waits) --> WaitEstimated --> conversations --> WaitTold --> the
 * customer the lane's timer, every `waiting.every`: whoever was told something else, WaitEstimated
 * again OfferAnswered, TaskWithdrawn --> WaitEnded: told against actual, learned WaitChoiceMade
 * (call me back) --> TaskDeferred: the place is kept, nobody is offered it before
 */
#ifndef FR_ROUTING_WAITS_H
#define FR_ROUTING_WAITS_H

#include "services/routing/tables.h"
#include "services/routing/wait.h"

#define ROUTING_TOLD_MAX 64      /* of a lane: those further behind are told later */
#define ROUTING_LATER UINT32_MAX /* as a task's agent: held for nobody, until its time */

struct routing_told { /* what a waiting task's customer was told; first and last */
    int64_t first_us; /* when */
    int64_t p50_us, p90_us, model_us, hour_us; /* then: lengths */
    int64_t last_us, last_p50_us, last_p90_us;
    uint32_t position, lane;
    uint8_t offered; /* something else than waiting */
    uint8_t spare[7];
};
_Static_assert(sizeof(struct routing_told) == 80, "no hidden padding");

/* ---- rows (tables_wait.c) ---- */

enum fr_error routing_told_get(const struct fr_view *view, uint64_t task_id,
                               struct routing_told *out);
enum fr_error routing_told_put(struct fr_tables *tables, uint64_t task_id,
                               const struct routing_told *told);
enum fr_error routing_told_del(struct fr_tables *tables, uint64_t task_id);
/* All zero when nothing was seen yet.  Kept by what the lane is, not by its number. */
enum fr_error routing_flow_get(const struct fr_view *view, const Fr__RoutingStateLane *lane,
                               struct routing_flow *out);
enum fr_error routing_flow_put(struct fr_tables *tables, const Fr__RoutingStateLane *lane,
                               const struct routing_flow *flow);

/* ---- inputs (decide_wait.c): production's other decide functions, and what follows here ---- */

fr_decide_fn routing_decide_wait_requested;   /* TaskRequested: he has to wait? then tell him */
fr_decide_fn routing_decide_wait_answered;    /* OfferAnswered: his wait is over */
fr_decide_fn routing_decide_wait_withdrawn;   /* TaskWithdrawn: he gave up */
fr_decide_fn routing_decide_wait_due;         /* what was said is not true any more */
fr_decide_fn routing_decide_wait_choice_made; /* he would rather be called back */

/* ---- events (apply_wait.c) ---- */

fr_apply_fn routing_apply_wait_estimated;
fr_apply_fn routing_apply_wait_ended;
fr_apply_fn routing_apply_waits_looked_at;
fr_apply_fn routing_apply_task_deferred;
fr_apply_fn routing_apply_wait_task_queued; /* TaskQueued, and who looks at its lane */
fr_apply_fn routing_apply_wait_task_ended;  /* TaskEnded, and what its customer was told */

/* He for whom it was held gets one less; timers of waiting are disarmed (apply_place.c). */
enum fr_error routing_unhold(struct fr_tables *tables, const struct routing_task *task);

#endif
