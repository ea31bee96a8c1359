/* key_test.c - the order of built keys is the order of their parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>
#include "common/base/key.h"

struct parts { /* a key as its author thinks of it */
    uint8_t small;
    int64_t when;
    char name[4];
    uint32_t number;
};

static struct fr_slice
build(struct fr_key *key, const struct parts *parts)
{
    fr_key_u8(fr_key_init(key), parts->small);
    fr_key_str(fr_key_i64(key, parts->when), parts->name);
    return fr_key_slice(fr_key_u32(key, parts->number));
}

/* The naive version: part by part. */
static int
compare(const struct parts *a, const struct parts *b)
{
    int names = strcmp(a->name, b->name);

    if (a->small != b->small)
        return a->small < b->small ? -1 : 1;
    if (a->when != b->when)
        return a->when < b->when ? -1 : 1;
    if (names != 0)
        return names;
    return (a->number > b->number) - (a->number < b->number);
}

static void
randomize(struct parts *parts)
{
    static const int64_t instants[] = {INT64_MIN, -256, -1, 0, 1, 255, 256, INT64_MAX};
    int size = rand() % 4;

    parts->small = rand() % 3 * 127;
    parts->when = instants[rand() % 8];
    parts->number = rand() % 4 * 0x7fffff;
    memset(parts->name, 0, sizeof(parts->name));
    for (int i = 0; i < size; i++)
        parts->name[i] = "ab\xff"[rand() % 3];
}

static void
byte_order_is_the_order_of_the_parts(void **state)
{
    unsigned seed = (unsigned)time(NULL);

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 100000; round++) {
        struct parts a, b;
        struct fr_key left, right;
        int expected, found;

        randomize(&a);
        randomize(&b);
        expected = compare(&a, &b);
        found = fr_slice_compare(build(&left, &a), build(&right, &b));
        assert_int_equal((expected > 0) - (expected < 0), (found > 0) - (found < 0));
    }
}

static void
what_went_in_comes_out(void **state)
{
    struct fr_key key;
    struct fr_slice rest;
    uint8_t small;
    uint32_t number;
    uint64_t big;
    int64_t when;
    const char *name;

    (void)state;
    fr_key_u64(fr_key_u8(fr_key_init(&key), 200), UINT64_MAX - 1);
    fr_key_u32(fr_key_str(fr_key_i64(&key, -5), "abc"), 0xfedcba98);
    rest = fr_key_slice(fr_key_bytes(&key, "tail", 4));
    assert_int_equal(fr_key_take_u8(&rest, &small), FR_OK);
    assert_int_equal(fr_key_take_u64(&rest, &big), FR_OK);
    assert_int_equal(fr_key_take_i64(&rest, &when), FR_OK);
    assert_int_equal(fr_key_take_str(&rest, &name), FR_OK);
    assert_int_equal(fr_key_take_u32(&rest, &number), FR_OK);
    assert_int_equal(small, 200);
    assert_true(big == UINT64_MAX - 1);
    assert_true(when == -5);
    assert_string_equal(name, "abc");
    assert_true(number == 0xfedcba98);
    assert_true(fr_slice_equal(rest, fr_slice_str("tail")));
}

static void
neighbouring_texts_do_not_run_into_each_other(void **state)
{
    struct fr_key one, other;

    (void)state;
    fr_key_str(fr_key_str(fr_key_init(&one), "ab"), "c");
    fr_key_str(fr_key_str(fr_key_init(&other), "a"), "bc");
    assert_false(fr_slice_equal(fr_key_slice(&one), fr_key_slice(&other)));
}

static void
a_key_that_was_too_long_stays_too_long(void **state)
{
    static const char filler[FR_KEY_SIZE_MAX] = {0};
    struct fr_key key;

    (void)state;
    fr_key_bytes(fr_key_init(&key), filler, sizeof(filler));
    assert_int_equal(key.size, FR_KEY_SIZE_MAX); /* full is not too long */
    fr_key_bytes(&key, NULL, 0);
    assert_int_equal(key.size, FR_KEY_SIZE_MAX);
    fr_key_u8(&key, 1);
    assert_true(key.size > FR_KEY_SIZE_MAX);
    fr_key_bytes(&key, NULL, 0);
    assert_true(key.size > FR_KEY_SIZE_MAX);
}

static void
a_missing_part_is_corrupt_and_takes_nothing(void **state)
{
    struct fr_slice rest = fr_slice("abc", 3);
    uint32_t number = 7;
    uint64_t big = 7;
    const char *text = NULL;

    (void)state;
    assert_int_equal(fr_key_take_u32(&rest, &number), FR_CORRUPT);
    assert_int_equal(fr_key_take_u64(&rest, &big), FR_CORRUPT);
    assert_int_equal(fr_key_take_str(&rest, &text), FR_CORRUPT); /* no NUL within */
    assert_int_equal(rest.size, 3);
    assert_int_equal(number, 7);
    assert_true(big == 7);
    assert_null(text);
    rest = fr_slice(NULL, 0);
    assert_int_equal(fr_key_take_str(&rest, &text), FR_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_order_is_the_order_of_the_parts),
        cmocka_unit_test(what_went_in_comes_out),
        cmocka_unit_test(neighbouring_texts_do_not_run_into_each_other),
        cmocka_unit_test(a_key_that_was_too_long_stays_too_long),
        cmocka_unit_test(a_missing_part_is_corrupt_and_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
