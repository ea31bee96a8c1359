/* edge_login.c - signing in and out. */
#include "services/desk/edge.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "services/desk/counters.h"

static void
refuse(struct desk_edge *edge, uint64_t request, int status, const char *code, const char *message)
{
    fr_process_count(edge->process, DESK_COUNT_LOGIN_NO, 1);
    fr_http_answer_error(edge->http, request, status, code, message);
}

/* ---- signing in: the request ---- */

/* {"name": ..., "password": ...} into the attempt.  False: answered with what is wrong. */
static bool
read_login(struct desk_edge *edge, const struct fr_http_request *request, struct desk_try *attempt)
{
    char message[200] = "\"name\" and \"password\" must be texts of reasonable length";
    json_t *json = fr_json_read(request->body, 4096, DESK_JSON_DEPTH_MAX, message, sizeof(message));
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *password = json_string_value(json_object_get(json, "password"));
    bool good = json != NULL && fr_json_known(json, "name password", message, sizeof(message)) &&
                name != NULL && password != NULL && name[0] != '\0' &&
                strlen(name) < sizeof(attempt->agent) &&
                strlen(password) < sizeof(attempt->password);

    if (good) {
        snprintf(attempt->agent, sizeof(attempt->agent), "%s", name);
        snprintf(attempt->password, sizeof(attempt->password), "%s", password);
    } else {
        fr_process_count(edge->process, DESK_COUNT_MALFORMED, 1);
        fr_http_answer_error(edge->http, request->id, 400, "malformed", message);
    }
    json_decref(json);
    return good;
}

static void
find_credential(struct desk_edge *edge, struct desk_try *attempt)
{
    const struct desk_agent_config *agent =
        desk_config_agent(desk_edge_config(edge), attempt->agent);

    if (agent == NULL)
        return;
    attempt->credential_is_hash = agent->password_hash != NULL;
    snprintf(attempt->credential, sizeof(attempt->credential), "%s",
             agent->password_hash != NULL ? agent->password_hash : agent->password);
}

void
desk_edge_login(void *context, const struct fr_http_request *request)
{
    struct desk_edge *edge = context;
    struct fr_span now = fr_time_monotonic();
    struct desk_try attempt;

    memset(&attempt, 0, sizeof(attempt));
    attempt.request = request->id;
    snprintf(attempt.peer, sizeof(attempt.peer), "%s", request->peer);
    if (!read_login(edge, request, &attempt))
        return;
    if (!desk_limit_take(&edge->by_peer, attempt.peer, now)) {
        refuse(edge, request->id, 429, "too_many_tries",
               "Too many tries from here; please wait a minute.");
        goto out;
    }
    if (!desk_limit_take(&edge->by_name, attempt.agent, now)) {
        refuse(edge, request->id, 429, "too_many_tries",
               "Too many tries for this name; please wait a minute.");
        goto out;
    }
    find_credential(edge, &attempt);
    if (desk_login_put(edge->login, &attempt) != FR_OK)
        fr_http_answer_error(edge->http, request->id, 503, "busy", "Please try again in a moment.");
out:
    sodium_memzero(&attempt, sizeof(attempt));
}

/* ---- signing in: the verdict ---- */

struct verdict {
    struct desk_edge *edge;
    struct desk_try attempt;
};

static void
answer_with_cookie(struct desk_edge *edge, const struct desk_try *attempt)
{
    const struct desk_config *config = desk_edge_config(edge);
    struct desk_session session;
    char token[DESK_SESSION_SIZE], headers[600];
    struct fr_time expires = fr_time_add(fr_time_wall(), config->session_time);
    json_t *json;
    char *text;

    desk_session_make(&edge->secret, attempt->agent, attempt->credential, expires, &session, token);
    snprintf(headers, sizeof(headers),
             "set-cookie: filrouge_desk_%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s\n"
             "cache-control: no-store",
             config->site, token, (long long)(config->session_time.us / 1000000),
             config->secure_cookie ? "; Secure" : "");
    json = json_pack("{s:s, s:s, s:I}", "name", attempt->agent, "site", config->site, "expires_ms",
                     (json_int_t)(expires.unix_us / 1000));
    text = json_dumps(json, JSON_COMPACT);
    fr_http_answer(edge->http, attempt->request, 200, "application/json", headers,
                   fr_slice_str(text));
    free(text);
    json_decref(json);
}

/* On the loop's thread again: the limits are its own. */
static void
conclude(void *context)
{
    struct verdict *verdict = context;
    struct desk_edge *edge = verdict->edge;
    const struct desk_try *attempt = &verdict->attempt;
    struct fr_span now = fr_time_monotonic();

    if (attempt->right) {
        desk_limit_give_back(&edge->by_name, attempt->agent, now);
        desk_limit_give_back(&edge->by_peer, attempt->peer, now);
        fr_process_count(edge->process, DESK_COUNT_LOGINS, 1);
        fr_log(FR_INFO, "signed_in", "agent=%s peer=%s", attempt->agent, attempt->peer);
        answer_with_cookie(edge, attempt);
    } else {
        char quoted[80];

        fr_log(FR_WARN, "sign_in_refused", "agent=%s peer=%s",
               fr_log_quote(attempt->agent, quoted, sizeof(quoted)), attempt->peer);
        refuse(edge, attempt->request, 401, "wrong", "The name or the password is wrong.");
    }
    sodium_memzero(verdict, sizeof(*verdict));
    free(verdict);
}

void
desk_edge_tried(void *context, const struct desk_try *finished)
{
    struct verdict *verdict = malloc(sizeof(*verdict));

    fr_assert(verdict != NULL);
    verdict->edge = context;
    verdict->attempt = *finished;
    fr_http_call(verdict->edge->http, conclude, verdict);
}

/* ---- signing out ---- */

void
desk_edge_logout(void *context, const struct fr_http_request *request)
{
    struct desk_edge *edge = context;
    const struct desk_config *config = desk_edge_config(edge);
    struct desk_session session;
    char headers[200];

    if (desk_edge_session(edge, request, &session) == FR_OK) {
        size_t closed = desk_windows_close_session(edge->windows, session.agent, session.nonce);

        edge->revoked[edge->revoked_next++ % DESK_REVOKED_MAX] = session.nonce;
        if (desk_windows_count(edge->windows, session.agent) == closed)
            desk_edge_offline(edge, session.agent, "signed out");
    }
    snprintf(headers, sizeof(headers),
             "set-cookie: filrouge_desk_%s=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0%s",
             config->site, config->secure_cookie ? "; Secure" : "");
    fr_http_answer(edge->http, request->id, 200, "application/json", headers, fr_slice_str("{}"));
}
