/* journal_tail.h - the frames written last, still in the buffers in which they were built.
 *
 *     slab 7              slab 8              slab 9 (frames are built at its end)
 *     [f f f f f f f f]   [f f f f f f f]     [f f f f . . . . . ]
 *      ^ readers here take slices without a copy             ^ fr_tail_room
 *
 * For the file backend this is a bounded cache: whole slabs are dropped from the front.  For the
 * memory backend it is the journal itself: nothing is dropped but by trimming.
 */
#ifndef FR_JOURNAL_TAIL_H
#define FR_JOURNAL_TAIL_H

#include "common/journal/journal_hold.h"

struct fr_slab {
    struct fr_hold *hold;
    uint32_t *offsets; /* of each frame's slot */
    size_t frame_count, frame_max;
    size_t fill; /* where the next slot goes */
};

struct fr_tail {
    struct fr_pool *pool;
    struct fr_slab *slabs; /* oldest first; frames are numbered through */
    size_t slab_count, slab_max;
    size_t fill_max; /* a slab that is filled further takes no more frames */
    size_t keep_max; /* bytes in slabs that are kept */
};

void fr_tail_init(struct fr_tail *tail, struct fr_pool *pool, size_t fill_max, size_t keep_max);
void fr_tail_fini(struct fr_tail *tail);

/* Where the next slot is built: room for any frame.  The same place until fr_tail_push.  NULL: out
 * of memory. */
struct fr_slot *fr_tail_room(struct fr_tail *tail);
/* The frame built there is now part of the tail.  Never fails: fr_tail_room made room for it. */
void fr_tail_push(struct fr_tail *tail, size_t slot_size);

/* NULL when it is not among them.  *hold is borrowed. */
const struct fr_frame_head *fr_tail_by_number(const struct fr_tail *tail, uint64_t number,
                                              struct fr_hold **hold);
/* The frame that holds record seq. */
const struct fr_frame_head *fr_tail_by_seq(const struct fr_tail *tail, uint64_t seq,
                                           struct fr_hold **hold);

const struct fr_frame_head *fr_slab_frame(const struct fr_slab *slab, size_t index);
size_t fr_tail_size(const struct fr_tail *tail);
/* Drops the oldest `slab_count` slabs. */
void fr_tail_drop(struct fr_tail *tail, size_t slab_count);

#endif
