/* decide_desk.c - what desks say, none of it believed before agent, lease and fence have been
 * checked.
 *
 * The site is known from the journal that the record came in, which the link's key vouches for, and
 * never from anything inside the record.
 */
#include "services/sites/say.h"

#include "services/sites/counters.h"
#include "proto/desk.pb-c.h"
#include "proto/site.pb-c.h"

/* What a desk's record claims, gathered for the checks that all of them share. */
struct claim {
    const char *agent;
    uint64_t lease_id, fence;
    uint64_t conversation_id; /* 0: the record names none */
    const char *client_id;    /* "": has none */
    char *text;               /* kept for its author when it is refused; or NULL */
};

/* WorkRefused, back to the desk that wrote it, with the author's text. */
static enum fr_error
refuse(struct fr_turn *turn, const struct fr_record *input, const char *site,
       const struct claim *claim, const char *reason)
{
    Fr__WorkRefused refused = FR__WORK_REFUSED__INIT;
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = {.key = claim->conversation_id, .route = sites_route(site, route)};

    refused.agent = (char *)claim->agent;
    refused.conversation_id = claim->conversation_id;
    refused.client_id = (char *)claim->client_id;
    refused.reason = (char *)reason;
    refused.text = claim->text;
    fr_count(turn, SITES_COUNT_REFUSED, 1);
    return fr_emit_as(turn, input, &refused.base, &labels);
}

/* Why this agent is none of that site's, or NULL. */
static const char *
foreign_agent(const struct fr_turn *turn, const char *site, const char *agent)
{
    struct sites_agent row;

    if (sites_contract_of(turn->config, site) == NULL)
        return "the site has no contract";
    if (!sites_fits(agent, SITES_AGENT_SIZE) || sites_agent_get(turn->view, agent, &row) != FR_OK ||
        strcmp(row.site, site) != 0)
        return "the agent does not work at this site";
    if (row.removed != 0)
        return "the agent has been removed";
    return NULL;
}

/* Why the claim does not stand on that lease, or NULL. */
static const char *
unfounded(const struct fr_turn *turn, const struct claim *claim, const char *site,
          const struct sites_lease *lease)
{
    struct sites_matter matter;

    if (strcmp(lease->site, site) != 0 || strcmp(lease->agent, claim->agent) != 0)
        return "the lease is another agent's";
    if (claim->conversation_id != 0 && claim->conversation_id != lease->conversation_id)
        return "the lease is of another conversation";
    if (sites_matter_get(turn->view, lease->conversation_id, &matter) != FR_OK ||
        claim->fence != matter.fence || claim->fence != lease->fence)
        return "somebody else has been given the conversation since";
    if (lease->state == SITES_ENDED)
        return fr_arena_printf(turn->arena, "the lease has ended: %s", lease->ended);
    return NULL;
}

enum verdict { TAKE, IGNORE, DONE }; /* DONE: refused, nothing more to say */

/* The checks that OfferChosen, ReplyWritten and WorkDone share.  TAKE fills *lease; IGNORE: the
 * same client id was taken under this lease before, so the desk repeats itself. */
static enum fr_error
examine(struct fr_turn *turn, const struct fr_record *input, const char *site,
        const struct claim *claim, struct sites_lease *lease, enum verdict *verdict)
{
    const char *reason = foreign_agent(turn, site, claim->agent);
    enum fr_error err;

    *verdict = DONE;
    if (reason != NULL)
        return refuse(turn, input, site, claim, reason);
    err = sites_lease_get(turn->view, claim->lease_id, lease);
    if (err == FR_NOT_FOUND)
        return refuse(turn, input, site, claim, "there is no such lease");
    if (err != FR_OK)
        return err;
    if (claim->client_id[0] != '\0' && strcmp(lease->site, site) == 0 &&
        strcmp(lease->agent, claim->agent) == 0 &&
        sites_taken_get(turn->view, lease->lease_id, claim->client_id) == FR_OK) {
        fr_count(turn, SITES_COUNT_REPEATED, 1);
        *verdict = IGNORE;
        return FR_OK;
    }
    reason = unfounded(turn, claim, site, lease);
    if (reason != NULL)
        return refuse(turn, input, site, claim, reason);
    *verdict = TAKE;
    return FR_OK;
}

/* PresenceChosen: the hub hears it, if the agent is of that site.
 *
 * Reads agents.  Emits AgentPresence or WorkRefused.  Sent twice: said twice; routing takes the
 * state as it is.
 */
enum fr_error
sites_decide_presence_chosen(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PresenceChosen *chosen = fr_unpack(turn, input, &fr__presence_chosen__descriptor);
    const char *site = sites_site_of_journal(input->upstream);
    Fr__AgentPresence presence = FR__AGENT_PRESENCE__INIT;

    if (chosen == NULL || site == NULL)
        return fr_reject(turn, input, "PresenceChosen does not decode, or comes from no desk");
    const char *reason = foreign_agent(turn, site, chosen->agent);
    if (reason != NULL) {
        const char *client_id = chosen->client_id == NULL ? "" : chosen->client_id;
        struct claim claim = {.agent = chosen->agent, .client_id = client_id};

        return refuse(turn, input, site, &claim, reason);
    }
    presence.agent = chosen->agent;
    presence.site = (char *)site;
    presence.state = chosen->state;
    presence.reason = chosen->reason;
    return fr_emit(turn, input, &presence.base);
}

/* OfferChosen: yes or no to an offer.
 *
 * Reads agents, leases, matters.  Emits OfferAnswered or WorkRefused.  Sent twice: the lease has
 * been answered, and the second copy is ignored; a different second answer is refused.
 */
enum fr_error
sites_decide_offer_chosen(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferChosen *chosen = fr_unpack(turn, input, &fr__offer_chosen__descriptor);
    const char *site = sites_site_of_journal(input->upstream);
    Fr__OfferAnswered answered = FR__OFFER_ANSWERED__INIT;
    struct sites_lease lease;
    enum verdict verdict;

    if (chosen == NULL || site == NULL)
        return fr_reject(turn, input, "OfferChosen does not decode, or comes from no desk");
    const char *client_id = chosen->client_id == NULL ? "" : chosen->client_id;
    struct claim claim = {.agent = chosen->agent,
                          .lease_id = chosen->lease_id,
                          .fence = chosen->fence,
                          .conversation_id = input->head->key,
                          .client_id = client_id};
    enum fr_error err = examine(turn, input, site, &claim, &lease, &verdict);
    if (err != FR_OK || verdict != TAKE)
        return err;
    if (chosen->offer_id != lease.offer_id)
        return refuse(turn, input, site, &claim, "the lease is of another offer");
    if (lease.state != SITES_OFFERED) {
        bool same = (lease.state != SITES_DECLINED) == (chosen->accepted != 0);

        if (!same)
            return refuse(turn, input, site, &claim, "the offer has been answered already");
        fr_count(turn, SITES_COUNT_REPEATED, 1);
        return FR_OK;
    }
    answered.offer_id = lease.offer_id;
    answered.task_id = lease.task_id;
    answered.agent = lease.agent;
    answered.site = lease.site;
    answered.accepted = chosen->accepted;
    answered.reason = chosen->reason;
    struct fr_labels labels = {.key = lease.conversation_id, .brand = lease.brand};
    return fr_emit_as(turn, input, &answered.base, &labels);
}

/* ReplyWritten: a reply or a note, passed on once.
 *
 * Reads agents, leases, matters, taken.  Emits AgentReplied (also to the desk: the hub has it) or
 * WorkRefused with the text.  Sent twice: the client id was taken under this lease, and the second
 * copy is ignored.
 */
enum fr_error
sites_decide_reply_written(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ReplyWritten *written = fr_unpack(turn, input, &fr__reply_written__descriptor);
    const char *site = sites_site_of_journal(input->upstream);
    Fr__AgentReplied replied = FR__AGENT_REPLIED__INIT;
    struct sites_lease lease;
    enum verdict verdict;
    char route[FR_ROUTE_SIZE];

    if (written == NULL || site == NULL)
        return fr_reject(turn, input, "ReplyWritten does not decode, or comes from no desk");
    if (!sites_fits(written->client_id, SITES_CLIENT_ID_SIZE))
        return fr_reject(turn, input, "ReplyWritten has a client id that is empty or too long");
    struct claim claim = {.agent = written->agent,
                          .lease_id = written->lease_id,
                          .fence = written->fence,
                          .conversation_id = written->conversation_id,
                          .client_id = written->client_id,
                          .text = written->text};
    enum fr_error err = examine(turn, input, site, &claim, &lease, &verdict);
    if (err != FR_OK || verdict != TAKE)
        return err;
    if (lease.state != SITES_HELD)
        return refuse(turn, input, site, &claim,
                      lease.state == SITES_FINISHED
                          ? "the work was finished before this was written"
                          : "the offer has not been accepted");
    replied.conversation_id = lease.conversation_id;
    replied.agent = lease.agent;
    replied.site = lease.site;
    replied.client_id = written->client_id;
    replied.text = written->text;
    replied.note = written->note;
    replied.written_us = input->head->time_us;
    replied.agent_title = written->agent_title;
    replied.has_seen_message_id = written->has_seen_message_id;
    replied.seen_message_id = written->seen_message_id;
    fr_count(turn, SITES_COUNT_REPLIES, 1);
    struct fr_labels labels = {
        .key = lease.conversation_id, .brand = lease.brand, .route = sites_route(site, route)};
    return fr_emit_as(turn, input, &replied.base, &labels);
}

/* WorkDone: the agent says that the matter is done, and how it ended.
 *
 * Reads agents, leases, matters, taken.  Emits WorkFinished or WorkRefused; the lease itself ends
 * when routing has ended the task.  Sent twice: the client id was taken under this lease, and the
 * second copy is ignored; so is one with another client id (he pressed the button in two windows).
 */
enum fr_error
sites_decide_work_done(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WorkDone *done = fr_unpack(turn, input, &fr__work_done__descriptor);
    const char *site = sites_site_of_journal(input->upstream);
    Fr__WorkFinished finished = FR__WORK_FINISHED__INIT;
    struct sites_lease lease;
    enum verdict verdict;

    if (done == NULL || site == NULL)
        return fr_reject(turn, input, "WorkDone does not decode, or comes from no desk");
    if (!sites_fits(done->client_id, SITES_CLIENT_ID_SIZE))
        return fr_reject(turn, input, "WorkDone has a client id that is empty or too long");
    struct claim claim = {.agent = done->agent,
                          .lease_id = done->lease_id,
                          .fence = done->fence,
                          .conversation_id = done->conversation_id,
                          .client_id = done->client_id,
                          .text = done->note};
    enum fr_error err = examine(turn, input, site, &claim, &lease, &verdict);
    if (err != FR_OK || verdict != TAKE)
        return err;
    if (lease.state == SITES_FINISHED) {
        fr_count(turn, SITES_COUNT_REPEATED, 1);
        return FR_OK;
    }
    if (lease.state != SITES_HELD)
        return refuse(turn, input, site, &claim, "the offer has not been accepted");
    finished.conversation_id = lease.conversation_id;
    finished.task_id = lease.task_id;
    finished.agent = lease.agent;
    finished.site = lease.site;
    finished.outcome = done->outcome;
    finished.note = done->note;
    finished.client_id = done->client_id;
    finished.has_seen_message_id = done->has_seen_message_id;
    finished.seen_message_id = done->seen_message_id;
    struct fr_labels labels = {.key = lease.conversation_id, .brand = lease.brand};
    return fr_emit_as(turn, input, &finished.base, &labels);
}

/* ---- promises, and what the matter is ---- */

static enum fr_error
relay_checked(struct fr_turn *turn, const struct fr_record *input, const ProtobufCMessage *message,
              const struct sites_lease *lease)
{
    struct fr_labels labels = {.key = lease->conversation_id, .brand = lease->brand};

    return fr_emit_as(turn, input, message, &labels);
}

/* PromiseWritten: an agent promises the customer something.
 *
 * Reads agents, leases, matters, taken.  Emits the same with the site filled in, or WorkRefused
 * with the text.  Sent twice: the client id was taken under this lease, and the second copy is
 * ignored.
 */
enum fr_error
sites_decide_promise_written(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseWritten *written = fr_unpack(turn, input, &fr__promise_written__descriptor);
    const char *site = sites_site_of_journal(input->upstream);
    struct sites_lease lease;
    enum verdict verdict;

    if (written == NULL || site == NULL)
        return fr_reject(turn, input, "PromiseWritten does not decode, or comes from no desk");
    if (!sites_fits(written->client_id, SITES_CLIENT_ID_SIZE))
        return fr_reject(turn, input, "PromiseWritten has a client id that is empty or too long");
    struct claim claim = {.agent = written->agent,
                          .lease_id = written->lease_id,
                          .fence = written->fence,
                          .conversation_id = written->conversation_id,
                          .client_id = written->client_id,
                          .text = written->promise->what};
    enum fr_error err = examine(turn, input, site, &claim, &lease, &verdict);
    if (err != FR_OK || verdict != TAKE)
        return err;
    if (lease.state != SITES_HELD)
        return refuse(turn, input, site, &claim, "the conversation is not yours (any more)");
    Fr__PromiseWritten full = *written;
    Fr__PromiseRequested promise = *written->promise;
    promise.site = (char *)site;
    promise.owner = written->agent;
    full.promise = &promise;
    return relay_checked(turn, input, &full.base, &lease);
}

/* PromiseDone: his word about a promise, which he may give long after the conversation was his.
 *
 * Reads agents.  Emits the same with the site filled in, or WorkRefused.  Sent twice: sla knows
 * that the promise has ended.
 */
enum fr_error
sites_decide_promise_done(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseDone *done = fr_unpack(turn, input, &fr__promise_done__descriptor);
    const char *site = sites_site_of_journal(input->upstream), *reason;

    if (done == NULL || site == NULL)
        return fr_reject(turn, input, "PromiseDone does not decode, or comes from no desk");
    reason = foreign_agent(turn, site, done->agent);
    if (reason != NULL) {
        struct claim claim = {.agent = done->agent, .client_id = done->client_id};

        return refuse(turn, input, site, &claim, reason);
    }
    Fr__PromiseDone full = *done;
    full.site = (char *)site;
    return fr_emit(turn, input, &full.base);
}

/* MatterMarked: an agent says what the matter is; a customer's tier is not his to say.
 *
 * Reads agents, leases, matters, taken.  Emits the same, or WorkRefused.  Sent twice: the client id
 * was taken under this lease, and the second copy is ignored.
 */
enum fr_error
sites_decide_matter_marked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MatterMarked *marked = fr_unpack(turn, input, &fr__matter_marked__descriptor);
    const char *site = sites_site_of_journal(input->upstream);
    struct sites_lease lease;
    enum verdict verdict;

    if (marked == NULL || site == NULL)
        return fr_reject(turn, input, "MatterMarked does not decode, or comes from no desk");
    if (!sites_fits(marked->client_id, SITES_CLIENT_ID_SIZE))
        return fr_reject(turn, input, "MatterMarked has a client id that is empty or too long");
    struct claim claim = {.agent = marked->agent,
                          .lease_id = marked->lease_id,
                          .fence = marked->fence,
                          .conversation_id = marked->conversation_id,
                          .client_id = marked->client_id};
    enum fr_error err = examine(turn, input, site, &claim, &lease, &verdict);
    if (err != FR_OK || verdict != TAKE)
        return err;
    if (lease.state != SITES_HELD)
        return refuse(turn, input, site, &claim, "the conversation is not yours (any more)");
    Fr__MatterMarked full = *marked;
    full.tier = NULL;
    return relay_checked(turn, input, &full.base, &lease);
}
