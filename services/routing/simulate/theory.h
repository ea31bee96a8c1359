/* theory.h - what queueing theory says of a few cases: the oracle that the simulator is held
 * against.
 *
 * Erlang C: A. K. Erlang, 1917.  Erlang A: C. Palm, 1943, as in W. Whitt, "Engineering solution of
 * a basic call-center model", Management Science 51(2), 2005.  Two or more strict priorities: A.
 * Cobham, "Priority assignment in waiting line problems", Operations Research 2(1), 1954.
 * Everything here is exact up to rounding; times are in the unit of the rates.
 */
#ifndef FR_SIMULATE_THEORY_H
#define FR_SIMULATE_THEORY_H

#include <stddef.h>

struct sim_theory {
    double p_wait;
    double p_abandon;
    double wait_all;    /* mean over everybody who came */
    double wait_served; /* mean over those who were served */
    double queue;       /* mean length */
    double occupancy;
};

/* `servers` > 0; each finishes `mu` per unit of time; `theta` 0: nobody ever leaves, and then
 * lambda < servers * mu must hold (else all waits are infinite). */
void sim_theory_erlang(double lambda, double mu, unsigned servers, double theta,
                       struct sim_theory *out);
/* Erlang C: the share of all who are served within `t`. */
double sim_theory_within(double lambda, double mu, unsigned servers, double t);

/* Erlang C with strict priorities that do not interrupt: mean wait of each class, most urgent
 * first. */
void sim_theory_priorities(const double *lambdas, size_t class_count, double mu, unsigned servers,
                           double *waits);

#endif
