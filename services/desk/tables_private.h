/* tables_private.h - numbers of the tables and keys, shared by tables*.c only. */
#ifndef FR_DESK_TABLES_PRIVATE_H
#define FR_DESK_TABLES_PRIVATE_H

#include "services/desk/tables.h"

enum {
    DESK_LEASES,
    DESK_NEWEST,
    DESK_AGENT_LEASES,
    DESK_CONVERSATIONS,
    DESK_ENTRIES,
    DESK_PLACES,
    DESK_REPLIES,
    DESK_REFUSALS,
    DESK_PROMISES,
    DESK_ALERTS,
    DESK_AGENTS,
    DESK_DONE,
    DESK_DONE_RING,
};
#define TABLE(number) (&desk_tables[number])

static inline struct fr_slice
desk_id_key(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static inline struct fr_slice
desk_text_key(struct fr_key *key, const char *text)
{
    return fr_key_slice(fr_key_str(fr_key_init(key), text));
}

#endif
