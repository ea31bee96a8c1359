/* scenario.h - SCENARIO.yaml: an operator's own routing configuration, and who would come.
 *
 *     routing: {...}            as in the operator's file; or simulate.configuration names the file
 *     simulate:
 *       contacts: 1000000
 *       staff:   [{like: ann, count: 55}]
 *       classes: {calls: {arrivals: [{per_hour: 720}], service: {mean: 240s}}}
 *
 * The keys are documented in scenario.c and printed by `fil simulate --reference`.
 */
#ifndef FR_SIMULATE_SCENARIO_H
#define FR_SIMULATE_SCENARIO_H

#include "common/stage/options.h"
#include "proto/routing_state.pb-c.h"
#include "services/routing/routing.h"
#include "services/routing/simulate/chance.h"

/* ---- as written ---- */

struct sim_law_config {
    int law; /* enum sim_law */
    struct fr_span mean, sd;
    const char *file, *column; /* EMPIRICAL */
    struct fr_span longer_than;
};
struct sim_arrivals_config {
    struct fr_span from, to; /* of the day */
    double per_hour;
};
struct sim_match_config { /* rows of the trace that hold one of `values` in `column` */
    const char *column;
    struct fr_config_list values; /* const char * */
    struct fr_config_list empty;  /* const char *: columns that are empty */
};
struct sim_class_config {
    const char *name, *brand, *channel, *language, *tier;
    struct fr_config_list skills; /* const char * */
    int64_t priority, urgency;
    int spacing;                    /* enum sim_law: EXPONENTIAL or DETERMINISTIC */
    struct fr_config_list arrivals; /* struct sim_arrivals_config */
    struct fr_config_list match;    /* struct sim_match_config: all of them */
    struct sim_law_config service, patience;
};
struct sim_staff_config {
    const char *like;
    int64_t count;
    struct fr_config_list shifts; /* struct sim_shift_config; none: always */
};
struct sim_shift_config {
    struct fr_span from, to; /* of the day; to < from: until the next day */
};
struct sim_trace_config {
    const char *file, *day;
    struct fr_config_list arrival; /* const char *: columns whose sum is the arrival */
    const char *service;           /* column, or NULL: drawn */
    struct fr_config_list skip;    /* struct sim_match_config */
    const char *agent, *served;    /* columns; agents' presence is inferred from them... */
    const char *waited;            /* ...and from this one: none who is there lets others wait */
    const char *like;              /* the agent whose configuration they have */
    struct fr_span gap;            /* without work for longer: he was not there */
};
struct sim_config {
    const char *configuration;
    const char *start;
    int64_t seed, contacts, batches, repetitions;
    struct fr_span duration, within, answer;
    double warm_up;
    struct fr_config_list classes; /* struct sim_class_config */
    struct fr_config_list staff;   /* struct sim_staff_config */
    struct sim_trace_config trace;
};

/* ---- as run ---- */

struct sim_agent {
    char name[ROUTING_AGENT_SIZE];
    char site[ROUTING_SITE_SIZE];
    const struct sim_staff_config *staff; /* NULL: always there, or as the trace says */
    const struct sim_trace_agent *traced; /* there as the trace tells; or NULL */
};
struct sim_presence {
    int64_t from_us, to_us; /* since the start */
};
struct sim_trace_agent { /* who served in the trace, and when he was there */
    char name[ROUTING_AGENT_SIZE];
    struct sim_presence *presence; /* in order, apart from each other */
    size_t presence_count;
};
struct sim_row {        /* one contact of the trace */
    int64_t arrived_us; /* since the start */
    int64_t service_us; /* -1: drawn */
    uint32_t class_index;
};
struct sim_class {
    const struct sim_class_config *config;
    struct sim_length service, patience;
};
struct sim_scenario {
    const char *path;
    struct fr_config *loaded;   /* the `simulate` section */
    struct fr_options *options; /* the routing section, with what it needs of the top level */
    const struct sim_config *config;
    struct routing_config routing; /* with the staff as agents */
    struct fr_time start;
    struct sim_class *classes;
    size_t class_count;
    struct sim_agent *agents;
    size_t agent_count;
    struct sim_row *rows; /* by arrival */
    size_t row_count;
    struct sim_trace_agent *trace_agents;
    size_t trace_agent_count;
    void **kept; /* heap blocks that live as long as this */
    size_t kept_count;
};

/* What is wrong goes to stderr as file:line:column, and FR_INVALID is returned. */
enum fr_error sim_scenario_load(const char *path, struct sim_scenario **out);
void sim_scenario_free(struct sim_scenario **scenario);

/* What a request of that class says of itself; strings are the class's. */
void sim_class_facts(const struct sim_class_config *config, Fr__RoutingStateTask *facts);

/* Keeps a heap block until the scenario ends; returns it. */
void *sim_keep(struct sim_scenario *scenario, void *block);

/* A file named in the scenario is looked for beside it; into path[SIM_PATH_SIZE]; returns path. */
#define SIM_PATH_SIZE 4096
const char *sim_beside(const struct sim_scenario *scenario, const char *name, char *path);

/* trace.c: rows, and agents' presence, from the trace; the samples of one column. */
enum fr_error sim_trace_load(struct sim_scenario *scenario);
enum fr_error sim_samples_load(struct sim_scenario *scenario, const struct sim_law_config *law,
                               struct sim_length *out);

extern const struct fr_config_section sim_section;

#endif
