/* sorted.h - the entries of one table of a memtable in key order, tombstones included. */
#ifndef FR_STORE_SORTED_H
#define FR_STORE_SORTED_H

#include "common/store/memtable.h"

struct fr_sorted_item {
    uint64_t head; /* the first 8 bytes in which the keys differ, big endian */
    const struct fr_entry *entry;
};

struct fr_sorted {
    struct fr_sorted_item *items;
    size_t count;
    void *pages; /* what items lies in */
    size_t pages_size;
};

/* The memtable must not be written while *out lives.  FR_NO_MEMORY. */
enum fr_error fr_sorted_init(struct fr_sorted *out, const struct fr_memtable *memtable,
                             unsigned table);
void fr_sorted_fini(struct fr_sorted *sorted);

#endif
