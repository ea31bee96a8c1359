/* snapshot.c - what the loop lets other threads see of itself. */
#include "common/stage/process.h"

void
fr_snapshot_take(struct fr_process *process)
{
    struct fr_snapshot *snapshot = &process->snapshot;

    process->last_snapshot = fr_time_monotonic();
    pthread_mutex_lock(&snapshot->lock);
    snapshot->peer_count =
        process->wire == NULL ? 0 : fr_wire_peers(process->wire, snapshot->peers, 64);
    snapshot->reader_count = fr_journal_readers(process->journal, snapshot->readers, 64);
    fr_journal_stats(process->journal, &snapshot->journal);
    fr_store_stats(process->store, &snapshot->store);
    snapshot->end = fr_journal_end(process->journal);
    snapshot->first_seq = fr_journal_first_seq(process->journal);
    snapshot->upstream_count = process->upstream_count;
    snapshot->timer_count = process->engine.timers.count;
    snapshot->clock_step_us = process->clock.step_us;
    snapshot->clock_held = fr_clock_held(&process->clock);
    snapshot->stuck = process->stuck;
    snapshot->tables_full = process->tables_full;
    snapshot->journal_corrupt = process->journal_corrupt;
    for (size_t u = 0; u < process->upstream_count; u++) {
        const struct fr_upstream *upstream = &process->upstreams[u];

        snapshot->cursors[u] = upstream->cursor;
        snapshot->refused[u] = upstream->refused;
        snapshot->up[u] = false;
        for (size_t i = 0; i < snapshot->peer_count; i++)
            if (snapshot->peers[i].up && strcmp(snapshot->peers[i].name, upstream->journal) == 0)
                snapshot->up[u] = true;
    }
    pthread_mutex_unlock(&snapshot->lock);
}
