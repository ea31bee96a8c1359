/* chunked.h - a request body sent in chunks (RFC 9112 section 7.1), decoded in place. */
#ifndef FR_HTTP_CHUNKED_H
#define FR_HTTP_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

enum chunked_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER,
    CHUNK_TRAILER_LF,
    CHUNK_END
};

struct chunked { /* all zero at the start */
    enum chunked_state state;
    unsigned digits;    /* of the chunk's size */
    unsigned line_size; /* of this trailer line */
    unsigned extra;     /* bytes of extensions and trailers so far: they are limited too */
    uint64_t left;      /* of this chunk */
};

/* Decode raw[0 .. *size - 1], appending to body[0 .. *body_size - 1], which may lie anywhere at or
 * before `raw` in the same buffer.  *size becomes what was used up.
 *
 *   0     more is needed, or the end when state is CHUNK_END (what follows is not touched)
 *   400   it is not well formed
 *   413   the body would be longer than `body_size_max` */
int fr_http_chunked_feed(struct chunked *chunked, const char *raw, size_t *size, char *body,
                         size_t *body_size, size_t body_size_max);

#endif
