/* decide_wait.c - what customers in line are told, and what they choose instead of waiting. */
#include "proto/site.pb-c.h"
#include "services/routing/counters.h"
#include "services/routing/hours.h"
#include "services/routing/place.h"
#include "services/routing/queues.h"
#include "services/routing/waits.h"

#define SLOT_US                                                                                    \
    INT64_C(1800000000) /* windows begin on the half hour; short ones on multiples of theirs */

#define TRIES_MAX 400 /* half hours that are looked through for windows: more than a week */
#define STEPS 128     /* places that are counted for one customer */
#define FEW 8         /* places that are looked at behind somebody */
#define LINE_LANES 16 /* of one line; those beyond are not counted */

struct telling { /* one line, while its customers are told */
    const struct fr_record *input;
    const struct routing_waiting_config *config;
    struct routing_lane lane; /* the one that it is about */
    const Fr__RoutingStateLane *facts;
    /* Lanes of the same queue, brand and channel where somebody waits: who waits for long is asked
     * less of (relaxation), and then stands in another lane of the same line. */
    struct routing_lane lanes[LINE_LANES];
    size_t lane_count;
    struct routing_flow flow;
    int64_t since_us; /* the first who waits was told first then; 0: nobody */
};

/* ---- the line ---- */

static bool
is_told(const struct routing_waiting_config *config, const char *channel)
{
    const char *const *channels = config->channels.items;

    for (size_t i = 0; i < config->channels.count; i++)
        if (strcmp(channels[i], channel) == 0)
            return true;
    return false;
}

/* Since when somebody waits there, as far as the first of a lane was told. */
static enum fr_error
note_head(struct fr_turn *turn, struct telling *telling, uint32_t lane)
{
    struct routing_waiting first;
    struct routing_told told;
    struct fr_scan scan;
    enum fr_error err;

    routing_waiting_scan(&scan, turn->view, lane, NULL);
    err = routing_waiting_next(&scan, &first);
    fr_scan_fini(&scan);
    if (err == FR_OK)
        err = routing_told_get(turn->view, first.task_id, &told);
    if (err == FR_OK && (telling->since_us == 0 || told.first_us < telling->since_us))
        telling->since_us = told.first_us;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

/* One lane of the queue: of this line, and does somebody wait there who could be served? */
static enum fr_error
add_lane(struct fr_turn *turn, struct telling *telling, uint32_t number)
{
    struct fr_arena_mark mark = fr_arena_mark(turn->arena);
    struct routing_lane *lane = &telling->lanes[telling->lane_count];
    const Fr__RoutingStateLane *facts;
    enum fr_error err = routing_lane_get(turn->view, number, lane);

    if (err != FR_OK || lane->waiting == 0 || lane->members == 0)
        return err;
    err = routing_lane_facts(turn->view, number, turn->arena, &facts);
    if (err == FR_OK && strcmp(facts->brand, telling->facts->brand) == 0 &&
        strcmp(facts->channel, telling->facts->channel) == 0) {
        telling->lane_count++;
        err = note_head(turn, telling, number);
    }
    fr_arena_release(turn->arena, mark);
    return err;
}

static enum fr_error
add_lanes(struct fr_turn *turn, struct telling *telling)
{
    const struct routing_set_of of = {ROUTING_OF_QUEUE, telling->lane.queue, 0};
    struct routing_numbers numbers;
    struct routing_chunk chunk;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    for (uint32_t index = 0; err == FR_OK && index < routing_chunk_count(numbers.lanes); index++) {
        err = routing_set_get(turn->view, of, index, &chunk);
        for (uint32_t bit = routing_chunk_next(&chunk, 0);
             err == FR_OK && bit < ROUTING_CHUNK_BITS && telling->lane_count < LINE_LANES;
             bit = routing_chunk_next(&chunk, bit + 1))
            err = add_lane(turn, telling, index * ROUTING_CHUNK_BITS + bit);
    }
    return err;
}

static enum fr_error
begin(struct telling *telling, struct fr_turn *turn, const struct fr_record *input, uint32_t lane)
{
    const struct routing_config *config = turn->config;
    enum fr_error err = routing_lane_get(turn->view, lane, &telling->lane);

    telling->input = input;
    telling->config = &config->waiting;
    telling->lane_count = 0;
    telling->since_us = 0;
    if (err == FR_OK)
        err = routing_lane_facts(turn->view, lane, turn->arena, &telling->facts);
    if (err != FR_OK || !is_told(telling->config, telling->facts->channel))
        return err;
    err = routing_flow_get(turn->view, telling->facts, &telling->flow);
    return err == FR_OK ? add_lanes(turn, telling) : err;
}

/* Places of a lane from `from` on (NULL: all) that come before `to` (NULL: all), counted up to
 * `most`. */
static uint32_t
count_places(struct fr_turn *turn, uint32_t lane, const struct routing_waiting *from,
             const struct routing_waiting *to, uint32_t most)
{
    struct routing_waiting other;
    struct fr_scan scan;
    uint32_t count = 0;

    routing_waiting_scan(&scan, turn->view, lane, from);
    while (count < most && routing_waiting_next(&scan, &other) == FR_OK &&
           (to == NULL || routing_place_compare(&other, to) < 0))
        count++;
    fr_scan_fini(&scan);
    return count;
}

/* How many wait before him in one lane, counted while there are *steps left; else all but those
 * behind him, of whom he who has just come has next to none (and who is held for somebody, or for
 * later, is counted too). */
static uint32_t
count_in_lane(struct fr_turn *turn, const struct routing_lane *lane,
              const struct routing_waiting *own, uint32_t *steps)
{
    uint32_t most = *steps, before = count_places(turn, lane->number, NULL, own, most), behind;

    *steps -= before;
    if (before < most)
        return before;
    behind = count_places(turn, lane->number, own, NULL, FEW);
    return behind < FEW ? lane->waiting - behind : before;
}

static uint32_t
count_ahead(struct fr_turn *turn, const struct telling *telling, const struct routing_task *task)
{
    const struct routing_waiting own = routing_place_of(task);
    uint32_t count = 0, steps = STEPS;

    for (size_t i = 0; i < telling->lane_count; i++)
        count += count_in_lane(turn, &telling->lanes[i], &own, &steps);
    return count;
}

/* ---- saying it ---- */

/* Somebody is there at its begin and its end. */
static bool
is_open(const struct fr_turn *turn, const char *calendar, const Fr__WaitWindow *window)
{
    struct routing_hours hours =
        routing_hours_at(turn->calendars, calendar, (struct fr_time){window->from_us});

    return !hours.closed && (hours.next.unix_us == 0 || hours.next.unix_us >= window->to_us);
}

/* From the next half hour at which he would hardly be served yet, one behind the other, within the
 * queue's hours.  NULL: out of memory. */
static Fr__WaitWindow **
windows_after(struct fr_turn *turn, const struct telling *telling, int64_t p90_us, size_t *count)
{
    const struct routing_waiting_config *config = telling->config;
    const struct routing_queue *queue = routing_queue_named(turn->config, telling->facts->queue);
    const char *calendar = queue != NULL ? queue->calendar : NULL;
    int64_t slot_us = config->window.us < SLOT_US ? config->window.us : SLOT_US;
    int64_t from_us = (turn->now.unix_us + p90_us + slot_us - 1) / slot_us * slot_us;
    size_t most = (size_t)config->windows;
    Fr__WaitWindow *rows = fr_arena_zalloc(turn->arena, most + 1, sizeof(*rows));
    Fr__WaitWindow **list = fr_arena_zalloc(turn->arena, most + 1, sizeof(*list));

    *count = 0;
    for (int tries = 0; rows != NULL && list != NULL && *count < most && tries < TRIES_MAX;
         tries++) {
        Fr__WaitWindow *row = &rows[*count];

        fr__wait_window__init(row);
        row->from_us = from_us;
        row->to_us = from_us + config->window.us;
        if (is_open(turn, calendar, row)) {
            list[(*count)++] = row;
            from_us = row->to_us;
        } else {
            from_us += slot_us;
        }
    }
    return rows == NULL ? NULL : list;
}

static enum fr_error
say_estimated(struct fr_turn *turn, const struct telling *telling, const struct routing_task *task,
              uint32_t ahead, const struct routing_wait *wait, bool first, bool offered)
{
    const struct fr_labels labels = routing_labels(task);
    Fr__WaitEstimated estimated = FR__WAIT_ESTIMATED__INIT;

    estimated.task_id = task->task_id;
    estimated.conversation_id = task->conversation_id;
    estimated.queue = telling->facts->queue;
    estimated.position = ahead + 1;
    estimated.p50_us = wait->p50_us;
    estimated.p90_us = wait->p90_us;
    if (offered || wait->mean_us > telling->config->offer_above.us) {
        estimated.windows = windows_after(turn, telling, wait->p90_us, &estimated.n_windows);
        if (estimated.windows == NULL)
            return FR_NO_MEMORY;
        fr_count(turn, ROUTING_COUNT_WAIT_OFFERED, !offered);
    }
    estimated.reason = fr_arena_printf(
        turn->arena, "%u before him; the queue alone says %lld s, this hour's mean is %lld s",
        ahead, (long long)(wait->model_us / 1000000), (long long)(wait->hour_us / 1000000));
    estimated.has_lane = estimated.has_first = estimated.has_again_us = 1;
    estimated.lane = telling->lane.number;
    estimated.first = first;
    estimated.has_model_us = estimated.has_hour_us = first;
    estimated.model_us = wait->model_us;
    estimated.hour_us = wait->hour_us;
    estimated.again_us = fr_time_add(turn->now, telling->config->every).unix_us;
    fr_count(turn, ROUTING_COUNT_WAITS_TOLD, first);
    return estimated.reason == NULL ? FR_NO_MEMORY
                                    : fr_emit_as(turn, telling->input, &estimated.base, &labels);
}

/* ---- he has come in ---- */

static enum fr_error
tell_first(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id)
{
    const struct routing_config *config = turn->config;
    struct routing_line line = {.turn_us = config->waiting.turn.us, .entering = true};
    struct routing_wait wait;
    struct routing_task task;
    struct telling telling;
    enum fr_error err = routing_task_get(turn->view, task_id, &task);

    if (err == FR_NOT_FOUND ||
        (err == FR_OK && (task.state != ROUTING_WAITING || task.parked || task.agent != 0)))
        return FR_OK; /* set aside, served at once, or not in line */
    if (err == FR_OK)
        err = begin(&telling, turn, input, task.lane);
    if (err != FR_OK || !is_told(&config->waiting, telling.facts->channel))
        return err;
    line.ahead = count_ahead(turn, &telling, &task);
    line.since_us = telling.since_us;
    routing_wait_estimate(&telling.flow, &line, turn->now, &wait);
    return say_estimated(turn, &telling, &task, line.ahead, &wait, true, false);
}

/* TaskRequested: as ever; and when it has to wait, its customer is told how long.
 *
 * Reads the lane, its flow and its first task.  Emits what routing_decide_task_requested does; then
 * WaitEstimated.
 * Sent twice: the first function ignores it, and a task that was told is told by the timer.
 */
enum fr_error
routing_decide_wait_requested(struct fr_turn *turn, const struct fr_record *input)
{
    const struct routing_config *config = turn->config;
    const Fr__TaskRequested *request;
    struct routing_told told;
    enum fr_error err = routing_decide_task_requested(turn, input);

    if (err != FR_OK || config->waiting.channels.count == 0)
        return err;
    request = fr_unpack(turn, input, &fr__task_requested__descriptor);
    if (request == NULL || !is_told(&config->waiting, request->channel))
        return FR_OK;
    err = routing_told_get(turn->view, request->task_id, &told);
    return err == FR_NOT_FOUND ? tell_first(turn, input, request->task_id) : err;
}

/* ---- what was said is not true any more ---- */

static enum fr_error
tell_again(struct fr_turn *turn, const struct telling *telling, uint64_t task_id)
{
    struct routing_line line = {.since_us = telling->since_us, .turn_us = telling->config->turn.us};
    int64_t left_us, left_p90_us;
    struct routing_wait wait;
    struct routing_task task;
    struct routing_told told;
    enum fr_error err = routing_told_get(turn->view, task_id, &told);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = routing_task_get(turn->view, task_id, &task);
    if (err != FR_OK)
        return err;
    line.ahead = count_ahead(turn, telling, &task);
    routing_wait_estimate(&telling->flow, &line, turn->now, &wait);
    left_us = told.last_p50_us - (turn->now.unix_us - told.last_us);
    left_p90_us = told.last_p90_us - (turn->now.unix_us - told.last_us);
    if (told.position == line.ahead + 1 && !routing_wait_changed(left_us, left_p90_us, &wait))
        return FR_OK;
    return say_estimated(turn, telling, &task, line.ahead, &wait, false, told.offered);
}

static enum fr_error
say_looked_at(struct fr_turn *turn, const struct telling *telling)
{
    const struct fr_labels labels = {.brand = ""};
    Fr__WaitsLookedAt looked = FR__WAITS_LOOKED_AT__INIT;

    looked.lane = telling->lane.number;
    looked.again_us = fr_time_add(turn->now, telling->config->every).unix_us;
    return fr_emit_as(turn, telling->input, &looked.base, &labels);
}

/* The first of those who wait in a lane are told anew, where it has changed.
 *
 * Reads the lane, its flow, its first tasks.  Emits WaitEstimated for each who has to hear
 * something else, and WaitsLookedAt while somebody waits.
 */
enum fr_error
routing_decide_wait_due(struct fr_turn *turn, const struct fr_record *input)
{
    uint64_t task_ids[ROUTING_TOLD_MAX];
    struct routing_waiting waiting;
    struct telling telling;
    struct fr_scan scan;
    uint32_t count = 0;
    enum fr_error err = begin(&telling, turn, input, (uint32_t)input->head->key);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err; /* closed meanwhile */
    routing_waiting_scan(&scan, turn->view, telling.lane.number, NULL);
    while (count < ROUTING_TOLD_MAX && routing_waiting_next(&scan, &waiting) == FR_OK)
        task_ids[count++] = waiting.task_id;
    fr_scan_fini(&scan);
    for (uint32_t i = 0; err == FR_OK && i < count; i++)
        err = tell_again(turn, &telling, task_ids[i]);
    return err == FR_OK && count > 0 ? say_looked_at(turn, &telling) : err;
}

/* ---- the wait is over ---- */

static enum fr_error
say_ended(struct fr_turn *turn, const struct fr_record *input, const struct routing_task *task,
          const struct routing_told *told, bool served)
{
    const struct fr_labels labels = routing_labels(task);
    Fr__WaitEnded ended = FR__WAIT_ENDED__INIT;
    const Fr__RoutingStateLane *facts;
    enum fr_error err = routing_lane_facts(turn->view, told->lane, turn->arena, &facts);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    ended.task_id = task->task_id;
    ended.conversation_id = task->conversation_id;
    ended.queue = facts->queue;
    ended.served = served;
    ended.waited_us = turn->now.unix_us - told->first_us;
    ended.p50_us = told->p50_us;
    ended.p90_us = told->p90_us;
    ended.has_model_us = ended.has_hour_us = ended.has_lane = 1;
    ended.model_us = told->model_us;
    ended.hour_us = told->hour_us;
    ended.lane = told->lane;
    if (served) {
        fr_count(turn, ROUTING_COUNT_WAITS_KEPT, 1);
        fr_count(turn, ROUTING_COUNT_WAITS_IN_P50, ended.waited_us <= told->p50_us);
        fr_count(turn, ROUTING_COUNT_WAITS_IN_P90, ended.waited_us <= told->p90_us);
    }
    return fr_emit_as(turn, input, &ended.base, &labels);
}

/* The task and what its customer was told, before production's decide has its say.  FR_NOT_FOUND:
 * nothing was told, so nothing follows. */
static enum fr_error
told_before(struct fr_turn *turn, uint64_t task_id, struct routing_task *task,
            struct routing_told *told)
{
    const struct routing_config *config = turn->config;
    enum fr_error err = FR_NOT_FOUND;

    if (config->waiting.channels.count > 0)
        err = routing_told_get(turn->view, task_id, told);
    return err == FR_OK ? routing_task_get(turn->view, task_id, task) : err;
}

/* OfferAnswered: as ever; and when he has it, his customer's wait is over.
 *
 * Reads the task, what was told.  Emits what routing_decide_offer_answered does; then WaitEnded.
 * Sent twice: what was told is forgotten by then.
 */
enum fr_error
routing_decide_wait_answered(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferAnswered *said;
    struct routing_task task;
    struct routing_told told;
    enum fr_error err = routing_decide_offer_answered(turn, input);

    if (err != FR_OK)
        return err;
    said = fr_unpack(turn, input, &fr__offer_answered__descriptor);
    if (said == NULL || !said->accepted)
        return FR_OK;
    err = told_before(turn, said->task_id, &task, &told);
    if (err != FR_OK || task.state != ROUTING_ASSIGNED)
        return err == FR_NOT_FOUND ? FR_OK : err;
    return say_ended(turn, input, &task, &told, true);
}

/* TaskWithdrawn: as ever; and he gave up.
 *
 * Reads the task, what was told.  Emits WaitEnded when he had been told and nobody had taken it;
 * then what routing_decide_task_withdrawn does. Sent twice: there is no such task any more.
 */
enum fr_error
routing_decide_wait_withdrawn(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskWithdrawn *withdrawn = fr_unpack(turn, input, &fr__task_withdrawn__descriptor);
    struct routing_task task;
    struct routing_told told;
    enum fr_error err = FR_NOT_FOUND;

    if (withdrawn != NULL)
        err = told_before(turn, withdrawn->task_id, &task, &told);
    if (err == FR_OK)
        err = say_ended(turn, input, &task, &told, false);
    return err == FR_OK || err == FR_NOT_FOUND ? routing_decide_task_withdrawn(turn, input) : err;
}

/* ---- he chose ---- */

/* WaitChoiceMade: who wants to be called back keeps his place, and is offered to nobody before.
 *
 * Reads the task.  Emits TaskDeferred; or nothing: he waits on, or an agent has him already, and
 * then need not call back who is here. Sent twice: it is deferred already; nothing changes.
 */
enum fr_error
routing_decide_wait_choice_made(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WaitChoiceMade *made = fr_unpack(turn, input, &fr__wait_choice_made__descriptor);
    Fr__TaskDeferred deferred = FR__TASK_DEFERRED__INIT;
    char text[FR_TIME_TEXT_SIZE];
    struct fr_labels labels;
    struct routing_task task;
    enum fr_error err;

    if (made == NULL)
        return fr_reject(turn, input, "WaitChoiceMade does not decode");
    if (made->choice != FR__WAIT_CHOICE__CALL_ME_BACK || !made->has_from_us)
        return FR_OK;
    err = routing_task_get(turn->view, made->task_id, &task);
    if (err == FR_NOT_FOUND || (err == FR_OK && task.state != ROUTING_WAITING))
        return FR_OK;
    if (err != FR_OK || (task.agent == ROUTING_LATER && task.open_us == made->from_us) ||
        made->from_us <= turn->now.unix_us)
        return err;
    labels = routing_labels(&task);
    deferred.task_id = task.task_id;
    deferred.conversation_id = task.conversation_id;
    deferred.until_us = made->from_us;
    deferred.reason = fr_arena_printf(
        turn->arena, "the customer wants to be called back, not before %s; his place is kept",
        fr_time_format((struct fr_time){made->from_us}, text));
    fr_count(turn, ROUTING_COUNT_DEFERRED, 1);
    return deferred.reason == NULL ? FR_NO_MEMORY
                                   : fr_emit_as(turn, input, &deferred.base, &labels);
}
