/* figures.h - what is measured, and how sure of it we are.
 *
 * Every figure is a ratio of two sums: waited / came, seconds waited / served, seconds of queue /
 * seconds.  Both are kept per batch, a batch being a run of consecutive contacts that is long
 * against the memory of the queue (or one repetition of the whole run); the batches' ratios then
 * tell the standard error of the whole (ratio estimator: A. M. Law, "Simulation Modeling and
 * Analysis", section 9.5; batches of unequal size weigh as they should).
 */
#ifndef FR_SIMULATE_FIGURES_H
#define FR_SIMULATE_FIGURES_H

#include <stddef.h>
#include <stdint.h>

enum sim_sum { /* per class and batch */
               SIM_CAME,
               SIM_WAITED, /* nobody took them at once */
               SIM_ABANDONED,
               SIM_SERVED,
               SIM_WITHIN,      /* served within the scenario's `within` */
               SIM_WAIT_ALL,    /* seconds */
               SIM_WAIT_SERVED, /* seconds */
               SIM_WAIT_WAITED, /* seconds, of those who waited */
               SIM_QUEUE,       /* contact seconds */
               SIM_TIME,        /* seconds */
               SIM_BUSY,        /* agent seconds; class 0 only */
               SIM_PRESENT,     /* likewise */
               SIM_TOLD,        /* contacts who were told an expected wait and were served */
               SIM_TOLD_ERROR,  /* seconds: actual less told median */
               SIM_TOLD_SQUARE, /* seconds^2 */
               SIM_TOLD_P50,    /* came no later than the told median */
               SIM_TOLD_P90,
               SIM_TOLD_ACTUAL, /* seconds: what the best constant would be judged by */
               SIM_TOLD_ACTUAL_SQUARE,
               SIM_SUM_COUNT
};

enum sim_figure {
    SIM_P_WAIT,
    SIM_P_ABANDON,
    SIM_MEAN_ALL,
    SIM_MEAN_SERVED,
    SIM_MEAN_WAITED,
    SIM_P_WITHIN,
    SIM_QUEUE_LENGTH,
    SIM_OCCUPANCY,
    SIM_TOLD_BIAS,
    SIM_TOLD_MSE,
    SIM_TOLD_COVER_P50,
    SIM_TOLD_COVER_P90,
    SIM_FIGURE_COUNT
};

struct sim_figure_row {
    const char *name;  /* "p_wait": in JSON */
    const char *title; /* "P(wait)": in tables */
    const char *doc;
    enum sim_sum above, below;
    int digits;
    int scale_class0; /* only for all classes together */
};
extern const struct sim_figure_row sim_figures[SIM_FIGURE_COUNT];

struct sim_value {
    double mean;
    double error; /* standard error; NAN with fewer than two batches */
};

/* Sums of all classes and batches; class 0 is everybody. */
struct sim_sums {
    size_t class_count, batch_count;
    double *values; /* [class][batch][sum] */
};

void sim_sums_init(struct sim_sums *sums, size_t class_count, size_t batch_count);
void sim_sums_fini(struct sim_sums *sums);
/* Adds to the class and to everybody. */
void sim_sums_add(struct sim_sums *sums, size_t class_index, size_t batch, enum sim_sum sum,
                  double by);
/* To that class (or everybody: 0) alone. */
void sim_sums_add_one(struct sim_sums *sums, size_t class_index, size_t batch, enum sim_sum sum,
                      double by);
double sim_sums_total(const struct sim_sums *sums, size_t class_index, enum sim_sum sum);

/* NAN when nothing of the kind happened. */
struct sim_value sim_figure_value(const struct sim_sums *sums, size_t class_index,
                                  enum sim_figure figure);
/* b less a, batch by batch: with common random numbers the batches saw the same customers, and what
 * they have in common cancels.  Both need the same number of batches. */
struct sim_value sim_figure_difference(const struct sim_sums *a, const struct sim_sums *b,
                                       size_t class_index, enum sim_figure figure);
/* Correlation of one batch's mean wait with the next one's.  Far above 0: the batches are too short
 * against the memory of the queue, and the standard errors too small. */
double sim_batch_correlation(const struct sim_sums *sums);
/* The t quantile for a two-sided 95 % interval with that many degrees of freedom. */
double sim_t95(size_t freedom);

#endif
