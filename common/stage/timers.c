/* timers.c - a binary heap of due times. */
#include "common/stage/timers.h"

#include <stdbool.h>
#include <stdlib.h>

static bool
before(const struct fr_timer *a, const struct fr_timer *b)
{
    if (a->due_us != b->due_us)
        return a->due_us < b->due_us;
    if (a->kind != b->kind)
        return a->kind < b->kind;
    return a->id < b->id;
}

static void
sift_up(struct fr_timers *timers, size_t index)
{
    struct fr_timer moved = timers->heap[index];

    while (index > 0) {
        size_t parent = (index - 1) / 2;

        if (!before(&moved, &timers->heap[parent]))
            break;
        timers->heap[index] = timers->heap[parent];
        index = parent;
    }
    timers->heap[index] = moved;
}

static void
sift_down(struct fr_timers *timers, size_t index)
{
    struct fr_timer moved = timers->heap[index];

    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && before(&timers->heap[child + 1], &timers->heap[child]))
            child++;
        if (!before(&timers->heap[child], &moved))
            break;
        timers->heap[index] = timers->heap[child];
        index = child;
    }
    timers->heap[index] = moved;
}

void
fr_timers_fini(struct fr_timers *timers)
{
    free(timers->heap);
    *timers = (struct fr_timers){0};
}

enum fr_error
fr_timers_push(struct fr_timers *timers, struct fr_timer timer)
{
    if (timers->count == timers->room) {
        size_t room = timers->room == 0 ? 64 : timers->room * 2;
        struct fr_timer *heap = realloc(timers->heap, room * sizeof(*heap));

        if (heap == NULL)
            return FR_NO_MEMORY;
        timers->heap = heap;
        timers->room = room;
    }
    timers->heap[timers->count++] = timer;
    sift_up(timers, timers->count - 1);
    return FR_OK;
}

const struct fr_timer *
fr_timers_first(const struct fr_timers *timers)
{
    return timers->count == 0 ? NULL : &timers->heap[0];
}

void
fr_timers_pop(struct fr_timers *timers)
{
    fr_assert(timers->count > 0);
    timers->heap[0] = timers->heap[--timers->count];
    if (timers->count > 0)
        sift_down(timers, 0);
}

static int
by_order(const void *a, const void *b)
{
    if (before(a, b))
        return -1;
    return before(b, a) ? 1 : 0;
}

void
fr_timers_sweep(struct fr_timers *timers,
                bool (*armed)(void *context, const struct fr_timer *timer), void *context)
{
    size_t kept = 0;

    /* A sorted array is a heap, and equal entries lie side by side. */
    qsort(timers->heap, timers->count, sizeof(timers->heap[0]), by_order);
    for (size_t i = 0; i < timers->count; i++) {
        if (kept > 0 && by_order(&timers->heap[kept - 1], &timers->heap[i]) == 0)
            continue;
        if (armed(context, &timers->heap[i]))
            timers->heap[kept++] = timers->heap[i];
    }
    timers->count = timers->kept = kept;
}
