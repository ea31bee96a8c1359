/* clock_test.c - bus time when the two clocks disagree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/stage/clock.h"

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define WALL (1800000000 * SECOND)

static struct fr_clock
clock_at_zero(void)
{
    /* At monotonic time 0 the wall clock says WALL. */
    return (struct fr_clock){.offset_us = WALL, .step_max = {60 * SECOND}, .hold = {600 * SECOND}};
}

static void
slow_drift_is_followed(void **state)
{
    struct fr_clock clock = clock_at_zero();

    (void)state;
    assert_false(fr_clock_compare(&clock, WALL + 105 * SECOND, 100 * SECOND));
    assert_int_equal(clock.offset_us, WALL + 5 * SECOND);
}

static void
a_step_back_is_never_followed_and_told_once(void **state)
{
    struct fr_clock clock = clock_at_zero();

    (void)state;
    assert_true(fr_clock_compare(&clock, WALL - HOUR, SECOND));
    assert_int_equal(clock.offset_us, WALL);
    assert_false(fr_clock_held(&clock));
    for (int64_t s = 2; s < 3000; s++)
        assert_false(fr_clock_compare(&clock, WALL - HOUR + s * SECOND, s * SECOND));
    assert_int_equal(clock.offset_us, WALL);
}

static void
a_step_forward_is_held_until_time_confirms_it(void **state)
{
    struct fr_clock clock = clock_at_zero();
    int64_t day = 24 * HOUR;

    (void)state;
    assert_true(fr_clock_compare(&clock, WALL + day, SECOND));
    assert_true(fr_clock_held(&clock));
    assert_int_equal(clock.offset_us, WALL); /* no deadline comes nearer by it */
    assert_false(fr_clock_compare(&clock, WALL + day + 599 * SECOND, 600 * SECOND));
    assert_true(fr_clock_compare(&clock, WALL + day + 600 * SECOND, 601 * SECOND));
    assert_false(fr_clock_held(&clock));
    assert_true(clock.offset_us > WALL + day - 2 * SECOND);
}

static void
an_operator_confirms_it_before(void **state)
{
    struct fr_clock clock = clock_at_zero();

    (void)state;
    fr_clock_compare(&clock, WALL + HOUR, 0);
    fr_clock_confirm(&clock);
    assert_int_equal(clock.offset_us, WALL + HOUR);
    assert_false(fr_clock_held(&clock));
}

static void
a_step_that_is_taken_back_leaves_no_trace(void **state)
{
    struct fr_clock clock = clock_at_zero();

    (void)state;
    fr_clock_compare(&clock, WALL + HOUR, SECOND);
    assert_true(fr_clock_compare(&clock, WALL + 2 * SECOND, 2 * SECOND));
    assert_false(fr_clock_held(&clock));
    assert_int_equal(clock.offset_us, WALL);
}

/* Under load the process is delayed between two readings; that must not make a promise early. */
static void
bus_time_is_never_ahead_of_the_wall_clock_that_it_follows(void **state)
{
    struct fr_clock clock;

    (void)state;
    fr_clock_init(&clock, (struct fr_time){0}, NULL, fr_seconds(60), fr_seconds(600));
    for (int i = 0; i < 500000; i++) {
        int64_t bus_us;

        fr_clock_check(&clock);
        bus_us = fr_clock_now(&clock).unix_us;
        assert_true(bus_us <= fr_time_wall().unix_us);
    }
}

static void
bus_time_starts_no_earlier_than_what_was_journalled(void **state)
{
    struct fr_time future = {fr_time_wall().unix_us + HOUR};
    struct fr_clock clock;

    (void)state;
    fr_clock_init(&clock, future, NULL, fr_seconds(60), fr_seconds(600));
    assert_true(fr_clock_now(&clock).unix_us >= future.unix_us);
}

static void
a_confirmed_step_back_makes_bus_time_stand_still(void **state)
{
    struct fr_time now = fr_time_wall();
    struct fr_clock clock;
    struct fr_time before;

    (void)state;
    fr_clock_init(&clock, (struct fr_time){0}, NULL, fr_seconds(60), fr_seconds(600));
    before = fr_clock_now(&clock);
    assert_true(fr_clock_compare(&clock, now.unix_us - HOUR, fr_clock_steady().us));
    fr_clock_confirm(&clock);
    assert_int_equal(clock.step_us, 0);
    assert_int_equal(fr_clock_now(&clock).unix_us, before.unix_us);
    assert_false(fr_clock_compare(&clock, now.unix_us - HOUR, fr_clock_steady().us));
    clock.offset_us += HOUR + SECOND; /* an hour and a second later */
    assert_true(fr_clock_now(&clock).unix_us > before.unix_us);
}

/* The wall clock says now; an earlier run on the same steady clock had another idea. */
static void
a_restart_does_not_believe_a_wall_clock_that_was_set_forward_meanwhile(void **state)
{
    int64_t now_us = fr_time_wall().unix_us, kept_us = now_us - fr_clock_steady().us - 24 * HOUR;
    struct fr_clock clock;

    (void)state;
    fr_clock_init(&clock, (struct fr_time){0}, &kept_us, fr_seconds(60), fr_seconds(600));
    assert_true(fr_clock_now(&clock).unix_us < now_us - 23 * HOUR);
    assert_true(fr_clock_check(&clock)); /* and says so */
    assert_true(fr_clock_held(&clock));
    fr_clock_confirm(&clock);
    assert_true(fr_clock_now(&clock).unix_us >= now_us - SECOND);

    kept_us += 24 * HOUR - 30 * SECOND; /* ordinary drift */
    fr_clock_init(&clock, (struct fr_time){0}, &kept_us, fr_seconds(60), fr_seconds(600));
    assert_true(fr_clock_now(&clock).unix_us >= now_us - SECOND);
    kept_us += 24 * HOUR; /* set back: never before what was journalled, else by the wall */
    fr_clock_init(&clock, (struct fr_time){0}, &kept_us, fr_seconds(60), fr_seconds(600));
    assert_true(fr_clock_now(&clock).unix_us < now_us + HOUR);
}

static void
a_steady_clock_that_is_faked_in_the_process_moves_nothing(void **state)
{
    struct fr_clock clock = clock_at_zero();
    int64_t day = 24 * HOUR;

    (void)state;
    fr_clock_distrust(&clock, SECOND, SECOND);
    fr_clock_distrust(&clock, 2 * SECOND + day, 2 * SECOND); /* both clocks jump by a day */
    assert_int_equal(2 * SECOND + day + clock.offset_us, WALL + 2 * SECOND);
    assert_int_equal(fr_clock_offset(&clock), WALL);
    assert_true(fr_clock_compare(&clock, WALL + 2 * SECOND + day, 2 * SECOND + day));
    assert_true(fr_clock_held(&clock));
    fr_clock_distrust(&clock, 3 * SECOND, 3 * SECOND); /* and back */
    assert_int_equal(clock.offset_us, WALL);
    assert_true(fr_clock_compare(&clock, WALL + 3 * SECOND, 3 * SECOND));
    assert_false(fr_clock_held(&clock));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_drift_is_followed),
        cmocka_unit_test(a_step_back_is_never_followed_and_told_once),
        cmocka_unit_test(a_step_forward_is_held_until_time_confirms_it),
        cmocka_unit_test(an_operator_confirms_it_before),
        cmocka_unit_test(a_step_that_is_taken_back_leaves_no_trace),
        cmocka_unit_test(a_confirmed_step_back_makes_bus_time_stand_still),
        cmocka_unit_test(a_restart_does_not_believe_a_wall_clock_that_was_set_forward_meanwhile),
        cmocka_unit_test(a_steady_clock_that_is_faked_in_the_process_moves_nothing),
        cmocka_unit_test(bus_time_is_never_ahead_of_the_wall_clock_that_it_follows),
        cmocka_unit_test(bus_time_starts_no_earlier_than_what_was_journalled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
