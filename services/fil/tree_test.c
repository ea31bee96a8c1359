/* tree_test.c - what fil looks up in sections that are not its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "services/fil/tree.h"

static const char file[] = "desk:\n"
                           "  site: tana\n"
                           "  listen: 127.0.0.1:8070\n"
                           "  agents:\n"
                           "    ann: {title: Ann}\n"
                           "    ben.b: {title: Ben}\n"
                           "channels: [channel_webchat, channel_webform]\n"
                           "empty:\n";

/* clang-format off */
static const struct {
    const char *path, *text; /* NULL: nothing there */
} texts[] = {
    { "desk.site",              "tana"            },
    { "desk.agents.ann.title",  "Ann"             },
    { "desk.agents.ben.b.title","Ben"             },
    { "desk.agents",            NULL              },
    { "desk.nothing",           NULL              },
    { "empty",                  NULL              },
    { "channels",               NULL              },
};
static const struct {
    const char *path;
    size_t i;
    const char *name;
} names[] = {
    { "desk.agents", 0, "ann"             },
    { "desk.agents", 1, "ben.b"           },
    { "desk.agents", 2, NULL              },
    { "channels",    1, "channel_webform" },
    { "channels",    2, NULL              },
    { "desk.site",   0, NULL              },
    { "nothing",     0, NULL              },
};
/* clang-format on */

static void
test_looking_up(void **state)
{
    struct fil_tree *tree = fil_tree_parse(file);

    (void)state;
    assert_non_null(tree);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[40] = "untouched";
        bool found = fil_tree_text(tree, texts[i].path, text, sizeof(text));

        if (found != (texts[i].text != NULL) ||
            strcmp(text, found ? texts[i].text : "untouched") != 0)
            fail_msg("%s: \"%s\"", texts[i].path, text);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[40] = "untouched";
        bool found = fil_tree_name(tree, names[i].path, names[i].i, text, sizeof(text));

        if (found != (names[i].name != NULL) ||
            strcmp(text, found ? names[i].name : "untouched") != 0)
            fail_msg("%s[%zu]: \"%s\"", names[i].path, names[i].i, text);
    }
    fil_tree_free(&tree);
    assert_null(tree);
}

static void
test_what_is_no_yaml_has_nothing(void **state)
{
    struct fil_tree *tree = fil_tree_parse("a: [unfinished");
    char text[8];

    (void)state;
    assert_null(tree);
    assert_false(fil_tree_text(tree, "a", text, sizeof(text)));
    assert_null(fil_tree_load("/nowhere/at/all.yaml"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looking_up),
        cmocka_unit_test(test_what_is_no_yaml_has_nothing),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
