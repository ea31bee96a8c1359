/* theory.c - Erlang C, Erlang A and Cobham's priorities, summed up state by state. */
#include "services/routing/simulate/theory.h"

#include <math.h>

#define NEGLIGIBLE 1e-18 /* of the sum so far: further states do not matter */
#define STATES_MAX 10000000u

/* Probabilities relative to that of state `servers` (all busy, nobody waits), so that nothing
 * overflows: downwards p(k-1) = p(k) k mu / lambda, upwards p(k+1) = p(k) lambda / (n mu + j
 * theta).
 */
struct states {
    double free;   /* sum of the states with a free server */
    double busy;   /* the others */
    double queue;  /* their queue length, weighted */
    double served; /* of an arrival then: weighted probability to be served... */
    double wait;   /* ...and the wait of those who are */
    double idle;   /* free servers, weighted */
};

static void
sum_free(double lambda, double mu, unsigned servers, struct states *s)
{
    double p = 1;

    for (unsigned k = servers; k > 0 && p > NEGLIGIBLE * (s->free + 1); k--) {
        p *= k * mu / lambda;
        s->free += p;
        s->idle += p * (servers - (k - 1));
    }
}

/* An arrival that finds j waiting is served when j + 1 others end before his patience does: the
 * product of (n mu + i theta) / (n mu + (i + 1) theta) telescopes; each step lasts
 * 1 / (n mu + (i + 1) theta) whatever ends it. */
static void
sum_busy(double lambda, double mu, unsigned servers, double theta, struct states *s)
{
    double p = 1, rate = servers * mu, steps = 0;

    for (unsigned j = 0; j < STATES_MAX && p > NEGLIGIBLE * s->busy; j++) {
        double served = rate / (rate + (j + 1) * theta);

        steps += 1 / (rate + (j + 1) * theta);
        s->busy += p;
        s->queue += p * j;
        s->served += p * served;
        s->wait += p * served * steps;
        p *= lambda / (rate + (j + 1) * theta);
    }
}

void
sim_theory_erlang(double lambda, double mu, unsigned servers, double theta, struct sim_theory *out)
{
    struct states s = {0};
    double all;

    if (theta <= 0 && lambda >= servers * mu) {
        *out = (struct sim_theory){.p_wait = 1,
                                   .wait_all = INFINITY,
                                   .wait_served = INFINITY,
                                   .queue = INFINITY,
                                   .occupancy = 1};
        return;
    }
    sum_free(lambda, mu, servers, &s);
    sum_busy(lambda, mu, servers, theta, &s);
    all = s.free + s.busy;
    out->p_wait = s.busy / all;
    out->p_abandon = theta * s.queue / all / lambda; /* as many leave as are impatient */
    out->queue = s.queue / all;
    out->wait_all = out->queue / lambda; /* Little */
    out->wait_served = s.wait / (s.free + s.served);
    out->occupancy = 1 - s.idle / all / servers;
}

double
sim_theory_within(double lambda, double mu, unsigned servers, double t)
{
    struct sim_theory theory;

    sim_theory_erlang(lambda, mu, servers, 0, &theory);
    return 1 - theory.p_wait * exp(-(servers * mu - lambda) * t);
}

void
sim_theory_priorities(const double *lambdas, size_t class_count, double mu, unsigned servers,
                      double *waits)
{
    double all = 0, sooner = 0;
    struct sim_theory theory;

    for (size_t i = 0; i < class_count; i++)
        all += lambdas[i];
    sim_theory_erlang(all, mu, servers, 0, &theory);
    for (size_t i = 0; i < class_count; i++) {
        double before = 1 - sooner / (servers * mu);

        sooner += lambdas[i];
        waits[i] = theory.p_wait / (servers * mu) / before / (1 - sooner / (servers * mu));
    }
}
