/* id_test.c - ids are where a record stands, and never change their meaning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include "common/base/id.h"

static void
parts_go_in_and_come_out(void **state)
{
    uint64_t id = fr_id_make(0x2aaa, 5, 123456789);

    (void)state;
    assert_int_equal(fr_id_number(id), 0x2aaa);
    assert_true(fr_id_seq(id) == 123456789);
    assert_int_equal(id >> 44 & 0x3f, 5);
    assert_true(fr_id_make(1, 65, 1) == fr_id_make(1, 1, 1)); /* the incarnation modulo 64 */
    assert_true(fr_id_seq(fr_id_make(0x3fff, 63, (UINT64_C(1) << 44) - 1)) ==
                (UINT64_C(1) << 44) - 1);
}

static void
a_later_record_has_a_higher_id(void **state)
{
    (void)state;
    assert_true(fr_id_make(7, 3, 99) < fr_id_make(7, 3, 100));
    assert_true(fr_id_make(7, 3, (UINT64_C(1) << 44) - 1) < fr_id_make(7, 4, 0));
}

/* These numbers stand in journals for good: a test that fails here is right, the change is wrong.
 */
static void
journal_numbers_never_change(void **state)
{
    (void)state;
    assert_int_equal(fr_id_journal_number("identity"), 4829);
    assert_int_equal(fr_id_journal_number("routing"), 13422);
    assert_int_equal(fr_id_journal_number("desk.tana"), 13928);
    assert_int_equal(fr_id_journal_number(""), 393);
}

static void
journal_numbers_fit_and_are_never_nought(void **state)
{
    char name[32];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint16_t number;

        snprintf(name, sizeof(name), "site.%d", i);
        number = fr_id_journal_number(name);
        assert_in_range(number, 1, 0x3fff);
    }
}

static void
text_and_back(void **state)
{
    char text[FR_ID_TEXT_SIZE];
    uint64_t id = 1;

    (void)state;
    assert_string_equal(fr_id_format(0x7f3a, text), "0000000000007f3a");
    assert_string_equal(fr_id_format(UINT64_MAX, text), "ffffffffffffffff");
    assert_int_equal(fr_id_parse(fr_slice_str(text), &id), FR_OK);
    assert_true(id == UINT64_MAX);
    assert_int_equal(fr_id_parse(fr_slice_str("7F3a"), &id), FR_OK);
    assert_true(id == 0x7f3a);
}

static void
what_is_no_id_is_refused(void **state)
{
    static const char *const bad[] = {"", "0x12", " 12", "12 ", "g", "-1", "00000000000000001"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t id = 42;

        assert_int_equal(fr_id_parse(fr_slice_str(bad[i]), &id), FR_INVALID);
        assert_true(id == 42);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_go_in_and_come_out),
        cmocka_unit_test(a_later_record_has_a_higher_id),
        cmocka_unit_test(journal_numbers_never_change),
        cmocka_unit_test(journal_numbers_fit_and_are_never_nought),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(what_is_no_id_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
