/* target.h - what records do to a target's row: apply writes it so, and decide looks ahead with the
 * same functions.  Pure. */
#ifndef FR_SLA_TARGET_H
#define FR_SLA_TARGET_H

#include "services/sla/tables.h"

void sla_target_warn(struct sla_target *target, const Fr__TargetWarned *warned);
/* The clock's fields, policy and calendar included. */
void sla_target_set_clock(struct sla_target *target, const Fr__TargetClock *clock);
/* Remembers a stretch that ended; when there are too many, the oldest are added up. */
void sla_target_add_stretch(struct sla_target *target, const Fr__StretchEnded *ended);
/* A text into a field of fixed size: cut to fit, every byte set. */
void sla_copy(char *out, size_t size, const char *text);

#endif
