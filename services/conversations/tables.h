/* tables.h - everything that conversations remembers; nothing else touches fr_get and fr_put.
 *
 *     conversations  conversation            the matter as it stands
 *     open           conversation            those without an outcome
 *     entries        conversation, number    what was said, as it was journalled (MessageAdded)
 *     messages       message                 where it is: the deduplication, and message.find
 *     externals      channel, account, id    the same by the outside world's name for it
 *     said           conversation, client id what agents and warnings said, by their own name for
 * it deliveries     message                 what became of what we sent customers      customer,
 * brand         open conversations, the last resolved one, who served him by_customer    customer,
 * conversation  his timeline identifiers    customer, type, value   what agents see beside his name
 *     redirects      merged customer         who he is now
 */
#ifndef FR_CONVERSATIONS_TABLES_H
#define FR_CONVERSATIONS_TABLES_H

#include "proto/conversations_state.pb-c.h"
#include "services/conversations/conversations.h"

extern const struct fr_table conversations_tables[];

/* Short names for long generated ones: a conversation as it is kept, and a customer at one brand.
 */
typedef Fr__ConversationsStateConversation conversations_matter;
typedef Fr__ConversationsStateCustomer conversations_customer;

/* Unpacked into the arena.  FR_NOT_FOUND: no such conversation. */
enum fr_error conversations_get(const struct fr_view *view, uint64_t conversation,
                                struct fr_arena *arena, const conversations_matter **matter);
enum fr_error conversations_put(struct fr_tables *tables, uint64_t conversation,
                                const conversations_matter *matter);

enum fr_error conversations_open_put(struct fr_tables *tables, uint64_t conversation);
enum fr_error conversations_open_del(struct fr_tables *tables, uint64_t conversation);

struct conversations_place { /* where a message is */
    uint64_t conversation;
    uint32_t number; /* of its entry, from 0 */
    uint32_t spare;  /* 0 */
};
enum fr_error conversations_message_get(const struct fr_view *view, uint64_t message,
                                        struct conversations_place *place);
enum fr_error conversations_message_put(struct fr_tables *tables, uint64_t message,
                                        struct conversations_place place);
/* By the outside world's name; long names are kept by their beginning and hash. */
enum fr_error conversations_external_get(const struct fr_view *view, const char *channel,
                                         const char *account, const char *external_id,
                                         uint64_t *message);
enum fr_error conversations_external_put(struct fr_tables *tables, const char *channel,
                                         const char *account, const char *external_id,
                                         uint64_t message);
enum fr_error conversations_external_del(struct fr_tables *tables, const char *channel,
                                         const char *account, const char *external_id);
bool conversations_said(const struct fr_view *view, uint64_t conversation, const char *client_id);
enum fr_error conversations_said_put(struct fr_tables *tables, uint64_t conversation,
                                     const char *client_id, uint64_t message);

/* An entry with its delivery state, unpacked into the arena; *reason: why it is there (or NULL
 * out). */
enum fr_error conversations_entry_get(const struct fr_view *view, struct conversations_place place,
                                      struct fr_arena *arena, Fr__Entry **entry,
                                      const char **reason);
enum fr_error conversations_entry_put(struct fr_tables *tables, struct conversations_place place,
                                      struct fr_slice message_added);
/* The newest entry of that direction among the last 50.  FR_NOT_FOUND: none. */
enum fr_error conversations_last_entry(const struct fr_view *view, uint64_t conversation,
                                       uint32_t entry_count, Fr__Direction direction,
                                       struct fr_arena *arena, Fr__Entry **entry);

enum fr_error conversations_delivery_get(const struct fr_view *view, uint64_t message,
                                         struct fr_arena *arena,
                                         const Fr__ConversationsStateDelivery **delivery);
enum fr_error conversations_delivery_put(struct fr_tables *tables, uint64_t message,
                                         const Fr__ConversationsStateDelivery *delivery);

/* FR_NOT_FOUND: nothing known of him at that brand. */
enum fr_error conversations_customer_get(const struct fr_view *view, uint64_t customer,
                                         const char *brand, struct fr_arena *arena,
                                         const conversations_customer **row);
enum fr_error conversations_customer_put(struct fr_tables *tables, uint64_t customer,
                                         const char *brand, const conversations_customer *row);
enum fr_error conversations_customer_del(struct fr_tables *tables, uint64_t customer,
                                         const char *brand);
/* The brands at which he is known, in arena memory. */
enum fr_error conversations_brands(const struct fr_view *view, uint64_t customer,
                                   struct fr_arena *arena, const char ***brands, size_t *count);

enum fr_error conversations_timeline_put(struct fr_tables *tables, uint64_t customer,
                                         uint64_t conversation);
enum fr_error conversations_timeline_del(struct fr_tables *tables, uint64_t customer,
                                         uint64_t conversation);
/* At most `max` of his conversations, newest first, before `before` (0: from the newest), in arena
 * memory; *more: there are others. */
enum fr_error conversations_timeline(const struct fr_view *view, uint64_t customer, uint64_t before,
                                     size_t max, struct fr_arena *arena, uint64_t **conversations,
                                     size_t *count, bool *more);

struct conversations_identifier {
    const char *type, *value;
    bool unverified;
    uint64_t origin; /* of the customer: who takes it along when he goes apart */
};
enum fr_error conversations_identifier_put(struct fr_tables *tables, uint64_t customer,
                                           const struct conversations_identifier *identifier);
enum fr_error conversations_identifier_del(struct fr_tables *tables, uint64_t customer,
                                           const struct conversations_identifier *identifier);
enum fr_error conversations_identifiers(const struct fr_view *view, uint64_t customer, size_t max,
                                        struct fr_arena *arena,
                                        struct conversations_identifier **identifiers,
                                        size_t *count);

/* 0: he was never merged into another. */
uint64_t conversations_redirect_get(const struct fr_view *view, uint64_t customer);
enum fr_error conversations_redirect_put(struct fr_tables *tables, uint64_t customer, uint64_t now);
enum fr_error conversations_redirect_del(struct fr_tables *tables, uint64_t customer);

/* Work over a timeline in chunks.  FR_NOT_FOUND: it is done. */
enum fr_error conversations_rekey_get(const struct fr_view *view, uint64_t job,
                                      struct fr_arena *arena,
                                      const Fr__ConversationsStateRekey **state);
enum fr_error conversations_rekey_put(struct fr_tables *tables, uint64_t job,
                                      const Fr__ConversationsStateRekey *state);
enum fr_error conversations_rekey_del(struct fr_tables *tables, uint64_t job);

struct conversations_totals { /* for conversations.stats */
    uint64_t opened, reopened, resolved;
    uint64_t outcomes[8]; /* by Fr__Outcome */
    uint64_t received, answers, notes, notices, switches, undelivered, rekeyed;
};
enum fr_error conversations_totals_get(const struct fr_view *view,
                                       struct conversations_totals *totals);
enum fr_error conversations_totals_put(struct fr_tables *tables,
                                       const struct conversations_totals *totals);

/* Walks conversations (all, or the open ones) with an id above `after`, ascending, until `each`
 * says false. */
typedef bool conversations_each_fn(void *context, uint64_t conversation);
enum fr_error conversations_each(const struct fr_view *view, bool open_only, uint64_t after,
                                 conversations_each_fn *each, void *context);

#endif
