/* wait.h - how long is this customer going to wait?  As a range, from what was seen of his line.
 *
 * Pure: no table, clock or socket, so tests and the simulator call exactly what production calls.
 *
 * Method: whoever has q before him is served after q + 1 turns; with i before him a turn comes, or
 * somebody before him gives up, after 1 / (n mu + i theta) in the mean: the expected wait of Erlang
 * A (W. Whitt, "Predicting queueing delays", Management Science 45(6), 1999).  n mu is not computed
 * from agents, who also serve other lines, but measured: turns per time with somebody waiting.
 * theta is those who gave up per time waited.  The sum of the turns is nearly a gamma variable,
 * which gives the median and the P90.  The mean is shrunk toward what was waited at this hour of
 * the day, the more the better that has proved to foretell (weights by the inverse of the mean
 * square errors: Bates and Granger, "The combination of forecasts", OR 20(4), 1969).  At last both
 * ends are moved by what past announcements were off (Robbins and Monro, 1951), so that the P50 is
 * a P50.
 */
#ifndef FR_ROUTING_WAIT_H
#define FR_ROUTING_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include "common/base/time.h"

#define ROUTING_HOURS 24

/* What was seen of one line.  All zero: nothing yet.  Integers only, because apply keeps it and
 * every copy has to agree to the last bit; older sightings weigh half and half again. */
struct routing_flow {
    int64_t exposed_us;                 /* time with somebody waiting */
    int64_t turns;                      /* of it, in 1/1024: who waited was served */
    int64_t exposed_to_us;              /* until when it has been added up */
    int64_t waited_us;                  /* what all of them waited together */
    int64_t left;                       /* of them, in 1/1024: who gave up */
    uint64_t model_square, hour_square; /* ms^2: how far each was off */
    uint32_t told;                      /* announcements that were seen to end, up to 1000 */
    uint32_t scale_p50, scale_p90;      /* in 1/65536; 0 is 1 */
    uint32_t spare;
    struct routing_hour {
        int64_t waited_us;
        int64_t count;      /* in 1/1024 */
    } hours[ROUTING_HOURS]; /* of the day, UTC */
};
_Static_assert(sizeof(struct routing_flow) == 72 + 24 * 16, "no hidden padding");

struct routing_wait { /* lengths, microseconds */
    int64_t mean_us, p50_us, p90_us;
    int64_t model_us, hour_us; /* hour_us 0: nothing is known of this hour */
};

struct routing_line { /* as it is when somebody asks */
    uint32_t ahead;   /* wait before him */
    int64_t since_us; /* the first of them came then; 0: nobody waits */
    int64_t turn_us;  /* what a turn is thought to take before any was seen */
    bool entering;    /* he has just come: what is usual at this hour counts too */
};
void routing_wait_estimate(const struct routing_flow *flow, const struct routing_line *line,
                           struct fr_time now, struct routing_wait *out);

/* He who was told `told` waited `waited_us` and was served or gave up, now. */
void routing_wait_learn(struct routing_flow *flow, const struct routing_wait *told,
                        int64_t waited_us, bool served, struct fr_time now);

/* What is left of the range that he was told: is it so far from what is to be expected now that he
 * has to hear it?  More than 15 s, and more than a quarter of the P90. */
bool routing_wait_changed(int64_t left_p50_us, int64_t left_p90_us, const struct routing_wait *now);

#endif
