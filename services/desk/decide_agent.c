/* decide_agent.c - what agents do: checked here against what the desk knows, and again by sites.
 *
 * The edge fills in the agent from his session; lease and fence are filled in here, so a browser
 * names only the offer or the conversation that its user sees.  A refusal is told at once and
 * nothing is kept.
 */
#include "services/desk/tables.h"

#include <ctype.h>
#include "services/desk/counters.h"
#include "proto/identity.pb-c.h"
#include "proto/desk.pb-c.h"

static enum fr_error
say_hub(struct fr_turn *turn, const struct fr_record *input, const ProtobufCMessage *message,
        uint64_t conversation_id, const char *brand)
{
    struct fr_labels labels = {.key = conversation_id, .brand = brand, .route = DESK_ROUTE_HUB};

    fr_count(turn, DESK_COUNT_ACTIONS, 1);
    return fr_emit_as(turn, input, message, &labels);
}

/* Is the action acceptable as such, and new?  FR_OK: go on.  FR_EXISTS: taken before, or rejected
 * now. */
static enum fr_error
examine(struct fr_turn *turn, const struct fr_record *input, const char *agent,
        const char *client_id)
{
    if (agent[0] == '\0' || strlen(agent) >= DESK_AGENT_SIZE) {
        fr_reject(turn, input, "no such agent");
        return FR_EXISTS;
    }
    if (client_id == NULL || client_id[0] == '\0')
        return FR_OK;
    if (strlen(client_id) >= DESK_CLIENT_ID_SIZE) {
        fr_reject(turn, input, "the id has more than %d bytes", DESK_CLIENT_ID_SIZE - 1);
        return FR_EXISTS;
    }
    if (desk_done_get(turn->view, agent, client_id) != FR_OK)
        return FR_OK;
    fr_count(turn, DESK_COUNT_REPEATED, 1);
    return FR_EXISTS;
}

/* PresenceChosen: available, away, or gone.
 *
 * Reads agents, done.  Emits PresenceChosen, unless it is what the agent has chosen and the hub
 * believes. Sent twice: ignored by its client id.
 */
enum fr_error
desk_decide_presence(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PresenceChosen *chosen = fr_unpack(turn, input, &fr__presence_chosen__descriptor);
    Fr__DeskStateAgent agent;
    enum fr_error err;

    if (chosen == NULL)
        return fr_reject(turn, input, "PresenceChosen does not decode");
    err = examine(turn, input, chosen->agent, chosen->client_id);
    if (err != FR_OK)
        return err == FR_EXISTS ? FR_OK : err;
    err = desk_agent_get(turn->view, turn->arena, chosen->agent, &agent);
    if (err != FR_OK)
        return err;
    if (agent.rostered && agent.removed && chosen->state != FR__AGENT_STATE__OFFLINE)
        return fr_reject(turn, input, "you are no longer an agent of this site");
    bool new_here = !agent.has_chosen || agent.chosen != chosen->state;
    bool new_there = agent.has_state && agent.state != chosen->state;
    if (chosen->state == FR__AGENT_STATE__OFFLINE && !agent.has_chosen)
        return FR_OK; /* he never came */
    if (!new_here && !new_there)
        return FR_OK;
    return say_hub(turn, input, &chosen->base, 0, NULL);
}

/* OfferChosen: yes or no.
 *
 * Reads leases, done.  Emits OfferChosen with fence and offer filled in.  Sent twice, or the same
 * answer from two windows: ignored; the other answer is rejected.
 */
enum fr_error
desk_decide_offer(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__OfferChosen *chosen = fr_unpack(turn, input, &fr__offer_chosen__descriptor);
    const Fr__DeskStateLease *lease;
    enum fr_error err;

    if (chosen == NULL)
        return fr_reject(turn, input, "OfferChosen does not decode");
    err = examine(turn, input, chosen->agent, chosen->client_id);
    if (err != FR_OK)
        return err == FR_EXISTS ? FR_OK : err;
    err = desk_lease_get(turn->view, turn->arena, chosen->lease_id, &lease);
    if (err == FR_NOT_FOUND || (err == FR_OK && strcmp(lease->offer->agent, chosen->agent) != 0))
        return fr_reject(turn, input, "this offer is over, or was never yours");
    if (err != FR_OK)
        return err;
    if (lease->state != FR__DESK_LEASE_STATE__DESK_OFFERED) {
        bool declined = lease->state == FR__DESK_LEASE_STATE__DESK_DECLINED;

        if (declined == !chosen->accepted)
            return FR_OK;
        return fr_reject(turn, input,
                         declined ? "you have declined this offer"
                                  : "you have accepted this offer");
    }
    Fr__OfferChosen full = *chosen;
    full.fence = lease->fence;
    full.offer_id = lease->offer->offer_id;
    return say_hub(turn, input, &full.base, lease->offer->conversation_id, lease->brand);
}

static bool
is_blank(const char *text)
{
    for (; *text != '\0'; text++)
        if (!isspace((unsigned char)*text))
            return false;
    return true;
}

/* The lease under which this agent may write in the conversation.  FR_NOT_FOUND: rejected with the
 * reason. */
static enum fr_error
lease_to_write(struct fr_turn *turn, const struct fr_record *input, const char *agent,
               uint64_t conversation_id, uint64_t *lease_id, const Fr__DeskStateLease **lease)
{
    enum fr_error err = desk_lease_of(turn->view, turn->arena, conversation_id, lease_id, lease);
    const char *reason = NULL;

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (err == FR_NOT_FOUND || strcmp((*lease)->offer->agent, agent) != 0)
        reason = "this conversation is over, or was never yours";
    else if ((*lease)->state == FR__DESK_LEASE_STATE__DESK_FINISHED)
        reason = "you have finished this conversation";
    else if ((*lease)->state != FR__DESK_LEASE_STATE__DESK_HELD)
        reason = "the conversation is not yours yet";
    if (reason == NULL)
        return FR_OK;
    fr_reject(turn, input, "%s", reason);
    return FR_NOT_FOUND;
}

/* The customer's newest message that this desk holds: what the agent says now is about this one
 * and those before it, and about nothing that comes later. */
static bool
newest_seen(struct fr_turn *turn, uint64_t conversation_id, uint64_t *message_id)
{
    struct fr_scan scan;
    const Fr__Entry *entry;
    bool found = false;

    desk_entries(&scan, turn->view, conversation_id);
    while (desk_entries_next(&scan, turn->arena, &entry) == FR_OK)
        if (entry->direction == FR__DIRECTION__FROM_CUSTOMER) {
            *message_id = entry->message_id;
            found = true;
        }
    fr_scan_fini(&scan);
    return found;
}

/* ReplyWritten: a reply to the customer, or a note among colleagues.
 *
 * Reads newest, leases, agents, done.  Emits ReplyWritten with lease and fence filled in.  Sent
 * twice: ignored by its client id.
 */
enum fr_error
desk_decide_reply(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ReplyWritten *written = fr_unpack(turn, input, &fr__reply_written__descriptor);
    const Fr__DeskStateLease *lease;
    Fr__DeskStateAgent agent;
    uint64_t lease_id;
    enum fr_error err;

    if (written == NULL)
        return fr_reject(turn, input, "ReplyWritten does not decode");
    if (written->client_id[0] == '\0')
        return fr_reject(turn, input, "a reply needs an id");
    if (is_blank(written->text))
        return fr_reject(turn, input, "there is nothing to send");
    if (strlen(written->text) > DESK_TEXT_SIZE_MAX)
        return fr_reject(turn, input, "the text has more than %d bytes", DESK_TEXT_SIZE_MAX);
    err = examine(turn, input, written->agent, written->client_id);
    if (err == FR_OK)
        err = lease_to_write(turn, input, written->agent, written->conversation_id, &lease_id,
                             &lease);
    if (err == FR_OK)
        err = desk_agent_get(turn->view, turn->arena, written->agent, &agent);
    if (err != FR_OK)
        return err == FR_EXISTS || err == FR_NOT_FOUND ? FR_OK : err;
    Fr__ReplyWritten full = *written;
    full.lease_id = lease_id;
    full.fence = lease->fence;
    if (full.agent_title == NULL)
        full.agent_title = agent.title;
    full.has_seen_message_id = newest_seen(turn, written->conversation_id, &full.seen_message_id);
    return say_hub(turn, input, &full.base, written->conversation_id, lease->brand);
}

/* WorkDone: the matter is done, and how it ended.
 *
 * Reads newest, leases, done.  Emits WorkDone with lease and fence filled in.  Sent twice: ignored
 * by its client id.
 */
enum fr_error
desk_decide_done(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WorkDone *done = fr_unpack(turn, input, &fr__work_done__descriptor);
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err;

    if (done == NULL)
        return fr_reject(turn, input, "WorkDone does not decode");
    if (done->client_id[0] == '\0')
        return fr_reject(turn, input, "finishing needs an id");
    if (done->note != NULL && strlen(done->note) > DESK_TEXT_SIZE_MAX)
        return fr_reject(turn, input, "the note has more than %d bytes", DESK_TEXT_SIZE_MAX);
    err = examine(turn, input, done->agent, done->client_id);
    if (err == FR_OK)
        err = lease_to_write(turn, input, done->agent, done->conversation_id, &lease_id, &lease);
    if (err != FR_OK)
        return err == FR_EXISTS || err == FR_NOT_FOUND ? FR_OK : err;
    Fr__WorkDone full = *done;
    full.lease_id = lease_id;
    full.fence = lease->fence;
    full.has_seen_message_id = newest_seen(turn, done->conversation_id, &full.seen_message_id);
    return say_hub(turn, input, &full.base, done->conversation_id, lease->brand);
}

/* PromiseWritten: the agent promises the customer something by a time.
 *
 * Reads newest, leases, done.  Emits PromiseWritten with lease and fence filled in.  Sent twice:
 * ignored by its client id.
 */
enum fr_error
desk_decide_promise(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseWritten *written = fr_unpack(turn, input, &fr__promise_written__descriptor);
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err;

    if (written == NULL)
        return fr_reject(turn, input, "PromiseWritten does not decode");
    if (written->client_id[0] == '\0')
        return fr_reject(turn, input, "a promise needs an id");
    if (is_blank(written->promise->what))
        return fr_reject(turn, input, "say what is promised");
    if (written->promise->due_us <= turn->now.unix_us)
        return fr_reject(turn, input, "the time that is promised has passed already");
    err = examine(turn, input, written->agent, written->client_id);
    if (err == FR_OK)
        err = lease_to_write(turn, input, written->agent, written->conversation_id, &lease_id,
                             &lease);
    if (err != FR_OK)
        return err == FR_EXISTS || err == FR_NOT_FOUND ? FR_OK : err;
    Fr__PromiseWritten full = *written;
    full.lease_id = lease_id;
    full.fence = lease->fence;
    return say_hub(turn, input, &full.base, written->conversation_id, lease->brand);
}

/* PromiseDone: the agent says that a promise of his is kept, or not needed any more.
 *
 * Reads promises, done.  Emits PromiseDone.  Sent twice: ignored by its client id.
 */
enum fr_error
desk_decide_promise_done(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__PromiseDone *done = fr_unpack(turn, input, &fr__promise_done__descriptor);
    enum fr_error err;

    if (done == NULL)
        return fr_reject(turn, input, "PromiseDone does not decode");
    err = examine(turn, input, done->agent, done->client_id);
    if (err != FR_OK)
        return err == FR_EXISTS ? FR_OK : err;
    err = desk_promise_get(turn->view, done->agent, done->promise_id);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "this promise is over, or was never yours");
    return err == FR_OK ? say_hub(turn, input, &done->base, 0, NULL) : err;
}

/* MatterMarked: the agent says what the matter is.
 *
 * Reads newest, leases, done.  Emits MatterMarked with lease and fence filled in.  Sent twice:
 * ignored by its client id.
 */
enum fr_error
desk_decide_mark(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MatterMarked *marked = fr_unpack(turn, input, &fr__matter_marked__descriptor);
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err;

    if (marked == NULL)
        return fr_reject(turn, input, "MatterMarked does not decode");
    if (marked->client_id[0] == '\0')
        return fr_reject(turn, input, "a mark needs an id");
    err = examine(turn, input, marked->agent, marked->client_id);
    if (err == FR_OK)
        err =
            lease_to_write(turn, input, marked->agent, marked->conversation_id, &lease_id, &lease);
    if (err != FR_OK)
        return err == FR_EXISTS || err == FR_NOT_FOUND ? FR_OK : err;
    Fr__MatterMarked full = *marked;
    full.has_lease_id = full.has_fence = 1;
    full.lease_id = lease_id;
    full.fence = lease->fence;
    return say_hub(turn, input, &full.base, marked->conversation_id, lease->brand);
}

/* IdentityActionAsked: a supervisor decides who is whom.  Who he is comes from his session.
 *
 * Reads done.  Emits IdentityActionAsked.  Sent twice: ignored by its client id.
 */
enum fr_error
desk_decide_identity(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__IdentityActionAsked *asked =
        fr_unpack(turn, input, &fr__identity_action_asked__descriptor);
    enum fr_error err;

    if (asked == NULL || asked->agent == NULL)
        return fr_reject(turn, input, "IdentityActionAsked does not decode, or names no agent");
    if (asked->client_id[0] == '\0')
        return fr_reject(turn, input, "a decision needs an id");
    err = examine(turn, input, asked->agent, asked->client_id);
    if (err != FR_OK)
        return err == FR_EXISTS ? FR_OK : err;
    return say_hub(turn, input, &asked->base, 0, NULL);
}

/* RefusalSeen: the author has read why his work was refused, or a supervisor his alert.
 *
 * Reads refusals, alerts.  Emits RefusalSeen.  Sent twice: there is nothing left to see, and
 * nothing follows.
 */
enum fr_error
desk_decide_refusal_seen(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__RefusalSeen *seen = fr_unpack(turn, input, &fr__refusal_seen__descriptor);
    enum fr_error err;

    if (seen == NULL)
        return fr_reject(turn, input, "RefusalSeen does not decode");
    err = examine(turn, input, seen->agent, seen->client_id);
    if (err == FR_OK)
        err = desk_refusal_get(turn->view, seen->agent, seen->refusal_id);
    if (err == FR_NOT_FOUND)
        err = desk_alert_get(turn->view, seen->agent, seen->refusal_id);
    if (err != FR_OK)
        return err == FR_EXISTS || err == FR_NOT_FOUND ? FR_OK : err;
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = {.route = desk_route_agent(seen->agent, route)};
    return fr_emit_as(turn, input, &seen->base, &labels);
}
