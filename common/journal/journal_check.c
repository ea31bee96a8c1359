/* journal_check.c - are these bytes a record, a frame?  Nothing from a disk or a wire is used
 * before. */
#include "common/journal/journal_format.h"

#include <stddef.h>
#include "common/base/hash.h"

#define CRC_FROM offsetof(struct fr_record_head, kind)

uint32_t
fr_record_crc(const struct fr_record_head *head)
{
    return fr_crc32c(0, (const char *)head + CRC_FROM, sizeof(*head) - CRC_FROM + head->body_size);
}

uint64_t
fr_route_bit(const char *route)
{
    return UINT64_C(1) << (fr_crc32c(0, route, strlen(route)) & 63);
}

/* size, body_size and the padding stand outside the record's crc.  Each is pinned down otherwise:
 * a wrong body_size makes the crc wrong, size follows from it, and padding is zero. */
enum fr_error
fr_record_check(const void *data, size_t available, bool deep)
{
    const char *bytes = data;
    struct fr_record_head head; /* copied: bytes from a wire need not be aligned */
    size_t used;

    if (available < sizeof(head))
        return FR_CORRUPT;
    memcpy(&head, data, sizeof(head));
    if (head.body_size > FR_RECORD_SIZE_MAX || head.size != fr_record_size(head.body_size) ||
        head.size > FR_RECORD_SIZE_MAX || head.size > available)
        return FR_CORRUPT;
    if (head.seq == 0 || head.brand[FR_BRAND_SIZE - 1] != '\0' ||
        head.route[FR_ROUTE_SIZE - 1] != '\0')
        return FR_CORRUPT;
    for (used = sizeof(head) + head.body_size; used < head.size; used++)
        if (bytes[used] != 0)
            return FR_CORRUPT;
    if (deep &&
        head.crc != fr_crc32c(0, bytes + CRC_FROM, sizeof(head) - CRC_FROM + head.body_size))
        return FR_CORRUPT;
    return FR_OK;
}

uint32_t
fr_frame_crc(const struct fr_frame_head *frame)
{
    size_t from = offsetof(struct fr_frame_head, size);
    uint32_t crc = fr_crc32c(0, (const char *)frame + from, sizeof(*frame) - from);

    return fr_crc32c(crc, fr_frame_cursors(frame), frame->cursor_count * sizeof(struct fr_cursor));
}

static bool
sizes_agree(const struct fr_frame_head *frame)
{
    size_t cursors_size = frame->cursor_count * sizeof(struct fr_cursor);

    return frame->cursor_count <= FR_CURSOR_MAX && frame->records_size % 8 == 0 &&
           frame->size == sizeof(*frame) + (uint64_t)frame->records_size + cursors_size &&
           (uint64_t)frame->record_count * sizeof(struct fr_record_head) <= frame->records_size &&
           (frame->record_count == 0) == (frame->records_size == 0);
}

enum fr_error
fr_frame_check_head(const void *data, size_t available)
{
    const struct fr_frame_head *frame = data;

    if ((uintptr_t)data % 8 != 0)
        return FR_INVALID;
    if (available < sizeof(*frame) || frame->magic != FR_FRAME_MAGIC ||
        frame->size > FR_FRAME_SIZE_MAX || frame->size > available || !sizes_agree(frame) ||
        frame->crc != fr_frame_crc(frame))
        return FR_CORRUPT;
    if (frame->number == 0 || frame->first_seq == 0 ||
        frame->first_seq > UINT64_MAX - frame->record_count ||
        (frame->record_count == 0 && frame->last_hash != frame->hash_before))
        return FR_CORRUPT;
    for (uint32_t i = 0; i < frame->cursor_count; i++)
        if (fr_frame_cursors(frame)[i].journal[FR_NAME_SIZE - 1] != '\0')
            return FR_CORRUPT;
    return FR_OK;
}

enum fr_error
fr_frame_check_records(const struct fr_frame_head *frame)
{
    struct fr_slice rest = fr_slice(fr_frame_records(frame), frame->records_size);
    uint64_t seq = frame->first_seq, hash = frame->hash_before;
    const struct fr_record_head *record;

    for (uint32_t i = 0; i < frame->record_count; i++, seq++) {
        if (fr_record_check(rest.data, rest.size, true) != FR_OK)
            return FR_CORRUPT;
        record = fr_records_next(&rest);
        hash = fr_chain(hash, seq, record->crc);
        if (record->seq != seq || record->hash != hash)
            return FR_CORRUPT;
    }
    return rest.size == 0 && hash == frame->last_hash ? FR_OK : FR_CORRUPT;
}

enum fr_error
fr_frame_open(struct fr_slice bytes, struct fr_frame_view *view)
{
    const struct fr_frame_head *frame = bytes.data;
    enum fr_error err = fr_frame_check_head(bytes.data, bytes.size);

    if (err == FR_OK && frame->size != bytes.size)
        err = FR_CORRUPT;
    if (err == FR_OK)
        err = fr_frame_check_records(frame);
    if (err != FR_OK)
        return err;
    *view = (struct fr_frame_view){
        .records = fr_slice(fr_frame_records(frame), frame->records_size),
        .cursors = fr_frame_cursors(frame),
        .cursor_count = frame->cursor_count,
        .record_count = frame->record_count,
        .first_seq = frame->first_seq,
        .last_seq = fr_frame_last_seq(frame),
        .last_hash = frame->last_hash,
        .number = frame->number,
        .time_us = frame->time_us,
    };
    return FR_OK;
}

const struct fr_record_head *
fr_records_next(struct fr_slice *rest)
{
    const struct fr_record_head *record = rest->data;

    if (rest->size == 0)
        return NULL;
    *rest = fr_slice((const char *)rest->data + record->size, rest->size - record->size);
    return record;
}
