/* policy.h - which policy holds, what it promises, and its steps on the way.  Pure. */
#ifndef FR_SLA_POLICY_H
#define FR_SLA_POLICY_H

#include "services/sla/kinds.h"
#include "services/sla/tables.h"

/* The first policy whose conditions hold for the conversation, or NULL. */
const struct sla_policy *sla_policy_for(const struct sla_config *config,
                                        const struct sla_conversation *row);
const struct sla_policy *sla_policy_by_name(const struct sla_config *config, const char *name);

struct sla_offer { /* what is promised of one kind */
    const char *policy;
    const char *calendar;
    int64_t within_us; /* 0: nothing */
};
/* By that policy (NULL: none holds), for the conversation's priority and channel. */
struct sla_offer sla_policy_offer(const struct sla_config *config, const struct sla_policy *policy,
                                  Fr__TargetKind kind, const struct sla_conversation *row);
/* Does its clock stand still while we wait for them? */
bool sla_policy_pauses(const struct sla_policy *policy, Fr__TargetKind kind, uint32_t waiting);

/* ---- steps ---- */

enum { SLA_RAISE = 1, SLA_WIDEN = 2, SLA_ALERT = 4, SLA_TELL = 8 };
#define SLA_STEPS_MAX 16

struct sla_plan_step {
    int64_t open_us; /* open time that has elapsed then, from the target's start */
    uint32_t name;   /* the same step of any policy has the same: done once, it is done */
    uint32_t actions;
};
struct sla_plan { /* in order of time */
    struct sla_plan_step steps[SLA_STEPS_MAX];
    size_t count;
};
/* The steps of a target of that kind with that promised time.  `again_us`: the new time that its
 * customer was told, in open time; 0: he was told none. */
void sla_policy_plan(const struct sla_config *config, const struct sla_policy *policy,
                     Fr__TargetKind kind, int64_t promised_us, int64_t again_us,
                     struct sla_plan *out);
/* "75%" -> 750; "due-15m", "due", "due+1h" as lengths relative to the deadline.  False: neither. */
bool sla_step_parse(const char *text, int64_t *per_mille, struct fr_span *from_due);
/* The bit of "raise"...; 0: no such action. */
uint32_t sla_step_action(const char *name);

#endif
