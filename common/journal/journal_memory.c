/* journal_memory.c - a journal that lasts as long as its process: for tests.
 *
 * Everything is in the tail; a slab stands for a segment.
 */
#include "common/journal/journal_backend.h"

static enum fr_error
memory_open(struct fr_journal *journal, const struct fr_journal_options *options,
            struct fr_complaint complaint)
{
    (void)journal;
    if (options->read_only) {
        fr_complain(complaint, "a journal in memory has no other owner to read after");
        return FR_INVALID;
    }
    return FR_OK;
}

static void
memory_close(struct fr_journal *journal)
{
    (void)journal;
}

static uint64_t
room(const struct fr_journal *journal)
{
    uint64_t used = fr_tail_size(&journal->tail);

    if (journal->size_max == 0)
        return UINT64_MAX;
    return used < journal->size_max ? journal->size_max - used : 0;
}

static enum fr_error
memory_write(struct fr_journal *journal, struct fr_slot *slot, size_t slot_size)
{
    if (room(journal) < slot_size)
        return FR_FULL;
    *slot = (struct fr_slot){.magic = FR_SLOT_MAGIC};
    journal->stats.syncs++;
    return FR_OK;
}

/* What is not in the tail is nowhere. */
static enum fr_error
memory_locate(struct fr_journal *journal, enum fr_place_by by, uint64_t value,
              struct fr_place *place)
{
    (void)journal, (void)by, (void)value, (void)place;
    return FR_TRUNCATED;
}

static enum fr_error
memory_fetch(struct fr_journal *journal, struct fr_place *place, bool deep,
             const struct fr_frame_head **frame, struct fr_hold **hold)
{
    (void)journal, (void)place, (void)deep, (void)frame, (void)hold;
    return FR_TRUNCATED;
}

static enum fr_error
memory_nothing_to_do(struct fr_journal *journal)
{
    (void)journal;
    return FR_OK;
}

/* The newest slab stays: the next frame is built in it. */
static enum fr_error
memory_trim(struct fr_journal *journal, uint64_t last_seq, int64_t time_us)
{
    struct fr_tail *tail = &journal->tail;
    size_t count = 0;

    while (count + 1 < tail->slab_count) {
        const struct fr_slab *slab = &tail->slabs[count];
        struct fr_bound last = fr_frame_bound(fr_slab_frame(slab, slab->frame_count - 1));

        if (last.seq > last_seq || last.time_us > time_us)
            break;
        journal->start = last;
        count++;
    }
    fr_tail_drop(tail, count);
    return FR_OK;
}

static enum fr_pressure
memory_pressure(struct fr_journal *journal)
{
    uint64_t left = room(journal);

    if (left < fr_slot_size(journal->frame_size_max))
        return FR_PRESSURE_FULL;
    return left < journal->reserve ? FR_PRESSURE_INTAKE : FR_PRESSURE_NONE;
}

static void
memory_stats(const struct fr_journal *journal, struct fr_journal_stats *stats)
{
    stats->size = fr_tail_size(&journal->tail);
    stats->segments = (uint32_t)journal->tail.slab_count;
}

static enum fr_error
memory_verify(struct fr_journal *journal, fr_progress_fn *each, void *context,
              struct fr_complaint complaint)
{
    struct fr_bound bound = journal->start;
    const struct fr_tail *tail = &journal->tail;
    uint64_t done = 0, all = fr_tail_size(tail);

    for (size_t s = 0; s < tail->slab_count; s++)
        for (size_t i = 0; i < tail->slabs[s].frame_count; i++) {
            const struct fr_frame_head *frame = fr_slab_frame(&tail->slabs[s], i);

            if (fr_frame_check_head(frame, FR_FRAME_SIZE_MAX) != FR_OK ||
                fr_frame_check_records(frame) != FR_OK || !fr_frame_follows(frame, &bound)) {
                fr_complain(complaint, "memory: frame %llu, after record %llu: broken",
                            (unsigned long long)bound.number + 1, (unsigned long long)bound.seq);
                return FR_CORRUPT;
            }
            bound = fr_frame_bound(frame);
            done += fr_slot_size(frame->size);
            if (each != NULL)
                each(context, done, all);
        }
    return FR_OK;
}

/* Memory is small: one slice is all of it. */
static enum fr_error
memory_scrub(struct fr_journal *journal, size_t size_max, struct fr_complaint complaint)
{
    enum fr_error err = memory_verify(journal, NULL, NULL, complaint);

    (void)size_max;
    return err == FR_OK ? FR_END : err;
}

const struct fr_backend fr_backend_memory = {
    .open = memory_open,
    .close = memory_close,
    .write = memory_write,
    .locate = memory_locate,
    .fetch = memory_fetch,
    .refresh = memory_nothing_to_do,
    .keep_register = memory_nothing_to_do,
    .trim = memory_trim,
    .pressure = memory_pressure,
    .stats = memory_stats,
    .verify = memory_verify,
    .scrub = memory_scrub,
};
