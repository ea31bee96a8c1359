/* bench_stage.c - one process of the pipeline: reads a key, writes a key, hands the message on.
 *
 * The first stage makes the messages itself, on a thread of its own, at the scheduled times; the
 * last one takes the latency from that schedule and writes the result when everything has arrived.
 */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/stage/stage.h"

struct bench_config {
    int64_t messages, keys;
    double rate;
    bool tables, first, last;
    const char *result;
};

#define ROW(field) offsetof(struct bench_config, field)
/* clang-format off */
static const struct fr_config_key bench_keys[] = {
    { "messages", FR_CONFIG_INT,    ROW(messages), "1000", .doc = "How many in all." },
    { "keys",     FR_CONFIG_INT,    ROW(keys),     "1000", .doc = "How many keys they hit." },
    { "rate",     FR_CONFIG_REAL,   ROW(rate),     "0",    .doc = "Per second; 0: as fast as it goes." },
    { "tables",   FR_CONFIG_BOOL,   ROW(tables),   "true", .doc = "Read and write a key for each." },
    { "first",    FR_CONFIG_BOOL,   ROW(first),    "false",.doc = "This stage makes the messages." },
    { "last",     FR_CONFIG_BOOL,   ROW(last),     "false",.doc = "This stage takes the time." },
    { "result",   FR_CONFIG_STRING, ROW(result),           .doc = "File for the result." },
    { NULL },
};
static const struct fr_table bench_tables[] = {
    { "seen", false, "key -> count, id of the last message" },
    FR_TABLE_END,
};
/* clang-format on */

struct seen {
    uint64_t count, id;
    char filler[48];
};

/* The event carries the new count in its first bytes, where the input carried the old stage's:
 * apply only stores it. */
static enum fr_error
decide(struct fr_turn *turn, const struct fr_record *input)
{
    const struct bench_config *config = turn->config;
    struct seen seen = {0};
    uint64_t key = input->head->key;

    if (config->tables && fr_get_copy(turn->view, &bench_tables[0], fr_slice(&key, sizeof(key)),
                                      &seen, sizeof(seen)) == FR_CORRUPT)
        return FR_CORRUPT;
    return fr_emit_bytes(turn, input, FR_BENCH_MESSAGE, input->body, NULL);
}

static enum fr_error
apply(struct fr_tables *tables, const struct fr_record *event)
{
    struct seen seen = {.count = event->head->seq, .id = event->head->id};
    uint64_t key = event->head->key;

    if (key == 0)
        return FR_OK; /* the run is without tables */
    return fr_put(tables, &bench_tables[0], fr_slice(&key, sizeof(key)),
                  fr_slice(&seen, sizeof(seen)));
}

/* ---- making and measuring ---- */

struct bench_edge {
    struct fr_process *process;
    const struct bench_config *config;
    pthread_t maker;
    struct bench_histogram latency;
    uint64_t arrived;
    double first_arrival;
};

static void *
make_messages(void *argument)
{
    struct bench_edge *edge = argument;
    const struct bench_config *config = edge->config;
    uint8_t body[BENCH_BODY_SIZE] = {0};
    uint64_t state = 88172645463325252u;
    struct fr_submission submission = {.kind = FR_BENCH_MESSAGE,
                                       .body = fr_slice(body, sizeof(body))};
    int64_t start_us;

    while (!fr_process_ready(edge->process))
        usleep(1000);
    usleep(300000); /* all links are there */
    start_us = fr_time_wall().unix_us;
    for (int64_t i = 0; i < config->messages; i++) {
        int64_t due_us = start_us;

        if (config->rate > 0) {
            int64_t early_us;

            due_us += (int64_t)((double)i * 1e6 / config->rate);
            while ((early_us = due_us - fr_time_wall().unix_us) > 0)
                usleep((useconds_t)(early_us > 100000 ? 100000 : early_us));
        } else if (i % 64 == 0) {
            due_us = fr_time_wall().unix_us;
        }
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        submission.key = config->tables ? state % (uint64_t)config->keys + 1 : 0;
        memcpy(body, &due_us, sizeof(due_us));
        memcpy(body + 8, &start_us, sizeof(start_us));
        while (fr_submit(edge->process, &submission) == FR_BUSY)
            usleep(500);
    }
    return NULL;
}

static void
write_result(struct bench_edge *edge, int64_t start_us)
{
    char temporary[700];
    FILE *out;
    double spent = (double)(fr_time_wall().unix_us - start_us) / 1e6;

    snprintf(temporary, sizeof(temporary), "%s.new", edge->config->result);
    out = fopen(temporary, "w");
    if (out == NULL)
        return;
    fprintf(out,
            "{\"messages\": %llu, \"seconds\": %.6f, \"p50_us\": %llu, \"p99_us\": %llu, "
            "\"p999_us\": %llu, \"max_us\": %llu}\n",
            (unsigned long long)edge->arrived, spent,
            (unsigned long long)bench_histogram_quantile(&edge->latency, 0.5),
            (unsigned long long)bench_histogram_quantile(&edge->latency, 0.99),
            (unsigned long long)bench_histogram_quantile(&edge->latency, 0.999),
            (unsigned long long)edge->latency.max);
    fclose(out);
    rename(temporary, edge->config->result);
}

static void
published(void *state, const struct fr_record *event)
{
    struct bench_edge *edge = state;
    int64_t due_us, start_us;

    if (!edge->config->last || event->head->kind != FR_BENCH_MESSAGE)
        return;
    memcpy(&due_us, event->body.data, sizeof(due_us));
    memcpy(&start_us, (const char *)event->body.data + 8, sizeof(start_us));
    edge->arrived++;
    if (edge->config->rate > 0 || edge->arrived % 16 == 0) {
        int64_t late_us = fr_time_wall().unix_us - due_us;

        bench_histogram_add(&edge->latency, late_us < 0 ? 0 : (uint64_t)late_us);
    }
    if (edge->arrived == (uint64_t)edge->config->messages)
        write_result(edge, start_us);
}

static enum fr_error
start(struct fr_process *process, const void *config, void **state)
{
    struct bench_edge *edge = calloc(1, sizeof(*edge));

    if (edge == NULL)
        return FR_NO_MEMORY;
    edge->process = process;
    edge->config = config;
    *state = edge;
    if (edge->config->first && pthread_create(&edge->maker, NULL, make_messages, edge) != 0)
        return FR_NO_MEMORY;
    return FR_OK;
}

static void
stop(void *state)
{
    struct bench_edge *edge = state;

    if (edge->config->first) {
        pthread_cancel(edge->maker);
        pthread_join(edge->maker, NULL);
    }
}

/* ---- four stages that differ in their upstream ---- */

static const struct fr_edge edge = {.start = start, .stop = stop, .published = published};
static const struct fr_event events[] = {{FR_BENCH_MESSAGE, apply}, {FR_KIND_END, NULL}};

#define INPUTS(upstream)                                                                           \
    {                                                                                              \
        {FR_BENCH_MESSAGE, upstream, decide},                                                      \
        {                                                                                          \
            FR_KIND_END, NULL, NULL                                                                \
        }                                                                                          \
    }
static const struct fr_input inputs[BENCH_STAGE_MAX][2] = {INPUTS(FR_LOCAL), INPUTS("bench1"),
                                                           INPUTS("bench2"), INPUTS("bench3")};
static const char *const names[BENCH_STAGE_MAX] = {"bench1", "bench2", "bench3", "bench4"};

int
bench_stage(int argc, char **argv)
{
    int number = atoi(argv[1]);
    struct fr_stage stage = {.name = names[number - 1],
                             .config = bench_keys,
                             .config_size = sizeof(struct bench_config),
                             .tables = bench_tables,
                             .inputs = inputs[number - 1],
                             .events = events,
                             .edge = &edge};

    return fr_stage_main(argc - 1, argv + 1, &stage);
}
