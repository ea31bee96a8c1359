/* apply.c - one function per event: the only callers of the tables' put. */
#include "services/channel_webform/tables.h"

static uint64_t
ticket_of(const char *address)
{
    uint64_t ticket = 0;

    fr_assert(fr_id_parse(fr_slice_str(address), &ticket) == FR_OK); /* we wrote it */
    return ticket;
}

/* MessageReceived.  Writes submissions, seen. */
enum fr_error
webform_apply_message_received(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MessageReceived *message = fr_body(event);
    struct webform_submission submission = {.received_us = message->received_us,
                                            .fingerprint = webform_fingerprint(message)};

    snprintf(submission.account, sizeof(submission.account), "%s", message->account);
    return webform_submission_add(tables, event->head->id, &submission, message->external_id);
}

/* AnswerKept.  Writes answers, places, submissions (one answer more), and the effect that posts it.
 */
enum fr_error
webform_apply_answer_kept(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AnswerKept *kept = fr_body(event);
    Fr__WebformStateAnswer answer = FR__WEBFORM_STATE_ANSWER__INIT;
    struct webform_submission submission;
    uint64_t ticket = ticket_of(kept->address);
    enum fr_error err;

    answer.kept = (Fr__AnswerKept *)kept;
    err = webform_answer_put(tables, ticket, &answer);
    if (err == FR_OK)
        err = webform_submission_get(fr_tables_view(tables), ticket, &submission);
    if (err != FR_OK)
        return err;
    submission.answer_count = kept->position;
    err = webform_submission_update(tables, ticket, &submission);
    if (err == FR_OK && kept->post)
        err = fr_effect_put(tables, WEBFORM_EFFECT_POST, kept->message_id, event->body);
    return err;
}

/* AnswersSeen.  Writes submissions (how many are read). */
enum fr_error
webform_apply_answers_seen(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AnswersSeen *seen = fr_body(event);
    struct webform_submission submission;
    uint64_t ticket = ticket_of(seen->address);
    enum fr_error err = webform_submission_get(fr_tables_view(tables), ticket, &submission);

    if (err != FR_OK)
        return err;
    submission.read_count = seen->read;
    return webform_submission_update(tables, ticket, &submission);
}

/* The stored answer of that name, in apply's own memory. */
static enum fr_error
find_answer(struct fr_tables *tables, uint64_t message_id, uint64_t *ticket,
            const Fr__WebformStateAnswer **answer)
{
    const struct fr_view *view = fr_tables_view(tables);
    uint32_t position;
    enum fr_error err = webform_answer_find(view, message_id, ticket, &position);

    if (err == FR_OK)
        err = webform_answer_get(view, fr_tables_arena(tables), *ticket, position, answer);
    return err;
}

/* AnswerTried.  Writes answers (one try more); ends the effect, and arms the timer of the next try.
 */
enum fr_error
webform_apply_answer_tried(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AnswerTried *tried = fr_body(event);
    const Fr__WebformStateAnswer *stored;
    Fr__WebformStateAnswer answer;
    uint64_t ticket;
    enum fr_error err = find_answer(tables, tried->message_id, &ticket, &stored);

    if (err != FR_OK)
        return err;
    answer = *stored;
    answer.tries++;
    err = webform_answer_put(tables, ticket, &answer);
    if (err == FR_OK)
        err = fr_effect_done(tables, WEBFORM_EFFECT_POST, tried->message_id);
    if (err == FR_OK && tried->has_again_us)
        err = fr_timer_arm(tables, WEBFORM_TIMER_POST, tried->message_id,
                           (struct fr_time){tried->again_us});
    return err;
}

/* AnswerDue.  Writes the effect that posts it again. */
enum fr_error
webform_apply_answer_due(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AnswerDue *due = fr_body(event);
    const Fr__WebformStateAnswer *answer;
    uint64_t ticket;
    uint8_t *body;
    size_t size;
    enum fr_error err = find_answer(tables, due->message_id, &ticket, &answer);

    if (err != FR_OK)
        return err;
    size = fr__answer_kept__get_packed_size(answer->kept);
    body = fr_arena_alloc(fr_tables_arena(tables), size + 1);
    if (body == NULL)
        return FR_NO_MEMORY;
    fr__answer_kept__pack(answer->kept, body);
    return fr_effect_put(tables, WEBFORM_EFFECT_POST, due->message_id, fr_slice(body, size));
}

static enum fr_error
forget(struct fr_tables *tables, uint64_t ticket)
{
    struct webform_submission submission;
    enum fr_error err = webform_submission_get(fr_tables_view(tables), ticket, &submission);

    if (err != FR_OK)
        return err;
    for (uint32_t position = 1; err == FR_OK && position <= submission.answer_count; position++) {
        const Fr__WebformStateAnswer *answer;
        uint64_t message_id;

        err = webform_answer_get(fr_tables_view(tables), fr_tables_arena(tables), ticket, position,
                                 &answer);
        if (err != FR_OK)
            return err;
        message_id = answer->kept->message_id;
        err = webform_answer_del(tables, ticket, position, message_id);
        if (err == FR_OK)
            err = fr_timer_disarm(tables, WEBFORM_TIMER_POST, message_id);
        if (err == FR_OK)
            err = fr_effect_done(tables, WEBFORM_EFFECT_POST, message_id);
    }
    return err == FR_OK ? webform_submission_del(tables, ticket) : err;
}

/* AddressesForgotten.  Deletes them from every table; arms the timer of the next look. */
enum fr_error
webform_apply_forgotten(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AddressesForgotten *forgotten = fr_body(event);
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < forgotten->n_addresses; i++)
        err = forget(tables, ticket_of(forgotten->addresses[i]));
    if (err == FR_OK)
        err = fr_timer_arm(tables, WEBFORM_TIMER_SWEEP, 0, (struct fr_time){forgotten->again_us});
    return err;
}
