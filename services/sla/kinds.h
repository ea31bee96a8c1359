/* kinds.h - the targets by name, in words and in the configuration. */
#ifndef FR_SLA_KINDS_H
#define FR_SLA_KINDS_H

#include <stdbool.h>
#include "proto/sla.pb-c.h"

#define SLA_KIND_COUNT 8 /* FIRST_RESPONSE is 1 */

const char *sla_kind_text(Fr__TargetKind kind); /* "first response" */
const char *sla_kind_name(Fr__TargetKind kind); /* "first_response", as in the configuration */
bool sla_kind_by_name(const char *name, Fr__TargetKind *out);
/* Made by somebody for a time, and not by a policy. */
bool sla_kind_is_promise(Fr__TargetKind kind);

#endif
