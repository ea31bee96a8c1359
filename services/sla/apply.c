/* apply.c - one function per event kind: the only caller of the tables' put. */
#include "services/sla/place.h"

#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum fr_error try_error = (call);                                                          \
        if (try_error != FR_OK)                                                                    \
            return try_error;                                                                      \
    } while (0)

/* One more in a column of the totals. */
#define COUNT(tables, kind_, column)                                                               \
    do {                                                                                           \
        struct sla_totals totals;                                                                  \
        TRY(sla_totals_get(fr_tables_view(tables), kind_, &totals));                               \
        totals.column++;                                                                           \
        TRY(sla_totals_put(tables, kind_, &totals));                                               \
    } while (0)

/* TargetArmed.  Writes targets, due, conversations, totals; arms its timer at the warning, or else
 * the deadline. */
enum fr_error
sla_apply_target_armed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetArmed *armed = fr_body(event);
    struct sla_target target = {.target_id = armed->target_id,
                                .conversation_id = armed->conversation_id,
                                .message_id = armed->message_id,
                                .started_us = armed->started_us,
                                .warn_us = armed->warn_us,
                                .due_us = armed->due_us,
                                .kind = armed->kind,
                                .state = SLA_OPEN};
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), armed->conversation_id, &row));
    target.previous = row.newest;
    memcpy(target.policy, armed->policy, strnlen(armed->policy, sizeof(target.policy) - 1));
    memcpy(target.brand, event->head->brand, sizeof(target.brand));
    TRY(sla_target_put(tables, &target));
    row.customer_id = armed->customer_id;
    row.open = row.newest = armed->target_id;
    row.armed_by = armed->message_id;
    row.record = event->head->cause;
    TRY(sla_conversation_put(tables, armed->conversation_id, &row));
    COUNT(tables, armed->kind, armed);
    return fr_timer_arm(tables, SLA_TIMER_TARGET, armed->target_id,
                        (struct fr_time){armed->warn_us});
}

/* TargetWarned.  Writes targets, totals; arms its timer at the deadline. */
enum fr_error
sla_apply_target_warned(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetWarned *warned = fr_body(event);
    struct sla_target target;

    TRY(sla_target_get(fr_tables_view(tables), warned->target_id, &target));
    target.warned = 1;
    TRY(sla_target_put(tables, &target));
    COUNT(tables, warned->kind, warned);
    return fr_timer_arm(tables, SLA_TIMER_TARGET, target.target_id,
                        (struct fr_time){target.due_us});
}

/* The conversation waits for no answer any more; `record` 0: no message did that. */
static enum fr_error
close_open(struct fr_tables *tables, uint64_t conversation_id, bool answered, uint64_t record)
{
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), conversation_id, &row));
    row.open = 0;
    if (answered)
        row.answered = 1;
    if (record != 0)
        row.record = record;
    return sla_conversation_put(tables, conversation_id, &row);
}

/* The verdict on an open target; its deadline no longer runs. */
static enum fr_error
give_verdict(struct fr_tables *tables, const struct fr_record *event, uint64_t target_id,
             enum sla_state state)
{
    struct sla_target target;

    TRY(sla_target_get(fr_tables_view(tables), target_id, &target));
    fr_assert(target.state == SLA_OPEN);
    target.state = (uint8_t)state;
    target.ended_us = event->head->time_us;
    TRY(sla_target_put(tables, &target));
    return fr_timer_disarm(tables, SLA_TIMER_TARGET, target_id);
}

/* TargetMet.  Writes targets, due, conversations, totals; disarms its timer. */
enum fr_error
sla_apply_target_met(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetMet *met = fr_body(event);

    TRY(give_verdict(tables, event, met->target_id, SLA_MET));
    COUNT(tables, met->kind, met);
    return close_open(tables, met->conversation_id, true, event->head->cause);
}

/* TargetBreached.  Writes targets, due, breaches, totals; disarms its timer.  The conversation
 * still waits. */
enum fr_error
sla_apply_target_breached(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetBreached *breached = fr_body(event);

    TRY(give_verdict(tables, event, breached->target_id, SLA_BREACHED));
    COUNT(tables, breached->kind, breached);
    return sla_breach_put(tables, event->head->time_us, breached);
}

/* TargetAnsweredLate.  Writes targets (the breach stays), conversations, totals. */
enum fr_error
sla_apply_target_answered_late(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetAnsweredLate *late = fr_body(event);
    struct sla_target target;

    TRY(sla_target_get(fr_tables_view(tables), late->target_id, &target));
    target.answered = 1;
    target.late_us = late->late_us;
    TRY(sla_target_put(tables, &target));
    COUNT(tables, late->kind, late);
    return close_open(tables, late->conversation_id, true, event->head->cause);
}

/* TargetCancelled.  Writes targets, due, conversations, totals; disarms its timer. */
enum fr_error
sla_apply_target_cancelled(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetCancelled *cancelled = fr_body(event);

    TRY(give_verdict(tables, event, cancelled->target_id, SLA_CANCELLED));
    COUNT(tables, cancelled->kind, cancelled);
    return close_open(tables, cancelled->conversation_id, false, 0);
}

/* TargetRekeyed.  Writes conversations. */
enum fr_error
sla_apply_target_rekeyed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__TargetRekeyed *rekeyed = fr_body(event);
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), rekeyed->conversation_id, &row));
    row.customer_id = rekeyed->customer_id;
    return sla_conversation_put(tables, rekeyed->conversation_id, &row);
}

/* ConversationMarked.  Writes conversations. */
enum fr_error
sla_apply_conversation_marked(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__ConversationMarked *marked = fr_body(event);
    struct sla_conversation row;

    TRY(sla_conversation_get(fr_tables_view(tables), marked->conversation_id, &row));
    if (marked->complaint)
        row.complaint = 1;
    if (marked->answered) {
        row.answered = 1;
        row.record = event->head->cause;
    }
    if (marked->closed)
        row.open = 0;
    return sla_conversation_put(tables, marked->conversation_id, &row);
}

/* PlaceNoted.  Writes places. */
enum fr_error
sla_apply_place_noted(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__PlaceNoted *noted = fr_body(event);
    struct sla_place place;

    if (noted->place == FR__PLACE__NOWHERE)
        return sla_place_drop(tables, noted->conversation_id);
    sla_place_of(noted, &place);
    place.since_us = event->head->time_us;
    return sla_place_put(tables, noted->conversation_id, &place);
}
