/* store_private.h - what the files of this room share.
 *
 *     store.c       open and close, get, put, del, undo
 *     scan.c        merged walks          dead.c      stretches that walks may jump
 *     memtable.c    hash table            order.c     skip list      undo.c   old values
 *     checkpoint.c  freeze, tick, the thread that commits      sorted.c  a table in key order
 *     query.c       query threads' views  dump.c      everything, in order
 *     env.c         LMDB's environment    chunks.c    memory
 */
#ifndef FR_STORE_STORE_PRIVATE_H
#define FR_STORE_STORE_PRIVATE_H

#include <pthread.h>
#include "common/store/dead.h"
#include "common/store/env.h"
#include "common/store/memtable.h"
#include "common/store/store.h"
#include "common/store/undo.h"

struct fr_view {
    struct fr_store *store;
    MDB_txn *txn;  /* NULL: in memory only */
    bool is_query; /* sees LMDB and nothing in front of it */
};

struct fr_tables {
    struct fr_view view;
    void *context; /* the owner's */
};

/*    IDLE --freeze--> QUEUED --thread--> DONE --tick--> IDLE
 *                      ^  |
 *                      |  +--> MAP_FULL  tick grows the map, or finds it as big as it may be: FULL
 *                      |  +--> FULL      the disk is full
 *                      |  +--> BROKEN    for exit-and-verify: never left
 *                      +-- again after a pause
 */
enum fr_checkpoint_state {
    FR_CHECKPOINT_IDLE,
    FR_CHECKPOINT_QUEUED, /* the frozen memtable and the position are the thread's to read */
    FR_CHECKPOINT_DONE,
    FR_CHECKPOINT_MAP_FULL,
    FR_CHECKPOINT_FULL,
    FR_CHECKPOINT_BROKEN,
};

struct fr_checkpointer {
    pthread_t thread;
    bool thread_runs;
    int fd; /* eventfd */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* under the mutex: */
    enum fr_checkpoint_state state;
    bool stopping;
    bool signalled;   /* fd is readable */
    bool rest_due;    /* nothing was committed for a while: give memory back */
    bool gate_closed; /* new query views wait: the map is about to move */
    size_t queries;   /* query views alive */
    size_t map_used;
    uint64_t completed;
    struct fr_span took;
    int error; /* LMDB's or the system's code of the last failure; 0 after a success */
    /* handed over with the state: */
    struct fr_store_position position;
    /* the writer's: */
    struct fr_span failed_at;
    bool map_full_said; /* in the log */
    size_t biggest;     /* entries in a checkpoint since LMDB's memory was given back */
};

struct fr_store {
    const struct fr_table *first, *more; /* as in the options */
    size_t first_count, table_count;
    const struct fr_table **tables; /* all of them: their index names them below */
    size_t dirty_size_max;
    bool in_memory;
    struct fr_env env;
    struct fr_chunk_pool pool;
    struct fr_memtable *active;
    struct fr_memtable *frozen; /* NULL when nothing is under way */
    struct fr_memtable *spare;  /* empty; NULL while there is a frozen one */
    struct fr_dead **dead;      /* per table; NULL until something is known */
    struct fr_undo undo;
    struct fr_tables writer;
    size_t clean_size, clean_count; /* in memory only: what the last "checkpoint" covered */
    struct fr_checkpointer checkpointer;
};

/* Index of a table of this store; another pointer is a bug. */
unsigned fr_store_table_index(const struct fr_store *store, const struct fr_table *table);

/* A read transaction that sees the last commit, for the writer's view. */
enum fr_error fr_store_renew(struct fr_store *store);

enum fr_error fr_checkpointer_start(struct fr_store *store);
/* Waits for what is queued. */
void fr_checkpointer_stop(struct fr_store *store);

#endif
