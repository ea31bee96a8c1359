/* undo.c - a stack of old values. */
#include "common/store/undo.h"

#include <stdlib.h>

#define KEEP_MAX ((size_t)1 << 20) /* a bigger stack is given back at the next mark */

struct item {
    struct fr_entry *entry;
    size_t before; /* offset of the item below */
    uint32_t value_size;
    uint8_t value[];
};

void
fr_undo_mark(struct fr_undo *undo)
{
    if (undo->room > KEEP_MAX)
        fr_undo_fini(undo);
    undo->used = undo->last = 0;
    undo->recording = true;
}

void
fr_undo_stop(struct fr_undo *undo)
{
    undo->used = undo->last = 0;
    undo->recording = false;
}

void
fr_undo_fini(struct fr_undo *undo)
{
    free(undo->bytes);
    *undo = (struct fr_undo){0};
}

bool
fr_undo_save(struct fr_undo *undo, const struct fr_entry *entry)
{
    size_t value_size = fr_entry_live(entry) ? entry->value_size : 0;
    size_t size = (sizeof(struct item) + value_size + 7) & ~(size_t)7;
    struct item *item;

    if (undo->used + size > undo->room) {
        size_t room = 2 * undo->room + size + 4096;
        uint8_t *bytes = realloc(undo->bytes, room);

        if (bytes == NULL)
            return false;
        undo->bytes = bytes;
        undo->room = room;
    }
    item = (struct item *)(undo->bytes + undo->used);
    item->entry = (struct fr_entry *)(uintptr_t)entry;
    item->before = undo->last;
    item->value_size = entry->value_size;
    if (value_size > 0)
        memcpy(item->value, entry->value, value_size);
    undo->last = undo->used;
    undo->used += size;
    return true;
}

struct fr_entry *
fr_undo_step(struct fr_undo *undo)
{
    struct item *item;
    struct fr_entry *entry;

    if (undo->used == 0)
        return NULL;
    item = (struct item *)(undo->bytes + undo->last);
    entry = item->entry;
    entry->value_size = item->value_size;
    /* The old value fits: an entry's room never shrinks. */
    if (fr_entry_live(entry) && entry->value_size > 0)
        memcpy(entry->value, item->value, item->value_size);
    undo->used = undo->last;
    undo->last = item->before;
    return entry;
}
