/* reply.h - HTTP/1.1 as a client speaks it: requests written, replies read.  Pure but for
 * fil_http_ask. */
#ifndef FR_FIL_REPLY_H
#define FR_FIL_REPLY_H

#include <jansson.h>
#include "common/base/time.h"
#include "services/fil/net.h"

struct fil_reply {
    int status;
    struct fr_slice head; /* the header lines */
    struct fr_slice body;
    size_t size; /* of it all: what to drop */
    bool closes; /* the server will close the connection */
};

/* A whole reply at the front of data[0 .. size - 1] (a NUL behind it)?  FR_OK; FR_AGAIN: not yet;
 * FR_INVALID: this is no reply that we can read (chunked ones are not used by our own services).
 * Slices are borrowed from data. */
enum fr_error fil_reply_read(const char *data, size_t size, struct fil_reply *reply);
/* A header's value (name in lower case) into text; false: not there. */
bool fil_reply_header(const struct fil_reply *reply, const char *name, char *text, size_t size);

/* Appends a request.  `headers`: whole lines with \r\n, or NULL; body NULL: none, else JSON. */
void fil_request_write(struct fil_buffer *out, const char *method, const char *host,
                       const char *path, const char *headers, const char *body);

/* One request on a connection of its own; waits.  FR_OK: *status and *json (new reference; NULL
 * when the body is no JSON); FR_GONE: nobody there, or it broke off; FR_AGAIN: no answer in time.
 */
enum fr_error fil_http_ask(const struct fil_address *address, const char *method, const char *path,
                           const char *headers, const char *body, struct fr_span patience,
                           int *status, json_t **json);

#endif
