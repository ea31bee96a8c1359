/* chance.c - random numbers that are the same for the same seed on every machine. */
#include "services/routing/simulate/chance.h"

#include <math.h>

static uint64_t
splitmix(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void
sim_chance_seed(struct sim_chance *chance, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed;

    x = splitmix(&x) ^ (stream * 0xd1342543de82ef95u);
    for (int i = 0; i < 4; i++)
        chance->state[i] = splitmix(&x);
}

static uint64_t
rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static uint64_t
next(struct sim_chance *chance)
{
    uint64_t *s = chance->state;
    uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double
sim_chance_unit(struct sim_chance *chance)
{
    return ((double)(next(chance) >> 11) + 0.5) * 0x1p-53;
}

/* Parameters from the mean and standard deviation of the length itself: sigma^2 = ln(1 + (sd/m)^2).
 * Box and Muller, one of the two: two numbers for each draw, whatever they are. */
static double
lognormal(const struct sim_length *length, double u, double v)
{
    double ratio = length->sd_s / length->mean_s;
    double variance = log1p(ratio * ratio);
    double normal = sqrt(-2 * log(u)) * cos(2 * M_PI * v);

    return length->mean_s * exp(sqrt(variance) * normal - variance / 2);
}

int64_t
sim_length_draw(const struct sim_length *length, struct sim_chance *chance)
{
    double u = sim_chance_unit(chance), v = sim_chance_unit(chance), seconds = 0;

    switch (length->law) {
    case SIM_EXPONENTIAL:
        seconds = -length->mean_s * log(u);
        break;
    case SIM_LOGNORMAL:
        seconds = length->mean_s > 0 ? lognormal(length, u, v) : 0;
        break;
    case SIM_DETERMINISTIC:
        seconds = length->mean_s;
        break;
    case SIM_EMPIRICAL:
        seconds = length->samples[(size_t)(u * (double)length->sample_count)];
        break;
    case SIM_NEVER:
        return SIM_FOREVER;
    }
    return (int64_t)llround(seconds * 1e6);
}
