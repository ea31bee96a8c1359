/* decide_time.c - deadlines come near, and pass; the configuration changes; what is long over is
 * forgotten. */
#include "services/sla/counters.h"
#include "services/sla/say.h"

#define RECOUNT_SLICE 100 /* conversations looked at in one turn */
#define FORGET_SLICE 200  /* targets forgotten in one turn */

/* The steps that are due now: those on the way to the deadline, or those at it and after it. */
static void
steps_due(const struct sla_matter *matter, const struct sla_target *target, bool after_deadline,
          struct sla_steps_due *out)
{
    const struct sla_clock clock = sla_target_clock(target);
    const struct fr_calendar *calendar = sla_calendar(matter->turn->calendars, target->calendar);
    struct sla_plan left;

    out->count = 0;
    out->actions = 0;
    sla_steps_left(matter, target, &left);
    for (size_t i = 0; i < left.count; i++) {
        int64_t at_us = sla_clock_instant(&clock, calendar, left.steps[i].open_us);

        if ((left.steps[i].open_us >= target->promised_us) != after_deadline || at_us == 0 ||
            at_us > matter->turn->now.unix_us)
            continue;
        out->names[out->count++] = left.steps[i].name;
        out->actions |= left.steps[i].actions;
    }
}

/* Says the steps that are due, if any; *said: there was something. */
static enum fr_error
take_steps(struct sla_matter *matter, uint64_t target_id, bool after_deadline, bool *said)
{
    struct sla_steps_due due;
    struct sla_target target;
    enum fr_error err = sla_target_get(matter->turn->view, target_id, &target);

    if (err != FR_OK || (after_deadline && target.state != SLA_BREACHED))
        return err;
    steps_due(matter, &target, after_deadline, &due);
    if (due.count == 0)
        return FR_OK;
    *said = true;
    return sla_say_warned(matter, &target, &due);
}

static enum fr_error
miss(struct sla_matter *matter, uint64_t target_id, bool *said)
{
    struct sla_target target;
    enum fr_error err = sla_target_get(matter->turn->view, target_id, &target);

    if (err != FR_OK || target.state != SLA_OPEN || target.due_us == 0 ||
        target.due_us > matter->turn->now.unix_us)
        return err;
    *said = true;
    return sla_say_breached(matter, &target);
}

/* A target's next step or its deadline: whatever is due and has not been said yet.  After a time
 * without us it may be all of it: then the customer is still told, once, before the breach goes on
 * record.
 *
 * Reads targets, conversations, places.  Emits TargetWarned, SupervisorAlerted, TargetBreached;
 * TargetMoved when its steps are others than they were.
 */
enum fr_error
sla_decide_target_due(struct fr_turn *turn, const struct fr_record *input)
{
    uint64_t target_id = input->head->key;
    struct sla_target target;
    struct sla_matter matter;
    bool said = false;
    enum fr_error err = sla_target_get(turn->view, target_id, &target);

    if (err == FR_NOT_FOUND ||
        (err == FR_OK && (target.state == SLA_MET || target.state == SLA_CANCELLED ||
                          target.answered || target.paused)))
        return FR_OK;
    if (err == FR_OK)
        err = sla_matter_begin(&matter, turn, input, target.conversation_id, 0);
    if (err == FR_OK)
        err = take_steps(&matter, target_id, false, &said);
    if (err == FR_OK)
        err = miss(&matter, target_id, &said);
    if (err == FR_OK)
        err = take_steps(&matter, target_id, true, &said);
    return err == FR_OK && !said ? sla_say_rescheduled(&matter, &target) : err;
}

/* ---- another configuration ---- */

static enum fr_error
say_stepped(struct fr_turn *turn, const struct fr_record *input, uint64_t after_id, bool done)
{
    Fr__RecountStepped stepped = FR__RECOUNT_STEPPED__INIT;

    stepped.after_id = after_id;
    stepped.done = done;
    return fr_emit(turn, input, &stepped.base);
}

/* The configuration is (again) in force: calendars, the tz database, policies may be others than
 * they were when deadlines were set.
 *
 * Reads open.  Emits RecountStepped, which starts to go through what is open.
 */
enum fr_error
sla_decide_config(struct fr_turn *turn, const struct fr_record *input)
{
    struct fr_scan scan;
    uint64_t first;
    enum fr_error err;

    sla_open_scan(&scan, turn->view, 0);
    err = sla_open_next(&scan, &first);
    fr_scan_fini(&scan);
    return err == FR_NOT_FOUND ? FR_OK : err != FR_OK ? err : say_stepped(turn, input, 0, false);
}

static enum fr_error
recount(struct fr_turn *turn, const struct fr_record *input, uint64_t conversation_id)
{
    struct sla_matter matter;
    enum fr_error err = sla_matter_begin(&matter, turn, input, conversation_id, 0);

    matter.recount = true;
    return err == FR_OK ? sla_matter_follow(&matter) : err;
}

/* The next slice.  Verdicts are not looked at: only what is open follows the new configuration.
 *
 * Reads open, conversations, targets.  Emits TargetMoved, TargetArmed, TargetCancelled for what
 * changed, RecountStepped.
 */
enum fr_error
sla_decide_recount(struct fr_turn *turn, const struct fr_record *input)
{
    uint64_t ids[RECOUNT_SLICE], last = input->head->key;
    struct fr_scan scan;
    size_t count = 0;
    enum fr_error err = FR_OK;

    sla_open_scan(&scan, turn->view, last);
    while (count < RECOUNT_SLICE && (err = sla_open_next(&scan, &ids[count])) == FR_OK)
        count++;
    fr_scan_fini(&scan);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    err = FR_OK;
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = recount(turn, input, ids[i]);
    if (count > 0)
        last = ids[count - 1];
    return err == FR_OK ? say_stepped(turn, input, last, count < RECOUNT_SLICE) : err;
}

/* ---- what is long over ---- */

/* The time of a closed conversation is over.  One with a promise that is still open is looked at
 * again later.
 *
 * Reads conversations, targets.  Emits ConversationForgotten, or ConversationMarked.
 */
enum fr_error
sla_decide_forget_due(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__ConversationForgotten forgotten = FR__CONVERSATION_FORGOTTEN__INIT;
    uint64_t ids[FORGET_SLICE], target_id;
    struct sla_conversation after;
    struct sla_matter matter;
    struct sla_target target;
    enum fr_error err = sla_matter_begin(&matter, turn, input, input->head->key, 0);

    if (err != FR_OK || !matter.row.closed)
        return err;
    if (matter.row.promises > 0) {
        after = matter.row;
        after.forget_us = turn->now.unix_us + matter.config->keep_for.us;
        return sla_matter_mark(&matter, &after);
    }
    for (target_id = matter.row.newest; target_id != 0 && forgotten.n_target_id < FORGET_SLICE;
         target_id = target.previous) {
        err = sla_target_get(turn->view, target_id, &target);
        if (err != FR_OK)
            return err;
        ids[forgotten.n_target_id++] = target_id;
    }
    forgotten.conversation_id = matter.conversation_id;
    forgotten.target_id = ids;
    forgotten.done = target_id == 0;
    fr_count(turn, SLA_COUNT_FORGOTTEN, forgotten.done ? 1 : 0);
    return sla_matter_say(&matter, &forgotten.base);
}
