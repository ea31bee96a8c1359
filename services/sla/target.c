/* target.c - what records do to a target's row. */
#include "services/sla/target.h"

void
sla_copy(char *out, size_t size, const char *text)
{
    memset(out, 0, size);
    if (text != NULL)
        memcpy(out, text, strnlen(text, size - 1));
}

void
sla_target_warn(struct sla_target *target, const Fr__TargetWarned *warned)
{
    size_t room = sizeof(target->steps) / sizeof(target->steps[0]);

    target->warned = 1;
    for (size_t i = 0; i < warned->n_steps && target->step_count < room; i++)
        target->steps[target->step_count++] = warned->steps[i];
    if (warned->has_tell && warned->tell) {
        target->told = 1;
        target->again_us = warned->again_us;
        target->again_open_us = warned->again_open_us;
    }
}

void
sla_target_set_clock(struct sla_target *target, const Fr__TargetClock *clock)
{
    target->promised_us = clock->promised_us;
    target->elapsed_us = clock->elapsed_us;
    target->since_us = clock->since_us;
    target->paused = clock->paused != 0;
    target->due_us = clock->due_us;
    target->rolled_us = clock->rolled_us;
    target->next_us = clock->next_us;
    sla_copy(target->policy, sizeof(target->policy), clock->policy);
    sla_copy(target->calendar, sizeof(target->calendar), clock->calendar);
}

static void
add_up_oldest(struct sla_target *target)
{
    struct sla_stretch *first = &target->stretches[0], *second = &target->stretches[1];

    first->to_us = second->to_us;
    first->counted_us += second->counted_us;
    first->paused = 0;
    first->merged = 1;
    sla_copy(first->calendar, sizeof(first->calendar), "");
    target->stretch_count--;
    memmove(second, second + 1, (target->stretch_count - 1) * sizeof(*second));
    memset(&target->stretches[target->stretch_count], 0, sizeof(*second));
}

void
sla_target_add_stretch(struct sla_target *target, const Fr__StretchEnded *ended)
{
    struct sla_stretch *stretch;

    if (target->stretch_count == SLA_STRETCHES_MAX)
        add_up_oldest(target);
    stretch = &target->stretches[target->stretch_count++];
    stretch->from_us = ended->from_us;
    stretch->to_us = ended->to_us;
    stretch->counted_us = ended->counted_us;
    stretch->paused = strcmp(ended->why, "paused") == 0;
    sla_copy(stretch->calendar, sizeof(stretch->calendar), ended->calendar);
}
