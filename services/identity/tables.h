/* tables.h - everything that identity remembers; nothing else touches fr_get and fr_put.
 *
 *     customers    origin                  parent link, and what stands below it in the forest
 *     names        origin                  what the person calls himself
 *     children     parent, origin          who was merged under whom, when, why and by whom
 *     exclusive    origin, type, brand     its one account or log-in
 *     keys         type, value             how many hold it, and when it was seen
 *     holders      type, value, origin     who holds it
 *     held         origin, type, value     the same from the customer's side, with the claims
 *     claimers     type, value, origin     who only claimed it
 *     names_seen   type, value             names that fit none of the others
 *     observations observation             what was seen, and to which origin it belongs
 *     seen         origin, observation     the same from the origin's side
 *     profiles     origin                  what was said of the person (attributes as received)
 *     suggestions  customer, customer      both ways
 *     conflicts    customer, kind, key...  both ways
 *     apart        origin, origin          cannot-links, both ways
 *     imported     source, row             the observation that a register's row became
 *     repairs      repair                  work done in chunks: a shared key, an erased customer
 *     actions      client id               what a person asked for, and how it ended
 *     shared       type, value             keys that neither link nor suggest
 *     persons, blocks, terms               index.h
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

/* ---- customers (tables.c) ---- */

struct identity_customer {
    uint64_t parent; /* 0: a root */
    int64_t created_us;
    uint64_t first_observation; /* it was created for that one */
    uint32_t origins;           /* below it, itself included */
    uint32_t strong_keys;       /* proven keys that these hold */
    uint32_t cannot_links;      /* of these */
    uint8_t erased;             /* only its id is left */
    uint8_t spare[3];           /* 0 */
};

/* FR_NOT_FOUND: never created.  The root follows parent links to their end. */
enum fr_error identity_customer_get(const struct fr_view *view, uint64_t origin,
                                    struct identity_customer *customer);
enum fr_error identity_root_get(const struct fr_view *view, uint64_t origin, uint64_t *root,
                                struct identity_customer *customer);
enum fr_error identity_customer_put(struct fr_tables *tables, uint64_t origin,
                                    const struct identity_customer *customer);
/* Adds to what stands below `origin`, in its own row and all the way up to the root. */
enum fr_error identity_customer_add(struct fr_tables *tables, uint64_t origin, int origins,
                                    int strong_keys, int cannot_links);

/* NULL when there is none; copied into the arena. */
const char *identity_name_get(const struct fr_view *view, uint64_t origin, struct fr_arena *arena);
enum fr_error identity_name_put(struct fr_tables *tables, uint64_t origin, const char *name);

enum fr_error identity_child_put(struct fr_tables *tables, uint64_t parent, uint64_t origin,
                                 const Fr__IdentityStateMerge *merge);
enum fr_error identity_child_del(struct fr_tables *tables, uint64_t parent, uint64_t origin);

struct identity_exclusive { /* one exclusive value of an origin */
    const char *type;
    const char *value;
};
enum fr_error identity_exclusive_put(struct fr_tables *tables, uint64_t origin, const char *type,
                                     const char *value);
enum fr_error identity_exclusive_del(struct fr_tables *tables, uint64_t origin, const char *type,
                                     const char *value);
/* All of an origin, in arena memory, appended to (*all)[0 .. *count - 1] of room *room. */
enum fr_error identity_exclusives(const struct fr_view *view, uint64_t origin,
                                  struct fr_arena *arena, struct identity_exclusive **all,
                                  size_t *count, size_t *room);

/* ---- keys (tables_key.c) ---- */

enum { IDENTITY_NOT_SHARED, IDENTITY_CLAIMED_BY_MANY, IDENTITY_SHARED };

struct identity_key_row {
    uint64_t holder; /* the one origin that holds it, or the oldest of several; 0: only claims */
    int64_t first_us, last_us;
    uint32_t holders;              /* origins */
    uint32_t claims;               /* origins that only claimed it */
    uint32_t names;                /* seen with it, of which no two fit */
    uint8_t assurance, unverified; /* of `holder` */
    uint8_t shared;                /* IDENTITY_... above */
    uint8_t spare;                 /* 0 */
};

/* As people are told: a proof takes a key back from those who only claimed it. */
static inline bool
identity_key_is_shared(const struct identity_key_row *row)
{
    return row->shared == IDENTITY_SHARED ||
           (row->shared == IDENTITY_CLAIMED_BY_MANY && row->holders == 0);
}

struct identity_holding { /* who holds a key, and how well */
    uint64_t origin;
    uint8_t assurance; /* Fr__Assurance */
    uint8_t unverified;
    uint8_t spare[6]; /* 0 */
};

enum fr_error identity_key_get(const struct fr_view *view, const char *type, const char *value,
                               struct identity_key_row *row);
enum fr_error identity_key_put(struct fr_tables *tables, const char *type, const char *value,
                               const struct identity_key_row *row);
enum fr_error identity_key_del(struct fr_tables *tables, const char *type, const char *value);

enum fr_error identity_holder_put(struct fr_tables *tables, const char *type, const char *value,
                                  const struct identity_holding *holding);
enum fr_error identity_holder_del(struct fr_tables *tables, const char *type, const char *value,
                                  uint64_t origin);
/* Up to `max` of them, the oldest first. */
enum fr_error identity_holders(const struct fr_view *view, const char *type, const char *value,
                               struct identity_holding *holders, size_t max, size_t *count);

enum fr_error identity_held_get(const struct fr_view *view, uint64_t origin, const char *type,
                                const char *value, struct fr_arena *arena,
                                const Fr__IdentityStateHolding **holding);
enum fr_error identity_held_put(struct fr_tables *tables, uint64_t origin, const char *type,
                                const char *value, const Fr__IdentityStateHolding *holding);
enum fr_error identity_held_del(struct fr_tables *tables, uint64_t origin, const char *type,
                                const char *value);

enum fr_error identity_claimer_put(struct fr_tables *tables, const char *type, const char *value,
                                   uint64_t origin);
enum fr_error identity_claimer_del(struct fr_tables *tables, const char *type, const char *value,
                                   uint64_t origin);
/* Up to `max` origins that claimed it, ascending. */
enum fr_error identity_claimers(const struct fr_view *view, const char *type, const char *value,
                                uint64_t *origins, size_t max, size_t *count);

/* NULL when none was; in arena memory. */
enum fr_error identity_names_seen_get(const struct fr_view *view, const char *type,
                                      const char *value, struct fr_arena *arena,
                                      const Fr__IdentityStateNamesSeen **seen);
enum fr_error identity_names_seen_put(struct fr_tables *tables, const char *type, const char *value,
                                      const Fr__IdentityStateNamesSeen *seen);

/* ---- observations and what they said (tables_observation.c) ---- */

/* FR_NOT_FOUND: never seen, or erased. */
enum fr_error identity_observation_get(const struct fr_view *view, uint64_t observation,
                                       struct fr_arena *arena,
                                       const Fr__IdentityStateObservation **state);
/* Under its own id and under its origin's. */
enum fr_error identity_observation_put(struct fr_tables *tables, uint64_t observation,
                                       const Fr__IdentityStateObservation *state);
enum fr_error identity_observation_del(struct fr_tables *tables, uint64_t observation,
                                       uint64_t origin);
/* Up to `max` observations of an origin with an id above `after`, ascending. */
enum fr_error identity_seen(const struct fr_view *view, uint64_t origin, uint64_t after,
                            uint64_t *observations, size_t max, size_t *count);

/* What was said of an origin; *profiles is NULL when nothing was.  In arena memory. */
enum fr_error identity_profiles_get(const struct fr_view *view, uint64_t origin,
                                    struct fr_arena *arena,
                                    const Fr__IdentityStateProfiles **profiles);
enum fr_error identity_profiles_del(struct fr_tables *tables, uint64_t origin);
/* One more observation (by 1), or one less (by -1), that said this of the origin.  At most
 * IDENTITY_PROFILES_MAX distinct ones are kept: what came later than those stays with its
 * observation only.  The index by which people are found follows (index.h). */
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
enum fr_error identity_imported_del(struct fr_tables *tables, const char *source,
                                    const char *external_id);

/* ---- pairs: suggestions, conflicts, cannot-links (tables_pair.c) ---- */

/* FR_NOT_FOUND: none was ever made between exactly these two. */
enum fr_error identity_suggestion_get(const struct fr_view *view, uint64_t a, uint64_t b,
                                      struct fr_arena *arena,
                                      const Fr__IdentityStateSuggestion **suggestion);
enum fr_error identity_suggestion_put(struct fr_tables *tables, uint64_t a, uint64_t b,
                                      const Fr__IdentityStateSuggestion *suggestion);
enum fr_error identity_suggestion_del(struct fr_tables *tables, uint64_t a, uint64_t b);
static inline Fr__SuggestionState
identity_suggestion_state(const Fr__IdentityStateSuggestion *suggestion)
{
    return suggestion->has_state ? suggestion->state : FR__SUGGESTION_STATE__OPEN;
}

struct identity_conflict { /* its name: who, what, over which key */
    const char *kind;
    uint64_t a, b; /* b 0: nobody else */
    const char *type, *value;
};
/* FR_NOT_FOUND: it was never found. */
enum fr_error identity_conflict_get(const struct fr_view *view,
                                    const struct identity_conflict *conflict,
                                    struct fr_arena *arena,
                                    const Fr__IdentityStateConflict **state);
enum fr_error identity_conflict_put(struct fr_tables *tables,
                                    const struct identity_conflict *conflict,
                                    const Fr__IdentityStateConflict *state);
enum fr_error identity_conflict_del(struct fr_tables *tables,
                                    const struct identity_conflict *conflict);

enum fr_error identity_apart_put(struct fr_tables *tables, uint64_t a, uint64_t b,
                                 const Fr__IdentityStateApart *apart);
enum fr_error identity_apart_del(struct fr_tables *tables, uint64_t a, uint64_t b);
bool identity_apart(const struct fr_view *view, uint64_t a, uint64_t b);

/* ---- repairs and actions (tables_pair.c) ---- */

/* FR_NOT_FOUND: it is over. */
enum fr_error identity_repair_get(const struct fr_view *view, uint64_t repair,
                                  struct fr_arena *arena, const Fr__IdentityStateRepair **state);
enum fr_error identity_repair_put(struct fr_tables *tables, uint64_t repair,
                                  const Fr__IdentityStateRepair *state);
enum fr_error identity_repair_del(struct fr_tables *tables, uint64_t repair);

enum fr_error identity_action_get(const struct fr_view *view, const char *client_id,
                                  struct fr_arena *arena, const Fr__IdentityStateAction **action);
enum fr_error identity_action_put(struct fr_tables *tables, const char *client_id,
                                  const Fr__IdentityStateAction *action);

struct identity_totals { /* for identity.stats */
    uint64_t customers, merges, observations, unverified, keys, claims, suggestions, conflicts;
    uint64_t splits, shared, moved, erased;
};
enum fr_error identity_totals_get(const struct fr_view *view, struct identity_totals *totals);
enum fr_error identity_totals_put(struct fr_tables *tables, const struct identity_totals *totals);

/* ---- lists (tables_list.c): each calls `each` for a row until it answers false ---- */

struct identity_row {
    uint64_t id, other;              /* whose row; child origin, other customer, observation */
    const char *type, *value, *kind; /* as the table has them, else "" */
    const ProtobufCMessage *state;   /* the table's message, or NULL */
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
enum fr_error identity_each_apart(const struct fr_view *view, uint64_t origin,
                                  struct fr_arena *arena, identity_each_fn *each, void *context);
/* Customers (roots and merged ones) with an id above `after`, ascending: row->other is the id. */
enum fr_error identity_each_customer(const struct fr_view *view, uint64_t after,
                                     identity_each_fn *each, void *context);
/* Whole tables for pages: from behind the row (after, after_other); each pair comes once, from the
 * side of its smaller id. */
enum fr_error identity_all_suggestions(const struct fr_view *view, uint64_t after,
                                       uint64_t after_other, struct fr_arena *arena,
                                       identity_each_fn *each, void *context);
/* From behind the conflict named by the hex text `after` ("": from the first); row_name is room for
 * the name of the row that `each` was called with last. */
#define IDENTITY_ROW_NAME_SIZE 1024
enum fr_error identity_all_conflicts(const struct fr_view *view, const char *after,
                                     struct fr_arena *arena, char row_name[IDENTITY_ROW_NAME_SIZE],
                                     identity_each_fn *each, void *context);
/* Keys that are shared, from behind (after_type, after_value). */
typedef bool identity_each_key_fn(void *context, const char *type, const char *value,
                                  const struct identity_key_row *row);
enum fr_error identity_all_shared(const struct fr_view *view, const char *after_type,
                                  const char *after_value, identity_each_key_fn *each,
                                  void *context);

#endif
