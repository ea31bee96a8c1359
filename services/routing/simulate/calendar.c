/* calendar.c - what is going to happen, by time. */
#include "services/routing/simulate/calendar.h"

#include <stdlib.h>
#include "common/base/error.h"

static bool
before(const struct sim_entry *a, const struct sim_entry *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void
sim_calendar_fini(struct sim_calendar *calendar)
{
    free(calendar->heap);
    *calendar = (struct sim_calendar){.heap = NULL};
}

void
sim_calendar_enter(struct sim_calendar *calendar, int64_t at_us, enum sim_happening what,
                   uint64_t index, uint64_t stamp)
{
    struct sim_entry entry = {at_us, calendar->entered++, index, stamp, what};
    size_t at = calendar->count++;

    if (calendar->count > calendar->room) {
        calendar->room = calendar->room * 2 + 1024;
        calendar->heap = realloc(calendar->heap, calendar->room * sizeof(entry));
        fr_assert(calendar->heap != NULL);
    }
    for (; at > 0 && before(&entry, &calendar->heap[(at - 1) / 2]); at = (at - 1) / 2)
        calendar->heap[at] = calendar->heap[(at - 1) / 2];
    calendar->heap[at] = entry;
}

const struct sim_entry *
sim_calendar_first(const struct sim_calendar *calendar)
{
    return calendar->count > 0 ? &calendar->heap[0] : NULL;
}

struct sim_entry
sim_calendar_take(struct sim_calendar *calendar)
{
    struct sim_entry first = calendar->heap[0];
    struct sim_entry last = calendar->heap[--calendar->count];
    size_t at = 0;

    for (size_t child = 1; child < calendar->count; child = 2 * at + 1) {
        if (child + 1 < calendar->count &&
            before(&calendar->heap[child + 1], &calendar->heap[child]))
            child++;
        if (!before(&calendar->heap[child], &last))
            break;
        calendar->heap[at] = calendar->heap[child];
        at = child;
    }
    calendar->heap[at] = last;
    return first;
}
