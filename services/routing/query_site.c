/* query_site.c - sites: open, silent or recalled, and what their contracts have seen. */
#include "services/routing/query_private.h"

static const char *const allowance_words[] = {
    [ROUTING_ALLOWED] = "may take more",
    [ROUTING_ALLOWED_ONCE] = "may take one more",
    [ROUTING_SHARE_TAKEN] = "has had its share",
    [ROUTING_VOLUME_TAKEN] = "has had its volume",
    [ROUTING_RECALLED] = "recalled",
};

static json_t *
contract_json(const struct routing_look *look, const struct routing_site *site,
              const struct routing_contract_config *config)
{
    struct routing_queue_row queue;
    struct routing_contract counted = {0};
    enum routing_allowance allowance = ROUTING_ALLOWED;
    char per[FR_TIME_TEXT_SIZE];

    if (routing_queue_row_by_name(look->view, config->queue, &queue) != FR_OK ||
        routing_contract_get(look->view, queue.number, site->number, &counted) != FR_OK ||
        routing_allowance(look, queue.number, queue.name, site, &allowance) != FR_OK)
        return NULL;
    if (counted.start_us != routing_interval_start(look, site->name, config, look->now).unix_us)
        counted.arrived = counted.taken = 0;
    return json_pack("{s:s, s:I, s:I, s:s, s:o, s:I, s:I, s:s}", "queue", queue.name, "share",
                     (json_int_t)config->share, "volume", (json_int_t)config->volume, "per",
                     fr_span_format(config->per, per), "since", routing_time_json(counted.start_us),
                     "arrived", (json_int_t)counted.arrived, "taken", (json_int_t)counted.taken,
                     "state", allowance_words[allowance]);
}

static json_t *
contracts_json(const struct routing_look *look, const struct routing_site *site)
{
    const struct routing_site_config *config = routing_site_named(look->config, site->name);
    const struct routing_contract_config *contracts =
        config != NULL ? config->contracts.items : NULL;
    json_t *list = json_array();

    for (size_t i = 0; config != NULL && i < config->contracts.count; i++)
        json_array_append_new(list, contract_json(look, site, &contracts[i]));
    return list;
}

static size_t
agents_at(const struct fr_view *view, uint32_t site)
{
    struct routing_numbers numbers = {0};
    size_t count = 0;

    if (routing_numbers_get(view, &numbers) != FR_OK)
        return 0;
    for (uint32_t index = 0; index < routing_chunk_count(numbers.agents); index++) {
        struct routing_chunk chunk;

        if (routing_set_get(view, (struct routing_set_of){ROUTING_AT_SITE, site, 0}, index,
                            &chunk) == FR_OK)
            count += routing_chunk_size(&chunk);
    }
    return count;
}

static const char *
site_state(const struct routing_site *site)
{
    return site->silent ? "silent" : site->recalled ? "recalled" : site->closed ? "closed" : "open";
}

json_t *
routing_answer_sites(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct routing_look look = routing_look_of_query(turn);
    struct routing_numbers numbers;
    json_t *items = json_array();

    (void)args;
    *error = "the tables could not be read";
    if (routing_numbers_get(turn->view, &numbers) != FR_OK) {
        json_decref(items);
        return NULL;
    }
    for (uint32_t number = 1; number <= numbers.sites; number++) {
        struct routing_site site;

        if (routing_site_get(turn->view, number, &site) != FR_OK)
            continue;
        json_array_append_new(items, json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}", "site", site.name,
                                               "state", site_state(&site), "agents",
                                               (json_int_t)agents_at(turn->view, number), "next",
                                               routing_time_json(site.next_us), "grace",
                                               routing_time_json(site.grace_us), "contracts",
                                               contracts_json(&look, &site)));
    }
    return json_pack("{s:o, s:b}", "items", items, "more", 0);
}
