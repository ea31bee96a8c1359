/* conversations.h - which matter is it, what was said so far, how did it end?
 *
 * One conversation is one matter of one customer, over any channels.  Nothing ends without an
 * outcome. README.md tells the rules and draws the flow.
 */
#ifndef FR_CONVERSATIONS_CONVERSATIONS_H
#define FR_CONVERSATIONS_CONVERSATIONS_H

#include "common/stage/stage.h"

extern const struct fr_stage conversations_stage; /* conversations.c */

/* ---- configuration (config.c) ---- */

struct conversations_notice { /* what a customer reads of a promise */
    const char *brand;        /* "": any */
    const char *language;     /* BCP 47; "": any */
    const char *text;         /* with {reason}, {time}, {from} */
};
struct conversations_reason { /* why it takes longer, in the customer's words */
    int cause;                /* enum Fr__CauseKind; 0: when no new time is known */
    const char *language;
    const char *text;
};

struct conversations_config {
    struct fr_span reopen_for;
    struct fr_span quiet_after;
    struct fr_span look_again;
    bool history_across_brands;
    struct fr_config_list notices; /* struct conversations_notice: before it breaks */
    struct fr_config_list promise_notices, call_notices; /* likewise: when it is made */
    struct fr_config_list parked_notices; /* likewise: nobody can look at it before */
    struct fr_config_list reasons;        /* struct conversations_reason */
    struct fr_config_list bots;           /* const char *: agents that are no people */
    struct fr_config_list self_service;   /* likewise */
};

extern const struct fr_config_key conversations_config_keys[];

/* ---- timers; the id is the conversation's ---- */
enum {
    CONVERSATIONS_QUIET = FR_TIMER_KIND + 1, /* answered, and the customer said nothing more */
    CONVERSATIONS_LOOK_AGAIN =
        FR_TIMER_KIND + 2, /* routing ended the task: is an answer still due? */
    CONVERSATIONS_REKEY =
        FR_TIMER_KIND + 20, /* the next chunk of a timeline; the id is the job's */
};

/* ---- decide_customer.c: what customers do ---- */
fr_decide_fn conversations_decide_message_identified;
fr_decide_fn conversations_decide_key_attached;
fr_decide_fn conversations_decide_key_detached;

/* ---- decide_rekey.c: who a customer is has changed ---- */
fr_decide_fn conversations_decide_customers_merged;
fr_decide_fn conversations_decide_customers_split;
fr_decide_fn conversations_decide_observation_moved;
fr_decide_fn conversations_decide_customer_erased;
fr_decide_fn conversations_decide_rekey;

/* ---- decide_agent.c: what agents do ---- */
fr_decide_fn conversations_decide_offer_accepted;
fr_decide_fn conversations_decide_task_ended;
fr_decide_fn conversations_decide_agent_replied;
fr_decide_fn conversations_decide_work_finished;

/* ---- decide_notice.c: what the customer is told of promises ---- */
fr_decide_fn conversations_decide_target_warned;
fr_decide_fn conversations_decide_promise_made;
fr_decide_fn conversations_decide_task_parked;

/* ---- decide_classify.c: what people say the matter is ---- */
fr_decide_fn conversations_decide_matter_marked;

/* ---- decide_outcome.c: what becomes of it ---- */
fr_decide_fn conversations_decide_delivery_changed;
fr_decide_fn conversations_decide_quiet;
fr_decide_fn conversations_decide_look_again;

/* ---- decide_wait.c: how long it takes, and what the customer would rather ---- */
fr_decide_fn conversations_decide_wait_estimated;
fr_decide_fn conversations_decide_wait_accepted; /* OfferAccepted, and the wait is over */
fr_decide_fn conversations_decide_wait_ended;    /* TaskEnded, likewise */
fr_decide_fn conversations_decide_wait_chosen;

/* ---- apply.c ---- */
fr_apply_fn conversations_apply_wait_told;
fr_apply_fn conversations_apply_wait_choice_made;
fr_apply_fn conversations_apply_opened;
fr_apply_fn conversations_apply_message_added;
fr_apply_fn conversations_apply_channel_switched;
fr_apply_fn conversations_apply_task_requested;
fr_apply_fn conversations_apply_task_end_noted;
fr_apply_fn conversations_apply_assigned;
fr_apply_fn conversations_apply_resolved;
fr_apply_fn conversations_apply_reopened;
fr_apply_fn conversations_apply_rekeyed;
fr_apply_fn conversations_apply_customer_rekeyed;
fr_apply_fn conversations_apply_customer_parted;
fr_apply_fn conversations_apply_rekey_advanced;
fr_apply_fn conversations_apply_texts_erased;
fr_apply_fn conversations_apply_identifier_noted;
fr_apply_fn conversations_apply_delivery_noted;
fr_apply_fn conversations_apply_classified;
fr_apply_fn conversations_apply_nothing; /* for events that only tell others */

/* ---- query.c ---- */
extern const struct fr_query conversations_queries[];

#endif
