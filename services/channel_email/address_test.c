/* address_test.c - address fields as people and programs write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "services/channel_email/address.h"

struct read {
    const char *claim, *raw, *expected; /* "address|name" each, a line each */
};

/* clang-format off */
static const struct read cases[] = {
    { "an address alone", "ann@mail.example", "ann@mail.example|" },
    { "an address in <>", "<ann@mail.example>", "ann@mail.example|" },
    { "a name and an address", "Ann Adams <ann@mail.example>", "ann@mail.example|Ann Adams" },
    { "a quoted name keeps its comma", "\"Adams, Ann\" <ann@mail.example>", "ann@mail.example|Adams, Ann" },
    { "a comma without quotes is still one person", "Adams, Ann <ann@mail.example>", "ann@mail.example|Adams, Ann" },
    { "quotes inside quotes", "\"Ann \\\"A\\\" Adams\" <ann@mail.example>", "ann@mail.example|Ann \"A\" Adams" },
    { "several", "ann@a.example, Ben <ben@b.example>", "ann@a.example|\nben@b.example|Ben" },
    { "semicolons, as Outlook does", "ann@a.example; ben@b.example;", "ann@a.example|\nben@b.example|" },
    { "an empty place between commas", "ann@a.example,, ben@b.example,", "ann@a.example|\nben@b.example|" },
    { "a comment is the name", "ann@mail.example (Ann Adams)", "ann@mail.example|Ann Adams" },
    { "a comment beside a name is not", "Ann (home) <ann@mail.example>", "ann@mail.example|Ann" },
    { "comments inside comments", "ann@mail.example (Ann (the first) Adams)", "ann@mail.example|Ann (the first) Adams" },
    { "a group's members count, its name does not", "Friends: ann@a.example, ben@b.example;", "ann@a.example|\nben@b.example|" },
    { "an empty group is nobody", "undisclosed-recipients:;", "" },
    { "a group and somebody after it", "Friends: ann@a.example; ben@b.example", "ann@a.example|\nben@b.example|" },
    { "an encoded name", "=?utf-8?B?w4RubmU=?= <ann@mail.example>", "ann@mail.example|Änne" },
    { "an encoded name in quotes", "\"=?iso-8859-1?Q?=C4nne?=\" <ann@mail.example>", "ann@mail.example|Änne" },
    { "an encoded name with a comma in it", "=?utf-8?Q?Adams,_Ann?= <ann@mail.example>", "ann@mail.example|Adams, Ann" },
    { "the whole field encoded", "=?utf-8?Q?Ann_<ann@mail.example>?=", "ann@mail.example|Ann" },
    { "raw bytes in a name", "\xc4nne <ann@mail.example>", "ann@mail.example|Änne" },
    { "no > at the end", "Ann <ann@mail.example", "ann@mail.example|Ann" },
    { "no <> at all", "Ann Adams ann@mail.example", "ann@mail.example|Ann Adams" },
    { "an @ in the name", "Ann @ Shop <ann@mail.example>", "ann@mail.example|Ann @ Shop" },
    { "mailto:", "<mailto:ann@mail.example>", "ann@mail.example|" },
    { "a route is left out", "<@one.example,@two.example:ann@mail.example>", "ann@mail.example|" },
    { "folded inside <>", "Ann <ann\r\n @mail.example>", "ann@mail.example|Ann" },
    { "the name is the address", "\"ann@mail.example\" <ann@mail.example>", "ann@mail.example|" },
    { "single quotes of old Outlooks", "'Ann' <ann@mail.example>", "ann@mail.example|Ann" },
    { "a local mailbox", "root", "root|" },
    { "a local mailbox and a comment", "MAILER-DAEMON (Mail Delivery System)", "MAILER-DAEMON|Mail Delivery System" },
    { "words that are nobody", "Mail Delivery System", "" },
    { "nothing", "", "" },
    { "only a separator", ",", "" },
    { "<>", "<>", "" },
    { "line ends cannot hide in a name", "\"Ann\r\nBcc: x@y.example\" <ann@mail.example>", "ann@mail.example|Ann Bcc: x@y.example" },
    { "a letter that waits for an accent is not lost", "Val\xe9rie <me@mail.example>", "me@mail.example|Valérie" },
};
/* clang-format on */

static void
fields_are_read(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct email_addresses found =
            email_address_parse(arena, fr_slice_str(cases[i].raw),
                                strchr(cases[i].raw, '\xe9') ? "windows-1258" : NULL, 10);
        char text[1024] = "";

        for (size_t n = 0; n < found.count; n++) {
            strcat(text, n > 0 ? "\n" : "");
            strcat(text, found.list[n]->address);
            strcat(text, "|");
            strcat(text, found.list[n]->name == NULL ? "" : found.list[n]->name);
        }
        if (strcmp(text, cases[i].expected) != 0) {
            print_error("%s: expected [%s], found [%s]\n", cases[i].claim, cases[i].expected, text);
            wrong++;
        }
    }
    fr_arena_free(&arena);
    assert_int_equal(wrong, 0);
}

static void
more_than_the_limit_is_cut_and_said(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);
    struct email_addresses found =
        email_address_parse(arena, fr_slice_str("a@x.example,b@x.example,c@x.example"), NULL, 2);

    (void)state;
    assert_int_equal(found.count, 2);
    assert_true(found.cut);
    fr_arena_free(&arena);
}

struct id_case {
    const char *claim, *raw, *expected;
};

/* clang-format off */
static const struct id_case id_cases[] = {
    { "one id", "<a@b>", "<a@b>" },
    { "several, in order", "<a@b>\r\n <c@d>\t<e@f>", "<a@b> <c@d> <e@f>" },
    { "each once", "<a@b> <a@b>", "<a@b>" },
    { "an id that was folded in the middle", "<a\r\n @b>", "<a@b>" },
    { "words around it", "Your message of Monday <a@b> (was: x)", "<a@b>" },
    { "no @ in it", "<0001-0002>", "<0001-0002>" },
    { "without <>", "a@b", "<a@b>" },
    { "no id", "Your message of Monday", "" },
    { "never closed", "<a@b", "<a@b>" },
    { "empty", "<>", "" },
    { "the first and the last stay when there are too many", "<1@x><2@x><3@x><4@x><5@x><6@x>", "<1@x> <3@x> <4@x> <5@x> <6@x>" },
};
/* clang-format on */

static void
ids_are_read(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, 16 * 1024 * 1024);

    (void)state;
    for (size_t i = 0; i < sizeof(id_cases) / sizeof(id_cases[0]); i++) {
        char *ids[5], text[512] = "";
        size_t count = email_ids_parse(arena, fr_slice_str(id_cases[i].raw), ids, 5);

        for (size_t n = 0; n < count; n++) {
            strcat(text, n > 0 ? " " : "");
            strcat(text, ids[n]);
        }
        assert_string_equal(text, id_cases[i].expected);
    }
    fr_arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read),
        cmocka_unit_test(more_than_the_limit_is_cut_and_said),
        cmocka_unit_test(ids_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
