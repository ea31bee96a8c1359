/* main.c - filrouge-simulate SCENARIO.yaml: what `fil simulate` runs. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/routing/simulate/record.h"
#include "services/routing/simulate/report.h"

#define USAGE 64

struct options {
    bool json, theory, compare, record;
    const char *svg;
    int64_t seed, contacts; /* -1: as the scenario says */
};

static void
usage(FILE *out)
{
    fprintf(
        out,
        "usage: fil simulate SCENARIO.yaml [--theory] [--svg FILE] [--seed N] [--contacts N] "
        "[--json]\n"
        "       fil simulate --compare A.yaml B.yaml [--seed N] [--contacts N] [--json]\n"
        "       fil simulate --record STATE/routing/journal >week.csv\n"
        "       fil simulate --reference\n\n"
        "Routing's own decisions on a virtual clock: who would wait how long, with these agents "
        "and\nthese rules?\n\n"
        "  --theory      beside it what Erlang C or Erlang A say, when it is such a case\n"
        "  --svg FILE    waits, agents busy and service level over time, as a picture\n"
        "  --compare     the same customers under two configurations, and how sure the "
        "difference is\n"
        "  --record DIR  what came and how long it took, from routing's journal: a trace for a "
        "scenario\n"
        "  --seed N      other customers (the same number: the same customers)\n"
        "  --contacts N  how many, instead of what the scenario says\n"
        "  --reference   every key of a scenario, as Markdown\n\n"
        "examples:\n"
        "  fil simulate tests/routing/erlang_c.yaml --theory\n"
        "  fil simulate tests/routing/day.yaml --svg day.svg\n"
        "  fil simulate --compare today.yaml tomorrow.yaml\n");
}

/* ---- progress ---- */

static void
show_progress(double done)
{
    static int shown = -1;
    int part = (int)(done * 40);

    if (part == shown)
        return;
    shown = part;
    fprintf(stderr, "\r[%-40.*s] %3.0f %%", part, "########################################",
            done * 100);
}

static void
clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%60s\r", "");
}

/* ---- one scenario ---- */

static struct sim_scenario *
load(const char *path, const struct options *options)
{
    struct sim_scenario *scenario;
    struct sim_config *config;

    if (sim_scenario_load(path, &scenario) != FR_OK)
        return NULL;
    /* What the command line says goes before the file; a copy, for the file's own is read only. */
    config = sim_keep(scenario, malloc(sizeof(*config)));
    *config = *scenario->config;
    if (options->seed >= 0)
        config->seed = options->seed;
    if (options->contacts > 0) {
        config->contacts = options->contacts;
        config->duration.us = 0;
    }
    scenario->config = config;
    return scenario;
}

static void
run(const struct sim_scenario *scenario, struct sim_result *result)
{
    sim_run(scenario, isatty(STDERR_FILENO) ? show_progress : NULL, result);
    clear_progress();
    fprintf(stderr, "%.0f contacts/s, %.0f decisions of routing/s\n",
            (double)result->contacts / result->took_s,
            (double)(result->inputs + result->timers) / result->took_s);
}

static int
print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(json);
    return 0;
}

static int
write_svg(const struct sim_scenario *scenario, const struct sim_result *result, const char *path)
{
    FILE *file = fopen(path, "we");

    if (file == NULL) {
        fprintf(stderr, "fil simulate: %s: %s\n", path, strerror(errno));
        return 1;
    }
    sim_report_svg(scenario, result, file);
    return fclose(file) == 0 ? 0 : 1;
}

static int
simulate(const char *path, const struct options *options)
{
    struct sim_scenario *scenario = load(path, options);
    struct sim_expected expected = {.name = NULL};
    struct sim_result result;
    int status = 0;

    if (scenario == NULL)
        return 1;
    if (options->theory && !sim_expect(scenario, &expected))
        fprintf(stderr, "fil simulate: this is no case of Erlang C or A (Poisson arrivals at one "
                        "rate, exponential service\nand patience, like agents who are always "
                        "there), so theory has nothing to say\n");
    run(scenario, &result);
    if (options->json)
        status = print_json(sim_report_json(scenario, &result, &expected));
    else
        sim_report_table(scenario, &result, &expected, stdout);
    if (options->svg != NULL)
        status |= write_svg(scenario, &result, options->svg);
    sim_expected_fini(&expected);
    sim_result_fini(&result);
    sim_scenario_free(&scenario);
    return status;
}

/* ---- two ---- */

static bool
comparable(const struct sim_scenario *a, const struct sim_scenario *b)
{
    bool same = a->class_count == b->class_count &&
                a->config->repetitions == b->config->repetitions &&
                a->config->batches == b->config->batches && a->config->seed == b->config->seed;

    for (size_t i = 0; same && i < a->class_count; i++)
        same = strcmp(a->classes[i].config->name, b->classes[i].config->name) == 0;
    if (!same)
        fprintf(stderr,
                "fil simulate: %s and %s differ in their classes, seed, batches or repetitions;\n"
                "let only the configuration and the staff differ, so that the customers are the "
                "same\n",
                a->path, b->path);
    return same;
}

static int
compare(const char *path_a, const char *path_b, const struct options *options)
{
    struct sim_scenario *a = load(path_a, options), *b = load(path_b, options);
    struct sim_result result_a, result_b;
    int status = 1;

    if (a != NULL && b != NULL && comparable(a, b)) {
        status = 0;
        run(a, &result_a);
        run(b, &result_b);
        if (options->json)
            print_json(sim_compare_json(a, &result_a, b, &result_b));
        else
            sim_compare_table(a, &result_a, b, &result_b, stdout);
        sim_result_fini(&result_a);
        sim_result_fini(&result_b);
    }
    sim_scenario_free(&a);
    sim_scenario_free(&b);
    return status;
}

/* ---- the command line ---- */

static bool
read_count(const char *text, int64_t least, int64_t *out)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    if (*end != '\0' || end == text || value < least) {
        fprintf(stderr, "fil simulate: '%s' is not a number of at least %lld\n", text,
                (long long)least);
        return false;
    }
    *out = value;
    return true;
}

/* -1: go on; else the exit status. */
static int
read_option(int option, struct options *options)
{
    switch (option) {
    case 'j':
        options->json = true;
        return -1;
    case 't':
        options->theory = true;
        return -1;
    case 'c':
        options->compare = true;
        return -1;
    case 'R':
        options->record = true;
        return -1;
    case 's':
        options->svg = optarg;
        return -1;
    case 'S':
        return read_count(optarg, 0, &options->seed) ? -1 : USAGE;
    case 'n':
        return read_count(optarg, 1, &options->contacts) ? -1 : USAGE;
    case 'r':
        fr_config_reference(&sim_section, stdout);
        return 0;
    case 'h':
        usage(stdout);
        return 0;
    default:
        usage(stderr);
        return USAGE;
    }
}

int
main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"json", no_argument, NULL, 'j'},       {"theory", no_argument, NULL, 't'},
        {"compare", no_argument, NULL, 'c'},    {"svg", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'S'}, {"contacts", required_argument, NULL, 'n'},
        {"record", no_argument, NULL, 'R'},     {"reference", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},       {0}};
    struct options options = {.seed = -1, .contacts = -1};
    int option;

    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        int status = read_option(option, &options);

        if (status >= 0)
            return status;
    }
    if (argc - optind != (options.compare ? 2 : 1)) {
        usage(stderr);
        return USAGE;
    }
    if (options.record)
        return sim_record(argv[optind], stdout) == FR_OK ? 0 : 1;
    return options.compare ? compare(argv[optind], argv[optind + 1], &options)
                           : simulate(argv[optind], &options);
}
