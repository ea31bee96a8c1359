/* kill_test.c - kill -9 of either side, again and again: nothing is lost and nothing comes twice.
 */
#include "common/wire/trial_test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define KILLS 30
#define FRAME_RECORDS 20
#define WRITTEN_MAX 200000u

static char *folder, endpoint[300], source_dir[300], sink_dir[300];

/* ---- upstream: writes and serves --------------------------------------------------------------
 */

static void
run_source(uint64_t end_seq)
{
    struct trial_side side = {.journal = trial_journal(source_dir, "source")};

    trial_open(&side, (struct fr_wire_options){.name = "source", .listen = {endpoint}});
    for (;;) {
        if (fr_journal_end(side.journal).seq < end_seq)
            trial_publish(&side, FRAME_RECORDS, 300, "");
        fr_wire_poll(side.wire, fr_millis(1), 100, NULL, 0);
    }
}

/* ---- downstream: a stage in short.  Input, event and cursor go into one frame -------------------
 */

struct sink {
    struct fr_journal *journal;
    struct fr_wire *wire;
};

static void
sink_cursor(void *context, uint32_t reading, struct fr_cursor *cursor)
{
    (void)reading;
    if (fr_journal_get_cursor(((struct sink *)context)->journal, "source", cursor) != FR_OK)
        snprintf(cursor->journal, sizeof(cursor->journal), "source");
}

static void
sink_batch(void *context, struct fr_wire_batch *batch)
{
    struct sink *sink = context;
    struct fr_slice rest = batch->bytes;
    const struct fr_record_head *record;
    struct fr_cursor cursor = {.journal = "source",
                               .incarnation = batch->incarnation,
                               .seq = batch->last_seq,
                               .hash = batch->last_hash};

    while ((record = fr_records_next(&rest)) != NULL) {
        struct fr_record_head *event = fr_journal_reserve(sink->journal, 0);

        event->kind = record->kind;
        event->cause = record->id;
        event->key = record->seq;
        fr_journal_seal(sink->journal, event, 0);
    }
    fr_journal_set_cursor(sink->journal, &cursor);
    fr_assert(fr_journal_sync(sink->journal) == FR_OK);
    fr_wire_durable(sink->wire, batch->reading, batch->last_seq);
    fr_wire_consumed(sink->wire, batch);
}

/* Runs until it has end_seq records. */
static void
run_sink(uint64_t end_seq)
{
    struct sink sink = {.journal = trial_journal(sink_dir, "sink")};
    struct fr_wire_options options = {
        .name = "sink",
        .credit = 64 << 10,
        .calls = {.context = &sink, .batch = sink_batch, .cursor = sink_cursor}};
    char complaint[200];

    fr_assert(fr_wire_new(&options, &sink.wire, complaint, sizeof(complaint)) == FR_OK);
    fr_assert(fr_wire_dial(sink.wire, "source", endpoint, NULL) == FR_OK);
    fr_wire_read(sink.wire, "source", "source", NULL, 0, FR_WIRE_REGISTERED);
    while (fr_journal_end(sink.journal).seq < end_seq)
        fr_wire_poll(sink.wire, fr_millis(10), 100, NULL, 0);
    fr_wire_free(&sink.wire);
    fr_journal_free(&sink.journal);
}

/* ---- the one who kills ------------------------------------------------------------------------
 */

static pid_t
start(void (*run)(uint64_t), uint64_t end_seq)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(end_seq);
    _exit(0);
}

static void
stop(pid_t pid)
{
    int status;

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status)); /* it had not ended by itself, which would be an error */
}

static uint64_t
end_of(const char *dir, const char *name)
{
    struct fr_journal *journal = trial_journal(dir, name);
    uint64_t seq = fr_journal_end(journal).seq;

    fr_journal_free(&journal);
    return seq;
}

/* The sink's n-th record was caused by the source's n-th, for every n. */
static void
assert_each_once(void)
{
    struct fr_journal *source = trial_journal(source_dir, "source");
    struct fr_journal *sink = trial_journal(sink_dir, "sink");
    uint64_t end = fr_journal_end(sink).seq;
    const struct fr_record_head *record;

    assert_int_equal(end, fr_journal_end(source).seq);
    for (uint64_t seq = 1; seq <= end; seq++) {
        uint64_t id;

        assert_int_equal(fr_journal_get(source, seq, &record), FR_OK);
        id = record->id;
        assert_int_equal(fr_journal_get(sink, seq, &record), FR_OK);
        if (record->key != seq || record->cause != id)
            fail_msg("record %d of the sink comes from %d", (int)seq, (int)record->key);
    }
    print_message("%d records\n", (int)end);
    fr_journal_free(&source);
    fr_journal_free(&sink);
}

static void
killed_at_random_nothing_is_lost_and_nothing_comes_twice(void **state)
{
    uint64_t seed = (uint64_t)time(NULL), end_seq;
    pid_t source, sink;
    int status;

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    source = start(run_source, WRITTEN_MAX);
    sink = start(run_sink, UINT64_MAX);
    for (int i = 0; i < KILLS; i++) {
        usleep((useconds_t)(20000 + trial_dice(&seed) % 100000));
        if (trial_dice(&seed) % 2 == 0) {
            stop(source);
            source = start(run_source, WRITTEN_MAX);
        } else {
            stop(sink);
            sink = start(run_sink, UINT64_MAX);
        }
    }
    stop(source);
    stop(sink);
    end_seq = end_of(source_dir, "source");
    source = start(run_source, end_seq); /* writes nothing more */
    sink = start(run_sink, end_seq);
    assert_int_equal(waitpid(sink, &status, 0), sink);
    assert_int_equal(status, 0);
    stop(source);
    assert_true(end_seq > KILLS * FRAME_RECORDS);
    assert_each_once();
}

static int
prepare(void **state)
{
    (void)state;
    fr_log_init("kill_test", FR_ERROR, FR_LOG_TEXT);
    folder = trial_folder();
    snprintf(endpoint, sizeof(endpoint), "ipc://%s/source.sock", folder);
    snprintf(source_dir, sizeof(source_dir), "%s/source", folder);
    snprintf(sink_dir, sizeof(sink_dir), "%s/sink", folder);
    return 0;
}

static int
tidy(void **state)
{
    (void)state;
    trial_folder_remove(folder);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_random_nothing_is_lost_and_nothing_comes_twice),
    };

    return cmocka_run_group_tests(tests, prepare, tidy);
}
