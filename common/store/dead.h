/* dead.h - stretches of one table in which no key is alive, so that scans need not walk through
 * them.
 *
 * A queue in a table (take the first, delete it, take the next) leaves a tombstone for every key
 * taken, and LMDB still holds the row until the next checkpoint: without a memory of it, every scan
 * would walk over all that was taken since then, which is quadratic.  A scan that had to walk far
 * remembers where; the next one jumps.  What a stretch says is about the merged contents, so
 * checkpoints do not change it; only a put inside ends it, and then the two halves remain.
 *
 *     keys     d d d d d d d d d A d d d d d d B            d dead, A B alive
 *     dead     [_______________)   [_________)
 */
#ifndef FR_STORE_DEAD_H
#define FR_STORE_DEAD_H

#include <stdbool.h>
#include "common/base/key.h"
#include "common/base/slice.h"

#define FR_DEAD_MAX 16      /* stretches remembered per table; one more drops an old one */
#define FR_DEAD_WALK_MIN 16 /* shorter walks are not worth remembering */

struct fr_dead_stretch { /* start <= key < end; one byte longer than a key, see fr_dead_add */
    size_t start_size, end_size;
    uint8_t start[FR_KEY_SIZE_MAX + 1];
    uint8_t end[FR_KEY_SIZE_MAX + 1];
};

struct fr_dead { /* all zero: nothing known */
    size_t count, victim;
    struct fr_dead_stretch stretches[FR_DEAD_MAX];
};

/* The stretch that holds `key`, or NULL. */
const struct fr_dead_stretch *fr_dead_find(const struct fr_dead *dead, struct fr_slice key);

/* No key from `start` up to `end` is alive; `end` itself belongs to it when `inclusive`.  The
 * slices may point into a stretch of `dead`. */
void fr_dead_add(struct fr_dead *dead, struct fr_slice start, struct fr_slice end, bool inclusive);

/* `key` is alive now. */
void fr_dead_cut(struct fr_dead *dead, struct fr_slice key);

#endif
