/* checkpoint.c - the frozen memtable becomes LMDB pages, while the writer goes on.
 *
 * The thread commits and nothing else.  Whatever moves the writer's ground (its read transaction,
 * the map, the memory behind borrowed values) happens in fr_store_tick, in the writer's own thread.
 */
#include "common/store/store_private.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "common/base/log.h"
#include "common/store/sorted.h"

#define RETRY_PAUSE_US 1000000 /* between two attempts when the disk or the map is full */
#define REST_AFTER_S 3         /* without a checkpoint: memory is given back */
#define REST_CHUNKS 2          /* free chunks that stay */
#define REOPEN_COUNT 2048      /* entries in a checkpoint that leave LMDB with much memory */
#define AHEAD 8                /* entries asked from memory before they are put */

/* LMDB keeps the dirty pages of a transaction in a list of 131,072 and spills beyond it, which is
 * its least trodden path.  An entry dirties at most a leaf; branches come on top. */
#define DIRTY_PAGES_MAX 100000

/* ---- the thread -------------------------------------------------------------------------------
 */

struct last_key { /* of a table in LMDB, before anything was put */
    size_t size;  /* 0: the table was empty */
    uint8_t bytes[FR_KEY_SIZE_MAX];
};

static int
find_last_key(MDB_cursor *cursor, struct last_key *last)
{
    MDB_val key, value;
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);

    last->size = 0;
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    if (key.mv_size > sizeof last->bytes)
        return MDB_CORRUPTED;
    memcpy(last->bytes, key.mv_data, key.mv_size);
    last->size = key.mv_size;
    return 0;
}

static int
del_stored(MDB_cursor *cursor, MDB_val key)
{
    MDB_val value;
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET);

    if (rc == 0)
        return mdb_cursor_del(cursor, 0);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* One table in key order: the cursor then mostly finds the next key on the page where it stands.
 * Keys beyond the last one are appended, which fills pages instead of leaving them half empty. */
static int
put_sorted(MDB_cursor *cursor, const struct fr_sorted *sorted)
{
    struct last_key last;
    bool beyond = false;
    int rc = find_last_key(cursor, &last);

    for (size_t i = 0; i < sorted->count && rc == 0; i++) {
        const struct fr_entry *entry = sorted->items[i].entry;
        MDB_val key = {entry->key_size, (void *)(uintptr_t)entry->key};
        MDB_val value = {entry->value_size, entry->value};

        if (i + AHEAD < sorted->count)
            __builtin_prefetch(sorted->items[i + AHEAD].entry);
        if (!beyond)
            beyond = last.size == 0 ||
                     fr_order_compare(fr_entry_key(entry), fr_slice(last.bytes, last.size)) > 0;
        if (fr_entry_live(entry))
            rc = mdb_cursor_put(cursor, &key, &value, beyond ? MDB_APPEND : 0);
        else if (!beyond)
            rc = del_stored(cursor, key);
    }
    return rc;
}

static int
put_table(const struct fr_store *store, MDB_txn *txn, unsigned table)
{
    struct fr_sorted sorted;
    MDB_cursor *cursor;
    int rc;

    if (store->frozen->tables[table].count == 0)
        return 0;
    if (fr_sorted_init(&sorted, store->frozen, table) != FR_OK)
        return ENOMEM;
    rc = mdb_cursor_open(txn, store->env.dbis[table], &cursor);
    if (rc == 0) {
        rc = put_sorted(cursor, &sorted);
        mdb_cursor_close(cursor);
    }
    fr_sorted_fini(&sorted);
    return rc;
}

static int
commit_frozen(const struct fr_store *store, const struct fr_store_position *position)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env.mdb, NULL, 0, &txn);

    if (rc != 0)
        return rc;
    for (unsigned table = 0; table < store->table_count && rc == 0; table++)
        rc = put_table(store, txn, table);
    if (rc == 0)
        rc = fr_env_write_position(&store->env, txn, position);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static enum fr_checkpoint_state
outcome(const struct fr_store *store, int rc)
{
    if (rc == 0)
        return FR_CHECKPOINT_DONE;
    if (rc == MDB_MAP_FULL)
        return FR_CHECKPOINT_MAP_FULL;
    return fr_env_disk_full(&store->env, rc) ? FR_CHECKPOINT_FULL : FR_CHECKPOINT_BROKEN;
}

/* The mutex is held. */
static void
tell_writer(struct fr_checkpointer *c)
{
    uint64_t one = 1;

    if (!c->signalled)
        c->signalled = write(c->fd, &one, sizeof one) == sizeof one;
    pthread_cond_broadcast(&c->changed);
}

/* Once per change: a retry that fails again says nothing new. */
static void
say(const struct fr_store *store, uint64_t seq, enum fr_checkpoint_state state, int rc)
{
    if (state == FR_CHECKPOINT_DONE && store->checkpointer.error == MDB_MAP_FULL &&
        !store->checkpointer.map_full_said)
        return; /* the map grew */
    if (state == FR_CHECKPOINT_DONE)
        fr_log(FR_INFO, "checkpoint_recovered", "dir=%s seq=%llu", store->env.dir,
               (unsigned long long)seq);
    else if (state != FR_CHECKPOINT_MAP_FULL) /* that is not trouble yet: see grow() */
        fr_log(FR_ERROR, "checkpoint_failed", "dir=%s seq=%llu reason=\"%s\"", store->env.dir,
               (unsigned long long)seq,
               state == FR_CHECKPOINT_FULL ? "the disk is full" : mdb_strerror(rc));
}

/* The mutex is held on entry and on return, and let go while the disk works. */
static void
work(struct fr_store *store)
{
    struct fr_checkpointer *c = &store->checkpointer;
    struct fr_store_position position = c->position;
    struct fr_span begun = fr_time_monotonic(), ended;
    enum fr_checkpoint_state state;
    size_t used;
    int rc;

    pthread_mutex_unlock(&c->mutex);
    rc = commit_frozen(store, &position);
    state = outcome(store, rc);
    used = fr_env_used(&store->env);
    ended = fr_time_monotonic();
    pthread_mutex_lock(&c->mutex);

    if (rc != c->error)
        say(store, position.seq, state, rc);
    c->error = rc;
    c->state = state;
    c->map_used = used;
    if (rc == 0) {
        c->completed++;
        c->took = (struct fr_span){ended.us - begun.us};
    }
    tell_writer(c);
}

static void *
run(void *context)
{
    struct fr_store *store = context;
    struct fr_checkpointer *c = &store->checkpointer;
    bool rested = true;

    pthread_mutex_lock(&c->mutex);
    while (!c->stopping || c->state == FR_CHECKPOINT_QUEUED) {
        struct timespec until;

        if (c->state == FR_CHECKPOINT_QUEUED) {
            work(store);
            rested = false;
        } else if (rested) {
            pthread_cond_wait(&c->changed, &c->mutex);
        } else {
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_sec += REST_AFTER_S;
            if (pthread_cond_timedwait(&c->changed, &c->mutex, &until) != ETIMEDOUT)
                continue;
            rested = c->rest_due = c->state == FR_CHECKPOINT_IDLE;
            if (rested)
                tell_writer(c);
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

enum fr_error
fr_checkpointer_start(struct fr_store *store)
{
    struct fr_checkpointer *c = &store->checkpointer;
    pthread_condattr_t attr;
    sigset_t all, before;

    pthread_mutex_init(&c->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (store->in_memory)
        return FR_OK;
    c->map_used = fr_env_used(&store->env);
    c->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (c->fd < 0)
        return FR_IO;

    /* Signals are the main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = pthread_create(&c->thread, NULL, run, store);
    c->thread_runs = errno == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!c->thread_runs)
        return FR_NO_MEMORY;
    pthread_setname_np(c->thread, "checkpoint");
    return FR_OK;
}

void
fr_checkpointer_stop(struct fr_store *store)
{
    struct fr_checkpointer *c = &store->checkpointer;

    if (c->thread_runs) {
        pthread_mutex_lock(&c->mutex);
        c->stopping = true;
        pthread_cond_broadcast(&c->changed);
        pthread_mutex_unlock(&c->mutex);
        pthread_join(c->thread, NULL);
        c->thread_runs = false;
    }
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* ---- the writer -------------------------------------------------------------------------------
 */

static void
set_state(struct fr_checkpointer *c, enum fr_checkpoint_state state)
{
    pthread_mutex_lock(&c->mutex);
    c->state = state;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

static enum fr_error
broken(struct fr_checkpointer *c, enum fr_error err)
{
    if (c->error == 0)
        c->error = errno;
    set_state(c, FR_CHECKPOINT_BROKEN);
    return err == FR_OK ? FR_IO : err;
}

/* The thread committed: LMDB now says what the frozen memtable said. */
static enum fr_error
adopt(struct fr_store *store, struct fr_store_position *position)
{
    struct fr_checkpointer *c = &store->checkpointer;
    size_t chunk_count = store->frozen->chunk_count;

    if (fr_store_renew(store) != FR_OK)
        return broken(c, FR_IO);
    fr_memtable_reset(store->frozen);
    store->spare = store->frozen;
    store->frozen = NULL;
    /* The active memtable will need about as many until its own checkpoint. */
    fr_chunk_trim(&store->pool, chunk_count + REST_CHUNKS);
    *position = c->position;
    c->map_full_said = false;
    set_state(c, FR_CHECKPOINT_IDLE);
    return FR_OK;
}

/* Keeps new query views out; true when none is left. */
static bool
close_gate(struct fr_checkpointer *c)
{
    bool closed;

    pthread_mutex_lock(&c->mutex);
    c->gate_closed = true;
    closed = c->queries == 0;
    pthread_mutex_unlock(&c->mutex);
    return closed;
}

static void
open_gate(struct fr_checkpointer *c)
{
    pthread_mutex_lock(&c->mutex);
    c->gate_closed = false;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

static enum fr_error
full(struct fr_checkpointer *c)
{
    c->failed_at = fr_time_monotonic();
    set_state(c, FR_CHECKPOINT_FULL);
    return FR_FULL;
}

/* LMDB wants no transaction of the process alive when the map moves, and every value borrowed from
 * the map ends here.  The last query view that ends signals fd. */
static enum fr_error
grow(struct fr_store *store)
{
    struct fr_checkpointer *c = &store->checkpointer;
    enum fr_error err, renewed;

    if (!close_gate(c))
        return FR_AGAIN;
    mdb_txn_abort(store->writer.view.txn);
    store->writer.view.txn = NULL;
    err = fr_env_grow(&store->env, 2 * store->frozen->size);
    renewed = err == FR_OK || err == FR_FULL ? fr_store_renew(store) : err;
    open_gate(c);
    if (renewed != FR_OK)
        return broken(c, FR_IO);
    if (err == FR_FULL) {
        if (!c->map_full_said)
            fr_log(FR_ERROR, "map_full", "dir=%s map_size_max=%zu", store->env.dir,
                   store->env.map_size_max);
        c->map_full_said = true;
        return full(c);
    }
    set_state(c, FR_CHECKPOINT_QUEUED);
    return FR_AGAIN;
}

/* Nothing was committed for a while: the memory of busy times goes back to the system. */
static enum fr_error
rest(struct fr_store *store)
{
    struct fr_checkpointer *c = &store->checkpointer;
    enum fr_error err = FR_OK;

    if (store->active->count == 0)
        fr_memtable_reset(store->active);
    fr_memtable_reset(store->spare);
    fr_chunk_trim(&store->pool, REST_CHUNKS);
    if (c->biggest >= REOPEN_COUNT && close_gate(c)) {
        c->biggest = 0;
        mdb_txn_abort(store->writer.view.txn);
        store->writer.view.txn = NULL;
        err = fr_env_reopen(&store->env);
        if (err == FR_OK)
            err = fr_store_renew(store);
        malloc_trim(0); /* LMDB's pages were malloc'ed one by one */
    }
    open_gate(c);
    return err == FR_OK ? FR_NOT_FOUND : broken(c, FR_IO);
}

static bool
pause_is_over(const struct fr_checkpointer *c)
{
    return fr_time_monotonic().us - c->failed_at.us >= RETRY_PAUSE_US;
}

/* What the thread left for us; also empties fd. */
static enum fr_checkpoint_state
look(struct fr_checkpointer *c, bool *rest_due)
{
    enum fr_checkpoint_state state;
    uint64_t count;

    pthread_mutex_lock(&c->mutex);
    state = c->state;
    *rest_due = c->rest_due;
    c->rest_due = false;
    if (c->signalled)
        c->signalled = read(c->fd, &count, sizeof count) != sizeof count;
    pthread_mutex_unlock(&c->mutex);
    return state;
}

enum fr_error
fr_store_tick(struct fr_store *store, struct fr_store_position *position)
{
    struct fr_checkpointer *c = &store->checkpointer;
    bool rest_due;

    switch (look(c, &rest_due)) {
    case FR_CHECKPOINT_IDLE:
        return rest_due ? rest(store) : FR_NOT_FOUND;
    case FR_CHECKPOINT_QUEUED:
        return FR_AGAIN;
    case FR_CHECKPOINT_DONE:
        if (!store->in_memory)
            return adopt(store, position);
        *position = c->position;
        set_state(c, FR_CHECKPOINT_IDLE);
        return FR_OK;
    case FR_CHECKPOINT_MAP_FULL:
        return grow(store);
    case FR_CHECKPOINT_FULL:
        if (c->failed_at.us == 0)
            return full(c);
        if (!pause_is_over(c))
            return FR_FULL;
        c->failed_at.us = 0;
        set_state(c, FR_CHECKPOINT_QUEUED);
        return FR_AGAIN;
    case FR_CHECKPOINT_BROKEN:
        break;
    }
    errno = c->error > 0 ? c->error : EIO;
    return FR_IO;
}

/* Nothing to commit to: the contents stay where they are, and count as clean. */
static enum fr_error
freeze_in_memory(struct fr_store *store)
{
    store->clean_size = store->active->size;
    store->clean_count = store->active->count;
    store->checkpointer.completed++;
    set_state(&store->checkpointer, FR_CHECKPOINT_DONE);
    return FR_OK;
}

/* The frozen memtable did not fit.  The newer state may (it deletes something, or the disk has room
 * again), so the two become one and are tried together. */
static enum fr_error
freeze_again(struct fr_store *store)
{
    if (fr_memtable_fold(store->frozen, store->active) != FR_OK)
        return broken(&store->checkpointer, FR_NO_MEMORY); /* half folded is no state to commit */
    fr_memtable_reset(store->active);
    return FR_OK;
}

static enum fr_error
freeze(struct fr_store *store, struct fr_store_position position, bool at_once)
{
    struct fr_checkpointer *c = &store->checkpointer;
    enum fr_checkpoint_state state;
    enum fr_error err = FR_OK;

    pthread_mutex_lock(&c->mutex);
    state = c->state;
    pthread_mutex_unlock(&c->mutex);
    if (state == FR_CHECKPOINT_BROKEN)
        return FR_IO;
    if (state == FR_CHECKPOINT_FULL && !at_once && !pause_is_over(c))
        return FR_FULL;
    if (state != FR_CHECKPOINT_IDLE && state != FR_CHECKPOINT_FULL)
        return FR_AGAIN;

    fr_undo_stop(&store->undo);
    c->position = position;
    c->failed_at.us = 0;
    if (store->active->count > c->biggest)
        c->biggest = store->active->count;
    if (store->in_memory)
        return freeze_in_memory(store);
    if (state == FR_CHECKPOINT_FULL) {
        err = freeze_again(store);
    } else {
        store->frozen = store->active;
        store->active = store->spare;
        store->spare = NULL;
    }
    if (err == FR_OK)
        set_state(c, FR_CHECKPOINT_QUEUED);
    return err;
}

enum fr_error
fr_store_freeze(struct fr_store *store, struct fr_store_position position)
{
    return freeze(store, position, false);
}

/* Until the thread is done, and no query view is in the way of a growing map. */
static void
wait_for_thread(struct fr_checkpointer *c)
{
    pthread_mutex_lock(&c->mutex);
    while (c->state == FR_CHECKPOINT_QUEUED || (c->gate_closed && c->queries > 0))
        pthread_cond_wait(&c->changed, &c->mutex);
    pthread_mutex_unlock(&c->mutex);
}

enum fr_error
fr_store_checkpoint(struct fr_store *store, struct fr_store_position position)
{
    struct fr_store_position done;
    enum fr_error err;

    while ((err = freeze(store, position, true)) == FR_AGAIN) {
        wait_for_thread(&store->checkpointer);
        err = fr_store_tick(store, &done);
        if (err == FR_IO)
            return err;
    }
    while (err == FR_OK || err == FR_AGAIN) {
        wait_for_thread(&store->checkpointer);
        err = fr_store_tick(store, &done);
        if (err == FR_OK)
            break;
    }
    return err;
}

/* ---- figures ----------------------------------------------------------------------------------
 */

void
fr_store_stats(const struct fr_store *store, struct fr_store_stats *stats)
{
    struct fr_checkpointer *c = (struct fr_checkpointer *)(uintptr_t)&store->checkpointer;

    *stats = (struct fr_store_stats){.dirty_size = store->active->size - store->clean_size,
                                     .dirty_count = store->active->count - store->clean_count,
                                     .map_size = store->env.map_size};
    pthread_mutex_lock(&c->mutex);
    stats->map_used = c->map_used;
    stats->checkpoints = c->completed;
    stats->last_checkpoint = c->took;
    pthread_mutex_unlock(&c->mutex);
}

bool
fr_store_dirty_full(const struct fr_store *store)
{
    struct fr_store_stats stats;
    size_t pages;

    fr_store_stats(store, &stats);
    if (stats.dirty_size >= store->dirty_size_max)
        return true;
    if (store->in_memory || stats.dirty_count < DIRTY_PAGES_MAX)
        return false;
    pages = (stats.map_used + 2 * stats.dirty_size) / store->env.page_size;
    return pages >= DIRTY_PAGES_MAX;
}

int
fr_store_fd(const struct fr_store *store)
{
    return store->checkpointer.fd;
}
