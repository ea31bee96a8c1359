/* sla.h - what was promised, until when, on whose clock?
 *
 * The company keeps the diary: each customer's oldest unanswered message has a deadline, and the
 * customer is told before it passes.
 */
#ifndef FR_SLA_SLA_H
#define FR_SLA_SLA_H

#include "common/stage/stage.h"

extern const struct fr_stage sla_stage;

#define SLA_NAME_SIZE 32 /* names of policies and queues, with their NUL */

/* ---- configuration (config.c) ---- */

enum sla_complaint { SLA_ANY, SLA_ONLY_COMPLAINTS, SLA_NO_COMPLAINTS };

struct sla_policy {
    const char *name;
    struct fr_config_list brands, channels; /* const char *; none: all of them */
    int complaint;                          /* enum sla_complaint */
    struct fr_span first_response;          /* 0: not promised */
    struct fr_span next_response;
    struct fr_span warn_before; /* 0: by percent */
    int64_t warn_at_percent;    /* 0: not set */
};
struct sla_config {
    struct fr_config_list policies; /* struct sla_policy, first match applies */
};
extern const struct fr_config_key sla_config_keys[];
void sla_config_check(struct fr_config *config, const void *section);

enum {
    SLA_TIMER_TARGET = FR_TIMER_KIND + 1, /* id: target; its warning or its deadline is due */
};

/* ---- decide: what is said (decide_message.c), where it lies (decide_place.c), time
 * (decide_time.c) ---- */

fr_decide_fn sla_decide_conversation_opened;
fr_decide_fn sla_decide_message_added;
fr_decide_fn sla_decide_conversation_resolved;
fr_decide_fn sla_decide_conversation_rekeyed;

fr_decide_fn sla_decide_task_queued;
fr_decide_fn sla_decide_task_parked;
fr_decide_fn sla_decide_task_offered;
fr_decide_fn sla_decide_offer_accepted;
fr_decide_fn sla_decide_task_ended;

fr_decide_fn sla_decide_target_due;

/* ---- apply (apply.c) ---- */

fr_apply_fn sla_apply_target_armed;
fr_apply_fn sla_apply_target_warned;
fr_apply_fn sla_apply_target_met;
fr_apply_fn sla_apply_target_breached;
fr_apply_fn sla_apply_target_answered_late;
fr_apply_fn sla_apply_target_cancelled;
fr_apply_fn sla_apply_target_rekeyed;
fr_apply_fn sla_apply_conversation_marked;
fr_apply_fn sla_apply_place_noted;

extern const struct fr_query sla_queries[]; /* query.c */

#endif
