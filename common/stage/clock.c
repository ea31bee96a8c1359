/* clock.c - bus time from two clocks that may disagree. */
#include "common/stage/clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READ_APART_US 200 /* between the first and the last reading, when nothing delays us */
#define READ_APART_MAX_US 1000000
#define READ_TRIES 4

struct fr_span
fr_clock_steady(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (struct fr_span){(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
}

/* Not by way of the C library, and so five times dearer: not for every input. */
static int64_t
kernel_steady_us(void)
{
    struct timespec now = {0, 0};

    syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
fr_clock_init(struct fr_clock *clock, struct fr_time last_journalled, const int64_t *kept_offset_us,
              struct fr_span step_max, struct fr_span hold)
{
    int64_t start_us = fr_time_wall().unix_us, steady_us = fr_clock_steady().us + 1;
    int64_t kernel_us = kernel_steady_us();

    if (kept_offset_us != NULL && start_us - kernel_us - *kept_offset_us > step_max.us)
        start_us = kernel_us + *kept_offset_us; /* the first check finds the step, and says so */
    if (start_us < last_journalled.unix_us)
        start_us = last_journalled.unix_us;
    *clock = (struct fr_clock){.offset_us = start_us - steady_us,
                               .lie_us = steady_us - kernel_us,
                               .last_us = last_journalled.unix_us,
                               .step_max = step_max,
                               .hold = hold};
}

struct fr_time
fr_clock_now(struct fr_clock *clock)
{
    int64_t now_us = fr_clock_steady().us + clock->offset_us;

    if (now_us > clock->last_us)
        clock->last_us = now_us;
    return (struct fr_time){clock->last_us};
}

bool
fr_clock_compare(struct fr_clock *clock, int64_t wall_us, int64_t steady_us)
{
    int64_t apart_us = wall_us - steady_us - clock->offset_us;
    int64_t known_us = clock->step_us;
    int64_t step_max_us = clock->step_max.us;

    if (apart_us >= -step_max_us && apart_us <= step_max_us) {
        clock->offset_us += apart_us; /* ordinary drift and slewing */
        clock->step_us = 0;
        return known_us != 0;
    }
    if (known_us != 0 && apart_us - known_us >= -step_max_us &&
        apart_us - known_us <= step_max_us) {
        if (apart_us > 0 && steady_us - clock->suspect_since_us >= clock->hold.us) {
            fr_clock_confirm(clock); /* time has confirmed it */
            return true;
        }
        return false;
    }
    clock->step_us = apart_us;
    clock->suspect_since_us = steady_us;
    return true;
}

void
fr_clock_distrust(struct fr_clock *clock, int64_t steady_us, int64_t kernel_us)
{
    int64_t moved_us = steady_us - kernel_us - clock->lie_us;

    if (moved_us > -clock->step_max.us && moved_us < clock->step_max.us)
        return;
    clock->lie_us += moved_us;
    clock->offset_us -= moved_us;
    clock->suspect_since_us += moved_us;
}

int64_t
fr_clock_offset(const struct fr_clock *clock)
{
    return clock->offset_us + clock->lie_us;
}

/* The wall clock is read before the steady one: whatever delays us in between makes bus time late
 * and never early.  A long delay says nothing about the clocks, and they are read again. */
bool
fr_clock_check(struct fr_clock *clock)
{
    int64_t before_us, kernel_us, wall_us, after_us;
    int tries = 0;

    do {
        before_us = fr_clock_steady().us;
        kernel_us = kernel_steady_us();
        wall_us = fr_time_wall().unix_us;
        after_us = fr_clock_steady().us;
    } while (after_us - before_us > READ_APART_US && ++tries < READ_TRIES);
    if (after_us - before_us > READ_APART_MAX_US)
        return false; /* we were stopped each time; the next turn looks again */
    fr_clock_distrust(clock, after_us, kernel_us);
    return fr_clock_compare(clock, wall_us, after_us + 1); /* microseconds are rounded down */
}

void
fr_clock_confirm(struct fr_clock *clock)
{
    clock->offset_us += clock->step_us; /* back: last_us holds bus time where it is */
    clock->step_us = 0;
}

bool
fr_clock_held(const struct fr_clock *clock)
{
    return clock->step_us > 0;
}
