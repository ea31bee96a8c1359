/* time_test.c - times and spans, to text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include "common/base/time.h"

static void
times_are_written_and_read(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_C(1805016413589793), "2027-03-14T09:26:53.589793Z"},
        {INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z"},
        {INT64_C(-62167219200000000), "0000-01-01T00:00:00.000000Z"},
    };
    char text[FR_TIME_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_time back = {0};

        assert_string_equal(fr_time_format((struct fr_time){cases[i].us}, text), cases[i].text);
        assert_int_equal(fr_time_parse(fr_slice_str(text), &back), FR_OK);
        assert_true(back.unix_us == cases[i].us);
    }
    /* The ends of the range have six-digit years: they are written, whole, and nothing overflows.
     */
    assert_string_equal(fr_time_format((struct fr_time){INT64_MAX}, text),
                        "294247-01-10T04:00:54.775807Z");
    assert_string_equal(fr_time_format((struct fr_time){INT64_MIN}, text),
                        "-290308-12-21T19:59:05.224192Z");
}

static void
times_in_other_forms(void **state)
{
    static const struct {
        const char *claim, *text, *same; /* same NULL: refused */
    } cases[] = {
        {"no fraction", "2027-03-14T09:26:53Z", "2027-03-14T09:26:53.000000Z"},
        {"a short fraction", "2027-03-14T09:26:53.5Z", "2027-03-14T09:26:53.500000Z"},
        {"a long fraction is cut", "2027-03-14T09:26:53.1234569Z", "2027-03-14T09:26:53.123456Z"},
        {"east of Greenwich it is later", "2027-03-14T01:00:00+02:30",
         "2027-03-13T22:30:00.000000Z"},
        {"west it is earlier", "2027-03-13T20:00:00-05:00", "2027-03-14T01:00:00.000000Z"},
        {"small letters", "2027-03-14t09:26:53z", "2027-03-14T09:26:53.000000Z"},
        {"a leap second is the next day's first", "2016-12-31T23:59:60Z",
         "2017-01-01T00:00:00.000000Z"},
        {"a leap second elsewhere on the globe", "2016-12-31T15:59:60-08:00",
         "2017-01-01T00:00:00.000000Z"},
        {"a leap second at noon is none", "2016-12-31T11:59:60Z", NULL},
        {"no zone is a guess", "2027-03-14T09:26:53", NULL},
        {"a day that February lacks", "2027-02-29T00:00:00Z", NULL},
        {"2100 is no leap year", "2100-02-29T00:00:00Z", NULL},
        {"month 13", "2027-13-01T00:00:00Z", NULL},
        {"hour 24", "2027-03-14T24:00:00Z", NULL},
        {"a dot without digits", "2027-03-14T09:26:53.Z", NULL},
        {"something after the end", "2027-03-14T09:26:53Z ", NULL},
        {"cut short", "2027-03-14T09:26", NULL},
        {"a sign in a number", "2027-03-14T-9:26:53Z", NULL},
        {"nothing", "", NULL},
    };
    char text[FR_TIME_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_time t = {42};
        enum fr_error err = fr_time_parse(fr_slice_str(cases[i].text), &t);

        if (cases[i].same == NULL) {
            if (err != FR_INVALID || t.unix_us != 42)
                fail_msg("%s: taken", cases[i].claim);
        } else if (err != FR_OK || strcmp(fr_time_format(t, text), cases[i].same) != 0) {
            fail_msg("%s: refused or wrong", cases[i].claim);
        }
    }
}

static void
spans_are_written(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {12, "12us"},
        {840000, "840ms"},
        {1500000, "1s500ms"},
        {90000000, "1m30s"},
        {7200000000, "2h"},
        {604800000000, "7d"},
        {-3000, "-3ms"},
        {INT64_MAX, "106751991d4h54s775ms807us"},
        {INT64_MIN, "-106751991d4h54s775ms808us"},
    };
    char text[FR_TIME_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(fr_span_format((struct fr_span){cases[i].us}, text), cases[i].text);
}

static void
spans_are_read(void **state)
{
    static const struct {
        const char *claim, *text;
        int64_t us; /* -1: refused */
    } cases[] = {
        {"milliseconds", "250ms", 250000},
        {"seconds", "60s", 60000000},
        {"minutes", "5m", 300000000},
        {"hours", "2h", 7200000000},
        {"days", "7d", 604800000000},
        {"two units", "1h30m", 5400000000},
        {"more than the next unit holds", "90m", 5400000000},
        {"nought needs no unit", "0", 0},
        {"nought with one", "0ms", 0},
        {"a bare number is refused", "60", -1},
        {"so is a bare one at the end", "1h30", -1},
        {"units that rise", "30s1m", -1},
        {"a unit twice", "1m1m", -1},
        {"an unknown unit", "3w", -1},
        {"a fraction", "1.5s", -1},
        {"a sign", "-5s", -1},
        {"blanks", "5 s", -1},
        {"a unit alone", "s", -1},
        {"nothing", "", -1},
        {"too many digits", "99999999999999999999s", -1},
        {"too much once multiplied", "9999999999999d", -1},
        {"too much once added", "106751991d4h54s775ms808us", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_span span = {-1};
        enum fr_error err = fr_span_parse(fr_slice_str(cases[i].text), &span);

        if (span.us != cases[i].us || (err == FR_OK) != (cases[i].us != -1))
            fail_msg("%s", cases[i].claim);
    }
}

static void
any_span_and_time_survives_its_text(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    char text[FR_TIME_TEXT_SIZE];

    (void)state;
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int round = 0; round < 50000; round++) {
        int64_t us = ((int64_t)random() << 31 | random()) >> random() % 62;
        struct fr_span span = {-1};
        struct fr_time t = {-1};

        assert_int_equal(
            fr_span_parse(fr_slice_str(fr_span_format((struct fr_span){us}, text)), &span), FR_OK);
        assert_true(span.us == us);
        us %= INT64_C(253402300800000000); /* RFC 3339 ends with the year 9999 */
        assert_int_equal(
            fr_time_parse(fr_slice_str(fr_time_format((struct fr_time){us}, text)), &t), FR_OK);
        assert_true(t.unix_us == us);
    }
}

static void
clocks_go_forward_and_agree_with_the_system(void **state)
{
    struct fr_span before = fr_time_monotonic();
    int64_t wall = fr_time_wall().unix_us / 1000000, system = time(NULL);

    (void)state;
    assert_true(fr_time_monotonic().us >= before.us);
    assert_true(llabs(wall - system) <= 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_and_read),
        cmocka_unit_test(times_in_other_forms),
        cmocka_unit_test(spans_are_written),
        cmocka_unit_test(spans_are_read),
        cmocka_unit_test(any_span_and_time_survives_its_text),
        cmocka_unit_test(clocks_go_forward_and_agree_with_the_system),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
