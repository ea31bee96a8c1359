/* date.h - days as numbers: the proleptic Gregorian calendar, days since 1970-01-01.
 *
 * Method: Howard Hinnant, "chrono-compatible low-level date algorithms" (days_from_civil and its
 * inverse): years that begin in March make the leap day the last one.
 */
#ifndef FR_CALENDAR_DATE_H
#define FR_CALENDAR_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"

#define FR_DAY_SECONDS 86400

struct fr_date {
    int year, month, day; /* 2027, 1..12, 1..31 */
};

int64_t fr_date_to_days(struct fr_date date);
struct fr_date fr_date_of_days(int64_t days);
int fr_date_weekday(int64_t days); /* 0 = Monday ... 6 = Sunday */
bool fr_date_is_leap(int year);
int fr_date_month_days(int year, int month);
/* The Monday with which ISO week `week` of `year` begins (ISO 8601: week 1 holds January 4th). */
int64_t fr_date_iso_week(int year, int week);

/* "2027-03-14".  FR_INVALID when it is no date of the years 1970 to 2199. */
enum fr_error fr_date_parse(struct fr_slice text, int64_t *days);
#define FR_DATE_TEXT_SIZE 16
char *fr_date_format(int64_t days, char *text); /* into text[FR_DATE_TEXT_SIZE]; returns it */

/* Division that rounds down, for instants before 1970. */
static inline int64_t
fr_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

#endif
