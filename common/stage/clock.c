/* clock.c - bus time from two clocks that may disagree. */
#include "common/stage/clock.h"

void
fr_clock_init(struct fr_clock *clock, struct fr_time last_journalled, struct fr_span step_max,
              struct fr_span hold)
{
    int64_t wall_us = fr_time_wall().unix_us;
    int64_t start_us = wall_us > last_journalled.unix_us ? wall_us : last_journalled.unix_us;

    *clock = (struct fr_clock){.offset_us = start_us - fr_time_monotonic().us,
                               .last_us = last_journalled.unix_us,
                               .step_max = step_max,
                               .hold = hold};
}

struct fr_time
fr_clock_now(struct fr_clock *clock)
{
    int64_t now_us = fr_time_monotonic().us + clock->offset_us;

    if (now_us > clock->last_us)
        clock->last_us = now_us;
    return (struct fr_time){clock->last_us};
}

bool
fr_clock_compare(struct fr_clock *clock, int64_t wall_us, int64_t monotonic_us)
{
    int64_t apart_us = wall_us - monotonic_us - clock->offset_us;
    int64_t known_us = clock->step_us;
    int64_t step_max_us = clock->step_max.us;

    if (apart_us >= -step_max_us && apart_us <= step_max_us) {
        clock->offset_us += apart_us; /* ordinary drift and slewing */
        clock->step_us = 0;
        return known_us != 0;
    }
    if (known_us != 0 && apart_us - known_us >= -step_max_us &&
        apart_us - known_us <= step_max_us) {
        if (apart_us > 0 && monotonic_us - clock->suspect_since_us >= clock->hold.us) {
            fr_clock_confirm(clock); /* time has confirmed it */
            return true;
        }
        return false;
    }
    clock->step_us = apart_us;
    clock->suspect_since_us = monotonic_us;
    return true;
}

bool
fr_clock_check(struct fr_clock *clock)
{
    return fr_clock_compare(clock, fr_time_wall().unix_us, fr_time_monotonic().us);
}

void
fr_clock_confirm(struct fr_clock *clock)
{
    if (clock->step_us > 0)
        clock->offset_us += clock->step_us;
    if (clock->step_us > 0)
        clock->step_us = 0;
}

bool
fr_clock_held(const struct fr_clock *clock)
{
    return clock->step_us > 0;
}
