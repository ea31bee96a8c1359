/* compose.c - an answer as a mail, the same at each try. */
#include "services/channel_email/compose.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include "services/channel_email/queue.h"
#include "services/channel_email/rules.h"
#include "services/channel_email/writing.h"
#include "services/channel_email/token.h"

#define DATE_SIZE 40

/* ---- headers ---- */

static void
date_text(int64_t us, char text[DATE_SIZE])
{
    /* Names by hand: strftime asks the locale. */
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(us / 1000000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    snprintf(text, DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[utc.tm_wday],
             utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
             utc.tm_sec);
}

/* NULL counts as absent. */
static bool
breaks_header(const char *text)
{
    if (text == NULL)
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' && *text != '\t')
            return true;
    return false;
}

static bool
is_message_id(const char *id)
{
    size_t size = strlen(id);

    if (size < 3 || size > 900 || id[0] != '<' || id[size - 1] != '>')
        return false;
    for (const char *c = id; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return false;
    return true;
}

/* One id per line; what is no id is left out: it came from strangers. */
static void
say_references(struct email_writing *text, const Fr__EmailQueued *queued)
{
    bool begun = false;

    if (queued->in_reply_to != NULL && is_message_id(queued->in_reply_to)) {
        email_writing_say(text, "In-Reply-To: ");
        email_writing_say(text, queued->in_reply_to);
        email_writing_say(text, "\r\n");
    }
    for (size_t i = 0; i < queued->n_references; i++) {
        if (!is_message_id(queued->references[i]))
            continue;
        email_writing_say(text, begun ? "\r\n " : "References: ");
        email_writing_say(text, queued->references[i]);
        begun = true;
    }
    if (begun)
        email_writing_say(text, "\r\n");
}

static void
say_people(struct email_writing *text, const struct email_letter *letter, const char *from_name)
{
    const Fr__EmailQueued *queued = letter->queued;
    char reply_to[EMAIL_ADDRESS_SIZE];

    email_writing_say(text, "From: ");
    email_writing_phrase(text, from_name);
    email_writing_format(text, " <%s>\r\n", letter->account->address);
    email_writing_format(text, "To: <%s>\r\n", queued->to);
    if (queued->has_conversation_id) {
        email_token_address(letter->secret, EMAIL_TOKEN_REPLY, letter->account,
                            queued->conversation_id, reply_to);
        email_writing_format(text, "Reply-To: <%s>\r\n", reply_to);
    }
}

/* RFC 3834, and what the programs obey that do not know it. */
static void
say_automatic(struct email_writing *text, const Fr__EmailQueued *queued)
{
    if (!queued->automatic)
        return;
    email_writing_say(text, queued->in_reply_to != NULL ? "Auto-Submitted: auto-replied\r\n"
                                                        : "Auto-Submitted: auto-generated\r\n");
    email_writing_say(text, "X-Auto-Response-Suppress: All\r\nPrecedence: bulk\r\n");
}

static void
say_headers(struct email_writing *text, const struct email_letter *letter, const char *from_name,
            const char *subject, const char *boundary)
{
    const Fr__EmailQueued *queued = letter->queued;
    char id[EMAIL_MESSAGE_ID_SIZE], date[DATE_SIZE], loop[EMAIL_LOOP_SIZE];

    say_people(text, letter, from_name);
    email_writing_header(text, "Subject", subject);
    date_text(queued->at_us, date);
    email_message_id(letter->secret, letter->account, queued->message_id, id);
    email_writing_format(text, "Date: %s\r\nMessage-ID: %s\r\n", date, id);
    say_references(text, queued);
    say_automatic(text, queued);
    email_loop_name(letter->secret, loop);
    email_writing_format(text, "X-Filrouge-Loop: %s\r\n", loop);
    email_writing_format(text,
                         "MIME-Version: 1.0\r\n"
                         "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n",
                         boundary);
}

/* ---- bodies ---- */

static void
quote_plain(struct email_writing *text, const char *quoted)
{
    while (*quoted != '\0') {
        size_t size = strcspn(quoted, "\n");

        email_writing_say(text, *quoted == '>' ? ">" : "> ");
        email_writing_add(text, quoted, size > 0 && quoted[size - 1] == '\r' ? size - 1 : size);
        email_writing_say(text, "\n");
        quoted += size + (quoted[size] == '\n');
    }
}

static void
quote_intro(const Fr__EmailQueued *queued, struct email_writing *text)
{
    char date[DATE_SIZE];

    date_text(queued->quote_us, date);
    email_writing_format(text, "On %s, ", date);
    email_writing_say(text, queued->quote_author != NULL ? queued->quote_author : "you");
    email_writing_say(text, " wrote:");
}

/* The plain text; and without `signature` the same as HTML is made from. */
static void
plain_body(struct email_writing *text, const struct email_letter *letter, const char *signature)
{
    const Fr__EmailQueued *queued = letter->queued;

    email_writing_say(text, queued->text);
    email_writing_say(text, "\n");
    if (signature[0] != '\0') {
        email_writing_say(text, "\n-- \n");
        email_writing_say(text, signature);
        email_writing_say(text, "\n");
    }
    if (queued->quote_text != NULL && queued->quote_text[0] != '\0') {
        email_writing_say(text, "\n");
        quote_intro(queued, text);
        email_writing_say(text, "\n\n");
        quote_plain(text, queued->quote_text);
    }
}

static void
html_body(struct email_writing *text, const struct email_letter *letter, const char *signature)
{
    const Fr__EmailQueued *queued = letter->queued;
    struct email_writing intro = {.arena = text->arena};

    email_writing_say(text,
                      "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n"
                      "<body style=\"font-family: sans-serif; font-size: 14px; line-height: 1.45; "
                      "color: #1a1a1a\">\n<div>");
    email_writing_html(text, fr_slice_str(queued->text));
    email_writing_say(text, "</div>\n");
    if (signature[0] != '\0') {
        email_writing_say(text, "<div style=\"margin-top: 1.2em; color: #555\">");
        email_writing_html(text, fr_slice_str(signature));
        email_writing_say(text, "</div>\n");
    }
    if (queued->quote_text != NULL && queued->quote_text[0] != '\0') {
        quote_intro(queued, &intro);
        text->failed = text->failed || intro.failed;
        email_writing_say(text, "<div class=\"gmail_quote\" style=\"margin-top: 1.2em\">\n<div>");
        email_writing_html(text, fr_slice(intro.bytes, intro.size));
        email_writing_say(text, "</div>\n<blockquote type=\"cite\" style=\"margin: 0.5em 0 0 0; "
                                "padding-left: 1em; border-left: 2px solid #ccc\">");
        email_writing_html(text, fr_slice_str(queued->quote_text));
        email_writing_say(text, "</blockquote>\n</div>\n");
    }
    email_writing_say(text, "</body></html>\n");
}

static void
say_part(struct email_writing *text, const char *boundary, const char *type,
         const struct email_writing *body)
{
    email_writing_format(text,
                         "--%s\r\nContent-Type: %s; charset=utf-8\r\n"
                         "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                         boundary, type);
    email_writing_quoted_printable(text, fr_slice(body->bytes, body->size));
    email_writing_say(text, "\r\n");
    text->failed = text->failed || body->failed;
}

/* ---- the whole ---- */

static const char *
what_breaks(const struct email_letter *letter, const char *from_name, const char *subject)
{
    if (!email_sendable(letter->queued->to))
        return "the address is none that mail can be sent to";
    if (breaks_header(from_name))
        return "the sender's name has more than one line";
    if (breaks_header(subject))
        return "the subject has more than one line";
    return NULL;
}

static char *
subject_of(const struct email_letter *letter, struct fr_arena *arena)
{
    const char *subject = letter->queued->subject;

    if (subject == NULL || subject[0] == '\0')
        return fr_arena_printf(arena, "Your message to %s", email_brand_title(letter->account));
    return fr_arena_printf(arena, "Re: %s", subject);
}

enum fr_error
email_compose(const struct email_letter *letter, struct fr_arena *arena, struct fr_slice *mail,
              const char **why)
{
    const Fr__EmailQueued *queued = letter->queued;
    const struct email_words words = {.agent = queued->author,
                                      .brand = email_brand_title(letter->account)};
    char *from_name = email_fill_in(arena, letter->account->from, &words);
    char *signature = email_fill_in(arena, letter->account->signature, &words);
    char *subject = subject_of(letter, arena);
    struct email_writing text = {.arena = arena}, plain = {.arena = arena}, html = {.arena = arena};
    char boundary[40], id[FR_ID_TEXT_SIZE];

    if (from_name == NULL || signature == NULL || subject == NULL)
        return FR_NO_MEMORY;
    *why = what_breaks(letter, from_name, subject);
    if (*why != NULL)
        return FR_INVALID;
    if (queued->acknowledgement)
        signature[0] = '\0'; /* its text is the operator's, to the last line */
    /* "=_" stands in no quoted-printable text (RFC 2045, 6.7). */
    snprintf(boundary, sizeof(boundary), "=_%s", fr_id_format(queued->message_id, id));
    plain_body(&plain, letter, signature);
    html_body(&html, letter, signature);
    say_headers(&text, letter, from_name, subject, boundary);
    say_part(&text, boundary, "text/plain", &plain);
    say_part(&text, boundary, "text/html", &html);
    email_writing_format(&text, "--%s--\r\n", boundary);
    if (text.failed)
        return FR_NO_MEMORY;
    *mail = fr_slice(text.bytes, text.size);
    return FR_OK;
}

void
email_envelope_sender(const struct email_letter *letter, char text[EMAIL_ADDRESS_SIZE])
{
    if (letter->queued->automatic)
        text[0] = '\0';
    else
        email_token_address(letter->secret, EMAIL_TOKEN_BOUNCE, letter->account,
                            letter->queued->message_id, text);
}
