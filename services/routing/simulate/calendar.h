/* calendar.h - what is going to happen: a binary heap of events by time; equal times in the order
 * in which they were entered, so that a seed replays exactly. */
#ifndef FR_SIMULATE_CALENDAR_H
#define FR_SIMULATE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_happening {
    SIM_ARRIVES,  /* index: class */
    SIM_ANSWERS,  /* index: contact's number; stamp: the offer */
    SIM_FINISHES, /* index: contact's number */
    SIM_LEAVES,   /* likewise: patience is over */
    SIM_COMES,    /* index: agent */
    SIM_GOES,     /* index: agent */
};
struct sim_entry {
    int64_t at_us;
    uint64_t order;
    uint64_t index, stamp;
    enum sim_happening what;
};
struct sim_calendar { /* all zero: empty */
    struct sim_entry *heap;
    size_t count, room;
    uint64_t entered;
};

void sim_calendar_fini(struct sim_calendar *calendar);
void sim_calendar_enter(struct sim_calendar *calendar, int64_t at_us, enum sim_happening what,
                        uint64_t index, uint64_t stamp);
/* NULL: nothing is. */
const struct sim_entry *sim_calendar_first(const struct sim_calendar *calendar);
struct sim_entry sim_calendar_take(struct sim_calendar *calendar);

#endif
