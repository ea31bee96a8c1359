/* websocket.c - the client's side of RFC 6455, as much as our own services speak. */
#include "services/fil/websocket.h"

#include <stdio.h>
#include <stdlib.h>

#define PAYLOAD_SIZE_MAX (64u << 20)

enum opcode { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

void
fil_ws_handshake(struct fil_buffer *out, const char *host, const char *path,
                 const char *subprotocol, const char *headers)
{
    char lines[2048];

    snprintf(lines, sizeof(lines),
             "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
             "sec-websocket-key: ZmlscnVnZSBjbGllbnQhIQ==\r\nsec-websocket-protocol: %s\r\n%s",
             subprotocol, headers != NULL ? headers : "");
    fil_request_write(out, "GET", host, path, lines, NULL);
}

bool
fil_ws_accepted(const struct fil_reply *reply, const char *subprotocol)
{
    char text[100];

    return reply->status == 101 &&
           fil_reply_header(reply, "sec-websocket-protocol", text, sizeof(text)) &&
           strcmp(text, subprotocol) == 0;
}

void
fil_ws_reader_init(struct fil_ws_reader *reader)
{
    *reader = (struct fil_ws_reader){.whole = true};
}

void
fil_ws_reader_fini(struct fil_ws_reader *reader)
{
    free(reader->text.bytes);
    fil_ws_reader_init(reader);
}

/* Length of the payload and where it begins; FR_AGAIN while the head is not whole. */
static enum fr_error
read_head(const unsigned char *data, size_t size, size_t *head_size, uint64_t *payload_size)
{
    size_t more;

    if (size < 2)
        return FR_AGAIN;
    if ((data[0] & 0x70) != 0 || (data[1] & 0x80) != 0)
        return FR_INVALID; /* extensions were not agreed on, and servers do not mask */
    *payload_size = data[1] & 0x7f;
    more = *payload_size == 126 ? 2 : *payload_size == 127 ? 8 : 0;
    if (size < 2 + more)
        return FR_AGAIN;
    if (more > 0)
        *payload_size = 0;
    for (size_t i = 0; i < more; i++)
        *payload_size = *payload_size << 8 | data[2 + i];
    *head_size = 2 + more;
    return *payload_size > PAYLOAD_SIZE_MAX ? FR_INVALID : FR_OK;
}

static enum fr_error
take_text(struct fil_ws_reader *reader, bool final, bool begins, struct fr_slice part,
          enum fil_ws_kind *kind, struct fr_slice *payload)
{
    if (begins != reader->whole)
        return FR_INVALID;
    *kind = final ? FIL_WS_TEXT : FIL_WS_PART;
    reader->whole = final;
    if (begins && final) {
        *payload = part;
        return FR_OK;
    }
    if (begins)
        reader->text.size = 0;
    fil_buffer_add(&reader->text, part.data, part.size);
    *payload = fr_slice(reader->text.bytes, reader->text.size);
    return FR_OK;
}

enum fr_error
fil_ws_read(struct fil_ws_reader *reader, const char *data, size_t size, size_t *used,
            enum fil_ws_kind *kind, struct fr_slice *payload)
{
    const unsigned char *bytes = (const unsigned char *)data;
    uint64_t payload_size;
    size_t head_size;
    enum fr_error err = read_head(bytes, size, &head_size, &payload_size);
    bool final;

    if (err != FR_OK)
        return err;
    if (size - head_size < payload_size)
        return FR_AGAIN;
    *used = head_size + (size_t)payload_size;
    *payload = fr_slice(data + head_size, (size_t)payload_size);
    final = (bytes[0] & 0x80) != 0;
    switch (bytes[0] & 0x0f) {
    case CONTINUATION:
        return take_text(reader, final, false, *payload, kind, payload);
    case TEXT:
        return take_text(reader, final, true, *payload, kind, payload);
    case PING:
        *kind = FIL_WS_PING;
        return FR_OK;
    case PONG:
        *kind = FIL_WS_PONG;
        return FR_OK;
    case CLOSE:
        *kind = FIL_WS_CLOSE;
        return FR_OK;
    default:
        return FR_INVALID;
    }
}

void
fil_ws_write(struct fil_buffer *out, enum fil_ws_kind kind, struct fr_slice payload)
{
    static const unsigned char opcodes[] = {
        [FIL_WS_TEXT] = TEXT, [FIL_WS_PING] = PING, [FIL_WS_PONG] = PONG, [FIL_WS_CLOSE] = CLOSE};
    static const unsigned char mask[4] = {0x5a, 0xc3, 0x17, 0x88};
    unsigned char head[14] = {(unsigned char)(0x80 | opcodes[kind])};
    size_t head_size = 2, begin;

    if (payload.size < 126) {
        head[1] = (unsigned char)(0x80 | payload.size);
    } else {
        size_t more = payload.size < 65536 ? 2 : 8;

        head[1] = more == 2 ? 0x80 | 126 : 0x80 | 127;
        for (size_t i = 0; i < more; i++)
            head[2 + i] = (unsigned char)((uint64_t)payload.size >> 8 * (more - 1 - i));
        head_size += more;
    }
    memcpy(head + head_size, mask, sizeof(mask));
    fil_buffer_add(out, head, head_size + sizeof(mask));
    begin = out->size;
    fil_buffer_add(out, payload.data, payload.size);
    for (size_t i = 0; i < payload.size; i++)
        out->bytes[begin + i] = (char)((unsigned char)out->bytes[begin + i] ^ mask[i % 4]);
}
