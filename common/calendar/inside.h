/* inside.h - what a calendar is made of; private to this room. */
#ifndef FR_CALENDAR_INSIDE_H
#define FR_CALENDAR_INSIDE_H

#include <stdatomic.h>
#include "common/calendar/calendar.h"
#include "common/calendar/date.h"
#include "common/calendar/timetable.h"

#define YEAR_FIRST 1970
#define YEAR_COUNT 230 /* up to the end of 2199 */

struct open_interval { /* seconds since the year began; those of the list before it in `before` */
    uint32_t start, end, before;
};
struct open_year {
    int64_t start_s, end_s; /* UTC */
    uint32_t total;         /* open seconds */
    uint32_t count;
    struct open_interval items[]; /* sorted; those that touch are one */
};

struct fr_calendar {
    char name[FR_CALENDAR_NAME_SIZE];
    struct fr_zone *zone;
    struct timetable timetable;
    _Atomic(struct open_year *) years[YEAR_COUNT]; /* made on first use */
};

/* expand.c - The year with that index (0 = YEAR_FIRST); never NULL. */
const struct open_year *calendar_year(const struct fr_calendar *calendar, int index);
/* The index of the year that holds an instant; -1 before the first, YEAR_COUNT after the last. */
int calendar_year_index(int64_t unix_s);
int64_t calendar_year_start(int index);

/* holidays.c - Appends the dates of an .ics file's events to the timetable.  What is wrong comes
 * back as a sentence in reason[reason_size]. */
enum fr_error holidays_read(const char *path, struct timetable *timetable, char *reason,
                            size_t reason_size);
void holidays_append(struct timetable *timetable, int64_t day);

#endif
