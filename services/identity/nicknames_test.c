/* nicknames_test.c - the table of short forms is in order, folded, and says what it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/names.h"
#include "services/identity/nicknames.c"

static void
the_table_is_sorted_and_folded(void **state)
{
    char folded[128];

    (void)state;
    for (size_t i = 0; i < sizeof(short_forms) / sizeof(short_forms[0]); i++) {
        if (i > 0)
            assert_true(strcmp(short_forms[i - 1].name, short_forms[i].name) < 0);
        identity_fold_text(short_forms[i].name, folded, sizeof(folded));
        assert_string_equal(folded, short_forms[i].name);
        identity_fold_text(short_forms[i].stands, folded, sizeof(folded));
        assert_string_equal(folded, short_forms[i].stands);
    }
}

static void
short_forms_agree_with_names_and_with_one_another(void **state)
{
    (void)state;
    assert_true(identity_nicknames_agree("peggy", "margaret", NULL));
    assert_true(identity_nicknames_agree("margaret", "peggy", NULL));
    assert_true(identity_nicknames_agree("peggy", "meg", NULL));
    assert_false(identity_nicknames_agree("peggy", "bob", NULL));
    assert_false(identity_nicknames_agree("christopher", "christine", NULL));
    assert_true(identity_nicknames_know("peggy"));
    assert_true(identity_nicknames_know("margaret"));
    assert_false(identity_nicknames_know("example"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sorted_and_folded),
        cmocka_unit_test(short_forms_agree_with_names_and_with_one_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
