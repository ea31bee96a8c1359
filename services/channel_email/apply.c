/* apply.c - one function per event: the only callers of the tables' put. */
#include "services/channel_email/tables.h"

static enum fr_error
move_cursor(struct fr_tables *tables, const Fr__EmailPlace *place)
{
    const struct email_cursor cursor = {.uidvalidity = place->uidvalidity, .uid = place->uid};

    return email_cursor_put(tables, place->mailbox, cursor);
}

/* EmailTaken.  Writes mails, names, cursors. */
enum fr_error
email_apply_taken(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EmailTaken *taken = fr_body(event);
    enum fr_error err = email_mail_put(tables, event->head->id, taken, event->body);

    return err == FR_OK && taken->place != NULL ? move_cursor(tables, taken->place) : err;
}

/* MailboxRead.  Writes cursors. */
enum fr_error
email_apply_mailbox_read(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MailboxRead *read = fr_body(event);

    return move_cursor(tables, read->place);
}

/* EmailRetried.  Writes the effect that reads the kept bytes again. */
enum fr_error
email_apply_retried(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EmailRetried *retried = fr_body(event);

    return fr_effect_put(tables, EMAIL_EFFECT_REREAD, event->head->id,
                         fr_slice(retried->arrived.data, retried->arrived.len));
}

/* EmailReread.  Ends that effect. */
enum fr_error
email_apply_reread(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EmailReread *reread = fr_body(event);

    return fr_effect_done(tables, EMAIL_EFFECT_REREAD, reread->retried);
}

static enum fr_error
count_acknowledgement(struct fr_tables *tables, const Fr__EmailQueued *queued)
{
    const struct email_acked acked = {.message = queued->message_id, .at_us = queued->at_us};
    const struct fr_view *view = fr_tables_view(tables);
    const char *people[] = {queued->acknowledged_to, ""};
    enum fr_error err = email_acked_put(
        tables, queued->account, queued->acknowledged_to,
        fr_slice(queued->acknowledged_about.data, queued->acknowledged_about.len), &acked);

    for (size_t i = 0; err == FR_OK && i < 2; i++)
        err = email_hour_put(tables, queued->account, people[i], queued->at_us,
                             email_hour_get(view, queued->account, people[i], queued->at_us) + 1);
    return err;
}

/* EmailQueued.  Writes sent, and the effect that sends it; of an acknowledgement acked and hours.
 */
enum fr_error
email_apply_queued(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EmailQueued *queued = fr_body(event);
    Fr__EmailStateSent sent = FR__EMAIL_STATE_SENT__INIT;
    enum fr_error err;

    sent.queued = (Fr__EmailQueued *)queued;
    sent.first_us = event->head->time_us;
    err = email_sent_put(tables, &sent);
    if (err == FR_OK)
        err = fr_effect_put(tables, EMAIL_EFFECT_SEND, queued->message_id, event->body);
    return err == FR_OK && queued->acknowledgement ? count_acknowledgement(tables, queued) : err;
}

/* EmailTried.  Writes sent (one try more); ends the effect, and arms the timer of the next try. */
enum fr_error
email_apply_tried(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EmailTried *tried = fr_body(event);
    const Fr__EmailStateSent *stored;
    Fr__EmailStateSent sent;
    enum fr_error err =
        email_sent_get(fr_tables_view(tables), tried->message_id, fr_tables_arena(tables), &stored);

    if (err != FR_OK)
        return err;
    sent = *stored;
    sent.tries++;
    sent.has_over = true;
    sent.over = !tried->has_again_us;
    sent.has_uncertain = true;
    sent.uncertain =
        stored->uncertain || tried->broken_off || tried->result == FR__EMAIL_RESULT__EMAIL_UNKNOWN;
    err = email_sent_put(tables, &sent);
    if (err == FR_OK)
        err = fr_effect_done(tables, EMAIL_EFFECT_SEND, tried->message_id);
    if (err == FR_OK && tried->has_again_us)
        err = fr_timer_arm(tables, EMAIL_TIMER_SEND, tried->message_id,
                           (struct fr_time){tried->again_us});
    return err;
}

/* EmailDue.  Writes the effect that sends it again. */
enum fr_error
email_apply_due(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EmailDue *due = fr_body(event);
    const Fr__EmailStateSent *sent;
    uint8_t *body;
    size_t size;
    enum fr_error err =
        email_sent_get(fr_tables_view(tables), due->message_id, fr_tables_arena(tables), &sent);

    if (err != FR_OK)
        return err;
    size = fr__email_queued__get_packed_size(sent->queued);
    body = fr_arena_alloc(fr_tables_arena(tables), size + 1);
    if (body == NULL)
        return FR_NO_MEMORY;
    fr__email_queued__pack(sent->queued, body);
    return fr_effect_put(tables, EMAIL_EFFECT_SEND, due->message_id, fr_slice(body, size));
}

static enum fr_error
forget_acknowledgement(struct fr_tables *tables, const Fr__EmailQueued *queued)
{
    struct fr_slice about =
        fr_slice(queued->acknowledged_about.data, queued->acknowledged_about.len);
    struct email_acked acked;
    enum fr_error err = email_acked_get(fr_tables_view(tables), queued->account,
                                        queued->acknowledged_to, about, &acked);

    if (err == FR_OK && acked.message == queued->message_id)
        err = email_acked_del(tables, queued->account, queued->acknowledged_to, about);
    if (err == FR_OK || err == FR_NOT_FOUND)
        err = email_hour_del(tables, queued->account, queued->acknowledged_to, queued->at_us);
    return err == FR_OK ? email_hour_del(tables, queued->account, "", queued->at_us) : err;
}

static enum fr_error
forget_sent(struct fr_tables *tables, uint64_t message)
{
    const Fr__EmailStateSent *sent;
    enum fr_error err =
        email_sent_get(fr_tables_view(tables), message, fr_tables_arena(tables), &sent);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (sent->queued->acknowledgement)
        err = forget_acknowledgement(tables, sent->queued);
    return err == FR_OK ? email_sent_del(tables, message) : err;
}

/* EmailsForgotten.  Deletes them from every table; arms the timer of the next look. */
enum fr_error
email_apply_forgotten(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__EmailsForgotten *forgotten = fr_body(event);
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < forgotten->n_mails; i++)
        err = email_mail_del(tables, forgotten->mails[i]);
    for (size_t i = 0; err == FR_OK && i < forgotten->n_sent; i++)
        err = forget_sent(tables, forgotten->sent[i]);
    if (err == FR_OK)
        err = fr_timer_arm(tables, EMAIL_TIMER_SWEEP, 0, (struct fr_time){forgotten->again_us});
    return err;
}
