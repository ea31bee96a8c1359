/* sites.h - what may this site see and do?
 *
 * Between the hub and every desk: what leaves for a site is leased to it first, and what comes back
 * is believed only after agent, lease and fence have been checked.
 */
#ifndef FR_SITES_SITES_H
#define FR_SITES_SITES_H

#include "common/stage/stage.h"

extern const struct fr_stage sites_stage;

/* ---- configuration (config.c) ---- */

#define SITES_NAME_SIZE 27  /* with NUL: "site." and the name fit a route */
#define SITES_AGENT_SIZE 64 /* with NUL */
#define SITES_CLIENT_ID_SIZE 65

struct sites_contract {
    const char *name;
    struct fr_config_list brands; /* const char *; none: every brand */
    struct fr_span lease_time;
    struct fr_span offline_grace;
    struct fr_span silent_after;
    bool decides_identity; /* its supervisors may say who is whom */
};
struct sites_config {
    struct fr_config_list contracts; /* struct sites_contract */
    struct fr_span memory;
};
extern const struct fr_config_key sites_config_keys[];
void sites_config_check(struct fr_config *config, const void *section);

/* The contract of a site, or NULL. */
const struct sites_contract *sites_contract_of(const struct sites_config *config, const char *site);
/* Does the contract cover that brand?  "" is covered only by a contract that names no brands. */
bool sites_contract_covers(const struct sites_contract *contract, const char *brand);

/* The site behind a desk's journal name ("desk.tana": "tana"), or NULL when it is none. */
const char *sites_site_of_journal(const char *journal);

/* ---- timers ---- */

enum {
    SITES_TIMER_LEASE = FR_TIMER_KIND + 1,  /* id: the lease; it runs out */
    SITES_TIMER_FORGET = FR_TIMER_KIND + 2, /* id 0: the oldest ended lease is old enough */
    SITES_TIMER_SILENT = FR_TIMER_KIND + 3, /* id: the link's number; down for too long */
};
#define SITES_FORGET_MAX 256 /* leases forgotten by one record; more are due at once again */

/* ---- decide: what the hub says (decide_hub.c) ---- */

fr_decide_fn sites_decide_task_offered;
fr_decide_fn sites_decide_offer_accepted;
fr_decide_fn sites_decide_offer_declined;
fr_decide_fn sites_decide_offer_expired;
fr_decide_fn sites_decide_offer_rescinded;
fr_decide_fn sites_decide_offer_answer_refused;
fr_decide_fn sites_decide_task_ended;
fr_decide_fn sites_decide_agent_defined;
fr_decide_fn sites_decide_agent_state_changed;
fr_decide_fn sites_decide_conversation_shared;
fr_decide_fn sites_decide_entry_shared;

/* ---- decide: what desks say (decide_desk.c), and time (decide_time.c) ---- */

fr_decide_fn sites_decide_presence_chosen;
fr_decide_fn sites_decide_offer_chosen;
fr_decide_fn sites_decide_reply_written;
fr_decide_fn sites_decide_work_done;
fr_decide_fn sites_decide_promise_written;
fr_decide_fn sites_decide_promise_done;
fr_decide_fn sites_decide_matter_marked;

/* ---- decide: supervisors about customers (decide_identity.c) ---- */

fr_decide_fn sites_decide_identity_asked;
fr_decide_fn sites_decide_identity_ended;

/* ---- decide: what sla says of promises (decide_sla.c) ---- */

fr_decide_fn sites_decide_promise_made;
fr_decide_fn sites_decide_promise_ended;
fr_decide_fn sites_decide_supervisor_alerted;
fr_decide_fn sites_decide_lease_due;
fr_decide_fn sites_decide_forget_due;

/* ---- decide: links to desks (decide_link.c) ---- */

fr_decide_fn sites_decide_site_linked;
fr_decide_fn sites_decide_silent_due;

/* ---- apply (apply.c) ---- */

fr_apply_fn sites_apply_lease_granted;
fr_apply_fn sites_apply_lease_confirmed;
fr_apply_fn sites_apply_lease_ended;
fr_apply_fn sites_apply_leases_forgotten;
fr_apply_fn sites_apply_roster_shared;
fr_apply_fn sites_apply_presence_shared;
fr_apply_fn sites_apply_offer_answered;
fr_apply_fn sites_apply_agent_replied;
fr_apply_fn sites_apply_work_finished;
fr_apply_fn sites_apply_site_linked;
fr_apply_fn sites_apply_site_silent;
fr_apply_fn sites_apply_site_heard;
fr_apply_fn sites_apply_promise_written;
fr_apply_fn sites_apply_matter_marked;
fr_apply_fn sites_apply_nothing; /* records that only others read */

extern const struct fr_query sites_queries[]; /* query.c */
extern const struct fr_edge sites_edge;       /* edge.c */

#endif
