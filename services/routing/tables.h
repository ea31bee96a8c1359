/* tables.h - what routing remembers: agents, lanes, tasks, and the two ordered lists of each lane.
 *
 *     waiting    lane, holder, order, task -> nothing     the next task is the first key
 *     available  lane, used, idle since, name -> number   the next agent is the first key
 *
 * `holder` is 0 for what anybody may take, else the number of the agent whom a task is held for.
 * The functions here keep rows and lists in step; nobody else touches the store.  Values are fixed
 * structs copied whole, or protobuf messages (proto/routing_state.proto).
 */
#ifndef FR_ROUTING_TABLES_H
#define FR_ROUTING_TABLES_H

#include "proto/routing.pb-c.h"
#include "proto/routing_state.pb-c.h"
#include "services/routing/routing.h"

extern const struct fr_table routing_tables[];

/* ---- agents ---- */

struct routing_agent {
    uint32_t number; /* from 1; never used for another name */
    uint8_t state;   /* enum Fr__AgentState */
    uint8_t removed;
    uint16_t expired_in_row; /* offers that he let expire, one after the other */
    uint32_t used;           /* of ROUTING_FULL; more only after his capacity was configured down */
    uint32_t offered, assigned, held; /* tasks */
    int64_t idle_us;                  /* last offer, last end of work, or sign-in */
    int64_t state_us;
    char name[ROUTING_AGENT_SIZE];
    char site[ROUTING_AGENT_SIZE];
};
_Static_assert(sizeof(struct routing_agent) == 104, "no hidden padding");

struct routing_share {
    uint32_t lane;
    uint32_t weight;
};
struct routing_shares { /* the lanes that an agent can serve; borrowed until they are put again */
    const uint8_t *bytes;
    size_t count;
};
struct routing_share routing_share_at(const struct routing_shares *shares, size_t index);

enum fr_error routing_agent_get(const struct fr_view *view, uint32_t number,
                                struct routing_agent *out);
enum fr_error routing_agent_by_name(const struct fr_view *view, const char *name,
                                    struct routing_agent *out);
/* As defined, without the fields that are routing's own. */
enum fr_error routing_profile_get(const struct fr_view *view, uint32_t number,
                                  struct fr_arena *arena, const Fr__AgentDefined **out);
/* Also when he serves none: count is 0. */
enum fr_error routing_shares_get(const struct fr_view *view, uint32_t number,
                                 struct routing_shares *out);
/* His weight in that lane; FR_NOT_FOUND: he cannot serve it. */
enum fr_error routing_weight_get(const struct fr_view *view, uint32_t number, uint32_t lane,
                                 uint32_t *weight);
/* Is he in the list of available agents for a task of that weight? */
bool routing_has_room(const struct routing_agent *agent, uint32_t weight);

/* Puts the row and moves him in the lists of his lanes. */
enum fr_error routing_agent_put(struct fr_tables *tables, const struct routing_agent *agent);
/* Row, profile, lanes: all that a definition says. */
enum fr_error routing_agent_define(struct fr_tables *tables, const struct routing_agent *agent,
                                   const Fr__AgentDefined *defined);

/* Walking by number (queries, configuration). */
void routing_agent_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t after);
enum fr_error routing_agent_next(struct fr_scan *scan, struct routing_agent *out);

/* ---- lanes ---- */

struct routing_lane {
    uint32_t number;  /* from 1 */
    uint32_t members; /* agents who can serve it, free or not */
    uint32_t waiting; /* tasks, held and parked ones too */
    uint8_t walking;  /* its waiting tasks are being gone through; the two below say how far */
    uint8_t spare[3];
    int64_t walk_order_us;
    uint64_t walk_task;
    uint64_t
        stamp; /* of the queues' configuration that its waiting tasks have been checked against */
};
_Static_assert(sizeof(struct routing_lane) == 40, "no hidden padding");

enum fr_error routing_lane_get(const struct fr_view *view, uint32_t number,
                               struct routing_lane *out);
enum fr_error routing_lane_facts(const struct fr_view *view, uint32_t number,
                                 struct fr_arena *arena, const Fr__RoutingStateLane **out);
/* `needs` by name.  FR_TOO_BIG: that many names fit no key. */
enum fr_error routing_lane_find(const struct fr_view *view, const char *queue, const char *brand,
                                const char *channel, const struct routing_skill *needs,
                                size_t need_count, uint32_t *number);
enum fr_error routing_lane_open(struct fr_tables *tables, const Fr__LaneOpened *opened);
enum fr_error routing_lane_join(struct fr_tables *tables, uint32_t lane,
                                const Fr__LaneMember *member);
enum fr_error routing_lane_put(struct fr_tables *tables, const struct routing_lane *lane);
enum fr_error routing_lane_reason(struct fr_tables *tables, uint32_t number, const char *reason);
/* Of the agents who can serve it, at most `max` by name. */
struct routing_member {
    uint32_t number, weight;
};
enum fr_error routing_lane_members(const struct fr_view *view, uint32_t number, size_t max,
                                   struct routing_member *members, size_t *count);
void routing_lane_scan(struct fr_scan *scan, const struct fr_view *view);
enum fr_error routing_lane_next(struct fr_scan *scan, struct routing_lane *out);

/* Numbers given so far; zeroes at first. */
struct routing_numbers {
    uint32_t agents, lanes;
};
enum fr_error routing_numbers_get(const struct fr_view *view, struct routing_numbers *out);

/* ---- tasks ---- */

enum routing_task_state { ROUTING_WAITING = 1, ROUTING_OFFERED, ROUTING_ASSIGNED };
enum routing_offer_end { ROUTING_NONE, ROUTING_DECLINED, ROUTING_EXPIRED, ROUTING_RESCINDED };

struct routing_task {
    uint64_t task_id, conversation_id, customer_id;
    uint64_t offer_id;    /* the open or accepted one; 0: none */
    uint64_t ended_offer; /* the last one that ended otherwise; 0: none */
    int64_t arrived_us;
    int64_t order_us; /* its place */
    int64_t since_us; /* when it came into this state */
    int64_t open_us;  /* held until then; 0: not held */
    uint32_t lane;
    uint32_t agent;    /* held for, offered or assigned to; 0: nobody */
    uint32_t weight;   /* what it takes of him while offered or assigned */
    uint16_t refusals; /* how often an agent let it go; 0: none in the table */
    uint8_t state;     /* enum routing_task_state */
    uint8_t raised;
    uint8_t parked;    /* said to be parked */
    uint8_t ended_how; /* enum routing_offer_end of ended_offer */
    uint8_t spare[6];
    char brand[FR_BRAND_SIZE];
};
_Static_assert(sizeof(struct routing_task) == 112, "no hidden padding");

enum fr_error routing_task_get(const struct fr_view *view, uint64_t task_id,
                               struct routing_task *out);
enum fr_error routing_task_facts(const struct fr_view *view, uint64_t task_id,
                                 struct fr_arena *arena, const Fr__RoutingStateTask **out);
/* Was this task ever taken in, also if it has ended since?  Task ids are record ids: they grow. */
enum fr_error routing_task_is_old(const struct fr_view *view, uint64_t task_id, bool *old);
/* A conversation's live tasks, oldest first, at most `max`. */
enum fr_error routing_tasks_of(const struct fr_view *view, uint64_t conversation_id, size_t max,
                               uint64_t *task_ids, size_t *count);
/* The tasks of an agent in one state (offered or assigned), in order of their ids, at most `max`.
 */
enum fr_error routing_tasks_with(const struct fr_view *view, uint32_t agent,
                                 enum routing_task_state state, size_t max, uint64_t *task_ids,
                                 size_t *count);

/* From one row to the next: `before` is NULL for a new task, `after` for one that ends.  Keeps the
 * waiting list, its count and the agent's list in step; the agents' rows are the caller's. */
enum fr_error routing_task_move(struct fr_tables *tables, const struct routing_task *before,
                                const struct routing_task *after);
enum fr_error routing_task_facts_put(struct fr_tables *tables, uint64_t task_id,
                                     const Fr__RoutingStateTask *facts);

/* ---- the two lists ---- */

struct routing_waiting { /* one waiting task of a lane, in its order */
    int64_t order_us;
    uint64_t task_id;
};
/* From (order_us, task_id) on; held ones only with the holder's number. */
void routing_waiting_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t lane,
                          uint32_t holder, const struct routing_waiting *from);
enum fr_error routing_waiting_next(struct fr_scan *scan, struct routing_waiting *out);

struct routing_candidate { /* one free agent of a lane, in the order of choice */
    uint32_t number, used;
    int64_t idle_us;
    const char *name; /* borrowed until the next put */
};
void routing_available_scan(struct fr_scan *scan, const struct fr_view *view, uint32_t lane);
enum fr_error routing_available_next(struct fr_scan *scan, struct routing_candidate *out);

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

#endif
