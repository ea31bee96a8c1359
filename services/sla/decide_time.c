/* decide_time.c - deadlines come near, and pass. */
#include "services/sla/cause.h"
#include "services/sla/counters.h"
#include "services/sla/target.h"

/* The conversation's key and brand, whoever made us look. */
static struct fr_labels
labels_of(const struct sla_target *target)
{
    return (struct fr_labels){.key = target->conversation_id, .brand = target->brand};
}

static enum fr_error
cause_now(struct fr_turn *turn, const struct sla_target *target, char **cause)
{
    struct sla_place place;
    enum fr_error err = sla_place_get(turn->view, target->conversation_id, &place);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    *cause = sla_cause(turn->arena, err == FR_OK ? &place : NULL, turn->now);
    return *cause == NULL ? FR_NO_MEMORY : FR_OK;
}

enum fr_error
sla_say_breached(struct fr_turn *turn, const struct fr_record *input,
                 const struct sla_target *target)
{
    const struct fr_labels labels = labels_of(target);
    Fr__TargetBreached breached = FR__TARGET_BREACHED__INIT;
    enum fr_error err = cause_now(turn, target, &breached.cause);

    if (err != FR_OK)
        return err;
    breached.target_id = target->target_id;
    breached.kind = target->kind;
    breached.conversation_id = target->conversation_id;
    breached.due_us = target->due_us;
    fr_count(turn, SLA_COUNT_BREACHED, 1);
    return fr_emit_as(turn, input, &breached.base, &labels);
}

static enum fr_error
say_warned(struct fr_turn *turn, const struct fr_record *input, const struct sla_target *target)
{
    const struct fr_labels labels = labels_of(target);
    Fr__TargetWarned warned = FR__TARGET_WARNED__INIT;
    char left[FR_TIME_TEXT_SIZE];
    char *cause;
    enum fr_error err = cause_now(turn, target, &cause);

    if (err != FR_OK)
        return err;
    warned.target_id = target->target_id;
    warned.kind = target->kind;
    warned.conversation_id = target->conversation_id;
    warned.due_us = target->due_us;
    fr_span_format(
        sla_calendar_within(sla_calendar_always(), turn->now, (struct fr_time){target->due_us}),
        left);
    warned.reason = fr_arena_printf(turn->arena, "%s is due in %s, and it is %s",
                                    sla_target_kind_text(target->kind), left, cause);
    fr_count(turn, SLA_COUNT_WARNED, 1);
    return warned.reason == NULL ? FR_NO_MEMORY : fr_emit_as(turn, input, &warned.base, &labels);
}

/* A target's warning or deadline: whichever of the two is due and has not been said yet.  After a
 * time without us both may be: then the customer is still told, once, before the breach goes on
 * record.
 *
 * Reads targets, places.  Emits TargetWarned, TargetBreached.
 */
enum fr_error
sla_decide_target_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct sla_target target;
    enum fr_error err = sla_target_get(turn->view, input->head->key, &target);

    if (err == FR_NOT_FOUND || (err == FR_OK && target.state != SLA_OPEN))
        return FR_OK;
    if (err == FR_OK && !target.warned && target.warn_us < target.due_us)
        err = say_warned(turn, input, &target);
    if (err == FR_OK && target.due_us <= turn->now.unix_us)
        err = sla_say_breached(turn, input, &target);
    return err;
}
