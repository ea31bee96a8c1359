/* decide_hub.c - what the hub says: offers become leases, and what was shared goes where a lease
 * is. */
#include "services/sites/say.h"

#include <stdio.h>
#include "services/sites/counters.h"
#include "proto/site.pb-c.h"

/* ---- offers become leases ---- */

/* An offer that the contract forbids is declined in the site's name, so that routing looks
 * elsewhere at once. */
static enum fr_error
forbid(struct fr_turn *turn, const struct fr_record *input, const Fr__TaskOffered *offer,
       const char *reason)
{
    Fr__OfferAnswered answered = FR__OFFER_ANSWERED__INIT;
    struct fr_labels labels = {.key = offer->conversation_id};

    answered.offer_id = offer->offer_id;
    answered.task_id = offer->task_id;
    answered.agent = offer->agent;
    answered.site = offer->site;
    answered.accepted = false;
    answered.reason = (char *)reason;
    fr_count(turn, SITES_COUNT_FORBIDDEN, 1);
    return fr_emit_as(turn, input, &answered.base, &labels);
}

/* Why this offer may not go to its site, or NULL. */
static const char *
forbidden(const struct fr_turn *turn, const struct fr_record *input, const Fr__TaskOffered *offer)
{
    const struct sites_contract *contract = sites_contract_of(turn->config, offer->site);
    struct sites_agent agent;

    if (contract == NULL)
        return "the site has no contract";
    if (!sites_contract_covers(contract, input->head->brand))
        return "the site's contract does not cover the brand";
    if (sites_agent_get(turn->view, offer->agent, &agent) != FR_OK || agent.removed != 0 ||
        strcmp(agent.site, offer->site) != 0)
        return "the agent does not work at that site";
    return NULL;
}

/* TaskOffered: leased to the agent's site under the next fence of the conversation.
 *
 * Reads agents, matters, leases.  Emits LeaseGranted (before it LeaseEnded, when an older lease of
 * the conversation is still live: two may never be), or OfferAnswered "no" when the contract
 * forbids it. Sent twice (routing set it aside and retried): the offer has its lease already, and
 * is ignored.
 */
enum fr_error
sites_decide_task_offered(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__TaskOffered *offer =
        (Fr__TaskOffered *)fr_unpack(turn, input, &fr__task_offered__descriptor);
    Fr__LeaseGranted granted = FR__LEASE_GRANTED__INIT;
    struct sites_matter matter = {0};
    struct sites_lease lease;
    char route[FR_ROUTE_SIZE];
    enum fr_error err;

    if (offer == NULL)
        return fr_reject(turn, input, "TaskOffered does not decode");
    if (!sites_fits(offer->agent, SITES_AGENT_SIZE) || !sites_fits(offer->site, SITES_NAME_SIZE))
        return fr_reject(turn, input,
                         "TaskOffered names an agent or a site that is empty or too long");
    const char *reason = forbidden(turn, input, offer);
    if (reason != NULL)
        return forbid(turn, input, offer, reason);

    err = sites_matter_get(turn->view, offer->conversation_id, &matter);
    if (err == FR_OK)
        err = sites_lease_get(turn->view, matter.lease_id, &lease);
    if (err == FR_OK && lease.offer_id == offer->offer_id)
        return FR_OK;
    if (err == FR_OK && sites_lease_is_live(&lease))
        err = sites_say_ended(turn, input, &lease, "another offer of this conversation");
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;

    struct fr_labels labels = {.key = offer->conversation_id,
                               .route = sites_route(offer->site, route)};
    granted.lease_id = fr_next_id(turn);
    granted.fence = matter.fence + 1;
    granted.offer = offer;
    fr_count(turn, SITES_COUNT_GRANTED, 1);
    return fr_emit_as(turn, input, &granted.base, &labels);
}

/* The live lease that was granted for this offer.  FR_NOT_FOUND: forbidden, ended or overtaken
 * meanwhile, which needs no answer. */
static enum fr_error
live_lease_of_offer(const struct fr_turn *turn, uint64_t offer_id, struct sites_lease *lease)
{
    enum fr_error err = sites_lease_of_offer(turn->view, offer_id, lease);

    return err == FR_OK && !sites_lease_is_live(lease) ? FR_NOT_FOUND : err;
}

/* OfferAccepted: routing took the agent's yes, so the lease holds from now on.
 *
 * Reads offers, leases.  Emits LeaseConfirmed.  Sent twice: the lease holds already, and nothing
 * follows.
 */
enum fr_error
sites_decide_offer_accepted(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferAccepted *accepted = fr_unpack(turn, input, &fr__offer_accepted__descriptor);
    struct sites_lease lease;
    enum fr_error err;

    if (accepted == NULL)
        return fr_reject(turn, input, "OfferAccepted does not decode");
    err = live_lease_of_offer(turn, accepted->offer_id, &lease);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (lease.state == SITES_HELD || lease.state == SITES_FINISHED)
        return FR_OK;
    return sites_say_confirmed(turn, input, &lease, turn->now);
}

static enum fr_error
end_lease_of_offer(struct fr_turn *turn, const struct fr_record *input, uint64_t offer_id,
                   const char *reason)
{
    struct sites_lease lease;
    enum fr_error err = live_lease_of_offer(turn, offer_id, &lease);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    return sites_say_ended(turn, input, &lease, reason);
}

/* The three other ends of an offer.  Each reads offers and leases and emits LeaseEnded; sent twice,
 * the lease has ended already and nothing follows. */
enum fr_error
sites_decide_offer_declined(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferDeclined *declined = fr_unpack(turn, input, &fr__offer_declined__descriptor);

    if (declined == NULL)
        return fr_reject(turn, input, "OfferDeclined does not decode");
    return end_lease_of_offer(turn, input, declined->offer_id, "declined");
}

enum fr_error
sites_decide_offer_expired(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferExpired *expired = fr_unpack(turn, input, &fr__offer_expired__descriptor);

    if (expired == NULL)
        return fr_reject(turn, input, "OfferExpired does not decode");
    return end_lease_of_offer(turn, input, expired->offer_id, "expired");
}

enum fr_error
sites_decide_offer_rescinded(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferRescinded *rescinded = fr_unpack(turn, input, &fr__offer_rescinded__descriptor);

    if (rescinded == NULL)
        return fr_reject(turn, input, "OfferRescinded does not decode");
    return end_lease_of_offer(turn, input, rescinded->offer_id,
                              fr_arena_printf(turn->arena, "rescinded: %.200s", rescinded->reason));
}

/* TaskEnded: the agent's work is over, and his right to answer with it.
 *
 * Reads matters, leases.  Emits LeaseEnded.  Sent twice, or for a task that was never leased: the
 * newest lease is of another task or has ended, and nothing follows.
 */
enum fr_error
sites_decide_task_ended(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskEnded *ended = fr_unpack(turn, input, &fr__task_ended__descriptor);
    struct sites_lease lease;
    enum fr_error err;

    if (ended == NULL)
        return fr_reject(turn, input, "TaskEnded does not decode");
    err = sites_lease_of(turn->view, ended->conversation_id, &lease);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (!sites_lease_is_live(&lease) || lease.task_id != ended->task_id)
        return FR_OK;
    return sites_say_ended(turn, input, &lease,
                           lease.state == SITES_FINISHED ? "finished" : ended->reason);
}

/* OfferAnswerRefused: the agent answered too late, and hears why.
 *
 * Reads offers, leases.  Emits WorkRefused.  Sent twice: said twice, which harms nobody.
 */
enum fr_error
sites_decide_offer_answer_refused(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferAnswerRefused *refusal =
        fr_unpack(turn, input, &fr__offer_answer_refused__descriptor);
    Fr__WorkRefused refused = FR__WORK_REFUSED__INIT;
    struct sites_lease lease;
    char route[FR_ROUTE_SIZE];

    if (refusal == NULL)
        return fr_reject(turn, input, "OfferAnswerRefused does not decode");
    enum fr_error err = sites_lease_of_offer(turn->view, refusal->offer_id, &lease);
    if (err !=
        FR_OK) /* an offer that the contract forbade, or one long forgotten: no agent waits */
        return err == FR_NOT_FOUND ? FR_OK : err;

    struct fr_labels labels = {.key = lease.conversation_id,
                               .brand = lease.brand,
                               .route = sites_route(lease.site, route)};
    refused.agent = lease.agent;
    refused.conversation_id = lease.conversation_id;
    refused.client_id = "";
    refused.reason = refusal->reason;
    fr_count(turn, SITES_COUNT_REFUSED, 1);
    return fr_emit_as(turn, input, &refused.base, &labels);
}

/* ---- agents ---- */

static enum fr_error
share_agent(struct fr_turn *turn, const struct fr_record *input, Fr__AgentDefined *agent,
            const char *site)
{
    Fr__RosterShared shared = FR__ROSTER_SHARED__INIT;
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = {.route = sites_route(site, route)};

    shared.site = (char *)site;
    shared.agent = agent;
    return fr_emit_as(turn, input, &shared.base, &labels);
}

/* AgentDefined: his site hears of him; so does the one that he left.
 *
 * Reads agents.  Emits RosterShared, once or (he moved) twice.  Sent twice: shared twice, the same.
 */
enum fr_error
sites_decide_agent_defined(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__AgentDefined *agent =
        (Fr__AgentDefined *)fr_unpack(turn, input, &fr__agent_defined__descriptor);
    struct sites_agent before;
    enum fr_error err;

    if (agent == NULL)
        return fr_reject(turn, input, "AgentDefined does not decode");
    if (!sites_fits(agent->agent, SITES_AGENT_SIZE) || !sites_fits(agent->site, SITES_NAME_SIZE))
        return fr_reject(turn, input,
                         "AgentDefined names an agent or a site that is empty or too long");
    err = sites_agent_get(turn->view, agent->agent, &before);
    if (err == FR_OK && strcmp(before.site, agent->site) != 0) {
        Fr__AgentDefined gone = *agent;

        gone.removed = true;
        err = share_agent(turn, input, &gone, before.site);
    }
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    return share_agent(turn, input, agent, agent->site);
}

/* AgentStateChanged: what the hub believes of his presence goes to his site.
 *
 * Reads agents.  Emits PresenceShared.  Sent twice: shared twice, the same.
 */
enum fr_error
sites_decide_agent_state_changed(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AgentStateChanged *changed =
        fr_unpack(turn, input, &fr__agent_state_changed__descriptor);
    Fr__PresenceShared shared = FR__PRESENCE_SHARED__INIT;
    struct sites_agent agent;
    char route[FR_ROUTE_SIZE];

    if (changed == NULL)
        return fr_reject(turn, input, "AgentStateChanged does not decode");
    enum fr_error err = sites_agent_get(turn->view, changed->agent, &agent);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "AgentStateChanged names an unknown agent");
    if (err != FR_OK)
        return err;

    struct fr_labels labels = {.route = sites_route(agent.site, route)};
    shared.site = agent.site;
    shared.agent = changed->agent;
    shared.state = changed->state;
    shared.reason = changed->reason;
    return fr_emit_as(turn, input, &shared.base, &labels);
}

/* ---- what conversations shares ---- */

/* Passed on as it is, if that site holds the conversation's newest lease; else withheld and
 * counted: between conversations' decision and ours the lease may have ended. */
static enum fr_error
relay(struct fr_turn *turn, const struct fr_record *input, uint64_t conversation_id,
      const char *site)
{
    struct sites_lease lease;
    char route[FR_ROUTE_SIZE];
    enum fr_error err = sites_lease_of(turn->view, conversation_id, &lease);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (err == FR_NOT_FOUND || !sites_lease_is_live(&lease) || strcmp(lease.site, site) != 0) {
        fr_count(turn, SITES_COUNT_WITHHELD, 1);
        return FR_OK;
    }
    struct fr_labels labels = {.key = conversation_id, .route = sites_route(site, route)};
    return fr_emit_bytes(turn, input, input->head->kind, input->body, &labels);
}

/* ConversationShared, EntryShared.  Read matters, leases.  Emit the same bytes for the site that
 * holds the lease, or nothing.  Sent twice: relayed twice; the desk keeps one of each by its id. */
enum fr_error
sites_decide_conversation_shared(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationShared *shared =
        fr_unpack(turn, input, &fr__conversation_shared__descriptor);

    if (shared == NULL)
        return fr_reject(turn, input, "ConversationShared does not decode");
    return relay(turn, input, shared->conversation_id, shared->site);
}

enum fr_error
sites_decide_entry_shared(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__EntryShared *shared = fr_unpack(turn, input, &fr__entry_shared__descriptor);

    if (shared == NULL)
        return fr_reject(turn, input, "EntryShared does not decode");
    return relay(turn, input, shared->conversation_id, shared->site);
}
