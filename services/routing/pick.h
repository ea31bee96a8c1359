/* pick.h - which agent takes this task, and which task does this agent take?
 *
 * Two different judgements (routing contract, R7).  For a task: who served this customer last, else
 * most spare capacity, then longest idle, then name.  For an agent: the task with the earliest
 * place among the lanes that he can serve.  Both read the head of an ordered list and step over
 * what was refused; they never walk over all that wait or all who are free.
 */
#ifndef FR_ROUTING_PICK_H
#define FR_ROUTING_PICK_H

#include "services/routing/tables.h"

#define ROUTING_RUNNERS 2

enum routing_why { ROUTING_MOST_ROOM, ROUTING_SERVED_LAST, ROUTING_ASKED_AGAIN, ROUTING_EARLIEST };

struct routing_pick {
    struct routing_agent agent;
    uint32_t weight;
    enum routing_why why;
    unsigned stepped_over; /* free agents who let this task go before */
    unsigned runner_count; /* who would have been next; for the explanation */
    struct {
        char name[ROUTING_AGENT_SIZE];
        uint32_t used;
    } runners[ROUTING_RUNNERS];
};

/* Among the free agents of task->lane.  One who let it go is taken only when there is nobody else
 * and the time since then is over.  FR_NOT_FOUND: nobody is free; only stepped_over is set. */
enum fr_error routing_pick_agent(const struct fr_view *view, struct fr_time now,
                                 const struct routing_task *task, struct routing_pick *out);

/* Who served this customer last: can he take it? */
enum routing_preferred {
    ROUTING_NOBODY, /* none was named */
    ROUTING_PREFERRED_FREE,
    ROUTING_PREFERRED_BUSY, /* present, but his capacity is used up */
    ROUTING_PREFERRED_AWAY,
    ROUTING_PREFERRED_UNFIT, /* unknown by now, or he cannot serve this lane */
};
/* FREE: *out is complete.  BUSY: out->agent and weight are set. */
enum fr_error routing_pick_preferred(const struct fr_view *view, const char *name, uint32_t lane,
                                     struct routing_pick *out, enum routing_preferred *verdict);

/* The waiting task with the earliest place, for an agent with room: what is held for him, and what
 * anybody may take.  FR_NOT_FOUND: nothing waits that he can serve. */
enum fr_error routing_pick_task(const struct fr_view *view, struct fr_time now,
                                const struct routing_agent *agent, struct routing_task *task,
                                uint32_t *weight);

#endif
