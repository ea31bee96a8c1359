/* lmtp_server.c - the loop of the connections. */
#include "services/channel_email/lmtp_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "services/channel_email/counters.h"
#include "services/channel_email/lmtp.h"
#include "services/channel_email/lmtp_private.h"

#define READ_SIZE 65536
#define EVENTS_MAX 64
#define TICK_MS 250

/* ---- what the dialogue asks ---- */

static bool
call_recipient(void *context, const char *address, unsigned *account)
{
    struct email_connection *connection = context;

    if (connection->rules == NULL)
        connection->rules = email_intake_rules(connection->server->intake);
    return email_rules_account(connection->rules, address, account);
}

static bool
call_room(void *context, int64_t bytes)
{
    struct email_server *server = ((struct email_connection *)context)->server;

    if (bytes > 0 && server->memory + bytes > server->memory_max)
        return false;
    server->memory += bytes;
    return true;
}

static bool
call_pressed(void *context)
{
    struct email_connection *connection = context;
    bool pressed = connection->server->memory > connection->server->memory_max / 10 * 9;

    if (pressed)
        fr_process_count(connection->server->intake->process, EMAIL_COUNT_LMTP_BUSY, 1);
    return pressed;
}

static void
call_mail(void *context, const struct email_lmtp_mail *mail)
{
    struct email_connection *connection = context;

    connection->job = email_server_job(connection, mail);
    email_server_give(connection->server, connection->job);
}

static const struct email_lmtp_calls calls = {call_recipient, call_room, call_pressed, call_mail};

/* ---- connections ---- */

static void
close_connection(struct email_connection *connection)
{
    struct email_server *server = connection->server;

    if (connection->fd >= 0) {
        close(connection->fd);
        connection->fd = -1;
        server->connection_count--;
    }
    if (connection->job != NULL)
        return; /* its bytes are still looked at; on_done comes back to it */
    fr_process_count(server->intake->process, EMAIL_COUNT_LMTP_NO,
                     email_lmtp_refused(connection->lmtp));
    email_lmtp_free(&connection->lmtp);
    if (connection->rules != NULL)
        email_intake_release(server->intake, &connection->rules);
    *connection->at = connection->next;
    if (connection->next != NULL)
        connection->next->at = connection->at;
    free(connection->input);
    free(connection);
}

static void
want(struct email_connection *connection)
{
    bool reads = !email_lmtp_waits(connection->lmtp) && !email_lmtp_over(connection->lmtp);
    bool writes = email_lmtp_output(connection->lmtp).size > 0;
    struct epoll_event event = {.events = (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u),
                                .data.ptr = connection};

    epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Returns false when the connection is gone. */
static bool
flush(struct email_connection *connection)
{
    for (;;) {
        struct fr_slice out = email_lmtp_output(connection->lmtp);
        ssize_t sent;

        if (out.size == 0)
            break;
        sent = send(connection->fd, out.data, out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (sent < 0)
            return false;
        email_lmtp_sent(connection->lmtp, (size_t)sent);
    }
    return !email_lmtp_over(connection->lmtp);
}

/* What was read and not looked at yet (a mail before it waited) comes first. */
static void
digest(struct email_connection *connection)
{
    bool was_in_data = email_lmtp_in_data(connection->lmtp);
    size_t used = email_lmtp_feed(connection->lmtp,
                                  fr_slice(connection->input + connection->input_start,
                                           connection->input_end - connection->input_start));

    connection->input_start += used;
    if (connection->input_start == connection->input_end)
        connection->input_start = connection->input_end = 0;
    connection->heard_us = fr_time_monotonic().us;
    if (email_lmtp_in_data(connection->lmtp) && !was_in_data)
        connection->data_since_us = connection->heard_us;
    if (email_lmtp_idle(connection->lmtp) && connection->rules != NULL)
        email_intake_release(connection->server->intake, &connection->rules);
}

static void
go_on(struct email_connection *connection)
{
    if (!flush(connection)) {
        close_connection(connection);
        return;
    }
    want(connection);
}

static void
hear(struct email_connection *connection)
{
    ssize_t got;

    if (connection->input_end > 0) { /* it waits: nothing is read meanwhile */
        go_on(connection);
        return;
    }
    got = recv(connection->fd, connection->input, READ_SIZE, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        close_connection(connection);
        return;
    }
    if (got > 0) {
        connection->input_end = (size_t)got;
        digest(connection);
    }
    go_on(connection);
}

/* ---- newcomers ---- */

static const char *
turn_away(struct email_server *server, int fd)
{
    if (!email_server_peer_allowed(server, fd))
        return "421 4.7.1 you are not among the peers of this server";
    if (server->connection_count >= server->connections_max)
        return "421 4.3.2 too many connections, please come again";
    return NULL;
}

static struct email_connection *
new_connection(struct email_server *server, int fd)
{
    struct email_connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL)
        return NULL;
    *connection = (struct email_connection){.server = server, .fd = fd};
    connection->input = malloc(READ_SIZE);
    connection->lmtp = email_lmtp_new(&calls, connection, &server->limits);
    if (connection->input == NULL || connection->lmtp == NULL) {
        email_lmtp_free(&connection->lmtp);
        free(connection->input);
        free(connection);
        return NULL;
    }
    connection->heard_us = fr_time_monotonic().us;
    connection->next = server->connections;
    connection->at = &server->connections;
    if (connection->next != NULL)
        connection->next->at = &connection->next;
    server->connections = connection;
    server->connection_count++;
    return connection;
}

static void
welcome(struct email_server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    struct email_connection *connection;
    const char *why;

    if (fd < 0)
        return;
    why = turn_away(server, fd);
    connection = new_connection(server, fd);
    if (connection == NULL) {
        close(fd);
        return;
    }
    fr_process_count(server->intake->process,
                     why == NULL ? EMAIL_COUNT_CONNECTED : EMAIL_COUNT_TURNED_AWAY, 1);
    email_lmtp_greet(connection->lmtp, why);
    event.data.ptr = connection;
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        close_connection(connection);
    else
        go_on(connection);
}

/* ---- time ---- */

static void
look_at_clocks(struct email_server *server)
{
    int64_t now_us = fr_time_monotonic().us;
    struct email_connection *next;

    for (struct email_connection *connection = server->connections; connection != NULL;
         connection = next) {
        bool in_data = email_lmtp_in_data(connection->lmtp);

        next = connection->next;
        if (connection->fd < 0 || connection->job != NULL)
            continue;
        if (now_us - connection->heard_us < server->idle_us &&
            !(in_data && now_us - connection->data_since_us >= server->mail_us))
            continue;
        (void)!send(connection->fd, "421 4.4.2 timeout\r\n", 19, MSG_NOSIGNAL | MSG_DONTWAIT);
        close_connection(connection);
    }
}

/* ---- outcomes ---- */

static void
take_outcomes(struct email_server *server)
{
    struct email_job *job, *next;
    uint64_t rings;

    (void)!read(server->wake, &rings, sizeof(rings));
    for (job = email_server_done(server); job != NULL; job = next) {
        struct email_connection *connection = job->connection;

        next = job->next;
        connection->job = NULL;
        if (connection->fd >= 0)
            email_lmtp_answered(connection->lmtp, email_server_lines(server, job));
        email_server_job_free(&job);
        if (connection->fd < 0) {
            close_connection(connection);
            continue;
        }
        digest(connection); /* what was pipelined behind the mail */
        go_on(connection);
    }
}

/* ---- the loop ---- */

static void
one_round(struct email_server *server)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(server->epoll, events, EVENTS_MAX, TICK_MS);
    bool outcomes = false, newcomers = false;

    for (int i = 0; i < count; i++) {
        struct email_connection *connection = events[i].data.ptr;

        if (events[i].data.ptr == &server->wake)
            outcomes = true;
        else if (events[i].data.ptr == &server->listener)
            newcomers = true;
        else if (events[i].events & (EPOLLERR | EPOLLHUP))
            close_connection(connection);
        else if (events[i].events & EPOLLIN)
            hear(connection);
        else
            go_on(connection);
    }
    /* Only now: they free connections that an event above may have named. */
    if (outcomes)
        take_outcomes(server);
    for (int i = 0; newcomers && i < EVENTS_MAX; i++)
        welcome(server);
}

void *
email_server_loop(void *context)
{
    struct email_server *server = context;
    int64_t looked_us = 0;

    while (!atomic_load(&server->stopping)) {
        one_round(server);
        if (fr_time_monotonic().us - looked_us >= TICK_MS * 1000) {
            look_at_clocks(server);
            looked_us = fr_time_monotonic().us;
        }
    }
    for (struct email_connection *connection = server->connections, *next; connection != NULL;
         connection = next) {
        next = connection->next;
        close_connection(connection);
    }
    return NULL;
}
