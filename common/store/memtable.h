/* memtable.h - what changed since a checkpoint: key to value or tombstone, all tables together.
 *
 *     slots (open addressing, 8 bytes)      chunks of 1 MiB, filled from the front
 *     | hash 32 | where 32 |  ----------->  | head, key, value | links, head, key, value | ...
 *
 * One probe touches one cache line of slots and, on a hit, the entry; key and value lie together. A
 * value that fits is overwritten in place; one that does not moves to the end of the chunks and
 * gets some slack.  Nothing is freed one by one: fr_memtable_reset gives back everything at once.
 *
 * One thread writes; any number may read what nobody writes any more (a frozen memtable).
 */
#ifndef FR_STORE_MEMTABLE_H
#define FR_STORE_MEMTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/store/chunks.h"
#include "common/store/order.h"

#define FR_VALUE_SIZE_MAX ((size_t)16 << 20)

#define FR_ENTRY_DELETED UINT32_MAX /* value_size of a tombstone */
#define FR_ENTRY_ABSENT                                                                            \
    (UINT32_MAX - 1) /* taken back: this memtable says nothing about the key                       \
                      */

struct fr_entry {
    struct fr_entry *older; /* of the same table; every entry hangs on this chain */
    uint8_t *value;
    uint32_t value_size; /* or one of the two above */
    uint32_t value_room; /* bytes at `value`; never shrinks */
    uint16_t table;
    uint16_t key_size;
    uint8_t key[];
};

static inline struct fr_slice
fr_entry_key(const struct fr_entry *entry)
{
    return fr_slice(entry->key, entry->key_size);
}

static inline bool
fr_entry_live(const struct fr_entry *entry)
{
    return entry->value_size < FR_ENTRY_ABSENT;
}

struct fr_memtable_table {
    struct fr_entry *newest; /* chain by `older` */
    size_t count;            /* entries on it */
    bool ordered;
    struct fr_order order; /* of ordered tables */
};

struct fr_slot;
struct fr_large;
struct fr_memtable {
    struct fr_slot *slots;
    size_t slot_count;  /* a power of two */
    size_t count, size; /* entries; bytes of entries and values */
    uint8_t **chunks;
    size_t chunk_count, chunk_room;
    size_t chunk_used;       /* bytes of the last chunk */
    struct fr_large *larges; /* values too big for a chunk */
    struct fr_chunk_pool *pool;
    size_t table_count;
    struct fr_memtable_table tables[];
};

/* `pool` is borrowed for the memtable's life.  NULL: out of memory. */
struct fr_memtable *fr_memtable_new(struct fr_chunk_pool *pool, size_t table_count);
void fr_memtable_free(struct fr_memtable **memtable);

uint64_t fr_memtable_hash(unsigned table, struct fr_slice key);

/* NULL when the memtable says nothing about the key; else live or deleted. */
struct fr_entry *fr_memtable_find(const struct fr_memtable *memtable, unsigned table,
                                  struct fr_slice key, uint64_t hash);

/* The key's entry, made when it is not there (then absent, with room for value_size bytes beside
 * it).  NULL: out of memory, nothing changed. */
struct fr_entry *fr_memtable_enter(struct fr_memtable *memtable, unsigned table,
                                   struct fr_slice key, uint64_t hash, size_t value_size);

/* `value` may lie in the entry itself.  FR_NO_MEMORY changes nothing. */
enum fr_error fr_memtable_write(struct fr_memtable *memtable, struct fr_entry *entry,
                                struct fr_slice value);

/* Everything that `from` says is said by `into`. */
enum fr_error fr_memtable_fold(struct fr_memtable *into, const struct fr_memtable *from);

/* Empties it: chunks go to the pool; slots that the past did not need are given back too. */
void fr_memtable_reset(struct fr_memtable *memtable);

#endif
