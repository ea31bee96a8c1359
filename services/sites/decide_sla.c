/* decide_sla.c - what sla says of promises goes to the desks that it concerns. */
#include "services/sites/counters.h"
#include "services/sites/say.h"
#include "proto/sla.pb-c.h"

static enum fr_error
relay_to(struct fr_turn *turn, const struct fr_record *input, const char *site)
{
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = {.route = NULL};

    if (site == NULL || sites_contract_of(turn->config, site) == NULL)
        return FR_OK; /* nobody's, or of a site that is gone */
    labels.route = sites_route(site, route);
    return fr_emit_bytes(turn, input, input->head->kind, input->body, &labels);
}

/* PromiseMade: its owner's desk shows it.  Emits the same bytes for his site, or nothing.
 * Sent twice: relayed twice; the desk keeps one of each by its id. */
enum fr_error
sites_decide_promise_made(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseMade *made = fr_unpack(turn, input, &fr__promise_made__descriptor);

    if (made == NULL)
        return fr_reject(turn, input, "PromiseMade does not decode");
    return made->promise->owner == NULL ? FR_OK : relay_to(turn, input, made->promise->site);
}

/* PromiseEnded: it leaves his list.  Likewise. */
enum fr_error
sites_decide_promise_ended(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseEnded *ended = fr_unpack(turn, input, &fr__promise_ended__descriptor);

    if (ended == NULL)
        return fr_reject(turn, input, "PromiseEnded does not decode");
    return ended->owner == NULL ? FR_OK : relay_to(turn, input, ended->site);
}

/* SupervisorAlerted: the supervisors of every site that serves the brand see it.
 *
 * Emits the same bytes for each of these sites.  Sent twice: the desk keeps one for each target.
 */
enum fr_error
sites_decide_supervisor_alerted(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__SupervisorAlerted *alerted =
        fr_unpack(turn, input, &fr__supervisor_alerted__descriptor);
    const struct sites_config *config = turn->config;
    const struct sites_contract *contracts = config->contracts.items;
    enum fr_error err = FR_OK;

    if (alerted == NULL)
        return fr_reject(turn, input, "SupervisorAlerted does not decode");
    for (size_t i = 0; err == FR_OK && i < config->contracts.count; i++)
        if (sites_contract_covers(&contracts[i], input->head->brand))
            err = relay_to(turn, input, contracts[i].name);
    return err;
}
