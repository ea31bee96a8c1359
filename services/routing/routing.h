/* routing.h - who should take it, now?
 *
 * A task waits in the one lane that its requirements make (queue, brand, channel, skills); a free
 * agent stands in every lane that he can serve.  Each input changes one task or one agent, and only
 * what that change makes possible is tried: nothing polls, nothing walks over all that wait.
 */
#ifndef FR_ROUTING_ROUTING_H
#define FR_ROUTING_ROUTING_H

#include "common/stage/stage.h"

extern const struct fr_stage routing_stage;

#define ROUTING_AGENT_SIZE 32 /* names with their NUL */
#define ROUTING_SITE_SIZE 27  /* "site." and the name fit a route */
#define ROUTING_QUEUE_SIZE 32
#define ROUTING_SKILL_SIZE 24
#define ROUTING_SKILL_MAX 8 /* of one queue, and of one request */
#define ROUTING_LANE_MAX                                                                           \
    4096                  /* kinds of requirement; a task that would make one more is set aside */
#define ROUTING_FULL 100  /* an agent's whole capacity */
#define ROUTING_SLICE 256 /* tasks gone through in one turn after a change of configuration */

/* ---- configuration (config.c) ---- */

struct routing_skill {
    const char *name;
    int64_t level;
};
struct routing_queue {
    const char *name;
    struct fr_config_list brands, channels, languages; /* const char *; none: all of them */
    struct fr_config_list skills;                      /* struct routing_skill */
    struct fr_span credit;
};
struct routing_capacity {
    const char *channel;
    int64_t weight;
};
struct routing_agent_config {
    const char *name, *title, *site;
    struct fr_config_list skills;   /* struct routing_skill */
    struct fr_config_list brands;   /* const char * */
    struct fr_config_list capacity; /* struct routing_capacity; none: one conversation at a time */
};
struct routing_waiting_config {
    struct fr_config_list channels; /* const char * */
    struct fr_span every, offer_above, turn, window;
    int64_t windows;
};
struct routing_config {
    struct routing_waiting_config waiting;
    struct fr_span offer_time, continuity_for, declined_for, raise_by;
    int64_t away_after;
    struct fr_config_list queues; /* struct routing_queue; none: one queue "all" takes everything */
    struct fr_config_list agents; /* struct routing_agent_config */
};
extern const struct fr_config_key routing_config_keys[];
void routing_config_check(struct fr_config *config, const void *section);

/* ---- timers ---- */

enum {
    ROUTING_TIMER_OFFER = FR_TIMER_KIND + 1, /* id: task; its offer expires */
    ROUTING_TIMER_OPEN,                      /* id: task; it was held for one agent long enough */
    ROUTING_TIMER_AGAIN, /* id: task; those who declined it may be asked again */
    ROUTING_TIMER_AGENT, /* id: agent's number; look at him again */
    ROUTING_TIMER_LANE,  /* id: lane; go on with its waiting tasks */
    ROUTING_TIMER_WAIT = FR_TIMER_KIND + 64, /* id: lane; tell its customers what has changed */
};

/* ---- decide: tasks (decide_task.c), offers (decide_offer.c), agents (decide_agent.c),
 * configuration (decide_config.c) ---- */

fr_decide_fn routing_decide_task_requested;
fr_decide_fn routing_decide_task_withdrawn;
fr_decide_fn routing_decide_conversation_resolved;
fr_decide_fn routing_decide_conversation_rekeyed;
fr_decide_fn routing_decide_target_warned;
fr_decide_fn routing_decide_open_due;
fr_decide_fn routing_decide_again_due;

fr_decide_fn routing_decide_offer_answered;
fr_decide_fn routing_decide_offer_due;

fr_decide_fn routing_decide_agent_presence;
fr_decide_fn routing_decide_work_finished;
fr_decide_fn routing_decide_lease_ended;
fr_decide_fn routing_decide_agent_due;

fr_decide_fn routing_decide_config;
fr_decide_fn routing_decide_lane_due;

/* ---- apply (apply.c) ---- */

fr_apply_fn routing_apply_agent_defined;
fr_apply_fn routing_apply_agent_state_changed;
fr_apply_fn routing_apply_lane_opened;
fr_apply_fn routing_apply_lane_changed;
fr_apply_fn routing_apply_task_queued;
fr_apply_fn routing_apply_task_parked;
fr_apply_fn routing_apply_task_offered;
fr_apply_fn routing_apply_task_raised;
fr_apply_fn routing_apply_task_rekeyed;
fr_apply_fn routing_apply_task_ended;
fr_apply_fn routing_apply_offer_accepted;
fr_apply_fn routing_apply_offer_declined;
fr_apply_fn routing_apply_offer_expired;
fr_apply_fn routing_apply_offer_rescinded;
fr_apply_fn routing_apply_nothing; /* records that only others read */

extern const struct fr_query routing_queries[]; /* query.c */

#endif
