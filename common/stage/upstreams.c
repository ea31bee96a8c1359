/* upstreams.c - the journals that we read: which they are, and what the wire says about them. */
#include "common/stage/process.h"

#include <stdlib.h>

/* ---- upstreams ---- */

/* Read twice, a journal would be taken in twice: each reading has a cursor of its own. */
static bool
may_be_added(const struct fr_process *process, const char *journal, char *complaint,
             size_t complaint_size)
{
    if (process->upstream_count == FR_UPSTREAM_MAX) {
        snprintf(complaint, complaint_size, "more than %d journals to read", FR_UPSTREAM_MAX);
        return false;
    }
    for (size_t i = 0; i < process->upstream_count; i++)
        if (strcmp(process->upstreams[i].journal, journal) == 0) {
            snprintf(complaint, complaint_size, "the journal %s is configured twice", journal);
            return false;
        }
    return true;
}

static enum fr_error
add_upstream(struct fr_process *process, int role, const char *journal, char *complaint,
             size_t complaint_size)
{
    struct fr_upstream *upstream = &process->upstreams[process->upstream_count];
    const char *role_name = process->engine.roles[role].name, *route = NULL;

    if (!may_be_added(process, journal, complaint, complaint_size))
        return FR_INVALID;
    process->upstream_count++;
    *upstream = (struct fr_upstream){.role = role};
    snprintf(upstream->journal, sizeof(upstream->journal), "%s", journal);
    if (process->stage->route != NULL)
        route = process->stage->route(process->options->service, role_name);
    if (route != NULL)
        snprintf(upstream->route, sizeof(upstream->route), "%s", route);
    if (fr_journal_get_cursor(process->journal, journal, &upstream->cursor) != FR_OK)
        snprintf(upstream->cursor.journal, sizeof(upstream->cursor.journal), "%s", journal);
    if (process->careful)
        upstream->careful = (uint32_t)process->options->stage.batch_max;
    return FR_OK;
}

static enum fr_error
add_desks(struct fr_process *process, int role, char *complaint, size_t complaint_size)
{
    const struct fr_config_list *sites = &process->options->common->sites;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < sites->count; i++) {
        char journal[FR_NAME_SIZE];

        snprintf(journal, sizeof(journal), "desk.%s", ((const char *const *)sites->items)[i]);
        err = add_upstream(process, role, journal, complaint, complaint_size);
    }
    return err;
}

/* Roles are service names, but for the two that the configuration turns into many journals. */
enum fr_error
fr_upstreams_find(struct fr_process *process, char *complaint, size_t complaint_size)
{
    const struct fr_config_list *channels = &process->options->common->channels;
    enum fr_error err = FR_OK;

    for (size_t r = 0; err == FR_OK && r < process->engine.role_count; r++) {
        const char *name = process->engine.roles[r].name;

        if (strcmp(name, FR_LOCAL) == 0 || strcmp(name, FR_TIMER) == 0 ||
            strcmp(name, FR_CONFIG) == 0)
            continue;
        if (strcmp(name, "desk") == 0)
            err = add_desks(process, (int)r, complaint, complaint_size);
        else if (strcmp(name, "channel") != 0)
            err = add_upstream(process, (int)r, name, complaint, complaint_size);
        else
            for (size_t i = 0; err == FR_OK && i < channels->count; i++)
                err = add_upstream(process, (int)r, ((const char *const *)channels->items)[i],
                                   complaint, complaint_size);
    }
    return err;
}

/* ---- wire ---- */

static struct fr_upstream *
upstream_of(struct fr_process *process, uint32_t reading)
{
    for (size_t i = 0; i < process->upstream_count; i++)
        if (process->upstreams[i].reading == reading)
            return &process->upstreams[i];
    return NULL;
}

static void
on_batch(void *context, struct fr_wire_batch *batch)
{
    fr_take_queue(context, batch);
}

static void
on_refused(void *context, uint32_t reading, enum fr_error why, const char *detail)
{
    struct fr_upstream *upstream = upstream_of(context, reading);
    char quoted[300];

    if (upstream == NULL)
        return;
    upstream->refused = why;
    if (upstream->told == why &&
        fr_time_monotonic().us - upstream->told_at.us < FR_REFUSED_TELL_US * 9 / 10)
        return;
    upstream->told = why;
    upstream->told_at = fr_time_monotonic();
    fr_log(FR_ERROR, "upstream_refused", "upstream=%s error=%s detail=%s next=\"%s\"",
           upstream->journal, fr_error_name(why), fr_log_quote(detail, quoted, sizeof(quoted)),
           why == FR_TRUNCATED || why == FR_AHEAD || why == FR_DIVERGED
               ? "see the runbook on rebuilding from a copy"
               : "it is asked again");
}

static void
on_cursor(void *context, uint32_t reading, struct fr_cursor *cursor)
{
    struct fr_process *process = context;
    struct fr_upstream *upstream = upstream_of(process, reading);

    fr_assert(upstream != NULL);
    *cursor = upstream->cursor;
    /* What waits in our queue was sent already and is still going to be taken. */
    for (size_t i = 0; i < process->taken_count; i++) {
        struct fr_taken *taken = &process->taken[(process->taken_first + i) % process->taken_room];

        if (taken->upstream == upstream && taken->batch.last_seq > cursor->seq) {
            cursor->seq = taken->batch.last_seq;
            cursor->hash = taken->batch.last_hash;
        }
    }
    upstream->refused = FR_OK;
}

static void
on_link(void *context, const char *peer, bool up)
{
    const struct fr_process *process = context;
    const struct fr_edge *edge = process->stage->edge;

    fr_log(FR_DEBUG, up ? "link_up" : "link_down", "peer=%s", peer);
    if (edge != NULL && edge->link != NULL && process->edge != NULL)
        edge->link(process->edge, peer, up);
}

static void
on_acknowledged(void *context, const char *peer, uint64_t seq)
{
    struct fr_process *process = context;

    fr_journal_acknowledge(process->journal, peer, seq);
}

enum fr_error
fr_upstreams_dial(struct fr_process *process, char *complaint, size_t complaint_size)
{
    const struct fr_stage_options *stage = &process->options->stage;
    const struct fr_peer_config *peers = stage->peers.items;
    struct fr_wire_key *keys = calloc(stage->peers.count + 1, sizeof(*keys));
    char own[200];
    struct fr_wire_options options = {.name = process->name,
                                      .journal = process->journal,
                                      .listen = {own},
                                      .secret_key = stage->secret_key,
                                      .public_key = stage->public_key,
                                      .keys = keys,
                                      .key_count = stage->peers.count,
                                      .credit = (size_t)stage->credit,
                                      .calls = {.context = process,
                                                .batch = on_batch,
                                                .refused = on_refused,
                                                .cursor = on_cursor,
                                                .link = on_link,
                                                .acknowledged = on_acknowledged}};
    const char *key;
    enum fr_error err;

    fr_assert(keys != NULL);
    for (size_t i = 0; i < stage->peers.count; i++)
        keys[i] = (struct fr_wire_key){peers[i].name, peers[i].key, peers[i].routes.items,
                                       peers[i].routes.count};
    snprintf(own, sizeof(own), "ipc://%s/%s.sock", process->options->common->run, process->name);
    for (size_t i = 0; i < stage->listen.count && i + 1 < FR_WIRE_LISTEN_MAX; i++)
        options.listen[i + 1] = ((const char *const *)stage->listen.items)[i];
    err = fr_wire_new(&options, &process->wire, complaint, complaint_size);
    free(keys);
    for (size_t i = 0; err == FR_OK && i < process->upstream_count; i++) {
        struct fr_upstream *upstream = &process->upstreams[i];
        const char *route = upstream->route;
        char endpoint[200];

        fr_options_endpoint(process->options->common, upstream->journal, endpoint, sizeof(endpoint),
                            &key);
        /* A site dials the hub, never the hub a site: desks are read over the link that they made.
         */
        if (strcmp(process->engine.roles[upstream->role].name, "desk") != 0)
            err = fr_wire_dial(process->wire, upstream->journal, endpoint, key);
        if (err != FR_OK)
            snprintf(complaint, complaint_size, "%s cannot be dialled at %s%s", upstream->journal,
                     endpoint, key == NULL ? ", without a key" : "");
        upstream->reading = fr_wire_read(process->wire, upstream->journal, upstream->journal,
                                         &route, route[0] == '\0' ? 0 : 1, FR_WIRE_REGISTERED);
    }
    return err;
}
