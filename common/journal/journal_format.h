/* journal_format.h - the bytes of a segment file, in the order in which they lie there.
 *
 *     segment := segment head (512), cursors (64 x 64), slots
 *     slot    := struct fr_slot (16), frame, zeros up to the next multiple of 512
 *     frame   := struct fr_frame_head (80), records, cursors
 *
 * Everything is little endian.  What depends on the place where a frame lies (the generation of its
 * segment) stands in the slot, outside the frame, so that a standby stores the very same frame
 * bytes in segments of its own.
 */
#ifndef FR_JOURNAL_FORMAT_H
#define FR_JOURNAL_FORMAT_H

#include <stdint.h>
#include "common/journal/journal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored integers are little endian");

#define FR_SECTOR 512u /* a disk writes this much whole or not at all */
#define FR_LAYOUT 1u
#define FR_SLOT_MAGIC 0x746f6c53206c6946u  /* "Fil Slot" */
#define FR_FRAME_MAGIC 0x6d614672u         /* "rFam" */
#define FR_SEGMENT_MAGIC 0x676573206c6946u /* "Fil seg\0" */

/* Where a frame lies.  A recycled segment is full of old slots; they carry the generation of the
 * segment's former life, a random number, and are thus never taken for frames of this one. */
struct fr_slot {
    uint64_t magic;
    uint64_t generation;
};
_Static_assert(sizeof(struct fr_slot) == 16, "the stored layout is fixed");

/* The crc covers the rest of the head and the cursors, not the records' bytes: each record has a
 * crc of its own, all of them are folded into last_hash by the chain, and last_hash is covered.  So
 * every byte is checked once, and the writer reads each record once for its checksum. */
struct fr_frame_head {
    uint32_t magic;
    uint32_t crc;
    uint32_t size; /* head, records, cursors */
    uint32_t records_size;
    uint32_t record_count;
    uint16_t cursor_count;
    uint16_t journal_number;
    uint64_t number;      /* frames count 1, 2, 3..., those without records too */
    uint64_t first_seq;   /* of its first record; without records: of the next one to come */
    uint64_t hash_before; /* of the record before its first */
    uint64_t last_hash;   /* of its last record; without records: hash_before */
    int64_t time_us;      /* of its last record, or of the last one before it */
    uint64_t route_mask;  /* one bit (of 64) for each route among its records */
    uint32_t incarnation;
    uint32_t spare; /* 0 */
};
_Static_assert(sizeof(struct fr_frame_head) == 80, "the stored layout is fixed");

/* Behind it the cursors as they stood before the segment's first frame: opening a journal reads one
 * segment only.  The crc covers everything from `layout` to the last of them. */
struct fr_segment_head {
    uint64_t magic;
    uint32_t crc;
    uint32_t layout;
    uint64_t size;                /* of the file, bytes */
    uint64_t generation;          /* random */
    uint64_t previous_generation; /* of the segment before it; 0: there was none */
    uint64_t base_seq;            /* its first record, when there is one */
    uint64_t base_number;         /* its first frame */
    uint64_t hash_before;         /* of record base_seq - 1 */
    int64_t time_before_us;       /* of record base_seq - 1 */
    uint32_t incarnation;
    uint32_t cursor_count;
    char name[FR_NAME_SIZE];
    char spare[FR_SECTOR - 80 - FR_NAME_SIZE];
};
_Static_assert(sizeof(struct fr_segment_head) == FR_SECTOR, "the stored layout is fixed");

#define FR_SEGMENT_HEAD_SIZE (FR_SECTOR + FR_CURSOR_MAX * sizeof(struct fr_cursor))
#define FR_RECORDS_OFFSET (sizeof(struct fr_slot) + sizeof(struct fr_frame_head)) /* in a slot */

static inline uint64_t
fr_sector_up(uint64_t size)
{
    return (size + FR_SECTOR - 1) / FR_SECTOR * FR_SECTOR;
}

/* Bytes on disk of a frame of frame_size bytes. */
static inline size_t
fr_slot_size(size_t frame_size)
{
    return fr_sector_up(sizeof(struct fr_slot) + frame_size);
}

/* The step to the next record: head, body, padding to 8. */
static inline size_t
fr_record_size(size_t body_size)
{
    return (sizeof(struct fr_record_head) + body_size + 7) / 8 * 8;
}

static inline const struct fr_record_head *
fr_frame_records(const struct fr_frame_head *frame)
{
    return (const struct fr_record_head *)(frame + 1);
}

static inline const struct fr_cursor *
fr_frame_cursors(const struct fr_frame_head *frame)
{
    return (const struct fr_cursor *)((const char *)(frame + 1) + frame->records_size);
}

/* The last record that is behind us after this frame. */
static inline uint64_t
fr_frame_last_seq(const struct fr_frame_head *frame)
{
    return frame->first_seq + frame->record_count - 1;
}

uint32_t fr_frame_crc(const struct fr_frame_head *frame);

/* Do `available` bytes (8-byte aligned) begin with a frame: sizes, crc of head and cursors? */
enum fr_error fr_frame_check_head(const void *data, size_t available);
/* Then its records: each one's shape and crc, the count, the chain from hash_before to last_hash.
 */
enum fr_error fr_frame_check_records(const struct fr_frame_head *frame);

/* The bit of a route in route_mask.  By CRC and not by fr_hash, because it is stored. */
uint64_t fr_route_bit(const char *route);

#endif
