/* timers_test.c - the order of timers against a naive sorted list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void
throw_seed(uint64_t value)
{
    seed = value;
    print_message("seed %llu\n", (unsigned long long)seed);
}

/* ---- the naive one: an array in order ---- */

struct naive {
    struct fr_timer items[20000];
    size_t count;
};

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

static size_t
index_in(const struct naive *naive, struct fr_timer timer)
{
    size_t from = 0, to = naive->count;

    while (from < to) {
        size_t middle = (from + to) / 2;

        if (by_due(&naive->items[middle], &timer) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool
naive_add(struct naive *naive, struct fr_timer timer)
{
    size_t at = index_in(naive, timer);

    if (at < naive->count && by_due(&naive->items[at], &timer) == 0)
        return false;
    memmove(&naive->items[at + 1], &naive->items[at],
            (naive->count - at) * sizeof(naive->items[0]));
    naive->items[at] = timer;
    naive->count++;
    return true;
}

static void
naive_remove(struct naive *naive, size_t at)
{
    naive->count--;
    memmove(&naive->items[at], &naive->items[at + 1],
            (naive->count - at) * sizeof(naive->items[0]));
}

static void
assert_same_first(struct fr_timers *timers, const struct naive *naive)
{
    struct fr_timer first;

    assert_int_equal(timers->count, naive->count);
    assert_int_equal(fr_timers_first(timers, &first), naive->count > 0);
    if (naive->count > 0)
        assert_int_equal(by_due(&first, &naive->items[0]), 0);
}

/* Few dues and ids where ties are wanted; else anything. */
static struct fr_timer
any_timer(uint64_t spread)
{
    return (struct fr_timer){(int64_t)(dice() % spread), dice() % 5000,
                             0xf000u + (uint32_t)(dice() % 3), 0};
}

/* ---- claims ---- */

static void
agrees(uint64_t spread, int steps, unsigned grow_of_ten)
{
    static struct naive naive;
    struct fr_timers timers = {0};

    naive.count = 0;
    for (int i = 0; i < steps; i++) {
        unsigned what = (unsigned)(dice() % 10);

        if (what < grow_of_ten && naive.count < 19000) {
            struct fr_timer timer = any_timer(spread);

            if (naive_add(&naive, timer))
                assert_int_equal(fr_timers_add(&timers, timer), FR_OK);
        } else if (naive.count > 0) {
            size_t at = what == 9 ? 0 : dice() % naive.count; /* often the first: it fires */

            assert_int_equal(fr_timers_remove(&timers, naive.items[at]), FR_OK);
            naive_remove(&naive, at);
        }
        fr_timers_mark(&timers);
        if (dice() % 3 == 0)
            assert_same_first(&timers, &naive);
    }
    while (naive.count > 0) {
        assert_same_first(&timers, &naive);
        assert_int_equal(fr_timers_remove(&timers, naive.items[0]), FR_OK);
        naive_remove(&naive, 0);
    }
    assert_same_first(&timers, &naive);
    fr_timers_fini(&timers);
}

static void
any_arming_and_disarming_leaves_the_order_of_a_sorted_list(void **state)
{
    (void)state;
    throw_seed(20270115);
    agrees(UINT64_C(1) << 51, 60000, 7);
    agrees(UINT64_C(1) << 51, 60000, 5);
    agrees(500000, 60000, 7);
}

static void
equal_dues_come_by_kind_and_then_by_id(void **state)
{
    (void)state;
    throw_seed(8);
    agrees(1, 40000, 8); /* all of them in one microsecond */
    agrees(3, 40000, 7);
}

static void
dues_outside_the_calendar_are_first_and_last(void **state)
{
    const struct fr_timer timers_at[] = {{(INT64_C(1) << 52) + 7, 3, 0xf001u, 0},
                                         {-1, 4, 0xf001u, 0},
                                         {1, 5, 0xf001u, 0},
                                         {INT64_C(1) << 51, 6, 0xf001u, 0}};
    const uint64_t order[] = {4, 5, 6, 3};
    struct fr_timers timers = {0};
    struct fr_timer first;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fr_timers_add(&timers, timers_at[i]), FR_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_true(fr_timers_first(&timers, &first));
        assert_int_equal(first.id, order[i]);
        for (size_t n = 0; n < 4; n++)
            if (timers_at[n].id == order[i])
                assert_int_equal(fr_timers_remove(&timers, timers_at[n]), FR_OK);
    }
    fr_timers_fini(&timers);
}

static void
what_is_not_there_cannot_be_removed(void **state)
{
    const struct fr_timer one = {10, 1, 0xf000u, 0}, other = {10, 2, 0xf000u, 0};
    struct fr_timers timers = {0};

    (void)state;
    assert_int_equal(fr_timers_remove(&timers, one), FR_NOT_FOUND);
    assert_int_equal(fr_timers_add(&timers, one), FR_OK);
    assert_int_equal(fr_timers_remove(&timers, other), FR_NOT_FOUND);
    assert_int_equal(fr_timers_remove(&timers, one), FR_OK);
    assert_int_equal(fr_timers_remove(&timers, one), FR_NOT_FOUND);
    fr_timers_fini(&timers);
}

static void
what_was_done_since_the_mark_is_taken_back(void **state)
{
    static struct naive naive, before;
    struct fr_timers timers = {0};

    (void)state;
    throw_seed(77);
    naive.count = 0;
    for (int turn = 0; turn < 3000; turn++) {
        bool failed = dice() % 2 == 0;

        fr_timers_mark(&timers);
        before = naive;
        for (uint64_t i = dice() % 20; i > 0; i--) {
            struct fr_timer timer = any_timer(4000);

            if (dice() % 4 == 0 && naive.count > 0) {
                size_t at = dice() % 2 == 0 ? 0 : dice() % naive.count;

                assert_int_equal(fr_timers_remove(&timers, naive.items[at]), FR_OK);
                naive_remove(&naive, at);
            } else if (naive_add(&naive, timer)) {
                assert_int_equal(fr_timers_add(&timers, timer), FR_OK);
            }
        }
        if (failed) {
            fr_timers_undo(&timers);
            naive = before;
        }
        assert_same_first(&timers, &naive);
    }
    for (; naive.count > 0; naive_remove(&naive, 0)) {
        assert_same_first(&timers, &naive);
        fr_timers_remove(&timers, naive.items[0]);
    }
    fr_timers_fini(&timers);
}

/* `make` fills places[] and items[] with the same timers. */
static void
assert_filled(size_t count, struct fr_timer (*make)(size_t))
{
    struct fr_timer *items = malloc(count * sizeof(*items)), first;
    struct fr_timer_place *places = malloc(count * sizeof(*places));
    struct fr_timers timers = {0};

    for (size_t i = 0; i < count; i++) {
        items[i] = make(i);
        places[i] = fr_timer_place(items[i]);
    }
    qsort(items, count, sizeof(*items), by_due);
    assert_int_equal(fr_timers_fill(&timers, places, count), FR_OK);
    free(places);
    assert_int_equal(timers.count, count);
    assert_int_equal(fr_timers_add(&timers, (struct fr_timer){0, 0, 0xf000u, 0}), FR_OK);
    assert_int_equal(fr_timers_remove(&timers, (struct fr_timer){0, 0, 0xf000u, 0}), FR_OK);
    for (size_t i = 0; i < count; i += 5) { /* what is in the middle is found too */
        assert_int_equal(fr_timers_remove(&timers, items[i]), FR_OK);
        assert_int_equal(fr_timers_add(&timers, items[i]), FR_OK);
    }
    for (size_t i = 0; i < count; i++) {
        if (!fr_timers_first(&timers, &first) || by_due(&first, &items[i]) != 0)
            fail_msg("timer %zu comes out of order", i);
        assert_int_equal(fr_timers_remove(&timers, first), FR_OK);
        fr_timers_mark(&timers);
    }
    assert_int_equal(timers.count, 0);
    fr_timers_fini(&timers);
    free(items);
}

static struct fr_timer
spread_over_a_month(size_t index)
{
    return (struct fr_timer){(int64_t)(1800000000000000u + dice() % 2592000000000u), index + 1,
                             0xf001u, 0};
}

static struct fr_timer
all_at_once(size_t index)
{
    return (struct fr_timer){1800000000000000, dice() << 20 | index, 0xf001u, 0};
}

static struct fr_timer
most_in_one_second(size_t index)
{
    return (struct fr_timer){index % 100 == 0 ? (int64_t)(dice() >> 13)
                                              : (int64_t)(1800000000000000u + dice() % 1000000),
                             index + 1, 0xf000u + index % 5, 0};
}

static void
what_is_filled_in_at_once_comes_out_in_order(void **state)
{
    (void)state;
    throw_seed(31);
    for (size_t count = 1; count < 5000; count += count / 3 + 1)
        assert_filled(count, spread_over_a_month);
    assert_filled(200000, spread_over_a_month);
    assert_filled(100000, all_at_once);
    assert_filled(100000, most_in_one_second);
}

/* The contract allows 64 bytes per timer for everything in memory; this is the order's share. */
static void
a_timer_costs_less_than_24_bytes_however_it_came(void **state)
{
    enum { COUNT = 300000 };
    struct fr_timer_place *places = malloc(COUNT * sizeof(*places));
    struct fr_timers timers = {0};

    (void)state;
    throw_seed(5);
    for (size_t i = 0; i < COUNT; i++) {
        struct fr_timer timer = spread_over_a_month(i);

        places[i] = fr_timer_place(timer);
        fr_timers_add(&timers, timer);
        fr_timers_mark(&timers);
    }
    assert_true(fr_timers_size(&timers) < (size_t)COUNT * 24);
    fr_timers_fini(&timers);
    fr_timers_fill(&timers, places, COUNT);
    assert_true(fr_timers_size(&timers) < (size_t)COUNT * 24);
    fr_timers_fini(&timers);
    free(places);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_arming_and_disarming_leaves_the_order_of_a_sorted_list),
        cmocka_unit_test(equal_dues_come_by_kind_and_then_by_id),
        cmocka_unit_test(dues_outside_the_calendar_are_first_and_last),
        cmocka_unit_test(what_is_not_there_cannot_be_removed),
        cmocka_unit_test(what_was_done_since_the_mark_is_taken_back),
        cmocka_unit_test(what_is_filled_in_at_once_comes_out_in_order),
        cmocka_unit_test(a_timer_costs_less_than_24_bytes_however_it_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
