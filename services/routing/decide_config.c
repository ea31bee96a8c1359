/* decide_config.c - the configuration against the tables: say what changed, then follow it up in
 * slices. */
#include <stdio.h>

#include "services/routing/place.h"

/* ---- one agent as configured ---- */

static char **
strings_of(const struct fr_config_list *list)
{
    return (char **)list->items;
}

static bool
fill_skills(const struct routing_agent_config *agent, struct fr_arena *arena, Fr__AgentDefined *out)
{
    const struct routing_skill *skills = agent->skills.items;
    size_t count = agent->skills.count;
    Fr__Skill *rows = fr_arena_zalloc(arena, count + 1, sizeof(*rows));

    out->skills = fr_arena_zalloc(arena, count + 1, sizeof(*out->skills));
    if (rows == NULL || out->skills == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        fr__skill__init(&rows[i]);
        rows[i].name = (char *)skills[i].name;
        rows[i].level = (uint32_t)skills[i].level;
        out->skills[i] = &rows[i];
    }
    out->n_skills = count;
    return true;
}

/* No row at all: one conversation at a time, on any channel. */
static bool
fill_capacity(const struct routing_agent_config *agent, struct fr_arena *arena,
              Fr__AgentDefined *out)
{
    static const struct routing_capacity one_at_a_time = {"*", ROUTING_FULL};
    const struct routing_capacity *capacity = agent->capacity.items;
    size_t count = agent->capacity.count;
    Fr__ChannelCapacity *rows = fr_arena_zalloc(arena, count + 1, sizeof(*rows));

    out->capacity = fr_arena_zalloc(arena, count + 1, sizeof(*out->capacity));
    if (rows == NULL || out->capacity == NULL)
        return false;
    if (count == 0) {
        capacity = &one_at_a_time;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        fr__channel_capacity__init(&rows[i]);
        rows[i].channel = (char *)capacity[i].channel;
        rows[i].weight = (uint32_t)capacity[i].weight;
        out->capacity[i] = &rows[i];
    }
    out->n_capacity = count;
    return true;
}

static bool
profile_of(const struct routing_agent_config *agent, struct fr_arena *arena, Fr__AgentDefined *out)
{
    fr__agent_defined__init(out);
    out->agent = (char *)agent->name;
    out->site = (char *)agent->site;
    out->title = (char *)agent->title;
    out->n_brands = agent->brands.count;
    out->brands = strings_of(&agent->brands);
    return fill_skills(agent, arena, out) && fill_capacity(agent, arena, out);
}

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

/* ---- which lanes he can serve ---- */

static enum fr_error
lane_share(struct fr_turn *turn, const Fr__AgentDefined *profile, uint32_t lane,
           Fr__LaneShare *share)
{
    const Fr__RoutingStateLane *facts;
    struct routing_need need;
    uint32_t weight;
    size_t skill;
    enum fr_error err = routing_lane_facts(turn->view, lane, turn->arena, &facts);

    if (err != FR_OK)
        return err;
    routing_lane_need(facts, &need);
    if (facts->queue[0] == '\0' || routing_fit(&need, profile, &weight, &skill) != ROUTING_FITS)
        return FR_NOT_FOUND;
    fr__lane_share__init(share);
    share->lane = lane;
    share->weight = weight;
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

static enum fr_error
define(struct fr_turn *turn, const struct fr_record *input,
       const struct routing_agent_config *agent)
{
    const struct fr_labels labels = {.brand = ""};
    const Fr__AgentDefined *known = NULL;
    struct routing_numbers numbers;
    struct routing_agent row;
    Fr__AgentDefined defined;
    enum fr_error err = routing_agent_by_name(turn->view, agent->name, &row);
    bool is_new = err == FR_NOT_FOUND;

    if (!profile_of(agent, turn->arena, &defined))
        return FR_NO_MEMORY;
    if (err == FR_OK)
        err = routing_profile_get(turn->view, row.number, turn->arena, &known);
    if (err == FR_OK && same_message(&known->base, &defined.base, turn->arena))
        return FR_OK;
    if (err == FR_OK || is_new)
        err = routing_numbers_get(turn->view, &numbers);
    if (err == FR_OK)
        err = fill_lanes(turn, &defined);
    if (err != FR_OK)
        return err;
    defined.has_number = 1;
    defined.number = is_new ? numbers.agents + 1 : row.number;
    defined.has_look_again = defined.look_again =
        !is_new && row.state == FR__AGENT_STATE__AVAILABLE; /* more room, or another site */
    return fr_emit_as(turn, input, &defined.base, &labels);
}

/* ---- agents who are no longer configured ---- */

static bool
is_configured(const struct routing_config *config, const char *name)
{
    const struct routing_agent_config *agents = config->agents.items;

    for (size_t i = 0; i < config->agents.count; i++)
        if (strcmp(agents[i].name, name) == 0)
            return true;
    return false;
}

static enum fr_error
dismiss(struct fr_turn *turn, const struct fr_record *input, const struct routing_agent *agent)
{
    const struct fr_labels labels = {.brand = ""};
    const Fr__AgentDefined *known;
    Fr__AgentDefined gone;
    enum fr_error err = routing_profile_get(turn->view, agent->number, turn->arena, &known);

    if (err != FR_OK)
        return err;
    gone = *known;
    gone.removed = 1;
    gone.has_number = 1;
    gone.number = agent->number;
    gone.has_look_again = gone.look_again = agent->offered > 0 || agent->held > 0;
    return fr_emit_as(turn, input, &gone.base, &labels);
}

static enum fr_error
dismiss_others(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    for (uint32_t number = 1; err == FR_OK && number <= numbers.agents; number++) {
        struct routing_agent agent;

        err = routing_agent_get(turn->view, number, &agent);
        if (err == FR_OK && !agent.removed && !is_configured(turn->config, agent.name))
            err = dismiss(turn, input, &agent);
    }
    return err;
}

/* ---- lanes after that ---- */

static enum fr_error
say_lane(struct fr_turn *turn, const struct fr_record *input, uint32_t lane, const char *reason,
         const struct routing_waiting *from)
{
    const struct fr_labels labels = {.brand = ""};
    Fr__LaneChanged changed = FR__LANE_CHANGED__INIT;

    changed.lane = lane;
    changed.reason = (char *)reason;
    changed.done = from == NULL;
    changed.from_order_us = from != NULL ? from->order_us : 0;
    changed.from_task_id = from != NULL ? from->task_id : 0;
    changed.stamp = routing_queues_stamp(turn->config);
    return fr_emit_as(turn, input, &changed.base, &labels);
}

/* A lane that got its first agent or lost its last, and waiting tasks under changed queues, are
 * gone through. */
static enum fr_error
check_lane(struct fr_turn *turn, const struct fr_record *input, uint32_t number)
{
    const struct routing_waiting start = {.order_us = INT64_MIN};
    const Fr__RoutingStateLane *facts;
    const char *reason = "";
    struct routing_lane lane;
    bool go_through;
    enum fr_error err = routing_lane_get(turn->view, number, &lane);

    if (err == FR_OK)
        err = routing_lane_facts(turn->view, number, turn->arena, &facts);
    if (err == FR_OK && lane.members == 0)
        err = routing_lane_nobody(turn, facts, &reason);
    if (err != FR_OK)
        return err;
    go_through = lane.waiting > 0 && (lane.stamp != routing_queues_stamp(turn->config) ||
                                      (facts->reason[0] == '\0') != (reason[0] == '\0'));
    if (!go_through && strcmp(facts->reason, reason) == 0)
        return FR_OK;
    return say_lane(turn, input, number, reason, go_through ? &start : NULL);
}

/* Configuration: at start and after each reload.
 *
 * Reads agents, lanes.  Emits AgentDefined for each agent who is new, changed or gone, and
 * LaneChanged for the lanes to go through; what follows from both is left to timers, one agent or
 * one slice a turn, since a reload may concern everybody at once. Sent twice: tables and
 * configuration agree; nothing happens.
 */
enum fr_error
routing_decide_config(struct fr_turn *turn, const struct fr_record *input)
{
    const struct routing_config *config = turn->config;
    const struct routing_agent_config *agents = config->agents.items;
    struct routing_numbers numbers;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < config->agents.count; i++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);

        err = define(turn, input, &agents[i]);
        fr_arena_release(turn->arena, mark);
    }
    if (err == FR_OK)
        err = dismiss_others(turn, input);
    if (err == FR_OK)
        err = routing_numbers_get(turn->view, &numbers);
    for (uint32_t lane = 1; err == FR_OK && lane <= numbers.lanes; lane++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);

        err = check_lane(turn, input, lane);
        fr_arena_release(turn->arena, mark);
    }
    return err;
}

/* One task of a lane that is gone through: does anything change for it? */
static enum fr_error
recheck(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id)
{
    const Fr__RoutingStateTask *facts;
    struct routing_place place;
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, task_id, &task);

    if (err == FR_OK)
        err = routing_task_facts(turn->view, task_id, turn->arena, &facts);
    if (err == FR_OK)
        err = routing_lane_for(turn, input, task.brand, facts, &place);
    if (err != FR_OK ||
        (place.lane.number == task.lane && !task.parked == (place.lane.members > 0)))
        return err;
    return routing_place_again(turn, input, task_id);
}

/* The next slice of a lane that is gone through.
 *
 * Reads the lane, its waiting tasks.  Emits TaskOffered, TaskQueued or TaskParked for each task
 * that has to move, and LaneChanged: how far we came, or that it is done.
 */
enum fr_error
routing_decide_lane_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_waiting tasks[ROUTING_SLICE], from;
    const Fr__RoutingStateLane *facts;
    struct routing_lane lane;
    struct fr_scan scan;
    size_t count = 0;
    enum fr_error err = routing_lane_get(turn->view, (uint32_t)input->head->key, &lane);

    if (err == FR_NOT_FOUND || (err == FR_OK && !lane.walking))
        return FR_OK;
    if (err == FR_OK)
        err = routing_lane_facts(turn->view, lane.number, turn->arena, &facts);
    if (err != FR_OK)
        return err;
    from = (struct routing_waiting){lane.walk_order_us, lane.walk_task};
    routing_waiting_scan(&scan, turn->view, lane.number, 0, &from);
    while (count < ROUTING_SLICE && routing_waiting_next(&scan, &tasks[count]) == FR_OK)
        count++;
    fr_scan_fini(&scan);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = recheck(turn, input, tasks[i].task_id);
    if (err != FR_OK)
        return err;
    if (count < ROUTING_SLICE)
        return say_lane(turn, input, lane.number, facts->reason, NULL);
    from = (struct routing_waiting){tasks[count - 1].order_us, tasks[count - 1].task_id + 1};
    return say_lane(turn, input, lane.number, facts->reason, &from);
}
