/* order.c - a skip list whose links lie in front of the entries. */
#include "common/store/order.h"

#include "common/store/memtable.h"

static struct fr_entry **
prev_of(const struct fr_entry *entry)
{
    return (struct fr_entry **)(uintptr_t)entry - 1;
}

static struct fr_entry **
next_of(const struct fr_entry *entry, unsigned level)
{
    return (struct fr_entry **)(uintptr_t)entry - 2 - level;
}

unsigned
fr_order_height(uint64_t hash)
{
    /* Two bits per level; the guard bit ends the count at FR_ORDER_LEVELS. */
    uint64_t dice = (hash >> 32) | (uint64_t)1 << (2 * (FR_ORDER_LEVELS - 1));

    return 1 + (unsigned)__builtin_ctzll(dice) / 2;
}

/* The last entry with a key < `key` on each level in use (NULL: before the first one). */
static void
find_before(const struct fr_order *order, struct fr_slice key,
            struct fr_entry *before[FR_ORDER_LEVELS])
{
    struct fr_entry *at = NULL;

    for (unsigned level = order->height; level-- > 0;) {
        struct fr_entry *next = at == NULL ? order->first[level] : *next_of(at, level);

        while (next != NULL && fr_order_compare(fr_entry_key(next), key) < 0) {
            at = next;
            next = *next_of(at, level);
        }
        before[level] = at;
    }
}

void
fr_order_insert(struct fr_order *order, struct fr_entry *entry, unsigned height)
{
    struct fr_entry *before[FR_ORDER_LEVELS], *after;
    struct fr_entry *last = order->last[0];

    if (last != NULL && fr_order_compare(fr_entry_key(last), fr_entry_key(entry)) < 0)
        memcpy(before, order->last, sizeof before);
    else
        find_before(order, fr_entry_key(entry), before);
    for (; order->height < height; order->height++)
        before[order->height] = NULL;

    for (unsigned level = 0; level < height; level++) {
        struct fr_entry **link =
            before[level] == NULL ? &order->first[level] : next_of(before[level], level);

        *next_of(entry, level) = *link;
        if (*link == NULL)
            order->last[level] = entry;
        *link = entry;
    }
    *prev_of(entry) = before[0];
    after = *next_of(entry, 0);
    if (after != NULL)
        *prev_of(after) = entry;
}

struct fr_entry *
fr_order_first_from(const struct fr_order *order, struct fr_slice key)
{
    struct fr_entry *before = fr_order_last_before(order, key);

    return before == NULL ? order->first[0] : *next_of(before, 0);
}

struct fr_entry *
fr_order_last_before(const struct fr_order *order, struct fr_slice key)
{
    struct fr_entry *before[FR_ORDER_LEVELS];

    if (key.size == 0 || order->height == 0)
        return NULL;
    find_before(order, key, before);
    return before[0];
}

struct fr_entry *
fr_order_last(const struct fr_order *order)
{
    return order->last[0];
}

struct fr_entry *
fr_order_next(const struct fr_entry *entry)
{
    return *next_of(entry, 0);
}

struct fr_entry *
fr_order_prev(const struct fr_entry *entry)
{
    return *prev_of(entry);
}
