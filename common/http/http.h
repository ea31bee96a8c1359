/* http.h - the HTTP and WebSocket edge that web channels, the desk and the admin pages share.
 *
 * One OS thread runs libwebsockets' loop.  Handlers are called on that thread and must not wait;
 * they answer at once or keep the request's id and answer later from any thread.  A request or
 * connection is named by a number that is never reused, so an answer to somebody who has left is
 * simply dropped.
 *
 *     browser --HTTP--> route handler --fr_http_answer(id)--> browser        (any thread, any time)
 *     browser <--WS---> on_text / fr_ws_send(id)
 *
 * Public traffic comes through nginx (TLS, limits, buffering); alone this listens on loopback.
 * Everything from outside is limited before it is stored: request line and headers, body size,
 * messages, connections, connections of one address, time to send a request, time without a word.
 */
#ifndef FR_HTTP_HTTP_H
#define FR_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/base/time.h"

struct fr_http;

struct fr_http_request { /* valid during the handler only; copy what is needed later */
    uint64_t id;
    const char *method; /* "GET", "POST", "OPTIONS", "DELETE", "PUT" */
    const char *path;   /* decoded, without the query; normalized: no "..", no "//" */
    const char *rest;   /* path behind the route's prefix when the route ends in '*' */
    struct fr_slice body;
    const char *peer; /* the client's address; behind a trusted proxy X-Forwarded-For's last */
    const void *private_state;
};

/* A request header by lower-case name ("authorization", "cookie", "origin", "content-type",
 * "idempotency-key"...), a query argument or a cookie (decoded); NULL when absent.  Borrowed for
 * the handler. */
const char *fr_http_header(const struct fr_http_request *request, const char *name);
const char *fr_http_query(const struct fr_http_request *request, const char *name);
const char *fr_http_cookie(const struct fr_http_request *request, const char *name);

typedef void fr_http_handler(void *context, const struct fr_http_request *request);

/* "/api/login" or, with a final *, a prefix.  The longest match wins; a path without route: 404; a
 * known path with another method: 405 with Allow. */
struct fr_http_route {
    const char *method;
    const char *path;
    fr_http_handler *handler;
};

struct fr_ws_handlers {
    const char *path;        /* "/chat/socket" */
    const char *subprotocol; /* required of the client: "filrouge.chat.1" */
    /* Decide before the upgrade: FR_OK takes it, else the HTTP status to refuse with goes to
     * *status. */
    enum fr_error (*open)(void *context, const struct fr_http_request *request, int *status);
    void (*opened)(void *context, uint64_t id); /* same id as the request's in open */
    /* A whole message, valid UTF-8. */
    void (*text)(void *context, uint64_t id, struct fr_slice text);
    void (*closed)(void *context, uint64_t id); /* once for every `open` that said FR_OK, also when
                                                   the client left before `opened` */
};

struct fr_http_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080", or ":8080" for every address */
    const struct fr_http_route *routes;   /* ends with { NULL }; borrowed until the stop */
    const struct fr_ws_handlers *sockets; /* likewise; or NULL */
    void *context;                        /* given to every handler */
    const char *static_dir; /* files served where no route matches; or NULL.  index.html for '/';
                               types by ending; ETag, immutable caching for hashed asset names */
    const char *security_headers; /* extra header lines for pages ("content-security-policy: ..."),
                                     or NULL */
    size_t body_size_max;         /* default 64 KiB: over it 413, before storing */
    size_t message_size_max;      /* WebSocket message, default 64 KiB: closed with 1009 */
    size_t send_queue_size_max; /* bytes queued to one WebSocket, default 1 MiB: closed with 1013 */
    unsigned connection_max;    /* default 4096; over it 503 */
    unsigned connection_per_peer_max; /* 0: no limit (services: 256), over it 429 */
    struct fr_span request_timeout;   /* to send head and body, default 10 s: 408 */
    struct fr_span answer_timeout;    /* for the handler to answer, default 30 s: 504 */
    struct fr_span idle_timeout; /* keep-alive and WebSocket without a word, default 75 s (pings
                                    every third of it) */
    const char *trusted_proxies; /* addresses or networks (10.0.0.0/8), blank-separated,
                                    whose X-Forwarded-For counts */
    bool allow_any_origin;       /* answer CORS preflights and add access-control-allow-origin: *;
                                    when false, a WebSocket's Origin must be the Host it calls */
};

/* Binds and starts the thread.  FR_EXISTS: the address is in use; FR_INVALID: it is none. */
enum fr_error fr_http_start(const struct fr_http_options *options, struct fr_http **out);
/* Stops accepting, answers what is under way with 503 after `grace`, joins.  Calls of
 * fr_http_call() made before it run; those of fr_http_call_later() whose time has not come do not.
 * Once it returns nobody may use `http` any more. */
void fr_http_stop(struct fr_http **http, struct fr_span grace);
/* The port really bound (useful with ":0"). */
int fr_http_port(const struct fr_http *http);

/* Thread safe, each at most once per request (the first counts).  `headers` are extra lines
 * separated by \n, or NULL; `type` e.g. "application/json".  Everything is copied.  A header with a
 * CR or another control character, or one that is ours to write (content-length, connection...),
 * turns the answer into a 500; a value from outside must not hold the \n that separates lines, so
 * check it. */
void fr_http_answer(struct fr_http *http, uint64_t request, int status, const char *type,
                    const char *headers, struct fr_slice body);
void fr_http_answer_json(struct fr_http *http, uint64_t request, int status, const json_t *body);
/* {"error": code, "message": text}: the shape of every error; 503 and 429 get Retry-After: 1. */
void fr_http_answer_error(struct fr_http *http, uint64_t request, int status, const char *code,
                          const char *message);

/* Thread safe; copies.  FR_GONE when it has closed, FR_BUSY when its queue is full (it is then
 * closed: the client comes back and asks from where it was). */
enum fr_error fr_ws_send(struct fr_http *http, uint64_t id, struct fr_slice text);
enum fr_error fr_ws_send_json(struct fr_http *http, uint64_t id, const json_t *message);
void fr_ws_close(struct fr_http *http, uint64_t id, int code, const char *reason);

/* Run `call(context)` on the loop's thread, soon. */
void fr_http_call(struct fr_http *http, void (*call)(void *context), void *context);
/* ... after `delay` */
void fr_http_call_later(struct fr_http *http, struct fr_span delay, void (*call)(void *context),
                        void *context);

struct fr_http_stats {
    uint64_t requests, answers_4xx, answers_5xx, refused_connections, messages_in, messages_out;
    uint32_t connections, sockets;
};
void fr_http_stats(const struct fr_http *http, struct fr_http_stats *stats);

/* Strict JSON from outside: valid UTF-8, an object, at most `size_max` bytes and `depth_max` levels
 * (checked before parsing), no duplicate keys.  NULL with a sentence for the sender in
 * message[message_size]. */
json_t *fr_json_read(struct fr_slice text, size_t size_max, int depth_max, char *message,
                     size_t message_size);
/* Every key of `object` must be among the blank-separated `known`: false names the stranger in
 * message. */
bool fr_json_known(const json_t *object, const char *known, char *message, size_t message_size);

#endif
