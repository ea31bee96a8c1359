/* bench_path.c - the real path: accepted by the web form to offered at a desk, through the real
 * services.
 *
 *   load (HTTP keep-alive connections) -> channel_webform -> identity -> conversations -> routing
 * -> sites
 *   -> desk.inhouse <- read here, as records, by the wire
 *
 * Each message carries its scheduled send time in its text; the offer's preview brings it to the
 * desk.
 */
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>
#include "common/wire/wire.h"
#include "proto/kinds.h"
#include "proto/site.pb-c.h"

#define AGENTS 1500 /* of 100 conversations each: as many offers can be open at once */
#define CONNECTIONS 64

static const struct {
    const char *program, *journal;
} services[] = {{"filrouge-channel-webform", "channel_webform"},
                {"filrouge-identity", "identity"},
                {"filrouge-conversations", "conversations"},
                {"filrouge-routing", "routing"},
                {"filrouge-sla", "sla"},
                {"filrouge-sites", "sites"},
                {"filrouge-desk", "desk.inhouse"}};
#define SERVICES (sizeof(services) / sizeof(services[0]))

struct path {
    const struct bench_options *options;
    char dir[512], config[600], bin[512];
    pid_t pids[SERVICES];
    int port;
    void *zmq;
    struct fr_wire *wire;
    struct bench_histogram latency;
    uint64_t offered, accepted, refused;
    struct fr_cursor cursor;
};

/* ---- the installation ---- */

static int
free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;

    if (bind(fd, (struct sockaddr *)&address, size) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        port = ntohs(address.sin_port);
    close(fd);
    return port;
}

static void
write_installation(struct path *path)
{
    int desk_port = free_port();
    FILE *out;

    path->port = free_port();
    snprintf(path->config, sizeof(path->config), "%s/path.yaml", path->dir);
    out = fopen(path->config, "w");
    if (out == NULL) {
        perror(path->config);
        exit(1);
    }
    fprintf(
        out,
        "state: %s/state\nrun: %s\nchannels: [channel_webform]\ndesks: [inhouse]\n"
        "brands: {acme: {title: Acme}}\nstage: {log_level: warn}\n"
        "channel_webform: {listen: \"127.0.0.1:%d\", accounts: {contact: {brand: acme}}}\n"
        "sla: {policies: [{name: all, first_response: 1h, next_response: 1h, warn_before: 1m}]}\n"
        "sites: {contracts: [{name: inhouse}]}\n"
        "desk: {site: inhouse, listen: \"127.0.0.1:%d\"}\n"
        "routing:\n  offer_time: 1h\n  queues: [{name: all}]\n  agents:\n",
        path->dir, path->dir, path->port, desk_port);
    for (int i = 0; i < AGENTS; i++)
        fprintf(out, "    a%d: {site: inhouse, capacity: [{channel: \"*\", weight: 1}]}\n", i);
    fclose(out);
}

static void
start_all(struct path *path)
{
    for (size_t i = 0; i < SERVICES; i++) {
        char program[700];

        snprintf(program, sizeof(program), "%s/%s", path->bin, services[i].program);
        path->pids[i] = fork();
        if (path->pids[i] == 0) {
            execl(program, services[i].program, "--config", path->config, (char *)NULL);
            fprintf(stderr, "%s: %s\n", program, strerror(errno));
            _exit(127);
        }
    }
}

static void
end_all(struct path *path, int signal_number)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (path->pids[i] > 0)
            kill(path->pids[i], signal_number);
    for (size_t i = 0; i < SERVICES; i++)
        if (path->pids[i] > 0)
            waitpid(path->pids[i], NULL, 0);
    memset(path->pids, 0, sizeof(path->pids));
}

/* ---- the control socket ---- */

static json_t *
ask(struct path *path, const char *journal, const char *request)
{
    char endpoint[600], buffer[65536];
    void *socket = zmq_socket(path->zmq, ZMQ_REQ);
    int linger = 0, patience = 1000, size;

    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof(patience));
    snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s.ctl", path->dir, journal);
    zmq_connect(socket, endpoint);
    zmq_send(socket, request, strlen(request), 0);
    size = zmq_recv(socket, buffer, sizeof(buffer), 0);
    zmq_close(socket);
    return size <= 0 ? NULL : json_loadb(buffer, (size_t)size, 0, NULL);
}

static bool
is_ready(struct path *path, const char *journal)
{
    json_t *answer = ask(path, journal, "{\"ask\": \"status\"}");
    json_t *status = json_object_get(answer, "answer"), *upstream;
    bool ready = json_is_true(json_object_get(status, "ready"));
    size_t i;

    json_array_foreach(json_object_get(status, "upstreams"), i, upstream) ready =
        ready && json_is_true(json_object_get(upstream, "up"));
    json_decref(answer);
    return ready;
}

/* Seconds until every service is ready and linked. */
static double
wait_ready(struct path *path)
{
    double start = bench_now();

    for (size_t i = 0; i < SERVICES; i++)
        while (!is_ready(path, services[i].journal)) {
            if (bench_now() - start > 60 ||
                waitpid(path->pids[i], NULL, WNOHANG) == path->pids[i]) {
                fprintf(stderr, "%s does not become ready\n", services[i].journal);
                path->pids[i] = 0;
                end_all(path, SIGTERM);
                exit(1);
            }
            usleep(5000);
        }
    return bench_now() - start;
}

static void
agents_available(struct path *path)
{
    for (int i = 0; i < AGENTS; i++) {
        char request[200];
        json_t *answer;

        snprintf(request, sizeof(request),
                 "{\"submit\": \"PresenceChosen\", \"message\": {\"agent\": \"a%d\", \"state\": "
                 "\"AVAILABLE\", \"reason\": \"bench\"}}",
                 i);
        answer = ask(path, "desk.inhouse", request);
        if (!json_is_true(json_object_get(answer, "done"))) {
            char *text = json_dumps(answer, 0);

            fprintf(stderr, "agent a%d: %s\n", i, text == NULL ? "no answer" : text);
            end_all(path, SIGTERM);
            exit(1);
        }
        json_decref(answer);
    }
}

static long
resident_kib(pid_t pid)
{
    char name[64], line[256];
    long kib = 0;
    FILE *in;

    snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
    in = fopen(name, "r");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (in != NULL)
        fclose(in);
    return kib;
}

/* ---- what arrives at the desk ---- */

static void
offer_arrived(struct path *path, const struct fr_record_head *head)
{
    struct fr_slice body = fr_record_body(head);
    Fr__LeaseGranted *lease = fr__lease_granted__unpack(NULL, body.size, body.data);
    int64_t due_us = 0;

    if (lease != NULL && sscanf(lease->offer->preview, "bench %lld", (long long *)&due_us) == 1) {
        int64_t late_us = fr_time_wall().unix_us - due_us;

        bench_histogram_add(&path->latency, late_us < 0 ? 0 : (uint64_t)late_us);
        path->offered++;
    }
    if (lease != NULL)
        fr__lease_granted__free_unpacked(lease, NULL);
}

static void
on_batch(void *context, struct fr_wire_batch *batch)
{
    struct path *path = context;
    struct fr_slice rest = batch->bytes;
    const struct fr_record_head *head;

    while ((head = fr_records_next(&rest)) != NULL)
        if (head->kind == FR_LEASE_GRANTED)
            offer_arrived(path, head);
    path->cursor.incarnation = batch->incarnation;
    path->cursor.seq = batch->last_seq;
    path->cursor.hash = batch->last_hash;
    fr_wire_consumed(path->wire, batch);
}

static void
on_cursor(void *context, uint32_t reading, struct fr_cursor *cursor)
{
    (void)reading;
    *cursor = ((struct path *)context)->cursor;
}

static void
on_refused(void *context, uint32_t reading, enum fr_error why, const char *detail)
{
    (void)context;
    (void)reading;
    fprintf(stderr, "the desk's journal: %s %s\n", fr_error_name(why), detail);
}

static void
read_desk(struct path *path)
{
    struct fr_wire_options options = {
        .name = "bench",
        .calls = {.context = path, .batch = on_batch, .cursor = on_cursor, .refused = on_refused}};
    char endpoint[600], complaint[256] = "";

    snprintf(path->cursor.journal, sizeof(path->cursor.journal), "desk.inhouse");
    snprintf(endpoint, sizeof(endpoint), "ipc://%s/desk.inhouse.sock", path->dir);
    if (fr_wire_new(&options, &path->wire, complaint, sizeof(complaint)) != FR_OK ||
        fr_wire_dial(path->wire, "desk.inhouse", endpoint, NULL) != FR_OK) {
        fprintf(stderr, "%s\n", complaint);
        exit(1);
    }
    fr_wire_read(path->wire, "desk.inhouse", "desk.inhouse", NULL, 0, 0);
}

/* ---- the load ---- */

struct connection {
    int fd;
    bool waiting; /* for an answer */
    size_t in_size;
    char in[2048];
};

static void
open_connection(struct path *path, struct connection *connection, int epoll)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)path->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
    int on = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("the web form");
        exit(1);
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

static void
send_form(struct connection *connection, int64_t due_us)
{
    char body[700], request[1200];
    int body_size =
        snprintf(body, sizeof(body), "{\"message\": \"bench %lld %.*s\", \"name\": \"Bench\"}",
                 (long long)due_us, 400,
                 "................................................................"
                 "................................................................"
                 "................................................................"
                 "................................................................"
                 "................................................................"
                 "................................................................"
                 "................................................................");
    int size = snprintf(request, sizeof(request),
                        "POST /form/contact HTTP/1.1\r\nhost: bench\r\ncontent-type: "
                        "application/json\r\ncontent-length: %d\r\n\r\n%s",
                        body_size, body);

    connection->waiting = send(connection->fd, request, (size_t)size, MSG_NOSIGNAL) == size;
}

/* One answer at a time: true when it is complete. */
static bool
read_answer(struct path *path, struct connection *connection)
{
    ssize_t size = recv(connection->fd, connection->in + connection->in_size,
                        sizeof(connection->in) - 1 - connection->in_size, 0);
    char *head_end, *length;

    if (size <= 0)
        return false;
    connection->in_size += (size_t)size;
    connection->in[connection->in_size] = '\0';
    head_end = strstr(connection->in, "\r\n\r\n");
    length = strcasestr(connection->in, "content-length:");
    if (head_end == NULL || length == NULL ||
        connection->in_size <
            (size_t)(head_end + 4 - connection->in) + strtoul(length + 15, NULL, 10))
        return false;
    if (strncmp(connection->in, "HTTP/1.1 20", 11) == 0)
        path->accepted++;
    else if (path->refused++ == 0)
        fprintf(stderr, "refused: %.300s\n", connection->in);
    connection->in_size = 0;
    connection->waiting = false;
    return true;
}

static void
load(struct path *path)
{
    static struct connection connections[CONNECTIONS];
    const struct bench_options *options = path->options;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t sent = 0;
    double deadline =
        bench_now() + 120 + (options->rate > 0 ? (double)options->messages / options->rate : 0);
    int64_t start_us = fr_time_wall().unix_us;

    for (int i = 0; i < CONNECTIONS; i++)
        open_connection(path, &connections[i], epoll);
    while ((path->accepted + path->refused < options->messages || path->offered < path->accepted) &&
           bench_now() < deadline) {
        struct epoll_event events[CONNECTIONS];
        int count;
        int64_t now_us = fr_time_wall().unix_us;

        for (int i = 0; i < CONNECTIONS && sent < options->messages; i++) {
            int64_t due_us = options->rate > 0
                                 ? start_us + (int64_t)((double)sent * 1e6 / options->rate)
                                 : now_us;

            if (due_us > now_us)
                break;
            if (connections[i].waiting)
                continue;
            send_form(&connections[i], due_us);
            sent++;
        }
        count = epoll_wait(epoll, events, CONNECTIONS, 0);
        for (int i = 0; i < count; i++)
            read_answer(path, events[i].data.ptr);
        fr_wire_poll(path->wire, (struct fr_span){count > 0 ? 0 : 100}, 64, &epoll, 1);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        close(connections[i].fd);
    close(epoll);
}

/* ---- the whole ---- */

static double
services_cpu(const struct path *path)
{
    double seconds = 0;

    for (size_t i = 0; i < SERVICES; i++) {
        char name[64], text[1024];
        unsigned long user = 0, system = 0;
        FILE *in;
        size_t size;
        char *rest;

        snprintf(name, sizeof(name), "/proc/%d/stat", (int)path->pids[i]);
        in = fopen(name, "r");
        if (in == NULL)
            continue;
        size = fread(text, 1, sizeof(text) - 1, in);
        text[size] = '\0';
        fclose(in);
        rest = strrchr(text, ')');
        if (rest != NULL)
            sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
        seconds += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    }
    return seconds;
}

static void
report(const struct path *path, double ready, double ready_again, long rest_kib, double seconds,
       double cpu)
{
    double per_s = (double)path->offered / seconds;
    double cpu_us = cpu * 1e6 / (double)path->offered;
    unsigned long long p50 = bench_histogram_quantile(&path->latency, 0.5);
    unsigned long long p99 = bench_histogram_quantile(&path->latency, 0.99);

    if (path->options->json) {
        printf("{\"messages\": %llu, \"accepted\": %llu, \"offered\": %llu, \"per_s\": %.0f, "
               "\"cpu_us\": %.1f, \"p50_us\": %llu, \"p99_us\": %llu, \"rest_kib\": %ld, "
               "\"ready_s\": %.2f, \"ready_after_kill_s\": %.2f}\n",
               (unsigned long long)path->options->messages, (unsigned long long)path->accepted,
               (unsigned long long)path->offered, per_s, cpu_us, p50, p99, rest_kib, ready,
               ready_again);
        return;
    }
    printf("the real path: web form -> identity -> conversations -> routing -> sites -> desk, "
           "synced at each\n");
    printf("  accepted %llu, offered %llu\n", (unsigned long long)path->accepted,
           (unsigned long long)path->offered);
    printf("  messages/s               %10.0f\n", per_s);
    printf("  CPU of all services      %10.1f us per message (the load's own not counted)\n",
           cpu_us);
    printf("  accepted to offered      p50 %.2f ms   p99 %.2f ms   max %.2f ms\n",
           (double)p50 / 1e3, (double)p99 / 1e3, (double)path->latency.max / 1e3);
    printf("  memory at rest           %10.1f MB, all %zu services\n", (double)rest_kib / 1024,
           SERVICES);
    printf("  start to ready           %10.2f s;  after kill -9 of all, with %llu conversations: "
           "%.2f s\n",
           ready, (unsigned long long)path->accepted, ready_again);
}

int
bench_path(const struct bench_options *options)
{
    struct path *path = calloc(1, sizeof(*path));
    double ready, ready_again, start, seconds, cpu;
    long rest_kib = 0;
    ssize_t size;
    bool whole;

    path->options = options;
    path->zmq = zmq_ctx_new();
    bench_directory(options->dir, path->dir, sizeof(path->dir));
    size = readlink("/proc/self/exe", path->bin, sizeof(path->bin) - 1);
    path->bin[size > 0 ? size : 0] = '\0';
    if (options->bin != NULL)
        snprintf(path->bin, sizeof(path->bin), "%s", options->bin);
    else if (strrchr(path->bin, '/') != NULL)
        *strrchr(path->bin, '/') = '\0';
    write_installation(path);
    bench_settle(path->dir, 10);
    start_all(path);
    ready = wait_ready(path);
    agents_available(path);
    sleep(4); /* the stores give back what they needed to start */
    for (size_t i = 0; i < SERVICES; i++)
        rest_kib += resident_kib(path->pids[i]);
    read_desk(path);
    cpu = services_cpu(path);
    start = bench_now();
    load(path);
    seconds = bench_now() - start;
    cpu = services_cpu(path) - cpu;
    fr_wire_free(&path->wire);
    end_all(path, SIGKILL);
    start_all(path);
    ready_again = wait_ready(path);
    report(path, ready, ready_again, rest_kib, seconds, cpu);
    end_all(path, SIGTERM);
    whole = path->offered == path->accepted && path->refused == 0;
    zmq_ctx_term(path->zmq);
    bench_remove(path->dir);
    free(path);
    return whole ? 0 : 1;
}
