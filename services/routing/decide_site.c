/* decide_site.c - sites open and close, fall silent and are heard again, are recalled, and have
 * their part of a queue. */
#include "services/routing/sites.h"

#include "proto/site.pb-c.h"
#include "services/routing/contracts.h"
#include "services/routing/counters.h"
#include "services/routing/place.h"

#define AGENTS_A_TURN 64

void
routing_site_record(const struct routing_site *site, Fr__SiteChanged *out)
{
    fr__site_changed__init(out);
    out->number = site->number;
    out->site = (char *)site->name;
    out->closed = site->closed;
    out->silent = site->silent;
    out->recalled = site->recalled;
    out->take_back = site->take_back;
    out->walk = site->walking;
    out->after_agent = site->after_agent;
    out->reason = "";
    out->has_next_us = out->has_grace_us = out->has_take_assigned = out->has_stamp = 1;
    out->next_us = site->next_us;
    out->grace_us = site->grace_us;
    out->take_assigned = site->take_assigned;
    out->stamp = site->stamp;
}

enum fr_error
routing_say_site(struct fr_turn *turn, const struct fr_record *input, Fr__SiteChanged *changed)
{
    const struct fr_labels labels = {.brand = ""};

    return fr_emit_as(turn, input, &changed->base, &labels);
}

void
routing_site_hours(const struct fr_turn *turn, const char *name, Fr__SiteChanged *changed)
{
    const struct routing_site_config *config = routing_site_named(turn->config, name);
    struct routing_hours hours =
        routing_hours_at(turn->calendars, config != NULL ? config->calendar : NULL, turn->now);

    changed->closed = hours.closed;
    changed->next_us = hours.next.unix_us;
}

/* From the first of its agents on: what they have not accepted comes back, or they are offered what
 * waits. */
static void
start_walk(Fr__SiteChanged *changed)
{
    changed->take_back = changed->closed || changed->silent || changed->recalled;
    changed->walk = true;
    changed->after_agent = 0;
}

/* ---- silent, heard ---- */

/* SiteSilent: the link to its desk has been down for as long as its contract allows.
 *
 * Reads the site.  Emits SiteChanged: from now on it is offered nothing; its offers come back at
 * once (a slice of agents a turn), what was accepted there after the site's grace. Sent twice: it
 * is silent already.
 */
enum fr_error
routing_decide_site_silent(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__SiteSilent *silent = fr_unpack(turn, input, &fr__site_silent__descriptor);
    const struct routing_site_config *config;
    Fr__SiteChanged changed;
    struct routing_site site;
    enum fr_error err;

    if (silent == NULL)
        return fr_reject(turn, input, "SiteSilent does not decode");
    err = routing_site_by_name(turn->view, silent->site, &site);
    if (err != FR_OK || site.silent)
        return err == FR_NOT_FOUND ? FR_OK : err; /* nobody works there */
    config = routing_site_named(turn->config, site.name);
    routing_site_record(&site, &changed);
    changed.silent = true;
    changed.grace_us =
        fr_time_add(turn->now, config != NULL ? config->grace : fr_seconds(600)).unix_us;
    changed.take_assigned = false;
    changed.reason = "the link to its desk is down";
    start_walk(&changed);
    fr_count(turn, ROUTING_COUNT_SITES_SILENT, 1);
    return routing_say_site(turn, input, &changed);
}

/* SiteHeard: the link is up again.
 *
 * Reads the site.  Emits SiteChanged; what waits is tried against its agents (MatchesTried).
 */
enum fr_error
routing_decide_site_heard(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__SiteHeard *heard = fr_unpack(turn, input, &fr__site_heard__descriptor);
    Fr__SiteChanged changed;
    struct routing_site site;
    enum fr_error err;

    if (heard == NULL)
        return fr_reject(turn, input, "SiteHeard does not decode");
    err = routing_site_by_name(turn->view, heard->site, &site);
    if (err != FR_OK || !site.silent)
        return err == FR_NOT_FOUND ? FR_OK : err;
    routing_site_record(&site, &changed);
    changed.silent = changed.take_assigned = false;
    changed.grace_us = 0;
    changed.reason = "its desk is heard again";
    changed.walk = false;
    return routing_say_site(turn, input, &changed);
}

/* The grace of a site that is silent, or was recalled with what it had accepted, is over.
 *
 * Reads the site.  Emits SiteChanged, which goes through its agents; TaskEnded for what each has
 * accepted follows from that.
 */
enum fr_error
routing_decide_site_grace_due(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__SiteChanged changed;
    struct routing_site site;
    enum fr_error err = routing_site_get(turn->view, (uint32_t)input->head->key, &site);

    if (err != FR_OK || site.grace_us == 0)
        return err == FR_NOT_FOUND ? FR_OK : err;
    routing_site_record(&site, &changed);
    changed.grace_us = 0;
    changed.take_assigned = true;
    changed.reason = site.silent ? "silent for longer than its grace" : "recalled";
    start_walk(&changed);
    changed.take_back = true;
    return routing_say_site(turn, input, &changed);
}

/* ---- hours ---- */

/* The site opens or closes.
 *
 * Reads the site.  Emits SiteChanged.  A closing site's offers come back; what was accepted there
 * stays.
 */
enum fr_error
routing_decide_site_hours_due(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__SiteChanged changed;
    struct routing_site site;
    enum fr_error err = routing_site_get(turn->view, (uint32_t)input->head->key, &site);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    routing_site_record(&site, &changed);
    routing_site_hours(turn, site.name, &changed);
    changed.reason = changed.closed ? "outside of its hours" : "open";
    if (changed.closed)
        start_walk(&changed);
    return routing_say_site(turn, input, &changed);
}

/* ---- recalled by people ---- */

static enum fr_error
recall_queue(struct fr_turn *turn, const struct fr_record *input, const Fr__SiteRecalled *said,
             Fr__SiteChanged *changed)
{
    struct routing_queue_row row;
    Fr__QueueChanged queue;
    enum fr_error err = routing_queue_row_by_name(turn->view, said->queue, &row);

    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "there is no queue %.40s", said->queue);
    if (err != FR_OK)
        return err;
    changed->n_recalled_queues = 1;
    changed->recalled_queues = fr_arena_alloc(turn->arena, sizeof(char *));
    if (changed->recalled_queues == NULL)
        return FR_NO_MEMORY;
    /* "+support" and "-support": the record says which way. */
    changed->recalled_queues[0] =
        fr_arena_printf(turn->arena, "%c%s", said->recalled ? '+' : '-', said->queue);
    if (changed->recalled_queues[0] == NULL)
        return FR_NO_MEMORY;
    if (said->recalled)
        start_walk(changed);
    changed->take_back = said->recalled;
    err = routing_say_site(turn, input, changed);
    if (err != FR_OK || row.contracted)
        return err;
    routing_queue_record(&row, &queue);
    queue.contracted = true;
    queue.reason = "a site was recalled of it";
    return routing_say_queue(turn, input, &queue);
}

/* SiteRecalled: people take work back from a site, or give it again (fil site recall).
 *
 * Reads the site.  Emits SiteChanged: its offers come back at once; with `assigned` also what was
 * accepted there, after its grace.  Sent twice: the same once more, to the same end.
 */
enum fr_error
routing_decide_site_recalled(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__SiteRecalled *said = fr_unpack(turn, input, &fr__site_recalled__descriptor);
    const struct routing_site_config *config;
    Fr__SiteChanged changed;
    struct routing_site site;
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "SiteRecalled does not decode");
    err = routing_site_by_name(turn->view, said->site, &site);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "nobody works at a site %.40s", said->site);
    if (err != FR_OK)
        return err;
    config = routing_site_named(turn->config, site.name);
    routing_site_record(&site, &changed);
    changed.reason = said->reason != NULL ? said->reason
                     : said->recalled     ? "recalled"
                                          : "it may work again";
    if (said->queue != NULL)
        return recall_queue(turn, input, said, &changed);
    changed.recalled = said->recalled;
    changed.take_assigned = false;
    if (said->recalled && said->assigned)
        changed.grace_us =
            fr_time_add(turn->now, config != NULL ? config->grace : fr_seconds(600)).unix_us;
    else if (!said->recalled && !site.silent)
        changed.grace_us = 0;
    if (said->recalled)
        start_walk(&changed);
    return routing_say_site(turn, input, &changed);
}

/* ---- its agents, a slice a turn ---- */

static enum fr_error
next_agents(struct fr_turn *turn, const struct routing_site *site, uint32_t *agents, size_t *count)
{
    struct routing_numbers numbers;
    uint32_t from = site->after_agent + 1;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    *count = 0;
    for (uint32_t index = from / ROUTING_CHUNK_BITS;
         err == FR_OK && index < routing_chunk_count(numbers.agents) && *count < AGENTS_A_TURN;
         index++) {
        struct routing_chunk chunk;

        err = routing_set_get(turn->view, (struct routing_set_of){ROUTING_AT_SITE, site->number, 0},
                              index, &chunk);
        if (err != FR_OK)
            return err;
        for (uint32_t bit = routing_chunk_next(
                 &chunk, index == from / ROUTING_CHUNK_BITS ? from % ROUTING_CHUNK_BITS : 0);
             bit < ROUTING_CHUNK_BITS && *count < AGENTS_A_TURN;
             bit = routing_chunk_next(&chunk, bit + 1))
            agents[(*count)++] = index * ROUTING_CHUNK_BITS + bit;
    }
    return err;
}

/* Of a recall of one queue only its offers come back; the others are made again to the same agent
 * at once, so that nothing more has to be known here. */
static enum fr_error
take_from(struct fr_turn *turn, const struct fr_record *input, const struct routing_site *site,
          uint32_t agent)
{
    const char *reason = site->silent     ? "the site is silent"
                         : site->recalled ? "the site was recalled"
                         : site->closed   ? "the site is closed"
                                          : "the site was recalled of a queue";
    enum fr_error err = routing_withdraw_from(turn, input, agent, reason);

    if (err == FR_OK && site->take_assigned)
        err = routing_take_assigned(turn, input, agent, reason);
    return err;
}

/* The next slice of a site's agents.
 *
 * Reads the site, its agents, their tasks.  Emits OfferRescinded (and TaskEnded after the grace)
 * and where the tasks go; SiteChanged: how far we came.
 */
enum fr_error
routing_decide_site_due(struct fr_turn *turn, const struct fr_record *input)
{
    uint32_t agents[AGENTS_A_TURN];
    Fr__SiteChanged changed;
    struct routing_site site;
    size_t count = 0;
    enum fr_error err = routing_site_get(turn->view, (uint32_t)input->head->key, &site);

    if (err != FR_OK || !site.walking)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (site.take_back)
        err = next_agents(turn, &site, agents, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = take_from(turn, input, &site, agents[i]);
    if (err != FR_OK)
        return err;
    routing_site_record(&site, &changed);
    changed.walk = count == AGENTS_A_TURN;
    changed.after_agent = changed.walk ? agents[count - 1] : 0;
    changed.take_assigned = changed.walk && site.take_assigned;
    changed.reason = changed.walk ? "going through its agents" : "its agents were gone through";
    return routing_say_site(turn, input, &changed);
}

/* ---- contracts, and all who became free together ---- */

static enum fr_error
try_matches(struct fr_turn *turn, const struct fr_record *input, uint32_t queue)
{
    const struct fr_labels labels = {.brand = ""};
    Fr__MatchesTried tried = FR__MATCHES_TRIED__INIT;
    enum fr_error err = routing_match(turn, input, queue, ROUTING_SLICE, &tried.offers);

    tried.more = tried.offers == ROUTING_SLICE;
    if (err != FR_OK || tried.offers == 0)
        return err;
    return fr_emit_as(turn, input, &tried.base, &labels);
}

/* The next interval of a contract begins.
 *
 * Reads what waits in its queue.  Emits TaskOffered, MatchesTried.
 */
enum fr_error
routing_decide_contract_due(struct fr_turn *turn, const struct fr_record *input)
{
    return try_matches(turn, input, (uint32_t)(input->head->key >> 32));
}

/* A site works again: what waits is tried, in the order of places.
 *
 * Reads what waits.  Emits TaskOffered, MatchesTried.
 */
enum fr_error
routing_decide_match_due(struct fr_turn *turn, const struct fr_record *input)
{
    return try_matches(turn, input, 0);
}
