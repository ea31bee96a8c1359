/* person_test.c - what is kept of what people and forms write, and how it is packed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/person.h"

static const char *
value(const struct identity_packed *packed, enum identity_field field, size_t index)
{
    struct identity_person person;

    assert_int_equal(identity_person_read(packed->bytes, packed->size, &person), FR_OK);
    return index < person.fields[field].count ? person.fields[field].values[index] : "";
}

/* clang-format off */
static const struct {
    enum identity_field field;
    const char *raw, *kept;
} samples[] = {
    { IDENTITY_GIVEN,    "Dr. Ren\xc3\xa9" "e",     "renee" },
    { IDENTITY_GIVEN,    "Unknown",                 "" },
    { IDENTITY_GIVEN,    "Unk",                     "" },
    { IDENTITY_FAMILY,   "van der Berg",            "van berg" },
    { IDENTITY_FAMILY,   "O'Brien",                 "obrien" },
    { IDENTITY_FAMILY,   "Doe",                     "" },
    { IDENTITY_SUFFIX,   "Jr.",                     "2" },
    { IDENTITY_SUFFIX,   "II",                      "2" },
    { IDENTITY_BIRTH,    "1.2.1980",                "1980-02-01" },
    { IDENTITY_BIRTH,    "1980-02-31",              "" },
    { IDENTITY_GENDER,   "Female",                  "f" },
    { IDENTITY_HOUSE,    "012",                     "12" },
    { IDENTITY_STREET,   "High Street",             "high st" },
    { IDENTITY_LOCALITY, "N/A",                     "" },
    { IDENTITY_POSTCODE, "AB1 2CD",                 "ab12cd" },
    { IDENTITY_EMAIL,    " Ann@Mail.Example ",      "ann@mail.example" },
    { IDENTITY_EMAIL,    "none",                    "" },
    { IDENTITY_PHONE,    "(07700) 900-123",         "07700900123" },
    { IDENTITY_PHONE,    "000000",                  "" },
    { IDENTITY_PHONE,    "n/a",                     "" },
};
/* clang-format on */

static void
values_are_kept_in_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct identity_packed packed = {0};

        identity_person_add(&packed, samples[i].field, samples[i].raw);
        if (strcmp(value(&packed, samples[i].field, 0), samples[i].kept) != 0)
            fail_msg("%s \"%s\" is kept as \"%s\"", identity_field_name(samples[i].field),
                     samples[i].raw, value(&packed, samples[i].field, 0));
    }
}

static void
a_name_in_one_piece_is_taken_apart(void **state)
{
    struct identity_packed packed = {0}, comma = {0}, particle = {0}, title = {0};

    (void)state;
    identity_person_add_name(&packed, "Ann Marie Example Jr");
    assert_string_equal(value(&packed, IDENTITY_GIVEN, 0), "ann marie");
    assert_string_equal(value(&packed, IDENTITY_FAMILY, 0), "example");
    assert_string_equal(value(&packed, IDENTITY_SUFFIX, 0), "2");
    identity_person_add_name(&comma, "Example, Ann");
    assert_string_equal(value(&comma, IDENTITY_GIVEN, 0), "ann");
    assert_string_equal(value(&comma, IDENTITY_FAMILY, 0), "example");
    identity_person_add_name(&particle, "Vincent van Gogh");
    assert_string_equal(value(&particle, IDENTITY_GIVEN, 0), "vincent");
    assert_string_equal(value(&particle, IDENTITY_FAMILY, 0), "van gogh");
    identity_person_add_name(&title, "Mrs Example");
    assert_string_equal(value(&title, IDENTITY_GIVEN, 0), "");
    assert_string_equal(value(&title, IDENTITY_FAMILY, 0), "example");
}

static void
several_values_are_kept_each_once(void **state)
{
    struct identity_packed packed = {0}, other = {0};

    (void)state;
    for (int round = 0; round < 2; round++) {
        identity_person_add(&packed, IDENTITY_LOCALITY, "Here");
        identity_person_add(&packed, IDENTITY_LOCALITY, "There");
    }
    identity_person_add(&other, IDENTITY_LOCALITY, "Elsewhere");
    identity_person_add(&other, IDENTITY_LOCALITY, "here");
    identity_person_add_packed(&packed, &other);
    assert_string_equal(value(&packed, IDENTITY_LOCALITY, 1), "there");
    assert_string_equal(value(&packed, IDENTITY_LOCALITY, 2), "elsewhere");
    assert_string_equal(value(&packed, IDENTITY_LOCALITY, 3), "");
}

static void
what_does_not_fit_is_left_out(void **state)
{
    struct identity_packed packed = {0};
    struct identity_person person;
    char text[64];

    (void)state;
    for (int i = 0; i < 100; i++) {
        for (int field = 0; field < IDENTITY_FIELD_COUNT; field++) {
            snprintf(text, sizeof(text), "Somewhere far away at number %d", i);
            identity_person_add(&packed, (enum identity_field)field, text);
        }
    }
    assert_true(packed.size <= IDENTITY_PERSON_SIZE_MAX);
    assert_int_equal(identity_person_read(packed.bytes, packed.size, &person), FR_OK);
    assert_int_equal(person.fields[IDENTITY_LOCALITY].count, IDENTITY_FIELD_VALUES_MAX);
}

static void
other_bytes_are_no_person(void **state)
{
    struct identity_person person;

    (void)state;
    assert_int_equal(identity_person_read("\x01"
                                          "abc",
                                          4, &person),
                     FR_CORRUPT);
    assert_int_equal(identity_person_read("\x7f"
                                          "abc",
                                          5, &person),
                     FR_CORRUPT);
    assert_int_equal(identity_person_read("", 0, &person), FR_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_kept_in_one_form),
        cmocka_unit_test(a_name_in_one_piece_is_taken_apart),
        cmocka_unit_test(several_values_are_kept_each_once),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(other_bytes_are_no_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
