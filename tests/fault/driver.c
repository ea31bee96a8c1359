/* driver.c - one fault at every I/O operation of a ledger: `fault-driver WAY STAGE [--sabotage LAW]`.
 *
 * A run without fault counts the operations.  Then, for each of them: a fresh state, the fault there,
 * the service ends (or goes on, where the way allows), is started again without fault, and when
 * everything has settled the journals must hold what was acknowledged exactly once, and the tables be
 * what the journal says.  With --sabotage the service breaks that law, and the driver succeeds only if it
 * noticed a breach.
 */
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/time.h"
#include "tests/fault/check.h"

#define NUMBERS 60
#define PATIENCE_MS 20000

struct world {
    char dir[256], state[300], config[300], preload[512], ledger[512];
    const char *way, *sabotage;
    int stage;      /* which one suffers */
    bool acknowledged[CHECK_NUMBER_MAX];
    int acks;       /* our end of the pipe */
};

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void
remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
fresh_world(struct world *world)
{
    FILE *out;

    remove_tree(world->dir);
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
    fprintf(out,
            "state: %s\nrun: %s/run\n"
            "stage: {segment_size: 1MiB, checkpoint_every: 10ms, checkpoint_idle: 3ms, batch_max: 7, "
            "log_level: error, retention: 0s}\n",
            world->state, world->dir);
    fclose(out);
    memset(world->acknowledged, 0, sizeof(world->acknowledged));
}

struct fault {
    const char *how;
    long at;
    const char *count_path;
};

static void
set_skip(const struct world *world)
{
    char skip[NUMBERS + 1];

    for (int n = 1; n <= NUMBERS; n++)
        skip[n - 1] = world->acknowledged[n] ? 'x' : '-';
    skip[NUMBERS] = '\0';
    setenv("LEDGER_SKIP", skip, 1);
}

static pid_t
start(struct world *world, int stage, const struct fault *fault)
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
        snprintf(text, sizeof(text), "%d", stage == 1 ? NUMBERS : 0);
        setenv("LEDGER_COUNT", text, 1);
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
static bool
read_acks(struct world *world, int wait_ms)
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

static bool
all_acknowledged(const struct world *world)
{
    for (int n = 1; n <= NUMBERS; n++)
        if (!world->acknowledged[n])
            return false;
    return true;
}

static bool
ended(pid_t *pid)
{
    if (*pid <= 0)
        return true;
    if (waitpid(*pid, NULL, WNOHANG) != *pid)
        return false;
    *pid = 0;
    return true;
}

static void
finish(pid_t *pid, int signal_number)
{
    if (*pid > 0) {
        kill(*pid, signal_number);
        waitpid(*pid, NULL, 0);
        *pid = 0;
    }
}

static bool
settled(struct world *world)
{
    struct check_counts one, two;

    if (!all_acknowledged(world) || !check_read(world->state, "ledger1", &one) ||
        !check_read(world->state, "ledger2", &two))
        return false;
    for (int n = 10; n <= NUMBERS; n += 10)
        if (one.alarms[n] == 0)
            return false;
    return two.records >= one.records;
}

/* Both run without fault until everything has arrived. */
static bool
run_to_the_end(struct world *world, pid_t *pids)
{
    struct fr_span start_time = fr_time_monotonic();

    while (fr_time_monotonic().us - start_time.us < PATIENCE_MS * 1000) {
        if (pids[0] == 0)
            pids[0] = start(world, 1, NULL);
        if (pids[1] == 0)
            pids[1] = start(world, 2, NULL);
        read_acks(world, all_acknowledged(world) ? 5 : 20);
        ended(&pids[0]);
        ended(&pids[1]);
        if (all_acknowledged(world) && settled(world))
            return true;
    }
    return false;
}

/* ---- tables against journal ---- */

static bool
same_dump(const struct world *world, int stage)
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

static unsigned
breaches_of(struct world *world, bool in_time)
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
        breaches += check_exactly_once(&counts, world->acknowledged, NUMBERS, names[i]);
        if (!same_dump(world, i + 1)) {
            fprintf(stderr, "%s: the tables are not what the journal says\n", names[i]);
            breaches++;
        }
    }
    return breaches;
}

/* ---- one case ---- */

static void
suffer(struct world *world, const struct fault *fault, pid_t *pids)
{
    struct fr_span start_time = fr_time_monotonic();
    int other = 3 - world->stage;

    pids[other - 1] = start(world, other, NULL);
    pids[world->stage - 1] = start(world, world->stage, fault);
    /* Until it ends by the fault, or has gone on for long enough to show that it can. */
    while (!ended(&pids[world->stage - 1]) &&
           fr_time_monotonic().us - start_time.us < 600 * 1000) {
        read_acks(world, 5);
        if (all_acknowledged(world) && fr_time_monotonic().us - start_time.us > 150 * 1000)
            break;
    }
    finish(&pids[world->stage - 1], SIGKILL);
    while (read_acks(world, 0) && world->stage == 1) {
        struct pollfd poll_fd = {world->acks, POLLIN, 0};

        if (poll(&poll_fd, 1, 0) <= 0)
            break;
    }
}

static unsigned
one_case(struct world *world, const struct fault *fault)
{
    pid_t pids[2] = {0, 0};
    unsigned breaches;
    bool in_time;

    fresh_world(world);
    suffer(world, fault, pids);
    in_time = run_to_the_end(world, pids);
    finish(&pids[0], SIGTERM);
    finish(&pids[1], SIGTERM);
    breaches = breaches_of(world, in_time);
    if (breaches > 0)
        fprintf(stderr, "%u breaches: %s at I/O call %ld of stage %d\n", breaches,
                fault->how == NULL ? "no fault" : fault->how, fault->at, world->stage);
    return breaches;
}

static long
count_calls(struct world *world)
{
    char path[300];
    struct fault fault = {.count_path = path};
    long calls = 0;
    FILE *in;
    pid_t pids[2] = {0, 0};

    fresh_world(world);
    snprintf(path, sizeof(path), "%s/calls", world->dir);
    pids[2 - world->stage] = start(world, 3 - world->stage, NULL);
    pids[world->stage - 1] = start(world, world->stage, &fault);
    run_to_the_end(world, pids);
    finish(&pids[0], SIGTERM);
    finish(&pids[1], SIGTERM);
    in = fopen(path, "r");
    if (in == NULL || fscanf(in, "%ld", &calls) != 1)
        calls = 0;
    if (in != NULL)
        fclose(in);
    return calls;
}

int
main(int argc, char **argv)
{
    const char *build = getenv("FR_BUILD_DIR");
    struct world world = {.acks = -1};
    long calls, step, cases = 0, broken = 0;

    if (argc < 3 || build == NULL) {
        fprintf(stderr, "usage: FR_BUILD_DIR=... fault-driver WAY 1|2 [--sabotage LAW]\n");
        return 64;
    }
    world.way = argv[1];
    world.stage = atoi(argv[2]);
    if (argc > 4)
        world.sabotage = argv[4];
    snprintf(world.preload, sizeof(world.preload), "%s/libfr_io_fault.so", build);
    snprintf(world.ledger, sizeof(world.ledger), "%s/fault-ledger%s", build,
             world.sabotage != NULL ? "-sabotaged" : "");
    calls = count_calls(&world);
    if (calls < 30) {
        fprintf(stderr, "only %ld I/O calls were seen: is the library loaded?\n", calls);
        return 1;
    }
    /* A control looks at fewer places and stops at the first breach. */
    step = world.sabotage != NULL ? 3 : 1;
    for (long at = 1; at <= calls; at += step) {
        struct fault fault = {.how = world.way, .at = at};

        cases++;
        broken += one_case(&world, &fault) > 0;
        if (world.sabotage != NULL && broken > 0)
            break;
    }
    remove_tree(world.dir);
    printf("%s at each of %ld I/O calls of stage %d%s%s: %ld cases, %ld broken\n", world.way, calls,
           world.stage, world.sabotage != NULL ? ", sabotaged: " : "",
           world.sabotage != NULL ? world.sabotage : "", cases, broken);
    if (world.sabotage != NULL)
        return broken > 0 ? 0 : 1;
    return broken == 0 ? 0 : 1;
}
