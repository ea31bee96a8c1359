/* store.h - the tables of one service: one LMDB environment, and in front of it what has changed
 * since the last checkpoint.
 *
 *             fr_get, fr_scan                         fr_put, fr_del
 *                   |                                       |
 *                   v            newest first               v
 *          +-----------------+   +-----------------+   (the writer's thread)
 *          | active memtable | < | frozen memtable | < LMDB (read transaction)
 *          +-----------------+   +-----------------+
 *                   | freeze              | checkpoint thread: sorted puts, one commit
 *                   +-------------------->+----------------------> LMDB (write transaction)
 *
 * Why not simply a write transaction that stays open: its commit costs tens of milliseconds when
 * much is dirty, LMDB ties it to the thread that began it, and so the next frame's sync would wait
 * behind it.  A frozen memtable is committed by a thread of its own while the writer goes on; a key
 * written a thousand times between two checkpoints is put once, in key order.
 *
 * The checkpoint carries the journal position that it reflects (seq and hash) and is never started
 * for a position that is not yet synced.  One process per environment (see fr_store_open).
 *
 * Threads: one writer (get, put, scan, freeze); any number of readers through fr_store_read, which
 * see the last checkpoint only.
 */
#ifndef FR_STORE_STORE_H
#define FR_STORE_STORE_H

#include <stdbool.h>
#include "common/base/error.h"
#include "common/base/key.h"
#include "common/base/slice.h"
#include "common/base/time.h"

struct fr_table {
    const char *name; /* also LMDB's name for it */
    bool ordered;     /* fr_scan is used on it; a table that is only asked by key is cheaper */
    const char *doc;  /* one sentence: key layout and what the value is */
};
/* clang-format off */
#define FR_TABLE_END { NULL, false, NULL }
/* clang-format on */

struct fr_store;  /* opaque */
struct fr_view;   /* a reader's handle: the writer's own, or a query thread's */
struct fr_tables; /* the writer's handle; its view is fr_tables_view() */

struct fr_store_position { /* where in the journal the tables stand */
    uint32_t incarnation;
    uint64_t seq; /* 0: nothing applied yet */
    uint64_t hash;
    uint32_t layout; /* set by fr_store_open: of the tables as they were written last */
};

struct fr_store_options {
    const char *dir;                    /* NULL: in memory only, no checkpoints (for tests) */
    const struct fr_table *tables;      /* ends with FR_TABLE_END; borrowed for the store's life.
                                           The pointer given to fr_get and fr_put is an element of it,
                                           or of `more_tables` */
    const struct fr_table *more_tables; /* likewise; the stage's own tables; or NULL */
    uint32_t layout;        /* of these tables, 1 and up: raised when their keys or values change */
    uint32_t layout_oldest; /* older ones cannot even be rebuilt; 0: all can */
    size_t map_size_first;  /* bytes; grows by doubling up to map_size_max */
    size_t map_size_max;
    size_t dirty_size_max; /* bytes in the active memtable at which fr_store_dirty says full */
};

/* Opens or creates.  After creating, the directory and its parent are fsynced; lock.mdb is
 * allocated in full beforehand (a sparse one on a full disk kills the process at open).  *position
 * is what the last checkpoint reflects.  FR_LOCKED when another process holds `dir`/owner; FR_FULL,
 * FR_IO, FR_CORRUPT; FR_VERSION, before anything is written, when the tables have a newer layout
 * than options->layout or than we know, or one before options->layout_oldest.  Older ones are
 * opened: position->layout tells, and the caller drops and rebuilds them. */
enum fr_error fr_store_open(const struct fr_store_options *options, struct fr_store **out,
                            struct fr_store_position *position);
/* Waits for a running checkpoint; does not start one. */
void fr_store_free(struct fr_store **store);

struct fr_tables *fr_store_tables(struct fr_store *store);
const struct fr_view *fr_tables_view(const struct fr_tables *tables);
/* The owner's own pointer, carried along for functions that get only the handle (the stage's
 * timers). */
void fr_tables_set_context(struct fr_tables *tables, void *context);
void *fr_tables_context(const struct fr_tables *tables);

/* The value of a key.  *value is borrowed: until the next put or del of that key, or fr_store_tick,
 * for the writer; until fr_store_read_end for a query thread.  FR_NOT_FOUND leaves *value
 * untouched. */
enum fr_error fr_get(const struct fr_view *view, const struct fr_table *table, struct fr_slice key,
                     struct fr_slice *value);
enum fr_error fr_put(struct fr_tables *tables, const struct fr_table *table, struct fr_slice key,
                     struct fr_slice value);
/* FR_OK also when it was not there (apply judges nothing). */
enum fr_error fr_del(struct fr_tables *tables, const struct fr_table *table, struct fr_slice key);

/* Fixed-size values: exact size or FR_CORRUPT. */
enum fr_error fr_get_copy(const struct fr_view *view, const struct fr_table *table,
                          struct fr_slice key, void *value, size_t size);

/* Walks the keys that start with `prefix` (empty: all), from the first key >= `from` (empty: the
 * first), in byte order; `ordered` tables only, unless the view is a query thread's.
 * Lives on the caller's stack; needs no closing when it ran to FR_NOT_FOUND, else fr_scan_fini.
 * Between two steps the writer must not put or del (decide cannot, so it may scan freely; apply
 * collects first). */
struct fr_entry;   /* memtable.h */
struct MDB_cursor; /* lmdb.h */
struct fr_scan {   /* scan.c's own */
    const struct fr_view *view;
    const struct fr_table *table;
    const struct fr_entry *entries[2]; /* next in the active and in the frozen memtable, or NULL */
    struct MDB_cursor *cursor;         /* in LMDB, or NULL */
    struct fr_slice stored_key, stored_value; /* next there; data NULL: none */
    enum fr_error failed; /* kept for fr_scan_next, since init returns nothing */
    bool back;
    struct fr_key prefix;
};
void fr_scan_init(struct fr_scan *scan, const struct fr_view *view, const struct fr_table *table,
                  struct fr_slice prefix, struct fr_slice from);
/* Same, backwards from the last key <= `from` (empty: from the last with the prefix). */
void fr_scan_init_back(struct fr_scan *scan, const struct fr_view *view,
                       const struct fr_table *table, struct fr_slice prefix, struct fr_slice from);
enum fr_error fr_scan_next(struct fr_scan *scan, struct fr_slice *key, struct fr_slice *value);
void fr_scan_fini(struct fr_scan *scan);

/* Undo for one input: everything put or deleted since the mark is taken back.  One mark at a time;
 * fr_store_mark forgets the one before (cheap: it empties a list).  A freeze ends the mark; undo
 * without one is a bug. */
void fr_store_mark(struct fr_store *store);
void fr_store_undo(struct fr_store *store);

/* Checkpoints.  `freeze` hands the active memtable to the checkpoint thread, with the position that
 * it reflects, which must be synced in the journal; FR_AGAIN while the one before is still being
 * committed.  `tick` (writer's thread, between batches, cheap) picks up what the thread finished:
 * FR_OK when a checkpoint completed since the last tick (*position says which), FR_AGAIN when one
 * is under way, FR_NOT_FOUND when nothing is, FR_FULL or FR_IO when one failed: FR_FULL is retried
 * by calling freeze or tick again (the frozen data stays readable), at most once a second, and
 * freeze then adds what is active now, so that deletions can make room; FR_IO is for
 * exit-and-verify. In memory every checkpoint completes at once and keeps everything where it is.
 */
enum fr_error fr_store_freeze(struct fr_store *store, struct fr_store_position position);
enum fr_error fr_store_tick(struct fr_store *store, struct fr_store_position *position);
/* Freeze and wait until it is committed; FR_FULL and FR_IO as above, and the retry is at once. */
enum fr_error fr_store_checkpoint(struct fr_store *store, struct fr_store_position position);

struct fr_store_stats {
    size_t dirty_size;  /* bytes in the active memtable, keys and values and overhead */
    size_t dirty_count; /* entries */
    size_t map_size, map_used;
    uint64_t checkpoints;           /* completed in this run */
    struct fr_span last_checkpoint; /* how long it took */
};
void fr_store_stats(const struct fr_store *store, struct fr_store_stats *stats);
bool fr_store_dirty_full(const struct fr_store *store);
/* A descriptor that becomes readable when a checkpoint completes or fails, for the stage's poll; -1
 * in memory. */
int fr_store_fd(const struct fr_store *store);

/* A query thread's consistent view of the last checkpoint.  Keep it short: it holds pages, and the
 * map cannot grow meanwhile.  One view per thread at a time, or two may wait for each other.  In
 * memory it is the writer's own contents: not beside a writer at work. */
enum fr_error fr_store_read_begin(struct fr_store *store, const struct fr_view **view,
                                  struct fr_store_position *position);
void fr_store_read_end(struct fr_store *store, const struct fr_view **view);

/* A copy of the last checkpoint into the existing directory `dir` (data.mdb, which must not be
 * there), for backups: any thread; the writer goes on meanwhile, but the map cannot grow. *position
 * is what the copy reflects at least.  FR_FULL, FR_IO; FR_INVALID in memory. */
enum fr_error fr_store_copy(struct fr_store *store, const char *dir,
                            struct fr_store_position *position);

/* All contents, table by table, key by key, in order, active memtable included: for the rebuild and
 * standby tests and
 * `--dump`.  The callback's slices are borrowed. */
typedef void fr_store_dump_fn(void *context, const struct fr_table *table, struct fr_slice key,
                              struct fr_slice value);
enum fr_error fr_store_dump(struct fr_store *store, fr_store_dump_fn *each, void *context);

/* Deletes the environment's files in `dir` (not the owner lock): the journal rebuilds them. */
enum fr_error fr_store_drop(const char *dir);

#endif
