/* journal_place.c - reads frames anywhere in the segment files, a piece at a time, checked. */
#include "common/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "common/base/log.h"

#define READ_AHEAD_SIZE (256u << 10)

static void
chunk_let_go(struct fr_place *place)
{
    fr_hold_release(place->chunk);
    place->chunk = NULL;
    place->chunk_size = 0;
}

/* Readers may still hold the last chunk, so each read goes to a fresh one from the pool. */
static enum fr_error
chunk_read(struct fr_journal *journal, struct fr_place *place, uint64_t limit, size_t size)
{
    enum fr_error err;

    if (size < READ_AHEAD_SIZE)
        size = READ_AHEAD_SIZE;
    if (size > limit - place->offset)
        size = limit - place->offset;
    chunk_let_go(place);
    place->chunk =
        fr_hold_take(journal->pool, size <= FR_CHUNK_CAPACITY ? FR_HOLD_CHUNK : FR_HOLD_SLAB);
    if (place->chunk == NULL)
        return FR_NO_MEMORY;
    fr_hold_touched(place->chunk, size);
    err = fr_read_all(place->fd, fr_hold_data(place->chunk), &size, place->offset);
    place->chunk_offset = place->offset;
    place->chunk_size = err == FR_OK ? size : 0;
    return err;
}

const uint8_t *
fr_place_bytes(struct fr_journal *journal, struct fr_place *place, uint64_t limit, size_t size,
               enum fr_error *err)
{
    *err = FR_CORRUPT;
    if (place->offset > limit || size > limit - place->offset)
        return NULL;
    if (place->chunk == NULL || place->offset < place->chunk_offset ||
        place->offset + size > place->chunk_offset + place->chunk_size) {
        *err = chunk_read(journal, place, limit, size);
        if (*err == FR_OK && place->chunk_size < size)
            *err = FR_CORRUPT; /* the file is shorter than its head says */
        if (*err != FR_OK)
            return NULL;
    }
    *err = FR_OK;
    return fr_hold_data(place->chunk) + (place->offset - place->chunk_offset);
}

/* The head tells how much to read; its size is believed only within the bounds of a frame. */
enum fr_error
fr_place_peek(struct fr_journal *journal, struct fr_place *place, const struct fr_segment *segment,
              uint64_t limit, const struct fr_frame_head **out)
{
    const struct fr_slot *slot;
    const struct fr_frame_head *frame;
    enum fr_error err;
    size_t size;

    slot = (const void *)fr_place_bytes(journal, place, limit, FR_RECORDS_OFFSET, &err);
    if (slot == NULL)
        return err;
    frame = (const struct fr_frame_head *)(slot + 1);
    if (slot->magic != FR_SLOT_MAGIC || slot->generation != segment->head.generation ||
        frame->size < sizeof(*frame) || frame->size > FR_FRAME_SIZE_MAX)
        return FR_CORRUPT;
    size = frame->size;
    slot = (const void *)fr_place_bytes(journal, place, limit, fr_slot_size(size), &err);
    if (slot == NULL)
        return err;
    frame = (const struct fr_frame_head *)(slot + 1);
    if (fr_frame_check_head(frame, size) != FR_OK || frame->journal_number != journal->number)
        return FR_CORRUPT;
    *out = frame;
    return FR_OK;
}

enum fr_error
fr_place_enter(struct fr_file *file, struct fr_place *place, const struct fr_segment *segment)
{
    char path[PATH_MAX];

    fr_place_fini(place);
    place->fd = open(fr_segment_path(file->dir, segment, path), O_RDONLY | O_CLOEXEC);
    if (place->fd < 0)
        return errno == ENOENT ? FR_CORRUPT : FR_IO; /* a segment is missing */
    place->generation = segment->head.generation;
    place->number = segment->head.base_number;
    place->offset = FR_SEGMENT_HEAD_SIZE;
    return FR_OK;
}

void
fr_place_advance(struct fr_place *place, const struct fr_frame_head *frame)
{
    place->offset += fr_slot_size(frame->size);
    place->number = frame->number + 1;
}

static uint64_t
base_of(const struct fr_segment *segment, enum fr_place_by by)
{
    return by == FR_BY_SEQ ? segment->head.base_seq : segment->head.base_number;
}

/* The last segment that begins at `value` or before.  Of twins only the last one can hold the
 * record. */
static struct fr_segment *
search(struct fr_file *file, enum fr_place_by by, uint64_t value)
{
    size_t low = 0, high = file->segment_count;

    if (high == 0 || value < base_of(&file->segments[0], by))
        return NULL;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (base_of(&file->segments[middle], by) <= value)
            low = middle;
        else
            high = middle;
    }
    return &file->segments[low];
}

/* Up to where frames may be read in a segment. */
static uint64_t
limit_of(const struct fr_file *file, const struct fr_segment *segment)
{
    return segment == fr_file_last(file) ? file->offset : segment->head.size;
}

struct fr_segment *
fr_file_segment(struct fr_file *file, uint64_t number, uint64_t *limit)
{
    struct fr_segment *segment = search(file, FR_BY_NUMBER, number);

    if (segment != NULL)
        *limit = limit_of(file, segment);
    return segment;
}

static void
complain_at(struct fr_journal *journal, const struct fr_segment *segment,
            const struct fr_place *place, enum fr_error err)
{
    char name[NAME_MAX];

    fr_log(FR_ERROR, err == FR_CORRUPT ? "journal_corrupt" : "journal_unreadable",
           "journal=%s file=%s offset=%llu", journal->name, fr_segment_name(segment, name),
           (unsigned long long)place->offset);
}

/* Another process reads files that their owner may recycle meanwhile: gone, not damaged. */
static enum fr_error
explain(struct fr_journal *journal, const struct fr_segment *segment, struct fr_place *place,
        enum fr_error err)
{
    if (journal->read_only && err == FR_CORRUPT &&
        fr_segment_is_gone(fr_file_of(journal)->dir, segment))
        return FR_TRUNCATED;
    complain_at(journal, segment, place, err);
    return err;
}

enum fr_error
fr_file_fetch(struct fr_journal *journal, struct fr_place *place, bool deep,
              const struct fr_frame_head **out, struct fr_hold **hold)
{
    struct fr_file *file = fr_file_of(journal);
    const struct fr_frame_head *frame = NULL;
    uint64_t limit;
    struct fr_segment *segment = fr_file_segment(file, place->number, &limit);
    enum fr_error err = FR_OK;

    if (segment == NULL)
        return FR_TRUNCATED;
    if (place->generation != segment->head.generation) {
        if (place->number != segment->head.base_number)
            return FR_TRUNCATED;
        err = fr_place_enter(file, place, segment);
    }
    if (err == FR_OK)
        err = fr_place_peek(journal, place, segment, limit, &frame);
    if (err == FR_OK &&
        (frame->number != place->number || (deep && fr_frame_check_records(frame) != FR_OK)))
        err = FR_CORRUPT;
    if (err != FR_OK) {
        if (err != FR_NO_MEMORY)
            err = explain(journal, segment, place, err);
        fr_place_fini(place); /* what was read is not to be believed: read again when asked again */
        return err;
    }
    *out = frame;
    *hold = fr_hold_keep(place->chunk);
    fr_place_advance(place, frame);
    return FR_OK;
}

static void
start_at_mark(struct fr_place *place, const struct fr_segment *segment, enum fr_place_by by,
              uint64_t value)
{
    for (size_t i = segment->mark_count; i-- > 0;) {
        const struct fr_mark *mark = &segment->marks[i];

        if ((by == FR_BY_SEQ ? mark->seq : mark->number) <= value) {
            place->offset = mark->offset;
            place->number = mark->number;
            return;
        }
    }
}

static bool
is_it(const struct fr_frame_head *frame, enum fr_place_by by, uint64_t value)
{
    return by == FR_BY_SEQ ? fr_frame_last_seq(frame) >= value : frame->number == value;
}

enum fr_error
fr_file_locate(struct fr_journal *journal, enum fr_place_by by, uint64_t value,
               struct fr_place *place)
{
    struct fr_file *file = fr_file_of(journal);
    struct fr_segment *segment = search(file, by, value);
    const struct fr_frame_head *frame;
    enum fr_error err;

    if (segment == NULL)
        return FR_TRUNCATED;
    err = fr_place_enter(file, place, segment);
    if (err == FR_OK)
        start_at_mark(place, segment, by, value);
    for (;;) {
        if (err == FR_OK)
            err = fr_place_peek(journal, place, segment, limit_of(file, segment), &frame);
        if (err == FR_OK && frame->number != place->number)
            err = FR_CORRUPT;
        if (err != FR_OK) {
            err = err == FR_NO_MEMORY ? err : explain(journal, segment, place, err);
            fr_place_fini(place);
            return err;
        }
        fr_segment_mark(segment, frame, place->offset);
        if (is_it(frame, by, value))
            return FR_OK;
        fr_place_advance(place, frame);
    }
}
