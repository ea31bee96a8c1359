/* run.h - one scenario, run from its beginning to its end. */
#ifndef FR_SIMULATE_RUN_H
#define FR_SIMULATE_RUN_H

#include "services/routing/simulate/figures.h"
#include "services/routing/simulate/scenario.h"
#include "services/routing/simulate/series.h"

struct sim_result {
    struct sim_sums sums;     /* class 0: everybody; class i + 1: scenario->classes[i] */
    struct sim_series series; /* all repetitions over each other */
    uint64_t contacts;        /* simulated, warm-up included */
    uint64_t measured;
    uint64_t inputs, timers;    /* that routing decided */
    double simulated_s, took_s; /* virtual and real time; `took_s` is no part of any output that has
                                   to be the same for the same seed */
};

/* `progress` is told how much of the whole is done (0 to 1), now and then; or NULL. */
void sim_run(const struct sim_scenario *scenario, void (*progress)(double done),
             struct sim_result *out);
void sim_result_fini(struct sim_result *result);

#endif
