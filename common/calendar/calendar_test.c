/* calendar_test.c - business time case by case, and what a configuration may not say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/calendar/calendar.h"
#include "common/calendar/date.h"

struct top {
    struct fr_config_list calendars;
};
static const struct fr_config_key top_keys[] = {
    {"calendars", FR_CONFIG_MAP, offsetof(struct top, calendars), .keys = fr_calendar_keys,
     .item_size = sizeof(struct fr_calendar_config), .doc = "x"},
    {NULL},
};

static void
check(struct fr_config *config, const void *section)
{
    fr_calendars_check(config, &((const struct top *)section)->calendars);
}

static struct fr_config *config;

/* NULL with what was complained about in *said. */
static struct fr_calendars *
load(const char *yaml, char **said)
{
    const struct fr_config_section sections[] = {{"", top_keys, sizeof(struct top), check}};
    struct fr_calendars *calendars = NULL;
    size_t size;
    FILE *complaints = open_memstream(said, &size);
    enum fr_error err =
        fr_config_parse(yaml, strlen(yaml), "f.yaml", sections, 1, complaints, &config);

    fclose(complaints);
    if (err == FR_OK)
        assert_int_equal(
            fr_calendars_new(config, &((const struct top *)fr_config_get(config, ""))->calendars,
                             &calendars),
            FR_OK);
    return calendars;
}

static struct fr_time
at(const char *text)
{
    struct fr_time t;

    assert_int_equal(fr_time_parse(fr_slice_str(text), &t), FR_OK);
    return t;
}

static void
assert_time(struct fr_time got, const char *expected)
{
    char text[FR_TIME_TEXT_SIZE];

    if (got.unix_us != at(expected).unix_us)
        fail_msg("%s, expected %s", fr_time_format(got, text), expected);
}

static const char shop[] =
    "calendars:\n"
    "  shop:\n"
    "    zone: Europe/Paris\n"
    "    hours: {mon: [\"09:00-12:00\", \"13:00-17:00\"], tue: [\"09:00-17:00\"],\n"
    "            wed: [\"09:00-17:00\"], thu: [\"09:00-17:00\"], fri: [\"09:00-17:00\"]}\n"
    "    breaks:\n"
    "      - {on: 2027-03-17, times: [\"12:00-13:00\"]}\n"
    "      - {on: fri, times: [\"16:00-17:00\"]}\n"
    "    extra: [{on: 2027-03-20, times: [\"10:00-14:00\"]}, {on: 2027-03-18, times: "
    "[\"22:00-02:00\"]}]\n"
    "    holidays: [2027-03-18, 2027-03-19]\n"
    "  night: {zone: Australia/Lord_Howe, hours: {sat: [\"22:00-06:00\"]}}\n"
    "  never: {zone: UTC}\n";

static void
a_week_of_the_shop_is_as_the_sign_says(void **state)
{
    static const char *const openings[][2] = {
        {"2027-03-15T08:00:00Z", "2027-03-15T11:00:00Z"}, /* lunch */
        {"2027-03-15T12:00:00Z", "2027-03-15T16:00:00Z"},
        {"2027-03-16T08:00:00Z", "2027-03-16T16:00:00Z"},
        {"2027-03-17T08:00:00Z", "2027-03-17T11:00:00Z"}, /* a break on a date */
        {"2027-03-17T12:00:00Z", "2027-03-17T16:00:00Z"},
        {"2027-03-18T21:00:00Z", "2027-03-19T01:00:00Z"}, /* extra, on a holiday, over midnight */
        {"2027-03-20T09:00:00Z", "2027-03-20T13:00:00Z"}, /* a Saturday */
    };
    struct fr_time from = at("2027-03-14T23:00:00Z"), to = at("2027-03-21T23:00:00Z");
    struct fr_calendar_interval interval;
    struct fr_calendars *calendars;
    const struct fr_calendar *calendar;
    char *said;

    (void)state;
    calendars = load(shop, &said);
    calendar = fr_calendars_find(calendars, "shop");
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        assert_int_equal(fr_calendar_next(calendar, &from, to, &interval), FR_OK);
        assert_time(interval.start, openings[i][0]);
        assert_time(interval.end, openings[i][1]);
    }
    assert_int_equal(fr_calendar_next(calendar, &from, to, &interval), FR_END);
    fr_calendars_free(&calendars);
    fr_config_free(&config);
    free(said);
}

static void
a_deadline_at_closing_keeps_both_instants(void **state)
{
    struct fr_calendar_deadline deadline;
    struct fr_calendars *calendars;
    const struct fr_calendar *calendar;
    char *said;

    (void)state;
    calendars = load(shop, &said);
    calendar = fr_calendars_find(calendars, "shop");
    assert_int_equal(
        fr_calendar_add(calendar, at("2027-03-15T15:00:00Z"), fr_seconds(3600), &deadline), FR_OK);
    assert_time(deadline.first, "2027-03-15T16:00:00Z");
    assert_time(deadline.rolled, "2027-03-16T08:00:00Z");
    assert_int_equal(
        fr_calendar_add(calendar, at("2027-03-14T15:00:00Z"), fr_seconds(0), &deadline), FR_OK);
    assert_time(deadline.first, "2027-03-14T15:00:00Z");
    assert_time(deadline.rolled, "2027-03-15T08:00:00Z");
    fr_calendars_free(&calendars);
    fr_config_free(&config);
    free(said);
}

/* The night of Lord Howe in which half an hour happens twice, and the one in which it is missing.
 */
static void
a_night_shift_is_as_long_as_the_night(void **state)
{
    struct fr_calendars *calendars;
    const struct fr_calendar *night;
    char *said;

    (void)state;
    calendars = load(shop, &said);
    night = fr_calendars_find(calendars, "night");
    assert_int_equal(
        fr_calendar_within(night, at("2027-04-03T00:00:00Z"), at("2027-04-04T00:00:00Z")).us,
        fr_seconds(8 * 3600 + 1800).us);
    assert_int_equal(
        fr_calendar_within(night, at("2027-10-02T00:00:00Z"), at("2027-10-03T00:00:00Z")).us,
        fr_seconds(8 * 3600 - 1800).us);
    fr_calendars_free(&calendars);
    fr_config_free(&config);
    free(said);
}

static void
what_never_opens_says_never(void **state)
{
    struct fr_time t = at("2027-01-01T00:00:00Z"), out;
    struct fr_calendar_deadline deadline;
    struct fr_calendars *calendars;
    const struct fr_calendar *never;
    char *said;

    (void)state;
    calendars = load(shop, &said);
    never = fr_calendars_find(calendars, "never");
    assert_int_equal(fr_calendar_add(never, t, fr_seconds(1), &deadline), FR_NOT_FOUND);
    assert_int_equal(fr_calendar_add(never, t, fr_seconds(0), &deadline), FR_OK);
    assert_int_equal(deadline.rolled.unix_us, 0);
    assert_int_equal(fr_calendar_next_open(never, t, &out), FR_NOT_FOUND);
    assert_int_equal(fr_calendar_next_close(never, t, &out), FR_NOT_FOUND);
    assert_int_equal(fr_calendar_within(never, t, at("2190-01-01T00:00:00Z")).us, 0);
    assert_int_equal(fr_calendar_next_close(fr_calendar_always(), t, &out), FR_NOT_FOUND);
    assert_null(fr_calendars_find(calendars, "neverland"));
    fr_calendars_free(&calendars);
    fr_config_free(&config);
    free(said);
}

static void
always_counts_every_microsecond(void **state)
{
    struct fr_time from = at("2026-12-30T10:00:00.000001Z"), to = at("2028-01-02T00:00:00Z");
    const struct fr_calendar *always = fr_calendar_always();
    struct fr_calendar_interval interval;
    struct fr_calendar_deadline deadline;
    struct fr_time cursor = from;

    (void)state;
    assert_int_equal(fr_calendar_within(always, from, to).us, to.unix_us - from.unix_us);
    assert_int_equal(fr_calendar_add(always, from, fr_time_since(to, from), &deadline), FR_OK);
    assert_int_equal(deadline.first.unix_us, to.unix_us);
    assert_int_equal(deadline.rolled.unix_us, to.unix_us);
    assert_int_equal(fr_calendar_next(always, &cursor, to, &interval), FR_OK); /* one, over years */
    assert_int_equal(interval.end.unix_us, to.unix_us);
    assert_int_equal(fr_calendar_next(always, &cursor, to, &interval), FR_END);
    assert_false(fr_calendar_open(always, at("1969-12-31T23:59:59Z")));
    assert_int_equal(fr_calendar_within(always, to, from).us, 0);
}

static void
local_times_are_written_and_read(void **state)
{
    int64_t spring = fr_date_to_days((struct fr_date){2027, 3, 28});
    char text[FR_CALENDAR_TEXT_SIZE];
    struct fr_calendars *calendars;
    const struct fr_calendar *calendar;
    char *said;

    (void)state;
    calendars = load(shop, &said);
    calendar = fr_calendars_find(calendars, "shop");
    fr_calendar_format(calendar, at("2027-04-02T15:00:00Z"), text);
    assert_string_equal(text, "Fri 2027-04-02 17:00 CEST");
    fr_calendar_format(calendar, at("2027-01-02T15:00:07Z"), text);
    assert_string_equal(text, "Sat 2027-01-02 16:00:07 CET");
    assert_time(fr_calendar_instant(calendar, spring, 3600), "2027-03-28T00:00:00Z");
    assert_time(fr_calendar_instant(calendar, spring, 9000), "2027-03-28T01:30:00Z"); /* skipped */
    assert_time(fr_calendar_instant(calendar, spring, 12600), "2027-03-28T01:30:00Z");
    assert_time(fr_calendar_instant(calendar, spring + 217, 9000), "2027-10-31T00:30:00Z");
    fr_calendars_free(&calendars);
    fr_config_free(&config);
    free(said);
}

struct refused {
    const char *claim, *calendar, *said; /* said: part of it */
};

/* clang-format off */
static const struct refused refused[] = {
    { "two openings overlap", "zone: UTC\n    hours:\n      mon: [\"09:00-12:00\", \"11:59-13:00\"]",
      "f.yaml:5:28: calendars.c.hours.mon[1]: 11:59-13:00 overlaps another one of the same day, 09:00-12:00" },
    { "a night reaches into the next morning", "zone: UTC\n    hours:\n      sun: [\"22:00-06:00\"]\n      mon: [\"05:00-06:00\"]",
      "f.yaml:5:13: calendars.c.hours.sun[0]: 22:00-06:00 overlaps" },
    { "two breaks overlap", "zone: UTC\n    breaks:\n      - {on: mon, times: [\"09:00-12:00\"]}\n      - {on: mon, times: [\"11:00-13:00\"]}",
      "f.yaml:6:27: calendars.c.breaks[1].times[0]: 11:00-13:00 overlaps" },
    { "an extra opening overlaps the hours", "zone: UTC\n    hours: {mon: [\"09:00-12:00\"]}\n    extra: [{on: 2027-03-15, times: [\"10:00-11:00\"]}]",
      "calendars.c.extra[0].times[0]: 10:00-11:00 overlaps another one of the same day, 09:00-12:00" },
    { "no such zone", "zone: Europe/Atlantis", "f.yaml:3:11: calendars.c.zone: there is no zone 'Europe/Atlantis'" },
    { "no such hour", "zone: UTC\n    hours: {mon: [\"09:00-24:01\"]}", "'09:00-24:01' is no time of day" },
    { "an empty opening", "zone: UTC\n    hours: {mon: [\"09:00-09:00\"]}", "'09:00-09:00' is no time of day" },
    { "no such day", "zone: UTC\n    holidays: [2027-02-29]", "f.yaml:4:16: calendars.c.holidays[0]: '2027-02-29' is no date" },
    { "no such weekday", "zone: UTC\n    breaks: [{on: monday, times: [\"09:00-10:00\"]}]", "calendars.c.breaks[0].on: 'monday' is no date" },
    { "no such file", "zone: UTC\n    holidays_file: /nowhere/x.ics", "cannot read /nowhere/x.ics: No such file or directory" },
    { "no zone", "hours: {}", "calendars.c.zone: is required" },
};
/* clang-format on */

static void
what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char yaml[600], *said;

        snprintf(yaml, sizeof(yaml), "calendars:\n  c:\n    %s\n", refused[i].calendar);
        assert_null(load(yaml, &said));
        if (strstr(said, refused[i].said) == NULL)
            fail_msg("%s: %s", refused[i].claim, said);
        free(said);
    }
}

static const char ics[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n"
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20270513\r\nDTEND;VALUE=DATE:20270515\r\n"
    "SUMMARY:two days\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20200714\r\nRRULE:FREQ=YEARLY\r\n"
    "EXDATE;VALUE=DATE:20280714\r\nSUMMARY:every year but one\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:3\r\nDTSTART;VALUE=DATE:20270520\r\nSTATUS:CANCELLED\r\n"
    "SUMMARY:called off\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n";

static void
an_ics_file_closes_its_days(void **state)
{
    static const char *const days[][2] = {
        {"2027-05-12", "open"}, {"2027-05-13", "closed"}, {"2027-05-14", "closed"},
        {"2027-05-15", "open"}, {"2027-05-20", "open"},   {"2027-07-14", "closed"},
        {"2028-07-14", "open"}, {"2031-07-14", "closed"}, {"2031-07-15", "open"},
    };
    char path[] = "/tmp/calendar_test.XXXXXX", yaml[400], *said;
    int fd = mkstemp(path);
    struct fr_calendars *calendars;

    (void)state;
    assert_int_equal(write(fd, ics, sizeof(ics) - 1), sizeof(ics) - 1);
    close(fd);
    snprintf(yaml, sizeof(yaml),
             "calendars: {c: {zone: UTC, holidays_file: %s, hours: {mon: [\"00:00-24:00\"], tue: "
             "[\"00:00-24:00\"], wed: [\"00:00-24:00\"], thu: [\"00:00-24:00\"], fri: "
             "[\"00:00-24:00\"], sat: [\"00:00-24:00\"], sun: [\"00:00-24:00\"]}}}\n",
             path);
    calendars = load(yaml, &said);
    assert_non_null(calendars);
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        char noon[40];

        snprintf(noon, sizeof(noon), "%sT12:00:00Z", days[i][0]);
        if (fr_calendar_open(fr_calendars_at(calendars, 0), at(noon)) !=
            (strcmp(days[i][1], "open") == 0))
            fail_msg("%s must be %s", days[i][0], days[i][1]);
    }
    unlink(path);
    fr_calendars_free(&calendars);
    fr_config_free(&config);
    free(said);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_of_the_shop_is_as_the_sign_says),
        cmocka_unit_test(a_deadline_at_closing_keeps_both_instants),
        cmocka_unit_test(a_night_shift_is_as_long_as_the_night),
        cmocka_unit_test(what_never_opens_says_never),
        cmocka_unit_test(always_counts_every_microsecond),
        cmocka_unit_test(local_times_are_written_and_read),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(an_ics_file_closes_its_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
