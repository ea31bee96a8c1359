/* journal_copy_test.c - a copy is the journal as it was, up to the frame that was asked for. */
#include "common/journal/journal_testing.h"

#define READER "sla"

static void
copy_to(struct scene *copy, const struct scene *owner, uint64_t number)
{
    struct scene looking = *owner;

    looking.journal = NULL;
    looking.options.dir = looking.dir;
    looking.options.read_only = true;
    scene_open(&looking);
    scene_init(copy, false);
    assert_int_equal(fr_journal_copy(looking.journal, number, copy->dir, NULL, NULL), FR_OK);
    fr_journal_free(&looking.journal);
    scene_open(copy);
}

/* One record and a cursor that says how many there are, some frames without records. */
static void
write_some(struct scene *s, int count, uint64_t *seqs)
{
    for (int i = 1; i <= count; i++) {
        struct fr_cursor cursor = cursor_of("upstream", (uint64_t)i, (uint64_t)i * 7);

        fr_journal_set_cursor(s->journal, &cursor);
        if (i % 5 == 0)
            assert_int_equal(fr_journal_sync(s->journal), FR_OK);
        else
            put_frame(s->journal, 1, 2000 + (size_t)i);
        seqs[i] = fr_journal_end(s->journal).seq;
    }
}

static void
a_copy_up_to_any_frame_is_the_journal_as_it_was_then(void **state)
{
    enum { COUNT = 120 };
    uint64_t seqs[COUNT + 1] = {0};
    struct scene s, copy;
    struct fr_cursor cursor;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    assert_int_equal(fr_journal_register(s.journal, READER), FR_OK);
    write_some(&s, COUNT, seqs);
    for (uint64_t number = 1; number <= COUNT; number++) {
        copy_to(&copy, &s, number);
        assert_int_equal(fr_journal_end(copy.journal).seq, seqs[number]);
        assert_int_equal(fr_journal_get_cursor(copy.journal, "upstream", &cursor), FR_OK);
        assert_int_equal(cursor.seq, number);
        assert_int_equal(fr_journal_verify(copy.journal, NULL, NULL, NULL, 0), FR_OK);
        if (number % 40 == 0) { /* and it can be written on */
            put_frame(copy.journal, 3, 100);
            scene_reopen(&copy);
            assert_int_equal(fr_journal_end(copy.journal).seq, seqs[number] + 3);
        }
        scene_fini(&copy);
    }
    scene_fini(&s);
}

static void
who_reads_it_is_kept_and_holds_it(void **state)
{
    uint64_t seqs[41] = {0};
    struct fr_journal_reader_info infos[2];
    struct scene s, copy;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    assert_int_equal(fr_journal_register(s.journal, READER), FR_OK);
    write_some(&s, 40, seqs);
    fr_journal_acknowledge(s.journal, READER, 30);
    copy_to(&copy, &s, 20);
    assert_int_equal(fr_journal_readers(copy.journal, infos, 2), 1);
    assert_string_equal(infos[0].name, READER);
    assert_int_equal(infos[0].acknowledged, 0); /* his own copy may be an older one */
    scene_fini(&copy);
    scene_fini(&s);
}

static void
a_trimmed_journal_is_copied_from_where_it_begins(void **state)
{
    uint64_t seqs[201] = {0}, start;
    struct scene s, copy;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    write_some(&s, 200, seqs);
    assert_int_equal(fr_journal_trim(s.journal, seqs[150], (struct fr_time){INT64_MAX / 2}), FR_OK);
    scene_reopen(&s); /* the files go in another thread */
    start = fr_journal_start(s.journal).seq;
    assert_true(start > 0);
    copy_to(&copy, &s, 180);
    assert_int_equal(fr_journal_start(copy.journal).seq, start);
    assert_int_equal(fr_journal_end(copy.journal).seq, seqs[180]);
    assert_int_equal(fr_journal_verify(copy.journal, NULL, NULL, NULL, 0), FR_OK);
    scene_fini(&copy);
    scene_fini(&s);
}

static void
beyond_the_end_and_into_a_full_directory_it_is_refused(void **state)
{
    uint64_t seqs[11] = {0};
    struct scene s, copy;

    (void)state;
    scene_init(&s, false);
    scene_open(&s);
    write_some(&s, 10, seqs);
    scene_init(&copy, false);
    assert_int_equal(fr_journal_copy(s.journal, 11, copy.dir, NULL, NULL), FR_INVALID);
    assert_int_equal(fr_journal_copy(s.journal, 10, copy.dir, NULL, NULL), FR_OK);
    assert_int_equal(fr_journal_copy(s.journal, 10, copy.dir, NULL, NULL), FR_IO);
    scene_fini(&copy);
    scene_fini(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_up_to_any_frame_is_the_journal_as_it_was_then),
        cmocka_unit_test(who_reads_it_is_kept_and_holds_it),
        cmocka_unit_test(a_trimmed_journal_is_copied_from_where_it_begins),
        cmocka_unit_test(beyond_the_end_and_into_a_full_directory_it_is_refused),
    };

    be_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
