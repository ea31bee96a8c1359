/* edge_test.c - the desk as browsers see it: the real process, its real door, and a hub that says
 * what the test says.
 *
 * The hub is a stage of the name "sites" whose inputs are whatever is submitted to it over its
 * control socket, passed on under this site's route.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zmq.h>
#include "common/http/client_test.h"
#include "services/desk/desk.h"

#define LEASE "0000000000000900"
#define CONVERSATION "0000000000000300"

static char dir[300], config_path[400], cookie[400];
static int port;
static pid_t hub, desk;

/* ---- the hub ---- */

static enum fr_error
pass_on(struct fr_turn *turn, const struct fr_record *input)
{
    const struct fr_labels labels = {.route = "site.inhouse"};

    return fr_emit_bytes(turn, input, input->head->kind, input->body, &labels);
}

static enum fr_error
apply_nothing(struct fr_tables *tables, const struct fr_record *event)
{
    (void)tables;
    (void)event;
    return FR_OK;
}

/* clang-format off */
static const struct fr_table hub_tables[] = { { "none", false, "nothing" }, FR_TABLE_END };
static const struct fr_input hub_inputs[] = {
    { FR_LEASE_GRANTED,       FR_LOCAL, pass_on },
    { FR_LEASE_CONFIRMED,     FR_LOCAL, pass_on },
    { FR_LEASE_ENDED,         FR_LOCAL, pass_on },
    { FR_CONVERSATION_SHARED, FR_LOCAL, pass_on },
    { FR_ENTRY_SHARED,        FR_LOCAL, pass_on },
    { FR_WORK_REFUSED,        FR_LOCAL, pass_on },
    { FR_KIND_END,            NULL,     NULL    },
};
static const struct fr_event hub_events[] = {
    { FR_LEASE_GRANTED,       apply_nothing },
    { FR_LEASE_CONFIRMED,     apply_nothing },
    { FR_LEASE_ENDED,         apply_nothing },
    { FR_CONVERSATION_SHARED, apply_nothing },
    { FR_ENTRY_SHARED,        apply_nothing },
    { FR_WORK_REFUSED,        apply_nothing },
    { FR_KIND_END,            NULL          },
};
/* clang-format on */
static const struct fr_stage hub_stage = {
    .name = "sites", .tables = hub_tables, .inputs = hub_inputs, .events = hub_events};

static pid_t
spawn(const struct fr_stage *stage, const char *log_name)
{
    char path[400];
    char *arguments[] = {(char *)stage->name, "--config", config_path, NULL};
    pid_t pid;
    int log;

    snprintf(path, sizeof(path), "%s/%s.log", dir, log_name);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, 2);
    dup2(log, 1);
    exit(fr_stage_main(3, arguments, stage));
}

/* A desk that was asked to end does so cleanly. */
static void
end(pid_t *pid, int signal_number)
{
    int status = 0;

    if (*pid > 0) {
        kill(*pid, signal_number);
        waitpid(*pid, &status, 0);
        *pid = 0;
    }
    if (signal_number == SIGTERM && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        fail_msg("ended with status %#x; see the logs in %s", status, dir);
}

/* {"submit": kind, ...} to the hub's control socket; waits for the answer. */
static void
hub_says(const char *kind, const char *message)
{
    char request[4096], answer[4096] = "", endpoint[400];
    void *zmq = zmq_ctx_new(), *socket = zmq_socket(zmq, ZMQ_REQ);
    int patience = PATIENCE_MS, linger = 0;

    snprintf(endpoint, sizeof(endpoint), "ipc://%s/run/sites.ctl", dir);
    snprintf(request, sizeof(request),
             "{\"submit\":\"%s\",\"key\":\"" CONVERSATION "\",\"brand\":\"acme\",\"message\":%s}",
             kind, message);
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof(patience));
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    assert_true(zmq_send(socket, request, strlen(request), 0) > 0);
    int size = zmq_recv(socket, answer, sizeof(answer) - 1, 0);
    zmq_close(socket);
    zmq_ctx_term(zmq); /* none of its threads may be there when the next process is forked */
    if (size < 0 || strstr(answer, "\"done\"") == NULL)
        fail_msg("the hub did not take %s: %s", kind, answer);
}

static void
hub_offers(void)
{
    hub_says("LeaseGranted",
             "{\"lease_id\":\"" LEASE "\",\"fence\":1,\"offer\":{\"offer_id\":\"0500\",\"task_id\":"
             "\"0301\",\"conversation_id\":\"" CONVERSATION "\",\"customer_id\":\"0200\",\"agent\":"
             "\"ann\",\"site\":\"inhouse\",\"channel\":\"channel_webchat\",\"queue\":\"general\","
             "\"expires_us\":1900000000000000,\"waited_us\":5,\"preview\":\"where is my parcel\","
             "\"reason\":\"longest waiting\",\"arrived_us\":1}}");
}

static void
hub_confirms(void)
{
    hub_says("LeaseConfirmed", "{\"lease_id\":\"" LEASE "\",\"fence\":1,\"offer_id\":\"0500\","
                               "\"conversation_id\":\"" CONVERSATION "\",\"agent\":\"ann\"}");
    hub_says("ConversationShared",
             "{\"site\":\"inhouse\",\"conversation_id\":\"" CONVERSATION "\",\"task_id\":\"0301\","
             "\"customer_id\":\"0200\",\"agent\":\"ann\",\"customer_name\":\"Zoe\"}");
}

/* ---- the browser ---- */

static void
request(const char *method, const char *path, const char *lines, const char *body,
        struct reply *reply)
{
    struct client *client = client_open(port);
    char *text = malloc(strlen(body) + 2048);

    assert_non_null(text);
    sprintf(text, "%s %s HTTP/1.1\r\nHost: shop.example\r\n%sContent-Length: %zu\r\n\r\n%s", method,
            path, lines, strlen(body), body);
    client_say(client, text);
    client_reply(client, reply, false);
    client_close(client);
    free(text);
}

static void
post(const char *path, const char *body, struct reply *reply)
{
    char lines[600];

    snprintf(lines, sizeof(lines), "Content-Type: application/json\r\n%s", cookie);
    request("POST", path, lines, body, reply);
}

static void
expect_error(const struct reply *reply, int status, const char *code)
{
    char start[100];

    snprintf(start, sizeof(start), "\"error\":\"%s\"", code);
    if (reply->status != status || strstr(reply->body, start) == NULL)
        fail_msg("%s: %d %s", client_claim, reply->status, reply->body);
}

static void
sign_in(const char *name)
{
    struct reply reply;
    char body[200];
    const char *set;

    cookie[0] = '\0';
    snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"%s-has-a-secret\"}", name, name);
    post("/api/login", body, &reply);
    if (reply.status != 200)
        fail_msg("sign in: %d %s", reply.status, reply.body);
    set = reply_header(&reply, "set-cookie");
    assert_non_null(set);
    assert_non_null(strstr(set, "; HttpOnly; SameSite=Strict; Max-Age=43200"));
    snprintf(cookie, sizeof(cookie), "Cookie: %.*s\r\n", (int)strcspn(set, ";"), set);
}

static struct client *
open_window(void)
{
    struct client *client = client_open(port);
    struct reply reply;
    char lines[600];

    snprintf(lines, sizeof(lines), "Sec-WebSocket-Protocol: filrouge.desk.1\r\n%s", cookie);
    client_upgrade(client, "/api/socket", lines);
    client_reply(client, &reply, false);
    if (reply.status != 101)
        fail_msg("no window: %d %s", reply.status, reply.body);
    return client;
}

/* Reads messages until one holds `needle`; that one is borrowed until the next call. */
static const char *
hear(struct client *client, const char *needle)
{
    static char text[1 << 20];
    size_t size;
    int first;

    while ((first = client_read_frame(client, text, sizeof(text), &size)) >= 0)
        if (first == 0x81 && strstr(text, needle) != NULL)
            return text;
    fail_msg("never heard %s", needle);
    return NULL;
}

/* ---- before and after ---- */

static int
free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void __attribute__((format(printf, 2, 3)))
write_file(const char *name, const char *format, ...)
{
    char path[400];
    va_list arguments;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fclose(file);
}

/* The desk answers, and has read what the hub said before: a moment that no clock decides. */
static void
wait_for_desk(void)
{
    for (int tries = 0; tries < 200; tries++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        int fd = socket(AF_INET, SOCK_STREAM, 0), failed;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        failed = connect(fd, (struct sockaddr *)&address, sizeof(address));
        close(fd);
        if (failed == 0)
            return;
        usleep(50000);
    }
    fail_msg("the desk does not listen; see %s/desk.log", dir);
}

static int
start(void **state)
{
    const char *root = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/desk-edge-XXXXXX", root == NULL ? "/tmp" : root);
    assert_non_null(mkdtemp(dir));
    snprintf(config_path, sizeof(config_path), "%s/filrouge.yaml", dir);
    port = free_port();
    write_file("ann.password", "ann-has-a-secret\n");
    write_file("bob.password", "bob-has-a-secret\n");
    write_file("filrouge.yaml",
               "state: %s/state\nrun: %s/run\n"
               "stage: {segment_size: 1MiB, journal_reserve: 1MiB}\n"
               "desk:\n  site: inhouse\n  listen: 127.0.0.1:%d\n  away_after: 1s\n  agents:\n"
               "    ann: {title: Ann B., password: file:ann.password}\n"
               "    bob: {password: file:bob.password}\n",
               dir, dir, port);
    hub = spawn(&hub_stage, "hub");
    desk = spawn(&desk_stage, "desk");
    wait_for_desk();
    return 0;
}

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int
finish(void **state)
{
    (void)state;
    end(&desk, SIGTERM);
    end(&hub, SIGTERM);
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the tests, one story in this order ---- */

struct door_case {
    const char *claim, *method, *path, *lines, *body;
    int status;
    const char *code;
};
#define JSON "Content-Type: application/json\r\n"

static void
bad_input_is_refused_at_the_door(void **state)
{
    static const struct door_case cases[] = {
        {"no session", "GET", "/api/me", "", "", 401, "signed_out"},
        {"no session, no state", "GET", "/api/state", "", "", 401, "signed_out"},
        {"a forged session", "GET", "/api/me", "Cookie: filrouge_desk_inhouse=AQNhbm4.AAAA\r\n", "",
         401, "signed_out"},
        {"an action without session", "POST", "/api/presence", JSON, "{}", 401, "signed_out"},
        {"no JSON", "POST", "/api/login", JSON, "name=ann", 400, "malformed"},
        {"an array", "POST", "/api/login", JSON, "[]", 400, "malformed"},
        {"a number for a name", "POST", "/api/login", JSON, "{\"name\":1,\"password\":\"x\"}", 400,
         "malformed"},
        {"a stranger among the members", "POST", "/api/login", JSON,
         "{\"name\":\"ann\",\"password\":\"x\",\"admin\":true}", 400, "malformed"},
        {"another content type", "POST", "/api/login", "Content-Type: text/plain\r\n", "{}", 415,
         "not_json"},
        {"another origin", "POST", "/api/login", JSON "Origin: http://evil.example\r\n", "{}", 403,
         "foreign_origin"},
        {"a wrong password", "POST", "/api/login", JSON, "{\"name\":\"ann\",\"password\":\"x\"}",
         401, "wrong"},
        {"an unknown name", "POST", "/api/login", JSON, "{\"name\":\"zoe\",\"password\":\"x\"}",
         401, "wrong"},
    };
    struct reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        client_claim = cases[i].claim;
        request(cases[i].method, cases[i].path, cases[i].lines, cases[i].body, &reply);
        expect_error(&reply, cases[i].status, cases[i].code);
        assert_null(reply_header(&reply, "set-cookie"));
    }
}

static void
tries_are_limited_for_a_name_and_no_other(void **state)
{
    struct reply reply;

    (void)state;
    for (int i = 0; i < 5; i++) {
        post("/api/login", "{\"name\":\"eve\",\"password\":\"guess\"}", &reply);
        expect_error(&reply, 401, "wrong");
    }
    post("/api/login", "{\"name\":\"eve\",\"password\":\"guess\"}", &reply);
    expect_error(&reply, 429, "too_many_tries");
    for (int i = 0; i < 8; i++)
        sign_in("bob"); /* being right is not counted */
}

static void
an_oversized_body_is_refused_before_it_is_read(void **state)
{
    char *body = malloc(100001);
    struct reply reply;

    (void)state;
    sign_in("ann");
    memset(body, 'x', 100000);
    body[100000] = '\0';
    post("/api/reply", body, &reply);
    assert_int_equal(reply.status, 413);
    free(body);
}

static void
a_window_needs_a_session_and_our_own_origin(void **state)
{
    struct client *client = client_open(port);
    struct reply reply;
    char lines[600];

    (void)state;
    client_upgrade(client, "/api/socket", "Sec-WebSocket-Protocol: filrouge.desk.1\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 401);
    client_close(client);
    client = client_open(port);
    snprintf(lines, sizeof(lines),
             "Sec-WebSocket-Protocol: filrouge.desk.1\r\nOrigin: http://evil.example\r\n%s",
             cookie);
    client_upgrade(client, "/api/socket", lines);
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 403);
    client_close(client);
}

static void
an_offer_becomes_a_conversation_in_every_window(void **state)
{
    struct client *one, *two;

    (void)state;
    one = open_window();
    two = open_window();
    assert_non_null(strstr(hear(one, "\"snapshot\""), "\"title\":\"Ann B.\""));
    hear(two, "\"snapshot\"");
    client_text(one, "{\"action\":\"presence\",\"id\":\"p1\",\"state\":\"available\"}");
    hear(two, "\"chosen\":\"available\"");
    hear(one, "{\"done\":\"p1\"}");
    hub_offers();
    assert_non_null(strstr(hear(one, "\"event\":\"offer\""), "where is my parcel"));
    hear(two, "\"event\":\"offer\"");
    client_text(two, "{\"action\":\"accept\",\"id\":\"a1\",\"offer\":\"" LEASE "\"}");
    hear(one, "\"event\":\"offer_answered\"");
    hear(two, "{\"done\":\"a1\"}");
    hub_confirms();
    hear(one, "\"event\":\"confirmed\"");
    assert_non_null(strstr(hear(one, "\"event\":\"conversation\""), "\"name\":\"Zoe\""));
    client_close(two);
    client_close(one);
}

static void
what_is_written_is_kept_once_and_shown_everywhere(void **state)
{
    static const char reply_text[] = "{\"action\":\"reply\",\"id\":\"r1\",\"conversation\":"
                                     "\"" CONVERSATION "\",\"text\":\"on its way\"}";
    struct client *one = open_window(), *two;
    struct reply reply;

    (void)state;
    hear(one, "\"snapshot\"");
    client_text(one, reply_text);
    hear(one, "\"event\":\"pending\"");
    hear(one, "{\"done\":\"r1\"}");
    client_text(one, reply_text); /* the same again: answered, and not written twice */
    hear(one, "{\"done\":\"r1\"}");
    two = open_window();
    const char *snapshot = hear(two, "\"snapshot\"");
    const char *first = strstr(snapshot, "\"id\":\"r1\"");
    assert_non_null(first);
    assert_null(strstr(first + 1, "\"id\":\"r1\""));
    post("/api/note", "{\"id\":\"n1\",\"conversation\":\"" CONVERSATION "\",\"text\":\"call him\"}",
         &reply);
    assert_string_equal(reply.body, "{\"done\":\"n1\"}");
    hear(two, "call him");
    client_close(one);
    client_close(two);
}

static void
what_may_not_be_is_answered_with_the_reason(void **state)
{
    struct client *client = open_window();
    struct reply reply;

    (void)state;
    hear(client, "\"snapshot\"");
    client_text(client, "not json");
    hear(client, "\"error\":\"malformed\"");
    client_text(client, "{\"action\":\"reply\",\"id\":\"x1\",\"conversation\":\"" CONVERSATION
                        "\",\"text\":\"hi\",\"agent\":\"bob\"}");
    assert_non_null(strstr(hear(client, "\"error\":\"malformed\""), "\"id\":\"x1\""));
    client_text(client,
                "{\"action\":\"reply\",\"id\":\"x2\",\"conversation\":\"0999\",\"text\":\"hi\"}");
    assert_non_null(strstr(hear(client, "\"id\":\"x2\""), "over, or was never yours"));
    client_close(client);
    sign_in("bob");
    post("/api/reply", "{\"id\":\"b1\",\"conversation\":\"" CONVERSATION "\",\"text\":\"mine\"}",
         &reply);
    expect_error(&reply, 409, "refused");
    request("GET", "/api/state", cookie, "", &reply);
    assert_non_null(strstr(reply.body, "\"conversations\":[]"));
    sign_in("ann");
}

static void
a_killed_desk_comes_back_with_everything_and_the_session_holds(void **state)
{
    struct client *client;
    const char *snapshot;

    (void)state;
    end(&desk, SIGKILL);
    hub_says("WorkRefused", "{\"agent\":\"ann\",\"conversation_id\":\"" CONVERSATION "\","
                            "\"client_id\":\"n1\",\"reason\":\"no\",\"text\":\"call him\"}");
    desk = spawn(&desk_stage, "desk");
    wait_for_desk();
    client = open_window();
    snapshot = hear(client, "\"snapshot\"");
    assert_non_null(strstr(snapshot, "\"chosen\":\"available\""));
    assert_non_null(strstr(snapshot, "on its way"));
    assert_non_null(strstr(snapshot, "\"name\":\"Zoe\""));
    if (strstr(snapshot, "\"reason\":\"no\"") == NULL) /* what the hub said meanwhile */
        hear(client, "\"event\":\"refused\"");
    client_close(client);
}

static void
who_closes_his_last_window_goes_offline(void **state)
{
    struct client *client = open_window();
    struct reply reply;

    (void)state;
    hear(client, "\"snapshot\"");
    client_text(client, "{\"action\":\"presence\",\"id\":\"p2\",\"state\":\"away\"}");
    hear(client, "{\"done\":\"p2\"}");
    client_close(client);
    for (int tries = 0; tries < 200; tries++) {
        request("GET", "/api/state", cookie, "", &reply);
        assert_int_equal(reply.status, 200);
        if (strstr(reply.body, "\"chosen\":\"offline\"") != NULL)
            return;
        usleep(50000);
    }
    fail_msg("still there: %s", reply.body);
}

static void
signing_out_ends_the_session_and_its_windows(void **state)
{
    struct client *client = open_window();
    struct reply reply;
    char reason[128];

    (void)state;
    hear(client, "\"snapshot\"");
    post("/api/logout", "{}", &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(client_close_code(client, reason, sizeof(reason)), 4001);
    client_close(client);
    request("GET", "/api/me", cookie, "", &reply);
    expect_error(&reply, 401, "signed_out");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_input_is_refused_at_the_door),
        cmocka_unit_test(tries_are_limited_for_a_name_and_no_other),
        cmocka_unit_test(an_oversized_body_is_refused_before_it_is_read),
        cmocka_unit_test(a_window_needs_a_session_and_our_own_origin),
        cmocka_unit_test(an_offer_becomes_a_conversation_in_every_window),
        cmocka_unit_test(what_is_written_is_kept_once_and_shown_everywhere),
        cmocka_unit_test(what_may_not_be_is_answered_with_the_reason),
        cmocka_unit_test(a_killed_desk_comes_back_with_everything_and_the_session_holds),
        cmocka_unit_test(who_closes_his_last_window_goes_offline),
        cmocka_unit_test(signing_out_ends_the_session_and_its_windows),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
