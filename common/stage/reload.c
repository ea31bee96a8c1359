/* reload.c - SIGHUP: the configuration is read again; a bad one changes nothing.
 *
 * The loop swaps the pointer.  Other threads hold what they look at (an effect may take a minute,
 * and two reloads fit into it), and an edge may keep pointers into the configuration before the
 * present one until its reloaded() has returned and its last request with them has ended; so the
 * newest of the retired ones always stays.
 */
#include "common/stage/process.h"

#include <stdlib.h>

struct fr_options *
fr_process_hold_options(struct fr_process *process)
{
    struct fr_options *options;

    pthread_mutex_lock(&process->options_lock);
    options = process->options;
    options->holders++;
    pthread_mutex_unlock(&process->options_lock);
    return options;
}

void
fr_process_release_options(struct fr_process *process, struct fr_options *options)
{
    pthread_mutex_lock(&process->options_lock);
    options->holders--;
    pthread_mutex_unlock(&process->options_lock);
}

static void
put_in_force(struct fr_process *process, struct fr_options *fresh)
{
    pthread_mutex_lock(&process->options_lock);
    process->options->older = process->retired;
    process->retired = process->options;
    process->options = fresh;
    for (struct fr_options **at = &process->retired->older; *at != NULL;) {
        struct fr_options *old = *at;

        if (old->holders > 0) {
            at = &old->older;
            continue;
        }
        *at = old->older;
        fr_options_free(&old);
    }
    pthread_mutex_unlock(&process->options_lock);
    atomic_store(&process->mailbox.count_max, (size_t)fresh->stage.waiting_max);
    fr_log_init(process->name, (enum fr_log_level)fresh->stage.log_level,
                (enum fr_log_format)fresh->stage.log_format);
}

/* ---- what waits for a restart ---- */

static bool
same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_names(const struct fr_config_list *a, const struct fr_config_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(((const char *const *)a->items)[i], ((const char *const *)b->items)[i]) != 0)
            return false;
    return true;
}

static bool
same_peers(const struct fr_config_list *a, const struct fr_config_list *b)
{
    const struct fr_peer_config *x = a->items, *y = b->items;

    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_text(x[i].name, y[i].name) || !same_text(x[i].key, y[i].key) ||
            !same_names(&x[i].routes, &y[i].routes))
            return false;
    return true;
}

static bool
same_endpoints(const struct fr_config_list *a, const struct fr_config_list *b)
{
    const struct fr_endpoint_config *x = a->items, *y = b->items;

    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_text(x[i].name, y[i].name) || !same_text(x[i].endpoint, y[i].endpoint) ||
            !same_text(x[i].key, y[i].key))
            return false;
    return true;
}

/* What was opened, bound, dialled or started at the start stays so: better said than found out. */
static void
tell_what_waits(const struct fr_options *old, const struct fr_options *fresh)
{
    const struct fr_common_config *c = old->common, *d = fresh->common;
    const struct fr_stage_options *s = &old->stage, *t = &fresh->stage;
    const struct {
        const char *key;
        bool same;
    } rows[] = {
        {"run", same_text(c->run, d->run)},
        {"channels", same_names(&c->channels, &d->channels)},
        {"desks", same_names(&c->sites, &d->sites)},
        {"endpoints", same_endpoints(&c->endpoints, &d->endpoints)},
        {"listen", same_names(&s->listen, &t->listen)},
        {"admin", same_text(s->admin, t->admin)},
        {"secret_key", same_text(s->secret_key, t->secret_key)},
        {"public_key", same_text(s->public_key, t->public_key)},
        {"peers", same_peers(&s->peers, &t->peers)},
        {"segment_size", s->segment_size == t->segment_size},
        {"journal_size_max", s->journal_size_max == t->journal_size_max},
        {"journal_reserve", s->journal_reserve == t->journal_reserve},
        {"retention", s->retention.us == t->retention.us},
        {"dirty_size_max", s->dirty_size_max == t->dirty_size_max},
        {"map_size_max", s->map_size_max == t->map_size_max},
        {"query_workers", s->query_workers == t->query_workers},
        {"effect_workers", s->effect_workers == t->effect_workers},
        {"credit", s->credit == t->credit},
    };
    char keys[256] = "";
    size_t length = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!rows[i].same)
            length += (size_t)snprintf(keys + length, sizeof(keys) - length, "%s%s",
                                       length == 0 ? "" : ",", rows[i].key);
    if (length > 0)
        fr_log(FR_WARN, "reload_waits",
               "keys=%s next=\"they take effect when the service is restarted\"", keys);
}

static struct fr_options *
load(struct fr_process *process)
{
    struct fr_options *fresh = NULL;
    char *text = NULL, quoted[2048];
    size_t size = 0;
    FILE *complaints = open_memstream(&text, &size);
    enum fr_error err;

    fr_assert(complaints != NULL);
    err = fr_options_load(process->stage, process->config_path, complaints, &fresh);
    fclose(complaints);
    if (err != FR_OK)
        fr_log(FR_ERROR, "reload_refused", "config=%s running=unchanged error=%s why=%s",
               process->config_path, fr_error_name(err),
               fr_log_quote(text, quoted, sizeof(quoted)));
    free(text);
    return err == FR_OK ? fresh : NULL;
}

/* A file that keeps its state elsewhere is not this installation's: most often one that somebody is
 * just writing, empty or half. */
static bool
is_ours(const struct fr_process *process, const struct fr_options *fresh)
{
    if (same_text(process->options->common->state, fresh->common->state))
        return true;
    fr_log(
        FR_ERROR, "reload_refused",
        "config=%s running=unchanged error=invalid why=\"its state is %s, ours is %s: is it whole? "
        "another state takes a restart\"",
        process->config_path, fresh->common->state, process->options->common->state);
    return false;
}

void
fr_process_reload(struct fr_process *process)
{
    struct fr_options *fresh = load(process);
    enum fr_error err = FR_OK;

    if (fresh == NULL)
        return;
    if (!is_ours(process, fresh)) {
        fr_options_free(&fresh);
        return;
    }
    tell_what_waits(process->options, fresh);
    put_in_force(process, fresh);
    if (!process->following) {
        process->engine.turn.now = fr_clock_now(&process->clock);
        process->engine.turn.calendars = fresh->calendars;
        err = fr_engine_config(&process->engine, fresh->service);
    }
    if (err != FR_OK && err != FR_NOT_FOUND)
        fr_log(FR_ERROR, "reload_failed", "error=%s", fr_error_name(err));
    if (process->edge != NULL && process->stage->edge->reloaded != NULL)
        process->stage->edge->reloaded(process->edge, fresh->service);
    fr_log(FR_INFO, "reloaded", "config=%s", process->config_path);
}
