/* bounce_text.c - lines, addresses at their beginning, and where the returned mail starts. */
#include "services/channel_email/bounce_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX (32u * 1024)
#define SAID_MAX 1500

/* A line that introduces the mail sent back. */
static const char *const introductions[] = {
    "below this line is a copy of the message",
    "this is a copy of the message",
    "this is a copy of your message",
    "original message follows",
    "original message headers follow",
    "----- original message",
    "-----original message",
    "--- original message",
    "message header follows",
    "message headers follow",
    "unsent message follows",
    "returned message follows",
    "unsent message below",
    "bounced e-mail:",
    "a copy of the original message",
    "message text follows",
    "the text of your message",
    "original headers:",
    "original message headers:",
    "included is a copy of the message",
    "---- end of",
    "weitergeleitete nachricht",
    "here is a copy of the message",
    "your message was:",
};

static bool
holds(struct fr_slice line, const char *words)
{
    size_t size = strlen(words);
    const char *data = line.data;

    for (size_t i = 0; i + size <= line.size; i++)
        if (strncasecmp(data + i, words, size) == 0)
            return true;
    return false;
}

static bool
introduces(struct fr_slice line)
{
    for (size_t i = 0; i < sizeof(introductions) / sizeof(introductions[0]); i++)
        if (holds(line, introductions[i]))
            return true;
    return false;
}

/* "Received: ", "Return-Path: ", "Message-ID: " at the beginning of a line: a header has begun. */
static bool
header_line(struct fr_slice line)
{
    static const char *const names[] = {
        "received:",     "return-path:", "message-id:",   "dkim-signature:",
        "mime-version:", "x-mailer:",    "delivered-to:", "content-type:"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (line.size >= strlen(names[i]) &&
            strncasecmp(line.data, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static struct fr_slice
line_at(const char *at)
{
    return fr_slice(at, strcspn(at, "\n"));
}

static const char *
next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at == '\n' ? at + 1 : at;
}

/* Where the words end, and where the header of the mail sent back begins (NULL: nowhere). */
static const char *
split(const char *text, const char **header)
{
    const char *end = NULL;

    *header = NULL;
    for (const char *at = text; *at != '\0'; at = next_line(at)) {
        struct fr_slice line = line_at(at);

        if (end == NULL && introduces(line))
            end = at;
        if (header_line(line)) {
            *header = at;
            return end == NULL ? at : end;
        }
    }
    return end == NULL ? text + strlen(text) : end;
}

/* From, To and Subject may stand above the first field that header_line knows. */
static const char *
header_top(const char *text, const char *header)
{
    while (header > text + 1) {
        const char *above = header - 1;

        while (above > text && above[-1] != '\n')
            above--;
        if (*above == '\n' || (memchr(above, ':', (size_t)(header - above)) == NULL &&
                               *above != ' ' && *above != '\t'))
            break;
        header = above;
    }
    return header;
}

const char *
email_bounce_words(const char *text, struct fr_arena *arena)
{
    const char *header, *end = split(text, &header);
    size_t size = (size_t)(end - text);

    return fr_arena_strndup(arena, text, size < WORDS_MAX ? size : WORDS_MAX);
}

struct fr_slice
email_bounce_original(const char *text)
{
    const char *header;

    split(text, &header);
    if (header == NULL)
        return fr_slice("", 0);
    return fr_slice_str(header_top(text, header));
}

/* The address that a line begins with, blanks and < before it; its end in *behind. */
static struct fr_slice
leading_address(struct fr_slice line, const char **behind)
{
    const char *at = line.data, *end = at + line.size, *from;
    bool has_at = false, angle;

    while (at < end && (isspace((unsigned char)*at) || *at == '*' || *at == '\''))
        at++;
    angle = at < end && *at == '<';
    at += angle;
    for (from = at; at < end; at++) {
        if (*at == '@' && at > from)
            has_at = true;
        else if (!isalnum((unsigned char)*at) && (unsigned char)*at < 0x80 &&
                 strchr(".!#$%&'*+/=?^_`{|}~-\"", *at) == NULL)
            break;
    }
    *behind = at;
    if (!has_at || (angle && (at == end || *at != '>')))
        return fr_slice("", 0);
    if (angle)
        (*behind)++;
    while (at > from && strchr(".'*", at[-1]) != NULL)
        at--;
    return fr_slice(from, (size_t)(at - from));
}

/* Alone in its line, or with a colon or a bracket behind it: it is the subject of what follows. */
static bool
is_named(struct fr_slice line, const char *behind)
{
    const char *end = (const char *)line.data + line.size;

    while (behind < end && isspace((unsigned char)*behind))
        behind++;
    return behind == end || *behind == ':' || *behind == '(' ||
           (*behind == ',' && behind + 1 == end) || *behind == '<';
}

static bool
known(const struct email_bounce_named *named, size_t count, struct fr_slice address)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(named[i].address) == address.size &&
            strncasecmp(named[i].address, address.data, address.size) == 0)
            return true;
    return false;
}

size_t
email_bounce_named(const char *words, struct fr_arena *arena, struct email_bounce_named *named,
                   size_t max)
{
    const char *said[64], *at;
    size_t count = 0;

    if (max > sizeof(said) / sizeof(said[0]))
        max = sizeof(said) / sizeof(said[0]);
    for (at = words; *at != '\0'; at = next_line(at)) {
        const char *behind;
        struct fr_slice line = line_at(at), address = leading_address(line, &behind);

        if (address.size == 0 || !is_named(line, behind) || known(named, count, address))
            continue;
        for (size_t n = count == 0 ? 0 : count - 1; count > 0 && n < count; n++) {
            size_t size = (size_t)(at - said[n]);

            named[n].said = fr_arena_strndup(arena, said[n], size < SAID_MAX ? size : SAID_MAX);
        }
        if (count == max)
            return count;
        named[count].address = fr_arena_strndup(arena, address.data, address.size);
        named[count].said = "";
        said[count] = behind;
        if (named[count].address == NULL)
            return count;
        count++;
    }
    if (count > 0) {
        size_t size = strlen(said[count - 1]);

        named[count - 1].said =
            fr_arena_strndup(arena, said[count - 1], size < SAID_MAX ? size : SAID_MAX);
    }
    for (size_t n = 0; n < count; n++)
        if (named[n].said == NULL)
            named[n].said = "";
    return count;
}
