/* train_test.c - weights are learned from pairs whose shares are known, the same every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/train.h"

static int
level_by(unsigned *seed, double exact, double near)
{
    double drawn = (double)(rand_r(seed) % 10000) / 10000;

    return drawn < exact          ? IDENTITY_LEVEL_EXACT
           : drawn < exact + near ? IDENTITY_LEVEL_NEAR
                                  : IDENTITY_LEVEL_DIFFERS;
}

/* One pair in four is one person; his given names agree in 60 of 100, surnames in 95, towns in 90.
 */
static void
fill(struct identity_training *training, unsigned seed)
{
    for (int i = 0; i < 20000; i++) {
        uint8_t levels[IDENTITY_FIELD_COUNT], chance[IDENTITY_FIELD_COUNT];
        bool one = rand_r(&seed) % 4 == 0;

        memset(levels, IDENTITY_LEVEL_MISSING, sizeof(levels));
        memset(chance, IDENTITY_LEVEL_MISSING, sizeof(chance));
        levels[IDENTITY_GIVEN] = (uint8_t)level_by(&seed, one ? 0.60 : 0.03, one ? 0.30 : 0.01);
        levels[IDENTITY_FAMILY] = (uint8_t)level_by(&seed, one ? 0.95 : 0.05, one ? 0.03 : 0.01);
        levels[IDENTITY_LOCALITY] = (uint8_t)level_by(&seed, one ? 0.90 : 0.10, 0.02);
        levels[IDENTITY_BIRTH] = (uint8_t)level_by(&seed, one ? 0.90 : 0.01, 0.03);
        chance[IDENTITY_LOCALITY] = (uint8_t)level_by(&seed, 0.08, 0.01);
        assert_true(identity_training_add(training, levels));
        identity_training_add_random(training, chance);
    }
}

static void
assert_near(double value, double wanted, double by)
{
    if (value < wanted - by || value > wanted + by)
        fail_msg("%f is not near %f", value, wanted);
}

static void
shares_are_found(void **state)
{
    struct identity_training *training = identity_training_new();
    struct identity_training_result result;
    const struct identity_field_weights *fields = result.weights.fields;

    (void)state;
    fill(training, 3);
    assert_int_equal(identity_training_run(training, &identity_weights_default, &result), FR_OK);
    assert_near(result.matches, 0.25, 0.02);
    assert_near(fields[IDENTITY_GIVEN].m[IDENTITY_LEVEL_EXACT], 0.60, 0.03);
    assert_near(fields[IDENTITY_GIVEN].m[IDENTITY_LEVEL_NEAR], 0.30, 0.03);
    assert_near(fields[IDENTITY_FAMILY].m[IDENTITY_LEVEL_EXACT], 0.95, 0.02);
    assert_near(fields[IDENTITY_LOCALITY].u[IDENTITY_LEVEL_EXACT], 0.08, 0.01);
    /* Nothing was seen of streets: they weigh what they did. */
    assert_near(fields[IDENTITY_STREET].m[IDENTITY_LEVEL_EXACT],
                identity_weights_default.fields[IDENTITY_STREET].m[IDENTITY_LEVEL_EXACT], 1e-9);
    identity_training_free(&training);
}

static void
the_same_pairs_give_the_same_numbers(void **state)
{
    struct identity_training_result results[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct identity_training *training = identity_training_new();

        memset(&results[i], 0, sizeof(results[i]));
        fill(training, 5);
        assert_int_equal(identity_training_run(training, &identity_weights_default, &results[i]),
                         FR_OK);
        identity_training_free(&training);
    }
    assert_memory_equal(&results[0], &results[1], sizeof(results[0]));
}

static void
too_little_teaches_nothing(void **state)
{
    struct identity_training *training = identity_training_new();
    struct identity_training_result result;
    uint8_t levels[IDENTITY_FIELD_COUNT] = {0};

    (void)state;
    identity_training_add(training, levels);
    assert_int_equal(identity_training_run(training, &identity_weights_default, &result),
                     FR_NOT_FOUND);
    identity_training_free(&training);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_found),
        cmocka_unit_test(the_same_pairs_give_the_same_numbers),
        cmocka_unit_test(too_little_teaches_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
