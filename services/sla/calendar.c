/* calendar.c - the calendar that is always open. */
#include "services/sla/calendar.h"

struct sla_calendar {
    const char *name;
};

const struct sla_calendar *
sla_calendar_always(void)
{
    static const struct sla_calendar always = {"24/7"};

    return &always;
}

const char *
sla_calendar_name(const struct sla_calendar *calendar)
{
    return calendar->name;
}

/* An instant that no 64-bit count of microseconds holds is never. */
enum fr_error
sla_calendar_add(const struct sla_calendar *calendar, struct fr_time from, struct fr_span business,
                 struct fr_time *out)
{
    int64_t sum;

    (void)calendar;
    if (__builtin_add_overflow(from.unix_us, business.us, &sum))
        return FR_NOT_FOUND;
    out->unix_us = sum;
    return FR_OK;
}

struct fr_span
sla_calendar_within(const struct sla_calendar *calendar, struct fr_time from, struct fr_time to)
{
    (void)calendar;
    return to.unix_us > from.unix_us ? fr_time_since(to, from) : fr_seconds(0);
}
