/* http_json_test.c - JSON from outside is either clean or refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "common/http/http.h"

struct json_case {
    const char *claim, *text;
    const char *message; /* a part of it; NULL: it is taken */
};

/* clang-format off */
static const struct json_case cases[] = {
    {"an object", "{\"a\": 1, \"b\": [true, null, \"x\"]}", NULL},
    {"an empty object", " {} \n", NULL},
    {"text in any script", "{\"a\": \"caf\xc3\xa9 \xf0\x9f\x98\x80\"}", NULL},
    {"escapes", "{\"a\": \"\\u00e9\\ud83d\\ude00\"}", NULL},
    {"four levels", "{\"a\":{\"b\":{\"c\":[]}}}", NULL},
    {"brackets in a text are no levels", "{\"a\":\"[[[[[[[[[[{{{{\\\"[[[[[\"}", NULL},
    {"nothing", "", "no JSON"},
    {"blanks", "   ", "Line"},
    {"an array", "[]", "not an object"},
    {"a text", "\"a\"", "Line"},
    {"a number", "1", "Line"},
    {"five levels", "{\"a\":{\"b\":{\"c\":{\"d\":[]}}}}", "deeper than 4"},
    {"a tower that never ends", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "deeper than 4"},
    {"the same key twice", "{\"a\":1,\"a\":2}", "duplicate"},
    {"the same key in disguise", "{\"a\":1,\"\\u0061\":2}", "duplicate"},
    {"not UTF-8", "{\"a\":\"\xff\"}", "UTF-8"},
    {"a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", "UTF-8"},
    {"half an escaped pair", "{\"a\":\"\\ud83d\"}", "Line"},
    {"an escaped NUL", "{\"a\":\"\\u0000\"}", "Line"},
    {"an escaped NUL in a key", "{\"\\u0000\":1}", "Line"},
    {"something behind", "{} x", "Line 1"},
    {"two objects", "{}{}", "Line 1"},
    {"a comma too many", "{\"a\":1,}", "Line 1"},
    {"single quotes", "{'a':1}", "Line 1"},
    {"a comment", "{/* */}", "Line 1"},
    {"a number out of range", "{\"a\":99999999999999999999}", "Line 1"},
    {"not a number", "{\"a\":NaN}", "Line 1"},
    {"over the size", "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                      "xxxxxxxxxxxxxxxxxxxxxxxxxx\"}", "longer than 100"},
};
/* clang-format on */

static void
json_is_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = strlen(cases[i].text);
        char *copy = malloc(size == 0 ? 1 : size), message[256] = "";
        json_t *value;

        memcpy(copy, cases[i].text, size); /* without a NUL */
        value = fr_json_read(fr_slice(copy, size), 100, 4, message, sizeof(message));
        if ((value != NULL) != (cases[i].message == NULL))
            fail_msg("%s: \"%s\"", cases[i].claim, message);
        if (value == NULL && strstr(message, cases[i].message) == NULL)
            fail_msg("%s: \"%s\"", cases[i].claim, message);
        json_decref(value);
        free(copy);
    }
}

static void
a_nul_among_the_bytes_is_refused(void **state)
{
    char message[256];

    (void)state;
    assert_null(fr_json_read(fr_slice("{}\0", 3), 100, 4, message, sizeof(message)));
    assert_null(fr_json_read(fr_slice("{\"a\0b\":1}", 9), 100, 4, message, sizeof(message)));
}

static void
a_message_never_outgrows_its_buffer(void **state)
{
    char message[16];

    (void)state;
    memset(message, 'x', sizeof(message));
    assert_null(fr_json_read(fr_slice_str("{\"a\":1,}"), 100, 4, message, 8));
    assert_int_equal(strlen(message), 7);
    assert_int_equal(message[8], 'x');
}

static void
a_stranger_among_the_keys_is_named(void **state)
{
    json_t *object = json_pack("{s:i, s:i}", "name", 1, "text", 2);
    char message[256] = "", key[200];

    (void)state;
    assert_true(fr_json_known(object, "text name other", message, sizeof(message)));
    assert_true(fr_json_known(object, "  name   text", message, sizeof(message)));
    assert_false(fr_json_known(object, "name tex textual", message, sizeof(message)));
    assert_non_null(strstr(message, "\"text\""));
    assert_false(fr_json_known(object, "", message, sizeof(message)));
    json_decref(object);

    /* A long one is cut between characters, so that the sentence can be sent back. */
    memset(key, 'k', sizeof(key));
    memcpy(key + 63, "\xc3\xa9 and so on", sizeof("\xc3\xa9 and so on"));
    object = json_object();
    json_object_set_new(object, key, json_true());
    assert_false(fr_json_known(object, "name", message, sizeof(message)));
    assert_true(fr_utf8_valid(fr_slice_str(message)));
    assert_true(strlen(message) < 120);
    json_decref(object);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(a_nul_among_the_bytes_is_refused),
        cmocka_unit_test(a_message_never_outgrows_its_buffer),
        cmocka_unit_test(a_stranger_among_the_keys_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
