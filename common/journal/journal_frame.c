/* journal_frame.c - builds the next frame, record by record, and makes it durable.
 *
 *     slot  | frame head | record | record | reserved...      in the newest slab of the tail
 *                                           ^ at.size
 *
 * Cursors go behind the records: how many there will be is known only at the end, and so no byte
 * ever moves.  The padding behind them is zeroed at the end, too.
 */
#include "common/journal/journal_backend.h"

#include "common/base/hash.h"
#include "common/base/id.h"
#include "common/base/log.h"

#define SYNCED_CURSORS_SIZE (FR_CURSOR_MAX * sizeof(struct fr_cursor)) /* room kept for them */

static struct fr_frame_mark
empty_frame(const struct fr_journal *journal)
{
    return (struct fr_frame_mark){
        .seq = journal->end.seq, .hash = journal->end.hash, .time_us = journal->end.time_us};
}

/* The slot being built; NULL when out of memory. */
static struct fr_slot *
begun(struct fr_journal *journal)
{
    struct fr_pending *pending = &journal->pending;

    if (pending->slot == NULL) {
        pending->slot = fr_tail_room(&journal->tail);
        pending->at = empty_frame(journal);
    }
    return pending->slot;
}

static struct fr_frame_head *
frame_of(struct fr_slot *slot)
{
    return (struct fr_frame_head *)(slot + 1);
}

struct fr_record_head *
fr_journal_reserve(struct fr_journal *journal, size_t body_size)
{
    struct fr_pending *pending = &journal->pending;
    size_t size = fr_record_size(body_size);
    struct fr_record_head *head;

    pending->reserved = NULL;
    if (journal->read_only || journal->failed || body_size > FR_RECORD_SIZE_MAX ||
        size > FR_RECORD_SIZE_MAX || begun(journal) == NULL)
        return NULL;
    if (sizeof(struct fr_frame_head) + pending->at.size + size + SYNCED_CURSORS_SIZE >
        journal->frame_size_max)
        return NULL;
    head =
        (struct fr_record_head *)((uint8_t *)pending->slot + FR_RECORDS_OFFSET + pending->at.size);
    memset(head, 0, sizeof(*head));
    head->size = (uint32_t)size;
    head->body_size = (uint32_t)body_size;
    head->seq = pending->at.seq + 1;
    head->id = fr_id_make(journal->number, journal->incarnation, head->seq);
    pending->reserved = head;
    return head;
}

void
fr_journal_seal(struct fr_journal *journal, struct fr_record_head *head, size_t body_size)
{
    struct fr_pending *pending = &journal->pending;
    uint8_t *body = (uint8_t *)(head + 1);

    fr_assert(head != NULL && head == pending->reserved);
    fr_assert(body_size <= head->body_size);
    fr_assert(head->brand[FR_BRAND_SIZE - 1] == '\0' && head->route[FR_ROUTE_SIZE - 1] == '\0');
    head->body_size = (uint32_t)body_size;
    head->size = (uint32_t)fr_record_size(body_size);
    memset(body + body_size, 0, head->size - sizeof(*head) - body_size);
    head->crc = fr_record_crc(head);
    head->hash = fr_chain(pending->at.hash, head->seq, head->crc);
    pending->at.size += head->size;
    pending->at.seq = head->seq;
    pending->at.hash = head->hash;
    pending->at.time_us = head->time_us;
    pending->at.route_mask |= fr_route_bit(head->route);
    pending->at.count++;
    pending->reserved = NULL;
}

struct fr_frame_mark
fr_journal_mark(const struct fr_journal *journal)
{
    return journal->pending.slot != NULL ? journal->pending.at : empty_frame(journal);
}

void
fr_journal_undo(struct fr_journal *journal, struct fr_frame_mark mark)
{
    fr_assert(mark.size <= journal->pending.at.size || journal->pending.slot == NULL);
    journal->pending.reserved = NULL;
    journal->pending.at = mark;
}

uint32_t
fr_journal_pending(const struct fr_journal *journal)
{
    return fr_journal_mark(journal).count;
}

size_t
fr_journal_pending_size(const struct fr_journal *journal)
{
    return fr_journal_mark(journal).size;
}

/* ---- cursors ----------------------------------------------------------------------------------
 */

static struct fr_upstream *
upstream_find(const struct fr_journal *journal, const char *name)
{
    for (size_t i = 0; i < journal->upstream_count; i++)
        if (strcmp(journal->upstreams[i].next.journal, name) == 0)
            return (struct fr_upstream *)&journal->upstreams[i];
    return NULL;
}

static struct fr_upstream *
upstream_for(struct fr_journal *journal, const struct fr_cursor *cursor)
{
    struct fr_upstream *upstream = upstream_find(journal, cursor->journal);

    if (upstream != NULL)
        return upstream;
    fr_assert(journal->upstream_count < FR_CURSOR_MAX);
    upstream = &journal->upstreams[journal->upstream_count++];
    *upstream = (struct fr_upstream){.next = *cursor};
    return upstream;
}

void
fr_journal_set_cursor(struct fr_journal *journal, const struct fr_cursor *cursor)
{
    struct fr_upstream *upstream;

    fr_assert(fr_journal_name_valid(cursor->journal));
    upstream = upstream_for(journal, cursor);
    upstream->next = *cursor;
    upstream->next.spare = 0;
    memset(upstream->next.journal, 0, FR_NAME_SIZE); /* no stray bytes behind the NUL on the disk */
    memcpy(upstream->next.journal, cursor->journal, strlen(cursor->journal));
    upstream->moved =
        !upstream->known || memcmp(&upstream->next, &upstream->synced, sizeof(*cursor)) != 0;
}

enum fr_error
fr_journal_get_cursor(const struct fr_journal *journal, const char *upstream_name,
                      struct fr_cursor *cursor)
{
    const struct fr_upstream *upstream = upstream_find(journal, upstream_name);

    if (upstream == NULL || !upstream->known)
        return FR_NOT_FOUND;
    *cursor = upstream->synced;
    return FR_OK;
}

void
fr_journal_adopt_cursors(struct fr_journal *journal, const struct fr_cursor *cursors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fr_upstream *upstream = upstream_for(journal, &cursors[i]);

        upstream->synced = upstream->next = cursors[i];
        upstream->known = true;
        upstream->moved = false;
    }
}

static bool
any_cursor_moved(const struct fr_journal *journal)
{
    for (size_t i = 0; i < journal->upstream_count; i++)
        if (journal->upstreams[i].moved)
            return true;
    return false;
}

/* Only those that moved: the segment head carries all of them, so nothing is lost sight of. */
static uint16_t
put_cursors(const struct fr_journal *journal, struct fr_cursor *to)
{
    uint16_t count = 0;

    for (size_t i = 0; i < journal->upstream_count; i++)
        if (journal->upstreams[i].moved)
            to[count++] = journal->upstreams[i].next;
    return count;
}

void
fr_journal_drop(struct fr_journal *journal)
{
    for (size_t i = 0; i < journal->upstream_count; i++) {
        struct fr_upstream *upstream = &journal->upstreams[i];

        if (upstream->known)
            upstream->next = upstream->synced;
        upstream->moved = false;
    }
    journal->pending = (struct fr_pending){0};
}

/* ---- finishing a frame ------------------------------------------------------------------------
 */

bool
fr_frame_follows(const struct fr_frame_head *frame, const struct fr_bound *bound)
{
    return frame->number == bound->number + 1 && frame->first_seq == bound->seq + 1 &&
           frame->hash_before == bound->hash;
}

struct fr_bound
fr_frame_bound(const struct fr_frame_head *frame)
{
    return (struct fr_bound){.seq = fr_frame_last_seq(frame),
                             .hash = frame->last_hash,
                             .number = frame->number,
                             .time_us = frame->time_us};
}

/* Head, cursors, padding.  May be done again after FR_FULL, with more records or without. */
static void
finish(struct fr_journal *journal)
{
    const struct fr_frame_mark *at = &journal->pending.at;
    struct fr_slot *slot = journal->pending.slot;
    struct fr_frame_head *frame = frame_of(slot);
    uint8_t *behind = (uint8_t *)(frame + 1) + at->size;
    uint16_t cursor_count = put_cursors(journal, (struct fr_cursor *)behind);
    size_t size = sizeof(*frame) + at->size + cursor_count * sizeof(struct fr_cursor);

    *frame = (struct fr_frame_head){
        .magic = FR_FRAME_MAGIC,
        .size = (uint32_t)size,
        .records_size = (uint32_t)at->size,
        .record_count = at->count,
        .cursor_count = cursor_count,
        .journal_number = journal->number,
        .number = journal->end.number + 1,
        .first_seq = journal->end.seq + 1,
        .hash_before = journal->end.hash,
        .last_hash = at->hash,
        .time_us = at->time_us,
        .route_mask = at->route_mask,
        .incarnation = journal->incarnation,
    };
    frame->crc = fr_frame_crc(frame);
    memset((uint8_t *)frame + size, 0, fr_slot_size(size) - sizeof(*slot) - size);
}

/* Writes the frame in the slot and lets readers see it. */
static enum fr_error
publish(struct fr_journal *journal, struct fr_slot *slot)
{
    const struct fr_frame_head *frame = frame_of(slot);
    size_t slot_size = fr_slot_size(frame->size);
    enum fr_error err = journal->backend->write(journal, slot, slot_size);

    if (err == FR_IO) {
        journal->failed = true;
        fr_log(FR_ERROR, "journal_failed", "journal=%s seq=%llu", journal->name,
               (unsigned long long)frame->first_seq);
    }
    if (err != FR_OK)
        return err;
    fr_tail_push(&journal->tail, slot_size);
    journal->end = fr_frame_bound(frame);
    fr_journal_adopt_cursors(journal, fr_frame_cursors(frame), frame->cursor_count);
    journal->pending = (struct fr_pending){0};
    journal->stats.records += frame->record_count;
    journal->stats.frames++;
    journal->stats.bytes += slot_size;
    journal->last_sync = fr_time_monotonic();
    return FR_OK;
}

enum fr_error
fr_journal_sync(struct fr_journal *journal)
{
    if (journal->read_only)
        return FR_DENIED;
    if (journal->failed)
        return FR_IO;
    if (fr_journal_pending(journal) == 0 && !any_cursor_moved(journal))
        return FR_OK;
    if (begun(journal) == NULL)
        return FR_NO_MEMORY;
    finish(journal);
    return publish(journal, journal->pending.slot);
}

/* Already here, and the same?  Then the primary repeats itself; if not, the two have parted. */
static enum fr_error
seen_before(struct fr_journal *journal, const struct fr_frame_head *frame)
{
    struct fr_bound theirs = fr_frame_bound(frame);
    const struct fr_frame_head *ours;
    struct fr_hold *hold;
    uint64_t hash;

    if (theirs.seq > journal->end.seq)
        return FR_DIVERGED;
    if (theirs.seq <= journal->start.seq) /* trimmed: nothing left to compare with */
        return theirs.seq < journal->start.seq || theirs.hash == journal->start.hash ? FR_EXISTS
                                                                                     : FR_DIVERGED;
    if (fr_journal_find(journal, theirs.seq, &journal->got_place, &ours, &hold) != FR_OK)
        return FR_CORRUPT;
    hash = fr_frame_hash_at(ours, theirs.seq);
    fr_hold_release(hold);
    return hash == theirs.hash ? FR_EXISTS : FR_DIVERGED;
}

enum fr_error
fr_journal_append_frame(struct fr_journal *journal, struct fr_slice bytes)
{
    const struct fr_frame_head *frame = bytes.data;
    struct fr_frame_view view;
    struct fr_slot *slot;
    enum fr_error err;

    if (journal->read_only)
        return FR_DENIED;
    if (journal->failed)
        return FR_IO;
    fr_assert(fr_journal_pending(journal) == 0 && !any_cursor_moved(journal));
    err = fr_frame_open(bytes, &view);
    if (err != FR_OK)
        return err;
    if (frame->journal_number != journal->number)
        return FR_DIVERGED;
    if (frame->number <= journal->end.number)
        return seen_before(journal, frame);
    if (!fr_frame_follows(frame, &journal->end) || frame->incarnation < journal->incarnation)
        return FR_DIVERGED;
    if (frame->size > journal->frame_size_max)
        return FR_TOO_BIG;
    slot = fr_tail_room(&journal->tail);
    if (slot == NULL)
        return FR_NO_MEMORY;
    memcpy(frame_of(slot), frame, frame->size);
    memset((uint8_t *)frame_of(slot) + frame->size, 0,
           fr_slot_size(frame->size) - sizeof(*slot) - frame->size);
    err = publish(journal, slot);
    if (err == FR_OK)
        journal->incarnation = frame->incarnation;
    return err;
}
