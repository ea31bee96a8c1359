/* memtable.c - hash slots over entries in chunks. */
#include "common/store/memtable.h"

#include <stdlib.h>
#include "common/base/hash.h"

#define SLOTS_FIRST ((size_t)4096) /* 32 KiB */
#define UNIT 8                     /* bytes; entries start at a multiple of it */
#define UNITS_PER_CHUNK (FR_CHUNK_SIZE / UNIT)
#define CHUNKS_MAX (((size_t)1 << 32) / UNITS_PER_CHUNK) /* 32 GiB */
#define LARGE_SIZE (FR_CHUNK_SIZE / 16)                  /* so that a chunk's waste stays small */

struct fr_slot {
    uint32_t hash;
    uint32_t where; /* chunk and unit; 0: free (no entry starts at the very first unit) */
};

struct fr_large { /* a value of its own, in a list so that reset finds it */
    struct fr_large *next, **link;
    uint8_t bytes[];
};

static size_t
round_up(size_t size)
{
    return (size + UNIT - 1) & ~(size_t)(UNIT - 1);
}

uint64_t
fr_memtable_hash(unsigned table, struct fr_slice key)
{
    return fr_hash(key.data, key.size) + table * 0x9e3779b97f4a7c15u;
}

static uint32_t
slot_hash(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

static struct fr_entry *
entry_at(const struct fr_memtable *memtable, uint32_t where)
{
    return (struct fr_entry *)(memtable->chunks[where / UNITS_PER_CHUNK] +
                               where % UNITS_PER_CHUNK * UNIT);
}

struct fr_memtable *
fr_memtable_new(struct fr_chunk_pool *pool, size_t table_count)
{
    struct fr_memtable *memtable =
        calloc(1, sizeof *memtable + table_count * sizeof memtable->tables[0]);

    if (memtable == NULL)
        return NULL;
    memtable->pool = pool;
    memtable->table_count = table_count;
    memtable->slot_count = SLOTS_FIRST;
    memtable->slots = fr_pages_new(SLOTS_FIRST * sizeof memtable->slots[0]);
    if (memtable->slots == NULL)
        fr_memtable_free(&memtable);
    return memtable;
}

static void
give_back_all(struct fr_memtable *memtable)
{
    while (memtable->larges != NULL) {
        struct fr_large *large = memtable->larges;

        memtable->larges = large->next;
        free(large);
    }
    while (memtable->chunk_count > 0)
        fr_chunk_give(memtable->pool, memtable->chunks[--memtable->chunk_count]);
}

void
fr_memtable_free(struct fr_memtable **memtable)
{
    if (*memtable == NULL)
        return;
    give_back_all(*memtable);
    fr_pages_free((*memtable)->slots, (*memtable)->slot_count * sizeof(struct fr_slot));
    free((*memtable)->chunks);
    free(*memtable);
    *memtable = NULL;
}

void
fr_memtable_reset(struct fr_memtable *memtable)
{
    size_t slots_size = memtable->slot_count * sizeof memtable->slots[0];
    struct fr_slot *fewer = NULL;

    give_back_all(memtable);
    if (memtable->slot_count > SLOTS_FIRST && memtable->count < memtable->slot_count / 8)
        fewer = fr_pages_new(SLOTS_FIRST * sizeof fewer[0]);
    if (fewer != NULL) {
        fr_pages_free(memtable->slots, slots_size);
        memtable->slots = fewer;
        memtable->slot_count = SLOTS_FIRST;
    } else if (memtable->count > 0) {
        memset(memtable->slots, 0, slots_size);
    }
    memtable->count = memtable->size = 0;
    for (size_t i = 0; i < memtable->table_count; i++) {
        struct fr_memtable_table *table = &memtable->tables[i];

        *table = (struct fr_memtable_table){.ordered = table->ordered};
    }
}

struct fr_entry *
fr_memtable_find(const struct fr_memtable *memtable, unsigned table, struct fr_slice key,
                 uint64_t hash)
{
    size_t mask = memtable->slot_count - 1;
    uint32_t wanted = slot_hash(hash);

    for (size_t i = wanted & mask; memtable->slots[i].where != 0; i = (i + 1) & mask) {
        struct fr_entry *entry;

        if (memtable->slots[i].hash != wanted)
            continue;
        entry = entry_at(memtable, memtable->slots[i].where);
        if (entry->table == table && fr_slice_equal(fr_entry_key(entry), key))
            return entry->value_size == FR_ENTRY_ABSENT ? NULL : entry;
    }
    return NULL;
}

/* Linear probing stays short while at least three of eight slots are free. */
static bool
slots_have_room(struct fr_memtable *memtable)
{
    size_t old_count = memtable->slot_count, mask = 2 * old_count - 1;
    struct fr_slot *slots;

    if (memtable->count < old_count / 8 * 5)
        return true;
    slots = fr_pages_new(2 * old_count * sizeof slots[0]);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < old_count; i++) {
        size_t to = memtable->slots[i].hash & mask;

        if (memtable->slots[i].where == 0)
            continue;
        while (slots[to].where != 0)
            to = (to + 1) & mask;
        slots[to] = memtable->slots[i];
    }
    fr_pages_free(memtable->slots, old_count * sizeof slots[0]);
    memtable->slots = slots;
    memtable->slot_count = 2 * old_count;
    return true;
}

static bool
add_chunk(struct fr_memtable *memtable)
{
    void *chunk;

    if (memtable->chunk_count == CHUNKS_MAX)
        return false;
    if (memtable->chunk_count == memtable->chunk_room) {
        size_t room = memtable->chunk_room == 0 ? 16 : 2 * memtable->chunk_room;
        uint8_t **chunks = realloc(memtable->chunks, room * sizeof chunks[0]);

        if (chunks == NULL)
            return false;
        memtable->chunks = chunks;
        memtable->chunk_room = room;
    }
    chunk = fr_chunk_take(memtable->pool);
    if (chunk == NULL)
        return false;
    memtable->chunks[memtable->chunk_count++] = chunk;
    memtable->chunk_used = UNIT;
    return true;
}

/* `size` bytes in the last chunk. */
static uint8_t *
bump(struct fr_memtable *memtable, size_t size)
{
    uint8_t *bytes;

    size = round_up(size);
    if ((memtable->chunk_count == 0 || memtable->chunk_used + size > FR_CHUNK_SIZE) &&
        !add_chunk(memtable))
        return NULL;
    bytes = memtable->chunks[memtable->chunk_count - 1] + memtable->chunk_used;
    memtable->chunk_used += size;
    memtable->size += size;
    return bytes;
}

static struct fr_entry *
new_entry(struct fr_memtable *memtable, unsigned table, struct fr_slice key, uint64_t hash,
          size_t value_size)
{
    struct fr_memtable_table *owner = &memtable->tables[table];
    unsigned height = owner->ordered ? fr_order_height(hash) : 0;
    size_t links_size = owner->ordered ? fr_order_links_size(height) : 0;
    size_t head_size = round_up(sizeof(struct fr_entry) + key.size);
    size_t room = value_size > LARGE_SIZE ? 0 : round_up(value_size);
    uint8_t *bytes = bump(memtable, links_size + head_size + room);
    struct fr_entry *entry;

    if (bytes == NULL)
        return NULL;
    entry = (struct fr_entry *)(bytes + links_size);
    entry->older = owner->newest;
    entry->value = (uint8_t *)entry + head_size;
    entry->value_size = FR_ENTRY_ABSENT;
    entry->value_room = (uint32_t)room;
    entry->table = (uint16_t)table;
    entry->key_size = (uint16_t)key.size;
    memcpy(entry->key, key.data, key.size);
    owner->newest = entry;
    owner->count++;
    if (owner->ordered)
        fr_order_insert(&owner->order, entry, height);
    return entry;
}

static uint32_t
where_is(const struct fr_memtable *memtable, const struct fr_entry *entry)
{
    size_t last = memtable->chunk_count - 1;
    size_t unit = (size_t)((const uint8_t *)entry - memtable->chunks[last]) / UNIT;

    return (uint32_t)(last * UNITS_PER_CHUNK + unit);
}

struct fr_entry *
fr_memtable_enter(struct fr_memtable *memtable, unsigned table, struct fr_slice key, uint64_t hash,
                  size_t value_size)
{
    uint32_t wanted = slot_hash(hash);
    struct fr_entry *entry;
    size_t mask, i;

    if (!slots_have_room(memtable))
        return NULL;
    mask = memtable->slot_count - 1;
    for (i = wanted & mask; memtable->slots[i].where != 0; i = (i + 1) & mask) {
        if (memtable->slots[i].hash != wanted)
            continue;
        entry = entry_at(memtable, memtable->slots[i].where);
        if (entry->table == table && fr_slice_equal(fr_entry_key(entry), key))
            return entry;
    }
    entry = new_entry(memtable, table, key, hash, value_size);
    if (entry == NULL)
        return NULL;
    memtable->slots[i] = (struct fr_slot){wanted, where_is(memtable, entry)};
    memtable->count++;
    return entry;
}

static uint8_t *
new_large(struct fr_memtable *memtable, size_t size)
{
    struct fr_large *large = malloc(sizeof *large + size);

    if (large == NULL)
        return NULL;
    large->next = memtable->larges;
    large->link = &memtable->larges;
    if (large->next != NULL)
        large->next->link = &large->next;
    memtable->larges = large;
    memtable->size += size;
    return large->bytes;
}

static void
free_large(struct fr_memtable *memtable, uint8_t *bytes, size_t size)
{
    struct fr_large *large = (struct fr_large *)(bytes - offsetof(struct fr_large, bytes));

    *large->link = large->next;
    if (large->next != NULL)
        large->next->link = large->link;
    memtable->size -= size;
    free(large);
}

enum fr_error
fr_memtable_write(struct fr_memtable *memtable, struct fr_entry *entry, struct fr_slice value)
{
    if (value.size > entry->value_room) {
        size_t room = round_up(value.size + value.size / 4);
        uint8_t *bytes = room > LARGE_SIZE ? new_large(memtable, room) : bump(memtable, room);

        if (bytes == NULL)
            return FR_NO_MEMORY;
        memcpy(bytes, value.data, value.size);
        if (entry->value_room > LARGE_SIZE)
            free_large(memtable, entry->value, entry->value_room);
        entry->value = bytes;
        entry->value_room = (uint32_t)room;
    } else if (value.size > 0) {
        memmove(entry->value, value.data, value.size);
    }
    entry->value_size = (uint32_t)value.size;
    return FR_OK;
}

enum fr_error
fr_memtable_fold(struct fr_memtable *into, const struct fr_memtable *from)
{
    for (unsigned table = 0; table < from->table_count; table++) {
        for (const struct fr_entry *said = from->tables[table].newest; said != NULL;
             said = said->older) {
            struct fr_slice key = fr_entry_key(said);
            size_t size = fr_entry_live(said) ? said->value_size : 0;
            struct fr_entry *entry;

            if (said->value_size == FR_ENTRY_ABSENT)
                continue;
            entry = fr_memtable_enter(into, table, key, fr_memtable_hash(table, key), size);
            if (entry == NULL)
                return FR_NO_MEMORY;
            if (!fr_entry_live(said))
                entry->value_size = FR_ENTRY_DELETED;
            else if (fr_memtable_write(into, entry, fr_slice(said->value, size)) != FR_OK)
                return FR_NO_MEMORY;
        }
    }
    return FR_OK;
}
