/* email_test.c - which spellings are one mailbox, which are two, and which are nobody's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "services/identity/key.h"

struct sample {
    const char *claim, *raw, *normal; /* normal NULL: it gives no key */
};

/* clang-format off */
static const struct sample samples[] = {
    { "letter case does not make two people",           "Ann.Example@Mail.Example",            "ann.example@mail.example" },
    { "a display name is not part of the address",      "Ann Example <ann@mail.example>",      "ann@mail.example" },
    { "a quoted display name with brackets neither",    "\"Ann <sales>\" <ann@mail.example>",  "ann@mail.example" },
    { "mailto: and its query are dropped",              "MailTo:ann@mail.example?subject=Hi",  "ann@mail.example" },
    { "brackets alone are dropped",                     "<ann@mail.example>",                  "ann@mail.example" },
    { "a trailing dot is dropped",                      "ann@mail.example.",                   "ann@mail.example" },
    { "blanks around it are dropped",                   "  ann@mail.example \r\n",             "ann@mail.example" },
    { "a domain becomes its A-label",                   "ann@B\xc3\xbc" "cher.example",        "ann@xn--bcher-kva.example" },
    { "an A-label stays one",                           "ann@XN--BCHER-KVA.example",           "ann@xn--bcher-kva.example" },
    { "sharp s is a letter of its own",                 "ann@stra\xc3\x9f" "e.example",        "ann@xn--strae-oqa.example" },
    { "an ideographic full stop separates labels",      "ann@mail\xe3\x80\x82" "example",      "ann@mail.example" },
    { "a local part is lower cased by Unicode",         "\xc3\x89lodie@mail.example",          "\xc3\xa9lodie@mail.example" },
    { "decomposed letters are composed",                "e\xcc\x81lodie@mail.example",         "\xc3\xa9lodie@mail.example" },
    { "a confusable letter is another person",          "\xd0\xb0nn@mail.example",             "\xd0\xb0nn@mail.example" },
    { "gmail drops dots and tags",                      "A.n.n+shop@Gmail.com",                "ann@gmail.com" },
    { "googlemail is gmail",                            "a.nn@googlemail.com",                 "ann@gmail.com" },
    { "outlook drops tags and keeps dots",              "a.nn+shop@outlook.com",               "a.nn@outlook.com" },
    { "elsewhere dots and tags are kept",               "a.nn+shop@mail.example",              "a.nn+shop@mail.example" },
    { "a look-alike domain is another one",             "ann@gmial.com",                       "ann@gmial.com" },
    { "needless quotes are decoration",                 "\"ann\"@mail.example",                "ann@mail.example" },
    { "several addresses in brackets: the last counts", "<x@y.example> <ann@mail.example>",    "ann@mail.example" },
    { "noreply is nobody",                              "No-Reply@shop.example",               NULL },
    { "noreply with a tag is nobody",                   "noreply+123@shop.example",            NULL },
    { "mailer-daemon is nobody",                        "MAILER-DAEMON@mx.example",            NULL },
    { "a made-up address is nobody",                   "none@none.com",                       NULL },
    { "our own address is nobody's key",                "Support@filrouge.example",            NULL },
    { "an address literal gives no key",                "ann@[192.0.2.1]",                     NULL },
    { "an IPv6 literal gives no key",                   "ann@[IPv6:2001:db8::1]",              NULL },
    { "no at sign, no key",                             "ann.mail.example",                    NULL },
    { "no local part, no key",                          "@mail.example",                       NULL },
    { "no domain, no key",                              "ann@",                                NULL },
    { "a single label is no domain",                    "ann@localhost",                       NULL },
    { "an empty label is no domain",                    "ann@mail..example",                   NULL },
    { "a blank inside is no address",                   "ann b@mail.example",                  NULL },
    { "two at signs are no address",                    "ann@b@mail.example",                  NULL },
    { "an open quote is no address",                    "\"ann@mail.example",                  NULL },
    { "gmail with nothing but dots is no address",      "...@gmail.com",                       NULL },
    { "what NFC makes a semicolon is no letter",        "ann\xcd\xbe" "b@mail.example",         NULL },
    { "an empty text gives no key",                     "",                                    NULL },
    { "empty brackets give no key",                     "Ann <>",                              NULL },
    { "a local part beyond 64 bytes gives no key",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@mail.example",       NULL },
};
/* clang-format on */

static const struct identity_config *
config(struct fr_config **loaded)
{
    static const char yaml[] =
        "identity: {own_keys: [{type: email, value: support@filrouge.example}]}";
    static const struct fr_config_section section = {
        "identity", identity_config_keys, sizeof(struct identity_config), identity_config_check};

    assert_int_equal(fr_config_parse(yaml, strlen(yaml), "test", &section, 1, stderr, loaded),
                     FR_OK);
    return fr_config_get(*loaded, "identity");
}

static void
test_samples(void **state)
{
    struct fr_config *loaded;
    const struct identity_config *identity = config(&loaded);

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char normal[IDENTITY_VALUE_SIZE] = "";
        const char *why = NULL;
        enum fr_error err =
            identity_key_normal("email", samples[i].raw, "", "acme", identity, normal, &why);

        if ((err == FR_OK) != (samples[i].normal != NULL) ||
            (err == FR_OK && strcmp(normal, samples[i].normal) != 0))
            fail_msg("%s: %s gave \"%s\" (%s)", samples[i].claim, samples[i].raw, normal,
                     why != NULL ? why : "");
        if (err != FR_OK)
            assert_non_null(why);
    }
    fr_config_free(&loaded);
}

/* The normal form of a normal form is itself: keys may pass through twice. */
static void
test_idempotent(void **state)
{
    struct fr_config *loaded;
    const struct identity_config *identity = config(&loaded);

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char normal[IDENTITY_VALUE_SIZE];
        const char *why;

        if (samples[i].normal == NULL)
            continue;
        assert_int_equal(
            identity_key_normal("email", samples[i].normal, "", "", identity, normal, &why), FR_OK);
        assert_string_equal(normal, samples[i].normal);
    }
    fr_config_free(&loaded);
}

static uint32_t
next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Any bytes at all: an answer, within bounds, and stable when asked again. */
static void
test_noise(void **state)
{
    static const char alphabet[] = "aZ9.@+<>\"\\[]: \xc3\xa9\xcc\x81\xe3\x80\x82\xff-_?";
    struct fr_config *loaded;
    const struct identity_config *identity = config(&loaded);
    uint32_t seed = 20270115;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        char raw[100], normal[IDENTITY_VALUE_SIZE], again[IDENTITY_VALUE_SIZE];
        size_t size = next(&seed) % (sizeof(raw) - 1);
        const char *why;

        for (size_t i = 0; i < size; i++)
            raw[i] = alphabet[next(&seed) % (sizeof(alphabet) - 1)];
        raw[size] = '\0';
        if (identity_email(raw, identity, normal, &why) != FR_OK)
            continue;
        assert_true(strlen(normal) < IDENTITY_VALUE_SIZE);
        if (identity_email(normal, identity, again, &why) != FR_OK || strcmp(normal, again) != 0)
            fail_msg("seed 20270115 round %d: \"%s\" gave \"%s\", then another", round, raw,
                     normal);
    }
    fr_config_free(&loaded);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_idempotent),
        cmocka_unit_test(test_noise),
    };

    return cmocka_run_group_tests_name("email", tests, NULL, NULL);
}
