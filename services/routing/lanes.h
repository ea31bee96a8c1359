/* lanes.h - finding the lane of a task, and opening it when it is the first of its kind. */
#ifndef FR_ROUTING_LANES_H
#define FR_ROUTING_LANES_H

#include "services/routing/queues.h"
#include "services/routing/tables.h"

struct routing_place { /* where the configuration in force sends a task */
    struct routing_lane lane;
    const char *queue; /* "": no queue takes it */
    struct fr_span credit;
};

/* Emits LaneOpened when there is no such lane yet.  FR_TOO_BIG: more skills, or longer ones, than a
 * lane can have; FR_FULL: there are ROUTING_LANE_MAX lanes. */
enum fr_error routing_lane_for(struct fr_turn *turn, const struct fr_record *input,
                               const char *brand, const Fr__RoutingStateTask *facts,
                               struct routing_place *out);

/* Why nobody can serve that lane, in words that name the missing skill; in the arena. */
enum fr_error routing_lane_nobody(struct fr_turn *turn, const Fr__RoutingStateLane *facts,
                                  const char **reason);

/* The requirement of a lane; strings are the facts'. */
void routing_lane_need(const Fr__RoutingStateLane *facts, struct routing_need *need);

#endif
