/* pick.h - which agent takes this task, and which task does this agent take?
 *
 * Two different judgements (routing contract, R7).  For a task: the best rank (level, cost) among
 * the agents who can serve it and have room; among equals the most room or the longest idle, then
 * the name.  For an agent: the earliest place among the lanes that he can serve.
 *
 * Each is an intersection of two sets (sets.h), of which the best member is wanted.  When it is
 * small its members are compared; when it is large, the list that is in the order of choice already
 * is walked until it meets a member.  With n in the list and k in the intersection that is
 * min(k, n/k) steps, never more than the root of n.
 */
#ifndef FR_ROUTING_PICK_H
#define FR_ROUTING_PICK_H

#include "services/routing/contracts.h"

#define ROUTING_RUNNERS 2
#define ROUTING_CHUNKS_MAX 32 /* 131,072 agents */

enum routing_why { ROUTING_MOST_ROOM, ROUTING_SERVED_LAST, ROUTING_ASKED_AGAIN, ROUTING_EARLIEST };

struct routing_pick {
    struct routing_agent agent;
    uint32_t weight;
    enum routing_why why;
    bool longest_idle; /* the choice among equal ranks; else most room */
    uint32_t rank;
    unsigned stepped_over;  /* free agents who let this task go before */
    unsigned contract_full; /* sites that may take no more of its queue now */
    unsigned free_count;    /* of his rank: who were free */
    unsigned runner_count;  /* who would have been next; for the explanation */
    struct {
        char name[ROUTING_AGENT_SIZE];
        uint32_t used, room;
    } runners[ROUTING_RUNNERS];
};

/* Among the free agents of `lane`.  One who let it go is taken only when there is nobody else and
 * the time since then is over.  FR_NOT_FOUND: nobody is free; only the counts are set. */
enum fr_error routing_pick_agent(const struct routing_look *look, const struct routing_lane *lane,
                                 const char *queue_name, const struct routing_task *task,
                                 struct routing_pick *out);

/* Who served this customer last: can he take it? */
enum routing_preferred {
    ROUTING_NOBODY, /* none was named */
    ROUTING_PREFERRED_FREE,
    ROUTING_PREFERRED_BUSY, /* present, but his capacity is used up; he will soon be free */
    ROUTING_PREFERRED_LATE, /* likewise, but others wait for him already */
    ROUTING_PREFERRED_AWAY,
    ROUTING_PREFERRED_SHUT,  /* his site is closed, silent, recalled, or has had its part */
    ROUTING_PREFERRED_UNFIT, /* unknown by now, or he cannot serve this lane */
};
/* FREE: *out is complete.  BUSY: out->agent is set. */
enum fr_error routing_pick_preferred(const struct routing_look *look, const char *name,
                                     const struct routing_lane *lane, struct routing_pick *out,
                                     enum routing_preferred *verdict);

/* The waiting task with the earliest place, for an agent with room: what is held for him, and what
 * anybody may take.  FR_NOT_FOUND: nothing waits that he can serve. */
enum fr_error routing_pick_task(const struct routing_look *look, const struct routing_agent *agent,
                                struct routing_task *task);

/* Can he serve that lane, and do site and contract allow it now?  (Room is another question.) */
enum fr_error routing_may_serve(const struct routing_look *look, const struct routing_agent *agent,
                                const struct routing_lane *lane, bool *out);

#endif
