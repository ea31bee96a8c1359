/* writing.c - bytes that grow, and the encodings of mail. */
#include "services/channel_email/writing.h"

#include <ctype.h>
#include <stdio.h>

#define LINE_MAX_QP 76      /* RFC 2045, 6.7 (5) */
#define ENCODED_WORD_MAX 75 /* RFC 2047, 2 */
#define HEADER_LINE_MAX 76

void
email_writing_add(struct email_writing *text, const void *bytes, size_t size)
{
    if (text->failed || size == 0)
        return;
    if (text->size + size + 1 > text->room) {
        size_t room = 2 * (text->size + size) + 1024;
        char *more = fr_arena_alloc(text->arena, room);

        if (more == NULL) {
            text->failed = true;
            return;
        }
        if (text->size > 0)
            memcpy(more, text->bytes, text->size);
        text->bytes = more;
        text->room = room;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void
email_writing_say(struct email_writing *text, const char *words)
{
    email_writing_add(text, words, strlen(words));
}

void
email_writing_format(struct email_writing *text, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof(line))
        text->failed = true;
    else
        email_writing_add(text, line, (size_t)size);
}

/* ---- quoted-printable ---- */

struct qp {
    struct email_writing *text;
    size_t column;
};

static void
qp_add(struct qp *qp, const char *bytes, size_t size)
{
    if (qp->column + size > LINE_MAX_QP - 1) { /* room for the soft line break */
        email_writing_say(qp->text, "=\r\n");
        qp->column = 0;
    }
    email_writing_add(qp->text, bytes, size);
    qp->column += size;
}

void
email_writing_quoted_printable(struct email_writing *text, struct fr_slice source)
{
    struct qp qp = {text, 0};
    const unsigned char *bytes = source.data;

    for (size_t i = 0; i < source.size; i++) {
        bool ends = i + 1 == source.size || bytes[i + 1] == '\n';
        char hex[4];

        if (bytes[i] == '\r' && !ends)
            continue;
        if (bytes[i] == '\r' || bytes[i] == '\n') {
            if (bytes[i] == '\n') {
                email_writing_say(text, "\r\n");
                qp.column = 0;
            }
            continue;
        }
        /* A dot at a line's beginning and "From " are safe everywhere only when encoded. */
        if ((bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '=' &&
             !(qp.column == 0 && (bytes[i] == '.' || bytes[i] == 'F'))) ||
            ((bytes[i] == ' ' || bytes[i] == '\t') && !ends)) {
            qp_add(&qp, (const char *)&bytes[i], 1);
            continue;
        }
        snprintf(hex, sizeof(hex), "=%02X", bytes[i]);
        qp_add(&qp, hex, 3);
    }
}

/* ---- headers ---- */

static bool
plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            return false;
    return strstr(text, "=?") == NULL;
}

static size_t
character_size(const unsigned char *at)
{
    size_t size = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;

    for (size_t i = 1; i < size; i++)
        if (at[i] == '\0')
            return i;
    return size;
}

static void
encode_character(char out[13], const unsigned char *at, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < size; i++) {
        if (isascii(at[i]) && isalnum(at[i]))
            out[used++] = (char)at[i];
        else if (at[i] == ' ')
            out[used++] = '_';
        else
            used += (size_t)sprintf(out + used, "=%02X", at[i]);
    }
    out[used] = '\0';
}

/* Encoded words, one per line, none of them cut inside a character (RFC 2047, 5). */
static void
encoded_words(struct email_writing *text, const char *value, size_t column)
{
    const unsigned char *at = (const unsigned char *)value;
    bool open = false;

    while (*at != '\0') {
        size_t size = character_size(at);
        char piece[13];

        encode_character(piece, at, size);
        if (open && column + strlen(piece) + 2 > ENCODED_WORD_MAX) {
            email_writing_say(text, "?=\r\n ");
            open = false;
            column = 1;
        }
        if (!open) {
            email_writing_say(text, "=?UTF-8?Q?");
            column += 10;
            open = true;
        }
        email_writing_say(text, piece);
        column += strlen(piece);
        at += size;
    }
    if (open)
        email_writing_say(text, "?=");
}

/* Folded at blanks. */
static void
folded(struct email_writing *text, const char *value, size_t column)
{
    while (*value != '\0') {
        size_t blanks = strspn(value, " "), word = strcspn(value + blanks, " ");

        if (column + blanks + word > HEADER_LINE_MAX && blanks > 0 && word > 0) {
            email_writing_say(text, "\r\n");
            column = 0;
        }
        email_writing_add(text, value, blanks + word);
        column += blanks + word;
        value += blanks + word;
    }
}

void
email_writing_header(struct email_writing *text, const char *name, const char *value)
{
    email_writing_format(text, "%s: ", name);
    if (plain(value) && strlen(value) < 900)
        folded(text, value, strlen(name) + 2);
    else
        encoded_words(text, value, strlen(name) + 2);
    email_writing_say(text, "\r\n");
}

void
email_writing_phrase(struct email_writing *text, const char *name)
{
    bool atoms = true;

    if (!plain(name) || strlen(name) > 60) {
        encoded_words(text, name, 20);
        return;
    }
    for (const char *c = name; *c != '\0'; c++)
        atoms = atoms && (isalnum((unsigned char)*c) || strchr(" !#$%&'*+-/=?^_`{|}~", *c) != NULL);
    if (atoms && name[0] != ' ') {
        email_writing_say(text, name);
        return;
    }
    email_writing_say(text, "\"");
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            email_writing_say(text, "\\");
        email_writing_add(text, c, 1);
    }
    email_writing_say(text, "\"");
}

/* ---- HTML ---- */

static void
html_character(struct email_writing *text, char c)
{
    switch (c) {
    case '<':
        email_writing_say(text, "&lt;");
        break;
    case '>':
        email_writing_say(text, "&gt;");
        break;
    case '&':
        email_writing_say(text, "&amp;");
        break;
    case '"':
        email_writing_say(text, "&quot;");
        break;
    case '\r':
        break;
    case '\n':
        email_writing_say(text, "<br>\n");
        break;
    default:
        email_writing_add(text, &c, 1);
    }
}

static void
html_run(struct email_writing *text, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        html_character(text, bytes[i]);
}

/* How far a link reaches; 0: none begins here.  A full stop or bracket behind it belongs to the
 * sentence. */
static size_t
link_size(const char *at, size_t size)
{
    size_t scheme = size > 8 && strncasecmp(at, "https://", 8) == 0  ? 8
                    : size > 7 && strncasecmp(at, "http://", 7) == 0 ? 7
                                                                     : 0;
    size_t end = scheme;

    while (scheme > 0 && end < size && (unsigned char)at[end] > ' ' &&
           strchr("<>\"'`", at[end]) == NULL)
        end++;
    while (end > scheme && strchr(".,;:!?)]", at[end - 1]) != NULL)
        end--;
    return end > scheme ? end : 0;
}

void
email_writing_html(struct email_writing *text, struct fr_slice source)
{
    const char *bytes = source.data;

    for (size_t i = 0; i < source.size;) {
        size_t link =
            bytes[i] == 'h' || bytes[i] == 'H' ? link_size(bytes + i, source.size - i) : 0;

        if (link == 0) {
            html_character(text, bytes[i++]);
            continue;
        }
        email_writing_say(text, "<a href=\"");
        html_run(text, bytes + i, link);
        email_writing_say(text, "\">");
        html_run(text, bytes + i, link);
        email_writing_say(text, "</a>");
        i += link;
    }
}
