/* edge.h - what the files of the edge share: edge.c (life, pages), talk.c (what browsers say),
 * tell.c (what they are told).
 *
 *     loop's thread:   talk.c --fr_submit--> stage
 *     stage's thread:  outcomes and published events --> tell.c --fr_ws_send--> browsers
 *
 * Everything that has an order (entries, ticks) is sent by the stage's thread, so it stays in
 * order.
 */
#ifndef FR_WEBCHAT_EDGE_H
#define FR_WEBCHAT_EDGE_H

#include <stdatomic.h>
#include "common/http/http.h"
#include "common/token/token.h"
#include "services/channel_webchat/guests.h"
#include "services/channel_webchat/session.h"

struct webchat_door { /* an account, and what its brand adds to it */
    const struct webchat_account *account;
    const struct fr_brand_config *brand;
};
struct webchat_doors { /* of one configuration; readers take the pointer once per message */
    const struct webchat_config *config;
    size_t count;
    struct webchat_door rows[];
};

struct webchat_edge {
    struct fr_process *process;
    struct fr_http *http;     /* NULL before the start and after the end */
    pthread_mutex_t starting; /* held until http is set: its thread may be faster than we are */
    pthread_mutex_t ending;   /* held while http goes, and while metrics look at it */
    struct fr_seal seal;
    _Atomic(struct webchat_doors *) doors;
    struct webchat_doors *retired; /* the ones before; a message may still look at them */
    struct webchat_guests guests;
};

struct webchat_waiting { /* for an outcome */
    struct webchat_edge *edge;
    uint64_t connection;
    bool announce;                             /* an ask: say "opened" */
    char client_id[WEBCHAT_CLIENT_ID_MAX + 1]; /* a message: its tick */
};

/* First of all in a handler: from here on edge->http is set. */
void webchat_enter(struct webchat_edge *edge);
/* NULL: no such account. */
const struct webchat_door *webchat_door_find(const struct webchat_doors *doors, const char *name);

/* ---- tell.c ---- */

struct webchat_error {
    const char *code, *message;
    const char *id;   /* of the message it is about, or "" */
    int64_t retry_ms; /* 0: trying again will not help */
};
void webchat_tell_error(struct webchat_edge *edge, uint64_t connection,
                        const struct webchat_error *error);
void webchat_tell_busy(struct webchat_edge *edge, uint64_t connection, const char *id);

/* Asks the stage how things stand in the guest's session (lock held).  `token` is what was just
 * proved, or NULL.  FR_OK, or why it was not asked. */
enum fr_error webchat_ask(struct webchat_edge *edge, struct webchat_guest *guest, uint32_t after,
                          const struct fr_token *token, bool announce);
/* Outcome of a message. */
void webchat_on_said(void *context, const struct fr_outcome *outcome);
/* Outcome of a choice. */
void webchat_on_chosen(void *context, const struct fr_outcome *outcome);
void webchat_published(void *state, const struct fr_record *event);

/* ---- talk.c ---- */

extern const struct fr_ws_handlers webchat_sockets[];

#endif
