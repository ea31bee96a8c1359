/* journal_fuzz.c - bytes from a wire or a disk, taken for a record, a frame or a register.
 *
 * A frame whose checksums are wrong is refused early; so that the rest is reached, too, every
 * second input has them mended first.  What is then accepted must be walkable to its end.
 */
#include "common/journal/journal_format.h"
#include "common/journal/journal_register.h"

#include <stdlib.h>
#include "common/base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Puts right what fr_frame_check_head and fr_frame_check_records would stumble over, as far as
 * sizes allow. */
static void
mend(struct fr_frame_head *frame, size_t size)
{
    uint8_t *at = (uint8_t *)(frame + 1), *end = (uint8_t *)frame + size;
    uint64_t seq = frame->first_seq, hash = frame->hash_before;
    struct fr_record_head *record;

    for (uint32_t i = 0; i < frame->record_count && (size_t)(end - at) >= sizeof(*record); i++) {
        record = (struct fr_record_head *)at;
        if (fr_record_check(record, (size_t)(end - at), false) != FR_OK)
            break;
        record->seq = seq++;
        record->crc = fr_record_crc(record);
        record->hash = hash = fr_chain(hash, record->seq, record->crc);
        at += record->size;
    }
    frame->magic = FR_FRAME_MAGIC;
    frame->size = (uint32_t)size;
    frame->last_hash = hash;
    if (frame->cursor_count <= FR_CURSOR_MAX &&
        sizeof(*frame) + (uint64_t)frame->records_size +
                frame->cursor_count * sizeof(struct fr_cursor) ==
            size)
        frame->crc = fr_frame_crc(frame);
}

static void
try_frame(const uint8_t *data, size_t size, bool mended)
{
    struct fr_frame_head *frame = malloc(size > 0 ? size : 1);
    struct fr_frame_view view;
    const struct fr_record_head *record;
    uint32_t count = 0;

    memcpy(frame, data, size);
    if (mended && size >= sizeof(*frame))
        mend(frame, size);
    if (fr_frame_open(fr_slice(frame, size), &view) == FR_OK) {
        while ((record = fr_records_next(&view.records)) != NULL) {
            fr_assert(fr_record_crc(record) == record->crc);
            fr_assert(strlen(record->route) < FR_ROUTE_SIZE);
            count++;
        }
        fr_assert(count == view.record_count);
        for (uint32_t i = 0; i < view.cursor_count; i++)
            fr_assert(strlen(view.cursors[i].journal) < FR_NAME_SIZE);
    }
    free(frame);
}

static void
try_register(const uint8_t *data, size_t size)
{
    static struct fr_register readers;
    uint64_t first;

    if (fr_register_parse(&readers, "test", &first, (const char *)data, size) == FR_OK)
        fr_assert(readers.count <= FR_REGISTER_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0:
        fr_record_check(data + 1, size - 1, true); /* not aligned, on purpose */
        break;
    case 1:
        try_frame(data + 1, size - 1, false);
        break;
    case 2:
        try_frame(data + 1, size - 1, true);
        break;
    default:
        try_register(data + 1, size - 1);
    }
    return 0;
}
