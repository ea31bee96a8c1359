/* journal_share_test.c - one owner, many who look on; and the lives of a journal. */
#include "common/journal/journal_testing.h"

#include "common/journal/journal_format.h"

/* Another handle on the scene's journal, as another process would have it. */
static void
look_on(const struct scene *owner, struct scene *other)
{
    *other = *owner;
    other->journal = NULL;
    other->options.dir = other->dir;
    other->options.read_only = true;
    scene_open(other);
}

static void
a_second_owner_is_refused(void **state)
{
    struct scene s, second;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    second = s;
    second.options.dir = second.dir;
    assert_int_equal(scene_try_open(&second), FR_LOCKED);
    assert_non_null(strstr(second.complaint, "owns"));
    fr_journal_free(&s.journal);
    assert_int_equal(scene_try_open(&second), FR_OK);
    fr_journal_free(&second.journal);
    scene_fini(&s);
}

static void
who_only_looks_on_follows_the_owner(void **state)
{
    struct scene s, other;
    struct fr_reader *reader;
    struct fr_cursor start;
    const struct fr_record_head *record;
    uint64_t seq = 1;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    put_frame(s.journal, 2, 100);
    look_on(&s, &other);
    start = fr_journal_start(other.journal);
    assert_int_equal(fr_reader_new(other.journal, &start, &reader), FR_OK);
    for (int i = 0; i < 300; i++) { /* over many segments */
        put_frame(s.journal, 3, 300 + (size_t)i);
        assert_int_equal(drain(reader, 1 << 20, &seq), FR_END);
        assert_int_equal(seq, fr_journal_end(s.journal).seq + 1);
        if (i % 50 == 20)
            scene_reopen(&s);
    }
    put_frame(s.journal, 1, 10);
    seq = fr_journal_end(s.journal).seq;
    assert_int_equal(fr_journal_get(other.journal, seq, &record), FR_OK);
    check_record(record, seq);
    assert_int_equal(fr_journal_verify(other.journal, NULL, NULL, NULL, 0), FR_OK);
    fr_reader_free(&reader);
    fr_journal_free(&other.journal);
    scene_fini(&s);
}

static void
who_only_looks_on_changes_nothing(void **state)
{
    struct scene s, other;
    char path[PATH_MAX];
    uint8_t before[2 * FR_SECTOR], after[2 * FR_SECTOR];
    struct fr_cursor cursor = cursor_of("sla", 1, 1);

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    put_frame(s.journal, 1, 100);
    put_frame(s.journal, 1, 100);
    fr_journal_free(&s.journal);
    assert_true(segment_file(&s, 0, path));
    file_flip(path, FR_SEGMENT_HEAD_SIZE + FR_SECTOR + 150, 3); /* the last frame is torn */
    file_read(path, before, sizeof(before), FR_SEGMENT_HEAD_SIZE);
    look_on(&s, &other);
    assert_int_equal(read_all(other.journal), 1);
    assert_null(fr_journal_reserve(other.journal, 10));
    fr_journal_set_cursor(other.journal, &cursor);
    assert_int_equal(fr_journal_sync(other.journal), FR_DENIED);
    assert_int_equal(fr_journal_register(other.journal, "sla"), FR_DENIED);
    assert_int_equal(fr_journal_forget(other.journal, "sla"), FR_DENIED);
    assert_int_equal(fr_journal_trim(other.journal, 1, (struct fr_time){1}), FR_DENIED);
    fr_journal_free(&other.journal);
    file_read(path, after, sizeof(after), FR_SEGMENT_HEAD_SIZE);
    assert_memory_equal(before, after, sizeof(after));
    scene_fini(&s);
}

static void
who_only_looks_on_is_told_when_the_owner_trims(void **state)
{
    struct scene s, other;
    struct fr_reader *reader;
    struct fr_cursor start;
    struct fr_time late = {INT64_C(1) << 50};
    uint64_t seq = 1;
    int truncated = 0;

    (void)state;
    for (int round = 0; round < 20; round++) {
        enum fr_error err;

        scene_init(&s, false);
        s.options.size_max = 4 * SMALL_SEGMENT;
        scene_open(&s);
        for (int i = 0; i < 60; i++)
            put_frame(s.journal, 3, 900);
        look_on(&s, &other);
        start = fr_journal_start(other.journal);
        assert_int_equal(fr_reader_new(other.journal, &start, &reader), FR_OK);
        for (int i = 0; i < 10 * round; i++) { /* segments are trimmed, recycled, written again */
            put_frame(s.journal, 3, 900);
            assert_int_equal(fr_journal_trim(s.journal, UINT64_MAX, late), FR_OK);
        }
        seq = 1;
        err = drain(reader, 50000, &seq); /* what is served is right, in any case */
        assert_true(err == FR_END || err == FR_TRUNCATED);
        truncated += err == FR_TRUNCATED;
        fr_reader_free(&reader);
        fr_journal_free(&other.journal);
        scene_fini(&s);
    }
    assert_in_range(truncated, 5, 19);
}

static void
a_journal_that_is_not_there_cannot_be_looked_at(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s, false);
    s.options.read_only = true;
    assert_int_equal(scene_try_open(&s), FR_NOT_FOUND);
    assert_int_equal(segment_files(&s), 0);
    scene_fini(&s);
}

static void
wrong_options_are_refused_in_words(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s, false);
    s.options.name = "Not A Name";
    assert_int_equal(scene_try_open(&s), FR_INVALID);
    assert_non_null(strstr(s.complaint, "name"));
    s.options.name = "test";
    s.options.segment_size = 1000;
    assert_int_equal(scene_try_open(&s), FR_INVALID);
    assert_non_null(strstr(s.complaint, "1000"));
    s.options.segment_size = SMALL_SEGMENT;
    scene_open(&s);
    put_frame(s.journal, 1, 10);
    fr_journal_free(&s.journal);
    s.options.name = "other";
    assert_int_equal(scene_try_open(&s), FR_INVALID);
    assert_non_null(strstr(s.complaint, "is of journal test"));
    scene_fini(&s);
}

static void
segments_of_another_size_live_side_by_side(void **state)
{
    static const size_t sizes[] = {SMALL_SEGMENT, 16 << 10, 1 << 20, 4 << 20, SMALL_SEGMENT};
    struct scene s;

    (void)state;
    scene_init(&s, false);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        s.options.segment_size = sizes[i];
        scene_open(&s);
        for (int f = 0; f < 100; f++)
            put_frame(s.journal, 2, 2000);
        assert_int_equal(read_all(s.journal), 200 * (i + 1));
        assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);
        fr_journal_free(&s.journal);
    }
    scene_fini(&s);
}

/* ---- incarnations ------------------------------------------------------------------------------
 */

static void
a_declared_restore_begins_a_new_incarnation(void **state)
{
    struct scene s;
    struct fr_cursor cursor, past;
    struct fr_reader *reader = NULL;
    const struct fr_record_head *record;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    put_frame(s.journal, 3, 100);
    past = cursor_of("sla", 4, 44);
    fr_journal_set_cursor(s.journal, &past);
    put_frame(s.journal, 3, 100);
    cursor = fr_journal_end(s.journal);
    assert_int_equal(fr_journal_new_incarnation(s.dir, "test"), FR_LOCKED);
    fr_journal_free(&s.journal);

    assert_int_equal(fr_journal_new_incarnation(s.dir, "test"), FR_OK);
    assert_int_equal(fr_journal_new_incarnation(s.dir, "test"), FR_OK); /* while still empty */
    scene_open(&s);
    assert_int_equal(fr_journal_incarnation(s.journal), 3);
    assert_int_equal(fr_journal_get_cursor(s.journal, "sla", &past), FR_OK);
    assert_int_equal(past.seq, 4);
    assert_int_equal(fr_journal_end(s.journal).seq, 6);
    assert_int_equal(fr_journal_end(s.journal).incarnation, 3);
    put_frame(s.journal, 1, 100);
    assert_int_equal(fr_journal_get(s.journal, 6, &record), FR_OK);
    past.seq = record->id;
    assert_int_equal(fr_journal_get(s.journal, 7, &record), FR_OK);
    assert_int_not_equal(record->id, past.seq + 1); /* ids are never given twice */
    scene_reopen(&s);
    assert_int_equal(read_all(s.journal), 7);
    assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);

    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_OK); /* agreed so far */
    fr_reader_free(&reader);
    cursor.seq = 7; /* saw another record 7 before the restore */
    cursor.hash = 12345;
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_DIVERGED);
    cursor.incarnation = 4;
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_AHEAD);
    scene_fini(&s);
}

static void
a_standby_follows_into_a_new_incarnation(void **state)
{
    struct scene s, t;
    struct fr_cursor start;
    struct fr_reader *reader;
    struct fr_slice frame;
    struct fr_hold *hold;

    (void)state;
    scene_init(&s, false);
    scene_init(&t, false);
    scene_open(&s);
    put_frame(s.journal, 3, 100);
    fr_journal_free(&s.journal);
    assert_int_equal(fr_journal_new_incarnation(s.dir, "test"), FR_OK);
    scene_open(&s);
    put_frame(s.journal, 3, 100);
    scene_open(&t);
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &reader), FR_OK);
    while (fr_reader_next_frame(reader, &frame, &hold) == FR_OK) {
        assert_int_equal(fr_journal_append_frame(t.journal, frame), FR_OK);
        fr_hold_release(hold);
    }
    fr_reader_free(&reader);
    assert_int_equal(fr_journal_incarnation(t.journal), 2);
    scene_reopen(&t);
    assert_int_equal(fr_journal_incarnation(t.journal), 2);
    assert_int_equal(read_all(t.journal), 6);
    assert_int_equal(fr_journal_end(t.journal).hash, fr_journal_end(s.journal).hash);
    scene_fini(&s);
    scene_fini(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_owner_is_refused),
        cmocka_unit_test(who_only_looks_on_follows_the_owner),
        cmocka_unit_test(who_only_looks_on_changes_nothing),
        cmocka_unit_test(who_only_looks_on_is_told_when_the_owner_trims),
        cmocka_unit_test(a_journal_that_is_not_there_cannot_be_looked_at),
        cmocka_unit_test(wrong_options_are_refused_in_words),
        cmocka_unit_test(segments_of_another_size_live_side_by_side),
        cmocka_unit_test(a_declared_restore_begins_a_new_incarnation),
        cmocka_unit_test(a_standby_follows_into_a_new_incarnation),
    };

    be_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
