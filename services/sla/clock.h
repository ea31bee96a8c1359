/* clock.h - how a target's time runs: pure arithmetic on a calendar.
 *
 * A clock runs in stretches.  Only the present one is open-ended: it began at `since` with
 * `elapsed` of open time before it, and its deadline is since + (promised - elapsed) in open time.
 * Pausing, resuming, or going on by another calendar or duration ends a stretch and carries over
 * what has elapsed.  An ended stretch is measured by its calendar as it stood then, and is not
 * measured again; the present one is measured by the calendar in force.
 */
#ifndef FR_SLA_CLOCK_H
#define FR_SLA_CLOCK_H

#include "common/calendar/calendar.h"

struct sla_clock {
    int64_t promised_us; /* lengths, of open time */
    int64_t elapsed_us;
    int64_t since_us;
    int64_t due_us, rolled_us; /* 0: paused, or never */
    bool paused;
};

/* A clock that starts. */
struct sla_clock sla_clock_start(const struct fr_calendar *calendar, int64_t started_us,
                                 int64_t promised_us);
/* Open time until `at_us`. */
int64_t sla_clock_elapsed(const struct sla_clock *clock, const struct fr_calendar *calendar,
                          int64_t at_us);
/* Ends the present stretch at `at_us` on its calendar and begins another one, paused or by another
 * duration and calendar.  What began later than at_us ends where it began.  Returns the length that
 * the ended stretch counted. */
int64_t sla_clock_turn(struct sla_clock *clock, const struct fr_calendar *ended, int64_t at_us,
                       const struct fr_calendar *next, int64_t promised_us, bool paused);
/* Measures the present stretch again: the calendar is another one than it was. */
void sla_clock_recount(struct sla_clock *clock, const struct fr_calendar *calendar);
/* When `open_us` will have elapsed in all; 0: never, or paused.  Not before the present stretch. */
int64_t sla_clock_instant(const struct sla_clock *clock, const struct fr_calendar *calendar,
                          int64_t open_us);

#endif
