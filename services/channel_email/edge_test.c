/* edge_test.c - the real process and its LMTP: what is answered when, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "common/stage/running.h"
#include "services/channel_email/email.h"

#include <sys/socket.h>
#include <sys/un.h>

#define QUIET_MS 300 /* so long nothing is said that must not be said */

static char socket_path[96];

static void
configure(const char *more)
{
    const char *build = getenv("FR_BUILD_DIR");
    char section[1500], path[128];
    FILE *out;

    if (build == NULL)
        skip();
    snprintf(path, sizeof(path), "%s/mail.secret", run_dir);
    out = fopen(path, "w");
    assert_non_null(out);
    fputs("0123456789abcdef0123456789abcdef", out);
    fclose(out);
    chmod(path, 0600);
    snprintf(socket_path, sizeof(socket_path), "%s/lmtp", run_dir);
    snprintf(section, sizeof(section),
             "  listen: \"unix:%s\"\n  reply_secret: \"file:mail.secret\"\n"
             "  smarthost: {url: \"smtp://127.0.0.1:9\", tls: never}\n"
             "  parser: \"%s/bin/filrouge-email-parser\"\n"
             "  accounts: {support: {brand: acme, address: support@acme.example}}\n%s",
             socket_path, build, more);
    run_configure("channels: [channel_email]\nstage: {admin: \"127.0.0.1:0\", log_format: json}",
                  EMAIL_CHANNEL, section);
}

static struct run
begin(const char *more)
{
    struct run run;

    configure(more);
    run = run_start(&email_stage, false);
    run.admin = atoi(log_value(run.log, "\"verb\":\"listening\"", 0, "port"));
    return run;
}

/* ---- an MTA ---- */

static int
dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, socket_path);
    for (int waited = 0; connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0; waited++) {
        assert_true(waited < PATIENCE_MS / 10);
        usleep(10000);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

/* The next line; "" at the end. */
static const char *
line(int fd)
{
    static char text[1000];
    size_t size = 0;

    while (size + 1 < sizeof(text) && read(fd, text + size, 1) == 1 && text[size++] != '\n')
        continue;
    text[size] = '\0';
    return text;
}

static void
expect(int fd, const char *code)
{
    const char *text;

    do {
        text = line(fd);
    } while (strlen(text) > 3 && text[3] == '-');
    if (strncmp(text, code, strlen(code)) != 0)
        fail_msg("expected %s, heard \"%s\"", code, text);
}

static void
say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Up to the mail's last byte; its answer is not read. */
static int
hand_in(int number)
{
    int fd = dial();
    char mail[400];

    expect(fd, "220");
    say(fd, "LHLO mx.example\r\n");
    expect(fd, "250");
    say(fd, "MAIL FROM:<zoe@b.example>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\n");
    expect(fd, "250");
    expect(fd, "250");
    expect(fd, "354");
    snprintf(mail, sizeof(mail),
             "From: zoe@b.example\r\nSubject: x\r\nMessage-ID: <%d@b.example>\r\n"
             "Date: Mon, 03 Feb 2025 10:00:00 +0000\r\n\r\nHello.\r\n.\r\n",
             number);
    say(fd, mail);
    return fd;
}

static bool
is_quiet(int fd)
{
    struct timeval soon = {.tv_usec = QUIET_MS * 1000};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &soon) == 0;
}

/* ---- claims ---- */

static void
test_250_comes_after_the_sync(void **state)
{
    struct run run = begin("");
    int fd;

    (void)state;
    fd = hand_in(1); /* the parser is warm, and nothing else is slow */
    expect(fd, "250");
    close(fd);
    atomic_store(held, 1);
    fd = hand_in(2);
    assert_true(is_quiet(fd));
    atomic_store(held, 0);
    expect(fd, "250");
    close(fd);
    run_stop(&run);
}

static void
test_what_was_not_acknowledged_is_sent_again_and_taken_once(void **state)
{
    struct run run = begin("");
    int fd;

    (void)state;
    fd = hand_in(1);
    expect(fd, "250");
    close(fd);
    atomic_store(held, 1);
    fd = hand_in(2);
    assert_true(is_quiet(fd));
    assert_int_equal(run_end(&run, SIGKILL), -SIGKILL);
    atomic_store(held, 0);
    assert_string_equal(line(fd), ""); /* the connection broke: the MTA comes again */
    close(fd);
    run = begin("");
    for (int twice = 0; twice < 2; twice++)
        for (int number = 1; number <= 2; number++) {
            fd = hand_in(number);
            expect(fd, "250");
            close(fd);
        }
    assert_true(run_metric(&run, "filrouge_email_taken_total") <= 1); /* 1 is there already */
    assert_true(run_metric(&run, "filrouge_email_repeated_total") >= 3);
    run_stop(&run);
}

/* Any of them that was answered, taken out of the list; -1: none in time. */
static int
answered(int *fds, int count)
{
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    fd_set set;

    FD_ZERO(&set);
    for (int i = 0; i < count; i++)
        if (fds[i] >= 0)
            FD_SET(fds[i], &set);
    if (select(FD_SETSIZE, &set, NULL, NULL, &patience) <= 0)
        return -1;
    for (int i = 0; i < count; i++)
        if (fds[i] >= 0 && FD_ISSET(fds[i], &set)) {
            int fd = fds[i];

            fds[i] = -1;
            return fd;
        }
    return -1;
}

static void
test_under_pressure_the_mta_comes_again(void **state)
{
    struct run run = begin("  stage: {waiting_max: 1}\n");
    int fds[4], fd;

    (void)state;
    fd = hand_in(1);
    expect(fd, "250");
    close(fd);
    atomic_store(held, 1);
    for (int i = 0; i < 4; i++) /* one in the frame, one in the mailbox, no room for the others */
        fds[i] = hand_in(10 + i);
    for (int i = 0; i < 2; i++) {
        fd = answered(fds, 4);
        assert_true(fd >= 0);
        expect(fd, "451");
        close(fd);
    }
    atomic_store(held, 0);
    for (int i = 0; i < 4; i++)
        if (fds[i] >= 0) {
            expect(fds[i], "250");
            close(fds[i]);
        }
    assert_int_equal(run_metric(&run, "filrouge_email_lmtp_busy_total"), 2);
    run_stop(&run);
}

/* printf ... | nc: the other side has said all it wanted, and listens. */
static void
test_who_has_said_all_hears_the_answer(void **state)
{
    struct run run = begin("");
    int fd;

    (void)state;
    atomic_store(held, 1);
    fd = hand_in(1);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(is_quiet(fd));
    atomic_store(held, 0);
    expect(fd, "250");
    assert_string_equal(line(fd), "");
    close(fd);
    run_stop(&run);
}

static void
test_connections_have_a_number_and_a_time(void **state)
{
    struct run run = begin("  connections_max: 1\n  idle_timeout: 500ms\n");
    int one = dial(), other;

    (void)state;
    expect(one, "220");
    other = dial();
    expect(other, "421 4.3.2");
    assert_string_equal(line(other), "");
    close(other);
    expect(one, "421 4.4.2");
    assert_string_equal(line(one), "");
    close(one);
    run_stop(&run);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, run_setup, run_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_250_comes_after_the_sync),
        CASE(test_what_was_not_acknowledged_is_sent_again_and_taken_once),
        CASE(test_under_pressure_the_mta_comes_again),
        CASE(test_who_has_said_all_hears_the_answer),
        CASE(test_connections_have_a_number_and_a_time),
    };

    return cmocka_run_group_tests_name("edge", tests, NULL, NULL);
}
