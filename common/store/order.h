/* order.h - the keys of one ordered table in a memtable, in byte order.
 *
 * Method: skip list, Pugh, "Skip Lists: A Probabilistic Alternative to Balanced Trees", CACM 33(6),
 * 1990, with 1/4 of the entries on each next level.  Two additions: a pointer back on the lowest
 * level, for scans that go down, and the last entry of every level, so that growing keys (times,
 * ids) are appended without a search.  Entries are never unlinked: a deleted key stays as a
 * tombstone and the whole list goes when the memtable is reset.
 *
 * An entry's links lie in front of it in memory:  next[height - 1] ... next[1] next[0] prev | entry
 */
#ifndef FR_STORE_ORDER_H
#define FR_STORE_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "common/base/slice.h"

#define FR_ORDER_LEVELS 12 /* 4^12 = 16 million entries before searches get longer */

struct fr_entry;
struct fr_order { /* all zero: empty */
    struct fr_entry *first[FR_ORDER_LEVELS];
    struct fr_entry *last[FR_ORDER_LEVELS];
    unsigned height; /* levels in use */
};

/* fr_slice_compare, inlined for the inner loops. */
static inline int
fr_order_compare(struct fr_slice a, struct fr_slice b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* How high a key stands, from its hash: no dice, so equal histories give equal lists. */
unsigned fr_order_height(uint64_t hash);
static inline size_t
fr_order_links_size(unsigned height)
{
    return (1 + height) * sizeof(struct fr_entry *);
}

/* The key must not be there yet; fr_order_links_size(height) bytes in front of `entry` are its
 * links. */
void fr_order_insert(struct fr_order *order, struct fr_entry *entry, unsigned height);

/* NULL when there is none.  An empty `key` is before all keys. */
struct fr_entry *fr_order_first_from(const struct fr_order *order, struct fr_slice key);
struct fr_entry *fr_order_last_before(const struct fr_order *order, struct fr_slice key);
struct fr_entry *fr_order_last(const struct fr_order *order);
struct fr_entry *fr_order_next(const struct fr_entry *entry);
struct fr_entry *fr_order_prev(const struct fr_entry *entry);

#endif
