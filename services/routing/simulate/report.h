/* report.h - what came out: as a table, as JSON, as a picture; and two of them beside each other.
 */
#ifndef FR_SIMULATE_REPORT_H
#define FR_SIMULATE_REPORT_H

#include <jansson.h>
#include <stdio.h>
#include "services/routing/simulate/run.h"
#include "services/routing/simulate/theory.h"

/* What theory says of the scenario, figure by figure and class by class (0: everybody); NAN where
 * it says nothing.  false: it is no case of any. */
struct sim_expected {
    const char *name; /* "Erlang C" */
    double *values;   /* [class][figure] */
};
bool sim_expect(const struct sim_scenario *scenario, struct sim_expected *out);
void sim_expected_fini(struct sim_expected *expected);

void sim_report_table(const struct sim_scenario *scenario, const struct sim_result *result,
                      const struct sim_expected *expected, FILE *out);
/* New reference. */
json_t *sim_report_json(const struct sim_scenario *scenario, const struct sim_result *result,
                        const struct sim_expected *expected);
void sim_report_svg(const struct sim_scenario *scenario, const struct sim_result *result,
                    FILE *out);

/* b against a; both had the same classes in the same order. */
void sim_compare_table(const struct sim_scenario *a, const struct sim_result *result_a,
                       const struct sim_scenario *b, const struct sim_result *result_b, FILE *out);
json_t *sim_compare_json(const struct sim_scenario *a, const struct sim_result *result_a,
                         const struct sim_scenario *b, const struct sim_result *result_b);

#endif
