/* routing.h - who should take it, now?
 *
 * A task waits in the one lane that its requirements make (queue, brand, channel class, language,
 * skills, sites); an agent is a bit in the sets of every lane that he can serve.  Each input
 * changes one task or one agent, and only what that change makes possible is tried: nothing polls,
 * nothing walks over all that wait.
 */
#ifndef FR_ROUTING_ROUTING_H
#define FR_ROUTING_ROUTING_H

#include "common/stage/stage.h"

extern const struct fr_stage routing_stage;

#define ROUTING_AGENT_SIZE 32 /* names with their NUL */
#define ROUTING_SITE_SIZE 27  /* "site." and the name fit a route */
#define ROUTING_QUEUE_SIZE 32
#define ROUTING_SKILL_SIZE 24
#define ROUTING_SKILL_MAX 8  /* of one queue, of one request, and of a rule */
#define ROUTING_CLASS_MAX 16 /* channel classes, the one of all other channels included */
#define ROUTING_LANE_MAX                                                                           \
    16384                /* kinds of requirement at a time; a task that would make one more is set \
                            aside */
#define ROUTING_FULL 100 /* an agent's whole capacity, unless he has another `room` */
#define ROUTING_SLICE 256 /* tasks gone through in one turn after a change that concerns many */

/* ---- configuration (config.c) ---- */

struct routing_skill {
    const char *name;
    int64_t level;
};
struct routing_step {                /* of a queue's relaxation */
    struct fr_span after;            /* since the task came in */
    int64_t level;                   /* skills are asked at this level at most; 0: as they are */
    struct fr_config_list without;   /* const char *: skills that are asked no more */
    bool any_skill;                  /* none is */
    struct fr_config_list add_sites; /* const char * */
    bool any_site;
};
enum routing_choice { ROUTING_MOST_ROOM_FIRST, ROUTING_LONGEST_IDLE_FIRST };
enum routing_prefer { /* what comes before that choice */
                      ROUTING_PREFER_LEVEL,
                      ROUTING_PREFER_COST,
                      ROUTING_PREFER_LEVEL_COST,
                      ROUTING_PREFER_COST_LEVEL,
                      ROUTING_PREFER_NOTHING
};
struct routing_queue {
    const char *name;
    struct fr_config_list brands, channels, languages, tiers; /* const char *; none: all of them */
    struct fr_config_list skills;                             /* struct routing_skill */
    struct fr_config_list sites; /* const char *: who serves it at first; none: all of them */
    struct fr_span credit;
    int64_t strict;
    int choose;                  /* enum routing_choice */
    int prefer;                  /* enum routing_prefer */
    struct fr_config_list relax; /* struct routing_step, in order of `after` */
    struct fr_span wrap_up;
    const char *calendar; /* outside of it tasks are parked; NULL: always open */
};
struct routing_capacity {
    const char *channel; /* a class, a channel, or * */
    int64_t weight, most;
    struct fr_config_list excludes; /* const char * */
};
struct routing_agent_config {
    const char *name, *title, *site;
    struct fr_config_list skills;    /* struct routing_skill */
    struct fr_config_list brands;    /* const char * */
    struct fr_config_list languages; /* const char * */
    int64_t room;
    struct fr_config_list capacity; /* struct routing_capacity; none: one conversation at a time */
};
struct routing_class {
    const char *name;
    struct fr_config_list channels; /* const char * */
    struct fr_span idle_after;      /* 0: never */
};
struct routing_tier {
    const char *name;
    struct fr_span credit;
};
struct routing_grade { /* of priority or urgency */
    int64_t from;
    struct fr_span credit;
    int64_t strict;
};
struct routing_contract_config {
    const char *queue;
    int64_t share;  /* percent of what arrives in the queue; 0: no share */
    int64_t volume; /* tasks; 0: no volume */
    struct fr_span per;
};
struct routing_site_config {
    const char *name;
    const char *calendar;            /* NULL: always */
    struct fr_config_list languages; /* const char *; none: all */
    int64_t cost;
    struct fr_span grace;
    struct fr_config_list contracts; /* struct routing_contract_config; none: every queue */
};
struct routing_waiting_config {
    struct fr_config_list channels; /* const char * */
    struct fr_span every, offer_above, turn, window;
    int64_t windows;
};
struct routing_config {
    struct routing_waiting_config waiting;
    struct fr_span offer_time, continuity_for, declined_for, raise_by;
    struct fr_span removed_grace, park_for, lane_idle;
    int64_t away_after, continuity_most;
    struct fr_config_list classes; /* struct routing_class */
    struct fr_config_list tiers;   /* struct routing_tier */
    struct fr_config_list
        priorities; /* struct routing_grade, highest `from` that is reached counts */
    struct fr_config_list urgencies; /* likewise */
    struct fr_config_list sites;     /* struct routing_site_config */
    const char *rule;                /* Lua source, or NULL */
    int64_t rule_steps, rule_memory;
    struct fr_config_list queues; /* struct routing_queue; none: one queue "all" takes everything */
    struct fr_config_list agents; /* struct routing_agent_config */
};
extern const struct fr_config_key routing_config_keys[];
fr_config_check_fn routing_config_check; /* config_check.c */

/* By name, or NULL. */
const struct routing_queue *routing_queue_named(const struct routing_config *config,
                                                const char *name);
const struct routing_site_config *routing_site_named(const struct routing_config *config,
                                                     const char *name);

/* ---- timers ---- */

enum {
    ROUTING_TIMER_OFFER = FR_TIMER_KIND + 1, /* id: task; its offer expires */
    ROUTING_TIMER_OPEN,                      /* id: task; it was held for one agent long enough */
    ROUTING_TIMER_AGAIN,      /* id: task; those who declined it may be asked again */
    ROUTING_TIMER_AGENT,      /* id: agent's number; look at him again */
    ROUTING_TIMER_RELAX,      /* id: task; its queue's next step of relaxation */
    ROUTING_TIMER_PARKED,     /* id: task; the time that its customer was told */
    ROUTING_TIMER_WRAP,       /* id: task; the agent's time after it is over */
    ROUTING_TIMER_IDLE,       /* id: task; its customer has been silent for long enough */
    ROUTING_TIMER_QUEUE,      /* id: queue's number; go on with its waiting tasks */
    ROUTING_TIMER_HOURS,      /* id: queue's number; it opens or closes */
    ROUTING_TIMER_SITE,       /* id: site's number; go on with its agents */
    ROUTING_TIMER_SITE_HOURS, /* id: site's number; it opens or closes */
    ROUTING_TIMER_SITE_GRACE, /* id: site's number; it has been silent for too long */
    ROUTING_TIMER_CONTRACT,   /* id: queue's number and site's; the next interval begins */
    ROUTING_TIMER_MATCH,      /* id 0: try what waits against those who became free together */
    ROUTING_TIMER_LANE,       /* id: lane; nothing has needed it for a while */
    ROUTING_TIMER_GRACE,      /* id: agent's number; he was removed from the configuration */
    ROUTING_TIMER_WAIT = FR_TIMER_KIND + 64, /* id: lane; tell its customers what has changed */
};

/* ---- decide ---- */

/* tasks (decide_task.c) */
fr_decide_fn routing_decide_task_requested;
fr_decide_fn routing_decide_task_withdrawn;
fr_decide_fn routing_decide_conversation_resolved;
fr_decide_fn routing_decide_conversation_rekeyed;
fr_decide_fn routing_decide_target_warned;
fr_decide_fn routing_decide_conversation_classified;
fr_decide_fn routing_decide_task_prioritized;
fr_decide_fn routing_decide_task_due; /* OPEN, AGAIN, RELAX, PARKED */
/* conversations that fall silent and wake (decide_idle.c) */
fr_decide_fn routing_decide_message_added;
fr_decide_fn routing_decide_idle_due;
/* offers (decide_offer.c) */
fr_decide_fn routing_decide_offer_answered;
fr_decide_fn routing_decide_offer_due;
/* agents (decide_agent.c) */
fr_decide_fn routing_decide_agent_presence;
fr_decide_fn routing_decide_agent_set_away;
fr_decide_fn routing_decide_work_finished;
fr_decide_fn routing_decide_lease_ended;
fr_decide_fn routing_decide_agent_due;
fr_decide_fn routing_decide_grace_due;
fr_decide_fn routing_decide_wrap_due;
fr_decide_fn routing_decide_wrap_up_done;
/* sites (decide_site.c) */
fr_decide_fn routing_decide_site_silent;
fr_decide_fn routing_decide_site_heard;
fr_decide_fn routing_decide_site_recalled;
fr_decide_fn routing_decide_site_hours_due;
fr_decide_fn routing_decide_site_grace_due;
fr_decide_fn routing_decide_site_due;
fr_decide_fn routing_decide_contract_due;
fr_decide_fn routing_decide_match_due;
/* configuration, hours of queues, lanes (decide_config.c, decide_queue.c) */
fr_decide_fn routing_decide_config;
fr_decide_fn routing_decide_queue_hours_due;
fr_decide_fn routing_decide_queue_due;
fr_decide_fn routing_decide_lane_due;

/* ---- apply (apply.c, apply_place.c, apply_offer.c) ---- */

fr_apply_fn routing_apply_agent_defined;
fr_apply_fn routing_apply_agent_state_changed;
fr_apply_fn routing_apply_capacity_class_named;
fr_apply_fn routing_apply_queue_named;
fr_apply_fn routing_apply_queue_changed;
fr_apply_fn routing_apply_site_changed;
fr_apply_fn routing_apply_matches_tried;
fr_apply_fn routing_apply_lane_opened;
fr_apply_fn routing_apply_lane_changed;
fr_apply_fn routing_apply_lane_closed;
fr_apply_fn routing_apply_task_queued;
fr_apply_fn routing_apply_task_parked;
fr_apply_fn routing_apply_task_offered;
fr_apply_fn routing_apply_task_raised;
fr_apply_fn routing_apply_task_rekeyed;
fr_apply_fn routing_apply_task_ended;
fr_apply_fn routing_apply_task_idled;
fr_apply_fn routing_apply_task_woken;
fr_apply_fn routing_apply_wrap_up_ended;
fr_apply_fn routing_apply_offer_accepted;
fr_apply_fn routing_apply_offer_declined;
fr_apply_fn routing_apply_offer_expired;
fr_apply_fn routing_apply_offer_rescinded;
fr_apply_fn routing_apply_nothing; /* records that only others read */

extern const struct fr_query routing_queries[]; /* query.c */

#endif
