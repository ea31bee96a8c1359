/* journal_verify.c - reads everything again, all at once or a slice at a time.
 *
 * Stricter than readers: the padding between frames must be zero, and the segments' heads must tell
 * what the frames tell.
 */
#include "common/journal/journal_file.h"

#include <inttypes.h>

static enum fr_error
complain(struct fr_journal *journal, const struct fr_segment *segment, uint64_t offset,
         const struct fr_bound *bound, struct fr_complaint complaint, const char *what)
{
    char path[PATH_MAX];

    fr_complain(complaint,
                "%s: offset %" PRIu64 ": frame %" PRIu64 ", after record %" PRIu64 ": %s",
                fr_segment_path(fr_file_of(journal)->dir, segment, path), offset, bound->number + 1,
                bound->seq, what);
    return FR_CORRUPT;
}

/* The head as it is on the disk now, and that it continues `bound`. */
static enum fr_error
check_head(struct fr_journal *journal, const struct fr_segment *segment,
           const struct fr_bound *bound, struct fr_complaint complaint)
{
    struct fr_segment_head head;
    char path[PATH_MAX];
    enum fr_error err =
        fr_segment_read(fr_segment_path(fr_file_of(journal)->dir, segment, path), &head, NULL);

    if (err == FR_NOT_FOUND || err == FR_CORRUPT || err == FR_VERSION ||
        (err == FR_OK && memcmp(&head, &segment->head, sizeof(head)) != 0))
        return complain(journal, segment, 0, bound, complaint, "the segment's head is damaged");
    if (err != FR_OK)
        return err;
    if (head.base_seq != bound->seq + 1 || head.base_number != bound->number + 1 ||
        head.hash_before != bound->hash)
        return complain(journal, segment, 0, bound, complaint,
                        "the segment does not continue the one before it");
    return FR_OK;
}

static bool
padding_is_zero(const struct fr_frame_head *frame)
{
    const uint8_t *bytes = (const uint8_t *)frame;
    size_t end = fr_slot_size(frame->size) - sizeof(struct fr_slot);

    for (size_t i = frame->size; i < end; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* The frame at the place; moves place and bound on. */
static enum fr_error
check_frame(struct fr_journal *journal, const struct fr_segment *segment, struct fr_place *place,
            uint64_t limit, struct fr_bound *bound, struct fr_complaint complaint)
{
    const struct fr_frame_head *frame;
    enum fr_error err = fr_place_peek(journal, place, segment, limit, &frame);
    const char *what = NULL;

    if (err == FR_CORRUPT)
        what = "no whole frame is there";
    else if (err != FR_OK)
        return err;
    else if (fr_frame_check_records(frame) != FR_OK)
        what = "a record is damaged";
    else if (!fr_frame_follows(frame, bound))
        what = "does not follow the frame before it";
    else if (!padding_is_zero(frame))
        what = "the padding behind the frame is damaged";
    if (what != NULL)
        return complain(journal, segment, place->offset, bound, complaint, what);
    *bound = fr_frame_bound(frame);
    fr_place_advance(place, frame);
    return FR_OK;
}

/* One step from where place and bound are: a frame, with its segment's head when it is the first
 * there.  FR_END behind the last. */
static enum fr_error
check_next(struct fr_journal *journal, struct fr_place *place, struct fr_bound *bound,
           struct fr_complaint complaint)
{
    struct fr_file *file = fr_file_of(journal);
    uint64_t limit;
    const struct fr_segment *segment = fr_file_segment(file, bound->number + 1, &limit);
    enum fr_error err = FR_OK;

    if (segment == NULL)
        return FR_TRUNCATED;
    if (place->generation != segment->head.generation) {
        err = check_head(journal, segment, bound, complaint);
        if (err == FR_OK)
            err = fr_place_enter(file, place, segment);
    }
    if (err == FR_OK && bound->number == journal->end.number)
        return FR_END;
    if (err == FR_OK)
        err = check_frame(journal, segment, place, limit, bound, complaint);
    if (err == FR_CORRUPT && journal->read_only &&
        fr_segment_is_gone(file->dir, segment)) /* by its owner, while we read it */
        err = FR_TRUNCATED;
    return err;
}

static uint64_t
size_to_read(const struct fr_file *file)
{
    uint64_t size = file->offset;

    for (size_t i = 0; i + 1 < file->segment_count; i++)
        size += file->segments[i].head.size;
    return size;
}

enum fr_error
fr_file_verify(struct fr_journal *journal, fr_progress_fn *each, void *context,
               struct fr_complaint complaint)
{
    uint64_t all = size_to_read(fr_file_of(journal)), done = 0, told = 0;
    struct fr_bound bound = journal->start;
    struct fr_place place;
    enum fr_error err;

    fr_place_init(&place);
    do {
        uint64_t generation = place.generation, before = place.offset;

        err = check_next(journal, &place, &bound, complaint);
        done += place.generation == generation ? place.offset - before : place.offset;
        if (each != NULL && done - told >= (1u << 20)) {
            each(context, done < all ? done : all, all);
            told = done;
        }
    } while (err == FR_OK);
    fr_place_fini(&place);
    if (err == FR_END && each != NULL)
        each(context, all, all);
    return err == FR_END ? FR_OK : err;
}

/* Trimming may have overtaken the scrub: then it begins anew.  FR_END: a round is complete. */
enum fr_error
fr_file_scrub(struct fr_journal *journal, size_t size_max, struct fr_complaint complaint)
{
    struct fr_file *file = fr_file_of(journal);
    enum fr_error err = FR_OK;
    uint64_t done = 0;

    if (file->scrubbed.number < journal->start.number || file->scrub.number == 0) {
        fr_place_fini(&file->scrub);
        file->scrubbed = journal->start;
    }
    while (err == FR_OK && done < size_max) {
        uint64_t before = file->scrub.offset;

        err = check_next(journal, &file->scrub, &file->scrubbed, complaint);
        if (file->scrub.offset > before)
            done += file->scrub.offset - before;
    }
    if (err != FR_OK)
        fr_place_fini(&file->scrub);
    return err;
}
