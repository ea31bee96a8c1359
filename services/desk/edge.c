/* edge.c - routes, sessions and the coming and going of windows. */
#include "services/desk/edge.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "services/desk/counters.h"

#define NAME_BURST 5   /* wrong passwords for one name at once, and one more every 10 s */
#define PEER_BURST 50  /* from one address, and one more every second */
#define RETURN_TIME 60 /* seconds after a start in which windows come back by themselves */

static const char page_headers[] =
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'\n"
    "cross-origin-opener-policy: same-origin";

const struct desk_config *
desk_edge_config(const struct desk_edge *edge)
{
    return atomic_load(&((struct desk_edge *)edge)->config);
}

/* ---- sessions ---- */

static const char *
credential_of(const void *context, const char *name)
{
    const struct desk_agent_config *agent = desk_config_agent(context, name);

    if (agent == NULL)
        return NULL;
    return agent->password_hash != NULL ? agent->password_hash : agent->password;
}

static bool
revoked(const struct desk_edge *edge, uint64_t nonce)
{
    for (size_t i = 0; i < DESK_REVOKED_MAX; i++)
        if (edge->revoked[i] == nonce && nonce != 0)
            return true;
    return false;
}

enum fr_error
desk_edge_session(struct desk_edge *edge, const struct fr_http_request *request,
                  struct desk_session *out)
{
    const struct desk_config *config = desk_edge_config(edge);
    enum fr_error err = FR_NOT_FOUND;
    char name[48];
    const char *token;

    snprintf(name, sizeof(name), "filrouge_desk_%s", config->site);
    token = fr_http_cookie(request, name);
    if (token != NULL)
        err = desk_session_read(&edge->secret, token, fr_time_wall(), credential_of, config, out);
    if (err == FR_OK && revoked(edge, out->nonce))
        err = FR_GONE;
    if (err != FR_OK)
        fr_process_count(edge->process, DESK_COUNT_FORGED, 1);
    return err;
}

/* A page of another site can make a browser send our cookie only by ways that SameSite=Strict
 * closes; that the origin is ours is asked all the same.  Programs that are no browser send none.
 */
static bool
from_our_origin(const struct fr_http_request *request)
{
    const char *origin = fr_http_header(request, "origin"), *host = fr_http_header(request, "host");
    const char *authority = origin == NULL ? NULL : strstr(origin, "://");

    if (origin == NULL)
        return true;
    return authority != NULL && host != NULL && strcasecmp(authority + 3, host) == 0;
}

static bool
is_json(const struct fr_http_request *request)
{
    const char *type = fr_http_header(request, "content-type");

    return type != NULL && strncasecmp(type, "application/json", 16) == 0 &&
           (type[16] == '\0' || type[16] == ';' || type[16] == ' ');
}

/* What every POST must be.  False: answered. */
static bool
acceptable(struct desk_edge *edge, const struct fr_http_request *request)
{
    if (!from_our_origin(request))
        fr_http_answer_error(edge->http, request->id, 403, "foreign_origin",
                             "This must come from the desk's own page.");
    else if (!is_json(request))
        fr_http_answer_error(edge->http, request->id, 415, "not_json",
                             "The content type must be application/json.");
    else
        return true;
    return false;
}

/* Whose request it is.  False: answered. */
static bool
signed_in(struct desk_edge *edge, const struct fr_http_request *request,
          struct desk_session *session)
{
    if (desk_edge_session(edge, request, session) == FR_OK)
        return true;
    fr_http_answer_error(edge->http, request->id, 401, "signed_out", "Please sign in.");
    return false;
}

/* ---- HTTP ---- */

static void
on_login(void *context, const struct fr_http_request *request)
{
    if (acceptable(context, request))
        desk_edge_login(context, request);
}

static void
on_logout(void *context, const struct fr_http_request *request)
{
    struct desk_edge *edge = context;

    if (from_our_origin(request))
        desk_edge_logout(context, request);
    else
        fr_http_answer_error(edge->http, request->id, 403, "foreign_origin",
                             "This must come from the desk's own page.");
}

static void
on_me(void *context, const struct fr_http_request *request)
{
    struct desk_edge *edge = context;
    const struct desk_config *config = desk_edge_config(edge);
    const struct desk_agent_config *agent;
    struct desk_session session;
    json_t *json;

    if (!signed_in(edge, request, &session))
        return;
    agent = desk_config_agent(config, session.agent);
    json = json_pack("{s:s, s:s, s:s, s:I}", "name", session.agent, "title",
                     agent != NULL && agent->title != NULL ? agent->title : session.agent, "site",
                     config->site, "expires_ms", (json_int_t)(session.expires.unix_us / 1000));
    fr_http_answer_json(edge->http, request->id, 200, json);
    json_decref(json);
}

static void
on_state(void *context, const struct fr_http_request *request)
{
    struct desk_edge *edge = context;
    struct desk_session session;

    if (signed_in(edge, request, &session))
        desk_edge_ask(edge, session.agent, 0, request->id);
}

/* POST /api/<action> */
static void
on_action(void *context, const struct fr_http_request *request)
{
    struct desk_edge *edge = context;
    struct desk_session session;

    if (acceptable(edge, request) && signed_in(edge, request, &session))
        desk_edge_act(edge, session.agent, strrchr(request->path, '/') + 1, request->body, 0,
                      request->id);
}

/* ---- windows ---- */

static enum fr_error
on_open(void *context, const struct fr_http_request *request, int *status)
{
    struct desk_edge *edge = context;
    struct desk_session session;
    enum fr_error err;

    if (desk_edge_session(edge, request, &session) != FR_OK) {
        *status = 401;
        return FR_DENIED;
    }
    if (!from_our_origin(request)) {
        *status = 403;
        return FR_DENIED;
    }
    err = desk_windows_open(edge->windows, request->id, session.agent, session.nonce);
    *status = 429;
    if (err == FR_OK)
        atomic_fetch_add(&edge->open_windows, 1);
    return err;
}

static void
forget_leaving(struct desk_edge *edge, const char *agent)
{
    for (struct desk_leaving **at = &edge->leaving; *at != NULL;) {
        struct desk_leaving *leaving = *at;

        if (strcmp(leaving->agent, agent) == 0) {
            *at = leaving->next;
            free(leaving);
        } else {
            at = &leaving->next;
        }
    }
}

static void
on_opened(void *context, uint64_t id)
{
    struct desk_edge *edge = context;
    char agent[DESK_AGENT_SIZE];

    if (desk_windows_agent(edge->windows, id, agent) != FR_OK)
        return;
    forget_leaving(edge, agent);
    desk_edge_ask(edge, agent, id, 0);
}

static void
on_text(void *context, uint64_t id, struct fr_slice text)
{
    struct desk_edge *edge = context;
    char agent[DESK_AGENT_SIZE];

    if (desk_windows_agent(edge->windows, id, agent) == FR_OK)
        desk_edge_act(edge, agent, NULL, text, id, 0);
}

/* Those whose last window has been closed for long enough are gone. */
static void
sweep_leaving(void *context)
{
    struct desk_edge *edge = context;
    struct fr_span patience = desk_edge_config(edge)->away_after, now = fr_time_monotonic();

    for (struct desk_leaving **at = &edge->leaving; *at != NULL;) {
        struct desk_leaving *leaving = *at;

        if (now.us - leaving->since.us < patience.us) {
            at = &leaving->next;
            continue;
        }
        if (desk_windows_count(edge->windows, leaving->agent) == 0)
            desk_edge_offline(edge, leaving->agent, "closed the desk");
        *at = leaving->next;
        free(leaving);
    }
}

static void
on_closed(void *context, uint64_t id)
{
    struct desk_edge *edge = context;
    struct desk_leaving *leaving;
    char agent[DESK_AGENT_SIZE];
    size_t left;

    if (desk_windows_close(edge->windows, id, agent, &left) != FR_OK)
        return;
    atomic_fetch_sub(&edge->open_windows, 1);
    if (left > 0 || atomic_load(&edge->stopped)) /* a restart of the desk is not his leaving */
        return;
    forget_leaving(edge, agent);
    leaving = calloc(1, sizeof(*leaving));
    fr_assert(leaving != NULL);
    memcpy(leaving->agent, agent, sizeof(leaving->agent));
    leaving->since = fr_time_monotonic();
    leaving->next = edge->leaving;
    edge->leaving = leaving;
    fr_http_call_later(edge->http, desk_edge_config(edge)->away_after, sweep_leaving, edge);
}

/* After a restart presence stands as it was; who has not come back by now is gone. */
static void
miss_absent(void *context)
{
    struct desk_edge *edge = context;
    const struct desk_config *config = desk_edge_config(edge);
    const struct desk_agent_config *agents = config->agents.items;

    for (size_t i = 0; i < config->agents.count; i++)
        if (desk_windows_count(edge->windows, agents[i].name) == 0)
            desk_edge_offline(edge, agents[i].name, "did not come back after a restart");
}

/* ---- life ---- */

/* clang-format off */
static const struct fr_http_route routes[] = {
    { "POST", "/api/login",    on_login  },
    { "POST", "/api/logout",   on_logout },
    { "GET",  "/api/me",       on_me     },
    { "GET",  "/api/state",    on_state  },
    { "POST", "/api/presence", on_action },
    { "POST", "/api/accept",   on_action },
    { "POST", "/api/decline",  on_action },
    { "POST", "/api/reply",    on_action },
    { "POST", "/api/note",     on_action },
    { "POST", "/api/finish",   on_action },
    { "POST", "/api/dismiss",  on_action },
    { "POST", "/api/promise",  on_action },
    { "POST", "/api/keep",     on_action },
    { "POST", "/api/mark",     on_action },
    { "POST", "/api/identity", on_action },
    { NULL },
};
static const struct fr_ws_handlers sockets[] = {
    { "/api/socket", "filrouge.desk.1", on_open, on_opened, on_text, on_closed },
    { NULL },
};
/* clang-format on */

static void
send_text(void *context, uint64_t id, struct fr_slice text)
{
    fr_ws_send(((struct desk_edge *)context)->http, id, text);
}

static void
close_window(void *context, uint64_t id)
{
    fr_ws_close(((struct desk_edge *)context)->http, id, 4001, "signed out");
}

static enum fr_error
start_http(struct desk_edge *edge, const struct desk_config *config)
{
    const struct fr_http_options options = {
        .listen = config->listen,
        .routes = routes,
        .sockets = sockets,
        .context = edge,
        .static_dir = config->page,
        .security_headers = page_headers,
        .body_size_max = DESK_REQUEST_SIZE_MAX,
        .message_size_max = DESK_REQUEST_SIZE_MAX,
        .send_queue_size_max = 16 << 20, /* a snapshot with long histories goes out in one piece */
        .trusted_proxies = config->trusted_proxies,
    };

    return fr_http_start(&options, &edge->http);
}

/* After the end the stage may still publish what it had taken, and tell outcomes: the struct itself
 * stays until the process is gone.  (This pointer is there so that leak checkers see it.) */
static struct desk_edge *kept;

static enum fr_error
edge_start(struct fr_process *process, const void *config, void **state)
{
    struct desk_edge *edge = calloc(1, sizeof(*edge));
    const struct desk_window_sink sink = {send_text, close_window, edge};
    enum fr_error err;

    fr_assert(edge != NULL && sodium_init() >= 0);
    kept = edge;
    pthread_mutex_init(&edge->ending, NULL);
    edge->process = process;
    atomic_store(&edge->config, config);
    desk_limit_init(&edge->by_name, NAME_BURST, fr_seconds(10));
    desk_limit_init(&edge->by_peer, PEER_BURST, fr_seconds(1));
    edge->windows = desk_windows_new(&sink);
    edge->arena = fr_arena_new(1 << 16, 1 << 20);
    edge->stage_arena = fr_arena_new(1 << 16, 16 << 20);
    fr_assert(edge->windows != NULL && edge->arena != NULL && edge->stage_arena != NULL);
    err = desk_secret_load(fr_process_state_dir(process), &edge->secret);
    if (err != FR_OK) {
        fr_log(FR_ERROR, "session_key_failed", "dir=%s error=%s", fr_process_state_dir(process),
               fr_error_name(err));
        return err;
    }
    err = desk_login_start(desk_edge_tried, edge, &edge->login);
    if (err == FR_OK)
        err = start_http(edge, config);
    if (err != FR_OK)
        return err;
    fr_http_call_later(edge->http, fr_seconds(RETURN_TIME), miss_absent, edge);
    *state = edge;
    return FR_OK;
}

static void
edge_stop(void *state)
{
    struct desk_edge *edge = state;

    atomic_store(&edge->stopped, true);
    desk_login_stop(&edge->login);
    pthread_mutex_lock(&edge->ending);
    fr_http_stop(&edge->http, fr_seconds(1));
    pthread_mutex_unlock(&edge->ending);
    desk_windows_free(&edge->windows);
    while (edge->leaving != NULL)
        forget_leaving(edge, edge->leaving->agent);
    fr_arena_free(&edge->arena);
    fr_arena_free(&edge->stage_arena);
    sodium_memzero(&edge->secret, sizeof(edge->secret));
}

static void
edge_reloaded(void *state, const void *config)
{
    atomic_store(&((struct desk_edge *)state)->config, config);
}

static void
edge_metrics(void *state, FILE *out)
{
    struct desk_edge *edge = state;
    struct fr_http_stats stats = {0};

    pthread_mutex_lock(&edge->ending);
    if (edge->http != NULL)
        fr_http_stats(edge->http, &stats);
    pthread_mutex_unlock(&edge->ending);
    fprintf(out,
            "# HELP filrouge_desk_windows Open windows of agents.\n"
            "# TYPE filrouge_desk_windows gauge\nfilrouge_desk_windows %zu\n"
            "# HELP filrouge_desk_http_requests_total Requests that browsers made.\n"
            "# TYPE filrouge_desk_http_requests_total counter\n"
            "filrouge_desk_http_requests_total %llu\n"
            "# HELP filrouge_desk_http_refused_total Requests answered with 4xx.\n"
            "# TYPE filrouge_desk_http_refused_total counter\n"
            "filrouge_desk_http_refused_total %llu\n",
            atomic_load(&edge->open_windows), (unsigned long long)stats.requests,
            (unsigned long long)stats.answers_4xx);
}

const struct fr_edge desk_edge = {
    .start = edge_start,
    .stop = edge_stop,
    .published = desk_edge_published,
    .reloaded = edge_reloaded,
    .metrics = edge_metrics,
};
