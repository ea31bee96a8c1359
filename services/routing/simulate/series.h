/* series.h - how things went over time, in at most SIM_BIN_MAX bins of equal width: when the run
 * grows beyond them, neighbours are put together and the width doubles. */
#ifndef FR_SIMULATE_SERIES_H
#define FR_SIMULATE_SERIES_H

#include <stddef.h>
#include <stdint.h>

#define SIM_BIN_MAX 240

struct sim_bin {                       /* class 0 is everybody */
    double came, within, wait_s, done; /* of those who came in it: `done` served or left */
    double queue_s, busy_s, present_s, time_s;
};
struct sim_series {
    size_t class_count;
    int64_t width_us;
    struct sim_bin *bins; /* [class][SIM_BIN_MAX] */
    size_t used;          /* bins, from the first */
};

void sim_series_init(struct sim_series *series, size_t class_count);
void sim_series_fini(struct sim_series *series);
/* The bin of that time since the start; makes room for it, after which others have moved. */
struct sim_bin *sim_series_at(struct sim_series *series, size_t class_index, int64_t us);

#endif
