/* timers.h - the order of the timers, in memory; the truth about them is a table (own.c).
 *
 * A binary heap over (due, kind, id).  Arming pushes, disarming does nothing here: an entry that
 * the table no longer confirms is dropped when it comes up, and when the heap holds more than twice
 * as many entries as there are timers it is swept.  Rebuilt from the table at start.
 */
#ifndef FR_STAGE_TIMERS_H
#define FR_STAGE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/error.h"
#include "common/base/time.h"

struct fr_timer {
    int64_t due_us;
    uint64_t id;
    uint32_t kind;
    uint32_t spare;
};

struct fr_timers {
    struct fr_timer *heap;
    size_t count, room;
    size_t kept; /* by the last sweep */
};

void fr_timers_fini(struct fr_timers *timers);
enum fr_error fr_timers_push(struct fr_timers *timers, struct fr_timer timer);
/* The earliest (equal dues: by kind, then id), or NULL. */
const struct fr_timer *fr_timers_first(const struct fr_timers *timers);
void fr_timers_pop(struct fr_timers *timers);
/* Keeps only the entries for which `armed` is true, each once. */
void fr_timers_sweep(struct fr_timers *timers,
                     bool (*armed)(void *context, const struct fr_timer *timer), void *context);

#endif
