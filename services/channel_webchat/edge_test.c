/* edge_test.c - the real process behind real sockets: ticks, coming back, signing in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "proto/conversation.pb-c.h"
#include "services/channel_webchat/window_test.h"

/* ---- ticks ---- */

static void
a_first_visit_gets_a_session_and_a_greeting(void **state)
{
    struct run run = start();
    struct client *client = window_at(&run, "shop");
    json_t *json = open_with(client, "");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(json, "title")), "Acme");
    assert_string_equal(json_string_value(json_object_get(json, "greeting")), "Hello!");
    assert_int_equal(json_integer_value(json_object_get(json, "last")), 0);
    assert_true(json_is_false(json_object_get(json, "signed_in")));
    json_decref(json);
    client_close(client);
    run_stop(&run);
}

static void
the_tick_comes_after_the_sync(void **state)
{
    struct run run = start();
    struct client *client = new_window(&run);

    (void)state;
    atomic_store(held, 1);
    say(client, "m1", "hello");
    assert_int_equal(client_hear(client, 300), -1);
    atomic_store(held, 0);
    assert_string_equal(expect_entries(client, 1), "customer hello");
    expect_tick(client, "m1", 1);
    client_close(client);
    run_stop(&run);
}

static void
what_was_ticked_survives_kill_9_and_is_said_once(void **state)
{
    struct run run = start();
    struct client *client = new_window(&run);
    char session[256];

    (void)state;
    strcpy(session, last_session);
    for (int i = 1; i <= 8; i++) {
        char id[16], text[32], expected[48];

        snprintf(id, sizeof(id), "m%d", i);
        snprintf(text, sizeof(text), "number %d", i);
        snprintf(expected, sizeof(expected), "customer %s", text);
        say(client, id, text);
        assert_string_equal(expect_entries(client, i), expected);
        expect_tick(client, id, i);
    }
    assert_int_equal(run_end(&run, SIGKILL), -SIGKILL);
    client_close(client);

    run = run_start(&webchat_stage, true);
    client = back_window(&run, session, 6);
    assert_string_equal(expect_entries(client, 7), "customer number 7, customer number 8");
    say(client, "m8", "number 8"); /* the browser had not seen its tick */
    expect_tick(client, "m8", 8);
    say(client, "m9", "number 9");
    assert_string_equal(expect_entries(client, 9), "customer number 9");
    expect_tick(client, "m9", 9);
    assert_int_equal(stored(&run), 1);
    assert_int_equal(run_metric(&run, "filrouge_webchat_repeated_total"), 1);
    client_close(client);
    run_stop(&run);
}

/* A standby that takes over has the operator's key, and no file of ours. */
static void
with_a_key_of_the_operators_a_session_needs_no_file(void **state)
{
    char path[128], session[256];
    struct client *client;
    struct run run;
    FILE *out;

    (void)state;
    snprintf(path, sizeof(path), "%s/session.key", run_dir);
    out = fopen(path, "w");
    assert_true(fputs("0123456789abcdef0123456789abcdef\n", out) >= 0);
    fclose(out);
    run_configure(TOP, WEBCHAT_CHANNEL,
                  ACCOUNTS "  session_secret: \"file:session.key\"\n" STAGE "}\n");
    run = run_start(&webchat_stage, true);
    client = new_window(&run);
    strcpy(session, last_session);
    client_close(client);
    run_stop(&run);
    snprintf(path, sizeof(path), "%s/state/%s/session.secret", run_dir, WEBCHAT_CHANNEL);
    assert_int_not_equal(access(path, F_OK), 0);
    run = run_start(&webchat_stage, true);
    client_close(back_window(&run, session, 0));
    run_stop(&run);
}

static void
all_windows_of_a_session_see_what_is_said_in_one(void **state)
{
    struct run run = start();
    struct client *one = new_window(&run), *two = back_window(&run, last_session, 0),
                  *stranger = new_window(&run);

    (void)state;
    say(one, "m1", "hello");
    assert_string_equal(expect_entries(two, 1), "customer hello");
    assert_string_equal(expect_entries(one, 1), "customer hello");
    expect_tick(one, "m1", 1);
    assert_int_equal(client_hear(stranger, 200), -1);
    assert_int_equal(client_hear(two, 0), -1); /* the tick is the sender's */
    client_close(one);
    client_close(two);
    client_close(stranger);
    run_stop(&run);
}

/* ---- there and back, with a service that answers everything at once ---- */

static enum fr_error
decide_echo(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageReceived *message = fr_unpack(turn, input, &fr__message_received__descriptor);
    Fr__OutboundRequested request = FR__OUTBOUND_REQUESTED__INIT;
    const struct fr_labels labels = {.route = "outbound." WEBCHAT_CHANNEL};

    request.message_id = fr_next_id(turn);
    request.conversation_id = input->head->id;
    request.customer_id = 1;
    request.channel = message->channel;
    request.account = message->account;
    request.address = message->address;
    request.text = fr_arena_printf(turn->arena, "echo %s", message->text);
    request.direction = FR__DIRECTION__TO_CUSTOMER;
    request.at_us = turn->now.unix_us;
    return fr_emit_as(turn, input, &request.base, &labels);
}

static const struct fr_table no_tables[] = {FR_TABLE_END};
static const struct fr_input echo_inputs[] = {{FR_MESSAGE_RECEIVED, "channel", decide_echo},
                                              {FR_KIND_END, NULL, NULL}};
static const struct fr_event echo_events[] = {{FR_KIND_END, NULL}};
static const struct fr_stage echo_stage = {
    .name = "conversations", .tables = no_tables, .inputs = echo_inputs, .events = echo_events};

static void
an_answer_comes_at_once_or_when_the_window_is_back(void **state)
{
    struct run run = start(), echo = run_start(&echo_stage, false);
    struct client *client = new_window(&run);
    char session[256];

    (void)state;
    strcpy(session, last_session);
    say(client, "m1", "one");
    assert_string_equal(expect_entries(client, 1), "customer one");
    expect_tick(client, "m1", 1);
    assert_string_equal(expect_entries(client, 2), "agent echo one");
    client_text(client, "{\"type\":\"seen\",\"delivered\":2,\"read\":1}");
    run_stop(&echo);
    say(client, "m2", "two");
    assert_string_equal(expect_entries(client, 3), "customer two");
    expect_tick(client, "m2", 3);
    client_close(client);

    echo = run_start(&echo_stage, false);
    while (run_metric(&run, "filrouge_webchat_answers_total") < 2)
        usleep(10000);
    client = back_window(&run, session, 2);
    assert_string_equal(expect_entries(client, 3), "customer two, agent echo two");
    client_close(client);
    run_stop(&echo);
    run_stop(&run);
}

/* Windows come and go while a lot is said: each sees everything once, in order, wherever it began.
 */
static void
nobody_misses_anything_while_it_is_being_said(void **state)
{
    struct run run, echo;
    struct client *talker;
    char session[256];

    (void)state;
    run_configure(TOP, WEBCHAT_CHANNEL,
                  ACCOUNTS "  messages_per_minute: 10000\n"
                           "  messages_per_minute_of_address: 100000\n" STAGE "}\n");
    run = run_start(&webchat_stage, true);
    echo = run_start(&echo_stage, false);
    talker = new_window(&run);
    strcpy(session, last_session);
    for (int round = 0; round < 20; round++) {
        struct client *window;
        int seen = 0;

        for (int i = 0; i < 10; i++) {
            char id[32];

            snprintf(id, sizeof(id), "r%d-%d", round, i);
            say(talker, id, "hello");
        }
        window = back_window(&run, session, 0); /* in the middle of it */
        while (seen < (round + 1) * 20) {
            json_t *json = expect(window, "entries"), *entry;
            size_t i;

            json_array_foreach(json_object_get(json, "entries"), i, entry)
                assert_int_equal(json_integer_value(json_object_get(entry, "seq")), ++seen);
            json_decref(json);
        }
        assert_int_equal(seen, (round + 1) * 20);
        client_close(window);
    }
    client_close(talker);
    run_stop(&echo);
    run_stop(&run);
}

/* ---- signing in ---- */

static void
another_customer_never_sees_the_first_ones_words(void **state)
{
    struct run run = start();
    struct client *client = new_window(&run);
    char session[256], members[4096], text[4096];
    json_t *json;

    (void)state;
    strcpy(session, last_session);
    snprintf(text, sizeof(text), "{\"type\":\"identify\",\"customer_token\":\"%s\"}",
             shop_token("ann"));
    client_text(client, text);
    json = expect(client, "opened");
    assert_true(json_is_true(json_object_get(json, "signed_in")));
    assert_true(json_is_false(json_object_get(json, "reset")));
    json_decref(json);
    say(client, "m1", "something private");
    assert_string_equal(expect_entries(client, 1), "customer something private");
    expect_tick(client, "m1", 1);
    client_close(client);

    client = window_at(&run, "shop");
    snprintf(members, sizeof(members), "\"session\":\"%s\",\"last\":0,\"customer_token\":\"%s\"",
             session, shop_token("bob"));
    json = open_with(client, members);
    assert_true(json_is_true(json_object_get(json, "reset")));
    assert_int_equal(json_integer_value(json_object_get(json, "last")), 0);
    json_decref(json);
    assert_string_not_equal(last_session, session);
    say(client, "m1", "mine"); /* the same id in another session is another message */
    assert_string_equal(expect_entries(client, 1), "customer mine");
    expect_tick(client, "m1", 1);
    client_close(client);
    assert_int_equal(run_metric(&run, "filrouge_webchat_parted_total"), 1);
    assert_int_equal(run_metric(&run, "filrouge_webchat_identified_total"), 2);
    run_stop(&run);
}

static void
a_customer_who_takes_over_an_open_window_starts_empty(void **state)
{
    struct run run = start();
    struct client *client = window_at(&run, "shop");
    char text[4096];
    json_t *json;

    (void)state;
    snprintf(text, sizeof(text), "\"customer_token\":\"%s\"", shop_token("ann"));
    json_decref(open_with(client, text));
    say(client, "m1", "something private");
    assert_string_equal(expect_entries(client, 1), "customer something private");
    expect_tick(client, "m1", 1);
    snprintf(text, sizeof(text), "{\"type\":\"identify\",\"customer_token\":\"%s\"}",
             shop_token("bob"));
    client_text(client, text);
    json = expect(client, "opened");
    assert_true(json_is_true(json_object_get(json, "reset")));
    assert_int_equal(json_integer_value(json_object_get(json, "last")), 0);
    json_decref(json);
    say(client, "m2", "mine");
    assert_string_equal(expect_entries(client, 1), "customer mine");
    expect_tick(client, "m2", 1);
    client_close(client);
    run_stop(&run);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, run_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_first_visit_gets_a_session_and_a_greeting),
        TEST(the_tick_comes_after_the_sync),
        TEST(what_was_ticked_survives_kill_9_and_is_said_once),
        TEST(with_a_key_of_the_operators_a_session_needs_no_file),
        TEST(all_windows_of_a_session_see_what_is_said_in_one),
        TEST(an_answer_comes_at_once_or_when_the_window_is_back),
        TEST(nobody_misses_anything_while_it_is_being_said),
        TEST(another_customer_never_sees_the_first_ones_words),
        TEST(a_customer_who_takes_over_an_open_window_starts_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
