/* sorted.c - radix sort on 8 bytes per key, then comparisons among the few that tie.
 *
 * Why not qsort over pointers: every comparison would miss the cache twice.  The keys of a table
 * mostly share their beginning (a brand, the high bytes of an id), so the 8 bytes are taken behind
 * what all of them share.  Byte columns in which all keys agree are skipped.
 */
#include "common/store/sorted.h"

#include <endian.h>
#include <stdlib.h>

#define RADIX_MIN 128 /* below, qsort is faster than the eight histograms */

static size_t
shared_size(struct fr_slice a, struct fr_slice b, size_t limit)
{
    const uint8_t *x = a.data, *y = b.data;
    size_t i = 0;

    limit = limit < a.size ? limit : a.size;
    limit = limit < b.size ? limit : b.size;
    while (i < limit && x[i] == y[i])
        i++;
    return i;
}

static uint64_t
head_of(struct fr_slice key, size_t skip)
{
    uint64_t head = 0;
    size_t rest = key.size - skip;

    memcpy(&head, (const uint8_t *)key.data + skip, rest < sizeof head ? rest : sizeof head);
    return be64toh(head);
}

/* Fills items with the table's entries, in no order, and their heads. */
static void
gather(struct fr_sorted *sorted, const struct fr_memtable_table *table)
{
    size_t skip = SIZE_MAX;

    sorted->count = 0;
    for (const struct fr_entry *entry = table->newest; entry != NULL; entry = entry->older) {
        if (entry->value_size == FR_ENTRY_ABSENT)
            continue;
        skip = shared_size(fr_entry_key(table->newest), fr_entry_key(entry), skip);
        sorted->items[sorted->count++].entry = entry;
    }
    for (size_t i = 0; i < sorted->count; i++)
        sorted->items[i].head = head_of(fr_entry_key(sorted->items[i].entry), skip);
}

static void
gather_ordered(struct fr_sorted *sorted, const struct fr_memtable_table *table)
{
    sorted->count = 0;
    for (const struct fr_entry *entry = table->order.first[0]; entry != NULL;
         entry = fr_order_next(entry)) {
        if (entry->value_size != FR_ENTRY_ABSENT)
            sorted->items[sorted->count++].entry = entry;
    }
}

/* Keys with equal heads may still differ behind them, or be a shorter one and zeros. */
static int
compare_items(const void *a, const void *b)
{
    const struct fr_sorted_item *x = a, *y = b;

    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return fr_order_compare(fr_entry_key(x->entry), fr_entry_key(y->entry));
}

/* Sorts by head; `other` is as long as items.  The result may end up in either: items is set. */
static void
radix(struct fr_sorted *sorted, struct fr_sorted_item *other)
{
    size_t counts[8][256] = {{0}};

    for (size_t i = 0; i < sorted->count; i++)
        for (unsigned column = 0; column < 8; column++)
            counts[column][sorted->items[i].head >> 8 * column & 0xff]++;

    for (unsigned column = 0; column < 8; column++) {
        struct fr_sorted_item *items = sorted->items;
        size_t at = 0, *starts = counts[column];

        if (starts[items[0].head >> 8 * column & 0xff] == sorted->count)
            continue;
        for (unsigned value = 0; value < 256; value++) {
            size_t count = starts[value];

            starts[value] = at;
            at += count;
        }
        for (size_t i = 0; i < sorted->count; i++)
            other[starts[items[i].head >> 8 * column & 0xff]++] = items[i];
        sorted->items = other;
        other = items;
    }
}

static void
sort_ties(struct fr_sorted *sorted)
{
    for (size_t i = 0, end; i < sorted->count; i = end) {
        for (end = i + 1; end < sorted->count && sorted->items[end].head == sorted->items[i].head;)
            end++;
        if (end - i > 1)
            qsort(&sorted->items[i], end - i, sizeof sorted->items[0], compare_items);
    }
}

enum fr_error
fr_sorted_init(struct fr_sorted *out, const struct fr_memtable *memtable, unsigned table)
{
    const struct fr_memtable_table *source = &memtable->tables[table];
    struct fr_sorted sorted = {0};

    if (source->count > 0) {
        sorted.pages_size = 2 * source->count * sizeof sorted.items[0];
        sorted.pages = fr_pages_new(sorted.pages_size);
        if (sorted.pages == NULL)
            return FR_NO_MEMORY;
        sorted.items = sorted.pages;
    }
    if (source->ordered) {
        gather_ordered(&sorted, source);
    } else {
        gather(&sorted, source);
        if (sorted.count < RADIX_MIN) {
            if (sorted.count > 0)
                qsort(sorted.items, sorted.count, sizeof sorted.items[0], compare_items);
        } else {
            radix(&sorted, sorted.items + source->count);
            sort_ties(&sorted);
        }
    }
    *out = sorted;
    return FR_OK;
}

void
fr_sorted_fini(struct fr_sorted *sorted)
{
    fr_pages_free(sorted->pages, sorted->pages_size);
    *sorted = (struct fr_sorted){0};
}
