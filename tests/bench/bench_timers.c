/* bench_timers.c - the timers of a stage: operations per second with many armed, memory, lateness,
 * a storm, and the first fire after kill -9; beside plain LMDB puts at the same batch size. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/bench/timers.h"

struct bench {
    const struct bench_options *options;
    struct timers_board *board;
    char dir[512], config[600];
    pid_t pid;
};

struct figures {
    double fill_s, ops_per_s, puts_per_s, storm_per_s, told_storm_per_s, restart_s;
    double memory_full, memory_rest, memory_busy; /* bytes per timer */
    uint64_t arms, cancels, fires, early;
    struct bench_histogram late, storm_arm;
};

/* ---- the process ---- */

static void
write_config(const struct bench *bench)
{
    FILE *out = fopen(bench->config, "w");

    if (out == NULL) {
        perror(bench->config);
        exit(1);
    }
    fprintf(out,
            "state: %s/state\nrun: %s\nstage: {log_level: error, retention: 0s, batch_max: %d}\n"
            "timers: {board: %s/board}\n",
            bench->dir, bench->dir, bench->options->batch, bench->dir);
    fclose(out);
}

static void
start(struct bench *bench)
{
    bench->pid = fork();
    if (bench->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a bench that is interrupted leaves nobody behind */
        execl("/proc/self/exe", "filrouge-bench", "timer-stage", "--config", bench->config,
              (char *)NULL);
        _exit(127);
    }
}

static void
finish(struct bench *bench, int with_signal)
{
    if (bench->pid > 0) {
        kill(bench->pid, with_signal);
        waitpid(bench->pid, NULL, 0);
    }
    bench->pid = 0;
}

static void
still_there(struct bench *bench)
{
    if (waitpid(bench->pid, NULL, WNOHANG) != bench->pid)
        return;
    fprintf(stderr, "the process of the timers ended early; its state is in %s\n", bench->dir);
    exit(1);
}

static long
anonymous_kib(const struct bench *bench)
{
    char path[64], line[256];
    long kib = 0;
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)bench->pid);
    in = fopen(path, "r");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL)
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    if (in != NULL)
        fclose(in);
    return kib;
}

/* ---- phases ---- */

static void
progress(const char *what, double part)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%-28s %3.0f %%%s", what, 100 * part, part < 1 ? "" : "\r\033[K");
}

/* Returns the greatest anonymous memory seen meanwhile, in KiB. */
static long
run_phase(struct bench *bench, int phase, const char *what, double seconds)
{
    double begun = bench_now();
    long peak = 0, kib;

    atomic_store(&bench->board->phase, phase);
    while (atomic_load(&bench->board->done) != phase) {
        double part = phase == TIMERS_FILL ? (double)atomic_load(&bench->board->armed) /
                                                 (double)bench->options->messages
                                           : (bench_now() - begun) / seconds;

        still_there(bench);
        progress(what, part < 0.99 ? part : 0.99);
        kib = anonymous_kib(bench);
        peak = kib > peak ? kib : peak;
        usleep(20000);
    }
    progress(what, 1);
    return peak;
}

static double
per_timer(const struct bench *bench, long kib)
{
    return (double)kib * 1024 / (double)bench->options->messages;
}

static void
fill(struct bench *bench, struct figures *figures)
{
    double begun = bench_now();

    start(bench);
    figures->memory_full = per_timer(bench, run_phase(bench, TIMERS_FILL, "arming all of them", 1));
    figures->fill_s = bench_now() - begun;
    /* Checkpoints end, and give back what only they needed; a smoke test does not wait for it. */
    sleep(bench->options->seconds < 3 ? 1 : 6);
    figures->memory_rest = per_timer(bench, anonymous_kib(bench));
}

static void
mixed(struct bench *bench, struct figures *figures)
{
    struct timers_board *board = bench->board;
    uint64_t armed = atomic_load(&board->armed), cancelled = atomic_load(&board->cancelled),
             fired = atomic_load(&board->fired);
    double begun = bench_now();

    board->seconds = bench->options->seconds;
    figures->memory_busy =
        per_timer(bench, run_phase(bench, TIMERS_MIXED, "arm, cancel and fire", board->seconds));
    figures->arms = atomic_load(&board->armed) - armed;
    figures->cancels = atomic_load(&board->cancelled) - cancelled;
    figures->fires = atomic_load(&board->fired) - fired;
    figures->ops_per_s =
        (double)(figures->arms + figures->cancels + figures->fires) / (bench_now() - begun);
}

static void
late(struct bench *bench, struct figures *figures)
{
    struct timers_board *board = bench->board;

    sleep(3); /* what is still due of the phase before is not of this one */
    memset(&board->late, 0, sizeof(board->late));
    board->rate = bench->options->rate > 0 ? bench->options->rate : 2000;
    run_phase(bench, TIMERS_PACED, "lateness", board->seconds);
    sleep(2);
    figures->late = board->late;
}

static double
storm(struct bench *bench, bool told)
{
    struct timers_board *board = bench->board;

    board->told = told;
    board->storm = bench->options->storm;
    run_phase(bench, TIMERS_STORM, told ? "storm, with events" : "storm",
              3 + (double)board->storm * 14e-6);
    run_phase(bench, TIMERS_REST, "", 1);
    return (double)board->storm * 1e6 /
           (double)(atomic_load(&board->storm_end_us) - atomic_load(&board->storm_due_us));
}

/* Killed in the middle of work, with a thousand that fall due while nobody is there. */
static double
restart(struct bench *bench)
{
    struct timers_board *board = bench->board;
    double begun;

    run_phase(bench, TIMERS_AHEAD, "restart", 1);
    atomic_store(&board->phase, TIMERS_MIXED);
    usleep(700000);
    finish(bench, SIGKILL);
    atomic_store(&board->phase, TIMERS_REST);
    atomic_store(&board->done, TIMERS_REST);
    usleep(1500000);
    atomic_store(&board->first_fire_us, 0);
    begun = bench_now();
    start(bench);
    while (atomic_load(&board->first_fire_us) == 0) {
        still_there(bench);
        usleep(1000);
    }
    return (double)atomic_load(&board->first_fire_us) / 1e6 - begun;
}

/* ---- telling ---- */

static void
print_histogram(const struct bench_histogram *histogram)
{
    static const char bar[] = "########################################";

    for (uint64_t low = 0, high = 256; low <= histogram->max; low = high, high *= 2) {
        uint64_t count = bench_histogram_between(histogram, low, high);
        double part = (double)count / (double)histogram->count;

        printf("    %8.1f to %8.1f ms  %9llu  %.*s\n", (double)low / 1e3, (double)high / 1e3,
               (unsigned long long)count, (int)(part * 40 + (count > 0)), bar);
    }
}

static void
print_text(const struct bench_options *options, const struct figures *f)
{
    const double q[] = {0.5, 0.99, 0.999};

    printf("%llu timers armed, ids %s, batches of %d\n", (unsigned long long)options->messages,
           options->scattered ? "scattered" : "growing", options->batch);
    printf("  operations/s       %10.0f   durable: %llu arms, %llu cancels, %llu fires\n",
           f->ops_per_s, (unsigned long long)f->arms, (unsigned long long)f->cancels,
           (unsigned long long)f->fires);
    printf("  beside it          %10.0f   plain LMDB puts/s, %d a commit: %.2f of one\n",
           f->puts_per_s, options->batch, f->ops_per_s / f->puts_per_s);
    printf("  memory per timer   %10.1f   bytes beyond LMDB's map at rest; %.1f at most while "
           "arming them all (%.1f s), %.1f under load\n",
           f->memory_rest, f->memory_full, f->fill_s, f->memory_busy);
    printf("  storm of %-9llu %10.0f   fires/s; %.0f with an event for each; an arm meanwhile: p50 "
           "%.1f ms, p99 %.1f ms, max %.1f ms\n",
           (unsigned long long)options->storm, f->storm_per_s, f->told_storm_per_s,
           (double)bench_histogram_quantile(&f->storm_arm, 0.5) / 1e3,
           (double)bench_histogram_quantile(&f->storm_arm, 0.99) / 1e3,
           (double)f->storm_arm.max / 1e3);
    printf("  first fire         %10.2f s after kill -9 and a new start\n", f->restart_s);
    printf("  lateness          ");
    for (int i = 0; i < 3; i++)
        printf(" p%g %.2f ms  ", q[i] * 100,
               (double)bench_histogram_quantile(&f->late, q[i]) / 1e3);
    printf("max %.2f ms, %llu early\n", (double)f->late.max / 1e3, (unsigned long long)f->early);
    print_histogram(&f->late);
}

static void
print_json(const struct bench_options *options, const struct figures *f)
{
    printf(
        "{\"timers\": %llu, \"batch\": %d, \"scattered\": %s, \"operations_per_s\": %.0f, "
        "\"lmdb_puts_per_s\": %.0f, \"bytes_per_timer\": %.1f, \"bytes_per_timer_arming\": %.1f, "
        "\"bytes_per_timer_busy\": %.1f, \"storm\": %llu, \"storm_fires_per_s\": %.0f, "
        "\"storm_fires_with_event_per_s\": %.0f, \"storm_arm_p99_us\": %llu, "
        "\"first_fire_s\": %.3f, \"late_p50_us\": %llu, \"late_p99_us\": %llu, "
        "\"late_p999_us\": %llu, \"late_max_us\": %llu, \"early\": %llu}\n",
        (unsigned long long)options->messages, options->batch,
        options->scattered ? "true" : "false", f->ops_per_s, f->puts_per_s, f->memory_rest,
        f->memory_full, f->memory_busy, (unsigned long long)options->storm, f->storm_per_s,
        f->told_storm_per_s, (unsigned long long)bench_histogram_quantile(&f->storm_arm, 0.99),
        f->restart_s, (unsigned long long)bench_histogram_quantile(&f->late, 0.5),
        (unsigned long long)bench_histogram_quantile(&f->late, 0.99),
        (unsigned long long)bench_histogram_quantile(&f->late, 0.999),
        (unsigned long long)f->late.max, (unsigned long long)f->early);
}

int
bench_timers(const struct bench_options *options)
{
    struct bench bench = {.options = options};
    struct figures figures = {0};
    char path[600];

    bench_directory(options->dir, bench.dir, sizeof(bench.dir));
    snprintf(bench.config, sizeof(bench.config), "%s/timers.yaml", bench.dir);
    snprintf(path, sizeof(path), "%s/board", bench.dir);
    write_config(&bench);
    bench_settle(bench.dir, 10);
    figures.puts_per_s = bench_lmdb_put_rate(bench.dir, options->seconds / 4,
                                             (size_t)options->batch, options->messages);
    bench.board = timers_board_map(path, true);
    bench.board->timers = options->messages;
    bench.board->scattered = options->scattered;
    fill(&bench, &figures);
    mixed(&bench, &figures);
    late(&bench, &figures);
    figures.storm_per_s = storm(&bench, false);
    figures.storm_arm = bench.board->arm;
    figures.told_storm_per_s = storm(&bench, true);
    figures.restart_s = restart(&bench);
    figures.early = atomic_load(&bench.board->early);
    finish(&bench, SIGTERM);
    if (options->json)
        print_json(options, &figures);
    else
        print_text(options, &figures);
    bench_remove(bench.dir);
    return 0;
}
