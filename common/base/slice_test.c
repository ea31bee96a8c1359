/* slice_test.c - order, UTF-8 and secret equality, table by table and against a naive decoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "common/base/slice.h"

static int
sign(int order)
{
    return (order > 0) - (order < 0);
}

static void
order_is_unsigned_bytes_then_size(void **state)
{
    static const char *const rising[] = {"", "\x01", "A", "AA", "AB", "B", "\x7f", "\x80", "\xff"};

    (void)state;
    for (int i = 0; i < 9; i++)
        for (int j = 0; j < 9; j++)
            assert_int_equal(
                sign(fr_slice_compare(fr_slice_str(rising[i]), fr_slice_str(rising[j]))),
                sign(i - j));
    assert_true(fr_slice_equal(fr_slice_str(NULL), fr_slice("x", 0)));
}

static void
utf8_table(void **state)
{
    static const struct {
        const char *claim, *text;
        size_t size;
        bool valid;
    } cases[] = {
        {"nothing is well formed", "", 0, true},
        {"two, three and four bytes are", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, true},
        {"a NUL is refused alone", "\0", 1, false},
        {"a NUL is refused in the eight-byte path", "abcd\0efg", 8, false},
        {"a high byte is refused in the eight-byte path", "abcdefg\x80", 8, false},
        {"an overlong slash is refused", "\xc0\xaf", 2, false},
        {"an overlong three-byte form is refused", "\xe0\x9f\xbf", 3, false},
        {"an overlong four-byte form is refused", "\xf0\x8f\xbf\xbf", 4, false},
        {"a surrogate is refused", "\xed\xa0\x80", 3, false},
        {"the last before the surrogates is taken", "\xed\x9f\xbf", 3, true},
        {"U+10FFFF is taken", "\xf4\x8f\xbf\xbf", 4, true},
        {"U+110000 is refused", "\xf4\x90\x80\x80", 4, false},
        {"a cut sequence is refused", "\xe2\x82", 2, false},
        {"a lone continuation is refused", "\x80", 1, false},
        {"a lead where a continuation is due is refused", "\xe2\xe2\x82\xac", 4, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (fr_utf8_valid(fr_slice(cases[i].text, cases[i].size)) != cases[i].valid)
            fail_msg("%s", cases[i].claim);
}

/* The naive version: decode by arithmetic, then ask whether the number may be and was shortest. */
static bool
naive_utf8_valid(const uint8_t *p, size_t size)
{
    static const uint32_t smallest[] = {0, 1, 0x80, 0x800, 0x10000};

    for (size_t i = 0; i < size;) {
        int need = p[i] < 0x80         ? 1
                   : p[i] >> 5 == 0x06 ? 2
                   : p[i] >> 4 == 0x0e ? 3
                   : p[i] >> 3 == 0x1e ? 4
                                       : 0;
        uint32_t value = need == 1 ? p[i] : p[i] & (0x7f >> need);

        if (need == 0 || i + need > size)
            return false;
        for (int k = 1; k < need; k++) {
            if (p[i + k] >> 6 != 2)
                return false;
            value = value << 6 | (p[i + k] & 0x3f);
        }
        if (value < smallest[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return false;
        i += need;
    }
    return true;
}

static void
utf8_agrees_with_a_naive_decoder(void **state)
{
    static const uint8_t spicy[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1,
                                    0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
    unsigned seed = (unsigned)time(NULL), valid_count = 0;

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 300000; round++) {
        uint8_t text[16];
        size_t size = rand() % 5 + (rand() % 2) * 8;

        for (size_t i = 0; i < size; i++)
            text[i] = rand() % 3 ? spicy[rand() % sizeof(spicy)] : 'a' + rand() % 26;
        if (size > 8) /* let the eight-byte path begin */
            memset(text, 'x', 8);
        assert_int_equal(fr_utf8_valid(fr_slice(text, size)), naive_utf8_valid(text, size));
        valid_count += naive_utf8_valid(text, size);
    }
    assert_true(valid_count > 1000);
}

static void
secrets_are_equal_only_whole(void **state)
{
    (void)state;
    assert_true(fr_slice_equal_secret(fr_slice_str("token"), fr_slice_str("token")));
    assert_true(fr_slice_equal_secret(fr_slice_str(NULL), fr_slice_str("")));
    assert_false(fr_slice_equal_secret(fr_slice_str("token"), fr_slice_str("tokem")));
    assert_false(fr_slice_equal_secret(fr_slice_str("token"), fr_slice_str("toke")));
    assert_false(fr_slice_equal_secret(fr_slice_str(""), fr_slice_str("t")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_unsigned_bytes_then_size),
        cmocka_unit_test(utf8_table),
        cmocka_unit_test(utf8_agrees_with_a_naive_decoder),
        cmocka_unit_test(secrets_are_equal_only_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
