/* wait.c - how long is this customer going to wait? */
#include "services/routing/wait.h"

#include <math.h>

#define ONE 1024                                /* a count of one */
#define TURNS_MAX 96                            /* seen turns; then the old ones are halved */
#define LEFT_WAITED_MAX_US INT64_C(40000000000) /* waited together; likewise */
#define HOUR_COUNT_MAX 200
#define HOUR_COUNT_MIN 10
#define STEPS_MAX 4096 /* turns that are summed one by one */
#define SCALE_ONE 65536
#define SCALE_MIN (SCALE_ONE / 8)
#define SCALE_MAX (SCALE_ONE * 8)
#define FORGET 32                        /* a new error weighs 1/32 */
#define LEAST_US 15000000                /* a smaller change is not told */
#define LONGEST_US INT64_C(604800000000) /* a week: nobody is told more */

static unsigned
hour_of(struct fr_time now)
{
    return (unsigned)((now.unix_us / INT64_C(3600000000)) % ROUTING_HOURS);
}

/* ---- estimating ---- */

struct turns {
    double mean_s, variance; /* of their sum */
};

/* Turns a second while somebody waits; what is thought before weighs one turn. */
static double
turn_rate(const struct routing_flow *flow, const struct routing_line *line, struct fr_time now)
{
    int64_t from = line->since_us > flow->exposed_to_us ? line->since_us : flow->exposed_to_us;
    int64_t running_us = line->since_us > 0 && from < now.unix_us ? now.unix_us - from : 0;
    double seconds = (double)(flow->exposed_us + running_us + line->turn_us) / 1e6;

    return ((double)flow->turns / ONE + 1) / seconds;
}

static struct turns
turns_until_served(double rate, double theta, uint32_t ahead)
{
    struct turns sum = {0, 0};
    uint32_t steps = ahead < STEPS_MAX ? ahead : STEPS_MAX;

    for (uint32_t i = 0; i <= steps; i++) {
        double step = 1 / (rate + i * theta);

        sum.mean_s += step;
        sum.variance += step * step;
    }
    if (ahead > STEPS_MAX) { /* the rest as an integral */
        double from = rate + STEPS_MAX * theta, to = rate + ahead * theta;

        sum.mean_s += theta > 0 ? log(to / from) / theta : (ahead - STEPS_MAX) / rate;
        sum.variance +=
            theta > 0 ? (1 / from - 1 / to) / theta : (ahead - STEPS_MAX) / (rate * rate);
    }
    return sum;
}

/* Of a gamma variable of that mean and shape (E. Wilson and M. Hilferty, PNAS 17, 1931). */
static double
quantile(double mean, double shape, double normal)
{
    double part = 1 / (9 * shape), root = 1 - part + normal * sqrt(part);

    return root > 0 ? mean * root * root * root : 0;
}

static double
scale(uint32_t stored)
{
    return stored == 0 ? 1 : (double)stored / SCALE_ONE;
}

static int64_t
microseconds(double seconds)
{
    return seconds * 1e6 < (double)LONGEST_US ? (int64_t)(seconds * 1e6) : LONGEST_US;
}

/* The mean of the two forecasts, each weighing what the other is off. */
static double
shrunk(const struct routing_flow *flow, double model_s, int64_t hour_us)
{
    double model_off = (double)flow->model_square + 1, hour_off = (double)flow->hour_square + 1;

    if (hour_us == 0 || flow->told < HOUR_COUNT_MIN)
        return model_s;
    return (model_s * hour_off + (double)hour_us / 1e6 * model_off) / (hour_off + model_off);
}

void
routing_wait_estimate(const struct routing_flow *flow, const struct routing_line *line,
                      struct fr_time now, struct routing_wait *out)
{
    const struct routing_hour *hour = &flow->hours[hour_of(now)];
    double rate = turn_rate(flow, line, now);
    double theta = (double)flow->left / ONE / ((double)flow->waited_us / 1e6 + 3600);
    struct turns turns = turns_until_served(rate, theta, line->ahead);
    double shape = turns.mean_s * turns.mean_s / turns.variance, mean;

    out->hour_us = hour->count >= HOUR_COUNT_MIN * ONE ? hour->waited_us * ONE / hour->count : 0;
    out->model_us = microseconds(turns.mean_s);
    mean = line->entering ? shrunk(flow, turns.mean_s, out->hour_us) : turns.mean_s;
    out->mean_us = microseconds(mean);
    out->p50_us = microseconds(quantile(mean, shape, 0) * scale(flow->scale_p50));
    out->p90_us = microseconds(quantile(mean, shape, 1.28155) * scale(flow->scale_p90));
    if (out->p90_us < out->p50_us)
        out->p90_us = out->p50_us;
}

static int64_t
apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

bool
routing_wait_changed(int64_t left_p50_us, int64_t left_p90_us, const struct routing_wait *now)
{
    int64_t allowed_us = left_p90_us / 4 > LEAST_US ? left_p90_us / 4 : LEAST_US;

    return apart(left_p50_us, now->p50_us) > allowed_us ||
           apart(left_p90_us, now->p90_us) > allowed_us;
}

/* ---- learning ---- */

static void
learn_turns(struct routing_flow *flow, int64_t waited_us, bool served, struct fr_time now)
{
    int64_t came_us = now.unix_us - waited_us;
    int64_t from = came_us > flow->exposed_to_us ? came_us : flow->exposed_to_us;

    if (from < now.unix_us)
        flow->exposed_us += now.unix_us - from;
    flow->exposed_to_us = now.unix_us;
    flow->turns += served ? ONE : 0;
    if (flow->turns > TURNS_MAX * ONE) {
        flow->turns /= 2;
        flow->exposed_us /= 2;
    }
    flow->waited_us += waited_us;
    flow->left += served ? 0 : ONE;
    if (flow->waited_us > LEFT_WAITED_MAX_US) {
        flow->waited_us /= 2;
        flow->left /= 2;
    }
}

static void
learn_hour(struct routing_flow *flow, int64_t waited_us, struct fr_time now)
{
    struct routing_hour *hour = &flow->hours[hour_of((struct fr_time){now.unix_us - waited_us})];

    hour->count += ONE;
    hour->waited_us += waited_us;
    if (hour->count > HOUR_COUNT_MAX * ONE) {
        hour->count /= 2;
        hour->waited_us /= 2;
    }
}

static uint64_t
forget(uint64_t square, int64_t off_us)
{
    int64_t off_ms = off_us / 1000;

    return square - square / FORGET + (uint64_t)(off_ms * off_ms) / FORGET;
}

/* Up by `up` parts of 1024 when it took longer than told, down by `down` when not: at rest where
 * down / (up + down) take longer. */
static uint32_t
moved(uint32_t stored, bool longer, uint32_t up, uint32_t down)
{
    uint32_t value = stored == 0 ? SCALE_ONE : stored;

    value = longer ? value + value / 1024 * up : value - value / 1024 * down;
    return value < SCALE_MIN ? SCALE_MIN : value > SCALE_MAX ? SCALE_MAX : value;
}

static void
learn_told(struct routing_flow *flow, const struct routing_wait *told, int64_t waited_us)
{
    flow->model_square = forget(flow->model_square, waited_us - told->model_us);
    if (told->hour_us > 0)
        flow->hour_square = forget(flow->hour_square, waited_us - told->hour_us);
    if (flow->told < 1000)
        flow->told++;
    flow->scale_p50 = moved(flow->scale_p50, waited_us > told->p50_us, 10, 10);
    flow->scale_p90 = moved(flow->scale_p90, waited_us > told->p90_us, 36, 4);
}

void
routing_wait_learn(struct routing_flow *flow, const struct routing_wait *told, int64_t waited_us,
                   bool served, struct fr_time now)
{
    if (waited_us < 0)
        waited_us = 0;
    if (waited_us > LONGEST_US)
        waited_us = LONGEST_US;
    learn_turns(flow, waited_us, served, now);
    if (!served)
        return; /* how long he would have waited is not known */
    learn_hour(flow, waited_us, now);
    learn_told(flow, told, waited_us);
}
