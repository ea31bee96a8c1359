/* post_test.c - one try to post an answer, against a peer that behaves in every possible way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "services/channel_webform/webform.h"

struct peer { /* takes one connection, reads one request, says `answer` (NULL: nothing, and closes)
               */
    const char *answer;
    bool sleeps; /* until we give up */
    int listener, port;
    pthread_t thread;
    char request[8192];
};

static void *
serve(void *argument)
{
    struct peer *peer = argument;
    int fd = accept(peer->listener, NULL, NULL);
    size_t size = 0;
    ssize_t n;

    if (fd < 0)
        return NULL;
    while ((n = recv(fd, peer->request + size, sizeof(peer->request) - 1 - size, 0)) > 0) {
        size += (size_t)n;
        peer->request[size] = '\0';
        if (strstr(peer->request, "\"text\"") != NULL && peer->request[size - 1] == '}')
            break;
    }
    if (peer->sleeps)
        while (recv(fd, &n, 1, 0) > 0)
            ;
    if (peer->answer != NULL && send(fd, peer->answer, strlen(peer->answer), MSG_NOSIGNAL) < 0)
        perror("send");
    close(fd);
    return NULL;
}

static void
peer_start(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->listener, 1), 0);
    getsockname(peer->listener, (struct sockaddr *)&address, &size);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void
peer_stop(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}

static struct fr_slice
pack_answer(uint8_t *bytes)
{
    Fr__AnswerKept kept = FR__ANSWER_KEPT__INIT;

    kept.address = "cca4100000000004";
    kept.account = "contact";
    kept.message_id = 0x501;
    kept.conversation_id = 0x300;
    kept.text = "It is \"on\" its way, Ünal.";
    kept.direction = FR__DIRECTION__TO_CUSTOMER;
    kept.author = "Bob";
    return fr_slice(bytes, fr__answer_kept__pack(&kept, bytes));
}

/* One try at `url`; the outcome is the arena's. */
static const Fr__AnswerTried *
try_once(struct fr_arena *arena, const char *url)
{
    struct webform_account account = {.name = "contact", .brand = "acme", .answer_url = url};
    struct webform_config config = {.accounts = {&account, 1}, .answer_timeout = fr_millis(300)};
    struct fr_slice outcome;
    uint8_t bytes[512];
    const Fr__AnswerTried *tried;

    assert_int_equal(webform_post(&config, 0x501, pack_answer(bytes), 1, arena, &outcome), FR_OK);
    tried = fr_unpack_in(arena, &fr__answer_tried__descriptor, outcome);
    assert_non_null(tried);
    assert_true(tried->message_id == 0x501);
    return tried;
}

struct behaviour {
    const char *claim, *answer;
    bool sleeps, again;
    Fr__DeliveryState state;
    const char *reason; /* begins so */
};

/* clang-format off */
static const struct behaviour behaviours[] = {
    {"taken", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, false, FR__DELIVERY_STATE__DELIVERED, "answer_url said 200"},
    {"taken without a word", "HTTP/1.1 204 No Content\r\n\r\n", false, false, FR__DELIVERY_STATE__DELIVERED, "answer_url said 204"},
    {"refused for good", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", false, false, FR__DELIVERY_STATE__UNDELIVERED, "answer_url said 404"},
    {"moved is not taken", "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", false, false, FR__DELIVERY_STATE__UNDELIVERED, "answer_url said 302"},
    {"in trouble", "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", false, true, FR__DELIVERY_STATE__UNDELIVERED, "answer_url said 503"},
    {"too many", "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n", false, true, FR__DELIVERY_STATE__UNDELIVERED, "answer_url said 429"},
    {"hung up without an answer: nobody knows", NULL, false, true, FR__DELIVERY_STATE__UNCERTAIN, ""},
    {"silence: nobody knows", NULL, true, true, FR__DELIVERY_STATE__UNCERTAIN, ""},
    {"talks something else: nobody knows", "220 mail.example ESMTP\r\n", false, true, FR__DELIVERY_STATE__UNCERTAIN, ""},
};
/* clang-format on */

static void
each_behaviour_has_its_outcome(void **state)
{
    struct fr_arena *arena = fr_arena_new(4096, 1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        const struct behaviour *row = &behaviours[i];
        struct peer peer = {.answer = row->answer, .sleeps = row->sleeps};
        const Fr__AnswerTried *tried;
        char url[64];

        peer_start(&peer);
        snprintf(url, sizeof(url), "http://127.0.0.1:%d/answers?x=y", peer.port);
        tried = try_once(arena, url);
        peer_stop(&peer);
        if (tried->again != row->again || tried->state != row->state ||
            strncmp(tried->reason, row->reason, strlen(row->reason)) != 0)
            fail_msg("%s: again %d, state %d, %s", row->claim, tried->again, (int)tried->state,
                     tried->reason);
        assert_non_null(strstr(peer.request, "POST /answers?x=y HTTP/1.1\r\n"));
        assert_non_null(strstr(peer.request, "idempotency-key: 0000000000000501\r\n"));
        assert_non_null(strstr(peer.request, "content-type: application/json\r\n"));
        assert_non_null(strstr(peer.request, "\"text\":\"It is \\\"on\\\" its way, Ünal.\""));
        assert_non_null(strstr(peer.request, "\"ticket\":\"cca4100000000004\""));
    }
    fr_arena_free(&arena);
}

static void
nobody_there_is_certainly_undelivered(void **state)
{
    struct fr_arena *arena = fr_arena_new(4096, 1 << 20);
    const Fr__AnswerTried *tried;
    struct peer peer = {.answer = "x"};
    char url[64];

    (void)state;
    peer_start(&peer); /* a port that was free a moment ago, and is so again */
    shutdown(peer.listener, SHUT_RDWR);
    peer_stop(&peer);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
    tried = try_once(arena, url);
    assert_true(tried->again);
    assert_int_equal(tried->state, FR__DELIVERY_STATE__UNDELIVERED);
    fr_arena_free(&arena);
}

static void
only_the_web_is_posted_to(void **state)
{
    struct fr_arena *arena = fr_arena_new(4096, 1 << 20);
    const Fr__AnswerTried *tried = try_once(arena, "file:///etc/hostname");

    (void)state;
    assert_int_not_equal(tried->state, FR__DELIVERY_STATE__DELIVERED);
    fr_arena_free(&arena);
}

static void
an_account_that_lost_its_answer_url_gives_up(void **state)
{
    struct fr_arena *arena = fr_arena_new(4096, 1 << 20);
    const Fr__AnswerTried *tried = try_once(arena, NULL);

    (void)state;
    assert_false(tried->again);
    assert_int_equal(tried->state, FR__DELIVERY_STATE__UNDELIVERED);
    fr_arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_behaviour_has_its_outcome),
        cmocka_unit_test(nobody_there_is_certainly_undelivered),
        cmocka_unit_test(only_the_web_is_posted_to),
        cmocka_unit_test(an_account_that_lost_its_answer_url_gives_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
