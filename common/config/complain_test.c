/* complain_test.c - every complaint word for word: place, key, reason, line and caret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/config/shop_schema_fixture.h"

/* What is said about the text; the caller frees. */
static char *
complaints_about(const char *text, size_t size, enum fr_error expected)
{
    char *said = NULL;
    size_t said_size = 0;
    FILE *complaints = open_memstream(&said, &said_size);
    struct fr_config *config = NULL;
    enum fr_error err =
        fr_config_parse(text, size, "f", shop_sections, SHOP_SECTION_COUNT, complaints, &config);

    fclose(complaints);
    if (err != expected)
        print_message("%s\n", said);
    assert_int_equal(err, expected);
    fr_config_free(&config);
    return said;
}

static void
complaint_table(void **state)
{
    static const struct {
        const char *claim, *text, *said;
    } cases[] = {
        {"a bare number is no time", "routing:\n  offer_time: 60\n",
         "f:2:15: routing.offer_time: has no unit: write 60ms, 60s, 60m or 60h\n"
         "      offer_time: 60\n"
         "                  ^\n"},
        {"a time out of range", "routing: {offer_time: 1h}\n",
         "f:1:23: routing.offer_time: must be from 1s to 10m\n"
         "    routing: {offer_time: 1h}\n"
         "                          ^\n"},
        {"a slip in a key", "routing:\n  stikcy: true\n",
         "f:2:3: routing.stikcy: unknown key; did you mean sticky?\n"
         "      stikcy: true\n"
         "      ^\n"},
        {"a key from nowhere", "routing:\n  elephant: true\n",
         "f:2:3: routing.elephant: unknown key\n"
         "      elephant: true\n"
         "      ^\n"},
        {"the same key twice", "routing:\n  tries: 1\n  sticky: true\n  tries: 2\n",
         "f:4:3: routing.tries: stands here a second time, first in line 2\n"
         "      tries: 2\n"
         "      ^\n"},
        {"a second one that is wrong too, once", "routing: {tries: 1, tries: x}\n",
         "f:1:21: routing.tries: stands here a second time, first in line 1\n"
         "    routing: {tries: 1, tries: x}\n"
         "                        ^\n"},
        {"a section twice", "routing:\n\nrouting:\n",
         "f:3:1: routing: stands here a second time, first in line 1\n"
         "    routing:\n"
         "    ^\n"},
        {"all that is wrong, from top to bottom", "routing: {tries: x,\n  sticky: no, log: jsn}\n",
         "f:1:18: routing.tries: must be a whole number, and not `x`\n"
         "    routing: {tries: x,\n"
         "                     ^\n"
         "f:2:11: routing.sticky: must be true or false, and not `no`\n"
         "      sticky: no, log: jsn}\n"
         "              ^\n"
         "f:2:20: routing.log: must be one of auto|text|json; did you mean json?\n"
         "      sticky: no, log: jsn}\n"
         "                       ^\n"},
        {"a required key, in the second entry",
         "routing:\n  queues:\n  - name: a\n  - share: 0.1\n",
         "f:4:5: routing.queues[1].name: is required: What people call it.\n"
         "      - share: 0.1\n"
         "        ^\n"},
        {"too many entries", "routing:\n  queues: [{name: a}, {name: b}, {name: c}, {name: d}]\n",
         "f:2:11: routing.queues: has 4 entries, must have at most 3 entries\n"
         "      queues: [{name: a}, {name: b}, {name: c}, {name: d}]\n"
         "              ^\n"},
        {"what only a check sees", "routing:\n  queues:\n  - name: a\n    share: 0.75\n",
         "f:4:12: routing.queues[0].share: is more than routing.share (0.5)\n"
         "        share: 0.75\n"
         "               ^\n"},
        {"and when the key is not there, its entry", "routing:\n  queues:\n  - name: abc\n",
         "f:3:5: routing.queues[0].share: is more than routing.share (0.5)\n"
         "      - name: abc\n"
         "        ^\n"},
        {"a stray value at the top", "rum: /run\n",
         "f:1:1: rum: unknown key; did you mean run?\n"
         "    rum: /run\n"
         "    ^\n"},
        {"the caret counts characters, not bytes", "routing: {label: \"caf\xc3\xa9\", tries: y}\n",
         "f:1:33: routing.tries: must be a whole number, and not `y`\n"
         "    routing: {label: \"caf\xc3\xa9\", tries: y}\n"
         "                                    ^\n"},
        {"a scalar where a section is due", "routing: fast\n",
         "f:1:10: routing: must be a section: `key: value` lines below it\n"
         "    routing: fast\n"
         "             ^\n"},
        {"a list where a value is due", "routing:\n  tries: [1]\n",
         "f:2:10: routing.tries: must be one value: whole number\n"
         "      tries: [1]\n"
         "             ^\n"},
        {"no value", "routing:\n  tries:\n",
         "f:2:9: routing.tries: has no value; leave the key out for its default\n"
         "      tries:\n"
         "            ^\n"},
        {"null", "routing:\n  label: null\n",
         "f:2:10: routing.label: null is no value here; leave the key out for its default\n"
         "      label: null\n"
         "             ^\n"},
        {"a text too long", "routing: {label: tenchars10}\n",
         "f:1:18: routing.label: must be from 2 to 9 bytes\n"
         "    routing: {label: tenchars10}\n"
         "                     ^\n"},
        {"a map's name too long", "routing: {brands: {a23456789b1234567: {}}}\n",
         "f:1:20: routing.brands.a23456789b1234567: must be from 1 to 16 bytes\n"
         "    routing: {brands: {a23456789b1234567: {}}}\n"
         "                       ^\n"},
        {"a map's name cannot be given again inside", "routing: {brands: {a: {name: b}}}\n",
         "f:1:24: routing.brands.a.name: unknown key\n"
         "    routing: {brands: {a: {name: b}}}\n"
         "                           ^\n"},
        {"a secret in the file, which is not shown", "routing:\n  token: hunter2\n",
         "f:2:10: routing.token: must say where the secret is, file:PATH or env:NAME, and not the "
         "secret itself\n"},
        {"an unset variable", "routing:\n  token: env:NO_SUCH_VARIABLE_HERE\n",
         "f:2:10: routing.token: the environment variable NO_SUCH_VARIABLE_HERE is not set\n"},
        {"a secret's file that is missing", "routing:\n  token: file:no/such/file\n",
         "f:2:10: routing.token: cannot open ./no/such/file: No such file or directory\n"},
        {"a secret that is a directory", "routing:\n  token: file:/\n",
         "f:2:10: routing.token: / is no regular file\n"},
        {"an alias", "run: &x here\nrouting: {label: *x}\n",
         "f:1:6: anchors (&x) are not allowed: write the value where it is meant\n"
         "    run: &x here\n"
         "         ^\n"},
        {"a tag", "run: !!str here\n",
         "f:1:6: tags (tag:yaml.org,2002:str) are not allowed: the key decides its type\n"
         "    run: !!str here\n"
         "         ^\n"},
        {"a second document", "run: a\n---\nrun: b\n",
         "f:2:1: a second document: one file is one document\n"
         "    ---\n"
         "    ^\n"},
        {"a list at the top", "- a\n",
         "f:1:1: the top level must be made of `key: value` lines\n"
         "    - a\n"
         "    ^\n"},
        {"a tab", "routing:\n\ttries: 1\n",
         "f:2:1: not YAML here: a tab cannot indent, blanks do\n"
         "     tries: 1\n"
         "    ^\n"},
        {"a key that is a list", "? [a]\n: b\n",
         "f:1:3: a key must be a plain word\n"
         "    ? [a]\n"
         "      ^\n"},
        {"an escaped NUL", "run: \"a\\0b\"\n",
         "f:1:6: a NUL character cannot be part of a configuration\n"
         "    run: \"a\\0b\"\n"
         "         ^\n"},
        {"a wrong byte", "run: \xff\n", "f: invalid leading UTF-8 octet at byte 6\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *said = complaints_about(cases[i].text, strlen(cases[i].text), FR_INVALID);

        if (strcmp(said, cases[i].said) != 0)
            fail_msg("%s:\n%s", cases[i].claim, said);
        free(said);
    }
}

static void
values_that_are_refused(void **state)
{
    static const char *const values[] = {
        "tries: 011",
        "tries: 0x1",
        "tries: +1",
        "tries: 1.0",
        "tries: 0",
        "tries: 11",
        "tries: 99999999999999999999",
        "share: .inf",
        "share: nan",
        "share: 0x1p3",
        "share: 1,5",
        "share: ''",
        "cache: 64K",
        "cache: 64kb",
        "cache: -4096",
        "cache: 1023",
        "cache: 9999999TiB",
        "cache: 1.5MiB",
        "offer_time: 1.5s",
        "offer_time: -5s",
        "offer_time: 1s1s",
        "sticky: True",
        "sticky: 1",
        "log: JSON",
        "log: ''",
        "label: ''",
        "upstream: http://a",
        "upstream: tcp://",
        "upstream: tcp://a",
        "upstream: tcp://:1",
        "upstream: tcp://a:0",
        "upstream: tcp://a:65536",
        "upstream: tcp://a:1x",
        "upstream: ipc://",
        "tags: a",
        "tags: [[a]]",
        "tags: ['']",
        "tags: {a: b}",
        "queues: {name: a}",
        "queues: [a]",
        "brands: [a]",
        "brands: {a: b}",
        "stage: {flush: 0}",
        "stage: []",
        "stage: {batch_max: 0}",
        "token: 'file:'",
        "token: 'env:'",
    };
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "routing: {%s}\n", values[i]);
        free(complaints_about(text, strlen(text), FR_INVALID));
    }
}

static void
size_and_depth_have_limits(void **state)
{
    size_t size = 256 * 1024;
    char *text = malloc(size + 1), *said, deep[64] = "insight: {a: ";

    (void)state;
    memset(text, '#', size + 1);
    free(complaints_about(text, size, FR_OK));
    said = complaints_about(text, size + 1, FR_INVALID);
    assert_string_equal(said, "f: is larger than 262144 bytes\n");
    free(said);
    free(text);

    memset(deep + 13, '[', 14); /* the top level and the section are the first of sixteen */
    memcpy(deep + 27, "]]]]]]]]]]]]]]}", 15);
    free(complaints_about(deep, 42, FR_OK));
    memset(deep + 13, '[', 15);
    memcpy(deep + 28, "]]]]]]]]]]]]]]]}", 16);
    said = complaints_about(deep, 44, FR_INVALID);
    assert_non_null(strstr(said, "f:1:28: deeper than 16 levels\n"));
    free(said);
}

/* As many keys as fit, half of them the same: sorted and not compared each with each. */
static void
a_hostile_file_is_refused_quickly_and_briefly(void **state)
{
    char *text = malloc(256 * 1024), *said;
    size_t size = 0;

    (void)state;
    for (int i = 0; size < 256 * 1024 - 16; i++)
        size += (size_t)sprintf(text + size, "k%d:\n", i % 2 ? 0 : i);
    said = complaints_about(text, size, FR_INVALID);
    assert_true(strlen(said) < 50 * 200);
    assert_non_null(strstr(said, " complaints more\n"));
    free(said);
    free(text);
}

static void
a_long_line_is_shown_around_the_caret(void **state)
{
    char text[2000] = "routing: {label: okay, ", *said;
    size_t size = strlen(text);

    (void)state;
    memset(text + size, ' ', 1000);
    strcpy(text + size + 1000, "tries: x, sticky: true } # and so on, for a very long while, and a "
                               "while after that, to the end\n");
    said = complaints_about(text, strlen(text), FR_INVALID);
    assert_true(strlen(said) < 400);
    assert_non_null(strstr(said, "tries: x, sticky"));
    assert_null(strstr(said, "to the end"));
    free(said);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complaint_table),
        cmocka_unit_test(values_that_are_refused),
        cmocka_unit_test(size_and_depth_have_limits),
        cmocka_unit_test(a_hostile_file_is_refused_quickly_and_briefly),
        cmocka_unit_test(a_long_line_is_shown_around_the_caret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
