/* tables.c - identity's tables: which there are; customers and the forest they stand in. */
#include "services/identity/tables_private.h"

/* clang-format off */
const struct fr_table identity_tables[] = {
    [TABLE_CUSTOMERS]   = { "customers",    true,  "origin -> parent, created, what stands below it" },
    [TABLE_NAMES]       = { "names",        false, "origin -> what the person calls himself" },
    [TABLE_CHILDREN]    = { "children",     true,  "parent, origin -> when, why and by whom it was merged" },
    [TABLE_EXCLUSIVES]  = { "exclusive",    true,  "origin, type, brand -> its one value" },
    [TABLE_KEYS]        = { "keys",         false, "type, value -> how many hold it, first and last seen, shared" },
    [TABLE_HOLDERS]     = { "holders",      true,  "type, value, origin that holds it -> assurance" },
    [TABLE_HELD]        = { "held",         true,  "origin, type, value -> assurance, since when and why" },
    [TABLE_CLAIMERS]    = { "claimers",     true,  "type, value, origin that only claimed it" },
    [TABLE_NAMES_SEEN]  = { "names_seen",   false, "type, value -> names that fit none of the others" },
    [TABLE_OBSERVED]    = { "observations", false, "observation -> evidence, and to which origin it belongs" },
    [TABLE_SEEN]        = { "seen",         true,  "origin, observation: what an unmerge gives back" },
    [TABLE_PROFILES]    = { "profiles",     false, "origin -> what was said of the person, as received" },
    [TABLE_SUGGESTIONS] = { "suggestions",  true,  "customer, customer -> why a person should look (both ways)" },
    [TABLE_CONFLICTS]   = { "conflicts",    true,  "customer, kind, type, value, other -> reasons (both ways)" },
    [TABLE_APART]       = { "apart",        true,  "origin, origin -> cannot-link: since when, by whom, why (both ways)" },
    [TABLE_IMPORTED]    = { "imported",     false, "source, row of a register -> its observation" },
    [TABLE_REPAIRS]     = { "repairs",      false, "repair -> how far it has come" },
    [TABLE_ACTIONS]     = { "actions",      false, "client id -> what a person asked for and how it ended" },
    [TABLE_SHARED_KEYS] = { "shared",       true,  "type, value of a key that neither links nor suggests" },
    [TABLE_TOTALS]      = { "totals",       false, "one row: what identity.stats prints" },
    [TABLE_PERSONS]      = { "persons",      false, "origin -> what is known of the person, packed for comparison" },
    [TABLE_BLOCKS]       = { "blocks",       false, "key -> origins that may be one person; 0: too many" },
    [TABLE_TERMS]        = { "terms",        false, "field, value -> how many have it; field -> how many values" },
    FR_TABLE_END,
};
/* clang-format on */

const struct fr_table *const identity_persons_table = &identity_tables[TABLE_PERSONS];
const struct fr_table *const identity_blocks_table = &identity_tables[TABLE_BLOCKS];
const struct fr_table *const identity_terms_table = &identity_tables[TABLE_TERMS];

enum fr_error
identity_customer_get(const struct fr_view *view, uint64_t origin,
                      struct identity_customer *customer)
{
    struct fr_key key;

    return fr_get_copy(view, &identity_tables[TABLE_CUSTOMERS], by_id(&key, origin), customer,
                       sizeof(*customer));
}

enum fr_error
identity_root_get(const struct fr_view *view, uint64_t origin, uint64_t *root,
                  struct identity_customer *customer)
{
    uint64_t at = origin;
    enum fr_error err;

    while ((err = identity_customer_get(view, at, customer)) == FR_OK && customer->parent != 0)
        at = customer->parent; /* a parent is always older: there is an end */
    if (err == FR_OK)
        *root = at;
    return err;
}

enum fr_error
identity_customer_put(struct fr_tables *tables, uint64_t origin,
                      const struct identity_customer *customer)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[TABLE_CUSTOMERS], by_id(&key, origin),
                  fr_slice(customer, sizeof(*customer)));
}

enum fr_error
identity_customer_add(struct fr_tables *tables, uint64_t origin, int origins, int strong_keys,
                      int cannot_links)
{
    struct identity_customer customer;
    enum fr_error err = FR_OK;

    for (uint64_t at = origin; err == FR_OK && at != 0; at = customer.parent) {
        err = identity_customer_get(fr_tables_view(tables), at, &customer);
        if (err != FR_OK)
            break;
        customer.origins += (uint32_t)origins;
        customer.strong_keys += (uint32_t)strong_keys;
        customer.cannot_links += (uint32_t)cannot_links;
        err = identity_customer_put(tables, at, &customer);
    }
    return err;
}

const char *
identity_name_get(const struct fr_view *view, uint64_t origin, struct fr_arena *arena)
{
    struct fr_slice name;
    struct fr_key key;

    if (fr_get(view, &identity_tables[TABLE_NAMES], by_id(&key, origin), &name) != FR_OK)
        return NULL;
    return fr_arena_strndup(arena, name.data, name.size);
}

enum fr_error
identity_name_put(struct fr_tables *tables, uint64_t origin, const char *name)
{
    struct fr_slice known;
    struct fr_key key;

    by_id(&key, origin);
    if (name == NULL)
        return fr_del(tables, &identity_tables[TABLE_NAMES], fr_key_slice(&key));
    if (fr_get(fr_tables_view(tables), &identity_tables[TABLE_NAMES], fr_key_slice(&key), &known) ==
            FR_OK &&
        fr_slice_equal(known, fr_slice_str(name)))
        return FR_OK;
    return fr_put(tables, &identity_tables[TABLE_NAMES], fr_key_slice(&key), fr_slice_str(name));
}

enum fr_error
identity_child_put(struct fr_tables *tables, uint64_t parent, uint64_t origin,
                   const Fr__IdentityStateMerge *merge)
{
    struct fr_key key;

    return fr_put_message(tables, &identity_tables[TABLE_CHILDREN], by_pair(&key, parent, origin),
                          &merge->base);
}

enum fr_error
identity_child_del(struct fr_tables *tables, uint64_t parent, uint64_t origin)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[TABLE_CHILDREN], by_pair(&key, parent, origin));
}

/* ---- the one account or log-in of an origin ---- */

static struct fr_slice
by_exclusive(struct fr_key *key, uint64_t origin, const char *type, const char *value)
{
    struct fr_slice space = identity_key_space(value);

    fr_key_str(fr_key_u64(fr_key_init(key), origin), type);
    return fr_key_slice(fr_key_bytes(key, space.data, space.size));
}

enum fr_error
identity_exclusive_put(struct fr_tables *tables, uint64_t origin, const char *type,
                       const char *value)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[TABLE_EXCLUSIVES],
                  by_exclusive(&key, origin, type, value), fr_slice_str(value));
}

enum fr_error
identity_exclusive_del(struct fr_tables *tables, uint64_t origin, const char *type,
                       const char *value)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[TABLE_EXCLUSIVES],
                  by_exclusive(&key, origin, type, value));
}

static bool
make_room(struct fr_arena *arena, struct identity_exclusive **all, size_t count, size_t *room)
{
    struct identity_exclusive *more;

    if (count < *room)
        return true;
    more = fr_arena_zalloc(arena, *room * 2 + 4, sizeof(*more));
    if (more == NULL)
        return false;
    if (count > 0)
        memcpy(more, *all, count * sizeof(*more));
    *all = more;
    *room = *room * 2 + 4;
    return true;
}

enum fr_error
identity_exclusives(const struct fr_view *view, uint64_t origin, struct fr_arena *arena,
                    struct identity_exclusive **all, size_t *count, size_t *room)
{
    struct fr_slice key, value;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &identity_tables[TABLE_EXCLUSIVES], by_id(&prefix, origin),
                 fr_slice(NULL, 0));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_exclusive one = {
            fr_arena_strdup(arena, (const char *)key.data + 8),
            fr_arena_strndup(arena, value.data, value.size),
        };

        if (one.type == NULL || one.value == NULL || !make_room(arena, all, *count, room)) {
            err = FR_NO_MEMORY;
            break;
        }
        (*all)[(*count)++] = one;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- totals ---- */

enum fr_error
identity_totals_get(const struct fr_view *view, struct identity_totals *totals)
{
    enum fr_error err = fr_get_copy(view, &identity_tables[TABLE_TOTALS], fr_slice("t", 1), totals,
                                    sizeof(*totals));

    if (err != FR_NOT_FOUND)
        return err;
    memset(totals, 0, sizeof(*totals));
    return FR_OK;
}

enum fr_error
identity_totals_put(struct fr_tables *tables, const struct identity_totals *totals)
{
    return fr_put(tables, &identity_tables[TABLE_TOTALS], fr_slice("t", 1),
                  fr_slice(totals, sizeof(*totals)));
}
