/* decide_notice.c - what the customer is told of promises: that one was made, and, before it
 * breaks, that it takes longer. */
#include "proto/routing.pb-c.h"
#include "proto/sla.pb-c.h"
#include "services/conversations/say.h"
#include "services/conversations/text.h"

/* A notice in the conversation, once for each name: to the customer on the channel that he uses,
 * and to the site that has it. */
static enum fr_error
say_notice(struct conversations_talk *talk, char *name, char *text, const char *reason)
{
    Fr__Entry entry = FR__ENTRY__INIT;
    enum fr_error err;

    if (conversations_said(talk->turn->view, talk->conversation, name)) {
        fr_count(talk->turn, CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    if (text == NULL)
        return FR_NO_MEMORY;
    entry.message_id = fr_next_id(talk->turn);
    entry.direction = FR__DIRECTION__NOTICE;
    entry.channel = talk->matter->channel;
    entry.account = talk->matter->account;
    entry.address = talk->matter->address;
    entry.text = text;
    entry.at_us = talk->turn->now.unix_us;
    entry.client_id = name;
    fr_count(talk->turn, CONVERSATIONS_NOTICES, 1);
    err = conversations_say_added(talk, &entry, 0, reason);
    if (err == FR_OK)
        err = conversations_say_outbound(talk, &entry);
    return err == FR_OK ? conversations_say_shared(talk, talk->matter->site, &entry) : err;
}

/* A promise to the customer himself is told even when he has his answers, or the matter is done. */
static bool
is_promise(Fr__TargetKind kind)
{
    return kind == FR__TARGET_KIND__CALL_BACK || kind == FR__TARGET_KIND__PROMISE_BY_HAND;
}

static bool
waits_for_answer(Fr__TargetKind kind)
{
    return kind == FR__TARGET_KIND__FIRST_RESPONSE || kind == FR__TARGET_KIND__NEXT_RESPONSE ||
           kind == FR__TARGET_KIND__ACKNOWLEDGEMENT;
}

/* TargetWarned: the customer is told before the promise breaks, with the reason and the new time,
 * once per target, unless he has his answer.
 *
 * Reads conversations, said.  Emits MessageAdded (NOTICE), OutboundRequested, and EntryShared to
 * the site that has it. Sent twice: the target's notice is known by its name.
 */
enum fr_error
conversations_decide_target_warned(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TargetWarned *warned = fr_unpack(turn, input, &fr__target_warned__descriptor);
    const struct conversations_config *config = turn->config;
    char id[FR_ID_TEXT_SIZE], name[FR_ID_TEXT_SIZE + 8];
    struct conversations_words words = {NULL, NULL, NULL};
    struct conversations_talk talk;
    const char *text, *language;
    enum fr_error err;

    if (warned == NULL)
        return fr_reject(turn, input, "TargetWarned does not decode");
    if (warned->has_tell && !warned->tell)
        return FR_OK;
    err = conversations_talk_begin(&talk, turn, input, warned->conversation_id);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "TargetWarned names a conversation that does not exist");
    if (err != FR_OK || (!talk.matter->open && !is_promise(warned->kind)) ||
        (waits_for_answer(warned->kind) && talk.matter->unanswered_us == 0))
        return err;
    language = talk.matter->language;
    text = conversations_notice(&config->notices, talk.brand, language);
    if (text == NULL)
        return FR_OK; /* the operator wants no notice for such customers */
    words.reason = conversations_reason(
        &config->reasons, warned->has_cause ? (int)warned->cause : FR__CAUSE_KIND__BY_QUEUE,
        language);
    words.time = warned->again_text != NULL ? warned->again_text
                                            : conversations_reason(&config->reasons, 0, language);
    snprintf(name, sizeof(name), "target-%s", fr_id_format(warned->target_id, id));
    return say_notice(&talk, name, conversations_fill(turn->arena, text, &words),
                      "the promise is about to break");
}

/* PromiseMade: the customer reads what was promised, unless he has.
 *
 * Reads conversations, said.  Emits as above.  Sent twice: the promise's notice is known by its
 * name.
 */
enum fr_error
conversations_decide_promise_made(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseMade *made = fr_unpack(turn, input, &fr__promise_made__descriptor);
    const struct conversations_config *config = turn->config;
    char id[FR_ID_TEXT_SIZE], name[FR_ID_TEXT_SIZE + 8];
    struct conversations_words words = {NULL, NULL, NULL};
    struct conversations_talk talk;
    const char *text;
    enum fr_error err;

    if (made == NULL)
        return fr_reject(turn, input, "PromiseMade does not decode");
    if (!made->promise->tell)
        return FR_OK;
    err = conversations_talk_begin(&talk, turn, input, made->promise->conversation_id);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "PromiseMade names a conversation that does not exist");
    if (err != FR_OK)
        return err;
    text = conversations_notice(made->promise->kind == FR__TARGET_KIND__CALL_BACK &&
                                        made->from_text != NULL
                                    ? &config->call_notices
                                    : &config->promise_notices,
                                talk.brand, talk.matter->language);
    if (text == NULL)
        return FR_OK;
    words.time = made->due_text;
    words.from = made->from_text;
    snprintf(name, sizeof(name), "promise-%s", fr_id_format(made->promise_id, id));
    return say_notice(&talk, name, conversations_fill(turn->arena, text, &words),
                      "a promise was made");
}

/* TaskParked: nobody can look at it before a stated time, and the customer is told.
 *
 * Reads conversations, said.  Emits as above.  Sent twice: the notice is known by task and time.
 */
enum fr_error
conversations_decide_task_parked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskParked *parked = fr_unpack(turn, input, &fr__task_parked__descriptor);
    const struct conversations_config *config = turn->config;
    char id[FR_ID_TEXT_SIZE], name[FR_ID_TEXT_SIZE + 32];
    struct conversations_words words = {NULL, NULL, NULL};
    struct conversations_talk talk;
    const char *text;
    enum fr_error err;

    if (parked == NULL)
        return fr_reject(turn, input, "TaskParked does not decode");
    if (!parked->tell || parked->until_text == NULL)
        return FR_OK;
    err = conversations_talk_begin(&talk, turn, input, parked->conversation_id);
    if (err != FR_OK || !talk.matter->open || talk.matter->task_id != parked->task_id)
        return err == FR_NOT_FOUND ? FR_OK : err; /* over meanwhile */
    text = conversations_notice(&config->parked_notices, talk.brand, talk.matter->language);
    if (text == NULL)
        return FR_OK;
    words.time = parked->until_text;
    snprintf(name, sizeof(name), "parked-%s-%lld", fr_id_format(parked->task_id, id),
             (long long)(parked->until_us / 1000000));
    return say_notice(&talk, name, conversations_fill(turn->arena, text, &words),
                      "nobody can look at it before that time");
}
