/* timers_model_test.c - timers of a real engine, journal and tables against a naive list, over
 * crashes.
 *
 * Random arming, moving, disarming and firing; decides that fail after they have armed; frames
 * synced and tables checkpointed at random; the process "killed" at random, also in the middle of a
 * storm. What fires is compared timer by timer, and after a crash the list goes back to the last
 * sync.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/stage/engine.h"

#define IDS 600
#define KINDS 3
#define ALL (IDS * KINDS)

enum { ARM, DISARM, STORM, FAIL, FIRED };

struct op { /* the body of inputs and events */
    uint32_t what, kind;
    uint64_t id;
    int64_t due_us;
};

struct list { /* the naive one: due of each timer, 0 when it is not armed */
    int64_t due_us[KINDS][IDS];
};

static struct {
    char dir[64];
    struct fr_journal *journal;
    struct fr_store *store;
    struct fr_engine *engine;
    int64_t now_us;
    uint64_t seed;
    struct list list, synced;
    struct op fired; /* the last one */
    unsigned crashes, crashes_in_storm, fires;
} w;

static uint64_t
dice(uint64_t below)
{
    w.seed ^= w.seed << 13;
    w.seed ^= w.seed >> 7;
    w.seed ^= w.seed << 17;
    return w.seed % below;
}

/* ---- the service ---- */

static enum fr_error
decide(struct fr_turn *turn, const struct fr_record *input)
{
    struct op op;
    enum fr_error err = fr_emit_bytes(turn, input, FR_BENCH_MESSAGE, input->body, NULL);

    memcpy(&op, input->body.data, sizeof(op));
    return err == FR_OK && op.what == FAIL ? FR_NO_MEMORY : err;
}

static enum fr_error
decide_fired(struct fr_turn *turn, const struct fr_record *input)
{
    w.fired = (struct op){FIRED, input->head->kind, input->head->key, input->head->time_us};
    return fr_emit_bytes(turn, input, FR_BENCH_MESSAGE, fr_slice(&w.fired, sizeof(w.fired)), NULL);
}

/* A storm and a failure arm and disarm many, from what the event says alone. */
static enum fr_error
apply(struct fr_tables *tables, const struct fr_record *event)
{
    enum fr_error err = FR_OK;
    struct op op;

    memcpy(&op, event->body.data, sizeof(op));
    if (op.what == ARM)
        return fr_timer_arm(tables, op.kind, op.id, (struct fr_time){op.due_us});
    if (op.what == DISARM)
        return fr_timer_disarm(tables, op.kind, op.id);
    if (op.what == FIRED)
        return FR_OK;
    for (uint64_t id = 0; err == FR_OK && id < IDS; id++)
        err = op.what == FAIL && id % 3 == 0
                  ? fr_timer_disarm(tables, op.kind, id)
                  : fr_timer_arm(tables, op.kind, id, (struct fr_time){op.due_us});
    return err;
}

static const struct fr_table no_tables[] = {FR_TABLE_END};
static const struct fr_input inputs[] = {{FR_BENCH_MESSAGE, FR_LOCAL, decide},
                                         {FR_TIMER_KIND + 0, FR_TIMER, decide_fired},
                                         {FR_TIMER_KIND + 1, FR_TIMER, decide_fired},
                                         {FR_TIMER_KIND + 2, FR_TIMER, decide_fired},
                                         {FR_KIND_END, NULL, NULL}};
static const struct fr_event events[] = {{FR_BENCH_MESSAGE, apply}, {FR_KIND_END, NULL}};
static const struct fr_stage stage = {
    .name = "bells", .tables = no_tables, .inputs = inputs, .events = events};

/* ---- opening as a process does, and crashing ---- */

static void
replay(struct fr_store_position position)
{
    struct fr_cursor from = {
        .incarnation = position.incarnation, .seq = position.seq, .hash = position.hash};
    struct fr_reader *reader;
    struct fr_batch batch;

    if (from.incarnation == 0)
        from.incarnation = fr_journal_incarnation(w.journal);
    strcpy(from.journal, stage.name);
    assert_int_equal(fr_reader_new(w.journal, &from, &reader), FR_OK);
    while (fr_reader_next(reader, 1 << 20, NULL, 0, &batch) == FR_OK) {
        struct fr_slice rest = batch.bytes;
        const struct fr_record_head *head;

        while ((head = fr_records_next(&rest)) != NULL)
            assert_int_equal(fr_engine_apply(w.engine, head), FR_OK);
        fr_hold_release(batch.hold);
    }
    fr_reader_free(&reader);
}

static void
open_all(void)
{
    char journal_dir[100], tables_dir[100], complaint[256] = "";
    struct fr_journal_options journal_options = {.dir = journal_dir,
                                                 .name = stage.name,
                                                 .segment_size = 4 << 20,
                                                 .size_max = 1 << 30,
                                                 .retention = fr_seconds(3600)};
    struct fr_store_options store_options = {.dir = tables_dir,
                                             .tables = no_tables,
                                             .more_tables = fr_own_tables,
                                             .map_size_first = 1 << 20,
                                             .map_size_max = 1 << 28,
                                             .dirty_size_max = 1 << 28};
    struct fr_store_position position;

    snprintf(journal_dir, sizeof(journal_dir), "%s/journal", w.dir);
    snprintf(tables_dir, sizeof(tables_dir), "%s/tables", w.dir);
    assert_int_equal(fr_journal_open(&journal_options, &w.journal, complaint, sizeof(complaint)),
                     FR_OK);
    assert_int_equal(fr_store_open(&store_options, &w.store, &position), FR_OK);
    w.engine = calloc(1, sizeof(*w.engine));
    assert_int_equal(fr_engine_init(w.engine, &stage, w.journal, w.store, NULL), FR_OK);
    replay(position);
}

static void
close_all(void)
{
    fr_engine_fini(w.engine);
    free(w.engine);
    fr_store_free(&w.store);
    fr_journal_free(&w.journal);
}

static size_t
count_of(const struct list *list)
{
    size_t count = 0;

    for (size_t i = 0; i < ALL; i++)
        count += list->due_us[i / IDS][i % IDS] != 0;
    return count;
}

static void
sync_all(void)
{
    struct fr_store_position position;
    struct fr_cursor end;

    if (fr_journal_pending(w.journal) > 0)
        assert_int_equal(fr_journal_sync(w.journal), FR_OK);
    w.synced = w.list;
    if (dice(4) > 0)
        return;
    end = fr_journal_end(w.journal);
    position = (struct fr_store_position){fr_journal_incarnation(w.journal), end.seq, end.hash};
    assert_int_equal(fr_store_checkpoint(w.store, position), FR_OK);
}

static void
crash(bool in_storm)
{
    close_all();
    w.list = w.synced;
    w.crashes++;
    w.crashes_in_storm += in_storm;
    open_all();
    assert_int_equal(w.engine->timers.count, count_of(&w.list));
}

/* ---- what happens ---- */

static void
say(struct op op)
{
    struct {
        struct fr_record_head head;
        struct op op;
    } record = {.head = {.size = sizeof(record), .kind = FR_BENCH_MESSAGE, .body_size = sizeof(op)},
                .op = op};
    enum fr_error err;

    w.engine->turn.now.unix_us = w.now_us;
    err = fr_engine_input(w.engine, fr_engine_role(w.engine, FR_LOCAL), &record.head, FR_LOCAL);
    assert_int_equal(err, op.what == FAIL ? FR_NO_MEMORY : FR_OK);
    if (op.what == ARM || op.what == DISARM)
        w.list.due_us[op.kind - FR_TIMER_KIND][op.id] = op.what == ARM ? op.due_us : 0;
    for (size_t id = 0; op.what == STORM && id < IDS; id++)
        w.list.due_us[op.kind - FR_TIMER_KIND][id] = op.due_us;
}

/* The first of the list: the least due, then kind, then id; false: none is due. */
static bool
naive_first(size_t *kind, size_t *id)
{
    int64_t least_us = w.now_us + 1;

    for (size_t i = 0; i < ALL; i++) {
        int64_t due_us = w.list.due_us[i / IDS][i % IDS];

        if (due_us == 0 || due_us >= least_us)
            continue;
        least_us = due_us;
        *kind = i / IDS;
        *id = i % IDS;
    }
    return least_us <= w.now_us;
}

/* At most `most`: what is left is a storm half over.  True when something is. */
static bool
fire(uint64_t most)
{
    size_t kind = 0, id = 0;

    w.engine->turn.now.unix_us = w.now_us;
    for (; naive_first(&kind, &id); most--) {
        if (most == 0)
            return true;
        assert_int_equal(fr_engine_timer(w.engine), FR_OK);
        assert_int_equal(w.fired.kind, FR_TIMER_KIND + kind);
        assert_int_equal(w.fired.id, id);
        assert_int_equal(w.fired.due_us, w.list.due_us[kind][id]);
        w.list.due_us[kind][id] = 0;
        w.fires++;
    }
    assert_int_equal(fr_engine_timer(w.engine), FR_NOT_FOUND);
    return false;
}

static void
step(void)
{
    struct op op = {.kind = FR_TIMER_KIND + (uint32_t)dice(KINDS),
                    .id = dice(IDS),
                    .due_us = w.now_us + (int64_t)(dice(3) == 0 ? dice(5) : dice(50000))};
    uint64_t what = dice(1000);
    bool storm;

    op.what = what < 600 ? ARM : what < 880 ? DISARM : what < 884 ? STORM : FAIL;
    if (op.what == FAIL && what >= 890)
        op.what = ARM;
    say(op);
    w.now_us += (int64_t)dice(60);
    storm = fire(dice(20) == 0 ? 1000 : dice(30));
    if (dice(12) == 0)
        sync_all();
    if (dice(storm ? 60 : 250) == 0)
        crash(storm);
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void
timers_fire_as_a_naive_list_says_over_crashes(void **state)
{
    (void)state;
    w.seed = 20271121;
    w.now_us = INT64_C(1800000000000000);
    print_message("seed %llu\n", (unsigned long long)w.seed);
    strcpy(w.dir, "/tmp/fr-timers-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    open_all();
    for (int i = 0; i < 60000; i++)
        step();
    w.now_us += 100000;
    assert_false(fire(UINT64_MAX));
    assert_int_equal(w.engine->timers.count, 0);
    close_all();
    nftw(w.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    print_message("%u fires, %u crashes, %u of them in a storm\n", w.fires, w.crashes,
                  w.crashes_in_storm);
    assert_true(w.crashes_in_storm > 20 && w.fires > 50000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_as_a_naive_list_says_over_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
