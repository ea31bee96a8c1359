/* edge.c - the HTTP side: its start and end, reloads, and how it says no. */
#include "services/channel_webform/edge.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include "services/channel_webform/counters.h"
#include "services/channel_webform/page.h"

/* ---- accounts ---- */

static const struct fr_brand_config *
find_brand(const struct fr_common_config *common, const char *name)
{
    const struct fr_brand_config *brands = common->brands.items;

    for (size_t i = 0; i < common->brands.count; i++)
        if (strcmp(brands[i].name, name) == 0)
            return &brands[i];
    return NULL;
}

static struct webform_doors *
doors_new(const struct webform_config *config, const struct fr_common_config *common)
{
    const struct webform_account *accounts = config->accounts.items;
    struct webform_doors *doors =
        malloc(sizeof(*doors) + config->accounts.count * sizeof(doors->rows[0]));

    if (doors == NULL)
        return NULL;
    doors->config = config;
    doors->count = config->accounts.count;
    for (size_t i = 0; i < doors->count; i++) {
        doors->rows[i].account = &accounts[i];
        doors->rows[i].brand = find_brand(common, accounts[i].brand);
        fr_assert(doors->rows[i].brand != NULL); /* webform_config_check */
    }
    return doors;
}

const struct webform_door *
webform_door_find(const struct webform_doors *doors, const char *name)
{
    for (size_t i = 0; i < doors->count; i++)
        if (strcmp(doors->rows[i].account->name, name) == 0)
            return &doors->rows[i];
    return NULL;
}

/* ---- what every answer needs ---- */

bool
webform_accepts_html(const struct fr_http_request *request)
{
    const char *accept = fr_http_header(request, "accept");

    return accept != NULL && strstr(accept, "text/html") != NULL;
}

struct webform_waiting *
webform_wait(struct webform_edge *edge, const struct fr_http_request *request, bool html)
{
    struct webform_waiting *waiting = malloc(sizeof(*waiting));

    if (waiting == NULL)
        webform_answer_trouble(edge, edge->http, request->id, html, FR_NO_MEMORY);
    else
        *waiting = (struct webform_waiting){edge, request->id, html};
    return waiting;
}

void
webform_answer_error(struct fr_http *http, uint64_t request, bool html, int status,
                     const char *code, const char *field, const char *message)
{
    const char *headers = status == 503 ? "retry-after: 1" : NULL;
    char whole[300];
    json_t *json;
    char *text;

    snprintf(whole, sizeof(whole), "%s%s%s", field, field[0] == '\0' ? "" : " ", message);
    if (html) {
        text = webform_page_error("Your message was not sent", whole);
    } else {
        json = json_pack("{s:s, s:s}", "error", code, "message", whole);
        if (json == NULL) /* a complaint that quotes half a character */
            json =
                json_pack("{s:s, s:s}", "error", code, "message", "The form is not well formed.");
        if (json != NULL && field[0] != '\0')
            json_object_set_new(json, "field", json_string(field));
        text = json_dumps(json, JSON_COMPACT);
        json_decref(json);
    }
    fr_http_answer(http, request, status, html ? "text/html; charset=utf-8" : "application/json",
                   headers, fr_slice_str(text));
    free(text);
}

void
webform_answer_trouble(struct webform_edge *edge, struct fr_http *http, uint64_t request, bool html,
                       enum fr_error err)
{
    bool passing = err == FR_BUSY || err == FR_FULL || err == FR_GONE || err == FR_NO_MEMORY;

    if (passing)
        fr_process_count(edge->process, WEBFORM_COUNT_BUSY, 1);
    else
        fr_log(FR_ERROR, "answered_500", "error=%s", fr_error_name(err));
    webform_answer_error(
        http, request, html, passing ? 503 : 500, passing ? "busy" : "internal", "",
        passing ? "We cannot take your message right now. Please try again shortly."
                : "Something went wrong on our side. Please try again.");
}

/* ---- life ---- */

/* clang-format off */
static const struct fr_http_route routes[] = {
    { "POST", "/form/*",      webform_handle_post   },
    { "GET",  "/form/answer", webform_handle_ticket },
    { NULL,   NULL,           NULL                  },
};
/* clang-format on */

static enum fr_error
listen_to(struct webform_edge *edge, const struct webform_config *config)
{
    const struct fr_http_options options = {
        .listen = config->listen,
        .routes = routes,
        .context = edge,
        .security_headers =
            "content-security-policy: default-src 'none'; style-src 'unsafe-inline'; "
            "frame-ancestors 'none'; base-uri 'none'",
        .body_size_max = WEBFORM_BODY_SIZE_MAX,
        .connection_max = (unsigned)config->connections_max,
        .connection_per_peer_max = (unsigned)config->connections_per_address_max,
        .trusted_proxies = config->trusted_proxies,
        .allow_any_origin =
            true, /* allow_origins is looked at in submit.c; nothing here trusts cookies */
    };
    enum fr_error err;

    pthread_mutex_lock(&edge->starting);
    err = fr_http_start(&options, &edge->http);
    pthread_mutex_unlock(&edge->starting);
    if (err != FR_OK)
        fr_log(FR_ERROR, "not_listening", "address=%s error=%s", config->listen,
               fr_error_name(err));
    return err;
}

void
webform_enter(struct webform_edge *edge)
{
    pthread_mutex_lock(&edge->starting);
    pthread_mutex_unlock(&edge->starting);
}

static void
release(struct webform_edge *edge)
{
    free(atomic_load(&edge->doors));
    free(edge->retired);
    fr_arena_free(&edge->arena);
    free(edge);
}

/* The operator's key, or one of our own that outlives restarts. */
static enum fr_error
open_seal(struct fr_process *process, const struct webform_config *config, struct fr_seal *seal)
{
    const char *dir = fr_process_state_dir(process);
    enum fr_error err;

    if (sodium_init() < 0)
        return FR_IO;
    if (config->ticket_secret != NULL) {
        fr_seal_init(seal, config->ticket_secret, strlen(config->ticket_secret));
        return FR_OK;
    }
    err = fr_seal_open(dir, "ticket.secret", seal);
    if (err != FR_OK)
        fr_log(FR_ERROR, "no_secret", "file=%s/ticket.secret error=%s", dir, fr_error_name(err));
    return err;
}

static enum fr_error
start(struct fr_process *process, const void *config, void **state)
{
    struct webform_edge *edge = calloc(1, sizeof(*edge));
    enum fr_error err;

    if (edge == NULL)
        return FR_NO_MEMORY;
    edge->process = process;
    pthread_mutex_init(&edge->starting, NULL);
    pthread_mutex_init(&edge->ending, NULL);
    edge->arena = fr_arena_new(4096, (size_t)4 << 20);
    atomic_store(&edge->doors, doors_new(config, fr_process_common(process)));
    if (edge->arena == NULL || atomic_load(&edge->doors) == NULL ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        release(edge);
        return FR_NO_MEMORY;
    }
    err = open_seal(process, config, &edge->seal);
    if (err == FR_OK)
        err = listen_to(edge, config);
    if (err != FR_OK) {
        release(edge);
        return err;
    }
    *state = edge;
    return FR_OK;
}

/* The edge itself stays until the process ends: the admin page may still ask for its metrics. */
static void
stop(void *state)
{
    struct webform_edge *edge = state;

    pthread_mutex_lock(&edge->ending);
    fr_http_stop(&edge->http, fr_millis(500));
    pthread_mutex_unlock(&edge->ending);
}

static void
reloaded(void *state, const void *config)
{
    struct webform_edge *edge = state;
    struct webform_doors *fresh = doors_new(config, fr_process_common(edge->process));

    if (fresh == NULL) {
        fr_log(FR_ERROR, "reload_failed", "what=accounts error=%s", fr_error_name(FR_NO_MEMORY));
        return;
    }
    free(edge->retired);
    edge->retired = atomic_exchange(&edge->doors, fresh);
}

static void
metrics(void *state, FILE *out)
{
    struct webform_edge *edge = state;
    struct fr_http_stats stats = {0};

    pthread_mutex_lock(&edge->ending);
    if (edge->http != NULL)
        fr_http_stats(edge->http, &stats);
    pthread_mutex_unlock(&edge->ending);
    fprintf(out,
            "# HELP filrouge_webform_http_requests_total Requests that browsers and shops made.\n"
            "# TYPE filrouge_webform_http_requests_total counter\n"
            "filrouge_webform_http_requests_total %llu\n"
            "# HELP filrouge_webform_http_refused_total Requests answered with 4xx.\n"
            "# TYPE filrouge_webform_http_refused_total counter\n"
            "filrouge_webform_http_refused_total %llu\n"
            "# HELP filrouge_webform_http_failed_total Requests answered with 5xx.\n"
            "# TYPE filrouge_webform_http_failed_total counter\n"
            "filrouge_webform_http_failed_total %llu\n"
            "# HELP filrouge_webform_http_connections Connections that are open.\n"
            "# TYPE filrouge_webform_http_connections gauge\n"
            "filrouge_webform_http_connections %u\n",
            (unsigned long long)stats.requests, (unsigned long long)stats.answers_4xx,
            (unsigned long long)stats.answers_5xx, stats.connections);
}

const struct fr_edge webform_edge = {
    .start = start,
    .stop = stop,
    .reloaded = reloaded,
    .metrics = metrics,
};
