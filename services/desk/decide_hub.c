/* decide_hub.c - what sites shares with us becomes part of our own journal, so that the desk goes
 * on working when the hub is out of reach.
 *
 * Everything is relayed as it came, under the route of the agent whom it concerns, so that the edge
 * finds his windows without unpacking.  What concerns nobody here (a lease that ended before it was
 * relayed) is counted and left.
 */
#include "services/desk/tables.h"

#include <stdio.h>
#include "services/desk/counters.h"
#include "proto/identity.pb-c.h"

#define HUB_AGENT_SIZE                                                                             \
    64 /* with NUL; the hub's agents may have longer names than those who sign in here */

const char *
desk_route_agent(const char *agent, char *route)
{
    if (strlen(agent) >= DESK_AGENT_SIZE)
        return NULL;
    snprintf(route, FR_ROUTE_SIZE, "agent.%s", agent);
    return route;
}

/* Whom a record concerns. */
struct concern {
    const char *agent;
    uint64_t conversation_id;
};

static enum fr_error
relay(struct fr_turn *turn, const struct fr_record *input, const struct concern *concern)
{
    char route[FR_ROUTE_SIZE];
    struct fr_labels labels = {.key = concern->conversation_id,
                               .route = desk_route_agent(concern->agent, route)};

    return fr_emit_bytes(turn, input, input->head->kind, input->body, &labels);
}

static enum fr_error
stray(struct fr_turn *turn)
{
    fr_count(turn, DESK_COUNT_STRAY, 1);
    return FR_OK;
}

static bool
fits(const char *agent)
{
    return agent[0] != '\0' && strlen(agent) < HUB_AGENT_SIZE;
}

static enum fr_error
relay_lease(struct fr_turn *turn, const struct fr_record *input, uint64_t lease_id)
{
    const Fr__DeskStateLease *lease;
    enum fr_error err = desk_lease_get(turn->view, turn->arena, lease_id, &lease);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? stray(turn) : err;
    struct concern concern = {lease->offer->agent, lease->offer->conversation_id};
    return relay(turn, input, &concern);
}

/* A conversation or an entry: for the agent whose lease it is. */
static enum fr_error
relay_talk(struct fr_turn *turn, const struct fr_record *input, uint64_t conversation_id,
           const char *agent)
{
    const Fr__DeskStateLease *lease;
    uint64_t lease_id;
    enum fr_error err = desk_lease_of(turn->view, turn->arena, conversation_id, &lease_id, &lease);

    if (err == FR_NOT_FOUND ||
        (err == FR_OK && agent != NULL && strcmp(lease->offer->agent, agent) != 0))
        return stray(turn);
    if (err != FR_OK)
        return err;
    struct concern concern = {lease->offer->agent, conversation_id};
    return relay(turn, input, &concern);
}

static enum fr_error
lease_granted(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__LeaseGranted *granted = body;
    const struct desk_config *config = turn->config;
    const Fr__DeskStateLease *known;

    if (strcmp(granted->offer->site, config->site) != 0)
        return fr_reject(turn, input, "LeaseGranted is for the site %s", granted->offer->site);
    if (!fits(granted->offer->agent))
        return fr_reject(turn, input, "LeaseGranted names an agent that is empty or too long");
    if (desk_lease_get(turn->view, turn->arena, granted->lease_id, &known) == FR_OK)
        return FR_OK;
    fr_count(turn, DESK_COUNT_OFFERS, 1);
    struct concern concern = {granted->offer->agent, granted->offer->conversation_id};
    return relay(turn, input, &concern);
}

static enum fr_error
conversation_shared(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__ConversationShared *shared = body;

    return relay_talk(turn, input, shared->conversation_id, shared->agent);
}

/* An entry that comes before its conversation is part of it when it comes. */
static enum fr_error
entry_shared(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__EntryShared *shared = body;
    const Fr__ConversationShared *conversation;
    enum fr_error err =
        desk_conversation_get(turn->view, turn->arena, shared->conversation_id, &conversation);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? stray(turn) : err;
    return relay_talk(turn, input, shared->conversation_id, NULL);
}

/* The hub has a reply: its author's windows are told, unless it is an entry already. */
static enum fr_error
agent_replied(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__AgentReplied *replied = body;
    const Fr__DeskStateReply *reply;
    struct desk_reply_key key = {replied->conversation_id, replied->client_id};

    if (!fits(replied->agent) || strlen(replied->client_id) >= DESK_CLIENT_ID_SIZE)
        return fr_reject(turn, input, "AgentReplied has a name or client id that no desk gives");
    enum fr_error err = desk_reply_get(turn->view, turn->arena, replied->agent, &key, &reply);
    if (err != FR_OK)
        return err == FR_NOT_FOUND ? stray(turn) : err;
    struct concern concern = {replied->agent, replied->conversation_id};
    return relay(turn, input, &concern);
}

static enum fr_error
work_refused(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__WorkRefused *refused = body;
    struct concern concern = {refused->agent, refused->conversation_id};

    if (!fits(refused->agent) || strlen(refused->client_id) >= DESK_CLIENT_ID_SIZE)
        return fr_reject(turn, input, "WorkRefused has a name or client id that no desk gives");
    return relay(turn, input, &concern);
}

static enum fr_error
lease_confirmed(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    return relay_lease(turn, input, ((const Fr__LeaseConfirmed *)body)->lease_id);
}

static enum fr_error
lease_ended(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    return relay_lease(turn, input, ((const Fr__LeaseEnded *)body)->lease_id);
}

static enum fr_error
roster_shared(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    struct concern concern = {((const Fr__RosterShared *)body)->agent->agent, 0};

    if (!fits(concern.agent))
        return fr_reject(turn, input, "RosterShared names an agent that is empty or too long");
    return relay(turn, input, &concern);
}

static enum fr_error
presence_shared(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    struct concern concern = {((const Fr__PresenceShared *)body)->agent, 0};

    if (!fits(concern.agent))
        return fr_reject(turn, input, "PresenceShared names an agent that is empty or too long");
    return relay(turn, input, &concern);
}

static enum fr_error
promise_made(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__PromiseMade *made = body;
    struct concern concern = {made->promise->owner, made->promise->conversation_id};

    if (concern.agent == NULL || !fits(concern.agent))
        return stray(turn);
    return relay(turn, input, &concern);
}

static enum fr_error
promise_ended(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__PromiseEnded *ended = body;
    struct concern concern = {ended->owner, ended->conversation_id};

    if (concern.agent == NULL || !fits(concern.agent) ||
        desk_promise_get(turn->view, concern.agent, ended->promise_id) != FR_OK)
        return stray(turn);
    return relay(turn, input, &concern);
}

/* For every supervisor who may sign in here, and for him whose promise it is. */
static enum fr_error
supervisor_alerted(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__SupervisorAlerted *alerted = body;
    const struct desk_config *config = turn->config;
    const struct desk_agent_config *agents = config->agents.items;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < config->agents.count; i++) {
        struct concern concern = {agents[i].name, alerted->conversation_id};

        if (agents[i].supervisor ||
            (alerted->agent != NULL && strcmp(alerted->agent, agents[i].name) == 0))
            err = relay(turn, input, &concern);
    }
    return err;
}

/* What became of a supervisor's decision about customers. */
static enum fr_error
identity_ended(struct fr_turn *turn, const struct fr_record *input, const void *body)
{
    const Fr__IdentityActionEnded *ended = body;
    struct concern concern = {ended->agent, 0};

    return concern.agent != NULL && fits(concern.agent) ? relay(turn, input, &concern)
                                                        : stray(turn);
}

/* clang-format off */
static const struct {
    uint32_t kind;
    enum fr_error (*take)(struct fr_turn *turn, const struct fr_record *input, const void *body);
} relayed[] = {
    { FR_LEASE_GRANTED,       lease_granted       },
    { FR_LEASE_CONFIRMED,     lease_confirmed     },
    { FR_LEASE_ENDED,         lease_ended         },
    { FR_CONVERSATION_SHARED, conversation_shared },
    { FR_ENTRY_SHARED,        entry_shared        },
    { FR_AGENT_REPLIED,       agent_replied       },
    { FR_WORK_REFUSED,        work_refused        },
    { FR_ROSTER_SHARED,       roster_shared       },
    { FR_PRESENCE_SHARED,     presence_shared     },
    { FR_PROMISE_MADE,        promise_made        },
    { FR_PROMISE_ENDED,       promise_ended       },
    { FR_SUPERVISOR_ALERTED,  supervisor_alerted  },
    { FR_IDENTITY_ACTION_ENDED, identity_ended    },
};
/* clang-format on */

/* Everything from sites.
 *
 * Reads leases, newest, conversations, replies.  Emits the same record, or nothing when it concerns
 * nobody here. Sent twice: a lease is granted once; everything else says the same again and changes
 * nothing.
 */
enum fr_error
desk_decide_relay(struct fr_turn *turn, const struct fr_record *input)
{
    const ProtobufCMessageDescriptor *type = fr_kind_descriptor(input->head->kind);
    const void *body = type == NULL ? NULL : fr_unpack(turn, input, type);

    if (body == NULL)
        return fr_reject(turn, input, "%s does not decode", fr_kind_name(input->head->kind));
    for (size_t i = 0; i < sizeof(relayed) / sizeof(relayed[0]); i++)
        if (relayed[i].kind == input->head->kind)
            return relayed[i].take(turn, input, body);
    return fr_reject(turn, input, "%s is not for desks", fr_kind_name(input->head->kind));
}
