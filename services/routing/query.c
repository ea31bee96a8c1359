/* query.c - what operators and supervisors ask: queues, agents, and why a task is where it is. */
#include <stdlib.h>

#include "services/routing/query_private.h"
#include "services/routing/waits.h"

json_t *
routing_id_json(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return id == 0 ? json_null() : json_string(fr_id_format(id, text));
}

json_t *
routing_time_json(int64_t unix_us)
{
    char text[FR_TIME_TEXT_SIZE];

    return unix_us == 0 ? json_null()
                        : json_string(fr_time_format((struct fr_time){unix_us}, text));
}

const char *
routing_text_arg(const json_t *args, const char *name)
{
    return json_string_value(json_object_get(args, name));
}

static size_t
limit_arg(const json_t *args)
{
    json_int_t limit = json_integer_value(json_object_get(args, "limit"));

    return limit > 0 && limit < ITEM_MAX ? (size_t)limit : ITEM_MAX;
}

/* ---- queues: their lanes added up ---- */

struct queue_sum {
    const char *name;
    uint64_t waiting, parked, lanes;
    int64_t oldest_us;            /* arrival of the first in order; 0: nothing waits */
    struct routing_waiting first; /* its place */
    size_t free_count;
    uint8_t *seen;      /* by agent's number: counted already, though he stands in several lanes */
    const char *reason; /* why nobody can serve one of its lanes; "" */
};

/* Who can serve the lane and has room, whatever his site. */
static void
sum_free(const struct fr_query_turn *turn, const struct routing_lane *lane, uint32_t agent_max,
         struct queue_sum *sum)
{
    for (uint32_t index = 0; index < routing_chunk_count(agent_max); index++) {
        struct routing_chunk free_agents, rank, gated;

        if (routing_set_get(turn->view,
                            (struct routing_set_of){ROUTING_FREE, lane->class_number, 0}, index,
                            &free_agents) != FR_OK ||
            routing_set_get(turn->view, (struct routing_set_of){ROUTING_GATED, 0, 0}, index,
                            &gated) != FR_OK)
            return;
        routing_chunk_without(&free_agents, &gated);
        for (uint64_t left = lane->ranks; left != 0; left &= left - 1) {
            const struct routing_set_of ranked = {ROUTING_RANKED, lane->number,
                                                  (uint32_t)__builtin_ctzll(left)};

            if (routing_set_get(turn->view, ranked, index, &rank) != FR_OK)
                return;
            routing_chunk_and(&rank, &free_agents);
            for (uint32_t bit = routing_chunk_next(&rank, 0); bit < ROUTING_CHUNK_BITS;
                 bit = routing_chunk_next(&rank, bit + 1)) {
                uint32_t number = index * ROUTING_CHUNK_BITS + bit;

                if (number <= agent_max && !sum->seen[number]) {
                    sum->seen[number] = 1;
                    sum->free_count++;
                }
            }
        }
    }
}

static void
sum_oldest(const struct fr_query_turn *turn, const struct routing_lane *lane, struct queue_sum *sum)
{
    struct routing_waiting first = {lane->head_strict, lane->head_order_us, lane->head_task};
    struct routing_task task;

    if (first.task_id != 0 &&
        (sum->oldest_us == 0 || routing_place_compare(&first, &sum->first) < 0) &&
        routing_task_get(turn->view, first.task_id, &task) == FR_OK) {
        sum->first = first;
        sum->oldest_us = task.arrived_us;
    }
}

static void
sum_lane(const struct fr_query_turn *turn, const struct routing_lane *lane, const char *reason,
         uint32_t agent_max, struct queue_sum *sum)
{
    sum->lanes++;
    if (lane->members == 0 || lane->closed) {
        sum->parked += lane->waiting;
        if (lane->waiting > 0 && reason[0] != '\0')
            sum->reason = reason;
    } else {
        sum->waiting += lane->waiting;
    }
    sum_oldest(turn, lane, sum);
    sum_free(turn, lane, agent_max, sum);
}

static bool
sum_queue(const struct fr_query_turn *turn, const char *name, struct queue_sum *sum)
{
    struct routing_numbers numbers = {0};
    struct routing_lane lane;
    struct fr_scan scan;

    *sum = (struct queue_sum){.name = name, .reason = ""};
    if (routing_numbers_get(turn->view, &numbers) != FR_OK)
        return false;
    sum->seen = fr_arena_zalloc(turn->arena, numbers.agents + 1, 1);
    if (sum->seen == NULL)
        return false;
    routing_lane_scan(&scan, turn->view);
    while (routing_lane_next(&scan, &lane) == FR_OK) {
        const Fr__RoutingStateLane *facts;

        if (routing_lane_facts(turn->view, lane.number, turn->arena, &facts) == FR_OK &&
            strcmp(facts->queue, name) == 0)
            sum_lane(turn, &lane, facts->reason, numbers.agents, sum);
    }
    fr_scan_fini(&scan);
    return true;
}

static json_t *
queue_json(const struct fr_query_turn *turn, const char *name)
{
    struct queue_sum sum;

    if (!sum_queue(turn, name, &sum))
        return NULL;
    return json_pack("{s:s, s:I, s:I, s:o, s:I, s:I, s:s}", "queue", name, "waiting",
                     (json_int_t)sum.waiting, "parked", (json_int_t)sum.parked, "oldest",
                     routing_time_json(sum.oldest_us), "agents_free", (json_int_t)sum.free_count,
                     "lanes", (json_int_t)sum.lanes, "nobody", sum.reason);
}

/* Configured queues in their order, then those that only lanes remember ("" holds what no queue
 * takes). */
static size_t
queue_names(const struct fr_query_turn *turn, const char **names, size_t max)
{
    const struct routing_config *config = turn->config;
    const struct routing_queue *queues = config->queues.items;
    struct routing_lane lane;
    struct fr_scan scan;
    size_t count = 0;

    for (size_t i = 0; i < config->queues.count && count < max; i++)
        names[count++] = queues[i].name;
    routing_lane_scan(&scan, turn->view);
    while (count < max && routing_lane_next(&scan, &lane) == FR_OK) {
        const Fr__RoutingStateLane *facts;
        size_t i = 0;

        if (routing_lane_facts(turn->view, lane.number, turn->arena, &facts) != FR_OK)
            continue;
        while (i < count && strcmp(names[i], facts->queue) != 0)
            i++;
        if (i == count)
            names[count++] = facts->queue;
    }
    fr_scan_fini(&scan);
    return count;
}

static json_t *
answer_queue_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *names[ITEM_MAX];
    size_t limit = limit_arg(args), count = queue_names(turn, names, ITEM_MAX);
    json_t *items = json_array();

    (void)error;
    for (size_t i = 0; i < count && i < limit; i++)
        json_array_append_new(items, queue_json(turn, names[i]));
    return json_pack("{s:o, s:b}", "items", items, "more", count > limit);
}

/* ---- one task ---- */

static const char *
task_state_text(const struct routing_task *task)
{
    if (task->state == ROUTING_OFFERED)
        return "offered";
    if (task->state == ROUTING_ASSIGNED)
        return task->idle ? "idle" : "assigned";
    if (task->state == ROUTING_WRAPPING)
        return "wrap-up";
    if (task->agent == ROUTING_LATER)
        return "call-back";
    return task->parked ? "parked" : task->agent != 0 ? "held" : "waiting";
}

static json_t *
agent_name_json(const struct fr_query_turn *turn, uint32_t number)
{
    struct routing_agent agent;

    if (number == 0 || routing_agent_get(turn->view, number, &agent) != FR_OK)
        return json_null();
    return json_string(agent.name);
}

json_t *
routing_task_json(const struct fr_query_turn *turn, const struct routing_task *task)
{
    const Fr__RoutingStateTask *facts;
    const Fr__RoutingStateLane *lane;

    if (routing_task_facts(turn->view, task->task_id, turn->arena, &facts) != FR_OK ||
        routing_lane_facts(turn->view, task->lane, turn->arena, &lane) != FR_OK)
        return NULL;
    return json_pack(
        "{s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:i, s:s}", "task",
        routing_id_json(task->task_id), "conversation", routing_id_json(task->conversation_id),
        "customer", routing_id_json(task->customer_id), "state", task_state_text(task), "queue",
        lane->queue, "brand", task->brand, "channel", facts->channel, "agent",
        agent_name_json(turn, task->agent), "arrived", routing_time_json(task->arrived_us), "place",
        routing_time_json(task->order_us), "since", routing_time_json(task->since_us), "held_until",
        routing_time_json(task->open_us), "raised", task->raised, "refusals", (int)task->refusals,
        "preview", facts->preview);
}

enum fr_error
routing_task_arg(const struct fr_query_turn *turn, const json_t *args, struct routing_task *task,
                 const char **error)
{
    const char *text = routing_text_arg(args, "task");
    uint64_t task_id;

    if (text == NULL || fr_id_parse(fr_slice_str(text), &task_id) != FR_OK) {
        *error = "give the task's id, up to 16 hexadecimal digits";
        return FR_INVALID;
    }
    *error = "no such task: it has ended, or it never came here";
    return routing_task_get(turn->view, task_id, task);
}

static json_t *
answer_task_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    struct routing_task task;

    if (routing_task_arg(turn, args, &task, error) != FR_OK)
        return NULL;
    *error = "the tables could not be read";
    return routing_task_json(turn, &task);
}

/* ---- a queue in full ---- */

static int
by_place(const void *a, const void *b)
{
    return routing_place_compare(a, b);
}

/* The first `limit` of each lane are enough to find the first `limit` of all. */
static size_t
first_waiting(const struct fr_query_turn *turn, const char *queue, size_t limit,
              struct routing_waiting *tasks, size_t max)
{
    struct routing_lane lane;
    struct fr_scan scan;
    size_t count = 0;

    routing_lane_scan(&scan, turn->view);
    while (routing_lane_next(&scan, &lane) == FR_OK) {
        const Fr__RoutingStateLane *facts;
        struct fr_scan inner;
        size_t of_lane = 0;

        if (routing_lane_facts(turn->view, lane.number, turn->arena, &facts) != FR_OK ||
            strcmp(facts->queue, queue) != 0)
            continue;
        routing_waiting_scan(&inner, turn->view, lane.number, NULL);
        while (count < max && of_lane++ < limit &&
               routing_waiting_next(&inner, &tasks[count]) == FR_OK)
            count++;
        fr_scan_fini(&inner);
    }
    fr_scan_fini(&scan);
    qsort(tasks, count, sizeof(*tasks), by_place);
    return count;
}

static json_t *
answer_queue_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *queue = routing_text_arg(args, "queue");
    struct routing_waiting *tasks =
        fr_arena_alloc(turn->arena, EXAMINED_MAX * sizeof(struct routing_waiting));
    size_t limit = limit_arg(args), count;
    json_t *items, *answer;

    *error = "give the queue's name";
    if (queue == NULL || tasks == NULL)
        return NULL;
    answer = queue_json(turn, queue);
    if (answer == NULL)
        return NULL;
    items = json_array();
    count = first_waiting(turn, queue, limit, tasks, EXAMINED_MAX);
    for (size_t i = 0; i < count && i < limit; i++) {
        struct routing_task task;

        if (routing_task_get(turn->view, tasks[i].task_id, &task) == FR_OK)
            json_array_append_new(items, routing_task_json(turn, &task));
    }
    json_object_set_new(answer, "items", items);
    json_object_set_new(answer, "more", json_boolean(count > limit));
    return answer;
}

/* ---- agents ---- */

static const char *
agent_state_text(const struct routing_agent *agent)
{
    static const char *const texts[] = {"unknown", "offline", "available", "away"};

    return agent->removed ? "removed" : texts[agent->state < 4 ? agent->state : 0];
}

static json_t *
agent_json(const struct routing_agent *agent)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "agent",
                     agent->name, "site", agent->site_name, "state", agent_state_text(agent),
                     "since", routing_time_json(agent->state_us), "used", (json_int_t)agent->used,
                     "room", (json_int_t)agent->room, "wrapping", (json_int_t)agent->wrapping,
                     "idle", (json_int_t)agent->idle, "offered", (json_int_t)agent->offered,
                     "assigned", (json_int_t)agent->assigned, "held", (json_int_t)agent->held,
                     "expired_in_row", (json_int_t)agent->expired_in_row, "idle_since",
                     routing_time_json(agent->idle_us));
}

static json_t *
answer_agent_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    bool all = json_is_true(json_object_get(args, "all"));
    const char *site = routing_text_arg(args, "site");
    size_t limit = limit_arg(args);
    json_t *items = json_array();
    struct routing_agent agent;
    struct fr_scan scan;
    bool more = false;

    (void)error;
    routing_agent_scan(&scan, turn->view, 0);
    while (!more && routing_agent_next(&scan, &agent) == FR_OK) {
        if ((agent.removed && !all && agent.assigned == 0) ||
            (site != NULL && strcmp(site, agent.site_name) != 0))
            continue;
        more = json_array_size(items) == limit;
        if (!more)
            json_array_append_new(items, agent_json(&agent));
    }
    fr_scan_fini(&scan);
    return json_pack("{s:o, s:b}", "items", items, "more", more);
}

static json_t *
tasks_json(const struct fr_query_turn *turn, uint32_t agent, enum routing_task_state state)
{
    uint64_t task_ids[ROUTING_FULL];
    json_t *tasks = json_array();
    struct routing_task task;
    size_t count = 0;

    if (routing_tasks_with(turn->view, agent, state, ROUTING_FULL, task_ids, &count) != FR_OK)
        count = 0;
    for (size_t i = 0; i < count; i++)
        if (routing_task_get(turn->view, task_ids[i], &task) == FR_OK)
            json_array_append_new(tasks, routing_task_json(turn, &task));
    return tasks;
}

static json_t *
lanes_json(const struct fr_query_turn *turn, uint32_t agent)
{
    const struct routing_set_of serves = {ROUTING_SERVES, agent, 0};
    struct routing_numbers numbers = {0};
    json_t *lanes = json_array();

    if (routing_numbers_get(turn->view, &numbers) != FR_OK)
        return lanes;
    for (uint32_t index = 0; index < routing_chunk_count(numbers.lanes); index++) {
        struct routing_chunk chunk;

        if (routing_set_get(turn->view, serves, index, &chunk) != FR_OK)
            break;
        for (uint32_t bit = routing_chunk_next(&chunk, 0);
             bit < ROUTING_CHUNK_BITS && json_array_size(lanes) < ITEM_MAX;
             bit = routing_chunk_next(&chunk, bit + 1)) {
            const Fr__RoutingStateLane *lane;

            if (routing_lane_facts(turn->view, index * ROUTING_CHUNK_BITS + bit, turn->arena,
                                   &lane) == FR_OK)
                json_array_append_new(lanes, fr_message_json(&lane->base));
        }
    }
    return lanes;
}

static json_t *
answer_agent_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *name = routing_text_arg(args, "agent");
    const Fr__AgentDefined *profile;
    struct routing_agent agent;
    json_t *answer;

    *error = "give the name of an agent who is or was configured";
    if (name == NULL || routing_agent_by_name(turn->view, name, &agent) != FR_OK ||
        routing_profile_get(turn->view, agent.number, turn->arena, &profile) != FR_OK)
        return NULL;
    answer = agent_json(&agent);
    json_object_set_new(answer, "definition", fr_message_json(&profile->base));
    json_object_set_new(answer, "serves", lanes_json(turn, agent.number));
    json_object_set_new(answer, "offers", tasks_json(turn, agent.number, ROUTING_OFFERED));
    json_object_set_new(answer, "conversations", tasks_json(turn, agent.number, ROUTING_ASSIGNED));
    json_object_set_new(answer, "wrap_up", tasks_json(turn, agent.number, ROUTING_WRAPPING));
    return answer;
}

/* ---- totals ---- */

static json_t *
answer_stats(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    uint64_t waiting = 0, parked = 0, offered = 0, assigned = 0, states[4] = {0}, lanes = 0;
    struct routing_agent agent;
    struct routing_lane lane;
    struct fr_scan scan;

    (void)args;
    (void)error;
    routing_lane_scan(&scan, turn->view);
    while (routing_lane_next(&scan, &lane) == FR_OK) {
        lanes++;
        *(lane.members == 0 || lane.closed ? &parked : &waiting) += lane.waiting;
    }
    fr_scan_fini(&scan);
    routing_agent_scan(&scan, turn->view, 0);
    while (routing_agent_next(&scan, &agent) == FR_OK) {
        offered += agent.offered;
        assigned += agent.assigned;
        states[agent.removed || agent.state > 3 ? 0 : agent.state]++;
    }
    fr_scan_fini(&scan);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "waiting",
                     (json_int_t)waiting, "parked", (json_int_t)parked, "offered",
                     (json_int_t)offered, "assigned", (json_int_t)assigned, "agents_available",
                     (json_int_t)states[FR__AGENT_STATE__AVAILABLE], "agents_away",
                     (json_int_t)states[FR__AGENT_STATE__AWAY], "agents_offline",
                     (json_int_t)states[FR__AGENT_STATE__OFFLINE], "agents_removed",
                     (json_int_t)states[0], "lanes", (json_int_t)lanes);
}

/* clang-format off */
const struct fr_query routing_queries[] = {
    { "queue.ls",        "[--limit N]",                        "Queues: what waits, since when, and how many agents have room.", answer_queue_ls   },
    { "queue.show",      "QUEUE [--limit N]",                  "One queue with its waiting tasks in order.",                     answer_queue_show },
    { "agent.ls",        "[--site SITE] [--all] [--limit N]",  "Agents: presence, capacity used, what they have.",               answer_agent_ls   },
    { "agent.show",      "AGENT",                              "One agent: definition, what he can serve and what he has.",      answer_agent_show },
    { "task.show",       "TASK",                               "One task: where it is, its place, who has it.",                  answer_task_show  },
    { "routing.explain", "TASK",                               "One task and every agent: at which condition he falls out.",     routing_answer_explain },
    { "routing.check",   "",                                   "What the configuration cannot do: skills that nobody has, hours that never overlap, waits without bound.", routing_answer_check },
    { "site.ls",         "",                                   "Sites: open, silent or recalled, and what their contracts have seen.", routing_answer_sites },
    { "routing.stats",   "",                                   "How many tasks wait, are parked, offered and assigned; agents by state.", answer_stats },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
