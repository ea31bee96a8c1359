/* source_test.c - a journal's records are found by number and by time, and followed while they are
 * written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/bench.pb-c.h"
#include "services/fil/source.h"
#include "services/fil/summary.h"

#define COUNT 1000

struct place {
    char state[200];
    struct fil_install install;
    struct fil fil;
    struct fr_journal *journal;
};

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Record n is written at time 1000 * n, but every tenth at the time of the one before it. */
static int64_t
time_of(uint64_t seq)
{
    return 1000 * (int64_t)(seq % 10 == 0 ? seq - 1 : seq);
}

static void
write_records(struct place *place, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        Fr__BenchMessage message = FR__BENCH_MESSAGE__INIT;
        struct fr_record_head *head;
        size_t size;

        message.key = seq;
        message.filler.data = (uint8_t *)"x";
        message.filler.len = 1;
        size = fr__bench_message__get_packed_size(&message);
        head = fr_journal_reserve(place->journal, size);
        assert_non_null(head);
        head->kind = FR_BENCH_MESSAGE;
        head->time_us = time_of(seq);
        head->key = seq * 2;
        fr__bench_message__pack(&message, (uint8_t *)(head + 1));
        fr_journal_seal(place->journal, head, size);
        if (seq % 7 == 0 || seq == last)
            assert_int_equal(fr_journal_sync(place->journal), FR_OK);
    }
}

static struct place *
open_place(void)
{
    struct place *place = calloc(1, sizeof(*place));
    char dir[300], complaint[300];
    struct fr_journal_options options = {.dir = dir, .name = "bench1", .segment_size = 64 << 10};
    const char *tmp = getenv("TMPDIR");

    snprintf(place->state, sizeof(place->state), "%s/fil-source.XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(place->state));
    snprintf(dir, sizeof(dir), "%s/bench1", place->state);
    assert_int_equal(mkdir(dir, 0700), 0);
    snprintf(dir, sizeof(dir), "%s/bench1/journal", place->state);
    assert_int_equal(fr_journal_open(&options, &place->journal, complaint, sizeof(complaint)),
                     FR_OK);
    place->install.state = place->state;
    place->install.run = place->state;
    place->fil.install = &place->install;
    write_records(place, 1, COUNT);
    return place;
}

static void
close_place(struct place *place)
{
    fr_journal_free(&place->journal);
    nftw(place->state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(place);
}

static struct fil_source *
open_source(struct place *place)
{
    char complaint[300];
    struct fil_source *source =
        fil_source_open(&place->fil, "bench1", complaint, sizeof(complaint));

    if (source == NULL)
        fail_msg("%s", complaint);
    return source;
}

static void
expect_next(struct fil_source *source, uint64_t seq)
{
    const struct fr_record_head *head;

    assert_int_equal(fil_source_next(source, fr_millis(0), &head), FR_OK);
    assert_int_equal(head->seq, seq);
}

static void
test_from_the_first_to_the_last(void **state)
{
    struct place *place = open_place();
    struct fil_source *source = open_source(place);
    const struct fr_record_head *head;

    (void)state;
    assert_int_equal(fil_source_first(source), 1);
    assert_int_equal(fil_source_end(source), COUNT);
    for (uint64_t seq = 1; seq <= COUNT; seq++)
        expect_next(source, seq);
    assert_int_equal(fil_source_next(source, fr_millis(0), &head), FR_END);
    write_records(place, COUNT + 1, COUNT + 3); /* its owner goes on */
    for (uint64_t seq = COUNT + 1; seq <= COUNT + 3; seq++)
        expect_next(source, seq);
    assert_int_equal(fil_source_next(source, fr_millis(0), &head), FR_END);
    fil_source_free(&source);
    close_place(place);
}

static void
test_by_number(void **state)
{
    static const uint64_t places[] = {0, 1, 6, 7, 8, 499, COUNT - 1};
    struct place *place = open_place();
    struct fil_source *source = open_source(place);
    const struct fr_record_head *head;

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        assert_int_equal(fil_source_seek(source, places[i]), FR_OK);
        expect_next(source, places[i] + 1);
    }
    assert_int_equal(fil_source_seek(source, COUNT), FR_OK);
    assert_int_equal(fil_source_next(source, fr_millis(0), &head), FR_END);
    assert_int_equal(fil_source_get(source, 77, &head), FR_OK);
    assert_int_equal(head->key, 154);
    assert_int_equal(fil_source_get(source, COUNT + 1, &head), FR_NOT_FOUND);
    assert_int_equal(fil_source_get(source, 0, &head), FR_NOT_FOUND);
    fil_source_free(&source);
    close_place(place);
}

/* Halving must agree with looking at every record from the first on. */
static void
test_by_time(void **state)
{
    struct place *place = open_place();
    struct fil_source *source = open_source(place);
    uint64_t seed = 4711;

    (void)state;
    for (int round = 0; round < 300; round++) {
        const struct fr_record_head *head;
        int64_t time_us;
        uint64_t first = 1;
        enum fr_error err;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        time_us = (int64_t)(seed >> 33) % (1000 * (COUNT + 10)) - 2000;
        if (round % 3 == 0)
            time_us = time_us / 1000 * 1000; /* just at a record */
        while (first <= COUNT && time_of(first) < time_us)
            first++;
        assert_int_equal(fil_source_seek_time(source, time_us), FR_OK);
        err = fil_source_next(source, fr_millis(0), &head);
        if (first > COUNT ? err != FR_END : (err != FR_OK || head->seq != first))
            fail_msg("seed 4711 round %d: time %lld gives %s", round, (long long)time_us,
                     fr_error_name(err));
    }
    fil_source_free(&source);
    close_place(place);
}

static void
test_records_as_json(void **state)
{
    struct place *place = open_place();
    struct fil_source *source = open_source(place);
    const struct fr_record_head *head;
    char summary[FIL_SUMMARY_SIZE];
    json_t *json;

    (void)state;
    assert_int_equal(fil_source_get(source, 5, &head), FR_OK);
    json = fil_record_json("bench1", head);
    assert_string_equal(json_string_value(json_object_get(json, "kind")), "BenchMessage");
    assert_int_equal(json_integer_value(json_object_get(json, "seq")), 5);
    assert_string_equal(json_string_value(json_object_get(json, "key")), "000000000000000a");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "body"), "key")), 5);
    json_decref(json);
    assert_string_equal(fil_record_summary(head, summary), ""); /* nothing in it tells a story */
    fil_source_free(&source);
    close_place(place);
}

static void
test_what_is_not_there_is_said(void **state)
{
    struct place *place = open_place();
    char complaint[300];

    (void)state;
    assert_null(fil_source_open(&place->fil, "bench2", complaint, sizeof(complaint)));
    assert_non_null(strstr(complaint, "nobody listens"));
    close_place(place);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_the_first_to_the_last),
        cmocka_unit_test(test_by_number),
        cmocka_unit_test(test_by_time),
        cmocka_unit_test(test_records_as_json),
        cmocka_unit_test(test_what_is_not_there_is_said),
    };

    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
