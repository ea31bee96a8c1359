/* tables.c - identity's tables: layouts, get and put. */
#include "services/identity/tables.h"

#include "services/identity/index.h"
#include "services/identity/key.h"

enum {
    CUSTOMERS,
    NAMES,
    CHILDREN,
    EXCLUSIVE,
    KEYS,
    HELD,
    CLAIMERS,
    OBSERVATIONS,
    SUGGESTIONS,
    CONFLICTS,
    TOTALS,
    PROFILES,
    IMPORTED,
    PERSONS,
    BLOCKS,
    TERMS,
};

/* clang-format off */
const struct fr_table identity_tables[] = {
    [CUSTOMERS]    = { "customers",    true,  "origin -> parent, created, size of its group" },
    [NAMES]        = { "names",        false, "origin -> what the person calls himself" },
    [CHILDREN]     = { "children",     true,  "parent, origin -> when and why it was merged" },
    [EXCLUSIVE]    = { "exclusive",    true,  "root, type, brand -> the group's one value" },
    [KEYS]         = { "keys",         false, "type, value -> holder, first and last seen, claims" },
    [HELD]         = { "held",         true,  "origin, type, value -> assurance, since when and why" },
    [CLAIMERS]     = { "claimers",     true,  "type, value, origin that only claimed it" },
    [OBSERVATIONS] = { "observations", true,  "origin, message -> when: what an unmerge gives back" },
    [SUGGESTIONS]  = { "suggestions",  true,  "customer, customer -> why a person should look (both ways)" },
    [CONFLICTS]    = { "conflicts",    true,  "customer, kind, type, value, other -> reasons (both ways)" },
    [TOTALS]       = { "totals",       false, "one row: what identity.stats prints" },
    [PROFILES]     = { "profiles",     false, "origin -> what was said of the person, as received" },
    [IMPORTED]     = { "imported",     false, "source, row of a register -> its observation" },
    [PERSONS]      = { "persons",      false, "origin -> what is known of the person, packed for comparison" },
    [BLOCKS]       = { "blocks",       false, "key -> origins that may be one person; 0: too many" },
    [TERMS]        = { "terms",        false, "field, value -> how many have it; field -> how many values" },
    FR_TABLE_END,
};
/* clang-format on */

const struct fr_table *const identity_persons_table = &identity_tables[PERSONS];
const struct fr_table *const identity_blocks_table = &identity_tables[BLOCKS];
const struct fr_table *const identity_terms_table = &identity_tables[TERMS];

/* ---- keys of rows ---- */

static struct fr_slice
by_id(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

static struct fr_slice
by_pair(struct fr_key *key, uint64_t a, uint64_t b)
{
    return fr_key_slice(fr_key_u64(fr_key_u64(fr_key_init(key), a), b));
}

static struct fr_slice
by_value(struct fr_key *key, const char *type, const char *value)
{
    return fr_key_slice(fr_key_str(fr_key_str(fr_key_init(key), type), value));
}

static struct fr_slice
by_holding(struct fr_key *key, uint64_t origin, const char *type, const char *value)
{
    return fr_key_slice(fr_key_str(fr_key_str(fr_key_u64(fr_key_init(key), origin), type), value));
}

static struct fr_slice
by_claim(struct fr_key *key, const char *type, const char *value, uint64_t origin)
{
    return fr_key_slice(fr_key_u64(fr_key_str(fr_key_str(fr_key_init(key), type), value), origin));
}

/* ---- customers and their names ---- */

enum fr_error
identity_customer_get(const struct fr_view *view, uint64_t origin,
                      struct identity_customer *customer)
{
    struct fr_key key;

    return fr_get_copy(view, &identity_tables[CUSTOMERS], by_id(&key, origin), customer,
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

    return fr_put(tables, &identity_tables[CUSTOMERS], by_id(&key, origin),
                  fr_slice(customer, sizeof(*customer)));
}

const char *
identity_name_get(const struct fr_view *view, uint64_t origin, struct fr_arena *arena)
{
    struct fr_slice name;
    struct fr_key key;

    if (fr_get(view, &identity_tables[NAMES], by_id(&key, origin), &name) != FR_OK)
        return NULL;
    return fr_arena_strndup(arena, name.data, name.size);
}

enum fr_error
identity_name_put(struct fr_tables *tables, uint64_t origin, const char *name)
{
    struct fr_slice known;
    struct fr_key key;

    by_id(&key, origin);
    if (fr_get(fr_tables_view(tables), &identity_tables[NAMES], fr_key_slice(&key), &known) ==
            FR_OK &&
        fr_slice_equal(known, fr_slice_str(name)))
        return FR_OK;
    return fr_put(tables, &identity_tables[NAMES], fr_key_slice(&key), fr_slice_str(name));
}

/* ---- keys, holdings, claims ---- */

enum fr_error
identity_key_get(const struct fr_view *view, const char *type, const char *value,
                 struct identity_key_row *row)
{
    struct fr_key key;

    return fr_get_copy(view, &identity_tables[KEYS], by_value(&key, type, value), row,
                       sizeof(*row));
}

enum fr_error
identity_key_put(struct fr_tables *tables, const char *type, const char *value,
                 const struct identity_key_row *row)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[KEYS], by_value(&key, type, value),
                  fr_slice(row, sizeof(*row)));
}

enum fr_error
identity_held_get(const struct fr_view *view, uint64_t origin, const char *type, const char *value,
                  struct fr_arena *arena, const Fr__IdentityStateHolding **holding)
{
    const void *message;
    struct fr_key key;
    enum fr_error err =
        fr_get_message(view, &identity_tables[HELD], by_holding(&key, origin, type, value),
                       &fr__identity_state_holding__descriptor, arena, &message);

    if (err == FR_OK)
        *holding = message;
    return err;
}

enum fr_error
identity_held_put(struct fr_tables *tables, uint64_t origin, const char *type, const char *value,
                  const Fr__IdentityStateHolding *holding)
{
    struct fr_key key;

    return fr_put_message(tables, &identity_tables[HELD], by_holding(&key, origin, type, value),
                          &holding->base);
}

enum fr_error
identity_claimer_put(struct fr_tables *tables, const char *type, const char *value, uint64_t origin)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[CLAIMERS], by_claim(&key, type, value, origin),
                  fr_slice("", 1)); /* the key says it all */
}

enum fr_error
identity_claimer_del(struct fr_tables *tables, const char *type, const char *value, uint64_t origin)
{
    struct fr_key key;

    return fr_del(tables, &identity_tables[CLAIMERS], by_claim(&key, type, value, origin));
}

/* The id that ends a key. */
static uint64_t
last_id(struct fr_slice key)
{
    struct fr_slice rest = fr_slice((const uint8_t *)key.data + key.size - 8, 8);
    uint64_t id = 0;

    fr_key_take_u64(&rest, &id);
    return id;
}

enum fr_error
identity_claimers(const struct fr_view *view, const char *type, const char *value,
                  uint64_t *origins, size_t max, size_t *count)
{
    struct fr_slice key, nothing;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    *count = 0;
    fr_scan_init(&scan, view, &identity_tables[CLAIMERS], by_value(&prefix, type, value),
                 fr_slice(NULL, 0));
    while (*count < max && (err = fr_scan_next(&scan, &key, &nothing)) == FR_OK)
        origins[(*count)++] = last_id(key);
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- the one account or log-in of a group ---- */

enum fr_error
identity_exclusive_put(struct fr_tables *tables, uint64_t root, const char *type, const char *value)
{
    struct fr_slice space = identity_key_space(value);
    struct fr_key key;

    fr_key_str(fr_key_u64(fr_key_init(&key), root), type);
    fr_key_bytes(&key, space.data, space.size);
    return fr_put(tables, &identity_tables[EXCLUSIVE], fr_key_slice(&key), fr_slice_str(value));
}

enum fr_error
identity_exclusives(const struct fr_view *view, uint64_t root, struct fr_arena *arena,
                    struct identity_exclusive **all, size_t *count)
{
    size_t room = 4;
    struct identity_exclusive *list = fr_arena_zalloc(arena, room, sizeof(*list));
    struct fr_slice key, value;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err = list == NULL ? FR_NO_MEMORY : FR_OK;

    *count = 0;
    fr_scan_init(&scan, view, &identity_tables[EXCLUSIVE], by_id(&prefix, root), fr_slice(NULL, 0));
    while (err == FR_OK && (err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        const char *type = (const char *)key.data + 8;

        if (*count == room) {
            struct identity_exclusive *more = fr_arena_zalloc(arena, room * 2, sizeof(*list));

            if (more == NULL)
                break;
            memcpy(more, list, room * sizeof(*list));
            list = more;
            room *= 2;
        }
        list[*count].type = fr_arena_strdup(arena, type);
        list[*count].value = fr_arena_strndup(arena, value.data, value.size);
        if (list[*count].type == NULL || list[*count].value == NULL)
            break;
        (*count)++;
    }
    fr_scan_fini(&scan);
    *all = list;
    if (err == FR_OK)
        return FR_NO_MEMORY;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* ---- merges, observations ---- */

enum fr_error
identity_child_put(struct fr_tables *tables, uint64_t parent, uint64_t origin,
                   const Fr__IdentityStateMerge *merge)
{
    struct fr_key key;

    return fr_put_message(tables, &identity_tables[CHILDREN], by_pair(&key, parent, origin),
                          &merge->base);
}

enum fr_error
identity_observation_put(struct fr_tables *tables, uint64_t origin, uint64_t message,
                         struct identity_observation observation)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[OBSERVATIONS], by_pair(&key, origin, message),
                  fr_slice(&observation, sizeof(observation)));
}

/* ---- suggestions and conflicts: kept for both customers, so that each can show them ---- */

bool
identity_suggested(const struct fr_view *view, uint64_t a, uint64_t b)
{
    struct fr_slice value;
    struct fr_key key;

    return fr_get(view, &identity_tables[SUGGESTIONS], by_pair(&key, a, b), &value) == FR_OK;
}

enum fr_error
identity_suggestion_put(struct fr_tables *tables, uint64_t a, uint64_t b,
                        const Fr__IdentityStateSuggestion *suggestion)
{
    struct fr_key key;
    enum fr_error err = fr_put_message(tables, &identity_tables[SUGGESTIONS], by_pair(&key, a, b),
                                       &suggestion->base);

    if (err == FR_OK)
        err = fr_put_message(tables, &identity_tables[SUGGESTIONS], by_pair(&key, b, a),
                             &suggestion->base);
    return err;
}

static struct fr_slice
by_conflict(struct fr_key *key, uint64_t a, const struct identity_conflict *conflict, uint64_t b)
{
    fr_key_str(fr_key_u64(fr_key_init(key), a), conflict->kind);
    fr_key_str(fr_key_str(key, conflict->type), conflict->value);
    return fr_key_slice(fr_key_u64(key, b));
}

bool
identity_conflict_known(const struct fr_view *view, const struct identity_conflict *conflict)
{
    struct fr_slice value;
    struct fr_key key;

    return fr_get(view, &identity_tables[CONFLICTS],
                  by_conflict(&key, conflict->a, conflict, conflict->b), &value) == FR_OK;
}

enum fr_error
identity_conflict_put(struct fr_tables *tables, const struct identity_conflict *conflict,
                      const Fr__IdentityStateConflict *state)
{
    struct fr_key key;
    enum fr_error err =
        fr_put_message(tables, &identity_tables[CONFLICTS],
                       by_conflict(&key, conflict->a, conflict, conflict->b), &state->base);

    if (err == FR_OK && conflict->b != 0)
        err = fr_put_message(tables, &identity_tables[CONFLICTS],
                             by_conflict(&key, conflict->b, conflict, conflict->a), &state->base);
    return err;
}

/* ---- what was said of a person ---- */

enum fr_error
identity_profiles_get(const struct fr_view *view, uint64_t origin, struct fr_arena *arena,
                      const Fr__IdentityStateProfiles **profiles)
{
    const void *message = NULL;
    struct fr_key key;
    enum fr_error err = fr_get_message(view, &identity_tables[PROFILES], by_id(&key, origin),
                                       &fr__identity_state_profiles__descriptor, arena, &message);

    *profiles = err == FR_OK ? message : NULL;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
identity_profile_count(struct fr_tables *tables, uint64_t origin, const Fr__Attributes *attributes,
                       bool proven, int by)
{
    Fr__IdentityStateProfile *list[IDENTITY_PROFILES_MAX], one = FR__IDENTITY_STATE_PROFILE__INIT;
    Fr__IdentityStateProfiles changed = FR__IDENTITY_STATE_PROFILES__INIT;
    const Fr__IdentityStateProfiles *known;
    struct fr_key key;
    size_t at = 0, count;
    enum fr_error err =
        identity_profiles_get(fr_tables_view(tables), origin, fr_tables_arena(tables), &known);

    if (err != FR_OK)
        return err;
    count = known != NULL ? known->n_profiles : 0;
    if (count > 0)
        memcpy(list, known->profiles, count * sizeof(list[0]));
    while (at < count && !identity_attributes_same(list[at]->attributes, attributes))
        at++;
    if (at == count && (by < 0 || count == IDENTITY_PROFILES_MAX))
        return FR_OK;
    if (at == count) {
        one.attributes = (Fr__Attributes *)attributes;
        list[count++] = &one;
    }
    list[at]->seen += (uint32_t)by;
    list[at]->proven += proven ? (uint32_t)by : 0;
    if (list[at]->seen == 0)
        list[at] = list[--count];
    changed.profiles = list;
    changed.n_profiles = count;
    by_id(&key, origin);
    err = count > 0 ? fr_put_message(tables, &identity_tables[PROFILES], fr_key_slice(&key),
                                     &changed.base)
                    : fr_del(tables, &identity_tables[PROFILES], fr_key_slice(&key));
    return err == FR_OK ? identity_index_profiles(tables, origin, &changed) : err;
}

enum fr_error
identity_imported_get(const struct fr_view *view, const char *source, const char *external_id,
                      struct identity_imported *imported)
{
    struct fr_key key;

    return fr_get_copy(view, &identity_tables[IMPORTED], by_value(&key, source, external_id),
                       imported, sizeof(*imported));
}

enum fr_error
identity_imported_put(struct fr_tables *tables, const char *source, const char *external_id,
                      const struct identity_imported *imported)
{
    struct fr_key key;

    return fr_put(tables, &identity_tables[IMPORTED], by_value(&key, source, external_id),
                  fr_slice(imported, sizeof(*imported)));
}

/* ---- totals ---- */

enum fr_error
identity_totals_get(const struct fr_view *view, struct identity_totals *totals)
{
    enum fr_error err =
        fr_get_copy(view, &identity_tables[TOTALS], fr_slice("t", 1), totals, sizeof(*totals));

    if (err != FR_NOT_FOUND)
        return err;
    memset(totals, 0, sizeof(*totals));
    return FR_OK;
}

enum fr_error
identity_totals_put(struct fr_tables *tables, const struct identity_totals *totals)
{
    return fr_put(tables, &identity_tables[TOTALS], fr_slice("t", 1),
                  fr_slice(totals, sizeof(*totals)));
}

/* ---- lists for queries ---- */

/* Walks the rows below `id`; `read` fills what it finds behind the id in the key. */
static enum fr_error
each_below(const struct fr_view *view, int table, uint64_t id, struct fr_arena *arena,
           const ProtobufCMessageDescriptor *descriptor,
           void (*read)(struct fr_slice rest, struct identity_row *row), identity_each_fn *each,
           void *context)
{
    struct fr_slice key, value;
    struct fr_key prefix;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &identity_tables[table], by_id(&prefix, id), fr_slice(NULL, 0));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_row row = {.type = "", .value = "", .kind = ""};

        read(fr_slice((const uint8_t *)key.data + 8, key.size - 8), &row);
        row.state = fr_unpack_in(arena, descriptor, value);
        if (row.state == NULL)
            err = FR_CORRUPT;
        if (err != FR_OK || !each(context, &row))
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static void
read_other(struct fr_slice rest, struct identity_row *row)
{
    fr_key_take_u64(&rest, &row->other);
}

static void
read_key(struct fr_slice rest, struct identity_row *row)
{
    fr_key_take_str(&rest, &row->type);
    fr_key_take_str(&rest, &row->value);
}

static void
read_conflict(struct fr_slice rest, struct identity_row *row)
{
    fr_key_take_str(&rest, &row->kind);
    fr_key_take_str(&rest, &row->type);
    fr_key_take_str(&rest, &row->value);
    fr_key_take_u64(&rest, &row->other);
}

enum fr_error
identity_each_child(const struct fr_view *view, uint64_t parent, struct fr_arena *arena,
                    identity_each_fn *each, void *context)
{
    return each_below(view, CHILDREN, parent, arena, &fr__identity_state_merge__descriptor,
                      read_other, each, context);
}

enum fr_error
identity_each_held(const struct fr_view *view, uint64_t origin, struct fr_arena *arena,
                   identity_each_fn *each, void *context)
{
    return each_below(view, HELD, origin, arena, &fr__identity_state_holding__descriptor, read_key,
                      each, context);
}

enum fr_error
identity_each_suggestion(const struct fr_view *view, uint64_t customer, struct fr_arena *arena,
                         identity_each_fn *each, void *context)
{
    return each_below(view, SUGGESTIONS, customer, arena,
                      &fr__identity_state_suggestion__descriptor, read_other, each, context);
}

enum fr_error
identity_each_conflict(const struct fr_view *view, uint64_t customer, struct fr_arena *arena,
                       identity_each_fn *each, void *context)
{
    return each_below(view, CONFLICTS, customer, arena, &fr__identity_state_conflict__descriptor,
                      read_conflict, each, context);
}

enum fr_error
identity_each_customer(const struct fr_view *view, uint64_t after, identity_each_fn *each,
                       void *context)
{
    struct fr_slice key, value;
    struct fr_key from;
    struct fr_scan scan;
    enum fr_error err;

    fr_scan_init(&scan, view, &identity_tables[CUSTOMERS], fr_slice(NULL, 0),
                 by_id(&from, after + 1));
    while ((err = fr_scan_next(&scan, &key, &value)) == FR_OK) {
        struct identity_row row = {.type = "", .value = "", .kind = "", .other = last_id(key)};

        if (!each(context, &row))
            break;
    }
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err;
}
