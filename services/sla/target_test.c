/* target_test.c - clocks in open time, the steps of policies, and what is remembered of stretches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/sla/policy.h"
#include "services/sla/target.h"

#define MINUTE INT64_C(60000000)
#define T0 (INT64_C(1800000000) * 1000000)

static void
a_paused_clock_keeps_what_has_elapsed(void **state)
{
    const struct fr_calendar *always = fr_calendar_always();
    struct sla_clock clock = sla_clock_start(always, T0, 60 * MINUTE);

    (void)state;
    assert_int_equal(clock.due_us, T0 + 60 * MINUTE);
    assert_int_equal(sla_clock_turn(&clock, always, T0 + 20 * MINUTE, always, 60 * MINUTE, true),
                     20 * MINUTE);
    assert_int_equal(clock.due_us, 0);
    assert_int_equal(sla_clock_elapsed(&clock, always, T0 + 500 * MINUTE), 20 * MINUTE);
    assert_int_equal(sla_clock_turn(&clock, always, T0 + 100 * MINUTE, always, 60 * MINUTE, false),
                     0);
    assert_int_equal(clock.due_us, T0 + 140 * MINUTE);
    assert_int_equal(sla_clock_elapsed(&clock, always, T0 + 110 * MINUTE), 30 * MINUTE);
    assert_int_equal(sla_clock_instant(&clock, always, 45 * MINUTE), T0 + 125 * MINUTE);
}

static void
a_shorter_promise_is_due_at_once_and_never_before(void **state)
{
    const struct fr_calendar *always = fr_calendar_always();
    struct sla_clock clock = sla_clock_start(always, T0, 60 * MINUTE);

    (void)state;
    sla_clock_turn(&clock, always, T0 + 30 * MINUTE, always, 10 * MINUTE, false);
    assert_int_equal(clock.due_us, T0 + 30 * MINUTE);
    /* what comes from before the stretch began ends nothing earlier */
    assert_int_equal(sla_clock_turn(&clock, always, T0 + 5 * MINUTE, always, 60 * MINUTE, false),
                     0);
    assert_int_equal(clock.since_us, T0 + 30 * MINUTE);
    assert_int_equal(clock.due_us, T0 + 60 * MINUTE);
}

struct step_case {
    const char *text;
    bool good;
    int64_t per_mille, from_due_us;
};

/* clang-format off */
static const struct step_case step_cases[] = {
    { "75%",     true,  750, 0            }, { "due",      true,  0, 0            },
    { "due-15m", true,  0,   -15 * MINUTE }, { "due+1h",   true,  0, 60 * MINUTE  },
    { "1%",      true,  10,  0            }, { "99%",      true,  990, 0          },
    { "100%",    false, 0,   0            }, { "0%",       false, 0, 0            },
    { "75",      false, 0,   0            }, { "due-15",   false, 0, 0            },
    { "due 15m", false, 0,   0            }, { "due-",     false, 0, 0            },
    { "due-0",   false, 0,   0            }, { "-5%",      false, 0, 0            },
    { "",        false, 0,   0            }, { "x",        false, 0, 0            },
};
/* clang-format on */

static void
steps_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(step_cases) / sizeof(step_cases[0]); i++) {
        struct fr_span from_due;
        int64_t per_mille;

        if (sla_step_parse(step_cases[i].text, &per_mille, &from_due) != step_cases[i].good)
            fail_msg("'%s'", step_cases[i].text);
        if (!step_cases[i].good)
            continue;
        assert_int_equal(per_mille, step_cases[i].per_mille);
        assert_int_equal(from_due.us, step_cases[i].from_due_us);
    }
}

static void
steps_come_in_order_of_time(void **state)
{
    static const char *const raise[] = {"raise"}, *const tell[] = {"tell", "alert"};
    static const char *const closes[] = {"channel_closes"};
    const struct sla_step steps[] = {
        {"due+1h", {(void *)raise, 1}, {NULL, 0}},
        {"due-15m", {(void *)tell, 2}, {NULL, 0}},
        {"50%", {(void *)raise, 1}, {NULL, 0}},
        {"due", {(void *)raise, 1}, {(void *)closes, 1}},
    };
    const struct sla_policy policy = {.name = "p", .steps = {(void *)steps, 4}};
    const struct sla_config config = {.policies = {(void *)&policy, 1}};
    struct sla_plan plan;

    (void)state;
    sla_policy_plan(&config, &policy, FR__TARGET_KIND__FIRST_RESPONSE, 60 * MINUTE, 0, &plan);
    assert_int_equal(plan.count, 3);
    assert_int_equal(plan.steps[0].open_us, 30 * MINUTE);
    assert_int_equal(plan.steps[1].open_us, 45 * MINUTE);
    assert_int_equal(plan.steps[1].actions, SLA_TELL | SLA_ALERT);
    assert_int_equal(plan.steps[2].open_us, 120 * MINUTE);
    /* a lead as long as the promise itself: not at once, but three quarters of the way */
    sla_policy_plan(&config, &policy, FR__TARGET_KIND__FIRST_RESPONSE, 8 * MINUTE, 0, &plan);
    assert_int_equal(plan.steps[1].open_us, 6 * MINUTE);
    /* the new time that he was told is a step of its own */
    sla_policy_plan(&config, &policy, FR__TARGET_KIND__CHANNEL_CLOSES, 60 * MINUTE, 90 * MINUTE,
                    &plan);
    assert_int_equal(plan.count, 5);
    assert_int_equal(plan.steps[3].open_us, 90 * MINUTE);
}

static void
the_highest_priority_that_fits_counts(void **state)
{
    const struct sla_goal goals[] = {
        {"first_response", {60 * MINUTE}, NULL, -1000},
        {"first_response", {10 * MINUTE}, "day", 2},
        {"first_response", {5 * MINUTE}, "24/7", 5},
        {"resolution", {1000 * MINUTE}, NULL, 0},
    };
    const struct sla_policy policy = {.name = "p",
                                      .calendar = "shop",
                                      .first_response = {90 * MINUTE},
                                      .goals = {(void *)goals, 4}};
    const struct sla_config config = {.policies = {(void *)&policy, 1}};
    static const struct {
        int priority;
        int64_t minutes;
        const char *calendar;
    } cases[] = {{0, 60, "shop"}, {2, 10, "day"}, {4, 10, "day"}, {9, 5, "24/7"}, {-3, 60, "shop"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sla_conversation row = {.priority = cases[i].priority};
        struct sla_offer offer =
            sla_policy_offer(&config, &policy, FR__TARGET_KIND__FIRST_RESPONSE, &row);

        assert_int_equal(offer.within_us, cases[i].minutes * MINUTE);
        assert_string_equal(offer.calendar, cases[i].calendar);
    }
}

static void
many_stretches_are_added_up_and_none_is_lost(void **state)
{
    struct sla_target target = {.stretch_count = 0};
    int64_t counted = 0;

    (void)state;
    for (int i = 0; i < 50; i++) {
        Fr__StretchEnded ended = FR__STRETCH_ENDED__INIT;

        ended.from_us = T0 + i * MINUTE;
        ended.to_us = T0 + (i + 1) * MINUTE;
        ended.why = i % 2 == 0 ? "counted" : "paused";
        ended.counted_us = i % 2 == 0 ? MINUTE : 0;
        ended.calendar = "shop";
        sla_target_add_stretch(&target, &ended);
    }
    assert_int_equal(target.stretch_count, SLA_STRETCHES_MAX);
    assert_int_equal(target.stretches[0].from_us, T0);
    assert_true(target.stretches[0].merged);
    for (size_t i = 0; i < target.stretch_count; i++) {
        counted += target.stretches[i].counted_us;
        if (i > 0)
            assert_int_equal(target.stretches[i].from_us, target.stretches[i - 1].to_us);
    }
    assert_int_equal(counted, 25 * MINUTE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_paused_clock_keeps_what_has_elapsed),
        cmocka_unit_test(a_shorter_promise_is_due_at_once_and_never_before),
        cmocka_unit_test(steps_are_read_or_refused),
        cmocka_unit_test(steps_come_in_order_of_time),
        cmocka_unit_test(the_highest_priority_that_fits_counts),
        cmocka_unit_test(many_stretches_are_added_up_and_none_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
