/* tables.c - the tables of routing and their key layouts; get and put for agents. */
#include "services/routing/tables_private.h"

/* clang-format off */
const struct fr_table routing_tables[] = {
    [AGENTS]          = { "agents",          true,  "u32 agent -> struct routing_agent" },
    [NAMES]           = { "names",           false, "agent's name -> u32 agent" },
    [PROFILES]        = { "profiles",        false, "u32 agent -> AgentDefined" },
    [CAPACITIES]      = { "capacities",      false, "u32 agent -> struct routing_capacities" },
    [IDLE]            = { "idle",            true,  "u8 how, its order, agent's name -> u32 agent: those who are free, in the order of choice" },
    [LANES]           = { "lanes",           true,  "u32 lane -> struct routing_lane" },
    [LANE_KEYS]       = { "lane_keys",       false, "hash of what its tasks require -> u32 lane" },
    [LANE_FACTS]      = { "lane_facts",      false, "u32 lane -> RoutingStateLane" },
    [LANES_FREE]      = { "lanes_free",      true,  "u32 lane that was closed -> nothing" },
    [HEADS]           = { "heads",           true,  "place of a lane's first task, u32 lane -> nothing: lanes where something may be offered" },
    [SETS]            = { "sets",            false, "u8 set, u32 owner, u16 rank, u16 chunk -> bits (sets.h)" },
    [NUMBERS]         = { "numbers",         false, "u8 0 -> struct routing_numbers" },
    [TASKS]           = { "tasks",           false, "u64 task -> struct routing_task" },
    [TASK_FACTS]      = { "task_facts",      false, "u64 task -> RoutingStateTask" },
    [OF_CONVERSATION] = { "of_conversation", true,  "u64 conversation, u64 task -> nothing" },
    [OF_AGENT]        = { "of_agent",        true,  "u32 agent, u8 state, u64 task -> nothing" },
    [SEEN]            = { "seen",            false, "u32 journal number -> u64 newest task taken in from it" },
    [WAITING]         = { "waiting",         true,  "u32 lane, or 0 and u32 agent for whom it is held; place -> nothing" },
    [REFUSALS]        = { "refusals",        true,  "u64 task, u32 agent -> i64 from when he may be offered it again" },
    [QUEUES]          = { "queues",          true,  "u32 queue -> struct routing_queue_row" },
    [QUEUE_NAMES]     = { "queue_names",     false, "queue's name -> u32 queue" },
    [SITES]           = { "sites",           true,  "u32 site -> struct routing_site" },
    [SITE_NAMES]      = { "site_names",      false, "site's name -> u32 site" },
    [CLASSES]         = { "classes",         true,  "name of a channel class, or of a channel that is one -> u32 number" },
    [CONTRACTS]       = { "contracts",       true,  "u32 queue, u32 site -> struct routing_contract" },
    [TOLD]            = { "told",            false, "u64 waiting task -> struct routing_told: what its customer was told" },
    [FLOWS]           = { "flows",           false, "queue, brand, channel -> struct routing_flow: how that line moves" },
    FR_TABLE_END,
};
/* clang-format on */

enum fr_error
routing_agent_get(const struct fr_view *view, uint32_t number, struct routing_agent *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(AGENTS), key32(&key, number), out, sizeof(*out));
}

enum fr_error
routing_agent_by_name(const struct fr_view *view, const char *name, struct routing_agent *out)
{
    struct fr_key key;
    uint32_t number;

    if (strlen(name) >= ROUTING_AGENT_SIZE)
        return FR_NOT_FOUND;
    TRY(fr_get_copy(view, TABLE(NAMES), key_text(&key, name), &number, sizeof(number)));
    return routing_agent_get(view, number, out);
}

enum fr_error
routing_profile_get(const struct fr_view *view, uint32_t number, struct fr_arena *arena,
                    const Fr__AgentDefined **out)
{
    struct fr_key key;
    const void *message;

    TRY(fr_get_message(view, TABLE(PROFILES), key32(&key, number), &fr__agent_defined__descriptor,
                       arena, &message));
    *out = message;
    return FR_OK;
}

enum fr_error
routing_capacities_get(const struct fr_view *view, uint32_t number, struct routing_capacities *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(CAPACITIES), key32(&key, number), out, sizeof(*out));
}

/* ---- room ---- */

bool
routing_has_room(const struct routing_agent *agent, const struct routing_capacities *capacities,
                 uint32_t class_number)
{
    const struct routing_capacity_row *row = &capacities->classes[class_number];

    if (row->weight == 0 || agent->used + row->weight > agent->room ||
        (row->most > 0 && agent->counts[class_number] >= row->most))
        return false;
    for (uint32_t i = 0; i < ROUTING_CLASS_MAX; i++)
        if (agent->counts[i] > 0 && ((row->excludes >> i & 1) != 0 ||
                                     (capacities->classes[i].excludes >> class_number & 1) != 0))
            return false;
    return true;
}

bool
routing_is_free(const struct routing_agent *agent, uint32_t class_number)
{
    return (agent->free >> class_number & 1) != 0;
}

void
routing_agent_load(struct routing_agent *agent, uint32_t class_number, uint32_t weight, int sign)
{
    agent->used += (uint32_t)sign * weight;
    agent->counts[class_number] = (uint16_t)(agent->counts[class_number] + sign);
}

static uint32_t
free_for(const struct routing_agent *agent, const struct routing_capacities *capacities)
{
    uint32_t classes = 0;

    if (agent->state != FR__AGENT_STATE__AVAILABLE || agent->removed)
        return 0;
    for (uint32_t i = 0; i < ROUTING_CLASS_MAX; i++)
        if (routing_has_room(agent, capacities, i))
            classes |= 1u << i;
    return classes;
}

/* ---- the lists of those who are free, in the two orders ---- */

#define USED_WHOLE 1000000 /* a full agent's share, so that different rooms compare */

static uint32_t
used_share(const struct routing_agent *agent)
{
    return (uint32_t)((uint64_t)agent->used * USED_WHOLE / agent->room);
}

static struct fr_slice
idle_key(struct fr_key *key, const struct routing_agent *agent, enum routing_choice how)
{
    fr_key_u8(fr_key_init(key), (uint8_t)how);
    if (how == ROUTING_MOST_ROOM_FIRST)
        fr_key_u32(key, used_share(agent));
    return fr_key_slice(fr_key_str(fr_key_i64(key, agent->idle_us), agent->name));
}

bool
routing_chosen_before(const struct routing_agent *a, const struct routing_agent *b,
                      enum routing_choice how)
{
    if (how == ROUTING_MOST_ROOM_FIRST && used_share(a) != used_share(b))
        return used_share(a) < used_share(b);
    if (a->idle_us != b->idle_us)
        return a->idle_us < b->idle_us;
    return strcmp(a->name, b->name) < 0;
}

void
routing_idle_scan(struct fr_scan *scan, const struct fr_view *view, enum routing_choice how)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(IDLE), fr_key_slice(fr_key_u8(fr_key_init(&key), (uint8_t)how)),
                 NOTHING);
}

enum fr_error
routing_idle_next(struct fr_scan *scan, uint32_t *number)
{
    return next_copy(scan, number, sizeof(*number));
}

static enum fr_error
idle_move(struct fr_tables *tables, const struct routing_agent *before,
          const struct routing_agent *after, enum routing_choice how)
{
    struct fr_key from, to;
    struct fr_slice old = NOTHING, new = NOTHING;

    if (before->free != 0)
        old = idle_key(&from, before, how);
    if (after->free != 0)
        new = idle_key(&to, after, how);
    if (old.size == new.size && (old.size == 0 || memcmp(old.data, new.data, old.size) == 0))
        return FR_OK;
    if (old.size > 0)
        TRY(fr_del(tables, TABLE(IDLE), old));
    return new.size == 0
               ? FR_OK
               : fr_put(tables, TABLE(IDLE), new, fr_slice(&after->number, sizeof(after->number)));
}

static enum fr_error
agent_move(struct fr_tables *tables, const struct routing_agent *before,
           struct routing_agent *after)
{
    uint32_t changed = before->free ^ after->free;
    struct fr_key key;

    for (uint32_t i = 0; changed != 0; i++, changed >>= 1)
        if (changed & 1)
            TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_FREE, i, 0}, after->number,
                                routing_is_free(after, i)));
    TRY(idle_move(tables, before, after, ROUTING_MOST_ROOM_FIRST));
    TRY(idle_move(tables, before, after, ROUTING_LONGEST_IDLE_FIRST));
    return fr_put(tables, TABLE(AGENTS), key32(&key, after->number),
                  fr_slice(after, sizeof(*after)));
}

enum fr_error
routing_agent_put(struct fr_tables *tables, struct routing_agent *agent)
{
    struct routing_capacities capacities;
    struct routing_agent before;

    TRY(routing_agent_get(fr_tables_view(tables), agent->number, &before));
    TRY(routing_capacities_get(fr_tables_view(tables), agent->number, &capacities));
    agent->free = free_for(agent, &capacities);
    return agent_move(tables, &before, agent);
}

void
routing_agent_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t after)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(AGENTS), NOTHING, key32(&key, after + 1));
}

enum fr_error
routing_agent_next(struct fr_scan *scan, struct routing_agent *out)
{
    return next_copy(scan, out, sizeof(*out));
}

/* ---- a definition ---- */

static enum fr_error
profile_put(struct fr_tables *tables, const Fr__AgentDefined *defined)
{
    Fr__AgentDefined profile = *defined;
    struct fr_key key;

    profile.has_number = profile.has_look_again = profile.has_site_number = 0;
    profile.has_grace_us = 0;
    profile.n_lanes = 0;
    return fr_put_message(tables, TABLE(PROFILES), key32(&key, defined->number), &profile.base);
}

static void
capacities_of(const Fr__AgentDefined *defined, struct routing_capacities *out)
{
    *out = (struct routing_capacities){0};
    for (size_t i = 0; i < defined->n_classes; i++) {
        const Fr__ClassCapacity *row = defined->classes[i];

        out->classes[row->class_number % ROUTING_CLASS_MAX] = (struct routing_capacity_row){
            (uint16_t)row->weight, (uint16_t)row->most, (uint16_t)row->excludes};
    }
}

/* Out of the lanes that he could serve, into those that he can. */
static enum fr_error
lanes_move(struct fr_tables *tables, uint32_t number, const Fr__AgentDefined *defined)
{
    const struct routing_set_of serves = {ROUTING_SERVES, number, 0};
    const struct fr_view *view = fr_tables_view(tables);
    struct routing_numbers numbers;

    TRY(routing_numbers_get(view, &numbers));
    for (uint32_t index = 0; index < routing_chunk_count(numbers.lanes); index++) {
        struct routing_chunk chunk;

        TRY(routing_set_get(view, serves, index, &chunk));
        for (uint32_t bit = routing_chunk_next(&chunk, 0); bit < ROUTING_CHUNK_BITS;
             bit = routing_chunk_next(&chunk, bit + 1))
            TRY(routing_lane_leave(tables, index * ROUTING_CHUNK_BITS + bit, number));
    }
    for (size_t i = 0; i < defined->n_lanes; i++)
        TRY(routing_lane_join(tables, defined->lanes[i]->lane, number, defined->lanes[i]->rank));
    return FR_OK;
}

/* Into the set of his site's agents; his site's gate counts for him. */
static enum fr_error
site_move(struct fr_tables *tables, const struct routing_agent *before,
          const struct routing_agent *after)
{
    struct routing_site site;

    if (before->site != 0)
        TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_AT_SITE, before->site, 0},
                            after->number, false));
    TRY(routing_set_bit(tables, (struct routing_set_of){ROUTING_AT_SITE, after->site, 0},
                        after->number, true));
    TRY(routing_site_get(fr_tables_view(tables), after->site, &site));
    return routing_set_bit(tables, (struct routing_set_of){ROUTING_GATED, 0, 0}, after->number,
                           routing_site_gated(&site));
}

enum fr_error
routing_agent_define(struct fr_tables *tables, struct routing_agent *agent,
                     const Fr__AgentDefined *defined)
{
    const struct fr_view *view = fr_tables_view(tables);
    struct routing_agent before = {.number = agent->number};
    struct routing_capacities capacities;
    struct routing_numbers numbers;
    struct fr_key key;
    enum fr_error err = routing_agent_get(view, agent->number, &before);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    TRY(routing_numbers_get(view, &numbers));
    if (agent->number > numbers.agents) {
        numbers.agents = agent->number;
        TRY(routing_numbers_put(tables, &numbers));
    }
    capacities_of(defined, &capacities);
    TRY(fr_put(tables, TABLE(CAPACITIES), key32(&key, agent->number),
               fr_slice(&capacities, sizeof(capacities))));
    TRY(profile_put(tables, defined));
    TRY(fr_put(tables, TABLE(NAMES), key_text(&key, agent->name),
               fr_slice(&agent->number, sizeof(agent->number))));
    agent->free = free_for(agent, &capacities);
    TRY(agent_move(tables, &before, agent));
    TRY(site_move(tables, &before, agent));
    return lanes_move(tables, agent->number, defined);
}

/* ---- numbers ---- */

static struct fr_slice
numbers_key(struct fr_key *key)
{
    return fr_key_slice(fr_key_u8(fr_key_init(key), 0));
}

enum fr_error
routing_numbers_get(const struct fr_view *view, struct routing_numbers *out)
{
    struct fr_key key;
    enum fr_error err = fr_get_copy(view, TABLE(NUMBERS), numbers_key(&key), out, sizeof(*out));

    if (err == FR_NOT_FOUND)
        memset(out, 0, sizeof(*out));
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
routing_numbers_put(struct fr_tables *tables, const struct routing_numbers *numbers)
{
    struct fr_key key;

    return fr_put(tables, TABLE(NUMBERS), numbers_key(&key), fr_slice(numbers, sizeof(*numbers)));
}
