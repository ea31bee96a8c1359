/* parse.c - the order of the work; each step is a file of its own (parse_private.h). */
#include "services/channel_email/parse.h"

#include <string.h>
#include "services/channel_email/bounce.h"
#include "services/channel_email/parse_private.h"
#include "services/channel_email/thread.h"

#define WARNINGS_MAX 20

void
email_warn(struct email_parsing *parsing, const char *warning)
{
    Fr__EmailParsed *parsed = parsing->parsed;

    for (size_t i = 0; i < parsed->n_warnings; i++)
        if (strcmp(parsed->warnings[i], warning) == 0)
            return;
    if (parsed->warnings != NULL && parsed->n_warnings < WARNINGS_MAX)
        parsed->warnings[parsed->n_warnings++] = (char *)(uintptr_t)warning;
}

/* What is said without a charset is most likely in the one of the text. */
static const char *
body_charset(const struct email_mime *mime)
{
    for (size_t i = 0; i < mime->part_count; i++)
        if (strncmp(mime->parts[i].type, "text/", 5) == 0 && mime->parts[i].charset != NULL)
            return mime->parts[i].charset;
    return NULL;
}

static enum fr_error
judge(struct email_parsing *parsing)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    struct email_evidence evidence = {
        .mime = &parsing->mime,
        .options = parsing->options,
        .from = parsed->n_from > 0 ? parsed->from[0]->address : "",
        .subject = parsed->subject == NULL ? "" : parsed->subject,
        .message_id = parsed->message_id,
        .text = parsed->text,
    };

    parsed->class_ = email_classify(&evidence, parsing->arena);
    parsed->no_autoanswer =
        fr_arena_zalloc(parsing->arena, EMAIL_REASONS_MAX, sizeof(*parsed->no_autoanswer));
    if (parsed->no_autoanswer == NULL)
        return FR_NO_MEMORY;
    parsed->n_no_autoanswer =
        email_no_autoanswer(&evidence, parsing->arena, (const char **)parsed->no_autoanswer);
    if (parsed->class_ == FR__EMAIL_CLASS__EMAIL_BOUNCE ||
        parsed->class_ == FR__EMAIL_CLASS__EMAIL_COMPLAINT ||
        parsed->class_ == FR__EMAIL_CLASS__EMAIL_RECEIPT) {
        parsed->report = email_report(&evidence, parsing->arena, &parsed->class_);
        if (parsed->report == NULL)
            return FR_NO_MEMORY;
    }
    return FR_OK;
}

static enum fr_error
find_threading(struct email_parsing *parsing)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    char *about = parsed->report == NULL ? NULL : parsed->report->original_message_id;

    parsed->threading =
        fr_arena_zalloc(parsing->arena, parsed->n_references + parsed->n_in_reply_to + 1,
                        sizeof(*parsed->threading));
    if (parsed->threading == NULL)
        return FR_NO_MEMORY;
    parsed->n_threading =
        email_thread_ids(parsed->references, parsed->n_references, parsed->in_reply_to,
                         parsed->n_in_reply_to, about, parsed->threading);
    return FR_OK;
}

static enum fr_error
understand(struct email_parsing *parsing)
{
    enum fr_error err;

    parsing->charset = body_charset(&parsing->mime);
    parsing->parsed->has_part_count = 1;
    parsing->parsed->part_count = (uint32_t)parsing->mime.part_count;
    parsing->parsed->warnings =
        fr_arena_zalloc(parsing->arena, WARNINGS_MAX, sizeof(*parsing->parsed->warnings));
    email_parse_header(parsing);
    err = email_parse_body(parsing);
    if (err == FR_OK)
        err = judge(parsing);
    if (err == FR_OK)
        err = find_threading(parsing);
    return err == FR_OK ? email_parse_attachments(parsing) : err;
}

enum fr_error
email_parse(struct fr_slice mail, const Fr__EmailOptions *options, const struct email_sink *sink,
            struct fr_arena *arena, Fr__EmailParsed **parsed, const char **why)
{
    static const Fr__EmailOptions nothing = FR__EMAIL_OPTIONS__INIT;
    struct email_parsing parsing = {.arena = arena,
                                    .options = options == NULL ? &nothing : options,
                                    .sink = sink,
                                    .parsed = fr_arena_alloc(arena, sizeof(**parsed))};
    enum fr_error err;

    *why = "out of memory";
    if (parsing.parsed == NULL)
        return FR_NO_MEMORY;
    fr__email_parsed__init(parsing.parsed);
    err = email_mime_open(mail, arena, &parsing.mime, why);
    if (err != FR_OK)
        return err;
    err = understand(&parsing);
    email_mime_close(&parsing.mime);
    if (err == FR_IO)
        *why = "the attachments could not be handed on";
    if (err == FR_OK)
        *parsed = parsing.parsed;
    return err;
}
