/* journal_tail.c - the frames written last, still in the buffers in which they were built. */
#include "common/journal/journal_tail.h"

#include <stdlib.h>

void
fr_tail_init(struct fr_tail *tail, struct fr_pool *pool, size_t fill_max, size_t keep_max)
{
    *tail = (struct fr_tail){.pool = pool, .fill_max = fill_max, .keep_max = keep_max};
}

void
fr_tail_drop(struct fr_tail *tail, size_t slab_count)
{
    for (size_t i = 0; i < slab_count; i++) {
        fr_hold_release(tail->slabs[i].hold);
        free(tail->slabs[i].offsets);
    }
    tail->slab_count -= slab_count;
    if (slab_count > 0)
        memmove(tail->slabs, tail->slabs + slab_count, tail->slab_count * sizeof(*tail->slabs));
}

void
fr_tail_fini(struct fr_tail *tail)
{
    fr_tail_drop(tail, tail->slab_count);
    free(tail->slabs);
    *tail = (struct fr_tail){0};
}

size_t
fr_tail_size(const struct fr_tail *tail)
{
    size_t size = 0;

    for (size_t i = 0; i < tail->slab_count; i++)
        size += tail->slabs[i].fill;
    return size;
}

/* So that the bound holds with the new slab full, too. */
static void
drop_old(struct fr_tail *tail)
{
    size_t size = fr_tail_size(tail) + tail->fill_max, count = 0;

    while (count < tail->slab_count && size > tail->keep_max)
        size -= tail->slabs[count++].fill;
    fr_tail_drop(tail, count);
}

static bool
slab_add(struct fr_tail *tail)
{
    struct fr_hold *hold;

    drop_old(tail);
    if (tail->slab_count == tail->slab_max) {
        size_t max = tail->slab_max * 2 + 8;
        struct fr_slab *slabs = realloc(tail->slabs, max * sizeof(*slabs));

        if (slabs == NULL)
            return false;
        tail->slabs = slabs;
        tail->slab_max = max;
    }
    hold = fr_hold_take(tail->pool, FR_HOLD_SLAB);
    if (hold == NULL)
        return false;
    tail->slabs[tail->slab_count++] = (struct fr_slab){.hold = hold};
    return true;
}

static bool
offsets_grow(struct fr_slab *slab)
{
    size_t max = slab->frame_max * 2 + 64;
    uint32_t *offsets = realloc(slab->offsets, max * sizeof(*offsets));

    if (offsets == NULL)
        return false;
    slab->offsets = offsets;
    slab->frame_max = max;
    return true;
}

struct fr_slot *
fr_tail_room(struct fr_tail *tail)
{
    struct fr_slab *slab = tail->slab_count > 0 ? &tail->slabs[tail->slab_count - 1] : NULL;

    if (slab == NULL || slab->fill >= tail->fill_max) {
        if (!slab_add(tail))
            return NULL;
        slab = &tail->slabs[tail->slab_count - 1];
    }
    if (slab->frame_count == slab->frame_max && !offsets_grow(slab))
        return NULL;
    return (struct fr_slot *)(fr_hold_data(slab->hold) + slab->fill);
}

void
fr_tail_push(struct fr_tail *tail, size_t slot_size)
{
    struct fr_slab *slab = &tail->slabs[tail->slab_count - 1];

    slab->offsets[slab->frame_count++] = (uint32_t)slab->fill;
    slab->fill += slot_size;
    fr_hold_touched(slab->hold, slab->fill);
}

const struct fr_frame_head *
fr_slab_frame(const struct fr_slab *slab, size_t index)
{
    const uint8_t *slot = fr_hold_data(slab->hold) + slab->offsets[index];

    return (const struct fr_frame_head *)(slot + sizeof(struct fr_slot));
}

/* Slabs are few (the cache) or long-lived (the memory backend): look from the newest, where the
 * readers are. */
const struct fr_frame_head *
fr_tail_by_number(const struct fr_tail *tail, uint64_t number, struct fr_hold **hold)
{
    for (size_t i = tail->slab_count; i-- > 0;) {
        const struct fr_slab *slab = &tail->slabs[i];
        uint64_t first = slab->frame_count > 0 ? fr_slab_frame(slab, 0)->number : UINT64_MAX;

        if (number < first)
            continue;
        if (number - first >= slab->frame_count)
            return NULL;
        *hold = slab->hold;
        return fr_slab_frame(slab, number - first);
    }
    return NULL;
}

/* The last frame of the slab that begins at seq or before, frames without records aside: of several
 * with the same first_seq only the last can have records. */
static const struct fr_frame_head *
search(const struct fr_slab *slab, uint64_t seq)
{
    size_t low = 0, high = slab->frame_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (fr_slab_frame(slab, middle)->first_seq <= seq)
            low = middle;
        else
            high = middle;
    }
    return fr_slab_frame(slab, low);
}

const struct fr_frame_head *
fr_tail_by_seq(const struct fr_tail *tail, uint64_t seq, struct fr_hold **hold)
{
    for (size_t i = tail->slab_count; i-- > 0;) {
        const struct fr_slab *slab = &tail->slabs[i];
        const struct fr_frame_head *frame;

        if (slab->frame_count == 0 || fr_slab_frame(slab, 0)->first_seq > seq)
            continue;
        frame = search(slab, seq);
        *hold = slab->hold;
        return fr_frame_last_seq(frame) >= seq ? frame : NULL;
    }
    return NULL;
}
