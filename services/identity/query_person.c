/* query_person.c - why this customer?  And all that identity holds on a person. */
#include "services/identity/query.h"

#define EXPORT_MAX 100000 /* rows of each list: an export is whole, or says that it is not */

/* Its reasons (rule, sentence, key, assurance, weight), and who the customer is today. */
static json_t *
observation_json(const struct fr_query_turn *turn, uint64_t observation,
                 const Fr__IdentityStateObservation *seen)
{
    json_t *item = fr_message_json(&seen->base);
    struct identity_customer customer;
    uint64_t root = seen->origin;

    json_object_del(item, "origin");
    json_object_del(item, "moved_from");
    json_object_set_new(item, "observation_id", identity_json_id(observation));
    json_object_set_new(item, "origin_id", identity_json_id(seen->origin));
    if (seen->has_moved_from)
        json_object_set_new(item, "moved_from_id", identity_json_id(seen->moved_from));
    if (identity_root_get(turn->view, seen->origin, &root, &customer) == FR_OK) {
        json_object_set_new(item, "customer_id", identity_json_id(root));
        if (customer.erased)
            json_object_set_new(item, "erased", json_true());
    }
    return item;
}

struct path { /* from an origin up to who it is now */
    uint64_t child;
    json_t *list;
};

static bool
add_step(void *context, const struct identity_row *row)
{
    struct path *path = context;
    json_t *step;

    if (row->other != path->child)
        return true;
    step = identity_row_json(row);
    json_object_set_new(step, "origin_id", identity_json_id(row->other));
    json_object_set_new(step, "parent_id", identity_json_id(row->id));
    json_array_append_new(path->list, step);
    return false;
}

json_t *
identity_answer_explain(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    uint64_t observation = identity_id_argument(args, "observation"), at;
    const Fr__IdentityStateObservation *seen;
    struct identity_customer customer;
    struct path path = {.list = NULL};
    enum fr_error err = observation == 0
                            ? FR_NOT_FOUND
                            : identity_observation_get(turn->view, observation, turn->arena, &seen);
    json_t *answer;

    if (err != FR_OK) {
        *error = err == FR_NOT_FOUND
                     ? "no such observation: it was never seen, or its customer was erased"
                     : fr_error_name(err);
        return NULL;
    }
    answer = observation_json(turn, observation, seen);
    json_object_set_new(answer, "merges", path.list = json_array());
    for (at = seen->origin; err == FR_OK && at != 0; at = customer.parent) {
        err = identity_customer_get(turn->view, at, &customer);
        path.child = at;
        if (err == FR_OK && customer.parent != 0)
            err = identity_each_child(turn->view, customer.parent, turn->arena, add_step, &path);
    }
    if (err == FR_OK)
        return answer;
    json_decref(answer);
    *error = fr_error_name(err);
    return NULL;
}

static enum fr_error
add_observations(const struct fr_query_turn *turn, uint64_t origin, json_t *list, bool *more)
{
    uint64_t ids[256], after = 0;
    size_t count;
    enum fr_error err;

    do {
        err = identity_seen(turn->view, origin, after, ids, 256, &count);
        for (size_t i = 0; err == FR_OK && i < count; i++) {
            const Fr__IdentityStateObservation *seen;

            *more = *more || json_array_size(list) >= EXPORT_MAX;
            err = *more ? FR_OK : identity_observation_get(turn->view, ids[i], turn->arena, &seen);
            if (err == FR_OK && !*more)
                json_array_append_new(list, observation_json(turn, ids[i], seen));
            after = ids[i];
        }
    } while (err == FR_OK && count == 256 && !*more);
    return err;
}

json_t *
identity_answer_export(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    uint64_t customer = identity_id_argument(args, "customer"), root = customer;
    json_t *answer, *list = json_array();
    struct identity_group *group;
    struct identity_customer row;
    bool more = false;
    enum fr_error err;

    answer = identity_person_json(turn, customer, EXPORT_MAX, error);
    if (answer == NULL || json_is_true(json_object_get(answer, "erased"))) {
        json_decref(list);
        return answer;
    }
    json_object_set_new(answer, "observations", list);
    err = identity_root_get(turn->view, customer, &root, &row);
    if (err == FR_OK)
        err = identity_group_load(turn->view, turn->arena, root, false, &group);
    for (size_t i = 0; err == FR_OK && i < group->origin_count; i++)
        err = add_observations(turn, group->origins[i], list, &more);
    if (err != FR_OK) {
        json_decref(answer);
        *error = fr_error_name(err);
        return NULL;
    }
    if (more)
        json_object_set_new(answer, "more", json_true());
    return answer;
}
