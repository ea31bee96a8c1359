/* classify.c - the order of the questions is the judgement: ours, complaint, bounce, automatic
 * answer, list, person.
 */
#include "services/channel_email/classify.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/address.h"
#include "services/channel_email/charset.h"
#include "services/channel_email/classify_words.h"
#include "services/channel_email/reply_lines.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPENING_SIZE 1500 /* bytes of text in which a program has introduced itself */

/* A field's value decoded, folded and in lower case; "" when there is none. */
static const char *
field(const struct email_evidence *evidence, struct fr_arena *arena, const char *name)
{
    struct fr_slice raw = email_mime_field(evidence->mime, name);
    char *text = raw.size == 0 ? NULL : email_words_decode(arena, raw, NULL);

    for (char *c = text; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return text == NULL ? "" : text;
}

static bool
has_field(const struct email_evidence *evidence, const char *name)
{
    return email_mime_field(evidence->mime, name).data != NULL &&
           email_mime_field(evidence->mime, name).size > 0;
}

static struct fr_slice
begin_of(const char *text, size_t size_max)
{
    size_t size = strlen(text);

    return fr_slice(text, size < size_max ? size : size_max);
}

#define SAYS(text, size, words) email_line_has(begin_of(text, size), words, COUNT(words))

bool
email_from_daemon(const char *address)
{
    static const char *const daemons[] = {"mailer-daemon", "postmaster", "mailerdaemon",
                                          "mail-daemon",   "mmdf",       "mail.daemon",
                                          "mailer_daemon", "postoffice", "microsoftexchange"};
    struct fr_slice local = email_address_local(address);

    for (size_t i = 0; i < COUNT(daemons); i++)
        if (local.size >= strlen(daemons[i]) &&
            strncasecmp(local.data, daemons[i], strlen(daemons[i])) == 0)
            return true;
    return false;
}

bool
email_null_sender(const struct email_evidence *evidence)
{
    struct fr_slice path = email_mime_field(evidence->mime, "return-path");

    if (evidence->options->envelope_from != NULL)
        return evidence->options->envelope_from[0] == '\0';
    return path.size > 0 && memmem(path.data, path.size, "<>", 2) != NULL;
}

static bool
is_own(const struct email_evidence *evidence, struct fr_arena *arena)
{
    const Fr__EmailOptions *options = evidence->options;
    const char *id = evidence->message_id, *at = id == NULL ? NULL : strrchr(id, '@');

    if (options->own_loop != NULL && options->own_loop[0] != '\0' &&
        strcasecmp(field(evidence, arena, "x-filrouge-loop"), options->own_loop) == 0)
        return true;
    for (size_t i = 0; at != NULL && i < options->n_own_id_domains; i++) {
        size_t size = strlen(options->own_id_domains[i]);

        if (strncasecmp(at + 1, options->own_id_domains[i], size) == 0 &&
            strcmp(at + 1 + size, ">") == 0)
            return true;
    }
    return false;
}

static bool
has_part(const struct email_evidence *evidence, const char *type)
{
    for (size_t i = 0; i < evidence->mime->part_count; i++)
        if (strcmp(evidence->mime->parts[i].type, type) == 0)
            return true;
    return false;
}

static bool
report_is(const struct email_evidence *evidence, const char *type)
{
    return evidence->mime->report_type != NULL && strcmp(evidence->mime->report_type, type) == 0;
}

static bool
has_enclosed_mail(const struct email_evidence *evidence)
{
    for (size_t i = 0; i < evidence->mime->part_count; i++)
        if (evidence->mime->parts[i].enclosed_mail)
            return true;
    return has_part(evidence, "text/rfc822-headers");
}

static bool
is_complaint(const struct email_evidence *evidence)
{
    if (has_part(evidence, "message/feedback-report") || report_is(evidence, "feedback-report"))
        return true;
    return has_enclosed_mail(evidence) && SAYS(evidence->subject, 200, complaint_subjects) &&
           !email_from_daemon(evidence->from);
}

/* Is a machine speaking, by any sign but its words?  One that carries mail, or only one that wants
 * no answer: a parcel service does so, too. */
static bool
from_machine(const struct email_evidence *evidence)
{
    return email_from_daemon(evidence->from) || email_null_sender(evidence) ||
           evidence->from[0] == '\0' || has_field(evidence, "x-failed-recipients");
}

static bool
is_receipt(const struct email_evidence *evidence)
{
    if (report_is(evidence, "disposition-notification") ||
        has_part(evidence, "message/disposition-notification"))
        return true;
    return from_machine(evidence) && SAYS(evidence->subject, 60, success_subjects) &&
           !has_part(evidence, "message/delivery-status");
}

static bool
is_bounce(const struct email_evidence *evidence)
{
    bool opening = SAYS(evidence->text, OPENING_SIZE, bounce_openings);
    bool subject = SAYS(evidence->subject, 200, bounce_subjects);
    bool reply = strncasecmp(evidence->subject, "re:", 3) == 0;

    if (has_part(evidence, "message/delivery-status") ||
        has_part(evidence, "message/global-delivery-status") ||
        report_is(evidence, "delivery-status") || has_field(evidence, "x-failed-recipients"))
        return true;
    if (strncasecmp(evidence->from, "mailer-daemon", 13) == 0 && !reply)
        return true; /* a daemon has nothing else to say */
    if (email_from_daemon(evidence->from))
        return subject || opening || SAYS(evidence->text, OPENING_SIZE, bounce_texts);
    if (from_machine(evidence))
        return subject || opening;
    return subject && !reply &&
           (opening ||
            (has_enclosed_mail(evidence) && SAYS(evidence->text, OPENING_SIZE, bounce_texts)));
}

/* "Automatic reply: your order".  Only in front: behind "Re:" a person answers the machine. */
static bool
subject_begins(const char *subject, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncasecmp(subject, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

static bool
is_autoreply(const struct email_evidence *evidence, struct fr_arena *arena)
{
    const char *submitted = field(evidence, arena, "auto-submitted");
    const char *precedence = field(evidence, arena, "precedence");
    bool generated = strncmp(submitted, "auto-generated", 14) == 0, signs;

    if (strncmp(submitted, "auto-replied", 12) == 0 || strncmp(submitted, "auto-notified", 13) == 0)
        return true;
    if (has_field(evidence, "x-autoreply") || has_field(evidence, "x-autorespond") ||
        has_field(evidence, "x-autoresponder") || has_field(evidence, "x-autoreply-from") ||
        has_field(evidence, "x-mail-autoreply") ||
        has_field(evidence, "x-ms-exchange-inbox-rules-loop") ||
        strcmp(field(evidence, arena, "x-precedence"), "auto_reply") == 0 ||
        strncmp(precedence, "auto", 4) == 0 ||
        strcmp(field(evidence, arena, "delivered-to"), "autoresponder") == 0)
        return true;
    if (generated && SAYS(evidence->text, OPENING_SIZE, away_words))
        return true; /* responders that do not know what RFC 3834 calls them */
    signs = submitted[0] != '\0' || precedence[0] != '\0' || email_null_sender(evidence) ||
            has_field(evidence, "x-auto-response-suppress");
    if (subject_begins(evidence->subject, auto_prefixes, COUNT(auto_prefixes)))
        return signs || has_field(evidence, "in-reply-to") || has_field(evidence, "references") ||
               SAYS(evidence->text, OPENING_SIZE, away_words);
    return signs && subject_begins(evidence->subject, absence_prefixes, COUNT(absence_prefixes));
}

static bool
is_list(const struct email_evidence *evidence, struct fr_arena *arena)
{
    const char *precedence = field(evidence, arena, "precedence");

    return has_field(evidence, "list-id") || has_field(evidence, "list-post") ||
           has_field(evidence, "list-unsubscribe") || has_field(evidence, "mailing-list") ||
           has_field(evidence, "x-mailing-list") || strcmp(precedence, "list") == 0 ||
           strcmp(precedence, "bulk") == 0 || strcmp(precedence, "junk") == 0;
}

Fr__EmailClass
email_classify(const struct email_evidence *evidence, struct fr_arena *arena)
{
    if (is_own(evidence, arena))
        return FR__EMAIL_CLASS__EMAIL_OWN;
    if (is_complaint(evidence))
        return FR__EMAIL_CLASS__EMAIL_COMPLAINT;
    if (is_receipt(evidence))
        return FR__EMAIL_CLASS__EMAIL_RECEIPT;
    if (is_bounce(evidence))
        return FR__EMAIL_CLASS__EMAIL_BOUNCE;
    if (is_autoreply(evidence, arena))
        return SAYS(evidence->subject, 200, away_words) ||
                       SAYS(evidence->text, OPENING_SIZE, away_words)
                   ? FR__EMAIL_CLASS__EMAIL_VACATION
                   : FR__EMAIL_CLASS__EMAIL_AUTOREPLY;
    if (is_list(evidence, arena))
        return FR__EMAIL_CLASS__EMAIL_LIST;
    return FR__EMAIL_CLASS__EMAIL_MESSAGE;
}

static void
note(const char **reasons, size_t *count, const char *reason)
{
    if (reason != NULL && *count < EMAIL_REASONS_MAX)
        reasons[(*count)++] = reason;
}

static void
note_precedence(const struct email_evidence *evidence, struct fr_arena *arena, const char **reasons,
                size_t *count)
{
    const char *submitted = field(evidence, arena, "auto-submitted");
    const char *precedence = field(evidence, arena, "precedence");

    if (submitted[0] != '\0' && strcmp(submitted, "no") != 0)
        note(reasons, count, fr_arena_printf(arena, "auto-submitted=%.100s", submitted));
    if (strcmp(precedence, "bulk") == 0 || strcmp(precedence, "list") == 0 ||
        strcmp(precedence, "junk") == 0 || strncmp(precedence, "auto", 4) == 0)
        note(reasons, count, fr_arena_printf(arena, "precedence=%.40s", precedence));
}

/* noreply@, bounces@...: nobody reads there, or a program does. */
static void
note_sender(const struct email_evidence *evidence, struct fr_arena *arena, const char **reasons,
            size_t *count)
{
    static const char *const silent[] = {
        "noreply", "no-reply",      "no_reply",   "donotreply",   "do-not-reply", "do_not_reply",
        "nobody",  "mailer-daemon", "postmaster", "mailerdaemon", "bounce",       "bounces"};
    struct fr_slice local = email_address_local(evidence->from);

    for (size_t i = 0; i < COUNT(silent); i++)
        if (local.size == strlen(silent[i]) && strncasecmp(local.data, silent[i], local.size) == 0)
            note(reasons, count, fr_arena_printf(arena, "sender-localpart=%s", silent[i]));
}

size_t
email_no_autoanswer(const struct email_evidence *evidence, struct fr_arena *arena,
                    const char **reasons)
{
    static const char *const fields[] = {"list-id",
                                         "list-unsubscribe",
                                         "list-post",
                                         "x-loop",
                                         "x-failed-recipients",
                                         "x-autogenerated",
                                         "x-autoreply",
                                         "x-autorespond",
                                         "x-filrouge-loop",
                                         "x-auto-response-suppress"};
    size_t count = 0;

    note_precedence(evidence, arena, reasons, &count);
    for (size_t i = 0; i < COUNT(fields); i++)
        if (has_field(evidence, fields[i]))
            note(reasons, &count, fields[i]);
    if (email_null_sender(evidence))
        note(reasons, &count, "null-return-path");
    if (strcmp(evidence->mime->type, "multipart/report") == 0)
        note(reasons, &count, "multipart/report");
    note_sender(evidence, arena, reasons, &count);
    return count;
}
