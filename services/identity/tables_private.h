/* tables_private.h - what the files of the tables share. */
#ifndef FR_IDENTITY_TABLES_PRIVATE_H
#define FR_IDENTITY_TABLES_PRIVATE_H

#include "services/identity/key.h"
#include "services/identity/tables.h"

enum identity_table {
    TABLE_CUSTOMERS,
    TABLE_NAMES,
    TABLE_CHILDREN,
    TABLE_EXCLUSIVES,
    TABLE_KEYS,
    TABLE_HOLDERS,
    TABLE_HELD,
    TABLE_CLAIMERS,
    TABLE_NAMES_SEEN,
    TABLE_OBSERVED,
    TABLE_SEEN,
    TABLE_PROFILES,
    TABLE_SUGGESTIONS,
    TABLE_CONFLICTS,
    TABLE_APART,
    TABLE_IMPORTED,
    TABLE_REPAIRS,
    TABLE_ACTIONS,
    TABLE_SHARED_KEYS,
    TABLE_TOTALS,
    TABLE_PERSONS,
    TABLE_BLOCKS,
    TABLE_TERMS,
};

static inline struct fr_slice
by_id(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static inline struct fr_slice
by_pair(struct fr_key *key, uint64_t a, uint64_t b)
{
    return fr_key_slice(fr_key_u64(fr_key_u64(fr_key_init(key), a), b));
}

static inline struct fr_slice
by_value(struct fr_key *key, const char *type, const char *value)
{
    return fr_key_slice(fr_key_str(fr_key_str(fr_key_init(key), type), value));
}

static inline struct fr_slice
by_holding(struct fr_key *key, uint64_t origin, const char *type, const char *value)
{
    return fr_key_slice(fr_key_str(fr_key_str(fr_key_u64(fr_key_init(key), origin), type), value));
}

static inline struct fr_slice
by_claim(struct fr_key *key, const char *type, const char *value, uint64_t origin)
{
    return fr_key_slice(fr_key_u64(fr_key_str(fr_key_str(fr_key_init(key), type), value), origin));
}

static inline struct fr_slice
by_conflict(struct fr_key *key, uint64_t a, const struct identity_conflict *conflict, uint64_t b)
{
    fr_key_str(fr_key_u64(fr_key_init(key), a), conflict->kind);
    fr_key_str(fr_key_str(key, conflict->type), conflict->value);
    return fr_key_slice(fr_key_u64(key, b));
}

/* The id that ends a key. */
static inline uint64_t
last_id(struct fr_slice key)
{
    struct fr_slice rest = fr_slice((const uint8_t *)key.data + key.size - 8, 8);
    uint64_t id = 0;

    fr_key_take_u64(&rest, &id);
    return id;
}

#endif
