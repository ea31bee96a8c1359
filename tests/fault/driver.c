/* driver.c - one fault at every I/O operation of a ledger: `fault-driver WAY STAGE [--bells N]
 * [--sabotage LAW]`.
 *
 * A run without fault counts the operations.  Then, for each of them: a fresh state, the fault
 * there, the service ends (or goes on, where the way allows), is started again without fault, and
 * when everything has settled the journals must hold what was acknowledged exactly once, and the
 * tables be what the journal says.  With --bells ledger1 has N timers armed meanwhile, each of
 * which must ring once, early never, moved or not, and none that was disarmed.  With --sabotage the
 * service breaks that law, and the driver succeeds only if it noticed a breach.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/time.h"
#include "tests/fault/world.h"

/* ---- one case ---- */

/* It has done all that it was to do; with bells that takes until the last has rung. */
static bool
seen_it_all(struct world *world, struct fr_span start_time)
{
    if (!world_all_acknowledged(world) || fr_time_monotonic().us - start_time.us <= 150 * 1000)
        return false;
    return world->bells == 0 || world_settled(world);
}

static void
suffer(struct world *world, const struct fault *fault, pid_t *pids)
{
    struct fr_span start_time = fr_time_monotonic();
    int other = 3 - world->stage;

    pids[other - 1] = world_start(world, other, NULL);
    pids[world->stage - 1] = world_start(world, world->stage, fault);
    /* Until it ends by the fault, or has gone on for long enough to show that it can. */
    while (!world_ended(&pids[world->stage - 1]) &&
           fr_time_monotonic().us - start_time.us < 600 * 1000) {
        world_read_acks(world, 5);
        if (seen_it_all(world, start_time))
            break;
    }
    world_finish(&pids[world->stage - 1], SIGKILL);
    while (world_read_acks(world, 0) && world->stage == 1) {
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

    world_fresh(world);
    suffer(world, fault, pids);
    in_time = world_run_to_the_end(world, pids);
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    breaches = world_breaches(world, in_time);
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

    world_fresh(world);
    snprintf(path, sizeof(path), "%s/calls", world->dir);
    pids[2 - world->stage] = world_start(world, 3 - world->stage, NULL);
    pids[world->stage - 1] = world_start(world, world->stage, &fault);
    world_run_to_the_end(world, pids);
    world_finish(&pids[0], SIGTERM);
    world_finish(&pids[1], SIGTERM);
    in = fopen(path, "r");
    if (in == NULL || fscanf(in, "%ld", &calls) != 1)
        calls = 0;
    if (in != NULL)
        fclose(in);
    return calls;
}

static const char *
option(int argc, char **argv, const char *name)
{
    for (int i = 3; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

int
main(int argc, char **argv)
{
    struct world world;
    const char *bells = option(argc, argv, "--bells");
    long calls, step, cases = 0, broken = 0;

    if (argc < 3 ||
        !world_init(&world, bells != NULL ? 12 : 60, option(argc, argv, "--sabotage"))) {
        fprintf(stderr,
                "usage: FR_BUILD_DIR=... fault-driver WAY 1|2 [--bells N] [--sabotage LAW]\n");
        return 64;
    }
    world.stage = atoi(argv[2]);
    if (bells != NULL) {
        world.bells = atoi(bells);
        world.batch_max = 100;
    }
    calls = count_calls(&world);
    if (calls < 30) {
        fprintf(stderr, "only %ld I/O calls were seen: is the library loaded?\n", calls);
        return 1;
    }
    /* A control looks at fewer places and stops at the first breach. */
    step = world.sabotage != NULL ? 3 : 1;
    for (long at = 1; at <= calls; at += step) {
        struct fault fault = {.how = argv[1], .at = at};

        cases++;
        broken += one_case(&world, &fault) > 0;
        if (world.sabotage != NULL && broken > 0)
            break;
    }
    world_remove(world.dir);
    printf("%s at each of %ld I/O calls of stage %d, %d bells%s%s: %ld cases, %ld broken\n",
           argv[1], calls, world.stage, world.bells, world.sabotage != NULL ? ", sabotaged: " : "",
           world.sabotage != NULL ? world.sabotage : "", cases, broken);
    if (world.sabotage != NULL)
        return broken > 0 ? 0 : 1;
    return broken == 0 ? 0 : 1;
}
