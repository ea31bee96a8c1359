/* http.c - start, the loop, stop. */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "common/base/log.h"
#include "common/http/private.h"

#define EVENTS_MAX 256
#define LINGER_SPAN 2   /* seconds that a client may take to read our last word */
#define CLOSE_SPAN 5    /* ... and a WebSocket to agree that it is over */
#define FAREWELL_MS 500 /* at the end of `grace`, for the last answers to leave */

/* ---- options ---- */

static struct fr_span
or_seconds(struct fr_span span, int64_t seconds)
{
    return span.us > 0 ? span : fr_seconds(seconds);
}

static size_t
or_size(size_t size, size_t otherwise)
{
    return size > 0 ? size : otherwise;
}

static bool
copy_options(struct fr_http *http, const struct fr_http_options *given)
{
    struct fr_http_options *options = &http->options;
    static const char common[] = "x-content-type-options: nosniff\nreferrer-policy: same-origin";
    static const char any_origin[] =
        "x-content-type-options: nosniff\nreferrer-policy: same-origin\n"
        "access-control-allow-origin: *";
    static const struct fr_http_route no_routes[] = {{NULL, NULL, NULL}};

    *options = *given;
    options->static_dir = options->security_headers = options->listen = options->trusted_proxies =
        NULL;
    if (options->routes == NULL)
        options->routes = no_routes;
    if (options->sockets == NULL)
        options->sockets = &http->no_sockets;
    options->body_size_max = or_size(given->body_size_max, 64 << 10);
    options->message_size_max = or_size(given->message_size_max, 64 << 10);
    options->send_queue_size_max = or_size(given->send_queue_size_max, 1 << 20);
    if (options->connection_max == 0)
        options->connection_max = 4096;
    options->request_timeout = or_seconds(given->request_timeout, 10);
    options->answer_timeout = or_seconds(given->answer_timeout, 30);
    options->idle_timeout = or_seconds(given->idle_timeout, 75);
    http->common_headers = fr_http_header_lines(given->allow_any_origin ? any_origin : common);
    if (given->security_headers != NULL) {
        http->page_headers = fr_http_header_lines(given->security_headers);
        if (http->page_headers == NULL)
            return false;
    }
    if (given->static_dir != NULL)
        options->static_dir = realpath(given->static_dir, NULL);
    return http->common_headers != NULL &&
           (given->static_dir == NULL || options->static_dir != NULL) &&
           options->connection_max <= SLOT_MASK - REFUSED_MAX;
}

static void
set_spans(struct fr_http *http)
{
    int64_t *span_us = http->timers.span_us;

    span_us[WAIT_REQUEST] = http->options.request_timeout.us;
    span_us[WAIT_ANSWER] = http->options.answer_timeout.us;
    span_us[WAIT_IDLE] = http->options.idle_timeout.us;
    span_us[WAIT_PING] = http->options.idle_timeout.us / 3;
    span_us[WAIT_LINGER] = fr_seconds(LINGER_SPAN).us;
    span_us[WAIT_CLOSE] = fr_seconds(CLOSE_SPAN).us;
}

/* As many descriptors as connections are allowed, where the hard limit lets us.  And not a thousand
 * million, as some container runtimes have it: libwebsockets then takes its table for 2560. */
static void
raise_descriptor_limit(unsigned connection_max)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connection_max + REFUSED_MAX + 256;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_cur > 1 << 20)
        limit.rlim_cur = 1 << 20;
    if (limit.rlim_cur < wanted)
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        fr_log(FR_WARN, "limited", "what=descriptors have=%llu want=%llu",
               (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

/* ---- the loop ---- */

static void
serve_edges(struct fr_http *http)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(http->epoll, events, EVENTS_MAX, 0);

    for (int i = 0; i < count; i++) {
        struct connection *connection;

        if (events[i].data.u64 == KEY_LISTEN) {
            fr_http_accept(http);
        } else if (events[i].data.u64 == KEY_TIMER) {
            fr_http_timers_fired(http);
        } else {
            connection = fr_http_connection_find(http, events[i].data.u64);
            if (connection != NULL && connection->fd >= 0)
                fr_http_connection_event(connection, events[i].events);
        }
    }
}

static void
run_timers(struct fr_http *http)
{
    struct deadline *deadline;
    struct later later;

    while ((deadline = fr_http_due(http)) != NULL) {
        enum patience patience = deadline->patience;

        fr_http_wait(http, deadline, WAIT_NONE);
        fr_http_connection_late(lws_container_of(deadline, struct connection, deadline), patience);
    }
    while (fr_http_later_due(http, &later))
        later.function(later.context);
}

static void
begin_stop(struct fr_http *http, struct fr_span grace)
{
    http->stopping = true;
    http->stop_due.us = http->now.us + (grace.us > 0 ? grace.us : 0);
    fr_http_listen_end(http);
    fr_http_connections_stop(http, false);
}

static void
call(struct fr_http *http, const struct letter *letter)
{
    if (letter->call.due.us == 0)
        letter->call.function(letter->call.context);
    else
        fr_assert(
            fr_http_later_add(http, letter->call.due, letter->call.function, letter->call.context));
}

/* Takes the letter. */
static void
deliver(struct fr_http *http, struct letter *letter)
{
    struct connection *connection = fr_http_connection_find(http, letter->id);
    bool is_socket = connection != NULL && connection->state == CONNECTION_SOCKET;

    switch (letter->kind) {
    case LETTER_ANSWER:
        if (connection != NULL && connection->state == CONNECTION_WAITING) {
            fr_http_send(connection, letter);
            return;
        }
        break; /* he has left, or was answered already */
    case LETTER_TEXT:
        if (is_socket) {
            fr_http_socket_text(connection, letter);
            return;
        }
        break;
    case LETTER_CLOSE:
        if (is_socket)
            fr_http_socket_shut(connection, letter->close.code, letter->bytes,
                                letter->close.at_once);
        break;
    case LETTER_CALL:
        call(http, letter);
        break;
    case LETTER_STOP:
        begin_stop(http, letter->grace);
        break;
    }
    free(letter);
}

/* One pass: what these letters lead to (the next pipelined request, say) waits for the next turn.
 */
static void
deliver_all(struct fr_http *http)
{
    struct letters ours = http->outbox, theirs;
    struct letter *letter;

    fr_http_mailbox_grab(&http->mailbox, &theirs);
    if (ours.first != NULL)
        fr_http_letters_init(&http->outbox);
    while (ours.first != NULL && (letter = fr_http_letters_take(&ours)) != NULL)
        deliver(http, letter);
    while (theirs.first != NULL && (letter = fr_http_letters_take(&theirs)) != NULL)
        deliver(http, letter);
}

/* After `grace` everybody is told; a little later we go, told or not. */
static bool
is_over(struct fr_http *http)
{
    if (!http->stopping)
        return false;
    if (http->open_count == 0)
        return true;
    if (http->now.us < http->stop_due.us)
        return false;
    if (http->stop_now)
        return true;
    http->stop_now = true;
    http->stop_due.us = http->now.us + fr_millis(FAREWELL_MS).us;
    fr_http_connections_stop(http, true);
    return false;
}

static void *
run(void *argument)
{
    struct fr_http *http = argument;
    bool waiting;

    do {
        fr_http_timers_arm(http);
        atomic_store(&http->mailbox.asleep, true);
        waiting = http->outbox.first != NULL || atomic_load(&http->mailbox.filled);
        lws_service(http->lws, waiting ? -1 : 0); /* -1: look, and do not wait */
        atomic_store(&http->mailbox.asleep, false);
        http->now = fr_time_monotonic();
        if (http->edge_ready)
            serve_edges(http);
        http->edge_ready = false;
        run_timers(http);
        deliver_all(http);
    } while (!is_over(http));
    fr_http_mailbox_close(&http->mailbox);
    lws_context_destroy(http->lws); /* what is still open closes, and its handlers hear of it */
    http->lws = NULL;
    return NULL;
}

/* ---- start and stop ---- */

static void
http_free(struct fr_http **http)
{
    struct fr_http *h = *http;
    struct letter *letter;

    if (h->lws != NULL)
        lws_context_destroy(h->lws);
    for (uint32_t slot = 0; slot < h->slots_used; slot++) {
        if (h->connections[slot]->state != CONNECTION_FREE)
            fr_http_connection_close(h->connections[slot]);
        free(h->connections[slot]);
    }
    fr_http_listen_end(h);
    if (h->timers.fd >= 0)
        close(h->timers.fd);
    if (h->epoll >= 0 && !h->epoll_given)
        close(h->epoll);
    while (h->outbox.first != NULL && (letter = fr_http_letters_take(&h->outbox)) != NULL)
        free(letter);
    if (h->mailbox.sockets != NULL)
        fr_http_mailbox_fini(&h->mailbox);
    fr_http_limits_fini(&h->limits);
    free(h->connections);
    free(h->timers.later);
    free(h->protocols);
    free(h->query.text);
    free(h->cookies.text);
    free(h->common_headers);
    free(h->page_headers);
    free((char *)h->options.static_dir);
    free(h);
    *http = NULL;
}

static bool
make_room(struct fr_http *http)
{
    struct epoll_event timer = {.events = EPOLLIN, .data.u64 = KEY_TIMER};

    fr_http_letters_init(&http->outbox);
    http->slot_count = http->options.connection_max + REFUSED_MAX;
    http->connections = calloc(http->slot_count, sizeof(struct connection *));
    http->now = fr_time_monotonic();
    http->epoll = epoll_create1(EPOLL_CLOEXEC);
    http->timers.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    set_spans(http);
    return http->connections != NULL && fr_http_mailbox_init(&http->mailbox, http->slot_count) &&
           http->epoll >= 0 && http->timers.fd >= 0 &&
           epoll_ctl(http->epoll, EPOLL_CTL_ADD, http->timers.fd, &timer) == 0;
}

static enum fr_error
prepare(struct fr_http *http, const struct fr_http_options *options)
{
    enum fr_error err = FR_OK;

    if (!copy_options(http, options))
        return FR_INVALID;
    err = fr_http_limits_init(&http->limits, options->trusted_proxies);
    if (err != FR_OK)
        return err;
    raise_descriptor_limit(http->options.connection_max);
    if (!make_room(http))
        return FR_NO_MEMORY;
    err = fr_http_listen(http, options->listen);
    if (err != FR_OK)
        return err;
    return fr_http_sockets_start(http) ? FR_OK : FR_NO_MEMORY;
}

/* Signals are for the thread that wants them, and that is never this one. */
static bool
start_thread(struct fr_http *http)
{
    sigset_t all, before;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    started = pthread_create(&http->thread, NULL, run, http) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

enum fr_error
fr_http_start(const struct fr_http_options *options, struct fr_http **out)
{
    struct fr_http *http = calloc(1, sizeof(*http));
    enum fr_error err;

    if (http == NULL)
        return FR_NO_MEMORY;
    http->epoll = http->listen_fd = http->spare_fd = http->timers.fd = -1;
    err = prepare(http, options);
    *out = http; /* before the thread runs: the first request may be there at once */
    if (err == FR_OK && !start_thread(http))
        err = FR_NO_MEMORY;
    if (err != FR_OK) {
        *out = NULL;
        http_free(&http);
        return err;
    }
    fr_log(FR_INFO, "listening", "address=%s port=%d", options->listen, http->port);
    return FR_OK;
}

void
fr_http_stop(struct fr_http **http, struct fr_span grace)
{
    struct letter *letter;

    if (*http == NULL)
        return;
    letter = fr_http_letter_new(LETTER_STOP, 0, 0);
    fr_assert(letter != NULL);
    letter->grace = grace;
    fr_http_post(*http, letter);
    pthread_join((*http)->thread, NULL);
    http_free(http);
}

int
fr_http_port(const struct fr_http *http)
{
    return http->port;
}

void
fr_http_stats(const struct fr_http *http, struct fr_http_stats *stats)
{
    const struct counters *counters = &http->counters;

    *stats = (struct fr_http_stats){
        .requests = atomic_load(&counters->requests),
        .answers_4xx = atomic_load(&counters->answers_4xx),
        .answers_5xx = atomic_load(&counters->answers_5xx),
        .refused_connections = atomic_load(&counters->refused_connections),
        .messages_in = atomic_load(&counters->messages_in),
        .messages_out = atomic_load(&counters->messages_out),
        .connections = atomic_load(&counters->connections),
        .sockets = atomic_load(&counters->sockets),
    };
}
