/* query_promise.c - promises: who keeps them, until when, what the customer was told. */
#include "services/sla/query.h"

static json_t *
told_json(const Fr__SlaStatePromise *row)
{
    const Fr__PromiseRequested *promise = row->promise;
    json_t *items = json_array();

    if (promise->told != NULL)
        json_array_append_new(
            items, json_pack("{s:o, s:s, s:s, s:s}", "at", sla_json_time(row->made_us), "channel",
                             promise->told_channel == NULL ? "" : promise->told_channel, "text",
                             promise->told, "what", "the promise"));
    for (size_t i = 0; i < row->n_told; i++)
        json_array_append_new(
            items, json_pack("{s:o, s:s, s:s, s:s}", "at", sla_json_time(row->told[i]->at_us),
                             "channel", row->told[i]->channel, "text", row->told[i]->text, "what",
                             row->told[i]->warning ? "that it takes longer" : "the promise"));
    return items;
}

static const char *
state_of(const Fr__SlaStatePromise *row, const struct sla_target *target)
{
    if (row->ended == NULL)
        return target->state == SLA_BREACHED ? "broken, still owed" : "open";
    if (!row->ended->kept)
        return target->state == SLA_BREACHED ? "broken, given up" : "cancelled";
    return row->ended->late ? "kept late" : "kept";
}

static json_t *
promise_json(const struct fr_query_turn *turn, uint64_t promise_id, const Fr__SlaStatePromise *row)
{
    const Fr__PromiseRequested *promise = row->promise;
    struct sla_target target;

    if (sla_target_get(turn->view, promise_id, &target) != FR_OK)
        return NULL;
    return json_pack(
        "{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:b}",
        "promise", sla_json_id(promise_id), "kind", sla_kind_text(promise->kind), "state",
        state_of(row, &target), "conversation", sla_json_id(promise->conversation_id), "customer",
        sla_json_id(row->customer_id), "owner", sla_json_text(promise->owner), "site",
        sla_json_text(promise->site), "what", promise->what, "from",
        sla_json_time(promise->from_us), "due", sla_json_time(promise->due_us), "due_local",
        sla_json_text(row->due_text), "made", sla_json_time(row->made_us), "by",
        sla_json_text(promise->by), "address", sla_json_text(promise->address), "told",
        told_json(row), "new_time", sla_json_time(target.again_us), "note",
        sla_json_text(row->ended == NULL ? NULL : row->ended->note), "warned", target.warned);
}

json_t *
sla_answer_promises(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *owner = json_string_value(json_object_get(args, "owner"));
    bool open = json_is_true(json_object_get(args, "open")), more = false;
    size_t limit = sla_limit_arg(args);
    json_t *items = json_array();
    const Fr__SlaStatePromise *row;
    struct fr_scan scan;
    uint64_t promise_id;

    (void)error;
    sla_promise_scan(&scan, turn->view, sla_id_arg(args, "before"));
    while (!more && sla_promise_next(&scan, turn->arena, &promise_id, &row) == FR_OK) {
        if ((open && row->ended != NULL) ||
            (owner != NULL &&
             (row->promise->owner == NULL || strcmp(row->promise->owner, owner) != 0)))
            continue;
        more = json_array_size(items) == limit;
        if (!more)
            json_array_append_new(items, promise_json(turn, promise_id, row));
    }
    fr_scan_fini(&scan);
    return json_pack("{s:o, s:b}", "items", items, "more", more);
}

json_t *
sla_answer_promise(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    uint64_t promise_id = sla_id_arg(args, "promise");
    const Fr__SlaStatePromise *row;

    *error = "give the promise's id, up to 16 hexadecimal digits";
    if (promise_id == 0)
        return NULL;
    *error = "there is no such promise: fil promise ls";
    if (sla_promise_get(turn->view, promise_id, turn->arena, &row) != FR_OK)
        return NULL;
    return promise_json(turn, promise_id, row);
}
