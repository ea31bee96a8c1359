/* head.h - the request line and headers of HTTP/1.x (RFC 9112), parsed strictly and in place.
 *
 * Pure: no socket and no allocation, so tests and the fuzzer call exactly what production calls.
 * Everything that two parsers could read differently is refused, because behind a proxy such a
 * difference is request smuggling: bare LF, obs-fold, blanks before the colon, a repeated
 * Content-Length, Content-Length beside Transfer-Encoding, any transfer coding but "chunked".
 */
#ifndef FR_HTTP_HEAD_H
#define FR_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_SIZE_MAX 16384   /* all of it, with the empty line: 431 */
#define TARGET_SIZE_MAX 8192  /* the request line: 414 */
#define HEADER_COUNT_MAX 64   /* 431 */
#define ARGUMENT_COUNT_MAX 64 /* of a query: 414 */

struct head_field {
    uint16_t name, value; /* offsets into the head; both end with a NUL */
};

/* Offsets and not pointers, so that the bytes may move while the body still arrives. */
struct head {
    uint16_t size;                /* with the empty line */
    uint16_t method, path, query; /* offsets; query is 0 when there is none (it is not decoded) */
    uint8_t minor_version;
    uint8_t header_count;
    bool keep_alive, chunked, expect_continue, upgrade_websocket;
    int64_t content_length; /* -1: none */
    struct head_field headers[HEADER_COUNT_MAX];
};

/* Parse text[0 .. size - 1], which ends with the empty line.  Names become lower case, every piece
 * is NUL-terminated in place, the path is decoded and normalized: it starts with '/', is valid
 * UTF-8 without control characters, "//" is one '/', "." and ".." are resolved ("*" stays "*").
 * Returns 0, or the HTTP status to refuse with: 400, 414, 417, 431, 501, 505. */
int fr_http_head_parse(char *text, size_t size, struct head *head);

/* The value of the first header of that (lower-case) name, or NULL. */
const char *fr_http_head_value(const char *text, const struct head *head, const char *name);

/* text[0 .. size - 1] with %XX (and + when `plus`) decoded to `out`, NUL-terminated; `out` may be
 * `text`.  Returns the size, or -1 when an escape is broken or stands for a NUL. */
int fr_http_decode(const char *text, size_t size, bool plus, char *out);

/* Is `token` among the comma-separated elements of `list`, without regard to case? */
bool fr_http_list_has(const char *list, const char *token);

/* RFC 9110 5.6.2: may `c` be part of a method or header name? */
bool fr_http_is_token(unsigned char c);

#endif
