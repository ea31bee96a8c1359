/* place_test.c - which conversation a message belongs to: one line per rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "services/conversations/place.h"

#define HOUR INT64_C(3600000000)

/* clang-format off */
static const struct {
    const char *claim;
    struct conversations_facts facts;
    enum conversations_move move;
    uint64_t conversation;
} cases[] = {
    { "a first message opens",                    { .open = 0 },                                                    CONVERSATIONS_OPEN,   0 },
    { "an open conversation goes on",             { .open = 7, .open_count = 1 },                                   CONVERSATIONS_JOIN,   7 },
    { "of two after a merge the older goes on",   { .open = 7, .open_count = 2 },                                   CONVERSATIONS_JOIN,   7 },
    { "open wins over lately resolved",           { .open = 7, .open_count = 1, .resolved = 5 },                    CONVERSATIONS_JOIN,   7 },
    { "lately resolved reopens",                  { .resolved = 5, .resolved_at = {1}, .now = {71 * HOUR} },        CONVERSATIONS_REOPEN, 5 },
    { "to the last moment",                       { .resolved = 5, .resolved_at = {0}, .now = {72 * HOUR} },        CONVERSATIONS_REOPEN, 5 },
    { "not a moment later",                       { .resolved = 5, .resolved_at = {0}, .now = {72 * HOUR + 1} },    CONVERSATIONS_OPEN,   0 },
    { "spam is not reopened",                     { .resolved = 5, .resolved_as_spam = true, .now = {HOUR} },       CONVERSATIONS_OPEN,   0 },
    { "unverified joins what began unverified",   { .open = 7, .open_count = 1, .unverified = true },               CONVERSATIONS_JOIN,   7 },
    { "what answers a conversation joins it",     { .open = 7, .open_count = 1, .referred = 3, .referred_open = true }, CONVERSATIONS_JOIN, 3 },
    { "answers reopen what they answer",          { .referred = 3, .referred_at = {1}, .now = {71 * HOUR} },        CONVERSATIONS_REOPEN, 3 },
    { "not for ever",                             { .referred = 3, .referred_at = {0}, .now = {73 * HOUR} },        CONVERSATIONS_OPEN,   0 },
    { "not when it was spam",                     { .referred = 3, .referred_as_spam = true, .now = {HOUR} },       CONVERSATIONS_OPEN,   0 },
    { "a machine's answer reopens nothing",       { .referred = 3, .automatic = true, .now = {HOUR} },              CONVERSATIONS_JOIN,   3 },
    { "nor does a machine's mail",                { .resolved = 5, .automatic = true, .now = {HOUR} },              CONVERSATIONS_OPEN,   0 },
    { "who quotes others' words stands alone",    { .open = 7, .open_count = 1, .foreign = 3 },                     CONVERSATIONS_OPEN,   0 },
    { "his own matter goes before what he quotes", { .referred = 4, .referred_open = true, .foreign = 3 },          CONVERSATIONS_JOIN,   4 },
    { "unverified opens when nothing such is open", { .unverified = true },                                         CONVERSATIONS_OPEN,   0 },
};
/* clang-format on */

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct conversations_facts facts = cases[i].facts;
        struct conversations_choice choice;

        facts.reopen_for.us = 72 * HOUR;
        choice = conversations_place(&facts);
        if (choice.move != cases[i].move || choice.conversation != cases[i].conversation)
            fail_msg("%s: %d %d", cases[i].claim, (int)choice.move, (int)choice.conversation);
        assert_non_null(choice.reason);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
