/* theory_test.c - the oracle itself, against figures that others have printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "services/routing/simulate/theory.h"

static void
near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within))
        fail_msg("%.6f is not %.6f +- %g", value, expected, within);
}

static void
erlang_c_of_55_agents(void **state)
{
    struct sim_theory theory;

    (void)state;
    sim_theory_erlang(0.2, 1 / 240.0, 55, 0, &theory);
    near(theory.p_wait, .23870, 5e-6);
    near(theory.wait_all, 8.184, 5e-4);
    near(theory.p_abandon, 0, 0);
    near(theory.occupancy, 48 / 55.0, 1e-9);
    near(sim_theory_within(0.2, 1 / 240.0, 55, 20), .8668, 5e-5);
}

static void
erlang_c_of_one_agent_is_m_m_1(void **state)
{
    struct sim_theory theory;

    (void)state;
    sim_theory_erlang(0.8, 1, 1, 0, &theory);
    near(theory.p_wait, .8, 1e-12);
    near(theory.wait_all, 4, 1e-9);
    near(theory.queue, 3.2, 1e-9);
}

/* Whitt 2005, table 1 and 2: 100 agents, 102 an hour... of one service time. */
static void
erlang_a_of_100_agents(void **state)
{
    struct sim_theory theory;

    (void)state;
    sim_theory_erlang(102, 1, 100, 1, &theory);
    near(theory.p_wait, .5917, 5e-5);
    near(theory.p_abandon, .0499, 5e-5);
    near(theory.wait_served, .0490, 5e-5);
    near(theory.queue, 5.092, 5e-4);
    sim_theory_erlang(102, 1, 100, .25, &theory);
    near(theory.p_wait, .774, 5e-4);
    near(theory.p_abandon, .0364, 5e-5);
    near(theory.wait_served, .1455, 5e-5);
    near(theory.queue, 14.84, 5e-3);
}

/* With patience like service and as many servers as you like, the system is M/M/infinity. */
static void
erlang_a_with_equal_rates_has_poisson_states(void **state)
{
    struct sim_theory theory;
    double p = exp(-10), above = 0;

    (void)state;
    for (int k = 0; k < 200; k++) {
        above += k >= 12 ? p : 0;
        p *= 10.0 / (k + 1);
    }
    sim_theory_erlang(10, 1, 12, 1, &theory);
    near(theory.p_wait, above, 1e-12);
}

static void
more_than_can_be_done_waits_for_ever(void **state)
{
    struct sim_theory theory;

    (void)state;
    sim_theory_erlang(2, 1, 2, 0, &theory);
    assert_true(isinf(theory.wait_all));
    sim_theory_erlang(2000, 1, 1000, .5, &theory); /* half of them leave: no overflow on the way */
    near(theory.p_abandon, .5, 1e-6);
}

static void
priorities_share_what_first_come_first_served_waits(void **state)
{
    const double lambdas[] = {9.6, 38.4};
    struct sim_theory theory;
    double waits[2];

    (void)state;
    sim_theory_priorities(lambdas, 2, 1, 50, waits);
    sim_theory_erlang(48, 1, 50, 0, &theory);
    near(waits[0] * 60, 1.0, .05);
    near(waits[1] * 60, 25.8, .05);
    near(waits[0] * 9.6 + waits[1] * 38.4, 48 * theory.wait_all, 1e-9);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erlang_c_of_55_agents),
        cmocka_unit_test(erlang_c_of_one_agent_is_m_m_1),
        cmocka_unit_test(erlang_a_of_100_agents),
        cmocka_unit_test(erlang_a_with_equal_rates_has_poisson_states),
        cmocka_unit_test(more_than_can_be_done_waits_for_ever),
        cmocka_unit_test(priorities_share_what_first_come_first_served_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
