/* bounce.c - the report of a bounce: the parts for machines first, the words for people after that.
 */
#include "services/channel_email/bounce.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/address.h"
#include "services/channel_email/bounce_text.h"
#include "services/channel_email/charset.h"
#include "services/channel_email/charset_text.h"

#define PART_MAX (64u * 1024) /* of a report or an enclosed header that is read */
#define DIAGNOSTIC_MAX 500

/* The headers of a part, or of what follows in it: text ones as they are. */
static struct fr_slice
part_bytes(const struct email_mime *mime, struct fr_arena *arena, const char *type)
{
    for (size_t i = 0; i < mime->part_count; i++)
        if (strcmp(mime->parts[i].type, type) == 0)
            return email_mime_bytes(&mime->parts[i], arena, PART_MAX, NULL);
    return fr_slice("", 0);
}

static struct fr_slice
field_of(const struct email_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].name.size == strlen(name) &&
            strncasecmp(fields[i].name.data, name, fields[i].name.size) == 0)
            return fields[i].value;
    return fr_slice("", 0);
}

static char *
text_of(struct fr_arena *arena, const struct email_field *fields, size_t count, const char *name)
{
    struct fr_slice raw = field_of(fields, count, name);

    return raw.size == 0 ? NULL : email_words_decode(arena, raw, NULL);
}

/* "rfc822; ann@x.example" or the address alone. */
static char *
typed_address(struct fr_arena *arena, const char *value)
{
    const char *semicolon = value == NULL ? NULL : strchr(value, ';');
    struct email_addresses found;

    if (value == NULL)
        return NULL;
    if (semicolon != NULL)
        value = semicolon + 1;
    found = email_address_parse(arena, fr_slice_str(value), NULL, 1);
    return found.count == 0 ? NULL : found.list[0]->address;
}

static Fr__EmailBounced *
recipient_new(Fr__EmailReport *report, struct fr_arena *arena)
{
    Fr__EmailBounced *made;

    if (report->n_recipients == EMAIL_RECIPIENTS_MAX)
        return NULL;
    made = fr_arena_alloc(arena, sizeof(*made));
    if (made == NULL)
        return NULL;
    fr__email_bounced__init(made);
    report->recipients[report->n_recipients++] = made;
    return made;
}

/* "smtp; 550 5.1.1 ..." without its type. */
static const char *
untyped(const char *diagnostic)
{
    const char *semicolon = diagnostic == NULL ? NULL : strchr(diagnostic, ';');

    if (semicolon == NULL || semicolon - diagnostic > 20)
        return diagnostic;
    return semicolon + 1 + strspn(semicolon + 1, " ");
}

/* Codes and reason from the status of the report, what was said, and where that says nothing, from
 * what stands around it in the text. */
static void
conclude(Fr__EmailBounced *recipient, const char *status, const char *diagnostic,
         const char *context, struct fr_arena *arena)
{
    char code[16], reply[4];
    const char *words = diagnostic != NULL && diagnostic[0] != '\0' ? diagnostic : context;
    bool vague = status == NULL || strcmp(status + 1, ".0.0") == 0;

    if (vague && words != NULL && email_bounce_status(words, code))
        status = code;
    if (status != NULL && status[0] != '\0')
        recipient->status = fr_arena_printf(arena, "%.15s", status);
    if (words != NULL && email_bounce_smtp(words, reply))
        recipient->smtp = fr_arena_strdup(arena, reply);
    recipient->reason =
        (char *)(uintptr_t)email_bounce_reason(words, recipient->status, recipient->smtp);
    if (strcmp(recipient->reason, "undefined") == 0 && context != NULL && words != context)
        recipient->reason =
            (char *)(uintptr_t)email_bounce_reason(context, recipient->status, recipient->smtp);
    recipient->has_hard = 1;
    recipient->hard = email_bounce_hard(recipient->reason);
    if (words != NULL && words[0] != '\0') {
        char *line = email_fold(arena, words);

        recipient->diagnostic =
            line == NULL ? NULL : email_utf8_clean(arena, fr_slice_str(line), DIAGNOSTIC_MAX, NULL);
    }
}

struct actions {
    bool failed, delayed, fine;
};

/* What the daemon's words say of one address, where its report says nothing. */
static const char *
said_of(const char *address, const char *context, struct fr_arena *arena)
{
    struct email_bounce_named named[EMAIL_RECIPIENTS_MAX];
    size_t count = email_bounce_named(context, arena, named, EMAIL_RECIPIENTS_MAX);

    for (size_t i = 0; address != NULL && i < count; i++)
        if (strcasecmp(named[i].address, address) == 0)
            return named[i].said;
    return NULL;
}

static void
read_group(Fr__EmailReport *report, const struct email_field *fields, size_t count,
           const char *context, struct actions *actions, struct fr_arena *arena)
{
    char *final = text_of(arena, fields, count, "final-recipient");
    char *original = text_of(arena, fields, count, "original-recipient");
    char *action = text_of(arena, fields, count, "action");
    char *status = text_of(arena, fields, count, "status");
    char *said = text_of(arena, fields, count, "diagnostic-code");
    char code[16];
    Fr__EmailBounced *recipient;

    if (final == NULL && original == NULL && action == NULL)
        return;
    if (action != NULL &&
        (strncasecmp(action, "deliver", 7) == 0 || strncasecmp(action, "relay", 5) == 0 ||
         strncasecmp(action, "expand", 6) == 0)) {
        actions->fine = true;
        return;
    }
    recipient = recipient_new(report, arena);
    if (recipient == NULL)
        return;
    recipient->address = typed_address(arena, final);
    if (recipient->address == NULL)
        recipient->address = typed_address(arena, original);
    if (action != NULL && strncasecmp(action, "delay", 5) == 0) {
        actions->delayed = true;
        recipient->delayed = recipient->has_delayed = 1;
    } else {
        actions->failed = true;
    }
    if (status != NULL && email_bounce_status(status, code))
        status = code;
    else
        status = NULL;
    conclude(recipient, status,
             said != NULL ? untyped(said) : said_of(recipient->address, context, arena), context,
             arena);
    if (said != NULL && strncasecmp(said, "x-unix", 6) == 0 && !recipient->hard &&
        strcmp(recipient->reason, "undefined") == 0)
        recipient->reason = "mailererror";
}

/* message/delivery-status: groups of fields, an empty line between them. */
static void
read_status(Fr__EmailReport *report, struct fr_slice bytes, const char *context,
            struct actions *actions, struct fr_arena *arena)
{
    while (bytes.size > 0) {
        struct email_header group = email_header_read(arena, bytes);

        if (group.fields == NULL || group.body.size >= bytes.size)
            return;
        read_group(report, group.fields, group.count, context, actions, arena);
        bytes = group.body;
    }
}

static void
take_original(Fr__EmailReport *report, const struct email_field *fields, size_t count,
              struct fr_arena *arena)
{
    char *ids[1];
    struct email_addresses from;

    if (report->original_message_id == NULL &&
        email_ids_parse(arena, field_of(fields, count, "message-id"), ids, 1) == 1)
        report->original_message_id = ids[0];
    if (report->original_subject == NULL)
        report->original_subject = text_of(arena, fields, count, "subject");
    from = email_address_parse(arena, field_of(fields, count, "from"), NULL, 1);
    if (report->original_from == NULL && from.count == 1)
        report->original_from = from.list[0]->address;
}

/* The mail that it is about: enclosed, its header alone, or quoted in the text. */
static void
find_original(Fr__EmailReport *report, const struct email_evidence *evidence,
              struct fr_arena *arena)
{
    static const char *const types[] = {"message/rfc822",         "text/rfc822-headers",
                                        "message/global",         "message/rfc822-headers",
                                        "message/global-headers", "message/partial"};
    struct email_header header;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct fr_slice bytes = part_bytes(evidence->mime, arena, types[i]);
        if (bytes.size == 0)
            continue;
        header = email_header_read(arena, bytes);
        take_original(report, header.fields, header.count, arena);
    }
    if (report->original_message_id == NULL) {
        header = email_header_read(arena, email_bounce_original(evidence->text));
        take_original(report, header.fields, header.count, arena);
    }
    if (report->original_message_id == NULL) { /* Exchange answers as a person would */
        char *ids[2];
        struct fr_slice raw = email_mime_field(evidence->mime, "in-reply-to");

        if (raw.size == 0)
            raw = email_mime_field(evidence->mime, "references");
        if (raw.size > 0 && email_ids_parse(arena, raw, ids, 2) > 0)
            report->original_message_id = ids[0];
    }
}

static void
read_feedback(Fr__EmailReport *report, const struct email_mime *mime, struct fr_arena *arena)
{
    struct email_header said =
        email_header_read(arena, part_bytes(mime, arena, "message/feedback-report"));

    report->feedback_type = text_of(arena, said.fields, said.count, "feedback-type");
    for (size_t i = 0; i < said.count; i++) {
        const struct email_field *field = &said.fields[i];
        Fr__EmailBounced *recipient;

        if (field->name.size != strlen("original-rcpt-to") ||
            strncasecmp(field->name.data, "original-rcpt-to", field->name.size) != 0)
            continue;
        recipient = recipient_new(report, arena);
        if (recipient != NULL)
            recipient->address =
                typed_address(arena, email_words_decode(arena, field->value, NULL));
        if (recipient != NULL)
            recipient->reason = "feedback";
    }
}

/* Without a part for machines: the addresses that the daemon names, each with what it says of it.
 */
static void
read_words(Fr__EmailReport *report, const struct email_evidence *evidence, const char *context,
           struct fr_arena *arena)
{
    struct email_bounce_named named[EMAIL_RECIPIENTS_MAX];
    struct fr_slice failed = email_mime_field(evidence->mime, "x-failed-recipients");
    size_t count = email_bounce_named(context, arena, named, EMAIL_RECIPIENTS_MAX);
    struct email_addresses listed = email_address_parse(arena, failed, NULL, EMAIL_RECIPIENTS_MAX);

    for (size_t i = 0; i < listed.count && count < listed.count; i++) {
        bool known = false;

        for (size_t n = 0; n < count; n++)
            known |= strcasecmp(named[n].address, listed.list[i]->address) == 0;
        if (!known && count < EMAIL_RECIPIENTS_MAX)
            named[count++] = (struct email_bounce_named){listed.list[i]->address, ""};
    }
    for (size_t i = 0; i < count; i++) {
        Fr__EmailBounced *recipient = recipient_new(report, arena);

        if (recipient == NULL)
            return;
        recipient->address = (char *)(uintptr_t)named[i].address;
        conclude(recipient, NULL, named[i].said, context, arena);
    }
    if (count == 0) {
        Fr__EmailBounced *recipient = recipient_new(report, arena);

        if (recipient != NULL)
            conclude(recipient, NULL, NULL, context, arena);
    }
}

Fr__EmailReport *
email_report(const struct email_evidence *evidence, struct fr_arena *arena, Fr__EmailClass *class)
{
    Fr__EmailReport *report = fr_arena_alloc(arena, sizeof(*report));
    struct actions actions = {0};
    const char *context;

    if (report == NULL)
        return NULL;
    fr__email_report__init(report);
    report->recipients = fr_arena_zalloc(arena, EMAIL_RECIPIENTS_MAX, sizeof(*report->recipients));
    context = email_bounce_words(evidence->text, arena);
    if (report->recipients == NULL || context == NULL)
        return NULL;
    find_original(report, evidence, arena);
    if (*class == FR__EMAIL_CLASS__EMAIL_COMPLAINT) {
        read_feedback(report, evidence->mime, arena);
        return report;
    }
    if (*class == FR__EMAIL_CLASS__EMAIL_RECEIPT)
        return report;
    read_status(report, part_bytes(evidence->mime, arena, "message/delivery-status"), context,
                &actions, arena);
    if (report->n_recipients == 0)
        read_status(report, part_bytes(evidence->mime, arena, "message/global-delivery-status"),
                    context, &actions, arena);
    if (actions.fine && !actions.failed && !actions.delayed)
        *class = FR__EMAIL_CLASS__EMAIL_RECEIPT;
    else if (report->n_recipients == 0)
        read_words(report, evidence, context, arena);
    return report;
}
