/* decide_rekey.c - who a customer is has changed: two were one, one is two again, one is to be
 * forgotten.  A long timeline is gone through in chunks, so that nobody waits behind it. */
#include "proto/identity.pb-c.h"
#include "services/conversations/say.h"

#define CHUNK 64    /* conversations per turn */
#define ENTRIES 256 /* whose texts are removed per turn */

/* ---- two customers were one ---- */

static const char rekey_reason_of_past[] = "the customer was merged; a past conversation";

static const char *
rekey_reason(const conversations_matter *matter, const conversations_customer *survivor)
{
    if (!matter->open)
        return rekey_reason_of_past;
    if (survivor == NULL ||
        (matter->unverified ? survivor->n_open_unverified : survivor->n_open) == 0)
        return "the customer was merged; his open conversation goes on";
    return "the customer was merged; both have an open conversation, the older is continued";
}

/* Agents who have one of his conversations see the whole history now. */
static enum fr_error
share_again(struct fr_turn *turn, const struct fr_record *input, uint64_t customer)
{
    const char **brands;
    size_t brand_count;
    enum fr_error err =
        conversations_brands(turn->view, customer, turn->arena, &brands, &brand_count);

    for (size_t b = 0; err == FR_OK && b < brand_count; b++) {
        const conversations_customer *row;

        err = conversations_customer_get(turn->view, customer, brands[b], turn->arena, &row);
        for (size_t i = 0; err == FR_OK && i < row->n_open; i++) {
            struct conversations_talk talk;

            err = conversations_talk_begin(&talk, turn, input, row->open[i]);
            if (err == FR_OK && talk.matter->site != NULL)
                err = conversations_say_history(&talk);
        }
    }
    return err;
}

static enum fr_error
rekey(struct fr_turn *turn, const struct fr_record *input, uint64_t conversation, uint64_t to,
      uint64_t origin, const char *reason)
{
    Fr__ConversationRekeyed event = FR__CONVERSATION_REKEYED__INIT;
    struct conversations_talk talk;
    enum fr_error err = conversations_talk_begin(&talk, turn, input, conversation);

    if (err != FR_OK || talk.matter->customer_id == to)
        return err;
    event.conversation_id = conversation;
    event.from_customer = talk.matter->customer_id;
    event.to_customer = to;
    event.has_origin = origin != 0;
    event.origin = origin;
    event.reason = (char *)reason;
    return conversations_say(&talk, &event.base, NULL);
}

static enum fr_error
advance(struct fr_turn *turn, const struct fr_record *input, Fr__RekeyAdvanced *at, bool done)
{
    at->done = done;
    return fr_emit(turn, input, &at->base);
}

/* One chunk of the timeline, the oldest of it first; *more: there are others. */
static enum fr_error
merge_chunk(struct fr_turn *turn, const struct fr_record *input, uint64_t from, uint64_t to,
            const char *const *reasons, bool *more)
{
    uint64_t *conversations;
    size_t count;
    enum fr_error err = conversations_timeline(turn->view, from, 0, CHUNK, turn->arena,
                                               &conversations, &count, more);

    for (size_t i = count; err == FR_OK && i > 0; i--)
        err = rekey(turn, input, conversations[i - 1], to, 0,
                    reasons != NULL ? reasons[i - 1] : rekey_reason_of_past);
    return err;
}

/* Why each of the newest conversations goes on as it does: judged before the tables change. */
static enum fr_error
find_reasons(struct fr_turn *turn, uint64_t from, uint64_t to, const char ***reasons)
{
    uint64_t *conversations;
    size_t count;
    bool more;
    enum fr_error err = conversations_timeline(turn->view, from, 0, CHUNK, turn->arena,
                                               &conversations, &count, &more);

    *reasons = fr_arena_zalloc(turn->arena, count + 1, sizeof(**reasons));
    if (err != FR_OK || *reasons == NULL)
        return err != FR_OK ? err : FR_NO_MEMORY;
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        const conversations_customer *survivor = NULL;
        const conversations_matter *matter;

        err = conversations_get(turn->view, conversations[i], turn->arena, &matter);
        if (err == FR_OK)
            err = conversations_customer_get(turn->view, to, matter->brand, turn->arena, &survivor);
        err = err == FR_NOT_FOUND ? FR_OK : err;
        if (err == FR_OK)
            (*reasons)[i] = rekey_reason(matter, survivor);
    }
    return err;
}

/* What may go on at once: open conversations, and those that may be reopened, of every brand. */
static enum fr_error
rekey_live(struct fr_turn *turn, const struct fr_record *input, uint64_t to)
{
    const char **brands;
    size_t count;
    enum fr_error err = conversations_brands(turn->view, to, turn->arena, &brands, &count);

    for (size_t b = 0; err == FR_OK && b < count; b++) {
        const conversations_customer *row;
        const char *reason = "the customer was merged; his open conversation goes on";

        err = conversations_customer_get(turn->view, to, brands[b], turn->arena, &row);
        for (size_t i = 0; err == FR_OK && i < row->n_open; i++)
            err = rekey(turn, input, row->open[i], to, 0, reason);
        for (size_t i = 0; err == FR_OK && i < row->n_open_unverified; i++)
            err = rekey(turn, input, row->open_unverified[i], to, 0, reason);
        if (err == FR_OK && row->resolved != 0)
            err = rekey(turn, input, row->resolved, to, 0, rekey_reason_of_past);
        if (err == FR_OK && row->resolved_unverified != 0)
            err = rekey(turn, input, row->resolved_unverified, to, 0, rekey_reason_of_past);
    }
    return err;
}

/* CustomersMerged: everything of the one belongs to the other now.
 *
 * Reads by_customer, conversations, customers.  Emits CustomerRekeyed, ConversationRekeyed for each
 * of his conversations (the rest of a long timeline with the next turns), and ConversationShared
 * again for those that an agent has. Sent twice: the redirect is known, and nothing happens.
 */
enum fr_error
conversations_decide_customers_merged(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__CustomersMerged *merged = fr_unpack(turn, input, &fr__customers_merged__descriptor);
    Fr__CustomerRekeyed rekeyed = FR__CUSTOMER_REKEYED__INIT;
    Fr__RekeyAdvanced job = FR__REKEY_ADVANCED__INIT;
    const struct fr_labels labels = {.key = merged != NULL ? merged->survivor : 0};
    const char **reasons;
    bool more = false;
    enum fr_error err;

    if (merged == NULL)
        return fr_reject(turn, input, "CustomersMerged does not decode");
    if (conversations_redirect_get(turn->view, merged->merged) != 0) {
        fr_count(turn, CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    err = find_reasons(turn, merged->merged, merged->survivor, &reasons);
    rekeyed.from_customer = merged->merged;
    rekeyed.to_customer = merged->survivor;
    if (err == FR_OK)
        err = fr_emit_as(turn, input, &rekeyed.base, &labels);
    if (err == FR_OK)
        err = merge_chunk(turn, input, merged->merged, merged->survivor, reasons, &more);
    job.job_id = input->head->id;
    job.kind = FR__REKEY_KIND__REKEY_MERGE;
    job.from_customer = merged->merged;
    job.to_customer = merged->survivor;
    if (err == FR_OK && more)
        err = rekey_live(turn, input, merged->survivor);
    if (err == FR_OK && more)
        err = advance(turn, input, &job, false);
    return err == FR_OK ? share_again(turn, input, merged->survivor) : err;
}

/* ---- one is two again ---- */

static bool
among(const uint64_t *origins, size_t count, uint64_t origin)
{
    for (size_t i = 0; i < count; i++)
        if (origins[i] == origin)
            return true;
    return false;
}

/* Conversations that began with one of those who go; what followed in them is one matter. */
static enum fr_error
split_chunk(struct fr_turn *turn, const struct fr_record *input, Fr__RekeyAdvanced *job)
{
    uint64_t *conversations;
    size_t count;
    bool more;
    enum fr_error err = conversations_timeline(turn->view, job->from_customer, job->before, CHUNK,
                                               turn->arena, &conversations, &count, &more);

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        const conversations_matter *matter;

        err = conversations_get(turn->view, conversations[i], turn->arena, &matter);
        if (err == FR_OK && among(job->origins, job->n_origins, matter->origin))
            err = rekey(turn, input, conversations[i], job->to_customer, 0,
                        "the customer is apart again; it began with him");
    }
    if (err != FR_OK || (!more && job->before == 0))
        return err;
    job->before = count > 0 ? conversations[count - 1] : job->before;
    return advance(turn, input, job, !more);
}

/* CustomersSplit: each has his own again.
 *
 * Reads by_customer, conversations.  Emits CustomerParted, ConversationRekeyed for each
 * conversation that began with one of those who go (the rest of a long timeline with the next
 * turns), and ConversationShared again for those that an agent has.
 * Sent twice: nothing of theirs is left, and nothing happens.
 */
enum fr_error
conversations_decide_customers_split(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__CustomersSplit *split = fr_unpack(turn, input, &fr__customers_split__descriptor);
    const struct fr_labels labels = {.key = split != NULL ? split->origin : 0};
    Fr__CustomerParted parted = FR__CUSTOMER_PARTED__INIT;
    Fr__RekeyAdvanced job = FR__REKEY_ADVANCED__INIT;
    enum fr_error err;

    if (split == NULL)
        return fr_reject(turn, input, "CustomersSplit does not decode");
    parted.origin = split->origin;
    parted.from_customer = split->from_customer;
    parted.origins = split->origins;
    parted.n_origins = split->n_origins;
    err = fr_emit_as(turn, input, &parted.base, &labels);
    job.job_id = input->head->id;
    job.kind = FR__REKEY_KIND__REKEY_SPLIT;
    job.from_customer = split->from_customer;
    job.to_customer = split->origin;
    job.origins = split->origins;
    job.n_origins = split->n_origins;
    if (err == FR_OK)
        err = split_chunk(turn, input, &job);
    if (err == FR_OK)
        err = share_again(turn, input, split->from_customer);
    return err == FR_OK ? share_again(turn, input, split->origin) : err;
}

/* ObservationMoved: a message turned out to be another customer's.  The matter that began with it
 * goes with it.
 *
 * Reads messages, conversations.  Emits ConversationRekeyed.
 * Sent twice: it is his already.
 */
enum fr_error
conversations_decide_observation_moved(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ObservationMoved *moved = fr_unpack(turn, input, &fr__observation_moved__descriptor);
    struct conversations_place place;
    enum fr_error err;

    if (moved == NULL)
        return fr_reject(turn, input, "ObservationMoved does not decode");
    if (moved->from_origin == moved->to_origin)
        return FR_OK;
    err = conversations_message_get(turn->view, moved->observation_id, &place);
    if (err == FR_OK && place.number == 0)
        err = rekey(turn, input, place.conversation, moved->to_customer, moved->to_origin,
                    "the message that began it is another customer's");
    return err == FR_NOT_FOUND ? FR_OK : err; /* a sign-in or a register's row is no message */
}

/* ---- one is to be forgotten ---- */

/* Whoever works on it stops: there is nobody left to answer. */
static enum fr_error
end_open(const struct conversations_talk *talk)
{
    Fr__TaskWithdrawn withdrawn = FR__TASK_WITHDRAWN__INIT;
    enum fr_error err = FR_OK;

    if (talk->matter->task_id != 0) {
        withdrawn.task_id = talk->matter->task_id;
        withdrawn.conversation_id = talk->conversation;
        withdrawn.reason = (char *)"the customer was erased";
        err = conversations_say(talk, &withdrawn.base, NULL);
    }
    return err == FR_OK ? conversations_say_resolved(talk, FR__OUTCOME__NO_ANSWER_NEEDED, NULL,
                                                     NULL, "the customer was erased")
                        : err;
}

static enum fr_error
erase_texts(struct fr_turn *turn, const struct fr_record *input, uint64_t conversation,
            Fr__RekeyAdvanced *job)
{
    Fr__TextsErased erased = FR__TEXTS_ERASED__INIT;
    struct conversations_talk talk;
    enum fr_error err = conversations_talk_begin(&talk, turn, input, conversation);

    if (err == FR_OK && talk.matter->open)
        err = end_open(&talk);
    if (err != FR_OK)
        return err;
    erased.conversation_id = conversation;
    erased.customer_id = job->origins[job->index];
    erased.first = job->number;
    erased.count = talk.matter->entry_count - job->number;
    erased.last = erased.count <= ENTRIES;
    if (!erased.last)
        erased.count = ENTRIES;
    job->number = erased.last ? 0 : job->number + ENTRIES;
    return conversations_say(&talk, &erased.base, NULL);
}

/* One conversation, or some entries of a long one; then the next. */
static enum fr_error
erase_chunk(struct fr_turn *turn, const struct fr_record *input, Fr__RekeyAdvanced *job)
{
    uint64_t *conversations;
    size_t count;
    bool more;
    enum fr_error err = conversations_timeline(turn->view, job->origins[job->index], job->before, 1,
                                               turn->arena, &conversations, &count, &more);

    if (err == FR_OK && count == 1) {
        err = erase_texts(turn, input, conversations[0], job);
        if (job->number == 0)
            job->before = conversations[0];
    } else if (err == FR_OK) {
        job->index++;
        job->before = 0;
    }
    return err == FR_OK ? advance(turn, input, job, job->index >= job->n_origins) : err;
}

/* CustomerErased: what was said by him and to him is removed.
 *
 * Reads by_customer, conversations.  Emits RekeyAdvanced, whose turns emit ConversationResolved for
 * what is open, and TextsErased.  Sent twice: there is nothing left to remove.
 */
enum fr_error
conversations_decide_customer_erased(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__CustomerErased *erased = fr_unpack(turn, input, &fr__customer_erased__descriptor);
    Fr__RekeyAdvanced job = FR__REKEY_ADVANCED__INIT;

    if (erased == NULL)
        return fr_reject(turn, input, "CustomerErased does not decode");
    job.job_id = input->head->id;
    job.kind = FR__REKEY_KIND__REKEY_ERASE;
    job.from_customer = job.to_customer = erased->customer_id;
    job.origins = erased->origins;
    job.n_origins = erased->n_origins;
    return advance(turn, input, &job, job.n_origins == 0);
}

/* ---- the next chunk ---- */

/* Timer REKEY: the next chunk of a timeline.
 *
 * Reads rekeys, by_customer, conversations.  Emits ConversationRekeyed or TextsErased, and
 * RekeyAdvanced.
 */
enum fr_error
conversations_decide_rekey(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationsStateRekey *state;
    Fr__RekeyAdvanced job;
    bool more = false;
    enum fr_error err = conversations_rekey_get(turn->view, input->head->key, turn->arena, &state);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    job = *state->at;
    switch (job.kind) {
    case FR__REKEY_KIND__REKEY_MERGE:
        err = merge_chunk(turn, input, job.from_customer, job.to_customer, NULL, &more);
        return err == FR_OK ? advance(turn, input, &job, !more) : err;
    case FR__REKEY_KIND__REKEY_SPLIT:
        return split_chunk(turn, input, &job);
    default:
        return erase_chunk(turn, input, &job);
    }
}
