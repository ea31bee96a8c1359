/* dump.c - everything in order, and the end of everything. */
#include "common/store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include "common/store/sorted.h"

/* Memtables of unordered tables keep no order, so all layers are sorted here and merged. */
struct merge {
    struct fr_sorted layers[2]; /* active, frozen */
    size_t at[2];
    MDB_cursor *cursor; /* NULL: in memory only */
    MDB_val key, value;
    int rc; /* of the last move of the cursor */
};

static void
next_stored(struct merge *merge)
{
    merge->rc = mdb_cursor_get(merge->cursor, &merge->key, &merge->value, MDB_NEXT);
}

static const struct fr_entry *
head(const struct merge *merge, size_t layer)
{
    const struct fr_sorted *sorted = &merge->layers[layer];

    return merge->at[layer] < sorted->count ? sorted->items[merge->at[layer]].entry : NULL;
}

/* The least key of the three, moving past it wherever it is.  false: all are at their end. */
static bool
step(struct merge *merge, struct fr_slice *key, struct fr_slice *value, bool *live)
{
    struct fr_slice least = {NULL, 0};

    if (merge->rc == 0) {
        least = fr_slice(merge->key.mv_data, merge->key.mv_size);
        *value = fr_slice(merge->value.mv_data, merge->value.mv_size);
        *live = true;
    }
    for (size_t layer = 2; layer-- > 0;) { /* the newest has the last word */
        const struct fr_entry *entry = head(merge, layer);

        if (entry == NULL ||
            (least.data != NULL && fr_order_compare(fr_entry_key(entry), least) > 0))
            continue;
        least = fr_entry_key(entry);
        *live = fr_entry_live(entry);
        *value = fr_slice(entry->value, *live ? entry->value_size : 0);
    }
    if (least.data == NULL)
        return false;
    *key = least;
    for (size_t layer = 0; layer < 2; layer++) {
        const struct fr_entry *entry = head(merge, layer);

        if (entry != NULL && fr_order_compare(fr_entry_key(entry), least) == 0)
            merge->at[layer]++;
    }
    if (merge->rc == 0 &&
        fr_order_compare(fr_slice(merge->key.mv_data, merge->key.mv_size), least) == 0)
        next_stored(merge);
    return true;
}

static enum fr_error
dump_table(struct fr_store *store, unsigned table, fr_store_dump_fn *each, void *context)
{
    const struct fr_view *view = &store->writer.view;
    struct merge merge = {.rc = MDB_NOTFOUND};
    struct fr_slice key, value;
    enum fr_error err = fr_sorted_init(&merge.layers[0], store->active, table);
    bool live;

    if (err == FR_OK && store->frozen != NULL)
        err = fr_sorted_init(&merge.layers[1], store->frozen, table);
    if (err == FR_OK && view->txn != NULL) {
        err = fr_env_error(mdb_cursor_open(view->txn, store->env.dbis[table], &merge.cursor));
        if (err == FR_OK)
            next_stored(&merge);
    }
    while (err == FR_OK && step(&merge, &key, &value, &live)) {
        if (live)
            each(context, store->tables[table], key, value);
    }
    if (err == FR_OK && merge.rc != 0 && merge.rc != MDB_NOTFOUND)
        err = fr_env_error(merge.rc);
    if (merge.cursor != NULL)
        mdb_cursor_close(merge.cursor);
    fr_sorted_fini(&merge.layers[0]);
    fr_sorted_fini(&merge.layers[1]);
    return err;
}

enum fr_error
fr_store_dump(struct fr_store *store, fr_store_dump_fn *each, void *context)
{
    enum fr_error err = FR_OK;

    for (unsigned table = 0; table < store->table_count && err == FR_OK; table++)
        err = dump_table(store, table, each, context);
    return err;
}

static enum fr_error
remove_file(int dir_fd, const char *name)
{
    return unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT ? FR_OK : FR_IO;
}

/* Under the owner lock, so that no running process loses its files. */
enum fr_error
fr_store_drop(const char *dir)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), owner_fd;
    enum fr_error err = FR_IO;

    if (dir_fd < 0)
        return errno == ENOENT ? FR_OK : FR_IO;
    owner_fd = openat(dir_fd, "owner", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (owner_fd >= 0 && flock(owner_fd, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK ? FR_LOCKED : FR_IO;
    } else if (owner_fd >= 0) {
        err = remove_file(dir_fd, "data.mdb");
        if (err == FR_OK)
            err = remove_file(dir_fd, "lock.mdb");
        if (err == FR_OK && fsync(dir_fd) != 0)
            err = FR_IO;
    }
    if (owner_fd >= 0)
        close(owner_fd);
    close(dir_fd);
    return err;
}
