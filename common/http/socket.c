/* socket.c - WebSockets: checked here, then spoken by libwebsockets.
 *
 * The upgrade request was parsed by head.c like any other.  What libwebsockets gets to see is a
 * request of our own making with the few lines it needs, together with the descriptor; from then on
 * the frames are its business: masks, fragments, pings, the closing handshake.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include "common/http/private.h"

#define FRAME_SIZE 2048    /* what is read of a socket at once, and kept for each */
#define WRITES_MAX 16      /* of one turn */
#define TEXT_KEPT_MAX 4096 /* a larger buffer goes when its message is done */
#define HANDSHAKE_SIZE 1024

/* ---- before the upgrade ---- */

/* A page of another origin can open a WebSocket with the cookies of ours, and no browser asks
 * first: unless any origin is welcome, a browser's Origin has to be the host that it called. */
static bool
is_own_origin(struct connection *connection, const char *head)
{
    const char *origin = fr_http_head_value(head, &connection->head, "origin");
    const char *host = fr_http_head_value(head, &connection->head, "host");
    const char *forwarded = fr_http_head_value(head, &connection->head, "x-forwarded-host");
    const char *authority;

    if (connection->http->options.allow_any_origin || origin == NULL)
        return true;
    if (connection->trusted && forwarded != NULL)
        host = forwarded;
    authority = strstr(origin, "://");
    return authority != NULL && host != NULL && strcasecmp(authority + 3, host) == 0;
}

/* 16 random bytes in base64: 22 characters and "==". */
static bool
is_key(const char *key)
{
    return key != NULL && strlen(key) == 24 && strcmp(key + 22, "==") == 0 &&
           strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == 22;
}

/* NULL when the request may be put to the service; else what is wrong with it. */
static const char *
find_fault(struct connection *connection, const char *head, const struct fr_ws_handlers *handlers,
           int *status)
{
    const struct head *parsed = &connection->head;
    const char *version = fr_http_head_value(head, parsed, "sec-websocket-version");
    const char *offered = fr_http_head_value(head, parsed, "sec-websocket-protocol");

    *status = 426;
    if (!parsed->upgrade_websocket || strcmp(head + parsed->method, "GET") != 0)
        return "This path speaks WebSocket only.";
    if (version == NULL || strcmp(version, "13") != 0)
        return "Only version 13 of WebSocket is spoken here.";
    *status = 400;
    if (parsed->content_length > 0 || parsed->chunked ||
        !is_key(fr_http_head_value(head, parsed, "sec-websocket-key")))
        return "The WebSocket handshake is not well formed.";
    if (offered == NULL || !fr_http_list_has(offered, handlers->subprotocol))
        return "The WebSocket does not offer the subprotocol that is spoken here.";
    *status = 403;
    return is_own_origin(connection, head) ? NULL : "This origin may not open a WebSocket here.";
}

static void
refuse(struct connection *connection, int status, const char *message)
{
    struct letter *letter = NULL;

    connection->close_after = true;
    if (status == 426)
        letter = fr_http_error_new(connection->http, connection->id, status, "upgrade_required",
                                   message, "sec-websocket-version: 13");
    if (letter == NULL) {
        fr_http_refuse(connection, status, status == 503 ? "busy" : "refused", message);
        return;
    }
    connection->state = CONNECTION_WAITING;
    fr_http_wait(connection->http, &connection->deadline, WAIT_IDLE);
    fr_http_letters_add(&connection->http->outbox, letter);
}

/* Connections through a trusted proxy are counted by the address that it names: each WebSocket is
 * one client's, while its other connections carry everybody's requests. */
static bool
count_peer(struct connection *connection, const struct fr_http_request *request)
{
    struct fr_http *http = connection->http;
    struct in6_addr address;

    if (connection->peer != NULL ||
        !fr_http_address_parse(request->peer, strlen(request->peer), &address) ||
        fr_http_is_proxy(&http->limits, &address))
        return true;
    connection->peer =
        fr_http_peer_enter(&http->limits, &address, http->options.connection_per_peer_max);
    return connection->peer != NULL;
}

static struct socket *
socket_new(struct connection *connection, const char *head, const struct fr_ws_handlers *handlers)
{
    struct socket *socket = calloc(1, sizeof(*socket));

    if (socket == NULL)
        return NULL;
    socket->handlers = handlers;
    socket->heard = connection->http->now;
    memcpy(socket->key, fr_http_head_value(head, &connection->head, "sec-websocket-key"), 24);
    fr_http_letters_init(&socket->queue);
    return socket;
}

enum request_course
fr_http_socket_begin(struct connection *connection, char *head,
                     const struct fr_ws_handlers *handlers)
{
    struct fr_http *http = connection->http;
    struct fr_http_request request;
    int status = 0;
    const char *fault = find_fault(connection, head, handlers, &status);

    connection->route = NULL;
    if (fault == NULL && http->stopping) {
        status = 503;
        fault = "The service is stopping.";
    }
    if (fault != NULL) {
        refuse(connection, status, fault);
        return REQUEST_DONE;
    }
    fr_http_request_fill(connection, head, &request);
    if (!count_peer(connection, &request)) {
        refuse(connection, 429, "This address has too many connections open.");
        return REQUEST_DONE;
    }
    status = 403;
    if (handlers->open != NULL &&
        handlers->open(http->options.context, &request, &status) != FR_OK) {
        refuse(connection, status < 400 || status > 599 ? 403 : status,
               "The service does not take this WebSocket.");
        return REQUEST_DONE;
    }
    connection->socket = socket_new(connection, head, handlers);
    if (connection->socket == NULL) {
        refuse(connection, 503, "The service has no memory left.");
        if (handlers->closed != NULL)
            handlers->closed(http->options.context, connection->id);
        return REQUEST_DONE;
    }
    connection->state = CONNECTION_SOCKET;
    return REQUEST_DONE;
}

/* ---- handing over, and the end ---- */

/* The last anybody hears of it; also when the upgrade that `open` agreed to failed on the way. */
static void
socket_end(struct connection *connection)
{
    struct fr_http *http = connection->http;
    struct socket *socket = connection->socket;
    uint64_t id = connection->id;
    struct letter *letter;

    fr_http_mailbox_socket(&http->mailbox, connection->slot, 0);
    if (socket->established)
        COUNT(http, sockets, -1);
    if (socket->handlers->closed != NULL)
        socket->handlers->closed(http->options.context, id);
    while ((letter = fr_http_letters_take(&socket->queue)) != NULL)
        free(letter);
    free(socket->text);
    free(socket);
    connection->socket = NULL;
    fr_http_connection_close(connection);
}

void
fr_http_socket_adopt(struct connection *connection, const char *rest, size_t rest_size)
{
    struct fr_http *http = connection->http;
    struct socket *socket = connection->socket;
    char *text = malloc(HANDSHAKE_SIZE + rest_size);
    uint64_t id = connection->id;
    int fd = connection->fd, size;

    epoll_ctl(http->epoll, EPOLL_CTL_DEL, fd, NULL);
    if (text == NULL) {
        socket_end(connection);
        return;
    }
    size =
        snprintf(text, HANDSHAKE_SIZE,
                 "GET / HTTP/1.1\r\nHost: filrouge\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Key: %.24s\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Protocol: %.200s\r\n\r\n",
                 socket->key, socket->handlers->subprotocol);
    memcpy(text + size, rest, rest_size);
    connection->fd = -1; /* from here on it is lws who closes it */
    connection->key = 0;
    http->adopting = connection;
    lws_adopt_socket_vhost_readbuf(http->vhost, fd, text, (size_t)size + rest_size);
    http->adopting = NULL;
    free(text);
    if (connection->id == id && !socket->established)
        socket_end(connection);
}

void
fr_http_socket_shut(struct connection *connection, int code, const char *reason, bool at_once)
{
    struct socket *socket = connection->socket;
    struct letter *letter;

    if (socket->close_code != 0)
        return;
    fr_http_mailbox_socket(&connection->http->mailbox, connection->slot, 0);
    while (at_once && (letter = fr_http_letters_take(&socket->queue)) != NULL)
        free(letter);
    socket->close_code = code;
    snprintf(socket->close_reason, sizeof(socket->close_reason), "%s", reason);
    fr_http_wait(connection->http, &connection->deadline, WAIT_CLOSE);
    lws_callback_on_writable(socket->wsi);
}

void
fr_http_socket_late(struct connection *connection, enum patience patience)
{
    struct fr_http *http = connection->http;
    struct socket *socket = connection->socket;
    int64_t silent_us = http->now.us - socket->heard.us;

    if (patience == WAIT_CLOSE || silent_us >= http->options.idle_timeout.us) {
        lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
        return;
    }
    fr_http_wait(http, &connection->deadline, WAIT_PING);
    if (silent_us >= http->timers.span_us[WAIT_PING]) {
        socket->ping_due = true;
        lws_callback_on_writable(socket->wsi);
    }
}

/* ---- messages ---- */

void
fr_http_socket_text(struct connection *connection, struct letter *text)
{
    fr_http_letters_add(&connection->socket->queue, text);
    lws_callback_on_writable(connection->socket->wsi);
}

static int
close_with(struct socket *socket, int code, const char *reason)
{
    lws_close_reason(socket->wsi, (enum lws_close_status)code, (unsigned char *)reason,
                     strlen(reason));
    return -1;
}

static int
write_some(struct connection *connection)
{
    struct fr_http *http = connection->http;
    struct socket *socket = connection->socket;
    struct letter *letter;

    if (socket->ping_due) {
        unsigned char ping[LWS_PRE + 4] = {0}; /* lws does not tell of a pong that is empty */

        socket->ping_due = false;
        if (lws_write(socket->wsi, ping + LWS_PRE, 4, LWS_WRITE_PING) < 0)
            return -1;
    }
    for (int i = 0; i < WRITES_MAX && !lws_send_pipe_choked(socket->wsi); i++) {
        int n;

        letter = fr_http_letters_take(&socket->queue);
        if (letter == NULL)
            break;
        COUNT(http, messages_out, 1);
        n = lws_write(socket->wsi, (unsigned char *)letter->bytes + LWS_PRE, letter->text.size,
                      LWS_WRITE_TEXT);
        fr_http_mailbox_sent(&http->mailbox, connection->slot, letter->text.size);
        free(letter);
        if (n < 0)
            return -1;
    }
    if (socket->queue.first != NULL)
        lws_callback_on_writable(socket->wsi);
    else if (socket->close_code != 0)
        return close_with(socket, socket->close_code, socket->close_reason);
    return 0;
}

static int
take_message(struct connection *connection, struct fr_slice text)
{
    struct fr_http *http = connection->http;

    if (!fr_utf8_valid(text))
        return close_with(connection->socket, 1007, "not UTF-8");
    COUNT(http, messages_in, 1);
    if (connection->socket->close_code == 0 && connection->socket->handlers->text != NULL)
        connection->socket->handlers->text(http->options.context, connection->id, text);
    return 0;
}

static bool
add_text(struct socket *socket, const void *data, size_t size)
{
    if (socket->text_size + size > socket->text_capacity) {
        size_t capacity = 2 * (socket->text_size + size);
        char *grown = realloc(socket->text, capacity);

        if (grown == NULL)
            return false;
        socket->text = grown;
        socket->text_capacity = capacity;
    }
    memcpy(socket->text + socket->text_size, data, size);
    socket->text_size += size;
    return true;
}

/* A piece of a message: of a frame that comes in pieces, of a message that comes in frames. */
static int
receive(struct connection *connection, const void *data, size_t size)
{
    struct socket *socket = connection->socket;
    size_t size_max = connection->http->options.message_size_max;
    bool whole = lws_is_final_fragment(socket->wsi);
    int outcome;

    socket->heard = connection->http->now;
    if (lws_frame_is_binary(socket->wsi))
        return close_with(socket, 1003, "text only");
    if (size > size_max - socket->text_size ||
        lws_remaining_packet_payload(socket->wsi) > size_max - socket->text_size - size)
        return close_with(socket, 1009, "too big");
    if (whole && socket->text_size == 0)
        return take_message(connection, fr_slice(data, size));
    if (size > 0 && !add_text(socket, data, size))
        return close_with(socket, 1011, "no memory");
    if (!whole)
        return 0;
    outcome = take_message(connection, fr_slice(socket->text, socket->text_size));
    socket->text_size = 0;
    if (socket->text_capacity > TEXT_KEPT_MAX) {
        free(socket->text);
        socket->text = NULL;
        socket->text_capacity = 0;
    }
    return outcome;
}

/* ---- what libwebsockets calls ---- */

static int
established(struct connection *connection, struct lws *wsi)
{
    struct fr_http *http = connection->http;
    struct socket *socket = connection->socket;

    socket->wsi = wsi;
    socket->established = true;
    COUNT(http, sockets, 1);
    fr_http_mailbox_socket(&http->mailbox, connection->slot, connection->id);
    fr_http_wait(http, &connection->deadline, WAIT_PING);
    if (socket->handlers->opened != NULL)
        socket->handlers->opened(http->options.context, connection->id);
    return 0;
}

/* The 101 is an answer too. */
static int
add_headers(struct fr_http *http, struct lws_process_html_args *args)
{
    size_t size = strlen(http->common_headers);

    if (args->max_len < 0 || size + 4 > (size_t)args->max_len)
        return -1;
    memcpy(args->p, http->common_headers, size);
    args->p += size;
    return 0;
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    struct fr_http *http = lws_context_user(lws_get_context(wsi));
    struct connection *connection;

    (void)user;
    switch (reason) {
    case LWS_CALLBACK_RAW_RX_FILE:
        http->edge_ready = true;
        return 0;
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        lws_set_opaque_user_data(wsi, http->adopting);
        return 0;
    case LWS_CALLBACK_ADD_HEADERS:
        return add_headers(http, in);
    case LWS_CALLBACK_HTTP: /* nothing but our own handshakes ever gets here */
        return -1;
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLOSED:
        break;
    default:
        return 0;
    }
    connection = lws_get_opaque_user_data(wsi);
    if (connection == NULL)
        return -1;
    if (reason == LWS_CALLBACK_ESTABLISHED)
        return established(connection, wsi);
    if (reason == LWS_CALLBACK_RECEIVE)
        return receive(connection, in, size);
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
        return write_some(connection);
    if (reason == LWS_CALLBACK_RECEIVE_PONG) {
        connection->socket->heard = http->now;
        return 0;
    }
    lws_set_opaque_user_data(wsi, NULL);
    socket_end(connection);
    return 0;
}

/* ---- the context ---- */

static bool
is_listed(const struct lws_protocols *protocols, const char *name)
{
    for (; protocols->name != NULL; protocols++)
        if (strcmp(protocols->name, name) == 0)
            return true;
    return false;
}

/* The first serves our epoll descriptor; then one for each subprotocol. */
static bool
make_protocols(struct fr_http *http)
{
    static const struct lws_protocols nobody = {.name = "filrouge",
                                                .callback = on_lws,
                                                .rx_buffer_size = FRAME_SIZE,
                                                .tx_packet_size = 65536};
    const struct fr_ws_handlers *handlers;
    size_t count = 0;

    for (handlers = http->options.sockets; handlers->path != NULL; handlers++)
        count++;
    http->protocols = calloc(count + 2, sizeof(*http->protocols));
    if (http->protocols == NULL)
        return false;
    http->protocols[0] = nobody;
    count = 1;
    for (handlers = http->options.sockets; handlers->path != NULL; handlers++) {
        if (is_listed(http->protocols, handlers->subprotocol))
            continue;
        http->protocols[count] = nobody;
        http->protocols[count++].name = handlers->subprotocol;
    }
    return true;
}

bool
fr_http_sockets_start(struct fr_http *http)
{
    struct lws_context_creation_info info = {0};
    lws_sock_file_fd_type epoll = {.filefd = http->epoll};

    /* It logs every adoption as an error, and whatever is an error to us comes back as a value. */
    lws_set_log_level(0, NULL);
    if (!make_protocols(http))
        return false;
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = http->protocols;
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DISABLE_IPV6;
    info.user = http;
    info.pt_serv_buf_size = 2 * FRAME_SIZE;
    info.max_http_header_data = HANDSHAKE_SIZE;
    info.max_http_header_pool = 4; /* a handshake is parsed in one go: one would do */
    info.fd_limit_per_thread = http->slot_count + 4;
    info.vhost_name = "filrouge";
    http->lws = lws_create_context(&info);
    if (http->lws == NULL)
        return false;
    http->vhost = lws_create_vhost(http->lws, &info);
    http->epoll_given =
        http->vhost != NULL && lws_adopt_descriptor_vhost(http->vhost, LWS_ADOPT_RAW_FILE_DESC,
                                                          epoll, "filrouge", NULL) != NULL;
    return http->epoll_given;
}
