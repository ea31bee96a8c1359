/* script_test.c - recordings are read as they are, and what the form would refuse is mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/fil/script.h"

static enum fr_error
read_text(const char *text, size_t limit, struct fil_script *script, char *error, size_t error_size)
{
    FILE *in = fmemopen((void *)text, strlen(text), "r");
    enum fr_error err = fil_script_read(in, limit, script, error, error_size);

    fclose(in);
    return err;
}

static const char threads[] =
    "{\"conv\": \"a\", \"messages\": ["
    "{\"id\": \"1\", \"t\": 50, \"from\": \"eve\", \"in\": true, \"text\": \"first\"},"
    "{\"id\": \"2\", \"t\": 60, \"from\": \"Shop\", \"in\": false, \"text\": \"answer\"},"
    "{\"id\": \"3\", \"t\": 70, \"from\": \"eve\", \"in\": true, \"text\": \"a\\u0007b\"}]}\n"
    "\n"
    "{\"conv\": \"b\", \"messages\": ["
    "{\"id\": \"b 4\", \"t\": 60, \"from\": \"bob\", \"in\": true, \"text\": \"second\"},"
    "{\"id\": \"5\", \"t\": 61, \"from\": \"bob\", \"in\": true, \"text\": \"  \"}]}\n";

static void
test_threads(void **state)
{
    struct fil_script script;
    char error[200];

    (void)state;
    assert_int_equal(read_text(threads, 0, &script, error, sizeof(error)), FR_OK);
    assert_int_equal(script.count, 3);
    assert_int_equal(script.skipped, 1);
    assert_int_equal(script.customer_count, 2);
    assert_string_equal(script.items[0].text, "first");
    assert_string_equal(script.items[1].text, "second");
    assert_string_equal(script.items[1].id, "b_4");
    assert_string_equal(script.items[2].text, "a b");
    assert_int_equal(script.items[0].customer, script.items[2].customer);
    assert_string_equal(script.names[script.items[1].customer], "bob");
    fil_script_free(&script);
}

static void
test_single_messages(void **state)
{
    static const char lines[] =
        "{\"t\": 2, \"id\": 20, \"from\": 9, \"re\": \"x\", \"text\": \"later\"}\n"
        "{\"t\": 1, \"id\": \"10\", \"from\": \"9\", \"text\": \"earlier\"}\n";
    struct fil_script script;
    char error[200];

    (void)state;
    assert_int_equal(read_text(lines, 0, &script, error, sizeof(error)), FR_OK);
    assert_int_equal(script.count, 2);
    assert_int_equal(script.customer_count, 1); /* a number and its text are one name */
    assert_string_equal(script.items[0].text, "earlier");
    assert_string_equal(script.items[1].id, "20");
    fil_script_free(&script);
    assert_int_equal(read_text(lines, 1, &script, error, sizeof(error)), FR_OK);
    assert_int_equal(script.count, 1);
    assert_string_equal(script.items[0].text, "earlier");
    fil_script_free(&script);
}

/* What the same customer said in the same second stays in the order of the file. */
static void
test_order_is_kept(void **state)
{
    char text[4000] = "", error[200], id[16];
    struct fil_script script;

    (void)state;
    for (int i = 0; i < 40; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "{\"t\": 5, \"id\": %d, \"from\": \"x\", \"text\": \"y\"}\n", i);
    assert_int_equal(read_text(text, 0, &script, error, sizeof(error)), FR_OK);
    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof(id), "%d", i);
        assert_string_equal(script.items[i].id, id);
    }
    fil_script_free(&script);
}

static void
test_long_texts_are_cut_between_characters(void **state)
{
    size_t size = 3 * FIL_SAID_TEXT_MAX;
    char *text = malloc(size + 200), error[200];
    struct fil_script script;
    int head = sprintf(text, "{\"t\": 5, \"id\": 1, \"from\": \"x\", \"text\": \"a");

    (void)state;
    for (size_t i = 0; i < size / 3; i++)
        memcpy(text + head + 3 * i, "\xe2\x82\xac", 3);
    strcpy(text + head + size / 3 * 3, "\"}\n");
    assert_int_equal(read_text(text, 0, &script, error, sizeof(error)), FR_OK);
    assert_true(strlen(script.items[0].text) <= FIL_SAID_TEXT_MAX);
    assert_int_equal(strlen(script.items[0].text) % 3, 1);
    fil_script_free(&script);
    free(text);
}

/* clang-format off */
static const struct {
    const char *claim, *text, *said;
} faults[] = {
    { "a line that is no JSON is named",        "{\"t\": 1, \"id\": 1, \"from\": 1, \"text\": \"x\"}\nnonsense\n", "line 2: " },
    { "a message without its time is no good",  "{\"id\": 1, \"from\": 1, \"text\": \"x\"}\n",                   "line 1: a message needs" },
    { "a list is no message",                   "[]\n",                                                       "line 1: is no JSON object" },
};
/* clang-format on */

static void
test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct fil_script script;
        char error[200] = "";

        if (read_text(faults[i].text, 0, &script, error, sizeof(error)) != FR_INVALID ||
            strncmp(error, faults[i].said, strlen(faults[i].said)) != 0)
            fail_msg("%s: \"%s\"", faults[i].claim, error);
    }
}

static void
test_our_own_fixture(void **state)
{
    char path[600], error[200];
    const char *source = getenv("FR_SOURCE_DIR");
    struct fil_script script;
    FILE *in;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/fixtures/threads.jsonl", source != NULL ? source : ".");
    in = fopen(path, "r");
    if (in == NULL)
        skip();
    assert_int_equal(fil_script_read(in, 0, &script, error, sizeof(error)), FR_OK);
    fclose(in);
    assert_int_equal(script.line_count, 40);
    assert_true(script.count > 40);
    assert_int_equal(script.skipped, 0);
    fil_script_free(&script);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_single_messages),
        cmocka_unit_test(test_order_is_kept),
        cmocka_unit_test(test_long_texts_are_cut_between_characters),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_our_own_fixture),
    };

    return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
