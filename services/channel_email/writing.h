/* writing.h - bytes that grow, and the encodings of mail: quoted-printable, encoded words, HTML. */
#ifndef FR_EMAIL_WRITING_H
#define FR_EMAIL_WRITING_H

#include <stdarg.h>
#include "common/base/arena.h"
#include "common/base/slice.h"

struct email_writing { /* in arena memory; `failed` stays set once memory ran out */
    struct fr_arena *arena;
    char *bytes;
    size_t size, room;
    bool failed;
};

void email_writing_add(struct email_writing *text, const void *bytes, size_t size);
void email_writing_say(struct email_writing *text, const char *words);
void email_writing_format(struct email_writing *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Quoted-printable (RFC 2045, 6.7): lines of at most 76 characters, CRLF at each LF of `source`. */
void email_writing_quoted_printable(struct email_writing *text, struct fr_slice source);

/* "Name: value" with encoded words where it must be (RFC 2047), folded, with its CRLF.  The value
 * is one line of UTF-8. */
void email_writing_header(struct email_writing *text, const char *name, const char *value);

/* A display name before an address: bare, quoted or encoded, whichever it takes. */
void email_writing_phrase(struct email_writing *text, const char *name);

/* UTF-8 as HTML: escaped, line breaks, http(s) links that can be clicked. */
void email_writing_html(struct email_writing *text, struct fr_slice source);

#endif
