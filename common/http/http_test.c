/* http_test.c - the edge as a client meets it: a real server on 127.0.0.1, raw bytes over sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include "common/base/log.h"
#include "common/http/client_test.h"
#include "common/http/http.h"

/* ---- a service: some answers come at once, some from another thread ---- */

static struct fr_http *server;
static _Atomic uint64_t kept_id; /* of the last request to /keep */
static sem_t kept;

struct job {
    uint64_t id;
    size_t size;
    char body[];
};

static void *
echo_from_elsewhere(void *argument)
{
    struct job *job = argument;

    fr_http_answer(server, job->id, 200, "text/plain", NULL, fr_slice(job->body, job->size));
    free(job);
    return NULL;
}

static void
echo(void *context, const struct fr_http_request *request)
{
    struct job *job = malloc(sizeof(*job) + request->body.size);
    pthread_t thread;

    (void)context;
    job->id = request->id;
    job->size = request->body.size;
    if (job->size > 0)
        memcpy(job->body, request->body.data, job->size);
    pthread_create(&thread, NULL, echo_from_elsewhere, job);
    pthread_detach(thread);
}

static void
say(const struct fr_http_request *request, const char *text)
{
    fr_http_answer(server, request->id, 200, "text/plain", NULL, fr_slice_str(text));
}

static void
hello(void *context, const struct fr_http_request *request)
{
    (void)context;
    say(request, "hello");
}

static void
keep(void *context, const struct fr_http_request *request)
{
    (void)context;
    kept_id = request->id;
    sem_post(&kept);
}

static void
tell(void *context, const struct fr_http_request *request)
{
    const char *a = fr_http_query(request, "a"), *b = fr_http_query(request, "b");
    const char *c = fr_http_cookie(request, "c"), *d = fr_http_cookie(request, "d");
    const char *x = fr_http_header(request, "x-thing");
    char text[1024];

    (void)context;
    snprintf(text, sizeof(text), "%s %s rest=%s a=%s b=%s c=%s d=%s x=%s peer=%s", request->method,
             request->path, request->rest, a == NULL ? "-" : a, b == NULL ? "-" : b,
             c == NULL ? "-" : c, d == NULL ? "-" : d, x == NULL ? "-" : x, request->peer);
    say(request, text);
}

static void
leaf(void *context, const struct fr_http_request *request)
{
    (void)context;
    say(request, "leaf");
}

static void
answer_badly(void *context, const struct fr_http_request *request)
{
    static const char *const headers[] = {
        "x-a: b\r\nset-cookie: evil=1",
        "x-a: b\rset-cookie: evil=1",
        "x-a",
        ": evil",
        "content-length: 3",
        "Transfer-Encoding: chunked",
        "x a: b",
        "x-a: \x01",
    };
    int which = atoi(request->rest);

    (void)context;
    if (which < 8)
        fr_http_answer(server, request->id, 200, "text/plain", headers[which],
                       fr_slice_str("evil"));
    else if (which == 8)
        fr_http_answer(server, request->id, 200, "text/plain\r\nset-cookie: evil=1", NULL,
                       fr_slice_str("evil"));
    else
        fr_http_answer(server, request->id, 99, "text/plain", NULL, fr_slice_str("evil"));
}

static void
answer_well(void *context, const struct fr_http_request *request)
{
    (void)context;
    fr_http_answer(server, request->id, 201, "application/json",
                   "set-cookie: a=1; HttpOnly\nset-cookie: b=2\ncache-control: max-age=5",
                   fr_slice_str("{}"));
    fr_http_answer(server, request->id, 500, NULL, NULL, fr_slice_str("the second is dropped"));
}

static void
fail_json(void *context, const struct fr_http_request *request)
{
    (void)context;
    fr_http_answer_error(server, request->id, 503, "busy", "Later \"please\".");
}

/* clang-format off */
static const struct fr_http_route routes[] = {
    {"GET",    "/hello",     hello},
    {"POST",   "/echo",      echo},
    {"GET",    "/keep",      keep},
    {"POST",   "/keep",      keep},
    {"GET",    "/tree/*",    tell},
    {"POST",   "/tree/*",    tell},
    {"GET",    "/tree/leaf", leaf},
    {"PUT",    "/thing",     tell},
    {"DELETE", "/thing",     tell},
    {"GET",    "/bad/*",     answer_badly},
    {"GET",    "/well",      answer_well},
    {"GET",    "/busy",      fail_json},
    {NULL,     NULL,         NULL},
};
/* clang-format on */

static void
start(struct fr_http_options options)
{
    options.listen = "127.0.0.1:0";
    options.routes = routes;
    assert_int_equal(fr_http_start(&options, &server), FR_OK);
}

static int
start_plain(void **state)
{
    (void)state;
    start((struct fr_http_options){.body_size_max = 1000});
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    fr_http_stop(&server, fr_millis(50));
    return 0;
}

static struct client *
connect_client(void)
{
    return client_open(fr_http_port(server));
}

/* ---- one request, one answer ---- */

enum after { KEPT, CLOSED };

struct exchange {
    const char *claim, *send;
    int status;
    const char *contains; /* in head or body */
    enum after after;
};

#define H " HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED H "Transfer-Encoding: chunked\r\n\r\n"

/* clang-format off */
static const struct exchange exchanges[] = {
    {"a known path is answered", "GET /hello" H "\r\n", 200, "hello", KEPT},
    {"HTTP/1.0 closes", "GET /hello HTTP/1.0\r\n\r\n", 200, "connection: close", CLOSED},
    {"HTTP/1.0 stays when asked to", "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, "connection: keep-alive", KEPT},
    {"close is obeyed", "GET /hello" H "Connection: close\r\n\r\n", 200, "connection: close", CLOSED},
    {"an empty line before is forgiven", "\r\nGET /hello" H "\r\n", 200, "hello", KEPT},
    {"an unknown path", "GET /nowhere" H "\r\n", 404, "{\"error\":\"not_found\"", KEPT},
    {"a known path with another method", "POST /thing" H "\r\n", 405, "allow: PUT, DELETE\r\n", KEPT},
    {"GET allows HEAD too", "POST /hello" H "\r\n", 405, "allow: GET, HEAD\r\n", KEPT},
    {"an unknown method", "BREW /hello" H "\r\n", 501, "", CLOSED},
    {"DELETE is routed", "DELETE /thing" H "\r\n", 200, "DELETE /thing", KEPT},
    {"the longest match wins", "GET /tree/leaf" H "\r\n", 200, "leaf", KEPT},
    {"a prefix gives the rest", "GET /tree/a/b" H "\r\n", 200, "rest=a/b ", KEPT},
    {"a prefix is not its parent", "GET /tree" H "\r\n", 404, "", KEPT},
    {"the path is decoded", "GET /tree/caf%C3%A9%20x" H "\r\n", 200, "rest=caf\xc3\xa9 x ", KEPT},
    {"dots are resolved before routing", "GET /tree/%2e%2e/hello" H "\r\n", 200, "hello", KEPT},
    {"the query is decoded", "GET /tree/?a=1+2%26&b" H "\r\n", 200, " a=1 2& b= ", KEPT},
    {"an argument that is not there", "GET /tree/?ab=1" H "\r\n", 200, " a=- b=- ", KEPT},
    {"cookies are decoded", "GET /tree/" H "Cookie: c=a%20b; e=f\r\nCookie: d=\"q\"\r\n\r\n", 200, " c=a b d=q ", KEPT},
    {"a broken cookie is taken as it stands", "GET /tree/" H "Cookie: c=50%\r\n\r\n", 200, " c=50% ", KEPT},
    {"headers are found", "GET /tree/" H "X-Thing: y\r\n\r\n", 200, " x=y ", KEPT},
    {"nobody names the peer but the socket", "GET /tree/" H "X-Forwarded-For: 9.9.9.9\r\n\r\n", 200, "peer=127.0.0.1", KEPT},
    {"a body comes back", "POST /echo" H "Content-Length: 3\r\n\r\nabc", 200, "abc", KEPT},
    {"an empty body", "POST /echo" H "\r\n", 200, "content-length: 0\r\n", KEPT},
    {"a chunked body", "POST /echo" CHUNKED "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n", 200, "abcde", KEPT},
    {"a broken chunk", "POST /echo" CHUNKED "x\r\n", 400, "chunked", CLOSED},
    {"a length over the limit", "POST /echo" H "Content-Length: 1001\r\n\r\n", 413, "too_big", CLOSED},
    {"a chunk over the limit", "POST /echo" CHUNKED "3e9\r\n", 413, "", CLOSED},
    {"a length over the limit, asked before", "POST /echo" H "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413, "", CLOSED},
    {"an upload to nowhere", "POST /nowhere" H "Content-Length: 9\r\n\r\n", 404, "", CLOSED},
    {"another expectation", "POST /echo" H "Expect: coffee\r\n\r\n", 417, "", CLOSED},
    {"an unknown coding", "POST /echo" H "Transfer-Encoding: gzip\r\n\r\n", 501, "", CLOSED},
    {"length beside chunks", "POST /echo" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "", CLOSED},
    {"not HTTP at all", "hello\r\n\r\n", 400, "", CLOSED},
    {"a TLS greeting", "\x16\x03\x01\x02", 400, "", CLOSED},
    {"bare line feeds", "GET /hello HTTP/1.1\nHost: a\n\n", 400, "", CLOSED},
    {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "", CLOSED},
    {"an offer of h2c is passed over", "GET /hello" H "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", 200, "hello", KEPT},
    {"no preflight unless asked for", "OPTIONS /hello" H "Origin: https://a\r\nAccess-Control-Request-Method: GET\r\n\r\n", 405, "", KEPT},
    {"headers of the handler", "GET /well" H "\r\n", 201, "set-cookie: a=1; HttpOnly\r\nset-cookie: b=2\r\n", KEPT},
    {"an error has its shape", "GET /busy" H "\r\n", 503, "{\"error\":\"busy\",\"message\":\"Later \\\"please\\\".\"}", KEPT},
};
/* clang-format on */

static void
check_exchange(const struct exchange *exchange)
{
    struct client *client = connect_client();
    static struct reply reply;

    client_claim = exchange->claim;
    client_say(client, exchange->send);
    client_reply(client, &reply, false);
    if (reply.status != exchange->status)
        fail_msg("%s: %s", exchange->claim, reply.head);
    if (strstr(reply.head, exchange->contains) == NULL &&
        strstr(reply.body, exchange->contains) == NULL)
        fail_msg("%s: %s%s", exchange->claim, reply.head, reply.body);
    if (exchange->after == KEPT) {
        client_say(client, "GET /hello" H "\r\n");
        client_reply(client, &reply, false);
        assert_string_equal(reply.body, "hello");
    } else {
        assert_string_equal(reply_header(&reply, "connection"), "close");
        if (!client_sees_end(client))
            fail_msg("%s: stays open", exchange->claim);
    }
    client_close(client);
}

static void
requests_get_the_answer_they_deserve(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
        check_exchange(&exchanges[i]);
}

static void
header_injection_ends_as_500(void **state)
{
    struct client *client = connect_client();
    static struct reply reply;

    (void)state;
    for (int i = 0; i < 10; i++) {
        char text[64];

        snprintf(text, sizeof(text), "GET /bad/%d" H "\r\n", i);
        client_say(client, text);
        client_reply(client, &reply, false);
        assert_int_equal(reply.status, 500);
        assert_null(strstr(reply.head, "evil"));
        assert_null(strstr(reply.body, "evil"));
    }
    client_close(client);
}

static void
head_has_the_length_and_no_body(void **state)
{
    struct client *client = connect_client();
    static struct reply reply;

    (void)state;
    client_say(client, "HEAD /hello" H "\r\nGET /hello" H "\r\nHEAD /nowhere" H "\r\n");
    client_reply(client, &reply, true);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "content-length"), "5");
    client_reply(client, &reply, false); /* had there been a body, this would not parse */
    assert_string_equal(reply.body, "hello");
    client_reply(client, &reply, true);
    assert_int_equal(reply.status, 404);
    client_close(client);
}

static void
what_is_too_long_is_refused(void **state)
{
    static const struct {
        const char *before, *piece;
        int count, status;
    } cases[] = {
        {"GET /", "aaaaaaaa", 1100, 414},
        {"GET /hello" H, "X-A: aaaaaaaa\r\n", 70, 431},
        {"GET /hello" H "X-A: ", "aaaaaaaaaaaaaaaa", 1100, 431},
        {"GET /hello?", "a=b&", 65, 414},
    };
    static char text[20000];
    static struct reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client = connect_client();

        strcpy(text, cases[i].before);
        for (int j = 0; j < cases[i].count; j++)
            strcat(text, cases[i].piece);
        strcat(text, i == 0 || i == 3 ? H "\r\n" : "\r\n\r\n");
        client_try(client, text, strlen(text)); /* the server may have seen enough before the end */
        client_reply(client, &reply, false);
        assert_int_equal(reply.status, cases[i].status);
        assert_true(client_sees_end(client));
        client_close(client);
    }
}

/* ---- how requests arrive ---- */

static void
continue_is_said_before_the_body(void **state)
{
    struct client *client = connect_client();
    static struct reply reply;

    (void)state;
    client_say(client, "POST /echo" H "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 100);
    client_say(client, "abc");
    client_reply(client, &reply, false);
    assert_string_equal(reply.body, "abc");
    client_close(client);
}

static void
a_client_that_shut_its_side_is_still_answered(void **state)
{
    struct client *client = connect_client();
    static struct reply reply;

    (void)state;
    client_say(client, "POST /echo" H "Content-Length: 3\r\n\r\nabc");
    shutdown(client->fd, SHUT_WR);
    client_reply(client, &reply, false);
    assert_string_equal(reply.body, "abc");
    assert_true(client_sees_end(client));
    client_close(client);
}

static void
a_request_cut_off_is_refused(void **state)
{
    struct client *client = connect_client();
    static struct reply reply;

    (void)state;
    client_say(client, "POST /echo" H "Content-Length: 3\r\n\r\nab");
    shutdown(client->fd, SHUT_WR);
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 400);
    assert_true(client_sees_end(client));
    client_close(client);
}

/* A stream of requests cut anywhere gives the same answers in the same order as one by one. */
static void
pipelines_are_answered_in_order_however_they_are_cut(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    static char stream[1 << 20];
    static struct reply reply;

    (void)state;
    printf("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 6; round++) {
        struct client *client = connect_client();
        char expected[200][32];
        size_t size = 0, at = 0;

        for (int i = 0; i < 200; i++) {
            int number = rand() % 1000000;

            snprintf(expected[i], sizeof(expected[i]), "%06d", number);
            size +=
                (size_t)sprintf(stream + size,
                                rand() % 3 == 0   ? "GET /tree/%06d" H "\r\n"
                                : rand() % 2 == 0 ? "POST /echo" H "Content-Length: 6\r\n\r\n%06d"
                                                  : "POST /echo" CHUNKED "6\r\n%06d\r\n0\r\n\r\n",
                                number);
        }
        while (at < size) {
            size_t piece = 1 + (size_t)rand() % (round == 0 ? 3 : 4000);

            if (piece > size - at)
                piece = size - at;
            assert_true(client_try(client, stream + at, piece));
            at += piece;
        }
        for (int i = 0; i < 200; i++) {
            client_reply(client, &reply, false);
            assert_int_equal(reply.status, 200);
            assert_non_null(strstr(reply.body, expected[i]));
        }
        client_close(client);
    }
}

static void
a_connection_that_leaves_takes_nothing_along(void **state)
{
    static struct reply reply;

    (void)state;
    for (int i = 0; i < 50; i++) {
        struct client *client = connect_client();
        struct linger reset = {1, 0};

        client_say(client, i % 2 == 0 ? "GET /keep" H "\r\n"
                                      : "POST /echo" H "Content-Length: 9\r\n\r\nab");
        if (i % 2 == 0)
            sem_wait(&kept);
        if (i % 3 == 0)
            setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        client_close(client);
        fr_http_answer(server, kept_id, 200, "text/plain", NULL, fr_slice_str("too late"));
    }
    struct client *client = connect_client();
    client_say(client, "GET /hello" H "\r\n");
    client_reply(client, &reply, false);
    assert_string_equal(reply.body, "hello");
    client_close(client);
}

static void
ids_are_never_used_again(void **state)
{
    struct client *client = connect_client();
    static struct reply reply;
    uint64_t last = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        client_say(client, "GET /keep" H "\r\n");
        sem_wait(&kept);
        assert_true(kept_id > last);
        fr_http_answer(server, last, 200, "text/plain", NULL, fr_slice_str("for the one before"));
        fr_http_answer(server, kept_id ^ 1, 200, "text/plain", NULL,
                       fr_slice_str("for a neighbour"));
        fr_http_answer(server, kept_id, 200, "text/plain", NULL, fr_slice_str("mine"));
        last = kept_id;
        client_reply(client, &reply, false);
        assert_string_equal(reply.body, "mine");
    }
    client_close(client);
}

/* ---- calls and counters ---- */

static char order[8];
static sem_t called;

static void
note(void *context)
{
    strcat(order, context);
    sem_post(&called);
}

static void
calls_come_in_the_order_of_their_time(void **state)
{
    (void)state;
    order[0] = '\0';
    fr_http_call_later(server, fr_millis(60), note, "d");
    fr_http_call_later(server, fr_millis(20), note, "b");
    fr_http_call_later(server, fr_millis(40), note, "c");
    fr_http_call(server, note, "a");
    for (int i = 0; i < 4; i++)
        sem_wait(&called);
    assert_string_equal(order, "abcd");
}

static void
counters_count(void **state)
{
    struct fr_http_stats before, after;
    struct client *client;
    static struct reply reply;

    (void)state;
    fr_http_stats(server, &before);
    client = connect_client();
    client_say(client, "GET /hello" H "\r\nGET /nowhere" H "\r\nGET /busy" H "\r\n");
    for (int i = 0; i < 3; i++)
        client_reply(client, &reply, false);
    fr_http_stats(server, &after);
    assert_int_equal(after.requests - before.requests, 3);
    assert_int_equal(after.answers_4xx - before.answers_4xx, 1);
    assert_int_equal(after.answers_5xx - before.answers_5xx, 1);
    assert_true(after.connections >= 1);
    client_close(client);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_get_the_answer_they_deserve),
        cmocka_unit_test(header_injection_ends_as_500),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(continue_is_said_before_the_body),
        cmocka_unit_test(a_client_that_shut_its_side_is_still_answered),
        cmocka_unit_test(a_request_cut_off_is_refused),
        cmocka_unit_test(pipelines_are_answered_in_order_however_they_are_cut),
        cmocka_unit_test(a_connection_that_leaves_takes_nothing_along),
        cmocka_unit_test(ids_are_never_used_again),
        cmocka_unit_test(calls_come_in_the_order_of_their_time),
        cmocka_unit_test(counters_count),
    };

    fr_log_init("http_test", FR_ERROR + 1, FR_LOG_AUTO);
    sem_init(&kept, 0, 0);
    sem_init(&called, 0, 0);
    return cmocka_run_group_tests(tests, start_plain, stop);
}
