/* pick.c - which agent takes this task, and which task does this agent take? */
#include "services/routing/pick.h"

#include <stdio.h>

enum refusal { NEVER_REFUSED, REFUSED_LONG_AGO, REFUSED };

static enum fr_error
refusal_of(const struct fr_view *view, struct fr_time now, const struct routing_task *task,
           uint32_t agent, enum refusal *out)
{
    int64_t again_us;
    enum fr_error err = FR_NOT_FOUND;

    if (task->refusals > 0)
        err = routing_refusal_get(view, task->task_id, agent, &again_us);
    if (err == FR_NOT_FOUND)
        *out = NEVER_REFUSED;
    else if (err == FR_OK)
        *out = again_us <= now.unix_us ? REFUSED_LONG_AGO : REFUSED;
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static enum fr_error
complete(const struct fr_view *view, uint32_t lane, uint32_t number, enum routing_why why,
         struct routing_pick *out)
{
    enum fr_error err = routing_agent_get(view, number, &out->agent);

    out->why = why;
    return err != FR_OK ? err : routing_weight_get(view, number, lane, &out->weight);
}

/* Those behind the chosen one, for the explanation only. */
static void
note_runners(struct fr_scan *scan, struct routing_pick *out)
{
    struct routing_candidate candidate;

    while (out->runner_count < ROUTING_RUNNERS &&
           routing_available_next(scan, &candidate) == FR_OK) {
        snprintf(out->runners[out->runner_count].name, ROUTING_AGENT_SIZE, "%s", candidate.name);
        out->runners[out->runner_count++].used = candidate.used;
    }
}

enum fr_error
routing_pick_agent(const struct fr_view *view, struct fr_time now, const struct routing_task *task,
                   struct routing_pick *out)
{
    struct routing_candidate candidate;
    uint32_t chosen = 0, again = 0;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    out->stepped_over = out->runner_count = 0;
    routing_available_scan(&scan, view, task->lane);
    while (chosen == 0 && err == FR_OK && routing_available_next(&scan, &candidate) == FR_OK) {
        enum refusal refusal = NEVER_REFUSED;

        err = refusal_of(view, now, task, candidate.number, &refusal);
        if (err == FR_OK && refusal == NEVER_REFUSED)
            chosen = candidate.number;
        else
            out->stepped_over++;
        if (refusal == REFUSED_LONG_AGO && again == 0)
            again = candidate.number;
    }
    if (chosen != 0)
        note_runners(&scan, out);
    fr_scan_fini(&scan);
    if (err != FR_OK)
        return err;
    if (chosen != 0)
        return complete(view, task->lane, chosen, ROUTING_MOST_ROOM, out);
    return again == 0 ? FR_NOT_FOUND : complete(view, task->lane, again, ROUTING_ASKED_AGAIN, out);
}

enum fr_error
routing_pick_preferred(const struct fr_view *view, const char *name, uint32_t lane,
                       struct routing_pick *out, enum routing_preferred *verdict)
{
    enum fr_error err;

    *verdict = ROUTING_NOBODY;
    if (name == NULL || name[0] == '\0')
        return FR_OK;
    *verdict = ROUTING_PREFERRED_UNFIT;
    out->stepped_over = out->runner_count = 0;
    out->why = ROUTING_SERVED_LAST;
    err = routing_agent_by_name(view, name, &out->agent);
    if (err == FR_OK && !out->agent.removed)
        err = routing_weight_get(view, out->agent.number, lane, &out->weight);
    if (err == FR_NOT_FOUND || (err == FR_OK && out->agent.removed))
        return FR_OK;
    if (err != FR_OK)
        return err;
    if (out->agent.state != FR__AGENT_STATE__AVAILABLE)
        *verdict = ROUTING_PREFERRED_AWAY;
    else
        *verdict = routing_has_room(&out->agent, out->weight) ? ROUTING_PREFERRED_FREE
                                                              : ROUTING_PREFERRED_BUSY;
    return FR_OK;
}

/* The first of one list that this agent may be offered. */
static enum fr_error
first_for(const struct fr_view *view, struct fr_time now, uint32_t lane, uint32_t holder,
          uint32_t agent, struct routing_task *task)
{
    enum fr_error err = FR_OK, found = FR_NOT_FOUND;
    struct routing_waiting waiting;
    struct fr_scan scan;

    routing_waiting_scan(&scan, view, lane, holder, NULL);
    while (err == FR_OK && found == FR_NOT_FOUND &&
           routing_waiting_next(&scan, &waiting) == FR_OK) {
        enum refusal refusal = REFUSED;

        err = routing_task_get(view, waiting.task_id, task);
        if (err == FR_OK)
            err = refusal_of(view, now, task, agent, &refusal);
        if (err == FR_OK && refusal != REFUSED)
            found = FR_OK;
    }
    fr_scan_fini(&scan);
    return err != FR_OK ? err : found;
}

static bool
sooner(const struct routing_task *a, const struct routing_task *b)
{
    return a->order_us != b->order_us ? a->order_us < b->order_us : a->task_id < b->task_id;
}

/* Into *best when the list's first is sooner than what is there. */
static enum fr_error
best_of(const struct fr_view *view, struct fr_time now, const struct routing_agent *agent,
        struct routing_share share, uint32_t holder, struct routing_task *best, uint32_t *weight)
{
    struct routing_task first;
    enum fr_error err = first_for(view, now, share.lane, holder, agent->number, &first);

    if (err == FR_OK && (best->task_id == 0 || sooner(&first, best))) {
        *best = first;
        *weight = share.weight;
    }
    return err == FR_NOT_FOUND ? FR_OK : err;
}

enum fr_error
routing_pick_task(const struct fr_view *view, struct fr_time now, const struct routing_agent *agent,
                  struct routing_task *task, uint32_t *weight)
{
    struct routing_task best = {.task_id = 0};
    uint32_t best_weight = 0;
    struct routing_shares shares;
    enum fr_error err = routing_shares_get(view, agent->number, &shares);

    for (size_t i = 0; err == FR_OK && i < shares.count; i++) {
        struct routing_share share = routing_share_at(&shares, i);
        struct routing_lane lane;

        if (!routing_has_room(agent, share.weight))
            continue;
        err = routing_lane_get(view, share.lane, &lane);
        if (err != FR_OK || lane.waiting == 0)
            continue;
        err = best_of(view, now, agent, share, 0, &best, &best_weight);
        if (err == FR_OK && agent->held > 0)
            err = best_of(view, now, agent, share, agent->number, &best, &best_weight);
    }
    if (err == FR_OK && best.task_id == 0)
        err = FR_NOT_FOUND;
    if (err == FR_OK) {
        *task = best;
        *weight = best_weight;
    }
    return err;
}
