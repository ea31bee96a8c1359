/* limit_test.c - failures are counted, successes are not, and memory stays what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/desk/limit.h"

static struct fr_span
at(int64_t seconds)
{
    return fr_seconds(1000 + seconds);
}

static void
a_burst_is_let_through_and_then_one_per_refill(void **state)
{
    struct desk_limit *limit = *state;

    for (int i = 0; i < 5; i++)
        assert_true(desk_limit_take(limit, "ann", at(0)));
    assert_false(desk_limit_take(limit, "ann", at(0)));
    assert_false(desk_limit_take(limit, "ann", at(9)));
    assert_true(desk_limit_take(limit, "ann", at(10)));
    assert_false(desk_limit_take(limit, "ann", at(11)));
    assert_true(desk_limit_take(limit, "bob", at(11)));
}

static void
what_was_given_back_was_never_taken(void **state)
{
    struct desk_limit *limit = *state;

    for (int i = 0; i < 100; i++) {
        assert_true(desk_limit_take(limit, "ann", at(0)));
        desk_limit_give_back(limit, "ann", at(0));
    }
    desk_limit_give_back(limit, "ann", at(0)); /* more than was taken: no credit beyond the burst */
    desk_limit_give_back(limit, "nobody", at(0));
    for (int i = 0; i < 5; i++)
        assert_true(desk_limit_take(limit, "ann", at(0)));
    assert_false(desk_limit_take(limit, "ann", at(0)));
}

static void
waiting_long_fills_no_more_than_the_burst(void **state)
{
    struct desk_limit *limit = *state;

    assert_true(desk_limit_take(limit, "ann", at(0)));
    for (int i = 0; i < 5; i++)
        assert_true(desk_limit_take(limit, "ann", at(100000)));
    assert_false(desk_limit_take(limit, "ann", at(100000)));
}

static void
a_full_bucket_outlives_a_flood_of_other_names(void **state)
{
    struct desk_limit *limit = *state;
    char name[20];

    for (int i = 0; i < 5; i++)
        assert_true(desk_limit_take(limit, "ann", at(0)));
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        desk_limit_take(limit, name, at(0));
    }
    assert_false(desk_limit_take(limit, "ann", at(0)));
}

static int
fresh(void **state)
{
    struct desk_limit *limit = malloc(sizeof(*limit));

    assert_non_null(limit);
    desk_limit_init(limit, 5, fr_seconds(10));
    *state = limit;
    return 0;
}

static int
done(void **state)
{
    free(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_burst_is_let_through_and_then_one_per_refill, fresh,
                                        done),
        cmocka_unit_test_setup_teardown(what_was_given_back_was_never_taken, fresh, done),
        cmocka_unit_test_setup_teardown(waiting_long_fills_no_more_than_the_burst, fresh, done),
        cmocka_unit_test_setup_teardown(a_full_bucket_outlives_a_flood_of_other_names, fresh, done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
