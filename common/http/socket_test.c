/* socket_test.c - WebSockets as a client meets them, well behaved and otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include "common/base/log.h"
#include "common/http/client_test.h"
#include "common/http/http.h"

static struct fr_http *server;
static _Atomic uint64_t opened_id;
static atomic_int opened_count, closed_count, wrong_id;
static sem_t opened_one, closed_one;
static struct reply reply;

static enum fr_error
on_open(void *context, const struct fr_http_request *request, int *status)
{
    (void)context;
    if (fr_http_query(request, "token") == NULL)
        return FR_OK;
    *status = 401;
    return FR_DENIED;
}

static void
on_opened(void *context, uint64_t id)
{
    (void)context;
    opened_id = id;
    opened_count++;
    sem_post(&opened_one);
}

static void
on_text(void *context, uint64_t id, struct fr_slice text)
{
    (void)context;
    if (fr_slice_equal(text, fr_slice_str("bye")))
        fr_ws_close(server, id, 4001, "as you wish");
    else if (fr_slice_equal(text, fr_slice_str("twice and bye"))) {
        fr_ws_send(server, id, fr_slice_str("one"));
        fr_ws_send(server, id, fr_slice_str("two"));
        fr_ws_close(server, id, 1000, NULL);
    } else
        fr_ws_send(server, id, text);
}

static void
on_closed(void *context, uint64_t id)
{
    (void)context;
    if (opened_count == 1 && id != opened_id)
        wrong_id++;
    closed_count++;
    sem_post(&closed_one);
}

static void
hello(void *context, const struct fr_http_request *request)
{
    (void)context;
    fr_http_answer(server, request->id, 200, "text/plain", NULL, fr_slice_str("hello"));
}

static const struct fr_http_route routes[] = {{"GET", "/hello", hello}, {NULL, NULL, NULL}};
static const struct fr_ws_handlers sockets[] = {
    {"/chat", "chat.1", on_open, on_opened, on_text, on_closed},
    {"/other", "other.1", NULL, on_opened, on_text, on_closed},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

#define CHAT "Sec-WebSocket-Protocol: chat.1\r\n"

static void
start(struct fr_http_options options)
{
    options.listen = "127.0.0.1:0";
    options.routes = routes;
    options.sockets = sockets;
    opened_count = closed_count = wrong_id = 0;
    assert_int_equal(fr_http_start(&options, &server), FR_OK);
}

static void
stop(void)
{
    fr_http_stop(&server, fr_millis(50));
    assert_int_equal(wrong_id, 0);
}

static struct client *
open_chat(void)
{
    struct client *client = client_open(fr_http_port(server));

    client_upgrade(client, "/chat", CHAT);
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 101);
    sem_wait(&opened_one);
    return client;
}

/* ---- the handshake ---- */

static void
an_upgrade_is_checked_before_it_is_made(void **state)
{
    static const struct {
        const char *claim, *text;
        int status;
    } cases[] = {
#define FROM "GET /chat HTTP/1.1\r\nHost: shop.example\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
        {"all is well", FROM UPGRADE KEY VERSION CHAT "\r\n", 101},
        {"one of several subprotocols",
         FROM UPGRADE KEY VERSION "Sec-WebSocket-Protocol: a, chat.1\r\n\r\n", 101},
        {"no upgrade", FROM "\r\n", 426},
        {"upgrade without connection", FROM "Upgrade: websocket\r\n" KEY VERSION CHAT "\r\n", 426},
        {"another version", FROM UPGRADE KEY "Sec-WebSocket-Version: 8\r\n" CHAT "\r\n", 426},
        {"no key", FROM UPGRADE VERSION CHAT "\r\n", 400},
        {"a short key", FROM UPGRADE VERSION CHAT "Sec-WebSocket-Key: abc\r\n\r\n", 400},
        {"no subprotocol", FROM UPGRADE KEY VERSION "\r\n", 400},
        {"another's subprotocol",
         FROM UPGRADE KEY VERSION "Sec-WebSocket-Protocol: other.1\r\n\r\n", 400},
        {"HTTP/1.0", "GET /chat HTTP/1.0\r\nHost: a\r\n" UPGRADE KEY VERSION CHAT "\r\n", 426},
        {"POST", "POST /chat HTTP/1.1\r\nHost: a\r\n" UPGRADE KEY VERSION CHAT "\r\n", 426},
        {"with a body", FROM UPGRADE KEY VERSION CHAT "Content-Length: 3\r\n\r\nabc", 400},
        {"a path that is none", "GET /no HTTP/1.1\r\nHost: a\r\n" UPGRADE KEY VERSION CHAT "\r\n",
         404},
        {"an upgrade where there is only HTTP",
         "GET /hello HTTP/1.1\r\nHost: a\r\n" UPGRADE KEY VERSION CHAT "\r\n", 200},
        {"the service says no",
         "GET /chat?token=x HTTP/1.1\r\nHost: a\r\n" UPGRADE KEY VERSION CHAT "\r\n", 401},
        {"its own origin", FROM UPGRADE KEY VERSION CHAT "Origin: https://shop.example\r\n\r\n",
         101},
        {"another origin", FROM UPGRADE KEY VERSION CHAT "Origin: https://evil.example\r\n\r\n",
         403},
        {"an origin without a host", FROM UPGRADE KEY VERSION CHAT "Origin: null\r\n\r\n", 403},
    };

    (void)state;
    start((struct fr_http_options){0});
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client = client_open(fr_http_port(server));

        client_claim = cases[i].claim;
        client_say(client, cases[i].text);
        client_reply(client, &reply, false);
        if (reply.status != cases[i].status)
            fail_msg("%s: %s", cases[i].claim, reply.head);
        if (reply.status == 101) {
            assert_string_equal(reply_header(&reply, "sec-websocket-accept"),
                                "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            assert_string_equal(reply_header(&reply, "sec-websocket-protocol"), "chat.1");
            sem_wait(&opened_one);
        }
        client_close(client);
    }
    stop();
    assert_int_equal(opened_count, 3);
    assert_int_equal(closed_count, 3);
    while (sem_trywait(&closed_one) == 0)
        ;
    start((struct fr_http_options){.allow_any_origin = true});
    struct client *client = client_open(fr_http_port(server));
    client_upgrade(client, "/chat", CHAT "Origin: https://evil.example\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 101);
    sem_wait(&opened_one);
    client_close(client);
    stop();
    while (sem_trywait(&closed_one) == 0)
        ;
}

/* ---- messages ---- */

static void
messages_go_both_ways_whole(void **state)
{
    static char big[200000];
    struct client *client;

    (void)state;
    start((struct fr_http_options){.message_size_max = 300000});
    client = open_chat();
    client_text(client, "hello");
    client_expect_text(client, "hello");
    client_text(client, "");
    client_expect_text(client, "");
    client_text(client, "caf\xc3\xa9 \xf0\x9f\x98\x80");
    client_expect_text(client, "caf\xc3\xa9 \xf0\x9f\x98\x80");
    for (size_t i = 0; i < sizeof(big) - 1; i++)
        big[i] = (char)('a' + i % 26);
    client_text(client, big);
    client_expect_text(client, big);
    client_close(client);
    sem_wait(&closed_one);
    stop();
}

/* Fragments, a ping between them, a character cut in two: still one message. */
static void
fragments_are_put_together(void **state)
{
    struct client *client;
    char text[256];
    size_t size;

    (void)state;
    start((struct fr_http_options){0});
    client = open_chat();
    client_frame(client, 0x01, "caf\xc3", 4, 4);
    client_frame(client, 0x89, "ping", 4, 4);
    client_frame(client, 0x00, "\xa9", 1, 1);
    client_frame(client, 0x00, "", 0, 0);
    client_frame(client, 0x80, "!", 1, 1);
    assert_int_equal(client_read_frame(client, text, sizeof(text), &size), 0x8a);
    assert_string_equal(text, "ping");
    client_expect_text(client, "caf\xc3\xa9!");
    client_text(client, "next");
    client_expect_text(client, "next");
    client_close(client);
    sem_wait(&closed_one);
    stop();
}

static void
random_messages_come_back_however_they_are_cut(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    static char text[60001];
    struct client *client;

    (void)state;
    printf("seed %u\n", seed);
    srand(seed);
    start((struct fr_http_options){0});
    client = open_chat();
    for (int round = 0; round < 200; round++) {
        size_t size = (size_t)(rand() % (rand() % 10 == 0 ? 60000 : 300)), at = 0;

        for (size_t i = 0; i < size; i++)
            text[i] = (char)('a' + rand() % 26);
        text[size] = '\0';
        do {
            size_t piece = size == at ? 0 : 1 + (size_t)rand() % (size - at);

            client_frame(client, (at == 0 ? 0x01 : 0x00) | (at + piece == size ? 0x80 : 0),
                         text + at, piece, piece);
            at += piece;
        } while (at < size);
        client_expect_text(client, text);
    }
    client_close(client);
    sem_wait(&closed_one);
    stop();
}

static void
what_is_not_allowed_closes_with_its_code(void **state)
{
    static const struct {
        const char *claim;
        int first;
        const char *data;
        uint64_t size;
        size_t sent;
        int code;
    } cases[] = {
        {"binary", 0x82, "abc", 3, 3, 1003},
        {"not UTF-8", 0x81, "a\xff", 2, 2, 1007},
        {"half a character", 0x81, "caf\xc3", 4, 4, 1007},
        {"a surrogate", 0x81, "\xed\xa0\x80", 3, 3, 1007},
        {"too big, judged by what it announces", 0x81, "abc", 1001, 3, 1009},
        {"far too big", 0x81, "abc", UINT64_C(1) << 62, 3, 1009},
        {"a continuation of nothing", 0x80, "abc", 3, 3, 1002},
        {"reserved bits", 0xc1, "abc", 3, 3, 1002},
        {"a reserved kind", 0x83, "abc", 3, 3, 1002},
        {"a ping in fragments", 0x09, "abc", 3, 3, 1002},
    };

    (void)state;
    start((struct fr_http_options){.message_size_max = 1000});
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client = open_chat();
        int code;

        client_frame(client, cases[i].first, cases[i].data, cases[i].size, cases[i].sent);
        code = client_close_code(client, NULL, 0);
        if (code != cases[i].code)
            fail_msg("%s: %d", cases[i].claim, code);
        client_close(client);
        sem_wait(&closed_one);
    }
    assert_int_equal(opened_count, closed_count);
    stop();
}

static void
fragments_that_add_up_to_too_much_close_too(void **state)
{
    struct client *client;
    char piece[400];

    (void)state;
    memset(piece, 'a', sizeof(piece));
    start((struct fr_http_options){.message_size_max = 1000});
    client = open_chat();
    client_frame(client, 0x01, piece, 400, 400);
    client_frame(client, 0x00, piece, 400, 400);
    client_frame(client, 0x80, piece, 400, 400);
    assert_int_equal(client_close_code(client, NULL, 0), 1009);
    client_close(client);
    sem_wait(&closed_one);
    stop();
}

/* ---- the end ---- */

static void
the_service_closes_after_what_it_said(void **state)
{
    struct client *client;
    char reason[128];

    (void)state;
    start((struct fr_http_options){0});
    client = open_chat();
    client_text(client, "bye");
    assert_int_equal(client_close_code(client, reason, sizeof(reason)), 4001);
    assert_string_equal(reason, "as you wish");
    client_close(client);
    sem_wait(&closed_one);
    client = open_chat();
    client_text(client, "twice and bye");
    client_expect_text(client, "one");
    client_expect_text(client, "two");
    assert_int_equal(client_close_code(client, NULL, 0), 1000);
    client_frame(client, 0x88, "\x03\xe8", 2, 2);
    sem_wait(&closed_one);
    client_close(client);
    assert_int_equal(closed_count, 2);
    stop();
}

static void
the_client_closes(void **state)
{
    struct client *client;

    (void)state;
    start((struct fr_http_options){0});
    client = open_chat();
    client_frame(client, 0x88, "\x03\xe8", 2, 2);
    assert_int_equal(client_close_code(client, NULL, 0), 1000);
    sem_wait(&closed_one);
    assert_int_equal(fr_ws_send(server, opened_id, fr_slice_str("still there?")), FR_GONE);
    fr_ws_close(server, opened_id, 1000, NULL);
    assert_int_equal(fr_ws_send(server, 12345, fr_slice_str("a")), FR_GONE);
    assert_int_equal(fr_ws_send(server, UINT64_MAX, fr_slice_str("a")), FR_GONE);
    client_close(client);
    assert_int_equal(closed_count, 1);
    stop();
}

/* A reader that does not read: its queue fills, the sender hears BUSY, and it is closed with 1013.
 */
static void
a_slow_reader_is_closed_and_not_stored_for(void **state)
{
    static char piece[32768];
    enum fr_error err = FR_OK;
    struct client *client;
    int sent = 0;

    (void)state;
    memset(piece, 'a', sizeof(piece));
    start((struct fr_http_options){.send_queue_size_max = 100000});
    client = open_chat();
    while (err == FR_OK && sent < 100000) {
        err = fr_ws_send(server, opened_id, fr_slice(piece, sizeof(piece)));
        sent++;
    }
    assert_int_equal(err, FR_BUSY);
    assert_int_equal(fr_ws_send(server, opened_id, fr_slice_str("a")), FR_GONE);
    assert_int_equal(client_close_code(client, NULL, 0), 1013);
    client_close(client);
    sem_wait(&closed_one);
    stop();
}

static void
a_silent_socket_is_pinged_and_a_dead_one_closed(void **state)
{
    struct client *client, *dead;
    char text[256];
    size_t size;

    (void)state;
    start((struct fr_http_options){.idle_timeout = fr_millis(300)});
    dead = open_chat();
    client = open_chat();
    for (int i = 0; i < 6; i++) { /* longer than the time-out, because it answers */
        assert_int_equal(client_read_frame(client, text, sizeof(text), &size), 0x89);
        client_frame(client, 0x8a, text, size, size);
    }
    sem_wait(&closed_one); /* the one that does not */
    client_text(client, "still here");
    client_expect_text(client, "still here");
    client_close(client);
    client_close(dead);
    sem_wait(&closed_one);
    stop();
}

static void
a_stop_says_going_away(void **state)
{
    struct client *client;

    (void)state;
    start((struct fr_http_options){0});
    client = open_chat();
    fr_http_stop(&server, fr_millis(50));
    assert_int_equal(client_close_code(client, NULL, 0), 1001);
    client_close(client);
    sem_wait(&closed_one);
    assert_int_equal(closed_count, 1);
}

static void
counters_count_sockets_and_messages(void **state)
{
    struct fr_http_stats stats;
    struct client *client;

    (void)state;
    start((struct fr_http_options){0});
    client = open_chat();
    client_text(client, "a");
    client_expect_text(client, "a");
    fr_http_stats(server, &stats);
    assert_int_equal(stats.sockets, 1);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(stats.messages_in, 1);
    assert_int_equal(stats.messages_out, 1);
    client_close(client);
    sem_wait(&closed_one);
    do
        fr_http_stats(server, &stats);
    while (stats.connections != 0);
    assert_int_equal(stats.sockets, 0);
    stop();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upgrade_is_checked_before_it_is_made),
        cmocka_unit_test(messages_go_both_ways_whole),
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(random_messages_come_back_however_they_are_cut),
        cmocka_unit_test(what_is_not_allowed_closes_with_its_code),
        cmocka_unit_test(fragments_that_add_up_to_too_much_close_too),
        cmocka_unit_test(the_service_closes_after_what_it_said),
        cmocka_unit_test(the_client_closes),
        cmocka_unit_test(a_slow_reader_is_closed_and_not_stored_for),
        cmocka_unit_test(a_silent_socket_is_pinged_and_a_dead_one_closed),
        cmocka_unit_test(a_stop_says_going_away),
        cmocka_unit_test(counters_count_sockets_and_messages),
    };

    fr_log_init("socket_test", FR_ERROR + 1, FR_LOG_AUTO);
    sem_init(&opened_one, 0, 0);
    sem_init(&closed_one, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
