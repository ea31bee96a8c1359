/* env.c - opening, growing and closing the LMDB environment. */
#include "common/store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/base/hash.h"
#include "common/base/log.h"

#define LAYOUT 2             /* of what is stored; a newer one is refused */
#define READERS_MAX 126      /* query threads at the same time */
#define LOCK_FILE_SIZE 16384 /* what LMDB needs for so many readers, and to spare */
#define PROBE_SIZE (1 << 20) /* asked of the disk after a short write */
#define CHECKPOINT_TABLE "fr.checkpoint"

struct stored_position { /* the only row of CHECKPOINT_TABLE */
    uint32_t layout;
    uint32_t incarnation;
    uint64_t seq;
    uint64_t hash;
    uint32_t crc;           /* of the bytes before it; in layout 2 and up also of those behind it */
    uint32_t tables_layout; /* from layout 2 on; before it there was only the first */
};
_Static_assert(sizeof(struct stored_position) == 32, "the stored layout is fixed");

enum fr_error
fr_env_error(int rc)
{
    switch (rc) {
    case 0:
        return FR_OK;
    case MDB_NOTFOUND:
        return FR_NOT_FOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return FR_FULL;
    case MDB_READERS_FULL:
        return FR_BUSY;
    case ENOMEM:
        return FR_NO_MEMORY;
    case MDB_VERSION_MISMATCH:
        return FR_VERSION;
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INCOMPATIBLE:
        return FR_CORRUPT;
    default:
        errno = rc > 0 ? rc : EIO;
        return FR_IO;
    }
}

bool
fr_env_disk_full(const struct fr_env *env, int rc)
{
    struct stat status;
    int fd;

    if (rc == ENOSPC || rc == EDQUOT || rc == EFBIG)
        return true;
    if (rc != EIO || mdb_env_get_fd(env->mdb, &fd) != 0 || fstat(fd, &status) != 0)
        return false;
    rc = posix_fallocate(fd, status.st_size, PROBE_SIZE);
    return rc == ENOSPC || rc == EDQUOT || rc == EFBIG;
}

static enum fr_error
from_errno(void)
{
    return errno == ENOSPC || errno == EDQUOT ? FR_FULL : FR_IO;
}

static enum fr_error
sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum fr_error err = FR_OK;

    if (fd < 0 || fsync(fd) != 0)
        err = from_errno();
    if (fd >= 0)
        close(fd);
    return err;
}

static bool
join(char path[PATH_MAX], const char *dir, const char *name)
{
    int size = snprintf(path, PATH_MAX, "%s/%s", dir, name);

    if (size < PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

static enum fr_error
sync_dir_and_parent(const char *dir)
{
    char path[PATH_MAX];
    enum fr_error err = sync_dir(dir);

    if (err == FR_OK)
        err = join(path, dir, "..") ? sync_dir(path) : FR_IO;
    return err;
}

/* Taken before anything is touched, released by the kernel when the process ends however it ends.
 * flock and not fcntl: it also keeps out a second open in the same process. */
static enum fr_error
lock_owner(const char *dir, int *owner_fd)
{
    char path[PATH_MAX];
    int fd;

    if (!join(path, dir, "owner"))
        return FR_IO;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return from_errno();
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum fr_error err = errno == EWOULDBLOCK ? FR_LOCKED : FR_IO;

        close(fd);
        return err;
    }
    *owner_fd = fd;
    return FR_OK;
}

/* LMDB only sets the length of lock.mdb and then writes to it through a map: on a full disk that is
 * a SIGBUS. */
static enum fr_error
allocate_lock_file(const char *dir)
{
    char path[PATH_MAX];
    int fd;

    if (!join(path, dir, "lock.mdb"))
        return FR_IO;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return from_errno();
    errno = posix_fallocate(fd, 0, LOCK_FILE_SIZE);
    close(fd);
    return errno == 0 ? FR_OK : from_errno();
}

static int
open_tables(struct fr_env *env)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn, CHECKPOINT_TABLE, MDB_CREATE, &env->checkpoint);
    for (size_t i = 0; i < env->table_count && rc == 0; i++)
        rc = mdb_dbi_open(txn, env->tables[i]->name, MDB_CREATE, &env->dbis[i]);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

/* Before anything is written: whoever goes back to an older program must find all as it was. */
static enum fr_error
refuse_newer(struct fr_env *env)
{
    struct fr_store_position position;
    enum fr_error err;
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);

    if (rc != 0)
        return fr_env_error(rc);
    rc = mdb_dbi_open(txn, CHECKPOINT_TABLE, 0, &env->checkpoint);
    err = rc == MDB_NOTFOUND ? FR_OK : fr_env_error(rc);
    if (rc == 0)
        err = fr_env_read_position(env, txn, &position);
    mdb_txn_abort(txn);
    return err;
}

static size_t
clamp(size_t size, size_t least, size_t most)
{
    return size < least ? least : size > most ? most : size;
}

/* Without a size LMDB takes the map's last one from the file; then ours within its bounds. */
static enum fr_error
open_files(struct fr_env *env, size_t map_size_first)
{
    MDB_envinfo info;
    MDB_stat stat;
    enum fr_error err;
    int rc = mdb_env_create(&env->mdb);

    if (rc == 0)
        rc = mdb_env_set_maxdbs(env->mdb, (MDB_dbi)env->table_count + 1);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(env->mdb, READERS_MAX);
    if (rc == 0)
        rc = mdb_env_open(env->mdb, env->dir, MDB_NOTLS, 0640);
    if (rc == 0)
        rc = mdb_env_info(env->mdb, &info);
    if (rc == 0)
        rc = mdb_env_set_mapsize(env->mdb,
                                 clamp(info.me_mapsize, map_size_first, env->map_size_max));
    if (rc != 0)
        return fr_env_error(rc);
    err = refuse_newer(env);
    if (err != FR_OK)
        return err;
    rc = open_tables(env);
    if (rc == 0)
        rc = mdb_env_stat(env->mdb, &stat);
    if (rc == 0)
        rc = mdb_env_info(env->mdb, &info);
    if (rc != 0)
        return fr_env_error(rc);
    env->map_size = info.me_mapsize;
    env->page_size = stat.ms_psize;
    return FR_OK;
}

static enum fr_error
first_position(struct fr_env *env, struct fr_store_position *position)
{
    MDB_txn *txn;
    enum fr_error err = fr_env_error(mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn));

    if (err != FR_OK)
        return err;
    err = fr_env_read_position(env, txn, position);
    mdb_txn_abort(txn);
    return err;
}

enum fr_error
fr_env_open(struct fr_env *env, const struct fr_store_options *options,
            const struct fr_table *const *tables, size_t table_count,
            struct fr_store_position *position)
{
    enum fr_error err;

    env->dir = strdup(options->dir);
    env->dbis = calloc(table_count + 1, sizeof env->dbis[0]);
    if (env->dir == NULL || env->dbis == NULL)
        return FR_NO_MEMORY;
    env->tables = tables;
    env->table_count = table_count;
    env->map_size_max = options->map_size_max;
    env->layout = options->layout > 0 ? options->layout : 1;
    env->layout_oldest = options->layout_oldest;

    if (mkdir(env->dir, 0750) != 0 && errno != EEXIST)
        return from_errno();
    err = lock_owner(env->dir, &env->owner_fd);
    if (err == FR_OK)
        err = allocate_lock_file(env->dir);
    if (err == FR_OK)
        err = open_files(env, options->map_size_first);
    if (err == FR_OK)
        err = sync_dir_and_parent(env->dir);
    if (err == FR_OK)
        err = first_position(env, position);
    return err;
}

void
fr_env_close(struct fr_env *env)
{
    if (env->mdb != NULL)
        mdb_env_close(env->mdb);
    if (env->owner_fd >= 0)
        close(env->owner_fd);
    free(env->dbis);
    free(env->dir);
    *env = (struct fr_env){.owner_fd = -1};
}

enum fr_error
fr_env_reopen(struct fr_env *env)
{
    mdb_env_close(env->mdb);
    env->mdb = NULL;
    return open_files(env, env->map_size);
}

enum fr_error
fr_env_grow(struct fr_env *env, size_t wanted)
{
    size_t size = env->map_size, used = fr_env_used(env);
    int rc;

    if (size >= env->map_size_max)
        return FR_FULL;
    do
        size *= 2;
    while (size < env->map_size_max && size - used < wanted);
    if (size > env->map_size_max)
        size = env->map_size_max;
    rc = mdb_env_set_mapsize(env->mdb, size);
    if (rc != 0)
        return fr_env_error(rc);
    fr_log(FR_INFO, "map_grown", "dir=%s from=%zu to=%zu", env->dir, env->map_size, size);
    env->map_size = size;
    return FR_OK;
}

static uint32_t
position_crc(const struct stored_position *stored)
{
    uint32_t crc = fr_crc32c(0, stored, offsetof(struct stored_position, crc));

    if (stored->layout >= 2)
        crc = fr_crc32c(crc, &stored->tables_layout, sizeof stored->tables_layout);
    return crc;
}

enum fr_error
fr_env_read_position(const struct fr_env *env, MDB_txn *txn, struct fr_store_position *position)
{
    MDB_val key = {8, "position"}, value;
    struct stored_position stored;
    int rc = mdb_get(txn, env->checkpoint, &key, &value);

    if (rc == MDB_NOTFOUND) {
        *position = (struct fr_store_position){.layout = env->layout};
        return FR_OK;
    }
    if (rc != 0)
        return fr_env_error(rc);
    if (value.mv_size < sizeof stored)
        return FR_CORRUPT;
    memcpy(&stored, value.mv_data, sizeof stored);
    if (stored.layout > LAYOUT)
        return FR_VERSION;
    if (position_crc(&stored) != stored.crc)
        return FR_CORRUPT;
    position->layout = stored.layout >= 2 ? stored.tables_layout : 1;
    if (position->layout > env->layout || position->layout < env->layout_oldest)
        return FR_VERSION;
    position->incarnation = stored.incarnation;
    position->seq = stored.seq;
    position->hash = stored.hash;
    return FR_OK;
}

int
fr_env_write_position(const struct fr_env *env, MDB_txn *txn,
                      const struct fr_store_position *position)
{
    struct stored_position stored = {.layout = LAYOUT,
                                     .incarnation = position->incarnation,
                                     .seq = position->seq,
                                     .hash = position->hash,
                                     .tables_layout = env->layout};
    MDB_val key = {8, "position"}, value = {sizeof stored, &stored};

    stored.crc = position_crc(&stored);
    return mdb_put(txn, env->checkpoint, &key, &value, 0);
}

/* LMDB's table 0 lists the free pages, one row for each transaction that freed some; a row starts
 * with their number. */
static size_t
free_pages(MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    size_t pages = 0, count;

    if (mdb_cursor_open(txn, 0, &cursor) != 0)
        return 0;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        memcpy(&count, value.mv_data, sizeof count);
        pages += count;
    }
    mdb_cursor_close(cursor);
    return pages;
}

size_t
fr_env_used(const struct fr_env *env)
{
    MDB_envinfo info;
    MDB_txn *txn;
    size_t pages;

    if (mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn) != 0)
        return 0;
    mdb_env_info(env->mdb, &info);
    pages = info.me_last_pgno + 1 - free_pages(txn);
    mdb_txn_abort(txn);
    return pages * env->page_size;
}
