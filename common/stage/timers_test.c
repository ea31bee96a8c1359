/* timers_test.c - the heap against a sorted array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/stage/timers.h"

static uint64_t seed;

static uint64_t
dice(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static int
by_due(const void *a, const void *b)
{
    const struct fr_timer *x = a, *y = b;

    if (x->due_us != y->due_us)
        return x->due_us < y->due_us ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void
timers_come_out_in_order(void **state)
{
    enum { COUNT = 5000 };
    static struct fr_timer naive[COUNT];
    struct fr_timers timers = {0};

    (void)state;
    seed = 20270115;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < COUNT; i++) {
        naive[i] = (struct fr_timer){(int64_t)(dice() % 500), dice() % 50, 0xf000u + dice() % 3, 0};
        assert_int_equal(fr_timers_push(&timers, naive[i]), FR_OK);
    }
    qsort(naive, COUNT, sizeof(naive[0]), by_due);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(by_due(fr_timers_first(&timers), &naive[i]), 0);
        fr_timers_pop(&timers);
    }
    assert_null(fr_timers_first(&timers));
    fr_timers_fini(&timers);
}

static bool
even(void *context, const struct fr_timer *timer)
{
    (void)context;
    return timer->id % 2 == 0;
}

static void
a_sweep_keeps_each_armed_timer_once(void **state)
{
    struct fr_timers timers = {0};

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        for (int twice = 0; twice < 2; twice++)
            fr_timers_push(&timers, (struct fr_timer){(int64_t)(100 - i), i, 0xf000u, 0});
    fr_timers_sweep(&timers, even, NULL);
    assert_int_equal(timers.count, 50);
    for (uint64_t i = 0; i < 50; i++) {
        assert_int_equal(fr_timers_first(&timers)->id, 98 - 2 * i);
        fr_timers_pop(&timers);
    }
    fr_timers_fini(&timers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_out_in_order),
        cmocka_unit_test(a_sweep_keeps_each_armed_timer_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
