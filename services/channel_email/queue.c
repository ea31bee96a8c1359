/* queue.c - what goes out: from something said to a mail that is worth sending. */
#include "services/channel_email/queue.h"

#include <strings.h>
#include "services/channel_email/counters.h"
#include "services/channel_email/token.h"

/* ---- words ---- */

static const char *
word_at(const char *at, const struct email_words *words, size_t *size)
{
    const struct {
        const char *name, *value;
    } rows[] = {
        {"{agent}", words->agent}, {"{brand}", words->brand}, {"{subject}", words->subject}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *size = strlen(rows[i].name);
        if (strncmp(at, rows[i].name, *size) == 0)
            return rows[i].value == NULL ? "" : rows[i].value;
    }
    return NULL;
}

static size_t
fill_in(char *out, const char *text, const struct email_words *words)
{
    size_t used = 0;

    while (*text != '\0') {
        size_t size;
        const char *word = *text == '{' ? word_at(text, words, &size) : NULL;

        if (word == NULL) {
            if (out != NULL)
                out[used] = *text;
            used++;
            text++;
            continue;
        }
        if (out != NULL)
            memcpy(out + used, word, strlen(word));
        used += strlen(word);
        text += size;
    }
    return used;
}

char *
email_fill_in(struct fr_arena *arena, const char *text, const struct email_words *words)
{
    char *out = fr_arena_zalloc(arena, fill_in(NULL, text, words) + 1, 1);

    if (out != NULL)
        fill_in(out, text, words);
    return out;
}

const char *
email_bare_subject(const char *subject)
{
    /* Reply marks as people's programs write them: en, de, nl, sv/da/no, fr, it, es, pl, fi,
     * forwards. */
    static const char *const marks[] = {"re",  "aw", "antw", "sv",  "vs", "rif", "r",   "res",
                                        "odp", "wg", "fw",   "fwd", "tr", "rv",  "enc", "vb"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t size = strlen(marks[i]);

        subject += strspn(subject, " \t");
        if (strncasecmp(subject, marks[i], size) == 0 && subject[size] == ':') {
            subject += size + 1;
            i = SIZE_MAX; /* once more from the first */
        }
    }
    return subject;
}

/* ---- what it answers ---- */

static enum fr_error
find_answered(struct fr_turn *turn, const struct email_account *account, const char *external_id,
              const Fr__EmailTaken **answered)
{
    struct email_known known;
    enum fr_error err;

    *answered = NULL;
    if (external_id == NULL)
        return FR_OK;
    err = email_known_get(turn->view, account->name, EMAIL_NAME_OUTSIDE, fr_slice_str(external_id),
                          &known);
    if (err == FR_OK)
        err = email_mail_get(turn->view, known.mail, turn->arena, answered);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* In-Reply-To is the mail itself, References its own references and it (RFC 5322, 3.6.4). */
static enum fr_error
refer_to(struct fr_turn *turn, const Fr__EmailTaken *answered, Fr__EmailQueued *queued)
{
    size_t count = answered->n_references;
    char **list = fr_arena_zalloc(turn->arena, count + 2, sizeof(*list));

    if (list == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        list[i] = answered->references[i];
    if (answered->message_id != NULL)
        list[count++] = answered->message_id;
    queued->in_reply_to = answered->message_id;
    queued->references = list;
    queued->n_references = count;
    return FR_OK;
}

static void
quote(const Fr__EmailTaken *answered, Fr__EmailQueued *queued)
{
    queued->quote_text = answered->text;
    queued->quote_author = answered->name != NULL ? answered->name : answered->from;
    queued->has_quote_us = answered->has_date_us || answered->received_us != 0;
    queued->quote_us = answered->has_date_us ? answered->date_us : answered->received_us;
}

enum fr_error
email_queue_answer(struct fr_turn *turn, const struct fr_record *input,
                   const struct email_account *account, const Fr__OutboundRequested *request)
{
    Fr__EmailQueued queued = FR__EMAIL_QUEUED__INIT;
    const Fr__EmailTaken *answered;
    enum fr_error err = find_answered(turn, account, request->in_reply_to, &answered);

    queued.message_id = request->message_id;
    queued.has_conversation_id = true;
    queued.conversation_id = request->conversation_id;
    queued.account = (char *)account->name;
    queued.to = request->address;
    queued.text = request->text;
    queued.at_us = request->at_us;
    queued.automatic = request->direction == FR__DIRECTION__NOTICE;
    queued.author = request->author;
    queued.subject = request->subject;
    if (err == FR_OK && answered != NULL) {
        err = refer_to(turn, answered, &queued);
        if (answered->subject != NULL) /* clients thread by it, too */
            queued.subject = answered->subject;
        if (account->quote && !queued.automatic && answered->text != NULL)
            quote(answered, &queued);
    }
    queued.subject = queued.subject == NULL ? NULL : (char *)email_bare_subject(queued.subject);
    fr_count(turn, EMAIL_COUNT_QUEUED, 1);
    return err == FR_OK ? fr_emit(turn, input, &queued.base) : err;
}

enum fr_error
email_queue_acknowledgement(const struct email_mail *mail, const uint8_t about[EMAIL_ABOUT_SIZE])
{
    const struct fr_labels labels = {.brand = mail->account->brand};
    const Fr__EmailTaken *answered;
    Fr__EmailQueued queued = FR__EMAIL_QUEUED__INIT;
    const char *subject;
    enum fr_error err = find_answered(mail->turn, mail->account, mail->external_id, &answered);

    if (err != FR_OK || answered == NULL)
        return err != FR_OK ? err : FR_CORRUPT; /* it was remembered in this very turn */
    subject = answered->subject == NULL ? "" : email_bare_subject(answered->subject);
    queued.message_id = fr_next_id(mail->turn);
    queued.account = (char *)mail->account->name;
    queued.to = (char *)mail->from;
    queued.text = email_fill_in(
        mail->turn->arena, mail->account->acknowledgement,
        &(struct email_words){.brand = email_brand_title(mail->account), .subject = subject});
    queued.at_us = mail->turn->now.unix_us;
    queued.automatic = true;
    queued.subject = (char *)subject;
    queued.has_acknowledgement = queued.acknowledgement = true;
    queued.acknowledged_to = (char *)mail->from;
    queued.has_acknowledged_about = true;
    queued.acknowledged_about.data = (uint8_t *)about;
    queued.acknowledged_about.len = EMAIL_ABOUT_SIZE;
    if (queued.text == NULL)
        return FR_NO_MEMORY;
    err = refer_to(mail->turn, answered, &queued);
    return err == FR_OK ? fr_emit_as(mail->turn, mail->input, &queued.base, &labels) : err;
}
