/* timer_stage.c - a service that does nothing but arm, cancel and fire; told by the board what to
 * do. */
#include "tests/bench/timers.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/stage/stage.h"

#define TOLD (FR_TIMER_KIND + 1)  /* firing emits an event */
#define QUIET (FR_TIMER_KIND + 2) /* firing is all */
#define BLOCK 1000                /* timers armed by one input of the filling */
#define DAY_US INT64_C(86400000000)

enum { ARM, ARM_BLOCK, CANCEL, FIRED };

struct op { /* body of every input and event */
    uint32_t what, kind;
    uint64_t index, count, scattered;
    int64_t due_us, sent_us;
};

struct timers_config {
    const char *board;
};

/* clang-format off */
static const struct fr_config_key keys[] = {
    { "board", FR_CONFIG_STRING, offsetof(struct timers_config, board), .doc = "The file shared with the bench." },
    { NULL },
};
static const struct fr_table tables[] = { FR_TABLE_END };
/* clang-format on */

static struct timers_board *board;

struct timers_board *
timers_board_map(const char *path, bool create)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
    struct timers_board *mapped;

    if (fd < 0 || ftruncate(fd, sizeof(*mapped)) != 0) {
        perror(path);
        exit(1);
    }
    mapped = mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    fr_assert(mapped != MAP_FAILED);
    close(fd);
    return mapped;
}

/* splitmix64's finalizer: one to one, and without any order. */
static uint64_t
mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t
id_of(uint64_t index, bool scattered)
{
    return scattered ? mix(index + 1) : index + 1;
}

/* ---- decide and apply ---- */

static void
note_first_fire(void)
{
    int64_t none = 0;

    atomic_compare_exchange_strong(&board->first_fire_us, &none, fr_time_monotonic().us);
}

static enum fr_error
decide_op(struct fr_turn *turn, const struct fr_record *input)
{
    return fr_emit_bytes(turn, input, FR_BENCH_MESSAGE, input->body, NULL);
}

static enum fr_error
decide_told(struct fr_turn *turn, const struct fr_record *input)
{
    struct op op = {.what = FIRED, .index = input->head->key, .due_us = input->head->time_us};

    return fr_emit_bytes(turn, input, FR_BENCH_MESSAGE, fr_slice(&op, sizeof(op)), NULL);
}

static enum fr_error
decide_quiet(struct fr_turn *turn, const struct fr_record *input)
{
    uint64_t fired = atomic_fetch_add_explicit(&board->fired, 1, memory_order_relaxed) + 1;

    (void)input;
    if (turn->now.unix_us < input->head->time_us)
        atomic_fetch_add(&board->early, 1);
    if (fired == board->storm) /* the sync of its frame is still to come: some milliseconds */
        atomic_store(&board->storm_end_us, fr_time_wall().unix_us);
    return FR_OK;
}

static enum fr_error
apply_op(struct fr_tables *handle, const struct fr_record *event)
{
    enum fr_error err = FR_OK;
    struct op op;

    memcpy(&op, event->body.data, sizeof(op));
    if (op.what == ARM)
        return fr_timer_arm(handle, op.kind, op.index, (struct fr_time){op.due_us});
    if (op.what == CANCEL)
        return fr_timer_disarm(handle, op.kind, op.index);
    if (op.what == FIRED)
        return FR_OK;
    for (uint64_t i = op.index; err == FR_OK && i < op.index + op.count; i++)
        err = fr_timer_arm(
            handle, op.kind, id_of(i, op.scattered != 0),
            (struct fr_time){op.due_us + DAY_US + (int64_t)(mix(~i) % (uint64_t)(29 * DAY_US))});
    return err;
}

/* ---- the thread that asks for it ---- */

struct driver {
    struct fr_process *process;
    pthread_t thread;
    uint64_t index; /* of the next timer */
    uint64_t state;
};

static uint64_t
dice(struct driver *driver)
{
    return mix(driver->state++);
}

static void
submit(struct driver *driver, struct op op)
{
    struct fr_submission submission = {.kind = FR_BENCH_MESSAGE, .body = fr_slice(&op, sizeof(op))};

    while (fr_submit(driver->process, &submission) == FR_BUSY)
        usleep(200);
}

static void
arm_at(struct driver *driver, uint32_t kind, int64_t due_us)
{
    submit(driver, (struct op){.what = ARM,
                               .kind = kind,
                               .index = id_of(driver->index++, board->scattered),
                               .due_us = due_us,
                               .sent_us = fr_time_monotonic().us});
}

static void
wait_until_durable(const _Atomic uint64_t *counter, uint64_t count)
{
    while (atomic_load(counter) < count)
        usleep(2000);
}

static void
fill(struct driver *driver)
{
    int64_t now_us = fr_time_wall().unix_us;
    uint64_t before = atomic_load(&board->armed);

    for (uint64_t i = 0; i < board->timers; i += BLOCK)
        submit(driver, (struct op){.what = ARM_BLOCK,
                                   .kind = TOLD,
                                   .index = i,
                                   .count = board->timers - i < BLOCK ? board->timers - i : BLOCK,
                                   .scattered = board->scattered,
                                   .due_us = now_us});
    wait_until_durable(&board->armed, before + board->timers);
    driver->index = board->timers;
}

/* Two arms, one cancel of a timer that stands since the filling, and what fires: four operations.
 */
static void
mixed(struct driver *driver)
{
    static uint64_t cancelled; /* over all phases: each is cancelled once */
    int64_t until_us = fr_time_monotonic().us + (int64_t)(board->seconds * 1e6);
    uint64_t step = UINT64_C(7654321) % board->timers | 1;

    while (fr_time_monotonic().us < until_us) {
        uint64_t standing = cancelled++ * step % board->timers;
        int64_t now_us = fr_time_wall().unix_us;

        arm_at(driver, TOLD, now_us + DAY_US + (int64_t)(dice(driver) % (uint64_t)(29 * DAY_US)));
        submit(
            driver,
            (struct op){.what = CANCEL, .kind = TOLD, .index = id_of(standing, board->scattered)});
        arm_at(driver, TOLD, now_us + 200000 + (int64_t)(dice(driver) % 1600000));
    }
}

static void
paced(struct driver *driver, double rate, double seconds)
{
    int64_t start_us = fr_time_wall().unix_us;

    for (uint64_t i = 0; i < (uint64_t)(rate * seconds); i++) {
        int64_t at_us = start_us + (int64_t)((double)i * 1e6 / rate), early_us;

        while ((early_us = at_us - fr_time_wall().unix_us) > 0)
            usleep((useconds_t)early_us);
        arm_at(driver, TOLD, at_us + 100000 + (int64_t)(dice(driver) % 900000));
    }
}

static void
storm(struct driver *driver)
{
    uint64_t goal = board->storm + atomic_load(&board->armed);
    int64_t due_us = fr_time_wall().unix_us + 2000000 + (int64_t)board->storm * 12;
    uint32_t kind = board->told ? TOLD : QUIET;

    atomic_store(&board->storm_due_us, due_us);
    atomic_store(&board->storm_end_us, 0);
    atomic_store(&board->fired, 0);
    for (uint64_t i = 0; i < board->storm; i++)
        arm_at(driver, kind, due_us);
    wait_until_durable(&board->armed, goal);
    if (fr_time_wall().unix_us > due_us)
        fprintf(stderr, "the storm came before it was armed: this machine is too slow for it\n");
    while (fr_time_wall().unix_us < due_us - 100000)
        usleep(1000);
    memset(&board->arm, 0, sizeof(board->arm));
    /* New ones go on being armed, and must not wait for its end. */
    while (atomic_load(&board->storm_end_us) == 0) {
        arm_at(driver, TOLD, due_us + DAY_US);
        usleep(1000);
    }
}

static void
ahead(struct driver *driver)
{
    int64_t now_us = fr_time_wall().unix_us;
    uint64_t goal = atomic_load(&board->armed) + 1000;

    for (int64_t i = 0; i < 1000; i++)
        arm_at(driver, TOLD, now_us + 1000000 + i);
    wait_until_durable(&board->armed, goal);
}

static void *
drive(void *argument)
{
    struct driver *driver = argument;

    for (;;) {
        int phase = atomic_load(&board->phase);

        if (phase == atomic_load(&board->done)) {
            usleep(1000);
            continue;
        }
        if (phase == TIMERS_FILL)
            fill(driver);
        else if (phase == TIMERS_MIXED)
            mixed(driver);
        else if (phase == TIMERS_PACED)
            paced(driver, board->rate, board->seconds);
        else if (phase == TIMERS_STORM)
            storm(driver);
        else if (phase == TIMERS_AHEAD)
            ahead(driver);
        atomic_store(&board->done, phase);
    }
    return NULL;
}

/* ---- after the sync ---- */

static void
note_fired(const struct op *op)
{
    int64_t now_us = fr_time_wall().unix_us, late_us = now_us - op->due_us;

    note_first_fire();
    if (late_us < 0)
        atomic_fetch_add(&board->early, 1);
    bench_histogram_add(&board->late, late_us < 0 ? 0 : (uint64_t)late_us);
    if (op->due_us == board->storm_due_us && atomic_fetch_add(&board->fired, 1) + 1 == board->storm)
        atomic_store(&board->storm_end_us, now_us);
    else if (op->due_us != board->storm_due_us)
        atomic_fetch_add(&board->fired, 1);
}

static void
published(void *state, const struct fr_record *event)
{
    struct op op;

    (void)state;
    memcpy(&op, event->body.data, sizeof(op));
    if (op.what == FIRED)
        note_fired(&op);
    else if (op.what == CANCEL)
        atomic_fetch_add(&board->cancelled, 1);
    else
        atomic_fetch_add(&board->armed, op.what == ARM ? 1 : op.count);
    if (op.what == ARM)
        bench_histogram_add(&board->arm, (uint64_t)(fr_time_monotonic().us - op.sent_us));
}

static enum fr_error
start(struct fr_process *process, const void *config, void **state)
{
    struct driver *driver = calloc(1, sizeof(*driver));

    fr_assert(driver != NULL);
    board = timers_board_map(((const struct timers_config *)config)->board, false);
    driver->process = process;
    driver->state = (uint64_t)fr_time_wall().unix_us;
    driver->index = board->timers + (driver->state << 20); /* ids that no process had before */
    *state = driver;
    return pthread_create(&driver->thread, NULL, drive, driver) == 0 ? FR_OK : FR_NO_MEMORY;
}

static void
stop(void *state)
{
    struct driver *driver = state;

    pthread_cancel(driver->thread);
    pthread_join(driver->thread, NULL);
}

int
bench_timer_stage(int argc, char **argv)
{
    static const struct fr_edge edge = {.start = start, .stop = stop, .published = published};
    static const struct fr_input inputs[] = {{FR_BENCH_MESSAGE, FR_LOCAL, decide_op},
                                             {TOLD, FR_TIMER, decide_told},
                                             {QUIET, FR_TIMER, decide_quiet},
                                             {FR_KIND_END, NULL, NULL}};
    static const struct fr_event events[] = {{FR_BENCH_MESSAGE, apply_op}, {FR_KIND_END, NULL}};
    static const struct fr_stage stage = {.name = "timers",
                                          .config = keys,
                                          .config_size = sizeof(struct timers_config),
                                          .tables = tables,
                                          .inputs = inputs,
                                          .events = events,
                                          .edge = &edge};

    return fr_stage_main(argc, argv, &stage);
}
