/* journal_hold.h - buffers of frames that live as long as somebody sends from them, and their pool.
 *
 * Two classes, both reserved as address space and paid for page by page as they are touched:
 *
 *     slab   the writer builds frames in it, one behind the other; also a big frame read from disk
 *     chunk  a piece of a segment read from disk, or records copied together by a filtering reader
 *
 * The last release may come from any thread and even after the journal was freed; the pool lives
 * until then.
 */
#ifndef FR_JOURNAL_HOLD_H
#define FR_JOURNAL_HOLD_H

#include <stdint.h>
#include "common/journal/journal_format.h"

/* A slab takes new frames until FR_SLAB_FILL of it is used; whatever began in it fits. */
#define FR_SLAB_FILL (2u << 20)
#define FR_SLAB_CAPACITY (FR_SLAB_FILL + (8u << 20) + (64u << 10))
#define FR_CHUNK_CAPACITY (FR_RECORD_SIZE_MAX + 4096)
_Static_assert(FR_SLAB_CAPACITY >= FR_SLAB_FILL + FR_FRAME_SIZE_MAX + 2 * FR_SECTOR, "it fits");

enum fr_hold_class { FR_HOLD_SLAB, FR_HOLD_CHUNK, FR_HOLD_CLASS_COUNT };

struct fr_pool; /* opaque, thread safe */

struct fr_pool *fr_pool_new(void);
/* The owner's share; what is still held is given back to the system when it is released. */
void fr_pool_close(struct fr_pool **pool);
/* Gives back the memory of everything that is not held. */
void fr_pool_settle(struct fr_pool *pool);

/* Held once.  NULL: out of memory.  Not zeroed. */
struct fr_hold *fr_hold_take(struct fr_pool *pool, enum fr_hold_class which);
struct fr_hold *fr_hold_keep(struct fr_hold *hold);
uint8_t *fr_hold_data(const struct fr_hold *hold);
/* How far a hold was written: big ones are given back to the system instead of the pool. */
void fr_hold_touched(struct fr_hold *hold, size_t size);

#endif
