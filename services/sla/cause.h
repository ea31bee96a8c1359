/* cause.h - where it lay when the deadline passed, in words. */
#ifndef FR_SLA_CAUSE_H
#define FR_SLA_CAUSE_H

#include "services/sla/tables.h"

/* "waiting in queue chat for 4m10s", "with ann at inhouse for 2m"; `place` NULL: routing has no
 * task for it. Arena memory, NULL when the arena is spent. */
char *sla_cause(struct fr_arena *arena, const struct sla_place *place, struct fr_time now);

/* Emits TargetBreached with the cause as of now (decide_time.c). */
enum fr_error sla_say_breached(struct fr_turn *turn, const struct fr_record *input,
                               const struct sla_target *target);

#endif
