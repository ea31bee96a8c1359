/* output.c - an answer leaves: head, tail, body in one sendmsg, or a file behind the head. */
#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common/http/private.h"

#define FILE_STEP (1 << 20)

/* The part of a piece behind the `sent` bytes that left already. */
static void
add_piece(struct iovec *pieces, int *count, const void *data, size_t size, size_t *sent)
{
    if (*sent >= size) {
        *sent -= size;
        return;
    }
    pieces[(*count)++] = (struct iovec){(char *)data + *sent, size - *sent};
    *sent = 0;
}

/* false: not all of it is out yet, or the connection is gone. */
static bool
flush_letter(struct connection *connection)
{
    struct letter *out = connection->out;
    size_t body_size = connection->head_only ? 0 : out->answer.body_size;
    size_t total = out->answer.head_size + connection->tail_size + body_size;

    while (connection->out_sent < total) {
        struct iovec pieces[3];
        struct msghdr message = {.msg_iov = pieces};
        size_t sent = connection->out_sent;
        int count = 0;
        ssize_t n;

        add_piece(pieces, &count, out->bytes, out->answer.head_size, &sent);
        add_piece(pieces, &count, connection->tail, connection->tail_size, &sent);
        add_piece(pieces, &count, out->bytes + out->answer.head_size, body_size, &sent);
        message.msg_iovlen = (size_t)count;
        n = sendmsg(connection->fd, &message,
                    MSG_NOSIGNAL | (connection->file >= 0 ? MSG_MORE : 0));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                fr_http_connection_close(connection);
            return false;
        }
        connection->out_sent += (size_t)n;
        fr_http_wait(connection->http, &connection->deadline, WAIT_IDLE);
    }
    return true;
}

/* FR_OK: all of it is out.  FR_BUSY: when the socket has room again.  A file never holds up the
 * others for long: what fits into the socket's buffer goes, the rest waits for the client. */
static enum fr_error
flush_file(struct connection *connection)
{
    while (connection->file_left > 0) {
        int64_t step = connection->file_left < FILE_STEP ? connection->file_left : FILE_STEP;
        off_t offset = connection->file_offset;
        ssize_t n = sendfile(connection->fd, connection->file, &offset, (size_t)step);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return FR_BUSY;
        if (n <= 0)
            return FR_IO; /* the file became shorter: the length was promised, so only a cut is
                             honest */
        connection->file_offset += n;
        connection->file_left -= n;
        fr_http_wait(connection->http, &connection->deadline, WAIT_IDLE);
    }
    close(connection->file);
    connection->file = -1;
    return FR_OK;
}

void
fr_http_flush(struct connection *connection)
{
    if (!flush_letter(connection))
        return;
    if (connection->file >= 0) {
        enum fr_error err = flush_file(connection);

        if (err == FR_IO)
            fr_http_connection_close(connection);
        if (err != FR_OK)
            return;
    }
    fr_http_answered(connection);
}

void
fr_http_send(struct connection *connection, struct letter *answer)
{
    struct fr_http *http = connection->http;

    if (answer->answer.status >= 500)
        COUNT(http, answers_5xx, 1);
    else if (answer->answer.status >= 400)
        COUNT(http, answers_4xx, 1);
    connection->out = answer;
    connection->out_sent = 0;
    connection->tail_size = fr_http_tail(connection, connection->tail, sizeof(connection->tail));
    connection->state = CONNECTION_SENDING;
    fr_http_wait(http, &connection->deadline, WAIT_IDLE);
    fr_http_flush(connection);
}

/* 25 bytes into an empty socket buffer: when even they do not fit, the client may send unasked. */
void
fr_http_interim(struct connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    ssize_t n = send(connection->fd, text, sizeof(text) - 1, MSG_NOSIGNAL);

    if (n > 0 && (size_t)n < sizeof(text) - 1)
        fr_http_connection_close(connection); /* half a word cannot be taken back */
}
