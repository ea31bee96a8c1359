/* parse_body.c - which parts are the text, and the text in all its forms. */
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset.h"
#include "services/channel_email/charset_text.h"
#include "services/channel_email/html.h"
#include "services/channel_email/parse_private.h"
#include "services/channel_email/reply.h"

#define HTML_SOURCE_MAX (1024u * 1024) /* bytes of HTML that are read for its text */
#define INVITES_MAX 5
#define INVITE_MAX (64u * 1024)

bool
email_is_body(const struct email_part *part)
{
    if (part->disposition != NULL && strcmp(part->disposition, "attachment") == 0)
        return false;
    return strcmp(part->type, "text/plain") == 0 || strcmp(part->type, "text/html") == 0;
}

static char *
part_text(struct email_parsing *parsing, const struct email_part *part, size_t max)
{
    struct email_charset_notes notes;
    bool cut;
    struct fr_slice bytes = email_mime_bytes(part, parsing->arena, max, &cut);
    char *text =
        email_charset_decode(parsing->arena, bytes, part->charset, parsing->charset, max, &notes);

    if (notes.guessed && part->charset != NULL)
        email_warn(parsing, "a charset that is unknown or wrong: it was guessed");
    if (notes.broken)
        email_warn(parsing, "bytes that are no characters of their charset");
    if (cut || notes.cut)
        email_warn(parsing, "a text too long to be shown whole: it was cut");
    return text;
}

/* One text after the other; an empty line between them. */
static void
append(struct email_text *all, const char *text)
{
    if (text == NULL || text[strspn(text, " \t\n")] == '\0')
        return;
    if (all->size > 0)
        email_text_add(all, all->data[all->size - 1] == '\n' ? "\n" : "\n\n");
    email_text_add(all, text);
}

struct bodies {
    struct email_text plain, html, html_text;
};

static void
take_part(struct email_parsing *parsing, const struct email_part *part, struct bodies *bodies)
{
    bool cut = false, html = strcmp(part->type, "text/html") == 0;
    char *text = part_text(parsing, part, html ? HTML_SOURCE_MAX : EMAIL_TEXT_MAX);

    if (!html) {
        append(&bodies->plain, text);
        return;
    }
    append(&bodies->html, text);
    if (text != NULL)
        append(&bodies->html_text, email_html_text(parsing->arena, text, EMAIL_TEXT_MAX, &cut));
    if (cut)
        email_warn(parsing, "a text too long to be shown whole: it was cut");
}

/* What a part needed on its way is released after it: a mail may be nothing but text parts. */
static void
gather(struct email_parsing *parsing, struct bodies *bodies)
{
    for (size_t i = 0; i < parsing->mime.part_count; i++) {
        struct fr_arena_mark mark = fr_arena_mark(parsing->arena);

        if (email_is_body(&parsing->mime.parts[i]))
            take_part(parsing, &parsing->mime.parts[i], bodies);
        fr_arena_release(parsing->arena, mark);
    }
}

static void
read_invites(struct email_parsing *parsing)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    parsed->invites = fr_arena_zalloc(parsing->arena, INVITES_MAX, sizeof(*parsed->invites));
    for (size_t i = 0; parsed->invites != NULL && i < parsing->mime.part_count; i++) {
        const struct email_part *part = &parsing->mime.parts[i];
        Fr__EmailInvite *invite;
        char *text;

        if (strcmp(part->type, "text/calendar") != 0 || parsed->n_invites == INVITES_MAX)
            continue;
        text = part_text(parsing, part, INVITE_MAX);
        invite = text == NULL ? NULL : email_invite(parsing->arena, text, part->method);
        if (invite != NULL)
            parsed->invites[parsed->n_invites++] = invite;
    }
}

/* Sent with an alternative and a plain part that says nothing: the HTML is the text. */
static void
choose(struct email_parsing *parsing, const struct bodies *bodies)
{
    Fr__EmailParsed *parsed = parsing->parsed;
    bool plain = bodies->plain.size > 0;

    parsed->text =
        (char *)(uintptr_t)email_text_string(plain ? &bodies->plain : &bodies->html_text);
    parsed->content_type = plain || bodies->html.size == 0 ? "text/plain" : "text/html";
    if (bodies->html.size > 0) {
        parsed->html = (char *)(uintptr_t)email_text_string(&bodies->html);
        parsed->html_text = (char *)(uintptr_t)email_text_string(&bodies->html_text);
    }
    if (bodies->plain.cut || bodies->html.cut || bodies->html_text.cut)
        email_warn(parsing, "a text too long to be shown whole: it was cut");
}

enum fr_error
email_parse_body(struct email_parsing *parsing)
{
    struct bodies bodies = {
        .plain = email_text_reserved(parsing->arena, EMAIL_TEXT_MAX),
        .html = email_text_reserved(parsing->arena, EMAIL_TEXT_MAX),
        .html_text = email_text_reserved(parsing->arena, EMAIL_TEXT_MAX),
    };
    struct email_reply reply;

    gather(parsing, &bodies);
    choose(parsing, &bodies);
    read_invites(parsing);
    if (email_reply_trim(parsing->arena, parsing->parsed->text, &reply) != FR_OK)
        return FR_NO_MEMORY;
    parsing->parsed->visible = (char *)(uintptr_t)reply.visible;
    parsing->parsed->signature = (char *)(uintptr_t)reply.signature;
    return FR_OK;
}
