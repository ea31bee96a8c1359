/* say.c - what is said of one target while it runs: armed, moved, its next step. */
#include "services/sla/say.h"

#include "services/sla/counters.h"

const struct fr_calendar *
sla_calendar(const struct fr_calendars *calendars, const char *name)
{
    const struct fr_calendar *calendar = fr_calendars_find(calendars, name);

    return calendar == NULL ? fr_calendar_always() : calendar;
}

/* ---- steps ---- */

static bool
is_done(const struct sla_target *target, uint32_t name)
{
    for (size_t i = 0; i < target->step_count; i++)
        if (target->steps[i] == name)
            return true;
    return false;
}

void
sla_steps_left(const struct sla_matter *matter, const struct sla_target *target,
               struct sla_plan *out)
{
    struct sla_plan plan;

    sla_policy_plan(matter->config, sla_policy_by_name(matter->config, target->policy),
                    (Fr__TargetKind)target->kind, target->promised_us, target->again_open_us,
                    &plan);
    out->count = 0;
    for (size_t i = 0; i < plan.count; i++)
        if (!is_done(target, plan.steps[i].name))
            out->steps[out->count++] = plan.steps[i];
}

int64_t
sla_next_step(const struct sla_matter *matter, const struct sla_target *target)
{
    const struct fr_calendar *calendar = sla_calendar(matter->turn->calendars, target->calendar);
    struct sla_clock clock = sla_target_clock(target);
    int64_t next_us = target->state == SLA_OPEN ? target->due_us : 0;
    struct sla_plan left;

    if (target->paused)
        return 0;
    sla_steps_left(matter, target, &left);
    if (left.count > 0 && (next_us == 0 || left.steps[0].open_us < target->promised_us)) {
        int64_t step_us = sla_clock_instant(&clock, calendar, left.steps[0].open_us);

        if (step_us != 0 && (next_us == 0 || step_us < next_us))
            next_us = step_us;
    }
    return next_us;
}

/* ---- its clock ---- */

static void
clock_to_message(const struct sla_target *target, const char *why, Fr__TargetClock *out)
{
    fr__target_clock__init(out);
    out->policy = (char *)target->policy;
    out->calendar = (char *)target->calendar;
    out->promised_us = target->promised_us;
    out->elapsed_us = target->elapsed_us;
    out->since_us = target->since_us;
    out->paused = target->paused;
    out->has_due_us = out->has_rolled_us = out->has_next_us = 1;
    out->due_us = target->due_us;
    out->rolled_us = target->rolled_us;
    out->next_us = target->next_us;
    out->why = (char *)why;
}

static void
set_clock(struct sla_target *target, const struct sla_clock *clock)
{
    target->promised_us = clock->promised_us;
    target->elapsed_us = clock->elapsed_us;
    target->since_us = clock->since_us;
    target->paused = clock->paused;
    target->due_us = clock->due_us;
    target->rolled_us = clock->rolled_us;
}

static void
set_offer(struct sla_target *target, const struct sla_offer *offer)
{
    memset(target->policy, 0, sizeof(target->policy));
    memset(target->calendar, 0, sizeof(target->calendar));
    memcpy(target->policy, offer->policy, strnlen(offer->policy, SLA_NAME_SIZE - 1));
    memcpy(target->calendar, offer->calendar, strnlen(offer->calendar, SLA_NAME_SIZE - 1));
}

static char *
armed_reason(struct sla_matter *matter, const struct sla_target *target)
{
    char from[FR_TIME_TEXT_SIZE], length[FR_TIME_TEXT_SIZE], due[FR_TIME_TEXT_SIZE];
    char carried[FR_TIME_TEXT_SIZE];
    const char *kind = sla_kind_text((Fr__TargetKind)target->kind);

    fr_span_format((struct fr_span){target->promised_us}, length);
    fr_time_format((struct fr_time){target->since_us}, from);
    fr_time_format((struct fr_time){target->due_us}, due);
    fr_span_format((struct fr_span){target->elapsed_us}, carried);
    if (target->paused || target->due_us == 0)
        return fr_arena_printf(matter->turn->arena, "policy %s: %s within %s (%s), %s",
                               target->policy, kind, length, target->calendar,
                               target->paused ? "paused" : "which never comes");
    if (target->elapsed_us > 0)
        return fr_arena_printf(matter->turn->arena,
                               "policy %s: %s within %s (%s), %s of them elapsed before %s: %s",
                               target->policy, kind, length, target->calendar, carried, from, due);
    return fr_arena_printf(matter->turn->arena, "policy %s: %s within %s (%s): %s + %s = %s",
                           target->policy, kind, length, target->calendar, from, length, due);
}

enum fr_error
sla_say_armed(struct sla_matter *matter, struct sla_target *target, const struct sla_offer *offer)
{
    const struct fr_calendar *calendar = sla_calendar(matter->turn->calendars, offer->calendar);
    Fr__TargetArmed armed = FR__TARGET_ARMED__INIT;
    struct sla_clock clock = {.promised_us = offer->within_us,
                              .elapsed_us = target->elapsed_us,
                              .since_us = target->since_us,
                              .paused = target->paused != 0};
    Fr__TargetClock message;

    sla_clock_recount(&clock, calendar);
    set_offer(target, offer);
    set_clock(target, &clock);
    target->next_us = sla_next_step(matter, target);
    clock_to_message(target, "started", &message);
    armed.target_id = fr_next_id(matter->turn);
    armed.kind = (Fr__TargetKind)target->kind;
    armed.conversation_id = matter->conversation_id;
    armed.customer_id = matter->row.customer_id;
    armed.started_us = target->started_us;
    armed.warn_us = target->next_us;
    armed.due_us = target->due_us;
    armed.policy = target->policy;
    armed.has_message_id = target->message_id != 0;
    armed.message_id = target->message_id;
    armed.clock = &message;
    armed.reason = armed_reason(matter, target);
    fr_count(matter->turn, SLA_COUNT_ARMED, 1);
    return armed.reason == NULL ? FR_NO_MEMORY : sla_matter_say(matter, &armed.base);
}

/* ---- moved ---- */

static enum fr_error
say_clock(struct sla_matter *matter, struct sla_target *target, const char *why, const char *reason,
          Fr__StretchEnded *ended)
{
    Fr__TargetMoved moved = FR__TARGET_MOVED__INIT;
    Fr__TargetClock message;

    target->next_us = sla_next_step(matter, target);
    clock_to_message(target, why, &message);
    moved.target_id = target->target_id;
    moved.kind = (Fr__TargetKind)target->kind;
    moved.conversation_id = target->conversation_id;
    moved.clock = &message;
    moved.ended = ended;
    moved.has_started_us = 1;
    moved.started_us = target->started_us;
    moved.reason = (char *)reason;
    fr_count(matter->turn, SLA_COUNT_MOVED, 1);
    return reason == NULL ? FR_NO_MEMORY : sla_matter_say(matter, &moved.base);
}

static const char *
waiting_text(uint32_t waiting)
{
    return waiting == FR__WAITING_FOR__A_THIRD_PARTY ? "a third party" : "the customer";
}

static char *
moved_reason(struct sla_matter *matter, const struct sla_target *before,
             const struct sla_target *target)
{
    char length[FR_TIME_TEXT_SIZE], carried[FR_TIME_TEXT_SIZE], due[FR_TIME_TEXT_SIZE];
    struct fr_arena *arena = matter->turn->arena;

    fr_span_format((struct fr_span){target->promised_us}, length);
    fr_span_format((struct fr_span){target->elapsed_us}, carried);
    fr_time_format((struct fr_time){target->due_us}, due);
    if (target->paused && !before->paused)
        return fr_arena_printf(arena, "paused after %s: we wait for %s", carried,
                               waiting_text(matter->row.waiting));
    if (target->due_us == 0 && !target->paused)
        memcpy(due, "never", sizeof("never"));
    if (!target->paused && before->paused)
        return fr_arena_printf(arena, "resumed with %s elapsed: due %s", carried, due);
    return fr_arena_printf(arena, "policy %s: within %s (%s), %s elapsed: due %s", target->policy,
                           length, target->calendar, carried, due);
}

enum fr_error
sla_say_moved(struct sla_matter *matter, const struct sla_target *target,
              const struct sla_offer *offer, bool paused)
{
    const struct fr_calendar *was = sla_calendar(matter->turn->calendars, target->calendar);
    const struct fr_calendar *is = sla_calendar(matter->turn->calendars, offer->calendar);
    struct sla_clock clock = sla_target_clock(target);
    Fr__StretchEnded ended = FR__STRETCH_ENDED__INIT;
    struct sla_target after = *target;
    const char *why = paused ? "paused" : target->paused ? "resumed" : "another policy";
    bool turned = strcmp(target->policy, offer->policy) != 0 ||
                  strcmp(target->calendar, offer->calendar) != 0 ||
                  target->promised_us != offer->within_us || (target->paused != 0) != paused;

    if (!turned) {
        sla_clock_recount(&clock, is);
        set_clock(&after, &clock);
        if (clock.due_us == target->due_us && clock.rolled_us == target->rolled_us)
            return matter->recount ? sla_say_rescheduled(matter, target) : FR_OK;
        return say_clock(matter, &after, "another calendar", moved_reason(matter, target, &after),
                         NULL);
    }
    ended.from_us = target->since_us;
    ended.counted_us = sla_clock_turn(&clock, was, matter->at_us, is, offer->within_us, paused);
    ended.to_us = clock.since_us;
    ended.why = target->paused ? "paused" : "counted";
    ended.calendar = (char *)target->calendar;
    set_offer(&after, offer);
    set_clock(&after, &clock);
    return say_clock(matter, &after, why, moved_reason(matter, target, &after), &ended);
}

enum fr_error
sla_say_restarted(struct sla_matter *matter, const struct sla_target *target, int64_t started_us)
{
    const struct fr_calendar *calendar = sla_calendar(matter->turn->calendars, target->calendar);
    struct sla_clock clock = sla_clock_start(calendar, started_us, target->promised_us);
    struct sla_target after = *target;

    set_clock(&after, &clock);
    after.started_us = started_us;
    return say_clock(matter, &after, "the customer wrote again",
                     "the customer wrote again: it counts from his newest message", NULL);
}

enum fr_error
sla_say_rescheduled(struct sla_matter *matter, const struct sla_target *target)
{
    struct sla_target after = *target;

    if (sla_next_step(matter, target) == target->next_us)
        return FR_OK;
    return say_clock(matter, &after, "another step comes next",
                     "the steps along the way are others now", NULL);
}
