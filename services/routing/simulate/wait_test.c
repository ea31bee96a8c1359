/* wait_test.c - expected waits: the formula, what is learned, and that a P50 is a P50. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "services/routing/simulate/chance.h"
#include "services/routing/wait.h"

#define SECOND INT64_C(1000000)
#define NOON ((struct fr_time){INT64_C(1800000000) * SECOND})

static void
near(int64_t us, double seconds, double within)
{
    if (!(fabs((double)us / 1e6 - seconds) <= within))
        fail_msg("%.3f s is not %.3f +- %g", (double)us / 1e6, seconds, within);
}

/* A line that has been seen to move once every `every_s`, and to lose one per `lose_s` waited. */
static struct routing_flow
line_of(double every_s, double lose_s)
{
    struct routing_flow flow = {.turns = 64 * 1024};

    flow.exposed_us = (int64_t)(64 * every_s * 1e6);
    flow.waited_us = (int64_t)(36000 * 1e6);
    flow.left = lose_s > 0 ? (int64_t)((36000 + 3600) / lose_s * 1024) : 0;
    return flow;
}

static struct routing_wait
ask(const struct routing_flow *flow, uint32_t ahead, double turn_s)
{
    const struct routing_line line = {.ahead = ahead, .turn_us = (int64_t)(turn_s * 1e6)};
    struct routing_wait wait;

    routing_wait_estimate(flow, &line, NOON, &wait);
    return wait;
}

static void
the_mean_is_the_sum_over_the_turns(void **state)
{
    struct routing_flow flow = line_of(10, 0);
    double sum = 0;

    (void)state;
    near(ask(&flow, 0, 10).mean_us, 10, .01);
    near(ask(&flow, 4, 10).mean_us, 50, .01);
    flow = line_of(10, 120);
    for (int i = 0; i <= 4; i++)
        sum += 1 / (.1 + i / 120.0);
    near(ask(&flow, 4, 10).mean_us, sum, .05);
    assert_true(sum < 45);
}

/* One turn is exponential; many are nearly normal. */
static void
the_range_is_that_of_the_sum(void **state)
{
    struct routing_flow flow = line_of(10, 0);
    struct routing_wait wait = ask(&flow, 0, 10);

    (void)state;
    near(wait.p50_us, 6.93, .15);
    near(wait.p90_us, 23.0, .4);
    wait = ask(&flow, 99, 10);
    near(wait.p50_us, 997, 2);
    near(wait.p90_us, 1000 + 1.28 * 100, 8);
}

static void
a_long_line_is_not_walked_for_ever(void **state)
{
    struct routing_flow flow = line_of(1, 0);

    (void)state;
    near(ask(&flow, 100000, 1).mean_us, 100001, 1);
    flow = line_of(1, 600);
    near(ask(&flow, 100000, 1).mean_us, 600 * log((1 + 100001 / 600.0) / 1), 3);
}

static void
before_anything_was_seen_a_turn_is_what_is_configured(void **state)
{
    const struct routing_flow flow = {0};

    (void)state;
    near(ask(&flow, 0, 300).mean_us, 300, .01);
    near(ask(&flow, 2, 300).mean_us, 900, .01);
}

/* While somebody waits and nobody is served, the line is seen to stand still. */
static void
a_line_that_stands_is_seen_to_stand(void **state)
{
    struct routing_flow flow = line_of(10, 0);
    struct routing_line line = {.turn_us = 10 * SECOND, .since_us = NOON.unix_us - 3600 * SECOND};
    struct routing_wait wait;

    (void)state;
    routing_wait_estimate(&flow, &line, NOON, &wait);
    near(wait.mean_us, (640 + 10 + 3600) / 65.0, .1);
}

/* M/M/1 in a hurry: turns of 30 s, told and learned for a day; then the rate, the share by the
 * median and the share by the P90 are what they claim to be, also when the model is wrong by half.
 */
static void
what_is_told_comes_true(void **state)
{
    struct routing_flow flow = {0};
    struct sim_chance chance;
    struct fr_time now = NOON;
    int by_p50 = 0, by_p90 = 0, count = 0;

    (void)state;
    sim_chance_seed(&chance, 3, 0);
    for (int i = 0; i < 6000; i++) {
        uint32_t ahead = (uint32_t)(sim_chance_unit(&chance) * 6);
        struct routing_line line = {.ahead = ahead, .turn_us = 300 * SECOND, .entering = true};
        struct routing_wait told;
        double waited = 0;

        routing_wait_estimate(&flow, &line, now, &told);
        for (uint32_t turn = 0; turn <= ahead; turn++)
            waited -= 30 * log(sim_chance_unit(&chance));
        now.unix_us += (int64_t)(waited * 1e6);
        routing_wait_learn(&flow, &told, (int64_t)(waited * 1e6), true, now);
        if (i < 2000)
            continue;
        count++;
        by_p50 += waited * 1e6 <= (double)told.p50_us;
        by_p90 += waited * 1e6 <= (double)told.p90_us;
    }
    assert_true(fabs((double)by_p50 / count - .5) < .03);
    assert_true(fabs((double)by_p90 / count - .9) < .02);
}

/* Where the hour of the day tells more than the line does, it is believed. */
static void
the_hour_is_believed_where_it_foretells_better(void **state)
{
    struct routing_flow flow = {0};
    struct routing_wait told;
    struct fr_time now = NOON;
    struct sim_chance chance;

    (void)state;
    sim_chance_seed(&chance, 4, 0);
    for (int i = 0; i < 400; i++) { /* 100 s whatever the line says */
        struct routing_line line = {.ahead = (uint32_t)(sim_chance_unit(&chance) * 20),
                                    .turn_us = 60 * SECOND,
                                    .entering = true};

        now.unix_us = NOON.unix_us + i * 86400 * SECOND;
        routing_wait_estimate(&flow, &line, now, &told);
        now.unix_us += 100 * SECOND;
        routing_wait_learn(&flow, &told, 100 * SECOND, true, now);
    }
    assert_true(told.hour_us == 100 * SECOND);
    near(told.mean_us, 100, 10);
}

static void
who_gave_up_shortens_the_line(void **state)
{
    struct routing_flow patient = {0}, hasty = {0};
    struct routing_wait told;
    struct fr_time now = NOON;

    (void)state;
    for (int i = 0; i < 60; i++) {
        told = ask(&patient, 3, 60);
        now.unix_us += 60 * SECOND;
        routing_wait_learn(&patient, &told, 60 * SECOND, true, now);
        routing_wait_learn(&hasty, &told, 60 * SECOND, i % 2 == 0, now);
    }
    assert_true(patient.left == 0 && hasty.left == 30 * 1024);
    assert_true(hasty.turns == 30 * 1024);
    assert_true(patient.exposed_us == hasty.exposed_us);
}

static void
a_small_change_is_not_worth_telling(void **state)
{
    const struct routing_wait minute = {.p50_us = 60 * SECOND, .p90_us = 120 * SECOND};
    const struct routing_wait hour = {.p50_us = 3600 * SECOND, .p90_us = 7200 * SECOND};

    (void)state;
    assert_false(routing_wait_changed(50 * SECOND, 100 * SECOND, &minute));
    assert_true(routing_wait_changed(20 * SECOND, 100 * SECOND, &minute));
    assert_true(routing_wait_changed(60 * SECOND, 180 * SECOND, &minute));
    assert_false(routing_wait_changed(3000 * SECOND, 6000 * SECOND, &hour));
    assert_true(routing_wait_changed(1800 * SECOND, 6000 * SECOND, &hour));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_is_the_sum_over_the_turns),
        cmocka_unit_test(the_range_is_that_of_the_sum),
        cmocka_unit_test(a_long_line_is_not_walked_for_ever),
        cmocka_unit_test(before_anything_was_seen_a_turn_is_what_is_configured),
        cmocka_unit_test(a_line_that_stands_is_seen_to_stand),
        cmocka_unit_test(what_is_told_comes_true),
        cmocka_unit_test(the_hour_is_believed_where_it_foretells_better),
        cmocka_unit_test(who_gave_up_shortens_the_line),
        cmocka_unit_test(a_small_change_is_not_worth_telling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
