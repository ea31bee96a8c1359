/* chunked.c - a request body sent in chunks, decoded in place. */
#include <string.h>
#include "common/http/chunked.h"

#define SIZE_DIGITS_MAX                                                                            \
    15 /* cannot overflow; leading zeros count, for they are only ever an attack */
#define EXTRA_MAX 4096

static int
take_size(struct chunked *chunked, char c)
{
    int digit = c >= '0' && c <= '9'                     ? c - '0'
                : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                         : -1;

    if (digit >= 0) {
        if (++chunked->digits > SIZE_DIGITS_MAX)
            return 400;
        chunked->left = chunked->left << 4 | (unsigned)digit;
        return 0;
    }
    if (chunked->digits == 0)
        return 400;
    if (c == '\r')
        chunked->state = CHUNK_SIZE_LF;
    else if (c == ';')
        chunked->state = CHUNK_EXTENSION;
    else
        return 400;
    return 0;
}

/* Extensions are skipped, trailers too: nothing here asks for them (RFC 9110 6.5.1 allows that). */
static int
take_extra(struct chunked *chunked, char c)
{
    if (++chunked->extra > EXTRA_MAX || c == '\n' || c == '\0')
        return 400;
    if (chunked->state == CHUNK_EXTENSION) {
        if (c == '\r')
            chunked->state = CHUNK_SIZE_LF;
    } else if (c == '\r') {
        chunked->state = CHUNK_TRAILER_LF;
    } else {
        chunked->line_size++;
    }
    return 0;
}

static int
take_line_end(struct chunked *chunked, char c)
{
    if (c != (chunked->state == CHUNK_DATA_CR ? '\r' : '\n'))
        return 400;
    switch (chunked->state) {
    case CHUNK_SIZE_LF:
        chunked->state = chunked->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
        chunked->line_size = 0;
        break;
    case CHUNK_DATA_CR:
        chunked->state = CHUNK_DATA_LF;
        break;
    case CHUNK_DATA_LF:
        chunked->state = CHUNK_SIZE;
        chunked->digits = 0;
        break;
    default: /* CHUNK_TRAILER_LF: the empty line ends it all */
        chunked->state = chunked->line_size == 0 ? CHUNK_END : CHUNK_TRAILER;
        chunked->line_size = 0;
    }
    return 0;
}

int
fr_http_chunked_feed(struct chunked *chunked, const char *raw, size_t *size, char *body,
                     size_t *body_size, size_t body_size_max)
{
    size_t at = 0;
    int status = 0;

    while (at < *size && chunked->state != CHUNK_END && status == 0) {
        if (chunked->state == CHUNK_DATA) {
            size_t piece = *size - at < chunked->left ? *size - at : (size_t)chunked->left;

            memmove(body + *body_size, raw + at, piece);
            *body_size += piece;
            at += piece;
            chunked->left -= piece;
            if (chunked->left == 0)
                chunked->state = CHUNK_DATA_CR;
        } else if (chunked->state == CHUNK_SIZE) {
            status = take_size(chunked, raw[at++]);
        } else if (chunked->state == CHUNK_EXTENSION || chunked->state == CHUNK_TRAILER) {
            status = take_extra(chunked, raw[at++]);
        } else {
            status = take_line_end(chunked, raw[at++]);
            if (chunked->state == CHUNK_DATA && chunked->left > body_size_max - *body_size)
                status = 413; /* as soon as it is announced */
        }
    }
    *size = at;
    return status;
}
