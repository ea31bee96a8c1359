/* run_test.c - the simulator against theory, against a trace worked out by hand, and against
 * itself.
 *
 * Seeds are fixed, so a test that passes once passes always; the criterion is that of the long runs
 * (README.md): theory within so many standard errors, of which 4 are allowed here and 3 there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <math.h>

#include "services/routing/simulate/report.h"

#define ERRORS 4.0

/* ---- scenarios as text ---- */

static char folder[] = "/tmp/filrouge-simulate-XXXXXX";

static void
write_file(const char *name, const char *text, char *path, size_t size)
{
    FILE *file;

    snprintf(path, size, "%s/%s", folder, name);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

struct sample { /* one scenario that was run */
    char path[128];
    struct sim_scenario *scenario;
    struct sim_result result;
};

static void
run(struct sample *sample, const char *text)
{
    write_file("scenario.yaml", text, sample->path, sizeof(sample->path));
    assert_int_equal(sim_scenario_load(sample->path, &sample->scenario), FR_OK);
    sim_run(sample->scenario, NULL, &sample->result);
}

static void
done(struct sample *sample)
{
    sim_result_fini(&sample->result);
    sim_scenario_free(&sample->scenario);
}

static void
expect(const struct sample *sample, size_t class_index, enum sim_figure figure, double expected)
{
    struct sim_value value = sim_figure_value(&sample->result.sums, class_index, figure);

    if (!(fabs(value.mean - expected) <= ERRORS * value.error))
        fail_msg("class %zu %s: %.5f +- %.5f is not %.5f", class_index, sim_figures[figure].name,
                 value.mean, value.error, expected);
}

/* Every figure that theory knows, of everybody. */
static void
expect_theory(const struct sample *sample, size_t least)
{
    struct sim_expected expected;
    size_t known = 0;

    assert_true(sim_expect(sample->scenario, &expected));
    for (enum sim_figure f = 0; f < SIM_FIGURE_COUNT; f++)
        if (!isnan(expected.values[f])) {
            expect(sample, 0, f, expected.values[f]);
            known++;
        }
    assert_true(known >= least);
    sim_expected_fini(&expected);
}

#define ANN "routing: { agents: { ann: { site: inhouse } } }\n"

static void
erlang_c(void **state)
{
    struct sample sample;

    (void)state;
    run(&sample, ANN "simulate:\n"
                     "  contacts: 80000\n"
                     "  staff: [{ like: ann, count: 55 }]\n"
                     "  classes:\n"
                     "    calls: { arrivals: [{ per_hour: 720 }], service: { mean: 240s } }\n");
    expect_theory(&sample, 8);
    done(&sample);
}

static void
erlang_a(void **state)
{
    struct sample sample;

    (void)state;
    run(&sample, ANN "simulate:\n"
                     "  contacts: 80000\n"
                     "  staff: [{ like: ann, count: 100 }]\n"
                     "  classes:\n"
                     "    calls: { arrivals: [{ per_hour: 1224 }], service: { mean: 300s },\n"
                     "             patience: { law: exponential, mean: 300s } }\n");
    expect_theory(&sample, 7);
    done(&sample);
}

/* Two classes: the urgent fifth before the others, by more credit than anybody waits. */
#define TWO(credit, contacts)                                                                      \
    "routing:\n"                                                                                   \
    "  queues:\n"                                                                                  \
    "    - { name: urgent, brands: [urgent], credit: " credit " }\n"                               \
    "    - { name: others }\n"                                                                     \
    "  agents: { ann: { site: inhouse } }\n"                                                       \
    "simulate:\n"                                                                                  \
    "  contacts: " contacts "\n"                                                                   \
    "  staff: [{ like: ann, count: 50 }]\n"                                                        \
    "  classes:\n"                                                                                 \
    "    urgent: { brand: urgent, arrivals: [{ per_hour: 576 }], service: { mean: 60s } }\n"       \
    "    others: { brand: acme, arrivals: [{ per_hour: 2304 }], service: { mean: 60s } }\n"

static void
priority_moves_waiting_and_keeps_its_sum(void **state)
{
    const double lambdas[] = {9.6 / 60, 38.4 / 60};
    struct sample strict, fair;
    double waits[2];

    (void)state;
    run(&strict, TWO("24h", "80000"));
    run(&fair, TWO("0", "80000"));
    sim_theory_priorities(lambdas, 2, 1 / 60.0, 50, waits);
    expect(&strict, 1, SIM_MEAN_ALL, waits[0]);
    expect(&strict, 2, SIM_MEAN_ALL, waits[1]);
    expect_theory(&strict, 6);
    expect_theory(&fair, 6);
    expect(&fair, 1, SIM_MEAN_ALL, sim_figure_value(&fair.result.sums, 2, SIM_MEAN_ALL).mean);
    /* The very same customers: not only the law, nearly the same sum. */
    assert_true(fabs(sim_sums_total(&strict.result.sums, 0, SIM_WAIT_ALL) /
                         sim_sums_total(&fair.result.sums, 0, SIM_WAIT_ALL) -
                     1) < .02);
    done(&strict);
    done(&fair);
}

#define SKILLS(ann, bob)                                                                           \
    "routing:\n"                                                                                   \
    "  queues:\n"                                                                                  \
    "    - { name: red, brands: [red], skills: [{ name: red }] }\n"                                \
    "    - { name: blue, brands: [blue], skills: [{ name: blue }] }\n"                             \
    "  agents:\n"                                                                                  \
    "    ann: { site: inhouse, skills: [" ann "] }\n"                                              \
    "    bob: { site: inhouse, skills: [" bob "] }\n"                                              \
    "simulate:\n"                                                                                  \
    "  contacts: 80000\n"                                                                          \
    "  staff: [{ like: ann, count: 10 }, { like: bob, count: 10 }]\n"                              \
    "  classes:\n"                                                                                 \
    "    red: { brand: red, arrivals: [{ per_hour: 540 }], service: { mean: 60s } }\n"             \
    "    blue: { brand: blue, arrivals: [{ per_hour: 480 }], service: { mean: 60s } }\n"

static void
two_dual_skilled_groups_equal_one(void **state)
{
    struct sim_theory theory;
    struct sample sample;

    (void)state;
    run(&sample, SKILLS("{ name: red }, { name: blue }", "{ name: blue }, { name: red }"));
    sim_theory_erlang(17 / 60.0, 1 / 60.0, 20, 0, &theory);
    expect(&sample, 0, SIM_P_WAIT, theory.p_wait);
    expect(&sample, 0, SIM_MEAN_ALL, theory.wait_all);
    expect(&sample, 1, SIM_MEAN_ALL, theory.wait_all);
    expect(&sample, 2, SIM_MEAN_ALL, theory.wait_all);
    expect(&sample, 0, SIM_OCCUPANCY, theory.occupancy);
    done(&sample);
}

static void
dedicated_groups_equal_separate_queues(void **state)
{
    struct sim_theory red, blue;
    struct sample sample;

    (void)state;
    run(&sample, SKILLS("{ name: red }", "{ name: blue }"));
    sim_theory_erlang(9 / 60.0, 1 / 60.0, 10, 0, &red);
    sim_theory_erlang(8 / 60.0, 1 / 60.0, 10, 0, &blue);
    expect(&sample, 1, SIM_P_WAIT, red.p_wait);
    expect(&sample, 1, SIM_MEAN_ALL, red.wait_all);
    expect(&sample, 2, SIM_P_WAIT, blue.p_wait);
    expect(&sample, 2, SIM_MEAN_ALL, blue.wait_all);
    done(&sample);
}

/* ---- worked out by hand ---- */

/* One agent, services of 10 s.  a 0-10, b waits 8, c waits 14 at 26, d finds him free at 100. */
static void
a_trace_is_replayed_to_the_second(void **state)
{
    struct sample sample;
    char path[128];

    (void)state;
    write_file("trace.csv", "when,kind,took\n0,\"a\",10\n2,a,10\n6,a,10\n9,skipped,99\n100,a,10\n",
               path, sizeof(path));
    run(&sample, ANN "simulate:\n"
                     "  warm_up: 0\n"
                     "  batches: 2\n"
                     "  within: 8s\n"
                     "  trace: { file: trace.csv, arrival: [when], service: took,\n"
                     "           skip: [{ column: kind, values: [skipped] }] }\n"
                     "  classes: { all: { match: [{ column: kind, values: [a] }] } }\n");
    assert_int_equal(sample.result.measured, 4);
    assert_true(fabs(sim_sums_total(&sample.result.sums, 0, SIM_WAIT_ALL) - 22) < 1e-6);
    assert_true(sim_sums_total(&sample.result.sums, 0, SIM_WAITED) == 2);
    assert_true(sim_sums_total(&sample.result.sums, 0, SIM_WITHIN) == 3);
    done(&sample);
}

/* Agents take 3 s to answer: that is part of everybody's wait, and nobody had to wait for room. */
static void
the_time_to_answer_is_waited(void **state)
{
    struct sample sample;

    (void)state;
    run(&sample, ANN "simulate:\n"
                     "  contacts: 100\n"
                     "  answer: 3s\n"
                     "  staff: [{ like: ann, count: 5 }]\n"
                     "  classes: { calls: { spacing: deterministic, arrivals: [{ per_hour: 60 }],\n"
                     "             service: { law: deterministic, mean: 30s } } }\n");
    assert_true(fabs(sim_figure_value(&sample.result.sums, 0, SIM_MEAN_ALL).mean - 3) < 1e-9);
    assert_true(sim_figure_value(&sample.result.sums, 0, SIM_P_WAIT).mean == 0);
    done(&sample);
}

/* Nobody answers within the offer's time: routing sets them away, and who has patience leaves. */
static void
who_does_not_answer_is_set_away(void **state)
{
    struct sample sample;

    (void)state;
    run(&sample,
        "routing: { offer_time: 5s, away_after: 1, agents: { ann: { site: inhouse } } }\n"
        "simulate:\n"
        "  contacts: 20\n"
        "  answer: 9s\n"
        "  classes: { calls: { spacing: deterministic, arrivals: [{ per_hour: 60 }],\n"
        "             service: { mean: 30s }, patience: { law: deterministic, mean: 50s } } }\n");
    assert_true(sim_figure_value(&sample.result.sums, 0, SIM_P_ABANDON).mean == 1);
    assert_true(fabs(sim_figure_value(&sample.result.sums, 0, SIM_MEAN_ALL).mean - 50) < 1e-9);
    done(&sample);
}

/* ann works from 8 to 12 and from 13 to 17: half past 12 waits half an hour. */
static void
shifts_are_kept(void **state)
{
    struct sample sample;

    (void)state;
    run(&sample,
        ANN "simulate:\n"
            "  duration: 1d\n"
            "  warm_up: 0\n"
            "  staff: [{ like: ann, shifts: [{ from: 8h, to: 12h }, { from: 13h, to: 17h }] }]\n"
            "  classes: { calls: { spacing: deterministic,\n"
            "             arrivals: [{ from: 12h, to: 12h31m, per_hour: 2 }],\n"
            "             service: { law: deterministic, mean: 30s } } }\n");
    assert_int_equal(sample.result.measured, 1);
    assert_true(fabs(sim_sums_total(&sample.result.sums, 0, SIM_WAIT_ALL) - 1800) < 1e-3);
    assert_true(fabs(sim_sums_total(&sample.result.sums, 0, SIM_PRESENT) - 8 * 3600) < 1e-3);
    done(&sample);
}

/* ---- against itself ---- */

static char *
json_of(const struct sample *sample)
{
    json_t *json = sim_report_json(sample->scenario, &sample->result, NULL);
    char *text = json_dumps(json, 0);

    json_decref(json);
    return text;
}

static void
the_same_seed_gives_the_same_figures(void **state)
{
    struct sample a, b;
    char *text_a, *text_b;

    (void)state;
    run(&a, TWO("10s", "5000"));
    run(&b, TWO("10s", "5000"));
    text_a = json_of(&a);
    text_b = json_of(&b);
    assert_string_equal(text_a, text_b);
    free(text_a);
    free(text_b);
    done(&a);
    done(&b);
}

/* With the same customers, three agents more make a difference that is far surer than either
 * figure; a configuration against itself makes none at all. */
static void
common_customers_make_differences_sure(void **state)
{
    struct sample a, b;
    struct sim_value difference, alone;

    (void)state;
    run(&a,
        ANN "simulate:\n"
            "  contacts: 40000\n"
            "  staff: [{ like: ann, count: 20 }]\n"
            "  classes: { calls: { arrivals: [{ per_hour: 1080 }], service: { mean: 60s } } }\n");
    run(&b,
        ANN "simulate:\n"
            "  contacts: 40000\n"
            "  staff: [{ like: ann, count: 21 }]\n"
            "  classes: { calls: { arrivals: [{ per_hour: 1080 }], service: { mean: 60s } } }\n");
    difference = sim_figure_difference(&a.result.sums, &b.result.sums, 0, SIM_MEAN_ALL);
    alone = sim_figure_value(&a.result.sums, 0, SIM_MEAN_ALL);
    assert_true(difference.mean < 0);
    assert_true(difference.error < alone.error * .8);
    assert_true(sim_figure_difference(&a.result.sums, &a.result.sums, 0, SIM_MEAN_ALL).error == 0);
    done(&a);
    done(&b);
}

/* ---- standard errors are what they say ---- */

/* Independent values with mean 5 and variance 4, ten a batch: the error of the mean of n is
 * 2 / sqrt(n), and the truth lies within 2 of them in about 95 of 100 trials. */
static void
standard_errors_cover(void **state)
{
    struct sim_chance chance;
    int covered = 0;

    (void)state;
    sim_chance_seed(&chance, 7, 0);
    for (int trial = 0; trial < 400; trial++) {
        struct sim_value value;
        struct sim_sums sums;

        sim_sums_init(&sums, 2, 40);
        for (size_t i = 0; i < 400; i++) { /* independent, so uncorrelated */
            double u = sim_chance_unit(&chance);

            sim_sums_add(&sums, 1, i / 10, SIM_CAME, 1);
            sim_sums_add(&sums, 1, i / 10, SIM_WAIT_ALL, u < .5 ? 3 : 7);
        }
        value = sim_figure_value(&sums, 1, SIM_MEAN_ALL);
        assert_true(value.error > .07 && value.error < .14);
        covered += fabs(value.mean - 5) < sim_t95(39) * value.error;
        sim_sums_fini(&sums);
    }
    assert_true(covered > 400 * .92 && covered < 400 * .98);
}

static void
a_wrong_scenario_is_refused(void **state)
{
    struct sim_scenario *scenario;
    char path[128];

    (void)state;
    write_file("wrong.yaml",
               ANN "simulate:\n  staff: [{ like: nobody }]\n"
                   "  classes: { calls: { arrivals: [{ per_hour: 1 }] } }\n",
               path, sizeof(path));
    assert_int_equal(sim_scenario_load(path, &scenario), FR_INVALID);
    write_file("wrong.yaml", ANN "simulate:\n  classes: { calls: { per_hour: 3 } }\n", path,
               sizeof(path));
    assert_int_equal(sim_scenario_load(path, &scenario), FR_INVALID);
    write_file("wrong.yaml", ANN "simulate:\n  classes: { calls: {} }\n", path, sizeof(path));
    assert_int_equal(sim_scenario_load(path, &scenario), FR_INVALID);
}

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = {"scenario.yaml", "trace.csv", "wrong.yaml"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erlang_c),
        cmocka_unit_test(erlang_a),
        cmocka_unit_test(priority_moves_waiting_and_keeps_its_sum),
        cmocka_unit_test(two_dual_skilled_groups_equal_one),
        cmocka_unit_test(dedicated_groups_equal_separate_queues),
        cmocka_unit_test(a_trace_is_replayed_to_the_second),
        cmocka_unit_test(the_time_to_answer_is_waited),
        cmocka_unit_test(who_does_not_answer_is_set_away),
        cmocka_unit_test(shifts_are_kept),
        cmocka_unit_test(the_same_seed_gives_the_same_figures),
        cmocka_unit_test(common_customers_make_differences_sure),
        cmocka_unit_test(standard_errors_cover),
        cmocka_unit_test(a_wrong_scenario_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
