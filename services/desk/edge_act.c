/* edge_act.c - actions and questions of agents go to the stage, and their outcomes back. */
#include "services/desk/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include "services/desk/action.h"
#include "services/desk/counters.h"
#include "services/desk/show.h"

struct pending { /* one action or question under way in the stage */
    struct desk_edge *edge;
    uint64_t window, request; /* whom to answer; the other is 0 */
    char id[DESK_CLIENT_ID_SIZE];
};

/* ---- answers ---- */

static json_t *
error_json(const char *id, const char *code, const char *message)
{
    json_t *json = json_pack("{s:s, s:s}", "error", code, "message", message);

    if (json != NULL && id[0] != '\0')
        json_object_set_new(json, "id", json_string(id));
    return json;
}

/* Over HTTP an error has its status; over a WebSocket it is a message like any other. */
static void
answer(struct desk_edge *edge, uint64_t window, uint64_t request, int status, json_t *json)
{
    if (window != 0)
        fr_ws_send_json(edge->http, window, json);
    else if (request != 0)
        fr_http_answer_json(edge->http, request, status, json);
    json_decref(json);
}

static void
answer_outcome(const struct pending *pending, const struct fr_outcome *outcome)
{
    struct desk_edge *edge = pending->edge;

    if (outcome->error == FR_OK)
        answer(edge, pending->window, pending->request, 200,
               json_pack("{s:s}", "done", pending->id));
    else if (outcome->error == FR_REJECTED)
        answer(edge, pending->window, pending->request, 409,
               error_json(pending->id, "refused", outcome->reason));
    else
        answer(edge, pending->window, pending->request, 503,
               error_json(pending->id, "busy", "Not taken; please try again in a moment."));
}

static struct pending *
pending_new(struct desk_edge *edge, uint64_t window, uint64_t request, const char *id)
{
    struct pending *pending = calloc(1, sizeof(*pending));

    fr_assert(pending != NULL);
    pending->edge = edge;
    pending->window = window;
    pending->request = request;
    snprintf(pending->id, sizeof(pending->id), "%s", id);
    return pending;
}

/* ---- actions ---- */

static void
acted(void *context, const struct fr_outcome *outcome)
{
    struct pending *pending = context;

    if (!atomic_load(&pending->edge->stopped))
        answer_outcome(pending, outcome);
    free(pending);
}

static void
submit(struct desk_edge *edge, const struct desk_action *action, uint64_t window, uint64_t request)
{
    struct pending *pending = pending_new(edge, window, request, action->id);
    const struct fr_submission submission = {
        .kind = action->kind, .body = action->body, .done = acted, .context = pending};
    struct fr_outcome refused = {.reason = ""};

    refused.error = fr_submit(edge->process, &submission);
    if (refused.error == FR_OK)
        return;
    answer_outcome(pending, &refused);
    free(pending);
}

void
desk_edge_act(struct desk_edge *edge, const char *agent, const char *action_name,
              struct fr_slice text, uint64_t window, uint64_t request)
{
    const struct desk_agent_config *configured = desk_config_agent(desk_edge_config(edge), agent);
    char message[DESK_MESSAGE_SIZE] = "";
    struct desk_action action = {.id = ""};
    json_t *json =
        fr_json_read(text, DESK_REQUEST_SIZE_MAX, DESK_JSON_DEPTH_MAX, message, sizeof(message));

    fr_arena_reset(edge->arena);
    if (configured == NULL)
        answer(edge, window, request, 401, error_json("", "signed_out", "Please sign in again."));
    else if (json != NULL && desk_action_read(json, action_name, configured, edge->arena, &action,
                                              message) == FR_OK)
        submit(edge, &action, window, request);
    else {
        fr_process_count(edge->process, DESK_COUNT_MALFORMED, 1);
        answer(edge, window, request, 400, error_json(action.id, "malformed", message));
    }
    json_decref(json);
}

/* ---- questions ---- */

/* A window gets the snapshot and then what came after it; a request gets it as its answer. */
static void
asked(void *context, const struct fr_outcome *outcome)
{
    struct pending *pending = context;
    struct desk_edge *edge = pending->edge;

    if (atomic_load(&edge->stopped)) {
        free(pending);
        return;
    }
    if (outcome->error != FR_OK && pending->window != 0)
        fr_ws_close(edge->http, pending->window, 1013, "busy");
    else if (outcome->error != FR_OK)
        answer_outcome(pending, outcome);
    else if (pending->request != 0)
        fr_http_answer(edge->http, pending->request, 200, "application/json",
                       "cache-control: no-store", outcome->answer);
    else {
        json_t *json = json_loadb(outcome->answer.data, outcome->answer.size, 0, NULL);
        uint64_t seq = (uint64_t)json_integer_value(json_object_get(json, "seq"));

        json_decref(json);
        desk_windows_join(edge->windows, pending->window, seq, outcome->answer);
    }
    free(pending);
}

void
desk_edge_ask(struct desk_edge *edge, const char *agent, uint64_t window, uint64_t request)
{
    struct pending *pending = pending_new(edge, window, request, "");
    Fr__StateAsked question = FR__STATE_ASKED__INIT;
    struct fr_outcome refused = {.reason = ""};

    question.agent = (char *)agent;
    refused.error =
        fr_submit_message(edge->process, FR_STATE_ASKED, &question.base, NULL, 0, asked, pending);
    if (refused.error != FR_OK)
        asked(pending, &refused);
}

void
desk_edge_offline(struct desk_edge *edge, const char *agent, const char *reason)
{
    Fr__PresenceChosen chosen = FR__PRESENCE_CHOSEN__INIT;

    chosen.agent = (char *)agent;
    chosen.state = FR__AGENT_STATE__OFFLINE;
    chosen.reason = (char *)reason;
    fr_submit_message(edge->process, FR_PRESENCE_CHOSEN, &chosen.base, NULL, 0, NULL, NULL);
}
