/* query.c - what identity answers: one customer with everything that is known of him, lists,
 * totals. */
#include "services/identity/query.h"
#include "services/identity/query_alike.h"

#define ROWS_MAX 200 /* of each list inside one answer; "more" says that there are others */
#define LIMIT_MAX 1000

struct rows { /* a JSON list being filled */
    const struct fr_query_turn *turn;
    json_t *list;
    size_t count, max;
    uint64_t origin; /* whose rows are being listed */
    bool more;
};

json_t *
identity_json_id(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

static bool
full(struct rows *rows)
{
    rows->more = rows->count >= rows->max;
    rows->count += !rows->more;
    return rows->more;
}

json_t *
identity_row_json(const struct identity_row *row)
{
    json_t *item = row->state != NULL ? fr_message_json(row->state) : NULL;

    return item != NULL ? item : json_object();
}

static bool
add_key(void *context, const struct identity_row *row)
{
    struct rows *rows = context;
    struct identity_key_row key;
    json_t *item;

    if (full(rows))
        return false;
    item = identity_row_json(row);
    json_object_set_new(item, "type", json_string(row->type));
    json_object_set_new(item, "value", json_string(row->value));
    json_object_set_new(item, "origin_id", identity_json_id(rows->origin));
    if (identity_key_get(rows->turn->view, row->type, row->value, &key) == FR_OK) {
        json_object_set_new(item, "last_us", json_integer(key.last_us));
        json_object_set_new(item, "shared", json_boolean(key.shared == IDENTITY_SHARED));
        json_object_set_new(item, "holders", json_integer(key.holders));
    }
    json_array_append_new(rows->list, item);
    return true;
}

static bool
add_other(void *context, const struct identity_row *row)
{
    struct identity_customer root;
    struct rows *rows = context;
    uint64_t now = row->other;
    json_t *item;

    if (full(rows))
        return false;
    item = identity_row_json(row);
    identity_root_get(rows->turn->view, row->other, &now, &root);
    json_object_set_new(item, "customer_id", identity_json_id(now));
    json_array_append_new(rows->list, item);
    return true;
}

static bool
add_conflict(void *context, const struct identity_row *row)
{
    struct rows *rows = context;
    json_t *item;

    if (full(rows))
        return false;
    item = identity_row_json(row);
    json_object_set_new(item, "kind", json_string(row->kind));
    json_object_set_new(item, "type", json_string(row->type));
    json_object_set_new(item, "value", json_string(row->value));
    if (row->other != 0)
        json_object_set_new(item, "customer_id", identity_json_id(row->other));
    json_array_append_new(rows->list, item);
    return true;
}

static bool
add_profile(struct rows *rows, uint64_t origin)
{
    const Fr__IdentityStateProfiles *profiles;
    enum fr_error err =
        identity_profiles_get(rows->turn->view, origin, rows->turn->arena, &profiles);

    for (size_t i = 0; err == FR_OK && profiles != NULL && i < profiles->n_profiles; i++) {
        json_t *item;

        if (full(rows))
            break;
        item = fr_message_json(&profiles->profiles[i]->base);
        json_object_set_new(item, "origin_id", identity_json_id(origin));
        json_array_append_new(rows->list, item);
    }
    return err == FR_OK;
}

/* Each origin, and how it came under its parent. */
static bool
add_merge(void *context, const struct identity_row *row)
{
    json_t *list = context, *item = NULL;
    char id[FR_ID_TEXT_SIZE];
    size_t index;

    fr_id_format(row->other, id);
    json_array_foreach(
        list, index,
        item) if (strcmp(json_string_value(json_object_get(item, "origin_id")), id) == 0)
    {
        json_t *merge = identity_row_json(row);

        json_object_update(item, merge);
        json_decref(merge);
    }
    return true;
}

static enum fr_error
list_origins(const struct fr_query_turn *turn, const struct identity_group *group, size_t max,
             json_t *list)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < group->origin_count && i < max; i++) {
        struct identity_customer customer;
        const char *name = identity_name_get(turn->view, group->origins[i], turn->arena);
        json_t *item = json_object();

        err = identity_customer_get(turn->view, group->origins[i], &customer);
        json_object_set_new(item, "origin_id", identity_json_id(group->origins[i]));
        json_object_set_new(item, "created_us", json_integer(customer.created_us));
        if (name != NULL)
            json_object_set_new(item, "name", json_string(name));
        json_array_append_new(list, item);
    }
    for (size_t i = 0; err == FR_OK && i < group->origin_count && i < max; i++)
        err = identity_each_child(turn->view, group->origins[i], turn->arena, add_merge, list);
    return err;
}

const char *
identity_any_name(const struct fr_query_turn *turn, const struct identity_group *group)
{
    const char *name = NULL;

    for (size_t i = 0; name == NULL && i < group->origin_count && i < ROWS_MAX; i++)
        name = identity_name_get(turn->view, group->origins[i], turn->arena);
    return name;
}

struct person { /* lists of one answer */
    struct rows keys, suggestions, conflicts, apart, profiles;
};

static enum fr_error
list_origin(const struct fr_query_turn *turn, struct person *person, uint64_t origin)
{
    enum fr_error err;

    person->keys.origin = origin;
    err = identity_each_held(turn->view, origin, turn->arena, add_key, &person->keys);
    if (err == FR_OK)
        err = identity_each_suggestion(turn->view, origin, turn->arena, add_other,
                                       &person->suggestions);
    if (err == FR_OK)
        err = identity_each_conflict(turn->view, origin, turn->arena, add_conflict,
                                     &person->conflicts);
    if (err == FR_OK)
        err = identity_each_apart(turn->view, origin, turn->arena, add_other, &person->apart);
    return err == FR_OK && !add_profile(&person->profiles, origin) ? FR_CORRUPT : err;
}

static json_t *
erased_json(uint64_t asked, uint64_t root)
{
    return json_pack("{s:o, s:o, s:b}", "customer_id", identity_json_id(root), "asked_id",
                     identity_json_id(asked), "erased", true);
}

json_t *
identity_person_json(const struct fr_query_turn *turn, uint64_t asked, size_t max,
                     const char **error)
{
    const struct rows empty = {.turn = turn, .max = max};
    struct person person = {empty, empty, empty, empty, empty};
    json_t *answer, *origins = json_array();
    struct identity_customer customer;
    struct identity_group *group = NULL;
    uint64_t root = asked;
    enum fr_error err = identity_root_get(turn->view, asked, &root, &customer);
    const char *name;

    if (err == FR_OK && customer.erased) {
        json_decref(origins);
        return erased_json(asked, root);
    }
    answer = json_object();
    json_object_set_new(answer, "customer_id", identity_json_id(root));
    json_object_set_new(answer, "asked_id", identity_json_id(asked));
    json_object_set_new(answer, "origins", origins);
    json_object_set_new(answer, "keys", person.keys.list = json_array());
    json_object_set_new(answer, "suggestions", person.suggestions.list = json_array());
    json_object_set_new(answer, "conflicts", person.conflicts.list = json_array());
    json_object_set_new(answer, "cannot_links", person.apart.list = json_array());
    json_object_set_new(answer, "profiles", person.profiles.list = json_array());
    if (err == FR_OK)
        err = identity_group_load(turn->view, turn->arena, root, false, &group);
    if (err == FR_OK)
        err = list_origins(turn, group, max, origins);
    for (size_t i = 0; err == FR_OK && i < group->origin_count && i < max; i++)
        err = list_origin(turn, &person, group->origins[i]);
    if (err != FR_OK) {
        json_decref(answer);
        *error = err == FR_NOT_FOUND ? "no customer has that id" : fr_error_name(err);
        return NULL;
    }
    name = identity_any_name(turn, group);
    if (name != NULL)
        json_object_set_new(answer, "name", json_string(name));
    json_object_set_new(answer, "created_us", json_integer(customer.created_us));
    json_object_set_new(answer, "proven_keys", json_integer(customer.strong_keys));
    json_object_set_new(answer, "more",
                        json_boolean(group->origin_count > max || person.keys.more ||
                                     person.suggestions.more || person.conflicts.more ||
                                     person.apart.more || person.profiles.more));
    return answer;
}

uint64_t
identity_id_argument(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    uint64_t id;

    return text != NULL && fr_id_parse(fr_slice_str(text), &id) == FR_OK ? id : 0;
}

size_t
identity_limit_argument(const json_t *args)
{
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));

    if (limit <= 0)
        return 50;
    return limit < LIMIT_MAX ? (size_t)limit : LIMIT_MAX;
}

static json_t *
show_by_key(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *type = json_string_value(json_object_get(args, "type"));
    const char *value = json_string_value(json_object_get(args, "value"));
    const char *brand = json_string_value(json_object_get(args, "brand"));
    const char *region = json_string_value(json_object_get(args, "region"));
    char normal[IDENTITY_VALUE_SIZE];
    struct identity_key_row row;
    const char *why;

    if (type == NULL || value == NULL) {
        *error = "say which customer: \"customer\" (an id), or \"type\" and \"value\" of a key";
        return NULL;
    }
    /* As it stands in the tables, or as a person would write it. */
    if (identity_key_get(turn->view, type, value, &row) != FR_OK) {
        if (identity_key_normal(type, value, region, brand != NULL ? brand : "", turn->config,
                                normal, &why) != FR_OK) {
            *error = why;
            return NULL;
        }
        if (identity_key_get(turn->view, type, normal, &row) != FR_OK)
            row.holder = 0;
    }
    if (row.holder == 0) {
        *error = "nobody holds that key";
        return NULL;
    }
    return identity_person_json(turn, row.holder, ROWS_MAX, error);
}

/* A key as it stands: in its normal form, or as a person would write it. */
static json_t *
identity_key(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *type = json_string_value(json_object_get(args, "type"));
    const char *value = json_string_value(json_object_get(args, "value"));
    const char *brand = json_string_value(json_object_get(args, "brand"));
    const char *region = json_string_value(json_object_get(args, "region"));
    struct identity_holding holders[IDENTITY_FAN_OUT_MAX];
    struct identity_key_row row = {.holders = 0};
    char normal[IDENTITY_VALUE_SIZE];
    const char *why = "say which key: \"type\" and \"value\"";
    json_t *list = json_array();
    size_t count = 0;

    if (type == NULL || value == NULL ||
        identity_key_normal(type, value, region, brand != NULL ? brand : "", turn->config, normal,
                            &why) != FR_OK) {
        json_decref(list);
        *error = why;
        return NULL;
    }
    if (identity_key_get(turn->view, type, normal, &row) == FR_OK)
        identity_holders(turn->view, type, normal, holders, IDENTITY_FAN_OUT_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        struct identity_customer customer;
        uint64_t root = 0;

        if (identity_root_get(turn->view, holders[i].origin, &root, &customer) == FR_OK)
            json_array_append_new(list, identity_json_id(root));
    }
    return json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:I, s:I, s:o}", "type", type, "value", normal,
                     "shared", identity_key_is_shared(&row), "holders", (int)row.holders, "claims",
                     (int)row.claims, "names", (int)row.names, "first_us", (json_int_t)row.first_us,
                     "last_us", (json_int_t)row.last_us, "customer_ids", list);
}

static json_t *
customer_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    uint64_t id = identity_id_argument(args, "customer");

    return id != 0 ? identity_person_json(turn, id, ROWS_MAX, error)
                   : show_by_key(turn, args, error);
}

static bool
add_customer(void *context, const struct identity_row *row)
{
    struct rows *rows = context;
    struct identity_customer customer;
    const char *name;
    json_t *item;

    if (identity_customer_get(rows->turn->view, row->other, &customer) != FR_OK || full(rows))
        return !rows->more;
    item = json_object();
    name = identity_name_get(rows->turn->view, row->other, rows->turn->arena);
    json_object_set_new(item, "customer_id", identity_json_id(row->other));
    if (name != NULL)
        json_object_set_new(item, "name", json_string(name));
    json_object_set_new(item, "created_us", json_integer(customer.created_us));
    json_object_set_new(item, "origins", json_integer(customer.origins));
    json_object_set_new(item, "proven_keys", json_integer(customer.strong_keys));
    if (customer.erased)
        json_object_set_new(item, "erased", json_true());
    if (customer.parent != 0)
        json_object_set_new(item, "merged_into_id", identity_json_id(customer.parent));
    json_array_append_new(rows->list, item);
    return true;
}

/* Pages by id: the last id of a page is the next page's "after". */
static json_t *
customer_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct rows rows = {.turn = turn, .list = json_array(), .max = identity_limit_argument(args)};
    enum fr_error err = identity_each_customer(turn->view, identity_id_argument(args, "after"),
                                               add_customer, &rows);
    if (err != FR_OK) {
        json_decref(rows.list);
        *error = fr_error_name(err);
        return NULL;
    }
    return json_pack("{s:o, s:b}", "items", rows.list, "more", rows.more);
}

static json_t *
identity_stats(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct identity_totals totals;
    enum fr_error err = identity_totals_get(turn->view, &totals);

    (void)args;
    if (err != FR_OK) {
        *error = fr_error_name(err);
        return NULL;
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "customers", (json_int_t)(totals.customers - totals.merges + totals.splits),
                     "origins", (json_int_t)totals.customers, "merges", (json_int_t)totals.merges,
                     "splits", (json_int_t)totals.splits, "observations",
                     (json_int_t)totals.observations, "unverified", (json_int_t)totals.unverified,
                     "keys", (json_int_t)totals.keys, "claims", (json_int_t)totals.claims,
                     "suggestions", (json_int_t)totals.suggestions, "conflicts",
                     (json_int_t)totals.conflicts, "shared", (json_int_t)totals.shared, "moved",
                     (json_int_t)totals.moved, "erased", (json_int_t)totals.erased);
}

/* clang-format off */
const struct fr_query identity_queries[] = {
    { "customer.show",        "customer | type value [brand] [region]", "One customer: origins, keys, suggestions, conflicts, and why.", customer_show },
    { "customer.ls",          "[limit] [after]",                        "Customers in the order in which they were created.",            customer_ls },
    { "identity.key",         "type value [brand] [region]",            "One key: who holds it, how many claim it, whether it is shared.", identity_key },
    { "identity.explain",     "observation",                            "Why this observation belongs to this customer.",                identity_answer_explain },
    { "identity.suggestions", "[limit] [after] [customer] [all]",       "Pairs that a person should look at.",                           identity_answer_suggestions },
    { "identity.conflicts",   "[limit] [after] [customer] [all]",       "Evidence that contradicts.",                                    identity_answer_conflicts },
    { "identity.shared",      "[limit] [after]",                        "Keys that too many share.",                                     identity_answer_shared },
    { "identity.export",      "customer",                               "All that identity holds on a person.",                          identity_answer_export },
    { "identity.alike",       "[limit] [after]",                        "Who may be the same person, by what is said of them; links nothing.", identity_query_alike },
    { "identity.train",       "[seed] [sample]",                        "Weights learned from what is known, as YAML to review.",        identity_query_train },
    { "identity.stats",       "",                                       "How many customers, keys, merges, suggestions and conflicts.",  identity_stats },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
