/* journal_end.c - where a journal ends, and that it ends there cleanly.
 *
 *     | frame | frame | frame | half a frame.....| zeros, or slots of a former life |
 *                             ^ the end          ^ nothing of this life may follow
 *
 * Only the last frame can be torn by a crash, because each is synced before the next is written.  A
 * whole frame behind a broken one is therefore damage, not a torn end.
 */
#include "common/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/base/log.h"

#define ZEROS_SIZE (1u << 20)       /* per write */
#define TORN_REACH FR_SLAB_CAPACITY /* no frame reaches further */

enum fr_error
fr_complain_io(struct fr_complaint complaint, const char *what, const char *path)
{
    int error = errno;

    fr_complain(complaint, "%s: %s: %s", path, what, strerror(error));
    return fr_error_of(error);
}

static enum fr_error
complain_last(struct fr_journal *journal, struct fr_complaint complaint, const char *what)
{
    struct fr_file *file = fr_file_of(journal);
    char path[PATH_MAX];

    return fr_complain_io(complaint, what, fr_segment_path(file->dir, fr_file_last(file), path));
}

/* What was read ahead may have been written meanwhile. */
static void
forget_chunk(struct fr_place *place)
{
    fr_hold_release(place->chunk);
    place->chunk = NULL;
    place->chunk_size = 0;
}

/* Takes the frames from the place on, each checked to its last byte, up to the first that is not
 * there. */
static enum fr_error
walk(struct fr_journal *journal, struct fr_place *place, struct fr_segment *segment)
{
    const struct fr_frame_head *frame;
    enum fr_error err;

    while ((err = fr_place_peek(journal, place, segment, segment->head.size, &frame)) == FR_OK) {
        if (!fr_frame_follows(frame, &journal->end) ||
            frame->incarnation != segment->head.incarnation ||
            fr_frame_check_records(frame) != FR_OK)
            return FR_OK;
        fr_segment_mark(segment, frame, place->offset);
        fr_journal_adopt_cursors(journal, fr_frame_cursors(frame), frame->cursor_count);
        journal->end = fr_frame_bound(frame);
        fr_place_advance(place, frame);
    }
    return err == FR_CORRUPT ? FR_OK : err;
}

/* Is a whole, later frame of this segment's life at the place? */
static bool
is_later_frame(struct fr_journal *journal, struct fr_place *place, const struct fr_slot *slot)
{
    const struct fr_segment *segment = fr_file_last(fr_file_of(journal));
    const struct fr_frame_head *frame;

    return slot->magic == FR_SLOT_MAGIC && slot->generation == segment->head.generation &&
           fr_place_peek(journal, place, segment, segment->head.size, &frame) == FR_OK &&
           frame->number > journal->end.number && fr_frame_check_records(frame) == FR_OK;
}

/* Everything from the end to the end of the file, sector by sector: a frame may begin at each.
 * *torn: a frame of this life begins at the end; *dirty: other bytes than zeros are within its
 * reach. */
static enum fr_error
look_behind(struct fr_journal *journal, const struct fr_place *end, struct fr_end *found)
{
    static const char zeros[FR_SECTOR];
    const struct fr_segment *segment = fr_file_last(fr_file_of(journal));
    uint64_t size = segment->head.size;
    struct fr_place place = *end;
    enum fr_error err = FR_OK;

    place.chunk = NULL;
    *found = (struct fr_end){0};
    for (; place.offset + FR_SECTOR <= size && !found->lost; place.offset += FR_SECTOR) {
        const struct fr_slot *slot =
            (const void *)fr_place_bytes(journal, &place, size, FR_SECTOR, &err);

        if (slot == NULL)
            break;
        if (place.offset - end->offset < TORN_REACH && memcmp(slot, zeros, FR_SECTOR) != 0)
            found->dirty = true;
        if (place.offset == end->offset)
            found->torn =
                slot->magic == FR_SLOT_MAGIC && slot->generation == segment->head.generation;
        else
            found->lost = is_later_frame(journal, &place, slot);
    }
    fr_hold_release(place.chunk);
    found->cut_short = err == FR_CORRUPT; /* the file is smaller than it was made */
    return err == FR_CORRUPT ? FR_OK : err;
}

static enum fr_error
find(struct fr_journal *journal, struct fr_place *place, struct fr_end *found)
{
    struct fr_segment *last = fr_file_last(fr_file_of(journal));
    uint64_t before;
    enum fr_error err;

    do { /* again when an owner at work wrote on between our walk and our look */
        before = place->offset;
        forget_chunk(place);
        err = walk(journal, place, last);
        if (err == FR_OK)
            err = look_behind(journal, place, found);
    } while (err == FR_OK && found->lost && journal->read_only && place->offset != before);
    return err;
}

/* Zeros from the end on, as far as a torn frame can reach; all the rest of a file cut short. */
static enum fr_error
clean_behind(const struct fr_file *file, bool cut_short)
{
    static char zeros[ZEROS_SIZE]; /* const, they would lie in every program, a megabyte each */
    uint64_t size = fr_file_last(file)->head.size;
    enum fr_error err = FR_OK;

    if (!cut_short && size - file->offset > TORN_REACH)
        size = file->offset + TORN_REACH;
    for (uint64_t at = file->offset; err == FR_OK && at < size; at += ZEROS_SIZE)
        err = fr_write_all(file->fd, zeros, size - at < ZEROS_SIZE ? size - at : ZEROS_SIZE, at);
    return err;
}

/* The whole last segment is synced before anything is served: frames that a killed process wrote
 * but did not sync are read back from the page cache, and must not vanish after readers saw them.
 */
static enum fr_error
make_durable(struct fr_journal *journal, const struct fr_end *found)
{
    struct fr_file *file = fr_file_of(journal);
    char path[PATH_MAX];
    enum fr_error err = FR_OK;

    fr_segment_path(file->dir, fr_file_last(file), path);
    file->fd = open(path, O_RDWR | O_CLOEXEC);
    if (file->fd < 0)
        return fr_error_of(errno);
    if (found->torn || found->cut_short)
        fr_log(FR_WARN, "journal_cut", "journal=%s file=%s offset=%" PRIu64 " after_seq=%" PRIu64,
               journal->name, path, file->offset, journal->end.seq);
    if (found->dirty || found->cut_short)
        err = clean_behind(file, found->cut_short);
    if (err == FR_OK && fsync(file->fd) != 0)
        err = FR_IO;
    return err;
}

enum fr_error
fr_end_find(struct fr_journal *journal, struct fr_complaint complaint)
{
    struct fr_file *file = fr_file_of(journal);
    const struct fr_segment *last = fr_file_last(file);
    struct fr_end found;
    char path[PATH_MAX];

    if (fr_place_enter(file, &file->end, last) != FR_OK) {
        bool gone = errno == ENOENT && journal->read_only; /* its owner trimmed it meanwhile */
        enum fr_error err = complain_last(journal, complaint, "cannot open");

        return gone ? FR_NOT_FOUND : err;
    }
    if (find(journal, &file->end, &found) != FR_OK)
        return complain_last(journal, complaint, "cannot read");
    file->offset = file->end.offset;
    if (found.lost) {
        fr_complain(complaint,
                    "%s: offset %" PRIu64 ": frame %" PRIu64 " (after record %" PRIu64
                    ") is damaged, later ones are not",
                    fr_segment_path(file->dir, last, path), file->offset, journal->end.number + 1,
                    journal->end.seq);
        return FR_CORRUPT;
    }
    if (journal->read_only)
        return FR_OK;
    fr_place_fini(&file->end);
    if (make_durable(journal, &found) != FR_OK)
        return complain_last(journal, complaint, "cannot write");
    return FR_OK;
}

/* ---- following another process's journal -------------------------------------------------------
 */

/* Its owner may trim and recycle it between two looks at it: gone, not damaged. */
static enum fr_error
enter_next(struct fr_journal *journal, const struct fr_segment *next)
{
    struct fr_file *file = fr_file_of(journal);
    struct fr_place place;
    enum fr_error err;

    fr_place_init(&place);
    err = fr_place_enter(file, &place, next);
    if (err == FR_OK)
        err = fr_file_add(file, next);
    if (err != FR_OK) {
        fr_place_fini(&place);
        return err == FR_CORRUPT ? FR_TRUNCATED : err;
    }
    fr_place_fini(&file->end);
    file->end = place;
    journal->incarnation = next->head.incarnation;
    return FR_OK;
}

/* The name of the segment that comes next is known: it begins where the end is. */
static enum fr_error
next_segment(struct fr_journal *journal)
{
    struct fr_file *file = fr_file_of(journal);
    struct fr_segment next = {.head.base_seq = journal->end.seq + 1,
                              .head.base_number = journal->end.number + 1};
    char path[PATH_MAX];
    enum fr_error err;

    next.twin = fr_file_last(file)->head.base_seq == next.head.base_seq;
    fr_segment_path(file->dir, &next, path);
    err = fr_segment_read(path, &next.head, NULL);
    if (err == FR_CORRUPT) /* being written at this moment */
        return FR_NOT_FOUND;
    if (err != FR_OK)
        return err;
    if (next.head.previous_generation != fr_file_last(file)->head.generation ||
        next.head.base_number != journal->end.number + 1)
        return FR_NOT_FOUND;
    return enter_next(journal, &next);
}

enum fr_error
fr_file_refresh(struct fr_journal *journal)
{
    struct fr_file *file = fr_file_of(journal);
    enum fr_error err;

    do {
        forget_chunk(&file->end);
        err = walk(journal, &file->end, fr_file_last(file));
        file->offset = file->end.offset;
        if (err == FR_OK)
            err = next_segment(journal);
    } while (err == FR_OK);
    if (err != FR_NOT_FOUND)
        return err;
    /* Nothing new, and nothing comes next: or did the owner trim what we are reading? */
    return fr_segment_is_gone(file->dir, fr_file_last(file)) ? FR_TRUNCATED : FR_OK;
}
