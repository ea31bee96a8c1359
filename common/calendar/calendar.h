/* calendar.h - business time: when are we open, and what do n hours of it come to?
 *
 * A calendar is a zone, openings by weekday, breaks, holidays and extra openings.  It is judged by
 * what the clock on the wall shows ("the sign on the door"): an instant is open when the local date
 * and time that it has there is.  An hour that happens twice counts twice, one that is skipped
 * never.  Intervals are half-open, [start, end).
 *
 * How: the offsets of a zone are piecewise constant, so on each piece the local timetable is simply
 * shifted; a year is expanded once, on first use, into a sorted list of open intervals with running
 * totals, and every question is a binary search in it.
 *
 * Nothing here reads a clock or a file after loading.  A calendar is immutable but for that list of
 * expanded years, which is published atomically: any thread may ask.  Instants outside of the years
 * 1970 to 2199 are closed.
 */
#ifndef FR_CALENDAR_CALENDAR_H
#define FR_CALENDAR_CALENDAR_H

#include <stdbool.h>
#include "common/base/time.h"
#include "common/calendar/zone.h"
#include "common/config/config.h"

#define FR_CALENDAR_NAME_SIZE 32 /* with its NUL */

/* How far ahead is looked for an opening or a deadline: two years; beyond it is "never". */
#define FR_CALENDAR_REACH_S (INT64_C(2) * 366 * 86400)

struct fr_calendar; /* opaque */

/* ---- asking ---- */

const char *fr_calendar_name(const struct fr_calendar *calendar);
const struct fr_zone *fr_calendar_zone(const struct fr_calendar *calendar);
/* The one that is always open, in UTC: named "24/7". */
const struct fr_calendar *fr_calendar_always(void);

bool fr_calendar_open(const struct fr_calendar *calendar, struct fr_time t);
/* The first open instant at or after t; the end of the opening that holds t or comes next.
 * FR_NOT_FOUND: never. */
enum fr_error fr_calendar_next_open(const struct fr_calendar *calendar, struct fr_time t,
                                    struct fr_time *out);
enum fr_error fr_calendar_next_close(const struct fr_calendar *calendar, struct fr_time t,
                                     struct fr_time *out);

struct fr_calendar_deadline {
    struct fr_time first;  /* the earliest instant at which the time has passed: may be a closing */
    struct fr_time rolled; /* the first open instant at or after it; unix_us 0: never */
};
/* After `business` of open time from `from`.  None at all (0 or less): first is `from` itself.
 * FR_NOT_FOUND: never, that is not within FR_CALENDAR_REACH_S. */
enum fr_error fr_calendar_add(const struct fr_calendar *calendar, struct fr_time from,
                              struct fr_span business, struct fr_calendar_deadline *out);
/* Open time in [from, to); 0 when `to` is not after `from`. */
struct fr_span fr_calendar_within(const struct fr_calendar *calendar, struct fr_time from,
                                  struct fr_time to);

/* The intervals that such a sum is made of, one after the other: the part of the next opening that
 * lies in [*at, to); then *at is its end.  Openings that touch are one.  FR_END: no more. */
struct fr_calendar_interval {
    struct fr_time start, end;
};
enum fr_error fr_calendar_next(const struct fr_calendar *calendar, struct fr_time *at,
                               struct fr_time to, struct fr_calendar_interval *out);

/* An instant as the wall shows it there: "Fri 2027-04-02 17:00 CEST" into text. */
#define FR_CALENDAR_TEXT_SIZE 48
char *fr_calendar_format(const struct fr_calendar *calendar, struct fr_time t, char *text);
/* The instant at which the wall shows that local time (days since 1970, seconds of the day), the
 * first of two; a skipped one gives the instant after the gap that is as far from its start. */
struct fr_time fr_calendar_instant(const struct fr_calendar *calendar, int64_t days,
                                   int64_t second_of_day);

/* ---- as it is written (config.c) ---- */

struct fr_calendar_day_config {  /* one row of breaks or extra */
    const char *on;              /* "2027-12-19"; a break also "mon" */
    struct fr_config_list times; /* const char *: "12:00-13:00" */
};
struct fr_calendar_config {
    const char *name;
    const char *zone;
    struct fr_config_list hours[7]; /* const char *, Monday first: "09:00-12:30", "22:00-06:00" */
    struct fr_config_list
        breaks; /* struct fr_calendar_day_config: closed then, whatever else says */
    struct fr_config_list extra; /* struct fr_calendar_day_config: open then, also on a holiday */
    struct fr_config_list holidays; /* const char *: local dates, closed from 00:00 to 24:00 */
    const char *holidays_file;      /* an .ics file, or NULL */
};
extern const struct fr_config_key fr_calendar_keys[]; /* rows of the map `calendars` */

/* Every complaint: the key below the calendar ("hours.mon") and a sentence. */
typedef void fr_calendar_complain_fn(void *context, const char *key, const char *reason);
/* `dir` is where a relative holidays_file starts.  FR_INVALID after a complaint.  *out borrows
 * nothing. */
enum fr_error fr_calendar_new(const struct fr_calendar_config *row, const char *dir,
                              fr_calendar_complain_fn *complain, void *context,
                              struct fr_calendar **out);
void fr_calendar_free(struct fr_calendar **calendar);

/* ---- all of an installation ---- */

struct fr_calendars; /* opaque */

/* Complains at file:line about what is wrong with the top-level map `calendars`; for the check of
 * the section "" that holds it. */
void fr_calendars_check(struct fr_config *config, const struct fr_config_list *rows);
/* Compiles what was checked.  FR_INVALID when a file or a zone has gone since. */
enum fr_error fr_calendars_new(const struct fr_config *config, const struct fr_config_list *rows,
                               struct fr_calendars **out);
void fr_calendars_free(struct fr_calendars **calendars);
/* By name, "24/7" included; NULL: there is none. */
const struct fr_calendar *fr_calendars_find(const struct fr_calendars *calendars, const char *name);
/* In the order of the file; NULL past the end. */
const struct fr_calendar *fr_calendars_at(const struct fr_calendars *calendars, size_t index);
/* For the checks of services that name calendars in their own section: is it declared? */
bool fr_calendars_declared(const struct fr_config_list *rows, const char *name);

#endif
