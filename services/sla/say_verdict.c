/* say_verdict.c - what is said of one target on its way to an end: warned, met, missed, cancelled.
 */
#include "services/sla/cause.h"
#include "services/sla/counters.h"
#include "services/sla/say.h"
#include "services/sla/target.h"

static int64_t
elapsed_of(const struct sla_matter *matter, const struct sla_target *target, int64_t at_us)
{
    const struct sla_clock clock = sla_target_clock(target);

    return sla_clock_elapsed(&clock, sla_calendar(matter->turn->calendars, target->calendar),
                             at_us);
}

/* ---- warned ---- */

/* On whose wall a customer reads a time: his policy's, or that of promises. */
static const struct fr_calendar *
wall_of(const struct sla_matter *matter, const struct sla_target *target)
{
    const struct sla_policy *policy = sla_policy_by_name(matter->config, target->policy);
    const struct fr_calendar *calendar =
        sla_calendar(matter->turn->calendars, policy == NULL ? target->calendar : policy->calendar);

    return calendar == fr_calendar_always()
               ? sla_calendar(matter->turn->calendars, matter->config->promise_calendar)
               : calendar;
}

/* The new time: so much open time after the deadline, at an hour at which somebody is there. */
static void
set_again(const struct sla_matter *matter, const struct sla_target *target, char *text,
          Fr__TargetWarned *warned)
{
    const struct sla_policy *policy = sla_policy_by_name(matter->config, target->policy);
    bool promise = sla_kind_is_promise((Fr__TargetKind)target->kind);
    const struct fr_calendar *calendar = sla_calendar(
        matter->turn->calendars, promise ? matter->config->promise_calendar : target->calendar);
    struct fr_span more = promise ? matter->config->promise_again
                          : policy != NULL && policy->again_after.us > 0
                              ? policy->again_after
                              : (struct fr_span){target->promised_us};
    int64_t from_us =
        target->due_us > matter->turn->now.unix_us ? target->due_us : matter->turn->now.unix_us;
    struct fr_calendar_deadline again;

    if (fr_calendar_add(calendar, (struct fr_time){from_us}, more, &again) != FR_OK ||
        again.rolled.unix_us == 0)
        return;
    warned->has_again_us = 1;
    warned->again_us = again.rolled.unix_us;
    warned->has_again_open_us = 1;
    warned->again_open_us = elapsed_of(matter, target, again.rolled.unix_us);
    warned->again_text = fr_calendar_format(wall_of(matter, target), again.rolled, text);
}

static enum fr_error
say_alert(struct sla_matter *matter, const struct sla_target *target, const struct sla_cause *cause,
          char *reason)
{
    Fr__SupervisorAlerted alerted = FR__SUPERVISOR_ALERTED__INIT;
    const Fr__SlaStatePromise *promise;

    alerted.target_id = target->target_id;
    alerted.kind = (Fr__TargetKind)target->kind;
    alerted.conversation_id = target->conversation_id;
    alerted.due_us = target->due_us;
    alerted.reason = reason;
    alerted.has_breached = 1;
    alerted.breached = target->state == SLA_BREACHED;
    alerted.policy = (char *)target->policy;
    alerted.has_cause = 1;
    alerted.cause = cause->kind;
    if (sla_kind_is_promise((Fr__TargetKind)target->kind) &&
        sla_promise_get(matter->turn->view, target->target_id, matter->turn->arena, &promise) ==
            FR_OK)
        alerted.agent = promise->promise->owner;
    fr_count(matter->turn, SLA_COUNT_ALERTS, 1);
    return sla_matter_say(matter, &alerted.base);
}

static char *
warned_reason(const struct sla_matter *matter, const struct sla_target *target, const char *cause)
{
    const struct fr_calendar *calendar = sla_calendar(matter->turn->calendars, target->calendar);
    const char *kind = sla_kind_text((Fr__TargetKind)target->kind);
    struct fr_time due = {target->due_us};
    char span[FR_TIME_TEXT_SIZE];

    if (target->due_us > matter->turn->now.unix_us) {
        fr_span_format(fr_calendar_within(calendar, matter->turn->now, due), span);
        return fr_arena_printf(matter->turn->arena, "%s is due in %s, and it is %s", kind, span,
                               cause);
    }
    fr_span_format(fr_calendar_within(calendar, due, matter->turn->now), span);
    return fr_arena_printf(matter->turn->arena, "%s was due %s ago, and it is %s", kind, span,
                           cause);
}

enum fr_error
sla_say_warned(struct sla_matter *matter, const struct sla_target *target,
               const struct sla_steps_due *steps)
{
    Fr__TargetWarned warned = FR__TARGET_WARNED__INIT;
    uint32_t names[SLA_STEPS_MAX], actions = steps->actions;
    char again[FR_CALENDAR_TEXT_SIZE];
    struct sla_target after = *target;
    struct sla_cause cause;
    enum fr_error err = sla_cause_now(matter, target, &cause);

    if (err != FR_OK)
        return err;
    if (target->told)
        actions &= ~(uint32_t)SLA_TELL;
    memcpy(names, steps->names, sizeof(names));
    warned.target_id = target->target_id;
    warned.kind = (Fr__TargetKind)target->kind;
    warned.conversation_id = target->conversation_id;
    warned.due_us = target->due_us;
    warned.has_raise = warned.has_widen = warned.has_alert = warned.has_tell = 1;
    warned.raise = (actions & SLA_RAISE) != 0;
    warned.widen = (actions & SLA_WIDEN) != 0;
    warned.alert = (actions & SLA_ALERT) != 0;
    warned.tell = (actions & SLA_TELL) != 0;
    warned.has_cause = 1;
    warned.cause = cause.kind;
    warned.n_steps = steps->count;
    warned.steps = names;
    if (warned.tell)
        set_again(matter, target, again, &warned);
    sla_target_warn(&after, &warned);
    warned.has_next_us = 1;
    warned.next_us = sla_next_step(matter, &after);
    warned.reason = warned_reason(matter, target, cause.text);
    if (warned.reason == NULL)
        return FR_NO_MEMORY;
    fr_count(matter->turn, SLA_COUNT_WARNED, 1);
    err = sla_matter_say(matter, &warned.base);
    return err == FR_OK && warned.alert ? say_alert(matter, target, &cause, warned.reason) : err;
}

/* ---- verdicts ---- */

enum fr_error
sla_say_promise_ended(struct sla_matter *matter, const struct sla_target *target, bool kept,
                      const char *by, const char *note)
{
    Fr__PromiseEnded ended = FR__PROMISE_ENDED__INIT;
    const Fr__SlaStatePromise *promise;
    enum fr_error err =
        sla_promise_get(matter->turn->view, target->target_id, matter->turn->arena, &promise);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    ended.promise_id = target->target_id;
    ended.conversation_id = target->conversation_id;
    ended.kept = kept;
    ended.late = kept && target->due_us != 0 && matter->at_us > target->due_us;
    ended.owner = promise->promise->owner;
    ended.site = promise->promise->site;
    ended.by = (char *)by;
    ended.note = (char *)note;
    return sla_matter_say(matter, &ended.base);
}

enum fr_error
sla_say_breached(struct sla_matter *matter, const struct sla_target *target)
{
    Fr__TargetBreached breached = FR__TARGET_BREACHED__INIT;
    Fr__TargetBrief brief = FR__TARGET_BRIEF__INIT;
    struct sla_target after = *target;
    struct sla_cause cause;
    enum fr_error err = sla_cause_now(matter, target, &cause);

    if (err != FR_OK)
        return err;
    after.state = SLA_BREACHED;
    breached.target_id = target->target_id;
    breached.kind = (Fr__TargetKind)target->kind;
    breached.conversation_id = target->conversation_id;
    breached.due_us = target->due_us;
    breached.cause = cause.text;
    breached.has_cause_kind = 1;
    breached.cause_kind = cause.kind;
    breached.queue = cause.queue;
    breached.agent = cause.agent;
    breached.site = cause.site;
    breached.has_next_us = 1;
    breached.next_us = sla_next_step(matter, &after);
    brief.policy = (char *)target->policy;
    brief.calendar = (char *)target->calendar;
    brief.started_us = target->started_us;
    brief.promised_us = target->promised_us;
    brief.elapsed_us = target->promised_us;
    brief.has_customer_id = 1;
    brief.customer_id = matter->row.customer_id;
    brief.has_told = 1;
    brief.told = target->told;
    breached.target = &brief;
    fr_count(matter->turn, SLA_COUNT_BREACHED, 1);
    return sla_matter_say(matter, &breached.base);
}

static enum fr_error
say_late(struct sla_matter *matter, const struct sla_target *target)
{
    const struct fr_calendar *calendar = sla_calendar(matter->turn->calendars, target->calendar);
    Fr__TargetAnsweredLate late = FR__TARGET_ANSWERED_LATE__INIT;

    late.target_id = target->target_id;
    late.kind = (Fr__TargetKind)target->kind;
    late.conversation_id = target->conversation_id;
    late.late_us = fr_calendar_within(calendar, (struct fr_time){target->due_us},
                                      (struct fr_time){matter->at_us})
                       .us;
    fr_count(matter->turn, SLA_COUNT_LATE, 1);
    return sla_matter_say(matter, &late.base);
}

static enum fr_error
say_met(struct sla_matter *matter, const struct sla_target *target, const char *how)
{
    const struct fr_calendar *calendar = sla_calendar(matter->turn->calendars, target->calendar);
    Fr__TargetMet met = FR__TARGET_MET__INIT;
    char took[FR_TIME_TEXT_SIZE], left[FR_TIME_TEXT_SIZE];
    const char *done = how != NULL                                        ? how
                       : target->kind == FR__TARGET_KIND__RESOLUTION      ? "resolved"
                       : target->kind == FR__TARGET_KIND__ACKNOWLEDGEMENT ? "acknowledged"
                                                                          : "answered";

    met.target_id = target->target_id;
    met.kind = (Fr__TargetKind)target->kind;
    met.conversation_id = target->conversation_id;
    met.elapsed_us = elapsed_of(matter, target, matter->at_us);
    fr_span_format((struct fr_span){met.elapsed_us}, took);
    if (target->paused)
        met.reason = fr_arena_printf(matter->turn->arena, "%s after %s, while its clock was paused",
                                     done, took);
    else
        met.reason = fr_arena_printf(
            matter->turn->arena, "%s after %s, %s before the deadline", done, took,
            fr_span_format(fr_calendar_within(calendar, (struct fr_time){matter->at_us},
                                              (struct fr_time){target->due_us}),
                           left));
    fr_count(matter->turn, SLA_COUNT_MET, 1);
    return met.reason == NULL ? FR_NO_MEMORY : sla_matter_say(matter, &met.base);
}

/* The verdict is the deadline's: an answer after it is late even if the timer has not fired yet,
 * and one exactly at it is in time. */
enum fr_error
sla_say_answered(struct sla_matter *matter, const struct sla_target *target, const char *how)
{
    enum fr_error err = FR_OK;

    if (target->state == SLA_OPEN && (target->due_us == 0 || matter->at_us <= target->due_us))
        return say_met(matter, target, how);
    if (target->state == SLA_OPEN)
        err = sla_say_breached(matter, target);
    return err == FR_OK ? say_late(matter, target) : err;
}

enum fr_error
sla_say_cancelled(struct sla_matter *matter, const struct sla_target *target, const char *why)
{
    Fr__TargetCancelled cancelled = FR__TARGET_CANCELLED__INIT;

    cancelled.target_id = target->target_id;
    cancelled.kind = (Fr__TargetKind)target->kind;
    cancelled.conversation_id = target->conversation_id;
    cancelled.reason = (char *)why;
    cancelled.has_elapsed_us = 1;
    cancelled.elapsed_us = elapsed_of(matter, target, matter->at_us);
    fr_count(matter->turn, SLA_COUNT_CANCELLED, 1);
    return sla_matter_say(matter, &cancelled.base);
}
