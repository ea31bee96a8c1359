/* charset_words.c - encoded words in header fields, read as they are really sent (RFC 2047).
 *
 * Neighbouring words of one charset and encoding are decoded as one, because senders split inside
 * a character; blanks inside a Q word and a missing end are forgiven.
 */
#include "services/channel_email/charset.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "services/channel_email/charset_text.h"

#define FIELD_MAX (64u * 1024)
#define LABEL_MAX 64

struct word {
    char charset[LABEL_MAX];
    char encoding;         /* 'B' or 'Q' */
    struct fr_slice bytes; /* still encoded */
};

/* Does an encoded word begin at `at`?  Then *word and *end behind it. */
static bool
word_at(const char *at, const char *limit, struct word *word, const char **end)
{
    const char *mark, *text, *stop;
    size_t size;

    if (limit - at < 7 || at[0] != '=' || at[1] != '?')
        return false;
    mark = memchr(at + 2, '?', (size_t)(limit - at - 2));
    if (mark == NULL || limit - mark < 3 || mark[2] != '?' || strchr("bBqQ", mark[1]) == NULL)
        return false;
    size = (size_t)(mark - at - 2);
    if (size == 0 || size >= LABEL_MAX)
        return false;
    memcpy(word->charset, at + 2, size);
    word->charset[size] = '\0';
    word->charset[strcspn(word->charset, "*")] = '\0'; /* RFC 2231, 5: a language may follow */
    word->encoding = (char)toupper((unsigned char)mark[1]);
    text = mark + 3;
    for (stop = text; stop + 1 < limit && !(stop[0] == '?' && stop[1] == '='); stop++)
        if (stop[0] == '=' && stop[1] == '?' && stop > text && stop[-1] == ' ')
            return false; /* its end is missing and the next one begins */
    if (stop + 1 >= limit)
        return false;
    word->bytes = fr_slice(text, (size_t)(stop - text));
    *end = stop + 2;
    return true;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t
decode_q(struct fr_slice in, char *out)
{
    const char *c = in.data;
    size_t size = 0;

    for (size_t i = 0; i < in.size; i++) {
        if (c[i] == '=' && i + 2 < in.size && hex_digit(c[i + 1]) >= 0 &&
            hex_digit(c[i + 2]) >= 0) {
            out[size++] = (char)(hex_digit(c[i + 1]) << 4 | hex_digit(c[i + 2]));
            i += 2;
        } else if (c[i] == '=' && i + 1 < in.size && (c[i + 1] == '\n' || c[i + 1] == '\r')) {
            continue; /* a soft line break does not belong here, and comes all the same */
        } else if (c[i] != '\r' && c[i] != '\n') {
            out[size++] = c[i] == '_' ? ' ' : c[i];
        }
    }
    return size;
}

static int
base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Padding resets: words that were joined each bring their own. */
static size_t
decode_b(struct fr_slice in, char *out)
{
    const char *c = in.data;
    uint32_t bits = 0;
    int have = 0;
    size_t size = 0;

    for (size_t i = 0; i < in.size; i++) {
        int digit = base64_digit(c[i]);

        if (c[i] == '=') {
            have = 0;
            continue;
        }
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[size++] = (char)(bits >> have & 0xff);
        }
    }
    return size;
}

/* Words side by side in one charset: their bytes are collected before they become characters. */
struct run {
    char charset[LABEL_MAX];
    char *bytes;
    size_t size;
    bool open;
};

static void
run_end(struct run *run, struct fr_arena *arena, struct email_text *out)
{
    if (run->open) {
        const char *text = email_charset_decode(arena, fr_slice(run->bytes, run->size),
                                                run->charset, NULL, FIELD_MAX, NULL);
        email_text_add(out, text == NULL ? "" : text);
    }
    run->open = false;
    run->size = 0;
}

/* Plain text between words; raw bytes beyond ASCII are guessed. */
static void
add_plain(struct fr_arena *arena, struct fr_slice raw, const char *otherwise,
          struct email_text *out)
{
    const char *text = email_charset_decode(arena, raw, NULL, otherwise, FIELD_MAX, NULL);

    email_text_add(out, text == NULL ? "" : text);
}

static bool
all_blank(const char *from, const char *to)
{
    for (; from < to; from++)
        if (!isspace((unsigned char)*from))
            return false;
    return true;
}

char *
email_words_decode(struct fr_arena *arena, struct fr_slice raw, const char *otherwise)
{
    struct email_text out = email_text(arena, FIELD_MAX);
    struct run run = {.bytes = NULL};
    const char *at, *end, *plain;

    if (raw.size > FIELD_MAX)
        raw.size = FIELD_MAX;
    at = plain = raw.data;
    end = email_slice_end(raw);
    run.bytes = fr_arena_alloc(arena, raw.size + 1);
    if (run.bytes == NULL)
        return NULL;
    while (at != NULL && at < end) {
        struct word word;
        const char *behind;

        if (*at != '=' || !word_at(at, end, &word, &behind)) {
            at++;
            continue;
        }
        if (!run.open || !all_blank(plain, at)) { /* blanks between two words are not text */
            run_end(&run, arena, &out);
            add_plain(arena, fr_slice(plain, (size_t)(at - plain)), otherwise, &out);
        } else if (strcasecmp(run.charset, word.charset) != 0) {
            run_end(&run, arena, &out);
        }
        memcpy(run.charset, word.charset, sizeof(run.charset));
        run.open = true;
        run.size += word.encoding == 'B' ? decode_b(word.bytes, run.bytes + run.size)
                                         : decode_q(word.bytes, run.bytes + run.size);
        at = plain = behind;
    }
    run_end(&run, arena, &out);
    if (plain != NULL && plain < end)
        add_plain(arena, fr_slice(plain, (size_t)(end - plain)), otherwise, &out);
    return email_fold(arena, email_text_string(&out));
}
