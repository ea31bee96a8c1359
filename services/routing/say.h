/* say.h - what becomes of a task, as records: offered, queued, parked. */
#ifndef FR_ROUTING_SAY_H
#define FR_ROUTING_SAY_H

#include "proto/conversation.pb-c.h"
#include "services/routing/explain.h"

struct routing_placing { /* one task on its way to an agent or a list */
    const struct fr_record *input;
    struct routing_task task;
    const Fr__RoutingStateTask *facts;
    struct routing_place place;
    const Fr__TaskRequested *request; /* when it has just come in, else NULL */
    const char *remark;               /* about the agent who served this customer last; or "" */
};
enum fr_error routing_say_offered(struct fr_turn *turn, const struct routing_placing *p,
                                  const struct routing_pick *pick);
/* `holder` NULL: anybody may take it. */
enum fr_error routing_say_queued(struct fr_turn *turn, const struct routing_placing *p,
                                 const struct routing_agent *holder);
struct routing_parking {
    const char *reason;
    struct fr_time until;
    const char *until_text; /* as the wall shows it */
    bool closed;            /* something opens then; else it is only looked at again */
};
enum fr_error routing_say_parked(struct fr_turn *turn, const struct routing_placing *p,
                                 const struct routing_parking *parking);

#endif
