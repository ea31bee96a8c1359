/* bot.h - a scripted agent: what a person does at the desk, by the same doors.
 *
 *     sign in (POST /api/login) --> window (WebSocket /api/socket) --> available
 *       offer --> accept --> conversation --> think --> reply --> finish
 *
 * It survives everything that a browser survives: when the connection breaks it comes back, learns
 * from the snapshot how things stand, and says again, under the same ids, what it does not know to
 * be done.
 */
#ifndef FR_FIL_BOT_H
#define FR_FIL_BOT_H

#include "services/fil/websocket.h"

struct fil_bot; /* opaque */

struct fil_bot_calls { /* all may be NULL */
    void *context;
    /* An entry of a conversation as the desk shows it; the same one may be shown again. */
    void (*shown)(void *context, const char *agent, const char *conversation, const json_t *entry);
    /* The desk shows only the newest entries of that conversation. */
    void (*left_out)(void *context, const char *conversation);
    /* Something worth a line: "offer", "replied", "finished", "refused", "lost connection"... */
    void (*event)(void *context, const char *agent, const char *verb, const char *conversation,
                  const char *detail);
};
struct fil_bot_options {
    struct fil_address desk;
    const char *name, *password;
    const char
        *answer; /* the reply's text; a {} in it becomes the start of what the customer wrote */
    struct fr_span think;   /* from seeing a message to the reply */
    struct fr_span wrap_up; /* from the reply to the end of the work, when nothing more came */
    const char *outcome;    /* "solved" */
    const char *run;        /* makes this run's ids its own */
    struct fil_bot_calls calls;
};

/* Options are copied, but not the strings in them. */
struct fil_bot *fil_bot_new(const struct fil_bot_options *options);
void fil_bot_free(struct fil_bot **bot);

/* For a loop: poll `fd` (-1: none now) for `events`, at most until `due_us` (monotonic), then turn.
 */
struct fil_bot_wait {
    int fd;
    short events;
    int64_t due_us;
};
struct fil_bot_wait fil_bot_wait(const struct fil_bot *bot);
void fil_bot_turn(struct fil_bot *bot, short revents, int64_t now_us);

/* Signs out, so that nothing more is offered to it; waits, but not for long. */
void fil_bot_sign_out(struct fil_bot *bot);

enum fil_bot_state {
    FIL_BOT_AWAY,    /* not connected (yet, or again) */
    FIL_BOT_HERE,    /* the snapshot has come */
    FIL_BOT_REFUSED, /* name or password are wrong: it does not try again */
};
enum fil_bot_state fil_bot_state(const struct fil_bot *bot);
struct fil_bot_stats {
    uint64_t offers, replies, finished, refused, connections;
    size_t holding; /* conversations in hand */
};
struct fil_bot_stats fil_bot_stats(const struct fil_bot *bot);

#endif
