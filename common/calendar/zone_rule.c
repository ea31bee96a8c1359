/* zone_rule.c - the POSIX rule at a zone file's end. */
#include "common/calendar/zone_rule.h"

#include <string.h>

struct reading { /* what is left of the text; NULL once something was wrong */
    const char *at;
};

static bool
taken(struct reading *reading, char c)
{
    if (reading->at == NULL || *reading->at != c)
        return false;
    reading->at++;
    return true;
}

static int
take_number(struct reading *reading, int max)
{
    int value = 0, count = 0;

    if (reading->at == NULL)
        return 0;
    for (; *reading->at >= '0' && *reading->at <= '9' && count < 4; count++)
        value = value * 10 + *reading->at++ - '0';
    if (count == 0 || value > max)
        reading->at = NULL;
    return value;
}

/* "3", "-1:30", "+02:15:30" as seconds. */
static int32_t
take_time(struct reading *reading)
{
    bool minus = taken(reading, '-');
    int32_t seconds;

    if (!minus)
        taken(reading, '+');
    seconds = take_number(reading, 167) * 3600;
    if (taken(reading, ':'))
        seconds += take_number(reading, 59) * 60;
    if (taken(reading, ':'))
        seconds += take_number(reading, 59);
    return minus ? -seconds : seconds;
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "CET", or "<+0530>" when it is not letters alone. */
static void
take_name(struct reading *reading, char name[ZONE_ABBREVIATION_SIZE])
{
    bool quoted = taken(reading, '<');
    size_t size = 0;

    if (reading->at == NULL)
        return;
    while (quoted ? reading->at[size] != '>' && reading->at[size] != '\0'
                  : is_letter(reading->at[size]))
        size++;
    if (size == 0 || size >= ZONE_ABBREVIATION_SIZE) {
        reading->at = NULL;
        return;
    }
    memcpy(name, reading->at, size);
    name[size] = '\0';
    reading->at += size;
    if (quoted && !taken(reading, '>'))
        reading->at = NULL;
}

static void
take_change(struct reading *reading, struct zone_change *change)
{
    bool dots = true;

    if (!taken(reading, ','))
        reading->at = NULL;
    change->form = taken(reading, 'M') ? 'M' : taken(reading, 'J') ? 'J' : 'n';
    if (change->form == 'M') {
        change->month = take_number(reading, 12);
        dots = taken(reading, '.');
        change->week = take_number(reading, 5);
        dots = taken(reading, '.') && dots;
        change->day = take_number(reading, 6);
        if (change->month < 1 || change->week < 1 || !dots)
            reading->at = NULL;
    } else {
        change->day = take_number(reading, 365);
        if (change->form == 'J' && change->day < 1)
            reading->at = NULL;
    }
    change->time_s = taken(reading, '/') ? take_time(reading) : 2 * 3600;
}

enum fr_error
zone_rule_parse(const char *text, struct zone_rule *out)
{
    struct reading reading = {text};
    struct zone_rule rule = {.changes = false};

    take_name(&reading, rule.standard);
    rule.standard_s = -take_time(&reading);
    rule.changes = reading.at != NULL && *reading.at != '\0';
    if (rule.changes) {
        take_name(&reading, rule.summer);
        rule.summer_s = rule.standard_s + 3600;
        if (reading.at != NULL && *reading.at != ',')
            rule.summer_s = -take_time(&reading);
        take_change(&reading, &rule.to_summer);
        take_change(&reading, &rule.to_standard);
    }
    if (reading.at == NULL || *reading.at != '\0')
        return FR_INVALID;
    *out = rule;
    return FR_OK;
}

static int64_t
day_of(const struct zone_change *change, int year)
{
    int64_t first = fr_date_to_days((struct fr_date){year, 1, 1}), day;
    int weekday;

    if (change->form == 'n')
        return first + change->day;
    if (change->form == 'J')
        return first + change->day - 1 + (change->day >= 60 && fr_date_is_leap(year));
    first = fr_date_to_days((struct fr_date){year, change->month, 1});
    weekday = (fr_date_weekday(first) + 1) % 7; /* 0 = Sunday, as the rule counts */
    day = (change->day - weekday + 7) % 7 + (change->week - 1) * 7;
    while (day >= fr_date_month_days(year, change->month))
        day -= 7;
    return first + day;
}

int64_t
zone_change_at(const struct zone_change *change, int year, int32_t offset_s)
{
    return day_of(change, year) * FR_DAY_SECONDS + change->time_s - offset_s;
}
