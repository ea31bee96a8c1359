/* sla.h - what was promised, until when, on whose clock?
 *
 * The company keeps the diary: what a customer may expect has a deadline in the open time of a
 * calendar, and he is told before it passes.
 */
#ifndef FR_SLA_SLA_H
#define FR_SLA_SLA_H

#include "common/stage/stage.h"

extern const struct fr_stage sla_stage;

#define SLA_NAME_SIZE 32 /* names of policies, calendars and queues, with their NUL */

/* ---- configuration (config.c) ---- */

enum sla_complaint { SLA_ANY, SLA_ONLY_COMPLAINTS, SLA_NO_COMPLAINTS };

struct sla_goal { /* one row of a policy's `targets` */
    const char *kind;
    struct fr_span within;
    const char *calendar; /* NULL: the policy's */
    int64_t priority;     /* from this priority on */
};
struct sla_step {                  /* one row of `steps` */
    const char *at;                /* "75%", "due-15m", "due", "due+1h" */
    struct fr_config_list actions; /* const char *: raise, widen, alert, tell */
    struct fr_config_list kinds;   /* const char *; none: all of them */
};
struct sla_policy {
    const char *name;
    struct fr_config_list brands, channels, tiers, tags, languages; /* const char *; none: all */
    int complaint;                                                  /* enum sla_complaint */
    const char *calendar;
    struct fr_span first_response; /* the short form of `targets`; 0: not promised */
    struct fr_span next_response, acknowledgement, periodic_update, resolution;
    struct fr_config_list goals; /* struct sla_goal */
    struct fr_config_list steps; /* struct sla_step */
    struct fr_span warn_before;  /* the short form of one step that raises and tells */
    int64_t warn_at_percent;
    struct fr_config_list pauses; /* const char *: customer, third_party */
    bool bots_count;
    struct fr_span again_after; /* 0: the promised time once more */
};
struct sla_window { /* a channel that takes no answer after a while */
    const char *channel;
    struct fr_span after;
};
struct sla_config {
    struct fr_config_list policies;      /* struct sla_policy, first match applies */
    struct fr_config_list windows;       /* struct sla_window */
    struct fr_config_list promise_steps; /* struct sla_step */
    struct fr_span promise_again;
    const char *promise_calendar;
    struct fr_span keep_for;
};
extern const struct fr_config_key sla_config_keys[];
void sla_config_check(struct fr_config *config, const void *section);

enum {
    SLA_TIMER_TARGET = FR_TIMER_KIND + 1, /* id: target; a step on the way or its deadline is due */
    SLA_TIMER_FORGET = FR_TIMER_KIND + 2, /* id: conversation; its time is over */
    SLA_TIMER_RECOUNT = FR_TIMER_KIND + 3, /* the next slice after a change of configuration */
};

/* ---- decide: what the matter is (decide_case.c), what is said (decide_message.c), where it lies
 * (decide_place.c), promises (decide_promise.c), time and configuration (decide_time.c) ---- */

fr_decide_fn sla_decide_conversation_opened;
fr_decide_fn sla_decide_conversation_resolved;
fr_decide_fn sla_decide_conversation_reopened;
fr_decide_fn sla_decide_conversation_rekeyed;
fr_decide_fn sla_decide_conversation_classified;
fr_decide_fn sla_decide_task_requested;

fr_decide_fn sla_decide_message_added;

fr_decide_fn sla_decide_task_queued;
fr_decide_fn sla_decide_task_parked;
fr_decide_fn sla_decide_task_offered;
fr_decide_fn sla_decide_offer_accepted;
fr_decide_fn sla_decide_task_ended;

fr_decide_fn sla_decide_promise_requested;
fr_decide_fn sla_decide_promise_written;
fr_decide_fn sla_decide_promise_settled;
fr_decide_fn sla_decide_promise_done;

fr_decide_fn sla_decide_target_due;
fr_decide_fn sla_decide_forget_due;
fr_decide_fn sla_decide_config;
fr_decide_fn sla_decide_recount;

/* ---- apply (apply.c, apply_target.c) ---- */

fr_apply_fn sla_apply_target_armed;
fr_apply_fn sla_apply_target_moved;
fr_apply_fn sla_apply_target_warned;
fr_apply_fn sla_apply_target_met;
fr_apply_fn sla_apply_target_breached;
fr_apply_fn sla_apply_target_answered_late;
fr_apply_fn sla_apply_target_cancelled;
fr_apply_fn sla_apply_target_rekeyed;
fr_apply_fn sla_apply_conversation_marked;
fr_apply_fn sla_apply_conversation_forgotten;
fr_apply_fn sla_apply_place_noted;
fr_apply_fn sla_apply_promise_made;
fr_apply_fn sla_apply_promise_told;
fr_apply_fn sla_apply_promise_ended;
fr_apply_fn sla_apply_recount_stepped;
fr_apply_fn sla_apply_nothing;

extern const struct fr_query sla_queries[]; /* query.c */

#endif
