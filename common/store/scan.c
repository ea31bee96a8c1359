/* scan.c - walking a table in key order over the active memtable, the frozen one and LMDB.
 *
 * Each layer stands at its next key.  One step takes the least key of the three (the greatest,
 * going down), from the newest layer that has it, and moves all layers that have it; a tombstone is
 * skipped together with what it hides.
 */
#include "common/store/store_private.h"

#include <stdlib.h>

struct candidate { /* the next key of the merge */
    struct fr_slice key;
    struct fr_slice value;
    bool live;
};

static const struct fr_entry *
next_said(const struct fr_entry *entry, bool back)
{
    while (entry != NULL && entry->value_size == FR_ENTRY_ABSENT)
        entry = back ? fr_order_prev(entry) : fr_order_next(entry);
    return entry;
}

static void
take_stored(struct fr_scan *scan, int rc, const MDB_val *key, const MDB_val *value)
{
    scan->stored_key.data = NULL;
    if (rc == 0) {
        scan->stored_key = fr_slice(key->mv_data, key->mv_size);
        scan->stored_value = fr_slice(value->mv_data, value->mv_size);
    } else if (rc != MDB_NOTFOUND) {
        scan->failed = fr_env_error(rc);
    }
}

static void
move_stored(struct fr_scan *scan, MDB_cursor_op op)
{
    MDB_val key, value;
    int rc = mdb_cursor_get(scan->cursor, &key, &value, op);

    take_stored(scan, rc, &key, &value);
}

/* To the first key >= `key`, or going down to the last one < `key`; an empty key is the very first,
 * or the very last. */
static void
seek_stored(struct fr_scan *scan, struct fr_slice key)
{
    MDB_val at = {key.size, (void *)(uintptr_t)key.data}, value;
    int rc;

    if (key.size == 0) {
        move_stored(scan, scan->back ? MDB_LAST : MDB_FIRST);
        return;
    }
    rc = mdb_cursor_get(scan->cursor, &at, &value, MDB_SET_RANGE);
    if (!scan->back)
        take_stored(scan, rc, &at, &value);
    else if (rc == 0 || rc == MDB_NOTFOUND)
        move_stored(scan, rc == 0 ? MDB_PREV : MDB_LAST);
    else
        take_stored(scan, rc, &at, &value);
}

static const struct fr_entry *
seek_layer(const struct fr_scan *scan, const struct fr_memtable *layer, struct fr_slice key)
{
    const struct fr_order *order;
    const struct fr_entry *entry;

    if (layer == NULL)
        return NULL;
    order = &layer->tables[fr_store_table_index(scan->view->store, scan->table)].order;
    if (!scan->back)
        entry = fr_order_first_from(order, key);
    else
        entry = key.size == 0 ? fr_order_last(order) : fr_order_last_before(order, key);
    return next_said(entry, scan->back);
}

/* The memtables are the writer's: a query thread must not even look which there are. */
static void
seek(struct fr_scan *scan, struct fr_slice key)
{
    const struct fr_store *store = scan->view->store;

    if (!scan->view->is_query || store->in_memory) {
        scan->entries[0] = seek_layer(scan, store->active, key);
        scan->entries[1] = seek_layer(scan, store->frozen, key);
    }
    if (scan->cursor != NULL)
        seek_stored(scan, key);
}

static enum fr_error
prepare(struct fr_scan *scan, const struct fr_view *view, const struct fr_table *table,
        struct fr_slice prefix, struct fr_slice from, bool back)
{
    const struct fr_store *store = view->store;
    unsigned index = fr_store_table_index(store, table);

    fr_assert(table->ordered || (view->is_query && !store->in_memory));
    scan->view = view;
    scan->table = table;
    scan->entries[0] = scan->entries[1] = NULL;
    scan->cursor = NULL;
    scan->stored_key.data = NULL;
    scan->back = back;
    scan->prefix.size = 0;
    if (prefix.size > FR_KEY_SIZE_MAX || from.size > FR_KEY_SIZE_MAX)
        return FR_TOO_BIG;
    scan->prefix.size = prefix.size;
    if (prefix.size > 0)
        memcpy(scan->prefix.bytes, prefix.data, prefix.size);
    if (view->txn == NULL)
        return FR_OK;
    return fr_env_error(mdb_cursor_open(view->txn, store->env.dbis[index], &scan->cursor));
}

void
fr_scan_init(struct fr_scan *scan, const struct fr_view *view, const struct fr_table *table,
             struct fr_slice prefix, struct fr_slice from)
{
    scan->failed = prepare(scan, view, table, prefix, from, false);
    if (scan->failed == FR_OK)
        seek(scan, from.size == 0 || fr_slice_compare(from, prefix) < 0 ? prefix : from);
}

/* The least key that is greater than all keys with this prefix; empty: there is none. */
static struct fr_slice
after_prefix(struct fr_slice prefix, uint8_t bytes[FR_KEY_SIZE_MAX])
{
    size_t size = prefix.size;

    if (size > 0)
        memcpy(bytes, prefix.data, size);
    while (size > 0 && bytes[size - 1] == 0xff)
        size--;
    if (size > 0)
        bytes[size - 1]++;
    return fr_slice(bytes, size);
}

void
fr_scan_init_back(struct fr_scan *scan, const struct fr_view *view, const struct fr_table *table,
                  struct fr_slice prefix, struct fr_slice from)
{
    uint8_t bytes[FR_KEY_SIZE_MAX + 1];
    struct fr_slice end;

    scan->failed = prepare(scan, view, table, prefix, from, true);
    if (scan->failed != FR_OK)
        return;
    end = after_prefix(prefix, bytes);
    if (from.size > 0 && (end.size == 0 || fr_slice_compare(from, end) < 0)) {
        memcpy(bytes, from.data, from.size);
        bytes[from.size] = 0; /* the least key above `from` */
        end = fr_slice(bytes, from.size + 1);
    }
    seek(scan, end);
}

void
fr_scan_fini(struct fr_scan *scan)
{
    if (scan->cursor != NULL)
        mdb_cursor_close(scan->cursor);
    scan->cursor = NULL;
    scan->entries[0] = scan->entries[1] = NULL;
    scan->stored_key.data = NULL;
}

/* Which of two keys comes first in the scan's direction: < 0, a; 0, they are equal. */
static int
compare(const struct fr_scan *scan, struct fr_slice a, struct fr_slice b)
{
    int order = fr_order_compare(a, b);

    return scan->back ? -order : order;
}

static void
move_entry(struct fr_scan *scan, size_t layer)
{
    const struct fr_entry *entry = scan->entries[layer];

    scan->entries[layer] =
        next_said(scan->back ? fr_order_prev(entry) : fr_order_next(entry), scan->back);
}

/* Takes the next key of the merge, alive or dead.  false: there is none within the prefix. */
static bool
take(struct fr_scan *scan, struct candidate *out)
{
    const struct fr_entry *active = scan->entries[0], *frozen = scan->entries[1];
    struct fr_slice least = scan->stored_key;
    bool from_active = false, from_frozen = false, from_stored = least.data != NULL;

    if (frozen != NULL) {
        int order = from_stored ? compare(scan, fr_entry_key(frozen), least) : -1;

        from_frozen = order <= 0;
        from_stored = from_stored && order >= 0;
        least = from_frozen ? fr_entry_key(frozen) : least;
    }
    if (active != NULL) {
        int order = from_frozen || from_stored ? compare(scan, fr_entry_key(active), least) : -1;

        from_active = order <= 0;
        from_frozen = from_frozen && order >= 0;
        from_stored = from_stored && order >= 0;
        least = from_active ? fr_entry_key(active) : least;
    }
    if (least.data == NULL || least.size < scan->prefix.size ||
        memcmp(least.data, scan->prefix.bytes, scan->prefix.size) != 0)
        return false;

    out->key = least;
    if (from_active || from_frozen) {
        const struct fr_entry *entry = from_active ? active : frozen;

        out->live = fr_entry_live(entry);
        out->value = fr_slice(entry->value, out->live ? entry->value_size : 0);
    } else {
        out->live = true;
        out->value = scan->stored_value;
    }
    if (from_active)
        move_entry(scan, 0);
    if (from_frozen)
        move_entry(scan, 1);
    if (from_stored)
        move_stored(scan, scan->back ? MDB_PREV : MDB_NEXT);
    return true;
}

static void
remember(struct fr_dead **dead, const struct fr_scan *scan, struct fr_slice near,
         struct fr_slice far, bool far_inclusive)
{
    if (*dead == NULL)
        *dead = calloc(1, sizeof **dead);
    if (*dead == NULL)
        return; /* it is only a short cut */
    if (scan->back)
        fr_dead_add(*dead, far, near, true);
    else
        fr_dead_add(*dead, near, far, far_inclusive);
}

/* *at is dead: goes on to the next live key, jumping over stretches known to be dead.  What was
 * walked on foot is remembered when it was long.  false: none is left. */
static bool
skip_dead(struct fr_scan *scan, struct candidate *at)
{
    const struct fr_store *store = scan->view->store;
    struct fr_dead **dead = &store->dead[fr_store_table_index(store, scan->table)];
    struct fr_slice near = at->key, far = near;
    bool far_inclusive = true, found;
    size_t walked = 0;

    do {
        const struct fr_dead_stretch *known = *dead == NULL ? NULL : fr_dead_find(*dead, at->key);

        walked++;
        far = at->key;
        far_inclusive = true;
        if (known != NULL) {
            far = scan->back ? fr_slice(known->start, known->start_size)
                             : fr_slice(known->end, known->end_size);
            far_inclusive = scan->back;
            seek(scan, far);
        }
        found = take(scan, at);
    } while (found && !at->live);
    if (walked >= FR_DEAD_WALK_MIN)
        remember(dead, scan, near, far, far_inclusive);
    return found;
}

enum fr_error
fr_scan_next(struct fr_scan *scan, struct fr_slice *key, struct fr_slice *value)
{
    struct candidate at;

    if (scan->failed == FR_OK && take(scan, &at) && (at.live || skip_dead(scan, &at)) &&
        scan->failed == FR_OK) {
        *key = at.key;
        *value = at.value;
        return FR_OK;
    }
    fr_scan_fini(scan);
    return scan->failed == FR_OK ? FR_NOT_FOUND : scan->failed;
}
