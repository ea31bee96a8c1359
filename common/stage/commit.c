/* commit.c - the sync, and only after it whatever anybody else may see. */
#include "common/stage/process.h"

#include <stdlib.h>
#include <unistd.h>

#define TRIM_EVERY_US 1000000
#define CURSOR_FRAME_EVERY_US 500000
#define EX_IOERR 74

_Noreturn void
fr_process_give_up(struct fr_process *process, const char *what, enum fr_error err)
{
    (void)process;
    fr_log(FR_ERROR, "gave_up", "while=\"%s\" error=%s next=\"restart verifies the journal\"", what,
           fr_error_name(err));
    _exit(EX_IOERR);
}

void
fr_commit_set_cursors(struct fr_process *process)
{
    if (fr_sabotage("cursor_outside_frame"))
        return;
    for (size_t i = 0; i < process->upstream_count; i++)
        if (process->upstreams[i].moved)
            fr_journal_set_cursor(process->journal, &process->upstreams[i].cursor);
}

/* A frame for cursors alone would be one sync for nothing: a crash only makes us read again what
 * caused no event. */
static bool
worth_a_frame(struct fr_process *process)
{
    struct fr_span now = fr_time_monotonic();
    bool moved = false;

    if (fr_journal_pending(process->journal) > 0)
        return true;
    for (size_t i = 0; i < process->upstream_count; i++)
        moved |= process->upstreams[i].moved;
    return moved && now.us - process->last_cursor_frame.us >= CURSOR_FRAME_EVERY_US;
}

static void
tell_edge(struct fr_process *process)
{
    const struct fr_edge *edge = process->stage->edge;
    struct fr_batch batch;
    enum fr_error err;

    if (process->edge == NULL || edge->published == NULL)
        return;
    while ((err = fr_reader_next(process->publisher, FR_FRAME_FULL, NULL, 0, &batch)) == FR_OK) {
        struct fr_slice rest = batch.bytes;
        const struct fr_record_head *head;

        while ((head = fr_records_next(&rest)) != NULL) {
            struct fr_arena_mark mark = fr_arena_mark(process->engine.apply_arena);
            struct fr_record record = {.head = head,
                                       .body = fr_record_body(head),
                                       .upstream = process->name,
                                       .engine = &process->engine};

            if (!fr_own_kind(head->kind))
                edge->published(process->edge, &record);
            fr_arena_release(process->engine.apply_arena, mark);
        }
        fr_hold_release(batch.hold);
    }
    if (err != FR_END) /* customers would wait for ever for what stands in the journal */
        fr_process_give_up(process, "read what was just written", err);
}

static void
tell_submitters(struct fr_process *process)
{
    struct fr_waiting *waiting = process->unsynced, *next;

    process->unsynced = NULL;
    process->unsynced_last = &process->unsynced;
    for (; waiting != NULL; waiting = next) {
        next = waiting->next;
        fr_waiting_finish(waiting);
    }
}

static void
tell_upstreams(struct fr_process *process)
{
    for (size_t i = 0; i < process->upstream_count; i++) {
        struct fr_upstream *upstream = &process->upstreams[i];

        if (!upstream->moved)
            continue;
        upstream->moved = false;
        upstream->durable_seq = upstream->cursor.seq;
        fr_wire_durable(process->wire, upstream->reading, upstream->durable_seq);
    }
    process->last_cursor_frame = fr_time_monotonic();
}

/* The disk is full: the frame stays pending, nothing new is taken, reads go on; tried again each
 * turn. */
static void
stay_stuck(struct fr_process *process)
{
    if (!process->stuck)
        fr_log(FR_ERROR, "disk_full",
               "journal=%s intake=stopped next=\"free space or raise journal_size_max; it goes on "
               "by itself\"",
               process->name);
    process->stuck = true;
    fr_wire_hold(process->wire, true);
}

static void
unstick(struct fr_process *process)
{
    if (!process->stuck)
        return;
    fr_log(FR_INFO, "disk_free_again", "journal=%s intake=resumed", process->name);
    process->stuck = false;
    fr_wire_hold(process->wire, false);
}

static struct fr_store_position
synced_position(const struct fr_process *process)
{
    struct fr_cursor end = fr_journal_end(process->journal);

    return (struct fr_store_position){fr_journal_incarnation(process->journal), end.seq, end.hash};
}

void
fr_commit(struct fr_process *process)
{
    enum fr_error err;

    if (process->effects != NULL)
        fr_effects_begin(process);
    if (!worth_a_frame(process)) {
        process->inputs_in_frame = 0;
        tell_submitters(process); /* they asked, and changed nothing */
        return;
    }
    fr_commit_set_cursors(process);
    if (fr_sabotage("checkpoint_ahead"))
        fr_store_checkpoint(process->store, synced_position(process));
    err = fr_journal_sync(process->journal);
    if (err == FR_FULL) {
        stay_stuck(process);
        return;
    }
    if (err != FR_OK)
        fr_process_give_up(process, "sync the journal", err);
    unstick(process);
    process->inputs_in_frame = 0;
    atomic_store_explicit(&process->end_seq, fr_journal_end(process->journal).seq,
                          memory_order_release);
    fr_wire_publish(process->wire);
    tell_edge(process);
    tell_submitters(process);
    tell_upstreams(process);
    if (process->effects != NULL)
        fr_effects_release(process);
}

/* ---- checkpoints and trimming ---- */

static void
finish_checkpoint(struct fr_process *process)
{
    struct fr_store_position position;
    enum fr_error err = fr_store_tick(process->store, &position);

    if (err == FR_OK) {
        process->checkpointed = position;
        atomic_store_explicit(&process->checkpoint_seq, position.seq, memory_order_release);
        fr_control_checkpointed(process);
        process->tables_full = false;
    } else if (err == FR_IO || err == FR_CORRUPT) {
        fr_process_give_up(process, "checkpoint the tables", err);
    } else if (err == FR_FULL && !process->tables_full) {
        process->tables_full = true; /* said once; the store tries again by itself */
        fr_log(FR_ERROR, "tables_full", "next=\"raise map_size_max or free space\"");
    }
}

/* At once when idle or when the journal's reserve is reached (only what is in a checkpoint can be
 * trimmed), after a while when busy, now when somebody waits for it or much is dirty. */
static bool
checkpoint_due(struct fr_process *process, bool idle)
{
    struct fr_span age = {fr_time_monotonic().us - process->last_checkpoint.us};
    struct fr_store_stats stats;

    if (synced_position(process).seq == process->checkpointed.seq)
        return false;
    if (atomic_load_explicit(&process->want_checkpoint, memory_order_acquire))
        return true;
    fr_store_stats(process->store, &stats);
    if (stats.dirty_size * 4 >= (size_t)process->options->stage.dirty_size_max * 3)
        return true;
    if (atomic_load_explicit(&process->pressure, memory_order_relaxed) != FR_PRESSURE_NONE)
        idle = true;
    return age.us >= (idle ? process->options->stage.checkpoint_idle.us
                           : process->options->stage.checkpoint_every.us);
}

static void
begin_checkpoint(struct fr_process *process)
{
    struct fr_store_position position = synced_position(process);

    if (fr_journal_pending(process->journal) > 0)
        return; /* the tables already show what is not synced */
    if (fr_store_freeze(process->store, position) == FR_OK) {
        process->last_checkpoint = fr_time_monotonic();
        atomic_store_explicit(&process->want_checkpoint, false, memory_order_release);
    }
}

static void
update_pressure(struct fr_process *process)
{
    enum fr_pressure pressure = fr_journal_pressure(process->journal);
    int before = atomic_load_explicit(&process->pressure, memory_order_relaxed);
    int now =
        process->stuck || fr_store_dirty_full(process->store) ? FR_PRESSURE_FULL : (int)pressure;

    if (now == FR_PRESSURE_NONE && process->tables_full)
        now = FR_PRESSURE_INTAKE;

    if (now == before)
        return;
    atomic_store_explicit(&process->pressure, now, memory_order_relaxed);
    if (now == FR_PRESSURE_NONE)
        fr_log(FR_INFO, "pressure_over", "intake=open");
    else
        fr_log(FR_WARN, "pressure", "level=%s intake=closed",
               now == FR_PRESSURE_FULL ? "full" : "reserve");
    if (!process->stuck)
        fr_wire_hold(process->wire, now == FR_PRESSURE_FULL);
}

static void
ask_refused_again(struct fr_process *process, struct fr_span now)
{
    for (size_t i = 0; i < process->upstream_count; i++) {
        struct fr_upstream *upstream = &process->upstreams[i];

        if (upstream->refused != FR_OK && upstream->refused != FR_BUSY &&
            upstream->refused != FR_NOT_FOUND &&
            now.us - upstream->told_at.us >= FR_REFUSED_TELL_US)
            fr_wire_retry(process->wire, upstream->reading);
    }
}

/* What nobody needs any more goes, and a little of what is kept is read again. */
static void
look_after_journal(struct fr_process *process, bool idle)
{
    char complaint[256] = "", quoted[300];
    enum fr_error err = FR_OK;

    if (!fr_backup_holds(process))
        err =
            fr_journal_trim(process->journal, process->checkpointed.seq, process->engine.turn.now);
    if (err == FR_IO)
        fr_process_give_up(process, "trim the journal", err);
    if (!idle ||
        fr_journal_scrub(process->journal, 1 << 20, complaint, sizeof(complaint)) != FR_CORRUPT)
        return;
    process->journal_corrupt = true;
    fr_log(FR_ERROR, "journal_corrupt", "where=%s next=\"restore it from a backup or a standby\"",
           fr_log_quote(complaint, quoted, sizeof(quoted)));
}

void
fr_commit_housekeeping(struct fr_process *process, bool idle)
{
    struct fr_span now = fr_time_monotonic();

    finish_checkpoint(process);
    if (checkpoint_due(process, idle))
        begin_checkpoint(process);
    update_pressure(process);
    if (now.us - process->last_trim.us >= TRIM_EVERY_US) {
        process->last_trim = now;
        look_after_journal(process, idle);
        ask_refused_again(process, now);
    }
}
