/* edge_refuse_test.c - the real process behind real sockets: what it refuses, puts off and serves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/channel_webchat/window_test.h"

/* ---- refused, and nothing stored ---- */

static void
forged_sessions_and_tokens_open_nothing(void **state)
{
    struct run run = start();
    struct client *client = new_window(&run);
    char session[256], text[8192];

    (void)state;
    strcpy(session, last_session);
    client_close(client);

    client = window_at(&run, "other"); /* another account's session */
    snprintf(text, sizeof(text), "{\"type\":\"open\",\"session\":\"%s\"}", session);
    client_text(client, text);
    expect_error(client, "session");
    client_close(client);

    client = window_at(&run, "shop");
    session[10] = session[10] == 'A' ? 'B' : 'A';
    snprintf(text, sizeof(text), "{\"type\":\"open\",\"session\":\"%s\"}", session);
    client_text(client, text);
    expect_error(client, "session");
    say(client, "m1", "hello");
    expect_error(client, "not_open");
    snprintf(text, sizeof(text), "{\"type\":\"open\",\"customer_token\":\"%s\"}",
             signed_token("ann", "acme", "another secret", 600));
    client_text(client, text);
    expect_error(client, "customer_token");
    snprintf(text, sizeof(text), "{\"type\":\"open\",\"customer_token\":\"%s\"}",
             signed_token("ann", "bolt", "the secret of acme", 600));
    client_text(client, text);
    expect_error(client, "customer_token");
    snprintf(text, sizeof(text), "{\"type\":\"open\",\"customer_token\":\"%s\"}",
             signed_token("ann", "acme", "the secret of acme", -1));
    client_text(client, text);
    expect_error(client, "customer_token");
    assert_int_equal(run_metric(&run, "filrouge_webchat_sessions_refused_total"), 2);
    assert_int_equal(run_metric(&run, "filrouge_webchat_tokens_refused_total"), 3);
    assert_int_equal(run_metric(&run, "filrouge_webchat_identified_total"), 0);
    assert_int_equal(stored(&run), 0);
    json_decref(open_with(client, "")); /* the connection is as good as new */
    say(client, "m1", "hello");
    assert_string_equal(expect_entries(client, 1), "customer hello");
    client_close(client);
    run_stop(&run);
}

static void
a_foreign_page_may_not_connect(void **state)
{
    static const struct {
        const char *target, *lines;
        int status;
    } cases[] = {
        {"/chat/socket?account=shop", "Origin: https://evil.example\r\n", 403},
        {"/chat/socket?account=shop", "Origin: null\r\n", 403},
        {"/chat/socket?account=shop", "Origin: https://shop.example.evil.example\r\n", 403},
        {"/chat/socket?account=nobody", "Origin: https://shop.example\r\n", 404},
        {"/chat/socket", "Origin: https://shop.example\r\n", 404},
        {"/chat/socket?account=other", "Origin: https://evil.example\r\n", 101},
        {"/chat/socket?account=shop", "", 101},
        {"/chat/socket?account=own", "Origin: http://shop.example\r\n",
         101}, /* the client's Host */
        {"/chat/socket?account=own", "Origin: http://shop.example:8080\r\n", 403},
        {"/chat/socket?account=own", "Origin: null\r\n", 403},
    };
    struct run run = start();
    static struct reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client = client_open(run.port);
        char lines[256];

        snprintf(lines, sizeof(lines), "Sec-WebSocket-Protocol: filrouge.chat.1\r\n%s",
                 cases[i].lines);
        client_upgrade(client, cases[i].target, lines);
        client_reply(client, &reply, false);
        if (reply.status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].target, cases[i].lines, reply.status);
        client_close(client);
    }
    assert_int_equal(run_metric(&run, "filrouge_webchat_origins_refused_total"), 5);
    run_stop(&run);
}

static void
what_is_not_understood_is_said_and_not_stored(void **state)
{
    struct run run = start();
    struct client *client = new_window(&run);
    static char text[70000];

    (void)state;
    client_text(client, "{");
    expect_error(client, "malformed");
    client_text(client, "{\"type\":\"message\",\"id\":\"m1\",\"text\":\"x\",\"bcc\":\"y\"}");
    expect_error(client, "malformed");
    client_text(client, "{\"type\":\"open\"}");
    expect_error(client, "malformed");
    memset(text, 'x', 8193);
    text[8193] = '\0';
    {
        static char message[9000];

        snprintf(message, sizeof(message),
                 "{\"type\":\"message\",\"id\":\"m1\",\"text\":\"%.8193s\"}", text);
        client_text(client, message);
    }
    expect_error(client, "too_long");
    assert_int_equal(run_metric(&run, "filrouge_webchat_malformed_total"), 4);
    assert_true(client_frame(client, 0x81, "\xff\xfe", 2, 2)); /* not UTF-8 */
    assert_int_equal(client_close_code(client, NULL, 0), 1007);
    client_close(client);
    client = new_window(&run);
    memset(text, 'x', sizeof(text) - 1);
    client_text(client, text);
    assert_int_equal(client_close_code(client, NULL, 0), 1009);
    client_close(client);
    assert_int_equal(stored(&run), 0);
    run_stop(&run);
}

static void
who_only_makes_mistakes_is_shown_the_door(void **state)
{
    struct run run = start();
    struct client *client = new_window(&run);

    (void)state;
    for (int i = 0; i <= 20; i++)
        client_text(client, "nonsense");
    for (int i = 0; i <= 20; i++)
        expect_error(client, "malformed");
    assert_int_equal(client_close_code(client, NULL, 0), 1008);
    client_close(client);
    run_stop(&run);
}

static void
too_fast_is_put_off_and_not_lost(void **state)
{
    struct run run;
    struct client *client;
    json_t *json;

    (void)state;
    run_configure(TOP, WEBCHAT_CHANNEL, ACCOUNTS "  messages_per_minute: 600\n" STAGE "}\n");
    run = run_start(&webchat_stage, true);
    client = new_window(&run);
    atomic_store(held, 1); /* so that only the refusal comes */
    for (int i = 0; i < 230; i++) {
        char id[16];

        snprintf(id, sizeof(id), "m%d", i);
        say(client, id, "hello");
    }
    json = expect(client, "error");
    assert_string_equal(json_string_value(json_object_get(json, "code")), "too_fast");
    assert_true(json_string_value(json_object_get(json, "id"))[0] == 'm');
    assert_true(json_integer_value(json_object_get(json, "retry_ms")) > 0);
    json_decref(json);
    atomic_store(held, 0);
    assert_true(run_metric(&run, "filrouge_webchat_too_fast_total") > 0);
    client_close(client);
    run_stop(&run);
}

static void
windows_of_one_session_are_limited(void **state)
{
    struct run run;
    struct client *one, *two, *three;
    char text[512];

    (void)state;
    run_configure(TOP, WEBCHAT_CHANNEL, ACCOUNTS "  windows_max: 2\n" STAGE "}\n");
    run = run_start(&webchat_stage, true);
    one = new_window(&run);
    two = back_window(&run, last_session, 0);
    three = window_at(&run, "shop");
    snprintf(text, sizeof(text), "{\"type\":\"open\",\"session\":\"%s\"}", last_session);
    client_text(three, text);
    expect_error(three, "too_many_windows");
    client_close(one);
    client_close(two);
    client_close(three);
    run_stop(&run);
}

/* ---- pressure ---- */

static void
under_pressure_a_message_is_put_off(void **state)
{
    static char text[8001];
    struct run run;
    struct client *client;
    int said = 0;

    (void)state;
    run_configure(TOP, WEBCHAT_CHANNEL,
                  ACCOUNTS
                  "  messages_per_minute: 100000\n"
                  "  messages_per_minute_of_address: 100000\n" STAGE
                  ", segment_size: 1MiB, journal_size_max: 4MiB, journal_reserve: 1MiB}\n");
    run = run_start(&webchat_stage, true);
    client = new_window(&run);
    memset(text, 'x', 8000);
    for (;;) {
        char id[16];
        json_t *json;
        bool busy;

        snprintf(id, sizeof(id), "m%d", ++said);
        say(client, id, text);
        json = hear(client);
        assert_non_null(json);
        busy = strcmp(json_string_value(json_object_get(json, "type")), "error") == 0;
        if (busy) {
            assert_string_equal(json_string_value(json_object_get(json, "code")), "busy");
            assert_string_equal(json_string_value(json_object_get(json, "id")), id);
            assert_true(json_integer_value(json_object_get(json, "retry_ms")) > 0);
        }
        json_decref(json);
        if (busy)
            break;
        expect_tick(client, id, said);
        assert_true(said < 2000);
    }
    assert_true(said > 20);
    client_close(client);
    run_stop(&run);
}

/* ---- the demo's files ---- */

static void
the_widget_and_the_demo_are_served(void **state)
{
    static struct reply reply;
    struct run run;
    struct client *client;
    char section[1024], path[128];
    FILE *out;

    (void)state;
    snprintf(path, sizeof(path), "%s/widget.js", run_dir);
    out = fopen(path, "w");
    fputs("\"use strict\";", out);
    fclose(out);
    snprintf(section, sizeof(section), "%s  widget: %s\n%s", ACCOUNTS, run_dir, STAGE "}\n");
    run_configure(TOP, WEBCHAT_CHANNEL, section);
    run = run_start(&webchat_stage, true);
    client = client_open(run.port);
    client_say(client, "GET /widget.js HTTP/1.1\r\nHost: a\r\n\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "\"use strict\";");
    assert_non_null(strstr(reply_header(&reply, "content-type"), "text/javascript"));
    client_say(client, "GET /demo/tokens.json HTTP/1.1\r\nHost: a\r\n\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 404); /* not configured: there is no demo */
    client_close(client);
    run_stop(&run);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, run_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(forged_sessions_and_tokens_open_nothing),
        TEST(a_foreign_page_may_not_connect),
        TEST(what_is_not_understood_is_said_and_not_stored),
        TEST(who_only_makes_mistakes_is_shown_the_door),
        TEST(too_fast_is_put_off_and_not_lost),
        TEST(windows_of_one_session_are_limited),
        TEST(under_pressure_a_message_is_put_off),
        TEST(the_widget_and_the_demo_are_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
