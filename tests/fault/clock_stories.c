/* clock_stories.c - `fault-clock NAME [--sabotage LAW]`: the wall clock of a running ledger is set
 * (libfaketime), and what its timers do then.
 *
 * ledger1 has bells for the next milliseconds and some for in an hour (ledger.c).  A wall clock
 * that jumps must ring none of the latter, until somebody confirms it; and none twice.  With
 * --sabotage the ledger breaks that law, and the story succeeds only if it noticed.
 */
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/time.h"
#include "tests/fault/talk.h"
#include "tests/fault/world.h"

#define SKIPPED 77
#define BELLS 210
#define DAY 86400
#define PATIENCE_US (c->world.sabotage == NULL ? 30000000 : 3000000)

struct clock_world {
    struct world world;
    char clock_file[300], run[300];
    pid_t pids[2];
    unsigned breaches;
};

/* ---- setting the clock ---- */

static bool
find_faketime(void)
{
    glob_t found;
    bool good = glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, NULL, &found) == 0;

    if (good)
        setenv("FR_FAKETIME", found.gl_pathv[0], 1);
    globfree(&found);
    return good;
}

static void
set_clock(struct clock_world *c, int seconds)
{
    char fresh[320];
    FILE *out;

    snprintf(fresh, sizeof(fresh), "%s.new", c->clock_file);
    out = fopen(fresh, "w");
    fr_assert(out != NULL);
    fprintf(out, "%+d\n", seconds);
    fclose(out);
    fr_assert(rename(fresh, c->clock_file) == 0);
}

static void
start(struct clock_world *c)
{
    c->pids[0] = world_start(&c->world, 1, NULL);
}

/* libfaketime leaves its shared memory behind when its process is killed. */
static void
end(struct clock_world *c, int with_signal)
{
    char name[64];
    pid_t pid = c->pids[0];

    world_finish(&c->pids[0], with_signal);
    snprintf(name, sizeof(name), "/faketime_shm_%d", (int)pid);
    shm_unlink(name);
    snprintf(name, sizeof(name), "/dev/shm/sem.faketime_sem_%d", (int)pid);
    unlink(name);
}

/* ---- looking ---- */

static void
must(struct clock_world *c, bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "BROKEN: %s\n", what);
    c->breaches++;
}

/* Bells that were due at once and those in an hour: how many rang? */
struct rung {
    int soon, late, twice;
    uint64_t early, back;
};

static bool
is_late(int id)
{
    return id % 5 == 0 || id % 7 == 0;
}

static struct rung
look(struct clock_world *c)
{
    struct check_counts counts;
    struct rung rung = {0};

    if (!check_read(c->world.state, "ledger1", &counts))
        return rung;
    for (int id = 1; id <= BELLS; id++)
        *(is_late(id) ? &rung.late : &rung.soon) += counts.bells[id] > 0;
    for (int id = 1; id < CHECK_BELL_MAX; id++)
        rung.twice += counts.bells[id] > 1;
    rung.early = counts.early;
    rung.back = counts.back;
    return rung;
}

static int
late_bells(void)
{
    int count = 0;

    for (int id = 1; id <= BELLS; id++)
        count += is_late(id);
    return count;
}

static int64_t
status_number(struct clock_world *c, const char *key)
{
    json_t *answer = talk(c->run, "ledger1", "{\"ask\": \"status\"}");
    json_t *value = json_object_get(json_object_get(answer, "answer"), key);
    int64_t number = json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);

    json_decref(answer);
    return number;
}

static bool
wait_for_held(struct clock_world *c, bool held)
{
    struct fr_span begun = fr_time_monotonic();

    while (status_number(c, "clock_held") != held) {
        if (fr_time_monotonic().us - begun.us > PATIENCE_US)
            return false;
        usleep(10000);
    }
    return true;
}

static bool
wait_for_rung(struct clock_world *c, int soon, int late)
{
    struct fr_span begun = fr_time_monotonic();
    struct rung rung = {0};

    while (rung.soon < soon || rung.late < late) {
        if (fr_time_monotonic().us - begun.us > PATIENCE_US)
            return false;
        world_read_acks(&c->world, 10);
        if (check_end(c->world.state, "ledger1") > 0)
            rung = look(c);
    }
    return true;
}

/* The loop has turned many times since. */
static void
let_it_run(struct clock_world *c)
{
    for (int i = 0; i < 20; i++) {
        status_number(c, "seq");
        usleep(20000);
    }
}

/* ---- the stories ---- */

static bool
begin(struct clock_world *c, bool fake_steady, const char *sabotage)
{
    *c = (struct clock_world){.breaches = 0};
    if (!find_faketime()) {
        printf("skipped: libfaketime is not installed\n");
        return false;
    }
    if (!world_init(&c->world, 1, sabotage))
        exit(64);
    c->world.bells = BELLS;
    c->world.retention = "1h";
    c->world.stage_options = ", clock_step_max: 60s, clock_hold: 1h";
    world_fresh(&c->world);
    snprintf(c->clock_file, sizeof(c->clock_file), "%s/clock", c->world.dir);
    snprintf(c->run, sizeof(c->run), "%s/run", c->world.dir);
    c->world.clock_file = c->clock_file;
    c->world.fake_steady = fake_steady;
    set_clock(c, 0);
    start(c);
    must(c, wait_for_rung(c, BELLS - late_bells(), 0), "the bells for now ring");
    return true;
}

static int
finish(struct clock_world *c, const char *story)
{
    struct rung rung = look(c);

    must(c, rung.twice == 0, "no bell rings twice");
    must(c, rung.back == 0, "bus time never goes back");
    must(c, rung.early == 0, "no timer fires before its time");
    end(c, SIGTERM);
    must(c, world_same_dump(&c->world, 1), "the tables are what the journal says");
    world_remove(c->world.dir);
    printf("%s: %s\n", story, c->breaches == 0 ? "holds" : "BROKEN");
    return (c->breaches == 0) == (c->world.sabotage == NULL) ? 0 : 1;
}

static int
forward(bool fake_steady, const char *sabotage)
{
    struct clock_world c;

    if (!begin(&c, fake_steady, sabotage))
        return SKIPPED;
    set_clock(&c, DAY);
    must(&c, wait_for_held(&c, true), "a jump by a day is held as suspect, and said so");
    must(&c, status_number(&c, "clock_step_us") > (DAY - 60) * INT64_C(1000000), "and how far");
    let_it_run(&c);
    must(&c, look(&c).late == 0, "no bell rings by a clock that nobody confirmed");
    end(&c, SIGKILL);
    start(&c);
    must(&c, wait_for_held(&c, true), "a restart does not believe it either");
    let_it_run(&c);
    must(&c, look(&c).late == 0, "no bell rings by a restart");
    if (!fake_steady) { /* one that goes back is no steady clock for anybody, libzmq included */
        set_clock(&c, 0);
        must(&c, wait_for_held(&c, false), "a clock set right again is followed");
        let_it_run(&c);
        must(&c, look(&c).late == 0, "no bell rings by that");
        set_clock(&c, DAY);
        must(&c, wait_for_held(&c, true), "a second jump is held too");
    }
    json_decref(talk(c.run, "ledger1", "{\"ask\": \"clock.confirm\"}"));
    must(&c, wait_for_held(&c, false), "an operator's word ends it");
    must(&c, wait_for_rung(&c, 0, late_bells()), "then what is due rings");
    return finish(&c, fake_steady ? "a jump of both clocks" : "a jump forward");
}

static int
back(const char *sabotage)
{
    struct clock_world c;

    if (!begin(&c, false, sabotage))
        return SKIPPED;
    set_clock(&c, -DAY);
    let_it_run(&c);
    must(&c, status_number(&c, "clock_step_us") < -(DAY - 60) * INT64_C(1000000),
         "a jump back by a day is said");
    must(&c, status_number(&c, "clock_held") == 0, "a jump back holds nothing");
    end(&c, SIGKILL);
    c.world.numbers = 6; /* 2 and 3 move and disarm; 4 to 6 arm a bell each */
    start(&c);
    must(&c, wait_for_rung(&c, BELLS - late_bells(), BELLS / 5 - BELLS / 35),
         "timers go on after a jump back and a restart");
    must(&c, world_all_acknowledged(&c.world), "and so does everything else");
    return finish(&c, "a jump back");
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const char *law = argc > 3 && strcmp(argv[2], "--sabotage") == 0 ? argv[3] : NULL;

    if (strcmp(name, "forward") == 0)
        return forward(false, law);
    if (strcmp(name, "both_forward") == 0)
        return forward(true, law);
    if (strcmp(name, "back") == 0)
        return back(law);
    fprintf(stderr, "usage: FR_BUILD_DIR=... fault-clock forward|both_forward|back "
                    "[--sabotage LAW]\n");
    return 64;
}
