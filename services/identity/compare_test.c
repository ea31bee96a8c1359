/* compare_test.c - similarities as published, levels as claimed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/compare.h"

static void
jaro_winkler_is_as_published(void **state)
{
    static const struct {
        const char *a, *b;
        double value;
    } published[] = {{"martha", "marhta", 0.9611},
                     {"dwayne", "duane", 0.84},
                     {"dixon", "dicksonx", 0.8133},
                     {"abroms", "abrams", 0.9222},
                     {"same", "same", 1},
                     {"abc", "xyz", 0},
                     {"", "abc", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        assert_true(fabs(identity_jaro_winkler(published[i].a, published[i].b) -
                         published[i].value) < 0.0001);
        assert_true(fabs(identity_jaro_winkler(published[i].b, published[i].a) -
                         published[i].value) < 0.0001);
    }
}

/* The distance by its definition, without limits or rows that are reused. */
static size_t
naive_distance(const char *a, size_t i, const char *b, size_t j)
{
    size_t best, other;

    if (i == 0 || j == 0)
        return i + j;
    best = naive_distance(a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1]);
    other = naive_distance(a, i - 1, b, j) + 1;
    best = other < best ? other : best;
    other = naive_distance(a, i, b, j - 1) + 1;
    best = other < best ? other : best;
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        other = naive_distance(a, i - 2, b, j - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void
distance_agrees_with_its_definition(void **state)
{
    unsigned seed = 7;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        char a[7], b[7];
        size_t a_size = (size_t)rand_r(&seed) % 7, b_size = (size_t)rand_r(&seed) % 7, real;

        for (size_t i = 0; i < 6; i++) {
            a[i] = (char)('a' + rand_r(&seed) % 3);
            b[i] = (char)('a' + rand_r(&seed) % 3);
        }
        a[a_size] = b[b_size] = '\0';
        real = naive_distance(a, a_size, b, b_size);
        for (size_t most = 0; most < 8; most++)
            assert_int_equal(identity_distance(a, b, most), real <= most ? real : most + 1);
    }
}

/* clang-format off */
static const struct {
    const char *claim;
    enum identity_field field;
    const char *a, *b;
    enum identity_level level;
} samples[] = {
    { "a short form is near",                 IDENTITY_GIVEN,    "bob",          "robert",       IDENTITY_LEVEL_NEAR },
    { "so is a second name",                  IDENTITY_GIVEN,    "ann",          "ann marie",    IDENTITY_LEVEL_NEAR },
    { "an initial is close",                  IDENTITY_GIVEN,    "a",            "ann",          IDENTITY_LEVEL_CLOSE },
    { "another initial differs",              IDENTITY_GIVEN,    "b",            "ann",          IDENTITY_LEVEL_DIFFERS },
    { "another name differs",                 IDENTITY_GIVEN,    "olivia",       "james",        IDENTITY_LEVEL_DIFFERS },
    { "a slip is near",                       IDENTITY_FAMILY,   "andersen",     "anderson",     IDENTITY_LEVEL_NEAR },
    { "half a double name is close",          IDENTITY_FAMILY,   "smith jones",  "jones",        IDENTITY_LEVEL_CLOSE },
    { "one digit of a date is near",          IDENTITY_BIRTH,    "1980-02-01",   "1980-02-07",   IDENTITY_LEVEL_NEAR },
    { "two digits swapped are near",          IDENTITY_BIRTH,    "1981-02-01",   "1918-02-01",   IDENTITY_LEVEL_NEAR },
    { "day for month is near",                IDENTITY_BIRTH,    "1980-02-11",   "1980-11-02",   IDENTITY_LEVEL_NEAR },
    { "two parts of three are close",         IDENTITY_BIRTH,    "1980-02-01",   "1980-02-28",   IDENTITY_LEVEL_CLOSE },
    { "another date differs",                 IDENTITY_BIRTH,    "1980-02-01",   "1963-11-28",   IDENTITY_LEVEL_DIFFERS },
    { "the year of a date is near it",        IDENTITY_BIRTH,    "1980-02-01",   "1980",         IDENTITY_LEVEL_NEAR },
    { "another year differs",                 IDENTITY_BIRTH,    "1980-02-01",   "1981",         IDENTITY_LEVEL_DIFFERS },
    { "a number is not near its neighbour",   IDENTITY_HOUSE,    "4",            "5",            IDENTITY_LEVEL_DIFFERS },
    { "a digit more is near",                 IDENTITY_HOUSE,    "12",           "112",          IDENTITY_LEVEL_NEAR },
    { "a postcode's beginning is close",      IDENTITY_POSTCODE, "ab1 2cd",      "ab1 9xy",      IDENTITY_LEVEL_CLOSE },
    { "a country's code does not count",      IDENTITY_PHONE,    "447700900123", "07700900123",  IDENTITY_LEVEL_EXACT },
    { "another line differs",                 IDENTITY_PHONE,    "447700900123", "447700900987", IDENTITY_LEVEL_DIFFERS },
    { "the mailbox at another host is near",  IDENTITY_EMAIL,    "ann.e@a.example", "ann.e@mail.test", IDENTITY_LEVEL_NEAR },
    { "a common first letter is not",         IDENTITY_EMAIL,    "ann@a.example", "bob@mail.test", IDENTITY_LEVEL_DIFFERS },
    { "a shop's longer name is near",         IDENTITY_ORGANISATION, "corner cafe", "corner cafe and bakery", IDENTITY_LEVEL_NEAR },
};
/* clang-format on */

static void
values_reach_the_level_claimed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        enum identity_level there =
            identity_compare_values(samples[i].field, samples[i].a, samples[i].b);
        enum identity_level back =
            identity_compare_values(samples[i].field, samples[i].b, samples[i].a);

        if (there != samples[i].level || back != there)
            fail_msg("%s: \"%s\" and \"%s\" reach %d and %d, not %d", samples[i].claim,
                     samples[i].a, samples[i].b, there, back, samples[i].level);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jaro_winkler_is_as_published),
        cmocka_unit_test(distance_agrees_with_its_definition),
        cmocka_unit_test(values_reach_the_level_claimed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
