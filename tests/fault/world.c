/* world.c - start, end and judge two ledgers. */
#include "tests/fault/world.h"

#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"

#define PATIENCE_MS 20000

bool
world_init(struct world *world, int numbers, const char *sabotage)
{
    const char *build = getenv("FR_BUILD_DIR");

    *world = (struct world){.acks = -1,
                            .numbers = numbers,
                            .sabotage = sabotage,
                            .stage = 1,
                            .batch_max = 7,
                            .retention = "0s"};
    if (build == NULL)
        return false;
    snprintf(world->preload, sizeof(world->preload), "%s/libfr_io_fault.so", build);
    snprintf(world->ledger, sizeof(world->ledger), "%s/fault-ledger%s", build,
             sabotage != NULL ? "-sabotaged" : "");
    return true;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void
world_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
world_fresh(struct world *world)
{
    FILE *out;

    world_remove(world->dir);
    if (mkdtemp(strcpy(world->dir, "/tmp/fr-fault-XXXXXX")) == NULL) {
        perror("mkdtemp");
        exit(2);
    }
    snprintf(world->state, sizeof(world->state), "%s/state", world->dir);
    snprintf(world->config, sizeof(world->config), "%s/ledger.yaml", world->dir);
    out = fopen(world->config, "w");
    if (out == NULL) {
        perror(world->config);
        exit(2);
    }
    fprintf(
        out,
        "state: %s\nrun: %s/run\n"
        "stage: {segment_size: 1MiB, checkpoint_every: 10ms, checkpoint_idle: 3ms, batch_max: %d, "
        "log_level: warn, retention: %s%s}\n",
        world->state, world->dir, world->batch_max, world->retention,
        world->stage_options == NULL ? "" : world->stage_options);
    fclose(out);
    memset(world->acknowledged, 0, sizeof(world->acknowledged));
}

static void
set_skip(const struct world *world)
{
    char skip[NUMBERS_MAX + 1];

    for (int n = 1; n <= world->numbers; n++)
        skip[n - 1] = world->acknowledged[n] ? 'x' : '-';
    skip[world->numbers] = '\0';
    setenv("LEDGER_SKIP", skip, 1);
}

static void
fake_clock(const struct world *world)
{
    setenv("LD_PRELOAD", getenv("FR_FAKETIME"), 1);
    setenv("FAKETIME_TIMESTAMP_FILE", world->clock_file, 1);
    setenv("FAKETIME_NO_CACHE", "1", 1);
    if (!world->fake_steady)
        setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
}

pid_t
world_start(struct world *world, int stage, const struct fault *fault)
{
    int ends[2];
    char number[16], at[32];
    pid_t pid;

    if (pipe(ends) != 0)
        exit(2);
    if (world->acks >= 0 && stage == 1)
        close(world->acks);
    snprintf(number, sizeof(number), "%d", stage);
    pid = fork();
    if (pid == 0) {
        char text[16];

        close(ends[0]);
        snprintf(text, sizeof(text), "%d", ends[1]);
        setenv("LEDGER_ACKS", text, 1);
        snprintf(text, sizeof(text), "%d", stage == 1 ? world->numbers : 0);
        setenv("LEDGER_COUNT", text, 1);
        if (world->bells > 0) {
            snprintf(text, sizeof(text), "%d", world->bells);
            setenv("LEDGER_BELLS", text, 1);
        }
        set_skip(world);
        if (fault != NULL) {
            setenv("LD_PRELOAD", world->preload, 1);
            setenv("FR_FAULT_DIR", world->state, 1);
            if (fault->how != NULL) {
                snprintf(at, sizeof(at), "%ld", fault->at);
                setenv("FR_FAULT_HOW", fault->how, 1);
                setenv("FR_FAULT_AT", at, 1);
            }
            if (fault->count_path != NULL)
                setenv("FR_FAULT_COUNT", fault->count_path, 1);
        }
        if (world->clock_file != NULL)
            fake_clock(world);
        if (world->sabotage != NULL)
            setenv("FILROUGE_SABOTAGE", world->sabotage, 1);
        execl(world->ledger, "fault-ledger", number, "--config", world->config, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (stage == 1)
        world->acks = ends[0];
    else
        close(ends[0]);
    return pid;
}

/* Reads acknowledgements for at most wait_ms; false when the writer has gone. */
bool
world_read_acks(struct world *world, int wait_ms)
{
    struct pollfd poll_fd = {world->acks, POLLIN, 0};
    uint64_t numbers[64];
    ssize_t size;

    if (poll(&poll_fd, 1, wait_ms) <= 0)
        return true;
    size = read(world->acks, numbers, sizeof(numbers));
    for (ssize_t i = 0; i < size / (ssize_t)sizeof(numbers[0]); i++)
        if (numbers[i] < CHECK_NUMBER_MAX)
            world->acknowledged[numbers[i]] = true;
    return size > 0;
}

bool
world_all_acknowledged(const struct world *world)
{
    for (int n = 1; n <= world->numbers; n++)
        if (!world->acknowledged[n])
            return false;
    return true;
}

bool
world_ended(pid_t *pid)
{
    if (*pid <= 0)
        return true;
    if (waitpid(*pid, NULL, WNOHANG) != *pid)
        return false;
    *pid = 0;
    return true;
}

void
world_finish(pid_t *pid, int signal_number)
{
    if (*pid > 0) {
        kill(*pid, signal_number);
        waitpid(*pid, NULL, 0);
        *pid = 0;
    }
}

bool
world_settled(struct world *world)
{
    struct check_counts one, two;

    if (!world_all_acknowledged(world) || !check_read(world->state, "ledger1", &one) ||
        !check_read(world->state, "ledger2", &two))
        return false;
    for (int n = 10; n <= world->numbers; n += 10)
        if (one.alarms[n] == 0)
            return false;
    if (!check_bells_rung(&one, (uint64_t)world->bells, (uint64_t)world->numbers))
        return false;
    return two.records >= one.records;
}

/* Both run without fault until everything has arrived. */
bool
world_run_to_the_end(struct world *world, pid_t *pids)
{
    struct fr_span start_time = fr_time_monotonic();

    while (fr_time_monotonic().us - start_time.us < PATIENCE_MS * 1000) {
        if (pids[0] == 0)
            pids[0] = world_start(world, 1, NULL);
        if (pids[1] == 0)
            pids[1] = world_start(world, 2, NULL);
        world_read_acks(world, world_all_acknowledged(world) ? 5 : 20);
        world_ended(&pids[0]);
        world_ended(&pids[1]);
        if (world_all_acknowledged(world) && world_settled(world))
            return true;
    }
    return false;
}

/* ---- tables against journal ---- */

bool
world_same_dump(const struct world *world, int stage)
{
    char command[4096], ledger[1024];
    int size;

    snprintf(ledger, sizeof(ledger), "'%s' %d --config %s", world->ledger, stage, world->config);
    size = snprintf(command, sizeof(command),
                    "cd %s && %s --dump | sort > live && %s --rebuild && "
                    "%s --dump | sort > rebuilt && cmp -s live rebuilt",
                    world->dir, ledger, ledger, ledger);
    return size < (int)sizeof(command) && system(command) == 0;
}

unsigned
world_tables_breaches(const struct world *world, int stage)
{
    static uint32_t counts[CHECK_NUMBER_MAX];
    char command[1200], line[256];
    unsigned breaches = 0;
    FILE *in;

    memset(counts, 0, sizeof(counts));
    snprintf(command, sizeof(command), "'%s' %d --config %s --dump", world->ledger, stage,
             world->config);
    in = popen(command, "r");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        unsigned long long number, count;

        if (sscanf(line, "numbers\t%16llx\t%2llx", &number, &count) == 2 &&
            number < CHECK_NUMBER_MAX)
            counts[number] = (uint32_t)count; /* little endian: the first byte says enough */
    }
    if (in == NULL || pclose(in) != 0)
        return 1;
    for (int n = 1; n <= world->numbers; n++)
        if (counts[n] != 1) {
            fprintf(stderr, "ledger%d: number %d was added %u times\n", stage, n, counts[n]);
            breaches++;
        }
    return breaches;
}

unsigned
world_breaches(struct world *world, bool in_time)
{
    struct check_counts counts;
    unsigned breaches = 0;
    static const char *const names[] = {"ledger1", "ledger2"};

    if (!in_time) {
        fprintf(stderr, "it did not settle\n");
        breaches++;
    }
    for (int i = 0; i < 2; i++) {
        if (!check_read(world->state, names[i], &counts))
            return breaches + 1;
        breaches +=
            check_exactly_once(&counts, world->acknowledged, (uint64_t)world->numbers, names[i]);
        breaches +=
            check_bells(&counts, (uint64_t)world->bells, (uint64_t)world->numbers, names[i]);
        if (!world_same_dump(world, i + 1)) {
            fprintf(stderr, "%s: the tables are not what the journal says\n", names[i]);
            breaches++;
        }
    }
    return breaches;
}
