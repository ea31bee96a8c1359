/* timers.h - what the two processes of `filrouge-bench timers` share: a board in a mapped file.
 *
 *   bench_timers.c   parent: starts, kills and measures the process, says what to do next
 *   timer_stage.c    child: a service whose inputs arm and cancel timers, on the real stage
 */
#ifndef FR_BENCH_TIMERS_H
#define FR_BENCH_TIMERS_H

#include <stdatomic.h>
#include "tests/bench/bench.h"

enum timers_phase {
    TIMERS_REST,
    TIMERS_FILL,  /* arm `timers`, due in one to thirty days, a thousand per input */
    TIMERS_MIXED, /* arm and cancel as fast as it goes; half of what is armed fires */
    TIMERS_PACED, /* timers that fall due at `rate` per second */
    TIMERS_STORM, /* `storm` timers due at once, while others go on arming */
    TIMERS_AHEAD, /* a thousand due in the next second, for the process that comes after us */
};

struct timers_board {
    _Atomic int phase, done;
    uint64_t timers, storm;
    double rate, seconds;
    bool scattered; /* ids in no order, else as services have them: mostly growing */
    bool told;      /* a storm's fire emits an event of its own */
    _Atomic uint64_t armed, cancelled, fired; /* durable */
    _Atomic uint64_t early;
    _Atomic int64_t storm_due_us, storm_end_us; /* wall clock */
    _Atomic int64_t first_fire_us;              /* monotonic, of this process */
    struct bench_histogram late;                /* from due to durable */
    struct bench_histogram arm;                 /* an arm's way, from submitted to durable */
};

struct timers_board *timers_board_map(const char *path, bool create);
int bench_timer_stage(int argc, char **argv);

#endif
