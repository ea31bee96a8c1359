/* client_fuzz.c - whatever a server says, the client's readers stay inside it. */
#include <stdlib.h>
#include "services/fil/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fil_buffer copy = {.bytes = NULL};
    struct fil_ws_reader reader;
    struct fil_reply reply;
    struct fr_slice payload;
    enum fil_ws_kind kind;
    size_t at = 0, used;
    char value[40];

    fil_buffer_add(&copy, data, size); /* with the NUL that fil_net keeps behind */
    if (fil_reply_read(copy.bytes, copy.size, &reply) == FR_OK) {
        fr_assert(reply.size <= size && reply.body.size <= reply.size);
        fil_reply_header(&reply, "set-cookie", value, sizeof(value));
    }
    fil_ws_reader_init(&reader);
    while (at < size &&
           fil_ws_read(&reader, copy.bytes + at, size - at, &used, &kind, &payload) == FR_OK) {
        fr_assert(used > 0 && used <= size - at);
        at += used;
    }
    fil_ws_reader_fini(&reader);
    free(copy.bytes);
    return 0;
}
