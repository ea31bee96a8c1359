/* look.h - what every judgement reads: the tables, the configuration in force, the calendars, the
 * time.  Decide functions and queries look the same way. */
#ifndef FR_ROUTING_LOOK_H
#define FR_ROUTING_LOOK_H

#include "services/routing/tables.h"

struct routing_look {
    const struct fr_view *view;
    const struct routing_config *config;
    const struct fr_calendars *calendars;
    struct fr_time now;
    struct fr_arena *arena;
    uint32_t arriving; /* number of the queue of a task that is not in the tables yet; 0: none */
};

static inline struct routing_look
routing_look_of(const struct fr_turn *turn)
{
    return (struct routing_look){turn->view, turn->config, turn->calendars,
                                 turn->now,  turn->arena,  0};
}
static inline struct routing_look
routing_look_of_query(const struct fr_query_turn *turn)
{
    return (struct routing_look){turn->view, turn->config, turn->calendars,
                                 turn->now,  turn->arena,  0};
}

#endif
