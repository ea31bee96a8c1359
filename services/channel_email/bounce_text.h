/* bounce_text.h - a bounce that only people were meant to read. */
#ifndef FR_EMAIL_BOUNCE_TEXT_H
#define FR_EMAIL_BOUNCE_TEXT_H

#include "common/base/arena.h"
#include "common/base/slice.h"

struct email_bounce_named {
    const char *address; /* without <> */
    const char *said;    /* of it: the rest of its line and the lines below */
};

/* The daemon's own words: the text up to the mail that it sends back.  NULL: arena spent. */
const char *email_bounce_words(const char *text, struct fr_arena *arena);

/* From where that mail's header begins; empty: it is not there. */
struct fr_slice email_bounce_original(const char *text);

/* The addresses that stand alone, or first in their line, in the daemon's words. */
size_t email_bounce_named(const char *words, struct fr_arena *arena,
                          struct email_bounce_named *named, size_t max);

#endif
