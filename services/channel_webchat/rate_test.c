/* rate_test.c - how many, how fast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/channel_webchat/rate.h"

static const struct fr_span start = {INT64_C(5000000)};

static struct fr_span
after(double seconds)
{
    return (struct fr_span){start.us + (int64_t)(seconds * 1e6)};
}

static void
a_third_at_once_and_then_one_by_one(void **state)
{
    struct webchat_rate rate = {0};
    struct fr_span wait = {0};

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_true(webchat_rate_take(&rate, 30, start, &wait));
    assert_false(webchat_rate_take(&rate, 30, start, &wait));
    assert_true(wait.us == 2000000);
    assert_false(webchat_rate_take(&rate, 30, after(1.9), &wait));
    assert_true(webchat_rate_take(&rate, 30, after(2), &wait));
    assert_false(webchat_rate_take(&rate, 30, after(2), &wait));
}

static void
who_waits_as_long_as_told_is_let_in(void **state)
{
    struct webchat_rate rate = {0};
    struct fr_span now = start, wait;

    (void)state;
    for (int i = 0; i < 1000; i++)
        if (!webchat_rate_take(&rate, 7, now, &wait)) {
            now.us += wait.us;
            assert_true(webchat_rate_take(&rate, 7, now, &wait));
        }
}

/* Whatever the pattern, no window of time sees more than the rate and the third on top. */
static void
in_the_long_run_it_is_the_rate(void **state)
{
    struct webchat_rate rate = {0};
    struct fr_span wait;
    int taken = 0;

    (void)state;
    for (int i = 0; i < 600 * 20; i++) /* ten minutes, twenty tries a second */
        taken += webchat_rate_take(&rate, 30, after(i / 20.0), &wait);
    assert_in_range(taken, 300, 310);
}

static void
even_the_slowest_rate_lets_one_in(void **state)
{
    struct webchat_rate rate = {0};
    struct fr_span wait;

    (void)state;
    assert_true(webchat_rate_take(&rate, 1, start, &wait));
    assert_false(webchat_rate_take(&rate, 1, after(59), &wait));
    assert_true(webchat_rate_take(&rate, 1, after(60), &wait));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_third_at_once_and_then_one_by_one),
        cmocka_unit_test(who_waits_as_long_as_told_is_let_in),
        cmocka_unit_test(in_the_long_run_it_is_the_rate),
        cmocka_unit_test(even_the_slowest_rate_lets_one_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
