/* trace.c - recorded traffic: who came when, how long it took, and which agents were there.
 *
 * An agent of a trace is there while he serves, and between two services when the pause is no
 * longer than `gap` - but not while somebody waited: whoever is there and free takes who waits, so
 * he was elsewhere, or finishing something.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/routing/simulate/csv.h"
#include "services/routing/simulate/scenario.h"

struct trace {
    struct sim_scenario *scenario;
    const struct sim_trace_config *config;
    const char *path;
    struct sim_csv csv;
    int day, service, agent, served, waited;
    int arrival[4];
};

static enum fr_error
no_column(const char *path, const char *name)
{
    fprintf(stderr, "%s:1: there is no column '%s'\n", path, name);
    return FR_INVALID;
}

static enum fr_error
column(const struct trace *trace, const char *name, int *out)
{
    *out = -1;
    if (name == NULL)
        return FR_OK;
    *out = sim_csv_column(&trace->csv, name);
    return *out < 0 ? no_column(trace->path, name) : FR_OK;
}

/* Do the conditions name columns that exist? */
static enum fr_error
check_match(const struct trace *trace, const struct fr_config_list *list)
{
    const struct sim_match_config *match = list->items;

    for (size_t i = 0; i < list->count; i++) {
        const char *const *empty = match[i].empty.items;

        if (sim_csv_column(&trace->csv, match[i].column) < 0)
            return no_column(trace->path, match[i].column);
        for (size_t e = 0; e < match[i].empty.count; e++)
            if (sim_csv_column(&trace->csv, empty[e]) < 0)
                return no_column(trace->path, empty[e]);
    }
    return FR_OK;
}

static enum fr_error
find_columns(struct trace *trace)
{
    const struct sim_trace_config *config = trace->config;
    const char *const *arrival = config->arrival.items;
    enum fr_error err = column(trace, config->day, &trace->day);

    if (err == FR_OK)
        err = column(trace, config->service, &trace->service);
    if (err == FR_OK)
        err = column(trace, config->agent, &trace->agent);
    if (err == FR_OK)
        err = column(trace, config->served, &trace->served);
    if (err == FR_OK)
        err = column(trace, config->waited, &trace->waited);
    for (size_t i = 0; err == FR_OK && i < config->arrival.count; i++)
        err = column(trace, arrival[i], &trace->arrival[i]);
    if (err == FR_OK)
        err = check_match(trace, &config->skip);
    for (size_t i = 0; err == FR_OK && i < trace->scenario->class_count; i++)
        err = check_match(trace, &trace->scenario->classes[i].config->match);
    return err;
}

/* ---- one row ---- */

static const char *
field(const struct trace *trace, size_t row, const char *name)
{
    return sim_csv_field(&trace->csv, row, sim_csv_column(&trace->csv, name));
}

static bool
matches(const struct trace *trace, size_t row, const struct sim_match_config *match)
{
    const char *const *values = match->values.items, *const *empty = match->empty.items;
    const char *text = field(trace, row, match->column);
    bool found = match->values.count == 0;

    for (size_t i = 0; i < match->values.count; i++)
        found |= strcmp(text, values[i]) == 0;
    for (size_t i = 0; i < match->empty.count; i++)
        found &= field(trace, row, empty[i])[0] == '\0';
    return found;
}

static bool
is_skipped(const struct trace *trace, size_t row)
{
    const struct sim_match_config *skip = trace->config->skip.items;

    for (size_t i = 0; i < trace->config->skip.count; i++)
        if (matches(trace, row, &skip[i]))
            return true;
    return false;
}

/* class_count: none. */
static size_t
class_of(const struct trace *trace, size_t row)
{
    const struct sim_scenario *scenario = trace->scenario;

    for (size_t c = 0; c < scenario->class_count; c++) {
        const struct fr_config_list *list = &scenario->classes[c].config->match;
        const struct sim_match_config *match = list->items;
        bool all = true;

        for (size_t i = 0; i < list->count; i++)
            all &= matches(trace, row, &match[i]);
        if (all)
            return c;
    }
    return scenario->class_count;
}

static enum fr_error
seconds_of(const struct trace *trace, size_t row, int at, int64_t *us)
{
    const char *text = sim_csv_field(&trace->csv, row, at);
    char *end;
    double seconds = strtod(text, &end);

    if (*end != '\0' || !(seconds > -1e9 && seconds < 1e10)) {
        fprintf(stderr, "%s:%zu: '%s' is not a number of seconds\n", trace->path, row + 2, text);
        return FR_INVALID;
    }
    *us = (int64_t)(seconds * 1e6);
    return FR_OK;
}

/* The begin of the row's day, since the start of the simulation. */
static enum fr_error
day_of(const struct trace *trace, size_t row, int64_t *us)
{
    char text[FR_TIME_TEXT_SIZE];
    struct fr_time day = trace->scenario->start;

    if (trace->day >= 0) {
        snprintf(text, sizeof(text), "%.10sT00:00:00Z",
                 sim_csv_field(&trace->csv, row, trace->day));
        if (fr_time_parse(fr_slice_str(text), &day) != FR_OK) {
            fprintf(stderr, "%s:%zu: '%.10s' is not a day\n", trace->path, row + 2, text);
            return FR_INVALID;
        }
    }
    *us = fr_time_since(day, trace->scenario->start).us;
    return FR_OK;
}

static enum fr_error
take_row(const struct trace *trace, size_t row, struct sim_row *out)
{
    int64_t part;
    enum fr_error err = day_of(trace, row, &out->arrived_us);

    for (size_t i = 0; err == FR_OK && i < trace->config->arrival.count; i++) {
        err = seconds_of(trace, row, trace->arrival[i], &part);
        out->arrived_us += part;
    }
    out->service_us = -1;
    if (err == FR_OK && trace->service >= 0) {
        err = seconds_of(trace, row, trace->service, &part);
        if (part > 0)
            out->service_us = part;
    }
    if (err == FR_OK && out->arrived_us < 0) {
        fprintf(stderr, "%s:%zu: before simulate.start\n", trace->path, row + 2);
        err = FR_INVALID;
    }
    return err;
}

static int
by_arrival(const void *a, const void *b)
{
    const struct sim_row *left = a, *right = b;

    if (left->arrived_us != right->arrived_us)
        return left->arrived_us < right->arrived_us ? -1 : 1;
    if (left->class_index != right->class_index)
        return left->class_index < right->class_index ? -1 : 1;
    return (left->service_us > right->service_us) - (left->service_us < right->service_us);
}

static enum fr_error
take_rows(const struct trace *trace)
{
    struct sim_scenario *scenario = trace->scenario;
    enum fr_error err = FR_OK;

    scenario->rows = sim_keep(scenario, calloc(trace->csv.row_count + 1, sizeof(struct sim_row)));
    for (size_t row = 0; err == FR_OK && row < trace->csv.row_count; row++) {
        struct sim_row *out = &scenario->rows[scenario->row_count];
        size_t class_index = class_of(trace, row);

        if (is_skipped(trace, row) || class_index == scenario->class_count)
            continue;
        out->class_index = (uint32_t)class_index;
        err = take_row(trace, row, out);
        scenario->row_count++;
    }
    if (err == FR_OK && scenario->row_count == 0) {
        fprintf(stderr, "%s: no row is of any class\n", trace->path);
        err = FR_INVALID;
    }
    qsort(scenario->rows, scenario->row_count, sizeof(struct sim_row), by_arrival);
    return err;
}

/* ---- who was there ---- */

struct stint { /* one service */
    const char *agent;
    int64_t from_us, to_us;
};

static int
by_agent(const void *a, const void *b)
{
    const struct stint *left = a, *right = b;
    int order = strcmp(left->agent, right->agent);

    if (order != 0)
        return order;
    return (left->from_us > right->from_us) - (left->from_us < right->from_us);
}

static enum fr_error
take_stints(const struct trace *trace, struct stint *stints, size_t *count)
{
    enum fr_error err = FR_OK;

    for (size_t row = 0; err == FR_OK && row < trace->csv.row_count; row++) {
        struct stint *stint = &stints[*count];
        int64_t day, served = 0, service = 0;

        stint->agent = sim_csv_field(&trace->csv, row, trace->agent);
        if (stint->agent[0] == '\0' || sim_csv_field(&trace->csv, row, trace->served)[0] == '\0')
            continue;
        err = day_of(trace, row, &day);
        if (err == FR_OK)
            err = seconds_of(trace, row, trace->served, &served);
        if (err == FR_OK)
            err = seconds_of(trace, row, trace->service, &service);
        stint->from_us = day + served;
        stint->to_us = stint->from_us + service;
        *count += err == FR_OK && service > 0;
    }
    return err;
}

/* ---- when somebody waited ---- */

static int
by_begin(const void *a, const void *b)
{
    const struct sim_presence *left = a, *right = b;

    return (left->from_us > right->from_us) - (left->from_us < right->from_us);
}

/* The times at which the line was not empty, in order, apart from each other. */
static enum fr_error
take_lines(const struct trace *trace, struct sim_presence *lines, size_t *count)
{
    size_t all = 0, apart = 0;
    enum fr_error err = FR_OK;

    for (size_t row = 0; trace->waited >= 0 && err == FR_OK && row < trace->csv.row_count; row++) {
        struct sim_row arrival;
        int64_t waited;

        if (is_skipped(trace, row))
            continue;
        err = take_row(trace, row, &arrival);
        if (err == FR_OK)
            err = seconds_of(trace, row, trace->waited, &waited);
        if (err == FR_OK && waited > 0)
            lines[all++] = (struct sim_presence){arrival.arrived_us, arrival.arrived_us + waited};
    }
    qsort(lines, all, sizeof(*lines), by_begin);
    for (size_t i = 0; i < all; i++)
        if (apart > 0 && lines[i].from_us <= lines[apart - 1].to_us) {
            if (lines[i].to_us > lines[apart - 1].to_us)
                lines[apart - 1].to_us = lines[i].to_us;
        } else {
            lines[apart++] = lines[i];
        }
    *count = apart;
    return err;
}

/* ---- presence ---- */

struct presences { /* of all agents, one behind the other */
    struct sim_presence *all;
    size_t count, room;
    const struct sim_presence *lines;
    size_t line_count;
};

/* He is there from..to; what touches what went before makes it longer. */
static void
add_presence(struct presences *presences, struct sim_trace_agent *agent, int64_t from_us,
             int64_t to_us)
{
    struct sim_presence *last = presences->all + presences->count;

    if (from_us >= to_us)
        return;
    if (agent->presence_count > 0 && from_us <= last[-1].to_us) {
        if (to_us > last[-1].to_us)
            last[-1].to_us = to_us;
        return;
    }
    if (presences->count == presences->room) {
        presences->room = presences->room * 2 + 4096;
        presences->all = realloc(presences->all, presences->room * sizeof(*presences->all));
        fr_assert(presences->all != NULL);
        last = presences->all + presences->count;
    }
    *last = (struct sim_presence){from_us, to_us};
    presences->count++;
    agent->presence_count++;
}

/* Between two services, the parts in which nobody waited. */
static void
add_pause(struct presences *presences, struct sim_trace_agent *agent, int64_t from_us,
          int64_t to_us)
{
    size_t low = 0, high = presences->line_count;

    while (low < high) { /* the first line that ends after the pause's begin */
        size_t middle = (low + high) / 2;

        if (presences->lines[middle].to_us > from_us)
            high = middle;
        else
            low = middle + 1;
    }
    for (; low < presences->line_count && presences->lines[low].from_us < to_us; low++) {
        add_presence(presences, agent, from_us, presences->lines[low].from_us);
        from_us = presences->lines[low].to_us;
    }
    add_presence(presences, agent, from_us, to_us);
}

static void
add_agent(struct sim_scenario *scenario, struct presences *presences, const struct stint *stints,
          size_t count)
{
    struct sim_trace_agent *agent = &scenario->trace_agents[scenario->trace_agent_count++];
    int64_t gap_us = scenario->config->trace.gap.us;

    snprintf(agent->name, sizeof(agent->name), "%s", stints[0].agent);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && stints[i].from_us - stints[i - 1].to_us <= gap_us)
            add_pause(presences, agent, stints[i - 1].to_us, stints[i].from_us);
        add_presence(presences, agent, stints[i].from_us, stints[i].to_us);
    }
}

static void
add_agents(struct sim_scenario *scenario, struct presences *presences, const struct stint *stints,
           size_t count)
{
    size_t first = 0;

    for (size_t i = 1; i <= count; i++)
        if (i == count || strcmp(stints[i].agent, stints[first].agent) != 0) {
            add_agent(scenario, presences, stints + first, i - first);
            first = i;
        }
    sim_keep(scenario, presences->all);
    for (size_t i = 0, at = 0; i < scenario->trace_agent_count; i++) {
        scenario->trace_agents[i].presence = presences->all + at;
        at += scenario->trace_agents[i].presence_count;
    }
}

static enum fr_error
infer_presence(const struct trace *trace)
{
    struct sim_scenario *scenario = trace->scenario;
    size_t rows = trace->csv.row_count, stint_count = 0;
    struct stint *stints = calloc(rows + 1, sizeof(*stints));
    struct sim_presence *lines = calloc(rows + 1, sizeof(*lines));
    struct presences presences = {.lines = lines};
    enum fr_error err;

    fr_assert(stints != NULL && lines != NULL);
    err = take_stints(trace, stints, &stint_count);
    if (err == FR_OK)
        err = take_lines(trace, lines, &presences.line_count);
    if (err == FR_OK && stint_count == 0) {
        fprintf(stderr, "%s: nobody served anybody\n", trace->path);
        err = FR_INVALID;
    }
    if (err == FR_OK) {
        qsort(stints, stint_count, sizeof(*stints), by_agent);
        scenario->trace_agents =
            sim_keep(scenario, calloc(stint_count, sizeof(struct sim_trace_agent)));
        add_agents(scenario, &presences, stints, stint_count);
    }
    free(stints);
    free(lines);
    return err;
}
enum fr_error
sim_trace_load(struct sim_scenario *scenario)
{
    struct trace trace = {.scenario = scenario, .config = &scenario->config->trace};
    char path[SIM_PATH_SIZE];
    enum fr_error err;

    trace.path = sim_beside(scenario, trace.config->file, path);
    err = sim_csv_load(trace.path, &trace.csv);
    if (err == FR_OK)
        err = find_columns(&trace);
    if (err == FR_OK)
        err = take_rows(&trace);
    if (err == FR_OK && trace.agent >= 0)
        err = infer_presence(&trace);
    sim_csv_fini(&trace.csv);
    return err;
}

/* ---- samples ---- */

enum fr_error
sim_samples_load(struct sim_scenario *scenario, const struct sim_law_config *law,
                 struct sim_length *out)
{
    const char *file = law->file != NULL ? law->file : scenario->config->trace.file;
    struct sim_csv csv;
    double *samples;
    char path[SIM_PATH_SIZE];
    enum fr_error err = sim_csv_load(sim_beside(scenario, file, path), &csv);
    int at;

    if (err != FR_OK)
        return err;
    at = sim_csv_column(&csv, law->column);
    samples = sim_keep(scenario, calloc(csv.row_count + 1, sizeof(double)));
    for (size_t row = 0; at >= 0 && row < csv.row_count; row++) {
        double seconds = strtod(sim_csv_field(&csv, row, at), NULL);

        if (seconds * 1e6 > (double)law->longer_than.us)
            samples[out->sample_count++] = seconds;
    }
    out->samples = samples;
    if (at < 0)
        err = no_column(path, law->column);
    else if (out->sample_count == 0) {
        fprintf(stderr, "%s: column %s holds no length\n", path, law->column);
        err = FR_INVALID;
    }
    sim_csv_fini(&csv);
    return err;
}
