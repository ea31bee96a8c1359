/* history.h - what an agent sees of a customer when he takes a conversation.
 *
 * This conversation and his latest past ones, newest first; each with its newest entries, oldest
 * first.  Bounded, because it is sent over a WAN and read by a person: what is left out is counted.
 */
#ifndef FR_CONVERSATIONS_HISTORY_H
#define FR_CONVERSATIONS_HISTORY_H

#include "services/conversations/tables.h"

#define CONVERSATIONS_PAST_MAX 10
#define CONVERSATIONS_ENTRIES_MAX 50
#define CONVERSATIONS_HISTORY_SIZE_MAX                                                             \
    ((size_t)64 << 10) /* bytes of packed entries, all together */
#define CONVERSATIONS_IDENTIFIERS_MAX 20

/* Fills shared's name, identifiers and history from the tables, in arena memory.  A conversation
 * that began on an unproven word comes alone: it gives nobody another's history.  What belongs to
 * other brands is told only `across_brands`: an outsourcer's clients do not share their customers.
 */
enum fr_error conversations_history(const struct fr_view *view, struct fr_arena *arena,
                                    bool across_brands, uint64_t conversation,
                                    const conversations_matter *matter,
                                    Fr__ConversationShared *shared);

#endif
