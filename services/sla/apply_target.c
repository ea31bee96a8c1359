/* apply_target.c - what records do to targets: one function per event kind. */
#include "services/sla/apply.h"

#include "services/sla/target.h"

/* One more in a column of the totals. */
#define COUNT(tables, kind_, column)                                                               \
    do {                                                                                           \
        struct sla_totals totals;                                                                  \
        TRY(sla_totals_get(fr_tables_view(tables), kind_, &totals));                               \
        totals.column++;                                                                           \
        TRY(sla_totals_put(tables, kind_, &totals));                                               \
    } while (0)

static enum fr_error
set_timer(struct fr_tables *tables, const struct sla_target *target)
{
    return target->next_us == 0 ? fr_timer_disarm(tables, SLA_TIMER_TARGET, target->target_id)
                                : fr_timer_arm(tables, SLA_TIMER_TARGET, target->target_id,
                                               (struct fr_time){target->next_us});
}

/* The row, the list of its conversation, its timer. */
static enum fr_error
add_target(struct fr_tables *tables, const struct fr_record *event, struct sla_target *target,
           uint64_t customer_id)
{
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), target->conversation_id, &row));
    target->previous = row.newest;
    memcpy(target->brand, event->head->brand, sizeof(target->brand));
    TRY(sla_target_put(tables, NULL, target));
    if (event->head->brand[0] != '\0')
        memcpy(row.brand, event->head->brand, sizeof(row.brand));
    row.customer_id = customer_id;
    row.newest = target->target_id;
    if (target->message_id != 0)
        row.armed_by = target->message_id;
    if (sla_kind_is_promise((Fr__TargetKind)target->kind))
        row.promises++;
    else
        row.open[target->kind] = target->target_id;
    if (target->kind == FR__TARGET_KIND__RESOLUTION)
        row.resolution = target->target_id;
    TRY(sla_conversation_put(tables, target->conversation_id, &row));
    COUNT(tables, (Fr__TargetKind)target->kind, armed);
    return set_timer(tables, target);
}

/* Records of before clocks were kept: calendar time, one warning. */
static void
clock_of_old(struct sla_target *target, const Fr__TargetArmed *armed)
{
    target->promised_us = armed->due_us - armed->started_us;
    target->since_us = armed->started_us;
    target->due_us = target->rolled_us = armed->due_us;
    target->next_us = armed->warn_us;
    sla_copy(target->policy, sizeof(target->policy), armed->policy);
    sla_copy(target->calendar, sizeof(target->calendar), "24/7");
}

/* TargetArmed.  Writes targets, due, conversations, totals; arms its timer. */
enum fr_error
sla_apply_target_armed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetArmed *armed = fr_body(event);
    struct sla_target target = {.target_id = armed->target_id,
                                .conversation_id = armed->conversation_id,
                                .message_id = armed->message_id,
                                .started_us = armed->started_us,
                                .kind = armed->kind,
                                .state = SLA_OPEN};

    if (armed->clock != NULL)
        sla_target_set_clock(&target, armed->clock);
    else
        clock_of_old(&target, armed);
    return add_target(tables, event, &target, armed->customer_id);
}

/* PromiseMade.  Writes targets, due, conversations, promises, requests, totals; arms its timer. */
enum fr_error
sla_apply_promise_made(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PromiseMade *made = fr_body(event);
    struct sla_target target = {.target_id = made->promise_id,
                                .conversation_id = made->promise->conversation_id,
                                .started_us = made->started_us,
                                .kind = made->promise->kind,
                                .state = SLA_OPEN};
    Fr__SlaStatePromise promise = FR__SLA_STATE_PROMISE__INIT;

    sla_target_set_clock(&target, made->clock);
    promise.promise = made->promise;
    promise.customer_id = made->customer_id;
    promise.made_us = event->head->time_us;
    promise.due_text = made->due_text;
    TRY(sla_promise_put(tables, made->promise_id, &promise));
    return add_target(tables, event, &target, made->customer_id);
}

/* TargetMoved.  Writes targets, due; sets its timer. */
enum fr_error
sla_apply_target_moved(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetMoved *moved = fr_body(event);
    struct sla_target before, after;

    TRY(sla_target_get(fr_tables_view(tables), moved->target_id, &before));
    after = before;
    if (moved->ended != NULL)
        sla_target_add_stretch(&after, moved->ended);
    if (moved->has_started_us)
        after.started_us = moved->started_us;
    sla_target_set_clock(&after, moved->clock);
    TRY(sla_target_put(tables, &before, &after));
    return set_timer(tables, &after);
}

/* TargetWarned.  Writes targets, totals; sets its timer to what comes next. */
enum fr_error
sla_apply_target_warned(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetWarned *warned = fr_body(event);
    struct sla_target before, after;

    TRY(sla_target_get(fr_tables_view(tables), warned->target_id, &before));
    after = before;
    sla_target_warn(&after, warned);
    after.next_us = warned->has_next_us ? warned->next_us : after.due_us;
    TRY(sla_target_put(tables, &before, &after));
    if (!before.warned)
        COUNT(tables, warned->kind, warned);
    return set_timer(tables, &after);
}

/* It waits for nothing any more. */
static enum fr_error
close_open(struct fr_tables *tables, const struct sla_target *target)
{
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), target->conversation_id, &row));
    if (sla_kind_is_promise((Fr__TargetKind)target->kind))
        row.promises--;
    else if (row.open[target->kind] == target->target_id)
        row.open[target->kind] = 0;
    return sla_conversation_put(tables, target->conversation_id, &row);
}

/* The verdict on an open target. */
static enum fr_error
give_verdict(struct fr_tables *tables, const struct fr_record *event, uint64_t target_id,
             enum sla_state state, int64_t elapsed_us, int64_t next_us, struct sla_target *after)
{
    struct sla_target before;

    TRY(sla_target_get(fr_tables_view(tables), target_id, &before));
    fr_assert(before.state == SLA_OPEN);
    *after = before;
    after->state = (uint8_t)state;
    after->ended_us = event->head->time_us;
    after->next_us = next_us;
    if (elapsed_us >= 0)
        after->elapsed_us = elapsed_us;
    TRY(sla_target_put(tables, &before, after));
    return set_timer(tables, after);
}

/* TargetMet.  Writes targets, due, conversations, totals; disarms its timer. */
enum fr_error
sla_apply_target_met(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetMet *met = fr_body(event);
    struct sla_target target;

    TRY(give_verdict(tables, event, met->target_id, SLA_MET, met->elapsed_us, 0, &target));
    COUNT(tables, met->kind, met);
    return close_open(tables, &target);
}

/* TargetBreached.  Writes targets, due, breaches, totals; sets its timer to what comes after.  The
 * customer still waits. */
enum fr_error
sla_apply_target_breached(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetBreached *breached = fr_body(event);
    Fr__SlaStateBreach breach = FR__SLA_STATE_BREACH__INIT;
    struct sla_target target;

    TRY(give_verdict(tables, event, breached->target_id, SLA_BREACHED, -1, breached->next_us,
                     &target));
    COUNT(tables, breached->kind, breached);
    breach.breach = (Fr__TargetBreached *)(uintptr_t)breached;
    breach.brand = target.brand;
    return sla_breach_put(tables, event->head->time_us, &breach);
}

/* TargetAnsweredLate.  Writes targets and breaches (the verdict stays), conversations, totals;
 * disarms its timer. */
enum fr_error
sla_apply_target_answered_late(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetAnsweredLate *late = fr_body(event);
    const struct fr_view *view = fr_tables_view(tables);
    const Fr__SlaStateBreach *known;
    struct sla_target before, after;
    Fr__SlaStateBreach breach;

    TRY(sla_target_get(view, late->target_id, &before));
    after = before;
    after.answered = 1;
    after.late_us = late->late_us;
    after.next_us = 0;
    TRY(sla_target_put(tables, &before, &after));
    TRY(sla_breach_get(view, before.ended_us, late->target_id, fr_tables_arena(tables), &known));
    breach = *known;
    breach.has_late_us = 1;
    breach.late_us = late->late_us;
    TRY(sla_breach_put(tables, before.ended_us, &breach));
    COUNT(tables, late->kind, late);
    TRY(set_timer(tables, &after));
    return close_open(tables, &after);
}

/* TargetCancelled.  Writes targets, due, conversations, totals; disarms its timer.  What was
 * missed and is given up stays missed. */
enum fr_error
sla_apply_target_cancelled(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetCancelled *cancelled = fr_body(event);
    struct sla_target target;

    TRY(give_verdict(tables, event, cancelled->target_id, SLA_CANCELLED,
                     cancelled->has_elapsed_us ? cancelled->elapsed_us : -1, 0, &target));
    COUNT(tables, cancelled->kind, cancelled);
    return close_open(tables, &target);
}

/* PromiseEnded.  Writes promises; of one that was missed and is given up also targets (it waits no
 * longer, and stays missed) and conversations. */
enum fr_error
sla_apply_promise_ended(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PromiseEnded *ended = fr_body(event);
    const struct fr_view *view = fr_tables_view(tables);
    const Fr__SlaStatePromise *known;
    struct sla_target before, after;
    Fr__SlaStatePromise promise;

    TRY(sla_promise_get(view, ended->promise_id, fr_tables_arena(tables), &known));
    promise = *known;
    promise.ended = (Fr__PromiseEnded *)(uintptr_t)ended;
    TRY(sla_promise_put(tables, ended->promise_id, &promise));
    TRY(sla_target_get(view, ended->promise_id, &before));
    if (before.state != SLA_BREACHED || before.answered)
        return FR_OK;
    after = before;
    after.answered = 1;
    after.next_us = 0;
    TRY(sla_target_put(tables, &before, &after));
    TRY(set_timer(tables, &after));
    return close_open(tables, &after);
}
