/* process.c - a service's life: open and replay, loop, drain. */
#include "common/stage/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/stage.pb-c.h"

#define POLL_MESSAGE_MAX 256
#define IDLE_WAIT_US 100000
#define STUCK_WAIT_US 200000
#define SNAPSHOT_EVERY_US 100000

/* ---- what edges ask ---- */

struct fr_store *
fr_process_store(struct fr_process *process)
{
    return process->store;
}

const char *
fr_process_name(const struct fr_process *process)
{
    return process->name;
}

bool
fr_process_ready(const struct fr_process *process)
{
    return atomic_load(&process->ready);
}

void
fr_process_count(struct fr_process *process, int counter, uint64_t by)
{
    fr_count(&process->engine.turn, counter, by);
}

const char *
fr_process_run_dir(const struct fr_process *process)
{
    return process->options->common->run;
}

const char *
fr_process_state_dir(const struct fr_process *process)
{
    return process->state_dir;
}

const struct fr_common_config *
fr_process_common(const struct fr_process *process)
{
    return process->options->common;
}

/* ---- directories, journal, tables ---- */

static bool
make_directory(const char *path, char *complaint, size_t complaint_size)
{
    char partial[512];
    size_t length = strlen(path);

    if (length >= sizeof(partial)) {
        snprintf(complaint, complaint_size, "%s: the path is too long", path);
        return false;
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, 0700) != 0 && errno != EEXIST) {
            snprintf(complaint, complaint_size, "%s: %s", partial, strerror(errno));
            return false;
        }
    }
    return true;
}

static enum fr_error
open_journal(struct fr_process *process, char *complaint, size_t complaint_size)
{
    const struct fr_stage_options *stage = &process->options->stage;
    char dir[600];
    struct fr_journal_options options = {.dir = dir,
                                         .name = process->name,
                                         .segment_size = (size_t)stage->segment_size,
                                         .size_max = (uint64_t)stage->journal_size_max,
                                         .reserve = (uint64_t)stage->journal_reserve,
                                         .retention = stage->retention};

    snprintf(dir, sizeof(dir), "%s/journal", process->state_dir);
    return fr_journal_open(&options, &process->journal, complaint, complaint_size);
}

static enum fr_error
open_store(struct fr_process *process, struct fr_store_position *position)
{
    const struct fr_stage_options *stage = &process->options->stage;
    char dir[600];
    struct fr_store_options options = {.dir = dir,
                                       .tables = process->stage->tables,
                                       .more_tables = fr_own_tables,
                                       .layout = process->stage->layout,
                                       .layout_oldest = process->stage->layout_oldest,
                                       .map_size_first = 1 << 20,
                                       .map_size_max = (size_t)stage->map_size_max,
                                       .dirty_size_max = (size_t)stage->dirty_size_max};

    snprintf(dir, sizeof(dir), "%s/tables", process->state_dir);
    return fr_store_open(&options, &process->store, position);
}

/* ---- replay ---- */

enum fr_error
fr_process_apply_frame(struct fr_process *process, struct fr_slice frame)
{
    struct fr_frame_view view;
    const struct fr_record_head *head;
    enum fr_error err = fr_frame_open(frame, &view);

    while (err == FR_OK && (head = fr_records_next(&view.records)) != NULL) {
        fr_crash_replaying(head->seq, head->kind);
        err = fr_engine_apply(&process->engine, head);
        if (err != FR_OK)
            fr_log(FR_ERROR, "apply_failed", "seq=%llu kind=%s error=%s",
                   (unsigned long long)head->seq, fr_kind_name(head->kind), fr_error_name(err));
    }
    fr_crash_replaying(0, 0);
    return err;
}

/* A long replay must not outgrow the memory: checkpoints on the way, of what is durable anyway. */
static enum fr_error
checkpoint_on_the_way(struct fr_process *process, const struct fr_frame_view *view)
{
    struct fr_store_position position = {fr_journal_incarnation(process->journal), view->last_seq,
                                         view->last_hash};

    if (!fr_store_dirty_full(process->store))
        return FR_OK;
    return fr_store_checkpoint(process->store, position);
}

static enum fr_error
replay_from(struct fr_process *process, struct fr_store_position position)
{
    struct fr_cursor from = {.incarnation = position.incarnation != 0
                                                ? position.incarnation
                                                : fr_journal_incarnation(process->journal),
                             .seq = position.seq,
                             .hash = position.hash};
    struct fr_reader *reader;
    struct fr_slice frame;
    struct fr_hold *hold;
    uint64_t count = 0;
    enum fr_error err;

    snprintf(from.journal, sizeof(from.journal), "%s", process->name);
    err = fr_reader_new(process->journal, &from, &reader);
    if (err != FR_OK)
        return err;
    while (err == FR_OK && (err = fr_reader_next_frame(reader, &frame, &hold)) == FR_OK) {
        struct fr_frame_view view;

        err = fr_frame_open(frame, &view);
        if (err == FR_OK)
            err = fr_process_apply_frame(process, frame);
        if (err == FR_OK)
            err = checkpoint_on_the_way(process, &view);
        count += view.record_count;
        fr_hold_release(hold);
    }
    fr_reader_free(&reader);
    if (count > 0)
        fr_log(FR_INFO, "replayed", "records=%llu from_seq=%llu", (unsigned long long)count,
               (unsigned long long)position.seq);
    return err == FR_END ? FR_OK : err;
}

/* Tables can be made again only from a journal that still begins at the beginning.  After trimming
 * they hold what nothing else does, and are never dropped. */
static bool
journal_is_whole(struct fr_process *process, char *complaint, size_t complaint_size)
{
    if (fr_journal_start(process->journal).seq == 0)
        return true;
    snprintf(
        complaint, complaint_size,
        "the tables cannot be rebuilt: the journal was trimmed and begins at record %llu; they "
        "were left as they are; restore journal and tables of one backup, or take a standby",
        (unsigned long long)fr_journal_first_seq(process->journal));
    return false;
}

/* Tables that claim to know more than the journal, or something else, are a shadow of nothing: the
 * journal decides, and rebuilds them. */
static enum fr_error
rebuild_tables(struct fr_process *process, enum fr_error why, char *complaint,
               size_t complaint_size)
{
    struct fr_store_position position;
    char dir[600];
    enum fr_error err;

    if (!journal_is_whole(process, complaint, complaint_size))
        return why;
    fr_log(FR_WARN, "tables_dropped", "because=%s next=rebuild",
           why == FR_VERSION ? "an_older_layout" : fr_error_name(why));
    fr_engine_fini(&process->engine);
    fr_store_free(&process->store);
    snprintf(dir, sizeof(dir), "%s/tables", process->state_dir);
    err = fr_store_drop(dir);
    if (err == FR_OK)
        err = open_store(process, &position);
    if (err == FR_OK)
        err = fr_engine_init(&process->engine, process->stage, process->journal, process->store,
                             process->options->service);
    if (err == FR_OK)
        err = replay_from(process, (struct fr_store_position){0});
    return err;
}

/* The journal's lock is ours: nobody uses them. */
static enum fr_error
drop_tables(struct fr_process *process, char *complaint, size_t complaint_size)
{
    char dir[600];
    enum fr_error err;

    if (!journal_is_whole(process, complaint, complaint_size))
        return FR_TRUNCATED;
    snprintf(dir, sizeof(dir), "%s/tables", process->state_dir);
    err = fr_store_drop(dir);
    return err == FR_NOT_FOUND ? FR_OK : err;
}

static bool
ended_cleanly(struct fr_process *process, struct fr_time *last)
{
    const struct fr_record_head *record;
    uint64_t seq = fr_journal_end(process->journal).seq;

    last->unix_us = 0;
    if (seq == 0)
        return true;
    if (fr_journal_get(process->journal, seq, &record) != FR_OK)
        return false;
    last->unix_us = record->time_us;
    return record->kind == FR_STAGE_STOPPED;
}

enum fr_error
fr_process_open(struct fr_process *process, char *complaint, size_t complaint_size)
{
    struct fr_store_position position = {0};
    struct fr_time last;
    enum fr_error err;

    fr_crash_watch();
    snprintf(process->state_dir, sizeof(process->state_dir), "%s/%s",
             process->options->common->state, process->name);
    if (!make_directory(process->state_dir, complaint, complaint_size) ||
        !make_directory(process->options->common->run, complaint, complaint_size))
        return FR_IO;
    err = open_journal(process, complaint, complaint_size);
    if (err == FR_OK && process->drop_tables)
        err = drop_tables(process, complaint, complaint_size);
    if (err == FR_OK)
        err = open_store(process, &position);
    if (err == FR_OK)
        err = fr_engine_init(&process->engine, process->stage, process->journal, process->store,
                             process->options->service);
    if (err == FR_OK) {
        err =
            position.layout < process->stage->layout ? FR_VERSION : replay_from(process, position);
        if (err == FR_VERSION || err == FR_AHEAD || err == FR_DIVERGED || err == FR_TRUNCATED) {
            err = rebuild_tables(process, err, complaint, complaint_size);
            position = (struct fr_store_position){0}; /* trimming must spare what they came from */
        }
    }
    if (err != FR_OK) {
        if (complaint[0] == '\0')
            snprintf(complaint, complaint_size, "%s/tables: %s%s", process->state_dir,
                     fr_error_name(err),
                     err == FR_FULL      ? ": raise map_size_max or free space"
                     : err == FR_VERSION ? ": another version of filrouge wrote them, and this one "
                                           "cannot take them over; nothing was changed: run that "
                                           "version, or restore a backup that this one wrote"
                                         : "");
        return err;
    }
    process->checkpointed = position;
    atomic_store(&process->checkpoint_seq, position.seq);
    process->careful = !ended_cleanly(process, &last);
    fr_watch_begin(process, last);
    process->engine.turn.now = fr_clock_now(&process->clock);
    atomic_store(&process->end_seq, fr_journal_end(process->journal).seq);
    return FR_OK;
}

/* ---- signals ---- */

void
fr_process_signal_check(struct fr_process *process)
{
    struct signalfd_siginfo info;

    while (read(process->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            fr_process_reload(process);
        else
            process->stopping = true;
    }
}

/* ---- the loop ---- */

static struct fr_span
time_to_wait(struct fr_process *process)
{
    struct fr_timer first;
    struct fr_span wait = {IDLE_WAIT_US};
    struct fr_store_stats stats;

    if (process->stuck)
        return (struct fr_span){STUCK_WAIT_US};
    if (fr_store_dirty_full(process->store))
        return wait; /* nothing can be taken, nor fired; the store's descriptor wakes us */
    if (process->taken_count > 0 || process->local != NULL)
        return (struct fr_span){0};
    fr_store_stats(process->store, &stats);
    if (stats.dirty_count > 0 && process->options->stage.checkpoint_idle.us < wait.us)
        wait = process->options->stage.checkpoint_idle;
    if (fr_timers_first(&process->engine.timers, &first)) {
        int64_t due_in = first.due_us - fr_clock_now(&process->clock).unix_us;

        if (due_in < wait.us)
            wait.us = due_in < 0 ? 0 : due_in;
    }
    return wait;
}

/* Who comes first changes: a backlog of one source fills frame after frame, and the others would
 * have to wait for its end. */
static void
take_in_turns(struct fr_process *process)
{
    static void (*const takes[])(struct fr_process *) = {fr_take_batches, fr_take_submissions,
                                                         fr_take_timers};

    for (unsigned i = 0; i < 3; i++)
        takes[(process->turn_count + i) % 3](process);
    process->turn_count++;
}

static void
turn(struct fr_process *process)
{
    int fds[3] = {process->mailbox.fd, process->signals, fr_store_fd(process->store)};
    enum fr_error polled = fr_wire_poll(process->wire, time_to_wait(process), POLL_MESSAGE_MAX, fds,
                                        fds[2] < 0 ? 2 : 3);
    bool idle;

    atomic_store_explicit(&process->tick_us, fr_time_monotonic().us, memory_order_relaxed);
    fr_process_signal_check(process);
    if (!process->stuck) {
        fr_watch_clock(process);
        take_in_turns(process);
    }
    if (process->stuck || fr_store_dirty_full(process->store))
        fr_take_commands(process);
    idle = polled == FR_AGAIN && process->inputs_in_frame == 0;
    fr_commit(process);
    fr_commit_housekeeping(process, idle);
    if (fr_time_monotonic().us - process->last_snapshot.us >= SNAPSHOT_EVERY_US)
        fr_snapshot_take(process);
}

static void
note(struct fr_process *process, const ProtobufCMessage *message)
{
    enum fr_error err = fr_engine_own(&process->engine, NULL, message);

    if (err != FR_OK)
        fr_process_give_up(process, "note start or end", err);
}

static enum fr_error
start_services(struct fr_process *process, char *complaint, size_t complaint_size)
{
    const struct fr_edge *edge = process->stage->edge;
    struct fr_cursor end = fr_journal_end(process->journal);
    enum fr_error err = fr_reader_new(process->journal, &end, &process->publisher);

    if (err == FR_OK)
        err = fr_upstreams_dial(process, complaint, complaint_size);
    if (err == FR_OK)
        err = fr_effects_start(process);
    if (err == FR_OK)
        err = fr_control_start(process);
    if (err == FR_OK)
        err = fr_admin_start(process);
    if (err == FR_OK && edge != NULL)
        err = edge->start(process, process->options->service, &process->edge);
    return err;
}

static void
begin(struct fr_process *process)
{
    Fr__StageStarted started = FR__STAGE_STARTED__INIT;
    enum fr_error err;

    started.version = FR_VERSION_TEXT;
    started.careful = process->careful;
    note(process, &started.base);
    process->engine.turn.calendars = process->options->calendars;
    err = fr_engine_config(&process->engine, process->options->service);
    if (err != FR_OK && err != FR_NOT_FOUND)
        fr_process_give_up(process, "take the configuration", err);
    process->careful_local = process->careful ? (uint32_t)process->options->stage.batch_max : 0;
    process->careful_timers = process->careful_local;
    process->attempt_max =
        fr_crash_was_ours(process->state_dir) ? FR_ATTEMPT_MAX : FR_ATTEMPT_KILLED_MAX;
    fr_commit(process);
}

static void
tell_gone(struct fr_waiting **list)
{
    struct fr_waiting *waiting = *list, *next;

    *list = NULL;
    for (; waiting != NULL; waiting = next) {
        next = waiting->next;
        waiting->error = FR_GONE;
        fr_waiting_finish(waiting);
    }
}

/* Drain: no more from outside, what was taken is finished, the tables reflect the journal's end. */
static void
end(struct fr_process *process)
{
    Fr__StageStopped stopped = FR__STAGE_STOPPED__INIT;

    atomic_store(&process->ready, false);
    atomic_store(&process->pressure, FR_PRESSURE_FULL);
    fr_effects_stop(process); /* what is being done is finished, and its outcome taken below */
    fr_take_submissions(process);
    fr_commit(process);
    fr_mailbox_close(&process->mailbox);
    tell_gone(&process->local);
    tell_gone(&process->unsynced); /* the disk is full: what they said is in no frame */
    process->unsynced_last = &process->unsynced;
    if (process->edge != NULL) /* last: until here somebody was told through it */
        process->stage->edge->stop(process->edge);
    process->edge = NULL;
    fr_control_stop(process);
    fr_admin_stop(process);
    if (process->stuck)
        return;
    stopped.reason = "asked to";
    note(process, &stopped.base);
    fr_commit(process);
    if (!process->stuck) {
        struct fr_cursor at = fr_journal_end(process->journal);

        fr_store_checkpoint(
            process->store,
            (struct fr_store_position){fr_journal_incarnation(process->journal), at.seq, at.hash});
    }
}

int
fr_process_run(struct fr_process *process)
{
    char complaint[512] = "";
    enum fr_error err;

    pthread_mutex_init(&process->snapshot.lock, NULL);
    process->unsynced_last = &process->unsynced;
    err = fr_upstreams_find(process, complaint, sizeof(complaint));
    if (err == FR_OK)
        err = fr_mailbox_init(&process->mailbox);
    atomic_store(&process->mailbox.count_max, (size_t)process->options->stage.waiting_max);
    if (err == FR_OK)
        err = start_services(process, complaint, sizeof(complaint));
    if (err != FR_OK) {
        char quoted[600];

        fr_log(FR_ERROR, "start_failed", "error=%s why=%s", fr_error_name(err),
               fr_log_quote(complaint, quoted, sizeof(quoted)));
        fr_effects_stop(process);
        fr_control_stop(process);
        fr_admin_stop(process);
        return 1;
    }
    begin(process);
    fr_snapshot_take(process);
    atomic_store(&process->ready, true);
    fr_log(FR_INFO, "ready", "journal=%s seq=%llu upstreams=%zu careful=%s", process->name,
           (unsigned long long)fr_journal_end(process->journal).seq, process->upstream_count,
           process->careful ? "true" : "false");
    while (!process->stopping)
        turn(process);
    end(process);
    fr_log(FR_INFO, "stopped", "seq=%llu",
           (unsigned long long)fr_journal_end(process->journal).seq);
    return 0;
}

void
fr_process_close(struct fr_process *process)
{
    struct fr_options *retired;

    fr_reader_free(&process->publisher);
    fr_wire_free(&process->wire);
    if (process->store != NULL)
        fr_engine_fini(&process->engine);
    fr_store_free(&process->store);
    fr_journal_free(&process->journal);
    while ((retired = process->retired) != NULL) {
        process->retired = retired->older;
        fr_options_free(&retired);
    }
    fr_options_free(&process->options);
    free(process->taken);
    process->taken = NULL;
}
