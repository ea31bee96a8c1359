/* decide_wait.c - how long it takes: the customer is told, and what he chooses is passed on. */
#include <stdio.h>

#include "proto/routing.pb-c.h"
#include "proto/sla.pb-c.h"
#include "services/conversations/say.h"
#include "services/conversations/text.h"

#define NUMBER_SIZE_MAX 40 /* of a telephone number as a person writes it */

/* ---- telling ---- */

static enum fr_error
say_told(const struct conversations_talk *talk, Fr__WaitTold *told, uint64_t task_id)
{
    const conversations_matter *matter = talk->matter;
    char route[FR_ROUTE_SIZE];

    snprintf(route, sizeof(route), "outbound.%s", matter->channel);
    told->task_id = task_id;
    told->conversation_id = talk->conversation;
    told->channel = matter->channel;
    told->account = matter->account;
    told->address = matter->address;
    told->at_us = talk->turn->now.unix_us;
    return conversations_say(talk, &told->base, route);
}

static const char *
self_service(const struct conversations_talk *talk)
{
    const char *text =
        conversations_notice(&talk->config->self_service, talk->brand, talk->matter->language);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* WaitEstimated: he is told where he is and how long it takes; who has chosen to be called back has
 * been told when.
 *
 * Reads conversations.  Emits WaitTold (route outbound.<channel>).
 * Sent twice: the channel shows the same again.  Late: the task is not this conversation's any
 * more, or an agent has it.
 */
enum fr_error
conversations_decide_wait_estimated(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WaitEstimated *estimated = fr_unpack(turn, input, &fr__wait_estimated__descriptor);
    Fr__WaitTold told = FR__WAIT_TOLD__INIT;
    struct conversations_talk talk;
    enum fr_error err;

    if (estimated == NULL)
        return fr_reject(turn, input, "WaitEstimated does not decode");
    err = conversations_talk_begin(&talk, turn, input, estimated->conversation_id);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "WaitEstimated names a conversation that does not exist");
    if (err != FR_OK)
        return err;
    if (!talk.matter->open || talk.matter->task_id != estimated->task_id ||
        talk.matter->agent != NULL || talk.matter->wait_choice == FR__WAIT_CHOICE__CALL_ME_BACK) {
        fr_count(turn, CONVERSATIONS_STALE, 1);
        return FR_OK;
    }
    told.has_position = told.has_p50_us = told.has_p90_us = true;
    told.position = estimated->position;
    told.p50_us = estimated->p50_us;
    told.p90_us = estimated->p90_us;
    told.n_windows = estimated->n_windows;
    told.windows = estimated->windows;
    told.self_service = estimated->n_windows > 0 ? (char *)self_service(&talk) : NULL;
    told.has_choice = talk.matter->has_wait_choice;
    told.choice = talk.matter->wait_choice;
    return say_told(&talk, &told, estimated->task_id);
}

/* Nobody is told anything any more. */
static enum fr_error
say_over(const struct conversations_talk *talk, uint64_t task_id)
{
    Fr__WaitTold told = FR__WAIT_TOLD__INIT;

    told.over = true;
    return say_told(talk, &told, task_id);
}

/* What the wait was told for, before production's decide has its say; 0: nothing was. */
static enum fr_error
waiting_task(struct fr_turn *turn, const struct fr_record *input, uint64_t conversation,
             struct conversations_talk *talk, uint64_t *task_id)
{
    enum fr_error err = conversations_talk_begin(talk, turn, input, conversation);

    *task_id = err == FR_OK ? talk->matter->wait_task_id : 0;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* OfferAccepted: as ever; and his wait is over.
 *
 * Reads conversations.  Emits what conversations_decide_offer_accepted does; then WaitTold.
 * Sent twice: it is over already.
 */
enum fr_error
conversations_decide_wait_accepted(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferAccepted *accepted = fr_unpack(turn, input, &fr__offer_accepted__descriptor);
    struct conversations_talk talk;
    uint64_t task_id = 0;
    enum fr_error err = FR_OK;

    if (accepted != NULL)
        err = waiting_task(turn, input, accepted->conversation_id, &talk, &task_id);
    if (err == FR_OK)
        err = conversations_decide_offer_accepted(turn, input);
    return err == FR_OK && task_id != 0 && task_id == accepted->task_id ? say_over(&talk, task_id)
                                                                        : err;
}

/* TaskEnded: the same.
 *
 * Reads conversations.  Emits what conversations_decide_task_ended does; then WaitTold.
 * Sent twice: it is over already.
 */
enum fr_error
conversations_decide_wait_ended(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskEnded *ended = fr_unpack(turn, input, &fr__task_ended__descriptor);
    struct conversations_talk talk;
    uint64_t task_id = 0;
    enum fr_error err = FR_OK;

    if (ended != NULL)
        err = waiting_task(turn, input, ended->conversation_id, &talk, &task_id);
    if (err == FR_OK)
        err = conversations_decide_task_ended(turn, input);
    return err == FR_OK && task_id != 0 && task_id == ended->task_id ? say_over(&talk, task_id)
                                                                     : err;
}

/* ---- choosing ---- */

static const char *
what_is_wrong(const Fr__WaitChosen *chosen, struct fr_time now)
{
    if (chosen->choice != FR__WAIT_CHOICE__CALL_ME_BACK)
        return NULL;
    if (!chosen->has_from_us || !chosen->has_to_us || chosen->from_us >= chosen->to_us)
        return "the call-back has no window";
    if (chosen->to_us <= now.unix_us)
        return "the window is over";
    if (chosen->number != NULL && strlen(chosen->number) > NUMBER_SIZE_MAX)
        return "the number is too long";
    return NULL;
}

static enum fr_error
say_choice(const struct conversations_talk *talk, const Fr__WaitChosen *chosen)
{
    Fr__WaitChoiceMade made = FR__WAIT_CHOICE_MADE__INIT;

    made.task_id = chosen->task_id;
    made.conversation_id = talk->conversation;
    made.customer_id = talk->matter->customer_id;
    made.choice = chosen->choice;
    made.has_from_us = chosen->has_from_us;
    made.from_us = chosen->from_us;
    made.has_to_us = chosen->has_to_us;
    made.to_us = chosen->to_us;
    made.number = chosen->number;
    fr_count(talk->turn, CONVERSATIONS_CHOICES, 1);
    return conversations_say(talk, &made.base, NULL);
}

static enum fr_error
say_promise(const struct conversations_talk *talk, const Fr__WaitChosen *chosen, const char *what)
{
    Fr__PromiseRequested promise = FR__PROMISE_REQUESTED__INIT;
    char id[FR_ID_TEXT_SIZE], name[FR_ID_TEXT_SIZE + 16];

    snprintf(name, sizeof(name), "call-back-%s", fr_id_format(chosen->task_id, id));
    promise.request_id = name;
    promise.kind = FR__TARGET_KIND__CALL_BACK;
    promise.conversation_id = talk->conversation;
    promise.has_from_us = true;
    promise.from_us = chosen->from_us;
    promise.due_us = chosen->to_us;
    promise.what = (char *)what;
    promise.has_customer_id = true;
    promise.customer_id = talk->matter->customer_id;
    promise.told = (char *)what; /* he chose it himself, and it stands before him */
    promise.told_channel = talk->matter->channel;
    promise.address = chosen->number;
    promise.by = (char *)"customer";
    promise.has_task_id = true;
    promise.task_id = chosen->task_id;
    return conversations_say(talk, &promise.base, NULL);
}

/* The agent who gets it later reads it among the rest. */
static enum fr_error
say_note(const struct conversations_talk *talk, const char *what)
{
    Fr__Entry entry = FR__ENTRY__INIT;

    entry.message_id = fr_next_id(talk->turn);
    entry.direction = FR__DIRECTION__NOTE;
    entry.channel = talk->matter->channel;
    entry.account = talk->matter->account;
    entry.address = talk->matter->address;
    entry.text = (char *)what;
    entry.at_us = talk->turn->now.unix_us;
    return conversations_say_added(talk, &entry, 0, "the customer chose a call-back");
}

static enum fr_error
call_back(const struct conversations_talk *talk, const Fr__WaitChosen *chosen)
{
    char from[FR_TIME_TEXT_SIZE], to[FR_TIME_TEXT_SIZE];
    const char *what = fr_arena_printf(
        talk->turn->arena, "Wants to be called back between %.16sZ and %.16sZ%s%s",
        fr_time_format((struct fr_time){chosen->from_us}, from),
        fr_time_format((struct fr_time){chosen->to_us}, to),
        chosen->number != NULL ? ", number " : "", chosen->number != NULL ? chosen->number : "");
    enum fr_error err = what == NULL ? FR_NO_MEMORY : say_promise(talk, chosen, what);

    return err == FR_OK ? say_note(talk, what) : err;
}

/* What the windows show from now on. */
static enum fr_error
say_chosen(const struct conversations_talk *talk, const Fr__WaitChosen *chosen)
{
    Fr__WaitTold told = FR__WAIT_TOLD__INIT;

    told.has_choice = true;
    told.choice = chosen->choice;
    told.has_from_us = chosen->has_from_us;
    told.from_us = chosen->from_us;
    told.has_to_us = chosen->has_to_us;
    told.to_us = chosen->to_us;
    return say_told(talk, &told, chosen->task_id);
}

/* WaitChosen: the customer would rather wait, help himself, or be called back.
 *
 * Reads conversations.  Emits WaitChoiceMade (routing keeps the place); for a call-back
 * PromiseRequested (sla keeps the promise), a note for the agent, and WaitTold with what was
 * chosen. Sent twice: the same choice is known. Late (an agent has it, or it is over): nothing is
 * promised.
 */
enum fr_error
conversations_decide_wait_chosen(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WaitChosen *chosen = fr_unpack(turn, input, &fr__wait_chosen__descriptor);
    struct conversations_talk talk;
    const char *wrong;
    enum fr_error err;

    if (chosen == NULL)
        return fr_reject(turn, input, "WaitChosen does not decode");
    wrong = what_is_wrong(chosen, turn->now);
    if (wrong != NULL)
        return fr_reject(turn, input, "%s", wrong);
    err = conversations_talk_begin(&talk, turn, input, chosen->conversation_id);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "WaitChosen names a conversation that does not exist");
    if (err != FR_OK)
        return err;
    if (!talk.matter->open || talk.matter->wait_task_id != chosen->task_id ||
        talk.matter->agent != NULL) {
        fr_count(turn, CONVERSATIONS_STALE, 1);
        return FR_OK;
    }
    if (talk.matter->wait_choice == FR__WAIT_CHOICE__CALL_ME_BACK ||
        (talk.matter->has_wait_choice && talk.matter->wait_choice == chosen->choice)) {
        fr_count(turn, CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    err = say_choice(&talk, chosen);
    if (err == FR_OK && chosen->choice == FR__WAIT_CHOICE__CALL_ME_BACK)
        err = call_back(&talk, chosen);
    if (err == FR_OK && chosen->choice == FR__WAIT_CHOICE__CALL_ME_BACK)
        err = say_chosen(&talk, chosen);
    return err;
}
