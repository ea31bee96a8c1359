/* calendar.c - fil calendar: when are we open, and what do hours of business come to?
 *
 * Answered from the configuration alone; no service is asked.
 */
#include <stdlib.h>
#include <string.h>
#include "common/calendar/calendar.h"
#include "common/calendar/date.h"
#include "services/fil/install.h"
#include "services/fil/show.h"

#define LINES_MAX 2000 /* intervals listed */

struct given {
    const char *week;
    bool explain;
};

/* clang-format off */
static const struct fil_option show_options[] = {
    { "--week",    FIL_TEXT, offsetof(struct given, week),    "YEAR-Wnn", "The ISO week, 2027-W13; without it the present one.", NULL },
    { "--explain", FIL_FLAG, offsetof(struct given, explain), NULL, "Also every interval, in UTC and on the wall.", NULL },
    { NULL },
};
static const struct fil_option explain_options[] = {
    { "--explain", FIL_FLAG, offsetof(struct given, explain), NULL, "The intervals that it is made of.", NULL },
    { NULL },
};
static const struct fil_column interval_columns[] = {
    { "FROM",   "from_local", FIL_COLUMN_TEXT, 0 },
    { "TO",     "to_local",   FIL_COLUMN_TEXT, 0 },
    { "OPEN",   "open",       FIL_COLUMN_TEXT, 0 },
    { "SUM",    "sum",        FIL_COLUMN_TEXT, 0 },
    { "FROM UTC", "from",     FIL_COLUMN_TEXT, 0 },
    { NULL },
};
static const struct fil_column ls_columns[] = {
    { "NAME",       "name",       FIL_COLUMN_TEXT, 0 },
    { "ZONE",       "zone",       FIL_COLUMN_TEXT, 0 },
    { "OPEN NOW",   "open",       FIL_COLUMN_YES,  0 },
    { "THERE IT IS", "local",     FIL_COLUMN_TEXT, 0 },
    { "OPENS",      "next_open",  FIL_COLUMN_TEXT, 0 },
    { "CLOSES",     "next_close", FIL_COLUMN_TEXT, 0 },
    { NULL },
};
/* clang-format on */

static const struct fr_calendar *
calendar_named(struct fil *fil, const char *name)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fr_calendar *calendar;

    if (install == NULL)
        return NULL;
    if (install->options == NULL) {
        fil_complain("calendars stand in the configuration, and there is none: say --config FILE");
        return NULL;
    }
    calendar = fr_calendars_find(install->options->calendars, name);
    if (calendar == NULL)
        fil_complain("there is no calendar '%s' in %s; 'fil calendar ls' shows what there is", name,
                     install->config_path);
    return calendar;
}

/* "2027-03-15T09:00:00Z", or as the wall there shows it: "2027-03-15 09:00" or "2027-03-15". */
static bool
parse_instant(const struct fr_calendar *calendar, const char *text, struct fr_time *out)
{
    size_t size = strlen(text);
    int hour = 0, minute = 0;
    int64_t days;

    if (fr_time_parse(fr_slice_str(text), out) == FR_OK)
        return true;
    if ((size == 10 || (size == 16 && (text[10] == ' ' || text[10] == 'T') &&
                        sscanf(text + 11, "%2d:%2d", &hour, &minute) == 2)) &&
        fr_date_parse(fr_slice(text, 10), &days) == FR_OK && hour >= 0 && hour < 24 &&
        minute >= 0 && minute < 60) {
        *out = fr_calendar_instant(calendar, days, hour * 3600 + minute * 60);
        return true;
    }
    fil_complain("'%s' is no instant: write 2027-03-15T09:00:00Z, or 2027-03-15 09:00 as the wall "
                 "there shows it",
                 text);
    return false;
}

static json_t *
time_text(struct fr_time t)
{
    char text[FR_TIME_TEXT_SIZE];

    return t.unix_us == 0 ? json_null() : json_string(fr_time_format(t, text));
}

static json_t *
local_text(const struct fr_calendar *calendar, struct fr_time t)
{
    char text[FR_CALENDAR_TEXT_SIZE];

    return t.unix_us == 0 ? json_string("never")
                          : json_string(fr_calendar_format(calendar, t, text));
}

static json_t *
span_text(int64_t us)
{
    char text[FR_TIME_TEXT_SIZE];

    return json_string(fr_span_format((struct fr_span){us}, text));
}

static json_t *
intervals_json(const struct fr_calendar *calendar, struct fr_time from, struct fr_time to)
{
    struct fr_calendar_interval interval;
    json_t *items = json_array();
    int64_t sum_us = 0;

    while (json_array_size(items) < LINES_MAX &&
           fr_calendar_next(calendar, &from, to, &interval) == FR_OK) {
        int64_t open_us = interval.end.unix_us - interval.start.unix_us;

        sum_us += open_us;
        json_array_append_new(
            items, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "from",
                             time_text(interval.start), "to", time_text(interval.end), "from_local",
                             local_text(calendar, interval.start), "to_local",
                             local_text(calendar, interval.end), "open", span_text(open_us), "sum",
                             span_text(sum_us), "open_us", (json_int_t)open_us));
    }
    return items;
}

/* Takes answer, whose `intervals` are listed for people when asked for. */
static int
show(struct fil *fil, json_t *answer, bool explain)
{
    const char *key;
    json_t *value;

    if (fil->json)
        return fil_show_json(answer);
    json_object_foreach(answer, key, value)
    {
        if (json_is_string(value))
            printf("%-10s %s\n", key, json_string_value(value));
    }
    if (explain) {
        putchar('\n');
        fil_table(stdout, json_object_get(answer, "intervals"), interval_columns);
    }
    json_decref(answer);
    return FIL_OK;
}

/* ---- ls ---- */

static json_t *
calendar_json(const struct fr_calendar *calendar, const char *zone)
{
    struct fr_time now = fr_time_wall(), opens = {0}, closes = {0};

    fr_calendar_next_open(calendar, now, &opens);
    fr_calendar_next_close(calendar, now, &closes);
    return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o}", "name", fr_calendar_name(calendar), "zone",
                     zone, "open", fr_calendar_open(calendar, now), "local",
                     local_text(calendar, now), "next_open", local_text(calendar, opens),
                     "next_close", local_text(calendar, closes));
}

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fr_calendar_config *rows;
    json_t *items;

    (void)given;
    (void)argc;
    (void)argv;
    if (install == NULL)
        return FIL_FAILED;
    if (install->options == NULL)
        return fil_complain("calendars stand in the configuration, and there is none: say --config "
                            "FILE");
    items = json_array();
    rows = install->options->common->calendar_rows.items;
    for (size_t i = 0; i < install->options->common->calendar_rows.count; i++)
        json_array_append_new(
            items, calendar_json(fr_calendars_at(install->options->calendars, i), rows[i].zone));
    json_array_append_new(items, calendar_json(fr_calendar_always(), "UTC"));
    return fil_show_list(fil, json_pack("{s:o, s:b}", "items", items, "more", 0), ls_columns,
                         "there are no calendars");
}

/* ---- show: a week as a picture ---- */

static bool
parse_week(const struct fr_calendar *calendar, const char *text, int64_t *monday)
{
    int year, week, used = 0;
    int64_t now_s = fr_time_wall().unix_us / 1000000;

    if (text == NULL) {
        int64_t today = fr_floor_div(now_s + fr_zone_at(fr_calendar_zone(calendar), now_s).offset_s,
                                     FR_DAY_SECONDS);

        *monday = today - fr_date_weekday(today);
        return true;
    }
    if (sscanf(text, "%4d-W%2d%n", &year, &week, &used) == 2 && text[used] == '\0' &&
        year >= 1970 && year < 2200 && week >= 1 && week <= 53) {
        *monday = fr_date_iso_week(year, week);
        return true;
    }
    fil_complain("'%s' is no week: write 2027-W13", text);
    return false;
}

/* Half an hour is a character: full, half or not open. */
static void
draw_day(const struct fr_calendar *calendar, int64_t day)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct fr_time start = fr_calendar_instant(calendar, day, 0);
    struct fr_time end = fr_calendar_instant(calendar, day + 1, 0);
    char date[FR_DATE_TEXT_SIZE], open[FR_TIME_TEXT_SIZE];

    printf("%s %s  ", names[fr_date_weekday(day)], fr_date_format(day, date));
    for (int64_t half = 0; half < 48; half++) {
        struct fr_time from = fr_calendar_instant(calendar, day, half * 1800);
        struct fr_time to = fr_calendar_instant(calendar, day, half * 1800 + 1800);
        struct fr_span span = fr_calendar_within(calendar, from, to);

        fputs(span.us == 0 || to.unix_us <= from.unix_us ? "\xc2\xb7"
              : span.us == to.unix_us - from.unix_us     ? "\xe2\x96\x88"
                                                         : "\xe2\x96\x92",
              stdout);
    }
    fr_span_format(fr_calendar_within(calendar, start, end), open);
    printf("  %s%s\n", open,
           end.unix_us - start.unix_us != FR_DAY_SECONDS * INT64_C(1000000)
               ? "   (the clock changes)"
               : "");
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct given *options = given;
    const struct fr_calendar *calendar = calendar_named(fil, argv[0]);
    struct fr_time from, to;
    int64_t monday;

    (void)argc;
    if (calendar == NULL || !parse_week(calendar, options->week, &monday))
        return FIL_FAILED;
    from = fr_calendar_instant(calendar, monday, 0);
    to = fr_calendar_instant(calendar, monday + 7, 0);
    if (!fil->json) {
        printf("%-16s00    03    06    09    12    15    18    21    24\n", "");
        for (int64_t day = monday; day < monday + 7; day++)
            draw_day(calendar, day);
        putchar('\n');
    }
    return show(fil,
                json_pack("{s:s, s:o, s:o, s:o, s:o}", "calendar", fr_calendar_name(calendar),
                          "from", time_text(from), "to", time_text(to), "open",
                          span_text(fr_calendar_within(calendar, from, to).us), "intervals",
                          intervals_json(calendar, from, to)),
                options->explain);
}

/* ---- add, within ---- */

static int
run_add(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct given *options = given;
    const struct fr_calendar *calendar = calendar_named(fil, argv[0]);
    struct fr_calendar_deadline deadline;
    struct fr_span business;
    struct fr_time from;
    json_t *answer;

    (void)argc;
    if (calendar == NULL || !parse_instant(calendar, argv[1], &from))
        return FIL_FAILED;
    if (fr_span_parse(fr_slice_str(argv[2]), &business) != FR_OK || business.us < 0)
        return fil_complain("'%s' is no length: write 90m, 4h, 2h30m", argv[2]);
    if (fr_calendar_add(calendar, from, business, &deadline) != FR_OK) {
        if (fil->json)
            return fil_show_json(json_pack("{s:s, s:s, s:n, s:n}", "calendar", argv[0], "due",
                                           "never", "first", "rolled"));
        printf("never: %s is not open for so long within two years\n", argv[0]);
        return FIL_OK;
    }
    answer = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "calendar", fr_calendar_name(calendar), "from",
        time_text(from), "due", local_text(calendar, deadline.first), "opens",
        local_text(calendar, deadline.rolled), "first", time_text(deadline.first), "rolled",
        time_text(deadline.rolled), "intervals", intervals_json(calendar, from, deadline.first));
    return show(fil, answer, options->explain);
}

static int
run_within(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct given *options = given;
    const struct fr_calendar *calendar = calendar_named(fil, argv[0]);
    struct fr_time from, to;
    struct fr_span span;

    (void)argc;
    if (calendar == NULL || !parse_instant(calendar, argv[1], &from) ||
        !parse_instant(calendar, argv[2], &to))
        return FIL_FAILED;
    span = fr_calendar_within(calendar, from, to);
    return show(fil,
                json_pack("{s:s, s:o, s:o, s:o, s:I, s:o}", "calendar", fr_calendar_name(calendar),
                          "from", time_text(from), "to", time_text(to), "open", span_text(span.us),
                          "open_us", (json_int_t)span.us, "intervals",
                          intervals_json(calendar, from, to)),
                options->explain);
}

const struct fil_command fil_calendar_commands[] = {
    {.noun = "calendar",
     .verb = "ls",
     .doc = "The calendars of the configuration, and whether they are open now.",
     .examples = "  fil calendar ls\n",
     .run = run_ls},
    {.noun = "calendar",
     .verb = "show",
     .args = "NAME",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "A week of it as a picture, clock changes and holidays included.",
     .examples = "  fil calendar show support --week 2027-W13\n"
                 "  fil calendar show support --week 2027-W13 --explain\n",
     .options = show_options,
     .given_size = sizeof(struct given),
     .run = run_show},
    {.noun = "calendar",
     .verb = "add",
     .args = "NAME INSTANT DURATION",
     .arg_min = 3,
     .arg_max = 3,
     .doc = "When so much business time will have passed: the closing, and the next opening.",
     .examples = "  fil calendar add support 2027-03-15T15:00:00Z 4h --explain\n"
                 "  fil calendar add support '2027-03-15 16:00' 90m\n",
     .options = explain_options,
     .given_size = sizeof(struct given),
     .run = run_add},
    {.noun = "calendar",
     .verb = "within",
     .args = "NAME FROM TO",
     .arg_min = 3,
     .arg_max = 3,
     .doc = "Business time between two instants.",
     .examples = "  fil calendar within support 2027-03-12 2027-03-16 --explain\n",
     .options = explain_options,
     .given_size = sizeof(struct given),
     .run = run_within},
    {.noun = NULL},
};
