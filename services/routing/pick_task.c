/* pick_task.c - which task does this agent take? */
#include "services/routing/pick.h"

#include "services/routing/refusal.h"

#define FEW 16
#define LANE_CHUNKS (ROUTING_LANE_MAX / ROUTING_CHUNK_BITS + 1)

struct search { /* for one agent */
    const struct routing_look *look;
    const struct routing_agent *agent;
    struct routing_site site;
    uint32_t chunk_count, ready_count, fit_count;
    struct routing_chunk fit[LANE_CHUNKS]; /* lanes that he can serve and where something waits */
    struct routing_task best;              /* task_id 0: none yet */
};

static enum fr_error
fit_chunk(struct search *search, uint32_t index)
{
    const struct fr_view *view = search->look->view;
    struct routing_chunk *chunk = &search->fit[index], serves;
    enum fr_error err = FR_OK;

    *chunk = (struct routing_chunk){0};
    for (uint32_t left = search->agent->free; err == FR_OK && left != 0; left &= left - 1) {
        struct routing_chunk ready;

        err = routing_set_get(
            view, (struct routing_set_of){ROUTING_READY, (uint32_t)__builtin_ctz(left), 0}, index,
            &ready);
        routing_chunk_or(chunk, &ready);
    }
    if (err == FR_OK)
        err =
            routing_set_get(view, (struct routing_set_of){ROUTING_SERVES, search->agent->number, 0},
                            index, &serves);
    if (err != FR_OK)
        return err;
    search->ready_count += routing_chunk_size(chunk);
    routing_chunk_and(chunk, &serves);
    search->fit_count += routing_chunk_size(chunk);
    return FR_OK;
}

/* What this lane's contract says of his site. */
static enum fr_error
lane_allowed(const struct search *search, const struct routing_lane *lane, bool *out)
{
    enum routing_allowance allowance = ROUTING_ALLOWED;
    struct routing_queue_row queue;
    enum fr_error err = FR_OK;

    if (lane->contracted)
        err = routing_queue_row_get(search->look->view, lane->queue, &queue);
    if (err == FR_OK && lane->contracted)
        err = routing_allowance(search->look, lane->queue, queue.name, &search->site, &allowance);
    *out = allowance <= ROUTING_ALLOWED_ONCE;
    return err;
}

static void
keep_better(struct search *search, const struct routing_task *task)
{
    struct routing_waiting place = routing_place_of(task), best = routing_place_of(&search->best);

    if (best.task_id == 0 || routing_place_compare(&place, &best) < 0)
        search->best = *task;
}

/* The first of a lane that he may be offered: only what he let go is stepped over. */
static enum fr_error
first_of_lane(struct search *search, const struct routing_lane *lane)
{
    struct routing_waiting waiting;
    struct fr_scan scan;
    bool found = false;
    enum fr_error err = FR_OK;

    routing_waiting_scan(&scan, search->look->view, lane->number, NULL);
    while (err == FR_OK && !found && routing_waiting_next(&scan, &waiting) == FR_OK) {
        enum routing_refusal refusal = ROUTING_REFUSED;
        struct routing_task task;

        err = routing_task_get(search->look->view, waiting.task_id, &task);
        if (err == FR_OK)
            err = routing_refusal_of(search->look, &task, search->agent->number, &refusal);
        found = err == FR_OK && refusal != ROUTING_REFUSED;
        if (found)
            keep_better(search, &task);
    }
    fr_scan_fini(&scan);
    return err;
}

static enum fr_error
look_at_lane(struct search *search, uint32_t number)
{
    struct routing_waiting head, best = routing_place_of(&search->best);
    struct routing_lane lane;
    bool allowed;
    enum fr_error err = routing_lane_get(search->look->view, number, &lane);

    if (err != FR_OK)
        return err;
    head = (struct routing_waiting){lane.head_strict, lane.head_order_us, lane.head_task};
    if (best.task_id != 0 && routing_place_compare(&best, &head) < 0)
        return FR_OK;
    err = lane_allowed(search, &lane, &allowed);
    return err != FR_OK || !allowed ? err : first_of_lane(search, &lane);
}

/* One lane after the other. */
static enum fr_error
compare_all(struct search *search)
{
    enum fr_error err = FR_OK;

    for (uint32_t i = 0; i < search->chunk_count; i++)
        for (uint32_t bit = routing_chunk_next(&search->fit[i], 0);
             err == FR_OK && bit < ROUTING_CHUNK_BITS;
             bit = routing_chunk_next(&search->fit[i], bit + 1))
            err = look_at_lane(search, i * ROUTING_CHUNK_BITS + bit);
    return err;
}

/* Lanes in the order of their first tasks, until one of his cannot be bettered any more. */
static enum fr_error
walk(struct search *search)
{
    struct routing_waiting head;
    struct fr_scan scan;
    uint32_t lane, met = 0;
    enum fr_error err = FR_OK;

    routing_heads_scan(&scan, search->look->view, NULL);
    while (err == FR_OK && met < search->fit_count &&
           routing_heads_next(&scan, &head, &lane) == FR_OK) {
        struct routing_waiting best = routing_place_of(&search->best);

        if (best.task_id != 0 && routing_place_compare(&best, &head) < 0)
            break;
        if (!routing_chunk_has(&search->fit[lane / ROUTING_CHUNK_BITS], lane))
            continue;
        met++;
        err = look_at_lane(search, lane);
    }
    fr_scan_fini(&scan);
    return err;
}

/* What waits for him alone: a few at most (continuity_most). */
static enum fr_error
look_at_held(struct search *search)
{
    struct routing_waiting waiting;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    routing_held_scan(&scan, search->look->view, search->agent->number);
    while (err == FR_OK && routing_waiting_next(&scan, &waiting) == FR_OK) {
        enum routing_refusal refusal = ROUTING_REFUSED;
        struct routing_task task;
        struct routing_lane lane;
        bool allowed = false;

        err = routing_task_get(search->look->view, waiting.task_id, &task);
        if (err == FR_OK)
            err = routing_lane_get(search->look->view, task.lane, &lane);
        if (err == FR_OK)
            err = routing_refusal_of(search->look, &task, search->agent->number, &refusal);
        if (err == FR_OK)
            err = routing_may_serve(search->look, search->agent, &lane, &allowed);
        if (err == FR_OK && allowed && refusal != ROUTING_REFUSED &&
            routing_is_free(search->agent, lane.class_number))
            keep_better(search, &task);
    }
    fr_scan_fini(&scan);
    return err;
}

enum fr_error
routing_pick_task(const struct routing_look *look, const struct routing_agent *agent,
                  struct routing_task *task)
{
    struct search search __attribute__((uninitialized)); /* its chunks are large */
    struct routing_numbers numbers;
    enum fr_error err;

    if (agent->free == 0)
        return FR_NOT_FOUND;
    search.look = look;
    search.agent = agent;
    search.ready_count = search.fit_count = 0;
    search.best.task_id = 0;
    err = routing_site_get(look->view, agent->site, &search.site);
    if (err == FR_OK && routing_site_gated(&search.site))
        return FR_NOT_FOUND;
    if (err == FR_OK)
        err = routing_numbers_get(look->view, &numbers);
    if (err != FR_OK)
        return err;
    search.chunk_count = routing_chunk_count(numbers.lanes);
    for (uint32_t i = 0; err == FR_OK && i < search.chunk_count; i++)
        err = fit_chunk(&search, i);
    if (err == FR_OK && agent->held > 0)
        err = look_at_held(&search);
    if (err == FR_OK && search.fit_count > 0)
        err = search.fit_count <= FEW ||
                      (uint64_t)search.fit_count * search.fit_count <= search.ready_count
                  ? compare_all(&search)
                  : walk(&search);
    if (err != FR_OK)
        return err;
    *task = search.best;
    return search.best.task_id == 0 ? FR_NOT_FOUND : FR_OK;
}
