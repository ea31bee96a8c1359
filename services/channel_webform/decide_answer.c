/* decide_answer.c - answers: kept for the ticket, and posted to the account's answer_url if it has
 * one. */
#include "services/channel_webform/counters.h"
#include "services/channel_webform/tables.h"
#include "proto/conversation.pb-c.h"

static enum fr_error
say_delivery(struct fr_turn *turn, const struct fr_record *input, uint64_t message_id,
             uint64_t conversation_id, Fr__DeliveryState state, const char *reason)
{
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;

    changed.message_id = message_id;
    changed.conversation_id = conversation_id;
    changed.state = state;
    changed.at_us = turn->now.unix_us;
    changed.reason = (char *)reason;
    return fr_emit(turn, input, &changed.base);
}

static bool
wants_post(const struct webform_config *config, const char *account)
{
    const struct webform_account *row = webform_account_find(config, account);

    return row != NULL && row->answer_url != NULL;
}

static enum fr_error
keep(struct fr_turn *turn, const struct fr_record *input, const Fr__OutboundRequested *request,
     const struct webform_submission *submission)
{
    Fr__AnswerKept kept = FR__ANSWER_KEPT__INIT;

    kept.address = request->address;
    kept.position = submission->answer_count + 1;
    kept.account = (char *)submission->account;
    kept.message_id = request->message_id;
    kept.conversation_id = request->conversation_id;
    kept.text = request->text;
    kept.at_us = request->at_us;
    kept.direction = request->direction;
    kept.author = request->author;
    kept.in_reply_to = request->in_reply_to;
    kept.has_post = true;
    kept.post = wants_post(turn->config, submission->account);
    return fr_emit(turn, input, &kept.base);
}

/* OutboundRequested: an answer (or a notice) for the holder of a ticket.
 *
 * Reads submissions, places.  Emits AnswerKept and DeliveryChanged SENT: from now on the ticket
 * page shows it.  For a ticket that is not there (any more): DeliveryChanged UNDELIVERED. Sent
 * twice: the second copy has a message_id that is kept already, and is ignored.
 */
enum fr_error
webform_decide_outbound(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OutboundRequested *request =
        fr_unpack(turn, input, &fr__outbound_requested__descriptor);
    struct webform_submission submission;
    uint64_t ticket, kept_at;
    uint32_t position;
    enum fr_error err;

    if (request == NULL)
        return fr_reject(turn, input, "OutboundRequested does not decode");
    err = webform_answer_find(turn->view, request->message_id, &kept_at, &position);
    if (err != FR_NOT_FOUND)
        return err;
    err = fr_id_parse(fr_slice_str(request->address), &ticket) == FR_OK
              ? webform_submission_get(turn->view, ticket, &submission)
              : FR_NOT_FOUND;
    if (err == FR_NOT_FOUND) {
        fr_count(turn, WEBFORM_COUNT_NOWHERE, 1);
        return say_delivery(turn, input, request->message_id, request->conversation_id,
                            FR__DELIVERY_STATE__UNDELIVERED, "the ticket is not kept any more");
    }
    if (err == FR_OK)
        err = keep(turn, input, request, &submission);
    if (err != FR_OK)
        return err;
    fr_count(turn, WEBFORM_COUNT_ANSWERS, 1);
    return say_delivery(turn, input, request->message_id, request->conversation_id,
                        FR__DELIVERY_STATE__SENT, NULL);
}

/* ---- posting ---- */

/* 5 s, 10 s, 20 s... an hour: the peer may be down for a moment or for a morning. */
static struct fr_span
patience(uint32_t tries)
{
    return fr_seconds(tries < 10 && (5 << tries) < 3600 ? 5 << tries : 3600);
}

/* AnswerTried, submitted by the effect: an answer_url took the answer, or did not.
 *
 * Reads places, answers.  Emits AnswerTried with the time of the next try; or, when there will be
 * none, AnswerTried and DeliveryChanged with what is true then. Sent twice: cannot be; an outcome
 * is taken once, and a try that was cut off by a crash is made again under the same
 * Idempotency-Key.
 */
enum fr_error
webform_decide_tried(struct fr_turn *turn, const struct fr_record *input)
{
    const struct webform_config *config = turn->config;
    const Fr__AnswerTried *outcome = fr_unpack(turn, input, &fr__answer_tried__descriptor);
    const Fr__WebformStateAnswer *answer;
    Fr__AnswerTried tried;
    uint64_t ticket;
    uint32_t position;
    enum fr_error err;

    if (outcome == NULL)
        return fr_reject(turn, input, "AnswerTried does not decode");
    err = webform_answer_find(turn->view, outcome->message_id, &ticket, &position);
    if (err == FR_OK)
        err = webform_answer_get(turn->view, turn->arena, ticket, position, &answer);
    if (err == FR_NOT_FOUND)
        return FR_OK; /* forgotten while the try was under way */
    if (err != FR_OK)
        return err;
    tried = *outcome;
    tried.again = outcome->again && answer->tries + 1 < (uint32_t)config->answer_tries;
    tried.has_again_us = tried.again;
    tried.again_us = tried.again ? fr_time_add(turn->now, patience(answer->tries)).unix_us : 0;
    err = fr_emit(turn, input, &tried.base);
    fr_count(turn,
             outcome->state == FR__DELIVERY_STATE__DELIVERED ? WEBFORM_COUNT_POSTED
                                                             : WEBFORM_COUNT_POST_FAIL,
             1);
    if (err != FR_OK || tried.again)
        return err;
    fr_count(turn, WEBFORM_COUNT_POST_LOST, outcome->state != FR__DELIVERY_STATE__DELIVERED);
    return say_delivery(turn, input, outcome->message_id, answer->kept->conversation_id,
                        outcome->state, outcome->reason);
}

/* The timer of a try that failed.  Emits AnswerDue; what was forgotten has no timer any more. */
enum fr_error
webform_decide_post_due(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__AnswerDue due = FR__ANSWER_DUE__INIT;

    due.message_id = input->head->key;
    return fr_emit(turn, input, &due.base);
}
