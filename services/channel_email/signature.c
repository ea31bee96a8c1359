/* signature.c - the longest common run of lines, by dynamic programming over pairs of mails. */
#include "services/channel_email/signature.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "common/base/slice.h"
#include "services/channel_email/charset_text.h"

#define LINES_MAX 400u /* of a mail: its last ones */
#define FILLED_MIN 3u

struct lines {
    struct fr_slice list[LINES_MAX];
    size_t count;
};

static struct fr_slice
trimmed(const char *line, size_t size)
{
    while (size > 0 && isspace((unsigned char)line[size - 1]))
        size--;
    return fr_slice(line, size);
}

static struct lines *
split(struct fr_arena *arena, const char *text)
{
    struct lines *lines = fr_arena_zalloc(arena, 1, sizeof(*lines));
    size_t total = 1, skip;

    if (lines == NULL)
        return NULL;
    for (const char *c = text; *c != '\0'; c++)
        total += *c == '\n';
    skip = total > LINES_MAX ? total - LINES_MAX : 0;
    for (size_t i = 0; i < total; i++) {
        size_t size = strcspn(text, "\n");

        if (i >= skip)
            lines->list[lines->count++] = trimmed(text, size);
        text += size + (text[size] == '\n');
    }
    return lines;
}

struct run { /* of lines, in the first of two mails */
    size_t from, count, filled;
};

/* table[j] is the length of the common run that ends at line i of `a` and line j of `b`. */
static struct run
longest(const struct lines *a, const struct lines *b)
{
    size_t table[LINES_MAX + 1] = {0};
    struct run best = {0, 0, 0};

    for (size_t i = 0; i < a->count; i++)
        for (size_t j = b->count; j-- > 0;) {
            table[j + 1] = fr_slice_equal(a->list[i], b->list[j]) ? table[j] + 1 : 0;
            if (table[j + 1] > 0) {
                struct run run = {i + 1 - table[j + 1], table[j + 1], 0};

                if (run.count > EMAIL_SIGNATURE_LINES_MAX)
                    continue;
                for (size_t n = 0; n < run.count; n++)
                    run.filled += a->list[run.from + n].size > 0;
                if (run.filled >= best.filled && run.filled > 0)
                    best = run;
            }
        }
    return best;
}

static bool
holds(const struct lines *lines, const struct lines *of, struct run run)
{
    for (size_t at = 0; at + run.count <= lines->count; at++) {
        size_t n = 0;

        while (n < run.count && fr_slice_equal(lines->list[at + n], of->list[run.from + n]))
            n++;
        if (n == run.count)
            return true;
    }
    return false;
}

static const char *
text_of(struct fr_arena *arena, const struct lines *lines, struct run run)
{
    struct email_text text = email_text(arena, 65536);

    while (run.count > 0 && lines->list[run.from].size == 0) {
        run.from++;
        run.count--;
    }
    while (run.count > 0 && lines->list[run.from + run.count - 1].size == 0)
        run.count--;
    for (size_t i = 0; i < run.count; i++) {
        if (i > 0)
            email_text_put(&text, '\n');
        email_text_add_slice(&text, lines->list[run.from + i]);
    }
    return text.size == 0 ? NULL : text.data;
}

const char *
email_signature_common(struct fr_arena *arena, const char *const *texts, size_t count)
{
    struct lines *mails[EMAIL_SIGNATURE_MAILS_MAX], *of = NULL;
    struct run best = {0, 0, 0};

    if (count > EMAIL_SIGNATURE_MAILS_MAX)
        count = EMAIL_SIGNATURE_MAILS_MAX;
    for (size_t i = 0; i < count; i++) {
        mails[i] = split(arena, texts[i]);
        if (mails[i] == NULL)
            return NULL;
    }
    for (size_t i = 0; i + 1 < count; i++) {
        struct run run = longest(mails[i], mails[i + 1]);
        size_t holders = 0;

        for (size_t n = 0; n < count; n++)
            holders += holds(mails[n], mails[i], run);
        if (run.filled >= FILLED_MIN && run.filled > best.filled && holders * 2 > count) {
            best = run;
            of = mails[i];
        }
    }
    return of == NULL ? NULL : text_of(arena, of, best);
}

const char *
email_signature_at(const char *text, const char *signature)
{
    size_t size = strlen(signature);

    for (const char *line = text; *line != '\0';) {
        const char *at = line, *of = signature;

        while (*of != '\0') { /* line by line, blanks at their ends apart */
            size_t have = strcspn(at, "\n"), want = strcspn(of, "\n");

            if (!fr_slice_equal(trimmed(at, have), fr_slice(of, want)))
                break;
            at += have + (at[have] == '\n');
            of += want + (of[want] == '\n');
        }
        if (size > 0 && *of == '\0')
            return line;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return NULL;
}
