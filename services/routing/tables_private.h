/* tables_private.h - what tables.c and tables_task.c share: the tables' numbers and simple keys. */
#ifndef FR_ROUTING_TABLES_PRIVATE_H
#define FR_ROUTING_TABLES_PRIVATE_H

#include "services/routing/tables.h"

/* clang-format off */
enum {
    AGENTS, NAMES, PROFILES, SHARES, LANES, LANE_KEYS, LANE_FACTS, MEMBERS, NUMBERS,
    TASKS, TASK_FACTS, OF_CONVERSATION, OF_AGENT, SEEN, WAITING, AVAILABLE, REFUSALS, TOLD, FLOWS
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
key64(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static inline struct fr_slice
key_text(struct fr_key *key, const char *text)
{
    return fr_key_slice(fr_key_str(fr_key_init(key), text));
}

#endif
