/* wire.c - the life of a wire, and its loop. */
#include "common/wire/inside.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/log.h"
#include "common/wire/zap.h"

#define CREDIT_DEFAULT (4u << 20)
#define BATCH_SIZE_DEFAULT (256u << 10)
#define CREDIT_MIN (64u << 10)
#define BURST_MAX 32 /* messages from one socket before the next has its turn */
#define POLL_ITEM_MAX 256
#define MONITOR_US 5000 /* how late a lost connection may be noticed while we are busy */
#define IDLE_US 250000  /* the longest sleep: HELLO, PING and back-off are looked at after it */

/* ---- new and free -----------------------------------------------------------------------------
 */

static enum fr_error
complain(char *complaint, size_t size, const char *what, const char *which)
{
    snprintf(complaint, size, "%s: %s", what, which);
    return FR_INVALID;
}

static enum fr_error
copy_key(const struct fr_wire_key *from, struct wire_key *to, char *complaint, size_t size)
{
    if (from->name == NULL || !wire_name_valid(from->name))
        return complain(complaint, size, "not a peer's name", from->name ? from->name : "(none)");
    if (from->public_key == NULL || strlen(from->public_key) != 40 ||
        zmq_z85_decode(to->public_key, from->public_key) == NULL)
        return complain(complaint, size, "not a public key (40 characters of Z85)", from->name);
    if (from->route_count > FR_WIRE_ROUTE_MAX)
        return complain(complaint, size, "too many routes beside the key", from->name);
    snprintf(to->name, sizeof(to->name), "%s", from->name);
    for (size_t i = 0; i < from->route_count; i++) {
        if (strlen(from->routes[i]) >= FR_ROUTE_SIZE)
            return complain(complaint, size, "a route beside the key is too long", from->name);
        snprintf(to->routes[i], FR_ROUTE_SIZE, "%s", from->routes[i]);
        to->everything |= strcmp(from->routes[i], "*") == 0;
    }
    to->route_count = from->route_count;
    return FR_OK;
}

static enum fr_error
copy_keys(struct fr_wire *wire, char *complaint, size_t size)
{
    const struct fr_wire_options *options = &wire->options;
    enum fr_error err = FR_OK;

    wire->keys = calloc(options->key_count + 1, sizeof(*wire->keys));
    if (wire->keys == NULL)
        return FR_NO_MEMORY;
    for (size_t i = 0; err == FR_OK && i < options->key_count; i++)
        err = copy_key(&options->keys[i], &wire->keys[i], complaint, size);
    wire->key_count = options->key_count;
    return err;
}

/* Our own key pair; the public half follows from the secret one when it is not given. */
static enum fr_error
copy_own_keys(struct fr_wire *wire, char *complaint, size_t size)
{
    const struct fr_wire_options *options = &wire->options;
    uint8_t binary[32];

    if (options->secret_key == NULL)
        return FR_OK;
    if (strlen(options->secret_key) != 40 || zmq_z85_decode(binary, options->secret_key) == NULL)
        return complain(complaint, size, "not a secret key (40 characters of Z85)", wire->name);
    snprintf(wire->secret_key, sizeof(wire->secret_key), "%s", options->secret_key);
    if (zmq_curve_public(wire->public_key, wire->secret_key) != 0)
        return complain(complaint, size, "not a secret key", wire->name);
    if (options->public_key != NULL && strcmp(options->public_key, wire->public_key) != 0)
        return complain(complaint, size, "public and secret key do not belong together",
                        wire->name);
    return FR_OK;
}

static enum fr_error
check_options(const struct fr_wire_options *options, char *complaint, size_t size)
{
    if (options->name == NULL || !wire_name_valid(options->name))
        return complain(complaint, size, "not a name", options->name ? options->name : "(none)");
    if (options->credit > WIRE_CREDIT_MAX || (options->credit != 0 && options->credit < CREDIT_MIN))
        return complain(complaint, size, "credit must be between 64 KiB and 64 MiB", options->name);
    if (options->batch_size_max > FR_RECORD_SIZE_MAX)
        return complain(complaint, size, "a batch may have 1 MiB", options->name);
    return FR_OK;
}

static bool
wants_tcp(const struct fr_wire_options *options)
{
    for (size_t i = 0; i < FR_WIRE_LISTEN_MAX; i++) {
        if (options->listen[i] != NULL && wire_is_tcp(options->listen[i]))
            return true;
    }
    return false;
}

static enum fr_error
listen_all(struct fr_wire *wire, char *complaint, size_t size)
{
    const struct fr_wire_options *options = &wire->options;
    enum fr_error err = FR_OK;

    if (wants_tcp(options)) {
        if (wire->secret_key[0] == '\0')
            return complain(complaint, size, "listening on tcp needs a key pair", wire->name);
        wire->tcp_context = zmq_ctx_new();
        if (wire->tcp_context == NULL)
            return FR_NO_MEMORY;
        err = wire_zap_new(wire->tcp_context, wire->keys, wire->key_count, &wire->zap);
    }
    for (size_t i = 0; err == FR_OK && i < FR_WIRE_LISTEN_MAX; i++) {
        if (options->listen[i] == NULL)
            continue;
        if (!fr_wire_endpoint_valid(options->listen[i]))
            return complain(complaint, size, "not an endpoint (ipc://, tcp://, inproc://)",
                            options->listen[i]);
        err = wire_socket_bind(wire, options->listen[i], complaint, size);
    }
    return err;
}

static void
take_options(struct fr_wire *wire, const struct fr_wire_options *options)
{
    wire->options = *options;
    snprintf(wire->name, sizeof(wire->name), "%s", options->name);
    if (wire->options.credit == 0)
        wire->options.credit = CREDIT_DEFAULT;
    if (wire->options.batch_size_max == 0)
        wire->options.batch_size_max = BATCH_SIZE_DEFAULT;
    wire->held_end = &wire->held;
}

/* What was given may be the caller's stack: only the copies are used from here on. */
static void
forget_borrowed(struct fr_wire *wire)
{
    wire->options.name = wire->name;
    wire->options.keys = NULL;
    wire->options.secret_key = wire->options.public_key = NULL;
    memset(wire->options.listen, 0, sizeof(wire->options.listen));
}

enum fr_error
fr_wire_new(const struct fr_wire_options *options, struct fr_wire **out, char *complaint,
            size_t complaint_size)
{
    struct fr_wire *wire;
    enum fr_error err = check_options(options, complaint, complaint_size);

    if (err != FR_OK)
        return err;
    wire = calloc(1, sizeof(*wire));
    if (wire == NULL)
        return FR_NO_MEMORY;
    take_options(wire, options);
    wire->now_us = fr_time_monotonic().us;
    wire->arena = fr_arena_new(4096, WIRE_PARSE_BUDGET);
    wire->context = wire_context_take();
    if (wire->arena == NULL || wire->context == NULL)
        err = FR_NO_MEMORY;
    if (err == FR_OK)
        err = copy_own_keys(wire, complaint, complaint_size);
    if (err == FR_OK)
        err = copy_keys(wire, complaint, complaint_size);
    if (err == FR_OK)
        err = listen_all(wire, complaint, complaint_size);
    forget_borrowed(wire);
    if (err == FR_OK)
        *out = wire;
    else
        fr_wire_free(&wire);
    return err;
}

static void
free_link(struct wire_link *link)
{
    wire_serve_end(link);
    if (link->dialled)
        wire_socket_close(link);
    free(link->endpoint);
    free(link);
}

void
fr_wire_free(struct fr_wire **at)
{
    struct fr_wire *wire = *at;
    struct wire_link *link;

    if (wire == NULL)
        return;
    wire_read_free(wire);
    while ((link = wire->links) != NULL) {
        wire->links = link->next;
        free_link(link);
    }
    wire_routers_close(wire);
    if (wire->tcp_context != NULL) {
        zmq_ctx_shutdown(wire->tcp_context);
        wire_zap_free(&wire->zap);
        zmq_ctx_term(wire->tcp_context);
    }
    if (wire->context != NULL)
        wire_context_give();
    fr_arena_free(&wire->arena);
    memset(wire->secret_key, 0, sizeof(wire->secret_key));
    free(wire->keys);
    free(wire);
    *at = NULL;
}

enum fr_error
fr_wire_dial(struct fr_wire *wire, const char *peer, const char *endpoint, const char *server_key)
{
    struct wire_link *link;
    enum fr_error err;
    uint8_t binary[32];

    if (!wire_name_valid(peer) || !fr_wire_endpoint_valid(endpoint))
        return FR_INVALID;
    if (wire_is_tcp(endpoint) &&
        (wire->secret_key[0] == '\0' || server_key == NULL || strlen(server_key) != 40 ||
         zmq_z85_decode(binary, server_key) == NULL))
        return FR_INVALID;
    link = calloc(1, sizeof(*link));
    if (link == NULL || (link->endpoint = strdup(endpoint)) == NULL) {
        free(link);
        return FR_NO_MEMORY;
    }
    link->wire = wire;
    link->dialled = true;
    link->tcp = wire_is_tcp(endpoint);
    link->inproc = strncmp(endpoint, "inproc://", 9) == 0;
    link->hello_us = link->inproc ? 0 : INT64_MAX; /* else the monitor says when */
    link->redial_us = INT64_MAX;
    snprintf(link->peer, sizeof(link->peer), "%s", peer);
    err = wire_socket_dial(link, server_key);
    if (err != FR_OK) {
        free_link(link);
        return err;
    }
    link->next = wire->links;
    wire->links = link;
    wire->link_count++;
    wire->tick_us = 0;
    return FR_OK;
}

/* ---- the loop ---------------------------------------------------------------------------------
 */

void
fr_wire_hold(struct fr_wire *wire, bool hold)
{
    wire->hold = hold;
}

static void
watch_connections(struct fr_wire *wire)
{
    int event;

    wire->monitor_us = wire->now_us + MONITOR_US;
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        while (link->dialled && (event = wire_socket_event(link->monitor)) != 0)
            wire_link_event(link, event);
    }
    while (wire_socket_event(wire->tcp_monitor) != 0) {
        wire->counters.keys_refused++;
        wire_grumble(wire, "unknown", "a handshake failed: no key, or one that we do not know");
    }
}

static unsigned
drain_socket(struct fr_wire *wire, void *socket, struct wire_link *link, unsigned message_max)
{
    struct wire_incoming incoming;
    unsigned handled = 0;

    if (message_max > BURST_MAX)
        message_max = BURST_MAX;
    while (socket != NULL && handled < message_max &&
           wire_receive(socket, link == NULL, &incoming) == FR_OK) {
        incoming.link = link;
        wire_handle(wire, &incoming);
        wire_incoming_close(&incoming);
        handled++;
    }
    return handled;
}

/* One round over all sockets; each gets a burst, so that none can starve another. */
static unsigned
drain_round(struct fr_wire *wire, unsigned message_max)
{
    unsigned handled = drain_socket(wire, wire->router, NULL, message_max);

    handled += drain_socket(wire, wire->tcp_router, NULL, message_max - handled);
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (link->dialled)
            handled += drain_socket(wire, link->socket, link, message_max - handled);
    }
    return handled;
}

static unsigned
drain(struct fr_wire *wire, unsigned message_max)
{
    unsigned handled, now;

    if (wire->now_us >= wire->monitor_us)
        watch_connections(wire);
    handled = wire_read_release_held(wire, message_max);
    handled += wire_serve_backlog(wire);
    do {
        now = handled < message_max ? drain_round(wire, message_max - handled) : 0;
        handled += now;
    } while (now > 0);
    return handled;
}

static void
tick(struct fr_wire *wire)
{
    if (wire->now_us < wire->tick_us)
        return;
    wire->tick_us = wire->now_us + WIRE_TICK_US;
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (!link->dropped)
            wire_link_tick(link);
    }
    wire_read_tick(wire);
    wire_links_sweep(wire);
}

static size_t
gather_items(struct fr_wire *wire, zmq_pollitem_t *items)
{
    size_t count = 0;

    if (wire->router != NULL)
        items[count++] = (zmq_pollitem_t){.socket = wire->router, .events = ZMQ_POLLIN};
    if (wire->tcp_router != NULL)
        items[count++] = (zmq_pollitem_t){.socket = wire->tcp_router, .events = ZMQ_POLLIN};
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (!link->dialled || count + 2 > POLL_ITEM_MAX)
            continue;
        items[count++] = (zmq_pollitem_t){.socket = link->socket, .events = ZMQ_POLLIN};
        if (link->monitor != NULL)
            items[count++] = (zmq_pollitem_t){.socket = link->monitor, .events = ZMQ_POLLIN};
    }
    return count;
}

/* Sleeps until a socket or one of the caller's descriptors has something; true: the latter. */
static bool
sleep_until(struct fr_wire *wire, int64_t wait_us, const int *extra_fds, size_t extra_count)
{
    zmq_pollitem_t items[POLL_ITEM_MAX];
    size_t count = gather_items(wire, items), own = count;
    int64_t most = wire_read_waits(wire) ? WIRE_ACK_US : IDLE_US;

    if (wait_us > most)
        wait_us = most;
    for (size_t i = 0; i < extra_count && count < POLL_ITEM_MAX; i++)
        items[count++] = (zmq_pollitem_t){.fd = extra_fds[i], .events = ZMQ_POLLIN};
    if (zmq_poll(items, (int)count, (wait_us + 999) / 1000) <= 0)
        return false;
    wire->monitor_us = 0;
    for (size_t i = own; i < count; i++) {
        if (items[i].revents != 0)
            return true;
    }
    return false;
}

enum fr_error
fr_wire_poll(struct fr_wire *wire, struct fr_span wait, unsigned message_max, const int *extra_fds,
             size_t extra_count)
{
    int64_t end_us;
    unsigned handled;
    bool woken = false;

    wire->now_us = fr_time_monotonic().us;
    end_us = wire->now_us + wait.us;
    for (;;) {
        handled = drain(wire, message_max);
        tick(wire);
        if (handled > 0 || woken || wire->now_us >= end_us)
            return handled > 0 ? FR_OK : FR_AGAIN;
        woken = sleep_until(wire, end_us - wire->now_us, extra_fds, extra_count);
        wire->now_us = fr_time_monotonic().us;
    }
}

/* ---- looking in -------------------------------------------------------------------------------
 */

size_t
fr_wire_peers(const struct fr_wire *wire, struct fr_wire_peer_info *infos, size_t info_max)
{
    size_t count = 0;
    int64_t now = fr_time_monotonic().us;

    for (const struct wire_link *link = wire->links; link != NULL; link = link->next) {
        struct fr_wire_peer_info *info = &infos[count];

        if (link->dropped || count == info_max)
            continue;
        *info = (struct fr_wire_peer_info){.dialled = link->dialled,
                                           .up = link->up,
                                           .bytes_in = link->bytes_in,
                                           .bytes_out = link->bytes_out,
                                           .records_in = link->records_in,
                                           .records_out = link->records_out,
                                           .read_seq = link->read_seq,
                                           .silent = {now - link->heard_us}};
        memcpy(info->name, link->peer, sizeof(info->name));
        count++;
    }
    return count;
}

struct fr_wire_counters
fr_wire_counters(const struct fr_wire *wire)
{
    return wire->counters;
}

void
fr_wire_new_keys(char public_key[41], char secret_key[41])
{
    fr_assert(zmq_curve_keypair(public_key, secret_key) == 0);
}
