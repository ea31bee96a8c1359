/* tables_private.h - what the tables_*.c share: the tables' numbers and simple keys. */
#ifndef FR_ROUTING_TABLES_PRIVATE_H
#define FR_ROUTING_TABLES_PRIVATE_H

#include "services/routing/tables.h"

/* clang-format off */
enum {
    AGENTS, NAMES, PROFILES, CAPACITIES, IDLE, LANES, LANE_KEYS, LANE_FACTS, LANES_FREE, HEADS,
    SETS, NUMBERS, TASKS, TASK_FACTS, OF_CONVERSATION, OF_AGENT, SEEN, WAITING, REFUSALS,
    QUEUES, QUEUE_NAMES, SITES, SITE_NAMES, CLASSES, CONTRACTS, TOLD, FLOWS
};
/* clang-format on */

#define TABLE(number) (&routing_tables[number])
#define NOTHING fr_slice(NULL, 0)
/* Leaves the function with the error of `call`, when there is one. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum fr_error try_error = (call);                                                          \
        if (try_error != FR_OK)                                                                    \
            return try_error;                                                                      \
    } while (0)

static inline struct fr_slice
key32(struct fr_key *key, uint32_t number)
{
    return fr_key_slice(fr_key_u32(fr_key_init(key), number));
}

static inline struct fr_slice
key32_32(struct fr_key *key, uint32_t first, uint32_t second)
{
    return fr_key_slice(fr_key_u32(fr_key_u32(fr_key_init(key), first), second));
}

static inline struct fr_slice
key64(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static inline struct fr_slice
key_text(struct fr_key *key, const char *text)
{
    return fr_key_slice(fr_key_str(fr_key_init(key), text));
}

/* A place as part of a key: byte order is the order of places. */
static inline struct fr_key *
key_place(struct fr_key *key, const struct routing_waiting *place)
{
    fr_key_i64(fr_key_u8(key, (uint8_t)(255 - place->strict)), place->order_us);
    return fr_key_u64(key, place->task_id);
}

static inline enum fr_error
take_place(struct fr_slice *key, struct routing_waiting *place)
{
    uint8_t strict;

    TRY(fr_key_take_u8(key, &strict));
    place->strict = 255u - strict;
    TRY(fr_key_take_i64(key, &place->order_us));
    return fr_key_take_u64(key, &place->task_id);
}

/* The next value of a scan as a fixed struct. */
static inline enum fr_error
next_copy(struct fr_scan *scan, void *out, size_t size)
{
    struct fr_slice key, value;

    TRY(fr_scan_next(scan, &key, &value));
    if (value.size != size)
        return FR_CORRUPT;
    memcpy(out, value.data, size);
    return FR_OK;
}

#endif
