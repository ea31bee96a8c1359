/* query.c - what operators ask: which sites, under what contract, and what is leased to them. */
#include "services/sites/tables.h"

#define ITEM_MAX 1000      /* of one answer */
#define EXAMINED_MAX 20000 /* rows looked at for one answer: read transactions stay short */

static json_t *
id_json(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

static json_t *
time_json(int64_t unix_us)
{
    char text[FR_TIME_TEXT_SIZE];

    return unix_us == 0 ? json_null()
                        : json_string(fr_time_format((struct fr_time){unix_us}, text));
}

static const char *
text_arg(const json_t *args, const char *name)
{
    return json_string_value(json_object_get(args, name));
}

/* ---- sites ---- */

static json_t *
contract_json(const struct fr_query_turn *turn, const struct sites_contract *contract)
{
    struct sites_totals totals;
    char lease_time[FR_TIME_TEXT_SIZE], grace[FR_TIME_TEXT_SIZE];
    json_t *brands = json_array();

    for (size_t i = 0; i < contract->brands.count; i++)
        json_array_append_new(brands,
                              json_string(((const char *const *)contract->brands.items)[i]));
    if (sites_totals_get(turn->view, contract->name, &totals) != FR_OK)
        memset(&totals, 0, sizeof(totals));
    return json_pack("{s:s, s:o, s:s, s:s, s:I, s:I}", "site", contract->name, "brands", brands,
                     "lease_time", fr_span_format(contract->lease_time, lease_time),
                     "offline_grace", fr_span_format(contract->offline_grace, grace), "leases_live",
                     (json_int_t)(totals.granted - totals.ended), "leases_granted",
                     (json_int_t)totals.granted);
}

static json_t *
answer_site_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const struct sites_config *config = turn->config;
    const struct sites_contract *contracts = config->contracts.items;
    json_t *items = json_array();

    (void)args;
    (void)error;
    for (size_t i = 0; i < config->contracts.count; i++)
        json_array_append_new(items, contract_json(turn, &contracts[i]));
    return json_pack("{s:o, s:b}", "items", items, "more", 0);
}

static json_t *
agents_json(const struct fr_query_turn *turn, const char *site)
{
    static const char *const states[] = {"unknown", "offline", "available", "away"};
    json_t *agents = json_array();
    struct sites_agent row;
    struct fr_scan scan;
    const char *agent;

    sites_agent_scan(&scan, turn->view);
    while (json_array_size(agents) < ITEM_MAX && sites_agent_next(&scan, &agent, &row) == FR_OK)
        if (strcmp(row.site, site) == 0 && row.removed == 0)
            json_array_append_new(agents, json_pack("{s:s, s:s}", "agent", agent, "state",
                                                    states[row.state < 4 ? row.state : 0]));
    fr_scan_fini(&scan);
    return agents;
}

static json_t *
answer_site_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *site = text_arg(args, "site");
    const struct sites_contract *contract =
        site == NULL ? NULL : sites_contract_of(turn->config, site);
    json_t *answer;

    if (contract == NULL) {
        *error = site == NULL ? "which site?" : "no site of that name has a contract";
        return NULL;
    }
    answer = contract_json(turn, contract);
    json_object_set_new(answer, "agents", agents_json(turn, site));
    return answer;
}

/* ---- leases ---- */

static json_t *
lease_json(const struct sites_lease *lease)
{
    static const char *const states[] = {"unknown", "offered",  "accepted", "declined",
                                         "held",    "finished", "ended"};

    return json_pack("{s:o, s:I, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "lease_id",
                     id_json(lease->lease_id), "fence", (json_int_t)lease->fence, "conversation_id",
                     id_json(lease->conversation_id), "task_id", id_json(lease->task_id),
                     "offer_id", id_json(lease->offer_id), "site", lease->site, "agent",
                     lease->agent, "brand", lease->brand, "state",
                     states[lease->state <= SITES_ENDED ? lease->state : 0], "granted",
                     time_json(lease->granted_us), "runs_out", time_json(lease->runs_out_us),
                     "ended", lease->ended);
}

static json_t *
answer_lease_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *site = text_arg(args, "site"), *agent = text_arg(args, "agent");
    const char *after = text_arg(args, "after");
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));
    bool all = json_is_true(json_object_get(args, "all"));
    json_t *items = json_array();
    struct sites_lease lease;
    struct fr_scan scan;
    uint64_t from = 0;
    size_t examined = 0;
    enum fr_error err = FR_OK;

    if (after != NULL && fr_id_parse(fr_slice_str(after), &from) != FR_OK) {
        json_decref(items);
        *error = "'after' is not an id";
        return NULL;
    }
    if (limit <= 0 || limit > ITEM_MAX)
        limit = 100;
    sites_lease_scan(&scan, turn->view, from);
    while (json_array_size(items) < (size_t)limit && examined++ < EXAMINED_MAX &&
           (err = sites_lease_next(&scan, &lease)) == FR_OK) {
        if ((all || sites_lease_is_live(&lease)) &&
            (site == NULL || strcmp(site, lease.site) == 0) &&
            (agent == NULL || strcmp(agent, lease.agent) == 0))
            json_array_append_new(items, lease_json(&lease));
        from = lease.lease_id;
    }
    fr_scan_fini(&scan);
    /* `next` is where to go on even when nothing of what was looked at fitted the question. */
    return json_pack("{s:o, s:b, s:o}", "items", items, "more", err == FR_OK, "next",
                     id_json(from));
}

/* clang-format off */
const struct fr_query sites_queries[] = {
    { "site.ls",   "",     "Every site under contract, with what is leased to it.", answer_site_ls },
    { "site.show", "SITE", "One site: contract, agents and their presence.",        answer_site_show },
    { "lease.ls",  "[--site SITE] [--agent AGENT] [--all] [--after LEASE] [--limit N]",
      "Live leases (with --all also those that ended and are still remembered).",   answer_lease_ls },
    { NULL },
};
/* clang-format on */
