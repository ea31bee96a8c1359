/* place.c - what every input ends in: a task finds its agent or its place, a free agent finds his
 * task. */
#include "services/routing/place.h"

#include <stdlib.h>
#include "services/routing/counters.h"
#include "services/routing/hours.h"
#include "services/routing/say.h"
#include "services/routing/waits.h"

/* ---- a task looks for its agent ---- */

static enum fr_error
park_nobody(struct fr_turn *turn, const struct routing_placing *p)
{
    const struct routing_config *config = turn->config;
    const Fr__RoutingStateLane *lane;
    struct routing_parking parking = {.until = fr_time_add(turn->now, config->park_for)};
    enum fr_error err = routing_lane_facts(turn->view, p->place.lane.number, turn->arena, &lane);

    if (err != FR_OK)
        return err;
    parking.reason = lane->reason;
    if (lane->reason[0] == '\0') /* its last agent has just gone; the lane is told of it next */
        err = routing_lane_nobody(turn, lane, &parking.reason);
    parking.until_text = routing_hours_text(turn, NULL, parking.until);
    if (err == FR_OK && parking.until_text == NULL)
        err = FR_NO_MEMORY;
    return err != FR_OK ? err : routing_say_parked(turn, p, &parking);
}

static enum fr_error
park_closed(struct fr_turn *turn, const struct routing_placing *p)
{
    const struct routing_config *config = turn->config;
    struct routing_parking parking = {.closed = true};
    struct routing_queue_row row;
    enum fr_error err = routing_queue_row_get(turn->view, p->place.lane.queue, &row);

    if (err != FR_OK)
        return err;
    parking.until = row.next_us > turn->now.unix_us ? (struct fr_time){row.next_us}
                                                    : fr_time_add(turn->now, config->park_for);
    parking.until_text = routing_hours_text(
        turn, p->place.queue != NULL ? p->place.queue->calendar : NULL, parking.until);
    parking.reason = fr_arena_printf(turn->arena, "queue %s is closed until %s", p->place.name,
                                     parking.until_text != NULL ? parking.until_text : "");
    if (parking.reason == NULL || parking.until_text == NULL)
        return FR_NO_MEMORY;
    return routing_say_parked(turn, p, &parking);
}

/* Somebody could serve it, but not now: does it wait, or are all of them outside of their hours? */
static enum fr_error
wait_or_park(struct fr_turn *turn, const struct routing_placing *p)
{
    struct routing_look look = routing_look_of(turn);
    struct routing_parking parking = {.closed = true};
    const char *calendar = NULL;
    enum fr_error err = routing_hours_of_lane(&look, &p->place.lane, &parking.until, &calendar);

    if (err == FR_NOT_FOUND)
        return routing_say_queued(turn, p, NULL);
    if (err != FR_OK)
        return err;
    parking.until_text = routing_hours_text(turn, calendar, parking.until);
    parking.reason =
        fr_arena_printf(turn->arena, "queue %s: every site that can serve it is closed until %s",
                        p->place.name, parking.until_text != NULL ? parking.until_text : "");
    if (parking.reason == NULL || parking.until_text == NULL)
        return FR_NO_MEMORY;
    return routing_say_parked(turn, p, &parking);
}

static enum fr_error
place_unserved(struct fr_turn *turn, const struct routing_placing *p)
{
    bool later = false;
    enum fr_error err = FR_OK;

    if (p->place.relax_us != 0)
        err = routing_lane_later(turn, p->task.brand, p->facts, &p->place, &later);
    if (err != FR_OK)
        return err;
    return later ? routing_say_queued(turn, p, NULL) : park_nobody(turn, p);
}

static enum fr_error
place(struct fr_turn *turn, struct routing_placing *p)
{
    struct routing_look look = routing_look_of(turn);
    struct routing_pick pick;
    enum fr_error err;

    p->task.lane = p->place.lane.number;
    if (p->place.lane.closed)
        return park_closed(turn, p);
    if (p->place.lane.members == 0)
        return place_unserved(turn, p);
    if (p->request != NULL)
        look.arriving = p->place.lane.queue;
    err = routing_pick_agent(&look, &p->place.lane, p->place.name, &p->task, &pick);
    if (err == FR_NOT_FOUND)
        return wait_or_park(turn, p);
    return err != FR_OK ? err : routing_say_offered(turn, p, &pick);
}

/* A share of what arrives: this arrival may allow a site one more, and then what waits already
 * comes first. */
static enum fr_error
place_by_share(struct fr_turn *turn, struct routing_placing *p)
{
    uint32_t offers;
    enum fr_error err;

    p->task.lane = p->place.lane.number;
    err = routing_say_queued(turn, p, NULL);
    return err != FR_OK
               ? err
               : routing_match(turn, p->input, p->place.lane.queue, ROUTING_SLICE, &offers);
}

static bool
something_waits(struct fr_turn *turn, const struct routing_lane *lane)
{
    struct routing_waiting head;
    struct routing_lane other;
    struct fr_scan scan;
    uint32_t number;
    bool found = false;

    routing_heads_scan(&scan, turn->view, NULL);
    while (!found && routing_heads_next(&scan, &head, &number) == FR_OK)
        found = routing_lane_get(turn->view, number, &other) == FR_OK && other.queue == lane->queue;
    fr_scan_fini(&scan);
    return found;
}

static enum fr_error
place_preferred(struct fr_turn *turn, struct routing_placing *p)
{
    const struct routing_config *config = turn->config;
    struct routing_look look = routing_look_of(turn);
    const char *name = p->request->preferred_agent;
    enum routing_preferred verdict;
    struct routing_pick pick;
    enum fr_error err;

    look.arriving = p->place.lane.queue;
    err = routing_pick_preferred(&look, name, &p->place.lane, &pick, &verdict);
    if (err != FR_OK)
        return err;
    if (verdict == ROUTING_PREFERRED_FREE)
        return routing_say_offered(turn, p, &pick);
    if (verdict == ROUTING_PREFERRED_BUSY && config->continuity_for.us > 0)
        return routing_say_queued(turn, p, &pick.agent);
    p->remark = routing_explain_preferred(turn, name, verdict);
    if (p->remark == NULL)
        return FR_NO_MEMORY;
    if (p->place.lane.contracted && !p->place.lane.closed && p->place.lane.members > 0 &&
        something_waits(turn, &p->place.lane))
        return place_by_share(turn, p);
    return place(turn, p);
}

static void
facts_of(const Fr__TaskRequested *request, const Fr__RuleResult *rule, Fr__RoutingStateTask *facts)
{
    fr__routing_state_task__init(facts);
    facts->channel = request->channel;
    facts->preview = request->preview;
    facts->n_skills = request->n_skills;
    facts->skills = request->skills;
    facts->language = request->language;
    facts->has_complaint = request->has_complaint;
    facts->complaint = request->complaint;
    facts->customer_name = request->customer_name;
    facts->has_priority = request->has_priority;
    facts->priority = request->priority;
    facts->tier = request->tier;
    facts->has_urgency = request->has_urgency;
    facts->urgency = request->urgency;
    facts->rule = (Fr__RuleResult *)rule;
}

enum fr_error
routing_place_new(struct fr_turn *turn, const struct fr_record *input,
                  const Fr__TaskRequested *request, const Fr__RuleResult *rule)
{
    Fr__RoutingStateTask facts;
    struct routing_placing p = {.input = input, .facts = &facts, .request = request, .remark = ""};
    struct routing_credit credit;
    enum fr_error err;

    facts_of(request, rule, &facts);
    p.task.task_id = request->task_id;
    p.task.conversation_id = request->conversation_id;
    p.task.customer_id = request->customer_id;
    p.task.entered_us = turn->now.unix_us;
    memcpy(p.task.brand, input->head->brand, sizeof(p.task.brand));
    err = routing_lane_for(turn, input, p.task.brand, &facts, turn->now, &p.place);
    if (err == FR_TOO_BIG)
        return fr_reject(turn, input,
                         "the task asks for too many skills, or one with too long a name");
    if (err == FR_FULL)
        return fr_reject(turn, input, "there are %d kinds of requirement already",
                         ROUTING_LANE_MAX);
    if (err != FR_OK)
        return err;
    /* A message from the future would be overtaken by nobody for as long as that lasts. */
    p.task.arrived_us =
        request->arrived_us < turn->now.unix_us ? request->arrived_us : turn->now.unix_us;
    credit = routing_credit_of(turn->config, p.place.queue, &facts);
    p.task.order_us = p.task.arrived_us - credit.credit.us;
    p.task.strict = (uint8_t)credit.strict;
    return place_preferred(turn, &p);
}

/* FR_NOT_FOUND: it does not wait any more. */
static enum fr_error
placing_of(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id,
           struct routing_placing *p)
{
    enum fr_error err = routing_task_get(turn->view, task_id, &p->task);

    *p = (struct routing_placing){.input = input, .task = p->task, .remark = ""};
    if (err == FR_OK && (p->task.state != ROUTING_WAITING ||
                         (p->task.agent == ROUTING_LATER && p->task.open_us > turn->now.unix_us)))
        err = FR_NOT_FOUND; /* its customer wants to be called back later */
    if (err == FR_OK)
        err = routing_task_facts(turn->view, task_id, turn->arena, &p->facts);
    if (err == FR_OK)
        err = routing_lane_for(turn, input, p->task.brand, p->facts,
                               (struct fr_time){p->task.entered_us}, &p->place);
    return err;
}

enum fr_error
routing_place_again(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id)
{
    struct routing_placing p;
    enum fr_error err = placing_of(turn, input, task_id, &p);

    if (err == FR_NOT_FOUND)
        return FR_OK;
    return err != FR_OK ? err : place(turn, &p);
}

enum fr_error
routing_place_if_moved(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id)
{
    struct routing_placing p;
    enum fr_error err = placing_of(turn, input, task_id, &p);

    if (err == FR_NOT_FOUND)
        return FR_OK;
    if (err == FR_OK && p.place.lane.number == p.task.lane &&
        !p.task.parked == (p.place.lane.members > 0 && !p.place.lane.closed))
        return FR_OK;
    return err != FR_OK ? err : place(turn, &p);
}

/* ---- several tasks, in the order of their places ---- */

static int
by_place(const void *a, const void *b)
{
    return routing_place_compare(a, b);
}

enum fr_error
routing_place_all(struct fr_turn *turn, const struct fr_record *input, uint64_t *task_ids,
                  size_t count)
{
    struct routing_waiting *waiting = fr_arena_zalloc(turn->arena, count + 1, sizeof(*waiting));
    enum fr_error err = waiting == NULL ? FR_NO_MEMORY : FR_OK;

    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_task task;

        err = routing_task_get(turn->view, task_ids[i], &task);
        if (err == FR_OK)
            waiting[i] = routing_place_of(&task);
    }
    if (err == FR_OK)
        qsort(waiting, count, sizeof(*waiting), by_place);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = routing_place_again(turn, input, waiting[i].task_id);
    return err;
}

/* ---- an agent looks for tasks ---- */

/* A task that stays in its lane while it is offered. */
static enum fr_error
offer_in_lane(struct fr_turn *turn, struct routing_placing *p, const struct routing_pick *pick)
{
    struct routing_queue_row row;
    enum fr_error err = routing_task_facts(turn->view, p->task.task_id, turn->arena, &p->facts);

    if (err == FR_OK)
        err = routing_lane_get(turn->view, p->task.lane, &p->place.lane);
    if (err == FR_OK)
        err = routing_queue_row_get(turn->view, p->place.lane.queue, &row);
    if (err != FR_OK)
        return err;
    p->place.name = row.name;
    p->place.step = p->task.step;
    return routing_say_offered(turn, p, pick);
}

enum fr_error
routing_serve(struct fr_turn *turn, const struct fr_record *input, uint32_t number)
{
    struct routing_look look = routing_look_of(turn);

    /* Each offer takes at least one unit of him, so this ends. */
    for (;;) {
        struct routing_placing p = {.input = input, .remark = ""};
        struct routing_pick pick = {.why = ROUTING_EARLIEST};
        struct routing_capacities capacities;
        struct routing_lane lane;
        enum fr_error err = routing_agent_get(turn->view, number, &pick.agent);

        if (err == FR_OK)
            err = routing_pick_task(&look, &pick.agent, &p.task);
        if (err == FR_NOT_FOUND)
            return FR_OK;
        if (err == FR_OK)
            err = routing_capacities_get(turn->view, number, &capacities);
        if (err == FR_OK)
            err = routing_lane_get(turn->view, p.task.lane, &lane);
        if (err == FR_OK) {
            pick.weight = capacities.classes[lane.class_number].weight;
            err = offer_in_lane(turn, &p, &pick);
        }
        if (err != FR_OK)
            return err;
    }
}

/* ---- everything that waits looks for those who became free together ---- */

#define BEHIND_MAX 64  /* lanes whose first tasks were let go, gone through task by task */
#define TRIES_MAX 4096 /* tasks tried in one turn */

struct behind { /* such a lane, and where we are in it */
    uint32_t lane;
    struct routing_waiting next;
};
struct matching {
    struct fr_turn *turn;
    const struct fr_record *input;
    uint32_t queue;                /* 0: all */
    struct routing_waiting cursor; /* heads before it were tried */
    struct behind behind[BEHIND_MAX];
    size_t behind_count;
};

/* The next head of a lane of that queue, from the cursor on. */
static enum fr_error
next_head(struct matching *matching, struct routing_waiting *place, struct routing_lane *lane)
{
    struct fr_scan scan;
    uint32_t number;
    enum fr_error err;

    routing_heads_scan(&scan, matching->turn->view, &matching->cursor);
    do {
        err = routing_heads_next(&scan, place, &number);
        if (err == FR_OK)
            err = routing_lane_get(matching->turn->view, number, lane);
    } while (err == FR_OK && matching->queue != 0 && lane->queue != matching->queue);
    fr_scan_fini(&scan);
    return err;
}

/* Of those lanes the one that comes next; BEHIND_MAX: none. */
static size_t
first_behind(const struct matching *matching)
{
    size_t best = BEHIND_MAX;

    for (size_t i = 0; i < matching->behind_count; i++)
        if (best == BEHIND_MAX ||
            routing_place_compare(&matching->behind[i].next, &matching->behind[best].next) < 0)
            best = i;
    return best;
}

/* The task in that lane after `place`; FR_NOT_FOUND: it was the last. */
static enum fr_error
next_in_lane(const struct matching *matching, uint32_t lane, struct routing_waiting *place)
{
    struct routing_waiting from = *place;
    struct fr_scan scan;
    enum fr_error err;

    from.task_id++;
    routing_waiting_scan(&scan, matching->turn->view, lane, &from);
    err = routing_waiting_next(&scan, place);
    fr_scan_fini(&scan);
    return err;
}

/* The next task in the order of places, and whose lane it is in; *from BEHIND_MAX: it is a head. */
static enum fr_error
next_to_try(struct matching *matching, struct routing_waiting *place, struct routing_lane *lane,
            size_t *from)
{
    enum fr_error err = next_head(matching, place, lane);

    *from = first_behind(matching);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (*from == BEHIND_MAX ||
        (err == FR_OK && routing_place_compare(place, &matching->behind[*from].next) < 0)) {
        *from = BEHIND_MAX;
        return err;
    }
    *place = matching->behind[*from].next;
    return routing_lane_get(matching->turn->view, matching->behind[*from].lane, lane);
}

static enum fr_error
try_task(struct matching *matching, const struct routing_waiting *place,
         const struct routing_lane *lane, bool *offered, bool *let_go)
{
    struct routing_placing p = {.input = matching->input, .remark = ""};
    struct routing_look look = routing_look_of(matching->turn);
    struct routing_queue_row row;
    struct routing_pick pick;
    enum fr_error err = routing_queue_row_get(matching->turn->view, lane->queue, &row);

    *offered = *let_go = false;
    if (err == FR_OK)
        err = routing_task_get(matching->turn->view, place->task_id, &p.task);
    if (err != FR_OK)
        return err;
    err = routing_pick_agent(&look, lane, row.name, &p.task, &pick);
    *offered = err == FR_OK;
    *let_go = err == FR_NOT_FOUND && pick.stepped_over > 0;
    if (err == FR_NOT_FOUND)
        return FR_OK;
    return err != FR_OK ? err : offer_in_lane(matching->turn, &p, &pick);
}

/* A lane goes on behind its head only when somebody is free for it who let the first ones go; with
 * nobody free it has had its turn.  After an offer of a head the next one comes up by itself. */
static void
go_on(struct matching *matching, const struct routing_waiting *place, uint32_t lane, size_t from,
      bool offered, bool let_go)
{
    struct behind next = {lane, *place};
    bool goes_on = (let_go || (offered && from != BEHIND_MAX)) &&
                   next_in_lane(matching, lane, &next.next) == FR_OK;

    if (from == BEHIND_MAX) {
        matching->cursor = *place;
        matching->cursor.task_id++;
        if (goes_on && matching->behind_count < BEHIND_MAX)
            matching->behind[matching->behind_count++] = next;
    } else if (goes_on) {
        matching->behind[from] = next;
    } else {
        matching->behind[from] = matching->behind[--matching->behind_count];
    }
}

enum fr_error
routing_match(struct fr_turn *turn, const struct fr_record *input, uint32_t queue,
              uint32_t offer_max, uint32_t *offers)
{
    struct matching matching = {.turn = turn,
                                .input = input,
                                .queue = queue,
                                .cursor = {.strict = 255, .order_us = INT64_MIN}};

    *offers = 0;
    for (unsigned tries = 0; *offers < offer_max && tries < TRIES_MAX; tries++) {
        struct routing_waiting place;
        struct routing_lane lane;
        bool offered, let_go;
        size_t from;
        enum fr_error err = next_to_try(&matching, &place, &lane, &from);

        if (err == FR_NOT_FOUND)
            return FR_OK;
        if (err == FR_OK)
            err = try_task(&matching, &place, &lane, &offered, &let_go);
        if (err != FR_OK)
            return err;
        go_on(&matching, &place, lane.number, from, offered, let_go);
        *offers += offered;
    }
    return FR_OK;
}
