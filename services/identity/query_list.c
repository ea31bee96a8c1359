/* query_list.c - pages of suggestions, conflicts and shared keys. */
#include "services/identity/query.h"

struct page { /* being filled */
    const struct fr_query_turn *turn;
    json_t *list;
    size_t max;
    bool more, all;                        /* all: also what was settled */
    char row_name[IDENTITY_ROW_NAME_SIZE]; /* of the row at hand */
    char after[IDENTITY_ROW_NAME_SIZE];    /* where the next page begins */
};

static bool
flag(const json_t *args, const char *name)
{
    const json_t *value = json_object_get(args, name);
    const char *text = json_string_value(value);

    return json_is_true(value) || (text != NULL && strcmp(text, "true") == 0);
}

static const char *
text_argument(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
}

static json_t *
answer_page(struct page *page, enum fr_error err, const char **error)
{
    json_t *answer;

    if (err != FR_OK) {
        json_decref(page->list);
        *error = fr_error_name(err);
        return NULL;
    }
    answer = json_pack("{s:o, s:b}", "items", page->list, "more", page->more);
    if (page->more)
        json_object_set_new(answer, "after", json_string(page->after));
    return answer;
}

/* Who it is now, and his name; false when he is erased or unknown. */
static bool
put_customer(const struct page *page, json_t *item, uint64_t origin, const char *id_name,
             const char *name_name, uint64_t *root)
{
    struct identity_customer customer;
    struct identity_group *group;
    const char *name;

    if (identity_root_get(page->turn->view, origin, root, &customer) != FR_OK || customer.erased ||
        identity_group_load(page->turn->view, page->turn->arena, *root, false, &group) != FR_OK)
        return false;
    name = identity_any_name(page->turn, group);
    json_object_set_new(item, id_name, identity_json_id(*root));
    if (name != NULL)
        json_object_set_new(item, name_name, json_string(name));
    return true;
}

static bool
stands_apart(const struct page *page, uint64_t a, uint64_t b)
{
    struct identity_group *one, *other;
    bool apart = false;

    return identity_group_load(page->turn->view, page->turn->arena, a, false, &one) == FR_OK &&
           identity_group_load(page->turn->view, page->turn->arena, b, false, &other) == FR_OK &&
           identity_groups_apart(page->turn->view, page->turn->arena, one, other, &apart) ==
               FR_OK &&
           apart;
}

static bool
add_suggestion(void *context, const struct identity_row *row)
{
    const Fr__IdentityStateSuggestion *suggestion = (const void *)row->state;
    struct page *page = context;
    bool open = identity_suggestion_state(suggestion) == FR__SUGGESTION_STATE__OPEN;
    uint64_t a = 0, b = 0;
    json_t *item;

    if (!open && !page->all)
        return true;
    item = identity_row_json(row);
    if (!put_customer(page, item, row->id, "customer_a_id", "name_a", &a) ||
        !put_customer(page, item, row->other, "customer_b_id", "name_b", &b) ||
        (!page->all && (a == b || stands_apart(page, a, b)))) {
        json_decref(item);
        return true; /* one customer by now, or for ever two */
    }
    page->more = json_array_size(page->list) == page->max;
    if (page->more) {
        json_decref(item);
        return false;
    }
    if (open)
        json_object_set_new(item, "state", json_string("OPEN"));
    json_array_append_new(page->list, item);
    snprintf(page->after, sizeof(page->after), "%016llx%016llx", (unsigned long long)row->id,
             (unsigned long long)row->other);
    return true;
}

/* Of one customer: all his origins' rows. */
static enum fr_error
of_customer(const struct page *page, uint64_t customer,
            enum fr_error (*walk)(const struct fr_view *, uint64_t, struct fr_arena *,
                                  identity_each_fn *, void *),
            identity_each_fn *each, void *context)
{
    struct identity_customer row;
    struct identity_group *group = NULL;
    uint64_t root = 0;
    enum fr_error err = identity_root_get(page->turn->view, customer, &root, &row);

    if (err == FR_OK)
        err = identity_group_load(page->turn->view, page->turn->arena, root, false, &group);
    for (size_t i = 0; err == FR_OK && i < group->origin_count; i++)
        err = walk(page->turn->view, group->origins[i], page->turn->arena, each, context);
    return err;
}

json_t *
identity_answer_suggestions(const struct fr_query_turn *turn, const json_t *args,
                            const char **error)
{
    struct page page = {.turn = turn,
                        .list = json_array(),
                        .max = identity_limit_argument(args),
                        .all = flag(args, "all")};
    const char *after = text_argument(args, "after");
    uint64_t customer = identity_id_argument(args, "customer"), a = 0, b = 0;

    if (customer != 0)
        return answer_page(
            &page, of_customer(&page, customer, identity_each_suggestion, add_suggestion, &page),
            error);
    if (strlen(after) == 32) {
        fr_id_parse(fr_slice(after, 16), &a);
        fr_id_parse(fr_slice(after + 16, 16), &b);
    }
    return answer_page(
        &page, identity_all_suggestions(turn->view, a, b, turn->arena, add_suggestion, &page),
        error);
}

static bool
add_conflict(void *context, const struct identity_row *row)
{
    const Fr__IdentityStateConflict *conflict = (const void *)row->state;
    struct page *page = context;
    uint64_t a = 0, b = 0;
    json_t *item;

    if (conflict->has_state && !page->all)
        return true;
    item = identity_row_json(row);
    if (!put_customer(page, item, row->id, "customer_a_id", "name_a", &a) ||
        (row->other != 0 && !put_customer(page, item, row->other, "customer_b_id", "name_b", &b))) {
        json_decref(item);
        return true;
    }
    page->more = json_array_size(page->list) == page->max;
    if (page->more) {
        json_decref(item);
        return false;
    }
    json_object_set_new(item, "kind", json_string(row->kind));
    if (row->type[0] != '\0') {
        json_object_set_new(item, "type", json_string(row->type));
        json_object_set_new(item, "value", json_string(row->value));
    }
    if (!conflict->has_state)
        json_object_set_new(item, "state", json_string("OPEN"));
    json_array_append_new(page->list, item);
    memcpy(page->after, page->row_name, sizeof(page->after));
    return true;
}

json_t *
identity_answer_conflicts(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct page page = {.turn = turn,
                        .list = json_array(),
                        .max = identity_limit_argument(args),
                        .all = flag(args, "all")};
    uint64_t customer = identity_id_argument(args, "customer");
    enum fr_error err;

    err = customer != 0 ? of_customer(&page, customer, identity_each_conflict, add_conflict, &page)
                        : identity_all_conflicts(turn->view, text_argument(args, "after"),
                                                 turn->arena, page.row_name, add_conflict, &page);
    return answer_page(&page, err, error);
}

/* ---- shared keys ---- */

static bool
add_shared(void *context, const char *type, const char *value, const struct identity_key_row *row)
{
    struct page *page = context;

    if (!identity_key_is_shared(row))
        return true;
    page->more = json_array_size(page->list) == page->max;
    if (page->more)
        return false;
    json_array_append_new(page->list,
                          json_pack("{s:s, s:s, s:i, s:i, s:i, s:I, s:I}", "type", type, "value",
                                    value, "holders", (int)row->holders, "claims", (int)row->claims,
                                    "names", (int)row->names, "first_us", (json_int_t)row->first_us,
                                    "last_us", (json_int_t)row->last_us));
    snprintf(page->after, sizeof(page->after), "%s %s", type, value);
    return true;
}

json_t *
identity_answer_shared(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct page page = {.turn = turn, .list = json_array(), .max = identity_limit_argument(args)};
    const char *after = text_argument(args, "after"), *blank = strchr(after, ' ');
    char type[64] = "";

    if (blank != NULL && (size_t)(blank - after) < sizeof(type))
        memcpy(type, after, (size_t)(blank - after));
    return answer_page(
        &page,
        identity_all_shared(turn->view, type, blank != NULL ? blank + 1 : "", add_shared, &page),
        error);
}
