/* html.c - tags become line ends, characters become text.  See html.h. */
#include "services/channel_email/html.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset_text.h"

#define NAME_MAX_SIZE 16

enum effect {
    NOTHING,   /* shown inside the line */
    BREAK,     /* ends the line, always */
    LINE,      /* stands on lines of its own */
    PARAGRAPH, /* and has an empty line around it */
    ITEM,      /* of a list */
    CELL,      /* of a table */
    QUOTE,
    HIDDEN, /* its content is not shown */
    AS_IS,  /* blank space counts */
    RULE,
};

struct tag {
    const char *name;
    enum effect effect;
};

/* clang-format off */
static const struct tag tags[] = {
    { "br", BREAK },        { "p", PARAGRAPH },     { "div", LINE },         { "blockquote", QUOTE },
    { "tr", LINE },         { "td", CELL },         { "th", CELL },          { "table", LINE },
    { "li", ITEM },         { "ul", LINE },         { "ol", LINE },          { "dl", LINE },
    { "dt", LINE },         { "dd", LINE },         { "h1", PARAGRAPH },     { "h2", PARAGRAPH },
    { "h3", PARAGRAPH },    { "h4", PARAGRAPH },    { "h5", PARAGRAPH },     { "h6", PARAGRAPH },
    { "hr", RULE },         { "pre", AS_IS },       { "style", HIDDEN },     { "script", HIDDEN },
    { "title", HIDDEN },    { "head", NOTHING },    { "body", LINE },        { "html", NOTHING },
    { "center", LINE },     { "section", LINE },    { "article", LINE },     { "header", LINE },
    { "footer", LINE },     { "address", LINE },    { "fieldset", LINE },    { "form", LINE },
    { "caption", LINE },    { "figure", LINE },     { "textarea", LINE },    { "select", HIDDEN },
    { "object", NOTHING },  { "noscript", NOTHING }, { "template", HIDDEN }, { "xml", HIDDEN },
    { "tbody", LINE },      { "thead", LINE },      { "tfoot", LINE },       { "main", LINE },
};
/* clang-format on */

struct writer {
    struct email_text out;
    unsigned quotes;     /* how deep */
    unsigned div_quotes; /* of them, begun by a div that names itself a quote */
    unsigned div_depth;  /* open divs since the first of those */
    unsigned as_is;      /* pre inside pre */
    unsigned breaks;     /* line ends owed before the next character */
    bool space;          /* a blank owed */
    bool line_begun;
    bool any;
    bool open_comment; /* one was found that never ends: do not look for the end again */
};

static void
end_lines(struct writer *writer, unsigned count)
{
    if (!writer->any)
        return;
    if (writer->breaks < count)
        writer->breaks = count;
    writer->space = false;
}

static void
begin_line(struct writer *writer)
{
    unsigned quotes =
        writer->quotes > EMAIL_HTML_QUOTES_MAX ? EMAIL_HTML_QUOTES_MAX : writer->quotes;

    for (unsigned i = 0; i < writer->breaks; i++) {
        email_text_put(&writer->out, '\n');
        for (unsigned q = 0; q < quotes && i + 1 < writer->breaks; q++)
            email_text_put(&writer->out, '>');
    }
    if (writer->breaks > 0 || !writer->any) {
        for (unsigned q = 0; q < quotes; q++)
            email_text_put(&writer->out, '>');
        if (quotes > 0)
            email_text_put(&writer->out, ' ');
    }
    writer->breaks = 0;
}

static void
put(struct writer *writer, uint32_t code)
{
    bool blank = code == ' ' || code == '\t' || code == '\n' || code == '\r' || code == '\f';

    if (blank && writer->as_is > 0 && (code == '\n' || code == '\r')) {
        if (code == '\n' && writer->any)
            writer->breaks++;
        return;
    }
    if (blank && writer->as_is == 0) {
        writer->space = writer->any && writer->breaks == 0;
        return;
    }
    if (code == 0xad || code == 0x200b || code == 0x200c || code == 0x2060 || code == 0xfeff ||
        code == 0x34f)
        return; /* invisible: soft hyphens, zero widths and what fills previews */
    if (writer->breaks > 0 || !writer->any)
        begin_line(writer);
    else if (writer->space)
        email_text_put(&writer->out, ' ');
    writer->space = false;
    writer->any = true;
    email_text_put(&writer->out, code == 0xa0 ? ' ' : code);
}

/* Numbers of windows-1252's control range mean its characters, as browsers read them. */
static uint32_t
numbered(uint32_t code)
{
    static const uint16_t cp1252[32] = {
        0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

    return code >= 0x80 && code < 0xa0 ? cp1252[code - 0x80] : code;
}

/* &...; at `at`.  Returns what is behind it, or NULL: the & is just a character. */
static const char *
entity_at(const char *at, const char *end, uint32_t *code)
{
    const char *c = at + 1;
    uint32_t number = 0;
    size_t size = 0;

    if (c < end && *c == '#') {
        bool hex = ++c < end && (*c == 'x' || *c == 'X');
        const char *digits;

        c += hex;
        for (digits = c; c < end && c - digits < 8 &&
                         (hex ? isxdigit((unsigned char)*c) : isdigit((unsigned char)*c));
             c++)
            number = number * (hex ? 16 : 10) +
                     (uint32_t)(isdigit((unsigned char)*c) ? *c - '0' : (*c | 32) - 'a' + 10);
        if (c == digits)
            return NULL;
        *code = numbered(number);
        return c < end && *c == ';' ? c + 1 : c;
    }
    while (c + size < end && size < 20 && isalnum((unsigned char)c[size]))
        size++;
    if (c + size < end && c[size] == ';' && (*code = email_html_entity(c, size)) != 0)
        return c + size + 1;
    if (size >= 2 && (*code = email_html_entity(c, size)) != 0 && *code < 0x100)
        return c + size; /* &nbsp without ; */
    return NULL;
}

struct element {
    char name[NAME_MAX_SIZE]; /* lower case */
    bool closing;
    const char *attributes, *end; /* up to > */
};

/* A tag at `at` (which is '<'); returns behind its '>', or NULL: the < is just a character. */
static const char *
tag_at(const char *at, const char *end, struct element *element)
{
    const char *c = at + 1;
    size_t size = 0;
    char quote = '\0';

    element->closing = c < end && *c == '/';
    c += element->closing;
    if (c >= end || !isalpha((unsigned char)*c))
        return NULL;
    for (; c < end && (isalnum((unsigned char)*c) || *c == ':' || *c == '-'); c++)
        if (size < NAME_MAX_SIZE - 1)
            element->name[size++] = (char)tolower((unsigned char)*c);
    element->name[size] = '\0';
    element->attributes = c;
    for (; c < end; c++) {
        if (quote != '\0') {
            quote = *c == quote ? '\0' : quote;
            continue;
        }
        if ((*c == '"' || *c == '\'') && c[-1] == '=')
            quote = *c;
        if (*c == '>')
            break;
    }
    if (c >= end && quote != '\0') /* a quote that never ends: the first > it is */
        c = memchr(element->attributes, '>', (size_t)(end - element->attributes));
    if (c == NULL)
        c = end;
    element->end = c;
    return c < end ? c + 1 : end;
}

/* <!-- -->, <!doctype>, <?xml?>: skipped.  NULL: none of them. */
static const char *
aside_at(struct writer *writer, const char *at, const char *end)
{
    const char *stop = NULL;

    if (end - at < 2 || (at[1] != '!' && at[1] != '?'))
        return NULL;
    if (end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
        if (!writer->open_comment)
            stop = memmem(at + 4, (size_t)(end - at - 4), "-->", 3);
        if (stop != NULL)
            return stop + 3;
        writer->open_comment = true;
        stop = memchr(at, '>', (size_t)(end - at)); /* never closed: do not swallow the mail */
        return stop == NULL ? end : stop + 1;
    }
    stop = memchr(at, '>', (size_t)(end - at));
    return stop == NULL ? end : stop + 1;
}

static bool
attribute_says(const struct element *element, const char *word)
{
    return element->end > element->attributes &&
           memmem(element->attributes, (size_t)(element->end - element->attributes), word,
                  strlen(word)) != NULL;
}

/* The containers in which mail programs put what they quote. */
static bool
names_itself_quote(const struct element *element)
{
    return attribute_says(element, "gmail_quote\"") || attribute_says(element, "gmail_quote ") ||
           attribute_says(element, "yahoo_quoted") || attribute_says(element, "gmail_extra\"") ||
           attribute_says(element, "protonmail_quote") || attribute_says(element, "zmail_extra");
}

/* Not shown: display:none, as preview texts have. */
static void
open_div(struct writer *writer, const struct element *element)
{
    if (writer->div_quotes > 0) {
        writer->div_depth++;
        return;
    }
    if (names_itself_quote(element)) {
        writer->div_quotes = 1;
        writer->div_depth = 1;
        end_lines(writer, 1);
        writer->quotes++;
    }
}

static void
close_div(struct writer *writer)
{
    if (writer->div_quotes > 0 && --writer->div_depth == 0) {
        writer->div_quotes = 0;
        if (writer->quotes > 0)
            writer->quotes--;
    }
}

static enum effect
effect_of(const char *name)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (strcmp(name, tags[i].name) == 0)
            return tags[i].effect;
    return NOTHING;
}

static void
quote(struct writer *writer, bool closing)
{
    end_lines(writer, 1);
    if (!closing)
        writer->quotes++;
    else if (writer->quotes > writer->div_quotes)
        writer->quotes--;
}

static void
rule(struct writer *writer)
{
    end_lines(writer, 1);
    if (writer->any) {
        for (int i = 0; i < 20; i++)
            put(writer, '_');
        end_lines(writer, 1);
    }
}

static void
react(struct writer *writer, const struct element *element, enum effect effect)
{
    switch (effect) {
    case BREAK:
        if (writer->any)
            writer->breaks += writer->breaks < 3;
        writer->space = false;
        break;
    case LINE:
        end_lines(writer, 1);
        if (strcmp(element->name, "div") == 0) {
            if (element->closing)
                close_div(writer);
            else
                open_div(writer, element);
        }
        break;
    case PARAGRAPH:
        end_lines(writer, 2);
        break;
    case ITEM:
        end_lines(writer, 1);
        if (!element->closing) {
            put(writer, '-');
            writer->space = true;
        }
        break;
    case CELL:
        writer->space = writer->any && writer->breaks == 0;
        break;
    case QUOTE:
        quote(writer, element->closing);
        break;
    case AS_IS:
        end_lines(writer, 1);
        writer->as_is = element->closing ? 0 : 1;
        break;
    case RULE:
        rule(writer);
        break;
    case NOTHING:
    case HIDDEN:
        break;
    }
}

/* Behind </name>; the end, when it never comes. */
static const char *
skip_hidden(const char *at, const char *end, const char *name)
{
    size_t size = strlen(name);

    while (at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        if ((size_t)(end - at) > size + 2 && at[1] == '/' && strncasecmp(at + 2, name, size) == 0) {
            const char *stop = memchr(at, '>', (size_t)(end - at));

            return stop == NULL ? end : stop + 1;
        }
        at++;
    }
    return end;
}

char *
email_html_text(struct fr_arena *arena, const char *html, size_t max, bool *cut)
{
    struct writer writer = {.out = email_text(arena, max)};
    const char *at = html, *end = html + strlen(html);

    while (at < end && !writer.out.cut) {
        struct element element;
        const char *behind = NULL;
        uint32_t code;

        if (*at == '<' && (behind = aside_at(&writer, at, end)) == NULL &&
            (behind = tag_at(at, end, &element)) != NULL) {
            enum effect effect = effect_of(element.name);

            if (effect == HIDDEN && !element.closing &&
                !(element.end > html && element.end[-1] == '/'))
                behind = skip_hidden(behind, end, element.name);
            react(&writer, &element, effect);
        } else if (*at == '&' && behind == NULL && (behind = entity_at(at, end, &code)) != NULL) {
            put(&writer, code == '\n' ? ' ' : code);
        }
        if (behind == NULL) {
            behind = at;
            put(&writer, email_utf8_next(&behind, end));
        }
        at = behind;
    }
    if (cut != NULL)
        *cut = writer.out.cut;
    return writer.out.data == NULL ? fr_arena_strdup(arena, "") : writer.out.data;
}

bool
email_html_shows(const char *html, const char *content_id)
{
    size_t size = strlen(content_id);

    for (const char *at = html; size > 0 && (at = strcasestr(at, "cid:")) != NULL; at += 4)
        if (strncasecmp(at + 4, content_id, size) == 0)
            return true;
    return false;
}
