/* clock.h - bus time: the wall clock, but never going back and never believing a sudden step.
 *
 *   bus time = steady clock + offset        (never less than what was journalled last)
 *
 * The steady clock is CLOCK_BOOTTIME: it cannot be set, and goes on while the machine sleeps.  The
 * offset follows the wall clock while they part by little.  A step back is not followed: deadlines
 * are instants, and none fires twice; when an operator confirms it, bus time stands still until the
 * wall clock has caught up.  A step forward of more than step_max is suspect: bus time goes on at
 * the steady pace, so that a wrong clock breaks no promise, until `hold` has passed with the wall
 * clock still saying so, or an operator confirms it.
 *
 * A restart would be a way around that, so the offset is kept over restarts (watch.c), as long as
 * the steady clock is the same one.  And once per loop the kernel itself is asked, beside the C
 * library, whose clocks can be lied about from inside the process (a preloaded library that fakes
 * time).
 */
#ifndef FR_STAGE_CLOCK_H
#define FR_STAGE_CLOCK_H

#include <stdbool.h>
#include "common/base/time.h"

struct fr_clock {
    int64_t offset_us;        /* bus - steady */
    int64_t lie_us;           /* steady clock by the C library - by the kernel */
    int64_t last_us;          /* bus time never goes below */
    int64_t step_us;          /* the step now not followed: wall - bus; 0: none */
    int64_t suspect_since_us; /* steady */
    struct fr_span step_max, hold;
};

/* Starts at the wall clock's time, and not before `last_journalled`.  `kept_offset_us` is
 * fr_clock_offset of an earlier run on the same steady clock, or NULL: a wall clock that is further
 * ahead of it than step_max is not believed. */
void fr_clock_init(struct fr_clock *clock, struct fr_time last_journalled,
                   const int64_t *kept_offset_us, struct fr_span step_max, struct fr_span hold);
struct fr_time fr_clock_now(struct fr_clock *clock);

/* Once per loop: compares the clocks.  True when a step was newly noticed (clock->step_us says how
 * far), taken over or has gone: worth a log line and a record. */
bool fr_clock_check(struct fr_clock *clock);
/* The operator says that the wall clock is right. */
void fr_clock_confirm(struct fr_clock *clock);
bool fr_clock_held(const struct fr_clock *clock);
/* Microseconds from the kernel's steady clock to bus time. */
int64_t fr_clock_offset(const struct fr_clock *clock);

/* For tests: the clocks given. */
bool fr_clock_compare(struct fr_clock *clock, int64_t wall_us, int64_t steady_us);
void fr_clock_distrust(struct fr_clock *clock, int64_t steady_us, int64_t kernel_us);
struct fr_span fr_clock_steady(void);

#endif
