/* query_explain.c - why a task is where it is: its place and who is before it, every agent and the
 * condition at which he falls out, what happens next and when. */
#include "services/routing/query_private.h"
#include "services/routing/waits.h"

#include <stdio.h>

/* ---- its place ---- */

/* Tasks of its queue in an earlier place; *more when there are more than were looked at. */
static size_t
count_before(const struct fr_query_turn *turn, const struct routing_task *task, uint32_t queue,
             bool *more)
{
    struct routing_waiting own = routing_place_of(task), place;
    size_t before = 0, examined = 0;
    struct routing_lane lane;
    struct fr_scan lanes;

    *more = false;
    routing_lane_scan(&lanes, turn->view);
    while (!*more && routing_lane_next(&lanes, &lane) == FR_OK) {
        struct fr_scan scan;

        if (lane.queue != queue)
            continue;
        routing_waiting_scan(&scan, turn->view, lane.number, NULL);
        while (examined++ < EXAMINED_MAX && routing_waiting_next(&scan, &place) == FR_OK &&
               routing_place_compare(&place, &own) < 0)
            before++;
        *more = examined > EXAMINED_MAX;
        fr_scan_fini(&scan);
    }
    fr_scan_fini(&lanes);
    return before;
}

static json_t *
place_json(const struct fr_query_turn *turn, const struct routing_task *task, uint32_t queue)
{
    int64_t credit_us = task->arrived_us - task->order_us;
    char arrived[FR_TIME_TEXT_SIZE], credit[FR_TIME_TEXT_SIZE];
    bool more;
    size_t before = count_before(turn, task, queue, &more);
    const char *why = fr_arena_printf(
        turn->arena, "arrived %s, credit %s%s%s",
        fr_time_format((struct fr_time){task->arrived_us}, arrived),
        fr_span_format((struct fr_span){credit_us}, credit),
        task->raised ? ", raised once for a promise" : "",
        task->strict > 0 ? fr_arena_printf(turn->arena, ", strict class %d", task->strict) : "");

    return json_pack("{s:I, s:b, s:I, s:s}", "before", (json_int_t)before, "more", more, "strict",
                     (json_int_t)task->strict, "why", why != NULL ? why : "");
}

/* ---- every agent ---- */

struct verdicts { /* what all of them have in common */
    struct routing_look look;
    const struct routing_task *task;
    const struct routing_lane *lane;
    const char *queue;
    struct routing_need need;
};

static const char *
fate_text(const struct routing_task *task)
{
    return task->state == ROUTING_OFFERED    ? "has it on offer"
           : task->state == ROUTING_ASSIGNED ? "has accepted it"
                                             : "writes his notes on it";
}

static json_t *
verdict_json(const struct verdicts *v, const struct routing_agent *agent)
{
    const Fr__AgentDefined *profile;
    struct routing_fitting fitting = {0};
    enum routing_fit fit;
    char why[120];

    if (routing_profile_get(v->look.view, agent->number, v->look.arena, &profile) != FR_OK)
        return NULL;
    fit = routing_fit(&v->need, profile, &fitting);
    if (v->task->state != ROUTING_WAITING && v->task->agent == agent->number)
        snprintf(why, sizeof(why), "%s", fate_text(v->task));
    else if (fit != ROUTING_FITS)
        routing_fit_text(fit, &v->need, fitting.skill, why, sizeof(why));
    else if (routing_explain_agent(&v->look, agent, v->lane, v->queue, v->task, why, sizeof(why)) !=
             FR_OK)
        return NULL;
    return json_pack("{s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:I}", "agent", agent->name, "site",
                     agent->site_name, "fits", fit == ROUTING_FITS, "why", why, "used",
                     (json_int_t)agent->used, "room", (json_int_t)agent->room, "weight",
                     (json_int_t)fitting.weight, "rank", (json_int_t)fitting.rank);
}

static json_t *
verdicts_json(const struct verdicts *v)
{
    json_t *verdicts = json_array();
    struct routing_agent agent;
    struct fr_scan scan;

    routing_agent_scan(&scan, v->look.view, 0);
    while (json_array_size(verdicts) < ITEM_MAX && routing_agent_next(&scan, &agent) == FR_OK)
        if (!agent.removed)
            json_array_append_new(verdicts, verdict_json(v, &agent));
    fr_scan_fini(&scan);
    return verdicts;
}

/* ---- what happens next ---- */

static void
add_next(json_t *list, int64_t at_us, const char *what)
{
    if (at_us != 0)
        json_array_append_new(
            list, json_pack("{s:o, s:s}", "at", routing_time_json(at_us), "what", what));
}

static int64_t
timer_us(const struct fr_view *view, uint32_t kind, uint64_t id)
{
    struct fr_time due;

    return fr_timer_get(view, kind, id, &due) == FR_OK ? due.unix_us : 0;
}

static json_t *
next_json(const struct fr_query_turn *turn, const struct routing_task *task,
          const struct routing_lane *lane)
{
    const struct fr_view *view = turn->view;
    json_t *list = json_array();
    struct routing_queue_row row;

    if (task->state == ROUTING_OFFERED)
        add_next(list, timer_us(view, ROUTING_TIMER_OFFER, task->task_id),
                 "the offer expires, and it goes to somebody else");
    if (task->state == ROUTING_ASSIGNED && task->idle_armed)
        add_next(list, timer_us(view, ROUTING_TIMER_IDLE, task->task_id),
                 "the customer has been silent for long enough: it takes nothing of the agent");
    if (task->state == ROUTING_WRAPPING)
        add_next(list, task->until_us, "the time for notes is over");
    if (task->state != ROUTING_WAITING)
        return list;
    add_next(list, task->open_us,
             task->agent == ROUTING_LATER ? "the customer's call-back: it waits again, in its place"
                                          : "anybody may take it");
    add_next(list, task->relax_us, "the next step of its queue's relaxation: less is asked");
    if (task->refusals > 0)
        add_next(list, timer_us(view, ROUTING_TIMER_AGAIN, task->task_id),
                 "those who let it go may be asked again");
    if (task->parked)
        add_next(list, task->until_us, "it is looked at again, as the customer was told");
    if (routing_queue_row_get(view, lane->queue, &row) == FR_OK)
        add_next(list, row.next_us, row.closed ? "its queue opens" : "its queue closes");
    if (json_array_size(list) == 0)
        json_array_append_new(list, json_pack("{s:n, s:s}", "at", "what",
                                              "it is taken as soon as somebody who fits has room"));
    return list;
}

json_t *
routing_answer_explain(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const Fr__RoutingStateTask *facts;
    const Fr__RoutingStateLane *lane_facts;
    struct routing_task task;
    struct routing_lane lane;
    struct verdicts verdicts;
    json_t *answer;

    if (routing_task_arg(turn, args, &task, error) != FR_OK)
        return NULL;
    *error = "the lane that it came from is closed: it has been with its agent for long";
    if (routing_lane_get(turn->view, task.lane, &lane) != FR_OK ||
        routing_lane_facts(turn->view, task.lane, turn->arena, &lane_facts) != FR_OK ||
        routing_task_facts(turn->view, task.task_id, turn->arena, &facts) != FR_OK)
        return NULL;
    verdicts = (struct verdicts){routing_look_of_query(turn), &task, &lane, lane_facts->queue};
    routing_lane_need(lane_facts, &verdicts.need);
    answer = routing_task_json(turn, &task);
    if (answer == NULL)
        return NULL;
    json_object_set_new(answer, "position", place_json(turn, &task, lane.queue));
    json_object_set_new(answer, "step", json_integer(task.step));
    json_object_set_new(answer, "requires", fr_message_json(&lane_facts->base));
    if (facts->rule != NULL)
        json_object_set_new(answer, "rule", fr_message_json(&facts->rule->base));
    json_object_set_new(answer, "agents", verdicts_json(&verdicts));
    json_object_set_new(answer, "next", next_json(turn, &task, &lane));
    return answer;
}
