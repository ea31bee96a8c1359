/* sockets.c - ZeroMQ as the rest of the room wants it: contexts, options, whole messages.
 *
 * High-water marks are off where we send: a ROUTER drops at its mark, and credit bounds what is
 * under way. The tcp listener alone has one where it receives, which drops nothing (ZeroMQ stops
 * reading the connection): a peer with a key, but without manners, cannot fill our memory between
 * two polls.
 */
#include "common/wire/inside.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "common/wire/zap.h"

#define TCP_RECEIVE_MARK 256
#define HEARTBEAT_MS 1000
#define HEARTBEAT_TIMEOUT_MS 3000
#define HANDSHAKE_MS 5000
#define RECONNECT_MS 20
#define RECONNECT_MAX_MS 500
#define HANDSHAKE_FAILED                                                                           \
    (ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                       \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)

/* One context for the process, so that wires of the same process meet over inproc:// and share one
 * I/O thread.  Listeners on tcp have contexts of their own: ZAP knows one handler per context. */
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static void *shared_context;
static unsigned shared_count;

void *
wire_context_take(void)
{
    void *context;

    pthread_mutex_lock(&shared_lock);
    if (shared_count == 0)
        shared_context = zmq_ctx_new();
    if (shared_context != NULL)
        shared_count++;
    context = shared_context;
    pthread_mutex_unlock(&shared_lock);
    return context;
}

void
wire_context_give(void)
{
    pthread_mutex_lock(&shared_lock);
    if (--shared_count == 0) {
        zmq_ctx_term(shared_context);
        shared_context = NULL;
    }
    pthread_mutex_unlock(&shared_lock);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void
set_int(void *socket, int option, int value)
{
    fr_assert(zmq_setsockopt(socket, option, &value, sizeof(value)) == 0);
}

static void
tune(void *socket)
{
    int64_t size_max = WIRE_PART_SIZE_MAX;

    set_int(socket, ZMQ_LINGER, 0);
    set_int(socket, ZMQ_SNDHWM, 0);
    set_int(socket, ZMQ_RCVHWM, 0);
    set_int(socket, ZMQ_IPV6, 1);
    set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    set_int(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS);
    fr_assert(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof(size_max)) == 0);
}

bool
wire_is_tcp(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

static bool
tcp_address_valid(const char *address)
{
    const char *colon = strrchr(address, ':');
    char *end;
    long port;

    if (colon == NULL || colon == address || colon[1] < '0' || colon[1] > '9')
        return false;
    port = strtol(colon + 1, &end, 10);
    return *end == '\0' && port >= 1 && port <= 65535;
}

bool
fr_wire_endpoint_valid(const char *endpoint)
{
    if (wire_is_tcp(endpoint))
        return tcp_address_valid(endpoint + 6);
    if (strncmp(endpoint, "ipc://", 6) == 0)
        return endpoint[6] != '\0' &&
               strlen(endpoint + 6) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
    return strncmp(endpoint, "inproc://", 9) == 0 && endpoint[9] != '\0' && strlen(endpoint) < 256;
}

/* The other end of a monitor: tells of a socket's connections.  NULL: out of resources. */
static void *
watch(void *socket, void *context, int events)
{
    char address[48];
    void *monitor = zmq_socket(context, ZMQ_PAIR);

    if (monitor == NULL)
        return NULL;
    snprintf(address, sizeof(address), "inproc://filrouge.monitor.%" PRIxPTR, (uintptr_t)socket);
    set_int(monitor, ZMQ_LINGER, 0);
    if (zmq_socket_monitor(socket, address, events) == 0 && zmq_connect(monitor, address) == 0)
        return monitor;
    zmq_close(monitor);
    return NULL;
}

static void
close_watched(void **socket, void **monitor)
{
    if (*monitor != NULL) {
        zmq_socket_monitor(*socket, NULL, 0);
        zmq_close(*monitor);
    }
    if (*socket != NULL)
        zmq_close(*socket);
    *socket = *monitor = NULL;
}

/* The ROUTER for such an endpoint, made when first needed. */
static void *
router_for(struct fr_wire *wire, const char *endpoint)
{
    void **router = wire_is_tcp(endpoint) ? &wire->tcp_router : &wire->router;
    void *context = wire_is_tcp(endpoint) ? wire->tcp_context : wire->context;

    if (*router != NULL)
        return *router;
    *router = zmq_socket(context, ZMQ_ROUTER);
    if (*router == NULL)
        return NULL;
    tune(*router);
    set_int(*router, ZMQ_ROUTER_MANDATORY, 1); /* who is gone is an error, not silence */
    if (wire_is_tcp(endpoint)) {
        set_int(*router, ZMQ_RCVHWM, TCP_RECEIVE_MARK);
        set_int(*router, ZMQ_CURVE_SERVER, 1);
        fr_assert(zmq_setsockopt(*router, ZMQ_CURVE_SECRETKEY, wire->secret_key, 41) == 0);
        fr_assert(
            zmq_setsockopt(*router, ZMQ_ZAP_DOMAIN, WIRE_ZAP_DOMAIN, strlen(WIRE_ZAP_DOMAIN)) == 0);
        wire->tcp_monitor = watch(*router, context, HANDSHAKE_FAILED);
    }
    return *router;
}

enum fr_error
wire_socket_bind(struct fr_wire *wire, const char *endpoint, char *complaint, size_t complaint_size)
{
    void *router = router_for(wire, endpoint);

    if (router != NULL && zmq_bind(router, endpoint) == 0)
        return FR_OK;
    snprintf(complaint, complaint_size, "cannot listen on %s: %s", endpoint, zmq_strerror(errno));
    return FR_IO;
}

enum fr_error
wire_socket_dial(struct wire_link *link, const char *server_key)
{
    struct fr_wire *wire = link->wire;

    link->socket = zmq_socket(wire->context, ZMQ_DEALER);
    if (link->socket == NULL)
        return FR_NO_MEMORY;
    tune(link->socket);
    set_int(link->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_int(link->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    /* No queue before there is a connection, none that outlives it: whatever we say belongs to the
     * HELLO of this connection. */
    set_int(link->socket, ZMQ_IMMEDIATE, 1);
    if (link->tcp &&
        (zmq_setsockopt(link->socket, ZMQ_CURVE_SERVERKEY, server_key, 41) != 0 ||
         zmq_setsockopt(link->socket, ZMQ_CURVE_PUBLICKEY, wire->public_key, 41) != 0 ||
         zmq_setsockopt(link->socket, ZMQ_CURVE_SECRETKEY, wire->secret_key, 41) != 0))
        return FR_INVALID;
    if (!link->inproc) {
        link->monitor =
            watch(link->socket, wire->context,
                  ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | HANDSHAKE_FAILED);
        if (link->monitor == NULL)
            return FR_NO_MEMORY;
    }
    return zmq_connect(link->socket, link->endpoint) == 0 ? FR_OK : FR_INVALID;
}

void
wire_socket_redial(struct wire_link *link)
{
    if (!link->inproc)
        zmq_disconnect(link->socket, link->endpoint); /* it is there no more, or about to go */
    zmq_connect(link->socket, link->endpoint); /* when it fails we are here again in a second */
}

void
wire_socket_close(struct wire_link *link)
{
    close_watched(&link->socket, &link->monitor);
}

void
wire_routers_close(struct fr_wire *wire)
{
    void *unwatched = NULL;

    close_watched(&wire->router, &unwatched);
    close_watched(&wire->tcp_router, &wire->tcp_monitor);
}

/* ---- receiving --------------------------------------------------------------------------------
 */

static bool
has_more(void *socket)
{
    int more = 0;
    size_t size = sizeof(more);

    return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more;
}

int
wire_socket_event(void *monitor)
{
    zmq_msg_t part;
    uint16_t event = 0;

    zmq_msg_init(&part);
    if (monitor != NULL && zmq_msg_recv(&part, monitor, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_size(&part) >= sizeof(event))
            memcpy(&event, zmq_msg_data(&part), sizeof(event));
        while (has_more(monitor) && zmq_msg_recv(&part, monitor, 0) >= 0)
            ; /* the address */
    }
    zmq_msg_close(&part);
    return event;
}

/* Small messages arrive inside ZeroMQ's receive buffer, at any address; records are read in place.
 */
static void
align(zmq_msg_t *part)
{
    zmq_msg_t copy;

    if (((uintptr_t)zmq_msg_data(part) & 7) == 0 ||
        zmq_msg_size(part) < sizeof(struct fr_record_head))
        return;
    fr_assert(zmq_msg_init_size(&copy, zmq_msg_size(part)) == 0);
    fr_assert(((uintptr_t)zmq_msg_data(&copy) & 7) == 0);
    memcpy(zmq_msg_data(&copy), zmq_msg_data(part), zmq_msg_size(part));
    zmq_msg_move(part, &copy);
}

static void
receive_payload(void *socket, struct wire_incoming *incoming)
{
    zmq_msg_t surplus;

    while (has_more(socket)) {
        if (incoming->payload_count < WIRE_PAYLOAD_MAX) {
            zmq_msg_t *part = &incoming->payload[incoming->payload_count++];

            zmq_msg_init(part);
            zmq_msg_recv(part, socket, 0);
            align(part);
            continue;
        }
        incoming->too_many = true;
        zmq_msg_init(&surplus);
        zmq_msg_recv(&surplus, socket, 0);
        zmq_msg_close(&surplus);
    }
}

enum fr_error
wire_receive(void *socket, bool is_router, struct wire_incoming *incoming)
{
    incoming->socket = socket;
    incoming->link = NULL;
    incoming->from_router = is_router;
    incoming->claims_id = incoming->too_many = false;
    incoming->payload_count = 0;
    zmq_msg_init(&incoming->header);
    if (zmq_msg_recv(&incoming->header, socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&incoming->header);
        return FR_AGAIN;
    }
    if (is_router) {
        const uint8_t *id = zmq_msg_data(&incoming->header);

        incoming->claims_id = zmq_msg_size(&incoming->header) != WIRE_ROUTING_ID_SIZE || id[0] != 0;
        if (!incoming->claims_id)
            memcpy(incoming->routing_id, id, WIRE_ROUTING_ID_SIZE);
        if (has_more(socket))
            zmq_msg_recv(&incoming->header, socket, 0); /* rest of a message: never waits */
    }
    receive_payload(socket, incoming);
    return FR_OK;
}

void
wire_incoming_close(struct wire_incoming *incoming)
{
    zmq_msg_close(&incoming->header);
    for (unsigned i = 0; i < incoming->payload_count; i++)
        zmq_msg_close(&incoming->payload[i]);
    incoming->payload_count = 0;
}

/* ---- sending ----------------------------------------------------------------------------------
 */

static bool
send_parts(struct wire_link *link, const uint8_t *header, size_t header_size, zmq_msg_t *payload,
           unsigned payload_count)
{
    if (!link->dialled && zmq_send(link->socket, link->routing_id, WIRE_ROUTING_ID_SIZE,
                                   ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return false;
    if (zmq_send(link->socket, header, header_size,
                 ZMQ_DONTWAIT | (payload_count > 0 ? ZMQ_SNDMORE : 0)) < 0)
        return false;
    for (unsigned i = 0; i < payload_count; i++) {
        size_t size = zmq_msg_size(&payload[i]);

        if (zmq_msg_send(&payload[i], link->socket,
                         ZMQ_DONTWAIT | (i + 1 < payload_count ? ZMQ_SNDMORE : 0)) < 0)
            return false;
        link->bytes_out += size;
    }
    link->bytes_out += header_size;
    return true;
}

enum fr_error
wire_send(struct wire_link *link, enum wire_type type, const ProtobufCMessage *message,
          zmq_msg_t *payload, unsigned payload_count)
{
    uint8_t header[WIRE_HEADER_SIZE_MAX];
    size_t header_size = wire_pack(type, message, header);
    bool sent = send_parts(link, header, header_size, payload, payload_count);

    for (unsigned i = 0; i < payload_count; i++)
        zmq_msg_close(&payload[i]); /* empty by now if it was sent */
    link->said_us = link->wire->now_us;
    return sent ? FR_OK : FR_GONE;
}
