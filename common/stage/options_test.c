/* options_test.c - the two levels of `stage`, and where services are reached. */
#include "common/stage/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct fr_stage stage = {.name = "little"};

static struct fr_options *
parsed(const char *yaml)
{
    struct fr_options *options = NULL;

    assert_int_equal(fr_options_parse(&stage, yaml, strlen(yaml), stderr, &options), FR_OK);
    return options;
}

static void
without_a_word_the_defaults_hold(void **state)
{
    struct fr_options *options = parsed("");

    (void)state;
    assert_int_equal(options->stage.batch_max, 4096);
    assert_int_equal(options->stage.checkpoint_idle.us, 100000);
    assert_null(options->stage.admin);
    assert_int_equal(options->stage.listen.count, 0);
    fr_options_free(&options);
    assert_null(options);
}

static void
the_service_overrides_the_top_level_key_by_key(void **state)
{
    struct fr_options *options =
        parsed("stage: {batch_max: 7, waiting_max: 50, admin: '127.0.0.1:1', log_level: warn,\n"
               "        listen: ['tcp://127.0.0.1:5', 'tcp://127.0.0.1:6'], retention: 2d}\n"
               "little: {stage: {batch_max: 9, listen: ['tcp://127.0.0.1:7'], log_level: error,\n"
               "                 retention: 0s}}\n");

    (void)state;
    assert_int_equal(options->stage.batch_max, 9);
    assert_int_equal(options->stage.waiting_max, 50);
    assert_string_equal(options->stage.admin, "127.0.0.1:1");
    assert_int_equal(options->stage.log_level, FR_ERROR);
    assert_int_equal(options->stage.retention.us, 0);
    assert_int_equal(options->stage.listen.count, 1);
    assert_string_equal(((const char *const *)options->stage.listen.items)[0], "tcp://127.0.0.1:7");
    fr_options_free(&options);
}

static void
a_default_of_the_service_level_overrides_nothing(void **state)
{
    struct fr_options *options =
        parsed("stage: {credit: 1MiB, query_workers: 4}\nlittle: {stage: {effect_workers: 9}}\n");

    (void)state;
    assert_int_equal(options->stage.credit, 1 << 20);
    assert_int_equal(options->stage.query_workers, 4);
    assert_int_equal(options->stage.effect_workers, 9);
    fr_options_free(&options);
}

static void
the_same_default_said_aloud_does_override(void **state)
{
    struct fr_options *options =
        parsed("stage: {batch_max: 7}\nlittle: {stage: {batch_max: 4096}}\n");

    (void)state;
    assert_int_equal(options->stage.batch_max, 4096);
    fr_options_free(&options);
}

static void
what_is_out_of_range_is_refused_at_both_levels(void **state)
{
    static const char *const texts[] = {
        "stage: {batch_max: 0}\n", "little: {stage: {batch_max: 0}}\n",
        "little: {stage: {batch_maxx: 5}}\n", "little: {stage: {checkpoint_every: 1us}}\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct fr_options *options = NULL;
        char *said = NULL;
        size_t size = 0;
        FILE *complaints = open_memstream(&said, &size);

        assert_int_not_equal(
            fr_options_parse(&stage, texts[i], strlen(texts[i]), complaints, &options), FR_OK);
        fclose(complaints);
        assert_null(options);
        assert_non_null(strstr(said, "text:1:"));
        free(said);
    }
}

static void
a_service_is_reached_where_its_row_says_else_in_the_run_directory(void **state)
{
    struct fr_options *options =
        parsed("run: /r\nendpoints: {far: {endpoint: 'tcp://10.0.0.1:7'}}\n");
    const char *key = "";
    char text[100];

    (void)state;
    fr_options_endpoint(options->common, "far", text, sizeof(text), &key);
    assert_string_equal(text, "tcp://10.0.0.1:7");
    assert_null(key);
    fr_options_endpoint(options->common, "near", text, sizeof(text), &key);
    assert_string_equal(text, "ipc:///r/near.sock");
    fr_options_free(&options);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_the_defaults_hold),
        cmocka_unit_test(the_service_overrides_the_top_level_key_by_key),
        cmocka_unit_test(a_default_of_the_service_level_overrides_nothing),
        cmocka_unit_test(the_same_default_said_aloud_does_override),
        cmocka_unit_test(what_is_out_of_range_is_refused_at_both_levels),
        cmocka_unit_test(a_service_is_reached_where_its_row_says_else_in_the_run_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
