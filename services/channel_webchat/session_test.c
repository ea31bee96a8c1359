/* session_test.c - a session token: whose it is, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/channel_webchat/session.h"

static const struct fr_time now = {INT64_C(1800000000) * 1000000};
static const struct fr_span week = {7 * 86400 * INT64_C(1000000)};
static struct fr_seal seal;

static struct fr_time
after(int64_t seconds)
{
    return fr_time_add(now, fr_seconds(seconds));
}

static void
a_session_comes_back_to_its_account_in_its_time(void **state)
{
    char session[WEBCHAT_SESSION_SIZE], token[WEBCHAT_SESSION_TOKEN_SIZE];
    char read[WEBCHAT_SESSION_SIZE] = "";

    (void)state;
    webchat_session_make(session);
    assert_int_equal(strlen(session), WEBCHAT_SESSION_SIZE - 1);
    webchat_session_write(&seal, "shop", session, now, token);
    assert_int_equal(strlen(token), sizeof(token) - 1);
    assert_int_equal(
        webchat_session_read(&seal, "shop", fr_slice_str(token), after(604799), week, read), FR_OK);
    assert_string_equal(read, session);
    assert_int_equal(
        webchat_session_read(&seal, "shop", fr_slice_str(token), after(604800), week, read),
        FR_GONE);
    assert_int_equal(webchat_session_read(&seal, "shop2", fr_slice_str(token), now, week, read),
                     FR_INVALID);
    assert_int_equal(webchat_session_read(&seal, "", fr_slice_str(token), now, week, read),
                     FR_INVALID);
}

static void
two_sessions_are_two(void **state)
{
    char a[WEBCHAT_SESSION_SIZE], b[WEBCHAT_SESSION_SIZE];

    (void)state;
    webchat_session_make(a);
    webchat_session_make(b);
    assert_string_not_equal(a, b);
}

static void
what_is_no_token_is_no_session(void **state)
{
    static const char *const texts[] = {"", "a", "0123456789abcdef0123456789abcdef",
                                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    char read[WEBCHAT_SESSION_SIZE] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(
            webchat_session_read(&seal, "shop", fr_slice_str(texts[i]), now, week, read),
            FR_INVALID);
    assert_string_equal(read, "untouched");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_comes_back_to_its_account_in_its_time),
        cmocka_unit_test(two_sessions_are_two),
        cmocka_unit_test(what_is_no_token_is_no_session),
    };

    if (sodium_init() < 0)
        return 1;
    fr_seal_init(&seal, "a key for this test", 19);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
