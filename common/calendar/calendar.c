/* calendar.c - the questions: open, next, add, within; each a binary search in an expanded year. */
#include "common/calendar/inside.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND_US INT64_C(1000000)

const char *
fr_calendar_name(const struct fr_calendar *calendar)
{
    return calendar->name;
}

const struct fr_zone *
fr_calendar_zone(const struct fr_calendar *calendar)
{
    return calendar->zone;
}

/* The first interval of the year that ends after `us` (microseconds since the year began). */
static uint32_t
first_ending_after(const struct open_year *year, int64_t us)
{
    uint32_t low = 0, high = year->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (year->items[middle].end * SECOND_US <= us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t
start_us(const struct open_year *year)
{
    return year->start_s * SECOND_US;
}

/* Open microseconds of the year before the instant, which lies in it. */
static int64_t
open_before(const struct open_year *year, int64_t at_us)
{
    int64_t us = at_us - start_us(year);
    uint32_t index = first_ending_after(year, us);
    const struct open_interval *item = &year->items[index];

    if (index == year->count)
        return year->total * SECOND_US;
    return item->before * SECOND_US +
           (us > item->start * SECOND_US ? us - item->start * SECOND_US : 0);
}

static int
index_of(int64_t at_us)
{
    return calendar_year_index(fr_floor_div(at_us, SECOND_US));
}

static int64_t
clamped(int64_t at_us)
{
    int64_t end = calendar_year_start(YEAR_COUNT) * SECOND_US - 1;

    return at_us < 0 ? 0 : at_us > end ? end : at_us;
}

/* How far a search that starts there looks. */
static int64_t
reach(int64_t from_us)
{
    return clamped(clamped(from_us) + FR_CALENDAR_REACH_S * SECOND_US);
}

/* ---- one opening ---- */

/* The opening that holds `at_us` or comes next, whole years' ends notwithstanding, in full from its
 * start in that year on; it is followed no further than `limit_us`. */
static enum fr_error
opening_at(const struct fr_calendar *calendar, int64_t at_us, int64_t limit_us,
           struct fr_calendar_interval *out)
{
    bool found = false;

    for (int index = index_of(clamped(at_us)); index < YEAR_COUNT; index++) {
        const struct open_year *year = calendar_year(calendar, index);
        int64_t base = start_us(year);
        uint32_t first = found || at_us <= base ? 0 : first_ending_after(year, at_us - base);
        const struct open_interval *item = &year->items[first];

        if (base > limit_us || (found && (year->count == 0 || item->start > 0)))
            break;
        if (first == year->count)
            continue;
        if (!found)
            out->start.unix_us = base + item->start * SECOND_US;
        out->end.unix_us = base + item->end * SECOND_US;
        found = true;
        if (out->end.unix_us < year->end_s * SECOND_US)
            break;
    }
    return found && out->start.unix_us <= limit_us ? FR_OK : FR_NOT_FOUND;
}

bool
fr_calendar_open(const struct fr_calendar *calendar, struct fr_time t)
{
    struct fr_calendar_interval opening;

    return t.unix_us == clamped(t.unix_us) &&
           opening_at(calendar, t.unix_us, t.unix_us, &opening) == FR_OK &&
           opening.start.unix_us <= t.unix_us;
}

enum fr_error
fr_calendar_next_open(const struct fr_calendar *calendar, struct fr_time t, struct fr_time *out)
{
    struct fr_calendar_interval opening;
    enum fr_error err = opening_at(calendar, t.unix_us, reach(t.unix_us), &opening);

    if (err == FR_OK)
        out->unix_us = opening.start.unix_us > t.unix_us ? opening.start.unix_us : t.unix_us;
    return err;
}

enum fr_error
fr_calendar_next_close(const struct fr_calendar *calendar, struct fr_time t, struct fr_time *out)
{
    struct fr_calendar_interval opening;
    enum fr_error err = opening_at(calendar, t.unix_us, reach(t.unix_us), &opening);

    if (err == FR_OK && opening.end.unix_us > reach(t.unix_us))
        err = FR_NOT_FOUND;
    if (err == FR_OK)
        *out = opening.end;
    return err;
}

enum fr_error
fr_calendar_next(const struct fr_calendar *calendar, struct fr_time *at, struct fr_time to,
                 struct fr_calendar_interval *out)
{
    struct fr_calendar_interval opening;

    if (at->unix_us >= to.unix_us ||
        opening_at(calendar, at->unix_us, to.unix_us, &opening) != FR_OK ||
        opening.start.unix_us >= to.unix_us)
        return FR_END;
    if (opening.start.unix_us < at->unix_us)
        opening.start = *at;
    if (opening.end.unix_us > to.unix_us)
        opening.end = to;
    *at = opening.end;
    *out = opening;
    return FR_OK;
}

/* ---- sums ---- */

struct fr_span
fr_calendar_within(const struct fr_calendar *calendar, struct fr_time from, struct fr_time to)
{
    int64_t start = clamped(from.unix_us), end = clamped(to.unix_us), sum;
    int first, last;

    if (end <= start)
        return fr_seconds(0);
    first = index_of(start);
    last = index_of(end);
    sum = open_before(calendar_year(calendar, last), end) -
          open_before(calendar_year(calendar, first), start);
    for (int index = first; index < last; index++)
        sum += calendar_year(calendar, index)->total * SECOND_US;
    return (struct fr_span){sum};
}

/* The instant at which `open_us` of the year's open time (more than 0, no more than there is) have
 * passed. */
static int64_t
instant_of(const struct open_year *year, int64_t open_us)
{
    uint32_t low = 0, high = year->count - 1;

    while (low < high) { /* the last interval that begins with less than that behind it */
        uint32_t middle = low + (high - low + 1) / 2;

        if (year->items[middle].before * SECOND_US < open_us)
            low = middle;
        else
            high = middle - 1;
    }
    return start_us(year) + year->items[low].start * SECOND_US + open_us -
           year->items[low].before * SECOND_US;
}

static enum fr_error
first_after(const struct fr_calendar *calendar, struct fr_time from, int64_t left_us, int64_t *out)
{
    int64_t start = clamped(from.unix_us), limit = reach(start), at;

    for (int index = index_of(start); index < YEAR_COUNT; index++) {
        const struct open_year *year = calendar_year(calendar, index);
        int64_t before = start > start_us(year) ? open_before(year, start) : 0;

        if (start_us(year) > limit)
            break;
        if (left_us > year->total * SECOND_US - before) {
            left_us -= year->total * SECOND_US - before;
            continue;
        }
        at = instant_of(year, left_us + before);
        if (at > limit)
            break;
        *out = at;
        return FR_OK;
    }
    return FR_NOT_FOUND;
}

enum fr_error
fr_calendar_add(const struct fr_calendar *calendar, struct fr_time from, struct fr_span business,
                struct fr_calendar_deadline *out)
{
    struct fr_calendar_deadline deadline = {.first = from};
    enum fr_error err = FR_OK;

    if (business.us > 0)
        err = first_after(calendar, from, business.us, &deadline.first.unix_us);
    if (err != FR_OK)
        return err;
    if (fr_calendar_next_open(calendar, deadline.first, &deadline.rolled) != FR_OK)
        deadline.rolled.unix_us = 0;
    *out = deadline;
    return FR_OK;
}

/* ---- the wall ---- */

char *
fr_calendar_format(const struct fr_calendar *calendar, struct fr_time t, char *text)
{
    static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int64_t unix_s = fr_floor_div(t.unix_us, SECOND_US);
    struct fr_zone_period period = fr_zone_at(calendar->zone, unix_s);
    int64_t local = unix_s + period.offset_s, days = fr_floor_div(local, FR_DAY_SECONDS);
    int second = (int)(local - days * FR_DAY_SECONDS);
    char date[FR_DATE_TEXT_SIZE];

    if (t.unix_us != clamped(t.unix_us)) {
        snprintf(text, FR_CALENDAR_TEXT_SIZE, "outside of 1970 to 2199");
        return text;
    }
    snprintf(text, FR_CALENDAR_TEXT_SIZE, "%s %s %02d:%02d", weekdays[fr_date_weekday(days)],
             fr_date_format(days, date), second / 3600, second / 60 % 60);
    if (second % 60 != 0)
        snprintf(text + 20, FR_CALENDAR_TEXT_SIZE - 20, ":%02d", second % 60);
    snprintf(text + strlen(text), FR_CALENDAR_TEXT_SIZE - strlen(text), " %s", period.abbreviation);
    return text;
}

struct fr_time
fr_calendar_instant(const struct fr_calendar *calendar, int64_t days, int64_t second_of_day)
{
    int64_t local = days * FR_DAY_SECONDS + second_of_day;
    struct fr_zone_period period = fr_zone_at(calendar->zone, local - 2 * FR_DAY_SECONDS);

    while (period.end_s != INT64_MAX && local - period.offset_s >= period.end_s) {
        struct fr_zone_period next = fr_zone_at(calendar->zone, period.end_s);

        if (local - next.offset_s < next.start_s)
            break; /* skipped: read on with the clock that was not changed */
        period = next;
    }
    return (struct fr_time){(local - period.offset_s) * SECOND_US};
}
