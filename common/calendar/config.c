/* config.c - calendars as operators write them, and what is wrong with them. */
#include "common/calendar/inside.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CALENDAR(field) offsetof(struct fr_calendar_config, field)
#define DAY(field) offsetof(struct fr_calendar_day_config, field)

/* clang-format off */
static const struct fr_config_key break_keys[] = {
    { "on", FR_CONFIG_STRING, DAY(on), NULL, .required = true, .min = 3, .max = 10,
      .doc = "A local date (2027-03-15), or a weekday (mon): every one of them." },
    { "times", FR_CONFIG_STRINGS, DAY(times), NULL, .required = true, .min = 1, .max = 50,
      .doc = "When it is closed: \"12:00-13:00\"." },
    { NULL },
};
static const struct fr_config_key extra_keys[] = {
    { "on", FR_CONFIG_STRING, DAY(on), NULL, .required = true, .min = 10, .max = 10,
      .doc = "A local date: 2027-12-19." },
    { "times", FR_CONFIG_STRINGS, DAY(times), NULL, .required = true, .min = 1, .max = 50,
      .doc = "When it is open, also on a holiday: \"10:00-16:00\"." },
    { NULL },
};
#define WEEKDAY(name, index) \
    { name, FR_CONFIG_STRINGS, sizeof(struct fr_config_list) * (index), NULL, .max = 50, \
      .doc = "Openings, [start, end) on the wall: \"09:00-12:30\"; up to 24:00; \"22:00-06:00\" ends on the next day." }
static const struct fr_config_key hours_keys[] = {
    WEEKDAY("mon", 0), WEEKDAY("tue", 1), WEEKDAY("wed", 2), WEEKDAY("thu", 3),
    WEEKDAY("fri", 4), WEEKDAY("sat", 5), WEEKDAY("sun", 6), { NULL },
};
const struct fr_config_key fr_calendar_keys[] = {
    { "name", FR_CONFIG_STRING, CALENDAR(name), .min = 1, .max = FR_CALENDAR_NAME_SIZE - 1,
      .doc = "The calendar, as policies and explanations name it." },
    { "zone", FR_CONFIG_STRING, CALENDAR(zone), NULL, .required = true, .min = 1, .max = 100,
      .doc = "IANA time zone: Europe/Paris; with all its clock changes, from the system's zoneinfo." },
    { "hours", FR_CONFIG_SECTION, CALENDAR(hours), .keys = hours_keys,
      .doc = "When it is open, by weekday; a day without any is closed." },
    { "breaks", FR_CONFIG_LIST, CALENDAR(breaks), NULL, .max = 2000, .keys = break_keys,
      .item_size = sizeof(struct fr_calendar_day_config),
      .doc = "Closed then; on a date also what `extra` opens." },
    { "extra", FR_CONFIG_LIST, CALENDAR(extra), NULL, .max = 2000, .keys = extra_keys,
      .item_size = sizeof(struct fr_calendar_day_config),
      .doc = "Open then, beside the weekday's hours or on a holiday." },
    { "holidays", FR_CONFIG_STRINGS, CALENDAR(holidays), NULL, .max = 5000,
      .doc = "Local dates that are closed from 00:00 to 24:00: 2027-12-25." },
    { "holidays_file", FR_CONFIG_STRING, CALENDAR(holidays_file), NULL, .min = 1, .max = 400,
      .doc = "An .ics file whose events are holidays too; a relative path starts at this file's directory." },
    { NULL },
};
/* clang-format on */

static const char *const weekday_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

struct making { /* one calendar while it is made */
    const struct fr_calendar_config *row;
    struct timetable *timetable;
    fr_calendar_complain_fn *complain;
    void *context;
    bool wrong;
};

static void say(struct making *making, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(struct making *making, const char *key, const char *format, ...)
{
    char reason[700];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    making->wrong = true;
    making->complain(making->context, key, reason);
}

static const char *
text_at(const struct fr_config_list *list, size_t index)
{
    return ((const char *const *)list->items)[index];
}

static bool
parse_times(struct making *making, const char *key, const char *text, struct minutes *day,
            struct minutes *next)
{
    if (minutes_parse(text, day, next) == FR_OK)
        return true;
    say(making, key, "'%s' is no time of day: write \"09:00-12:30\", at the latest \"24:00\"",
        text);
    return false;
}

static void
add_opening(struct making *making, const char *key, const char *text, struct openings *openings,
            struct minutes part)
{
    struct minutes other;

    if (part.end == 0)
        return;
    switch (openings_add(openings, part, &other)) {
    case FR_OK:
        break;
    case FR_EXISTS:
        say(making, key, "%s overlaps another one of the same day, %02d:%02d-%02d:%02d", text,
            other.start / 60, other.start % 60, other.end / 60, other.end % 60);
        break;
    default:
        say(making, key, "there are too many of one day");
    }
}

/* ---- the week ---- */

static void
add_week(struct making *making)
{
    for (size_t day = 0; day < 7; day++) {
        const struct fr_config_list *times = &making->row->hours[day];

        for (size_t i = 0; i < times->count; i++) {
            struct minutes today, tomorrow;
            char key[40];

            snprintf(key, sizeof(key), "hours.%s[%zu]", weekday_names[day], i);
            if (!parse_times(making, key, text_at(times, i), &today, &tomorrow))
                continue;
            add_opening(making, key, text_at(times, i), &making->timetable->week[day], today);
            add_opening(making, key, text_at(times, i), &making->timetable->week[(day + 1) % 7],
                        tomorrow);
        }
    }
}

static int
weekday_of(const char *text)
{
    for (int i = 0; i < 7; i++)
        if (strcmp(text, weekday_names[i]) == 0)
            return i;
    return -1;
}

/* ---- holidays ---- */

static void
add_holidays(struct making *making, const char *dir)
{
    const struct fr_calendar_config *row = making->row;
    char path[900], reason[700];

    for (size_t i = 0; i < row->holidays.count; i++) {
        const char *text = text_at(&row->holidays, i);
        char key[40];
        int64_t day;

        snprintf(key, sizeof(key), "holidays[%zu]", i);
        if (fr_date_parse(fr_slice_str(text), &day) == FR_OK)
            holidays_append(making->timetable, day);
        else
            say(making, key, "'%s' is no date: write 2027-12-25", text);
    }
    if (row->holidays_file != NULL) {
        snprintf(path, sizeof(path), "%s%s%s", row->holidays_file[0] == '/' ? "" : dir,
                 row->holidays_file[0] == '/' ? "" : "/", row->holidays_file);
        if (holidays_read(path, making->timetable, reason, sizeof(reason)) != FR_OK)
            say(making, "holidays_file", "%s", reason);
    }
    timetable_sort_holidays(making->timetable);
}

/* ---- dates of their own ---- */

typedef void day_fn(struct making *making, const char *key, const char *text, const char *on,
                    int64_t day, struct minutes part);

static void
extra_day(struct making *making, const char *key, const char *text, const char *on, int64_t day,
          struct minutes part)
{
    (void)on;
    if (part.end > 0)
        add_opening(making, key, text, timetable_special(making->timetable, day), part);
}

static void
break_day(struct making *making, const char *key, const char *text, const char *on, int64_t day,
          struct minutes part)
{
    (void)key;
    (void)text;
    (void)on;
    if (part.end > 0)
        openings_cut(timetable_special(making->timetable, day), part);
}

static void
break_weekday(struct making *making, const char *key, const char *text, const char *on, int64_t day,
              struct minutes part)
{
    (void)key;
    (void)text;
    (void)on;
    if (part.end > 0)
        openings_cut(&making->timetable->week[day], part);
}

/* Overlapping breaks are a slip of the pen like overlapping openings. */
static void
check_overlap(struct making *making, const char *list, const struct fr_config_list *rows,
              size_t index)
{
    const struct fr_calendar_day_config *items = rows->items, *row = &items[index];
    struct openings seen = {NULL, 0};
    struct minutes day, next;
    char key[60];

    for (size_t j = 0; j <= index; j++)
        for (size_t i = 0; strcmp(items[j].on, row->on) == 0 && i < items[j].times.count; i++) {
            struct minutes other;

            if (minutes_parse(text_at(&items[j].times, i), &day, &next) != FR_OK ||
                openings_add(&seen, day, &other) == FR_OK || j < index)
                continue;
            snprintf(key, sizeof(key), "%s[%zu].times[%zu]", list, index, i);
            say(making, key, "%s overlaps another one of the same day, %02d:%02d-%02d:%02d",
                text_at(&row->times, i), other.start / 60, other.start % 60, other.end / 60,
                other.end % 60);
        }
    openings_free(&seen);
}

static void
add_days(struct making *making, const char *list, const struct fr_config_list *rows, bool weekdays,
         day_fn *each, int64_t wrap)
{
    const struct fr_calendar_day_config *items = rows->items;

    for (size_t j = 0; j < rows->count; j++) {
        int64_t on = weekday_of(items[j].on);
        char key[60];

        if ((on >= 0) != weekdays)
            continue;
        if (!weekdays && fr_date_parse(fr_slice_str(items[j].on), &on) != FR_OK) {
            snprintf(key, sizeof(key), "%s[%zu].on", list, j);
            say(making, key, "'%s' is no date: write 2027-03-15%s", items[j].on,
                strcmp(list, "breaks") == 0 ? ", or a weekday: mon" : "");
            continue;
        }
        for (size_t i = 0; i < items[j].times.count; i++) {
            const char *text = text_at(&items[j].times, i);
            struct minutes day, next;

            snprintf(key, sizeof(key), "%s[%zu].times[%zu]", list, j, i);
            if (!parse_times(making, key, text, &day, &next))
                continue;
            each(making, key, text, items[j].on, on, day);
            each(making, key, text, items[j].on, (on + 1) % wrap, next);
        }
    }
}

/* Weekly breaks first: the dates of their own start from the week as it is then; breaks on dates
 * last: they win. */
static void
add_all(struct making *making, const char *dir)
{
    const struct fr_calendar_config *row = making->row;

    add_week(making);
    for (size_t i = 0; i < row->breaks.count; i++)
        check_overlap(making, "breaks", &row->breaks, i);
    add_days(making, "breaks", &row->breaks, true, break_weekday, 7);
    add_holidays(making, dir);
    add_days(making, "extra", &row->extra, false, extra_day, INT64_MAX);
    add_days(making, "breaks", &row->breaks, false, break_day, INT64_MAX);
}

/* ---- one calendar ---- */

static void
load_zone(struct making *making, struct fr_zone **zone)
{
    const char *name = making->row->zone;

    switch (fr_zone_load(name, zone)) {
    case FR_OK:
        break;
    case FR_NOT_FOUND:
        say(making, "zone", "there is no zone '%s' in the system's zoneinfo (package tzdata)",
            name);
        break;
    case FR_CORRUPT:
        say(making, "zone", "the zoneinfo of '%s' is damaged, or counts leap seconds", name);
        break;
    default:
        say(making, "zone", "the zoneinfo of '%s' cannot be read", name);
    }
}

enum fr_error
fr_calendar_new(const struct fr_calendar_config *row, const char *dir,
                fr_calendar_complain_fn *complain, void *context, struct fr_calendar **out)
{
    struct fr_calendar *calendar = calloc(1, sizeof(*calendar));
    struct making making = {row, &calendar->timetable, complain, context, false};

    fr_assert(calendar != NULL);
    snprintf(calendar->name, sizeof(calendar->name), "%s", row->name);
    load_zone(&making, &calendar->zone);
    add_all(&making, dir);
    if (making.wrong) {
        fr_calendar_free(&calendar);
        return FR_INVALID;
    }
    *out = calendar;
    return FR_OK;
}

void
fr_calendar_free(struct fr_calendar **calendar)
{
    if (*calendar == NULL)
        return;
    for (size_t i = 0; i < YEAR_COUNT; i++)
        free(atomic_load(&(*calendar)->years[i]));
    timetable_fini(&(*calendar)->timetable);
    fr_zone_free(&(*calendar)->zone);
    free(*calendar);
    *calendar = NULL;
}

/* ---- always open ---- */

static struct fr_calendar always;

static void
make_always(void)
{
    /* An empty 32-bit half, then a 64-bit one with a single type and its rule. */
    static const char utc[] = {
        [0] = 'T',      'Z',           'i', 'f', '2', /* header, all counts 0 */
        [44] = 'T',     'Z',           'i', 'f', '2', /* header */
        [44 + 39] = 1,  [44 + 43] = 4,                /* one type, four characters */
        [88 + 6] = 'U', 'T',           'C', 0,   '\n', 'U', 'T', 'C', '0', '\n',
    };
    struct minutes none;

    snprintf(always.name, sizeof(always.name), "24/7");
    fr_assert(fr_zone_parse(fr_slice(utc, sizeof(utc)), &always.zone) == FR_OK);
    for (size_t i = 0; i < 7; i++)
        openings_add(&always.timetable.week[i], (struct minutes){0, MINUTES_PER_DAY}, &none);
}

const struct fr_calendar *
fr_calendar_always(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_always);
    return &always;
}

/* ---- all of an installation ---- */

struct fr_calendars {
    struct fr_calendar **items;
    size_t count;
};

struct place { /* of a complaint */
    struct fr_config *config;
    const char *name;
};

static void
complain_at(void *context, const char *key, const char *reason)
{
    const struct place *place = context;
    char path[200];

    snprintf(path, sizeof(path), "calendars.%s.%s", place->name, key);
    fr_config_complain(place->config, "", path, "%s", reason);
}

static void
say_nothing(void *context, const char *key, const char *reason)
{
    (void)context;
    (void)key;
    (void)reason;
}

void
fr_calendars_check(struct fr_config *config, const struct fr_config_list *rows)
{
    const struct fr_calendar_config *items = rows->items;

    for (size_t i = 0; i < rows->count; i++) {
        struct place place = {config, items[i].name};
        struct fr_calendar *calendar = NULL;

        if (strcmp(items[i].name, fr_calendar_name(fr_calendar_always())) == 0)
            complain_at(&place, "zone", "24/7 is always open and needs no declaration");
        else
            fr_calendar_new(&items[i], fr_config_dir(config), complain_at, &place, &calendar);
        fr_calendar_free(&calendar);
    }
}

enum fr_error
fr_calendars_new(const struct fr_config *config, const struct fr_config_list *rows,
                 struct fr_calendars **out)
{
    const struct fr_calendar_config *items = rows->items;
    struct fr_calendars *calendars = calloc(1, sizeof(*calendars));
    enum fr_error err = FR_OK;

    fr_assert(calendars != NULL);
    calendars->items = calloc(rows->count + 1, sizeof(*calendars->items));
    fr_assert(calendars->items != NULL);
    for (; err == FR_OK && calendars->count < rows->count; calendars->count++)
        err = fr_calendar_new(&items[calendars->count], fr_config_dir(config), say_nothing, NULL,
                              &calendars->items[calendars->count]);
    if (err == FR_OK)
        *out = calendars;
    else
        fr_calendars_free(&calendars);
    return err;
}

void
fr_calendars_free(struct fr_calendars **calendars)
{
    if (*calendars == NULL)
        return;
    for (size_t i = 0; i < (*calendars)->count; i++)
        fr_calendar_free(&(*calendars)->items[i]);
    free((*calendars)->items);
    free(*calendars);
    *calendars = NULL;
}

const struct fr_calendar *
fr_calendars_at(const struct fr_calendars *calendars, size_t index)
{
    return calendars != NULL && index < calendars->count ? calendars->items[index] : NULL;
}

const struct fr_calendar *
fr_calendars_find(const struct fr_calendars *calendars, const char *name)
{
    for (size_t i = 0; calendars != NULL && i < calendars->count; i++)
        if (strcmp(calendars->items[i]->name, name) == 0)
            return calendars->items[i];
    return strcmp(name, fr_calendar_name(fr_calendar_always())) == 0 ? fr_calendar_always() : NULL;
}

bool
fr_calendars_declared(const struct fr_config_list *rows, const char *name)
{
    const struct fr_calendar_config *items = rows->items;

    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(items[i].name, name) == 0)
            return true;
    return strcmp(name, fr_calendar_name(fr_calendar_always())) == 0;
}
