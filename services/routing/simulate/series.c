/* series.c - how things went over time, in bins that widen as the run grows. */
#include "services/routing/simulate/series.h"

#include <stdlib.h>
#include <string.h>
#include "common/base/error.h"

#define FIRST_WIDTH_US 15000000

void
sim_series_init(struct sim_series *series, size_t class_count)
{
    *series = (struct sim_series){.class_count = class_count, .width_us = FIRST_WIDTH_US};
    series->bins = calloc(class_count * SIM_BIN_MAX, sizeof(struct sim_bin));
    fr_assert(series->bins != NULL);
}

void
sim_series_fini(struct sim_series *series)
{
    free(series->bins);
    series->bins = NULL;
}

static struct sim_bin
together(const struct sim_bin *a, const struct sim_bin *b)
{
    return (struct sim_bin){a->came + b->came,           a->within + b->within,
                            a->wait_s + b->wait_s,       a->done + b->done,
                            a->queue_s + b->queue_s,     a->busy_s + b->busy_s,
                            a->present_s + b->present_s, a->time_s + b->time_s};
}

static void
widen(struct sim_series *series)
{
    for (size_t c = 0; c < series->class_count; c++) {
        struct sim_bin *bins = series->bins + c * SIM_BIN_MAX;

        for (size_t i = 0; i < SIM_BIN_MAX / 2; i++)
            bins[i] = together(&bins[2 * i], &bins[2 * i + 1]);
        memset(bins + SIM_BIN_MAX / 2, 0, SIM_BIN_MAX / 2 * sizeof(*bins));
    }
    series->width_us *= 2;
    series->used = (series->used + 1) / 2;
}

struct sim_bin *
sim_series_at(struct sim_series *series, size_t class_index, int64_t us)
{
    while (us / series->width_us >= SIM_BIN_MAX)
        widen(series);
    size_t bin = (size_t)(us / series->width_us);

    if (bin >= series->used)
        series->used = bin + 1;
    return &series->bins[class_index * SIM_BIN_MAX + bin];
}
