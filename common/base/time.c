/* time.c - the clocks, and times and spans as text. */
#include "common/base/time.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define US_PER_S 1000000

struct fr_time
fr_time_wall(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (struct fr_time){(int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000};
}

struct fr_span
fr_time_monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct fr_span){(int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000};
}

char *
fr_time_format(struct fr_time t, char *text)
{
    time_t seconds = t.unix_us / US_PER_S;
    int us = t.unix_us % US_PER_S;
    char wide[96];
    struct tm utc;
    int size;

    if (us < 0) { /* before 1970: round down, so that the fraction stays positive */
        us += US_PER_S;
        seconds--;
    }
    gmtime_r(&seconds, &utc);
    size = snprintf(wide, sizeof(wide), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900,
                    utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, us);
    fr_assert(size < FR_TIME_TEXT_SIZE); /* 64 bits of microseconds reach six-digit years */
    memcpy(text, wide, size + 1);
    return text;
}

/* What is left to read of a text. */
struct reader {
    const char *p, *end;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
take(struct reader *in, char c)
{
    if (in->p == in->end || *in->p != c)
        return false;
    in->p++;
    return true;
}

/* Exactly `count` digits, a number within [min, max]. */
static bool
take_number(struct reader *in, int count, int min, int max, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++, in->p++) {
        if (in->p == in->end || !is_digit(*in->p))
            return false;
        value = value * 10 + (*in->p - '0');
    }
    *out = value;
    return value >= min && value <= max;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool
take_date(struct reader *in, struct tm *date)
{
    int year, month, day;

    if (!take_number(in, 4, 0, 9999, &year) || !take(in, '-') ||
        !take_number(in, 2, 1, 12, &month) || !take(in, '-') ||
        !take_number(in, 2, 1, days_in_month(year, month), &day))
        return false;
    date->tm_year = year - 1900;
    date->tm_mon = month - 1;
    date->tm_mday = day;
    return true;
}

/* "hh:mm:ss" and an optional fraction, of which microseconds are kept and the rest is cut. */
static bool
take_clock(struct reader *in, struct tm *date, int64_t *us)
{
    int64_t unit = US_PER_S / 10;

    if (!take_number(in, 2, 0, 23, &date->tm_hour) || !take(in, ':') ||
        !take_number(in, 2, 0, 59, &date->tm_min) || !take(in, ':') ||
        !take_number(in, 2, 0, 60, &date->tm_sec))
        return false;
    *us = 0;
    if (!take(in, '.'))
        return true;
    if (in->p == in->end || !is_digit(*in->p))
        return false;
    for (; in->p < in->end && is_digit(*in->p); in->p++, unit /= 10)
        *us += (*in->p - '0') * unit;
    return true;
}

/* "Z" or "+hh:mm" or "-hh:mm". */
static bool
take_offset(struct reader *in, int *minutes)
{
    int hour, minute;
    bool west;

    *minutes = 0;
    if (take(in, 'Z') || take(in, 'z'))
        return true;
    west = take(in, '-');
    if (!west && !take(in, '+'))
        return false;
    if (!take_number(in, 2, 0, 23, &hour) || !take(in, ':') || !take_number(in, 2, 0, 59, &minute))
        return false;
    *minutes = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

enum fr_error
fr_time_parse(struct fr_slice text, struct fr_time *out)
{
    struct reader in = {text.data,
                        text.size == 0 ? text.data : (const char *)text.data + text.size};
    struct tm date = {0};
    int64_t us, seconds;
    int offset;
    bool leap_second;

    if (!take_date(&in, &date) || !(take(&in, 'T') || take(&in, 't')) ||
        !take_clock(&in, &date, &us) || !take_offset(&in, &offset) || in.p != in.end)
        return FR_INVALID;
    leap_second = date.tm_sec == 60;
    seconds = timegm(&date) - (int64_t)offset * 60;
    /* A leap second is the last of a UTC day (RFC 3339, 5.7), and for POSIX the first of the next.
     */
    if (leap_second && seconds % 86400 != 0)
        return FR_INVALID;
    out->unix_us = seconds * US_PER_S + us;
    return FR_OK;
}

/* Largest first: the order in which they stand in a text, each at most once. */
static const struct unit {
    const char *name;
    uint64_t us;
} units[] = {
    {"d", 86400000000}, {"h", 3600000000}, {"m", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

char *
fr_span_format(struct fr_span span, char *text)
{
    uint64_t left = span.us < 0 ? -(uint64_t)span.us : (uint64_t)span.us;
    int size = snprintf(text, FR_TIME_TEXT_SIZE, "%s", span.us < 0 ? "-" : "");

    if (span.us == 0)
        snprintf(text, FR_TIME_TEXT_SIZE, "0s");
    for (size_t i = 0; i < UNIT_COUNT && left > 0; i++) {
        uint64_t count = left / units[i].us;

        left %= units[i].us;
        if (count > 0)
            size += snprintf(text + size, FR_TIME_TEXT_SIZE - size, "%" PRIu64 "%s", count,
                             units[i].name);
    }
    return text;
}

/* The unit that is written at p, among those from `first` on; UNIT_COUNT if there is none. */
static size_t
take_unit(struct reader *in, size_t first)
{
    const char *start = in->p;
    struct fr_slice word;

    while (in->p < in->end && !is_digit(*in->p))
        in->p++;
    word = fr_slice(start, in->p - start);
    while (first < UNIT_COUNT && !fr_slice_equal(word, fr_slice_str(units[first].name)))
        first++;
    return first;
}

enum fr_error
fr_span_parse(struct fr_slice text, struct fr_span *out)
{
    struct reader in = {text.data,
                        text.size == 0 ? text.data : (const char *)text.data + text.size};
    int64_t total = 0;

    if (text.size == 0)
        return FR_INVALID;
    if (fr_slice_equal(text, fr_slice_str("0"))) {
        out->us = 0;
        return FR_OK;
    }
    for (size_t next = 0; in.p < in.end; next++) {
        int64_t count = 0;

        if (!is_digit(*in.p))
            return FR_INVALID;
        for (; in.p < in.end && is_digit(*in.p); in.p++)
            if (__builtin_mul_overflow(count, 10, &count) ||
                __builtin_add_overflow(count, *in.p - '0', &count))
                return FR_INVALID;
        next = take_unit(&in, next);
        if (next == UNIT_COUNT || __builtin_mul_overflow(count, (int64_t)units[next].us, &count) ||
            __builtin_add_overflow(total, count, &total))
            return FR_INVALID;
    }
    out->us = total;
    return FR_OK;
}
