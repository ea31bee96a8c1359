/* admin.c - /health, /ready and /metrics of one service, and the text of its metrics. */
#include "common/stage/process.h"

#include <inttypes.h>
#include <stdlib.h>
#include "common/http/http.h"

#define ALIVE_WITHIN_US 30000000 /* a sync on a very slow disk may take its time */

struct fr_admin {
    struct fr_http *http;
};

/* ---- metrics ---- */

static void
metric(FILE *out, const char *name, const char *type, const char *help, const char *service,
       double value)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s{service=\"%s\"} %.17g\n", name, help, name, type,
            name, service, value);
}

static void
service_counters(struct fr_process *process, FILE *out)
{
    const struct fr_counter *counters = process->stage->counters;

    for (size_t i = 0; counters != NULL && counters[i].name != NULL; i++)
        metric(out, counters[i].name, "counter", counters[i].help, process->name,
               (double)atomic_load(&process->engine.counters[i]));
}

static void
link_metrics(struct fr_process *process, FILE *out)
{
    const struct fr_snapshot *snapshot = &process->snapshot;

    fprintf(out, "# HELP filrouge_upstream_up Is the link to this upstream journal there?\n"
                 "# TYPE filrouge_upstream_up gauge\n");
    for (size_t i = 0; i < snapshot->upstream_count; i++)
        fprintf(out, "filrouge_upstream_up{service=\"%s\",upstream=\"%s\"} %d\n", process->name,
                snapshot->cursors[i].journal, snapshot->up[i]);
    fprintf(out,
            "# HELP filrouge_upstream_refused 1 while this upstream does not give us its journal; "
            "error says why.\n# TYPE filrouge_upstream_refused gauge\n");
    for (size_t i = 0; i < snapshot->upstream_count; i++)
        fprintf(out, "filrouge_upstream_refused{service=\"%s\",upstream=\"%s\",error=\"%s\"} %d\n",
                process->name, snapshot->cursors[i].journal, fr_error_name(snapshot->refused[i]),
                snapshot->refused[i] != FR_OK);
    fprintf(out, "# HELP filrouge_reader_behind_records Records that a registered reader of this "
                 "journal has not taken yet.\n# TYPE filrouge_reader_behind_records gauge\n");
    for (size_t i = 0; i < snapshot->reader_count; i++)
        fprintf(out, "filrouge_reader_behind_records{service=\"%s\",reader=\"%s\"} %" PRIu64 "\n",
                process->name, snapshot->readers[i].name,
                snapshot->end.seq - snapshot->readers[i].acknowledged);
}

static void
stage_metrics(struct fr_process *process, FILE *out)
{
    const struct fr_snapshot *snapshot = &process->snapshot;
    const char *name = process->name;

    metric(out, "filrouge_ready", "gauge", "1 when the service is ready to work.", name,
           atomic_load(&process->ready));
    metric(out, "filrouge_pressure", "gauge",
           "0: intake is open; 1: the reserve is reached, nothing new is taken; 2: full.", name,
           atomic_load(&process->pressure));
    metric(out, "filrouge_disk_full", "gauge",
           "1 while the journal finds no room for the next frame.", name, snapshot->stuck);
    metric(out, "filrouge_tables_full", "gauge",
           "1 while a checkpoint of the tables finds no room.", name, snapshot->tables_full);
    metric(out, "filrouge_journal_corrupt", "gauge",
           "1 when reading the journal again found damage: see the log.", name,
           snapshot->journal_corrupt);
    metric(out, "filrouge_inputs_total", "counter", "Inputs handled by decide in this run.", name,
           (double)atomic_load(&process->engine.inputs));
    metric(out, "filrouge_events_total", "counter", "Events journalled in this run.", name,
           (double)atomic_load(&process->engine.events));
    metric(out, "filrouge_rejected_inputs_total", "counter",
           "Inputs that were set aside or refused, with their reason.", name,
           (double)atomic_load(&process->engine.rejects));
    metric(out, "filrouge_busy_answers_total", "counter",
           "Inputs from outside that were told to come back later.", name,
           (double)atomic_load(&process->busy_answers));
    metric(out, "filrouge_journal_syncs_total", "counter", "Frames synced in this run.", name,
           (double)snapshot->journal.syncs);
    metric(out, "filrouge_journal_seq", "gauge", "Sequence number of the last record.", name,
           (double)snapshot->end.seq);
    metric(out, "filrouge_journal_bytes", "gauge", "Bytes on disk of all journal segments.", name,
           (double)snapshot->journal.size);
    metric(out, "filrouge_tables_bytes", "gauge", "Bytes used in the tables' map.", name,
           (double)snapshot->store.map_used);
    metric(out, "filrouge_tables_dirty_bytes", "gauge",
           "Bytes of changed rows that wait for a checkpoint.", name,
           (double)snapshot->store.dirty_size);
    metric(out, "filrouge_checkpoints_total", "counter", "Checkpoints of the tables in this run.",
           name, (double)snapshot->store.checkpoints);
    metric(out, "filrouge_checkpoint_seconds", "gauge", "How long the last checkpoint took.", name,
           (double)snapshot->store.last_checkpoint.us / 1e6);
    metric(out, "filrouge_timers", "gauge", "Timers that are armed.", name,
           (double)snapshot->timer_count);
    metric(out, "filrouge_clock_held", "gauge",
           "1 while a forward step of the wall clock is held as suspect.", name,
           snapshot->clock_held);
    metric(out, "filrouge_clock_step_seconds", "gauge",
           "How far the wall clock stands from the time that the timers go by; 0: it is followed.",
           name, (double)snapshot->clock_step_us / 1e6);
}

char *
fr_admin_metrics(struct fr_process *process)
{
    const struct fr_edge *edge = process->stage->edge;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    fr_assert(out != NULL);
    pthread_mutex_lock(&process->snapshot.lock);
    stage_metrics(process, out);
    link_metrics(process, out);
    pthread_mutex_unlock(&process->snapshot.lock);
    service_counters(process, out);
    if (edge != NULL && edge->metrics != NULL && process->edge != NULL)
        edge->metrics(process->edge, out);
    fclose(out);
    return text;
}

/* ---- pages ---- */

static void
answer_text(struct fr_process *process, const struct fr_http_request *request, int status,
            const char *text)
{
    fr_http_answer(process->admin->http, request->id, status, "text/plain; charset=utf-8", NULL,
                   fr_slice_str(text));
}

static void
get_health(void *context, const struct fr_http_request *request)
{
    struct fr_process *process = context;
    int64_t age_us = fr_time_monotonic().us - atomic_load(&process->tick_us);

    if (age_us < ALIVE_WITHIN_US)
        answer_text(process, request, 200, "alive\n");
    else
        answer_text(process, request, 503, "the loop has not turned for 30 seconds\n");
}

static void
get_ready(void *context, const struct fr_http_request *request)
{
    struct fr_process *process = context;

    if (fr_process_ready(process))
        answer_text(process, request, 200, "ready\n");
    else
        answer_text(process, request, 503, "not ready\n");
}

static void
get_metrics(void *context, const struct fr_http_request *request)
{
    struct fr_process *process = context;
    char *text = fr_admin_metrics(process);

    fr_http_answer(process->admin->http, request->id, 200, "text/plain; version=0.0.4", NULL,
                   fr_slice_str(text));
    free(text);
}

enum fr_error
fr_admin_start(struct fr_process *process)
{
    static const struct fr_http_route routes[] = {{"GET", "/health", get_health},
                                                  {"GET", "/ready", get_ready},
                                                  {"GET", "/metrics", get_metrics},
                                                  {NULL, NULL, NULL}};
    const struct fr_http_options options = {.listen = process->options->stage.admin,
                                            .routes = routes,
                                            .context = process,
                                            .connection_max = 64};
    enum fr_error err;

    atomic_store(&process->tick_us, fr_time_monotonic().us);
    if (options.listen == NULL)
        return FR_OK;
    process->admin = calloc(1, sizeof(*process->admin));
    fr_assert(process->admin != NULL);
    err = fr_http_start(&options, &process->admin->http);
    if (err != FR_OK)
        fr_log(FR_ERROR, "admin_failed", "listen=%s why=\"%s\"", options.listen,
               err == FR_EXISTS    ? "the address is in use"
               : err == FR_INVALID ? "this is no HOST:PORT of this machine"
                                   : fr_error_name(err));
    return err;
}

void
fr_admin_stop(struct fr_process *process)
{
    if (process->admin == NULL)
        return;
    if (process->admin->http != NULL)
        fr_http_stop(&process->admin->http, fr_millis(100));
    free(process->admin);
    process->admin = NULL;
}
