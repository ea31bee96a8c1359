/* query.c - what operators ask about this desk. */
#include "services/desk/show.h"

#define ITEM_MAX 1000

static json_t *
list_json(json_t *items, bool more)
{
    return json_pack("{s:o, s:b}", "items", items, "more", more);
}

static size_t
limit_of(const json_t *args)
{
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));

    return limit <= 0 || limit > ITEM_MAX ? ITEM_MAX : (size_t)limit;
}

static json_t *
answer_agents(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    size_t limit = limit_of(args);
    json_t *items = json_array();
    struct fr_scan scan;
    const char *name;
    const Fr__DeskStateAgent *row;
    enum fr_error err = FR_OK;

    (void)error;
    desk_agents(&scan, turn->view);
    while (json_array_size(items) < limit &&
           (err = desk_agents_next(&scan, turn->arena, &name, &row)) == FR_OK) {
        json_t *item = desk_show_presence(row);

        json_object_set_new(item, "agent", json_string(name));
        json_object_set_new(item, "may_sign_in",
                            json_boolean(desk_config_agent(turn->config, name) != NULL));
        json_object_set_new(item, "removed", json_boolean(row->removed));
        if (row->title != NULL)
            json_object_set_new(item, "title", json_string(row->title));
        json_array_append_new(items, item);
    }
    fr_scan_fini(&scan);
    return list_json(items, err == FR_OK && json_array_size(items) == limit);
}

/* Leases of one agent, or of all: those that are offers, or those that are conversations. */
static enum fr_error
add_leases(const struct fr_query_turn *turn, const char *agent, bool offers, size_t limit,
           json_t *items)
{
    struct fr_scan scan;
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err = FR_OK;

    desk_agent_leases(&scan, turn->view, agent);
    while (json_array_size(items) < limit &&
           (err = desk_agent_leases_next(&scan, &lease_id)) == FR_OK) {
        err = desk_lease_get(turn->view, turn->arena, lease_id, &lease);
        if (err != FR_OK)
            break;
        bool held = lease->state == FR__DESK_LEASE_STATE__DESK_HELD ||
                    lease->state == FR__DESK_LEASE_STATE__DESK_FINISHED;
        if (held == offers)
            continue;
        json_t *item = desk_show_offer(lease_id, lease->brand, lease->offer, lease->state);
        json_object_set_new(item, "agent", json_string(lease->offer->agent));
        json_object_set_new(item, "fence", json_integer((json_int_t)lease->fence));
        json_array_append_new(items, item);
    }
    fr_scan_fini(&scan);
    return err;
}

static json_t *
answer_leases(const struct fr_query_turn *turn, const json_t *args, bool offers)
{
    const char *agent = json_string_value(json_object_get(args, "agent"));
    size_t limit = limit_of(args);
    json_t *items = json_array();
    struct fr_scan scan;
    const char *name;
    const Fr__DeskStateAgent *row;

    if (agent != NULL) {
        add_leases(turn, agent, offers, limit, items);
        return list_json(items, json_array_size(items) == limit);
    }
    desk_agents(&scan, turn->view);
    while (json_array_size(items) < limit &&
           desk_agents_next(&scan, turn->arena, &name, &row) == FR_OK)
        add_leases(turn, name, offers, limit, items);
    fr_scan_fini(&scan);
    return list_json(items, json_array_size(items) == limit);
}

static json_t *
answer_offers(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    (void)error;
    return answer_leases(turn, args, true);
}

static json_t *
answer_conversations(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    (void)error;
    return answer_leases(turn, args, false);
}

/* clang-format off */
const struct fr_query desk_queries[] = {
    { "desk.agents",        "[--limit N]",                 "Agents of this site and their presence.",      answer_agents        },
    { "desk.offers",        "[--agent AGENT] [--limit N]", "Offers that wait for an answer at this desk.", answer_offers        },
    { "desk.conversations", "[--agent AGENT] [--limit N]", "Conversations that agents here have in hand.", answer_conversations },
    { NULL },
};
/* clang-format on */
