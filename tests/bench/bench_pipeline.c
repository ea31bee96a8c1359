/* bench_pipeline.c - one to four stages as separate processes: messages per second, CPU per
 * message, latency; beside the yardsticks of the same run. */
#include "tests/bench/bench.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct result {
    double per_s, cpu_us;
    uint64_t p50_us, p99_us, p999_us, max_us;
};

static void
write_config(const struct bench_options *options, const char *dir, const char *path)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        perror(path);
        exit(1);
    }
    fprintf(out, "state: %s/state\nrun: %s\nstage: {log_level: warn, retention: 0s", dir, dir);
    if (options->trim_after > 0)
        fprintf(out, ", journal_size_max: %lluMiB", (unsigned long long)options->trim_after);
    if (options->credit > 0)
        fprintf(out, ", credit: %llu", (unsigned long long)options->credit);
    fprintf(out, "}\n");
    for (int i = 1; i <= options->stages; i++)
        fprintf(out,
                "bench%d: {messages: %llu, keys: %llu, rate: %g, tables: %s, first: %s, last: %s, "
                "result: %s/result}\n",
                i, (unsigned long long)options->messages, (unsigned long long)options->keys,
                options->rate, options->tables ? "true" : "false", i == 1 ? "true" : "false",
                i == options->stages ? "true" : "false", dir);
    fclose(out);
}

static pid_t
spawn(int number, const char *config)
{
    char text[8];
    pid_t pid;

    snprintf(text, sizeof(text), "%d", number);
    pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "filrouge-bench", "stage", text, "--config", config, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static bool
wait_for(const char *path, pid_t *pids, int count, double seconds_max)
{
    double until = bench_now() + seconds_max;
    struct stat status;

    while (stat(path, &status) != 0) {
        for (int i = 0; i < count; i++)
            if (waitpid(pids[i], NULL, WNOHANG) == pids[i]) {
                fprintf(stderr, "stage %d ended early\n", i + 1);
                pids[i] = 0;
                return false;
            }
        if (bench_now() > until) {
            fprintf(stderr, "not all messages arrived in %.0f s\n", seconds_max);
            return false;
        }
        usleep(5000);
    }
    return true;
}

static bool
read_result(const char *path, struct result *result)
{
    json_t *json = json_load_file(path, 0, NULL);

    if (json == NULL)
        return false;
    result->per_s = json_number_value(json_object_get(json, "messages")) /
                    json_number_value(json_object_get(json, "seconds"));
    result->p50_us = (uint64_t)json_integer_value(json_object_get(json, "p50_us"));
    result->p99_us = (uint64_t)json_integer_value(json_object_get(json, "p99_us"));
    result->p999_us = (uint64_t)json_integer_value(json_object_get(json, "p999_us"));
    result->max_us = (uint64_t)json_integer_value(json_object_get(json, "max_us"));
    json_decref(json);
    return true;
}

static bool
run_once(const struct bench_options *options, struct result *result)
{
    char dir[512], config[600], path[600];
    pid_t pids[BENCH_STAGE_MAX];
    struct rusage before, after;
    double limit = options->rate > 0 ? 60 + (double)options->messages / options->rate * 2 : 600;
    bool good;

    bench_directory(options->dir, dir, sizeof(dir));
    bench_settle(dir, 10);
    snprintf(config, sizeof(config), "%s/bench.yaml", dir);
    snprintf(path, sizeof(path), "%s/result", dir);
    write_config(options, dir, config);
    getrusage(RUSAGE_CHILDREN, &before);
    /* The last first, so that everybody's reader is registered before anything is trimmed. */
    for (int i = options->stages; i >= 1; i--)
        pids[i - 1] = spawn(i, config);
    good = wait_for(path, pids, options->stages, limit) && read_result(path, result);
    for (int i = 0; i < options->stages; i++)
        if (pids[i] > 0) {
            kill(pids[i], SIGTERM);
            waitpid(pids[i], NULL, 0);
        }
    getrusage(RUSAGE_CHILDREN, &after);
    result->cpu_us = (bench_cpu(&after) - bench_cpu(&before)) * 1e6 / (double)options->messages;
    bench_remove(dir);
    return good;
}

static int
by_rate(const void *a, const void *b)
{
    const struct result *x = a, *y = b;

    return (x->per_s > y->per_s) - (x->per_s < y->per_s);
}

static void
print_result(const struct bench_options *options, const struct result *results,
             const double *yardsticks)
{
    const struct result *middle = &results[options->runs / 2];

    if (options->json) {
        printf("{\"stages\": %d, \"messages\": %llu, \"keys\": %llu, \"rate\": %g, \"runs\": %d, "
               "\"per_s\": %.0f, \"per_s_min\": %.0f, \"per_s_max\": %.0f, \"cpu_us\": %.2f, "
               "\"p50_us\": %llu, \"p99_us\": %llu, \"p999_us\": %llu, \"max_us\": %llu, "
               "\"fdatasync_per_s\": %.0f, \"lmdb_puts_per_s\": %.0f, \"zmq_per_s\": %.0f}\n",
               options->stages, (unsigned long long)options->messages,
               (unsigned long long)options->keys, options->rate, options->runs, middle->per_s,
               results[0].per_s, results[options->runs - 1].per_s, middle->cpu_us,
               (unsigned long long)middle->p50_us, (unsigned long long)middle->p99_us,
               (unsigned long long)middle->p999_us, (unsigned long long)middle->max_us,
               yardsticks[0], yardsticks[1], yardsticks[2]);
        return;
    }
    printf("%d stage%s, %llu messages of %d bytes, %llu keys%s, %d run%s\n", options->stages,
           options->stages == 1 ? "" : "s", (unsigned long long)options->messages, BENCH_BODY_SIZE,
           (unsigned long long)options->keys, options->tables ? "" : " (no tables)", options->runs,
           options->runs == 1 ? "" : "s");
    printf("  messages/s         %10.0f   (min %.0f, max %.0f)\n", middle->per_s, results[0].per_s,
           results[options->runs - 1].per_s);
    printf("  CPU per message    %10.2f us, all stages and the making of it\n", middle->cpu_us);
    if (options->rate > 0)
        printf("  latency            p50 %.2f ms   p99 %.2f ms   p99.9 %.2f ms   max %.2f ms\n",
               (double)middle->p50_us / 1e3, (double)middle->p99_us / 1e3,
               (double)middle->p999_us / 1e3, (double)middle->max_us / 1e3);
    printf("  beside it          fdatasync %.0f/s, LMDB puts %.0f/s (1000 a commit), ZeroMQ %.0f "
           "messages/s\n",
           yardsticks[0], yardsticks[1], yardsticks[2]);
    printf("  ratio to them      %.2f messages per fdatasync, %.2f of a put, %.2f of a ZeroMQ "
           "message\n",
           middle->per_s / yardsticks[0], middle->per_s / yardsticks[1],
           middle->per_s / yardsticks[2]);
}

int
bench_pipeline(const struct bench_options *options)
{
    struct result *results = calloc((size_t)options->runs, sizeof(*results));
    double yardsticks[3], seconds = options->messages < 100000 ? 0.1 : 1;
    char dir[512];

    bench_directory(options->dir, dir, sizeof(dir));
    bench_settle(dir, 10);
    yardsticks[0] = bench_fdatasync_rate(dir, seconds, 4096);
    yardsticks[1] = bench_lmdb_put_rate(dir, seconds, 1000, options->keys);
    yardsticks[2] = bench_zmq_rate(seconds, BENCH_BODY_SIZE, 1);
    bench_remove(dir);
    for (int i = 0; i < options->runs; i++)
        if (!run_once(options, &results[i])) {
            free(results);
            return 1;
        }
    qsort(results, (size_t)options->runs, sizeof(*results), by_rate);
    print_result(options, results, yardsticks);
    free(results);
    return 0;
}
