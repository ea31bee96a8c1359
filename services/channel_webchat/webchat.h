/* webchat.h - the chat on the brand's web pages: a session that survives reloads, ticks that mean
 * durable.
 *
 *     widget --"message"--> edge --> decide --> MessageReceived --> identity
 *        ^ tick, entries <--+ after the sync
 *     conversations --OutboundRequested--> decide --> AnswerKept --> its session's open sockets, or
 * whoever asks later from where he was
 *
 * A session is a browser at an account: 16 random bytes, in hexadecimal the address that answers go
 * to. Everything said in it, by either side, has a position (1, 2, 3...): what a browser has missed
 * is what stands behind the last position that it has.
 */
#ifndef FR_WEBCHAT_WEBCHAT_H
#define FR_WEBCHAT_WEBCHAT_H

#include "common/stage/stage.h"
#include "proto/channel.pb-c.h"
#include "proto/webchat_state.pb-c.h"

#define WEBCHAT_CHANNEL "channel_webchat"
#define WEBCHAT_TIMER_SWEEP (FR_TIMER_KIND + 1) /* id: 0 */

#define WEBCHAT_SESSION_SIZE 33 /* 32 hexadecimal digits and a NUL */
#define WEBCHAT_CLIENT_ID_MAX 64
#define WEBCHAT_TEXT_SIZE_MAX 8192
#define WEBCHAT_BATCH_MAX 100 /* entries of one answer to AnswersAsked */
#define WEBCHAT_SEEN_MAX 500  /* positions noted by one AnswersSeen */

extern const struct fr_stage webchat_stage; /* webchat.c */
extern const struct fr_edge webchat_edge;   /* edge.c */

/* ---- configuration (config.c) ---- */

struct webchat_account { /* channel account: the chat of one brand's pages */
    const char *name;
    const char *brand;
    struct fr_config_list allow_origins; /* const char * */
    const char *greeting;                /* "" or what stands above an empty chat */
};
struct webchat_config {
    const char *listen;
    struct fr_config_list accounts; /* struct webchat_account */
    const char *widget;             /* folder of the built widget, or NULL */
    const char *pages;              /* folder of further pages, or NULL */
    const char *demo_tokens;        /* file served at /demo/tokens.json, or NULL */
    struct fr_span session_time;
    struct fr_span keep;
    int64_t entries_max;
    int64_t messages_per_minute, messages_per_minute_of_address, sessions_per_minute_of_address;
    int64_t windows_max;
    const char *session_secret; /* or NULL */
    const char *trusted_proxies;
    int64_t connections_max, connections_per_address_max;
};
extern const struct fr_config_key webchat_config_keys[];
fr_config_check_fn webchat_config_check;

/* ---- decide (decide.c, decide_answer.c, decide_forget.c) ---- */

fr_decide_fn
    webchat_decide_asked; /* a browser opens or catches up; perhaps it proves who sits there */
fr_decide_fn webchat_decide_said;     /* the customer writes */
fr_decide_fn webchat_decide_seen;     /* the browser got or showed what we said */
fr_decide_fn webchat_decide_outbound; /* an answer */
fr_decide_fn webchat_decide_told;     /* how long it takes (decide_wait.c) */
fr_decide_fn webchat_decide_chosen;   /* what he would rather */
fr_decide_fn webchat_decide_config;   /* the first look for what may be forgotten */
fr_decide_fn webchat_decide_sweep;

/* Reason of a rejected message: the session holds entries_max; begin another one. */
extern const char webchat_session_full[];

/* ---- apply (apply.c) ---- */

fr_apply_fn webchat_apply_message_received;
fr_apply_fn webchat_apply_visitor_identified;
fr_apply_fn webchat_apply_answer_kept;
fr_apply_fn webchat_apply_answers_seen;
fr_apply_fn webchat_apply_forgotten;
fr_apply_fn webchat_apply_wait_shown;

/* ---- entries (entry.c) ---- */

/* The entry that such a record is; its texts are the record's.  `id` is room for a message's id. */
Fr__WebchatStateEntry webchat_entry_said(const Fr__MessageReceived *message);
Fr__WebchatStateEntry webchat_entry_kept(const Fr__AnswerKept *kept, char id[FR_ID_TEXT_SIZE]);
/* As browsers get it: {"seq", "from": "customer" | "agent" | "notice", "id", "text", "at" (ms),
 * "author"}. */
json_t *webchat_entry_json(const Fr__WebchatStateEntry *entry, uint32_t position);
/* How long it takes, as browsers get it: {"position", "p50_s", "p90_s" (from now), "windows":
 * [{"from", "to" (ms)}], "self_service", "choice", "from", "to"}; null when it is over (wait.c). */
json_t *webchat_wait_json(const Fr__WaitTold *told, struct fr_time now);
/* "<session>:<client id>", the message's id in the outside world, into text. */
#define WEBCHAT_EXTERNAL_ID_SIZE (WEBCHAT_SESSION_SIZE + WEBCHAT_CLIENT_ID_MAX + 1)
const char *webchat_external_id(const char *session, const char *client_id, char *text);

extern const struct fr_query webchat_queries[]; /* query.c */

#endif
