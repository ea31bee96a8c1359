/* decide_wait.c - what customers in line are told, and what they choose instead of waiting. */
#include "proto/site.pb-c.h"
#include "services/routing/counters.h"
#include "services/routing/place.h"
#include "services/routing/waits.h"

#define SLOT_US                                                                                    \
    INT64_C(1800000000) /* windows begin on the half hour; short ones on multiples of theirs */

struct telling { /* one lane, while its customers are told */
    const struct fr_record *input;
    const struct routing_waiting_config *config;
    struct routing_lane lane;
    const Fr__RoutingStateLane *facts;
    struct routing_flow flow;
    int64_t since_us; /* the first who waits was told first then; 0: nobody */
};

/* ---- the line ---- */

static void
scan_line(struct fr_scan *scan, const struct fr_turn *turn, uint32_t lane,
          const struct routing_waiting *from)
{
    routing_waiting_scan(scan, turn->view, lane, from);
}

static bool
is_told(const struct routing_waiting_config *config, const char *channel)
{
    const char *const *channels = config->channels.items;

    for (size_t i = 0; i < config->channels.count; i++)
        if (strcmp(channels[i], channel) == 0)
            return true;
    return false;
}

/* Since when somebody waits there, as far as the first of the line was told. */
static enum fr_error
head_since(struct fr_turn *turn, uint32_t lane, int64_t *since_us)
{
    struct routing_waiting first;
    struct routing_told told;
    struct fr_scan scan;
    enum fr_error err;

    *since_us = 0;
    scan_line(&scan, turn, lane, NULL);
    err = routing_waiting_next(&scan, &first);
    fr_scan_fini(&scan);
    if (err == FR_OK)
        err = routing_told_get(turn->view, first.task_id, &told);
    if (err == FR_OK)
        *since_us = told.first_us;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
begin(struct telling *telling, struct fr_turn *turn, const struct fr_record *input, uint32_t lane)
{
    const struct routing_config *config = turn->config;
    enum fr_error err = routing_lane_get(turn->view, lane, &telling->lane);

    telling->input = input;
    telling->config = &config->waiting;
    if (err == FR_OK)
        err = routing_lane_facts(turn->view, lane, turn->arena, &telling->facts);
    if (err == FR_OK)
        err = routing_flow_get(turn->view, telling->facts, &telling->flow);
    return err == FR_OK ? head_since(turn, lane, &telling->since_us) : err;
}

/* How many wait before him: counted from the side that is nearer, and no further than a few. */
static uint32_t
count_ahead(struct fr_turn *turn, const struct routing_lane *lane, const struct routing_task *task)
{
    const struct routing_waiting from = {task->strict, task->order_us, task->task_id + 1};
    bool from_head = lane->waiting <= ROUTING_TOLD_MAX;
    struct routing_waiting other;
    struct fr_scan scan;
    uint32_t count = 0;

    scan_line(&scan, turn, lane->number, from_head ? NULL : &from);
    while (count < ROUTING_TOLD_MAX && routing_waiting_next(&scan, &other) == FR_OK &&
           other.task_id != task->task_id)
        count++;
    fr_scan_fini(&scan);
    return from_head ? count : lane->waiting - 1 - count;
}

/* ---- saying it ---- */

/* From the next half hour at which he would hardly be served yet, one behind the other. */
static Fr__WaitWindow **
windows_after(struct fr_turn *turn, const struct routing_waiting_config *config, int64_t p90_us)
{
    int64_t slot_us = config->window.us < SLOT_US ? config->window.us : SLOT_US;
    int64_t from_us = (turn->now.unix_us + p90_us + slot_us - 1) / slot_us * slot_us;
    size_t count = (size_t)config->windows;
    Fr__WaitWindow *rows = fr_arena_zalloc(turn->arena, count + 1, sizeof(*rows));
    Fr__WaitWindow **list = fr_arena_zalloc(turn->arena, count + 1, sizeof(*list));

    for (size_t i = 0; rows != NULL && list != NULL && i < count; i++) {
        fr__wait_window__init(&rows[i]);
        rows[i].from_us = from_us + (int64_t)i * config->window.us;
        rows[i].to_us = rows[i].from_us + config->window.us;
        list[i] = &rows[i];
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
        estimated.n_windows = (size_t)telling->config->windows;
        estimated.windows = windows_after(turn, telling->config, wait->p90_us);
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
    if (estimated.reason == NULL || (estimated.n_windows > 0 && estimated.windows == NULL))
        return FR_NO_MEMORY;
    return fr_emit_as(turn, telling->input, &estimated.base, &labels);
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
    line.ahead = count_ahead(turn, &telling.lane, &task);
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
tell_again(struct fr_turn *turn, const struct telling *telling, uint64_t task_id, uint32_t ahead)
{
    struct routing_line line = {
        .ahead = ahead, .since_us = telling->since_us, .turn_us = telling->config->turn.us};
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
    routing_wait_estimate(&telling->flow, &line, turn->now, &wait);
    left_us = told.last_p50_us - (turn->now.unix_us - told.last_us);
    left_p90_us = told.last_p90_us - (turn->now.unix_us - told.last_us);
    if (told.position == ahead + 1 && !routing_wait_changed(left_us, left_p90_us, &wait))
        return FR_OK;
    return say_estimated(turn, telling, &task, ahead, &wait, false, told.offered);
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
    scan_line(&scan, turn, telling.lane.number, NULL);
    while (count < ROUTING_TOLD_MAX && routing_waiting_next(&scan, &waiting) == FR_OK)
        task_ids[count++] = waiting.task_id;
    fr_scan_fini(&scan);
    for (uint32_t i = 0; err == FR_OK && i < count; i++)
        err = tell_again(turn, &telling, task_ids[i], i);
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
