/* clock.h - bus time: the wall clock, but never going back and never believing a sudden step.
 *
 *   bus time = monotonic clock + offset        (never less than what was journalled last)
 *
 * The offset follows the wall clock while they part by little.  A step back is not followed at all:
 * deadlines are instants, and none fires twice.  A step forward of more than step_max is suspect:
 * bus time goes on at the monotonic pace, so that a wrong clock breaks no promise, until `hold` has
 * passed with the wall clock still saying so, or an operator confirms it.
 */
#ifndef FR_STAGE_CLOCK_H
#define FR_STAGE_CLOCK_H

#include <stdbool.h>
#include "common/base/time.h"

struct fr_clock {
    int64_t offset_us;        /* bus - monotonic */
    int64_t last_us;          /* bus time never goes below */
    int64_t step_us;          /* the step now not followed: wall - bus; 0: none */
    int64_t suspect_since_us; /* monotonic */
    struct fr_span step_max, hold;
};

void fr_clock_init(struct fr_clock *clock, struct fr_time last_journalled, struct fr_span step_max,
                   struct fr_span hold);
struct fr_time fr_clock_now(struct fr_clock *clock);

/* Once per loop: compares the clocks.  True when a step was newly noticed (clock->step_us says how
 * far), taken over or has gone: worth a log line and a record. */
bool fr_clock_check(struct fr_clock *clock);
/* The operator says that the wall clock is right. */
void fr_clock_confirm(struct fr_clock *clock);
bool fr_clock_held(const struct fr_clock *clock);

/* For tests: the two clocks given. */
bool fr_clock_compare(struct fr_clock *clock, int64_t wall_us, int64_t monotonic_us);

#endif
