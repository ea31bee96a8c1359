/* request.c - from a complete head to the handler: which route, who asks, with which arguments. */
#include <stdlib.h>
#include "common/http/private.h"

void
fr_http_refuse(struct connection *connection, int status, const char *code, const char *message)
{
    struct fr_http *http = connection->http;
    struct letter *letter;

    if (connection->id == 0 || connection->state == CONNECTION_READING)
        connection->id = fr_http_next_id(http, connection->slot);
    if (!connection->head_done || connection->head.content_length > 0 || connection->head.chunked)
        connection->close_after =
            true; /* where the next request starts is not known, or far away */
    connection->state = CONNECTION_WAITING;
    fr_http_wait(http, &connection->deadline, WAIT_IDLE);
    letter = fr_http_error_new(http, connection->id, status, code, message, NULL);
    if (letter == NULL)
        fr_http_connection_close(connection);
    else
        fr_http_letters_add(&http->outbox, letter);
}

static void
answer_here(struct connection *connection, int status, const char *headers, const char *code,
            const char *message)
{
    struct fr_http *http = connection->http;
    struct letter *letter;

    connection->state = CONNECTION_WAITING;
    fr_http_wait(http, &connection->deadline, WAIT_IDLE);
    if (connection->head.content_length > 0 || connection->head.chunked)
        connection->close_after = true;
    letter = code == NULL ? fr_http_answer_new(http, connection->id, status, NULL, headers,
                                               fr_slice(NULL, 0))
                          : fr_http_error_new(http, connection->id, status, code, message, headers);
    if (letter == NULL)
        fr_http_connection_close(connection);
    else
        fr_http_letters_add(&http->outbox, letter);
}

/* ---- routes ---- */

/* How much of `path` does the route's pattern match?  0: it does not. */
static size_t
match(const char *pattern, const char *path)
{
    size_t size = strlen(pattern);

    if (size > 0 && pattern[size - 1] == '*')
        return strncmp(pattern, path, size - 1) == 0 ? size : 0;
    return strcmp(pattern, path) == 0 ? size + 1 : 0; /* exact beats a prefix that is as long */
}

static size_t
longest_match(const struct fr_http *http, const char *path)
{
    size_t best = 0;

    for (const struct fr_http_route *route = http->options.routes; route->method != NULL; route++) {
        size_t size = match(route->path, path);

        if (size > best)
            best = size;
    }
    return best;
}

static const struct fr_http_route *
find_route(const struct fr_http *http, const char *method, const char *path, size_t best)
{
    const struct fr_http_route *route = http->options.routes;

    while (route->method != NULL &&
           (match(route->path, path) != best || strcmp(route->method, method) != 0))
        route++;
    return route->method == NULL ? NULL : route;
}

/* "GET, HEAD, POST": what the path answers to.  Returns text. */
static const char *
write_methods(const struct fr_http *http, const char *path, size_t best, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (const struct fr_http_route *route = http->options.routes; route->method != NULL; route++) {
        bool get = strcmp(route->method, "GET") == 0;

        if (match(route->path, path) == best && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s%s", used > 0 ? ", " : "",
                                     route->method, get ? ", HEAD" : "");
    }
    return text;
}

/* A browser asks before it sends a request of another origin (the Fetch standard, CORS preflight).
 */
static bool
answer_preflight(struct connection *connection, const char *head, const char *path, size_t best)
{
    const char *wanted =
        fr_http_head_value(head, &connection->head, "access-control-request-headers");
    char methods[128], headers[512];

    if (!connection->http->options.allow_any_origin || best == 0 ||
        fr_http_head_value(head, &connection->head, "origin") == NULL ||
        fr_http_head_value(head, &connection->head, "access-control-request-method") == NULL)
        return false;
    if (wanted == NULL || strlen(wanted) > 256)
        wanted = "content-type";
    snprintf(headers, sizeof(headers),
             "access-control-allow-methods: %s\naccess-control-allow-headers: %s\n"
             "access-control-max-age: 600",
             write_methods(connection->http, path, best, methods, sizeof(methods)), wanted);
    answer_here(connection, 204, headers, NULL, NULL);
    return true;
}

/* No route takes this request. */
static void
answer_unrouted(struct connection *connection, const char *head, const char *path, size_t best)
{
    const char *method = head + connection->head.method;
    bool get = connection->head_only || strcmp(method, "GET") == 0;
    char methods[128], allow[160];

    if (strcmp(method, "OPTIONS") == 0 && answer_preflight(connection, head, path, best))
        return;
    if (best > 0) {
        snprintf(allow, sizeof(allow), "allow: %s",
                 write_methods(connection->http, path, best, methods, sizeof(methods)));
        answer_here(connection, 405, allow, "method_not_allowed",
                    "This path does not take that method.");
    } else if (!get || !fr_http_static_find(connection, path, head)) {
        answer_here(connection, 404, NULL, "not_found", "There is nothing at this path.");
    }
}

/* A prefix that matches and asks for nothing else: the WebSocket's own path, without an upgrade. */
static const struct fr_ws_handlers *
find_socket(const struct fr_http *http, const char *path)
{
    const struct fr_ws_handlers *handlers = http->options.sockets;

    while (handlers->path != NULL && strcmp(handlers->path, path) != 0)
        handlers++;
    return handlers->path == NULL ? NULL : handlers;
}

enum request_course
fr_http_request_begin(struct connection *connection, char *head)
{
    struct fr_http *http = connection->http;
    const struct head *parsed = &connection->head;
    const char *path = head + parsed->path, *method = head + parsed->method;
    const struct fr_ws_handlers *handlers = find_socket(http, path);
    size_t best = longest_match(http, path);

    COUNT(http, requests, 1);
    connection->id = fr_http_next_id(http, connection->slot);
    connection->close_after = !parsed->keep_alive || http->stopping;
    connection->head_only = strcmp(method, "HEAD") == 0;
    if (handlers != NULL && (parsed->upgrade_websocket || best == 0))
        return fr_http_socket_begin(connection, head, handlers);
    connection->route = best == 0 ? NULL : find_route(http, method, path, best);
    if (connection->route == NULL && connection->head_only && best > 0)
        connection->route = find_route(http, "GET", path, best);
    if (connection->route == NULL) {
        answer_unrouted(connection, head, path, best);
        return REQUEST_DONE;
    }
    if (parsed->content_length > (int64_t)http->options.body_size_max) {
        answer_here(connection, 413, NULL, "too_big", "The body is too big.");
        return REQUEST_DONE;
    }
    return REQUEST_BODY;
}

/* ---- the request as the handler sees it ---- */

/* The last element of X-Forwarded-For is what our own proxy saw; those before it anybody can write.
 */
static const char *
forwarded_for(struct connection *connection, const char *head, char *text, size_t size)
{
    const char *value = NULL, *comma;
    struct in6_addr address;
    size_t value_size;

    for (unsigned i = 0; i < connection->head.header_count; i++)
        if (strcmp(head + connection->head.headers[i].name, "x-forwarded-for") == 0)
            value = head + connection->head.headers[i].value;
    if (value == NULL)
        return connection->peer_text;
    comma = strrchr(value, ',');
    value = comma == NULL ? value : comma + 1;
    value += strspn(value, " \t");
    value_size = strcspn(value, " \t");
    if (value_size >= size || !fr_http_address_parse(value, value_size, &address))
        return connection->peer_text;
    memcpy(text, value, value_size);
    text[value_size] = '\0';
    return text;
}

void
fr_http_request_fill(struct connection *connection, char *head, struct fr_http_request *request)
{
    struct fr_http *http = connection->http;
    const struct fr_http_route *route = connection->route;
    const char *path = head + connection->head.path;

    *request = (struct fr_http_request){
        .id = connection->id,
        .method = connection->head_only ? "GET" : head + connection->head.method,
        .path = path,
        .rest = "",
        .body = fr_slice(head + connection->head.size, connection->body_size),
        .peer = connection->peer_text,
        .private_state = connection,
    };
    if (route != NULL && route->path[strlen(route->path) - 1] == '*')
        request->rest = path + strlen(route->path) - 1;
    if (connection->trusted)
        request->peer = forwarded_for(connection, head, http->peer_text, sizeof(http->peer_text));
    http->request_head = head;
    http->query.id = http->cookies.id = 0;
}

void
fr_http_request_dispatch(struct connection *connection, char *head, size_t body_size)
{
    struct fr_http *http = connection->http;
    struct fr_http_request request;

    connection->body_size = body_size;
    connection->state = CONNECTION_WAITING;
    fr_http_wait(http, &connection->deadline, WAIT_ANSWER);
    fr_http_request_fill(connection, head, &request);
    connection->route->handler(http->options.context, &request);
    http->request_head = NULL;
}

static const struct connection *
of(const struct fr_http_request *request)
{
    return request->private_state;
}

const char *
fr_http_header(const struct fr_http_request *request, const char *name)
{
    return fr_http_head_value(of(request)->http->request_head, &of(request)->head, name);
}

/* ---- arguments ---- */

static bool
arguments_ready(struct arguments *arguments, uint64_t id)
{
    if (arguments->id == id)
        return true;
    if (arguments->text == NULL)
        arguments->text = malloc(HEAD_SIZE_MAX);
    arguments->count = 0;
    arguments->used = 0;
    arguments->id = arguments->text == NULL ? 0 : id;
    return false;
}

/* One "name=value": a name or value whose escapes are broken is taken as it stands. */
static void
add_argument(struct arguments *arguments, const char *pair, size_t size, bool plus)
{
    const char *equal = memchr(pair, '=', size);
    size_t name_size = equal == NULL ? size : (size_t)(equal - pair);
    const char *parts[2] = {pair, equal == NULL ? pair + size : equal + 1};
    size_t sizes[2] = {name_size, equal == NULL ? 0 : size - name_size - 1};
    char *out[2];

    if (size == 0 || arguments->text == NULL || arguments->count == ARGUMENT_COUNT_MAX ||
        arguments->used + size + 2 > HEAD_SIZE_MAX)
        return;
    for (int i = 0; i < 2; i++) {
        int n;

        out[i] = arguments->text + arguments->used;
        n = fr_http_decode(parts[i], sizes[i], plus, out[i]);
        if (n < 0) {
            memcpy(out[i], parts[i], sizes[i]);
            out[i][sizes[i]] = '\0';
            n = (int)sizes[i];
        }
        arguments->used += (size_t)n + 1;
    }
    arguments->list[arguments->count++] = (struct argument){out[0], out[1]};
}

static const char *
find_argument(const struct arguments *arguments, const char *name)
{
    for (unsigned i = 0; i < arguments->count; i++)
        if (strcmp(arguments->list[i].name, name) == 0)
            return arguments->list[i].value;
    return NULL;
}

const char *
fr_http_query(const struct fr_http_request *request, const char *name)
{
    struct fr_http *http = of(request)->http;
    const char *at = http->request_head + of(request)->head.query;

    if (of(request)->head.query == 0)
        return NULL;
    if (!arguments_ready(&http->query, request->id))
        while (*at != '\0') {
            size_t size = strcspn(at, "&");

            add_argument(&http->query, at, size, true);
            at += size + (at[size] == '&');
        }
    return find_argument(&http->query, name);
}

static void
add_cookies(struct arguments *cookies, const char *at)
{
    while (*at != '\0') {
        const char *equal;
        size_t size;

        at += strspn(at, "; \t");
        size = strcspn(at, ";");
        equal = memchr(at, '=', size);
        if (equal != NULL && size >= (size_t)(equal - at) + 3 && equal[1] == '"' &&
            at[size - 1] == '"') {
            char unquoted[4096];

            if (size <= sizeof(unquoted)) {
                size_t name_size = (size_t)(equal + 1 - at);

                memcpy(unquoted, at, name_size);
                memcpy(unquoted + name_size, at + name_size + 1, size - name_size - 2);
                add_argument(cookies, unquoted, size - 2, false);
            }
        } else {
            add_argument(cookies, at, size, false);
        }
        at += size;
    }
}

const char *
fr_http_cookie(const struct fr_http_request *request, const char *name)
{
    struct fr_http *http = of(request)->http;
    const struct head *head = &of(request)->head;

    if (!arguments_ready(&http->cookies, request->id))
        for (unsigned i = 0; i < head->header_count; i++)
            if (strcmp(http->request_head + head->headers[i].name, "cookie") == 0)
                add_cookies(&http->cookies, http->request_head + head->headers[i].value);
    return find_argument(&http->cookies, name);
}
