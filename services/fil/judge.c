/* judge.c - what became of every message? */
#include "services/fil/judge.h"

#include <stdlib.h>
#include <string.h>
#include "common/base/error.h"
#include "common/base/hash.h"
#include "services/fil/map.h"

#define NONE SIZE_MAX

struct message {
    const char *key;
    uint64_t acknowledged, added, shown_as; /* message ids as each side knows it; 0: not */
    uint64_t conversation, task;
    int64_t received_us;
    uint32_t added_count;
    bool refused, two_tickets, shown_as_two, answered, ended_unanswered;
    size_t next_waiting; /* in its conversation: those without an answer */
};

struct matter {     /* a conversation */
    size_t waiting; /* first of its messages without an answer, or NONE */
    bool ended, foreign, left_out;
};

struct answer {
    uint64_t id;
    bool expected; /* at a ticket of ours */
    uint32_t places, added;
};

struct fil_judge {
    struct message *messages;
    size_t count;
    bool agents;
    struct fil_map by_key;     /* hash of the key -> index */
    struct fil_map by_id;      /* message id -> index */
    struct fil_map shown;      /* ids of entries that agents were shown */
    struct fil_map offers;     /* task id -> when it was offered first */
    struct fil_map matters_by; /* conversation id -> place in matters */
    struct fil_map answers_by; /* answer id -> place in answers */
    struct fil_map said;       /* conversation and client id, hashed -> answer id */
    struct matter *matters;
    size_t matter_count, matter_room;
    struct answer *answers;
    size_t answer_count, answer_room;
    uint64_t news;
    uint64_t answers_said_twice;
    size_t answered_count, ended_count, acknowledged_count;
};

/* ---- finding ---- */

/* Keys with equal hashes follow one another. */
static struct message *
by_key(const struct fil_judge *judge, const char *key)
{
    uint64_t hash = fr_hash(key, strlen(key)) | 1, index;

    for (; fil_map_get(&judge->by_key, hash, &index); hash += 2)
        if (strcmp(judge->messages[index].key, key) == 0)
            return &judge->messages[index];
    return NULL;
}

static struct matter *
matter_of(struct fil_judge *judge, uint64_t conversation)
{
    uint64_t place;

    if (fil_map_get(&judge->matters_by, conversation, &place))
        return &judge->matters[place];
    if (judge->matter_count == judge->matter_room) {
        judge->matter_room = judge->matter_room * 2 + 64;
        judge->matters = realloc(judge->matters, judge->matter_room * sizeof(*judge->matters));
        fr_assert(judge->matters != NULL);
    }
    fil_map_set(&judge->matters_by, conversation, judge->matter_count);
    judge->matters[judge->matter_count] = (struct matter){.waiting = NONE};
    return &judge->matters[judge->matter_count++];
}

static struct answer *
answer_of(struct fil_judge *judge, uint64_t answer_id)
{
    uint64_t place;

    if (fil_map_get(&judge->answers_by, answer_id, &place))
        return &judge->answers[place];
    if (judge->answer_count == judge->answer_room) {
        judge->answer_room = judge->answer_room * 2 + 64;
        judge->answers = realloc(judge->answers, judge->answer_room * sizeof(*judge->answers));
        fr_assert(judge->answers != NULL);
    }
    fil_map_set(&judge->answers_by, answer_id, judge->answer_count);
    judge->answers[judge->answer_count] = (struct answer){.id = answer_id};
    return &judge->answers[judge->answer_count++];
}

struct fil_judge *
fil_judge_new(const char *const *keys, size_t count, bool agents)
{
    struct fil_judge *judge = calloc(1, sizeof(*judge));

    fr_assert(judge != NULL);
    judge->messages = calloc(count + 1, sizeof(*judge->messages));
    fr_assert(judge->messages != NULL);
    judge->count = count;
    judge->agents = agents;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = fr_hash(keys[i], strlen(keys[i])) | 1, index;

        while (fil_map_get(&judge->by_key, hash, &index))
            hash += 2;
        fil_map_set(&judge->by_key, hash, i);
        judge->messages[i].key = keys[i];
        judge->messages[i].next_waiting = NONE;
    }
    return judge;
}

void
fil_judge_free(struct fil_judge **judge)
{
    if (*judge == NULL)
        return;
    fil_map_fini(&(*judge)->by_key);
    fil_map_fini(&(*judge)->by_id);
    fil_map_fini(&(*judge)->shown);
    fil_map_fini(&(*judge)->offers);
    fil_map_fini(&(*judge)->matters_by);
    fil_map_fini(&(*judge)->answers_by);
    fil_map_fini(&(*judge)->said);
    free((*judge)->matters);
    free((*judge)->answers);
    free((*judge)->messages);
    free(*judge);
    *judge = NULL;
}

/* ---- the customers' side ---- */

/* A repeated submission must lead to the ticket of the first one. */
void
fil_judge_acknowledged(struct fil_judge *judge, size_t index, uint64_t message_id)
{
    struct message *message = &judge->messages[index];

    judge->news++;
    judge->acknowledged_count += message->acknowledged == 0;
    if (message->acknowledged != 0 && message->acknowledged != message_id)
        message->two_tickets = true;
    message->acknowledged = message_id;
    fil_map_set(&judge->by_id, message_id, index);
}

void
fil_judge_refused(struct fil_judge *judge, size_t index)
{
    judge->news++;
    judge->messages[index].refused = true;
}

void
fil_judge_got_answer(struct fil_judge *judge, size_t index, uint64_t answer_id)
{
    (void)index;
    judge->news++;
    answer_of(judge, answer_id)->places++;
}

/* ---- the agents' side ---- */

void
fil_judge_shown(struct fil_judge *judge, uint64_t message_id, const char *key)
{
    struct message *message = key != NULL ? by_key(judge, key) : NULL;
    uint64_t before;

    if (!fil_map_get(&judge->shown, message_id, &before)) {
        judge->news++;
        fil_map_set(&judge->shown, message_id, 1);
    }
    if (message == NULL)
        return;
    if (message->shown_as != 0 && message->shown_as != message_id)
        message->shown_as_two = true;
    message->shown_as = message_id;
}

void
fil_judge_left_out(struct fil_judge *judge, uint64_t conversation)
{
    matter_of(judge, conversation)->left_out = true;
}

/* ---- the journals ---- */

void
fil_judge_received(struct fil_judge *judge, const char *key, uint64_t message_id, int64_t time_us)
{
    struct message *message = by_key(judge, key);

    if (message == NULL)
        return;
    judge->news++;
    message->received_us = time_us;
    fil_map_set(&judge->by_id, message_id, (uint64_t)(message - judge->messages));
}

void
fil_judge_added(struct fil_judge *judge, const char *key, uint64_t message_id,
                uint64_t conversation)
{
    struct message *message = by_key(judge, key);
    struct matter *matter;

    if (message == NULL)
        return;
    judge->news++;
    message->added = message_id;
    message->conversation = conversation;
    fil_map_set(&judge->by_id, message_id, (uint64_t)(message - judge->messages));
    if (message->added_count++ > 0)
        return;
    matter = matter_of(judge, conversation);
    message->next_waiting = matter->waiting;
    matter->waiting = (size_t)(message - judge->messages);
}

static void
settle_waiting(struct fil_judge *judge, struct matter *matter, bool answered)
{
    while (matter->waiting != NONE) {
        struct message *message = &judge->messages[matter->waiting];

        message->answered = answered;
        message->ended_unanswered = !answered;
        *(answered ? &judge->answered_count : &judge->ended_count) += 1;
        matter->waiting = message->next_waiting;
    }
}

static void
said_once(struct fil_judge *judge, uint64_t conversation, uint64_t answer_id, const char *client_id)
{
    uint64_t key = (fr_hash(client_id, strlen(client_id)) ^ conversation * 3) | 1, other;

    if (client_id[0] == '\0')
        return;
    if (fil_map_get(&judge->said, key, &other) && other != answer_id)
        judge->answers_said_twice++;
    fil_map_set(&judge->said, key, answer_id);
}

void
fil_judge_answered(struct fil_judge *judge, uint64_t conversation, uint64_t answer_id,
                   uint64_t address, const char *client_id)
{
    struct answer *answer;
    uint64_t index;

    if (fil_map_get(&judge->matters_by, conversation, &index)) {
        judge->news++;
        settle_waiting(judge, &judge->matters[index], true);
    }
    if (!fil_map_get(&judge->by_id, address, &index))
        return;
    answer = answer_of(judge, answer_id);
    answer->expected = true;
    answer->added++;
    said_once(judge, conversation, answer_id, client_id);
}

void
fil_judge_ended(struct fil_judge *judge, uint64_t conversation, bool ended)
{
    uint64_t place;

    if (!fil_map_get(&judge->matters_by, conversation, &place))
        return;
    judge->news++;
    judge->matters[place].ended = ended;
    if (ended)
        settle_waiting(judge, &judge->matters[place], false);
}

/* The journals are read one after the other, so an offer may be heard of before its task. */
void
fil_judge_task(struct fil_judge *judge, uint64_t task_id, uint64_t message_id)
{
    uint64_t index;

    if (fil_map_get(&judge->by_id, message_id, &index))
        judge->messages[index].task = task_id;
}

void
fil_judge_offered(struct fil_judge *judge, uint64_t task_id, int64_t time_us)
{
    uint64_t before;

    judge->news++;
    if (!fil_map_get(&judge->offers, task_id, &before))
        fil_map_set(&judge->offers, task_id, (uint64_t)time_us);
}

void
fil_judge_foreign(struct fil_judge *judge, uint64_t conversation)
{
    matter_of(judge, conversation)->foreign = true;
}

/* ---- the verdict ---- */

static bool
was_shown(const struct fil_judge *judge, const struct message *message)
{
    uint64_t once;

    return fil_map_get(&judge->shown, message->added, &once);
}

/* Somebody dealt with it, and it was never shown to any of our agents, who dealt with everything.
 */
static bool
dealt_with_unseen(const struct fil_judge *judge, const struct message *message)
{
    uint64_t place;

    if (!judge->agents || !(message->answered || message->ended_unanswered) ||
        was_shown(judge, message))
        return false;
    return fil_map_get(&judge->matters_by, message->conversation, &place) &&
           !judge->matters[place].foreign && !judge->matters[place].left_out;
}

static const char *
why_doubled(const struct message *message)
{
    if (message->added_count > 1)
        return "it is in the conversations' journal more than once";
    if (message->shown_as_two)
        return "agents were shown it as two messages";
    if (message->two_tickets)
        return "it was acknowledged with two tickets";
    return NULL;
}

static const char *
why_lost(const struct fil_judge *judge, const struct message *message)
{
    if (message->acknowledged == 0)
        return NULL;
    if (message->added_count == 0)
        return "it was acknowledged, and no conversation has it";
    if (message->added != message->acknowledged)
        return "the conversation has it under another id than was acknowledged";
    if (dealt_with_unseen(judge, message))
        return "its conversation was dealt with, and no agent was shown it";
    return NULL;
}

enum fil_fate
fil_judge_fate(const struct fil_judge *judge, size_t index)
{
    const struct message *message = &judge->messages[index];

    if (why_doubled(message) != NULL)
        return FIL_DOUBLED;
    if (why_lost(judge, message) != NULL)
        return FIL_LOST;
    if (message->refused)
        return FIL_REFUSED;
    if (message->acknowledged == 0)
        return FIL_UNSENT;
    if (message->answered)
        return FIL_ANSWERED;
    return message->ended_unanswered ? FIL_ENDED : FIL_OPEN;
}

const char *
fil_judge_reason(const struct fil_judge *judge, size_t index)
{
    const char *why = why_doubled(&judge->messages[index]);

    if (why == NULL)
        why = why_lost(judge, &judge->messages[index]);
    if (why == NULL && fil_judge_fate(judge, index) == FIL_ENDED)
        why =
            "its conversation was ended while it was unanswered, though an agent had been shown it";
    return why != NULL ? why : "";
}

uint64_t
fil_judge_message(const struct fil_judge *judge, size_t index)
{
    const struct message *message = &judge->messages[index];

    return message->acknowledged != 0 ? message->acknowledged : message->added;
}

static int
shorter(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

static void
measure(const struct fil_judge *judge, struct fil_verdict *verdict)
{
    int64_t *spans = calloc(judge->count + 1, sizeof(*spans));
    size_t count = 0;

    fr_assert(spans != NULL);
    for (size_t i = 0; i < judge->count; i++) {
        const struct message *message = &judge->messages[i];
        uint64_t offered_us;

        if (message->received_us != 0 && fil_map_get(&judge->offers, message->task, &offered_us))
            spans[count++] = (int64_t)offered_us - message->received_us;
    }
    qsort(spans, count, sizeof(*spans), shorter);
    verdict->offers = count;
    if (count > 0) {
        verdict->p50_us = spans[(count - 1) / 2];
        verdict->p99_us = spans[(count - 1) * 99 / 100];
        verdict->max_us = spans[count - 1];
    }
    free(spans);
}

void
fil_judge_verdict(struct fil_judge *judge, bool looked, struct fil_verdict *verdict)
{
    *verdict = (struct fil_verdict){.messages = judge->count};
    for (size_t i = 0; i < judge->count; i++) {
        verdict->fates[fil_judge_fate(judge, i)]++;
        verdict->received += judge->messages[i].acknowledged != 0;
        verdict->shown += was_shown(judge, &judge->messages[i]);
    }
    verdict->answers_doubled = judge->answers_said_twice;
    for (size_t i = 0; i < judge->answer_count; i++) {
        const struct answer *answer = &judge->answers[i];

        verdict->answers += answer->expected;
        verdict->answers_lost += looked && answer->expected && answer->places == 0;
        verdict->answers_doubled += answer->places > 1 || answer->added > 1;
    }
    measure(judge, verdict);
}

size_t
fil_judge_open_count(const struct fil_judge *judge)
{
    size_t settled = judge->answered_count + judge->ended_count;

    return judge->acknowledged_count > settled ? judge->acknowledged_count - settled : 0;
}

uint64_t
fil_judge_news(const struct fil_judge *judge)
{
    return judge->news;
}
