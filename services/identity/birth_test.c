/* birth_test.c - which texts are a date of birth, and which only look like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/birth.h"

/* clang-format off */
static const struct {
    const char *claim, *text, *formats, *date; /* date "": none */
} samples[] = {
    { "ISO dates are read",                       "1980-02-01",           NULL, "1980-02-01" },
    { "also without hyphens",                     "19800201",             NULL, "1980-02-01" },
    { "a time of day behind it does not matter",  "1980-02-01T00:00:00Z", NULL, "1980-02-01" },
    { "nor does one behind a blank",              " 1980-02-01 00:00",    NULL, "1980-02-01" },
    { "points put the day first",                 "1.2.1980",             NULL, "1980-02-01" },
    { "a month's name is read",                   "1 February 1980",      NULL, "1980-02-01" },
    { "a short one too",                          "01-Feb-1980",          NULL, "1980-02-01" },
    { "and the month first",                      "Feb. 1, 1980",         NULL, "1980-02-01" },
    { "strokes are read where one way fits",      "13/02/1980",           NULL, "1980-02-13" },
    { "the other way too",                        "02/13/1980",           NULL, "1980-02-13" },
    { "strokes that fit two ways are no date",    "01/02/1980",           NULL, "" },
    { "unless both ways are the same",            "02/02/1980",           NULL, "1980-02-02" },
    { "or the format is told",                    "01/02/1980",           "DD/MM/YYYY", "1980-02-01" },
    { "the other one likewise",                   "1/2/1980",             "MM/DD/YYYY", "1980-01-02" },
    { "the first format that fits counts",        "1980",                 "YYYYMMDD|YYYY", "1980" },
    { "a told format shuts the others out",       "1980-02-01",           "DD/MM/YYYY", "" },
    { "two digits of a year",                     "01.02.80",             "DD.MM.YY", "1980-02-01" },
    { "which may be of this century",             "01.02.07",             "DD.MM.YY", "2007-02-01" },
    { "a year alone is a date in part",           "1832",                 NULL, "1832" },
    { "a year and a month too",                   "1832-07",              NULL, "1832-07" },
    { "a month beyond December is no date",       "19281501",             NULL, "" },
    { "nor is a 30th of February",                "1980-02-30",           NULL, "" },
    { "a leap day is one",                        "2000-02-29",           NULL, "2000-02-29" },
    { "but not in 1900",                          "1900-02-29",           NULL, "" },
    { "a program's stopgap is no date",           "1900-01-01",           NULL, "" },
    { "nor are zeros",                            "0000-00-00",           NULL, "" },
    { "nor the end of time",                      "9999-12-31",           NULL, "" },
    { "a day of zero is no date",                 "1980-02-00",           NULL, "" },
    { "letters are no date",                      "unknown",              NULL, "" },
    { "what goes on is no date",                  "1980-02-011",          NULL, "" },
    { "nothing is no date",                       "",                     NULL, "" },
    { "a stray letter is no month",               "1 Fe 1980",            NULL, "" },
    { "nor is a word that begins like one",       "1 Marchy 1980",        NULL, "" },
};
/* clang-format on */

static void
dates_are_read_as_claimed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct identity_birth birth;
        char text[IDENTITY_BIRTH_SIZE];
        bool read = identity_birth_parse(samples[i].text, samples[i].formats, &birth);

        identity_birth_text(&birth, text);
        if (strcmp(text, samples[i].date) != 0 || read != (samples[i].date[0] != '\0'))
            fail_msg("%s: \"%s\" is \"%s\", not \"%s\"", samples[i].claim, samples[i].text, text,
                     samples[i].date);
    }
}

static void
known_parts_alone_contradict(void **state)
{
    const struct identity_birth none = {0}, year = {1980, 0, 0}, month = {1980, 2, 0},
                                day = {1980, 2, 1}, other = {1980, 2, 2}, later = {1981, 0, 0};

    (void)state;
    assert_false(identity_births_differ(&none, &day));
    assert_false(identity_births_differ(&year, &day));
    assert_false(identity_births_differ(&month, &day));
    assert_true(identity_births_differ(&other, &day));
    assert_true(identity_births_differ(&later, &day));
    assert_true(identity_births_equal(&day, &day));
    assert_false(identity_births_equal(&month, &month));
    assert_false(identity_births_equal(&none, &none));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read_as_claimed),
        cmocka_unit_test(known_parts_alone_contradict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
