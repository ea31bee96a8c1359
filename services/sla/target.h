/* target.h - what counts as a promise, and what as a broken one.
 *
 * Pure: no table, clock or socket, so tests call exactly what production calls.
 */
#ifndef FR_SLA_TARGET_H
#define FR_SLA_TARGET_H

#include "proto/sla.pb-c.h"
#include "services/sla/calendar.h"
#include "services/sla/sla.h"

/* The first policy whose conditions hold, or NULL. */
const struct sla_policy *sla_policy_for(const struct sla_config *config, const char *brand,
                                        const char *channel, bool complaint);

struct sla_plan {
    struct fr_time warn, due; /* warn == due: no warning */
};
/* FR_NOT_FOUND: the policy promises nothing of that kind, or its calendar never gets there. */
enum fr_error sla_target_plan(const struct sla_policy *policy, const struct sla_calendar *calendar,
                              Fr__TargetKind kind, struct fr_time started, struct sla_plan *out);

/* An answer exactly at the deadline is in time. */
bool sla_target_in_time(struct fr_time due, struct fr_time answered);

const char *sla_target_kind_text(Fr__TargetKind kind); /* "first response" */

#endif
