/* show_test.c - tables align whatever is in them, and nothing in them moves the cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/fil/show.h"

static char *
table_of(const char *rows, const struct fil_column *columns)
{
    json_t *items = json_loads(rows, 0, NULL);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(items);
    fil_table(out, items, columns);
    fclose(out);
    json_decref(items);
    return text;
}

/* clang-format off */
static const struct fil_column columns[] = {
    { "NAME",  "name",   FIL_COLUMN_TEXT,    8 },
    { "COUNT", "count",  FIL_COLUMN_NUMBER,  0 },
    { "TOOK",  "us",     FIL_COLUMN_SPAN_US, 0 },
    { "DEEP",  "in.who", FIL_COLUMN_TEXT,    0 },
    { NULL },
};
/* clang-format on */

static void
test_columns_align(void **state)
{
    char *text =
        table_of("[{\"name\": \"a\", \"count\": 5, \"us\": 1500, \"in\": {\"who\": \"x\"}},"
                 " {\"name\": \"abcdefghijk\", \"count\": 12345},"
                 " {\"name\": \"\u00e9t\u00e9\", \"count\": null}]",
                 columns);

    (void)state;
    assert_string_equal(text, "NAME      COUNT      TOOK  DEEP\n"
                              "a             5  1ms500us  x\n"
                              "abcdefg…  12345         -  -\n"
                              "été           -         -  -\n");
    free(text);
}

static void
test_an_empty_list_is_its_head(void **state)
{
    char *text = table_of("[]", columns);

    (void)state;
    assert_string_equal(text, "NAME  COUNT  TOOK  DEEP\n");
    free(text);
}

/* clang-format off */
static const struct {
    const char *claim, *text;
    size_t width;
    const char *shown;
} cuts[] = {
    { "what fits stays whole",                    "abc",              3,        "abc"    },
    { "what does not ends in an ellipsis",        "abcd",             3,        "ab…"    },
    { "no character is cut in half",              "éééé",             3,        "éé…"    },
    { "an escape sequence loses its escape",      "\033[2Jx",         SIZE_MAX, " [2Jx" },
    { "a new line does not break the table",      "a\nb",             SIZE_MAX, "a b"    },
    { "nothing stays nothing",                    "",                 5,        ""       },
};
static const struct {
    uint64_t bytes;
    const char *shown;
} sizes[] = {
    { 0, "0B" }, { 999, "999B" }, { 1024, "1.0K" }, { 10 * 1024, "10K" }, { 1500000, "1.4M" }, { 64ull << 30, "64G" },
};
/* clang-format on */

static void
test_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        char *shown = fil_text_cut(cuts[i].text, cuts[i].width);

        if (strcmp(shown, cuts[i].shown) != 0)
            fail_msg("%s: \"%s\"", cuts[i].claim, shown);
        free(shown);
    }
}

static void
test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char text[16];

        assert_string_equal(fil_bytes_format(sizes[i].bytes, text), sizes[i].shown);
    }
}

static void
test_cells(void **state)
{
    const struct fil_column yes = {"", "yes", FIL_COLUMN_YES, 0},
                            list = {"", "list", FIL_COLUMN_LIST, 0},
                            count = {"", "list", FIL_COLUMN_COUNT, 0},
                            bytes = {"", "size", FIL_COLUMN_BYTES, 0};
    json_t *row = json_loads("{\"yes\": true, \"list\": [\"a\", \"b\"], \"size\": 2048}", 0, NULL);
    const struct fil_column *all[] = {&yes, &list, &count, &bytes};
    const char *expected[] = {"yes", "a,b", "2", "2.0K"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char *text = fil_cell(row, all[i]);

        assert_string_equal(text, expected[i]);
        free(text);
    }
    json_decref(row);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_align), cmocka_unit_test(test_an_empty_list_is_its_head),
        cmocka_unit_test(test_cuts),          cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_cells),
    };

    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
