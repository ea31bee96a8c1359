/* decide.c - what customers do: they send the form, and look at their ticket. */
#include "common/base/hash.h"
#include "services/channel_webform/counters.h"
#include "services/channel_webform/tables.h"

#define READ_MAX 256 /* answers noted as read by one look */
#define SWEEP_MAX 500
#define SWEEP_EVERY_S 3600

static uint64_t
mix(uint64_t sum, const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);

    return fr_chain(sum, fr_hash(text == NULL ? "" : text, size), (uint32_t)size);
}

uint64_t
webform_fingerprint(const Fr__MessageReceived *message)
{
    uint64_t sum = mix(mix(mix(0, message->text), message->name), message->subject);

    sum = mix(mix(sum, message->language), message->page);
    sum = mix(sum, message->complaint ? "complaint" : "");
    for (size_t i = 0; i < message->n_keys; i++) {
        sum = mix(mix(sum, message->keys[i]->type), message->keys[i]->value);
        sum = fr_chain(sum, message->keys[i]->assurance, 0);
    }
    return sum;
}

/* ---- the form was sent ---- */

/* The key is known.  The same content gets the same ticket; anything else is a mistake of the
 * sender (or somebody who tries keys to get at other people's tickets). */
static enum fr_error
answer_repeated(struct fr_turn *turn, const struct fr_record *input,
                const Fr__MessageReceived *message, uint64_t ticket)
{
    const struct webform_taken taken = {.ticket = ticket, .repeated = 1};
    struct webform_submission submission;
    enum fr_error err = webform_submission_get(turn->view, ticket, &submission);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_CORRUPT : err;
    if (submission.fingerprint != webform_fingerprint(message)) {
        fr_count(turn, WEBFORM_COUNT_CONFLICT, 1);
        return fr_reject(turn, input, "this idempotency key was used for something else before");
    }
    fr_count(turn, WEBFORM_COUNT_REPEATED, 1);
    fr_answer(turn, &taken, sizeof(taken));
    return FR_OK;
}

/* MessageReceived, submitted by the edge: a customer filled in the form.
 *
 * Reads seen, submissions.  Emits MessageReceived: the ticket is that record's own id, and the
 * address that an answer goes to. Sent twice (same account and idempotency key): the ticket of the
 * first time, and nothing is emitted.
 */
enum fr_error
webform_decide_submitted(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageReceived *said = fr_unpack(turn, input, &fr__message_received__descriptor);
    struct webform_taken taken = {.repeated = 0};
    Fr__MessageReceived message;
    char address[FR_ID_TEXT_SIZE];
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "MessageReceived does not decode");
    err = webform_seen_get(turn->view, said->account, said->external_id, &taken.ticket);
    if (err == FR_OK)
        return answer_repeated(turn, input, said, taken.ticket);
    if (err != FR_NOT_FOUND)
        return err;
    taken.ticket = fr_next_id(turn);
    message = *said;
    message.address = fr_id_format(taken.ticket, address);
    err = fr_emit(turn, input, &message.base);
    if (err != FR_OK)
        return err;
    fr_count(turn, WEBFORM_COUNT_TAKEN, 1);
    fr_answer(turn, &taken, sizeof(taken));
    return FR_OK;
}

/* ---- the ticket is looked at ---- */

static enum fr_error
say_read(struct fr_turn *turn, const struct fr_record *input, uint64_t ticket, uint32_t position)
{
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;
    const Fr__WebformStateAnswer *answer;
    enum fr_error err = webform_answer_get(turn->view, turn->arena, ticket, position, &answer);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_CORRUPT : err;
    changed.message_id = answer->kept->message_id;
    changed.conversation_id = answer->kept->conversation_id;
    changed.state = FR__DELIVERY_STATE__READ;
    changed.at_us = turn->now.unix_us;
    return fr_emit(turn, input, &changed.base);
}

static enum fr_error
note_read(struct fr_turn *turn, const struct fr_record *input, const char *address, uint64_t ticket,
          const struct webform_submission *submission)
{
    Fr__AnswersSeen seen = FR__ANSWERS_SEEN__INIT;
    uint32_t last = submission->answer_count;
    enum fr_error err;

    if (submission->read_count >= last)
        return FR_OK;
    if (last - submission->read_count > READ_MAX)
        last = submission->read_count + READ_MAX;
    seen.address = (char *)address;
    seen.delivered = seen.read = last;
    err = fr_emit(turn, input, &seen.base);
    for (uint32_t position = submission->read_count + 1; err == FR_OK && position <= last;
         position++)
        err = say_read(turn, input, ticket, position);
    return err;
}

/* AnswersAsked: the holder of the ticket looks at it.
 *
 * Reads submissions, answers.  Emits AnswersSeen, and DeliveryChanged READ for each answer that he
 * had not read.  Answers with the ticket as JSON. Sent twice: the second look finds nothing unread.
 */
enum fr_error
webform_decide_asked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AnswersAsked *asked = fr_unpack(turn, input, &fr__answers_asked__descriptor);
    struct webform_submission submission;
    uint64_t ticket;
    json_t *json;
    enum fr_error err;

    if (asked == NULL || fr_id_parse(fr_slice_str(asked->address), &ticket) != FR_OK)
        return fr_reject(turn, input, "AnswersAsked does not decode");
    err = webform_submission_get(turn->view, ticket, &submission);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "there is no such ticket any more");
    if (err == FR_OK)
        err = note_read(turn, input, asked->address, ticket, &submission);
    if (err != FR_OK)
        return err;
    err = webform_ticket_json(turn->view, turn->arena, ticket, &json);
    if (err == FR_OK)
        fr_answer_json(turn, json);
    return err;
}

/* ---- what is old is forgotten ---- */

/* At start: somebody has to make the first look. */
enum fr_error
webform_decide_config(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__AddressesForgotten forgotten = FR__ADDRESSES_FORGOTTEN__INIT;
    struct fr_time due;

    if (fr_timer_get(turn->view, WEBFORM_TIMER_SWEEP, 0, &due) == FR_OK)
        return FR_OK;
    forgotten.again_us = fr_time_add(turn->now, fr_seconds(SWEEP_EVERY_S)).unix_us;
    return fr_emit(turn, input, &forgotten.base);
}

static enum fr_error
collect_old(struct fr_turn *turn, char **addresses, size_t *count)
{
    const struct webform_config *config = turn->config;
    struct webform_submission submission;
    struct fr_scan scan;
    uint64_t ticket;
    enum fr_error err = FR_OK;

    webform_submission_scan(&scan, turn->view);
    while (*count < SWEEP_MAX && err == FR_OK) {
        char text[FR_ID_TEXT_SIZE];

        err = webform_submission_next(&scan, &ticket, &submission);
        if (err != FR_OK || submission.received_us > turn->now.unix_us - config->keep.us)
            break;
        addresses[*count] = fr_arena_strdup(turn->arena, fr_id_format(ticket, text));
        if (addresses[*count] == NULL)
            err = FR_NO_MEMORY;
        else
            ++*count;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* The timer of the hourly look: tickets older than `keep` go, so many at a time, oldest first.
 *
 * Reads submissions.  Emits AddressesForgotten, which also says when the next look is.
 */
enum fr_error
webform_decide_sweep(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__AddressesForgotten forgotten = FR__ADDRESSES_FORGOTTEN__INIT;
    char *addresses[SWEEP_MAX];
    size_t count = 0;
    enum fr_error err = collect_old(turn, addresses, &count);

    if (err != FR_OK)
        return err;
    forgotten.addresses = addresses;
    forgotten.n_addresses = count;
    forgotten.again_us =
        fr_time_add(turn->now, fr_seconds(count == SWEEP_MAX ? 1 : SWEEP_EVERY_S)).unix_us;
    fr_count(turn, WEBFORM_COUNT_FORGOTTEN, count);
    return fr_emit(turn, input, &forgotten.base);
}
