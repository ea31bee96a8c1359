/* edge_test.c - the real process behind real sockets: what is acknowledged, what is refused, what
 * stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/token/token.h"
#include "proto/conversation.pb-c.h"
#include "common/stage/running.h"
#include "services/channel_webform/webform.h"

#define SECTION                                                                                    \
    "  listen: 127.0.0.1:0\n"                                                                      \
    "  accounts:\n"                                                                                \
    "    contact: {brand: acme, region: DE}\n"                                                     \
    "    strict: {brand: acme, allow_origins: [\"https://shop.example\"]}\n"                       \
    "    plain: {brand: bolt}\n"
#define STAGE "  stage: {admin: \"127.0.0.1:0\", log_format: json"

static struct run
start(void)
{
    run_configure("channels: [channel_webform]", WEBFORM_CHANNEL, SECTION STAGE "}\n");
    return run_start(&webform_stage, true);
}

/* ---- asking ---- */

static struct reply reply; /* the last one */

/* false: the process has gone. */
static bool
send_post(struct client *client, const char *path, const char *type, const char *lines,
          const char *body)
{
    char head[1024];

    snprintf(head, sizeof(head),
             "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n",
             path, type, strlen(body), lines);
    return client_try(client, head, strlen(head)) && client_try(client, body, strlen(body));
}

static struct client *
post(const struct run *run, const char *path, const char *type, const char *lines, const char *body)
{
    struct client *client = client_open(run->port);

    assert_true(send_post(client, path, type, lines, body));
    return client;
}

/* The status; the rest is in `reply`. */
static int
ask(const struct run *run, const char *path, const char *type, const char *lines, const char *body)
{
    struct client *client = post(run, path, type, lines, body);

    client_reply(client, &reply, false);
    client_close(client);
    return reply.status;
}

static int
ask_json(const struct run *run, const char *body)
{
    return ask(run, "/form/contact", "application/json", "", body);
}

static int
get(const struct run *run, const char *path, const char *lines)
{
    struct client *client = client_open(run->port);
    char head[1024];

    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, lines);
    client_say(client, head);
    client_reply(client, &reply, false);
    client_close(client);
    return reply.status;
}

static char *
member(const char *key)
{
    static char value[1024];
    json_t *json = json_loads(reply.body, 0, NULL);

    snprintf(value, sizeof(value), "%s", json_string_value(json_object_get(json, key)));
    json_decref(json);
    return value;
}

static long
stored(const struct run *run)
{
    return run_metric(run, "filrouge_webform_submissions_total");
}

/* ---- acknowledged only when durable ---- */

static void
nothing_is_acknowledged_before_the_sync(void **state)
{
    struct run run = start();
    struct client *client;

    (void)state;
    atomic_store(held, 1);
    client = post(&run, "/form/contact", "application/json", "", "{\"message\":\"hello\"}");
    assert_int_equal(client_hear(client, 300), -1);
    atomic_store(held, 0);
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 201);
    client_close(client);
    run_stop(&run);
}

static void
what_is_acknowledged_survives_kill_9(void **state)
{
    struct run run = start();
    char urls[40][128], body[128];

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(body, sizeof(body), "{\"message\":\"number %d\",\"id\":\"k%d\"}", i, i);
        assert_int_equal(ask_json(&run, body), 201);
        snprintf(urls[i], sizeof(urls[i]), "%s", member("status_url"));
    }
    assert_int_equal(run_end(&run, SIGKILL), -SIGKILL);
    run = run_start(&webform_stage, true);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(get(&run, urls[i], ""), 200);
        snprintf(body, sizeof(body), "{\"message\":\"number %d\",\"id\":\"k%d\"}", i, i);
        assert_int_equal(ask_json(&run, body), 200);
        assert_string_equal(member("status_url"), urls[i]);
    }
    assert_int_equal(stored(&run), 0);
    run_stop(&run);
}

/* Ends in the middle of a crowd: 201 means stored, 503 means not stored; no answer may mean either.
 * The end is asked for once the first of them was heard, or a slow machine would take none. */
static void
what_is_said_at_the_end_is_the_truth(void **state)
{
    enum { COUNT = 150 };
    struct run run = start();
    struct client *clients[COUNT];
    int statuses[COUNT], taken = 0;
    char body[64];

    (void)state;
    for (int i = 0; i < COUNT; i++)
        clients[i] = client_open(run.port);
    for (int i = 0; i < COUNT; i++) {
        snprintf(body, sizeof(body), "{\"message\":\"m%d\",\"id\":\"k%d\"}", i, i);
        send_post(clients[i], "/form/contact", "application/json", "", body);
        if (i == 75) {
            assert_true(client_hear(clients[0], PATIENCE_MS) > 0);
            kill(run.pid, SIGTERM);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        statuses[i] = 0;
        while (strstr(clients[i]->in, "\r\n") == NULL && client_hear(clients[i], PATIENCE_MS) > 0)
            ;
        sscanf(clients[i]->in, "HTTP/1.1 %d", &statuses[i]);
        taken += statuses[i] == 201;
        client_close(clients[i]);
    }
    assert_true(taken > 0);
    run_stop(&run);
    run = run_start(&webform_stage, true);
    for (int i = 0; i < COUNT; i++) {
        int again;

        snprintf(body, sizeof(body), "{\"message\":\"m%d\",\"id\":\"k%d\"}", i, i);
        again = ask_json(&run, body);
        assert_true(again == 200 || again == 201);
        if ((statuses[i] == 201 && again != 200) || (statuses[i] == 503 && again != 201))
            fail_msg("number %d: first %d, then %d", i, statuses[i], again);
    }
    run_stop(&run);
}

/* ---- once ---- */

static void
the_same_key_stores_once_and_answers_the_same(void **state)
{
    struct run run = start();
    char first[1024];

    (void)state;
    assert_int_equal(ask(&run, "/form/contact", "application/json", "Idempotency-Key: k1\r\n",
                         "{\"message\":\"hello\"}"),
                     201);
    strcpy(first, reply.body);
    assert_int_equal(ask_json(&run, "{\"message\":\"hello\",\"id\":\"k1\"}"), 200);
    assert_string_equal(reply.body, first);
    assert_int_equal(
        ask(&run, "/form/contact", "application/x-www-form-urlencoded", "", "message=hello&id=k1"),
        200);
    assert_string_equal(reply.body, first);
    assert_int_equal(stored(&run), 1);
    assert_int_equal(ask_json(&run, "{\"message\":\"something else\",\"id\":\"k1\"}"), 422);
    assert_int_equal(stored(&run), 1);
    run_stop(&run);
}

/* Sent again before the first one is durable: both wait for the same sync. */
static void
a_repeat_that_overtakes_the_sync_waits_for_it_too(void **state)
{
    struct run run = start();
    struct client *first, *second;
    char body[1024];

    (void)state;
    atomic_store(held, 1);
    first = post(&run, "/form/contact", "application/json", "", "{\"message\":\"m\",\"id\":\"k\"}");
    second =
        post(&run, "/form/contact", "application/json", "", "{\"message\":\"m\",\"id\":\"k\"}");
    assert_int_equal(client_hear(second, 200), -1);
    atomic_store(held, 0);
    client_reply(first, &reply, false);
    strcpy(body, reply.body);
    client_reply(second, &reply, false);
    assert_string_equal(reply.body, body);
    assert_int_equal(stored(&run), 1);
    client_close(first);
    client_close(second);
    run_stop(&run);
}

static void
without_a_key_each_submission_is_another_one(void **state)
{
    struct run run = start();
    char first[1024];

    (void)state;
    assert_int_equal(ask_json(&run, "{\"message\":\"hello\"}"), 201);
    strcpy(first, reply.body);
    assert_int_equal(ask_json(&run, "{\"message\":\"hello\"}"), 201);
    assert_string_not_equal(reply.body, first);
    assert_int_equal(stored(&run), 2);
    run_stop(&run);
}

/* ---- refused, and nothing stored ---- */

struct bad {
    const char *claim, *path, *type, *lines, *body;
    int status;
    const char *says; /* somewhere in the answer */
};

#define JSON "application/json"
/* clang-format off */
static const struct bad bads[] = {
    {"broken JSON", "/form/contact", JSON, "", "{\"message\":", 400, "Line 1"},
    {"an unknown field", "/form/contact", JSON, "", "{\"message\":\"m\",\"admin\":\"yes\"}", 400, "\"field\":\"admin\""},
    {"wrong UTF-8", "/form/contact", JSON, "", "{\"message\":\"\xff\"}", 400, "UTF-8"},
    {"JSON cut inside a character", "/form/contact", JSON, "", "{\"message\":\xc3\xbc}", 400, "invalid"},
    {"no message", "/form/contact", JSON, "", "{}", 400, "message is missing"},
    {"another format", "/form/contact", "text/plain", "", "hello", 415, "media_type"},
    {"a format that only begins like one", "/form/contact", "application/jsonx", "", "{}", 415, "media_type"},
    {"no such form", "/form/nobody", JSON, "", "{\"message\":\"m\"}", 404, "not_found"},
    {"a key with a blank", "/form/contact", JSON, "Idempotency-Key: a b\r\n", "{\"message\":\"m\"}", 400, "Idempotency-Key"},
    {"two keys that differ", "/form/contact", JSON, "Idempotency-Key: a\r\n", "{\"message\":\"m\",\"id\":\"b\"}", 400, "another one"},
    {"a foreign page", "/form/strict", JSON, "Origin: https://evil.example\r\n", "{\"message\":\"m\"}", 403, "origin"},
    {"a page that has no origin", "/form/strict", JSON, "Origin: null\r\n", "{\"message\":\"m\"}", 403, "origin"},
    {"a token that is none", "/form/contact", JSON, "", "{\"message\":\"m\",\"customer_token\":\"abc\"}", 401, "not well formed"},
    {"a forged token", "/form/contact", JSON, "", "{\"message\":\"m\",\"customer_token\":\"e30.AAAA\"}", 401, "not signed"},
    {"a token where there is no secret", "/form/plain", JSON, "", "{\"message\":\"m\",\"customer_token\":\"e30.AAAA\"}", 401, "no token secret"},
};
/* clang-format on */

static void
what_is_wrong_is_said_and_not_stored(void **state)
{
    struct run run = start();

    (void)state;
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        int status = ask(&run, bads[i].path, bads[i].type, bads[i].lines, bads[i].body);

        if (status != bads[i].status || strstr(reply.body, bads[i].says) == NULL)
            fail_msg("%s: %d %s", bads[i].claim, status, reply.body);
    }
    assert_int_equal(stored(&run), 0);
    assert_int_equal(run_metric(&run, "filrouge_webform_malformed_total"), 9);
    assert_int_equal(run_metric(&run, "filrouge_webform_tokens_refused_total"), 3);
    assert_int_equal(run_metric(&run, "filrouge_webform_origins_refused_total"), 2);
    assert_int_equal(ask_json(&run, "{\"message\":\"still here\"}"), 201);
    run_stop(&run);
}

static void
too_much_is_refused_unread(void **state)
{
    struct run run = start();
    struct client *client = client_open(run.port);
    char *text = malloc(20001);

    (void)state;
    client_say(client,
               "POST /form/contact HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
               "Content-Length: 1000000\r\n\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 413);
    client_close(client);
    memset(text, 'm', 20000);
    memcpy(text, "{\"message\":\"", 12);
    strcpy(text + 19998, "\"}");
    assert_int_equal(ask_json(&run, text), 400);
    assert_non_null(strstr(reply.body, "longer than 16384 bytes"));
    assert_int_equal(stored(&run), 0);
    free(text);
    run_stop(&run);
}

static const char *
signed_token(const char *brand, const char *secret, int64_t expires_s)
{
    static char text[FR_TOKEN_TEXT_SIZE];
    struct fr_token token = {.sub = "ann", .name = "Ann", .expires_s = expires_s};

    snprintf(token.brand, sizeof(token.brand), "%s", brand);
    assert_int_equal(fr_token_sign(&token, secret, text, sizeof(text)), FR_OK);
    return text;
}

static int
ask_with_token(const struct run *run, const char *token)
{
    char body[FR_TOKEN_TEXT_SIZE + 64];

    snprintf(body, sizeof(body), "{\"message\":\"m\",\"customer_token\":\"%s\"}", token);
    return ask_json(run, body);
}

static void
only_the_shops_own_token_in_its_time_is_believed(void **state)
{
    struct run run = start();
    int64_t soon = fr_time_wall().unix_us / 1000000 + 600;

    (void)state;
    assert_int_equal(ask_with_token(&run, signed_token("acme", "the secret of acme", soon)), 201);
    assert_int_equal(ask_with_token(&run, signed_token("acme", "another secret", soon)), 401);
    assert_int_equal(ask_with_token(&run, signed_token("bolt", "the secret of acme", soon)), 401);
    assert_non_null(strstr(reply.body, "another brand"));
    assert_int_equal(ask_with_token(&run, signed_token("acme", "the secret of acme", soon - 700)),
                     401);
    assert_non_null(strstr(reply.body, "expired"));
    assert_int_equal(stored(&run), 1);
    run_stop(&run);
}

/* ---- browsers ---- */

static void
a_browser_without_a_script_is_led_to_its_ticket(void **state)
{
    struct run run = start();
    char url[256];

    (void)state;
    assert_int_equal(ask(&run, "/form/strict", "application/x-www-form-urlencoded",
                         "Accept: text/html\r\nOrigin: https://shop.example\r\n",
                         "message=%3Cb%3Ehello&name="),
                     303);
    snprintf(url, sizeof(url), "%s", reply_header(&reply, "location"));
    assert_int_equal(get(&run, url, "Accept: text/html\r\n"), 200);
    assert_non_null(strstr(reply_header(&reply, "content-type"), "text/html"));
    assert_non_null(reply_header(&reply, "content-security-policy"));
    assert_non_null(strstr(reply.body, "There is no answer yet"));
    assert_int_equal(ask(&run, "/form/contact", "application/x-www-form-urlencoded",
                         "Accept: text/html\r\n", "message=&%3Cscript%3E=1"),
                     400);
    assert_null(strstr(reply.body, "<script>"));
    assert_non_null(strstr(reply.body, "&lt;script&gt;"));
    run_stop(&run);
}

static void
a_ticket_cannot_be_made_up(void **state)
{
    struct run run = start();
    char url[256], *at;

    (void)state;
    assert_int_equal(ask_json(&run, "{\"message\":\"hello\"}"), 201);
    snprintf(url, sizeof(url), "%s", member("status_url"));
    at = url + strlen(url) - 5;
    *at = *at == 'A' ? 'B' : 'A';
    assert_int_equal(get(&run, url, ""), 404);
    assert_int_equal(get(&run, "/form/answer", ""), 404);
    assert_int_equal(get(&run, "/form/answer?ticket=", ""), 404);
    assert_int_equal(run_metric(&run, "filrouge_webform_tickets_refused_total"), 3);
    run_stop(&run);
}

/* ---- pressure ---- */

static void
under_pressure_new_forms_wait_and_tickets_can_be_read(void **state)
{
    static char body[16500];
    struct run run;
    char url[256];
    int taken = 0;

    (void)state;
    run_configure("channels: [channel_webform]", WEBFORM_CHANNEL,
                  SECTION STAGE
                  ", segment_size: 1MiB, journal_size_max: 4MiB, journal_reserve: 1MiB}\n");
    run = run_start(&webform_stage, true);
    memset(body, 'm', sizeof(body));
    memcpy(body, "{\"message\":\"", 12);
    strcpy(body + 16300, "\"}");
    while (ask_json(&run, body) == 201) {
        snprintf(url, sizeof(url), "%s", member("status_url"));
        assert_true(++taken < 2000);
    }
    assert_int_equal(reply.status, 503);
    assert_non_null(reply_header(&reply, "retry-after"));
    assert_true(taken > 20);
    assert_true(run_metric(&run, "filrouge_webform_busy_total") > 0);
    usleep(300000); /* the last checkpoint knows the last ticket */
    assert_int_equal(get(&run, url, ""), 200);
    assert_string_equal(member("state"), "received");
    run_stop(&run);

    run_configure("channels: [channel_webform]", WEBFORM_CHANNEL, SECTION STAGE "}\n");
    run = run_start(&webform_stage, true);
    assert_int_equal(get(&run, url, ""), 200);
    assert_int_equal(ask_json(&run, body), 201);
    run_stop(&run);
}

/* ---- there and back, with a service that answers everything at once ---- */

static enum fr_error
decide_echo(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__MessageReceived *message = fr_unpack(turn, input, &fr__message_received__descriptor);
    Fr__OutboundRequested request = FR__OUTBOUND_REQUESTED__INIT;
    const struct fr_labels labels = {.route = "outbound." WEBFORM_CHANNEL};

    request.message_id = fr_next_id(turn);
    request.conversation_id = input->head->id;
    request.customer_id = 1;
    request.channel = message->channel;
    request.account = message->account;
    request.address = message->address;
    request.text = fr_arena_printf(turn->arena, "You said: %s", message->text);
    request.direction = FR__DIRECTION__TO_CUSTOMER;
    request.at_us = turn->now.unix_us;
    request.author = "Echo";
    request.in_reply_to = message->external_id;
    return fr_emit_as(turn, input, &request.base, &labels);
}

static const struct fr_table no_tables[] = {FR_TABLE_END};
static const struct fr_input echo_inputs[] = {{FR_MESSAGE_RECEIVED, "channel", decide_echo},
                                              {FR_KIND_END, NULL, NULL}};
static const struct fr_event echo_events[] = {{FR_KIND_END, NULL}};
static const struct fr_stage echo_stage = {
    .name = "conversations", .tables = no_tables, .inputs = echo_inputs, .events = echo_events};

static void
an_answer_comes_back_to_its_ticket(void **state)
{
    struct run run, echo;
    char url[256];

    (void)state;
    run_configure("stage: {log_format: json}\nchannels: [channel_webform]", WEBFORM_CHANNEL,
                  SECTION STAGE "}\n");
    run = run_start(&webform_stage, true);
    echo = run_start(&echo_stage, false);
    assert_int_equal(ask_json(&run, "{\"message\":\"is <b>anybody</b> there?\"}"), 201);
    snprintf(url, sizeof(url), "%s", member("status_url"));
    for (int waited = 0; get(&run, url, "") == 200 && strcmp(member("state"), "answered") != 0;
         waited++) {
        assert_true(waited < PATIENCE_MS / 20);
        usleep(20000);
    }
    assert_non_null(strstr(reply.body, "You said: is <b>anybody</b> there?"));
    assert_int_equal(get(&run, url, "Accept: text/html\r\n"), 200);
    assert_non_null(strstr(reply.body, "You said: is &lt;b&gt;anybody&lt;/b&gt; there?"));
    assert_int_equal(run_metric(&run, "filrouge_webform_answers_total"), 1);
    run_stop(&echo);
    run_stop(&run);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, run_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_acknowledged_before_the_sync),
        TEST(what_is_acknowledged_survives_kill_9),
        TEST(what_is_said_at_the_end_is_the_truth),
        TEST(the_same_key_stores_once_and_answers_the_same),
        TEST(a_repeat_that_overtakes_the_sync_waits_for_it_too),
        TEST(without_a_key_each_submission_is_another_one),
        TEST(what_is_wrong_is_said_and_not_stored),
        TEST(too_much_is_refused_unread),
        TEST(only_the_shops_own_token_in_its_time_is_believed),
        TEST(a_browser_without_a_script_is_led_to_its_ticket),
        TEST(a_ticket_cannot_be_made_up),
        TEST(under_pressure_new_forms_wait_and_tickets_can_be_read),
        TEST(an_answer_comes_back_to_its_ticket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
