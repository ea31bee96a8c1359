/* decide_answer.c - what we say to a session: kept there, whoever is listening at the moment. */
#include "services/channel_webchat/counters.h"
#include "services/channel_webchat/tables.h"

static enum fr_error
say_delivery(struct fr_turn *turn, const struct fr_record *input,
             const Fr__OutboundRequested *request, Fr__DeliveryState state, const char *reason)
{
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;

    changed.message_id = request->message_id;
    changed.conversation_id = request->conversation_id;
    changed.state = state;
    changed.at_us = turn->now.unix_us;
    changed.reason = (char *)reason;
    return fr_emit(turn, input, &changed.base);
}

static enum fr_error
keep(struct fr_turn *turn, const struct fr_record *input, const Fr__OutboundRequested *request,
     const Fr__WebchatStateSession *row)
{
    Fr__AnswerKept kept = FR__ANSWER_KEPT__INIT;

    kept.address = request->address;
    kept.position = row->count + 1;
    kept.account = row->account;
    kept.message_id = request->message_id;
    kept.conversation_id = request->conversation_id;
    kept.text = request->text;
    kept.at_us = request->at_us;
    kept.direction = request->direction;
    kept.author = request->author;
    return fr_emit(turn, input, &kept.base);
}

/* OutboundRequested: an answer, or a notice, for a session.
 *
 * Reads kept, sessions.  Emits AnswerKept (the edge pushes it to the open windows, others fetch it
 * when they come back) and DeliveryChanged ACCEPTED; DELIVERED and READ follow when a browser says
 * so.  For a session that is not kept any more: DeliveryChanged UNDELIVERED. Sent twice: the second
 * copy has a message_id that is kept already, and is ignored.
 */
enum fr_error
webchat_decide_outbound(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OutboundRequested *request =
        fr_unpack(turn, input, &fr__outbound_requested__descriptor);
    const Fr__WebchatStateSession *row;
    uint32_t position;
    enum fr_error err;

    if (request == NULL)
        return fr_reject(turn, input, "OutboundRequested does not decode");
    err = webchat_kept_get(turn->view, request->message_id, &position);
    if (err != FR_NOT_FOUND)
        return err;
    err = webchat_session_get(turn->view, turn->arena, request->address, &row);
    if (err == FR_NOT_FOUND || (err == FR_OK && strcmp(row->account, request->account) != 0)) {
        fr_count(turn, WEBCHAT_COUNT_NOWHERE, 1);
        return say_delivery(turn, input, request, FR__DELIVERY_STATE__UNDELIVERED,
                            "the chat session is not kept any more");
    }
    if (err == FR_OK)
        err = keep(turn, input, request, row);
    if (err != FR_OK)
        return err;
    fr_count(turn, WEBCHAT_COUNT_ANSWERS, 1);
    return say_delivery(turn, input, request, FR__DELIVERY_STATE__ACCEPTED, NULL);
}
