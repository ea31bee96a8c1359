/* timetable.c - which minutes of which local day are open. */
#include "common/calendar/timetable.h"

#include <stdlib.h>
#include <string.h>
#include "common/calendar/date.h"

/* "9:00" is refused: a time has two digits each, so that files look alike. */
static int
parse_clock(const char *at)
{
    int hour, minute;

    for (int i = 0; i < 5; i++)
        if (i == 2 ? at[i] != ':' : at[i] < '0' || at[i] > '9')
            return -1;
    hour = (at[0] - '0') * 10 + at[1] - '0';
    minute = (at[3] - '0') * 10 + at[4] - '0';
    return minute < 60 && hour * 60 + minute <= MINUTES_PER_DAY ? hour * 60 + minute : -1;
}

enum fr_error
minutes_parse(const char *text, struct minutes *day, struct minutes *next)
{
    int start, end;

    if (strlen(text) != 11 || text[5] != '-')
        return FR_INVALID;
    start = parse_clock(text);
    end = parse_clock(text + 6);
    if (start < 0 || end < 0 || start == MINUTES_PER_DAY || start == end)
        return FR_INVALID;
    *next = (struct minutes){0, end < start ? end : 0};
    *day = (struct minutes){start, end < start ? MINUTES_PER_DAY : end};
    return FR_OK;
}

static void
insert(struct openings *openings, size_t at, struct minutes added)
{
    struct minutes *items =
        realloc(openings->items, (openings->count + 1) * sizeof(*openings->items));

    fr_assert(items != NULL);
    openings->items = items;
    memmove(items + at + 1, items + at, (openings->count - at) * sizeof(*items));
    items[at] = added;
    openings->count++;
}

enum fr_error
openings_add(struct openings *openings, struct minutes added, struct minutes *other)
{
    size_t at = 0;

    while (at < openings->count && openings->items[at].end <= added.start)
        at++;
    if (at < openings->count && openings->items[at].start < added.end) {
        *other = openings->items[at];
        return FR_EXISTS;
    }
    if (openings->count == OPENINGS_MAX)
        return FR_TOO_BIG;
    insert(openings, at, added);
    return FR_OK;
}

void
openings_cut(struct openings *openings, struct minutes closed)
{
    for (size_t i = 0; i < openings->count; i++) {
        struct minutes *item = &openings->items[i];
        struct minutes rest = {closed.end, item->end};

        if (item->end <= closed.start || item->start >= closed.end)
            continue;
        if (item->start < closed.start) {
            item->end = closed.start;
            if (rest.start < rest.end)
                insert(openings, i + 1, rest);
        } else if (rest.start < rest.end) {
            *item = rest;
        } else {
            openings->count--;
            memmove(item, item + 1, (openings->count - i) * sizeof(*item));
            i--;
        }
    }
}

void
openings_copy(struct openings *to, const struct openings *from)
{
    *to = (struct openings){NULL, 0};
    for (size_t i = 0; i < from->count; i++)
        insert(to, i, from->items[i]);
}

void
openings_free(struct openings *openings)
{
    free(openings->items);
    *openings = (struct openings){NULL, 0};
}

static int
by_day(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

bool
timetable_is_holiday(const struct timetable *timetable, int64_t day)
{
    return timetable->holiday_count > 0 &&
           bsearch(&day, timetable->holidays, timetable->holiday_count, sizeof(day), by_day) !=
               NULL;
}

/* Where the row of that date is, or would be. */
static size_t
special_index(const struct timetable *timetable, int64_t day)
{
    size_t low = 0, high = timetable->special_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (timetable->specials[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct openings *
timetable_day(const struct timetable *timetable, int64_t day)
{
    static const struct openings closed = {NULL, 0};
    size_t index = special_index(timetable, day);

    if (index < timetable->special_count && timetable->specials[index].day == day)
        return &timetable->specials[index].openings;
    return timetable_is_holiday(timetable, day) ? &closed : &timetable->week[fr_date_weekday(day)];
}

struct openings *
timetable_special(struct timetable *timetable, int64_t day)
{
    size_t index = special_index(timetable, day);
    struct special_day *rows = timetable->specials;

    if (index < timetable->special_count && rows[index].day == day)
        return &rows[index].openings;
    rows = realloc(rows, (timetable->special_count + 1) * sizeof(*rows));
    fr_assert(rows != NULL);
    timetable->specials = rows;
    memmove(rows + index + 1, rows + index, (timetable->special_count - index) * sizeof(*rows));
    timetable->special_count++;
    rows[index] = (struct special_day){.day = day};
    if (!timetable_is_holiday(timetable, day))
        openings_copy(&rows[index].openings, &timetable->week[fr_date_weekday(day)]);
    return &rows[index].openings;
}

void
timetable_sort_holidays(struct timetable *timetable)
{
    size_t count = 0;

    if (timetable->holiday_count == 0)
        return;
    qsort(timetable->holidays, timetable->holiday_count, sizeof(int64_t), by_day);
    for (size_t i = 0; i < timetable->holiday_count; i++)
        if (count == 0 || timetable->holidays[i] != timetable->holidays[count - 1])
            timetable->holidays[count++] = timetable->holidays[i];
    timetable->holiday_count = count;
}

void
timetable_fini(struct timetable *timetable)
{
    for (size_t i = 0; i < 7; i++)
        openings_free(&timetable->week[i]);
    for (size_t i = 0; i < timetable->special_count; i++)
        openings_free(&timetable->specials[i].openings);
    free(timetable->specials);
    free(timetable->holidays);
    *timetable = (struct timetable){.specials = NULL};
}
