/* journal_test.c - what every journal promises to who writes and reads, asked of each backend. */
#include "common/journal/journal_testing.h"

#include <pthread.h>
#include "common/base/hash.h"
#include "common/base/id.h"

/* ---- writing -----------------------------------------------------------------------------------
 */

static void
a_new_journal_is_empty(void **state)
{
    struct scene s;
    struct fr_cursor end;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    end = fr_journal_end(s.journal);
    assert_int_equal(end.seq, 0);
    assert_int_equal(end.hash, 0);
    assert_string_equal(end.journal, "test");
    assert_int_equal(fr_journal_incarnation(s.journal), 1);
    assert_int_equal(fr_journal_first_seq(s.journal), 1);
    assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    assert_int_equal(read_all(s.journal), 0);
    scene_fini(&s);
}

static void
records_come_back_as_they_were_written(void **state)
{
    struct scene s;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    for (size_t i = 0; i < 200; i++)
        put_frame(s.journal, i % 7 + 1, i * 37 % 900);
    assert_int_equal(read_all(s.journal), fr_journal_end(s.journal).seq);
    if (!IN_MEMORY(state)) {
        scene_reopen(&s);
        assert_true(read_all(s.journal) > 700);
    }
    assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, s.complaint, sizeof(s.complaint)),
                     FR_OK);
    scene_fini(&s);
}

static void
nothing_is_visible_before_the_sync(void **state)
{
    struct scene s;
    struct fr_reader *reader;
    struct fr_batch batch;
    const struct fr_record_head *record;
    struct fr_cursor start;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &reader), FR_OK);
    put(s.journal, 10);
    assert_int_equal(fr_journal_pending(s.journal), 1);
    assert_int_equal(fr_journal_pending_size(s.journal), 128);
    assert_int_equal(fr_reader_next(reader, 1000, NULL, 0, &batch), FR_END);
    assert_int_equal(fr_journal_get(s.journal, 1, &record), FR_NOT_FOUND);
    assert_int_equal(fr_journal_end(s.journal).seq, 0);
    assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    assert_int_equal(fr_journal_pending(s.journal), 0);
    assert_int_equal(fr_reader_next(reader, 1000, NULL, 0, &batch), FR_OK);
    assert_int_equal(check_batch(&batch, 1), 2);
    fr_hold_release(batch.hold);
    fr_reader_free(&reader);
    scene_fini(&s);
}

static void
a_record_has_its_seq_id_crc_and_hash(void **state)
{
    struct scene s;
    const struct fr_record_head *record;
    uint64_t hash = 0;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    put_frame(s.journal, 3, 50);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        assert_int_equal(fr_journal_get(s.journal, seq, &record), FR_OK);
        assert_int_equal(record->id, fr_id_make(fr_journal_number(s.journal), 1, seq));
        assert_int_equal(record->crc, fr_record_crc(record));
        hash = fr_chain(hash, seq, record->crc);
        assert_int_equal(record->hash, hash);
    }
    assert_int_equal(fr_journal_end(s.journal).hash, hash);
    scene_fini(&s);
}

static void
a_body_may_be_sealed_smaller_than_reserved(void **state)
{
    struct scene s;
    const struct fr_record_head *record;
    struct fr_record_head *head;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    head = fr_journal_reserve(s.journal, 1000);
    memset(head + 1, 0xff, 1000); /* what is left of it must not stay as padding */
    fill_record(head, 13);
    fr_journal_seal(s.journal, head, 13);
    put(s.journal, 5);
    assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    assert_int_equal(fr_journal_get(s.journal, 1, &record), FR_OK);
    assert_int_equal(record->body_size, 13);
    assert_int_equal(record->size, 128);
    assert_int_equal(read_all(s.journal), 2);
    scene_fini(&s);
}

static void
what_is_undone_was_never_there(void **state)
{
    struct scene s;
    struct fr_frame_mark mark;
    struct fr_record_head *head;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    mark = fr_journal_mark(s.journal);
    put(s.journal, 100);
    fr_journal_undo(s.journal, mark);
    assert_int_equal(fr_journal_pending(s.journal), 0);
    put(s.journal, 10);
    mark = fr_journal_mark(s.journal);
    put(s.journal, 200);
    put(s.journal, 300);
    head = fr_journal_reserve(s.journal, 7); /* reserved and never sealed */
    assert_int_equal(head->seq, 4);
    fr_journal_undo(s.journal, mark);
    assert_int_equal(fr_journal_pending(s.journal), 1);
    put(s.journal, 20);
    assert_non_null(fr_journal_reserve(s.journal, 7));
    assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    assert_int_equal(read_all(s.journal), 2);
    assert_int_equal(fr_journal_verify(s.journal, NULL, NULL, NULL, 0), FR_OK);
    scene_fini(&s);
}

static void
what_is_too_big_is_refused(void **state)
{
    struct scene s;
    size_t count = 0;

    scene_init(&s, IN_MEMORY(state));
    s.options.segment_size = 32u << 20;
    scene_open(&s);
    assert_null(fr_journal_reserve(s.journal, FR_RECORD_SIZE_MAX));
    assert_null(fr_journal_reserve(s.journal, SIZE_MAX));
    assert_non_null(fr_journal_reserve(s.journal, FR_RECORD_SIZE_MAX - 112));
    while (fr_journal_reserve(s.journal, FR_RECORD_SIZE_MAX - 112) != NULL && count < 100) {
        put(s.journal, FR_RECORD_SIZE_MAX - 112);
        count++;
    }
    assert_int_equal(count, 7); /* of 1 MiB each, in a frame of 8 MiB with a head */
    while (fr_journal_reserve(s.journal, 3000) != NULL)
        put(s.journal, 3000);
    assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    assert_true(read_all(s.journal) > 300);
    put_frame(s.journal, 1, 10);
    if (!IN_MEMORY(state))
        scene_reopen(&s);
    assert_true(read_all(s.journal) > 300);
    scene_fini(&s);
}

static void
cursors_are_part_of_the_frame(void **state)
{
    struct scene s;
    struct fr_cursor cursor = cursor_of("identity", 7, 77), other = cursor_of("sla", 8, 88), got;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    assert_int_equal(fr_journal_get_cursor(s.journal, "identity", &got), FR_NOT_FOUND);
    fr_journal_set_cursor(s.journal, &cursor);
    assert_int_equal(fr_journal_get_cursor(s.journal, "identity", &got), FR_NOT_FOUND);
    put_frame(s.journal, 1, 10);
    assert_int_equal(fr_journal_get_cursor(s.journal, "identity", &got), FR_OK);
    assert_memory_equal(&got, &cursor, sizeof(cursor));
    fr_journal_set_cursor(s.journal, &other);
    assert_int_equal(fr_journal_sync(s.journal), FR_OK); /* a frame without records */
    cursor.seq = 9;
    fr_journal_set_cursor(s.journal, &cursor);
    fr_journal_drop(s.journal);
    assert_int_equal(fr_journal_sync(s.journal), FR_OK); /* nothing to write */
    if (!IN_MEMORY(state))
        scene_reopen(&s);
    assert_int_equal(fr_journal_get_cursor(s.journal, "identity", &got), FR_OK);
    assert_int_equal(got.seq, 7);
    assert_int_equal(fr_journal_get_cursor(s.journal, "sla", &got), FR_OK);
    assert_memory_equal(&got, &other, sizeof(other));
    scene_fini(&s);
}

static void
a_cursor_that_did_not_move_writes_nothing(void **state)
{
    struct scene s;
    struct fr_cursor cursor = cursor_of("identity", 7, 77);
    struct fr_journal_stats stats;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    for (int i = 0; i < 5; i++) {
        fr_journal_set_cursor(s.journal, &cursor);
        assert_int_equal(fr_journal_sync(s.journal), FR_OK);
    }
    fr_journal_stats(s.journal, &stats);
    assert_int_equal(stats.frames, 1);
    assert_int_equal(stats.syncs, 1);
    assert_int_equal(stats.bytes, 512);
    scene_fini(&s);
}

/* ---- readers -----------------------------------------------------------------------------------
 */

static void
a_reader_finds_out_when_it_and_the_journal_disagree(void **state)
{
    struct scene s;
    struct fr_reader *reader = NULL;
    struct fr_cursor cursor, end;
    const struct fr_record_head *record;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    put_frame(s.journal, 10, 100);
    end = fr_journal_end(s.journal);

    cursor = end;
    cursor.seq = 11;
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_AHEAD);
    cursor = end;
    cursor.incarnation = 2; /* from a life of the journal that this copy does not know */
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_AHEAD);
    cursor = end;
    cursor.hash ^= 1;
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_DIVERGED);
    cursor = end;
    cursor.seq = 5; /* the right hash of another record */
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_DIVERGED);
    strcpy(cursor.journal, "other");
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_INVALID);
    assert_null(reader);

    assert_int_equal(fr_journal_get(s.journal, 5, &record), FR_OK);
    cursor = cursor_of("test", 5, record->hash);
    assert_int_equal(fr_reader_new(s.journal, &cursor, &reader), FR_OK);
    cursor.seq = 6;
    assert_int_equal(drain(reader, 1000, &cursor.seq), FR_END);
    assert_int_equal(cursor.seq, 11);
    fr_reader_free(&reader);
    scene_fini(&s);
}

static void
a_batch_is_never_bigger_than_asked_but_for_one_record(void **state)
{
    static const size_t sizes[] = {1, 300, 1000, 5000, 1 << 20};
    struct scene s;
    struct fr_batch batch;
    struct fr_reader *reader;
    struct fr_cursor start;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    for (size_t i = 0; i < 60; i++)
        put_frame(s.journal, i % 20 + 1, i * 61 % 800);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t seq = 1;

        start = fr_journal_start(s.journal);
        assert_int_equal(fr_reader_new(s.journal, &start, &reader), FR_OK);
        while (fr_reader_next(reader, sizes[i], NULL, 0, &batch) == FR_OK) {
            assert_true(batch.count == 1 || batch.bytes.size <= sizes[i]);
            seq = check_batch(&batch, seq);
            assert_int_equal(batch.last_hash, fr_reader_cursor(reader).hash);
            fr_hold_release(batch.hold);
        }
        assert_int_equal(seq - 1, fr_journal_end(s.journal).seq);
        fr_reader_free(&reader);
    }
    scene_fini(&s);
}

static void
a_reader_at_the_tail_gets_the_very_bytes(void **state)
{
    struct scene s;
    struct fr_batch batch, again;
    struct fr_reader *first, *second;
    struct fr_cursor start;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &first), FR_OK);
    assert_int_equal(fr_reader_new(s.journal, &start, &second), FR_OK);
    put_frame(s.journal, 50, 500);
    assert_int_equal(fr_reader_next(first, 1 << 20, NULL, 0, &batch), FR_OK);
    assert_int_equal(fr_reader_next(second, 1 << 20, NULL, 0, &again), FR_OK);
    assert_ptr_equal(batch.bytes.data, again.bytes.data); /* one buffer, no copy */
    fr_hold_release(batch.hold);
    fr_hold_release(again.hold);
    fr_reader_free(&first);
    fr_reader_free(&second);
    scene_fini(&s);
}

static void
a_reader_follows_a_writer_at_work(void **state)
{
    struct scene s;
    struct fr_reader *near, *far;
    struct fr_cursor start;
    uint64_t near_seq = 1, far_seq = 1;

    scene_init(&s, IN_MEMORY(state));
    s.options.segment_size = 1 << 20;
    scene_open(&s);
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &near), FR_OK);
    assert_int_equal(fr_reader_new(s.journal, &start, &far), FR_OK);
    for (int i = 0; i < 400; i++) { /* some 20 MiB: the far one falls out of the tail */
        put_frame(s.journal, 60, 800);
        assert_int_equal(drain(near, 1 << 20, &near_seq), FR_END);
        if (i % 150 == 149)
            assert_int_equal(drain(far, 100000, &far_seq), FR_END);
    }
    assert_int_equal(drain(far, 100000, &far_seq), FR_END);
    assert_int_equal(near_seq, 24001);
    assert_int_equal(far_seq, 24001);
    fr_reader_free(&near);
    fr_reader_free(&far);
    scene_fini(&s);
}

/* What a filter lets through must be what comparing each record lets through. */
static void
check_filter(struct scene *s, const char *const *routes, size_t count, size_t size_max)
{
    struct fr_cursor start = fr_journal_start(s->journal);
    struct fr_reader *reader;
    struct fr_batch batch;
    uint64_t expected = 0, end = fr_journal_end(s->journal).seq;

    assert_int_equal(fr_reader_new(s->journal, &start, &reader), FR_OK);
    while (fr_reader_next(reader, size_max, routes, count, &batch) == FR_OK) {
        struct fr_slice rest = batch.bytes;
        const struct fr_record_head *head;

        assert_int_equal(batch.last_hash, fr_reader_cursor(reader).hash);
        assert_true((batch.count == 0) == (batch.hold == NULL));
        while ((head = fr_records_next(&rest)) != NULL) {
            bool found = false;

            do {
                expected++;
                for (size_t i = 0; i < count; i++)
                    found = found || strcmp(route_of(expected), routes[i]) == 0;
            } while (!found && expected < end);
            check_record(head, expected);
        }
        fr_hold_release(batch.hold);
    }
    assert_int_equal(fr_reader_cursor(reader).seq, end);
    assert_int_equal(fr_reader_cursor(reader).hash, fr_journal_end(s->journal).hash);
    for (expected++; expected <= end; expected++) /* and none was left out at the end */
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(route_of(expected), routes[i]);
    fr_reader_free(&reader);
}

static void
a_route_filter_passes_what_it_names_and_nothing_else(void **state)
{
    static const char *const routes[] = {"outbound.email", "site.tana", "site.nobody"};
    struct scene s;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    for (size_t i = 0; i < 300; i++)
        put_frame(s.journal, i % 3 == 0 ? i % 40 + 1 : 1, i * 61 % 800);
    for (int round = 0; round < 2; round++) {
        check_filter(&s, routes, 3, 4000);
        check_filter(&s, routes, 1, 1);
        check_filter(&s, routes + 1, 2, 1 << 20);
        check_filter(&s, routes + 2, 1, 1 << 20); /* nothing at all, yet the position moves */
        if (IN_MEMORY(state))
            break;
        scene_reopen(&s); /* from disk this time */
    }
    scene_fini(&s);
}

static void *
release_later(void *hold)
{
    usleep(1000);
    fr_hold_release(hold);
    return NULL;
}

static void
a_hold_may_outlive_the_journal_in_another_thread(void **state)
{
    struct scene s;
    struct fr_reader *reader;
    struct fr_batch batch;
    struct fr_cursor start;
    pthread_t thread;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    put_frame(s.journal, 5, 100);
    start = fr_journal_start(s.journal);
    assert_int_equal(fr_reader_new(s.journal, &start, &reader), FR_OK);
    assert_int_equal(fr_reader_next(reader, 1 << 20, NULL, 0, &batch), FR_OK);
    fr_reader_free(&reader);
    fr_journal_free(&s.journal);
    assert_int_equal(check_batch(&batch, 1), 6);
    assert_int_equal(pthread_create(&thread, NULL, release_later, batch.hold), 0);
    pthread_join(thread, NULL);
    scene_fini(&s);
}

static void
one_record_is_found_by_its_number(void **state)
{
    struct scene s;
    const struct fr_record_head *record;
    uint64_t end;

    scene_init(&s, IN_MEMORY(state));
    scene_open(&s);
    for (size_t i = 0; i < 300; i++)
        put_frame(s.journal, i % 9 + 1, i * 61 % 800);
    end = fr_journal_end(s.journal).seq;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 500; i++) {
            uint64_t seq = roll(&s, end) + 1;

            assert_int_equal(fr_journal_get(s.journal, seq, &record), FR_OK);
            check_record(record, seq);
        }
        assert_int_equal(fr_journal_get(s.journal, 0, &record), FR_NOT_FOUND);
        assert_int_equal(fr_journal_get(s.journal, end + 1, &record), FR_NOT_FOUND);
        if (IN_MEMORY(state))
            break;
        scene_reopen(&s);
    }
    scene_fini(&s);
}

int
main(void)
{
    static const bool on_disk = false, in_memory = true;
    const struct CMUnitTest tests[] = {
        BOTH(a_new_journal_is_empty),
        BOTH(records_come_back_as_they_were_written),
        BOTH(nothing_is_visible_before_the_sync),
        BOTH(a_record_has_its_seq_id_crc_and_hash),
        BOTH(a_body_may_be_sealed_smaller_than_reserved),
        BOTH(what_is_undone_was_never_there),
        BOTH(what_is_too_big_is_refused),
        BOTH(cursors_are_part_of_the_frame),
        BOTH(a_cursor_that_did_not_move_writes_nothing),
        BOTH(a_reader_finds_out_when_it_and_the_journal_disagree),
        BOTH(a_batch_is_never_bigger_than_asked_but_for_one_record),
        BOTH(a_reader_at_the_tail_gets_the_very_bytes),
        BOTH(a_reader_follows_a_writer_at_work),
        BOTH(a_route_filter_passes_what_it_names_and_nothing_else),
        BOTH(a_hold_may_outlive_the_journal_in_another_thread),
        BOTH(one_record_is_found_by_its_number),
    };

    be_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
