/* client_test.h - a client for the tests of this room: bytes out, bytes in, nothing tidied up.
 *
 * It knows just enough HTTP to find the end of an answer, and frames of RFC 6455.  Every wait has
 * an end (PATIENCE_MS), so a server that says nothing fails the test and does not hang it.
 */
#ifndef FR_HTTP_CLIENT_TEST_H
#define FR_HTTP_CLIENT_TEST_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 30000

static const char *client_claim = ""; /* which case of a table runs, for the messages */

struct client {
    int fd;
    size_t size; /* bytes in `in`, NUL-terminated */
    char in[1 << 20];
};

struct reply { /* one answer, taken off client.in */
    int status;
    char head[8192];
    char body[65536];
    size_t body_size;
};

__attribute__((unused)) static struct client *
client_open(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct client *client = calloc(1, sizeof(*client));

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* cuts stay cuts */
    if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail_msg("connect: %s", strerror(errno));
    return client;
}

__attribute__((unused)) static void
client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client);
}

/* false: the server has gone. */
__attribute__((unused)) static bool
client_try(struct client *client, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t n = send(client->fd, at, size, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

__attribute__((unused)) static void
client_say(struct client *client, const char *text)
{
    assert_true(client_try(client, text, strlen(text)));
}

/* More bytes; 0: the server closed (or reset); -1: it said nothing for wait_ms. */
__attribute__((unused)) static int
client_hear(struct client *client, int wait_ms)
{
    struct pollfd poll_fd = {client->fd, POLLIN, 0};
    ssize_t n;

    if (poll(&poll_fd, 1, wait_ms) != 1)
        return -1;
    n = recv(client->fd, client->in + client->size, sizeof(client->in) - 1 - client->size, 0);
    if (n <= 0)
        return 0;
    client->size += (size_t)n;
    client->in[client->size] = '\0';
    return (int)n;
}

__attribute__((unused)) static void
client_drop(struct client *client, size_t size)
{
    memmove(client->in, client->in + size, client->size - size + 1);
    client->size -= size;
}

/* The server closes and says nothing more. */
__attribute__((unused)) static bool
client_sees_end(struct client *client)
{
    return client->size == 0 && client_hear(client, PATIENCE_MS) == 0;
}

__attribute__((unused)) static const char *
reply_header(const struct reply *reply, const char *name)
{
    static char value[1024];
    size_t size = strlen(name);

    for (const char *line = strstr(reply->head, "\r\n"); line != NULL;
         line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, size) == 0 && line[2 + size] == ':') {
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + 4 + size, "\r"),
                     line + 4 + size);
            return value;
        }
    return NULL;
}

/* The next answer; what must be on every one is checked here, so that no test can forget it. */
__attribute__((unused)) static void
client_reply(struct client *client, struct reply *reply, bool to_head)
{
    const char *end, *length;

    while ((end = strstr(client->in, "\r\n\r\n")) == NULL)
        if (client_hear(client, PATIENCE_MS) <= 0)
            fail_msg("%s: no answer, only \"%s\"", client_claim, client->in);
    snprintf(reply->head, sizeof(reply->head), "%.*s", (int)(end + 4 - client->in), client->in);
    client_drop(client, (size_t)(end + 4 - client->in));
    assert_int_equal(sscanf(reply->head, "HTTP/1.1 %d", &reply->status), 1);
    reply->body_size = 0;
    if (reply->status == 100)
        return;
    assert_non_null(strstr(reply->head, "x-content-type-options: nosniff\r\n"));
    assert_non_null(strstr(reply->head, "referrer-policy: "));
    if (reply->status == 101)
        return;
    assert_non_null(reply_header(reply, "date"));
    if (reply->status == 503 || reply->status == 429)
        assert_string_equal(reply_header(reply, "retry-after"), "1");
    length = reply_header(reply, "content-length");
    if (length != NULL && !to_head && reply->status != 304)
        reply->body_size = strtoul(length, NULL, 10);
    assert_true(reply->body_size < sizeof(reply->body));
    while (client->size < reply->body_size)
        if (client_hear(client, PATIENCE_MS) <= 0)
            fail_msg("the body ends at %zu of %zu", client->size, reply->body_size);
    memcpy(reply->body, client->in, reply->body_size);
    reply->body[reply->body_size] = '\0';
    client_drop(client, reply->body_size);
}

/* ---- WebSocket ---- */

__attribute__((unused)) static void
client_upgrade(struct client *client, const char *target, const char *lines)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "GET %s HTTP/1.1\r\nHost: shop.example\r\nUpgrade: websocket\r\n"
             "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\n%s\r\n",
             target, lines);
    client_say(client, text);
}

/* One masked frame; `size` may promise more than `sent` bytes. */
__attribute__((unused)) static bool
client_frame(struct client *client, int first, const char *data, uint64_t size, size_t sent)
{
    static const unsigned char mask[4] = {0x11, 0x22, 0x33, 0x44};
    unsigned char *frame = malloc(14 + sent);
    size_t at = 2;
    bool said;

    frame[0] = (unsigned char)first;
    frame[1] = (unsigned char)(0x80 | (size < 126 ? size : size < 65536 ? 126 : 127));
    if (size >= 126)
        for (int shift = size < 65536 ? 8 : 56; shift >= 0; shift -= 8)
            frame[at++] = (unsigned char)(size >> shift);
    memcpy(frame + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < sent; i++)
        frame[at++] = (unsigned char)data[i] ^ mask[i & 3];
    said = client_try(client, frame, at);
    free(frame);
    return said;
}

__attribute__((unused)) static void
client_text(struct client *client, const char *text)
{
    assert_true(client_frame(client, 0x81, text, strlen(text), strlen(text)));
}

/* The next frame's first byte; its payload in `text` (NUL-terminated).  -1: the end. */
__attribute__((unused)) static int
client_read_frame(struct client *client, char *text, size_t text_size, size_t *size)
{
    const unsigned char *in = (unsigned char *)client->in;
    size_t head = 2, length;
    int first;

    for (;;) {
        head = client->size < 2 ? 2 : in[1] < 126 ? 2 : in[1] == 126 ? 4 : 10;
        if (client->size >= head) {
            length = in[1] < 126 ? in[1] : 0;
            for (size_t i = 2; i < head; i++)
                length = length << 8 | in[i];
            if (client->size >= head + length)
                break;
        }
        if (client_hear(client, PATIENCE_MS) <= 0)
            return -1;
    }
    first = in[0];
    assert_true(length < text_size);
    memcpy(text, client->in + head, length);
    text[length] = '\0';
    *size = length;
    client_drop(client, head + length);
    return first;
}

/* The next message, pings skipped; fails on anything else. */
__attribute__((unused)) static void
client_expect_text(struct client *client, const char *expected)
{
    static char text[1 << 20];
    size_t size;
    int first;

    while ((first = client_read_frame(client, text, sizeof(text), &size)) == 0x89)
        ;
    assert_int_equal(first, 0x81);
    assert_string_equal(text, expected);
}

/* The closing frame's code; 0: the end came without one. */
__attribute__((unused)) static int
client_close_code(struct client *client, char *reason, size_t reason_size)
{
    static char text[1 << 20];
    size_t size;
    int first;

    while ((first = client_read_frame(client, text, sizeof(text), &size)) != 0x88)
        if (first < 0)
            return 0;
    if (reason != NULL)
        snprintf(reason, reason_size, "%.100s", size > 2 ? text + 2 : "");
    return size < 2 ? 0 : (unsigned char)text[0] << 8 | (unsigned char)text[1];
}

#endif
