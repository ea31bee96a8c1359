/* authres_test.c - who vouches for From, and whom we believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "services/channel_email/parse.h"

#define NONE FR__EMAIL_VERDICT__AUTH_NONE
#define PASS FR__EMAIL_VERDICT__AUTH_PASS
#define FAIL FR__EMAIL_VERDICT__AUTH_FAIL

struct vouched {
    const char *claim;
    Fr__EmailVerdict verdict;
    const char *fields; /* above From: ann@mail.example */
};

#define AR "Authentication-Results: "
/* clang-format off */
static const struct vouched cases[] = {
    { "nobody said anything", NONE, "" },
    { "DMARC passed", PASS, AR "mx.shop.example; dmarc=pass (p=REJECT) header.from=mail.example\n" },
    { "DMARC failed", FAIL, AR "mx.shop.example; dmarc=fail header.from=mail.example\n" },
    { "DMARC failed, whatever else passed", FAIL, AR "mx.shop.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example; dmarc=fail header.from=mail.example\n" },
    { "DMARC passed for another domain than the one we see", NONE, AR "mx.shop.example; dmarc=pass header.from=evil.example\n" },
    { "somebody else says so", NONE, AR "mx.evil.example; dmarc=pass header.from=mail.example\n" },
    { "somebody whose name begins as ours says so", NONE, AR "mx.shop.example.evil.example; dmarc=pass header.from=mail.example\n" },
    { "our name in a comment", NONE, AR "(mx.shop.example;) mx.evil.example; dmarc=pass header.from=mail.example\n" },
    { "no domain of From told", PASS, AR "mx.shop.example; dmarc=pass\n" },
    { "an aligned signature", PASS, AR "mx.shop.example; dkim=pass header.d=mail.example\n" },
    { "an aligned signature, by its identity", PASS, AR "mx.shop.example; dkim=pass header.i=@mail.example\n" },
    { "a signature of the domain above", PASS, "X: y\n" AR "mx.shop.example; dkim=pass header.d=Mail.Example\n" },
    { "a signature of somebody else", NONE, AR "mx.shop.example; dkim=pass header.d=evil.example\n" },
    { "a signature of a whole country", NONE, AR "mx.shop.example; dkim=pass header.d=example\n" },
    { "a domain that only ends alike", NONE, AR "mx.shop.example; dkim=pass header.d=xmail.example\n" },
    { "one of two signatures", PASS, AR "mx.shop.example; dkim=fail header.d=mail.example; dkim=pass header.d=mail.example\n" },
    { "one of two signatures, the other way round", PASS, AR "mx.shop.example; dkim=pass header.d=mail.example; dkim=fail header.d=mail.example\n" },
    { "an aligned one behind one that is not", PASS, AR "mx.shop.example; dkim=pass header.d=list.example; dkim=pass header.d=mail.example\n" },
    { "SPF, aligned", PASS, AR "mx.shop.example; spf=pass smtp.mailfrom=bounces@mail.example\n" },
    { "SPF of somebody else", NONE, AR "mx.shop.example; spf=pass smtp.mailfrom=evil.example\n" },
    { "SPF failed", FAIL, AR "mx.shop.example; spf=fail smtp.mailfrom=ann@mail.example\n" },
    { "SPF failed softly", NONE, AR "mx.shop.example; spf=softfail smtp.mailfrom=ann@mail.example\n" },
    { "SPF failed, the signature stands: forwarded", PASS, AR "mx.shop.example; spf=fail smtp.mailfrom=ann@mail.example; dkim=pass header.d=mail.example\n" },
    { "nothing was tried", NONE, AR "mx.shop.example; none\n" },
    { "two fields of our server", PASS, AR "mx.shop.example; dkim=pass header.d=mail.example\n" AR "mx.shop.example; spf=none\n" },
    { "with a version, comments and folding", PASS, AR "mx.shop.example 1 (x)\n (y); dmarc (z) = pass\n\treason=\"a; dmarc=fail\" header.from = mail.example\n" },
    { "broken to bits", NONE, AR "mx.shop.example; ;; = ; dmarc ; dkim=\n" },
};
/* clang-format on */

static void
only_who_is_trusted_vouches(void **state)
{
    struct fr_arena *arena = fr_arena_new(65536, EMAIL_PARSE_BUDGET);
    Fr__EmailOptions options = FR__EMAIL_OPTIONS__INIT;
    char *trusted[] = {"mx.shop.example"};
    unsigned wrong = 0;

    (void)state;
    options.trusted_authserv = trusted;
    options.n_trusted_authserv = 1;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char mail[2048];
        Fr__EmailParsed *parsed;
        const char *why;

        fr_arena_reset(arena);
        snprintf(mail, sizeof(mail), "%sFrom: ann@mail.example\n\nx", cases[i].fields);
        assert_int_equal(email_parse(fr_slice_str(mail), &options, NULL, arena, &parsed, &why),
                         FR_OK);
        if (parsed->authentication->verdict != cases[i].verdict ||
            parsed->authentication->reason == NULL) {
            print_error("%s: %d, %s\n", cases[i].claim, (int)parsed->authentication->verdict,
                        parsed->authentication->reason);
            wrong++;
        }
    }
    fr_arena_free(&arena);
    assert_int_equal(wrong, 0);
}

static void
nobody_vouches_for_what_is_not_one_sender(void **state)
{
    static const char *const mails[] = {
        AR "mx.shop.example; dmarc=pass\nFrom: ann@mail.example, ben@evil.example\n\nx",
        AR "mx.shop.example; dmarc=pass\nReply-To: ann@mail.example\n\nx",
        AR "mx.shop.example; dmarc=pass\nFrom: ann\n\nx",
        AR "mx.shop.example; dmarc=pass\nFrom: ann@mail.example\nFrom: ben@evil.example\n\nx",
    };
    struct fr_arena *arena = fr_arena_new(65536, EMAIL_PARSE_BUDGET);
    Fr__EmailOptions options = FR__EMAIL_OPTIONS__INIT;
    char *trusted[] = {"mx.shop.example"};

    (void)state;
    options.trusted_authserv = trusted;
    options.n_trusted_authserv = 1;
    for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
        Fr__EmailParsed *parsed;
        const char *why;

        assert_int_equal(email_parse(fr_slice_str(mails[i]), &options, NULL, arena, &parsed, &why),
                         FR_OK);
        assert_int_equal(parsed->authentication->verdict, NONE);
    }
    fr_arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_is_trusted_vouches),
        cmocka_unit_test(nobody_vouches_for_what_is_not_one_sender),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
