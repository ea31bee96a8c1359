/* map.h - numbers by number, in memory: open addressing, grows, never shrinks. */
#ifndef FR_FIL_MAP_H
#define FR_FIL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fil_map { /* zeroed: empty */
    struct fil_map_slot {
        uint64_t key; /* 0: free */
        uint64_t value;
    } * slots;
    size_t count, room;
};

/* `key` is not 0. */
void fil_map_set(struct fil_map *map, uint64_t key, uint64_t value);
bool fil_map_get(const struct fil_map *map, uint64_t key, uint64_t *value);
void fil_map_fini(struct fil_map *map);

#endif
