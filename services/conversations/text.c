/* text.c - the start of a message, and the words of a notice. */
#include "services/conversations/text.h"

#include <strings.h>

static size_t
character_size(const unsigned char *at)
{
    size_t size = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;

    for (size_t i = 1; i < size; i++)
        if (at[i] == '\0')
            return i;
    return size;
}

char *
conversations_preview(const char *text, char out[CONVERSATIONS_PREVIEW_SIZE])
{
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0, characters = 0;
    bool blank = false;

    for (; *at != '\0' && characters < CONVERSATIONS_PREVIEW_MAX; at += character_size(at)) {
        if (*at <= ' ' || *at == 0x7f) {
            blank = used > 0;
            continue;
        }
        if (blank) {
            blank = false;
            out[used++] = ' ';
            if (++characters == CONVERSATIONS_PREVIEW_MAX)
                break;
        }
        memcpy(out + used, at, character_size(at));
        used += character_size(at);
        characters++;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
    return out;
}

size_t
conversations_cut(const char *text, size_t size_max)
{
    size_t size = strnlen(text, size_max + 1);

    if (size <= size_max)
        return size;
    for (size = size_max; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80; size--)
        continue;
    return size;
}

/* "fr" speaks for "fr" and "fr-CA", not for "fra" (RFC 4647, section 3.3.1). */
static bool
language_fits(const char *range, const char *language)
{
    size_t size = strlen(range);

    return language != NULL && strncasecmp(range, language, size) == 0 &&
           (language[size] == '\0' || language[size] == '-');
}

const char *
conversations_notice(const struct fr_config_list *notices, const char *brand, const char *language)
{
    const struct conversations_notice *rows = notices->items, *best = NULL;
    size_t best_fit = 0;

    for (size_t i = 0; i < notices->count; i++) {
        bool by_brand = rows[i].brand[0] != '\0', by_language = rows[i].language[0] != '\0';
        size_t fit = 1 + (by_language ? strlen(rows[i].language) : 0) + (by_brand ? 100 : 0);

        if ((by_brand && strcmp(rows[i].brand, brand) != 0) ||
            (by_language && !language_fits(rows[i].language, language)) || fit <= best_fit)
            continue;
        best = &rows[i];
        best_fit = fit;
    }
    return best == NULL || best->text[0] == '\0' ? NULL : best->text;
}

const char *
conversations_reason(const struct fr_config_list *reasons, int cause, const char *language)
{
    const struct conversations_reason *rows = reasons->items, *best = NULL;

    for (size_t i = 0; i < reasons->count; i++) {
        bool by_language = rows[i].language[0] != '\0';

        if (rows[i].cause != cause || (by_language && !language_fits(rows[i].language, language)))
            continue;
        if (best == NULL || (by_language && best->language[0] == '\0'))
            best = &rows[i];
    }
    return best == NULL ? "" : best->text;
}

/* The words for the placeholder at `at`, and how long it is; NULL: there is none. */
static const char *
words_at(const char *at, const struct conversations_words *words, size_t *size)
{
    const struct {
        const char *name, *words;
    } places[] = {{"{reason}", words->reason}, {"{time}", words->time}, {"{from}", words->from}};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        *size = strlen(places[i].name);
        if (strncmp(at, places[i].name, *size) == 0)
            return places[i].words == NULL ? "" : places[i].words;
    }
    return NULL;
}

char *
conversations_fill(struct fr_arena *arena, const char *text,
                   const struct conversations_words *words)
{
    char *out = fr_arena_strdup(arena, "");

    while (out != NULL && *text != '\0') {
        size_t plain = strcspn(text, "{"), taken = 1;
        const char *word = text[plain] == '\0' ? NULL : words_at(text + plain, words, &taken);

        if (word == NULL) {
            word = "";
            plain += text[plain] == '\0' ? 0 : 1;
            taken = 0;
        }
        out = fr_arena_printf(arena, "%s%.*s%s", out, (int)plain, text, word);
        text += plain + taken;
    }
    return out;
}
