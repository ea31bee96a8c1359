/* address_test.c - which lines of an address are the same place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/address.h"

/* clang-format off */
static const struct {
    const char *line, *house, *street, *unit;
} samples[] = {
    { "12B High Street, Flat 3",       "12b", "high st",        "3" },
    { "12b HIGH ST. flat 3",           "12b", "high st",        "3" },
    { "Apt. 704 016 Via Nuova",        "16",  "via nuova",      "704" },
    { "016 Via Nuova Apt. 704",        "16",  "via nuova",      "704" },
    { "Hauptstra\xc3\x9f" "e 5",       "5",   "hauptstr",       "" },
    { "Hauptstr. 5",                   "5",   "hauptstr",       "" },
    { "PO BOX 7090",                   "7090", "po box",        "" },
    { "120 Fifth Avenue",              "120", "5th ave",        "" },
    { "120 5th Ave",                   "120", "5th ave",        "" },
    { "General Delivery",              "",    "general delivery", "" },
    { "Suite 4",                       "",    "",               "4" },
    { "",                              "",    "",               "" },
};
/* clang-format on */

static void
lines_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct identity_address address;

        identity_address_read(samples[i].line, &address);
        if (strcmp(address.house, samples[i].house) != 0 ||
            strcmp(address.street, samples[i].street) != 0 ||
            strcmp(address.unit, samples[i].unit) != 0)
            fail_msg("\"%s\": house \"%s\" street \"%s\" unit \"%s\"", samples[i].line,
                     address.house, address.street, address.unit);
    }
}

static void
numbers_have_one_form(void **state)
{
    char out[IDENTITY_ADDRESS_PART_SIZE];

    (void)state;
    identity_address_number("00709", out);
    assert_string_equal(out, "709");
    identity_address_number(" ab1 2CD ", out);
    assert_string_equal(out, "ab12cd");
    identity_address_number("0", out);
    assert_string_equal(out, "0");
}

static void
a_long_line_is_cut(void **state)
{
    char line[3000];
    struct identity_address address;

    (void)state;
    memset(line, 'a', sizeof(line) - 1);
    for (size_t i = 5; i + 1 < sizeof(line); i += 6)
        line[i] = ' ';
    line[sizeof(line) - 1] = '\0';
    identity_address_read(line, &address);
    assert_true(strlen(address.street) < IDENTITY_ADDRESS_PART_SIZE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_taken_apart),
        cmocka_unit_test(numbers_have_one_form),
        cmocka_unit_test(a_long_line_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
