/* stories.c - `fault-stories NAME`: what two ledgers live through, each story with its moral
 * checked. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/time.h"
#include "tests/fault/world.h"

#define SKIPPED 77

static int
verdict(const char *story, unsigned breaches)
{
    printf("%s: %s\n", story, breaches == 0 ? "holds" : "BROKEN");
    return breaches == 0 ? 0 : 1;
}

static long
resident_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = 0;
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    in = fopen(path, "r");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (in != NULL)
        fclose(in);
    return kib;
}

static int
acknowledged_count(const struct world *world)
{
    int count = 0;

    for (int n = 1; n <= world->numbers; n++)
        count += world->acknowledged[n];
    return count;
}

/* What the dead one had still written to the pipe. */
static void
hear_the_rest(struct world *world)
{
    while (world->acks >= 0 && world_read_acks(world, 0)) {
        struct pollfd more = {world->acks, POLLIN, 0};

        if (poll(&more, 1, 0) <= 0)
            break;
    }
}

/* ---- kill -9 of both, again and again, under load ---- */

static int
kills(void)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    unsigned breaches, seed = (unsigned)getpid();
    int deaths = 0;

    if (!world_init(&world, 2000, NULL))
        return 64;
    printf("seed %u\n", seed);
    srand(seed);
    world_fresh(&world);
    while (deaths < 60 && acknowledged_count(&world) < world.numbers) {
        int victim = rand() % 2;

        for (int i = 0; i < 2; i++)
            if (pids[i] == 0)
                pids[i] = world_start(&world, i + 1, NULL);
        for (struct fr_span begun = fr_time_monotonic(), life = fr_millis(rand() % 25);
             fr_time_monotonic().us - begun.us < life.us;)
            world_read_acks(&world, 5);
        world_finish(&pids[victim], SIGKILL);
        if (victim == 0)
            hear_the_rest(&world);
        deaths++;
    }
    breaches = !world_run_to_the_end(&world, pids);
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    breaches += world_breaches(&world, breaches == 0);
    world_remove(world.dir);
    printf("%d deaths\n", deaths);
    return verdict("kills", breaches);
}

/* ---- kill -9 a hundred times while thousands of timers are armed, moved, disarmed and fire ----
 */

static int
timers(void)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    struct check_counts counts = {0};
    unsigned breaches, seed = (unsigned)getpid(), rung = 0;
    int deaths = 0;

    if (!world_init(&world, 2000, NULL))
        return 64;
    world.bells = 4000;
    world.retention = "1h";
    world.batch_max = 50;
    printf("seed %u\n", seed);
    srand(seed);
    world_fresh(&world);
    while (deaths < 100) {
        int victim = rand() % 4 == 0; /* ledger1, which has the timers, three times out of four */

        for (int i = 0; i < 2; i++)
            if (pids[i] == 0)
                pids[i] = world_start(&world, i + 1, NULL);
        for (struct fr_span begun = fr_time_monotonic(), life = fr_millis(rand() % 40);
             fr_time_monotonic().us - begun.us < life.us;)
            world_read_acks(&world, world_all_acknowledged(&world) ? 1 : 5);
        world_finish(&pids[victim], SIGKILL);
        if (victim == 0)
            hear_the_rest(&world);
        deaths++;
        if (deaths == 60)
            check_read(world.state, "ledger1", &counts);
    }
    for (int id = 1; id < CHECK_BELL_MAX; id++)
        rung += counts.bells[id];
    breaches = !world_run_to_the_end(&world, pids);
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    breaches += world_breaches(&world, breaches == 0);
    world_remove(world.dir);
    printf("%d deaths; %u bells had rung at the sixtieth\n", deaths, rung);
    return verdict("timers under kills", breaches);
}

/* ---- an input that crashes decide ---- */

static int
poison(int stage)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    struct check_counts counts;
    unsigned breaches = 0;
    int starts = 0;
    struct fr_span begun = fr_time_monotonic();

    if (!world_init(&world, 60, NULL))
        return 64;
    world_fresh(&world);
    setenv("LEDGER_POISON", stage == 1 ? "ledger1" : "ledger2", 1);
    /* Until the poisoned service stays up: the supervisor's part. */
    while (fr_time_monotonic().us - begun.us < 20000000) {
        for (int i = 0; i < 2; i++)
            if (pids[i] == 0) {
                pids[i] = world_start(&world, i + 1, NULL);
                starts += i + 1 == stage;
            }
        world_read_acks(&world, 10);
        world_ended(&pids[0]);
        world_ended(&pids[1]);
        if (acknowledged_count(&world) >= world.numbers - 1 &&
            check_read(world.state, "ledger2", &counts) && counts.numbers[world.numbers] == 1 &&
            counts.numbers[world.numbers - 1] == 1)
            break;
    }
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    check_read(world.state, "ledger2", &counts);
    for (int n = 1; n <= world.numbers; n++)
        if (counts.numbers[n] != (n == 13 ? 0u : 1u)) {
            fprintf(stderr, "number %d stands there %u times\n", n, counts.numbers[n]);
            breaches++;
        }
    /* At most one crash that nobody was careful about, three that were counted, and a start that
     * holds. */
    if (starts < 4 || starts > 5) {
        fprintf(stderr, "it was started %d times\n", starts);
        breaches++;
    }
    unsetenv("LEDGER_POISON");
    for (int s = 1; s <= 2; s++)
        breaches += !world_same_dump(&world, s);
    world_remove(world.dir);
    return verdict(stage == 1 ? "poison from outside" : "poison from upstream", breaches);
}

/* ---- killed from outside, always at the same innocent input ---- */

static int
killed_at_input(void)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    unsigned breaches;
    int deaths = 0;
    struct fr_span begun = fr_time_monotonic();

    if (!world_init(&world, 60, NULL))
        return 64;
    world_fresh(&world);
    setenv("LEDGER_POISON", "killed", 1);
    while (deaths < 8 && fr_time_monotonic().us - begun.us < 30000000) {
        if (pids[0] == 0)
            pids[0] = world_start(&world, 1, NULL);
        world_read_acks(&world, 10);
        deaths += world_ended(&pids[0]);
    }
    unsetenv("LEDGER_POISON");
    world_finish(&pids[0], SIGKILL);
    breaches = !world_run_to_the_end(&world, pids);
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    breaches += world_breaches(&world, breaches == 0);
    world_remove(world.dir);
    printf("%d deaths\n", deaths);
    return verdict("killed at the same input", breaches + (deaths < 8));
}

/* ---- a record that crashes apply ---- */

static int
poison_apply(void)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    char command[1200], line[512];
    bool named = false;
    FILE *in;

    if (!world_init(&world, 60, NULL))
        return 64;
    world.retention = "1h";
    world_fresh(&world);
    world_run_to_the_end(&world, pids);
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    setenv("LEDGER_POISON", "apply", 1);
    snprintf(command, sizeof(command), "'%s' 1 --config %s --rebuild 2>&1", world.ledger,
             world.config);
    in = popen(command, "r");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL)
        named |= strstr(line, "apply_crashed") != NULL && strstr(line, "\"seq\":\"") != NULL &&
                 strstr(line, "\"kind\":\"3585\"") != NULL;
    if (in != NULL && pclose(in) == 0)
        named = false;
    unsetenv("LEDGER_POISON");
    world_remove(world.dir);
    return verdict("a record that crashes apply is named", !named);
}

/* Everything is acknowledged, and ledger2's journal has not grown for half a second. */
static void
wait_until_quiet(struct world *world)
{
    struct fr_span begun = fr_time_monotonic();
    uint64_t end = 0;

    for (int quiet = 0; quiet < 25 && fr_time_monotonic().us - begun.us < 30000000;) {
        uint64_t now;

        world_read_acks(world, world_all_acknowledged(world) ? 0 : 20);
        usleep(20000);
        now = check_end(world->state, "ledger2");
        quiet = world_all_acknowledged(world) && now == end ? quiet + 1 : 0;
        end = now;
    }
}

/* ---- a timer that crashes decide ---- */

static int
poison_timer(void)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    struct check_counts counts = {0};
    unsigned breaches = 0;
    int starts = 0;
    struct fr_span begun = fr_time_monotonic();

    if (!world_init(&world, 60, NULL))
        return 64;
    world_fresh(&world);
    setenv("LEDGER_POISON", "alarm", 1);
    while (counts.alarms[60] == 0 && fr_time_monotonic().us - begun.us < 20000000) {
        for (int i = 0; i < 2; i++)
            if (pids[i] == 0) {
                pids[i] = world_start(&world, i + 1, NULL);
                starts += i == 0;
            }
        world_read_acks(&world, 10);
        world_ended(&pids[0]);
        check_read(world.state, "ledger1", &counts);
    }
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    unsetenv("LEDGER_POISON");
    check_read(world.state, "ledger1", &counts);
    for (int n = 10; n <= world.numbers; n += 10)
        if (counts.alarms[n] != (n == 20 ? 0u : 1u)) {
            fprintf(stderr, "the alarm of %d rang %u times\n", n, counts.alarms[n]);
            breaches++;
        }
    if (starts < 4 || starts > 5) {
        fprintf(stderr, "it was started %d times\n", starts);
        breaches++;
    }
    breaches += !world_same_dump(&world, 1);
    world_remove(world.dir);
    return verdict("a poisoned timer", breaches);
}

/* ---- a reader that is not there: producers refuse, memory stays flat, it recovers by itself ----
 */

static int
stopped_reader(void)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    long before, after;
    unsigned breaches = 0;
    int stalled_at = -1;

    if (!world_init(&world, 2000, NULL))
        return 64;
    world.stage_options = ", journal_size_max: 6MiB, journal_reserve: 2MiB, waiting_max: 100";
    world_fresh(&world);
    setenv("LEDGER_FILL", "4000", 1);
    setenv("LEDGER_WAIT_READER", "1", 1);
    pids[0] = world_start(&world, 1, NULL);
    pids[1] = world_start(&world, 2, NULL); /* it registers */
    while (acknowledged_count(&world) < 100)
        world_read_acks(&world, 10);
    kill(pids[1], SIGSTOP);
    before = resident_kib(pids[0]);
    for (int quiet = 0; quiet < 50 && acknowledged_count(&world) < world.numbers;) {
        int count = acknowledged_count(&world);

        world_read_acks(&world, 20);
        quiet = acknowledged_count(&world) == count ? quiet + 1 : 0;
    }
    stalled_at = acknowledged_count(&world);
    after = resident_kib(pids[0]);
    if (stalled_at == world.numbers) {
        fprintf(stderr, "the reserve was never reached\n");
        breaches++;
    }
    if (after > before + 24 * 1024) {
        fprintf(stderr, "resident memory grew from %ld to %ld KiB\n", before, after);
        breaches++;
    }
    kill(pids[1], SIGCONT);
    wait_until_quiet(&world);
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    breaches += world_tables_breaches(&world, 2); /* the journals have been trimmed meanwhile */
    printf("refused after %d of %d; resident %ld KiB before, %ld KiB while refusing\n", stalled_at,
           world.numbers, before, after);
    unsetenv("LEDGER_FILL");
    unsetenv("LEDGER_WAIT_READER");
    if (acknowledged_count(&world) < world.numbers) {
        fprintf(stderr, "only %d were ever acknowledged\n", acknowledged_count(&world));
        breaches++;
    }
    world_remove(world.dir);
    return verdict("a stopped reader", breaches);
}

/* ---- a full disk: a small tmpfs in a mount namespace of our own ---- */

static int
disk_full(void)
{
    struct world world;
    pid_t pids[2] = {0, 0};
    char filler[400], *block = calloc(1, 1 << 16);
    unsigned breaches = 0;
    int fd, before;

    fr_assert(block != NULL);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        printf("skipped: no mount namespace for us here\n");
        return SKIPPED;
    }
    if (!world_init(&world, 1500, NULL))
        return 64;
    world.stage_options = ", journal_reserve: 1MiB";
    world_fresh(&world);
    mkdir(world.state, 0700);
    if (mount("tmpfs", world.state, "tmpfs", 0, "size=24m") != 0) {
        printf("skipped: no tmpfs for us here\n");
        return SKIPPED;
    }
    setenv("LEDGER_FILL", "4000", 1);
    setenv("LEDGER_WAIT_READER", "1", 1);
    pids[0] = world_start(&world, 1, NULL);
    pids[1] = world_start(&world, 2, NULL);
    while (acknowledged_count(&world) < 50)
        world_read_acks(&world, 10);
    snprintf(filler, sizeof(filler), "%s/filler", world.state);
    fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, block, 1 << 16) > 0)
        ;
    close(fd);
    /* Until nothing more is taken. */
    for (int quiet = 0; quiet < 60;) {
        before = acknowledged_count(&world);
        world_read_acks(&world, 20);
        quiet = acknowledged_count(&world) == before ? quiet + 1 : 0;
    }
    before = acknowledged_count(&world);
    if (before == world.numbers)
        printf("(the disk had room for everything)\n");
    unlink(filler);
    if (!world_run_to_the_end(&world, pids))
        breaches++;
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    printf("stopped at %d of %d, went on when there was room\n", before, world.numbers);
    breaches += world_breaches(&world, breaches == 0);
    umount(world.state);
    world_remove(world.dir);
    free(block);
    unsetenv("LEDGER_FILL");
    unsetenv("LEDGER_WAIT_READER");
    return verdict("a full disk", breaches);
}

/* ---- a standby follows, is promoted, and goes on ---- */

static pid_t
start_standby(const struct world *world, const char *config)
{
    char endpoint[400];
    pid_t pid;

    snprintf(endpoint, sizeof(endpoint), "ipc://%s/run/ledger1.sock", world->dir);
    pid = fork();
    if (pid == 0) {
        execl(world->ledger, "fault-ledger", "1", "--config", config, "--follow", endpoint,
              (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int
standby(void)
{
    struct world world, copy;
    pid_t pids[2] = {0, 0}, follower;
    struct check_counts primary, followed;
    char command[2048];
    unsigned breaches = 0;
    struct fr_span begun = fr_time_monotonic();
    FILE *out;

    if (!world_init(&world, 400, NULL))
        return 64;
    world_fresh(&world);
    copy = world;
    snprintf(copy.state, sizeof(copy.state), "%s/standby", world.dir);
    snprintf(copy.config, sizeof(copy.config), "%s/standby.yaml", world.dir);
    out = fopen(copy.config, "w");
    fprintf(out, "state: %s\nrun: %s/run\nstage: {segment_size: 2MiB, log_level: error}\n",
            copy.state, world.dir);
    fclose(out);
    follower = start_standby(&world, copy.config);
    if (!world_run_to_the_end(&world, pids))
        breaches++;
    world_finish(&pids[1], SIGTERM);
    world_finish(&pids[0], SIGTERM);
    check_read(world.state, "ledger1", &primary);
    do { /* it has everything but what the primary wrote when nobody could hear it any more */
        usleep(20000);
    } while (
        (!check_read(copy.state, "ledger1", &followed) || followed.records < primary.records) &&
        fr_time_monotonic().us - begun.us < 20000000);
    world_finish(&follower, SIGTERM);
    if (memcmp(&primary, &followed, sizeof(primary)) != 0) {
        fprintf(stderr, "the standby has %llu records, the primary %llu\n",
                (unsigned long long)followed.records, (unsigned long long)primary.records);
        breaches++;
    }
    snprintf(command, sizeof(command),
             "cd %s && '%.500s' 1 --config %s --dump | sort > a && '%.500s' 1 --config %s --dump | "
             "sort > b "
             "&& test -s a && cmp a b",
             world.dir, world.ledger, world.config, copy.ledger, copy.config);
    if (system(command) != 0) {
        fprintf(stderr, "the standby's tables differ from the primary's\n");
        breaches++;
    }
    breaches += !world_same_dump(&copy, 1);
    world_remove(world.dir);
    return verdict("a standby", breaches);
}

/* ---- two processes on one state ---- */

static int
second_owner(void)
{
    struct world world;
    pid_t first, second;
    int status;

    if (!world_init(&world, 10, NULL))
        return 64;
    world_fresh(&world);
    first = world_start(&world, 1, NULL);
    while (!world_all_acknowledged(&world))
        world_read_acks(&world, 10);
    second = fork();
    if (second == 0) {
        execl(world.ledger, "fault-ledger", "1", "--config", world.config, (char *)NULL);
        _exit(127);
    }
    waitpid(second, &status, 0);
    if (kill(first, 0) != 0)
        status = 0;
    world_finish(&first, SIGTERM);
    world_remove(world.dir);
    return verdict("a second process on one state is refused",
                   !(WIFEXITED(status) && WEXITSTATUS(status) == 75));
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(name, "kills") == 0)
        return kills();
    if (strcmp(name, "timers") == 0)
        return timers();
    if (strcmp(name, "poison_outside") == 0)
        return poison(1);
    if (strcmp(name, "poison_upstream") == 0)
        return poison(2);
    if (strcmp(name, "killed_at_input") == 0)
        return killed_at_input();
    if (strcmp(name, "poison_apply") == 0)
        return poison_apply();
    if (strcmp(name, "poison_timer") == 0)
        return poison_timer();
    if (strcmp(name, "stopped_reader") == 0)
        return stopped_reader();
    if (strcmp(name, "disk_full") == 0)
        return disk_full();
    if (strcmp(name, "standby") == 0)
        return standby();
    if (strcmp(name, "second_owner") == 0)
        return second_owner();
    fprintf(stderr, "usage: FR_BUILD_DIR=... fault-stories "
                    "kills|timers|poison_outside|poison_upstream|poison_timer|"
                    "killed_at_input|poison_apply|stopped_reader|disk_full|standby|second_owner\n");
    return 64;
}
