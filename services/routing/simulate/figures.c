/* figures.c - ratios of sums over batches, and their standard errors. */
#include "services/routing/simulate/figures.h"

#include <math.h>
#include <stdlib.h>
#include "common/base/error.h"

/* clang-format off */
const struct sim_figure_row sim_figures[SIM_FIGURE_COUNT] = {
    [SIM_P_WAIT]         = { "p_wait",         "P(wait)",     "share of contacts whom nobody took at once",            SIM_WAITED,      SIM_CAME,    4, 0 },
    [SIM_P_ABANDON]      = { "p_abandon",      "P(abandon)",  "share of contacts who left unserved",                   SIM_ABANDONED,   SIM_CAME,    4, 0 },
    [SIM_MEAN_ALL]       = { "wait_all_s",     "wait all",    "mean wait of everybody, seconds",                       SIM_WAIT_ALL,    SIM_CAME,    3, 0 },
    [SIM_MEAN_SERVED]    = { "wait_served_s",  "wait served", "mean wait of those who were served, seconds",           SIM_WAIT_SERVED, SIM_SERVED,  3, 0 },
    [SIM_MEAN_WAITED]    = { "wait_waited_s",  "wait waited", "mean wait of those who had to wait, seconds",           SIM_WAIT_WAITED, SIM_WAITED,  3, 0 },
    [SIM_P_WITHIN]       = { "p_within",       "within",      "share of contacts served within the scenario's `within`", SIM_WITHIN,    SIM_CAME,    4, 0 },
    [SIM_QUEUE_LENGTH]   = { "queue",          "queue",       "mean number waiting",                                   SIM_QUEUE,       SIM_TIME,    3, 0 },
    [SIM_OCCUPANCY]      = { "occupancy",      "occupancy",   "share of the agents' time with work",                   SIM_BUSY,        SIM_PRESENT, 4, 1 },
    [SIM_TOLD_BIAS]      = { "told_bias_s",    "told bias",   "actual wait less the median that was told, seconds",    SIM_TOLD_ERROR,  SIM_TOLD,    2, 0 },
    [SIM_TOLD_MSE]       = { "told_mse_s2",    "told mse",    "mean square of the same",                               SIM_TOLD_SQUARE, SIM_TOLD,    1, 0 },
    [SIM_TOLD_COVER_P50] = { "told_cover_p50", "<= P50",      "share served no later than the median that was told",   SIM_TOLD_P50,    SIM_TOLD,    4, 0 },
    [SIM_TOLD_COVER_P90] = { "told_cover_p90", "<= P90",      "share served no later than the P90 that was told",      SIM_TOLD_P90,    SIM_TOLD,    4, 0 },
};
/* clang-format on */

void
sim_sums_init(struct sim_sums *sums, size_t class_count, size_t batch_count)
{
    sums->class_count = class_count;
    sums->batch_count = batch_count;
    sums->values = calloc(class_count * batch_count * SIM_SUM_COUNT, sizeof(double));
    fr_assert(sums->values != NULL);
}

void
sim_sums_fini(struct sim_sums *sums)
{
    free(sums->values);
    sums->values = NULL;
}

static double *
cell(const struct sim_sums *sums, size_t class_index, size_t batch, enum sim_sum sum)
{
    return &sums->values[(class_index * sums->batch_count + batch) * SIM_SUM_COUNT + sum];
}

void
sim_sums_add_one(struct sim_sums *sums, size_t class_index, size_t batch, enum sim_sum sum,
                 double by)
{
    *cell(sums, class_index, batch, sum) += by;
}

void
sim_sums_add(struct sim_sums *sums, size_t class_index, size_t batch, enum sim_sum sum, double by)
{
    sim_sums_add_one(sums, 0, batch, sum, by);
    sim_sums_add_one(sums, class_index, batch, sum, by);
}

double
sim_sums_total(const struct sim_sums *sums, size_t class_index, enum sim_sum sum)
{
    double total = 0;

    for (size_t batch = 0; batch < sums->batch_count; batch++)
        total += *cell(sums, class_index, batch, sum);
    return total;
}

/* What batch says against the ratio of the whole, in units of the ratio. */
static double
residual(const struct sim_sums *sums, size_t class_index, size_t batch,
         const struct sim_figure_row *row, double ratio, double mean_below)
{
    return (*cell(sums, class_index, batch, row->above) -
            ratio * *cell(sums, class_index, batch, row->below)) /
           mean_below;
}

static double
error_of_squares(double squares, size_t batch_count)
{
    double n = (double)batch_count;

    return batch_count < 2 ? NAN : sqrt(squares / (n * (n - 1)));
}

struct sim_value
sim_figure_value(const struct sim_sums *sums, size_t class_index, enum sim_figure figure)
{
    const struct sim_figure_row *row = &sim_figures[figure];
    double below = sim_sums_total(sums, class_index, row->below);
    double ratio = sim_sums_total(sums, class_index, row->above) / below, squares = 0;

    if (below == 0)
        return (struct sim_value){NAN, NAN};
    for (size_t batch = 0; batch < sums->batch_count; batch++) {
        double r =
            residual(sums, class_index, batch, row, ratio, below / (double)sums->batch_count);

        squares += r * r;
    }
    return (struct sim_value){ratio, error_of_squares(squares, sums->batch_count)};
}

struct sim_value
sim_figure_difference(const struct sim_sums *a, const struct sim_sums *b, size_t class_index,
                      enum sim_figure figure)
{
    const struct sim_figure_row *row = &sim_figures[figure];
    double below_a = sim_sums_total(a, class_index, row->below);
    double below_b = sim_sums_total(b, class_index, row->below);
    double ratio_a = sim_sums_total(a, class_index, row->above) / below_a;
    double ratio_b = sim_sums_total(b, class_index, row->above) / below_b, squares = 0;
    double n = (double)a->batch_count;

    fr_assert(a->batch_count == b->batch_count);
    if (below_a == 0 || below_b == 0)
        return (struct sim_value){NAN, NAN};
    for (size_t batch = 0; batch < a->batch_count; batch++) {
        double r = residual(b, class_index, batch, row, ratio_b, below_b / n) -
                   residual(a, class_index, batch, row, ratio_a, below_a / n);

        squares += r * r;
    }
    return (struct sim_value){ratio_b - ratio_a, error_of_squares(squares, a->batch_count)};
}

double
sim_batch_correlation(const struct sim_sums *sums)
{
    const struct sim_figure_row *row = &sim_figures[SIM_MEAN_ALL];
    double below = sim_sums_total(sums, 0, row->below), squares = 0, products = 0, last = 0;
    double ratio = sim_sums_total(sums, 0, row->above) / below;

    for (size_t batch = 0; batch < sums->batch_count; batch++) {
        double r = residual(sums, 0, batch, row, ratio, below / (double)sums->batch_count);

        squares += r * r;
        products += r * last;
        last = r;
    }
    return squares > 0 ? products / squares : 0;
}

double
sim_t95(size_t freedom)
{
    static const double t[] = {NAN,   12.706, 4.303, 3.182, 2.776, 2.571, 2.447,
                               2.365, 2.306,  2.262, 2.228, 2.201, 2.179, 2.160,
                               2.145, 2.131,  2.120, 2.110, 2.101, 2.093, 2.086};
    double f = (double)freedom;

    if (freedom < sizeof(t) / sizeof(t[0]))
        return t[freedom];
    return 1.95996 + 2.3723 / f + 2.8225 / (f * f); /* Cornish and Fisher */
}
