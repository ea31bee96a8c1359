/* weights_test.c - what the numbers that ship weigh, and that what is printed is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/weights.h"

static const struct fr_config_key section_keys[] = {
    {"matching", FR_CONFIG_SECTION, 0, NULL, .keys = identity_matching_keys, .doc = "Matching."},
    {NULL},
};

static void
check(struct fr_config *config, const void *section)
{
    identity_matching_check(config, "matching", section);
}

static const struct fr_config_section section = {"identity", section_keys,
                                                 sizeof(struct identity_matching), check};

static enum fr_error
load(const char *yaml, struct fr_config **config)
{
    return fr_config_parse(yaml, strlen(yaml), "test", &section, 1, NULL, config);
}

static void
every_field_ships_with_probabilities(void **state)
{
    (void)state;
    for (int i = 0; i < IDENTITY_FIELD_COUNT; i++) {
        const struct identity_field_weights *field = &identity_weights_default.fields[i];
        double before = 1000;

        assert_true(field->m[IDENTITY_LEVEL_EXACT] > 0);
        assert_true(field->m[IDENTITY_LEVEL_DIFFERS] > 0 && field->u[IDENTITY_LEVEL_DIFFERS] > 0);
        for (int level = 0; level < IDENTITY_LEVEL_COUNT; level++) {
            double bits = identity_level_weight(field, (enum identity_level)level);

            if (field->m[level] == 0)
                continue;
            assert_true(bits < before); /* the better the level, the more it weighs */
            before = bits;
        }
        assert_true(identity_level_weight(field, IDENTITY_LEVEL_DIFFERS) < 0);
        assert_true(identity_level_weight(field, IDENTITY_LEVEL_MISSING) == 0);
    }
}

static void
a_rare_value_weighs_more_than_a_common_one(void **state)
{
    const struct identity_field_weights *family = &identity_weights_default.fields[IDENTITY_FAMILY];
    double rare = identity_exact_weight(family, 1, 10000);
    double common = identity_exact_weight(family, 500, 10000);
    double unseen = identity_exact_weight(family, 0, 0);

    (void)state;
    assert_true(rare > unseen + 2);
    assert_true(common < unseen - 2);
    assert_true(common > 0);
    /* Of a date everybody is as rare as the other. */
    family = &identity_weights_default.fields[IDENTITY_BIRTH];
    assert_true(identity_exact_weight(family, 1, 10) == identity_exact_weight(family, 500, 1000));
}

static void
no_section_gives_what_ships(void **state)
{
    struct fr_config *config;
    struct identity_weights weights;

    (void)state;
    assert_int_equal(load("{}", &config), FR_OK);
    identity_weights_from(fr_config_get(config, "identity"), &weights);
    assert_memory_equal(&weights, &identity_weights_default, sizeof(weights));
    fr_config_free(&config);
}

static void
what_is_printed_is_read_again(void **state)
{
    struct identity_weights given = identity_weights_default, read;
    struct fr_config *config;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    given.link = 7.5;
    given.fields[IDENTITY_STREET].m[IDENTITY_LEVEL_EXACT] = 0.5;
    identity_weights_print(&given, out);
    fclose(out);
    assert_non_null(strstr(text, "# Family name.  Bits: exact +7.6"));
    assert_int_equal(load(text, &config), FR_OK);
    identity_weights_from(fr_config_get(config, "identity"), &read);
    assert_true(read.link == 7.5);
    assert_true(read.fields[IDENTITY_STREET].m[IDENTITY_LEVEL_EXACT] == 0.5);
    assert_true(read.fields[IDENTITY_STREET].m[IDENTITY_LEVEL_DIFFERS] >
                identity_weights_default.fields[IDENTITY_STREET].m[IDENTITY_LEVEL_DIFFERS] + 0.2);
    fr_config_free(&config);
    free(text);
}

static void
nonsense_is_complained_about(void **state)
{
    struct fr_config *config;

    (void)state;
    assert_int_equal(load("identity: {matching: {fields: {shoe_size: {exact_m: 0.5}}}}", &config),
                     FR_INVALID);
    assert_int_equal(
        load("identity: {matching: {fields: {birth: {exact_m: 0.9, near_m: 0.2}}}}", &config),
        FR_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_ships_with_probabilities),
        cmocka_unit_test(a_rare_value_weighs_more_than_a_common_one),
        cmocka_unit_test(no_section_gives_what_ships),
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(nonsense_is_complained_about),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
