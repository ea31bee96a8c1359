/* link.c - who is at the other end: HELLO, PING, ERROR, and whose message is whose.
 *
 * A link on a ROUTER is a routing id that ROUTER made itself; ids that peers claim are refused, or
 * a peer could take the id of another and receive what is meant for him.  On tcp the name is the
 * ZAP User-Id of the very message, each time.
 */
#include "common/wire/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/log.h"
#include "proto/kinds.h"

void
wire_grumble(struct fr_wire *wire, const char *peer, const char *what)
{
    char quoted[128];

    if (wire->now_us < wire->grumble_us)
        return;
    wire->grumble_us = wire->now_us + WIRE_GRUMBLE_US;
    fr_log(FR_WARN, "wire_refused", "peer=%s what=%s denied=%llu invalid=%llu broken=%llu", peer,
           fr_log_quote(what, quoted, sizeof(quoted)), (unsigned long long)wire->counters.denied,
           (unsigned long long)wire->counters.invalid, (unsigned long long)wire->counters.broken);
}

/* ---- saying -----------------------------------------------------------------------------------
 */

void
wire_link_hello(struct wire_link *link, bool answer)
{
    Fr__Hello hello = FR__HELLO__INIT;

    hello.protocol = FR_WIRE_PROTOCOL;
    hello.schema = FR_SCHEMA;
    hello.name = link->wire->name;
    hello.answer = answer;
    if (wire_send(link, WIRE_HELLO, &hello.base, NULL, 0) != FR_OK && link->inproc)
        wire_socket_redial(link);
    link->hello_us = link->wire->now_us + WIRE_HELLO_US;
}

static void
ping(struct wire_link *link, bool answer)
{
    Fr__Ping message = FR__PING__INIT;

    message.answer = answer;
    if (wire_send(link, WIRE_PING, &message.base, NULL, 0) != FR_OK)
        wire_link_down(link);
}

void
wire_link_error(struct wire_link *link, enum fr_error code, uint32_t reading, const char *detail)
{
    Fr__Error error = FR__ERROR__INIT;
    char text[WIRE_DETAIL_MAX + 1];

    snprintf(text, sizeof(text), "%s", detail);
    error.code = (char *)fr_error_name(code);
    error.reading = reading;
    error.detail = text;
    wire_send(link, WIRE_ERROR, &error.base, NULL, 0); /* who is gone needs no explanation */
}

/* To somebody with whom we have no link: a link for one breath. */
static void
tell_stranger(struct fr_wire *wire, const struct wire_incoming *incoming, enum fr_error code,
              const char *detail)
{
    struct wire_link stranger = {.wire = wire, .socket = incoming->socket};

    memcpy(stranger.routing_id, incoming->routing_id, WIRE_ROUTING_ID_SIZE);
    wire_link_error(&stranger, code, 0, detail);
}

/* ---- links come and go ------------------------------------------------------------------------
 */

struct wire_link *
wire_link_of(struct fr_wire *wire, const char *peer)
{
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (link->up && !link->dropped && strcmp(link->peer, peer) == 0)
            return link; /* the newest, because links are added in front */
    }
    return NULL;
}

/* The peer is there or not, over whichever link: while a restarted peer overlaps with its old self,
 * only the first and the last are news. */
static void
tell_link(struct fr_wire *wire, const char *peer, bool up)
{
    fr_log(FR_INFO, up ? "link_up" : "link_down", "peer=%s", peer);
    if (wire->options.calls.link != NULL)
        wire->options.calls.link(wire->options.calls.context, peer, up);
}

static void
bring_up(struct wire_link *link)
{
    struct fr_wire *wire = link->wire;
    bool is_news = wire_link_of(wire, link->peer) == NULL;

    link->up = true;
    link->heard_us = wire->now_us;
    if (is_news)
        tell_link(wire, link->peer, true);
    wire_read_ask(link);
}

void
wire_link_down(struct wire_link *link)
{
    struct fr_wire *wire = link->wire;
    bool was_up = link->up;

    link->up = false;
    if (!link->dialled)
        link->dropped = true;
    wire_serve_end(link);
    wire_read_lost(link);
    if (was_up && wire_link_of(wire, link->peer) == NULL)
        tell_link(wire, link->peer, false);
}

void
wire_links_sweep(struct fr_wire *wire)
{
    for (struct wire_link **at = &wire->links; *at != NULL;) {
        struct wire_link *link = *at;

        if (!link->dropped) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        wire->link_count--;
        free(link);
    }
}

/* A peer of that name has more links than a restart explains: the oldest makes room. */
static void
limit_namesakes(struct fr_wire *wire, const char *peer)
{
    struct wire_link *oldest = NULL;
    unsigned count = 0;

    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (!link->dialled && !link->dropped && strcmp(link->peer, peer) == 0) {
            oldest = link;
            count++;
        }
    }
    if (count >= WIRE_NAMESAKE_MAX)
        wire_link_down(oldest);
}

static struct wire_link *
accept_link(struct fr_wire *wire, const struct wire_incoming *incoming, const char *peer,
            const struct wire_key *key)
{
    struct wire_link *link;

    limit_namesakes(wire, peer);
    if (wire->link_count >= WIRE_LINK_MAX || (link = calloc(1, sizeof(*link))) == NULL)
        return NULL;
    link->wire = wire;
    link->socket = incoming->socket;
    link->key = key;
    link->tcp = incoming->socket == wire->tcp_router;
    memcpy(link->routing_id, incoming->routing_id, WIRE_ROUTING_ID_SIZE);
    snprintf(link->peer, sizeof(link->peer), "%s", peer);
    link->next = wire->links;
    wire->links = link;
    wire->link_count++;
    return link;
}

/* ---- hearing HELLO ----------------------------------------------------------------------------
 */

static const struct wire_key *
key_named(const struct fr_wire *wire, const char *name)
{
    for (size_t i = 0; name != NULL && i < wire->key_count; i++) {
        if (strcmp(wire->keys[i].name, name) == 0)
            return &wire->keys[i];
    }
    return NULL;
}

static void
hello_from_stranger(struct fr_wire *wire, struct wire_incoming *incoming, const Fr__Hello *hello)
{
    bool tcp = incoming->socket == wire->tcp_router;
    const struct wire_key *key = NULL;

    if (hello->protocol != FR_WIRE_PROTOCOL) {
        tell_stranger(wire, incoming, FR_VERSION, "we speak another version of the protocol");
        return;
    }
    if (tcp) {
        key = key_named(wire, zmq_msg_gets(&incoming->header, "User-Id"));
        if (key == NULL || strcmp(key->name, hello->name) != 0) {
            wire->counters.denied++;
            wire_grumble(wire, key == NULL ? "unknown" : key->name, "claims another name");
            tell_stranger(wire, incoming, FR_DENIED, "your key stands for another name");
            return;
        }
    }
    incoming->link = accept_link(wire, incoming, hello->name, key);
    if (incoming->link == NULL)
        tell_stranger(wire, incoming, FR_BUSY, "too many links");
}

/* Said again on a link that we have: its other end has forgotten us, so nothing of before counts.
 */
static void
hello_again(struct wire_link *link, const Fr__Hello *hello)
{
    if (strcmp(link->peer, hello->name) != 0) {
        link->wire->counters.denied++;
        wire_grumble(link->wire, link->peer, "changes its name");
        wire_link_error(link, FR_DENIED, 0, "a link has one name");
        wire_link_down(link);
        return;
    }
    wire_serve_end(link);
    wire_read_lost(link);
}

static void
heard_hello(struct fr_wire *wire, struct wire_incoming *incoming, const Fr__Hello *hello)
{
    struct wire_link *link = incoming->link;

    if (link == NULL)
        hello_from_stranger(wire, incoming, hello);
    else
        hello_again(link, hello);
    link = incoming->link;
    if (link == NULL || link->dropped)
        return;
    link->too_new = hello->schema > FR_SCHEMA;
    wire_link_hello(link, true);
    bring_up(link);
}

/* The one that we dialled answers. */
static void
heard_answer(struct wire_link *link, const Fr__Hello *hello)
{
    if (link->up)
        return; /* to a HELLO that we had repeated */
    if (hello->protocol != FR_WIRE_PROTOCOL || strcmp(hello->name, link->peer) != 0) {
        enum fr_error why = hello->protocol != FR_WIRE_PROTOCOL ? FR_VERSION : FR_DENIED;

        link->wire->counters.denied++;
        wire_grumble(link->wire, link->peer, "another service answers at its endpoint");
        link->hello_us = link->wire->now_us + WIRE_REFUSED_US;
        wire_read_denied(link, why, "another service or version answers at the peer's endpoint");
        return;
    }
    link->too_new = hello->schema > FR_SCHEMA;
    bring_up(link);
}

/* ---- hearing everything else ------------------------------------------------------------------
 */

/* An Error about the link itself. */
static void
heard_link_error(struct wire_link *link, const struct wire_message *message)
{
    bool gone = message->code == FR_GONE; /* the other side has forgotten us: introduce ourselves */

    if (!link->dialled || (gone && !link->up))
        return; /* an accepted peer comes back by itself; a HELLO is on its way already */
    wire_link_down(link);
    link->hello_us = link->wire->now_us + (gone ? 0 : WIRE_REFUSED_US);
    if (!gone && message->code != FR_BUSY)
        wire_read_denied(link, message->code, message->error->detail);
}

static void
refuse_message(struct fr_wire *wire, struct wire_incoming *incoming, const char *what)
{
    struct wire_link *link = incoming->link;

    wire->counters.invalid++;
    wire_grumble(wire, link == NULL ? "unknown" : link->peer, what);
    if (link == NULL)
        return; /* strangers get no answer to noise */
    wire_link_error(link, FR_INVALID, 0, what);
    wire_link_down(link);
    if (link->dialled) /* start anew, but not at once */
        link->hello_us = wire->now_us + WIRE_REFUSED_US;
}

static void
handle_known(struct wire_link *link, const struct wire_message *message,
             struct wire_incoming *incoming)
{
    switch (message->type) {
    case WIRE_HELLO:
        return;
    case WIRE_READ:
        wire_serve_read(link, message->read);
        return;
    case WIRE_ACK:
        if (wire_serve_ack(link, message->ack) != FR_OK)
            refuse_message(link->wire, incoming, "an ACK of what was never sent");
        return;
    case WIRE_BATCH:
    case WIRE_FRAME:
        wire_read_arrived(link, message, incoming);
        return;
    case WIRE_PING:
        if (!message->ping->answer)
            ping(link, true);
        return;
    case WIRE_ERROR:
        if (message->error->reading == 0)
            heard_link_error(link, message);
        else
            wire_read_refused(link, message);
        return;
    }
}

static struct wire_link *
link_by_routing_id(struct fr_wire *wire, const struct wire_incoming *incoming)
{
    for (struct wire_link *link = wire->links; link != NULL; link = link->next) {
        if (link->socket == incoming->socket && !link->dropped &&
            memcmp(link->routing_id, incoming->routing_id, WIRE_ROUTING_ID_SIZE) == 0)
            return link;
    }
    return NULL;
}

/* Is the sender of this very message the one the link belongs to? */
static bool
is_its_peer(const struct wire_link *link, struct wire_incoming *incoming)
{
    const char *user;

    if (link->key == NULL)
        return true;
    user = zmq_msg_gets(&incoming->header, "User-Id");
    return user != NULL && strcmp(user, link->peer) == 0;
}

static const char *
shape_fault(const struct wire_message *message, const struct wire_incoming *incoming)
{
    unsigned most = message->type == WIRE_FRAME   ? WIRE_PAYLOAD_MAX
                    : message->type == WIRE_BATCH ? 1
                                                  : 0;

    return incoming->too_many || incoming->payload_count > most ? "more parts than the type has"
                                                                : NULL;
}

/* false: somebody is not who he says. */
static bool
find_link(struct fr_wire *wire, struct wire_incoming *incoming)
{
    if (!incoming->from_router)
        return true;
    if (!incoming->claims_id)
        incoming->link = link_by_routing_id(wire, incoming);
    if (!incoming->claims_id && (incoming->link == NULL || is_its_peer(incoming->link, incoming)))
        return true;
    wire->counters.denied++;
    wire_grumble(wire, incoming->link == NULL ? "unknown" : incoming->link->peer,
                 incoming->claims_id ? "claims a routing id" : "uses the link of another");
    return false;
}

void
wire_handle(struct fr_wire *wire, struct wire_incoming *incoming)
{
    struct fr_slice header =
        fr_slice(zmq_msg_data(&incoming->header), zmq_msg_size(&incoming->header));
    struct wire_message message;
    const char *what = NULL;

    if (!find_link(wire, incoming))
        return;
    if (wire_parse(header, wire->arena, &message, &what) != FR_OK ||
        (what = shape_fault(&message, incoming)) != NULL) {
        refuse_message(wire, incoming, what);
        return;
    }
    if (incoming->link != NULL) {
        incoming->link->heard_us = wire->now_us;
        incoming->link->bytes_in += header.size;
    }
    if (message.type == WIRE_HELLO && incoming->from_router)
        heard_hello(wire, incoming, message.hello);
    else if (message.type == WIRE_HELLO)
        heard_answer(incoming->link, message.hello);
    else if (incoming->link == NULL && message.type != WIRE_ERROR)
        tell_stranger(wire, incoming, FR_GONE, "say HELLO");
    else if (incoming->link != NULL && (incoming->link->up || message.type == WIRE_ERROR))
        handle_known(incoming->link, &message, incoming);
}

/* ---- time -------------------------------------------------------------------------------------
 */

void
wire_link_event(struct wire_link *link, int event)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        wire_link_down(link);
        wire_link_hello(link, false);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        wire_link_down(link);
        link->hello_us = INT64_MAX; /* the next handshake says when */
        break;
    default: /* the handshake failed */
        if (!link->tcp)
            break; /* no keys there: the peer went away in the middle of it */
        link->redial_us = link->wire->now_us + WIRE_REFUSED_US;
        link->wire->counters.denied++;
        wire_grumble(link->wire, link->peer, "refuses our key, or has another one than we expect");
        wire_read_denied(link, FR_DENIED, "the handshake failed: unknown or wrong key");
    }
}

void
wire_link_tick(struct wire_link *link)
{
    int64_t now = link->wire->now_us;

    if (link->dialled && !link->up && now >= link->hello_us)
        wire_link_hello(link, false);
    if (link->dialled && !link->up && now >= link->redial_us) {
        link->redial_us = INT64_MAX;
        wire_socket_redial(link);
    }
    if (!link->up)
        return;
    if (!link->dialled && now - link->heard_us >= WIRE_SILENT_US) {
        wire_link_down(link);
        return;
    }
    if (now - link->said_us >= WIRE_PING_US) /* also how a ROUTER finds out that nobody is there */
        ping(link, false);
    if (link->up)
        wire_serve_tick(link);
}
