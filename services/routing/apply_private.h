/* apply_private.h - what the apply_*.c share. */
#ifndef FR_ROUTING_APPLY_PRIVATE_H
#define FR_ROUTING_APPLY_PRIVATE_H

#include "proto/conversation.pb-c.h"
#include "services/routing/tables_private.h"

static inline struct fr_time
apply_now(const struct fr_record *event)
{
    return (struct fr_time){event->head->time_us};
}

/* routing_task_move, and a lane that it leaves empty is closed after a while. */
enum fr_error apply_task_move(struct fr_tables *tables, const struct fr_record *event,
                              const struct routing_task *before, const struct routing_task *after);
/* Arms that timer if the lane is empty. */
enum fr_error apply_lane_left(struct fr_tables *tables, const struct fr_record *event,
                              uint32_t lane);

/* The row to start from: what the request says when it has just come in (*before is NULL then). */
struct apply_start {
    uint64_t task_id;
    const Fr__TaskRequested *request; /* or NULL */
    const Fr__RuleResult *rule;
    Fr__ContractMark **marks;
    size_t mark_count;
};
enum fr_error apply_start_from(struct fr_tables *tables, const struct fr_record *event,
                               const struct apply_start *start, struct routing_task *row,
                               struct routing_task *task, const struct routing_task **before);

/* One more, or one less, that a contract's interval has seen. */
enum fr_error apply_count(struct fr_tables *tables, uint32_t queue, uint32_t site, int64_t start_us,
                          int arrived, int taken);

#endif
