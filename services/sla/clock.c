/* clock.c - how a target's time runs. */
#include "services/sla/clock.h"

static struct fr_time
instant(int64_t us)
{
    return (struct fr_time){us};
}

void
sla_clock_recount(struct sla_clock *clock, const struct fr_calendar *calendar)
{
    struct fr_span left = {clock->promised_us - clock->elapsed_us};
    struct fr_calendar_deadline deadline = {{0}, {0}};

    if (!clock->paused)
        fr_calendar_add(calendar, instant(clock->since_us), left, &deadline);
    clock->due_us = deadline.first.unix_us;
    clock->rolled_us = deadline.rolled.unix_us;
}

struct sla_clock
sla_clock_start(const struct fr_calendar *calendar, int64_t started_us, int64_t promised_us)
{
    struct sla_clock clock = {.promised_us = promised_us, .since_us = started_us};

    sla_clock_recount(&clock, calendar);
    return clock;
}

int64_t
sla_clock_elapsed(const struct sla_clock *clock, const struct fr_calendar *calendar, int64_t at_us)
{
    if (clock->paused)
        return clock->elapsed_us;
    return clock->elapsed_us +
           fr_calendar_within(calendar, instant(clock->since_us), instant(at_us)).us;
}

int64_t
sla_clock_turn(struct sla_clock *clock, const struct fr_calendar *ended, int64_t at_us,
               const struct fr_calendar *next, int64_t promised_us, bool paused)
{
    int64_t elapsed_us = sla_clock_elapsed(clock, ended, at_us);
    int64_t counted_us = elapsed_us - clock->elapsed_us;

    clock->elapsed_us = elapsed_us;
    clock->since_us = at_us > clock->since_us ? at_us : clock->since_us;
    clock->promised_us = promised_us;
    clock->paused = paused;
    sla_clock_recount(clock, next);
    return counted_us;
}

int64_t
sla_clock_instant(const struct sla_clock *clock, const struct fr_calendar *calendar,
                  int64_t open_us)
{
    struct fr_calendar_deadline deadline;
    struct fr_span left = {open_us - clock->elapsed_us};

    if (clock->paused ||
        fr_calendar_add(calendar, instant(clock->since_us), left, &deadline) != FR_OK)
        return 0;
    return deadline.first.unix_us;
}
