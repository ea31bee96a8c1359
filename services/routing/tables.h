/* tables.h - what routing remembers: agents, lanes, tasks, queues, sites.
 *
 *     waiting  lane, 0, place         the next task of a lane is the first key
 *              holder's side: 0, agent, place     what is held for one agent alone
 *     heads    place, lane            the lanes in the order of their first tasks
 *     idle     how, order, name       the free agents in the order of choice
 *     sets     who can, who is free, which lanes (sets.h)
 *
 * A place is (strict class, order, task).  The functions here keep rows, lists and sets in step;
 * nobody else touches the store.  Values are fixed structs copied whole, or protobuf messages
 * (proto/routing_state.proto).
 */
#ifndef FR_ROUTING_TABLES_H
#define FR_ROUTING_TABLES_H

#include "proto/routing.pb-c.h"
#include "proto/routing_state.pb-c.h"
#include "services/routing/routing.h"
#include "services/routing/sets.h"

extern const struct fr_table routing_tables[];

/* ---- agents ---- */

struct routing_agent {
    uint32_t number; /* from 1; never used for another name */
    uint8_t state;   /* enum Fr__AgentState */
    uint8_t removed;
    uint16_t expired_in_row; /* offers that he let expire, one after the other */
    uint32_t used, room; /* units; used is more than room only after his room was configured down */
    uint32_t offered, assigned, held, wrapping, idle; /* tasks */
    uint32_t site;                                    /* number */
    uint32_t free;   /* bit set of the classes of which he could take one more now */
    int64_t idle_us; /* last offer, last end of work, or sign-in */
    int64_t state_us;
    uint16_t counts[ROUTING_CLASS_MAX]; /* tasks of each channel class that take of him */
    char name[ROUTING_AGENT_SIZE];
    char site_name[ROUTING_AGENT_SIZE];
};
_Static_assert(sizeof(struct routing_agent) == 156 + 4, "no hidden padding");

struct routing_capacity_row { /* of one channel class; weight 0: none of it */
    uint16_t weight, most, excludes;
};
struct routing_capacities {
    struct routing_capacity_row classes[ROUTING_CLASS_MAX];
};

enum fr_error routing_agent_get(const struct fr_view *view, uint32_t number,
                                struct routing_agent *out);
enum fr_error routing_agent_by_name(const struct fr_view *view, const char *name,
                                    struct routing_agent *out);
/* As defined, without the fields that are routing's own. */
enum fr_error routing_profile_get(const struct fr_view *view, uint32_t number,
                                  struct fr_arena *arena, const Fr__AgentDefined **out);
enum fr_error routing_capacities_get(const struct fr_view *view, uint32_t number,
                                     struct routing_capacities *out);
/* Could he take one more of that class, whatever his state?  Never over his room, nor beside what
 * it excludes. */
bool routing_has_room(const struct routing_agent *agent,
                      const struct routing_capacities *capacities, uint32_t class_number);
/* ... and is he there? */
bool routing_is_free(const struct routing_agent *agent, uint32_t class_number);

/* Takes (or gives back, sign -1) what one task of that class needs of him. */
void routing_agent_load(struct routing_agent *agent, uint32_t class_number, uint32_t weight,
                        int sign);
/* Puts the row; moves him in the sets and lists of those who are free. */
enum fr_error routing_agent_put(struct fr_tables *tables, struct routing_agent *agent);
/* Row, profile, capacity, site, lanes: all that a definition says. */
enum fr_error routing_agent_define(struct fr_tables *tables, struct routing_agent *agent,
                                   const Fr__AgentDefined *defined);

/* Walking by number (queries, configuration). */
void routing_agent_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t after);
enum fr_error routing_agent_next(struct fr_scan *scan, struct routing_agent *out);

/* The free ones, in the order of choice; numbers only. */
void routing_idle_scan(struct fr_scan *scan, const struct fr_view *view, enum routing_choice how);
enum fr_error routing_idle_next(struct fr_scan *scan, uint32_t *number);
/* Comes `a` before `b` in that order? */
bool routing_chosen_before(const struct routing_agent *a, const struct routing_agent *b,
                           enum routing_choice how);

/* ---- places and tasks ---- */

struct routing_waiting { /* a place in the order of waiting tasks */
    uint32_t strict;     /* higher comes first */
    int64_t order_us;
    uint64_t task_id;
};
int routing_place_compare(const struct routing_waiting *a, const struct routing_waiting *b);

enum routing_task_state {
    ROUTING_WAITING = 1,
    ROUTING_OFFERED,
    ROUTING_ASSIGNED,
    ROUTING_WRAPPING
};
enum routing_offer_end { ROUTING_NONE, ROUTING_DECLINED, ROUTING_EXPIRED, ROUTING_RESCINDED };

struct routing_task {
    uint64_t task_id, conversation_id, customer_id;
    uint64_t offer_id;    /* the open or accepted one; 0: none */
    uint64_t ended_offer; /* the last one that ended otherwise; 0: none */
    int64_t arrived_us, entered_us;
    int64_t order_us;   /* its place, in its strict class */
    int64_t since_us;   /* when it came into this state */
    int64_t open_us;    /* held until then; 0: not held */
    int64_t relax_us;   /* its queue's next step comes into force; 0: none armed */
    int64_t until_us;   /* parked until then, or wrapping; 0: neither */
    int64_t counted_us; /* start of the contract's interval that counts its offer */
    uint32_t counted_queue, counted_site; /* likewise; 0: no contract does */
    uint32_t lane;
    uint32_t agent;    /* held for, offered or assigned to; 0: nobody */
    uint32_t weight;   /* what it takes of him while offered or assigned */
    uint16_t refusals; /* how often an agent let it go; 0: none in the table */
    uint8_t state;     /* enum routing_task_state */
    uint8_t raised;
    uint8_t parked;    /* said to be parked */
    uint8_t ended_how; /* enum routing_offer_end of ended_offer */
    uint8_t strict, step;
    uint8_t class_number;
    uint8_t idle;       /* assigned, but it takes nothing of the agent now */
    uint8_t idle_armed; /* its silence is timed */
    uint8_t spare[1];
    char brand[FR_BRAND_SIZE];
};
_Static_assert(sizeof(struct routing_task) == 152, "no hidden padding");

static inline struct routing_waiting
routing_place_of(const struct routing_task *task)
{
    return (struct routing_waiting){task->strict, task->order_us, task->task_id};
}

enum fr_error routing_task_get(const struct fr_view *view, uint64_t task_id,
                               struct routing_task *out);
enum fr_error routing_task_facts(const struct fr_view *view, uint64_t task_id,
                                 struct fr_arena *arena, const Fr__RoutingStateTask **out);
/* Was this task ever taken in, also if it has ended since?  Task ids are record ids: they grow. */
enum fr_error routing_task_is_old(const struct fr_view *view, uint64_t task_id, bool *old);
/* A conversation's live tasks, oldest first, at most `max`. */
enum fr_error routing_tasks_of(const struct fr_view *view, uint64_t conversation_id, size_t max,
                               uint64_t *task_ids, size_t *count);
/* The tasks of an agent in one state (offered, assigned, wrapping), in order of their ids, at most
 * `max`. */
enum fr_error routing_tasks_with(const struct fr_view *view, uint32_t agent,
                                 enum routing_task_state state, size_t max, uint64_t *task_ids,
                                 size_t *count);

/* From one row to the next: `before` is NULL for a new task, `after` for one that ends.  Keeps the
 * waiting list, its lane and the agent's list in step; the agents' rows are the caller's. */
enum fr_error routing_task_move(struct fr_tables *tables, const struct routing_task *before,
                                const struct routing_task *after);
/* The row alone, when neither its list nor its place there changes. */
enum fr_error routing_task_put(struct fr_tables *tables, const struct routing_task *task);
enum fr_error routing_task_facts_put(struct fr_tables *tables, uint64_t task_id,
                                     const Fr__RoutingStateTask *facts);

/* From `from` on (NULL: all); a lane's own, or those held for an agent. */
void routing_waiting_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t lane,
                          const struct routing_waiting *from);
void routing_held_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t agent);
enum fr_error routing_waiting_next(struct fr_scan *scan, struct routing_waiting *out);

/* When may he be offered that task again?  FR_NOT_FOUND: he never let it go. */
enum fr_error routing_refusal_get(const struct fr_view *view, uint64_t task_id, uint32_t agent,
                                  int64_t *again_us);
enum fr_error routing_refusal_put(struct fr_tables *tables, uint64_t task_id, uint32_t agent,
                                  int64_t again_us);
/* When the next of those who let it go may be asked again: the earliest after `now`.  FR_NOT_FOUND:
 * no such. */
enum fr_error routing_refusal_next(const struct fr_view *view, uint64_t task_id, struct fr_time now,
                                   int64_t *again_us);
enum fr_error routing_refusals_drop(struct fr_tables *tables, uint64_t task_id);

/* ---- lanes (tables_lane.c) ---- */

struct routing_lane {
    uint32_t number;      /* from 1; given anew after it was closed */
    uint32_t queue;       /* number */
    uint32_t members;     /* agents who can serve it, free or not */
    uint32_t waiting;     /* tasks, held and parked ones too */
    uint32_t tasks;       /* those and the ones on offer: it stays open for them */
    uint32_t head_strict; /* place of the first that is not held; head_task 0: none */
    int64_t head_order_us;
    uint64_t head_task;
    uint64_t ranks; /* bit set of the ranks that members may have */
    uint8_t class_number;
    uint8_t closed; /* outside of its queue's hours */
    uint8_t contracted, longest_idle;
    uint32_t spare;
    int64_t idle_us; /* how long it stays open without a task; 0: for ever */
};
_Static_assert(sizeof(struct routing_lane) == 64, "no hidden padding");
#define ROUTING_RANK_MAX 63

enum fr_error routing_lane_get(const struct fr_view *view, uint32_t number,
                               struct routing_lane *out);
enum fr_error routing_lane_facts(const struct fr_view *view, uint32_t number,
                                 struct fr_arena *arena, const Fr__RoutingStateLane **out);
/* By what its tasks require. */
enum fr_error routing_lane_find(const struct fr_view *view, const Fr__RoutingStateLane *facts,
                                struct fr_arena *arena, uint32_t *number);
/* The number that the next one will get.  FR_FULL. */
enum fr_error routing_lane_number(const struct fr_view *view, uint32_t *number);
enum fr_error routing_lane_open(struct fr_tables *tables, const Fr__LaneOpened *opened);
enum fr_error routing_lane_close(struct fr_tables *tables, uint32_t number);
enum fr_error routing_lane_put(struct fr_tables *tables, const struct routing_lane *lane);
/* Its first waiting task, and whether that may be offered, as the lists have it now. */
enum fr_error routing_lane_refresh(struct fr_tables *tables, struct routing_lane *lane);
enum fr_error routing_lane_reason(struct fr_tables *tables, uint32_t number, const char *reason);
enum fr_error routing_lane_join(struct fr_tables *tables, uint32_t lane, uint32_t agent,
                                uint32_t rank);
enum fr_error routing_lane_leave(struct fr_tables *tables, uint32_t lane, uint32_t agent);
void routing_lane_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error routing_lane_next(struct fr_scan *scan, struct routing_lane *out);
/* Ready lanes in the order of their first tasks. */
void routing_heads_scan(struct fr_scan *scan, const struct fr_view *view,
                        const struct routing_waiting *from);
enum fr_error routing_heads_next(struct fr_scan *scan, struct routing_waiting *place,
                                 uint32_t *lane);

/* Numbers given so far; zeroes at first. */
struct routing_numbers {
    uint32_t agents, lanes, lanes_free, queues, sites, classes;
};
enum fr_error routing_numbers_get(const struct fr_view *view, struct routing_numbers *out);
enum fr_error routing_numbers_put(struct fr_tables *tables, const struct routing_numbers *numbers);

/* ---- queues, sites, channel classes, contracts (tables_site.c) ---- */

struct routing_queue_row {
    uint32_t number;
    uint8_t closed, walking, contracted;
    uint8_t spare[1];
    struct routing_waiting walk; /* how far */
    int64_t next_us;             /* opens or closes; 0: never */
    uint64_t stamp;              /* of its configuration */
    char name[ROUTING_QUEUE_SIZE];
};
struct routing_site {
    uint32_t number;
    uint8_t closed, silent, recalled;
    uint8_t walking, take_back, take_assigned;
    uint8_t spare[2];
    uint32_t after_agent;
    int64_t next_us;  /* opens or closes; 0: never */
    int64_t grace_us; /* what was accepted there goes to others; 0: not running */
    uint64_t stamp;
    char name[ROUTING_AGENT_SIZE];
};
_Static_assert(sizeof(struct routing_queue_row) == 80, "no hidden padding");
_Static_assert(sizeof(struct routing_site) == 72 - 0, "no hidden padding");

enum fr_error routing_queue_row_get(const struct fr_view *view, uint32_t number,
                                    struct routing_queue_row *out);
enum fr_error routing_queue_row_by_name(const struct fr_view *view, const char *name,
                                        struct routing_queue_row *out);
enum fr_error routing_queue_row_put(struct fr_tables *tables, const struct routing_queue_row *row);
enum fr_error routing_site_get(const struct fr_view *view, uint32_t number,
                               struct routing_site *out);
enum fr_error routing_site_by_name(const struct fr_view *view, const char *name,
                                   struct routing_site *out);
/* Its agents are offered something, or not. */
enum fr_error routing_site_put(struct fr_tables *tables, const struct routing_site *site);
static inline bool
routing_site_gated(const struct routing_site *site)
{
    return site->closed || site->silent || site->recalled;
}

/* 0 for every class that has no name. */
enum fr_error routing_class_number(const struct fr_view *view, const char *name, uint32_t *number);
enum fr_error routing_class_put(struct fr_tables *tables, uint32_t number, const char *name);
struct routing_classes { /* names by number; [0], of all others, is "*" */
    const char *names[ROUTING_CLASS_MAX];
    uint32_t count; /* given so far, 0 not counted */
};
/* All of them; names in the arena. */
enum fr_error routing_classes_get(const struct fr_view *view, struct fr_arena *arena,
                                  struct routing_classes *out);

struct routing_contract { /* of one queue at one site: what its interval has seen */
    int64_t start_us;
    uint32_t arrived, taken;
    uint8_t recalled;
    uint8_t spare[7];
};
_Static_assert(sizeof(struct routing_contract) == 24, "no hidden padding");
/* Zeroes when there is none. */
enum fr_error routing_contract_get(const struct fr_view *view, uint32_t queue, uint32_t site,
                                   struct routing_contract *out);
enum fr_error routing_contract_put(struct fr_tables *tables, uint32_t queue, uint32_t site,
                                   const struct routing_contract *contract);
/* Sites of which something is known for that queue; at most `max`. */
enum fr_error routing_contract_sites(const struct fr_view *view, uint32_t queue, size_t max,
                                     uint32_t *sites, size_t *count);

#endif
