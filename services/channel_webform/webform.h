/* webform.h - the contact form: one POST in, and a ticket that leads to the answers.
 *
 *     browser or shop --POST /form/<account>--> edge --> decide --> MessageReceived --> identity
 *     conversations --OutboundRequested--> decide --> kept at the ticket --> GET /form/answer
 *                                                 +-> posted to the account's answer_url (an
 * effect)
 *
 * The smallest channel, and the template for new ones: README.md lists what to change.
 */
#ifndef FR_WEBFORM_WEBFORM_H
#define FR_WEBFORM_WEBFORM_H

#include "common/stage/stage.h"
#include "proto/channel.pb-c.h"

#define WEBFORM_CHANNEL "channel_webform"
#define WEBFORM_EFFECT_POST 1u                  /* id: message_id; body: AnswerKept */
#define WEBFORM_TIMER_POST (FR_TIMER_KIND + 1)  /* id: message_id */
#define WEBFORM_TIMER_SWEEP (FR_TIMER_KIND + 2) /* id: 0 */

extern const struct fr_stage webform_stage; /* webform.c */
extern const struct fr_edge webform_edge;   /* edge.c */

/* ---- configuration (config.c) ---- */

struct webform_account { /* channel account: one form of one brand */
    const char *name;
    const char *brand;
    struct fr_config_list allow_origins; /* const char *; empty: any */
    const char *answer_url;              /* or NULL: answers wait at the ticket only */
    const char *region;                  /* of phone numbers without a country code; or NULL */
};
struct webform_config {
    const char *listen;
    struct fr_config_list accounts; /* struct webform_account */
    const char *public_url;         /* "" or what stands before /form/answer in a status_url */
    struct fr_span keep;
    int64_t answer_tries;
    struct fr_span answer_timeout;
    const char *ticket_secret; /* or NULL */
    const char *trusted_proxies;
    int64_t connections_max, connections_per_address_max;
};
extern const struct fr_config_key webform_config_keys[];
fr_config_check_fn webform_config_check;
const struct webform_account *webform_account_find(const struct webform_config *config,
                                                   const char *name);

/* ---- decide (decide.c, decide_answer.c) ---- */

fr_decide_fn webform_decide_submitted; /* a customer filled in the form */
fr_decide_fn webform_decide_asked;     /* he looks at his ticket */
fr_decide_fn webform_decide_outbound;  /* an answer for a ticket */
fr_decide_fn webform_decide_tried;     /* it was posted to answer_url, or not */
fr_decide_fn webform_decide_post_due;  /* another try */
fr_decide_fn webform_decide_config;    /* the first look for what may be forgotten */
fr_decide_fn webform_decide_sweep;

struct webform_taken { /* what the edge gets back for a submission */
    uint64_t ticket;   /* id of its MessageReceived record */
    uint64_t repeated; /* 1: it was there already */
};

/* What makes two submissions under one idempotency key the same; not the time, nor the key itself.
 */
uint64_t webform_fingerprint(const Fr__MessageReceived *message);

/* The ticket as its owner sees it: {"id", "account", "state", "received", "answers": [oldest
 * first]}; of very many answers the newest ones, and "answers_left_out". */
enum fr_error webform_ticket_json(const struct fr_view *view, struct fr_arena *arena,
                                  uint64_t ticket, json_t **out);

/* ---- apply (apply.c) ---- */

fr_apply_fn webform_apply_message_received;
fr_apply_fn webform_apply_answer_kept;
fr_apply_fn webform_apply_answers_seen;
fr_apply_fn webform_apply_answer_tried;
fr_apply_fn webform_apply_answer_due;
fr_apply_fn webform_apply_forgotten;

/* ---- the rest ---- */

extern const struct fr_query webform_queries[]; /* query.c */

/* post.c: one try to hand an answer to the account's answer_url. */
enum fr_error webform_post(const void *config, uint64_t id, struct fr_slice body, unsigned attempt,
                           struct fr_arena *arena, struct fr_slice *outcome);

#endif
