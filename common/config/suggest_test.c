/* suggest_test.c - near words are offered, far ones are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "common/config/suggest.h"

static const char *
best_for(const char *word)
{
    static const char *const known[] = {"offer_time", "offers", "listen", "log", "run", "ipc"};
    struct config_suggestion suggestion = {.word = word};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        config_suggest(&suggestion, known[i]);
    return suggestion.best == NULL ? "nothing" : suggestion.best;
}

static void
slips_are_understood(void **state)
{
    (void)state;
    assert_string_equal(best_for("offer_tiem"), "offer_time"); /* swapped */
    assert_string_equal(best_for("ofer_time"), "offer_time");  /* left out */
    assert_string_equal(best_for("offer-time"), "offer_time"); /* another one */
    assert_string_equal(best_for("offfers"), "offers");        /* one too many */
    assert_string_equal(best_for("offer"), "offers");          /* the nearest of two */
    assert_string_equal(best_for("lsiten"), "listen");
    assert_string_equal(best_for("rum"), "run");
}

static void
other_words_are_left_alone(void **state)
{
    static char long_word[1000];

    (void)state;
    memset(long_word, 'r', sizeof(long_word) - 1);
    assert_string_equal(best_for("x"), "nothing");
    assert_string_equal(best_for(""), "nothing");
    assert_string_equal(best_for("elephant"), "nothing");
    assert_string_equal(best_for("gol"), "nothing");
    assert_string_equal(best_for(long_word), "nothing");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_are_understood),
        cmocka_unit_test(other_words_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
