/* decide_outcome.c - what becomes of it: deliveries, silence. */
#include "services/conversations/delivery.h"
#include "services/conversations/say.h"

/* ---- deliveries ---- */

/* Our answer did not reach him: the matter is open again, and somebody has to look at it, unless it
 * ended as one that could not be answered anyway. */
static enum fr_error
take_up_again(struct conversations_talk *talk, const Fr__Entry *entry, const char *why)
{
    const conversations_matter *matter = talk->matter;
    enum fr_error err = FR_OK;
    const char *text;

    if (!matter->open &&
        (matter->outcome == FR__OUTCOME__SPAM || matter->outcome == FR__OUTCOME__CUSTOMER_LEFT ||
         matter->outcome == FR__OUTCOME__NOT_DELIVERABLE))
        return FR_OK;
    if (!matter->open)
        err = conversations_say_reopened(talk, "our answer could not be delivered");
    if (err == FR_OK)
        err = conversations_talk_reload(talk);
    if (err != FR_OK || talk->matter->task_id != 0)
        return err; /* the agent who has it sees the mark on his answer */
    text = fr_arena_printf(talk->turn->arena, "Not delivered (%s): %s",
                           why != NULL ? why : "no reason given", entry->text);
    return text == NULL ? FR_NO_MEMORY : conversations_say_task(talk, text, entry->at_us);
}

/* DeliveryChanged: did it arrive?
 *
 * Reads messages, deliveries, entries, conversations.  Emits DeliveryNoted, EntryShared to the site
 * that has it; for an answer that will not arrive ConversationReopened and TaskRequested where
 * needed. Sent twice, or in the wrong order: what tells nothing new is ignored.
 */
enum fr_error
conversations_decide_delivery_changed(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__DeliveryChanged *changed = fr_unpack(turn, input, &fr__delivery_changed__descriptor);
    const Fr__ConversationsStateDelivery *known = NULL;
    Fr__DeliveryNoted noted = FR__DELIVERY_NOTED__INIT;
    struct conversations_place place;
    struct conversations_talk talk;
    Fr__Entry *entry;
    enum fr_error err;

    if (changed == NULL)
        return fr_reject(turn, input, "DeliveryChanged does not decode");
    err = conversations_message_get(turn->view, changed->message_id, &place);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "DeliveryChanged names a message that was never sent");
    if (err == FR_OK)
        err = conversations_delivery_get(turn->view, changed->message_id, turn->arena, &known);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (!conversations_delivery_moves(err == FR_OK, err == FR_OK ? known->state : changed->state,
                                      changed->state)) {
        fr_count(turn, CONVERSATIONS_REPEATED, 1);
        return FR_OK;
    }
    err = conversations_talk_begin(&talk, turn, input, place.conversation);
    noted.conversation_id = place.conversation;
    noted.message_id = changed->message_id;
    noted.state = changed->state;
    noted.reason = changed->reason;
    noted.has_at_us = true;
    noted.at_us = changed->at_us;
    noted.external_id = changed->external_id;
    if (err == FR_OK)
        err = conversations_say(&talk, &noted.base, NULL);
    if (err == FR_OK)
        err = conversations_entry_get(turn->view, place, turn->arena, &entry, NULL);
    if (err == FR_OK)
        err = conversations_say_shared(&talk, talk.matter->site, entry);
    if (err != FR_OK || changed->state != FR__DELIVERY_STATE__UNDELIVERED ||
        entry->direction != FR__DIRECTION__TO_CUSTOMER)
        return err;
    fr_count(turn, CONVERSATIONS_UNDELIVERED, 1);
    return take_up_again(&talk, entry, changed->reason);
}

/* ---- timers ---- */

/* Timer QUIET: answered, and the customer said nothing more until now: that is the outcome.
 *
 * Reads conversations, the last answer.  Emits ConversationResolved.
 * What happened meanwhile disarmed it.
 */
enum fr_error
conversations_decide_quiet(struct fr_turn *turn, const struct fr_record *input)
{
    struct conversations_talk talk;
    Fr__Entry *answer;
    bool undelivered;
    enum fr_error err = conversations_talk_begin(&talk, turn, input, input->head->key);

    if (err != FR_OK || !talk.matter->open || talk.matter->unanswered_us != 0)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = conversations_last_entry(turn->view, talk.conversation, talk.matter->entry_count,
                                   FR__DIRECTION__TO_CUSTOMER, turn->arena, &answer);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    undelivered =
        err == FR_OK && answer->has_delivery && answer->delivery == FR__DELIVERY_STATE__UNDELIVERED;
    return conversations_say_resolved(
        &talk, undelivered ? FR__OUTCOME__NOT_DELIVERABLE : FR__OUTCOME__ANSWERED,
        talk.matter->last_agent, NULL,
        undelivered ? "our answer did not reach the customer, and nothing followed"
                    : "answered, and the customer said nothing more until the quiet time was over");
}

/* Timer LOOK_AGAIN: the task ended a moment ago and the matter is still open.  An unanswered
 * customer gets another agent.
 *
 * Reads conversations, the customer's last message.  Emits TaskRequested.
 */
enum fr_error
conversations_decide_look_again(struct fr_turn *turn, const struct fr_record *input)
{
    struct conversations_talk talk;
    Fr__Entry *message;
    enum fr_error err = conversations_talk_begin(&talk, turn, input, input->head->key);

    if (err != FR_OK || !talk.matter->open || talk.matter->task_id != 0 ||
        talk.matter->unanswered_us == 0)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = conversations_last_entry(turn->view, talk.conversation, talk.matter->entry_count,
                                   FR__DIRECTION__FROM_CUSTOMER, turn->arena, &message);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    return conversations_say_task(&talk, err == FR_OK ? message->text : "",
                                  talk.matter->unanswered_us);
}
