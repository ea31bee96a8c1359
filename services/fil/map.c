/* map.c - numbers by number, in memory. */
#include "services/fil/map.h"

#include <stdlib.h>
#include "common/base/error.h"

static struct fil_map_slot *
find(const struct fil_map *map, uint64_t key)
{
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (map->room - 1);

    while (map->slots[at].key != 0 && map->slots[at].key != key)
        at = (at + 1) & (map->room - 1);
    return &map->slots[at];
}

static void
grow(struct fil_map *map)
{
    struct fil_map bigger = {.room = map->room == 0 ? 64 : map->room * 2, .count = map->count};

    bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
    fr_assert(bigger.slots != NULL);
    for (size_t i = 0; i < map->room; i++)
        if (map->slots[i].key != 0)
            *find(&bigger, map->slots[i].key) = map->slots[i];
    free(map->slots);
    *map = bigger;
}

void
fil_map_set(struct fil_map *map, uint64_t key, uint64_t value)
{
    struct fil_map_slot *slot;

    fr_assert(key != 0);
    if (map->room == 0 || map->count >= map->room / 4 * 3)
        grow(map);
    slot = find(map, key);
    map->count += slot->key == 0;
    slot->key = key;
    slot->value = value;
}

bool
fil_map_get(const struct fil_map *map, uint64_t key, uint64_t *value)
{
    const struct fil_map_slot *slot;

    if (map->room == 0 || key == 0)
        return false;
    slot = find(map, key);
    if (slot->key == 0)
        return false;
    *value = slot->value;
    return true;
}

void
fil_map_fini(struct fil_map *map)
{
    free(map->slots);
    *map = (struct fil_map){.slots = NULL};
}
