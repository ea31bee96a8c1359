/* address.c - one pass over the field; each mailbox is judged when its separator comes. */
#include "services/channel_email/address.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset.h"
#include "services/channel_email/charset_text.h"

#define FIELD_MAX (64u * 1024)
#define NESTING_MAX 50 /* of comments */

struct piece { /* bytes as they came, in one buffer each */
    char *data;
    size_t size;
};

struct reader {
    struct fr_arena *arena;
    const char *at, *end;
    const char *otherwise;
    struct piece phrase;  /* outside of <> and comments, without quotes and backslashes */
    struct piece comment; /* the last one */
    struct piece angle;
    bool has_angle;
    bool quoted_at;     /* an @ in the phrase stands inside quotes */
    const char *before; /* "Smith" of: Smith, John <js@x.example> */
    struct email_addresses found;
    size_t max;
};

static void
add(struct piece *piece, char c)
{
    piece->data[piece->size++] = c;
}

static void
read_quoted(struct reader *reader, struct piece *piece)
{
    reader->at++;
    while (reader->at < reader->end && *reader->at != '"') {
        if (*reader->at == '\\' && reader->at + 1 < reader->end)
            reader->at++;
        if (*reader->at == '@')
            reader->quoted_at = true;
        add(piece, *reader->at++);
    }
    if (reader->at < reader->end)
        reader->at++;
}

static void
read_comment(struct reader *reader)
{
    int depth = 0;

    reader->comment.size = 0;
    for (; reader->at < reader->end; reader->at++) {
        char c = *reader->at;

        if (c == '(' && depth < NESTING_MAX && depth++ == 0)
            continue;
        if (c == ')' && --depth == 0) {
            reader->at++;
            return;
        }
        if (c == '\\' && reader->at + 1 < reader->end)
            c = *++reader->at;
        add(&reader->comment, c);
    }
}

/* Up to >; where that is missing, up to what cannot stand in an address. */
static void
read_angle(struct reader *reader)
{
    reader->angle.size = 0;
    reader->has_angle = true;
    for (reader->at++; reader->at < reader->end && *reader->at != '>'; reader->at++) {
        if (*reader->at == '<') { /* <<a@b>>, or the < was part of a name */
            reader->angle.size = 0;
            continue;
        }
        if (*reader->at == ',' && memchr(reader->angle.data, '@', reader->angle.size) != NULL &&
            reader->angle.data[0] != '@')
            return;
        add(&reader->angle, *reader->at);
    }
    while (reader->at < reader->end && *reader->at == '>')
        reader->at++;
}

/* Of blank space only what stands inside a local part stays, folded: "Ann Smith"@x.example. */
static void
tidy_spaces(char *text)
{
    char *out = text;

    for (char *c = text; *c != '\0'; c++) {
        bool keep = !isspace((unsigned char)*c) ||
                    (*c == ' ' && out > text && out[-1] != ' ' && out[-1] != '@' &&
                     out[-1] != '.' && strchr(" @.\r\n\t", c[1]) == NULL && strchr(c, '@') != NULL);

        if (keep)
            *out++ = *c;
    }
    *out = '\0';
}

/* Without needless blanks, route, mailto: and a final dot. */
static char *
tidy_address(struct reader *reader, struct fr_slice raw)
{
    char *text = email_charset_decode(reader->arena, raw, NULL, reader->otherwise, 1024, NULL);
    char *route;

    if (text == NULL)
        return NULL;
    tidy_spaces(text);
    if (strncasecmp(text, "mailto:", 7) == 0)
        text += 7;
    route = strchr(text, ':');
    if (text[0] == '@' && route != NULL)
        text = route + 1;
    while (text[0] == '\'' || text[0] == '"' || text[0] == '<')
        text++;
    for (size_t size = strlen(text); size > 0 && strchr("'\">,;.", text[size - 1]) != NULL; size--)
        text[size - 1] = '\0';
    return text;
}

static void
emit(struct reader *reader, const char *address, const char *name)
{
    Fr__EmailAddress *made;

    if (address == NULL || address[0] == '\0')
        return;
    if (reader->found.count == reader->max) {
        reader->found.cut = true;
        return;
    }
    made = fr_arena_alloc(reader->arena, sizeof(*made));
    if (made == NULL)
        return;
    fr__email_address__init(made);
    made->address = (char *)(uintptr_t)address;
    if (name != NULL && name[0] != '\0' && strcmp(name, address) != 0)
        made->name = (char *)(uintptr_t)name;
    reader->found.list[reader->found.count++] = made;
}

static char *
decode(struct reader *reader, const struct piece *piece)
{
    char *text =
        email_words_decode(reader->arena, fr_slice(piece->data, piece->size), reader->otherwise);
    size_t size = text == NULL ? 0 : strlen(text);

    if (size >= 2 && text[0] == '\'' && text[size - 1] == '\'') { /* 'Ann' of old Outlooks */
        text[size - 1] = '\0';
        return text + 1;
    }
    return text;
}

/* Where an @ stands inside a word, the first one; else the first @. */
static size_t
address_word(const struct reader *reader)
{
    const char *data = reader->phrase.data;

    for (size_t i = 1; i + 1 < reader->phrase.size; i++)
        if (data[i] == '@' && !isspace((unsigned char)data[i - 1]) &&
            !isspace((unsigned char)data[i + 1]))
            return i;
    return (size_t)((const char *)memchr(data, '@', reader->phrase.size) - data);
}

/* "John Doe john@x.example" without <>: the word with the @ is the address. */
static void
emit_bare(struct reader *reader)
{
    const char *data = reader->phrase.data;
    size_t from = address_word(reader), to = from;
    struct piece rest = {fr_arena_alloc(reader->arena, reader->phrase.size + 1), 0};
    char *name;

    while (from > 0 && (reader->quoted_at || !isspace((unsigned char)data[from - 1])))
        from--;
    while (to < reader->phrase.size && !isspace((unsigned char)data[to]))
        to++;
    if (rest.data == NULL)
        return;
    memcpy(rest.data, data, from);
    memcpy(rest.data + from, data + to, reader->phrase.size - to);
    rest.size = from + reader->phrase.size - to;
    name = decode(reader, rest.size > 0 ? &rest : &reader->comment);
    if (name != NULL && name[0] == '\0')
        name = decode(reader, &reader->comment);
    emit(reader, tidy_address(reader, fr_slice(data + from, to - from)), name);
}

static const char *
joined(struct reader *reader, const char *name)
{
    if (reader->before == NULL || name == NULL)
        return name;
    return fr_arena_printf(reader->arena, "%s, %s", reader->before, name);
}

/* A word without @ and <>: the beginning of a name with a comma in it, or a local mailbox. */
static void
keep_word(struct reader *reader)
{
    const char *text = decode(reader, &reader->phrase);

    if (reader->comment.size > 0 && text != NULL && strchr(text, ' ') == NULL) {
        emit(reader, text, decode(reader, &reader->comment)); /* MAILER-DAEMON (Mail System) */
        return;
    }
    if (reader->before != NULL && strchr(reader->before, ' ') == NULL)
        emit(reader, reader->before, NULL);
    reader->before = text != NULL && text[0] != '\0' ? text : NULL;
}

static void
mailbox_end(struct reader *reader, bool last)
{
    bool has_at = memchr(reader->phrase.data, '@', reader->phrase.size) != NULL;

    if (reader->has_angle && reader->angle.size > 0) {
        const char *name =
            decode(reader, reader->phrase.size > 0 ? &reader->phrase : &reader->comment);
        emit(reader, tidy_address(reader, fr_slice(reader->angle.data, reader->angle.size)),
             joined(reader, name));
        reader->before = NULL;
    } else if (has_at) {
        emit_bare(reader);
        reader->before = NULL;
    } else if (reader->phrase.size > 0) {
        keep_word(reader);
    }
    if (last && reader->before != NULL && strchr(reader->before, ' ') == NULL)
        emit(reader, reader->before, NULL);
    reader->phrase.size = reader->comment.size = reader->angle.size = 0;
    reader->has_angle = reader->quoted_at = false;
}

/* "friends:" begins a group, unless it is mailto: or the colon of a route. */
static bool
group_begins(const struct reader *reader)
{
    return reader->phrase.size > 0 && !reader->has_angle &&
           memchr(reader->phrase.data, '@', reader->phrase.size) == NULL &&
           !(reader->phrase.size == 6 && strncasecmp(reader->phrase.data, "mailto", 6) == 0) &&
           memmem(reader->phrase.data, reader->phrase.size, "=?", 2) == NULL;
}

/* An encoded word's length: commas and brackets inside it are letters.  One that holds an @ hides
 * an address, and is read as it stands.  0: none begins here. */
static size_t
word_size(const struct reader *reader)
{
    const char *at = reader->at, *mark = at + 2;
    size_t left = (size_t)(reader->end - at), size;
    const char *stop;

    if (left < 8 || at[0] != '=' || at[1] != '?')
        return 0;
    for (int marks = 0; marks < 2; marks++) {
        mark = memchr(mark, '?', (size_t)(reader->end - mark));
        if (mark == NULL)
            return 0;
        mark++;
    }
    stop = memmem(mark, (size_t)(reader->end - mark), "?=", 2);
    if (stop == NULL)
        return 0;
    size = (size_t)(stop + 2 - at);
    return size <= 200 && memchr(at, '@', size) == NULL ? size : 0;
}

static void
read_field(struct reader *reader)
{
    while (reader->at < reader->end) {
        size_t word = word_size(reader);
        char c = *reader->at;

        if (word > 0) {
            memcpy(reader->phrase.data + reader->phrase.size, reader->at, word);
            reader->phrase.size += word;
            reader->at += word;
        } else if (c == '"') {
            read_quoted(reader, &reader->phrase);
        } else if (c == '(' && !(reader->phrase.size == 0 && reader->at + 1 == reader->end)) {
            read_comment(reader);
        } else if (c == '<') {
            read_angle(reader);
        } else if (c == ',' || c == ';') {
            mailbox_end(reader, c == ';');
            reader->at++;
        } else if (c == ':' && group_begins(reader)) {
            reader->phrase.size = 0;
            reader->before = NULL;
            reader->at++;
        } else {
            if (!isspace((unsigned char)c) || reader->phrase.size > 0)
                add(&reader->phrase, c);
            reader->at++;
        }
    }
    mailbox_end(reader, true);
}

static bool
reader_init(struct reader *reader, struct fr_arena *arena, struct fr_slice raw, size_t max)
{
    reader->arena = arena;
    reader->at = raw.data;
    reader->end = reader->at + raw.size;
    reader->max = max;
    reader->phrase.data = fr_arena_alloc(arena, raw.size + 1);
    reader->comment.data = fr_arena_alloc(arena, raw.size + 1);
    reader->angle.data = fr_arena_alloc(arena, raw.size + 1);
    reader->found.list = fr_arena_zalloc(arena, max, sizeof(*reader->found.list));
    return reader->phrase.data != NULL && reader->comment.data != NULL &&
           reader->angle.data != NULL && reader->found.list != NULL;
}

/* Someone encoded the whole field, address and all: =?utf-8?Q?Ann_<ann@x.example>?= */
static bool
hidden_in_words(struct fr_arena *arena, struct fr_slice raw, const char *otherwise,
                struct fr_slice *decoded)
{
    const char *text;

    if (memmem(raw.data, raw.size, "=?", 2) == NULL)
        return false;
    text = email_words_decode(arena, raw, otherwise);
    if (text == NULL || strchr(text, '@') == NULL)
        return false;
    *decoded = fr_slice_str(text);
    return true;
}

struct email_addresses
email_address_parse(struct fr_arena *arena, struct fr_slice raw, const char *otherwise, size_t max)
{
    struct reader reader = {.otherwise = otherwise};
    bool has_at = false;

    if (raw.size == 0 || max == 0)
        return reader.found;
    if (raw.size > FIELD_MAX)
        raw.size = FIELD_MAX;
    if (!reader_init(&reader, arena, raw, max))
        return (struct email_addresses){0};
    read_field(&reader);
    for (size_t i = 0; i < reader.found.count; i++)
        has_at |= strchr(reader.found.list[i]->address, '@') != NULL;
    if (!has_at && hidden_in_words(arena, raw, otherwise, &raw)) {
        reader = (struct reader){.otherwise = otherwise};
        if (reader_init(&reader, arena, raw, max))
            read_field(&reader);
    }
    return reader.found;
}

struct fr_slice
email_address_local(const char *address)
{
    const char *mark = strrchr(address, '@');

    return fr_slice(address, mark == NULL ? strlen(address) : (size_t)(mark - address));
}

struct fr_slice
email_address_domain(const char *address)
{
    const char *mark = strrchr(address, '@');

    return mark == NULL ? fr_slice("", 0) : fr_slice_str(mark + 1);
}

/* <...> without blanks and control characters; NULL: nothing is left. */
static char *
id_make(struct fr_arena *arena, const char *from, const char *to)
{
    char *id = fr_arena_alloc(arena, (size_t)(to - from) + 3), *out = id;

    if (id == NULL)
        return NULL;
    *out++ = '<';
    for (; from < to; from++)
        if ((unsigned char)*from > 0x20 && (unsigned char)*from < 0x7f && *from != '<' &&
            *from != '>')
            *out++ = *from;
    *out++ = '>';
    *out = '\0';
    return out - id > 2 ? id : NULL;
}

static size_t
id_keep(char **ids, size_t count, size_t max, char *id)
{
    if (id == NULL)
        return count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(ids[i], id) == 0)
            return count;
    if (count == max && max < 3)
        return count;
    if (count == max) { /* the first one and the latest are what matters */
        memmove(ids + 1, ids + 2, (max - 2) * sizeof(*ids));
        count--;
    }
    ids[count] = id;
    return count + 1;
}

size_t
email_ids_parse(struct fr_arena *arena, struct fr_slice raw, char **ids, size_t max)
{
    const char *at = raw.data, *end;
    size_t count = 0;

    if (raw.size == 0)
        return 0;
    end = at + (raw.size > FIELD_MAX ? FIELD_MAX : raw.size);
    for (const char *open = at; (open = memchr(open, '<', (size_t)(end - open))) != NULL;) {
        const char *close = memchr(open, '>', (size_t)(end - open));

        if (close == NULL)
            break;
        count = id_keep(ids, count, max, id_make(arena, open + 1, close));
        open = close;
    }
    while (count == 0 && at < end) {
        const char *from = at;

        while (at < end && !isspace((unsigned char)*at))
            at++;
        if (memchr(from, '@', (size_t)(at - from)) != NULL) {
            count = id_keep(ids, count, max, id_make(arena, from, at));
            break;
        }
        while (at < end && isspace((unsigned char)*at))
            at++;
    }
    return count;
}
