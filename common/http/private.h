/* private.h - what the files of this room share, and nobody else includes.
 *
 * Everything in struct fr_http belongs to the loop's thread, but for the mailbox (its lock) and the
 * counters (atomic).  One turn of the loop: lws_service() waits and serves the WebSockets, then the
 * HTTP sockets of our epoll set are read, then due timers run, then the letters are delivered.
 */
#ifndef FR_HTTP_PRIVATE_H
#define FR_HTTP_PRIVATE_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <libwebsockets.h>
#include "common/http/chunked.h"
#include "common/http/head.h"
#include "common/http/http.h"

/* ---- ids ---- */

/* An id is a serial number, never used again, and below it the slot where to look. */
#define SLOT_BITS 20
#define SLOT_MASK ((1u << SLOT_BITS) - 1)

/* ---- letters: what other threads ask of the loop ---- */

enum letter_kind { LETTER_ANSWER, LETTER_TEXT, LETTER_CLOSE, LETTER_CALL, LETTER_STOP };

struct letter {
    struct letter *next;
    enum letter_kind kind;
    uint64_t id;
    union {
        struct {
            int status;
            size_t head_size, body_size; /* head: status line and headers without the empty line */
        } answer;
        struct {
            size_t size; /* behind LWS_PRE bytes that lws writes its frame header into */
        } text;
        struct {
            int code;
            bool at_once; /* what is queued is dropped */
        } close;
        struct {
            void (*function)(void *context);
            void *context;
            struct fr_span due; /* monotonic; 0: now */
        } call;
        struct fr_span grace; /* LETTER_STOP */
    };
    char bytes[]; /* answer: head and body; text; close: the reason, NUL-terminated */
};

struct letters {
    struct letter *first, **last;
};

struct mailbox_socket { /* what fr_ws_send must know at once, by slot */
    uint64_t id;        /* 0: none, or closing */
    size_t queued;      /* bytes on their way to it */
};

struct mailbox {
    pthread_mutex_t lock;
    struct letters letters;
    struct mailbox_socket *sockets;
    bool closed; /* the loop has ended */
    atomic_bool filled;
    atomic_bool asleep; /* the loop waits, or is about to: whoever clears this wakes it */
};

/* mailbox.c */
struct letter *fr_http_letter_new(enum letter_kind kind, uint64_t id,
                                  size_t size); /* NULL: no memory */
void fr_http_letters_init(struct letters *letters);
void fr_http_letters_add(struct letters *letters, struct letter *letter);
struct letter *fr_http_letters_take(struct letters *letters); /* NULL: empty */
bool fr_http_mailbox_init(struct mailbox *mailbox, uint32_t slot_count);
void fr_http_mailbox_fini(struct mailbox *mailbox);
void fr_http_mailbox_close(struct mailbox *mailbox);
void fr_http_post(struct fr_http *http, struct letter *letter); /* any thread */
void fr_http_mailbox_grab(struct mailbox *mailbox, struct letters *letters);
void fr_http_mailbox_socket(struct mailbox *mailbox, uint32_t slot, uint64_t id);
void fr_http_mailbox_sent(struct mailbox *mailbox, uint32_t slot, size_t size);

/* ---- timers ---- */

/* One queue per kind of waiting: all in it wait equally long, so the first is always due first. */
enum patience {
    WAIT_NONE,
    WAIT_REQUEST,
    WAIT_ANSWER,
    WAIT_IDLE,
    WAIT_LINGER,
    WAIT_PING,
    WAIT_CLOSE,
    PATIENCE_COUNT
};

struct deadline {
    struct deadline *next, *previous;
    int64_t due_us;
    enum patience patience;
};

struct later { /* fr_http_call_later */
    int64_t due_us;
    uint64_t seq;
    void (*function)(void *context);
    void *context;
};

struct timers {
    int fd; /* a timerfd */
    int64_t armed_us;
    int64_t span_us[PATIENCE_COUNT];
    struct deadline *first[PATIENCE_COUNT], *last[PATIENCE_COUNT];
    struct later *later; /* a binary heap */
    size_t later_count, later_capacity;
    uint64_t later_seq;
};

/* timers.c */
void fr_http_wait(struct fr_http *http, struct deadline *deadline, enum patience patience);
struct deadline *fr_http_due(struct fr_http *http); /* still on its queue; NULL: none */
bool fr_http_later_add(struct fr_http *http, struct fr_span due, void (*function)(void *),
                       void *context);
bool fr_http_later_due(struct fr_http *http, struct later *later);
void fr_http_timers_arm(struct fr_http *http);
void fr_http_timers_fired(struct fr_http *http);

/* ---- limits ---- */

struct peer { /* one address and its connections */
    struct peer *next;
    struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
    unsigned count;
};

#define PEER_BUCKET_COUNT 256

struct network { /* 10.0.0.0/8, or one address: all 128 bits */
    struct in6_addr address;
    unsigned bits; /* of the address as IPv6: 96 more for IPv4 */
};

struct limits {
    struct peer *buckets[PEER_BUCKET_COUNT];
    struct network *proxies;
    size_t proxy_count;
};

/* limits.c */
bool fr_http_address_parse(const char *text, size_t size, struct in6_addr *address);
enum fr_error fr_http_limits_init(struct limits *limits, const char *trusted_proxies);
void fr_http_limits_fini(struct limits *limits);
bool fr_http_is_proxy(const struct limits *limits, const struct in6_addr *address);
/* NULL: `count_max` are there already (0: no limit), or no memory. */
struct peer *fr_http_peer_enter(struct limits *limits, const struct in6_addr *address,
                                unsigned count_max);
void fr_http_peer_leave(struct limits *limits, struct peer **peer);

/* ---- connections ---- */

enum connection_state {
    CONNECTION_FREE,
    CONNECTION_READING,   /* a request, or nothing yet */
    CONNECTION_WAITING,   /* for the handler's answer */
    CONNECTION_SENDING,   /* the answer */
    CONNECTION_LINGERING, /* our side is shut; the other may still read what we said */
    CONNECTION_SOCKET,    /* a WebSocket: libwebsockets owns the descriptor */
};

struct socket { /* what a WebSocket needs besides */
    struct lws *wsi;
    const struct fr_ws_handlers *handlers;
    char key[24]; /* Sec-WebSocket-Key */
    char *text;   /* the message so far */
    size_t text_size, text_capacity;
    struct letters queue;
    struct fr_span heard;
    bool ping_due, established;
    int close_code; /* 0: stays open */
    char close_reason[120];
};

struct connection {
    struct fr_http *http;
    struct connection *next_free;
    uint32_t slot;
    int fd;
    enum connection_state state;
    uint64_t key; /* of the connection, for epoll */
    uint64_t id;  /* of the request or WebSocket; 0: none */
    struct deadline deadline;

    struct in6_addr address;
    char peer_text[INET6_ADDRSTRLEN];
    struct peer *peer;
    bool trusted;     /* a proxy whose X-Forwarded-For counts */
    bool refused;     /* over a limit: not counted */
    bool readable;    /* epoll said so, and not everything was read since */
    bool half_closed; /* the peer has sent its last byte */

    char *in; /* what came of the next request and is not used up; NULL: nothing */
    size_t in_size, in_capacity;
    size_t scanned; /* no end of the head before here */
    bool head_done, continued;
    struct head head;
    struct chunked chunked;
    size_t body_size;
    const struct fr_http_route *route;

    size_t discarded; /* while lingering */

    bool close_after, head_only;
    struct letter *out;
    size_t out_sent;
    char tail[128]; /* date, connection, empty line: written when the answer leaves */
    size_t tail_size;
    int file; /* -1, or what follows the head */
    int64_t file_offset, file_left;

    struct socket *socket;
};

/* connection.c */
struct connection *fr_http_connection_find(const struct fr_http *http, uint64_t id);
void fr_http_connection_open(struct fr_http *http, int fd, const struct sockaddr_in6 *from);
void fr_http_connection_event(struct connection *connection, uint32_t events);
void fr_http_connection_late(struct connection *connection, enum patience patience);
void fr_http_connection_close(struct connection *connection);
void fr_http_connections_stop(struct fr_http *http, bool at_once);
uint64_t fr_http_next_id(struct fr_http *http, uint32_t slot);

/* output.c */
void fr_http_send(struct connection *connection, struct letter *answer);
void fr_http_flush(struct connection *connection);
void fr_http_interim(struct connection *connection);  /* 100 Continue */
void fr_http_answered(struct connection *connection); /* connection.c: the answer is out */

/* request.c: the head is complete: 0 to go on with the body, or the request was answered or taken
 */
enum request_course { REQUEST_BODY, REQUEST_DONE };
enum request_course fr_http_request_begin(struct connection *connection, char *head);
void fr_http_request_dispatch(struct connection *connection, char *head, size_t body_size);
/* Answer here and now with an error; what was not read of the body is not wanted any more. */
void fr_http_refuse(struct connection *connection, int status, const char *code,
                    const char *message);
/* The request as its handler sees it. */
void fr_http_request_fill(struct connection *connection, char *head,
                          struct fr_http_request *request);

/* static.c: false when there is no such file */
bool fr_http_static_find(struct connection *connection, const char *path, const char *head);

/* answer.c */
struct letter *fr_http_answer_new(struct fr_http *http, uint64_t id, int status, const char *type,
                                  const char *headers, struct fr_slice body);
struct letter *fr_http_answer_file(struct fr_http *http, uint64_t id, int status, const char *type,
                                   const char *headers, size_t size);
struct letter *fr_http_error_new(struct fr_http *http, uint64_t id, int status, const char *code,
                                 const char *message, const char *headers);
/* Checks header lines separated by \n and gives them CRLF.  NULL: they are not well formed. */
char *fr_http_header_lines(const char *lines);
size_t fr_http_tail(struct connection *connection, char *tail, size_t size);

/* socket.c */
bool fr_http_sockets_start(struct fr_http *http);
enum request_course fr_http_socket_begin(struct connection *connection, char *head,
                                         const struct fr_ws_handlers *handlers);
void fr_http_socket_adopt(struct connection *connection, const char *rest, size_t rest_size);
void fr_http_socket_text(struct connection *connection, struct letter *text);
void fr_http_socket_shut(struct connection *connection, int code, const char *reason, bool at_once);
void fr_http_socket_late(struct connection *connection, enum patience patience);

/* listen.c */
enum fr_error fr_http_listen(struct fr_http *http, const char *address);
void fr_http_accept(struct fr_http *http);
void fr_http_listen_end(struct fr_http *http);

/* ---- the whole ---- */

#define KEY_LISTEN 1 /* below every id: serial numbers start at 1 << SLOT_BITS */
#define KEY_TIMER 2
#define INPUT_SIZE 65536
#define REFUSED_MAX 64 /* connections over the limit that are told so at the same time */

struct counters {
    _Atomic uint64_t requests, answers_4xx, answers_5xx, refused_connections, messages_in,
        messages_out;
    _Atomic uint32_t connections, sockets;
};

struct argument { /* of a query or cookie header, decoded */
    const char *name, *value;
};

struct arguments {
    uint64_t id; /* of the request whose arguments these are */
    unsigned count;
    char *text; /* HEAD_SIZE_MAX bytes */
    size_t used;
    struct argument list[ARGUMENT_COUNT_MAX];
};

struct fr_http {
    struct fr_http_options options; /* its strings are ours */
    struct fr_ws_handlers no_sockets;
    char *common_headers, *page_headers; /* on every answer; on pages besides */

    pthread_t thread;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct lws_protocols *protocols;
    struct connection *adopting; /* the connection that is being handed to lws right now */

    int epoll, listen_fd, spare_fd, port;
    bool epoll_given; /* to lws, which closes it */
    bool edge_ready, stopping, stop_now;
    struct fr_span now, stop_due;
    struct fr_span complained; /* when we last said that no descriptor is left */
    struct timers timers;
    struct limits limits;
    struct mailbox mailbox;
    struct letters outbox; /* the loop's letters to itself */

    uint64_t serial;
    uint32_t slot_count, slots_used, open_count, counted;
    struct connection **connections, *free_connections;

    char *request_head; /* of the request whose handler runs */
    char peer_text[INET6_ADDRSTRLEN];
    struct arguments query, cookies;
    time_t date_second;
    char date[40];
    struct counters counters;
    char input[INPUT_SIZE]; /* requests that come whole are parsed here, without a copy */
};

#define COUNT(http, counter, n)                                                                    \
    atomic_fetch_add_explicit(&(http)->counters.counter, (n), memory_order_relaxed)

#endif
