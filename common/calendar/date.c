/* date.c - days as numbers. */
#include "common/calendar/date.h"

#include <stdio.h>

int64_t
fr_date_to_days(struct fr_date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = fr_floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct fr_date
fr_date_of_days(int64_t days)
{
    int64_t shifted = days + 719468, era = fr_floor_div(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    return (struct fr_date){.year = (int)(year + era * 400 + (month >= 10)),
                            .month = (int)(month < 10 ? month + 3 : month - 9),
                            .day = (int)(of_year - (153 * month + 2) / 5 + 1)};
}

int
fr_date_weekday(int64_t days)
{
    return (int)(days + 3 - fr_floor_div(days + 3, 7) * 7); /* 1970-01-01 was a Thursday */
}

bool
fr_date_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int
fr_date_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && fr_date_is_leap(year));
}

int64_t
fr_date_iso_week(int year, int week)
{
    int64_t fourth = fr_date_to_days((struct fr_date){year, 1, 4});

    return fourth - fr_date_weekday(fourth) + (int64_t)(week - 1) * 7;
}

/* `count` digits at `at`; -1 when one of them is none. */
static int
digits(const char *at, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        value = value * 10 + at[i] - '0';
    }
    return value;
}

enum fr_error
fr_date_parse(struct fr_slice text, int64_t *days)
{
    const char *at = text.data;
    struct fr_date date;

    if (text.size != 10 || at[4] != '-' || at[7] != '-')
        return FR_INVALID;
    date = (struct fr_date){digits(at, 4), digits(at + 5, 2), digits(at + 8, 2)};
    if (date.year < 1970 || date.year > 2199 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > fr_date_month_days(date.year, date.month))
        return FR_INVALID;
    *days = fr_date_to_days(date);
    return FR_OK;
}

char *
fr_date_format(int64_t days, char *text)
{
    struct fr_date date = fr_date_of_days(days);

    snprintf(text, FR_DATE_TEXT_SIZE, "%04d-%02d-%02d", date.year % 10000, date.month, date.day);
    return text;
}
