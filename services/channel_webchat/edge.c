/* edge.c - the HTTP side: its start and end, reloads, the widget's file and the demo's. */
#include "services/channel_webchat/edge.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX (1 << 20)
#define MESSAGE_SIZE_MAX (64 * 1024)

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

static struct webchat_doors *
doors_new(const struct webchat_config *config, const struct fr_common_config *common)
{
    const struct webchat_account *accounts = config->accounts.items;
    struct webchat_doors *doors =
        malloc(sizeof(*doors) + config->accounts.count * sizeof(doors->rows[0]));

    if (doors == NULL)
        return NULL;
    doors->config = config;
    doors->count = config->accounts.count;
    for (size_t i = 0; i < doors->count; i++) {
        doors->rows[i].account = &accounts[i];
        doors->rows[i].brand = find_brand(common, accounts[i].brand);
        fr_assert(doors->rows[i].brand != NULL); /* webchat_config_check */
    }
    return doors;
}

const struct webchat_door *
webchat_door_find(const struct webchat_doors *doors, const char *name)
{
    for (size_t i = 0; i < doors->count; i++)
        if (strcmp(doors->rows[i].account->name, name) == 0)
            return &doors->rows[i];
    return NULL;
}

/* ---- files ---- */

/* The whole file, read for each request: browsers and proxies keep the widget, the demo is small.
 */
static void
answer_file(struct webchat_edge *edge, uint64_t request, const char *path, const char *type,
            const char *headers)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    char *text = NULL;

    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= FILE_SIZE_MAX && (text = malloc((size_t)status.st_size + 1)) != NULL &&
        read(fd, text, (size_t)status.st_size) == status.st_size)
        fr_http_answer(edge->http, request, 200, type, headers,
                       fr_slice(text, (size_t)status.st_size));
    else
        fr_http_answer_error(edge->http, request, 404, "not_found", "There is no such file here.");
    free(text);
    if (fd >= 0)
        close(fd);
}

static void
handle_widget(void *context, const struct fr_http_request *request)
{
    struct webchat_edge *edge = context;
    const struct webchat_config *config;
    char path[512];

    webchat_enter(edge);
    config = atomic_load(&edge->doors)->config;
    snprintf(path, sizeof(path), "%s/widget.js", config->widget == NULL ? "" : config->widget);
    answer_file(edge, request->id, path, "text/javascript; charset=utf-8",
                "cache-control: public, max-age=600");
}

static void
handle_demo_tokens(void *context, const struct fr_http_request *request)
{
    struct webchat_edge *edge = context;
    const struct webchat_config *config;

    webchat_enter(edge);
    config = atomic_load(&edge->doors)->config;
    answer_file(edge, request->id, config->demo_tokens == NULL ? "" : config->demo_tokens,
                "application/json", NULL);
}

/* clang-format off */
static const struct fr_http_route routes[] = {
    { "GET", "/widget.js",        handle_widget      },
    { "GET", "/demo/tokens.json", handle_demo_tokens },
    { NULL,  NULL,                NULL               },
};
/* clang-format on */

/* ---- life ---- */

void
webchat_enter(struct webchat_edge *edge)
{
    pthread_mutex_lock(&edge->starting);
    pthread_mutex_unlock(&edge->starting);
}

static enum fr_error
listen_to(struct webchat_edge *edge, const struct webchat_config *config)
{
    const struct fr_http_options options = {
        .listen = config->listen,
        .routes = routes,
        .sockets = webchat_sockets,
        .context = edge,
        .static_dir = config->pages,
        .security_headers = "content-security-policy: default-src 'self'; connect-src 'self' http: "
                            "https: ws: wss:; form-action 'self' http: https:; base-uri 'none'",
        .message_size_max = MESSAGE_SIZE_MAX,
        .connection_max = (unsigned)config->connections_max,
        .connection_per_peer_max = (unsigned)config->connections_per_address_max,
        .trusted_proxies = config->trusted_proxies,
        .allow_any_origin =
            true, /* allow_origins is looked at in talk.c; nothing here trusts cookies */
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

static void
release(struct webchat_edge *edge)
{
    webchat_guests_fini(&edge->guests);
    free(atomic_load(&edge->doors));
    free(edge->retired);
    free(edge);
}

/* The operator's key, or one of our own that outlives restarts. */
static enum fr_error
open_seal(struct fr_process *process, const struct webchat_config *config, struct fr_seal *seal)
{
    const char *dir = fr_process_state_dir(process);
    enum fr_error err;

    if (sodium_init() < 0)
        return FR_IO;
    if (config->session_secret != NULL) {
        fr_seal_init(seal, config->session_secret, strlen(config->session_secret));
        return FR_OK;
    }
    err = fr_seal_open(dir, "session.secret", seal);
    if (err != FR_OK)
        fr_log(FR_ERROR, "no_secret", "file=%s/session.secret error=%s", dir, fr_error_name(err));
    return err;
}

static enum fr_error
start(struct fr_process *process, const void *config, void **state)
{
    struct webchat_edge *edge = calloc(1, sizeof(*edge));
    enum fr_error err;

    if (edge == NULL)
        return FR_NO_MEMORY;
    edge->process = process;
    pthread_mutex_init(&edge->starting, NULL);
    pthread_mutex_init(&edge->ending, NULL);
    err = open_seal(process, config, &edge->seal);
    webchat_guests_init(&edge->guests);
    atomic_store(&edge->doors, doors_new(config, fr_process_common(process)));
    if (err == FR_OK)
        err = atomic_load(&edge->doors) == NULL ? FR_NO_MEMORY : listen_to(edge, config);
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
    struct webchat_edge *edge = state;

    pthread_mutex_lock(&edge->ending);
    fr_http_stop(&edge->http, fr_millis(500));
    pthread_mutex_unlock(&edge->ending);
}

static void
reloaded(void *state, const void *config)
{
    struct webchat_edge *edge = state;
    struct webchat_doors *fresh = doors_new(config, fr_process_common(edge->process));

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
    struct webchat_edge *edge = state;
    struct fr_http_stats stats = {0};

    pthread_mutex_lock(&edge->ending);
    if (edge->http != NULL)
        fr_http_stats(edge->http, &stats);
    pthread_mutex_unlock(&edge->ending);
    fprintf(out,
            "# HELP filrouge_webchat_windows Browser windows with an open chat.\n"
            "# TYPE filrouge_webchat_windows gauge\n"
            "filrouge_webchat_windows %u\n"
            "# HELP filrouge_webchat_frames_in_total Messages that browsers sent, of any type.\n"
            "# TYPE filrouge_webchat_frames_in_total counter\n"
            "filrouge_webchat_frames_in_total %llu\n"
            "# HELP filrouge_webchat_frames_out_total Messages sent to browsers, of any type.\n"
            "# TYPE filrouge_webchat_frames_out_total counter\n"
            "filrouge_webchat_frames_out_total %llu\n",
            stats.sockets, (unsigned long long)stats.messages_in,
            (unsigned long long)stats.messages_out);
}

const struct fr_edge webchat_edge = {
    .start = start,
    .stop = stop,
    .published = webchat_published,
    .reloaded = reloaded,
    .metrics = metrics,
};
