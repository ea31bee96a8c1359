/* bench_mail.c - mails through LMTP to committed: how many in a second, on one connection and on
 * many.
 *
 *   sender threads (a connection each) -> channel_email: parser child, decide, frame, sync -> 250
 *   the same threads                   -> postfix's smtp-sink, which keeps nothing: what they can
 * push postfix's smtp-source              -> channel_email: another sender than ours
 */
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAIL_SIZE 4096
#define MANY 50
#define REPLY_SIZE 4096

struct mail_bench {
    const struct bench_options *options;
    char dir[512], config[600], bin[512];
    int port;
};

/* ---- one connection ---- */

struct sender {
    pthread_t thread;
    int port;
    uint64_t first, count; /* mails */
    bool failed;
};

static int
dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Reads until `lines` last lines of replies have come; false: one was no 2xx or 3xx. */
static bool
replies(int fd, int lines)
{
    static _Thread_local char text[REPLY_SIZE];
    size_t used = 0, line = 0;

    while (lines > 0) {
        ssize_t got = read(fd, text + used, sizeof(text) - used);

        if (got <= 0)
            return false;
        used += (size_t)got;
        for (char *end; lines > 0 && (end = memchr(text + line, '\n', used - line)) != NULL;) {
            if (text[line] != '2' && text[line] != '3')
                return false;
            lines -= text[line + 3] != '-';
            line = (size_t)(end - text) + 1;
        }
    }
    return true;
}

static bool
say(int fd, const char *text, size_t size)
{
    return write(fd, text, size) == (ssize_t)size;
}

/* As people's programs write them: headers, a text part and the same in HTML. */
static size_t
write_mail(char out[MAIL_SIZE + 512], uint64_t number)
{
    int used = snprintf(out, MAIL_SIZE,
                        "From: Customer %llu <c%llu@bench.example>\r\n"
                        "To: support@shop.example\r\nSubject: Order %llu\r\n"
                        "Message-ID: <%llu.%d@bench.example>\r\n"
                        "Date: Mon, 03 Feb 2025 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
                        "Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n"
                        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
                        (unsigned long long)number, (unsigned long long)(number % 1000),
                        (unsigned long long)number, (unsigned long long)number, (int)getpid());

    while (used < MAIL_SIZE / 2)
        used += sprintf(out + used, "Where is my parcel? It was due on Monday.\r\n");
    used += sprintf(out + used,
                    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>\r\n");
    while (used < MAIL_SIZE - 100)
        used += sprintf(out + used, "<p>Where is my parcel? It was due on Monday.</p>\r\n");
    used += sprintf(out + used, "</body></html>\r\n--b--\r\n.\r\n");
    return (size_t)used;
}

static void *
send_mails(void *context)
{
    static const char envelope[] = "MAIL FROM:<c@bench.example> BODY=8BITMIME\r\n"
                                   "RCPT TO:<support@shop.example>\r\nDATA\r\n";
    struct sender *sender = context;
    char mail[MAIL_SIZE + 512];
    int fd = dial(sender->port);

    sender->failed =
        fd < 0 || !replies(fd, 1) || !say(fd, "LHLO bench.example\r\n", 20) || !replies(fd, 1);
    for (uint64_t i = 0; i < sender->count && !sender->failed; i++)
        sender->failed = !say(fd, envelope, sizeof(envelope) - 1) || !replies(fd, 3) ||
                         !say(fd, mail, write_mail(mail, sender->first + i)) || !replies(fd, 1);
    close(fd);
    return NULL;
}

/* Mails/s; 0: it failed. */
static double
push(int port, unsigned connections, uint64_t mails)
{
    static uint64_t next;
    struct sender senders[MANY];
    double began = bench_now();
    bool failed = false;

    for (unsigned i = 0; i < connections; i++) {
        senders[i] = (struct sender){.port = port, .first = next, .count = mails / connections};
        next += senders[i].count;
        failed = pthread_create(&senders[i].thread, NULL, send_mails, &senders[i]) != 0 || failed;
    }
    for (unsigned i = 0; i < connections; i++) {
        pthread_join(senders[i].thread, NULL);
        failed = failed || senders[i].failed;
    }
    return failed ? 0 : (double)(mails / connections * connections) / (bench_now() - began);
}

/* ---- other processes ---- */

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

static pid_t
start(const struct mail_bench *bench, char *const argv[])
{
    pid_t pid = fork();

    if (pid == 0) {
        char log[600];
        int fd;

        snprintf(log, sizeof(log), "%s/log", bench->dir);
        fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, 1);
        dup2(fd, 2);
        execvp(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static bool
listens(int port, pid_t pid)
{
    for (int waited = 0; waited < 3000; waited++) {
        int fd = dial(port);

        if (fd >= 0) {
            close(fd);
            return true;
        }
        if (waitpid(pid, NULL, WNOHANG) == pid)
            return false;
        usleep(10000);
    }
    return false;
}

static void
stop(pid_t pid, struct rusage *usage)
{
    kill(pid, SIGTERM);
    wait4(pid, NULL, 0, usage);
}

/* ---- measurements ---- */

struct figures { /* mails/s; 0: not measured */
    double ours_one, ours_many, sink_one, sink_many, source;
    double cpu_us; /* of a mail: service and its parsers */
};

static enum fr_error
write_config(struct mail_bench *bench)
{
    char path[600];
    FILE *out;

    snprintf(path, sizeof(path), "%s/secret", bench->dir);
    out = fopen(path, "w");
    if (out == NULL)
        return FR_IO;
    fputs("0123456789abcdef0123456789abcdef", out);
    fclose(out);
    bench->port = free_port();
    snprintf(bench->config, sizeof(bench->config), "%s/mail.yaml", bench->dir);
    out = fopen(bench->config, "w");
    if (out == NULL)
        return FR_IO;
    fprintf(out,
            "state: %s/state\nrun: %s/run\nchannels: [channel_email]\nbrands: {shop: {}}\n"
            "stage: {retention: 0s, admin: \"127.0.0.1:0\"}\n"
            "channel_email:\n  listen: \"127.0.0.1:%d\"\n  reply_secret: \"file:%s/secret\"\n"
            "  smarthost: {url: \"smtp://127.0.0.1:9\", tls: never}\n"
            "  accounts: {support: {brand: shop, address: support@shop.example}}\n",
            bench->dir, bench->dir, bench->port, bench->dir);
    fclose(out);
    return FR_OK;
}

static void
measure_ours(struct mail_bench *bench, struct figures *figures)
{
    char program[600], port[32], mails[32];
    char *argv[] = {program, "--config", bench->config, NULL};
    char *source[] = {"smtp-source", "-L",
                      "-s",          "50",
                      "-m",          mails,
                      "-l",          "4096",
                      "-f",          "c@bench.example",
                      "-t",          "support@shop.example",
                      port,          NULL};
    struct rusage usage;
    double began;
    pid_t pid, other;
    int status;

    snprintf(program, sizeof(program), "%s/filrouge-channel-email", bench->bin);
    snprintf(port, sizeof(port), "127.0.0.1:%d", bench->port);
    snprintf(mails, sizeof(mails), "%llu", (unsigned long long)bench->options->messages);
    pid = start(bench, argv);
    if (listens(bench->port, pid)) {
        figures->ours_one = push(bench->port, 1, bench->options->messages / 4);
        figures->ours_many = push(bench->port, MANY, bench->options->messages);
        began = bench_now();
        other = start(bench, source);
        if (waitpid(other, &status, 0) == other && status == 0)
            figures->source = (double)bench->options->messages / (bench_now() - began);
    }
    stop(pid, &usage);
    figures->cpu_us = 1e6 * bench_cpu(&usage) /
                      ((double)bench->options->messages * (figures->source > 0 ? 2.25 : 1.25));
}

static void
measure_sink(struct mail_bench *bench, struct figures *figures)
{
    char port[32];
    char *argv[] = {"smtp-sink", "-L", "-u", "nobody", port, "200", NULL};
    int number = free_port();
    pid_t pid;

    snprintf(port, sizeof(port), "127.0.0.1:%d", number);
    if (geteuid() != 0) { /* it changes its user only when it can */
        argv[2] = port;
        argv[3] = "200";
        argv[4] = NULL;
    }
    pid = start(bench, argv);
    if (!listens(number, pid))
        return;
    figures->sink_one = push(number, 1, bench->options->messages);
    figures->sink_many = push(number, MANY, bench->options->messages * 4);
    stop(pid, NULL);
}

static void
row(const char *name, double value, double against)
{
    if (value == 0)
        printf("%-44s not measured\n", name);
    else if (against == 0)
        printf("%-44s %8.0f mails/s\n", name, value);
    else
        printf("%-44s %8.0f mails/s  %5.1f %% of the yardstick\n", name, value,
               100 * value / against);
}

static void
show(const struct bench_options *options, const struct figures *figures, double syncs)
{
    if (options->json) {
        json_t *json = json_pack("{s:s, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "bench", "mail",
                                 "mails", (json_int_t)options->messages, "one_connection_per_s",
                                 figures->ours_one, "many_connections_per_s", figures->ours_many,
                                 "smtp_source_per_s", figures->source, "smtp_sink_one_per_s",
                                 figures->sink_one, "smtp_sink_many_per_s", figures->sink_many,
                                 "cpu_us_per_mail", figures->cpu_us, "fdatasync_per_s", syncs);

        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
        return;
    }
    row("to committed, one connection", figures->ours_one, figures->sink_one);
    row("to committed, 50 connections", figures->ours_many, figures->sink_many);
    row("to committed, sent by smtp-source, 50 of its", figures->source, figures->sink_many);
    row("yardstick: to smtp-sink, one connection", figures->sink_one, 0);
    row("yardstick: to smtp-sink, 50 connections", figures->sink_many, 0);
    printf("%-44s %8.0f us\n", "CPU of a mail, parser included", figures->cpu_us);
    printf("%-44s %8.0f /s\n", "yardstick: fdatasync of this disk", syncs);
}

int
bench_mail(const struct bench_options *options)
{
    struct mail_bench bench = {.options = options};
    struct figures figures = {0};
    double syncs;

    signal(SIGPIPE, SIG_IGN);
    bench_directory(options->dir, bench.dir, sizeof(bench.dir));
    if (options->bin != NULL) {
        snprintf(bench.bin, sizeof(bench.bin), "%s", options->bin);
    } else {
        ssize_t size = readlink("/proc/self/exe", bench.bin, sizeof(bench.bin) - 1);

        bench.bin[size < 0 ? 0 : size] = '\0';
        *strrchr(bench.bin, '/') = '\0';
    }
    syncs = bench_fdatasync_rate(bench.dir, 0.5, 4096);
    if (write_config(&bench) != FR_OK) {
        fprintf(stderr, "fil bench mail: %s: %s\n", bench.dir, strerror(errno));
        return 1;
    }
    measure_ours(&bench, &figures);
    measure_sink(&bench, &figures);
    if (figures.ours_one == 0 || figures.ours_many == 0) {
        fprintf(stderr, "fil bench mail: the service took no mails; its log is %s/log\n",
                bench.dir);
        return 1;
    }
    show(options, &figures, syncs);
    bench_remove(bench.dir);
    return 0;
}
