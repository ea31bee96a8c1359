/* connection.c - one HTTP connection: read a request, wait for its answer, and again.
 *
 *     READING --request--> WAITING --answer--> SENDING --kept alive--> READING
 *                                                 '----closed---> LINGERING --> gone
 *        '--upgrade--> SOCKET (socket.c) --> gone
 *
 * Descriptors stay in the epoll set from accept to close, edge-triggered for both directions, so a
 * request costs no epoll_ctl.  While an answer is awaited nothing is read: what a client pipelines
 * waits in its socket's buffer, which is all the flow control there has to be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common/http/private.h"

#define INPUT_STEP 4096
#define DISCARD_MAX (1u << 20) /* of what a client goes on sending after our last word */

struct connection *
fr_http_connection_find(const struct fr_http *http, uint64_t id)
{
    struct connection *connection;

    if (id <= SLOT_MASK || (id & SLOT_MASK) >= http->slots_used)
        return NULL;
    connection = http->connections[id & SLOT_MASK];
    return connection->id == id || connection->key == id ? connection : NULL;
}

uint64_t
fr_http_next_id(struct fr_http *http, uint32_t slot)
{
    return ++http->serial << SLOT_BITS | slot;
}

static struct connection *
take_slot(struct fr_http *http)
{
    struct connection *connection = http->free_connections;

    if (connection != NULL) {
        http->free_connections = connection->next_free;
    } else {
        if (http->slots_used == http->slot_count)
            return NULL;
        connection = malloc(sizeof(*connection));
        if (connection == NULL)
            return NULL;
        connection->slot = http->slots_used;
        http->connections[http->slots_used++] = connection;
    }
    *connection = (struct connection){.http = http, .slot = connection->slot, .fd = -1, .file = -1};
    return connection;
}

void
fr_http_connection_close(struct connection *connection)
{
    struct fr_http *http = connection->http;

    fr_http_wait(http, &connection->deadline, WAIT_NONE);
    if (connection->fd >= 0)
        close(connection->fd); /* and so out of the epoll set */
    if (connection->file >= 0)
        close(connection->file);
    free(connection->in);
    free(connection->out);
    fr_http_peer_leave(&http->limits, &connection->peer);
    if (!connection->refused) {
        http->counted--;
        atomic_store_explicit(&http->counters.connections, http->counted, memory_order_relaxed);
    }
    http->open_count--;
    connection->fd = connection->file = -1;
    connection->in = NULL;
    connection->out = NULL;
    connection->key = connection->id = 0;
    connection->state = CONNECTION_FREE;
    connection->next_free = http->free_connections;
    http->free_connections = connection;
}

/* ---- opening ---- */

/* Over which limit would this connection be?  0: none. */
static int
judge(struct fr_http *http, struct connection *connection)
{
    connection->trusted = fr_http_is_proxy(&http->limits, &connection->address);
    if (http->counted >= http->options.connection_max || http->stopping)
        return 503;
    if (connection->trusted) /* everybody comes through it */
        return 0;
    connection->peer = fr_http_peer_enter(&http->limits, &connection->address,
                                          http->options.connection_per_peer_max);
    return connection->peer == NULL ? 429 : 0;
}

static void
write_peer(struct connection *connection)
{
    if (IN6_IS_ADDR_V4MAPPED(&connection->address))
        inet_ntop(AF_INET, &connection->address.s6_addr[12], connection->peer_text,
                  sizeof(connection->peer_text));
    else
        inet_ntop(AF_INET6, &connection->address, connection->peer_text,
                  sizeof(connection->peer_text));
}

void
fr_http_connection_open(struct fr_http *http, int fd, const struct sockaddr_in6 *from)
{
    struct connection *connection = take_slot(http);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    int status;

    if (connection == NULL) {
        COUNT(http, refused_connections, 1);
        close(fd);
        return;
    }
    connection->fd = fd;
    connection->address = from->sin6_addr;
    connection->key = event.data.u64 = fr_http_next_id(http, connection->slot);
    connection->state = CONNECTION_READING;
    write_peer(connection);
    http->open_count++;
    status = judge(http, connection);
    connection->refused = status != 0;
    if (!connection->refused)
        atomic_store_explicit(&http->counters.connections, ++http->counted, memory_order_relaxed);
    if (epoll_ctl(http->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fr_http_connection_close(connection);
        return;
    }
    fr_http_wait(http, &connection->deadline, WAIT_REQUEST);
    if (connection->refused) {
        COUNT(http, refused_connections, 1);
        fr_http_refuse(connection, status, status == 429 ? "too_many_connections" : "busy",
                       status == 429 ? "This address has too many connections open."
                                     : "The server has too many connections open.");
    }
}

/* ---- reading ---- */

static char *
room_for_input(struct connection *connection, size_t *room)
{
    size_t wanted = connection->in_size + INPUT_STEP;

    if (connection->in_size == 0 && connection->in == NULL) {
        *room = INPUT_SIZE;
        return connection->http->input;
    }
    if (connection->head_done && connection->head.content_length >= 0)
        wanted = connection->head.size + (size_t)connection->head.content_length;
    if (connection->in_capacity < wanted) {
        char *grown = realloc(connection->in, wanted);

        if (grown == NULL)
            return NULL;
        connection->in = grown;
        connection->in_capacity = wanted;
    }
    *room = connection->in_capacity - connection->in_size;
    return connection->in + connection->in_size;
}

/* Keep what was read and not used up.  false: the connection is gone. */
static bool
keep_input(struct connection *connection, const char *rest, size_t size)
{
    if (connection->state == CONNECTION_FREE)
        return false;
    if (connection->in == NULL && size > 0) {
        connection->in = malloc(size);
        if (connection->in == NULL) {
            fr_http_connection_close(connection);
            return false;
        }
        connection->in_capacity = size;
    }
    if (size > 0)
        memmove(connection->in, rest, size);
    connection->in_size = size;
    if (size == 0) {
        free(connection->in);
        connection->in = NULL;
        connection->in_capacity = 0;
    }
    return true;
}

/* Where does the head end?  0: not yet, or it was refused. */
static size_t
find_head(struct connection *connection, const char *in, size_t size)
{
    size_t from = connection->scanned > 3 ? connection->scanned - 3 : 0;
    const char *end = memmem(in + from, size - from, "\r\n\r\n", 4);

    connection->scanned = size;
    if (!fr_http_is_token((unsigned char)in[0]) ||
        (end == NULL && memmem(in, size, "\n\n", 2) != NULL))
        fr_http_refuse(connection, 400, "malformed", "This is not an HTTP request.");
    else if ((end == NULL && size > TARGET_SIZE_MAX + 32 && memchr(in, '\n', size) == NULL))
        fr_http_refuse(connection, 414, "too_long", "The request line is too long.");
    else if ((end == NULL ? size : (size_t)(end - in) + 4) > HEAD_SIZE_MAX)
        fr_http_refuse(connection, 431, "too_long", "The request's headers are too long.");
    else if (end != NULL)
        return (size_t)(end - in) + 4;
    return 0;
}

static bool
take_head(struct connection *connection, char *in, size_t size)
{
    size_t head_size = find_head(connection, in, size);
    int status;

    if (head_size == 0)
        return false;
    status = fr_http_head_parse(in, head_size, &connection->head);
    if (status != 0) {
        fr_http_refuse(connection, status, "malformed", "The request is not well-formed HTTP/1.1.");
        return false;
    }
    connection->head_done = true;
    connection->continued = false;
    connection->body_size = 0;
    connection->chunked = (struct chunked){0};
    return fr_http_request_begin(connection, in) == REQUEST_BODY;
}

/* Returns whether the body is there; *used is then all of the request. */
static bool
take_body(struct connection *connection, char *in, size_t size, size_t *used)
{
    const struct head *head = &connection->head;
    size_t raw_at, raw_size;
    int status;

    if (!head->chunked) {
        connection->body_size = head->content_length > 0 ? (size_t)head->content_length : 0;
        *used = head->size + connection->body_size;
        return *used <= size;
    }
    raw_at = head->size + connection->body_size; /* what was decoded before lies behind the head */
    raw_size = size - raw_at;
    status = fr_http_chunked_feed(&connection->chunked, in + raw_at, &raw_size, in + head->size,
                                  &connection->body_size, connection->http->options.body_size_max);
    *used = raw_at + raw_size;
    if (status != 0)
        fr_http_refuse(connection, status, status == 413 ? "too_big" : "malformed",
                       status == 413 ? "The body is too big."
                                     : "The chunked body is not well formed.");
    return status == 0 && connection->chunked.state == CHUNK_END;
}

static void
use_up(char *in, size_t *size, size_t used)
{
    *size -= used;
    memmove(in, in + used, *size);
}

/* Make a request of in[0 .. *size - 1]; *size becomes what is left of it, moved to the front. */
static void
take_request(struct connection *connection, char *in, size_t *size)
{
    size_t used;

    if (!connection->head_done && *size >= 2 && memcmp(in, "\r\n", 2) == 0)
        use_up(in, size, 2); /* RFC 9112 2.2: some clients end a body with an extra line */
    if (*size == 0 || (*size == 1 && *in == '\r'))
        return;
    if (!connection->head_done && !take_head(connection, in, *size)) {
        if (connection->head_done)
            use_up(in, size, connection->head.size);
        if (connection->state == CONNECTION_SOCKET) {
            fr_http_socket_adopt(connection, in, *size);
            *size = 0;
        }
        return;
    }
    if (take_body(connection, in, *size, &used)) {
        fr_http_request_dispatch(connection, in, connection->body_size);
        use_up(in, size, used);
    } else if (connection->state == CONNECTION_READING) {
        if (connection->head.chunked)
            *size = connection->head.size + connection->body_size;
        if (connection->head.expect_continue && !connection->continued)
            fr_http_interim(connection);
        connection->continued = true;
    }
}

static void
input_ended(struct connection *connection)
{
    if (connection->state == CONNECTION_LINGERING || connection->in_size == 0) {
        fr_http_connection_close(connection);
        return;
    }
    fr_http_refuse(connection, 400, "cut_off", "The request ended too early.");
}

/* false: nothing more to read, or the connection is gone. */
static bool
read_once(struct connection *connection)
{
    size_t room, size;
    char *in = room_for_input(connection, &room);
    ssize_t n = in == NULL ? -1 : recv(connection->fd, in, room, 0);

    if (n < 0 && in != NULL && errno == EINTR)
        return true;
    if (n < 0) {
        connection->readable = false;
        if (in == NULL || (errno != EAGAIN && errno != EWOULDBLOCK))
            fr_http_connection_close(connection);
        return false;
    }
    if (n == 0) {
        input_ended(connection);
        return false;
    }
    if ((size_t)n < room && !connection->half_closed)
        connection->readable = false; /* the next byte makes the next edge */
    if (connection->state == CONNECTION_LINGERING)
        return (connection->discarded += (size_t)n) < DISCARD_MAX;
    if (connection->deadline.patience != WAIT_REQUEST)
        fr_http_wait(connection->http, &connection->deadline, WAIT_REQUEST);
    size = connection->in_size + (size_t)n;
    in = connection->in == NULL ? in : connection->in;
    take_request(connection, in, &size);
    return keep_input(connection, in, size);
}

static void
read_all(struct connection *connection)
{
    while (connection->readable &&
           (connection->state == CONNECTION_READING || connection->state == CONNECTION_LINGERING))
        if (!read_once(connection))
            return;
}

/* ---- what happens to it ---- */

void
fr_http_connection_event(struct connection *connection, uint32_t events)
{
    if ((events & EPOLLERR) != 0) {
        fr_http_connection_close(connection);
        return;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0)
        connection->readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
        connection->half_closed = true;
    if ((events & EPOLLOUT) != 0 && connection->state == CONNECTION_SENDING)
        fr_http_flush(connection);
    else
        read_all(connection);
}

static void
linger(struct connection *connection)
{
    keep_input(connection, NULL, 0);
    /* Closing now could make the kernel send a reset for what was not read, and the reset could
     * reach the client before our answer does. */
    if (shutdown(connection->fd, SHUT_WR) != 0) {
        fr_http_connection_close(connection);
        return;
    }
    connection->state = CONNECTION_LINGERING;
    fr_http_wait(connection->http, &connection->deadline, WAIT_LINGER);
    read_all(connection);
}

void
fr_http_answered(struct connection *connection)
{
    size_t size = connection->in_size;

    free(connection->out);
    connection->out = NULL;
    connection->id = 0;
    if (connection->close_after) {
        linger(connection);
        return;
    }
    connection->state = CONNECTION_READING;
    connection->head_done = connection->head_only = false;
    connection->scanned = 0;
    fr_http_wait(connection->http, &connection->deadline, size > 0 ? WAIT_REQUEST : WAIT_IDLE);
    if (size > 0) { /* pipelined */
        take_request(connection, connection->in, &size);
        if (!keep_input(connection, connection->in, size))
            return;
    }
    read_all(connection);
}

void
fr_http_connection_late(struct connection *connection, enum patience patience)
{
    switch (patience) {
    case WAIT_REQUEST:
        if (connection->in_size == 0)
            fr_http_connection_close(connection); /* opened, and never said a word */
        else
            fr_http_refuse(connection, 408, "too_slow", "The request took too long to arrive.");
        break;
    case WAIT_ANSWER:
        connection->close_after = true;
        fr_http_refuse(connection, 504, "no_answer", "The service did not answer in time.");
        break;
    case WAIT_PING:
    case WAIT_CLOSE:
        fr_http_socket_late(connection, patience);
        break;
    default:
        fr_http_connection_close(connection);
    }
}

void
fr_http_connections_stop(struct fr_http *http, bool at_once)
{
    for (uint32_t slot = 0; slot < http->slots_used; slot++) {
        struct connection *connection = http->connections[slot];

        connection->close_after = true;
        switch (connection->state) {
        case CONNECTION_READING:
            if (connection->in_size == 0 || at_once)
                fr_http_connection_close(connection);
            break;
        case CONNECTION_WAITING:
            if (at_once)
                fr_http_refuse(connection, 503, "stopping", "The service is stopping.");
            break;
        case CONNECTION_SOCKET:
            fr_http_socket_shut(connection, 1001, "going away", false);
            break;
        default:
            break;
        }
    }
}
