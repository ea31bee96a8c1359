/* inside.h - what the files of this room share: a wire, its links, what it serves and what it
 * reads.
 *
 *   wire.c    life, the loop            sockets.c  ZeroMQ: contexts, options, parts
 *   link.c    HELLO PING ERROR, who     zap.c      which key is whom
 *   serve.c   READ ACK -> BATCH         parse.c    the grammar
 *   read.c    BATCH -> calls, ACK
 */
#ifndef FR_WIRE_INSIDE_H
#define FR_WIRE_INSIDE_H

#include <zmq.h>
#include "common/wire/parse.h"
#include "common/wire/wire.h"

#define WIRE_PART_SIZE_MAX (FR_RECORD_SIZE_MAX + 4096u) /* one ZeroMQ frame */
#define WIRE_PAYLOAD_MAX                                                                           \
    8u /* frames of one message behind its header: FR_FRAME_SIZE_MAX in pieces */
#define WIRE_LINK_MAX 1024u /* more HELLOs are answered with BUSY */
#define WIRE_NAMESAKE_MAX                                                                          \
    4u /* links of one name: a peer that restarts overlaps with its old self */
#define WIRE_SERVING_MAX 16u        /* readings of one peer */
#define WIRE_READING_MAX 4096u      /* readings of ours */
#define WIRE_HELD_MAX 4096u         /* messages kept during a hold, besides the bound by credit */
#define WIRE_SERVE_SLICE (1u << 20) /* bytes to one reader before the others have their turn */

#define WIRE_TICK_US 10000   /* how often anything that waits for time is looked at */
#define WIRE_ACK_US 50000    /* the longest an acknowledgement waits */
#define WIRE_PING_US 1000000 /* silence that is broken by a PING */
#define WIRE_MOVED_US                                                                              \
    1000000                   /* how often a reader whose routes leave all out learns where he is  \
                               */
#define WIRE_HELLO_US 1000000 /* a HELLO is repeated until answered */
#define WIRE_REFUSED_US 5000000  /* before trying again where we were refused */
#define WIRE_SILENT_US 15000000  /* an accepted link that says nothing any more is forgotten */
#define WIRE_RETRY_MIN_US 100000 /* back-off of a reading that was told BUSY */
#define WIRE_RETRY_MAX_US 5000000
#define WIRE_GRUMBLE_US 10000000 /* between two log lines about bad input */

#define WIRE_ROUTING_ID_SIZE 5u /* as ROUTER makes them: a zero byte and a number */

struct wire_key { /* one row of the list of keys, decoded */
    uint8_t public_key[32];
    char name[FR_NAME_SIZE];
    char routes[FR_WIRE_ROUTE_MAX][FR_ROUTE_SIZE];
    size_t route_count;
    bool everything; /* "*" is among the routes */
};

struct wire_routes { /* a reader's filter; none: all records */
    char text[FR_WIRE_ROUTE_MAX][FR_ROUTE_SIZE];
    const char *list[FR_WIRE_ROUTE_MAX];
    size_t count;
};

/* A peer reads our journal. */
struct wire_serving {
    struct wire_serving *next;
    struct wire_link *link;
    uint32_t number; /* the peer's: generation << 16 | index */
    bool registered, frames;
    bool more;            /* stopped for fairness, not for lack of records or credit */
    int64_t credit;       /* bytes that may still go out; below 0 by at most one record or frame */
    uint64_t sent_seq;    /* the peer has been told of everything up to here */
    uint64_t durable_seq; /* the peer's last word */
    int64_t sent_us;
    struct fr_reader *reader;
    struct wire_routes routes;
};

/* A conversation with one peer: over a DEALER of its own when we dialled, else over a ROUTER. */
struct wire_link {
    struct wire_link *next;
    struct fr_wire *wire;
    char peer[FR_NAME_SIZE];
    void *socket;
    void *monitor;                            /* dialled links: tells of the connection */
    uint8_t routing_id[WIRE_ROUTING_ID_SIZE]; /* accepted links */
    const struct wire_key *key; /* accepted by tcp: who the peer is and what it may read */
    char *endpoint;             /* dialled links */
    bool dialled, tcp;
    bool inproc;       /* no monitor, no reconnection by ZeroMQ: both are ours to do */
    bool up;           /* HELLO was said and answered */
    bool dropped;      /* to be freed when nobody is looking at it */
    bool too_new;      /* its schema is beyond ours: we serve it, but do not read it */
    int64_t hello_us;  /* when HELLO may be said (again) */
    int64_t redial_us; /* ZeroMQ gives up an endpoint that refused our key: when we dial it anew */
    int64_t heard_us, said_us;
    uint64_t bytes_in, bytes_out, records_in, records_out, read_seq;
    struct wire_serving *servings;
};

/* A BATCH or FRAME that arrived: in calls.batch's hands, or kept during a hold. */
struct wire_arrival {
    struct fr_wire_batch batch; /* first: fr_wire_consumed comes back with it */
    struct wire_arrival *next, **link;
    struct wire_reading *reading;
    bool is_frame;
    zmq_msg_t payload;
};

enum wire_reading_state {
    WIRE_WAITING, /* for a link, or for retry_us */
    WIRE_ASKED,   /* READ was sent: BATCHes may come */
    WIRE_REFUSED, /* until fr_wire_retry or a new connection */
    WIRE_STOPPED,
};

/* We read a peer's journal.  granted + outstanding + returning is the credit, always. */
struct wire_reading {
    enum wire_reading_state state;
    uint32_t index;      /* in wire->readings; + 1 is the number given to the caller */
    uint32_t generation; /* grows with each READ; with the index it makes the number on the wire */
    char peer[FR_NAME_SIZE], journal[FR_NAME_SIZE];
    struct wire_routes routes;
    unsigned flags;
    struct wire_link *link; /* the one READ went to */
    struct wire_place place;
    int64_t granted;    /* bytes that the peer may still send */
    size_t outstanding; /* bytes that arrived and are not consumed */
    size_t returning;   /* bytes consumed whose credit was not yet given back */
    uint64_t durable_seq, told_seq;
    int64_t told_us; /* of the last ACK */
    int64_t retry_us, backoff_us;
    struct wire_arrival *arrivals; /* in the caller's hands */
};

struct fr_wire {
    struct fr_wire_options options;
    char name[FR_NAME_SIZE];
    char public_key[41], secret_key[41];
    struct wire_key *keys;
    size_t key_count;
    void *context;     /* shared by all wires of the process */
    void *tcp_context; /* of the tcp listeners, with their ZAP thread */
    struct wire_zap *zap;
    void *router, *tcp_router;
    void *tcp_monitor; /* tells of handshakes that failed */
    struct wire_link *links;
    unsigned link_count, turn; /* turn: which socket is drained first */
    struct wire_reading *readings[WIRE_READING_MAX];
    uint32_t reading_count;
    struct wire_arrival *held, **held_end; /* in order of arrival */
    unsigned held_count;
    struct wire_arrival *spare; /* free list */
    bool hold, backlog;         /* backlog: some serving has `more` */
    struct fr_arena *arena;     /* of the message being handled */
    int64_t now_us, tick_us, monitor_us, grumble_us;
    struct fr_wire_counters counters;
};

/* One message as it came in. */
struct wire_incoming {
    void *socket;
    struct wire_link *link; /* of a DEALER; found by routing id for a ROUTER */
    uint8_t routing_id[WIRE_ROUTING_ID_SIZE];
    bool from_router, claims_id; /* claims_id: a routing id that ROUTER did not make */
    zmq_msg_t header;
    zmq_msg_t payload[WIRE_PAYLOAD_MAX];
    unsigned payload_count;
    bool too_many; /* parts */
};

/* ---- sockets.c --------------------------------------------------------------------------------
 */

void *wire_context_take(void); /* the process's own; NULL: out of resources */
void wire_context_give(void);
enum fr_error wire_socket_bind(struct fr_wire *wire, const char *endpoint, char *complaint,
                               size_t complaint_size);
enum fr_error wire_socket_dial(struct wire_link *link, const char *server_key);
void wire_socket_redial(struct wire_link *link); /* inproc */
void wire_socket_close(struct wire_link *link);
void wire_routers_close(struct fr_wire *wire);
bool wire_is_tcp(const char *endpoint);
/* What the monitor has to tell: a ZMQ_EVENT_, or 0: nothing (more). */
int wire_socket_event(void *monitor);
/* FR_OK or FR_AGAIN; after FR_OK wire_incoming_close is due. */
enum fr_error wire_receive(void *socket, bool is_router, struct wire_incoming *incoming);
void wire_incoming_close(struct wire_incoming *incoming);
/* Takes payload[] also when it fails.  FR_GONE: the peer is not there (any more). */
enum fr_error wire_send(struct wire_link *link, enum wire_type type,
                        const ProtobufCMessage *message, zmq_msg_t *payload,
                        unsigned payload_count);

/* ---- link.c -----------------------------------------------------------------------------------
 */

void wire_handle(struct fr_wire *wire, struct wire_incoming *incoming);
void wire_link_event(struct wire_link *link, int event);
void wire_link_down(struct wire_link *link); /* what was served and read over it ends */
void wire_link_tick(struct wire_link *link);
void wire_links_sweep(struct fr_wire *wire);
struct wire_link *wire_link_of(struct fr_wire *wire,
                               const char *peer); /* one that is up, or NULL */
void wire_link_hello(struct wire_link *link, bool answer);
void wire_link_error(struct wire_link *link, enum fr_error code, uint32_t reading,
                     const char *detail);
/* Bad input from a peer: said in the log, at most now and then. */
void wire_grumble(struct fr_wire *wire, const char *peer, const char *what);

/* ---- serve.c ----------------------------------------------------------------------------------
 */

void wire_serve_read(struct wire_link *link, const Fr__Read *read);
enum fr_error wire_serve_ack(struct wire_link *link, const Fr__Ack *ack);
void wire_serve_end(struct wire_link *link);
unsigned wire_serve_backlog(struct fr_wire *wire);
void wire_serve_tick(struct wire_link *link);
bool wire_routes_set(struct wire_routes *routes, const char *const *list, size_t count);

/* ---- read.c -----------------------------------------------------------------------------------
 */

void wire_read_ask(struct wire_link *link); /* the link is up: READ all that waits for it */
void wire_read_arrived(struct wire_link *link, const struct wire_message *message,
                       struct wire_incoming *incoming);
void wire_read_refused(struct wire_link *link, const struct wire_message *message);
void wire_read_denied(struct wire_link *link, enum fr_error why, const char *detail);
void wire_read_lost(struct wire_link *link); /* the link went down */
unsigned wire_read_release_held(struct fr_wire *wire, unsigned message_max);
void wire_read_tick(struct fr_wire *wire);
bool wire_read_waits(const struct fr_wire *wire); /* an ACK is due soon */
void wire_read_free(struct fr_wire *wire);

#endif
