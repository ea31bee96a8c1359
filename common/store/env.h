/* env.h - the LMDB environment: its files, its map, its errors, and the row that says which journal
 * position it reflects.  No other file opens, grows or commits it except checkpoint.c.
 */
#ifndef FR_STORE_ENV_H
#define FR_STORE_ENV_H

#include <lmdb.h>
#include "common/store/store.h"

struct fr_env {
    char *dir;
    int owner_fd;       /* holds the lock on dir/owner; -1: none */
    MDB_env *mdb;       /* NULL: closed */
    MDB_dbi checkpoint; /* the table with the position */
    MDB_dbi *dbis;      /* one per table */
    const struct fr_table *const *tables;
    size_t table_count;
    uint32_t layout, layout_oldest; /* of the tables, as their owner knows them */
    size_t map_size, map_size_max, page_size;
};

/* As fr_store_open; `tables` is borrowed.  *env must be all zero with owner_fd -1; after any
 * outcome it is fr_env_close's. */
enum fr_error fr_env_open(struct fr_env *env, const struct fr_store_options *options,
                          const struct fr_table *const *tables, size_t table_count,
                          struct fr_store_position *position);
void fr_env_close(struct fr_env *env);

/* No transaction of the process may be alive for these two.
 * Grow: doubles the map until it has room for `wanted` more bytes.  FR_FULL: it is as big as it may
 * be.  Reopen: gives back what LMDB keeps for its next write transaction (every page that the
 * biggest one so far had dirty). */
enum fr_error fr_env_grow(struct fr_env *env, size_t wanted);
enum fr_error fr_env_reopen(struct fr_env *env);

enum fr_error fr_env_read_position(const struct fr_env *env, MDB_txn *txn,
                                   struct fr_store_position *position);
int fr_env_write_position(const struct fr_env *env, MDB_txn *txn,
                          const struct fr_store_position *position);

/* Bytes of the map that hold something: up to the last page used, less the free ones below it. */
size_t fr_env_used(const struct fr_env *env);

/* What LMDB's return code means to us, for reads and for opening.  FR_IO sets errno. */
enum fr_error fr_env_error(int rc);
/* Is it the disk that is full?  LMDB says EIO when a write came back short, which is what the last
 * write before ENOSPC does. */
bool fr_env_disk_full(const struct fr_env *env, int rc);

#endif
