/* charset_text.h - a text that grows in an arena and always stays valid UTF-8 without NUL.
 *
 * Adding never fails: what is over `max` or over the arena's budget is left out and `cut` is set,
 * so that the parsers need no error path for every character.
 */
#ifndef FR_EMAIL_CHARSET_TEXT_H
#define FR_EMAIL_CHARSET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/base/slice.h"

struct email_text {
    struct fr_arena *arena;
    char *data;       /* NUL-terminated once anything was added; see email_text_string */
    size_t size, max; /* bytes, without the NUL */
    size_t capacity;  /* private */
    bool cut;         /* something was left out */
};

static inline struct email_text
email_text(struct fr_arena *arena, size_t max)
{
    return (struct email_text){.arena = arena, .max = max};
}

/* A text that has all of its room from the beginning, so that what is allocated while it grows can
 * be released before it is. */
struct email_text email_text_reserved(struct fr_arena *arena, size_t max);

/* Behind its last byte; NULL for a slice without data, so that loops up to it do nothing. */
static inline const char *
email_slice_end(struct fr_slice bytes)
{
    return bytes.data == NULL ? NULL : (const char *)bytes.data + bytes.size;
}

/* One code point; NUL, surrogates and what is over U+10FFFF become U+FFFD. */
void email_text_put(struct email_text *text, uint32_t code);
void email_text_add(struct email_text *text, const char *utf8);
void email_text_add_slice(struct email_text *text, struct fr_slice utf8);

/* Never NULL. */
static inline const char *
email_text_string(const struct email_text *text)
{
    return text->data == NULL ? "" : text->data;
}

static inline struct fr_slice
email_text_slice(const struct email_text *text)
{
    return fr_slice(text->data, text->size);
}

/* A copy that is valid UTF-8: what is not becomes U+FFFD, control characters but tab and line ends
 * are dropped, CRLF and CR become LF.  Cut at `max` bytes.  NULL: the arena is spent. */
char *email_utf8_clean(struct fr_arena *arena, struct fr_slice bytes, size_t max, bool *cut);

/* Runs of blank space (Unicode's, too) made one blank, none at the ends.  NULL: arena spent. */
char *email_fold(struct fr_arena *arena, const char *utf8);

/* The code point at *at (which is before end), *at moved behind it; U+FFFD for one bad byte. */
uint32_t email_utf8_next(const char **at, const char *end);

#endif
