/* hear.h - one message of a browser, read strictly.
 *
 *     {"type": "open", "session"?, "last"?, "customer_token"?}        first of all, once
 *     {"type": "message", "id", "text", "page"?, "language"?}         sent again until its tick
 * comes
 *     {"type": "identify", "customer_token"}                          he signed in while the chat
 * was open
 *     {"type": "seen", "delivered", "read"}                           positions
 *
 *     {"type": "choose", "choice": "wait" | "self_service" | "call_back", "from"?, "to"?,
 * "number"?} instead of waiting (ms)
 *
 * Pure: no socket, no clock, no configuration; the fuzzer calls exactly what production calls.
 */
#ifndef FR_WEBCHAT_HEAR_H
#define FR_WEBCHAT_HEAR_H

#include <jansson.h>
#include "common/base/error.h"
#include "common/base/slice.h"

enum webchat_type { WEBCHAT_OPEN, WEBCHAT_MESSAGE, WEBCHAT_IDENTIFY, WEBCHAT_SEEN, WEBCHAT_CHOOSE };

struct webchat_heard { /* texts are NULL when absent, and valid until webchat_heard_fini */
    enum webchat_type type;
    const char *session, *customer_token;
    const char *id, *text, *page, *language;
    uint32_t last, delivered, read;
    const char *choice, *number;
    int64_t from_ms, to_ms; /* 0: absent */
    json_t *json;           /* private */
};

struct webchat_fault {
    const char *code; /* constant: "malformed", "too_long", "empty" */
    char id[65];      /* of the message it is about, when that is known and well formed; else "" */
    char why[200];    /* a sentence */
};

/* FR_OK; FR_INVALID with *fault.  webchat_heard_fini only after FR_OK. */
enum fr_error webchat_hear(struct fr_slice text, struct webchat_heard *heard,
                           struct webchat_fault *fault);
void webchat_heard_fini(struct webchat_heard *heard);

#endif
