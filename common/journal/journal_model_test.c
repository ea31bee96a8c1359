/* journal_model_test.c - the journal beside a naive one (an array), on random input; and under kill
 * -9.
 *
 * FR_SEED=n repeats a run; the seed is printed when a test begins.
 */
#include "common/journal/journal_testing.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define RECORD_MAX 40000
#define READER_MAX 4

struct model {                /* everything that was synced, in arrays */
    size_t sizes[RECORD_MAX]; /* bodies; a record follows from its seq and size */
    uint64_t hashes[RECORD_MAX];
    uint64_t end, first;
    struct fr_cursor cursors[3];
    size_t pending_sizes[200];
    size_t pending_count;
    bool cursor_pending[3];
    struct fr_cursor pending_cursors[3];
    struct fr_reader *readers[READER_MAX];
    uint64_t reader_seqs[READER_MAX];
    uint64_t trims, reopens, truncated;
};

static uint64_t
seed(void)
{
    const char *given = getenv("FR_SEED");
    uint64_t value = given != NULL ? strtoull(given, NULL, 10)
                                   : (uint64_t)time(NULL) * 1000 + (uint64_t)getpid() % 1000;

    print_message("seed %llu\n", (unsigned long long)value);
    return value;
}

static void
do_put(struct scene *s, struct model *m)
{
    size_t size = roll(s, 20) == 0 ? roll(s, 8000) : roll(s, 300);

    if (m->pending_count == 200 || fr_journal_reserve(s->journal, size) == NULL)
        return;
    put(s->journal, size);
    m->pending_sizes[m->pending_count++] = size;
}

static void
do_undo(struct scene *s, struct model *m)
{
    struct fr_frame_mark mark = fr_journal_mark(s->journal);
    size_t count = m->pending_count;

    for (uint64_t i = roll(s, 4); i > 0; i--)
        do_put(s, m);
    fr_journal_undo(s->journal, mark);
    m->pending_count = count;
}

static void
do_cursor(struct scene *s, struct model *m)
{
    static const char *const names[] = {"identity", "sla", "desk.tana"};
    size_t i = roll(s, 3);

    m->pending_cursors[i] = cursor_of(names[i], roll(s, 1000), roll(s, 1000));
    m->cursor_pending[i] = true;
    fr_journal_set_cursor(s->journal, &m->pending_cursors[i]);
}

static void
forget_pending(struct model *m)
{
    m->pending_count = 0;
    memset(m->cursor_pending, 0, sizeof(m->cursor_pending));
}

static void
do_sync(struct scene *s, struct model *m)
{
    const struct fr_record_head *record;

    assert_int_equal(fr_journal_pending(s->journal), m->pending_count);
    assert_int_equal(fr_journal_sync(s->journal), FR_OK);
    for (size_t i = 0; i < m->pending_count; i++) {
        m->sizes[++m->end] = m->pending_sizes[i];
        assert_int_equal(fr_journal_get(s->journal, m->end, &record), FR_OK);
        m->hashes[m->end] = record->hash;
    }
    for (size_t i = 0; i < 3; i++)
        if (m->cursor_pending[i])
            m->cursors[i] = m->pending_cursors[i];
    forget_pending(m);
}

static void
do_get(struct scene *s, struct model *m)
{
    const struct fr_record_head *record;
    uint64_t seq = roll(s, m->end + 2);
    enum fr_error err = fr_journal_get(s->journal, seq, &record);

    if (seq == 0 || seq > m->end) {
        assert_int_equal(err, FR_NOT_FOUND);
    } else if (seq < m->first) {
        assert_int_equal(err, FR_TRUNCATED);
    } else {
        assert_int_equal(err, FR_OK);
        check_record(record, seq);
        assert_int_equal(record->body_size, m->sizes[seq]);
        assert_int_equal(record->hash, m->hashes[seq]);
    }
}

/* A reader from anywhere: the answer must be what the arrays say. */
static void
do_new_reader(struct scene *s, struct model *m)
{
    size_t i = roll(s, READER_MAX);
    uint64_t seq = roll(s, m->end + 2);
    bool lie = roll(s, 5) == 0;
    struct fr_cursor cursor = cursor_of("test", seq, m->hashes[seq < RECORD_MAX ? seq : 0] ^ lie);
    enum fr_error err, expected = FR_OK;

    fr_reader_free(&m->readers[i]);
    err = fr_reader_new(s->journal, &cursor, &m->readers[i]);
    if (seq > m->end)
        expected = FR_AHEAD;
    else if (seq + 1 < m->first)
        expected = FR_TRUNCATED;
    else if (lie && seq > 0)
        expected = FR_DIVERGED;
    assert_int_equal(err, expected);
    m->truncated += err == FR_TRUNCATED;
    m->reader_seqs[i] = seq;
}

/* The batch holds what matches between where the reader was and where it is now: all of it, no
 * more. */
static void
check_against_arrays(struct model *m, uint64_t seq, const char *route, const struct fr_batch *batch)
{
    struct fr_slice rest = batch->bytes;
    const struct fr_record_head *record;
    uint32_t count = 0;

    assert_true(batch->last_seq > seq && batch->last_seq <= m->end);
    for (seq++; seq <= batch->last_seq; seq++) {
        if (route != NULL && strcmp(route_of(seq), route) != 0)
            continue;
        record = fr_records_next(&rest);
        assert_non_null(record);
        check_record(record, seq);
        assert_int_equal(record->body_size, m->sizes[seq]);
        count++;
    }
    assert_int_equal(rest.size, 0);
    assert_int_equal(batch->count, count);
    assert_int_equal(batch->last_hash, m->hashes[batch->last_seq]);
}

static void
do_read(struct scene *s, struct model *m)
{
    size_t i = roll(s, READER_MAX);
    const char *route = route_of(roll(s, 100));
    bool filter = roll(s, 2);
    struct fr_batch batch;
    enum fr_error err;

    if (m->readers[i] == NULL)
        return;
    err = fr_reader_next(m->readers[i], roll(s, 30000) + 1, &route, filter, &batch);
    if (err == FR_TRUNCATED) {
        assert_true(m->reader_seqs[i] + 1 < m->first);
        m->truncated++;
    } else if (err == FR_END) {
        assert_int_equal(m->reader_seqs[i], m->end);
    } else {
        assert_int_equal(err, FR_OK);
        check_against_arrays(m, m->reader_seqs[i], filter ? route : NULL, &batch);
        m->reader_seqs[i] = batch.last_seq;
        fr_hold_release(batch.hold);
    }
}

static void
do_trim(struct scene *s, struct model *m)
{
    uint64_t before = m->first, last_seq = roll(s, m->end + 1);

    assert_int_equal(fr_journal_trim(s->journal, last_seq,
                                     (struct fr_time){(int64_t)roll(s, m->end * 1000 + 1)}),
                     FR_OK);
    m->first = fr_journal_first_seq(s->journal);
    assert_true(m->first == before || m->first <= last_seq + 1);
    m->trims += m->first != before;
}

static void
do_reopen(struct scene *s, struct model *m)
{
    struct fr_cursor got;

    for (size_t i = 0; i < READER_MAX; i++)
        fr_reader_free(&m->readers[i]);
    scene_reopen(s);
    forget_pending(m);
    m->reopens++;
    assert_int_equal(fr_journal_end(s->journal).seq, m->end);
    assert_int_equal(fr_journal_end(s->journal).hash, m->hashes[m->end]);
    assert_int_equal(fr_journal_first_seq(s->journal), m->first);
    for (size_t i = 0; i < 3; i++)
        if (m->cursors[i].journal[0] != '\0') {
            assert_int_equal(fr_journal_get_cursor(s->journal, m->cursors[i].journal, &got), FR_OK);
            assert_memory_equal(&got, &m->cursors[i], sizeof(got));
        }
}

static void
one_step(struct scene *s, struct model *m, bool in_memory)
{
    uint64_t dice = roll(s, 1000);

    if (dice < 400)
        do_put(s, m);
    else if (dice < 450)
        do_undo(s, m);
    else if (dice < 500)
        do_cursor(s, m);
    else if (dice < 600)
        do_sync(s, m);
    else if (dice < 750)
        do_get(s, m);
    else if (dice < 760)
        do_new_reader(s, m);
    else if (dice < 980)
        do_read(s, m);
    else if (dice < 985)
        do_trim(s, m);
    else if (dice < 990 && !in_memory)
        do_reopen(s, m);
    else if (dice >= 998)
        assert_int_equal(fr_journal_verify(s->journal, NULL, NULL, NULL, 0), FR_OK);
}

static void
it_is_as_good_as_an_array(void **state)
{
    struct scene s;
    struct model *m = calloc(1, sizeof(*m));

    scene_init(&s, IN_MEMORY(state));
    s.random = seed();
    s.options.segment_size = 32 << 10;
    scene_open(&s);
    m->first = 1;
    for (int i = 0; i < 30000 && m->end < RECORD_MAX - 200; i++)
        one_step(&s, m, IN_MEMORY(state));
    for (size_t i = 0; i < READER_MAX; i++)
        fr_reader_free(&m->readers[i]);
    assert_true(m->end > 3000 && m->trims > 3 && m->truncated > 0); /* did it really happen? */
    assert_true(m->reopens > 10 || IN_MEMORY(state));
    free(m);
    scene_fini(&s);
}

/* ---- kill -9 -----------------------------------------------------------------------------------
 */

/* Writes frames as fast as it can and says each end that was synced; never returns. */
static void
write_until_killed(struct scene *s, int to)
{
    struct fr_time late = {INT64_C(1) << 50};
    struct fr_cursor cursor = cursor_of("sla", 0, 0);

    if (scene_try_open(s) != FR_OK)
        _exit(3);
    for (;;) {
        struct fr_cursor end;
        enum fr_error err;

        for (uint64_t i = roll(s, 8); i > 0; i--)
            put(s->journal, roll(s, 1500));
        cursor.seq = fr_journal_end(s->journal).seq; /* so cursor and records can be compared */
        cursor.hash = cursor.seq + fr_journal_pending(s->journal);
        fr_journal_set_cursor(s->journal, &cursor);
        while ((err = fr_journal_sync(s->journal)) == FR_FULL)
            fr_journal_trim(s->journal, UINT64_MAX, late);
        if (err != FR_OK)
            _exit(4);
        end = fr_journal_end(s->journal);
        if (write(to, &end.seq, sizeof(end.seq)) != sizeof(end.seq))
            _exit(5);
        if (roll(s, 20) == 0 && fr_journal_trim(s->journal, end.seq, late) != FR_OK)
            _exit(6);
    }
}

static uint64_t
last_said(int from, uint64_t last)
{
    uint64_t seq;

    while (read(from, &seq, sizeof(seq)) == sizeof(seq))
        last = seq;
    return last;
}

/* Meanwhile somebody looks on, and must never see anything but whole, right records. */
static void
look_on_for(struct scene *s, int64_t us)
{
    struct scene other = *s;
    struct fr_span until = {fr_time_monotonic().us + us};
    struct fr_reader *reader = NULL;
    uint64_t seq = 0;

    other.options.dir = other.dir;
    other.options.read_only = true;
    while (fr_time_monotonic().us < until.us) {
        enum fr_error err = FR_OK;

        if (other.journal == NULL) {
            err = scene_try_open(&other);
            if (err == FR_NOT_FOUND)
                continue;
            if (err != FR_OK)
                fail_msg("%s: %s", fr_error_name(err), other.complaint);
        }
        if (reader == NULL) {
            struct fr_cursor end = fr_journal_end(other.journal);

            err = fr_reader_new(other.journal, &end, &reader);
            seq = end.seq + 1;
        }
        if (err == FR_OK)
            err = drain(reader, 1 << 20, &seq);
        if (err != FR_END && err != FR_TRUNCATED)
            fail_msg("%s behind record %llu", fr_error_name(err), (unsigned long long)seq - 1);
        if (err == FR_TRUNCATED) {
            fr_reader_free(&reader);
            fr_journal_free(&other.journal);
        }
    }
    fr_reader_free(&reader);
    fr_journal_free(&other.journal);
}

static void
what_was_synced_survives_kill_9(void **state)
{
    struct scene s;
    struct fr_cursor cursor;
    uint64_t said = 0;

    (void)state;
    scene_init(&s, false);
    s.random = seed();
    s.options.size_max = 6 * SMALL_SEGMENT;
    for (int round = 0; round < 40; round++) {
        int pipes[2], status;
        pid_t child;

        assert_int_equal(pipe(pipes), 0);
        child = fork();
        if (child == 0)
            write_until_killed(&s, pipes[1]);
        close(pipes[1]);
        look_on_for(&s, 2000 + (int64_t)roll(&s, 30000));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        said = last_said(pipes[0], said);
        close(pipes[0]);

        scene_open(&s);
        assert_true(fr_journal_end(s.journal).seq >= said);
        read_all(s.journal);
        assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);
        if (fr_journal_get_cursor(s.journal, "sla", &cursor) == FR_OK)
            assert_int_equal(cursor.hash, fr_journal_end(s.journal).seq);
        fr_journal_free(&s.journal);
        roll(&s, 2);
    }
    assert_true(said > 1000);
    scene_fini(&s);
}

int
main(void)
{
    static const bool on_disk = false, in_memory = true;
    const struct CMUnitTest tests[] = {
        BOTH(it_is_as_good_as_an_array),
        cmocka_unit_test(what_was_synced_survives_kill_9),
    };

    be_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
