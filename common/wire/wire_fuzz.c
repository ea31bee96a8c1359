/* wire_fuzz.c - everything that a peer can send: a header, and records behind it.
 *
 * The first byte says how long the header is, and whether the records are filtered and checked
 * deeply; so one input reaches both parsers, and the second one with what the first one made.
 */
#include <stdlib.h>
#include <string.h>
#include "common/journal/journal.h"
#include "common/wire/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Records are read in place: at an address that is a multiple of 8, as after the wire's own
 * receive. */
static void
check_records(const uint8_t *data, size_t size, const Fr__Batch *batch, uint8_t how)
{
    struct wire_place place = {.filtered = how & 1};
    const char *what = NULL;
    uint8_t *aligned = malloc(size + 1);
    struct fr_frame_view view;

    memcpy(aligned, data, size);
    if (wire_records_check(fr_slice(aligned, size), batch, &place, (how & 2) != 0, &what) !=
            FR_OK &&
        what == NULL)
        abort();
    fr_frame_open(fr_slice(aligned, size), &view);
    free(aligned);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fr_arena *arena;
    struct wire_message message;
    const char *what = NULL;
    size_t header_size;

    if (arena == NULL)
        arena = fr_arena_new(4096, WIRE_PARSE_BUDGET);
    if (size == 0)
        return 0;
    header_size = data[0] >> 2;
    if (header_size > size - 1)
        header_size = size - 1;
    if (wire_parse(fr_slice(data + 1, header_size), arena, &message, &what) != FR_OK) {
        if (what == NULL)
            abort();
        return 0;
    }
    if (message.type == WIRE_BATCH || message.type == WIRE_FRAME)
        check_records(data + 1 + header_size, size - 1 - header_size, message.batch, data[0]);
    return 0;
}
