/* desk.h - the agents' work at one site: what is leased to it, and what they write.
 *
 *     sites (route site.<site>) --> relayed into our journal --> tables --> windows of the agent
 *     windows --> edge --> decide --> our journal (route hub) --> sites
 *
 * Everything that an agent does is durable here before he is told so; whether it counts is decided
 * by sites.
 */
#ifndef FR_DESK_DESK_H
#define FR_DESK_DESK_H

#include "common/stage/stage.h"

extern const struct fr_stage desk_stage;
extern const struct fr_edge desk_edge; /* edge.c */

/* ---- configuration (config.c) ---- */

#define DESK_AGENT_SIZE 26 /* with NUL: "agent." and the name fit a route */
#define DESK_SITE_SIZE 27
#define DESK_CLIENT_ID_SIZE 65
#define DESK_TEXT_SIZE_MAX 32768 /* bytes of a reply or note */
#define DESK_ENTRY_MAX 500       /* entries kept of a conversation; the oldest go first */
#define DESK_REFUSAL_MAX 100     /* refusals kept for an agent, likewise */
#define DESK_ALERT_MAX 100       /* alerts kept for a supervisor, likewise */
#define DESK_DONE_MAX 256        /* client ids remembered for an agent, likewise */

struct desk_agent_config {
    const char *name;
    const char *title;
    const char *password;      /* SECRET; or NULL */
    const char *password_hash; /* argon2id as libsodium and PHC write it; or NULL */
    bool supervisor;           /* sees alerts of promises, and decides who is whom */
};
struct desk_config {
    const char *site;
    const char *listen;
    const char *page;
    struct fr_config_list agents; /* struct desk_agent_config */
    struct fr_span session_time;
    struct fr_span away_after;
    const char *trusted_proxies;
    bool secure_cookie;
    char journal[FR_NAME_SIZE]; /* "desk.<site>", made by the check */
    char route[FR_ROUTE_SIZE];  /* "site.<site>", likewise */
};
extern const struct fr_config_key desk_config_keys[];
void desk_config_check(struct fr_config *config, const void *section);
const struct desk_agent_config *desk_config_agent(const struct desk_config *config,
                                                  const char *name);

/* ---- decide ---- */

fr_decide_fn desk_decide_relay;    /* decide_hub.c: everything that sites shares with us */
fr_decide_fn desk_decide_presence; /* decide_agent.c: what agents do */
fr_decide_fn desk_decide_offer;
fr_decide_fn desk_decide_reply;
fr_decide_fn desk_decide_done;
fr_decide_fn desk_decide_promise;
fr_decide_fn desk_decide_promise_done;
fr_decide_fn desk_decide_mark;
fr_decide_fn desk_decide_identity;
fr_decide_fn desk_decide_refusal_seen;
fr_decide_fn desk_decide_asked; /* snapshot.c: answers, emits nothing */

#define DESK_ROUTE_HUB "hub"
/* "agent.<name>" into route[FR_ROUTE_SIZE], or NULL when the name is too long to be one of ours. */
const char *desk_route_agent(const char *agent, char *route);

/* ---- apply (apply.c, apply_agent.c) ---- */

fr_apply_fn desk_apply_lease_granted;
fr_apply_fn desk_apply_lease_confirmed;
fr_apply_fn desk_apply_lease_ended;
fr_apply_fn desk_apply_conversation_shared;
fr_apply_fn desk_apply_entry_shared;
fr_apply_fn desk_apply_agent_replied;
fr_apply_fn desk_apply_work_refused;
fr_apply_fn desk_apply_roster_shared;
fr_apply_fn desk_apply_presence_shared;
fr_apply_fn desk_apply_presence_chosen;
fr_apply_fn desk_apply_offer_chosen;
fr_apply_fn desk_apply_reply_written;
fr_apply_fn desk_apply_work_done;
fr_apply_fn desk_apply_promise_made; /* apply_promise.c */
fr_apply_fn desk_apply_promise_ended;
fr_apply_fn desk_apply_supervisor_alerted;
fr_apply_fn desk_apply_promise_written;
fr_apply_fn desk_apply_promise_done;
fr_apply_fn desk_apply_matter_marked;
fr_apply_fn desk_apply_identity_asked;
fr_apply_fn desk_apply_identity_ended;
fr_apply_fn desk_apply_refusal_seen;

extern const struct fr_query desk_queries[]; /* query.c */

#endif
