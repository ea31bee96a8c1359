/* record.h - last week's traffic, from routing's own journal, as a trace for a scenario. */
#ifndef FR_SIMULATE_RECORD_H
#define FR_SIMULATE_RECORD_H

#include <stdio.h>
#include "common/base/error.h"

/* One line for each task that was over by the journal's end, in the order of the ends, with a
 * heading: day, arrived (seconds of that UTC day), waited, served (second of that day; empty: he
 * left), service, agent, brand, channel, language, queue.  `dir` is the folder of routing's
 * journal; it may be in use. What is wrong goes to stderr. */
enum fr_error sim_record(const char *dir, FILE *out);

#endif
