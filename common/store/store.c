/* store.c - opening and closing, and the ways to one key: get, put, del, undo. */
#include "common/store/store_private.h"

#include <stdlib.h>

static size_t
count_tables(const struct fr_table *tables)
{
    size_t count = 0;

    while (tables != NULL && tables[count].name != NULL)
        count++;
    return count;
}

static enum fr_error
list_tables(struct fr_store *store, const struct fr_store_options *options)
{
    size_t more_count = count_tables(options->more_tables);

    store->first = options->tables;
    store->more = options->more_tables;
    store->first_count = count_tables(options->tables);
    store->table_count = store->first_count + more_count;
    fr_assert(store->table_count <= UINT16_MAX);
    store->tables = calloc(store->table_count + 1, sizeof store->tables[0]);
    store->dead = calloc(store->table_count + 1, sizeof store->dead[0]);
    if (store->tables == NULL || store->dead == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; i < store->first_count; i++)
        store->tables[i] = &store->first[i];
    for (size_t i = 0; i < more_count; i++)
        store->tables[store->first_count + i] = &store->more[i];
    return FR_OK;
}

static struct fr_memtable *
new_memtable(struct fr_store *store)
{
    struct fr_memtable *memtable = fr_memtable_new(&store->pool, store->table_count);

    for (size_t i = 0; memtable != NULL && i < store->table_count; i++)
        memtable->tables[i].ordered = store->tables[i]->ordered;
    return memtable;
}

enum fr_error
fr_store_renew(struct fr_store *store)
{
    MDB_txn **txn = &store->writer.view.txn;
    int rc;

    if (*txn == NULL)
        return fr_env_error(mdb_txn_begin(store->env.mdb, NULL, MDB_RDONLY, txn));
    mdb_txn_reset(*txn);
    rc = mdb_txn_renew(*txn);
    return rc == 0 ? FR_OK : fr_env_error(rc);
}

enum fr_error
fr_store_open(const struct fr_store_options *options, struct fr_store **out,
              struct fr_store_position *position)
{
    struct fr_store *store = calloc(1, sizeof *store);
    struct fr_store_position found = {0};
    enum fr_error err;

    if (store == NULL)
        return FR_NO_MEMORY;
    store->in_memory = options->dir == NULL;
    store->dirty_size_max = options->dirty_size_max;
    store->writer.view.store = store;
    store->env.owner_fd = -1;
    store->checkpointer.fd = -1;
    err = list_tables(store, options);
    if (err == FR_OK) {
        store->active = new_memtable(store);
        store->spare = new_memtable(store);
        err = store->active == NULL || store->spare == NULL ? FR_NO_MEMORY : FR_OK;
    }
    if (err == FR_OK && !store->in_memory)
        err = fr_env_open(&store->env, options, store->tables, store->table_count, &found);
    if (err == FR_OK && !store->in_memory)
        err = fr_store_renew(store);
    if (err == FR_OK)
        err = fr_checkpointer_start(store);
    if (err != FR_OK) {
        fr_store_free(&store);
        return err;
    }
    *out = store;
    *position = found;
    return FR_OK;
}

void
fr_store_free(struct fr_store **store)
{
    struct fr_store *s = *store;

    if (s == NULL)
        return;
    fr_checkpointer_stop(s);
    if (s->writer.view.txn != NULL)
        mdb_txn_abort(s->writer.view.txn);
    fr_env_close(&s->env);
    fr_undo_fini(&s->undo);
    fr_memtable_free(&s->active);
    fr_memtable_free(&s->frozen);
    fr_memtable_free(&s->spare);
    fr_chunk_trim(&s->pool, 0);
    for (size_t i = 0; s->dead != NULL && i < s->table_count; i++)
        free(s->dead[i]);
    free(s->dead);
    free(s->tables);
    free(s);
    *store = NULL;
}

struct fr_tables *
fr_store_tables(struct fr_store *store)
{
    return &store->writer;
}

const struct fr_view *
fr_tables_view(const struct fr_tables *tables)
{
    return &tables->view;
}

void
fr_tables_set_context(struct fr_tables *tables, void *context)
{
    tables->context = context;
}

void *
fr_tables_context(const struct fr_tables *tables)
{
    return tables->context;
}

unsigned
fr_store_table_index(const struct fr_store *store, const struct fr_table *table)
{
    uintptr_t at = (uintptr_t)table;
    size_t index = (at - (uintptr_t)store->first) / sizeof *table;

    if (index < store->first_count)
        return (unsigned)index;
    index = store->first_count + (at - (uintptr_t)store->more) / sizeof *table;
    fr_assert(index >= store->first_count && index < store->table_count);
    return (unsigned)index;
}

static enum fr_error
check_key(struct fr_slice key)
{
    if (key.size > FR_KEY_SIZE_MAX)
        return FR_TOO_BIG;
    return key.size == 0 ? FR_INVALID : FR_OK;
}

static enum fr_error
get_stored(const struct fr_view *view, unsigned table, struct fr_slice key, struct fr_slice *value)
{
    MDB_val wanted = {key.size, (void *)(uintptr_t)key.data}, found;
    int rc;

    if (view->txn == NULL)
        return FR_NOT_FOUND;
    rc = mdb_get(view->txn, view->store->env.dbis[table], &wanted, &found);
    if (rc != 0)
        return fr_env_error(rc);
    *value = fr_slice(found.mv_data, found.mv_size);
    return FR_OK;
}

enum fr_error
fr_get(const struct fr_view *view, const struct fr_table *table, struct fr_slice key,
       struct fr_slice *value)
{
    const struct fr_store *store = view->store;
    unsigned index = fr_store_table_index(store, table);
    enum fr_error err = check_key(key);

    if (err != FR_OK)
        return err;
    if (!view->is_query || store->in_memory) {
        uint64_t hash = fr_memtable_hash(index, key);
        const struct fr_entry *entry = fr_memtable_find(store->active, index, key, hash);

        if (entry == NULL && store->frozen != NULL)
            entry = fr_memtable_find(store->frozen, index, key, hash);
        if (entry != NULL) {
            if (!fr_entry_live(entry))
                return FR_NOT_FOUND;
            *value = fr_slice(entry->value, entry->value_size);
            return FR_OK;
        }
    }
    return get_stored(view, index, key, value);
}

enum fr_error
fr_get_copy(const struct fr_view *view, const struct fr_table *table, struct fr_slice key,
            void *value, size_t size)
{
    struct fr_slice found;
    enum fr_error err = fr_get(view, table, key, &found);

    if (err != FR_OK)
        return err;
    if (found.size != size)
        return FR_CORRUPT;
    if (size > 0)
        memcpy(value, found.data, size);
    return FR_OK;
}

/* The key's entry in the active memtable, ready to be written. */
static enum fr_error
enter(struct fr_store *store, unsigned table, struct fr_slice key, size_t value_size,
      struct fr_entry **entry)
{
    uint64_t hash = fr_memtable_hash(table, key);

    *entry = fr_memtable_enter(store->active, table, key, hash, value_size);
    if (*entry == NULL || (store->undo.recording && !fr_undo_save(&store->undo, *entry)))
        return FR_NO_MEMORY;
    return FR_OK;
}

enum fr_error
fr_put(struct fr_tables *tables, const struct fr_table *table, struct fr_slice key,
       struct fr_slice value)
{
    struct fr_store *store = tables->view.store;
    unsigned index = fr_store_table_index(store, table);
    enum fr_error err = check_key(key);
    struct fr_entry *entry;

    if (err == FR_OK && value.size > FR_VALUE_SIZE_MAX)
        err = FR_TOO_BIG;
    if (err == FR_OK)
        err = enter(store, index, key, value.size, &entry);
    if (err == FR_OK)
        err = fr_memtable_write(store->active, entry, value);
    if (err == FR_OK && store->dead[index] != NULL)
        fr_dead_cut(store->dead[index], key);
    return err;
}

enum fr_error
fr_del(struct fr_tables *tables, const struct fr_table *table, struct fr_slice key)
{
    struct fr_store *store = tables->view.store;
    unsigned index = fr_store_table_index(store, table);
    enum fr_error err = check_key(key);
    struct fr_entry *entry;

    if (err == FR_OK)
        err = enter(store, index, key, 0, &entry);
    if (err == FR_OK)
        entry->value_size = FR_ENTRY_DELETED;
    return err;
}

void
fr_store_mark(struct fr_store *store)
{
    fr_undo_mark(&store->undo);
}

/* What comes back to life may lie in a dead stretch: also where the entry is absent again, since a
 * key below it may show through. */
void
fr_store_undo(struct fr_store *store)
{
    struct fr_entry *entry;

    fr_assert(store->undo.recording);
    while ((entry = fr_undo_step(&store->undo)) != NULL) {
        if (store->dead[entry->table] != NULL && entry->value_size != FR_ENTRY_DELETED)
            fr_dead_cut(store->dead[entry->table], fr_entry_key(entry));
    }
}
