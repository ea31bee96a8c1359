/* timetable.h - which minutes of which local day are open.  Private to this room. */
#ifndef FR_CALENDAR_TIMETABLE_H
#define FR_CALENDAR_TIMETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"

#define MINUTES_PER_DAY 1440
#define OPENINGS_MAX 200 /* of one day, after breaks have cut them */

struct minutes { /* [start, end) of one local day */
    int start, end;
};
struct openings { /* of one local day: sorted, apart from each other */
    struct minutes *items;
    size_t count;
};

/* "09:00-12:30", up to "24:00"; an end at or before the start lies on the next day: then `next` is
 * what falls on it, else next->end is 0.  FR_INVALID. */
enum fr_error minutes_parse(const char *text, struct minutes *day, struct minutes *next);

/* FR_EXISTS: it overlaps one that is there, which is in *other; FR_TOO_BIG. */
enum fr_error openings_add(struct openings *openings, struct minutes added, struct minutes *other);
/* Takes a closed time out of them. */
void openings_cut(struct openings *openings, struct minutes closed);
void openings_copy(struct openings *to, const struct openings *from);
void openings_free(struct openings *openings);

struct special_day { /* a date that is not like its weekday */
    int64_t day;
    struct openings openings;
};
struct timetable {
    struct openings week[7]; /* Monday first */
    struct special_day *specials;
    size_t special_count; /* sorted by day */
    int64_t *holidays;
    size_t holiday_count; /* sorted, each once */
};

bool timetable_is_holiday(const struct timetable *timetable, int64_t day);
const struct openings *timetable_day(const struct timetable *timetable, int64_t day);
/* The row of that date, made from what its weekday or a holiday says if it is not there yet. */
struct openings *timetable_special(struct timetable *timetable, int64_t day);
/* Sorts and takes doubles out; before the first question. */
void timetable_sort_holidays(struct timetable *timetable);
void timetable_fini(struct timetable *timetable);

#endif
