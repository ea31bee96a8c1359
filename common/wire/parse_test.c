/* parse_test.c - the grammar: what is said comes back, and nothing else is taken for something
 * said. */
#include "common/wire/trial_test.h"

#include <time.h>
#include "common/wire/parse.h"

static struct fr_arena *arena;

/* ---- headers ----------------------------------------------------------------------------------
 */

static char long_text[300];

static Fr__Hello
hello(char *name)
{
    Fr__Hello message = FR__HELLO__INIT;

    message.name = name;
    return message;
}

static Fr__Read
reading(uint32_t number, char *journal, uint64_t credit, char **routes, size_t route_count)
{
    Fr__Read message = FR__READ__INIT;

    message.reading = number;
    message.journal = journal;
    message.credit = credit;
    message.routes = routes;
    message.n_routes = route_count;
    return message;
}

static void
expect(const char *claim, enum wire_type type, const ProtobufCMessage *message, bool valid)
{
    uint8_t header[WIRE_HEADER_SIZE_MAX];
    size_t size = wire_pack(type, message, header);
    struct wire_message parsed;
    const char *what = NULL;
    enum fr_error err = wire_parse(fr_slice(header, size), arena, &parsed, &what);

    if ((err == FR_OK) != valid || (err != FR_OK && what == NULL))
        fail_msg("%s: %s", claim, what == NULL ? "taken" : what);
    if (valid && parsed.type != type)
        fail_msg("%s: another type", claim);
}

static void
names_routes_and_numbers_have_limits(void **state)
{
    char *routes[FR_WIRE_ROUTE_MAX + 1];
    char *long_route[] = {long_text};
    Fr__Hello h;
    Fr__Read r;

    (void)state;
    for (size_t i = 0; i <= FR_WIRE_ROUTE_MAX; i++)
        routes[i] = (char *)"outbound.channel_webchat";
    h = hello((char *)"desk.tana");
    expect("a name", WIRE_HELLO, &h.base, true);
    h = hello((char *)"");
    expect("no name", WIRE_HELLO, &h.base, false);
    h = hello((char *)"Tana");
    expect("a name in capitals", WIRE_HELLO, &h.base, false);
    h = hello(long_text);
    expect("a long name", WIRE_HELLO, &h.base, false);
    r = reading(1, (char *)"identity", WIRE_CREDIT_MAX, routes, FR_WIRE_ROUTE_MAX);
    expect("all the routes and credit there may be", WIRE_READ, &r.base, true);
    r = reading(1, (char *)"identity", 1, routes, FR_WIRE_ROUTE_MAX + 1);
    expect("one route too many", WIRE_READ, &r.base, false);
    r = reading(1, (char *)"identity", 1, long_route, 1);
    expect("a long route", WIRE_READ, &r.base, false);
    r = reading(1, (char *)"identity", WIRE_CREDIT_MAX + 1, NULL, 0);
    expect("too much credit", WIRE_READ, &r.base, false);
    r = reading(0, (char *)"identity", 1, NULL, 0);
    expect("reading 0", WIRE_READ, &r.base, false);
    r = reading(1, (char *)"../identity/", 1, NULL, 0);
    expect("a journal that is a path", WIRE_READ, &r.base, false);
    r = reading(1, (char *)"identity", 1, NULL, 0);
    r.hash = 5;
    expect("the hash of no record", WIRE_READ, &r.base, false);
}

static void
errors_are_the_ones_we_know(void **state)
{
    Fr__Error error = FR__ERROR__INIT;

    (void)state;
    error.detail = (char *)"";
    for (enum fr_error code = FR_NOT_FOUND; code < FR_ERROR_COUNT; code++) {
        error.code = (char *)fr_error_name(code);
        expect(error.code, WIRE_ERROR, &error.base, true);
    }
    error.code = (char *)"ok";
    expect("ok is no error", WIRE_ERROR, &error.base, false);
    error.code = (char *)"unknown";
    expect("an unknown error", WIRE_ERROR, &error.base, false);
    error.code = (char *)"busy";
    error.detail = long_text;
    expect("a long explanation", WIRE_ERROR, &error.base, false);
}

static void
what_does_not_decode_is_refused_within_the_budget(void **state)
{
    uint8_t bytes[WIRE_HEADER_SIZE_MAX + 1] = {WIRE_READ};
    struct wire_message parsed;
    const char *what;

    (void)state;
    assert_int_equal(wire_parse(fr_slice(NULL, 0), arena, &parsed, &what), FR_INVALID);
    assert_int_equal(wire_parse(fr_slice("X", 1), arena, &parsed, &what), FR_INVALID);
    assert_int_equal(wire_parse(fr_slice("H", 1), arena, &parsed, &what), FR_INVALID);
    for (size_t i = 1; i + 1 < sizeof(bytes); i += 2) { /* a thousand empty routes */
        bytes[i] = 0x3a;
        bytes[i + 1] = 0;
    }
    assert_int_equal(wire_parse(fr_slice(bytes, 2047), arena, &parsed, &what), FR_INVALID);
    assert_int_equal(wire_parse(fr_slice(bytes, sizeof(bytes)), arena, &parsed, &what), FR_INVALID);
    assert_true(fr_arena_used(arena) <= WIRE_PARSE_BUDGET);
}

/* ---- records ----------------------------------------------------------------------------------
 */

/* A run of records out of a journal, and how it is announced. */
struct run {
    char *bytes;
    size_t size;
    Fr__Batch batch;
    struct wire_place place;
};

static void
take_run(struct fr_journal *journal, uint64_t first, uint64_t last, struct run *run)
{
    const struct fr_record_head *head;

    *run = (struct run){.batch = FR__BATCH__INIT};
    if (first > 1) {
        assert_int_equal(fr_journal_get(journal, first - 1, &head), FR_OK);
        run->place.hash = head->hash;
        run->place.seq = first - 1;
    }
    for (uint64_t seq = first; seq <= last; seq++) {
        assert_int_equal(fr_journal_get(journal, seq, &head), FR_OK);
        run->bytes = realloc(run->bytes, run->size + head->size);
        memcpy(run->bytes + run->size, head, head->size);
        run->size += head->size;
        run->batch.count++;
        run->batch.last_seq = head->seq;
        run->batch.last_hash = head->hash;
    }
}

static enum fr_error
check_run(const struct run *run, bool deep)
{
    const char *what;

    return wire_records_check(fr_slice(run->bytes, run->size), &run->batch, &run->place, deep,
                              &what);
}

static void
no_single_bit_goes_unnoticed(void **state)
{
    uint64_t seed = (uint64_t)time(NULL);
    struct fr_journal *journal = trial_journal(NULL, "source");

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 40; i++)
        trial_write(journal, trial_dice(&seed) % 300, i % 3 ? "a" : "b");
    assert_int_equal(fr_journal_sync(journal), FR_OK);
    for (int round = 0; round < 300; round++) {
        uint64_t first = 1 + trial_dice(&seed) % 30, last = first + trial_dice(&seed) % 10;
        struct run run;
        size_t bit;

        take_run(journal, first, last, &run);
        assert_int_equal(check_run(&run, true), FR_OK);
        bit = trial_dice(&seed) % (run.size * 8);
        run.bytes[bit / 8] ^= (char)(1 << bit % 8);
        if (check_run(&run, true) == FR_OK)
            fail_msg("bit %zu of %zu bytes", bit, run.size);
        run.bytes[bit / 8] ^= (char)(1 << bit % 8);
        run.size -= 8; /* nor a shorter end, nor another place */
        assert_int_not_equal(check_run(&run, false), FR_OK);
        run.size += 8;
        run.place.seq++;
        assert_int_equal(check_run(&run, false), FR_DIVERGED);
        run.place.seq--;
        run.place.hash++;
        assert_int_equal(check_run(&run, false), FR_DIVERGED);
        free(run.bytes);
    }
    fr_journal_free(&journal);
}

static void
a_filtered_run_has_gaps_but_an_order(void **state)
{
    struct fr_journal *journal = trial_journal(NULL, "source");
    struct run run, other;

    (void)state;
    for (int i = 0; i < 10; i++)
        trial_write(journal, 50, "a");
    assert_int_equal(fr_journal_sync(journal), FR_OK);
    take_run(journal, 4, 4, &run);
    take_run(journal, 8, 8, &other);
    run.bytes = realloc(run.bytes, run.size + other.size);
    memcpy(run.bytes + run.size, other.bytes, other.size);
    run.size += other.size;
    run.batch.count = 2;
    run.batch.last_seq = 10; /* 9 and 10 were left out */
    run.place = (struct wire_place){.seq = 2, .hash = 1, .filtered = true};
    assert_int_equal(check_run(&run, true), FR_OK);
    run.place.seq = 4;
    assert_int_equal(check_run(&run, true), FR_DIVERGED); /* comes a second time */
    run.place.seq = 2;
    run.batch.last_seq = 7;
    assert_int_equal(check_run(&run, true), FR_DIVERGED); /* ends before its last record */
    run.batch.last_seq = 10;
    run.place.filtered = false;
    assert_int_equal(check_run(&run, true), FR_DIVERGED);
    free(run.bytes);
    free(other.bytes);
    fr_journal_free(&journal);
}

static int
prepare(void **state)
{
    (void)state;
    fr_log_init("parse_test", FR_ERROR, FR_LOG_TEXT);
    memset(long_text, 'a', sizeof(long_text) - 1);
    arena = fr_arena_new(4096, WIRE_PARSE_BUDGET);
    return 0;
}

static int
tidy(void **state)
{
    (void)state;
    fr_arena_free(&arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_routes_and_numbers_have_limits),
        cmocka_unit_test(errors_are_the_ones_we_know),
        cmocka_unit_test(what_does_not_decode_is_refused_within_the_budget),
        cmocka_unit_test(no_single_bit_goes_unnoticed),
        cmocka_unit_test(a_filtered_run_has_gaps_but_an_order),
    };

    return cmocka_run_group_tests(tests, prepare, tidy);
}
