/* calendar_model_test.c - a naive model, minute by minute with the C library's own localtime, runs
 * beside the calendar on random calendars, instants and lengths.
 *
 *     FR_CALENDAR_ROUNDS=100000 FR_CALENDAR_SEED=1 fr_calendar_calendar_model_test
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "common/calendar/calendar.h"
#include "common/calendar/date.h"

#define SECOND INT64_C(1000000)
#define MINUTES_MAX (INT64_C(40) * 1440) /* how far the model walks for one question */

static const char *const zones[] = {
    "Europe/Paris",        "America/Montreal", "Indian/Antananarivo", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Apia",     "America/St_Johns",    "America/Sao_Paulo",
    "Asia/Kathmandu",      "Etc/UTC",          "Africa/Casablanca",   "Europe/Dublin",
    "America/New_York",    "Africa/Cairo",     "Antarctica/Troll",    "Asia/Tehran",
};
#define ZONE_COUNT (sizeof(zones) / sizeof(zones[0]))

static uint64_t chance;

static uint64_t
draw(uint64_t below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance % below;
}

/* ---- a random calendar, as the operator writes it ---- */

#define TIMES_MAX 400
#define DAYS_MAX 20

struct written {
    struct fr_calendar_config row;
    char times[TIMES_MAX][12];
    const char *texts[TIMES_MAX];
    size_t used;
    char dates[4 * DAYS_MAX][FR_DATE_TEXT_SIZE];
    size_t date_count;
    struct fr_calendar_day_config breaks[DAYS_MAX], extra[DAYS_MAX];
};

/* One to three times, in order and apart, or one over midnight. */
static struct fr_config_list
some_times(struct written *written, bool over_midnight)
{
    struct fr_config_list list = {&written->texts[written->used], 0};
    uint64_t at = draw(600) / 15 * 15;
    size_t wanted = 1 + draw(3);

    while (list.count < wanted) {
        uint64_t start = at + draw(300), end = start + 1 + draw(420);
        char *text = written->times[written->used];

        if (start >= 1439)
            break;
        if (end > 1440)
            end = draw(2) == 0 || !over_midnight ? 1440 : end - 1440;
        snprintf(text, 12, "%02u:%02u-%02u:%02u", (unsigned)(start / 60 % 24),
                 (unsigned)(start % 60), (unsigned)(end / 60 % 25), (unsigned)(end % 60));
        written->texts[written->used++] = text;
        list.count++;
        if (end <= start || end == 1440)
            break;
        at = end;
    }
    return list;
}

static const char *
some_date(struct written *written, int64_t around_day)
{
    char *text = written->dates[written->date_count++];

    return fr_date_format(around_day - 10 + (int64_t)draw(21), text);
}

static void
write_calendar(struct written *written, const char *zone, int64_t around_day)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    struct fr_calendar_config *row = &written->row;

    memset(written, 0, sizeof(*written));
    row->name = "random";
    row->zone = zone;
    for (size_t i = 0; i < 7; i++)
        if (draw(5) > 0)
            row->hours[i] = some_times(written, true);
    row->breaks.items = written->breaks;
    row->extra.items = written->extra;
    for (size_t count = draw(4); row->breaks.count < count; row->breaks.count++) {
        struct fr_calendar_day_config *one = &written->breaks[row->breaks.count];

        one->on = draw(2) == 0 ? names[draw(7)] : some_date(written, around_day);
        one->times = some_times(written, true);
    }
    for (size_t count = draw(4); row->extra.count < count; row->extra.count++) {
        struct fr_calendar_day_config *one = &written->extra[row->extra.count];

        one->on = some_date(written, around_day);
        one->times = some_times(written, true);
    }
    row->holidays.items = &written->texts[written->used];
    for (size_t count = draw(5); row->holidays.count < count; row->holidays.count++)
        written->texts[written->used++] = some_date(written, around_day);
}

/* ---- the model: what does the sign on the door say about this minute? ---- */

/* Is `minute` of the day inside one of the times; `of_next`: inside the part after midnight? */
static bool
inside(const struct fr_config_list *times, int minute, bool of_next)
{
    for (size_t i = 0; i < times->count; i++) {
        const char *text = ((const char *const *)times->items)[i];
        int start = atoi(text) * 60 + atoi(text + 3), end = atoi(text + 6) * 60 + atoi(text + 9);

        if (of_next ? end < start && minute < end
                    : minute >= start && (end < start || minute < end))
            return true;
    }
    return false;
}

static bool
on_day(const struct fr_config_list *rows, int64_t day, bool weekdays, int minute)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const struct fr_calendar_day_config *items = rows->items;
    char today[FR_DATE_TEXT_SIZE], yesterday[FR_DATE_TEXT_SIZE];

    fr_date_format(day, today);
    fr_date_format(day - 1, yesterday);
    for (size_t i = 0; i < rows->count; i++) {
        const char *this_one = weekdays ? names[fr_date_weekday(day)] : today;
        const char *one_before = weekdays ? names[fr_date_weekday(day - 1)] : yesterday;

        if ((strcmp(items[i].on, this_one) == 0 && inside(&items[i].times, minute, false)) ||
            (strcmp(items[i].on, one_before) == 0 && inside(&items[i].times, minute, true)))
            return true;
    }
    return false;
}

static bool
naive_open_on(const struct fr_calendar_config *row, int64_t day, int minute)
{
    char today[FR_DATE_TEXT_SIZE];
    bool open = inside(&row->hours[fr_date_weekday(day)], minute, false) ||
                inside(&row->hours[fr_date_weekday(day - 1)], minute, true);

    fr_date_format(day, today);
    if (on_day(&row->breaks, day, true, minute))
        open = false;
    for (size_t i = 0; i < row->holidays.count; i++)
        if (strcmp(((const char *const *)row->holidays.items)[i], today) == 0)
            open = false;
    if (on_day(&row->extra, day, false, minute))
        open = true;
    return open && !on_day(&row->breaks, day, false, minute);
}

static bool
naive_open(const struct fr_calendar_config *row, int64_t unix_s)
{
    time_t t = unix_s;
    struct tm local;

    localtime_r(&t, &local);
    return naive_open_on(
        row,
        fr_date_to_days((struct fr_date){local.tm_year + 1900, local.tm_mon + 1, local.tm_mday}),
        local.tm_hour * 60 + local.tm_min);
}

static int64_t
naive_within(const struct fr_calendar_config *row, int64_t from_s, int64_t to_s)
{
    int64_t sum = 0;

    for (int64_t at = from_s; at < to_s;) {
        int64_t next = (at / 60 + 1) * 60;

        if (next > to_s)
            next = to_s;
        sum += naive_open(row, at) ? next - at : 0;
        at = next;
    }
    return sum;
}

/* The earliest instant with `wanted_s` of open time behind it, -1: not within the walk. */
static int64_t
naive_first(const struct fr_calendar_config *row, int64_t from_s, int64_t wanted_s)
{
    int64_t end = from_s + MINUTES_MAX * 60;

    for (int64_t at = from_s; at < end;) {
        int64_t next = (at / 60 + 1) * 60;

        if (naive_open(row, at)) {
            if (wanted_s <= next - at)
                return at + wanted_s;
            wanted_s -= next - at;
        }
        at = next;
    }
    return -1;
}

/* The first instant from there on that is open (or closed, after an opening), -1: none in reach. */
static int64_t
naive_next(const struct fr_calendar_config *row, int64_t from_s, bool open)
{
    int64_t end = from_s + MINUTES_MAX * 60;

    for (int64_t at = from_s; at < end; at = (at / 60 + 1) * 60)
        if (naive_open(row, at) == open)
            return at;
    return -1;
}

/* ---- beside each other ---- */

static struct fr_time
instant(int64_t unix_s)
{
    return (struct fr_time){unix_s * SECOND};
}

static void
compare_sums(const struct fr_calendar *calendar, const struct fr_calendar_config *row, int64_t at_s)
{
    int64_t to_s = at_s + (int64_t)draw(5 * 86400), sum = 0;
    struct fr_calendar_interval interval;
    struct fr_time at = instant(at_s);

    assert_int_equal(fr_calendar_open(calendar, at), naive_open(row, at_s));
    assert_int_equal(fr_calendar_within(calendar, at, instant(to_s)).us,
                     naive_within(row, at_s, to_s) * SECOND);
    while (fr_calendar_next(calendar, &at, instant(to_s), &interval) == FR_OK)
        sum += interval.end.unix_us - interval.start.unix_us;
    assert_int_equal(sum, fr_calendar_within(calendar, instant(at_s), instant(to_s)).us);
}

static void
compare_deadlines(const struct fr_calendar *calendar, const struct fr_calendar_config *row,
                  int64_t at_s)
{
    int64_t wanted_s = draw(4) == 0 ? (int64_t)draw(3000) : (int64_t)draw(24 * 60) * 60, first;
    int64_t open = naive_next(row, at_s, true), close = -1;
    struct fr_calendar_deadline deadline;
    struct fr_time got;

    first = wanted_s == 0 ? at_s : naive_first(row, at_s, wanted_s);
    if (first >= 0) {
        int64_t rolled = naive_next(row, first, true);

        assert_int_equal(fr_calendar_add(calendar, instant(at_s), fr_seconds(wanted_s), &deadline),
                         FR_OK);
        assert_int_equal(deadline.first.unix_us, first * SECOND);
        if (rolled >= 0)
            assert_int_equal(deadline.rolled.unix_us, rolled * SECOND);
    }
    if (open < 0)
        return;
    assert_int_equal(fr_calendar_next_open(calendar, instant(at_s), &got), FR_OK);
    assert_int_equal(got.unix_us, open * SECOND);
    close = naive_next(row, open, false);
    if (close >= 0) {
        assert_int_equal(fr_calendar_next_close(calendar, instant(at_s), &got), FR_OK);
        assert_int_equal(got.unix_us, close * SECOND);
    }
}

static void
say_nothing(void *context, const char *key, const char *reason)
{
    (void)context;
    (void)key;
    (void)reason;
}

static bool
one_round(uint64_t seed)
{
    static struct written written;
    const char *zone_name;
    struct fr_calendar *calendar;
    struct fr_zone *zone;
    int64_t at_s;

    chance = seed * 0x9e3779b97f4a7c15u + 1;
    draw(2);
    zone_name = zones[draw(ZONE_COUNT)];
    at_s = INT64_C(1262304000) + (int64_t)draw(20 * 365 * UINT64_C(86400)); /* 2010 to 2029 */
    assert_int_equal(fr_zone_load(zone_name, &zone), FR_OK);
    if (draw(2) == 0 && fr_zone_at(zone, at_s).end_s < INT64_MAX)
        at_s = fr_zone_at(zone, at_s).end_s - 172800 + (int64_t)draw(259200);
    fr_zone_free(&zone);
    if (draw(2) == 0)
        at_s = at_s / 60 * 60;
    setenv("TZ", zone_name, 1);
    tzset();
    write_calendar(&written, zone_name, at_s / 86400);
    if (fr_calendar_new(&written.row, ".", say_nothing, NULL, &calendar) != FR_OK)
        return false; /* some of them overlap, and are refused */
    compare_sums(calendar, &written.row, at_s);
    compare_deadlines(calendar, &written.row, at_s);
    fr_calendar_free(&calendar);
    return true;
}

static uint64_t
setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void
the_calendar_agrees_with_the_minute_by_minute_model(void **state)
{
    uint64_t seed = setting("FR_CALENDAR_SEED", 1), rounds = setting("FR_CALENDAR_ROUNDS", 300);
    uint64_t judged = 0, tried = 0;

    (void)state;
    printf("seeds from %llu\n", (unsigned long long)seed);
    for (; judged < rounds; tried++) {
        if (rounds >= 10000 && tried % 2000 == 0)
            fprintf(stderr, "\r%llu of %llu", (unsigned long long)judged,
                    (unsigned long long)rounds);
        judged += one_round(seed + tried);
    }
    printf("%llu calendars agreed, %llu were refused for overlaps\n", (unsigned long long)judged,
           (unsigned long long)(tried - judged));
    assert_true(judged > tried / 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calendar_agrees_with_the_minute_by_minute_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
