/* pick.c - which agent takes this task?  (pick_task.c: which task does this agent take?) */
#include "services/routing/pick.h"

#include <stdio.h>
#include "services/routing/refusal.h"

#define FEW 16 /* so many are compared without a thought */

static const struct routing_set_of gated = {ROUTING_GATED, 0, 0};

struct search { /* for one task */
    const struct routing_look *look;
    const struct routing_lane *lane;
    const struct routing_task *task;
    struct routing_blocked blocked;
    struct routing_pick *out;
    uint32_t chunk_count, agent_count;
    struct routing_chunk fit[ROUTING_CHUNKS_MAX]; /* of the rank in hand: free, and allowed */
    uint32_t fit_count;
    struct routing_agent again; /* the best of those who let it go long ago; number 0: none */
    uint32_t rank, again_rank;
    enum routing_choice how;
};

/* ---- who of one rank is free ---- */

static enum fr_error
without_blocked(const struct search *search, uint32_t index, struct routing_chunk *chunk)
{
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < search->blocked.count; i++) {
        struct routing_chunk site;

        err = routing_set_get(search->look->view,
                              (struct routing_set_of){ROUTING_AT_SITE, search->blocked.sites[i], 0},
                              index, &site);
        if (err == FR_OK)
            routing_chunk_without(chunk, &site);
    }
    return err;
}

static enum fr_error
fit_chunk(struct search *search, uint32_t rank, uint32_t index)
{
    const struct fr_view *view = search->look->view;
    struct routing_chunk *chunk = &search->fit[index], other;
    enum fr_error err = routing_set_get(
        view, (struct routing_set_of){ROUTING_FREE, search->lane->class_number, 0}, index, chunk);

    if (err == FR_OK)
        err = routing_set_get(view,
                              (struct routing_set_of){ROUTING_RANKED, search->lane->number, rank},
                              index, &other);
    if (err != FR_OK)
        return err;
    routing_chunk_and(chunk, &other);
    err = routing_set_get(view, gated, index, &other);
    if (err != FR_OK)
        return err;
    routing_chunk_without(chunk, &other);
    err = without_blocked(search, index, chunk);
    search->fit_count += routing_chunk_size(chunk);
    return err;
}

static enum fr_error
fit_rank(struct search *search, uint32_t rank)
{
    enum fr_error err = FR_OK;

    search->fit_count = 0;
    for (uint32_t i = 0; err == FR_OK && i < search->chunk_count; i++)
        err = fit_chunk(search, rank, i);
    return err;
}

static bool
is_fit(const struct search *search, uint32_t agent)
{
    return agent / ROUTING_CHUNK_BITS < search->chunk_count &&
           routing_chunk_has(&search->fit[agent / ROUTING_CHUNK_BITS], agent);
}

/* ---- the best of them ---- */

/* Keeps the best three that were shown to it. */
struct podium {
    struct routing_agent places[1 + ROUTING_RUNNERS];
    unsigned count;
};

static void
podium_show(struct podium *podium, const struct routing_agent *agent, enum routing_choice how)
{
    unsigned at = podium->count;

    while (at > 0 && routing_chosen_before(agent, &podium->places[at - 1], how))
        at--;
    if (at == 1 + ROUTING_RUNNERS)
        return;
    if (podium->count < 1 + ROUTING_RUNNERS)
        podium->count++;
    for (unsigned i = podium->count - 1; i > at; i--)
        podium->places[i] = podium->places[i - 1];
    podium->places[at] = *agent;
}

/* *take: may be asked now.  One who let it go is counted, and kept as the last resort. */
static enum fr_error
consider(struct search *search, const struct routing_agent *agent, bool *take)
{
    enum routing_refusal refusal;
    enum fr_error err = routing_refusal_of(search->look, search->task, agent->number, &refusal);

    *take = err == FR_OK && refusal == ROUTING_NEVER_REFUSED;
    if (err != FR_OK || *take)
        return err;
    search->out->stepped_over++;
    if (refusal == ROUTING_REFUSED_LONG_AGO &&
        (search->again.number == 0 ||
         (search->rank == search->again_rank &&
          routing_chosen_before(agent, &search->again, search->how)))) {
        search->again = *agent;
        search->again_rank = search->rank;
    }
    return FR_OK;
}

/* One by one. */
static enum fr_error
compare_all(struct search *search, struct podium *podium)
{
    enum fr_error err = FR_OK;

    for (uint32_t i = 0; i < search->chunk_count; i++)
        for (uint32_t bit = routing_chunk_next(&search->fit[i], 0);
             err == FR_OK && bit < ROUTING_CHUNK_BITS;
             bit = routing_chunk_next(&search->fit[i], bit + 1)) {
            struct routing_agent agent;
            bool take = false;

            err = routing_agent_get(search->look->view, i * ROUTING_CHUNK_BITS + bit, &agent);
            if (err == FR_OK)
                err = consider(search, &agent, &take);
            if (take)
                podium_show(podium, &agent, search->how);
        }
    return err;
}

/* Down the list in the order of choice, until one of them is met. */
static enum fr_error
walk(struct search *search, struct podium *podium)
{
    uint32_t number, met = 0, steps = 0, enough = 0;
    struct fr_scan scan;
    enum fr_error err = FR_OK;

    routing_idle_scan(&scan, search->look->view, search->how);
    while (err == FR_OK && met < search->fit_count &&
           (podium->count == 0 || (podium->count <= ROUTING_RUNNERS && steps < enough)) &&
           routing_idle_next(&scan, &number) == FR_OK) {
        struct routing_agent agent;
        bool take = false;

        steps++;
        if (!is_fit(search, number))
            continue;
        met++;
        err = routing_agent_get(search->look->view, number, &agent);
        if (err == FR_OK)
            err = consider(search, &agent, &take);
        if (take)
            podium->places[podium->count++] = agent;
        enough = 2 * steps; /* runners are for people: no more trouble than the choice itself */
    }
    fr_scan_fini(&scan);
    return err;
}

/* With n agents in the list and k fit the walk takes n/k steps, the comparison k. */
static enum fr_error
best_of_rank(struct search *search, struct podium *podium)
{
    uint64_t k = search->fit_count;

    podium->count = 0;
    return k <= FEW || k * k <= search->agent_count ? compare_all(search, podium)
                                                    : walk(search, podium);
}

static enum fr_error
chosen(struct search *search, const struct routing_agent *agent, uint32_t rank,
       enum routing_why why)
{
    struct routing_pick *out = search->out;
    struct routing_capacities capacities;
    enum fr_error err = routing_capacities_get(search->look->view, agent->number, &capacities);

    if (err != FR_OK)
        return err;
    out->agent = *agent;
    out->why = why;
    out->rank = rank;
    out->longest_idle = search->lane->longest_idle;
    out->weight = capacities.classes[search->lane->class_number].weight;
    return FR_OK;
}

static void
note_runners(const struct podium *podium, struct routing_pick *out)
{
    for (unsigned i = 1; i < podium->count; i++) {
        snprintf(out->runners[out->runner_count].name, ROUTING_AGENT_SIZE, "%s",
                 podium->places[i].name);
        out->runners[out->runner_count].room = podium->places[i].room;
        out->runners[out->runner_count++].used = podium->places[i].used;
    }
}

static enum fr_error
search_begin(struct search *search, const char *queue_name)
{
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(search->look->view, &numbers);

    search->agent_count = numbers.agents;
    search->chunk_count = routing_chunk_count(numbers.agents);
    if (search->chunk_count > ROUTING_CHUNKS_MAX)
        search->chunk_count = ROUTING_CHUNKS_MAX;
    search->how = search->lane->longest_idle ? ROUTING_LONGEST_IDLE_FIRST : ROUTING_MOST_ROOM_FIRST;
    search->blocked.count = 0;
    search->again.number = 0;
    if (err == FR_OK && search->lane->contracted)
        err =
            routing_blocked_sites(search->look, search->lane->queue, queue_name, &search->blocked);
    search->out->contract_full = (unsigned)search->blocked.count;
    return err;
}

enum fr_error
routing_pick_agent(const struct routing_look *look, const struct routing_lane *lane,
                   const char *queue_name, const struct routing_task *task,
                   struct routing_pick *out)
{
    /* Not zeroed: its chunks are large, and written before they are read. */
    struct search search __attribute__((uninitialized));
    struct podium podium = {.count = 0};
    enum fr_error err;

    search.look = look;
    search.lane = lane;
    search.task = task;
    search.out = out;
    out->stepped_over = out->runner_count = out->free_count = 0;
    err = search_begin(&search, queue_name);
    for (uint64_t left = lane->ranks; err == FR_OK && left != 0 && podium.count == 0;
         left &= left - 1) {
        search.rank = (uint32_t)__builtin_ctzll(left);
        err = fit_rank(&search, search.rank);
        if (err == FR_OK && search.fit_count > 0)
            err = best_of_rank(&search, &podium);
    }
    if (err != FR_OK)
        return err;
    if (podium.count == 0)
        return search.again.number == 0
                   ? FR_NOT_FOUND
                   : chosen(&search, &search.again, search.again_rank, ROUTING_ASKED_AGAIN);
    out->free_count = search.fit_count;
    note_runners(&podium, out);
    return chosen(&search, &podium.places[0], search.rank, ROUTING_MOST_ROOM);
}

/* ---- who served this customer last ---- */

enum fr_error
routing_may_serve(const struct routing_look *look, const struct routing_agent *agent,
                  const struct routing_lane *lane, bool *out)
{
    const Fr__RoutingStateLane *facts;
    enum routing_allowance allowance;
    struct routing_site site;
    enum fr_error err = routing_set_has(
        look->view, (struct routing_set_of){ROUTING_SERVES, agent->number, 0}, lane->number, out);

    if (err != FR_OK || !*out)
        return err;
    err = routing_site_get(look->view, agent->site, &site);
    if (err != FR_OK)
        return err;
    *out = !routing_site_gated(&site) && !lane->closed;
    if (!*out || !lane->contracted)
        return FR_OK;
    err = routing_lane_facts(look->view, lane->number, look->arena, &facts);
    if (err == FR_OK)
        err = routing_allowance(look, lane->queue, facts->queue, &site, &allowance);
    *out = err == FR_OK && allowance <= ROUTING_ALLOWED_ONCE;
    return err;
}

static enum routing_preferred
verdict_on(const struct routing_look *look, const struct routing_agent *agent,
           const struct routing_lane *lane)
{
    if (agent->state != FR__AGENT_STATE__AVAILABLE)
        return ROUTING_PREFERRED_AWAY;
    if (routing_is_free(agent, lane->class_number))
        return ROUTING_PREFERRED_FREE;
    return agent->held < (uint64_t)look->config->continuity_most ? ROUTING_PREFERRED_BUSY
                                                                 : ROUTING_PREFERRED_LATE;
}

enum fr_error
routing_pick_preferred(const struct routing_look *look, const char *name,
                       const struct routing_lane *lane, struct routing_pick *out,
                       enum routing_preferred *verdict)
{
    struct routing_capacities capacities;
    bool serves = false, may = false;
    enum fr_error err;

    *verdict = ROUTING_NOBODY;
    if (name == NULL || name[0] == '\0')
        return FR_OK;
    *verdict = ROUTING_PREFERRED_UNFIT;
    *out = (struct routing_pick){.why = ROUTING_SERVED_LAST};
    err = routing_agent_by_name(look->view, name, &out->agent);
    if (err == FR_NOT_FOUND || (err == FR_OK && out->agent.removed))
        return FR_OK;
    if (err == FR_OK)
        err = routing_set_has(look->view,
                              (struct routing_set_of){ROUTING_SERVES, out->agent.number, 0},
                              lane->number, &serves);
    if (err != FR_OK || !serves)
        return err;
    err = routing_may_serve(look, &out->agent, lane, &may);
    if (err == FR_OK)
        err = routing_capacities_get(look->view, out->agent.number, &capacities);
    if (err != FR_OK)
        return err;
    out->weight = capacities.classes[lane->class_number].weight;
    *verdict = may ? verdict_on(look, &out->agent, lane) : ROUTING_PREFERRED_SHUT;
    return FR_OK;
}
