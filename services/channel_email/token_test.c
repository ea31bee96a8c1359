/* token_test.c - tokens, Message-IDs and addresses: whose they are, and whose not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <cmocka.h>
#include "services/channel_email/token.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";
static const char *aliases[] = {"help@acme.example"};
static const struct email_account account = {.name = "support",
                                             .brand = "acme",
                                             .address = "Support@Acme.example",
                                             .separator = "+",
                                             .aliases = {aliases, 1}};
static const struct email_account bare = {
    .name = "bare", .brand = "acme", .address = "bare@acme.example", .separator = ""};

static void
test_a_token_comes_back(void **state)
{
    char text[EMAIL_TOKEN_SIZE], upper[EMAIL_TOKEN_SIZE];
    uint64_t id = 0;

    (void)state;
    email_token_write(secret, EMAIL_TOKEN_REPLY, "support", 0x123456789abcdef0, text);
    assert_int_equal(strlen(text), EMAIL_TOKEN_SIZE - 1);
    assert_int_equal(
        email_token_read(secret, EMAIL_TOKEN_REPLY, "support", fr_slice_str(text), &id), FR_OK);
    assert_true(id == 0x123456789abcdef0);
    for (size_t i = 0; i < sizeof(text); i++)
        upper[i] = (char)(text[i] >= 'a' && text[i] <= 'f' ? text[i] - 32 : text[i]);
    assert_int_equal(
        email_token_read(secret, EMAIL_TOKEN_REPLY, "support", fr_slice_str(upper), &id), FR_OK);
}

static void
test_no_other_token_does(void **state)
{
    char text[EMAIL_TOKEN_SIZE];
    uint64_t id = 7;

    (void)state;
    email_token_write(secret, EMAIL_TOKEN_REPLY, "support", 42, text);
    assert_int_equal(
        email_token_read("another secret", EMAIL_TOKEN_REPLY, "support", fr_slice_str(text), &id),
        FR_INVALID);
    assert_int_equal(
        email_token_read(secret, EMAIL_TOKEN_BOUNCE, "support", fr_slice_str(text), &id),
        FR_INVALID);
    assert_int_equal(email_token_read(secret, EMAIL_TOKEN_REPLY, "sales", fr_slice_str(text), &id),
                     FR_INVALID);
    for (size_t i = 0; i < EMAIL_TOKEN_SIZE - 1; i++) { /* a change of any character */
        char changed[EMAIL_TOKEN_SIZE];

        memcpy(changed, text, sizeof(changed));
        changed[i] = changed[i] == '0' ? '1' : '0';
        assert_int_equal(
            email_token_read(secret, EMAIL_TOKEN_REPLY, "support", fr_slice_str(changed), &id),
            FR_INVALID);
        assert_int_equal(
            email_token_read(secret, EMAIL_TOKEN_REPLY, "support", fr_slice(text, i), &id),
            FR_INVALID);
    }
    assert_true(id == 7);
}

static void
test_addresses_carry_it(void **state)
{
    char address[EMAIL_ADDRESS_SIZE];
    struct fr_slice extra;
    uint64_t id = 0;

    (void)state;
    email_token_address(secret, EMAIL_TOKEN_REPLY, &account, 42, address);
    assert_true(strchr(address, '@') - address <= 64);
    assert_true(email_account_has(&account, address, &extra));
    assert_true(extra.size == EMAIL_TOKEN_SIZE && *(const char *)extra.data == 'r');
    assert_int_equal(email_token_read(secret, EMAIL_TOKEN_REPLY, account.name,
                                      fr_slice((const char *)extra.data + 1, extra.size - 1), &id),
                     FR_OK);
    assert_true(id == 42);
    email_token_address(secret, EMAIL_TOKEN_REPLY, &bare, 42, address);
    assert_string_equal(address, "bare@acme.example");
}

static void
test_message_ids(void **state)
{
    char id_text[EMAIL_MESSAGE_ID_SIZE], changed[EMAIL_MESSAGE_ID_SIZE];
    uint64_t id = 0;

    (void)state;
    email_message_id(secret, &account, 0xfeed, id_text);
    assert_int_equal(id_text[0], '<');
    assert_non_null(strstr(id_text, "@filrouge.Acme.example>"));
    assert_int_equal(email_message_id_read(secret, &account, id_text, &id), FR_OK);
    assert_true(id == 0xfeed);
    assert_int_equal(email_message_id_read(secret, &bare, id_text, &id), FR_INVALID);
    strcpy(changed, id_text);
    changed[20] = changed[20] == '0' ? '1' : '0';
    assert_int_equal(email_message_id_read(secret, &account, changed, &id), FR_INVALID);
    assert_int_equal(email_message_id_read(secret, &account, "<>", &id), FR_INVALID);
    assert_int_equal(email_message_id_read(secret, &account, "", &id), FR_INVALID);
}

/* clang-format off */
static const struct {
    const char *address;
    bool ours;
    const char *extra;
} whose[] = {
    { "support@acme.example",       true,  "" },
    { "SUPPORT@ACME.EXAMPLE",       true,  "" },
    { "support+x@acme.example",     true,  "x" },
    { "help@acme.example",          true,  "" },
    { "help+y@acme.example",        true,  "y" },
    { "support-x@acme.example",     false, NULL },
    { "supporter@acme.example",     false, NULL },
    { "support@acme.example.org",   false, NULL },
    { "support",                    false, NULL },
    { "@acme.example",              false, NULL },
    { "",                           false, NULL },
};
static const struct {
    const char *address;
    bool good;
} sendable[] = {
    { "a@b.example", true }, { "a+b.c_d-e@b-c.example", true }, { "jos\xc3\xa9@b\xc3\xbc" "cher.example", true },
    { "a", false }, { "@b.example", false }, { "a@", false }, { "a@b@c.example", false }, { "a b@c.example", false },
    { "a@b.example\r\nRCPT TO:<x@y.example>", false }, { "a\n@b.example", false }, { "<a@b.example>", false },
    { "a@b.example,c@d.example", false }, { "a@.example", false }, { "a@b..example", false }, { "a@b.example.", false },
    { "-a@b.example", false }, { "a\x7f@b.example", false }, { "a@b.example>", false }, { "jos\xe9@b.example", false },
    { "\"a b\"@c.example", false }, { "a@-b.example", false }, { "", false },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example", false },
};
/* clang-format on */

static void
test_whose_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(whose) / sizeof(whose[0]); i++) {
        struct fr_slice extra;

        if (email_account_has(&account, whose[i].address, &extra) != whose[i].ours)
            fail_msg("%s", whose[i].address);
        if (whose[i].ours && (extra.size != strlen(whose[i].extra) ||
                              strncmp(extra.data, whose[i].extra, extra.size) != 0))
            fail_msg("%s: another extension", whose[i].address);
    }
}

static void
test_where_mail_may_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sendable) / sizeof(sendable[0]); i++)
        if (email_sendable(sendable[i].address) != sendable[i].good)
            fail_msg("%s", sendable[i].address);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_comes_back), cmocka_unit_test(test_no_other_token_does),
        cmocka_unit_test(test_addresses_carry_it), cmocka_unit_test(test_message_ids),
        cmocka_unit_test(test_whose_address),      cmocka_unit_test(test_where_mail_may_go),
    };

    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
