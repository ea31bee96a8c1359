/* decide_promise.c - promises to customers: call-backs, and an agent's "by Friday 17:00". */
#include "proto/desk.pb-c.h"
#include "services/sla/counters.h"
#include "services/sla/say.h"
#include "services/sla/target.h"

#define REQUEST_ID_SIZE 80
#define WHAT_SIZE 1000

/* What is wrong with the request, or NULL. */
static const char *
unfit(const struct fr_turn *turn, const Fr__PromiseRequested *promise)
{
    if (promise->request_id[0] == '\0' || strlen(promise->request_id) >= REQUEST_ID_SIZE)
        return "a promise needs a request id of 1 to 79 bytes";
    if (!sla_kind_is_promise(promise->kind))
        return "only call-backs and promises by hand are promised so; other targets follow from "
               "policies";
    if (promise->what[0] == '\0' || strlen(promise->what) >= WHAT_SIZE)
        return "a promise says what is promised, in 1 to 999 bytes";
    if (promise->due_us <= turn->now.unix_us)
        return "the time that is promised has passed already";
    if (promise->due_us > turn->now.unix_us + FR_CALENDAR_REACH_S * 1000000)
        return "the time that is promised is more than two years away";
    if (promise->has_from_us && promise->from_us >= promise->due_us)
        return "the window of the call-back ends before it begins";
    return NULL;
}

/* Its clock is calendar time, up to the deadline. */
static void
clock_of(struct sla_matter *matter, const Fr__PromiseRequested *promise, Fr__TargetClock *clock)
{
    struct sla_target target = {.kind = promise->kind,
                                .state = SLA_OPEN,
                                .since_us = matter->turn->now.unix_us,
                                .due_us = promise->due_us,
                                .promised_us = promise->due_us - matter->turn->now.unix_us};

    sla_copy(target.calendar, sizeof(target.calendar), "24/7");
    fr__target_clock__init(clock);
    clock->policy = "promise";
    clock->calendar = "24/7";
    clock->promised_us = target.promised_us;
    clock->since_us = target.since_us;
    clock->has_due_us = clock->has_rolled_us = clock->has_next_us = 1;
    clock->due_us = clock->rolled_us = promise->due_us;
    clock->next_us = sla_next_step(matter, &target);
    clock->why = "promised";
}

static enum fr_error
make(struct sla_matter *matter, const Fr__PromiseRequested *promise)
{
    const struct fr_calendar *wall =
        sla_calendar(matter->turn->calendars, matter->config->promise_calendar);
    char due[FR_CALENDAR_TEXT_SIZE], from[FR_CALENDAR_TEXT_SIZE];
    Fr__PromiseMade made = FR__PROMISE_MADE__INIT;
    Fr__TargetClock clock;

    clock_of(matter, promise, &clock);
    made.promise_id = fr_next_id(matter->turn);
    made.promise = (Fr__PromiseRequested *)(uintptr_t)promise;
    made.clock = &clock;
    made.customer_id = promise->customer_id != 0 ? promise->customer_id : matter->row.customer_id;
    made.has_started_us = 1;
    made.started_us = matter->turn->now.unix_us;
    made.due_text = fr_calendar_format(wall, (struct fr_time){promise->due_us}, due);
    if (promise->has_from_us)
        made.from_text = fr_calendar_format(wall, (struct fr_time){promise->from_us}, from);
    fr_count(matter->turn, SLA_COUNT_PROMISES, 1);
    return sla_matter_say(matter, &made.base);
}

static void
answer_id(struct fr_turn *turn, const char *name, uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    fr_answer_json(turn, json_pack("{s:s}", name, fr_id_format(id, text)));
}

static enum fr_error
request(struct fr_turn *turn, const struct fr_record *input, const Fr__PromiseRequested *promise)
{
    const char *wrong = unfit(turn, promise);
    struct sla_matter matter;
    uint64_t promise_id;
    enum fr_error err;

    if (wrong != NULL)
        return fr_reject(turn, input, "%s", wrong);
    err = sla_request_get(turn->view, promise->conversation_id, promise->request_id, &promise_id);
    if (err == FR_OK) {
        fr_count(turn, SLA_COUNT_REPEATED, 1);
        answer_id(turn, "promise", promise_id);
    }
    if (err != FR_NOT_FOUND)
        return err;
    err = sla_matter_begin(&matter, turn, input, promise->conversation_id, 0);
    if (err != FR_OK)
        return err;
    if (matter.row.customer_id == 0 && promise->customer_id == 0)
        return fr_reject(turn, input, "no such conversation");
    answer_id(turn, "promise", fr_next_id(turn));
    return make(&matter, promise);
}

/* PromiseRequested: it becomes an object with a deadline.
 *
 * Reads requests, conversations.  Emits PromiseMade.
 * Sent twice: the request id is known for that conversation, and nothing happens.
 */
enum fr_error
sla_decide_promise_requested(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseRequested *promise =
        fr_unpack(turn, input, &fr__promise_requested__descriptor);

    if (promise == NULL)
        return fr_reject(turn, input, "PromiseRequested does not decode");
    return request(turn, input, promise);
}

/* PromiseWritten: likewise, by an agent whom sites has checked; he keeps it himself unless he named
 * somebody.
 *
 * Reads requests, conversations.  Emits PromiseMade.
 * Sent twice: his client id is the request id.
 */
enum fr_error
sla_decide_promise_written(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseWritten *written = fr_unpack(turn, input, &fr__promise_written__descriptor);
    Fr__PromiseRequested promise;
    char *name;

    if (written == NULL)
        return fr_reject(turn, input, "PromiseWritten does not decode");
    promise = *written->promise;
    name = fr_arena_printf(turn->arena, "%s/%s", written->agent, written->client_id);
    if (name == NULL)
        return FR_NO_MEMORY;
    promise.request_id = name;
    promise.conversation_id = written->conversation_id;
    promise.by = written->agent;
    if (promise.owner == NULL)
        promise.owner = written->agent;
    return request(turn, input, &promise);
}

/* ---- what became of it ---- */

struct settled {
    uint64_t promise_id;
    bool kept;
    const char *by, *note;
    const char *agent; /* who may only settle his own; NULL: anybody may */
};

/* Why it cannot be settled so, or NULL. */
static const char *
unsettled(const struct fr_turn *turn, const struct settled *settled,
          const Fr__SlaStatePromise *promise)
{
    if (settled->agent != NULL && promise->promise->owner != NULL &&
        strcmp(promise->promise->owner, settled->agent) != 0)
        return "the promise is another agent's";
    if (settled->kept && promise->promise->has_from_us &&
        promise->promise->from_us > turn->now.unix_us)
        return "the window of the call-back has not begun";
    return NULL;
}

static enum fr_error
settle(struct fr_turn *turn, const struct fr_record *input, const struct settled *settled)
{
    const Fr__SlaStatePromise *promise;
    struct sla_matter matter;
    struct sla_target target;
    const char *wrong;
    enum fr_error err = sla_promise_get(turn->view, settled->promise_id, turn->arena, &promise);

    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "no such promise");
    if (err == FR_OK)
        err = sla_target_get(turn->view, settled->promise_id, &target);
    if (err != FR_OK)
        return err;
    if (promise->ended != NULL) {
        fr_count(turn, SLA_COUNT_REPEATED, 1);
        return FR_OK;
    }
    wrong = unsettled(turn, settled, promise);
    if (wrong != NULL)
        return fr_reject(turn, input, "%s", wrong);
    err = sla_matter_begin(&matter, turn, input, target.conversation_id, input->head->time_us);
    if (err == FR_OK && settled->kept)
        err = sla_say_answered(&matter, &target, "kept");
    else if (err == FR_OK && target.state == SLA_OPEN)
        err = sla_say_cancelled(
            &matter, &target, settled->note == NULL ? "it is not needed any more" : settled->note);
    if (err == FR_OK)
        err = sla_say_promise_ended(&matter, &target, settled->kept, settled->by, settled->note);
    answer_id(turn, "promise", settled->promise_id);
    return err;
}

/* PromiseSettled: the call was placed, or somebody says that it is kept or not needed.
 *
 * Reads promises, targets.  Emits TargetMet, TargetAnsweredLate (after TargetBreached) or
 * TargetCancelled; PromiseEnded.  Sent twice: it has ended already.
 */
enum fr_error
sla_decide_promise_settled(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseSettled *said = fr_unpack(turn, input, &fr__promise_settled__descriptor);

    if (said == NULL)
        return fr_reject(turn, input, "PromiseSettled does not decode");
    return settle(turn, input,
                  &(struct settled){.promise_id = said->promise_id,
                                    .kept = said->kept,
                                    .by = said->by,
                                    .note = said->note});
}

/* PromiseDone: the agent's word about a promise of his.  As PromiseSettled. */
enum fr_error
sla_decide_promise_done(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseDone *done = fr_unpack(turn, input, &fr__promise_done__descriptor);

    if (done == NULL)
        return fr_reject(turn, input, "PromiseDone does not decode");
    return settle(turn, input,
                  &(struct settled){.promise_id = done->promise_id,
                                    .kept = done->kept,
                                    .by = done->agent,
                                    .note = done->note,
                                    .agent = done->agent});
}
