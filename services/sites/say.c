/* say.c - emitting what several decisions say in the same words. */
#include "services/sites/say.h"

#include <stdio.h>
#include "services/sites/counters.h"
#include "proto/site.pb-c.h"

const char *
sites_route(const char *site, char *route)
{
    snprintf(route, FR_ROUTE_SIZE, "site.%s", site);
    return route;
}

bool
sites_fits(const char *text, size_t size)
{
    size_t length = strlen(text);

    return length > 0 && length < size;
}

static struct fr_labels
to_site_of(const struct sites_lease *lease, char *route)
{
    return (struct fr_labels){
        .key = lease->conversation_id,
        .brand = lease->brand,
        .route = sites_route(lease->site, route),
    };
}

enum fr_error
sites_say_ended(struct fr_turn *turn, const struct fr_record *input,
                const struct sites_lease *lease, const char *reason)
{
    const struct sites_config *config = turn->config;
    Fr__LeaseEnded ended = FR__LEASE_ENDED__INIT;
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = to_site_of(lease, route);

    ended.lease_id = lease->lease_id;
    ended.fence = lease->fence;
    ended.conversation_id = lease->conversation_id;
    ended.agent = (char *)lease->agent;
    ended.reason = (char *)reason;
    ended.has_task_id = true;
    ended.task_id = lease->task_id;
    ended.has_held = true;
    ended.held = lease->state == SITES_HELD || lease->state == SITES_FINISHED;
    ended.has_forget_us = true;
    ended.forget_us = fr_time_add(turn->now, config->memory).unix_us;
    fr_count(turn, SITES_COUNT_ENDED, 1);
    return fr_emit_as(turn, input, &ended.base, &labels);
}

enum fr_error
sites_say_confirmed(struct fr_turn *turn, const struct fr_record *input,
                    const struct sites_lease *lease, struct fr_time from)
{
    const struct sites_contract *contract = sites_contract_of(turn->config, lease->site);
    Fr__LeaseConfirmed confirmed = FR__LEASE_CONFIRMED__INIT;
    struct fr_time runs_out = from, ends = from;
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = to_site_of(lease, route);

    if (contract != NULL) { /* one that was taken away meanwhile gives no time at all */
        runs_out = fr_time_add(from, contract->lease_time);
        ends = fr_time_add(runs_out, contract->offline_grace);
    }
    confirmed.lease_id = lease->lease_id;
    confirmed.fence = lease->fence;
    confirmed.offer_id = lease->offer_id;
    confirmed.conversation_id = lease->conversation_id;
    confirmed.agent = (char *)lease->agent;
    confirmed.has_runs_out_us = true;
    confirmed.runs_out_us = runs_out.unix_us;
    confirmed.has_ends_us = true;
    confirmed.ends_us = ends.unix_us;
    return fr_emit_as(turn, input, &confirmed.base, &labels);
}
