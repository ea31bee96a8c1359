/* websocket.h - the client's side of RFC 6455, as much as our own services speak.  Pure.
 *
 * No extensions, text only.  The server's Sec-WebSocket-Accept is not recomputed: it guards against
 * caches and servers that do not know WebSockets, and the subprotocol, which only our services
 * answer with, says the same.
 */
#ifndef FR_FIL_WEBSOCKET_H
#define FR_FIL_WEBSOCKET_H

#include "services/fil/reply.h"

/* The request that asks for the upgrade. */
void fil_ws_handshake(struct fil_buffer *out, const char *host, const char *path,
                      const char *subprotocol, const char *headers);
/* Is this the answer to it? */
bool fil_ws_accepted(const struct fil_reply *reply, const char *subprotocol);

enum fil_ws_kind {
    FIL_WS_TEXT,
    FIL_WS_PING,
    FIL_WS_PONG,
    FIL_WS_CLOSE,
    FIL_WS_PART, /* of a text in several frames: kept in the reader, nothing to do */
};
struct fil_ws_reader { /* texts that come in several frames */
    struct fil_buffer text;
    bool whole; /* the next part begins a new text */
};
void fil_ws_reader_init(struct fil_ws_reader *reader);
void fil_ws_reader_fini(struct fil_ws_reader *reader);

/* The next frame of data[0 .. size - 1]: FR_OK with *used bytes, its kind and payload (borrowed
 * from data or the reader); FR_AGAIN: not whole yet; FR_INVALID: no frame that a server may send.
 */
enum fr_error fil_ws_read(struct fil_ws_reader *reader, const char *data, size_t size, size_t *used,
                          enum fil_ws_kind *kind, struct fr_slice *payload);
/* Appends a frame, masked as clients must (with a fixed mask: masking protects proxies from scripts
 * in pages, and there are none here). */
void fil_ws_write(struct fil_buffer *out, enum fil_ws_kind kind, struct fr_slice payload);

#endif
