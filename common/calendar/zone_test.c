/* zone_test.c - the offsets of our reader beside those of the C library; and files that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "common/calendar/zone.h"
#include "common/calendar/zone_rule.h"

/* clang-format off */
static const char *const names[] = {
    "Europe/Paris", "America/Montreal", "Indian/Antananarivo", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Apia", "America/St_Johns", "America/Sao_Paulo", "Asia/Kathmandu", "Etc/UTC", "Africa/Casablanca",
    "Europe/Dublin", "America/Nuuk", "Africa/Cairo", "Antarctica/Troll", "Asia/Tehran", "Asia/Gaza",
    "Pacific/Kiritimati", "Pacific/Chatham", "America/Caracas", "Asia/Pyongyang", "Etc/GMT+12", "Europe/Istanbul",
};
/* clang-format on */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
every_offset_is_the_c_librarys(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct fr_zone *zone;

        assert_int_equal(fr_zone_load(names[i], &zone), FR_OK);
        setenv("TZ", names[i], 1);
        tzset();
        for (time_t t = 0; t < INT64_C(7258118400); t += 86400 * 3 + 3217) { /* until 2200 */
            struct fr_zone_period period = fr_zone_at(zone, t);
            struct tm local;

            localtime_r(&t, &local);
            if (period.offset_s != local.tm_gmtoff)
                fail_msg("%s at %lld: %d, the C library says %ld", names[i], (long long)t,
                         period.offset_s, local.tm_gmtoff);
            assert_string_equal(period.abbreviation, local.tm_zone);
            assert_true(period.start_s <= t && t < period.end_s);
        }
        fr_zone_free(&zone);
    }
}

static void
a_change_happens_at_its_second(void **state)
{
    struct fr_zone *zone;

    (void)state;
    assert_int_equal(fr_zone_load("Pacific/Apia", &zone), FR_OK); /* 2011-12-30 never was */
    assert_int_equal(fr_zone_at(zone, 1325239199).offset_s, -10 * 3600);
    assert_int_equal(fr_zone_at(zone, 1325239200).offset_s, 14 * 3600);
    fr_zone_free(&zone);
    assert_int_equal(fr_zone_load("Australia/Lord_Howe", &zone), FR_OK); /* half an hour */
    assert_int_equal(fr_zone_at(zone, 2117199599).offset_s, 11 * 3600);
    fr_zone_free(&zone);
}

struct rule_case {
    const char *text;
    bool good;
    int32_t standard_s, summer_s;
};

/* clang-format off */
static const struct rule_case rule_cases[] = {
    { "UTC0",                                true,  0,             0             },
    { "CET-1CEST,M3.5.0,M10.5.0/3",          true,  3600,          7200          },
    { "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",true,  37800,         39600         },
    { "IST-1GMT0,M10.5.0,M3.5.0/1",          true,  3600,          0             },
    { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",     true,  -7200,         -3600         },
    { "EST5EDT,J60/2,300",                   true,  -18000,        -14400        },
    { "CET",                                 false, 0, 0 }, { "",            false, 0, 0 },
    { "CET-1CEST",                           false, 0, 0 }, { "C-1x!",       false, 0, 0 },
    { "CET-1CEST,M13.5.0,M10.5.0",           false, 0, 0 }, { "<+03-3",      false, 0, 0 },
    { "CET-1CEST,M3.6.0,M10.5.0",            false, 0, 0 }, { "CET-999",     false, 0, 0 },
    { "CET-1CEST,M3.5.0,M10.5.0/3 ",         false, 0, 0 }, { "CET-1CEST,J0,J9", false, 0, 0 },
};
/* clang-format on */

static void
rules_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rule_cases); i++) {
        struct zone_rule rule;
        bool good = zone_rule_parse(rule_cases[i].text, &rule) == FR_OK;

        if (good != rule_cases[i].good)
            fail_msg("'%s'", rule_cases[i].text);
        if (good)
            assert_int_equal(rule.standard_s, rule_cases[i].standard_s);
        if (good && rule.changes)
            assert_int_equal(rule.summer_s, rule_cases[i].summer_s);
    }
}

static void
names_that_are_none_are_not_found(void **state)
{
    static const char *const none[] = {
        "",     "/etc/passwd",   "../../../etc/passwd", "Europe/Atlantis", "Europe/Paris ",
        "a\nb", "Europe/Paris/x"};
    struct fr_zone *zone;

    (void)state;
    for (size_t i = 0; i < COUNT(none); i++)
        assert_int_equal(fr_zone_load(none[i], &zone), FR_NOT_FOUND);
    assert_int_equal(fr_zone_load("tzdata.zi", &zone), FR_NOT_FOUND);
    assert_int_equal(fr_zone_load("leapseconds", &zone), FR_CORRUPT);
}

static void
a_damaged_file_is_named_so_wherever_it_ends(void **state)
{
    static uint8_t bytes[65536];
    struct fr_zone *zone;
    size_t size;
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Paris", "rbe");

    (void)state;
    assert_non_null(file);
    size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_int_equal(fr_zone_parse(fr_slice(bytes, size), &zone), FR_OK);
    fr_zone_free(&zone);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(fr_zone_parse(fr_slice(bytes, cut), &zone), FR_CORRUPT);
}

/* A step that lies billions of years ahead, and a rule for the years after it. */
static void
a_step_at_the_end_of_time_ends_the_reading(void **state)
{
    static const char rule[] = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    uint8_t bytes[160] = {
        [0] = 'T', 'Z', 'i', 'f',           '2',           [44] = 'T',    'Z',
        'i',       'f', '2', [44 + 35] = 1, [44 + 39] = 1, [44 + 43] = 4, [88] = 0x10};
    size_t size = 88 + 9 + 6 + 4;
    struct fr_zone *zone;

    (void)state;
    memcpy(bytes + size, rule, sizeof(rule) - 1);
    assert_int_equal(fr_zone_parse(fr_slice(bytes, size + sizeof(rule) - 1), &zone), FR_OK);
    assert_int_equal(fr_zone_at(zone, 1800000000).offset_s, 0);
    fr_zone_free(&zone);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_is_the_c_librarys),
        cmocka_unit_test(a_change_happens_at_its_second),
        cmocka_unit_test(rules_are_read_or_refused),
        cmocka_unit_test(names_that_are_none_are_not_found),
        cmocka_unit_test(a_damaged_file_is_named_so_wherever_it_ends),
        cmocka_unit_test(a_step_at_the_end_of_time_ends_the_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
