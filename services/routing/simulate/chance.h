/* chance.h - random numbers that are the same for the same seed on every machine, and the laws that
 * lengths of time follow.
 *
 * Generator: xoshiro256++ 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 47(4), 2021), seeded by SplitMix64.  Every contact draws from streams of
 * its own class, in the order of arrival, and every draw takes the same count of numbers: so two
 * configurations under one seed meet the very same customers (common random numbers).
 */
#ifndef FR_SIMULATE_CHANCE_H
#define FR_SIMULATE_CHANCE_H

#include <stddef.h>
#include <stdint.h>
#include "common/base/time.h"

struct sim_chance {
    uint64_t state[4];
};

/* Streams of one seed are independent of each other. */
void sim_chance_seed(struct sim_chance *chance, uint64_t seed, uint64_t stream);
/* In (0, 1): never 0, so that its logarithm is finite. */
double sim_chance_unit(struct sim_chance *chance);

enum sim_law { SIM_EXPONENTIAL, SIM_LOGNORMAL, SIM_DETERMINISTIC, SIM_EMPIRICAL, SIM_NEVER };
#define SIM_LAWS "exponential|lognormal|deterministic|empirical|never"

struct sim_length { /* how a length of time is drawn */
    enum sim_law law;
    double mean_s, sd_s;   /* of the length itself, not of its logarithm */
    const double *samples; /* EMPIRICAL: seconds; borrowed */
    size_t sample_count;
};

#define SIM_FOREVER INT64_MAX

/* Microseconds; SIM_FOREVER for SIM_NEVER. */
int64_t sim_length_draw(const struct sim_length *length, struct sim_chance *chance);

#endif
