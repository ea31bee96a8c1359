/* edge_tell.c - what was decided reaches the windows of the agent whom it concerns. */
#include "services/desk/edge.h"

#include <stdlib.h>
#include "services/desk/show.h"

/* Our own records about agents: most name him in their route; what goes to the hub names him in its
 * body. */
static const char *
agent_of(const struct fr_record_head *head, const ProtobufCMessage *body)
{
    static const char prefix[] = "agent.";

    if (strncmp(head->route, prefix, sizeof(prefix) - 1) == 0)
        return head->route + sizeof(prefix) - 1;
    if (body == NULL || strcmp(head->route, DESK_ROUTE_HUB) != 0)
        return NULL;
    switch (head->kind) {
    case FR_PRESENCE_CHOSEN:
        return ((const Fr__PresenceChosen *)body)->agent;
    case FR_OFFER_CHOSEN:
        return ((const Fr__OfferChosen *)body)->agent;
    case FR_REPLY_WRITTEN:
        return ((const Fr__ReplyWritten *)body)->agent;
    case FR_WORK_DONE:
        return ((const Fr__WorkDone *)body)->agent;
    default:
        return NULL;
    }
}

static void
tell(struct desk_edge *edge, const struct fr_record *event, const char *agent, const void *body)
{
    json_t *json = desk_show_event(event->head, body);
    char *text;

    if (json == NULL)
        return;
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL)
        return;
    desk_windows_publish(edge->windows, agent, event->head->seq, fr_slice_str(text));
    free(text);
}

void
desk_edge_published(void *state, const struct fr_record *event)
{
    struct desk_edge *edge = state;
    const ProtobufCMessageDescriptor *type;
    const ProtobufCMessage *body;
    const char *agent;

    if (atomic_load(&edge->stopped))
        return;
    /* Under load most agents' windows are elsewhere or closed: find that out before unpacking. */
    agent = agent_of(event->head, NULL);
    if (agent != NULL && desk_windows_count(edge->windows, agent) == 0)
        return;
    type = fr_kind_descriptor(event->head->kind);
    body = type == NULL ? NULL : fr_unpack_in(edge->stage_arena, type, event->body);
    if (body != NULL)
        agent = agent_of(event->head, body);
    if (body != NULL && agent != NULL && desk_windows_count(edge->windows, agent) > 0)
        tell(edge, event, agent, body);
    fr_arena_reset(edge->stage_arena);
}
