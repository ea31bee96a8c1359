/* tables.c - the tables of routing and their key layouts; get and put for agents and lanes. */
#include "services/routing/tables_private.h"

/* clang-format off */
const struct fr_table routing_tables[] = {
    [AGENTS]          = { "agents",          true,  "u32 agent -> struct routing_agent" },
    [NAMES]           = { "names",           false, "agent's name -> u32 agent" },
    [PROFILES]        = { "profiles",        false, "u32 agent -> AgentDefined" },
    [SHARES]          = { "shares",          false, "u32 agent -> struct routing_share of each lane that he can serve" },
    [LANES]           = { "lanes",           true,  "u32 lane -> struct routing_lane" },
    [LANE_KEYS]       = { "lane_keys",       false, "queue, brand, channel, needs -> u32 lane" },
    [LANE_FACTS]      = { "lane_facts",      false, "u32 lane -> RoutingStateLane" },
    [MEMBERS]         = { "members",         true,  "u32 lane, agent's name -> struct routing_member" },
    [NUMBERS]         = { "numbers",         false, "u8 0 -> struct routing_numbers" },
    [TASKS]           = { "tasks",           false, "u64 task -> struct routing_task" },
    [TASK_FACTS]      = { "task_facts",      false, "u64 task -> RoutingStateTask" },
    [OF_CONVERSATION] = { "of_conversation", true,  "u64 conversation, u64 task -> nothing" },
    [OF_AGENT]        = { "of_agent",        true,  "u32 agent, u8 state, u64 task -> nothing" },
    [SEEN]            = { "seen",            false, "u32 journal number -> u64 newest task taken in from it" },
    [WAITING]         = { "waiting",         true,  "u32 lane, u32 holder, i64 order, u64 task -> nothing" },
    [AVAILABLE]       = { "available",       true,  "u32 lane, u32 used, i64 idle since, agent's name -> u32 agent" },
    [REFUSALS]        = { "refusals",        true,  "u64 task, u32 agent -> i64 from when he may be offered it again" },
    [TOLD]            = { "told",            false, "u64 waiting task -> struct routing_told: what its customer was told" },
    [FLOWS]           = { "flows",           false, "queue, brand, channel -> struct routing_flow: how that line moves" },
    FR_TABLE_END,
};
/* clang-format on */

/* ---- agents ---- */

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

struct routing_share
routing_share_at(const struct routing_shares *shares, size_t index)
{
    struct routing_share share;

    memcpy(&share, shares->bytes + index * sizeof(share), sizeof(share));
    return share;
}

enum fr_error
routing_shares_get(const struct fr_view *view, uint32_t number, struct routing_shares *out)
{
    struct fr_slice value = NOTHING;
    struct fr_key key;
    enum fr_error err = fr_get(view, TABLE(SHARES), key32(&key, number), &value);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    *out = (struct routing_shares){value.data, value.size / sizeof(struct routing_share)};
    return FR_OK;
}

enum fr_error
routing_weight_get(const struct fr_view *view, uint32_t number, uint32_t lane, uint32_t *weight)
{
    struct routing_shares shares;

    TRY(routing_shares_get(view, number, &shares));
    for (size_t i = 0; i < shares.count; i++) {
        struct routing_share share = routing_share_at(&shares, i);

        if (share.lane == lane) {
            *weight = share.weight;
            return FR_OK;
        }
    }
    return FR_NOT_FOUND;
}

bool
routing_has_room(const struct routing_agent *agent, uint32_t weight)
{
    return agent->state == FR__AGENT_STATE__AVAILABLE && !agent->removed &&
           agent->used + weight <= ROUTING_FULL;
}

static struct fr_slice
available_key(struct fr_key *key, uint32_t lane, const struct routing_agent *agent)
{
    fr_key_u32(fr_key_u32(fr_key_init(key), lane), agent->used);
    return fr_key_slice(fr_key_str(fr_key_i64(key, agent->idle_us), agent->name));
}

/* In one lane's list of available agents: from where `before` stands to where `after` does; NULL:
 * nowhere. */
static enum fr_error
list_move(struct fr_tables *tables, struct routing_share share, const struct routing_agent *before,
          const struct routing_agent *after)
{
    bool was = before != NULL && routing_has_room(before, share.weight);
    bool is = after != NULL && routing_has_room(after, share.weight);
    struct fr_key key;

    if (was && is && before->used == after->used && before->idle_us == after->idle_us)
        return FR_OK;
    if (was)
        TRY(fr_del(tables, TABLE(AVAILABLE), available_key(&key, share.lane, before)));
    if (is)
        TRY(fr_put(tables, TABLE(AVAILABLE), available_key(&key, share.lane, after),
                   fr_slice(&after->number, sizeof(after->number))));
    return FR_OK;
}

static enum fr_error
lists_move(struct fr_tables *tables, const struct routing_shares *shares,
           const struct routing_agent *before, const struct routing_agent *after)
{
    for (size_t i = 0; i < shares->count; i++)
        TRY(list_move(tables, routing_share_at(shares, i), before, after));
    return FR_OK;
}

enum fr_error
routing_agent_put(struct fr_tables *tables, const struct routing_agent *agent)
{
    struct routing_agent before;
    struct routing_shares shares;
    struct fr_key key;

    TRY(routing_agent_get(fr_tables_view(tables), agent->number, &before));
    TRY(routing_shares_get(fr_tables_view(tables), agent->number, &shares));
    TRY(lists_move(tables, &shares, &before, agent));
    return fr_put(tables, TABLE(AGENTS), key32(&key, agent->number),
                  fr_slice(agent, sizeof(*agent)));
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
    struct fr_slice key, value;

    TRY(fr_scan_next(scan, &key, &value));
    if (value.size != sizeof(*out))
        return FR_CORRUPT;
    memcpy(out, value.data, sizeof(*out));
    return FR_OK;
}

/* ---- membership: which agent can serve which lane ---- */

static struct fr_slice
member_key(struct fr_key *key, uint32_t lane, const char *name)
{
    return fr_key_slice(fr_key_str(fr_key_u32(fr_key_init(key), lane), name));
}

static enum fr_error
member_leave(struct fr_tables *tables, const struct routing_agent *agent,
             struct routing_share share)
{
    struct routing_lane lane;
    struct fr_key key;

    TRY(routing_lane_get(fr_tables_view(tables), share.lane, &lane));
    lane.members--;
    TRY(routing_lane_put(tables, &lane));
    TRY(list_move(tables, share, agent, NULL));
    return fr_del(tables, TABLE(MEMBERS), member_key(&key, share.lane, agent->name));
}

static enum fr_error
member_join(struct fr_tables *tables, const struct routing_agent *agent, struct routing_share share)
{
    struct routing_member member = {agent->number, share.weight};
    struct routing_lane lane;
    struct fr_key key;

    TRY(routing_lane_get(fr_tables_view(tables), share.lane, &lane));
    lane.members++;
    TRY(routing_lane_put(tables, &lane));
    TRY(list_move(tables, share, NULL, agent));
    return fr_put(tables, TABLE(MEMBERS), member_key(&key, share.lane, agent->name),
                  fr_slice(&member, sizeof(member)));
}

static enum fr_error
profile_put(struct fr_tables *tables, const Fr__AgentDefined *defined)
{
    Fr__AgentDefined profile = *defined;
    struct fr_key key;

    profile.has_number = profile.has_look_again = 0;
    profile.n_lanes = 0;
    return fr_put_message(tables, TABLE(PROFILES), key32(&key, defined->number), &profile.base);
}

static enum fr_error
shares_put(struct fr_tables *tables, const Fr__AgentDefined *defined)
{
    size_t size = defined->n_lanes * sizeof(struct routing_share);
    struct routing_share *shares = fr_arena_alloc(fr_tables_arena(tables), size + 1);
    struct fr_key key;

    if (shares == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < defined->n_lanes; i++)
        shares[i] = (struct routing_share){defined->lanes[i]->lane, defined->lanes[i]->weight};
    return fr_put(tables, TABLE(SHARES), key32(&key, defined->number), fr_slice(shares, size));
}

static enum fr_error
number_given(struct fr_tables *tables, uint32_t agent, uint32_t lane)
{
    struct routing_numbers numbers;
    struct fr_key key;

    TRY(routing_numbers_get(fr_tables_view(tables), &numbers));
    if (agent > numbers.agents)
        numbers.agents = agent;
    if (lane > numbers.lanes)
        numbers.lanes = lane;
    return fr_put(tables, TABLE(NUMBERS), fr_key_slice(fr_key_u8(fr_key_init(&key), 0)),
                  fr_slice(&numbers, sizeof(numbers)));
}

enum fr_error
routing_agent_define(struct fr_tables *tables, const struct routing_agent *agent,
                     const Fr__AgentDefined *defined)
{
    const struct fr_view *view = fr_tables_view(tables);
    struct routing_agent before;
    struct routing_shares shares;
    struct fr_key key;
    enum fr_error err = routing_agent_get(view, agent->number, &before);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    TRY(routing_shares_get(view, agent->number, &shares));
    for (size_t i = 0; err == FR_OK && i < shares.count; i++)
        TRY(member_leave(tables, &before, routing_share_at(&shares, i)));
    TRY(number_given(tables, agent->number, 0));
    TRY(profile_put(tables, defined));
    TRY(shares_put(tables, defined));
    TRY(fr_put(tables, TABLE(NAMES), key_text(&key, agent->name),
               fr_slice(&agent->number, sizeof(agent->number))));
    TRY(fr_put(tables, TABLE(AGENTS), key32(&key, agent->number), fr_slice(agent, sizeof(*agent))));
    TRY(routing_shares_get(view, agent->number, &shares));
    for (size_t i = 0; i < shares.count; i++)
        TRY(member_join(tables, agent, routing_share_at(&shares, i)));
    return FR_OK;
}

/* ---- lanes ---- */

enum fr_error
routing_numbers_get(const struct fr_view *view, struct routing_numbers *out)
{
    struct fr_key key;
    enum fr_error err = fr_get_copy(
        view, TABLE(NUMBERS), fr_key_slice(fr_key_u8(fr_key_init(&key), 0)), out, sizeof(*out));

    if (err == FR_NOT_FOUND)
        memset(out, 0, sizeof(*out));
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
routing_lane_get(const struct fr_view *view, uint32_t number, struct routing_lane *out)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(LANES), key32(&key, number), out, sizeof(*out));
}

enum fr_error
routing_lane_put(struct fr_tables *tables, const struct routing_lane *lane)
{
    struct fr_key key;

    return fr_put(tables, TABLE(LANES), key32(&key, lane->number), fr_slice(lane, sizeof(*lane)));
}

enum fr_error
routing_lane_facts(const struct fr_view *view, uint32_t number, struct fr_arena *arena,
                   const Fr__RoutingStateLane **out)
{
    struct fr_key key;
    const void *message;

    TRY(fr_get_message(view, TABLE(LANE_FACTS), key32(&key, number),
                       &fr__routing_state_lane__descriptor, arena, &message));
    *out = message;
    return FR_OK;
}

/* Too long a key stays too long (key.h), so the last part decides. */
static enum fr_error
lane_key(struct fr_key *key, const char *queue, const char *brand, const char *channel)
{
    fr_key_str(fr_key_str(fr_key_str(fr_key_init(key), queue), brand), channel);
    return key->size > FR_KEY_SIZE_MAX ? FR_TOO_BIG : FR_OK;
}

enum fr_error
routing_lane_find(const struct fr_view *view, const char *queue, const char *brand,
                  const char *channel, const struct routing_skill *needs, size_t need_count,
                  uint32_t *number)
{
    struct fr_key key;

    TRY(lane_key(&key, queue, brand, channel));
    for (size_t i = 0; i < need_count; i++)
        fr_key_u8(fr_key_str(&key, needs[i].name), (uint8_t)needs[i].level);
    if (key.size > FR_KEY_SIZE_MAX)
        return FR_TOO_BIG;
    return fr_get_copy(view, TABLE(LANE_KEYS), fr_key_slice(&key), number, sizeof(*number));
}

static enum fr_error
lane_facts_put(struct fr_tables *tables, uint32_t number, const Fr__RoutingStateLane *facts)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(LANE_FACTS), key32(&key, number), &facts->base);
}

enum fr_error
routing_lane_open(struct fr_tables *tables, const Fr__LaneOpened *opened)
{
    Fr__RoutingStateLane facts = FR__ROUTING_STATE_LANE__INIT;
    struct routing_lane lane = {.number = opened->lane, .stamp = opened->stamp};
    struct fr_key key;

    TRY(lane_key(&key, opened->queue, opened->brand, opened->channel));
    for (size_t i = 0; i < opened->n_needs; i++)
        fr_key_u8(fr_key_str(&key, opened->needs[i]->name), (uint8_t)opened->needs[i]->level);
    TRY(fr_put(tables, TABLE(LANE_KEYS), fr_key_slice(&key),
               fr_slice(&opened->lane, sizeof(opened->lane))));
    facts.queue = opened->queue;
    facts.brand = opened->brand;
    facts.channel = opened->channel;
    facts.n_needs = opened->n_needs;
    facts.needs = opened->needs;
    facts.reason = opened->reason;
    TRY(lane_facts_put(tables, opened->lane, &facts));
    TRY(number_given(tables, 0, opened->lane));
    return routing_lane_put(tables, &lane);
}

/* One more lane for one agent: his array grows by it. */
enum fr_error
routing_lane_join(struct fr_tables *tables, uint32_t lane, const Fr__LaneMember *member)
{
    const struct fr_view *view = fr_tables_view(tables);
    struct routing_share share = {lane, member->weight};
    struct routing_shares shares;
    struct routing_agent agent;
    struct fr_key key;
    uint8_t *bytes;
    size_t size;

    TRY(routing_agent_get(view, member->number, &agent));
    TRY(routing_shares_get(view, member->number, &shares));
    size = shares.count * sizeof(share);
    bytes = fr_arena_alloc(fr_tables_arena(tables), size + sizeof(share));
    if (bytes == NULL)
        return FR_NO_MEMORY;
    if (size > 0)
        memcpy(bytes, shares.bytes, size);
    memcpy(bytes + size, &share, sizeof(share));
    TRY(fr_put(tables, TABLE(SHARES), key32(&key, member->number),
               fr_slice(bytes, size + sizeof(share))));
    return member_join(tables, &agent, share);
}

enum fr_error
routing_lane_reason(struct fr_tables *tables, uint32_t number, const char *reason)
{
    const Fr__RoutingStateLane *facts;
    Fr__RoutingStateLane changed;

    TRY(routing_lane_facts(fr_tables_view(tables), number, fr_tables_arena(tables), &facts));
    changed = *facts;
    changed.reason = (char *)reason;
    return lane_facts_put(tables, number, &changed);
}

enum fr_error
routing_lane_members(const struct fr_view *view, uint32_t number, size_t max,
                     struct routing_member *members, size_t *count)
{
    struct fr_slice key, value;
    struct fr_scan scan;
    struct fr_key prefix;

    *count = 0;
    fr_scan_init(&scan, view, TABLE(MEMBERS), key32(&prefix, number), NOTHING);
    while (*count < max && fr_scan_next(&scan, &key, &value) == FR_OK) {
        fr_assert(value.size == sizeof(members[0]));
        memcpy(&members[(*count)++], value.data, sizeof(members[0]));
    }
    fr_scan_fini(&scan);
    return FR_OK;
}

void
routing_lane_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(LANES), NOTHING, NOTHING);
}

enum fr_error
routing_lane_next(struct fr_scan *scan, struct routing_lane *out)
{
    struct fr_slice key, value;

    TRY(fr_scan_next(scan, &key, &value));
    if (value.size != sizeof(*out))
        return FR_CORRUPT;
    memcpy(out, value.data, sizeof(*out));
    return FR_OK;
}
