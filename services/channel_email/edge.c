/* edge.c - the ways in, from their start to their end. */
#include <curl/curl.h>
#include <stdlib.h>
#include "services/channel_email/lmtp_server.h"
#include "services/channel_email/poll.h"
#include "services/channel_email/tidy.h"

struct edge {
    struct email_intake intake;
    struct email_server *server;   /* NULL: no LMTP */
    struct email_pollers *pollers; /* NULL before the start and after the end */
    struct email_tidy *tidy;       /* likewise */
    pthread_mutex_t ending;        /* held while they go, and while metrics look at them */
};

static void
stop(void *state)
{
    struct edge *edge = state;

    pthread_mutex_lock(&edge->ending);
    email_tidy_stop(&edge->tidy);
    email_pollers_stop(&edge->pollers);
    email_server_stop(&edge->server);
    pthread_mutex_unlock(&edge->ending);
}

static enum fr_error
start(struct fr_process *process, const void *context, void **state)
{
    const struct email_config *config = context;
    struct edge *edge = calloc(1, sizeof(*edge));
    enum fr_error err;

    if (edge == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(edge);
        return FR_NO_MEMORY;
    }
    pthread_mutex_init(&edge->ending, NULL);
    err = email_intake_open(&edge->intake, process, config);
    if (err == FR_OK && config->listen[0] != '\0')
        err = email_server_start(&edge->intake, config, &edge->server);
    if (err == FR_OK)
        err = email_tidy_start(&edge->intake, config, &edge->tidy);
    if (err == FR_OK)
        err = email_pollers_start(&edge->intake, config, &edge->pollers);
    if (err == FR_OK) {
        *state = edge;
        return FR_OK;
    }
    stop(edge);
    email_intake_close(&edge->intake);
    free(edge);
    return err;
}

static void
reloaded(void *state, const void *config)
{
    struct edge *edge = state;

    email_intake_reload(&edge->intake, config);
    email_tidy_reload(edge->tidy, config);
    if (edge->server != NULL)
        email_server_reload(edge->server, config);
}

static void
metrics(void *state, FILE *out)
{
    struct edge *edge = state;

    pthread_mutex_lock(&edge->ending);
    if (edge->server != NULL)
        email_server_metrics(edge->server, out);
    pthread_mutex_unlock(&edge->ending);
}

const struct fr_edge email_edge = {
    .start = start,
    .stop = stop,
    .reloaded = reloaded,
    .metrics = metrics,
};
