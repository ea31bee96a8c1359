/* limits_test.c - what the edge does not put up with, and how it ends: limits, time-outs, origins,
 * proxies, start and stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include "common/base/log.h"
#include "common/http/client_test.h"
#include "common/http/http.h"

static struct fr_http *server;
static _Atomic uint64_t kept_id;
static sem_t kept;
static struct reply reply;

static void
hello(void *context, const struct fr_http_request *request)
{
    (void)context;
    fr_http_answer(server, request->id, 200, "text/html", NULL, fr_slice_str("hello"));
}

static void
who(void *context, const struct fr_http_request *request)
{
    (void)context;
    fr_http_answer(server, request->id, 200, "text/plain", NULL, fr_slice_str(request->peer));
}

static void
keep(void *context, const struct fr_http_request *request)
{
    (void)context;
    kept_id = request->id;
    sem_post(&kept);
}

static const struct fr_http_route routes[] = {
    {"GET", "/hello", hello}, {"GET", "/who", who}, {"GET", "/keep", keep},
    {"POST", "/keep", keep},  {NULL, NULL, NULL},
};

static enum fr_error
try_start(struct fr_http_options options)
{
    if (options.listen == NULL)
        options.listen = "127.0.0.1:0";
    options.routes = routes;
    return fr_http_start(&options, &server);
}

static void
start(struct fr_http_options options)
{
    assert_int_equal(try_start(options), FR_OK);
}

static void
stop(void)
{
    fr_http_stop(&server, fr_millis(50));
}

static struct client *
connect_client(void)
{
    return client_open(fr_http_port(server));
}

static void
ask(struct client *client, const char *path, const char *lines)
{
    char text[1024];

    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, lines);
    client_say(client, text);
    client_reply(client, &reply, false);
}

/* ---- how many ---- */

static void
an_address_has_so_many_connections_and_then_429(void **state)
{
    struct client *clients[3];
    struct fr_http_stats stats;

    (void)state;
    start((struct fr_http_options){.connection_per_peer_max = 2});
    for (int i = 0; i < 2; i++) {
        clients[i] = connect_client();
        ask(clients[i], "/hello", "");
        assert_int_equal(reply.status, 200);
    }
    clients[2] = connect_client();
    client_reply(clients[2], &reply, false);
    assert_int_equal(reply.status, 429);
    assert_true(client_sees_end(clients[2]));
    fr_http_stats(server, &stats);
    assert_int_equal(stats.refused_connections, 1);
    assert_int_equal(stats.connections, 2);
    client_close(clients[2]);
    ask(clients[0], "/hello", "Connection: close\r\n");
    assert_true(client_sees_end(clients[0]));
    client_close(clients[0]);
    do /* until the server has noticed that too */
        fr_http_stats(server, &stats);
    while (stats.connections != 1);
    clients[2] = connect_client();
    ask(clients[2], "/hello", "");
    assert_int_equal(reply.status, 200);
    client_close(clients[1]);
    client_close(clients[2]);
    stop();
}

static void
the_server_has_so_many_connections_and_then_503(void **state)
{
    struct client *clients[100];
    int refused = 0, dropped = 0;

    (void)state;
    start((struct fr_http_options){.connection_max = 3});
    for (int i = 0; i < 3; i++) {
        clients[i] = connect_client();
        ask(clients[i], "/hello", "");
        assert_int_equal(reply.status, 200);
    }
    for (int i = 3; i < 100; i++) /* more than are told so at the same time */
        clients[i] = connect_client();
    for (int i = 3; i < 100; i++) {
        if (client_hear(clients[i], PATIENCE_MS) == 0) {
            dropped++;
        } else {
            client_reply(clients[i], &reply, false);
            assert_int_equal(reply.status, 503);
            refused++;
        }
    }
    assert_int_equal(refused + dropped, 97);
    assert_true(refused >= 64);
    ask(clients[1], "/hello", ""); /* those who are in stay in */
    assert_int_equal(reply.status, 200);
    for (int i = 0; i < 100; i++)
        client_close(clients[i]);
    stop();
}

/* ---- how long ---- */

static void
half_a_request_gets_408(void **state)
{
    static const char *const halves[] = {
        "G", "GET /hello HTTP/1.1\r\nHost: a\r\n",
        "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"};

    (void)state;
    start((struct fr_http_options){.request_timeout = fr_millis(100)});
    for (int i = 0; i < 3; i++) {
        struct client *client = connect_client();

        client_say(client, halves[i]);
        client_reply(client, &reply, false);
        assert_int_equal(reply.status, 408);
        assert_true(client_sees_end(client));
        client_close(client);
    }
    stop();
}

static void
a_drop_now_and_then_does_not_buy_time(void **state)
{
    struct client *client;

    (void)state;
    start((struct fr_http_options){.request_timeout = fr_millis(150)});
    client = connect_client();
    client_say(client, "GET /hello HTTP/1.1\r\nX-Slow: ");
    while (client_hear(client, 10) < 0)
        if (!client_try(client, "z", 1))
            break;
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 408);
    client_close(client);
    stop();
}

static void
silence_ends_a_connection_without_a_word(void **state)
{
    struct client *client;

    (void)state;
    start(
        (struct fr_http_options){.request_timeout = fr_millis(50), .idle_timeout = fr_millis(50)});
    client = connect_client();
    assert_true(client_sees_end(client));
    client_close(client);
    client = connect_client();
    ask(client, "/hello", "");
    assert_int_equal(reply.status, 200);
    assert_true(client_sees_end(client));
    client_close(client);
    stop();
}

static void
a_handler_that_says_nothing_gets_504(void **state)
{
    struct client *client;

    (void)state;
    start((struct fr_http_options){.answer_timeout = fr_millis(50)});
    client = connect_client();
    ask(client, "/keep", "");
    assert_int_equal(reply.status, 504);
    fr_http_answer(server, kept_id, 200, "text/plain", NULL, fr_slice_str("too late"));
    assert_true(client_sees_end(client));
    client_close(client);
    stop();
}

static void
a_client_that_does_not_read_is_given_up(void **state)
{
    static char big[4 << 20];
    struct fr_http_stats stats;
    struct client *client;
    int small = 4096;

    (void)state;
    start((struct fr_http_options){.idle_timeout = fr_millis(100)});
    client = connect_client();
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    client_say(client, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    sem_wait(&kept);
    memset(big, 'b', sizeof(big));
    fr_http_answer(server, kept_id, 200, "text/plain", NULL, fr_slice(big, sizeof(big)));
    do
        fr_http_stats(server, &stats);
    while (stats.connections != 0);
    client_close(client);
    stop();
}

/* ---- who asks ---- */

static void
only_a_trusted_proxy_names_the_peer(void **state)
{
    static const struct {
        const char *lines, *peer;
    } cases[] = {
        {"", "127.0.0.1"},
        {"X-Forwarded-For: 9.9.9.9\r\n", "9.9.9.9"},
        {"X-Forwarded-For: 6.6.6.6, 9.9.9.9\r\n", "9.9.9.9"},
        {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 9.9.9.9\r\n", "9.9.9.9"},
        {"X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
        {"X-Forwarded-For: unknown\r\n", "127.0.0.1"},
        {"X-Forwarded-For: <script>\r\n", "127.0.0.1"},
        {"X-Forwarded-For: 9.9.9.9,\r\n", "127.0.0.1"},
    };
    static const struct {
        const char *proxies;
        bool ours;
    } trusted[] = {{"10.0.0.1 127.0.0.1", true},
                   {"127.0.0.0/8", true},
                   {"2001:db8::/32 127.0.0.2/30", true},
                   {"::ffff:0:0/96", true},
                   {"0.0.0.0/0", true},
                   {"10.0.0.1", false},
                   {"127.0.0.2/31", false},
                   {"2001:db8::/32 10.0.0.0/8", false},
                   {NULL, false}};

    (void)state;
    for (size_t t = 0; t < sizeof(trusted) / sizeof(trusted[0]); t++) {
        start((struct fr_http_options){.trusted_proxies = trusted[t].proxies,
                                       .connection_per_peer_max = 1});
        struct client *client = connect_client();

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            ask(client, "/who", cases[i].lines);
            assert_string_equal(reply.body, trusted[t].ours ? cases[i].peer : "127.0.0.1");
        }
        if (trusted[t]
                .ours) { /* everybody comes through the proxy, so its connections are not counted */
            struct client *second = connect_client();

            ask(second, "/who", "");
            assert_int_equal(reply.status, 200);
            client_close(second);
        }
        client_close(client);
        stop();
    }
}

static void
any_origin_is_welcome_when_that_was_said(void **state)
{
    struct client *client;

    (void)state;
    start((struct fr_http_options){.allow_any_origin = true});
    client = connect_client();
    client_say(client, "OPTIONS /keep HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n"
                       "Access-Control-Request-Method: POST\r\n"
                       "Access-Control-Request-Headers: content-type, idempotency-key\r\n\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 204);
    assert_null(reply_header(&reply, "content-length"));
    assert_string_equal(reply_header(&reply, "access-control-allow-origin"), "*");
    assert_string_equal(reply_header(&reply, "access-control-allow-methods"), "GET, HEAD, POST");
    assert_string_equal(reply_header(&reply, "access-control-allow-headers"),
                        "content-type, idempotency-key");
    ask(client, "/hello", "Origin: https://shop.example\r\n");
    assert_string_equal(reply_header(&reply, "access-control-allow-origin"), "*");
    ask(client, "/nowhere", "Origin: https://shop.example\r\n");
    assert_string_equal(reply_header(&reply, "access-control-allow-origin"), "*");
    client_close(client);
    stop();
}

static void
pages_get_the_headers_for_pages(void **state)
{
    struct client *client;

    (void)state;
    start((struct fr_http_options){
        .security_headers =
            "content-security-policy: default-src 'self'\nx-frame-options: DENY\n"});
    client = connect_client();
    ask(client, "/hello", "");
    assert_string_equal(reply_header(&reply, "content-security-policy"), "default-src 'self'");
    assert_string_equal(reply_header(&reply, "x-frame-options"), "DENY");
    ask(client, "/who", "");
    assert_null(reply_header(&reply, "content-security-policy"));
    client_close(client);
    stop();
}

/* ---- start and stop ---- */

static void
a_wrong_start_says_what_is_wrong(void **state)
{
    static const char *const nonsense[] = {
        "nonsense", "127.0.0.1", "127.0.0.1:",   "127.0.0.1:x",   "::1:8080", "1.2.3.4.5:80",
        ":65536",   "[::1:80",   "localhost:80", "127.0.0.1:80x", ""};
    char taken[64];
    struct fr_http *first;

    (void)state;
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
        assert_int_equal(try_start((struct fr_http_options){.listen = nonsense[i]}), FR_INVALID);
    assert_int_equal(try_start((struct fr_http_options){.listen = "192.0.2.1:0"}), FR_INVALID);
    static const char *const no_networks[] = {"10.0.0.1 there", "10.0.0.0/33", "10.0.0.0/",
                                              "10.0.0.0/x",     "::/129",      "/8"};
    for (size_t i = 0; i < sizeof(no_networks) / sizeof(no_networks[0]); i++)
        assert_int_equal(try_start((struct fr_http_options){.trusted_proxies = no_networks[i]}),
                         FR_INVALID);
    assert_int_equal(try_start((struct fr_http_options){.security_headers = "not a header"}),
                     FR_INVALID);
    assert_int_equal(try_start((struct fr_http_options){.static_dir = "/there/is/none"}),
                     FR_INVALID);
    start((struct fr_http_options){0});
    first = server;
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", fr_http_port(first));
    assert_int_equal(try_start((struct fr_http_options){.listen = taken}), FR_EXISTS);
    fr_http_stop(&first, fr_millis(10));
    assert_null(first);
    start((struct fr_http_options){.listen = taken}); /* free again at once */
    stop();
    start((struct fr_http_options){.listen = ":0"});
    struct client *client = connect_client();
    ask(client, "/who", "");
    assert_string_equal(reply.body, "127.0.0.1"); /* not ::ffff:127.0.0.1 */
    client_close(client);
    stop();
}

static void *
stop_elsewhere(void *grace)
{
    fr_http_stop(&server, *(struct fr_span *)grace);
    return NULL;
}

/* A request under way when the stop begins: answered by the handler if there is time for it, else
 * 503. */
static void
what_is_under_way_is_answered_before_the_end(void **state)
{
    struct fr_span graces[] = {fr_seconds(20), fr_millis(50)};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct client *client, *idle, *late;
        struct fr_http *running;
        pthread_t thread;
        int port;

        start((struct fr_http_options){0});
        running = server;
        port = fr_http_port(server);
        client = connect_client();
        idle = connect_client();
        ask(idle, "/hello", "");
        client_say(client, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
        sem_wait(&kept);
        pthread_create(&thread, NULL, stop_elsewhere, &graces[i]);
        assert_true(client_sees_end(idle));
        if (i == 0)
            fr_http_answer(running, kept_id, 200, "text/plain", NULL, fr_slice_str("done"));
        client_reply(client, &reply, false);
        assert_int_equal(reply.status, i == 0 ? 200 : 503);
        assert_string_equal(reply_header(&reply, "connection"), "close");
        assert_true(client_sees_end(client));
        client_close(client);
        client_close(idle);
        pthread_join(thread, NULL);
        assert_null(server);
        late = calloc(1, sizeof(*late));
        late->fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(connect(late->fd, (struct sockaddr *)&address, sizeof(address)), -1);
        client_close(late);
    }
}

static int
count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void
a_stopped_server_leaves_no_descriptors(void **state)
{
    int before = count_descriptors();

    (void)state;
    for (int i = 0; i < 5; i++) {
        start((struct fr_http_options){0});
        struct client *client = connect_client(), *left = connect_client();

        ask(client, "/hello", "");
        client_close(client);
        client_say(left, "GET /he"); /* still there at the end */
        stop();
        client_close(left);
        assert_int_equal(try_start((struct fr_http_options){.listen = "nonsense"}), FR_INVALID);
    }
    assert_int_equal(count_descriptors(), before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_so_many_connections_and_then_429),
        cmocka_unit_test(the_server_has_so_many_connections_and_then_503),
        cmocka_unit_test(half_a_request_gets_408),
        cmocka_unit_test(a_drop_now_and_then_does_not_buy_time),
        cmocka_unit_test(silence_ends_a_connection_without_a_word),
        cmocka_unit_test(a_handler_that_says_nothing_gets_504),
        cmocka_unit_test(a_client_that_does_not_read_is_given_up),
        cmocka_unit_test(only_a_trusted_proxy_names_the_peer),
        cmocka_unit_test(any_origin_is_welcome_when_that_was_said),
        cmocka_unit_test(pages_get_the_headers_for_pages),
        cmocka_unit_test(a_wrong_start_says_what_is_wrong),
        cmocka_unit_test(what_is_under_way_is_answered_before_the_end),
        cmocka_unit_test(a_stopped_server_leaves_no_descriptors),
    };

    fr_log_init("limits_test", FR_ERROR + 1, FR_LOG_AUTO);
    sem_init(&kept, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
