/* expand.c - a year of a calendar as a list of open intervals in UTC. */
#include "common/calendar/inside.h"

#include <stdlib.h>

int64_t
calendar_year_start(int index)
{
    return fr_date_to_days((struct fr_date){YEAR_FIRST + index, 1, 1}) * FR_DAY_SECONDS;
}

int
calendar_year_index(int64_t unix_s)
{
    if (unix_s < 0)
        return -1;
    if (unix_s >= calendar_year_start(YEAR_COUNT))
        return YEAR_COUNT;
    return fr_date_of_days(unix_s / FR_DAY_SECONDS).year - YEAR_FIRST;
}

struct growing { /* a year while it is made */
    struct open_year *year;
    size_t room;
};

static void
append(struct growing *growing, int64_t start_s, int64_t end_s)
{
    struct open_year *year = growing->year;
    uint32_t start = (uint32_t)(start_s - year->start_s), end = (uint32_t)(end_s - year->start_s);

    if (year->count > 0 && year->items[year->count - 1].end == start) {
        year->items[year->count - 1].end = end;
    } else {
        if (year->count == growing->room) {
            growing->room *= 2;
            year = realloc(year, sizeof(*year) + growing->room * sizeof(year->items[0]));
            fr_assert(year != NULL);
            growing->year = year;
        }
        year->items[year->count++] = (struct open_interval){start, end, year->total};
    }
    year->total += end - start;
}

/* The local timetable over one piece of constant offset, shifted to UTC. */
static void
expand_piece(struct growing *growing, const struct timetable *timetable, int64_t start_s,
             int64_t end_s, int32_t offset_s)
{
    int64_t from = start_s + offset_s, to = end_s + offset_s; /* local */
    int64_t last = fr_floor_div(to - 1, FR_DAY_SECONDS);

    for (int64_t day = fr_floor_div(from, FR_DAY_SECONDS); day <= last; day++) {
        const struct openings *openings = timetable_day(timetable, day);

        for (size_t i = 0; i < openings->count; i++) {
            int64_t start = day * FR_DAY_SECONDS + openings->items[i].start * 60;
            int64_t end = day * FR_DAY_SECONDS + openings->items[i].end * 60;

            start = start > from ? start : from;
            end = end < to ? end : to;
            if (start < end)
                append(growing, start - offset_s, end - offset_s);
        }
    }
}

static struct open_year *
expand(const struct fr_calendar *calendar, int index)
{
    struct growing growing = {.room = 512};
    struct open_year *year = calloc(1, sizeof(*year) + growing.room * sizeof(year->items[0]));
    int64_t end_s = calendar_year_start(index + 1), at = calendar_year_start(index);

    fr_assert(year != NULL);
    growing.year = year;
    year->start_s = at;
    year->end_s = end_s;
    while (at < end_s) {
        struct fr_zone_period period = fr_zone_at(calendar->zone, at);
        int64_t until = period.end_s < end_s ? period.end_s : end_s;

        expand_piece(&growing, &calendar->timetable, at, until, period.offset_s);
        at = until;
    }
    return growing.year;
}

/* Two threads may expand the same year at once: both get the same list, and one of them is thrown
 * away. */
const struct open_year *
calendar_year(const struct fr_calendar *calendar, int index)
{
    _Atomic(struct open_year *) *slot =
        (_Atomic(struct open_year *) *)(uintptr_t)&calendar->years[index];
    struct open_year *known = atomic_load_explicit(slot, memory_order_acquire);
    struct open_year *made;

    if (known != NULL)
        return known;
    made = expand(calendar, index);
    if (atomic_compare_exchange_strong(slot, &known, made))
        return made;
    free(made);
    return known;
}
