/* names_test.c - which names can be one person's, which cannot, and which say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/names.h"

/* clang-format off */
static const struct {
    const char *claim, *a, *b;
    enum identity_names verdict;
} samples[] = {
#define SAME IDENTITY_NAMES_SAME
#define MAYBE IDENTITY_NAMES_COMPATIBLE
#define NOT IDENTITY_NAMES_INCOMPATIBLE
#define NOTHING IDENTITY_NAMES_UNKNOWN
    { "one spelling is one name",                   "Ann Example",           "Ann Example",          SAME },
    { "letter case does not count",                 "ann EXAMPLE",           "Ann Example",          SAME },
    { "accents do not count",                       "Ren\xc3\xa9" "e Dupr\xc3\xa9", "Renee Dupre",   SAME },
    { "composed and decomposed letters are one",    "Ren\xc3\xa9 X\xc3\xb6t", "Rene\xcc\x81 Xo\xcc\x88t", SAME },
    { "ue stands for u with dots",                  "Hans M\xc3\xbcller",    "Hans Mueller",         SAME },
    { "sharp s is two letters",                     "Uwe Wei\xc3\x9f",       "Uwe Weiss",            SAME },
    { "o with a stroke is an o",                    "J\xc3\xb8rgen Holm",    "Jorgen Holm",          SAME },
    { "order does not count",                       "Example Ann",           "Ann Example",          SAME },
    { "nor does family name, comma, given name",    "Example, Ann",          "Ann Example",          SAME },
    { "Bob is Robert",                              "Bob Example",           "Robert Example",       SAME },
    { "Bob is Rob",                                 "Bob Example",           "Rob Example",          SAME },
    { "Alex is Alexander",                          "Alex Example",          "Alexander Example",    SAME },
    { "Alex is Alexandra",                          "Alex Example",          "Alexandra Example",    SAME },
    { "Alexander is not Alexandra",                 "Alexander Example",     "Alexandra Example",    NOT },
    { "an apostrophe does not split a name",        "Pat O'Brien",           "Pat OBrien",           SAME },
    { "nor does a curly one",                       "Pat O\xe2\x80\x99" "Brien", "Pat O'Brien",      SAME },
    { "a gap more is no other name",                "Ann Mac Donald",        "Ann MacDonald",        SAME },
    { "a hyphen is a gap",                          "Jean-Luc Example",      "Jean Luc Example",     SAME },
    { "a particle may be missing",                  "Vincent van Gogh",      "Vincent Gogh",         SAME },
    { "a title does not count",                     "Dr. Ann Example",       "Ann Example",          SAME },
    { "nor do degrees behind it",                   "Ann Example, PhD",      "Ann Example",          SAME },
    { "Mr and Mrs are two persons",                 "Mr Example",            "Mrs Example",          NOT },
    { "also with an initial",                       "Mr J Example",          "Mrs J Example",        NOT },
    { "an initial may stand for a name",            "A. Example",            "Ann Example",          MAYBE },
    { "with the surname first too",                 "Example A",             "Ann Example",          MAYBE },
    { "but not for another",                        "B. Example",            "Ann Example",          NOT },
    { "initials alone say nothing",                 "A. E.",                 "Ann Example",          NOTHING },
    { "initials of a cross say nothing",            "Ann B.",                "A. Brown",             NOTHING },
    { "one letter says nothing",                    "A",                     "Ann Example",          NOTHING },
    { "a given name alone fits",                    "Ann",                   "Ann Example",          MAYBE },
    { "a surname alone fits",                       "Example",               "Ann Example",          MAYBE },
    { "a title and a surname fit",                  "Mrs Example",           "Ann Example",          MAYBE },
    { "a given name alone is never the same",       "Ann",                   "Ann",                  MAYBE },
    { "a middle name may be missing",               "Ann Marie Example",     "Ann Example",          MAYBE },
    { "half a double name fits",                    "Ann Example-Sample",    "Ann Example",          MAYBE },
    { "a middle initial may be missing",            "Ann Q. Example",        "Ann Example",          MAYBE },
    { "two middle initials are two persons",        "Ann Q. Example",        "Ann E. Example",       NOT },
    { "another given name is another person",       "John Smith",            "Mary Smith",           NOT },
    { "another surname is another person",          "Mary Smith",            "Mary Jones",           NOT },
    { "two given names are two persons",            "John",                  "Mary",                 NOT },
    { "a surname and a given name say nothing",     "Mr Smith",              "John",                 NOTHING },
    { "junior is not senior",                       "John Smith Jr",         "John Smith Sr.",       NOT },
    { "also behind a comma",                        "John Smith, Jr.",       "John Smith III",       NOT },
    { "junior may be left out",                     "John Smith Jr",         "John Smith",           SAME },
    { "two letters swapped are a slip",             "Jhon Smith",            "John Smith",           MAYBE },
    { "a letter missing is a slip",                 "John Andrson",          "John Anderson",        MAYBE },
    { "a letter wrong is a slip",                   "John Andersen",         "John Anderson",        MAYBE },
    { "two slips are another name",                 "Jhon Andrson",          "John Anderson",        NOT },
    { "a slip alone says nothing",                  "Andrson",               "Anderson",             NOTHING },
    { "Maria is not Mario",                         "Maria Example",         "Mario Example",        NOT },
    { "Paul is not Paula",                          "Paul Example",          "Paula Example",        NOT },
    { "Marta is not Maria",                         "Marta Example",         "Maria Example",        NOT },
    { "Hansen is not Jansen",                       "Piet Hansen",           "Piet Jansen",          NOT },
    { "Martin is not Marvin",                       "Martin Example",        "Martina Example",      NOT },
    { "other scripts compare too",                  "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0 \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xbe\xd0\xb2\xd0\xb0", "\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0 \xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xbe\xd0\xb2\xd0\xb0", SAME },
    { "with initials of their own",                 "\xd0\x98. \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xbe\xd0\xb2\xd0\xb0", "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0 \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xbe\xd0\xb2\xd0\xb0", NOT },
    { "a name of one sign is a word, not a letter", "\xe7\x8e\x8b \xe5\xb0\x8f\xe6\x98\x8e", "\xe5\xb0\x8f\xe6\x98\x8e \xe7\x8e\x8b", SAME },
    { "nothing says nothing",                       "",                      "Ann Example",          NOTHING },
    { "test is no name",                            "test",                  "Ann Example",          NOTHING },
    { "Test User is none either",                   "Test User",             "Ann Example",          NOTHING },
    { "n/a is no name",                             "N/A",                   "Ann Example",          NOTHING },
    { "anonymous is no name",                       "Anonymous",             "Ann Example",          NOTHING },
    { "no name is no name",                         "no name",               "Ann Example",          NOTHING },
    { "a caller is nobody",                         "WIRELESS CALLER",       "Ann Example",          NOTHING },
    { "xxx is no name",                             "xxx",                   "Ann Example",          NOTHING },
    { "dashes are no name",                         "--",                    "Ann Example",          NOTHING },
    { "an address is no name",                      "ann@mail.example",      "Ann Example",          NOTHING },
    { "a number is no name",                        "user4711",              "Ann Example",          NOTHING },
    { "two persons are nobody's name",              "Ann and Bob Example",   "Ann Example",          NOTHING },
    { "nor with a sign between",                    "Ann & Bob Example",     "Bob Example",          NOTHING },
    { "bytes that are no UTF-8 are no name",        "Ann \xff",              "Ann Example",          NOTHING },
};
/* clang-format on */

static void
names_compare_as_claimed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        enum identity_names there = identity_names_verdict(samples[i].a, samples[i].b, NULL);
        enum identity_names back = identity_names_verdict(samples[i].b, samples[i].a, NULL);

        if (there != samples[i].verdict || back != there)
            fail_msg("%s: \"%s\" and \"%s\" are %s and %s, not %s", samples[i].claim, samples[i].a,
                     samples[i].b, identity_names_text(there), identity_names_text(back),
                     identity_names_text(samples[i].verdict));
    }
}

static void
an_installation_adds_short_forms(void **state)
{
    static const char *const rows[] = {"zuzu : zuleika", "zee: zuleika zelda"};
    const struct identity_nicknames more = {rows, 2};

    (void)state;
    assert_int_equal(identity_names_verdict("Zuzu Example", "Zuleika Example", NULL),
                     IDENTITY_NAMES_INCOMPATIBLE);
    assert_int_equal(identity_names_verdict("Zuzu Example", "Zuleika Example", &more),
                     IDENTITY_NAMES_SAME);
    assert_int_equal(identity_names_verdict("Zuzu Example", "Zee Example", &more),
                     IDENTITY_NAMES_SAME);
    assert_int_equal(identity_names_verdict("Zuleika Example", "Zelda Example", &more),
                     IDENTITY_NAMES_INCOMPATIBLE);
}

static void
a_long_text_is_cut_and_harms_nobody(void **state)
{
    char text[4000];
    struct identity_name name;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof(text) - 2] = '\0';
    identity_name_fold(text, &name);
    for (size_t i = 0; i + 4 < sizeof(text); i += 4)
        memcpy(text + i, "ab, ", 4);
    identity_name_fold(text, &name);
    assert_in_range(name.count, 1, IDENTITY_NAME_WORDS_MAX);
    identity_name_fold(NULL, &name);
    assert_int_equal(name.count, 0);
}

static void
text_folds_to_words_with_one_blank(void **state)
{
    char out[16];

    (void)state;
    assert_int_equal(identity_fold_text("  12/4, R\xc3\xbc"
                                        "ttli-Stra\xc3\x9f"
                                        "e ",
                                        out, sizeof(out)),
                     14);
    assert_string_equal(out, "12 4 ruttli st");
    assert_int_equal(identity_fold_text("...", out, sizeof(out)), 0);
    assert_int_equal(identity_fold_text(NULL, out, sizeof(out)), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_compare_as_claimed),
        cmocka_unit_test(an_installation_adds_short_forms),
        cmocka_unit_test(a_long_text_is_cut_and_harms_nobody),
        cmocka_unit_test(text_folds_to_words_with_one_blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
