/* query.c - what identity answers: one customer with everything that is known of him, lists,
 * totals. */
#include "services/identity/key.h"
#include "services/identity/tables.h"

#define ROWS_MAX 200 /* of each list inside one answer; "more" says that there are others */
#define LIMIT_MAX 1000

struct rows { /* a JSON list being filled */
    const struct fr_query_turn *turn;
    json_t *list;
    size_t count, max;
    uint64_t origin; /* whose keys are being listed */
    bool more;
};

static json_t *
json_id(uint64_t id)
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

/* A row's own message as JSON, with more members put beside. */
static json_t *
state_json(const struct identity_row *row)
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
    item = state_json(row);
    json_object_set_new(item, "type", json_string(row->type));
    json_object_set_new(item, "value", json_string(row->value));
    json_object_set_new(item, "origin_id", json_id(rows->origin));
    if (identity_key_get(rows->turn->view, row->type, row->value, &key) == FR_OK)
        json_object_set_new(item, "last_us", json_integer(key.last_us));
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
    item = state_json(row);
    identity_root_get(rows->turn->view, row->other, &now, &root);
    json_object_set_new(item, "customer_id", json_id(now));
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
    item = state_json(row);
    json_object_set_new(item, "kind", json_string(row->kind));
    json_object_set_new(item, "type", json_string(row->type));
    json_object_set_new(item, "value", json_string(row->value));
    if (row->other != 0)
        json_object_set_new(item, "customer_id", json_id(row->other));
    json_array_append_new(rows->list, item);
    return true;
}

struct group { /* the origins of one customer, found by walking down from the root */
    uint64_t ids[ROWS_MAX];
    json_t *list;
    size_t count;
    bool more;
};

static bool
add_child(void *context, const struct identity_row *row)
{
    struct group *group = context;
    json_t *item;

    group->more = group->count == ROWS_MAX;
    if (group->more)
        return false;
    item = state_json(row);
    json_object_set_new(item, "origin_id", json_id(row->other));
    json_array_append_new(group->list, item);
    group->ids[group->count++] = row->other;
    return true;
}

static enum fr_error
collect_group(const struct fr_query_turn *turn, uint64_t root, struct group *group)
{
    json_t *first = json_object();
    enum fr_error err = FR_OK;

    json_object_set_new(first, "origin_id", json_id(root));
    json_array_append_new(group->list, first);
    group->ids[group->count++] = root;
    for (size_t i = 0; err == FR_OK && i < group->count; i++)
        err = identity_each_child(turn->view, group->ids[i], turn->arena, add_child, group);
    for (size_t i = 0; err == FR_OK && i < group->count; i++) {
        struct identity_customer customer;
        const char *name = identity_name_get(turn->view, group->ids[i], turn->arena);
        json_t *item = json_array_get(group->list, i);

        err = identity_customer_get(turn->view, group->ids[i], &customer);
        json_object_set_new(item, "created_us", json_integer(customer.created_us));
        if (name != NULL)
            json_object_set_new(item, "name", json_string(name));
    }
    return err;
}

static json_t *
show(const struct fr_query_turn *turn, uint64_t asked, const char **error)
{
    struct group group = {.list = json_array()};
    struct rows keys = {.turn = turn, .list = json_array(), .max = ROWS_MAX};
    struct rows suggestions = {.turn = turn, .list = json_array(), .max = ROWS_MAX};
    struct rows conflicts = {.turn = turn, .list = json_array(), .max = ROWS_MAX};
    struct identity_customer customer;
    json_t *answer = json_object();
    uint64_t root = asked;
    enum fr_error err = identity_root_get(turn->view, asked, &root, &customer);
    const char *name = NULL;

    json_object_set_new(answer, "customer_id", json_id(root));
    json_object_set_new(answer, "asked_id", json_id(asked));
    json_object_set_new(answer, "origins", group.list);
    json_object_set_new(answer, "keys", keys.list);
    json_object_set_new(answer, "suggestions", suggestions.list);
    json_object_set_new(answer, "conflicts", conflicts.list);
    if (err == FR_OK)
        err = collect_group(turn, root, &group);
    for (size_t i = 0; err == FR_OK && i < group.count; i++) {
        keys.origin = group.ids[i];
        err = identity_each_held(turn->view, group.ids[i], turn->arena, add_key, &keys);
        if (err == FR_OK)
            err = identity_each_suggestion(turn->view, group.ids[i], turn->arena, add_other,
                                           &suggestions);
        if (err == FR_OK)
            err = identity_each_conflict(turn->view, group.ids[i], turn->arena, add_conflict,
                                         &conflicts);
        if (name == NULL)
            name = identity_name_get(turn->view, group.ids[i], turn->arena);
    }
    if (err != FR_OK) {
        json_decref(answer);
        *error = err == FR_NOT_FOUND ? "no customer has that id" : fr_error_name(err);
        return NULL;
    }
    if (name != NULL)
        json_object_set_new(answer, "name", json_string(name));
    json_object_set_new(answer, "created_us", json_integer(customer.created_us));
    json_object_set_new(answer, "proven_keys", json_integer(customer.strong_keys));
    json_object_set_new(
        answer, "more",
        json_boolean(group.more || keys.more || suggestions.more || conflicts.more));
    return answer;
}

static uint64_t
id_argument(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    uint64_t id;

    return text != NULL && fr_id_parse(fr_slice_str(text), &id) == FR_OK ? id : 0;
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
    return show(turn, row.holder, error);
}

static json_t *
customer_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    uint64_t id = id_argument(args, "customer");

    return id != 0 ? show(turn, id, error) : show_by_key(turn, args, error);
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
    json_object_set_new(item, "customer_id", json_id(row->other));
    if (name != NULL)
        json_object_set_new(item, "name", json_string(name));
    json_object_set_new(item, "created_us", json_integer(customer.created_us));
    json_object_set_new(item, "origins", json_integer(customer.origins));
    json_object_set_new(item, "proven_keys", json_integer(customer.strong_keys));
    if (customer.parent != 0)
        json_object_set_new(item, "merged_into_id", json_id(customer.parent));
    json_array_append_new(rows->list, item);
    return true;
}

/* Pages by id: the last id of a page is the next page's "after". */
static json_t *
customer_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));
    struct rows rows = {.turn = turn, .list = json_array(), .max = 50};
    enum fr_error err;

    if (limit > 0)
        rows.max = limit < LIMIT_MAX ? (size_t)limit : LIMIT_MAX;
    err = identity_each_customer(turn->view, id_argument(args, "after"), add_customer, &rows);
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
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "customers",
                     (json_int_t)(totals.customers - totals.merges), "origins",
                     (json_int_t)totals.customers, "merges", (json_int_t)totals.merges,
                     "observations", (json_int_t)totals.observations, "unverified",
                     (json_int_t)totals.unverified, "keys", (json_int_t)totals.keys, "claims",
                     (json_int_t)totals.claims, "suggestions", (json_int_t)totals.suggestions,
                     "conflicts", (json_int_t)totals.conflicts);
}

/* clang-format off */
const struct fr_query identity_queries[] = {
    { "customer.show",  "customer | type value [brand] [region]", "One customer: origins, keys, suggestions, conflicts, and why.", customer_show },
    { "customer.ls",    "[limit] [after]",                        "Customers in the order in which they were created.",           customer_ls },
    { "identity.stats", "",                                       "How many customers, keys, merges, suggestions and conflicts.",  identity_stats },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
