/* judge.h - what became of every message?  Pure: it is told what each side saw, and compares.
 *
 *     the customers' side   what was acknowledged to them, and the answers at their tickets
 *     the agents' side      the entries that were shown to them at the desk
 *     the journals          what is part of a conversation
 *
 * Counters of services are not asked: a service that loses a message has lost it from its counters,
 * too.
 */
#ifndef FR_FIL_JUDGE_H
#define FR_FIL_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fil_judge; /* opaque */

/* For messages 0 .. count - 1, whose keys (external ids) are keys[i], borrowed.  `agents`: are
 * there agents of ours, to whom everything that was answered must have been shown? */
struct fil_judge *fil_judge_new(const char *const *keys, size_t count, bool agents);
void fil_judge_free(struct fil_judge **judge);

/* ---- the customers' side ---- */
void fil_judge_acknowledged(struct fil_judge *judge, size_t index, uint64_t message_id);
void fil_judge_refused(struct fil_judge *judge, size_t index); /* for good: it was said why */
/* An answer that stands at the ticket of that message; told once for each place where it stands. */
void fil_judge_got_answer(struct fil_judge *judge, size_t index, uint64_t answer_id);

/* ---- the agents' side ---- */
/* `key` may be NULL: desks need not show what the outside world calls a message. */
void fil_judge_shown(struct fil_judge *judge, uint64_t message_id, const char *key);
/* The desk said that it shows only the newest entries of that conversation. */
void fil_judge_left_out(struct fil_judge *judge, uint64_t conversation);

/* ---- the journals ---- */
void fil_judge_received(struct fil_judge *judge, const char *key, uint64_t message_id,
                        int64_t time_us);
void fil_judge_added(struct fil_judge *judge, const char *key, uint64_t message_id,
                     uint64_t conversation);
/* Our answer, added to the conversation; `address`: the id of the message at whose ticket it will
 * stand, 0: none of ours; `client_id`: the agent's own name for it. */
void fil_judge_answered(struct fil_judge *judge, uint64_t conversation, uint64_t answer_id,
                        uint64_t address, const char *client_id);
void fil_judge_ended(struct fil_judge *judge, uint64_t conversation,
                     bool ended); /* false: reopened */
/* That task was asked for because of that message; it was offered for the first time then. */
void fil_judge_task(struct fil_judge *judge, uint64_t task_id, uint64_t message_id);
void fil_judge_offered(struct fil_judge *judge, uint64_t task_id, int64_t time_us);
/* It was offered to somebody who is none of ours: what he was shown we cannot know. */
void fil_judge_foreign(struct fil_judge *judge, uint64_t conversation);

/* ---- the verdict ---- */

enum fil_fate {
    FIL_UNSENT, /* never acknowledged: the customer knows that */
    FIL_REFUSED,
    FIL_OPEN, /* in a conversation that still waits for its answer */
    FIL_ANSWERED,
    FIL_ENDED, /* its conversation ended without an answer to it, after an agent saw it */
    FIL_LOST,
    FIL_DOUBLED,
    FIL_FATE_COUNT
};
struct fil_verdict {
    uint64_t messages, received; /* received: acknowledged */
    uint64_t fates[FIL_FATE_COUNT];
    uint64_t shown;
    uint64_t answers, answers_lost, answers_doubled; /* on their way back */
    uint64_t offers;                                 /* messages that a new task was offered for */
    int64_t p50_us, p99_us, max_us;                  /* from accepted to offered */
};
/* `looked`: the customers have looked at their tickets, so an answer that stands nowhere is lost.
 */
void fil_judge_verdict(struct fil_judge *judge, bool looked, struct fil_verdict *verdict);
enum fil_fate fil_judge_fate(const struct fil_judge *judge, size_t index);
/* Why a lost, doubled or ended message is one, "" for others; constant text. */
const char *fil_judge_reason(const struct fil_judge *judge, size_t index);
uint64_t fil_judge_message(const struct fil_judge *judge, size_t index);

/* How many are acknowledged and neither answered nor ended nor lost yet: for those who wait for the
 * end. */
size_t fil_judge_open_count(const struct fil_judge *judge);
/* Changes whenever it was told something new. */
uint64_t fil_judge_news(const struct fil_judge *judge);

#endif
