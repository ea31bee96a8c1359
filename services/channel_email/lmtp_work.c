/* lmtp_work.c - the LMTP server's workers, the outcomes of mails, and its beginning and end. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "services/channel_email/counters.h"
#include "services/channel_email/lmtp_private.h"
#include "services/channel_email/lmtp_server.h"

/* ---- a mail, per account ---- */

void
email_server_job_free(struct email_job **job)
{
    free((*job)->deliveries);
    free((*job)->delivery_of);
    free((*job)->recipients);
    free((*job)->lines);
    free((*job)->line_list);
    free(*job);
    *job = NULL;
}

static void *
rows(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    fr_assert(memory != NULL); /* a few kilobytes: the mail itself was the large part */
    return memory;
}

/* Recipients of one account share a delivery: it is one mail for them. */
static void
sort_recipients(struct email_job *job, const struct email_lmtp_mail *mail)
{
    size_t used = 0;

    for (size_t i = 0; i < mail->recipient_count; i++) {
        size_t d = 0;

        while (d < job->mail.delivery_count &&
               job->deliveries[d].account != mail->recipients[i].account)
            d++;
        if (d == job->mail.delivery_count)
            job->deliveries[job->mail.delivery_count++].account = mail->recipients[i].account;
        job->delivery_of[i] = (unsigned)d;
    }
    for (size_t d = 0; d < job->mail.delivery_count; d++) {
        job->deliveries[d].recipients = job->recipients + used;
        for (size_t i = 0; i < mail->recipient_count; i++)
            if (job->delivery_of[i] == d) {
                job->recipients[used++] = mail->recipients[i].address;
                job->deliveries[d].recipient_count++;
            }
    }
}

static void on_done(struct email_intake_mail *mail);

struct email_job *
email_server_job(struct email_connection *connection, const struct email_lmtp_mail *mail)
{
    struct email_job *job = rows(1, sizeof(*job));

    job->connection = connection;
    job->recipient_count = mail->recipient_count;
    job->deliveries = rows(mail->recipient_count, sizeof(*job->deliveries));
    job->delivery_of = rows(mail->recipient_count, sizeof(*job->delivery_of));
    job->recipients = rows(mail->recipient_count, sizeof(*job->recipients));
    job->lines = rows(mail->recipient_count, sizeof(*job->lines));
    job->line_list = rows(mail->recipient_count, sizeof(*job->line_list));
    job->mail = (struct email_intake_mail){.intake = connection->server->intake,
                                           .rules = connection->rules,
                                           .bytes = mail->bytes,
                                           .way = FR__EMAIL_WAY__BY_LMTP,
                                           .received = fr_time_wall(),
                                           .sender = mail->sender,
                                           .deliveries = job->deliveries,
                                           .done = on_done,
                                           .context = job};
    sort_recipients(job, mail);
    return job;
}

static void
line_of(struct email_server *server, const struct email_delivery *delivery, char *line, size_t size)
{
    switch (delivery->error) {
    case FR_OK:
        snprintf(line, size, "250 2.0.0 taken");
        return;
    case FR_BUSY:
    case FR_FULL:
    case FR_GONE:
    case FR_NO_MEMORY:
        fr_process_count(server->intake->process, EMAIL_COUNT_LMTP_BUSY, 1);
        snprintf(line, size, "451 4.3.2 we cannot take mail right now, please come again");
        return;
    case FR_REJECTED: /* its account went while it was under way: the MTA will hear so next time */
        snprintf(line, size, "451 4.3.5 %s", delivery->reason);
        return;
    default:
        fr_log(FR_ERROR, "mail_not_taken", "error=%s", fr_error_name(delivery->error));
        snprintf(line, size, "451 4.3.0 something went wrong here, please come again");
    }
}

const char *const *
email_server_lines(struct email_server *server, struct email_job *job)
{
    for (size_t i = 0; i < job->recipient_count; i++) {
        line_of(server, &job->deliveries[job->delivery_of[i]], job->lines[i],
                sizeof(job->lines[i]));
        job->line_list[i] = job->lines[i];
    }
    return job->line_list;
}

/* ---- between the threads ---- */

void
email_server_give(struct email_server *server, struct email_job *job)
{
    pthread_mutex_lock(&server->lock);
    *server->todo_last = job;
    server->todo_last = &job->next;
    server->under_way++;
    pthread_cond_signal(&server->more);
    pthread_mutex_unlock(&server->lock);
}

/* On the stage's thread, or a worker's. */
static void
on_done(struct email_intake_mail *mail)
{
    struct email_job *job = mail->context;
    struct email_server *server = job->connection->server;
    uint64_t one = 1;

    pthread_mutex_lock(&server->lock);
    job->next = server->done;
    server->done = job;
    (void)!write(server->wake, &one, sizeof(one));
    if (--server->under_way == 0)
        pthread_cond_signal(&server->quiet);
    pthread_mutex_unlock(&server->lock);
}

struct email_job *
email_server_done(struct email_server *server)
{
    struct email_job *all;

    pthread_mutex_lock(&server->lock);
    all = server->done;
    server->done = NULL;
    pthread_mutex_unlock(&server->lock);
    return all;
}

static struct email_job *
next_job(struct email_server *server)
{
    struct email_job *job;

    pthread_mutex_lock(&server->lock);
    while (server->todo == NULL && !atomic_load(&server->stopping))
        pthread_cond_wait(&server->more, &server->lock);
    job = server->todo;
    if (job != NULL) {
        server->todo = job->next;
        if (server->todo == NULL)
            server->todo_last = &server->todo;
        job->next = NULL;
    }
    pthread_mutex_unlock(&server->lock);
    return job;
}

struct hand { /* a worker and its tools */
    struct email_server *server;
    struct email_reader *reader;
};

static void *
work(void *context)
{
    struct hand hand = *(struct hand *)context;
    struct email_job *job;

    free(context);
    while ((job = next_job(hand.server)) != NULL)
        email_intake_take(&job->mail, hand.reader);
    return NULL;
}

/* ---- who may connect ---- */

bool
email_server_peer_allowed(struct email_server *server, int fd)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    char text[INET6_ADDRSTRLEN], list[sizeof(server->peers)], *rest = list;
    const char *address = text, *one;

    if (server->is_unix)
        return true; /* the folder's permissions say who may */
    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 ||
        getnameinfo((struct sockaddr *)&peer, size, text, sizeof(text), NULL, 0, NI_NUMERICHOST) !=
            0)
        return false;
    if (strncmp(address, "::ffff:", 7) == 0)
        address += 7;
    memcpy(list, server->peers, sizeof(list));
    while ((one = strsep(&rest, " \t")) != NULL)
        if (strcmp(one, address) == 0)
            return true;
    return false;
}

/* ---- life ---- */

static enum fr_error
listen_unix(struct email_server *server, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return FR_TOO_BIG;
    strcpy(address.sun_path, path);
    snprintf(server->unix_path, sizeof(server->unix_path), "%s", path);
    server->is_unix = true;
    unlink(path); /* of a run that was killed; two at once are kept apart by the state's lock */
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0666) != 0)
        return FR_IO;
    return FR_OK;
}

static enum fr_error
listen_tcp(struct email_server *server, const char *listen)
{
    const char *colon = strrchr(listen, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *found;
    char host[100];
    int one = 1;

    snprintf(host, sizeof(host), "%.*s", (int)(colon - listen), listen);
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        memmove(host, host + 1, strlen(host));
        host[strlen(host) - 1] = '\0';
    }
    if (getaddrinfo(host[0] == '\0' ? NULL : host, colon + 1, &hints, &found) != 0)
        return FR_INVALID;
    server->listener = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener >= 0)
        setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (server->listener < 0 || bind(server->listener, found->ai_addr, found->ai_addrlen) != 0) {
        freeaddrinfo(found);
        return FR_IO;
    }
    freeaddrinfo(found);
    return FR_OK;
}

static void
tell_where(const struct email_server *server, const char *listen)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char port[16] = "0";

    if (!server->is_unix && getsockname(server->listener, (struct sockaddr *)&address, &size) == 0)
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
    fr_log(FR_INFO, "lmtp_listening", "address=%s port=%s", listen, port);
}

static enum fr_error
open_listener(struct email_server *server, const char *listen_to)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &server->listener};
    enum fr_error err = strncmp(listen_to, "unix:", 5) == 0 ? listen_unix(server, listen_to + 5)
                                                            : listen_tcp(server, listen_to);

    if (err == FR_OK && listen(server->listener, 128) != 0)
        err = FR_IO;
    if (err == FR_OK && epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event) != 0)
        err = FR_IO;
    event.data.ptr = &server->wake;
    if (err == FR_OK && epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->wake, &event) != 0)
        err = FR_IO;
    if (err != FR_OK)
        fr_log(FR_ERROR, "not_listening", "address=%s error=\"%s\"", listen_to, strerror(errno));
    else
        tell_where(server, listen_to);
    return err;
}

void
email_server_reload(struct email_server *server, const struct email_config *config)
{
    atomic_store(&server->idle_us, config->idle_timeout.us);
    atomic_store(&server->mail_us, config->mail_timeout.us);
}

static void
take_limits(struct email_server *server, const struct email_config *config)
{
    snprintf(server->hostname, sizeof(server->hostname), "%s", config->hostname);
    snprintf(server->peers, sizeof(server->peers), "%s", config->peers);
    server->limits = (struct email_lmtp_limits){.hostname = server->hostname,
                                                .size_max = (uint64_t)config->size_max,
                                                .recipients_max = (unsigned)config->recipients_max};
    server->memory_max = config->memory_max;
    server->connections_max = (unsigned)config->connections_max;
    email_server_reload(server, config);
}

static enum fr_error
start_workers(struct email_server *server, const struct email_config *config)
{
    for (int64_t i = 0; i < config->parsers; i++) {
        struct hand *hand = malloc(sizeof(*hand));

        if (hand == NULL ||
            email_reader_open(&server->readers[server->reader_count], config) != FR_OK) {
            free(hand);
            return FR_NO_MEMORY;
        }
        *hand = (struct hand){server, &server->readers[server->reader_count++]};
        if (pthread_create(&server->workers[server->worker_count], NULL, work, hand) != 0) {
            free(hand);
            return FR_NO_MEMORY;
        }
        server->worker_count++;
    }
    return FR_OK;
}

enum fr_error
email_server_start(struct email_intake *intake, const struct email_config *config,
                   struct email_server **out)
{
    struct email_server *server = calloc(1, sizeof(*server));
    enum fr_error err;

    if (server == NULL)
        return FR_NO_MEMORY;
    *out = server;
    server->intake = intake;
    server->listener = -1;
    server->todo_last = &server->todo;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->more, NULL);
    pthread_cond_init(&server->quiet, NULL);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    take_limits(server, config);
    err = server->epoll < 0 || server->wake < 0 ? FR_IO : start_workers(server, config);
    if (err == FR_OK)
        err = open_listener(server, config->listen);
    if (err == FR_OK && pthread_create(&server->loop, NULL, email_server_loop, server) != 0)
        err = FR_NO_MEMORY;
    server->loop_started = err == FR_OK;
    if (err != FR_OK)
        email_server_stop(out);
    return err;
}

/* Outcomes of what was submitted still come, from the stage's thread, while we wait here on it:
 * then the mailbox is closed first (fr_edge.stop), and they have come.  What has not by then keeps
 * its memory. */
void
email_server_stop(struct email_server **out)
{
    struct email_server *server = *out;
    uint64_t one = 1;

    if (server == NULL)
        return;
    pthread_mutex_lock(&server->lock);
    atomic_store(&server->stopping, true);
    pthread_cond_broadcast(&server->more);
    pthread_mutex_unlock(&server->lock);
    (void)!write(server->wake, &one, sizeof(one));
    if (server->loop_started)
        pthread_join(server->loop, NULL);
    for (size_t i = 0; i < server->worker_count; i++)
        pthread_join(server->workers[i], NULL);
    for (size_t i = 0; i < server->reader_count; i++)
        email_reader_close(&server->readers[i]);
    if (server->listener >= 0)
        close(server->listener);
    if (server->is_unix)
        unlink(server->unix_path);
    *out = NULL;
}

void
email_server_metrics(struct email_server *server, FILE *out)
{
    struct email_child_figures all = {0};

    for (size_t i = 0; i < server->reader_count; i++) {
        struct email_child_figures one = email_child_figures(server->readers[i].child);

        all.mails += one.mails;
        all.crashes += one.crashes;
        all.starts += one.starts;
        all.resident_peak =
            one.resident_peak > all.resident_peak ? one.resident_peak : all.resident_peak;
    }
    fprintf(out,
            "# HELP filrouge_email_parsed_total Mails that parser processes have read.\n"
            "# TYPE filrouge_email_parsed_total counter\n"
            "filrouge_email_parsed_total %llu\n"
            "# HELP filrouge_email_parser_crashes_total Parser processes that ended over a mail.\n"
            "# TYPE filrouge_email_parser_crashes_total counter\n"
            "filrouge_email_parser_crashes_total %llu\n"
            "# HELP filrouge_email_parser_resident_bytes Most memory that a parser process used.\n"
            "# TYPE filrouge_email_parser_resident_bytes gauge\n"
            "filrouge_email_parser_resident_bytes %zu\n",
            (unsigned long long)all.mails, (unsigned long long)all.crashes, all.resident_peak);
}
