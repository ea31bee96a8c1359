/* apply.c - agents, lanes, queues and sites as the events have them: the only callers of the
 * tables' put are the apply_*.c.  (apply_place.c: tasks come in and move; apply_offer.c: offers and
 * ends.) */
#include "services/routing/apply_private.h"

enum fr_error
routing_apply_nothing(struct fr_tables *tables, const struct fr_record *event)
{
    (void)tables;
    (void)event;
    return FR_OK;
}

/* ---- agents ---- */

static struct routing_agent
new_agent(const Fr__AgentDefined *defined, const struct fr_record *event)
{
    struct routing_agent agent = {.number = defined->number,
                                  .state = FR__AGENT_STATE__OFFLINE,
                                  .idle_us = event->head->time_us,
                                  .state_us = event->head->time_us};

    strncpy(agent.name, defined->agent, sizeof(agent.name) - 1);
    return agent;
}

/* AgentDefined.  Writes agents, names, profiles, capacities, sets, lanes (members), idle; arms the
 * timers at which he is looked at again, and at which what a removed one had accepted is taken. */
enum fr_error
routing_apply_agent_defined(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AgentDefined *defined = fr_body(event);
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(fr_tables_view(tables), defined->number, &agent);

    if (err == FR_NOT_FOUND)
        agent = new_agent(defined, event);
    else if (err != FR_OK)
        return err;
    if (defined->removed || strcmp(agent.site_name, defined->site) != 0)
        agent.state = FR__AGENT_STATE__OFFLINE; /* he signs in again, where he belongs now */
    agent.removed = defined->removed != 0;
    agent.room = defined->has_room ? defined->room : ROUTING_FULL;
    agent.site = defined->site_number;
    strncpy(agent.site_name, defined->site, sizeof(agent.site_name) - 1); /* pads with NULs */
    TRY(routing_agent_define(tables, &agent, defined));
    TRY(defined->has_grace_us ? fr_timer_arm(tables, ROUTING_TIMER_GRACE, defined->number,
                                             (struct fr_time){defined->grace_us})
                              : fr_timer_disarm(tables, ROUTING_TIMER_GRACE, defined->number));
    return defined->look_again
               ? fr_timer_arm(tables, ROUTING_TIMER_AGENT, defined->number, apply_now(event))
               : FR_OK;
}

/* AgentStateChanged.  Writes agents, sets, idle. */
enum fr_error
routing_apply_agent_state_changed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AgentStateChanged *changed = fr_body(event);
    struct routing_agent agent;

    TRY(routing_agent_by_name(fr_tables_view(tables), changed->agent, &agent));
    agent.state = (uint8_t)changed->state;
    agent.state_us = event->head->time_us;
    if (changed->state == FR__AGENT_STATE__AVAILABLE) {
        agent.idle_us = event->head->time_us;
        agent.expired_in_row = 0;
    }
    return routing_agent_put(tables, &agent);
}

/* CapacityClassNamed.  Writes classes, numbers. */
enum fr_error
routing_apply_capacity_class_named(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__CapacityClassNamed *named = fr_body(event);

    return routing_class_put(tables, named->number, named->name);
}

/* ---- lanes ---- */

/* LaneOpened.  Writes lanes, lane_keys, lane_facts, sets, numbers; arms the timer at which it is
 * closed if no task comes. */
enum fr_error
routing_apply_lane_opened(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LaneOpened *opened = fr_body(event);

    TRY(routing_lane_open(tables, opened));
    return apply_lane_left(tables, event, opened->lane);
}

/* LaneChanged.  Writes lane_facts. */
enum fr_error
routing_apply_lane_changed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LaneChanged *changed = fr_body(event);

    return routing_lane_reason(tables, changed->lane, changed->reason);
}

/* LaneClosed.  Writes lanes, lane_keys, lane_facts, lanes_free, sets, numbers. */
enum fr_error
routing_apply_lane_closed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__LaneClosed *closed = fr_body(event);

    return routing_lane_close(tables, closed->lane);
}

/* ---- queues ---- */

/* QueueNamed.  Writes queues, queue_names, numbers. */
enum fr_error
routing_apply_queue_named(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__QueueNamed *named = fr_body(event);
    struct routing_queue_row row = {.number = named->number};

    strncpy(row.name, named->name, sizeof(row.name) - 1);
    return routing_queue_row_put(tables, &row);
}

static enum fr_error
arm_or_not(struct fr_tables *tables, uint32_t kind, uint64_t id, int64_t due_us)
{
    return due_us != 0 ? fr_timer_arm(tables, kind, id, (struct fr_time){due_us})
                       : fr_timer_disarm(tables, kind, id);
}

/* QueueChanged.  Writes queues, lanes, heads, sets; arms the timers of its hours, and of the next
 * slice. */
enum fr_error
routing_apply_queue_changed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__QueueChanged *changed = fr_body(event);
    struct routing_queue_row row;

    TRY(routing_queue_row_get(fr_tables_view(tables), changed->number, &row));
    row.closed = changed->closed != 0;
    row.contracted = changed->contracted != 0;
    row.walking = changed->walk != 0;
    row.walk = (struct routing_waiting){changed->from_strict, changed->from_order_us,
                                        changed->from_task_id};
    row.next_us = changed->next_us;
    row.stamp = changed->stamp;
    TRY(routing_queue_row_put(tables, &row));
    TRY(arm_or_not(tables, ROUTING_TIMER_HOURS, row.number, row.next_us));
    return row.walking ? fr_timer_arm(tables, ROUTING_TIMER_QUEUE, row.number, apply_now(event))
                       : FR_OK;
}

/* ---- sites ---- */

/* "+support": recalled of it; "-support": no more. */
static enum fr_error
recall_queues(struct fr_tables *tables, const Fr__SiteChanged *changed)
{
    for (size_t i = 0; i < changed->n_recalled_queues; i++) {
        const char *said = changed->recalled_queues[i];
        struct routing_queue_row row;
        struct routing_contract contract;

        TRY(routing_queue_row_by_name(fr_tables_view(tables), said + 1, &row));
        TRY(routing_contract_get(fr_tables_view(tables), row.number, changed->number, &contract));
        contract.recalled = said[0] == '+';
        TRY(routing_contract_put(tables, row.number, changed->number, &contract));
    }
    return FR_OK;
}

static void
site_of(const Fr__SiteChanged *changed, struct routing_site *site)
{
    site->closed = changed->closed != 0;
    site->silent = changed->silent != 0;
    site->recalled = changed->recalled != 0;
    site->walking = changed->walk != 0;
    site->take_back = changed->take_back != 0;
    site->take_assigned = changed->take_assigned != 0;
    site->after_agent = changed->after_agent;
    site->next_us = changed->next_us;
    site->grace_us = changed->grace_us;
    site->stamp = changed->stamp;
}

/* SiteChanged.  Writes sites, site_names, sets (gated), contracts (recalled); arms the timers of
 * its hours, its grace, the next slice of its agents, and of matching what waits when it works
 * again. */
enum fr_error
routing_apply_site_changed(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__SiteChanged *changed = fr_body(event);
    struct routing_site site = {.number = changed->number};
    enum fr_error err = routing_site_get(fr_tables_view(tables), changed->number, &site);

    if (err == FR_NOT_FOUND)
        strncpy(site.name, changed->site, sizeof(site.name) - 1);
    else if (err != FR_OK)
        return err;
    site_of(changed, &site);
    TRY(routing_site_put(tables, &site));
    TRY(recall_queues(tables, changed));
    TRY(arm_or_not(tables, ROUTING_TIMER_SITE_HOURS, site.number, site.next_us));
    TRY(arm_or_not(tables, ROUTING_TIMER_SITE_GRACE, site.number, site.grace_us));
    if (site.walking)
        return fr_timer_arm(tables, ROUTING_TIMER_SITE, site.number, apply_now(event));
    return routing_site_gated(&site)
               ? FR_OK
               : fr_timer_arm(tables, ROUTING_TIMER_MATCH, 0, apply_now(event));
}

/* MatchesTried.  Arms the timer of the next slice. */
enum fr_error
routing_apply_matches_tried(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MatchesTried *tried = fr_body(event);

    return tried->more ? fr_timer_arm(tables, ROUTING_TIMER_MATCH, 0, apply_now(event)) : FR_OK;
}
