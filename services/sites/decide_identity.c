/* decide_identity.c - supervisors decide who is whom: checked here, judged by identity. */
#include "services/sites/say.h"

#include "proto/identity.pb-c.h"
#include "services/sites/counters.h"

#define CLIENT_MAX 64 /* as the desk allows */

/* IdentityActionEnded, refused here: identity never hears of it. */
static enum fr_error
refuse(struct fr_turn *turn, const struct fr_record *input, const char *site,
       const Fr__IdentityActionAsked *asked, const char *reason)
{
    Fr__IdentityActionEnded ended = FR__IDENTITY_ACTION_ENDED__INIT;
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = {.route = sites_route(site, route)};

    ended.client_id = asked->client_id;
    ended.action = asked->action;
    ended.who = asked->who;
    ended.why = asked->why;
    ended.reason = (char *)reason;
    ended.site = (char *)site;
    ended.agent = asked->agent;
    fr_count(turn, SITES_COUNT_REFUSED, 1);
    return fr_emit_as(turn, input, &ended.base, &labels);
}

static const char *
foreign(const struct fr_turn *turn, const char *site, const char *agent)
{
    const struct sites_contract *contract = sites_contract_of(turn->config, site);
    struct sites_agent row;

    if (contract == NULL || !contract->decides_identity)
        return "the contract of this site does not let it decide about customers";
    if (!sites_fits(agent, SITES_AGENT_SIZE) || sites_agent_get(turn->view, agent, &row) != FR_OK ||
        strcmp(row.site, site) != 0 || row.removed)
        return "the agent is none of this site's";
    return NULL;
}

/* IdentityActionAsked: a supervisor of a site decides about customers.  The site is that of the
 * journal, the agent must be one of its own, and the contract must allow it.
 *
 * Reads agents.  Emits IdentityActionAsked, with who and where from filled in, or
 * IdentityActionEnded.  Sent twice: identity knows it by its client id.
 */
enum fr_error
sites_decide_identity_asked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__IdentityActionAsked *asked =
        fr_unpack(turn, input, &fr__identity_action_asked__descriptor);
    const char *site = sites_site_of_journal(input->upstream), *reason;
    Fr__IdentityActionAsked full;

    if (asked == NULL || site == NULL || asked->agent == NULL)
        return fr_reject(turn, input,
                         "IdentityActionAsked does not decode, or comes from nobody at a desk");
    if (asked->client_id[0] == '\0' || strlen(asked->client_id) > CLIENT_MAX)
        return fr_reject(turn, input, "IdentityActionAsked has a client id of no desk's");
    reason = foreign(turn, site, asked->agent);
    if (reason != NULL)
        return refuse(turn, input, site, asked, reason);
    full = *asked;
    full.site = (char *)site;
    full.who = fr_arena_printf(turn->arena, "%s (%s)", asked->agent, site);
    full.client_id = fr_arena_printf(turn->arena, "%s/%s/%s", site, asked->agent, asked->client_id);
    if (full.who == NULL || full.client_id == NULL)
        return FR_NO_MEMORY;
    return fr_emit(turn, input, &full.base);
}

/* IdentityActionEnded: the supervisor is told.  Emits the same bytes for his site, or nothing.
 * Sent twice: told twice.
 */
enum fr_error
sites_decide_identity_ended(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__IdentityActionEnded *ended =
        fr_unpack(turn, input, &fr__identity_action_ended__descriptor);
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = {.route = NULL};

    if (ended == NULL)
        return fr_reject(turn, input, "IdentityActionEnded does not decode");
    if (ended->site == NULL || sites_contract_of(turn->config, ended->site) == NULL)
        return FR_OK; /* an operator's, or of a site that is gone */
    labels.route = sites_route(ended->site, route);
    return fr_emit_bytes(turn, input, input->head->kind, input->body, &labels);
}
