/* command_test.c - how words become options, and what is said when they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/fil/command.h"

struct given {
    bool wait;
    const char *text;
    int64_t count;
    double rate;
    struct fr_span patience;
    struct fil_texts names;
};
#define GIVEN(field) offsetof(struct given, field)
static const struct fil_option options[] = {
    {"--wait", FIL_FLAG, GIVEN(wait), NULL, "", NULL},
    {"--text", FIL_TEXT, GIVEN(text), "TEXT", "", NULL},
    {"-n", FIL_INT, GIVEN(count), "N", "", "20"},
    {"--rate", FIL_REAL, GIVEN(rate), "N", "", NULL},
    {"--for", FIL_SPAN, GIVEN(patience), "SPAN", "", "60s"},
    {"--name", FIL_TEXTS, GIVEN(names), "NAME", "", NULL},
    {NULL},
};
static const struct fil_command command = {
    .noun = "do", .args = "THING", .arg_min = 1, .arg_max = 1, .options = options, .examples = ""};

static enum fr_error
read_words(const char *words, struct fil *fil, struct given *given, char *argv[16], int *rest,
           char *error)
{
    static char text[400];
    int argc = 0;

    snprintf(text, sizeof(text), "%s", words);
    memset(fil, 0, sizeof(*fil));
    memset(given, 0, sizeof(*given));
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    error[0] = '\0';
    return fil_command_read(&command, fil, given, argc, argv, rest, error, 200);
}

static void
test_options_and_arguments_mix(void **state)
{
    char *argv[16], error[200];
    struct given given;
    struct fil fil;
    int rest;

    (void)state;
    assert_int_equal(read_words("--wait thing --text=hello -n 7 --rate 2.5 --for 1m30s --name a "
                                "--name b --json --run /r",
                                &fil, &given, argv, &rest, error),
                     FR_OK);
    assert_int_equal(rest, 1);
    assert_string_equal(argv[0], "thing");
    assert_true(given.wait);
    assert_string_equal(given.text, "hello");
    assert_int_equal(given.count, 7);
    assert_true(given.rate == 2.5);
    assert_int_equal(given.patience.us, 90000000);
    assert_int_equal(given.names.count, 2);
    assert_string_equal(given.names.items[1], "b");
    assert_true(fil.json);
    assert_string_equal(fil.run, "/r");
}

static void
test_usual_values(void **state)
{
    char *argv[16], error[200];
    struct given given;
    struct fil fil;
    int rest;

    (void)state;
    assert_int_equal(read_words("thing", &fil, &given, argv, &rest, error), FR_OK);
    assert_int_equal(given.count, 20);
    assert_int_equal(given.patience.us, 60000000);
    assert_null(given.text);
}

/* clang-format off */
static const struct {
    const char *claim, *words, *said; /* said: part of the complaint; NULL: help was asked for */
} refusals[] = {
    { "a slip is answered with what was meant",      "thing --wiat",        "did you mean --wait?"          },
    { "a value that is missing is named",            "thing --text",        "--text needs a value: TEXT"    },
    { "a flag takes no value",                       "thing --wait=yes",    "--wait takes no value"         },
    { "a number is a number to its end",             "thing -n 7x",         "'7x' is not a number"          },
    { "a length of time needs its unit",             "thing --for 5",       "is not a length of time"       },
    { "what is missing is said",                     "--wait",              "what is missing: THING"        },
    { "too many words are not ignored",              "thing other",         "too many words: THING"         },
    { "help is help wherever it stands",             "thing --wait --help", NULL                            },
};
/* clang-format on */

static void
test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        char *argv[16], error[200];
        struct given given;
        struct fil fil;
        int rest;
        enum fr_error err = read_words(refusals[i].words, &fil, &given, argv, &rest, error);

        if (err != (refusals[i].said == NULL ? FR_END : FR_INVALID))
            fail_msg("%s: %s", refusals[i].claim, fr_error_name(err));
        if (refusals[i].said != NULL && strstr(error, refusals[i].said) == NULL)
            fail_msg("%s: it said \"%s\"", refusals[i].claim, error);
    }
}

static void
test_what_follows_two_dashes_is_no_option(void **state)
{
    char *argv[16], error[200];
    struct given given;
    struct fil fil;
    int rest;

    (void)state;
    assert_int_equal(read_words("-- --wait", &fil, &given, argv, &rest, error), FR_OK);
    assert_false(given.wait);
    assert_string_equal(argv[0], "--wait");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_and_arguments_mix),
        cmocka_unit_test(test_usual_values),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_what_follows_two_dashes_is_no_option),
    };

    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
