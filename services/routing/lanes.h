/* lanes.h - finding the lane of a task, and opening it when it is the first of its kind. */
#ifndef FR_ROUTING_LANES_H
#define FR_ROUTING_LANES_H

#include "services/routing/look.h"
#include "services/routing/queues.h"

struct routing_place { /* where the configuration in force sends a task */
    struct routing_lane lane;
    const struct routing_queue *queue; /* NULL: no queue takes it */
    const char *name;                  /* "": likewise */
    uint32_t step;                     /* of its queue's relaxation */
    int64_t relax_us;                  /* when the next one comes; 0: there is none */
};

/* Emits QueueNamed and LaneOpened when there is no such queue or lane yet.  FR_TOO_BIG: more
 * skills, or longer names, than a lane can have; FR_FULL: there are ROUTING_LANE_MAX lanes. */
enum fr_error routing_lane_for(struct fr_turn *turn, const struct fr_record *input,
                               const char *brand, const Fr__RoutingStateTask *facts,
                               struct fr_time entered, struct routing_place *out);

/* Could anybody serve it after one of the steps to come? */
enum fr_error routing_lane_later(struct fr_turn *turn, const char *brand,
                                 const Fr__RoutingStateTask *facts,
                                 const struct routing_place *place, bool *out);

/* Why nobody can serve that lane, in words that name the missing skill; in the arena. */
enum fr_error routing_lane_nobody(struct fr_turn *turn, const Fr__RoutingStateLane *facts,
                                  const char **reason);

/* The requirement of a lane; strings are the facts'. */
void routing_lane_need(const Fr__RoutingStateLane *facts, struct routing_need *need);

#endif
