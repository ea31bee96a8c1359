/* tables.h - everything that identity remembers; nothing else touches fr_get and fr_put.
 *
 *     customers    origin                  parent link, and what its group has in common
 *     names        origin                  what the person calls himself
 *     children     parent, origin          who was merged under whom, when and why
 *     exclusive    root, type, brand       the one account or log-in of a group
 *     keys         type, value             who holds it, and when it was seen
 *     held         origin, type, value     the same from the customer's side, with the claims
 *     claimers     type, value, origin     who only claimed it
 *     observations origin, message         which key brought what
 *     suggestions  customer, customer      both ways
 *     conflicts    customer, kind, key...  both ways
 *     profiles     origin                  what was said of the person (attributes as received)
 *     imported     source, row             the observation that a register's row became
 *
 * An *origin* is a customer as first created; it is never destroyed.  Parent links are never
 * shortened (compression would destroy the way back); a root is an origin without a parent.
 */
#ifndef FR_IDENTITY_TABLES_H
#define FR_IDENTITY_TABLES_H

#include "proto/identity_state.pb-c.h"
#include "services/identity/identity.h"

extern const struct fr_table identity_tables[];
/* index.c's own; nothing else touches them. */
extern const struct fr_table *const identity_persons_table, *const identity_blocks_table,
                                                                *const identity_terms_table;

struct identity_customer {
    uint64_t parent; /* 0: a root */
    int64_t created_us;
    uint32_t origins;     /* of a root: how many origins its group has, itself included */
    uint32_t strong_keys; /* of a root: proven keys of its group */
};

struct identity_key_row {
    uint64_t holder; /* origin; 0: nobody, only claims */
    int64_t first_us, last_us;
    uint32_t claims;    /* origins that only claimed it */
    uint8_t assurance;  /* of the holding: Fr__Assurance */
    uint8_t unverified; /* held by I4 only */
    uint8_t spare[2];   /* 0 */
};

struct identity_observation {
    int64_t at_us;
};

/* What was said of an origin; *profiles is NULL when nothing was.  In arena memory. */
enum fr_error identity_profiles_get(const struct fr_view *view, uint64_t origin,
                                    struct fr_arena *arena,
                                    const Fr__IdentityStateProfiles **profiles);
/* One more observation (by 1), or one less (by -1), that said this of the origin.  At most
 * IDENTITY_PROFILES_MAX distinct ones are kept: what came later than those stays with its
 * observation only. */
#define IDENTITY_PROFILES_MAX 32
enum fr_error identity_profile_count(struct fr_tables *tables, uint64_t origin,
                                     const Fr__Attributes *attributes, bool proven, int by);

struct identity_imported { /* what a register's row became */
    uint64_t observation, origin;
};
/* FR_NOT_FOUND: that row was never imported. */
enum fr_error identity_imported_get(const struct fr_view *view, const char *source,
                                    const char *external_id, struct identity_imported *imported);
enum fr_error identity_imported_put(struct fr_tables *tables, const char *source,
                                    const char *external_id,
                                    const struct identity_imported *imported);

struct identity_totals { /* for identity.stats */
    uint64_t customers, merges, observations, unverified, keys, claims, suggestions, conflicts;
};

/* FR_NOT_FOUND: never created.  The root follows parent links to their end. */
enum fr_error identity_customer_get(const struct fr_view *view, uint64_t origin,
                                    struct identity_customer *customer);
enum fr_error identity_root_get(const struct fr_view *view, uint64_t origin, uint64_t *root,
                                struct identity_customer *customer);
enum fr_error identity_customer_put(struct fr_tables *tables, uint64_t origin,
                                    const struct identity_customer *customer);

/* NULL when there is none; copied into the arena. */
const char *identity_name_get(const struct fr_view *view, uint64_t origin, struct fr_arena *arena);
enum fr_error identity_name_put(struct fr_tables *tables, uint64_t origin, const char *name);

enum fr_error identity_key_get(const struct fr_view *view, const char *type, const char *value,
                               struct identity_key_row *row);
enum fr_error identity_key_put(struct fr_tables *tables, const char *type, const char *value,
                               const struct identity_key_row *row);

enum fr_error identity_held_get(const struct fr_view *view, uint64_t origin, const char *type,
                                const char *value, struct fr_arena *arena,
                                const Fr__IdentityStateHolding **holding);
enum fr_error identity_held_put(struct fr_tables *tables, uint64_t origin, const char *type,
                                const char *value, const Fr__IdentityStateHolding *holding);

enum fr_error identity_claimer_put(struct fr_tables *tables, const char *type, const char *value,
                                   uint64_t origin);
enum fr_error identity_claimer_del(struct fr_tables *tables, const char *type, const char *value,
                                   uint64_t origin);
/* Up to `max` origins that claimed it, ascending. */
enum fr_error identity_claimers(const struct fr_view *view, const char *type, const char *value,
                                uint64_t *origins, size_t max, size_t *count);

struct identity_exclusive { /* one exclusive value of a group */
    const char *type;
    const char *value;
};
enum fr_error identity_exclusive_put(struct fr_tables *tables, uint64_t root, const char *type,
                                     const char *value);
/* All of a root, in arena memory. */
enum fr_error identity_exclusives(const struct fr_view *view, uint64_t root, struct fr_arena *arena,
                                  struct identity_exclusive **all, size_t *count);

enum fr_error identity_child_put(struct fr_tables *tables, uint64_t parent, uint64_t origin,
                                 const Fr__IdentityStateMerge *merge);

enum fr_error identity_observation_put(struct fr_tables *tables, uint64_t origin, uint64_t message,
                                       struct identity_observation observation);

bool identity_suggested(const struct fr_view *view, uint64_t a, uint64_t b);
enum fr_error identity_suggestion_put(struct fr_tables *tables, uint64_t a, uint64_t b,
                                      const Fr__IdentityStateSuggestion *suggestion);

struct identity_conflict { /* its name: who, what, over which key */
    const char *kind;
    uint64_t a, b; /* b 0: nobody else */
    const char *type, *value;
};
bool identity_conflict_known(const struct fr_view *view, const struct identity_conflict *conflict);
enum fr_error identity_conflict_put(struct fr_tables *tables,
                                    const struct identity_conflict *conflict,
                                    const Fr__IdentityStateConflict *state);

enum fr_error identity_totals_get(const struct fr_view *view, struct identity_totals *totals);
enum fr_error identity_totals_put(struct fr_tables *tables, const struct identity_totals *totals);

/* Lists for queries: each calls `each` for a row until it answers false. */
struct identity_row {
    uint64_t other;                  /* child origin, other customer, message */
    const char *type, *value, *kind; /* as the table has them, else "" */
    const ProtobufCMessage *state;   /* the table's message, or NULL */
    int64_t at_us;
};
typedef bool identity_each_fn(void *context, const struct identity_row *row);
enum fr_error identity_each_child(const struct fr_view *view, uint64_t parent,
                                  struct fr_arena *arena, identity_each_fn *each, void *context);
enum fr_error identity_each_held(const struct fr_view *view, uint64_t origin,
                                 struct fr_arena *arena, identity_each_fn *each, void *context);
enum fr_error identity_each_suggestion(const struct fr_view *view, uint64_t customer,
                                       struct fr_arena *arena, identity_each_fn *each,
                                       void *context);
enum fr_error identity_each_conflict(const struct fr_view *view, uint64_t customer,
                                     struct fr_arena *arena, identity_each_fn *each, void *context);
/* Customers (roots and merged ones) with an id above `after`, ascending: row->other is the id. */
enum fr_error identity_each_customer(const struct fr_view *view, uint64_t after,
                                     identity_each_fn *each, void *context);

#endif
