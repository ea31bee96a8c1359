/* holidays.c - the days of an .ics file (RFC 5545), by libical: each event closes the local dates
 * that it covers, repeated as its rule says. */
#include "common/calendar/inside.h"

#include <errno.h>
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ICS_SIZE_MAX = 4 * 1024 * 1024,
    DAYS_PER_EVENT_MAX = 366,
    REPEATS_MAX = 2000,
    HOLIDAYS_MAX = 100000,
};

void
holidays_append(struct timetable *timetable, int64_t day)
{
    int64_t *days = realloc(timetable->holidays, (timetable->holiday_count + 1) * sizeof(*days));

    fr_assert(days != NULL);
    timetable->holidays = days;
    days[timetable->holiday_count++] = day;
}

static int64_t
day_of(struct icaltimetype time)
{
    return fr_date_to_days((struct fr_date){time.year, time.month, time.day});
}

/* How many dates an event covers.  Its end is exclusive; one without an end lasts a day. */
static int64_t
days_covered(icalcomponent *event, struct icaltimetype start)
{
    struct icaltimetype end = icalcomponent_get_dtend(event);
    int64_t days;

    if (icaltime_is_null_time(end))
        return 1;
    days = day_of(end) - day_of(start);
    if (!end.is_date && (end.hour > 0 || end.minute > 0 || end.second > 0))
        days++;
    return days < 1 ? 1 : days;
}

static bool
is_excluded(icalcomponent *event, int64_t day)
{
    for (icalproperty *property = icalcomponent_get_first_property(event, ICAL_EXDATE_PROPERTY);
         property != NULL; property = icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY))
        if (day_of(icalproperty_get_exdate(property)) == day)
            return true;
    return false;
}

static bool
close_days(struct timetable *timetable, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        holidays_append(timetable, first + i);
    return timetable->holiday_count <= HOLIDAYS_MAX;
}

static bool
close_repeats(struct timetable *timetable, icalcomponent *event, icalproperty *rule,
              struct icaltimetype start, int64_t count)
{
    icalrecur_iterator *each = icalrecur_iterator_new(icalproperty_get_rrule(rule), start);
    int64_t end = fr_date_to_days((struct fr_date){YEAR_FIRST + YEAR_COUNT, 1, 1});
    bool fits = each != NULL;

    for (int i = 0; fits && i < REPEATS_MAX; i++) {
        struct icaltimetype next = icalrecur_iterator_next(each);

        if (icaltime_is_null_time(next) || day_of(next) >= end)
            break;
        if (!is_excluded(event, day_of(next)))
            fits = close_days(timetable, day_of(next), count);
    }
    if (each != NULL)
        icalrecur_iterator_free(each);
    return fits;
}

/* A cancelled event closes nothing. */
static bool
close_event(struct timetable *timetable, icalcomponent *event)
{
    struct icaltimetype start = icalcomponent_get_dtstart(event);
    icalproperty *rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
    int64_t count;

    if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED)
        return true;
    if (icaltime_is_null_time(start) || start.year < YEAR_FIRST ||
        start.year >= YEAR_FIRST + YEAR_COUNT)
        return false;
    count = days_covered(event, start);
    if (count > DAYS_PER_EVENT_MAX)
        return false;
    for (icalproperty *more = icalcomponent_get_first_property(event, ICAL_RDATE_PROPERTY);
         more != NULL; more = icalcomponent_get_next_property(event, ICAL_RDATE_PROPERTY))
        if (!close_days(timetable, day_of(icalproperty_get_rdate(more).time), count))
            return false;
    return rule == NULL ? close_days(timetable, day_of(start), count)
                        : close_repeats(timetable, event, rule, start, count);
}

static enum fr_error
close_all(struct timetable *timetable, icalcomponent *all, char *reason, size_t reason_size)
{
    size_t count = 0;

    for (icalcomponent *event = icalcomponent_get_first_component(all, ICAL_VEVENT_COMPONENT);
         event != NULL; event = icalcomponent_get_next_component(all, ICAL_VEVENT_COMPONENT)) {
        const char *summary = icalcomponent_get_summary(event);

        count++;
        if (close_event(timetable, event))
            continue;
        snprintf(reason, reason_size,
                 "event %zu (%s): its start, its length or its rule cannot be used", count,
                 summary == NULL ? "without a name" : summary);
        return FR_INVALID;
    }
    if (count > 0)
        return FR_OK;
    snprintf(reason, reason_size, "it holds no events (VEVENT)");
    return FR_INVALID;
}

static char *
read_text(const char *path)
{
    FILE *file = fopen(path, "rbe");
    char *text;
    size_t size;

    if (file == NULL)
        return NULL;
    text = malloc(ICS_SIZE_MAX + 1);
    fr_assert(text != NULL);
    size = fread(text, 1, ICS_SIZE_MAX, file);
    text[size] = '\0';
    if (ferror(file) || size == ICS_SIZE_MAX) {
        errno = ferror(file) ? errno : EFBIG;
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

enum fr_error
holidays_read(const char *path, struct timetable *timetable, char *reason, size_t reason_size)
{
    char *text = read_text(path);
    icalcomponent *all;
    enum fr_error err;

    if (text == NULL) {
        snprintf(reason, reason_size, "cannot read %s: %s", path, strerror(errno));
        return FR_IO;
    }
    icalerror_set_errors_are_fatal(0);
    all = icalparser_parse_string(text);
    free(text);
    if (all == NULL) {
        snprintf(reason, reason_size, "%s is no iCalendar file", path);
        return FR_INVALID;
    }
    err = close_all(timetable, all, reason, reason_size);
    icalcomponent_free(all);
    return err;
}
