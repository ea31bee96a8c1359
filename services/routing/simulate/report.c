/* report.c - what came out, as a table and as JSON. */
#include "services/routing/simulate/report.h"

#include <math.h>
#include <string.h>
#include <sys/param.h>

#define CELL 28

static const char *
class_name(const struct sim_scenario *scenario, size_t class_index)
{
    return class_index == 0 ? "all" : scenario->classes[class_index - 1].config->name;
}

/* One class is everybody: said once. */
static size_t
row_count(const struct sim_scenario *scenario)
{
    return scenario->class_count == 1 ? 1 : scenario->class_count + 1;
}

static void
cell_text(struct sim_value value, int digits, char *text)
{
    if (isnan(value.mean))
        snprintf(text, CELL, "-");
    else if (isnan(value.error))
        snprintf(text, CELL, "%.*f", digits, value.mean);
    else
        snprintf(text, CELL, "%.*f ±%.*f", digits, value.mean, digits, value.error);
}

/* Bytes are not columns: the sign takes two. */
static void
print_cell(const char *text, int width, FILE *out)
{
    int extra = strstr(text, "±") != NULL;

    fprintf(out, "  %*s", width + extra, text);
}

static bool
is_shown(const struct sim_result *result, enum sim_figure figure)
{
    return !isnan(sim_figure_value(&result->sums, 0, figure).mean) && figure != SIM_TOLD_MSE;
}

static struct sim_value
value_of(const struct sim_result *result, size_t class_index, enum sim_figure figure)
{
    if (sim_figures[figure].scale_class0 && class_index > 0)
        return (struct sim_value){NAN, NAN};
    return sim_figure_value(&result->sums, class_index, figure);
}

/* Below the row of a class, what theory says of it. */
static void
print_theory(const struct sim_result *result, const struct sim_expected *expected,
             size_t class_index, FILE *out)
{
    const double *values;
    bool any = false;

    if (expected == NULL || expected->values == NULL)
        return;
    values = expected->values + class_index * SIM_FIGURE_COUNT;
    for (enum sim_figure f = 0; f < SIM_TOLD_BIAS; f++)
        any |= !isnan(values[f]);
    if (!any)
        return;
    fprintf(out, "\n%14s  %9s", expected->name, "");
    for (enum sim_figure f = 0; f < SIM_TOLD_BIAS; f++) {
        char text[CELL];

        cell_text((struct sim_value){values[f], NAN}, sim_figures[f].digits, text);
        if (is_shown(result, f))
            print_cell(text, 17, out);
    }
}

static void
print_rows(const struct sim_scenario *scenario, const struct sim_result *result,
           const struct sim_expected *expected, FILE *out)
{
    fprintf(out, "\n%-14s  %9s", "CLASS", "CONTACTS");
    for (enum sim_figure f = 0; f < SIM_TOLD_BIAS; f++)
        if (is_shown(result, f))
            print_cell(sim_figures[f].title, 17, out);
    for (size_t c = 0; c < row_count(scenario); c++) {
        fprintf(out, "\n%-14.14s  %9.0f", class_name(scenario, c),
                sim_sums_total(&result->sums, c, SIM_CAME));
        for (enum sim_figure f = 0; f < SIM_TOLD_BIAS; f++) {
            char text[CELL];

            cell_text(value_of(result, c, f), sim_figures[f].digits, text);
            if (is_shown(result, f))
                print_cell(text, 17, out);
        }
        print_theory(result, expected, c, out);
    }
    fputc('\n', out);
}

static void
print_told(const struct sim_result *result, FILE *out)
{
    double n = sim_sums_total(&result->sums, 0, SIM_TOLD);
    double mean = sim_sums_total(&result->sums, 0, SIM_TOLD_ACTUAL) / n;
    double square = sim_sums_total(&result->sums, 0, SIM_TOLD_ACTUAL_SQUARE) / n;
    struct sim_value p50 = sim_figure_value(&result->sums, 0, SIM_TOLD_COVER_P50);
    struct sim_value p90 = sim_figure_value(&result->sums, 0, SIM_TOLD_COVER_P90);

    if (n == 0)
        return;
    fprintf(out,
            "\nexpected waits that were told: %.0f, root mean square error %.1f s (the best "
            "constant, %.1f s: %.1f s), bias %+.1f s;\n%.1f %% came by the median, %.1f %% by the "
            "P90, %.1f %% between them\n",
            n, sqrt(sim_figure_value(&result->sums, 0, SIM_TOLD_MSE).mean), mean,
            sqrt(MAX(square - mean * mean, 0)),
            sim_figure_value(&result->sums, 0, SIM_TOLD_BIAS).mean, 100 * p50.mean, 100 * p90.mean,
            100 * (p90.mean - p50.mean));
}

void
sim_report_table(const struct sim_scenario *scenario, const struct sim_result *result,
                 const struct sim_expected *expected, FILE *out)
{
    fprintf(out,
            "%s: %llu contacts, %llu of them measured, in %.1f days of virtual time; %zu agents, "
            "seed %lld, %zu batches, within %.0f s\n",
            scenario->path, (unsigned long long)result->contacts,
            (unsigned long long)result->measured, result->simulated_s / 86400,
            scenario->agent_count, (long long)scenario->config->seed, result->sums.batch_count,
            (double)scenario->config->within.us / 1e6);
    print_rows(scenario, result, expected, out);
    print_told(result, out);
    if (scenario->config->repetitions == 1 &&
        sim_batch_correlation(&result->sums) > 1.64 / sqrt((double)result->sums.batch_count))
        fprintf(out,
                "\nneighbouring batches are alike (correlation %.2f): they are too short for this "
                "queue, and the errors above too small;\nsimulate more contacts, or fewer "
                "batches, or several repetitions\n",
                sim_batch_correlation(&result->sums));
}

/* ---- JSON ---- */

static json_t *
number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
figures_json(const struct sim_result *result, size_t class_index, const double *expected)
{
    json_t *figures = json_object();

    for (enum sim_figure f = 0; f < SIM_FIGURE_COUNT; f++) {
        struct sim_value value = value_of(result, class_index, f);
        json_t *figure = json_pack("{s:o, s:o}", "value", number(value.mean), "standard_error",
                                   number(value.error));

        if (expected != NULL && !isnan(expected[f]))
            json_object_set_new(figure, "theory", number(expected[f]));
        json_object_set_new(figures, sim_figures[f].name, figure);
    }
    return figures;
}

json_t *
sim_report_json(const struct sim_scenario *scenario, const struct sim_result *result,
                const struct sim_expected *expected)
{
    json_t *classes = json_array();

    for (size_t c = 0; c <= scenario->class_count; c++)
        json_array_append_new(
            classes, json_pack("{s:s, s:o, s:o, s:o, s:o}", "class", class_name(scenario, c),
                               "came", number(sim_sums_total(&result->sums, c, SIM_CAME)), "served",
                               number(sim_sums_total(&result->sums, c, SIM_SERVED)), "abandoned",
                               number(sim_sums_total(&result->sums, c, SIM_ABANDONED)), "figures",
                               figures_json(result, c,
                                            expected == NULL || expected->values == NULL
                                                ? NULL
                                                : expected->values + c * SIM_FIGURE_COUNT)));
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}", "scenario", scenario->path, "seed",
        (json_int_t)scenario->config->seed, "contacts", (json_int_t)result->contacts, "measured",
        (json_int_t)result->measured, "agents", (json_int_t)scenario->agent_count, "decisions",
        (json_int_t)(result->inputs + result->timers), "simulated_s", result->simulated_s,
        "batch_correlation", sim_batch_correlation(&result->sums), "items", classes);
}

/* ---- two beside each other ---- */

/* Is it certain, at 95 %, that there is a difference? */
static bool
is_certain(struct sim_value difference, size_t batch_count)
{
    return fabs(difference.mean) > sim_t95(batch_count - 1) * difference.error;
}

static void
compare_row(const struct sim_result *a, const struct sim_result *b, size_t class_index,
            const char *name, enum sim_figure figure, FILE *out)
{
    struct sim_value value_a = value_of(a, class_index, figure);
    struct sim_value value_b = value_of(b, class_index, figure);
    struct sim_value difference = sim_figure_difference(&a->sums, &b->sums, class_index, figure);
    double half = sim_t95(a->sums.batch_count - 1) * difference.error;
    int digits = sim_figures[figure].digits;

    if (isnan(value_a.mean) || isnan(value_b.mean))
        return;
    fprintf(out, "%-14.14s  %-12s  %12.*f  %12.*f  %+12.*f  [%+.*f, %+.*f]%s\n", name,
            sim_figures[figure].title, digits, value_a.mean, digits, value_b.mean, digits,
            difference.mean, digits, difference.mean - half, digits, difference.mean + half,
            is_certain(difference, a->sums.batch_count) ? "" : "  no certain difference");
}

void
sim_compare_table(const struct sim_scenario *a, const struct sim_result *result_a,
                  const struct sim_scenario *b, const struct sim_result *result_b, FILE *out)
{
    fprintf(
        out,
        "A  %s: %zu agents\nB  %s: %zu agents\nthe same %llu customers in both, %zu batches\n\n",
        a->path, a->agent_count, b->path, b->agent_count, (unsigned long long)result_a->measured,
        result_a->sums.batch_count);
    fprintf(out, "%-14s  %-12s  %12s  %12s  %12s  %s\n", "CLASS", "FIGURE", "A", "B", "B LESS A",
            "95 % INTERVAL");
    for (size_t c = 0; c < row_count(a); c++)
        for (enum sim_figure f = SIM_P_WAIT; f < SIM_TOLD_BIAS; f++)
            compare_row(result_a, result_b, c, class_name(a, c), f, out);
}

json_t *
sim_compare_json(const struct sim_scenario *a, const struct sim_result *result_a,
                 const struct sim_scenario *b, const struct sim_result *result_b)
{
    json_t *items = json_array();

    for (size_t c = 0; c <= a->class_count; c++)
        for (enum sim_figure f = SIM_P_WAIT; f < SIM_TOLD_BIAS; f++) {
            struct sim_value difference =
                sim_figure_difference(&result_a->sums, &result_b->sums, c, f);
            double half = sim_t95(result_a->sums.batch_count - 1) * difference.error;

            if (sim_figures[f].scale_class0 && c > 0)
                continue;
            json_array_append_new(
                items, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "class",
                                 class_name(a, c), "figure", sim_figures[f].name, "a",
                                 number(value_of(result_a, c, f).mean), "b",
                                 number(value_of(result_b, c, f).mean), "difference",
                                 number(difference.mean), "standard_error",
                                 number(difference.error), "from", number(difference.mean - half),
                                 "to", number(difference.mean + half), "certain",
                                 is_certain(difference, result_a->sums.batch_count)));
        }
    return json_pack("{s:o, s:o, s:o}", "a", sim_report_json(a, result_a, NULL), "b",
                     sim_report_json(b, result_b, NULL), "items", items);
}
