/* dead.c - a handful of intervals of keys, kept apart from one another. */
#include "common/store/dead.h"

#include "common/store/order.h"

static struct fr_slice
start_of(const struct fr_dead_stretch *stretch)
{
    return fr_slice(stretch->start, stretch->start_size);
}

static struct fr_slice
end_of(const struct fr_dead_stretch *stretch)
{
    return fr_slice(stretch->end, stretch->end_size);
}

static void
set(uint8_t *bytes, size_t *size, struct fr_slice from)
{
    memmove(bytes, from.data, from.size);
    *size = from.size;
}

const struct fr_dead_stretch *
fr_dead_find(const struct fr_dead *dead, struct fr_slice key)
{
    for (size_t i = 0; i < dead->count; i++) {
        const struct fr_dead_stretch *stretch = &dead->stretches[i];

        if (fr_order_compare(start_of(stretch), key) <= 0 &&
            fr_order_compare(key, end_of(stretch)) < 0)
            return stretch;
    }
    return NULL;
}

static void
insert(struct fr_dead *dead, const struct fr_dead_stretch *stretch)
{
    if (dead->count < FR_DEAD_MAX) {
        dead->stretches[dead->count++] = *stretch;
        return;
    }
    dead->victim = (dead->victim + 1) % FR_DEAD_MAX;
    dead->stretches[dead->victim] = *stretch;
}

static void
remove_at(struct fr_dead *dead, size_t index)
{
    dead->stretches[index] = dead->stretches[--dead->count];
}

void
fr_dead_add(struct fr_dead *dead, struct fr_slice start, struct fr_slice end, bool inclusive)
{
    struct fr_dead_stretch joined;

    set(joined.start, &joined.start_size, start);
    set(joined.end, &joined.end_size, end);
    if (inclusive) /* the least key above `end` is `end` and a zero byte */
        joined.end[joined.end_size++] = 0;

    for (size_t i = 0; i < dead->count;) {
        const struct fr_dead_stretch *other = &dead->stretches[i];

        if (fr_order_compare(end_of(other), start_of(&joined)) < 0 ||
            fr_order_compare(end_of(&joined), start_of(other)) < 0) {
            i++;
            continue;
        }
        if (fr_order_compare(start_of(other), start_of(&joined)) < 0)
            set(joined.start, &joined.start_size, start_of(other));
        if (fr_order_compare(end_of(&joined), end_of(other)) < 0)
            set(joined.end, &joined.end_size, end_of(other));
        remove_at(dead, i);
        i = 0; /* the longer stretch may touch one that was passed over */
    }
    insert(dead, &joined);
}

static void
split(struct fr_dead *dead, struct fr_dead_stretch *first, struct fr_slice key)
{
    struct fr_dead_stretch second;

    set(second.start, &second.start_size, key);
    second.start[second.start_size++] = 0;
    set(second.end, &second.end_size, end_of(first));
    set(first->end, &first->end_size, key);
    if (fr_order_compare(start_of(first), end_of(first)) >= 0)
        remove_at(dead, (size_t)(first - dead->stretches));
    if (fr_order_compare(start_of(&second), end_of(&second)) < 0)
        insert(dead, &second);
}

void
fr_dead_cut(struct fr_dead *dead, struct fr_slice key)
{
    const struct fr_dead_stretch *stretch = fr_dead_find(dead, key);

    if (stretch != NULL)
        split(dead, &dead->stretches[stretch - dead->stretches], key);
}
