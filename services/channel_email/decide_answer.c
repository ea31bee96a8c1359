/* decide_answer.c - answers go out by SMTP: queued, tried, tried again, given up. */
#include "services/channel_email/counters.h"
#include "services/channel_email/queue.h"
#include "services/channel_email/token.h"

#define RETRY_EVERY_MAX_S 7200

static enum fr_error
say_delivery(struct fr_turn *turn, const struct fr_record *input, const Fr__EmailQueued *queued,
             Fr__DeliveryState state, const char *reason)
{
    const struct email_config *config = turn->config;
    const struct email_account *account = email_account_find(config, queued->account);
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;
    char name[EMAIL_MESSAGE_ID_SIZE];

    if (queued->acknowledgement)
        return FR_OK; /* it stands in no conversation */
    if (account != NULL && config->reply_secret != NULL) {
        email_message_id(config->reply_secret, account, queued->message_id, name);
        changed.external_id = name;
    }
    changed.message_id = queued->message_id;
    changed.conversation_id = queued->conversation_id;
    changed.state = state;
    changed.at_us = turn->now.unix_us;
    changed.reason = (char *)reason;
    fr_count(turn, EMAIL_COUNT_LOST, state == FR__DELIVERY_STATE__UNDELIVERED);
    return fr_emit(turn, input, &changed.base);
}

static enum fr_error
refuse(struct fr_turn *turn, const struct fr_record *input, const Fr__OutboundRequested *request,
       const char *reason)
{
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;

    changed.message_id = request->message_id;
    changed.conversation_id = request->conversation_id;
    changed.state = FR__DELIVERY_STATE__UNDELIVERED;
    changed.at_us = turn->now.unix_us;
    changed.reason = (char *)reason;
    fr_count(turn, EMAIL_COUNT_LOST, 1);
    return fr_emit(turn, input, &changed.base);
}

/* A subject is one line; what would begin another header is no subject. */
static bool
one_line(const char *text)
{
    return text == NULL || text[strcspn(text, "\r\n")] == '\0';
}

/* OutboundRequested: an answer, or a notice, to a customer's address.
 *
 * Reads sent, names, mails.  Emits EmailQueued and DeliveryChanged ACCEPTED, which gives our
 * Message-ID; DeliveryChanged UNDELIVERED where it cannot go out.
 * Sent twice: the message_id is in `sent` already.  (What was refused is refused again, in the same
 * words.)
 */
enum fr_error
email_decide_outbound(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OutboundRequested *request =
        fr_unpack(turn, input, &fr__outbound_requested__descriptor);
    const struct email_account *account;
    const Fr__EmailStateSent *sent;
    enum fr_error err;

    if (request == NULL)
        return fr_reject(turn, input, "OutboundRequested does not decode");
    err = email_sent_get(turn->view, request->message_id, turn->arena, &sent);
    if (err != FR_NOT_FOUND)
        return err;
    account = email_account_find(turn->config, request->account);
    if (account == NULL)
        return refuse(turn, input, request, "the account is not configured any more");
    if (!email_sendable(request->address))
        return refuse(turn, input, request, "the address is none that mail can be sent to");
    if (!one_line(request->subject) || !one_line(request->author))
        return refuse(turn, input, request, "the subject or the author has more than one line");
    err = email_queue_answer(turn, input, account, request);
    if (err == FR_OK)
        err = email_sent_get(turn->view, request->message_id, turn->arena, &sent);
    return err == FR_OK
               ? say_delivery(turn, input, sent->queued, FR__DELIVERY_STATE__ACCEPTED, NULL)
               : err;
}

/* ---- tries ---- */

/* 1, 2, 4... minutes, two hours at most. */
static struct fr_span
patience(const struct email_config *config, uint32_t tries)
{
    int64_t us = config->retry_first.us, most_us = RETRY_EVERY_MAX_S * INT64_C(1000000);

    for (uint32_t i = 0; i < tries && us < most_us; i++)
        us *= 2;
    return (struct fr_span){us < most_us || tries == 0 ? us : most_us};
}

static enum fr_error
give_up(struct fr_turn *turn, const struct fr_record *input, const Fr__EmailStateSent *sent,
        const Fr__EmailTried *tried, bool uncertain)
{
    const struct email_config *config = turn->config;
    bool refused = tried->result == FR__EMAIL_RESULT__EMAIL_REFUSED;
    char span[FR_TIME_TEXT_SIZE];
    const char *why = tried->reason != NULL ? tried->reason : "no reason given";
    char *reason = refused ? fr_arena_printf(turn->arena, "refused: %s%s", why,
                                             uncertain ? " (an earlier try may have arrived)" : "")
                           : fr_arena_printf(turn->arena, "given up after %s: %s%s",
                                             fr_span_format(config->give_up_after, span), why,
                                             uncertain ? " (it may have arrived)" : "");

    return reason == NULL
               ? FR_NO_MEMORY
               : say_delivery(turn, input, sent->queued, FR__DELIVERY_STATE__UNDELIVERED, reason);
}

/* What follows from a try, besides the record of it. */
static enum fr_error
tell(struct fr_turn *turn, const struct fr_record *input, const Fr__EmailStateSent *sent,
     const Fr__EmailTried *tried)
{
    bool unknown = tried->result == FR__EMAIL_RESULT__EMAIL_UNKNOWN || tried->broken_off;
    bool ended = tried->result == FR__EMAIL_RESULT__EMAIL_SENT;
    enum fr_error err = FR_OK;

    if (unknown && !sent->uncertain) {
        fr_count(turn, EMAIL_COUNT_UNCERTAIN, 1);
        err = say_delivery(turn, input, sent->queued, FR__DELIVERY_STATE__UNCERTAIN,
                           "a try ended without an answer: it is sent again under the same "
                           "Message-ID and may arrive twice");
    }
    if (err != FR_OK || tried->has_again_us)
        return err;
    if (ended && (unknown || sent->uncertain))
        return FR_OK; /* it stays uncertain whether it went out once or twice */
    return ended ? say_delivery(turn, input, sent->queued, FR__DELIVERY_STATE__SENT, NULL)
                 : give_up(turn, input, sent, tried, unknown || sent->uncertain);
}

/* EmailTried, submitted by the effect: the smarthost took the mail, or did not.
 *
 * Reads sent.  Emits EmailTried with the time of the next try, and DeliveryChanged: UNCERTAIN as
 * soon as it is, SENT or UNDELIVERED at the end.
 * Sent twice: cannot be; an outcome is taken once.  A try that a crash cut off is made again under
 * the same Message-ID, and says so (broken_off).
 */
enum fr_error
email_decide_tried(struct fr_turn *turn, const struct fr_record *input)
{
    const struct email_config *config = turn->config;
    const Fr__EmailTried *outcome = fr_unpack(turn, input, &fr__email_tried__descriptor);
    const Fr__EmailStateSent *sent;
    Fr__EmailTried tried;
    struct fr_time again;
    bool passing;
    enum fr_error err;

    if (outcome == NULL)
        return fr_reject(turn, input, "EmailTried does not decode");
    err = email_sent_get(turn->view, outcome->message_id, turn->arena, &sent);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err; /* forgotten while the try was under way */
    tried = *outcome;
    again = fr_time_add(turn->now, patience(config, sent->tries));
    passing = outcome->result == FR__EMAIL_RESULT__EMAIL_LATER ||
              outcome->result == FR__EMAIL_RESULT__EMAIL_UNKNOWN;
    tried.has_again_us = passing && fr_time_since(again, (struct fr_time){sent->first_us}).us <=
                                        config->give_up_after.us;
    tried.again_us = tried.has_again_us ? again.unix_us : 0;
    err = fr_emit(turn, input, &tried.base);
    fr_count(turn, EMAIL_COUNT_SENT, outcome->result == FR__EMAIL_RESULT__EMAIL_SENT);
    fr_count(turn, EMAIL_COUNT_LATER, tried.has_again_us);
    return err == FR_OK ? tell(turn, input, sent, &tried) : err;
}

/* The timer of a try that failed.  Emits EmailDue; what was forgotten has no timer any more. */
enum fr_error
email_decide_due(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__EmailDue due = FR__EMAIL_DUE__INIT;

    due.message_id = input->head->key;
    return fr_emit(turn, input, &due.base);
}
