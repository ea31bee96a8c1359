/* cause.h - where it lay when the deadline passed, in words. */
#ifndef FR_SLA_CAUSE_H
#define FR_SLA_CAUSE_H

#include "services/sla/matter.h"

struct sla_cause { /* texts in arena memory or borrowed; NULL: not known */
    Fr__CauseKind kind;
    char *text;
    char *queue, *agent, *site;
};

/* "waiting in queue chat for 4m10s", "with ann at inhouse for 2m"; `place` NULL: routing has no
 * task for it. Arena memory, NULL when the arena is spent. */
char *sla_cause(struct fr_arena *arena, const struct sla_place *place, struct fr_time now);

/* As of now; closed hours are said first, when a deadline passes in them.  FR_NO_MEMORY. */
enum fr_error sla_cause_now(const struct sla_matter *matter, const struct sla_target *target,
                            struct sla_cause *out);

#endif
