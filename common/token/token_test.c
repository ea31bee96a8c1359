/* token_test.c - customer tokens: what is believed, and everything that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include "common/token/token.h"

#define SECRET "a secret that the shop of acme knows"
#define NOW_S 1800000000

static const struct fr_time now = {INT64_C(1000000) * NOW_S};

/* Any text as the first part, rightly signed: what a careless shop could send. */
static void
sign_text(const char *json, char *text, size_t size)
{
    unsigned char mac[32];
    crypto_auth_hmacsha256_state state;
    size_t first;

    sodium_bin2base64(text, size, (const unsigned char *)json, strlen(json),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    first = strlen(text);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)SECRET, strlen(SECRET));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, first);
    crypto_auth_hmacsha256_final(&state, mac);
    text[first] = '.';
    sodium_bin2base64(text + first + 1, size - first - 1, mac, sizeof(mac),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

struct said {
    const char *claim, *json, *why; /* why NULL: believed */
};

#define MUST "does not hold what a customer token must hold"
/* clang-format off */
static const struct said cases[] = {
    {"the least that is enough", "{\"sub\":\"ann\",\"brand\":\"acme\",\"exp\":1800000001}", NULL},
    {"everything at once", "{\"sub\":\"ann\",\"account\":\"C-1\",\"name\":\"Ann\",\"email\":\"ann@mail.example\","
     "\"email_verified\":true,\"brand\":\"acme\",\"exp\":1800003600}", NULL},
    {"the second of its end is too late", "{\"sub\":\"ann\",\"brand\":\"acme\",\"exp\":1800000000}", "has expired"},
    {"long gone", "{\"sub\":\"ann\",\"brand\":\"acme\",\"exp\":1}", "has expired"},
    {"another brand's shop", "{\"sub\":\"ann\",\"brand\":\"bolt\",\"exp\":1800003600}", "is for another brand"},
    {"a prefix of the brand is not the brand", "{\"sub\":\"ann\",\"brand\":\"acm\",\"exp\":1800003600}", "is for another brand"},
    {"no end", "{\"sub\":\"ann\",\"brand\":\"acme\"}", MUST},
    {"an end that is text", "{\"sub\":\"ann\",\"brand\":\"acme\",\"exp\":\"1800003600\"}", MUST},
    {"an end with a fraction", "{\"sub\":\"ann\",\"brand\":\"acme\",\"exp\":1800003600.5}", MUST},
    {"an end before time began", "{\"sub\":\"ann\",\"brand\":\"acme\",\"exp\":-1}", MUST},
    {"nobody", "{\"brand\":\"acme\",\"exp\":1800003600}", MUST},
    {"nobody by name", "{\"sub\":\"\",\"brand\":\"acme\",\"exp\":1800003600}", MUST},
    {"no brand", "{\"sub\":\"ann\",\"exp\":1800003600}", MUST},
    {"two people", "{\"sub\":\"ann\",\"sub\":\"bob\",\"brand\":\"acme\",\"exp\":1800003600}", MUST},
    {"a field that may have been meant to restrict", "{\"sub\":\"ann\",\"brand\":\"acme\",\"exp\":1800003600,\"scope\":\"none\"}", MUST},
    {"a name with a line break", "{\"sub\":\"ann\",\"name\":\"A\\nB\",\"brand\":\"acme\",\"exp\":1800003600}", MUST},
    {"a NUL that would cut the log-in", "{\"sub\":\"ann\\u0000bob\",\"brand\":\"acme\",\"exp\":1800003600}", MUST},
    {"a list", "[\"ann\",\"acme\",1800003600]", MUST},
    {"verified by word and not by truth", "{\"sub\":\"ann\",\"email_verified\":\"yes\",\"brand\":\"acme\",\"exp\":1800003600}", MUST},
    {"no JSON", "ann", MUST},
    {"not UTF-8", "{\"sub\":\"\xff\",\"brand\":\"acme\",\"exp\":1800003600}", MUST},
};
/* clang-format on */

static void
signed_contents_are_still_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_token token;
        const char *why = "nothing";
        char text[FR_TOKEN_TEXT_SIZE];
        enum fr_error err;

        sign_text(cases[i].json, text, sizeof(text));
        err = fr_token_check(fr_slice_str(text), SECRET, "acme", now, &token, &why);
        if ((err == FR_OK) != (cases[i].why == NULL) ||
            (err != FR_OK && strcmp(why, cases[i].why) != 0))
            fail_msg("%s: %s, %s", cases[i].claim, fr_error_name(err), why);
    }
}

static struct fr_token
ann(void)
{
    struct fr_token token = {.sub = "ann",
                             .account = "C-1",
                             .name = "Ann Ünal",
                             .email = "ann@mail.example",
                             .email_verified = true,
                             .brand = "acme",
                             .expires_s = NOW_S + 3600};
    return token;
}

static void
what_is_signed_is_believed(void **state)
{
    struct fr_token token = ann(), read = {.sub = ""};
    const char *why;
    char text[FR_TOKEN_TEXT_SIZE];

    (void)state;
    assert_int_equal(fr_token_sign(&token, SECRET, text, sizeof(text)), FR_OK);
    assert_int_equal(fr_token_check(fr_slice_str(text), SECRET, "acme", now, &read, &why), FR_OK);
    assert_string_equal(read.sub, "ann");
    assert_string_equal(read.account, "C-1");
    assert_string_equal(read.name, "Ann Ünal");
    assert_string_equal(read.email, "ann@mail.example");
    assert_true(read.email_verified);
    assert_true(read.expires_s == NOW_S + 3600);
}

/* Every single bit counts: change one, and it is not signed any more (or not even a token). */
static void
no_changed_token_is_believed(void **state)
{
    struct fr_token token = ann(), read;
    char text[FR_TOKEN_TEXT_SIZE];
    const char *why;
    size_t size;

    (void)state;
    assert_int_equal(fr_token_sign(&token, SECRET, text, sizeof(text)), FR_OK);
    size = strlen(text);
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            if (fr_token_check(fr_slice(text, size), SECRET, "acme", now, &read, &why) == FR_OK)
                fail_msg("byte %zu, bit %d", i, bit);
            text[i] ^= (char)(1 << bit);
        }
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(fr_token_check(fr_slice(text, cut), SECRET, "acme", now, &read, &why),
                         FR_DENIED);
    assert_int_equal(fr_token_check(fr_slice_str(text), "another", "acme", now, &read, &why),
                     FR_DENIED);
}

static void
without_a_secret_nobody_is_believed(void **state)
{
    struct fr_token token = ann(), read;
    char text[FR_TOKEN_TEXT_SIZE];
    const char *why;

    (void)state;
    assert_int_equal(fr_token_sign(&token, "", text, sizeof(text)), FR_INVALID);
    assert_int_equal(fr_token_sign(&token, NULL, text, sizeof(text)), FR_INVALID);
    assert_int_equal(fr_token_sign(&token, SECRET, text, sizeof(text)), FR_OK);
    assert_int_equal(fr_token_check(fr_slice_str(text), NULL, "acme", now, &read, &why), FR_DENIED);
    assert_int_equal(fr_token_check(fr_slice_str(text), "", "acme", now, &read, &why), FR_DENIED);
}

static void
what_would_be_refused_is_not_signed(void **state)
{
    struct fr_token token = ann();
    char text[FR_TOKEN_TEXT_SIZE];

    (void)state;
    token.sub[0] = '\0';
    assert_int_equal(fr_token_sign(&token, SECRET, text, sizeof(text)), FR_INVALID);
    token = ann();
    token.expires_s = 0;
    assert_int_equal(fr_token_sign(&token, SECRET, text, sizeof(text)), FR_INVALID);
    token = ann();
    strcpy(token.name, "\xc3");
    assert_int_equal(fr_token_sign(&token, SECRET, text, sizeof(text)), FR_INVALID);
    token = ann();
    assert_int_equal(fr_token_sign(&token, SECRET, text, 40), FR_TOO_BIG);
}

static void
the_longest_token_fits(void **state)
{
    struct fr_token token = ann(), read;
    char text[FR_TOKEN_TEXT_SIZE];
    const char *why;

    (void)state;
    memset(token.sub, '"', sizeof(token.sub) - 1); /* two bytes each in JSON */
    memset(token.account, '\\', sizeof(token.account) - 1);
    memset(token.name, '"', sizeof(token.name) - 1);
    memset(token.email, '"', sizeof(token.email) - 1);
    assert_int_equal(fr_token_sign(&token, SECRET, text, sizeof(text)), FR_OK);
    assert_int_equal(fr_token_check(fr_slice_str(text), SECRET, "acme", now, &read, &why), FR_OK);
    assert_string_equal(read.sub, token.sub);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_contents_are_still_judged),
        cmocka_unit_test(what_is_signed_is_believed),
        cmocka_unit_test(no_changed_token_is_believed),
        cmocka_unit_test(without_a_secret_nobody_is_believed),
        cmocka_unit_test(what_would_be_refused_is_not_signed),
        cmocka_unit_test(the_longest_token_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
