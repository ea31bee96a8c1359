/* journal_keep_test.c - what every journal promises to standbys, late readers and the disk. */
#include "common/journal/journal_testing.h"

/* ---- standbys ----------------------------------------------------------------------------------
 */

/* Gives the standby every frame from its own end on.  Returns how many were new. */
static int
follow(struct fr_journal *primary, struct fr_journal *standby)
{
    struct fr_cursor end = fr_journal_end(standby);
    struct fr_reader *reader;
    struct fr_slice frame;
    struct fr_hold *hold;
    int count = 0;

    assert_int_equal(fr_reader_new(primary, &end, &reader), FR_OK);
    while (fr_reader_next_frame(reader, &frame, &hold) == FR_OK) {
        enum fr_error err = fr_journal_append_frame(standby, frame);

        assert_true(err == FR_OK || err == FR_EXISTS);
        count += err == FR_OK;
        fr_hold_release(hold);
    }
    fr_reader_free(&reader);
    return count;
}

/* Both give the same frames, byte for byte. */
static void
check_same_frames(struct fr_journal *a, struct fr_journal *b)
{
    struct fr_cursor start = fr_journal_start(a);
    struct fr_reader *x, *y;
    struct fr_slice frame, other;
    struct fr_hold *hold, *other_hold;

    assert_int_equal(fr_reader_new(a, &start, &x), FR_OK);
    assert_int_equal(fr_reader_new(b, &start, &y), FR_OK);
    while (fr_reader_next_frame(x, &frame, &hold) == FR_OK) {
        assert_int_equal(fr_reader_next_frame(y, &other, &other_hold), FR_OK);
        assert_true(fr_slice_equal(frame, other));
        fr_hold_release(hold);
        fr_hold_release(other_hold);
    }
    assert_int_equal(fr_reader_next_frame(y, &other, &other_hold), FR_END);
    fr_reader_free(&x);
    fr_reader_free(&y);
}

static void
a_standby_stores_the_same_frames(void **state)
{
    struct scene s, t;
    struct fr_cursor cursor = cursor_of("sla", 1, 1), got;

    scene_init(&s, IN_MEMORY(state));
    scene_init(&t, IN_MEMORY(state));
    t.options.segment_size = 3 * SMALL_SEGMENT; /* its segments begin elsewhere */
    scene_open(&s);
    scene_open(&t);
    for (size_t i = 0; i < 200; i++) {
        if (i % 5 == 0) {
            cursor.seq++;
            fr_journal_set_cursor(s.journal, &cursor);
        }
        if (i % 10 == 0)
            assert_int_equal(fr_journal_sync(s.journal), FR_OK);
        else
            put_frame(s.journal, i % 7, i * 61 % 800);
        if (i % 50 == 0)
            assert_true(follow(s.journal, t.journal) > 0);
        if (i % 70 == 0 && !IN_MEMORY(state))
            scene_reopen(&t);
    }
    assert_true(follow(s.journal, t.journal) > 0);
    assert_int_equal(follow(s.journal, t.journal), 0);
    check_same_frames(s.journal, t.journal);
    assert_int_equal(fr_journal_end(s.journal).hash, fr_journal_end(t.journal).hash);
    assert_int_equal(fr_journal_get_cursor(t.journal, "sla", &got), FR_OK);
    assert_memory_equal(&got, &cursor, sizeof(got));
    assert_int_equal(read_all(t.journal), read_all(s.journal));
    scene_fini(&s);
    scene_fini(&t);
}

static struct fr_slice
nth_frame(struct fr_journal *journal, int n, struct fr_hold **hold)
{
    struct fr_cursor start = fr_journal_start(journal);
    struct fr_reader *reader;
    struct fr_slice frame;

    assert_int_equal(fr_reader_new(journal, &start, &reader), FR_OK);
    for (*hold = NULL; n >= 0; n--) {
        fr_hold_release(*hold);
        assert_int_equal(fr_reader_next_frame(reader, &frame, hold), FR_OK);
    }
    fr_reader_free(&reader);
    return frame;
}

static void
a_standby_refuses_frames_that_do_not_follow(void **state)
{
    struct scene s, t;
    struct fr_slice frame;
    struct fr_hold *hold;
    uint64_t *copy;

    scene_init(&s, IN_MEMORY(state));
    scene_init(&t, IN_MEMORY(state));
    scene_open(&s);
    scene_open(&t);
    put_frame(s.journal, 2, 100);
    put_frame(s.journal, 2, 100);
    put_frame(t.journal, 2, 101); /* they have parted */
    frame = nth_frame(s.journal, 1, &hold);
    assert_int_equal(fr_journal_append_frame(t.journal, frame), FR_DIVERGED);
    fr_hold_release(hold);
    frame = nth_frame(s.journal, 0, &hold);
    assert_int_equal(fr_journal_append_frame(t.journal, frame), FR_DIVERGED);
    assert_int_equal(fr_journal_append_frame(s.journal, frame), FR_EXISTS);
    copy = malloc(frame.size);
    memcpy(copy, frame.data, frame.size);
    ((uint8_t *)copy)[frame.size / 2] ^= 4;
    assert_int_equal(fr_journal_append_frame(t.journal, fr_slice(copy, frame.size)), FR_CORRUPT);
    free(copy);
    fr_hold_release(hold);
    assert_int_equal(fr_journal_end(t.journal).seq, 2);
    scene_fini(&s);
    scene_fini(&t);
}

static void
a_frame_opens_to_its_records_and_cursors(void **state)
{
    struct scene s;
    struct fr_cursor cursor = cursor_of("sla", 12, 99);
    struct fr_frame_view view;
    struct fr_slice frame;
    struct fr_hold *hold;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    put_frame(s.journal, 2, 10);
    fr_journal_set_cursor(s.journal, &cursor);
    put_frame(s.journal, 3, 10);
    frame = nth_frame(s.journal, 1, &hold);
    assert_int_equal(fr_frame_open(frame, &view), FR_OK);
    assert_int_equal(view.record_count, 3);
    assert_int_equal(view.first_seq, 3);
    assert_int_equal(view.last_seq, 5);
    assert_int_equal(view.time_us, 5000);
    assert_int_equal(view.last_hash, fr_journal_end(s.journal).hash);
    assert_int_equal(view.cursor_count, 1);
    assert_memory_equal(view.cursors, &cursor, sizeof(cursor));
    check_record(fr_records_next(&view.records), 3);
    assert_int_equal(fr_frame_open(fr_slice(frame.data, frame.size - 8), &view), FR_CORRUPT);
    fr_hold_release(hold);
    scene_fini(&s);
}

/* ---- keeping and trimming ----------------------------------------------------------------------
 */

static void
fill_segments(struct scene *s, size_t frames)
{
    for (size_t i = 0; i < frames; i++)
        put_frame(s->journal, 10, 500);
}

static void
trimming_waits_for_every_registered_reader(void **state)
{
    struct scene s;
    struct fr_journal_reader_info infos[4];
    struct fr_time late = {INT64_C(1) << 50};

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    assert_int_equal(fr_journal_register(s.journal, "sla"), FR_OK);
    assert_int_equal(fr_journal_register(s.journal, "desk.tana"), FR_OK);
    assert_int_equal(fr_journal_register(s.journal, "sla"), FR_OK);
    assert_int_equal(fr_journal_register(s.journal, "No Name"), FR_INVALID);
    fill_segments(&s, 100);
    fr_journal_acknowledge(s.journal, "sla", 900);
    assert_int_equal(fr_journal_trim(s.journal, UINT64_MAX, late), FR_OK);
    assert_int_equal(fr_journal_first_seq(s.journal), 1);
    fr_journal_acknowledge(s.journal, "desk.tana", 500);
    fr_journal_acknowledge(s.journal, "desk.tana", 400); /* never back */
    assert_int_equal(fr_journal_trim(s.journal, UINT64_MAX, late), FR_OK);
    assert_in_range(fr_journal_first_seq(s.journal), 350, 501);
    assert_int_equal(fr_journal_readers(s.journal, infos, 4), 2);
    if (!IN_MEMORY(state)) {
        scene_reopen(&s); /* what was acknowledged is remembered as it was when it was trimmed */
        assert_int_equal(fr_journal_readers(s.journal, infos, 4), 2);
        assert_int_equal(infos[0].acknowledged, 900);
        assert_int_equal(infos[1].acknowledged, 500);
        assert_in_range(fr_journal_first_seq(s.journal), 350, 501);
    }
    assert_int_equal(fr_journal_forget(s.journal, "nobody"), FR_NOT_FOUND);
    assert_int_equal(fr_journal_forget(s.journal, "desk.tana"), FR_OK);
    assert_int_equal(fr_journal_trim(s.journal, UINT64_MAX, late), FR_OK);
    assert_in_range(fr_journal_first_seq(s.journal), 750, 901);
    assert_int_equal(read_all(s.journal), 1000);
    assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);
    scene_fini(&s);
}

static void
trimming_keeps_what_is_young_or_not_in_a_checkpoint(void **state)
{
    struct scene s;

    scene_init(&s, IN_MEMORY(state));
    s.options.retention = (struct fr_span){100000}; /* records are 1000 us apart */
    scene_open(&s);
    fill_segments(&s, 100);
    assert_int_equal(fr_journal_trim(s.journal, 300, (struct fr_time){INT64_C(1) << 50}), FR_OK);
    assert_in_range(fr_journal_first_seq(s.journal), 150, 301);
    assert_int_equal(fr_journal_trim(s.journal, 1000, (struct fr_time){700000}), FR_OK);
    assert_in_range(fr_journal_first_seq(s.journal), 450, 601);
    scene_fini(&s);
}

static void
who_asks_for_what_was_trimmed_is_told_so(void **state)
{
    struct scene s;
    struct fr_reader *slow, *late = NULL;
    struct fr_cursor start;
    struct fr_batch batch;
    const struct fr_record_head *record;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &slow), FR_OK);
    fill_segments(&s, 100);
    assert_int_equal(fr_journal_trim(s.journal, 1000, (struct fr_time){INT64_C(1) << 50}), FR_OK);
    assert_true(fr_journal_first_seq(s.journal) > 800);
    assert_int_equal(fr_reader_next(slow, 1000, NULL, 0, &batch), FR_TRUNCATED);
    assert_int_equal(fr_reader_new(s.journal, &start, &late), FR_TRUNCATED);
    assert_int_equal(fr_journal_get(s.journal, 5, &record), FR_TRUNCATED);
    start = fr_journal_start(s.journal);
    start.hash ^= 1; /* the last trimmed record is gone, its hash is known */
    assert_int_equal(fr_reader_new(s.journal, &start, &late), FR_DIVERGED);
    assert_int_equal(read_all(s.journal), 1000);
    fr_reader_free(&slow);
    scene_fini(&s);
}

static void
a_full_journal_says_so_first_and_recovers_by_trimming(void **state)
{
    struct scene s;
    struct fr_time late = {INT64_C(1) << 50};
    enum fr_pressure pressure = FR_PRESSURE_NONE;
    enum fr_error err = FR_OK;
    uint64_t end;

    scene_init(&s, IN_MEMORY(state));
    s.options.size_max = 4 * SMALL_SEGMENT;
    s.options.reserve = 3 * SMALL_SEGMENT / 2;
    scene_open(&s);
    for (int i = 0; err == FR_OK && i < 1000; i++) {
        enum fr_pressure now = fr_journal_pressure(s.journal);

        assert_true(now >= pressure); /* none, intake, full: in this order */
        pressure = now;
        put(s.journal, 2000);
        err = fr_journal_sync(s.journal);
    }
    assert_int_equal(err, FR_FULL);
    assert_int_equal(pressure, FR_PRESSURE_FULL);
    assert_int_equal(fr_journal_pending(s.journal), 1); /* still there: try again, or drop it */
    assert_int_equal(fr_journal_sync(s.journal), FR_FULL);
    end = fr_journal_end(s.journal).seq;
    assert_int_equal(read_all(s.journal), end);
    assert_int_equal(fr_journal_trim(s.journal, end, late), FR_OK);
    assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    assert_int_equal(fr_journal_pressure(s.journal), FR_PRESSURE_NONE);
    assert_int_equal(read_all(s.journal), end + 1);
    scene_fini(&s);
}

static void
count_progress(void *context, uint64_t done, uint64_t all)
{
    uint64_t *last = context;

    assert_true(done >= *last && done <= all);
    *last = done;
}

static void
verify_and_scrub_read_everything(void **state)
{
    struct scene s;
    uint64_t last = 0;
    enum fr_error err;
    int slices = 0;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    fill_segments(&s, 100);
    assert_int_equal(fr_journal_verify(s.journal, count_progress, &last, NULL, 0), FR_OK);
    assert_true(last > 500000);
    for (int round = 0; round < 2; round++) {
        do {
            err = fr_journal_scrub(s.journal, 50000, s.complaint, sizeof(s.complaint));
            slices++;
        } while (err == FR_OK);
        assert_int_equal(err, FR_END);
    }
    assert_true(IN_MEMORY(state) || slices > 20);
    scene_fini(&s);
}

static size_t
resident_size(void)
{
    unsigned long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    assert_int_equal(fscanf(file, "%lu %lu", &all, &resident), 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* A stopped reader costs nothing, a busy journal some MiB, one at rest next to none. */
static void
memory_is_bounded_and_given_back_at_rest(void **state)
{
    struct scene s;
    struct fr_reader *stopped, *near;
    struct fr_cursor start;
    size_t before, busy, rest;
    uint64_t seq = 1;

    (void)state;
    scene_init(&s, false);
    s.options.segment_size = 4 << 20;
    scene_open(&s);
    before = resident_size();
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &stopped), FR_OK);
    assert_int_equal(fr_reader_new(s.journal, &start, &near), FR_OK);
    for (int i = 0; i < 600; i++) { /* some 60 MiB */
        put_frame(s.journal, 100, 900);
        assert_int_equal(drain(near, 1 << 20, &seq), FR_END);
    }
    busy = resident_size();
    sleep(1);
    usleep(50000);
    assert_int_equal(fr_journal_pressure(s.journal), FR_PRESSURE_NONE);
    rest = resident_size();
    assert_true(busy < before + (24u << 20));
    assert_true(rest < before + (4u << 20));
    seq = 1;
    assert_int_equal(drain(stopped, 1 << 20, &seq), FR_END); /* from the disk */
    assert_int_equal(seq, 60001);
    fr_reader_free(&stopped);
    fr_reader_free(&near);
    scene_fini(&s);
}

int
main(void)
{
    static const bool on_disk = false, in_memory = true;
    const struct CMUnitTest tests[] = {
        BOTH(a_standby_stores_the_same_frames),
        BOTH(a_standby_refuses_frames_that_do_not_follow),
        BOTH(a_frame_opens_to_its_records_and_cursors),
        BOTH(trimming_waits_for_every_registered_reader),
        BOTH(trimming_keeps_what_is_young_or_not_in_a_checkpoint),
        BOTH(who_asks_for_what_was_trimmed_is_told_so),
        BOTH(a_full_journal_says_so_first_and_recovers_by_trimming),
        BOTH(verify_and_scrub_read_everything),
        cmocka_unit_test(memory_is_bounded_and_given_back_at_rest),
    };

    be_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
