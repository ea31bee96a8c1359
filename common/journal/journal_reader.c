/* journal_reader.c - a position in a journal, and what comes next there.
 *
 * At the tail a reader gets slices of the very buffers in which the frames were built.  Behind it,
 * frames come from the backend and are checked whole before a byte of them is served.  Records are
 * copied only to gather what is too small or too scattered to be handed on piece by piece.
 */
#include "common/journal/journal_backend.h"

#include <stdlib.h>
#include "common/base/log.h"

/* With more frames to come, less than this is gathered with what follows: sending has a price per
 * piece, and a copy of so little is cheaper. */
#define SLICE_SIZE_MIN (16u << 10)
/* A filtering reader moves over at most so much before it lets others have a turn. */
#define SCAN_SIZE_MAX (4u << 20)

struct fr_reader {
    struct fr_journal *journal;
    uint64_t seq, hash;    /* the last record taken or passed over */
    uint64_t number;       /* of the frame to come */
    struct fr_place place; /* of that frame in storage, when place.number is its number */
    const struct fr_frame_head *frame; /* the one at hand, NULL: none */
    struct fr_hold *hold;              /* of that frame */
    struct fr_slice rest;              /* its records not yet taken */
};

/* ---- finding a position -----------------------------------------------------------------------
 */

uint64_t
fr_frame_hash_at(const struct fr_frame_head *frame, uint64_t seq)
{
    struct fr_slice rest = fr_slice(fr_frame_records(frame), frame->records_size);
    const struct fr_record_head *record;

    if (seq >= fr_frame_last_seq(frame))
        return frame->last_hash;
    while ((record = fr_records_next(&rest)) != NULL)
        if (record->seq == seq)
            return record->hash;
    return frame->hash_before;
}

enum fr_error
fr_journal_find(struct fr_journal *journal, uint64_t seq, struct fr_place *place,
                const struct fr_frame_head **frame, struct fr_hold **hold)
{
    enum fr_error err;

    *frame = fr_tail_by_seq(&journal->tail, seq, hold);
    if (*frame != NULL) {
        fr_hold_keep(*hold);
        return FR_OK;
    }
    err = journal->backend->locate(journal, FR_BY_SEQ, seq, place);
    if (err == FR_OK)
        err = journal->backend->fetch(journal, place, true, frame, hold);
    return err;
}

/* The cursor's record is kept: is it the one that the reader saw?  Then stand behind it. */
static enum fr_error
stand_behind(struct fr_reader *reader, const struct fr_cursor *from)
{
    const struct fr_frame_head *frame;
    const struct fr_record_head *record;
    struct fr_hold *hold;
    enum fr_error err = fr_journal_find(reader->journal, from->seq, &reader->place, &frame, &hold);

    if (err != FR_OK)
        return err;
    reader->frame = frame;
    reader->hold = hold;
    reader->rest = fr_slice(fr_frame_records(frame), frame->records_size);
    reader->number = frame->number + 1;
    do {
        record = fr_records_next(&reader->rest);
        fr_assert(record != NULL);
    } while (record->seq < from->seq);
    reader->seq = record->seq;
    reader->hash = record->hash;
    return record->hash == from->hash ? FR_OK : FR_DIVERGED;
}

static enum fr_error
stand_at_start(struct fr_reader *reader, const struct fr_cursor *from)
{
    const struct fr_bound *start = &reader->journal->start;

    reader->seq = start->seq;
    reader->hash = start->hash;
    reader->number = start->number + 1;
    return from->seq == 0 || from->hash == start->hash ? FR_OK : FR_DIVERGED;
}

enum fr_error
fr_reader_new(struct fr_journal *journal, const struct fr_cursor *from, struct fr_reader **out)
{
    struct fr_reader *reader;
    enum fr_error err;

    if (from->journal[0] != '\0' && strcmp(from->journal, journal->name) != 0)
        return FR_INVALID;
    if (journal->read_only && from->seq > journal->end.seq) {
        err = journal->backend->refresh(journal);
        if (err != FR_OK)
            return err;
    }
    /* A cursor from an incarnation that we do not know of: this copy is older than the reader. */
    if (from->seq > journal->end.seq || (from->seq > 0 && from->incarnation > journal->incarnation))
        return FR_AHEAD;
    if (from->seq < journal->start.seq)
        return FR_TRUNCATED;
    reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return FR_NO_MEMORY;
    reader->journal = journal;
    fr_place_init(&reader->place);
    err =
        from->seq == journal->start.seq ? stand_at_start(reader, from) : stand_behind(reader, from);
    if (err == FR_OK)
        *out = reader;
    else
        fr_reader_free(&reader);
    return err;
}

/* The frame at hand is used up. */
static void
let_go(struct fr_reader *reader)
{
    fr_hold_release(reader->hold);
    reader->hold = NULL;
    reader->frame = NULL;
    reader->rest = fr_slice(NULL, 0);
}

void
fr_reader_free(struct fr_reader **reader)
{
    if (*reader == NULL)
        return;
    let_go(*reader);
    fr_place_fini(&(*reader)->place);
    free(*reader);
    *reader = NULL;
}

struct fr_cursor
fr_reader_cursor(const struct fr_reader *reader)
{
    struct fr_cursor cursor = {
        .incarnation = reader->journal->incarnation, .seq = reader->seq, .hash = reader->hash};

    strcpy(cursor.journal, reader->journal->name);
    return cursor;
}

/* ---- the next frame ---------------------------------------------------------------------------
 */

static enum fr_error
wait_is_over(struct fr_reader *reader)
{
    struct fr_journal *journal = reader->journal;
    enum fr_error err;

    if (reader->number <= journal->end.number)
        return FR_OK;
    if (!journal->read_only)
        return FR_END;
    err = journal->backend->refresh(journal);
    if (err != FR_OK)
        return err;
    return reader->number <= journal->end.number ? FR_OK : FR_END;
}

static enum fr_error
from_storage(struct fr_reader *reader, bool deep, const struct fr_frame_head **frame,
             struct fr_hold **hold)
{
    const struct fr_backend *backend = reader->journal->backend;
    struct fr_place *place = &reader->place;
    enum fr_error err = FR_OK;

    if (place->number != reader->number)
        err = backend->locate(reader->journal, FR_BY_NUMBER, reader->number, place);
    if (err == FR_OK)
        err = backend->fetch(reader->journal, place, deep, frame, hold);
    return err;
}

static bool
wanted(const struct fr_frame_head *frame, uint64_t mask)
{
    return mask == 0 || (frame->route_mask & mask) != 0;
}

/* Takes the next frame in hand.  A mask passes over the records of frames without such a route;
 * these are taken in hand with no records left. */
static enum fr_error
step(struct fr_reader *reader, uint64_t mask)
{
    const struct fr_frame_head *frame;
    struct fr_hold *hold;
    enum fr_error err = wait_is_over(reader);

    if (err != FR_OK)
        return err;
    if (reader->seq < reader->journal->start.seq)
        return FR_TRUNCATED;
    frame = fr_tail_by_number(&reader->journal->tail, reader->number, &hold);
    if (frame != NULL) {
        fr_place_fini(&reader->place); /* what was read ahead there is of no use now */
        fr_hold_keep(hold);
    } else {
        err = from_storage(reader, mask == 0, &frame, &hold);
        if (err != FR_OK)
            return err;
        if (frame->first_seq != reader->seq + 1 || frame->hash_before != reader->hash ||
            (mask != 0 && wanted(frame, mask) && fr_frame_check_records(frame) != FR_OK)) {
            fr_log(FR_ERROR, "journal_corrupt", "journal=%s frame=%llu seq=%llu",
                   reader->journal->name, (unsigned long long)reader->number,
                   (unsigned long long)reader->seq + 1);
            fr_hold_release(hold);
            fr_place_fini(&reader->place);
            return FR_CORRUPT;
        }
    }
    let_go(reader);
    reader->frame = frame;
    reader->hold = hold;
    reader->number++;
    if (wanted(frame, mask)) {
        reader->rest = fr_slice(fr_frame_records(frame), frame->records_size);
    } else {
        reader->seq = fr_frame_last_seq(frame);
        reader->hash = frame->last_hash;
    }
    return FR_OK;
}

enum fr_error
fr_reader_next_frame(struct fr_reader *reader, struct fr_slice *frame, struct fr_hold **hold)
{
    if (reader->rest.size == 0) {
        enum fr_error err = step(reader, 0);

        if (err != FR_OK)
            return err;
    }
    *frame = fr_slice(reader->frame, reader->frame->size);
    *hold = fr_hold_keep(reader->hold);
    reader->seq = fr_frame_last_seq(reader->frame);
    reader->hash = reader->frame->last_hash;
    let_go(reader);
    return FR_OK;
}

/* ---- records ----------------------------------------------------------------------------------
 */

static void
pass(struct fr_reader *reader, const struct fr_record_head *record)
{
    reader->seq = record->seq;
    reader->hash = record->hash;
}

/* As much of the frame at hand as fits, without a copy. */
static void
slice(struct fr_reader *reader, size_t size_max, struct fr_batch *batch)
{
    const char *from = reader->rest.data;
    uint64_t seq = reader->seq;

    if (reader->rest.size <= size_max) {
        batch->bytes = reader->rest;
        reader->seq = fr_frame_last_seq(reader->frame);
        reader->hash = reader->frame->last_hash;
        reader->rest = fr_slice(NULL, 0);
    } else {
        const struct fr_record_head *next = reader->rest.data;

        do {
            pass(reader, fr_records_next(&reader->rest));
            next = reader->rest.data;
        } while (reader->rest.size > 0 &&
                 (size_t)((const char *)next - from) + next->size <= size_max);
        batch->bytes = fr_slice(from, (size_t)((const char *)next - from));
    }
    batch->first_seq = seq + 1;
    batch->count = (uint32_t)(reader->seq - seq);
    batch->hold = fr_hold_keep(reader->hold);
    if (reader->rest.size == 0)
        let_go(reader);
}

struct gather { /* records being copied together */
    const char *const *routes;
    size_t route_count, size_max;
    struct fr_hold *hold;
    size_t size;
    uint32_t count;
    uint64_t first_seq;
};

static bool
matches(const struct gather *gather, const struct fr_record_head *record)
{
    for (size_t i = 0; i < gather->route_count; i++)
        if (strcmp(record->route, gather->routes[i]) == 0)
            return true;
    return gather->route_count == 0;
}

/* The matching records of the frame at hand; false when the next one does not fit. */
static bool
gather_frame(struct fr_reader *reader, struct gather *gather)
{
    while (reader->rest.size > 0) {
        const struct fr_record_head *record = reader->rest.data;

        if (matches(gather, record)) {
            if (gather->count > 0 && gather->size + record->size > gather->size_max)
                return false;
            memcpy(fr_hold_data(gather->hold) + gather->size, record, record->size);
            if (gather->count++ == 0)
                gather->first_seq = record->seq;
            gather->size += record->size;
        }
        fr_records_next(&reader->rest);
        pass(reader, record);
    }
    return true;
}

static enum fr_error
gather_frames(struct fr_reader *reader, struct gather *gather, uint64_t mask)
{
    size_t scanned = 0;
    enum fr_error err = FR_OK;

    while (gather_frame(reader, gather) && scanned < SCAN_SIZE_MAX &&
           gather->size < gather->size_max) {
        err = step(reader, mask);
        if (err != FR_OK || (mask == 0 && reader->rest.size >= SLICE_SIZE_MIN))
            break; /* a big frame is a slice for the next call */
        scanned += reader->frame->size;
    }
    if (reader->rest.size == 0)
        let_go(reader);
    return err;
}

static uint64_t
mask_of(const char *const *routes, size_t route_count)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < route_count; i++)
        mask |= fr_route_bit(routes[i]);
    return mask;
}

/* FR_OK even after trouble when there is something to give before it: the next call meets it again.
 */
static enum fr_error
gather(struct fr_reader *reader, size_t size_max, const char *const *routes, size_t route_count,
       struct fr_batch *batch)
{
    struct gather g = {.routes = routes, .route_count = route_count};
    uint64_t seq = reader->seq;
    enum fr_error err;

    g.size_max = size_max < FR_RECORD_SIZE_MAX ? size_max : FR_RECORD_SIZE_MAX;
    g.hold = fr_hold_take(reader->journal->pool, FR_HOLD_CHUNK);
    if (g.hold == NULL)
        return FR_NO_MEMORY;
    err = gather_frames(reader, &g, mask_of(routes, route_count));
    if (g.count == 0) {
        fr_hold_release(g.hold);
        return reader->seq > seq ? FR_OK : err;
    }
    batch->hold = g.hold;
    batch->bytes = fr_slice(fr_hold_data(g.hold), g.size);
    batch->count = g.count;
    batch->first_seq = g.first_seq;
    return FR_OK;
}

/* A frame at hand that is worth a slice of its own: big enough, or nothing to gather with. */
static bool
worth_a_slice(const struct fr_reader *reader)
{
    return reader->rest.size >= SLICE_SIZE_MIN || reader->number > reader->journal->end.number;
}

enum fr_error
fr_reader_next(struct fr_reader *reader, size_t size_max, const char *const *routes,
               size_t route_count, struct fr_batch *batch)
{
    struct fr_batch next = {0};
    enum fr_error err = FR_OK;

    if (route_count > 0) {
        err = gather(reader, size_max, routes, route_count, &next);
    } else {
        while (err == FR_OK && reader->rest.size == 0) /* over frames without records */
            err = step(reader, 0);
        if (err == FR_OK && worth_a_slice(reader))
            slice(reader, size_max, &next);
        else if (err == FR_OK)
            err = gather(reader, size_max, NULL, 0, &next);
    }
    if (err != FR_OK)
        return err;
    next.last_seq = reader->seq;
    next.last_hash = reader->hash;
    *batch = next;
    return FR_OK;
}
