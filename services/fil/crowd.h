/* crowd.h - the customers of a script, writing through the contact form over a few dozen kept
 * connections.
 *
 * One customer says one thing at a time: his next message goes out when the one before is
 * acknowledged.  What was refused for a while (503), or whose connection broke, is said again under
 * the same idempotency key.
 */
#ifndef FR_FIL_CROWD_H
#define FR_FIL_CROWD_H

#include <poll.h>
#include "services/fil/roster.h"
#include "services/fil/script.h"

#define FIL_CROWD_CONNECTION_MAX 200 /* the form takes 256 from one address */

struct fil_crowd; /* opaque */

struct fil_crowd_calls {
    void *context;
    /* Durable: the message's id as the form says it. */
    void (*acknowledged)(void *context, size_t index, uint64_t message_id);
    /* Refused for good. */
    void (*refused)(void *context, size_t index, int status, const char *why);
    /* An answer that stands at the ticket of that message (while looking). */
    void (*answer)(void *context, size_t index, uint64_t answer_id);
};
struct fil_crowd_options {
    const struct fil_form *form;
    const struct fil_script *script;
    const char *const *keys; /* idempotency keys, one for each message */
    size_t connections;
    double rate;  /* messages per second; 0: by `speed` */
    double speed; /* the recording's time divided by this */
    struct fil_crowd_calls calls;
};

/* NULL after saying what is wrong (a token that cannot be signed). */
struct fil_crowd *fil_crowd_new(const struct fil_crowd_options *options, int64_t now_us);
void fil_crowd_free(struct fil_crowd **crowd);

size_t fil_crowd_wait(const struct fil_crowd *crowd, struct pollfd *polled, int64_t *due_us);
void fil_crowd_turn(struct fil_crowd *crowd, const struct pollfd *polled, int64_t now_us);
/* Nothing more is sent but what is under way. */
void fil_crowd_stop(struct fil_crowd *crowd);
/* Everybody looks at his tickets, once. */
void fil_crowd_look(struct fil_crowd *crowd, int64_t now_us);
/* Everything is said and acknowledged (or looked at), or was stopped. */
bool fil_crowd_done(const struct fil_crowd *crowd);

struct fil_crowd_stats {
    uint64_t sent, acknowledged, retries, broken; /* sent: tries included */
    uint64_t repeated;                            /* acknowledged as known already */
    size_t under_way;
};
struct fil_crowd_stats fil_crowd_stats(const struct fil_crowd *crowd);

#endif
