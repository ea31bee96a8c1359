/* query.c - what operators and supervisors ask: queues, agents, and why a task is where it is. */
#include <stdlib.h>

#include "services/routing/explain.h"

#define ITEM_MAX 1000      /* of one answer */
#define EXAMINED_MAX 20000 /* rows looked at for one answer: read transactions stay short */

static json_t *
id_json(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return id == 0 ? json_null() : json_string(fr_id_format(id, text));
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
    int64_t oldest_us; /* arrival of the first in order; 0: nothing waits */
    int64_t first_us;  /* its place */
    size_t examined, free_count;
    uint8_t *seen;      /* by agent's number: counted already, though he stands in several lanes */
    const char *reason; /* why nobody can serve one of its lanes; "" */
};

static void
sum_free(const struct fr_query_turn *turn, uint32_t lane, uint32_t agent_max, struct queue_sum *sum)
{
    struct routing_candidate candidate;
    struct fr_scan scan;

    routing_available_scan(&scan, turn->view, lane);
    while (sum->examined++ < EXAMINED_MAX && routing_available_next(&scan, &candidate) == FR_OK)
        if (candidate.number <= agent_max && !sum->seen[candidate.number]) {
            sum->seen[candidate.number] = 1;
            sum->free_count++;
        }
    fr_scan_fini(&scan);
}

static void
sum_oldest(const struct fr_query_turn *turn, uint32_t lane, struct queue_sum *sum)
{
    struct routing_waiting first;
    struct routing_task task;
    struct fr_scan scan;

    routing_waiting_scan(&scan, turn->view, lane, 0, NULL);
    if (routing_waiting_next(&scan, &first) == FR_OK &&
        (sum->oldest_us == 0 || first.order_us < sum->first_us) &&
        routing_task_get(turn->view, first.task_id, &task) == FR_OK) {
        sum->first_us = first.order_us;
        sum->oldest_us = task.arrived_us;
    }
    fr_scan_fini(&scan);
}

static void
sum_lane(const struct fr_query_turn *turn, const struct routing_lane *lane, const char *reason,
         uint32_t agent_max, struct queue_sum *sum)
{
    sum->lanes++;
    if (lane->members == 0) {
        sum->parked += lane->waiting;
        if (lane->waiting > 0)
            sum->reason = reason;
    } else {
        sum->waiting += lane->waiting;
    }
    sum_oldest(turn, lane->number, sum);
    sum_free(turn, lane->number, agent_max, sum);
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
                     time_json(sum.oldest_us), "agents_free", (json_int_t)sum.free_count, "lanes",
                     (json_int_t)sum.lanes, "nobody", sum.reason);
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
        return "assigned";
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

static json_t *
task_json(const struct fr_query_turn *turn, const struct routing_task *task)
{
    const Fr__RoutingStateTask *facts;
    const Fr__RoutingStateLane *lane;

    if (routing_task_facts(turn->view, task->task_id, turn->arena, &facts) != FR_OK ||
        routing_lane_facts(turn->view, task->lane, turn->arena, &lane) != FR_OK)
        return NULL;
    return json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:i, s:s}",
                     "task", id_json(task->task_id), "conversation", id_json(task->conversation_id),
                     "customer", id_json(task->customer_id), "state", task_state_text(task),
                     "queue", lane->queue, "brand", task->brand, "channel", facts->channel, "agent",
                     agent_name_json(turn, task->agent), "arrived", time_json(task->arrived_us),
                     "place", time_json(task->order_us), "since", time_json(task->since_us),
                     "held_until", time_json(task->open_us), "raised", task->raised, "refusals",
                     (int)task->refusals, "preview", facts->preview);
}

static enum fr_error
task_arg(const struct fr_query_turn *turn, const json_t *args, struct routing_task *task,
         const char **error)
{
    const char *text = text_arg(args, "task");
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

    if (task_arg(turn, args, &task, error) != FR_OK)
        return NULL;
    *error = "the tables could not be read";
    return task_json(turn, &task);
}

/* ---- a queue in full ---- */

static int
by_place(const void *a, const void *b)
{
    const struct routing_waiting *left = a, *right = b;

    if (left->order_us != right->order_us)
        return left->order_us < right->order_us ? -1 : 1;
    return (left->task_id > right->task_id) - (left->task_id < right->task_id);
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
        routing_waiting_scan(&inner, turn->view, lane.number, 0, NULL);
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
    const char *queue = text_arg(args, "queue");
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
            json_array_append_new(items, task_json(turn, &task));
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
    return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "agent", agent->name,
                     "site", agent->site, "state", agent_state_text(agent), "since",
                     time_json(agent->state_us), "used", (json_int_t)agent->used, "offered",
                     (json_int_t)agent->offered, "assigned", (json_int_t)agent->assigned, "held",
                     (json_int_t)agent->held, "expired_in_row", (json_int_t)agent->expired_in_row,
                     "idle_since", time_json(agent->idle_us));
}

static json_t *
answer_agent_ls(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    bool all = json_is_true(json_object_get(args, "all"));
    const char *site = text_arg(args, "site");
    size_t limit = limit_arg(args);
    json_t *items = json_array();
    struct routing_agent agent;
    struct fr_scan scan;
    bool more = false;

    (void)error;
    routing_agent_scan(&scan, turn->view, 0);
    while (!more && routing_agent_next(&scan, &agent) == FR_OK) {
        if ((agent.removed && !all && agent.assigned == 0) ||
            (site != NULL && strcmp(site, agent.site) != 0))
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
            json_array_append_new(tasks, task_json(turn, &task));
    return tasks;
}

static json_t *
lanes_json(const struct fr_query_turn *turn, uint32_t agent)
{
    json_t *lanes = json_array();
    struct routing_shares shares;

    if (routing_shares_get(turn->view, agent, &shares) != FR_OK)
        return lanes;
    for (size_t i = 0; i < shares.count && i < ITEM_MAX; i++) {
        struct routing_share share = routing_share_at(&shares, i);
        const Fr__RoutingStateLane *lane;

        if (routing_lane_facts(turn->view, share.lane, turn->arena, &lane) == FR_OK)
            json_array_append_new(lanes, json_pack("{s:s, s:s, s:s, s:I}", "queue", lane->queue,
                                                   "brand", lane->brand, "channel", lane->channel,
                                                   "weight", (json_int_t)share.weight));
    }
    return lanes;
}

static json_t *
answer_agent_show(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *name = text_arg(args, "agent");
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
    return answer;
}

/* ---- why a task is where it is: every agent, and at which condition he falls out ---- */

static json_t *
verdict_json(const struct fr_query_turn *turn, const struct routing_task *task,
             const struct routing_need *need, const struct routing_agent *agent)
{
    const Fr__AgentDefined *profile;
    enum routing_fit fit;
    uint32_t weight = 0;
    size_t skill = 0;
    char why[96];

    if (routing_profile_get(turn->view, agent->number, turn->arena, &profile) != FR_OK)
        return NULL;
    fit = routing_fit(need, profile, &weight, &skill);
    if (task->state != ROUTING_WAITING && task->agent == agent->number)
        snprintf(why, sizeof(why), "has it: %s", task_state_text(task));
    else if (fit != ROUTING_FITS)
        routing_fit_text(fit, need, skill, why, sizeof(why));
    else if (routing_explain_agent(turn->view, turn->now, agent, weight, task, why, sizeof(why)) !=
             FR_OK)
        return NULL;
    return json_pack("{s:s, s:b, s:s, s:I, s:I}", "agent", agent->name, "fits", fit == ROUTING_FITS,
                     "why", why, "used", (json_int_t)agent->used, "weight", (json_int_t)weight);
}

static json_t *
verdicts_json(const struct fr_query_turn *turn, const struct routing_task *task,
              const Fr__RoutingStateLane *lane)
{
    json_t *verdicts = json_array();
    struct routing_need need;
    struct routing_agent agent;
    struct fr_scan scan;

    routing_lane_need(lane, &need);
    routing_agent_scan(&scan, turn->view, 0);
    while (json_array_size(verdicts) < ITEM_MAX && routing_agent_next(&scan, &agent) == FR_OK)
        if (!agent.removed)
            json_array_append_new(verdicts, verdict_json(turn, task, &need, &agent));
    fr_scan_fini(&scan);
    return verdicts;
}

static json_t *
answer_explain(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const Fr__RoutingStateLane *lane;
    struct routing_task task;
    json_t *answer;

    if (task_arg(turn, args, &task, error) != FR_OK)
        return NULL;
    *error = "the tables could not be read";
    if (routing_lane_facts(turn->view, task.lane, turn->arena, &lane) != FR_OK)
        return NULL;
    answer = task_json(turn, &task);
    if (answer == NULL)
        return NULL;
    json_object_set_new(answer, "requires", fr_message_json(&lane->base));
    json_object_set_new(answer, "agents", verdicts_json(turn, &task, lane));
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
        *(lane.members == 0 ? &parked : &waiting) += lane.waiting;
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
    { "routing.explain", "TASK",                               "One task and every agent: at which condition he falls out.",     answer_explain    },
    { "routing.stats",   "",                                   "How many tasks wait, are parked, offered and assigned; agents by state.", answer_stats },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
