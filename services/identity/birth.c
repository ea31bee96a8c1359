/* birth.c - reading dates of birth. */
#include "services/identity/birth.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define YEAR_FIRST                                                                                 \
    1000 /* parish registers are older than any customer; records of people are not */
#define YEAR_LAST 2100
#define CENTURY_END 2030 /* of a year written with two digits */

static const char *const plain_formats =
    "YYYY-MM-DD|YYYYMMDD|YYYY/MM/DD|YYYY.MM.DD|DD.MM.YYYY|DD-MMM-YYYY|DD MMM YYYY|MMM DD, YYYY|"
    "MMM DD YYYY|YYYY-MM|YYYY";

static const char *const months[] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};

static int
days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* 1900-01-01 and its like are what a program writes where nobody said a date. */
static bool
is_stopgap(int year, int month, int day)
{
    return month == 1 && day == 1 && year == 1900;
}

static bool
settle(int year, int month, int day, struct identity_birth *birth)
{
    if (year < YEAR_FIRST || year > YEAR_LAST || month < 0 || month > 12 || day < 0)
        return false;
    if ((month == 0 && day != 0) || (month != 0 && day > days_in(year, month)))
        return false;
    if (is_stopgap(year, month, day))
        return false;
    *birth = (struct identity_birth){(int16_t)year, (uint8_t)month, (uint8_t)day};
    return true;
}

/* Up to `most` digits, at least `least`. */
static bool
digits(const char **text, int least, int most, int *value)
{
    int count = 0;

    for (*value = 0; count < most && isdigit((unsigned char)**text); count++)
        *value = *value * 10 + *(*text)++ - '0';
    return count >= least;
}

static bool
month_name(const char **text, int *month)
{
    size_t size = 0;

    while (isalpha((unsigned char)(*text)[size]))
        size++;
    if (size < 3)
        return false;
    for (int i = 0; i < 12; i++)
        if (strncasecmp(*text, months[i], size) == 0 && size <= strlen(months[i])) {
            *month = i + 1;
            *text += size + ((*text)[size] == '.');
            return true;
        }
    return false;
}

static size_t
run_of(const char *format)
{
    size_t size = 1;

    while (format[size] == format[0])
        size++;
    return size;
}

/* One part of a format, at *format, against the text: both move on. */
static bool
read_part(const char **format, const char *end, const char **text, int *year, int *month, int *day)
{
    size_t run = run_of(*format);
    char what = **format;
    bool tight; /* a digit follows in the format: widths are exact */

    if (*format + run > end)
        run = (size_t)(end - *format);
    *format += run;
    tight = *format < end && strchr("YMD", **format) != NULL;
    if (what == 'Y' && run == 2) {
        if (!digits(text, 2, 2, year))
            return false;
        *year += CENTURY_END / 100 * 100;
        *year -= *year > CENTURY_END ? 100 : 0;
        return true;
    }
    if (what == 'Y')
        return digits(text, 4, 4, year);
    if (what == 'M' && run >= 3)
        return month_name(text, month);
    if (what == 'M')
        return digits(text, tight || **text == '\0' ? 2 : 1, 2, month) && *month > 0;
    if (what == 'D')
        return digits(text, tight ? 2 : 1, 2, day) && *day > 0;
    for (size_t i = 0; i < run; i++)
        if (*(*text)++ != what)
            return false;
    return true;
}

static bool
is_separator(char c)
{
    return c == ' ' || c == 'T' || c == '\0';
}

/* The whole text by one format; a time of day behind the date does not matter. */
static bool
read_as(const char *text, const char *format, const char *end, struct identity_birth *birth)
{
    int year = 0, month = 0, day = 0;
    bool to_the_day = memchr(format, 'D', (size_t)(end - format)) != NULL;

    while (format < end)
        if (!read_part(&format, end, &text, &year, &month, &day))
            return false;
    if (*text != '\0' && !(to_the_day && is_separator(*text)))
        return false;
    return settle(year, month, day, birth);
}

/* 13/02/1980 and 02/13/1980 can be read one way, 02/03/1980 two: that is no date. */
static bool
read_strokes(const char *text, struct identity_birth *birth)
{
    static const char *const day_first = "DD/MM/YYYY", *const month_first = "MM/DD/YYYY";
    struct identity_birth one = {0}, other = {0};
    bool by_day = read_as(text, day_first, day_first + strlen(day_first), &one);
    bool by_month = read_as(text, month_first, month_first + strlen(month_first), &other);

    if (by_day && by_month && identity_births_differ(&one, &other))
        return false;
    if (by_day || by_month)
        *birth = by_day ? one : other;
    return by_day || by_month;
}

bool
identity_birth_parse(const char *text, const char *formats, struct identity_birth *birth)
{
    bool common = formats == NULL || formats[0] == '\0';
    const char *format = common ? plain_formats : formats;

    *birth = (struct identity_birth){0};
    if (text == NULL)
        return false;
    text += strspn(text, " \t");
    if (*text == '\0')
        return false;
    for (const char *end;; format = end + 1) {
        end = strchrnul(format, '|');
        if (end > format && read_as(text, format, end, birth))
            return true;
        if (*end == '\0')
            return common && read_strokes(text, birth);
    }
}

bool
identity_births_differ(const struct identity_birth *a, const struct identity_birth *b)
{
    if (a->year == 0 || b->year == 0)
        return false;
    return a->year != b->year || (a->month != 0 && b->month != 0 && a->month != b->month) ||
           (a->day != 0 && b->day != 0 && a->day != b->day);
}

bool
identity_births_equal(const struct identity_birth *a, const struct identity_birth *b)
{
    return a->year != 0 && a->day != 0 && b->day != 0 && !identity_births_differ(a, b);
}

void
identity_birth_text(const struct identity_birth *birth, char out[IDENTITY_BIRTH_SIZE])
{
    unsigned year = (unsigned)birth->year % 10000, month = birth->month % 100u,
             day = birth->day % 100u;

    out[0] = '\0';
    if (year != 0 && day != 0)
        snprintf(out, IDENTITY_BIRTH_SIZE, "%04u-%02u-%02u", year, month, day);
    else if (year != 0 && month != 0)
        snprintf(out, IDENTITY_BIRTH_SIZE, "%04u-%02u", year, month);
    else if (year != 0)
        snprintf(out, IDENTITY_BIRTH_SIZE, "%04u", year);
}
