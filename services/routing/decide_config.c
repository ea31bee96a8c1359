/* decide_config.c - the configuration against the tables: say what changed, then follow it up in
 * slices. */
#include "services/routing/contracts.h"
#include "services/routing/place.h"
#include "services/routing/profile.h"
#include "services/routing/sites.h"

struct update { /* one configuration taken over */
    struct fr_turn *turn;
    const struct fr_record *input;
    const struct routing_config *config;
    struct routing_classes classes;
    uint8_t *configured; /* by agent's number */
    size_t configured_size;
    uint8_t *walk; /* by queue's number: its waiting tasks have to be gone through */
    size_t walk_size;
};

static const struct fr_labels no_brand = {.brand = ""};

/* ---- channel classes ---- */

static enum fr_error
name_classes(struct update *update)
{
    const char *names[ROUTING_CLASS_MAX];
    bool more;
    size_t count = routing_classes_configured(update->config, names, ROUTING_CLASS_MAX - 1, &more);
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        Fr__CapacityClassNamed named = FR__CAPACITY_CLASS_NAMED__INIT;
        struct routing_numbers numbers;

        err = routing_class_number(update->turn->view, names[i], &named.number);
        if (err == FR_OK)
            err = routing_numbers_get(update->turn->view, &numbers);
        if (err != FR_OK || named.number != 0 || numbers.classes + 1 >= ROUTING_CLASS_MAX)
            continue; /* past the last number it is one of all others */
        named.number = numbers.classes + 1;
        named.name = (char *)names[i];
        err = fr_emit_as(update->turn, update->input, &named.base, &no_brand);
    }
    if (err == FR_OK)
        err = routing_classes_get(update->turn->view, update->turn->arena, &update->classes);
    return err;
}

/* ---- sites ---- */

static enum fr_error
new_site(struct update *update, const char *name, Fr__SiteChanged *changed)
{
    struct routing_numbers numbers;
    struct routing_site none = {0};
    enum fr_error err = routing_numbers_get(update->turn->view, &numbers);

    none.number = numbers.sites + 1;
    routing_site_record(&none, changed);
    changed->site = (char *)name;
    return err;
}

static enum fr_error
take_site(struct update *update, const char *name)
{
    uint64_t stamp = routing_site_stamp(routing_site_named(update->config, name));
    Fr__SiteChanged changed;
    struct routing_site site = {0};
    enum fr_error err = routing_site_by_name(update->turn->view, name, &site);
    bool is_new = err == FR_NOT_FOUND;

    if (is_new)
        err = new_site(update, name, &changed);
    else if (err == FR_OK)
        routing_site_record(&site, &changed);
    if (err != FR_OK)
        return err;
    routing_site_hours(update->turn, name, &changed);
    if (!is_new && site.stamp == stamp && site.closed == changed.closed &&
        site.next_us == changed.next_us)
        return FR_OK;
    changed.stamp = stamp;
    changed.reason = is_new ? "somebody works there" : "configured anew";
    if (changed.closed && !site.closed && !is_new) {
        changed.walk = changed.take_back = true;
        changed.after_agent = 0;
    }
    return routing_say_site(update->turn, update->input, &changed);
}

static enum fr_error
take_sites(struct update *update)
{
    const struct routing_site_config *sites = update->config->sites.items;
    const struct routing_agent_config *agents = update->config->agents.items;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < update->config->sites.count; i++)
        err = take_site(update, sites[i].name);
    for (size_t i = 0; err == FR_OK && i < update->config->agents.count; i++)
        if (i == 0 || strcmp(agents[i].site, agents[i - 1].site) != 0)
            err = take_site(update, agents[i].site);
    return err;
}

/* ---- which lanes an agent can serve ---- */

static enum fr_error
lane_share(struct fr_turn *turn, const Fr__AgentDefined *profile, uint32_t lane,
           Fr__LaneShare *share)
{
    const Fr__RoutingStateLane *facts;
    struct routing_fitting fitting;
    struct routing_need need;
    enum fr_error err = routing_lane_facts(turn->view, lane, turn->arena, &facts);

    if (err != FR_OK)
        return err;
    routing_lane_need(facts, &need);
    if (facts->queue[0] == '\0' || routing_fit(&need, profile, &fitting) != ROUTING_FITS)
        return FR_NOT_FOUND;
    fr__lane_share__init(share);
    share->lane = lane;
    share->weight = fitting.weight;
    share->has_rank = 1;
    share->rank = fitting.rank;
    return FR_OK;
}

static enum fr_error
fill_lanes(struct fr_turn *turn, Fr__AgentDefined *defined)
{
    struct routing_numbers numbers;
    Fr__LaneShare *shares;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    if (err != FR_OK)
        return err;
    shares = fr_arena_zalloc(turn->arena, numbers.lanes + 1, sizeof(*shares));
    defined->lanes = fr_arena_zalloc(turn->arena, numbers.lanes + 1, sizeof(*defined->lanes));
    if (shares == NULL || defined->lanes == NULL)
        return FR_NO_MEMORY;
    for (uint32_t lane = 1; lane <= numbers.lanes; lane++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);

        err = lane_share(turn, defined, lane, &shares[defined->n_lanes]);
        fr_arena_release(turn->arena, mark);
        if (err == FR_OK) {
            defined->lanes[defined->n_lanes] = &shares[defined->n_lanes];
            defined->n_lanes++;
        } else if (err != FR_NOT_FOUND) {
            return err;
        }
    }
    return FR_OK;
}

/* ---- agents ---- */

static bool
same_message(const ProtobufCMessage *a, const ProtobufCMessage *b, struct fr_arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(a);
    uint8_t *bytes;

    if (size != protobuf_c_message_get_packed_size(b))
        return false;
    bytes = fr_arena_alloc(arena, 2 * size + 1);
    if (bytes == NULL)
        return false;
    protobuf_c_message_pack(a, bytes);
    protobuf_c_message_pack(b, bytes + size);
    return memcmp(bytes, bytes + size, size) == 0;
}

static enum fr_error
say_defined(struct update *update, const struct routing_agent *row, bool is_new,
            Fr__AgentDefined *defined)
{
    struct fr_turn *turn = update->turn;
    struct routing_numbers numbers;
    struct routing_site site;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    if (err == FR_OK)
        err = routing_site_by_name(turn->view, defined->site, &site);
    if (err == FR_OK)
        err = fill_lanes(turn, defined);
    if (err != FR_OK)
        return err;
    defined->has_number = defined->has_site_number = defined->has_look_again = 1;
    defined->number = is_new ? numbers.agents + 1 : row->number;
    defined->site_number = site.number;
    defined->look_again = !is_new && row->state == FR__AGENT_STATE__AVAILABLE; /* more room... */
    return fr_emit_as(turn, update->input, &defined->base, &no_brand);
}

static enum fr_error
take_agent(struct update *update, const struct routing_agent_config *agent)
{
    struct fr_turn *turn = update->turn;
    const Fr__AgentDefined *known = NULL;
    struct routing_agent row = {0};
    Fr__AgentDefined defined;
    enum fr_error err = routing_agent_by_name(turn->view, agent->name, &row);
    bool is_new = err == FR_NOT_FOUND;

    if (err != FR_OK && !is_new)
        return err;
    if (!is_new && row.number / 8 < update->configured_size)
        update->configured[row.number / 8] |= (uint8_t)(1u << (row.number % 8));
    err = routing_profile_of(update->config, &update->classes, agent, turn->arena, &defined);
    if (err == FR_OK && !is_new)
        err = routing_profile_get(turn->view, row.number, turn->arena, &known);
    if (err == FR_OK && !is_new && same_message(&known->base, &defined.base, turn->arena))
        return FR_OK;
    return err != FR_OK ? err : say_defined(update, &row, is_new, &defined);
}

static enum fr_error
dismiss(struct update *update, const struct routing_agent *agent)
{
    struct fr_turn *turn = update->turn;
    const Fr__AgentDefined *known;
    Fr__AgentDefined gone;
    enum fr_error err = routing_profile_get(turn->view, agent->number, turn->arena, &known);

    if (err != FR_OK)
        return err;
    gone = *known;
    gone.removed = 1;
    gone.has_number = gone.has_site_number = gone.has_look_again = 1;
    gone.number = agent->number;
    gone.site_number = agent->site;
    gone.look_again = agent->offered > 0 || agent->held > 0;
    gone.has_grace_us = 1;
    gone.grace_us = fr_time_add(turn->now, update->config->removed_grace).unix_us;
    return fr_emit_as(turn, update->input, &gone.base, &no_brand);
}

static enum fr_error
take_agents(struct update *update)
{
    const struct routing_agent_config *agents = update->config->agents.items;
    struct fr_turn *turn = update->turn;
    struct routing_numbers before;
    enum fr_error err = routing_numbers_get(turn->view, &before);

    if (err != FR_OK)
        return err;
    update->configured_size = before.agents / 8 + 1;
    update->configured = fr_arena_zalloc(turn->arena, update->configured_size, 1);
    if (update->configured == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; err == FR_OK && i < update->config->agents.count; i++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);

        err = take_agent(update, &agents[i]);
        fr_arena_release(turn->arena, mark);
    }
    for (uint32_t number = 1; err == FR_OK && number <= before.agents; number++) {
        struct routing_agent agent;

        if (update->configured[number / 8] >> (number % 8) & 1)
            continue;
        err = routing_agent_get(turn->view, number, &agent);
        if (err == FR_OK && !agent.removed)
            err = dismiss(update, &agent);
    }
    return err;
}

/* ---- lanes after that: one that got its first agent, or lost its last ---- */

static enum fr_error
check_lane(struct update *update, uint32_t number)
{
    struct fr_turn *turn = update->turn;
    Fr__LaneChanged changed = FR__LANE_CHANGED__INIT;
    const Fr__RoutingStateLane *facts;
    const char *reason = "";
    struct routing_lane lane;
    enum fr_error err = routing_lane_get(turn->view, number, &lane);

    if (err == FR_NOT_FOUND)
        return FR_OK; /* closed */
    if (err == FR_OK)
        err = routing_lane_facts(turn->view, number, turn->arena, &facts);
    if (err == FR_OK && lane.members == 0)
        err = routing_lane_nobody(turn, facts, &reason);
    if (err != FR_OK || strcmp(facts->reason, reason) == 0)
        return err;
    if (lane.waiting > 0 && lane.queue < update->walk_size)
        update->walk[lane.queue] = 1;
    changed.lane = number;
    changed.reason = (char *)reason;
    changed.done = 1;
    return fr_emit_as(turn, update->input, &changed.base, &no_brand);
}

static enum fr_error
check_lanes(struct update *update)
{
    struct fr_turn *turn = update->turn;
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    if (err != FR_OK)
        return err;
    update->walk_size = numbers.queues + 1;
    update->walk = fr_arena_zalloc(turn->arena, update->walk_size, 1);
    if (update->walk == NULL)
        return FR_NO_MEMORY;
    for (uint32_t lane = 1; err == FR_OK && lane <= numbers.lanes; lane++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);

        err = check_lane(update, lane);
        fr_arena_release(turn->arena, mark);
    }
    return err;
}

/* ---- queues ---- */

static enum fr_error
name_queues(struct update *update)
{
    const struct routing_queue *queues = update->config->queues.items;
    struct fr_turn *turn = update->turn;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < update->config->queues.count; i++) {
        Fr__QueueNamed named = FR__QUEUE_NAMED__INIT;
        struct routing_queue_row row;
        struct routing_numbers numbers;

        err = routing_queue_row_by_name(turn->view, queues[i].name, &row);
        if (err != FR_NOT_FOUND)
            continue;
        err = routing_numbers_get(turn->view, &numbers);
        if (err != FR_OK)
            return err;
        named.number = numbers.queues + 1;
        named.name = (char *)queues[i].name;
        err = fr_emit_as(turn, update->input, &named.base, &no_brand);
    }
    return err;
}

static enum fr_error
is_recalled(const struct fr_view *view, uint32_t queue, bool *out)
{
    uint32_t sites[ROUTING_SITE_MAX];
    size_t count;
    enum fr_error err = routing_contract_sites(view, queue, ROUTING_SITE_MAX, sites, &count);

    *out = false;
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_contract contract;

        err = routing_contract_get(view, queue, sites[i], &contract);
        *out |= err == FR_OK && contract.recalled;
    }
    return err;
}

/* Is there anything to go through? */
static enum fr_error
something_waits(const struct fr_view *view, uint32_t queue, bool *out)
{
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(view, &numbers);

    *out = false;
    for (uint32_t index = 0; err == FR_OK && index < routing_chunk_count(numbers.lanes); index++) {
        struct routing_chunk chunk;

        err = routing_set_get(view, (struct routing_set_of){ROUTING_OF_QUEUE, queue, 0}, index,
                              &chunk);
        for (uint32_t bit = routing_chunk_next(&chunk, 0); err == FR_OK && bit < ROUTING_CHUNK_BITS;
             bit = routing_chunk_next(&chunk, bit + 1)) {
            struct routing_lane lane;

            err = routing_lane_get(view, index * ROUTING_CHUNK_BITS + bit, &lane);
            *out |= err == FR_OK && lane.waiting > 0;
        }
    }
    return err;
}

static enum fr_error
check_queue(struct update *update, uint32_t number)
{
    struct fr_turn *turn = update->turn;
    struct routing_queue_row row;
    Fr__QueueChanged changed;
    uint64_t stamp;
    bool recalled = false, waits = false, walk;
    enum fr_error err = routing_queue_row_get(turn->view, number, &row);

    if (err == FR_OK)
        err = is_recalled(turn->view, number, &recalled);
    if (err == FR_OK)
        err = something_waits(turn->view, number, &waits);
    if (err != FR_OK)
        return err;
    stamp = routing_queue_stamp(update->config, routing_queue_named(update->config, row.name));
    routing_queue_record(&row, &changed);
    routing_queue_hours(turn, row.name, &changed);
    changed.contracted = recalled || routing_contracted(update->config, row.name);
    walk = row.stamp != stamp || changed.closed != row.closed ||
           (number < update->walk_size && update->walk[number]);
    if (!walk && changed.next_us == row.next_us && changed.contracted == row.contracted)
        return FR_OK;
    changed.stamp = stamp;
    changed.reason = row.stamp != stamp ? "configured anew"
                     : walk             ? "who can serve it changed"
                                        : "its hours changed";
    if (walk && waits)
        routing_queue_walk(&changed);
    return routing_say_queue(turn, update->input, &changed);
}

static enum fr_error
check_queues(struct update *update)
{
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(update->turn->view, &numbers);

    for (uint32_t number = 1; err == FR_OK && number <= numbers.queues; number++)
        err = check_queue(update, number);
    return err;
}

/* Configuration: at start and after each reload.
 *
 * Reads everything but tasks.  Emits CapacityClassNamed, SiteChanged, AgentDefined, QueueNamed,
 * LaneChanged and QueueChanged for what is new, changed or gone; what follows for agents and tasks
 * is left to timers, one agent or one slice a turn, since a reload may concern everybody at once.
 * Sent twice: tables and configuration agree; nothing happens.
 */
enum fr_error
routing_decide_config(struct fr_turn *turn, const struct fr_record *input)
{
    struct update update = {.turn = turn, .input = input, .config = turn->config};
    enum fr_error err = name_classes(&update);

    if (err == FR_OK)
        err = take_sites(&update);
    if (err == FR_OK)
        err = take_agents(&update);
    if (err == FR_OK)
        err = name_queues(&update);
    if (err == FR_OK)
        err = check_lanes(&update);
    return err != FR_OK ? err : check_queues(&update);
}
