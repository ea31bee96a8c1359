/* mime.h - the structure of a mail: its header fields, its leaves, and their bytes.
 *
 * GMime reads the structure; before it sees a byte, mime_limits.c has walked over it and refused
 * what is too long, too deep or has too many parts.  No GMime type leaves mime.c.
 */
#ifndef FR_EMAIL_MIME_H
#define FR_EMAIL_MIME_H

#include <stdbool.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/slice.h"

#define EMAIL_FIELDS_MAX 1000u

struct email_field {       /* of the mail's header, in order */
    struct fr_slice name;  /* without the colon */
    struct fr_slice value; /* raw: folded, encoded */
};

enum email_container { /* what a leaf stands directly in */
                       EMAIL_IN_NOTHING,
                       EMAIL_IN_MIXED,
                       EMAIL_IN_ALTERNATIVE,
                       EMAIL_IN_RELATED,
                       EMAIL_IN_REPORT,
                       EMAIL_IN_SIGNED,
};

struct email_part {      /* a leaf: no multipart */
    const char *type;    /* "text/plain", lower case; what was declared, or the default */
    const char *charset; /* as declared, or NULL */
    const char *name;    /* decoded file name, or NULL */
    const char *title;   /* what else it is called: Content-Description, an enclosed mail's subject;
                            or NULL */
    const char *content_id;  /* without <>, or NULL */
    const char *disposition; /* "attachment", "inline", lower case, or NULL */
    const char *method;      /* of text/calendar, or NULL */
    enum email_container container;
    bool in_alternative; /* at any level */
    bool enclosed_mail;  /* message/rfc822: its bytes are a whole mail */
    void *object;        /* private */
};

struct email_header {
    struct email_field *fields; /* NULL: the arena is spent */
    size_t count;
    struct fr_slice body; /* everything behind the empty line; a part of the bytes */
    bool broken;          /* a line was left out because it is no field */
};

struct email_mime {
    struct fr_slice mail; /* from the first header field on */
    struct email_header header;
    const char *type;        /* of the mail itself: "multipart/report" */
    const char *report_type; /* parameter of multipart/report, or NULL */
    struct email_part *parts;
    size_t part_count;
    struct fr_arena *arena;
    void *message, *stream, *array; /* private */
};

/* Fields of a header and where its body begins.  A line that is no field is left out; the first
 * empty line ends it.  At most EMAIL_FIELDS_MAX. */
struct email_header email_header_read(struct fr_arena *arena, struct fr_slice bytes);

/* Does the line begin with a field's name and a colon? */
bool email_header_line(const char *line, const char *end);

/* FR_OK, or FR_TOO_BIG with *why: over a limit of parse.h. */
enum fr_error email_mime_limits(struct fr_slice mail, const char **why);

/* FR_OK, FR_TOO_BIG, FR_INVALID (no header), FR_NO_MEMORY; *why.  mime needs email_mime_close
 * after FR_OK; the mail's bytes must stay until then. */
enum fr_error email_mime_open(struct fr_slice mail, struct fr_arena *arena, struct email_mime *mime,
                              const char **why);
void email_mime_close(struct email_mime *mime);

/* The first field of that name, or the empty slice. */
struct fr_slice email_mime_field(const struct email_mime *mime, const char *name);

/* A part's bytes with its transfer encoding undone, in pieces; stops when `take` does not return
 * FR_OK, and returns that. */
enum fr_error email_mime_decode(const struct email_part *part,
                                enum fr_error (*take)(void *context, const void *data, size_t size),
                                void *context);

/* The first `max` of them in one piece in the arena; *cut when there were more. */
struct fr_slice email_mime_bytes(const struct email_part *part, struct fr_arena *arena, size_t max,
                                 bool *cut);

#endif
