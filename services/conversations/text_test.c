/* text_test.c - previews cut between characters; notices in the words that fit best. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "services/conversations/text.h"

static void
test_preview(void **state)
{
    static const struct {
        const char *claim, *text, *preview;
    } cases[] = {
        {"a short text stays", "Where is my order?", "Where is my order?"},
        {"line ends become blanks", "Hello,\r\n\r\nwhere is it?\n", "Hello, where is it?"},
        {"blanks around it go", "  \t hi \n", "hi"},
        {"only blanks are nothing", " \n\t ", ""},
        {"nothing is nothing", "", ""},
        {"accents stay whole", "\xc3\xa9\xc3\xa8", "\xc3\xa9\xc3\xa8"},
    };
    char out[CONVERSATIONS_PREVIEW_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(conversations_preview(cases[i].text, out), cases[i].preview) != 0)
            fail_msg("%s: \"%s\"", cases[i].claim, out);
}

static size_t
characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* Characters of one to four bytes and blanks at random: never more than 160, always valid UTF-8,
 * always a beginning of the text without its doubled blanks. */
static void
test_preview_of_anything(void **state)
{
    static const char *const pieces[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x99\x82",
                                         " ", "\n"};
    char text[2000], naive[2000], out[CONVERSATIONS_PREVIEW_SIZE];

    (void)state;
    srand(160);
    for (int round = 0; round < 20000; round++) {
        size_t used = 0, count = (size_t)rand() % 400, naive_used = 0;
        bool blank = false;

        for (size_t i = 0; i < count; i++) {
            const char *piece = pieces[rand() % 6];

            memcpy(text + used, piece, strlen(piece));
            used += strlen(piece);
            if (*piece <= ' ' && *piece > 0) {
                blank = naive_used > 0;
                continue;
            }
            if (blank)
                naive[naive_used++] = ' ';
            blank = false;
            memcpy(naive + naive_used, piece, strlen(piece));
            naive_used += strlen(piece);
        }
        text[used] = naive[naive_used] = '\0';
        conversations_preview(text, out);
        assert_true(characters(out) <= CONVERSATIONS_PREVIEW_MAX);
        assert_true(fr_utf8_valid(fr_slice_str(out)));
        assert_memory_equal(out, naive, strlen(out));
        if (characters(naive) <= CONVERSATIONS_PREVIEW_MAX)
            assert_string_equal(out, naive);
        else /* one less when the cut would leave a blank at the end */
            assert_true(characters(out) >= CONVERSATIONS_PREVIEW_MAX - 1);
    }
}

static void
test_cut(void **state)
{
    (void)state;
    assert_int_equal(conversations_cut("abc", 5), 3);
    assert_int_equal(conversations_cut("abc", 3), 3);
    assert_int_equal(conversations_cut("abc", 2), 2);
    assert_int_equal(conversations_cut("a\xe2\x82\xac", 3), 1);
    assert_int_equal(conversations_cut("a\xe2\x82\xac", 4), 4);
    assert_int_equal(conversations_cut("\xf0\x9f\x99\x82", 3), 0);
}

static void
test_notice(void **state)
{
    static const struct conversations_notice rows[] = {
        {"", "", "any"},           {"", "fr", "fr"},   {"", "fr-CA", "fr-CA"}, {"acme", "", "acme"},
        {"acme", "de", "acme de"}, {"silent", "", ""}, {"acme", "", "second"},
    };
    static const struct {
        const char *claim, *brand, *language, *text;
    } cases[] = {
        {"no language, no brand row", "other", NULL, "any"},
        {"the language fits", "other", "fr", "fr"},
        {"a region falls back to its language", "other", "fr-BE", "fr"},
        {"the closer language wins", "other", "fr-CA", "fr-CA"},
        {"letter case does not matter", "other", "FR-ca", "fr-CA"},
        {"fra is not fr", "other", "fra", "any"},
        {"a brand counts more than a language", "acme", "fr", "acme"},
        {"brand and language", "acme", "de-AT", "acme de"},
        {"an empty text is silence", "silent", "fr", NULL},
    };
    const struct fr_config_list list = {(void *)rows, sizeof(rows) / sizeof(rows[0])};
    const struct fr_config_list none = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = conversations_notice(&list, cases[i].brand, cases[i].language);

        if ((text == NULL) != (cases[i].text == NULL) ||
            (text != NULL && strcmp(text, cases[i].text) != 0))
            fail_msg("%s: %s", cases[i].claim, text != NULL ? text : "nothing");
    }
    assert_null(conversations_notice(&none, "acme", "fr"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preview),
        cmocka_unit_test(test_preview_of_anything),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_notice),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
