/* static_test.c - files: the right bytes, the right type, and nothing that is not meant to be seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>
#include "common/base/log.h"
#include "common/http/client_test.h"
#include "common/http/http.h"

static struct fr_http *server;
static char folder[256];
static struct reply reply;

static void
write_file(const char *name, const char *text)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void
make_folder(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    mkdir(path, 0700);
}

static void
make_link(const char *target, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(symlink(target, path), 0);
}

static void
api(void *context, const struct fr_http_request *request)
{
    (void)context;
    fr_http_answer(server, request->id, 200, "text/plain", NULL, fr_slice_str("the route"));
}

static int
set_up(void **state)
{
    static const struct fr_http_route routes[] = {{"GET", "/api/*", api}, {NULL, NULL, NULL}};
    const char *temporary = getenv("TMPDIR");
    struct fr_http_options options = {
        .listen = "127.0.0.1:0",
        .routes = routes,
        .security_headers = "content-security-policy: default-src 'self'",
    };
    char pages[300];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/http-static-XXXXXX",
             temporary == NULL ? "/tmp" : temporary);
    assert_non_null(mkdtemp(folder));
    make_folder("pages");
    make_folder("pages/assets");
    make_folder("pages/empty");
    make_folder("pages/api");
    make_folder("pages/.git");
    make_folder("pages-secret");
    make_folder("pages/..2026");
    write_file("secret.txt", "secret");
    write_file("pages-secret/x.txt", "secret");
    write_file("pages/index.html", "<p>start</p>");
    write_file("pages/assets/index.html", "<p>inner</p>");
    write_file("pages/assets/app-DiwrgTda.js", "hashed");
    write_file("pages/assets/app-component.js", "plain");
    write_file("pages/assets/main.0a1b2c3d4e.css", "hashed");
    write_file("pages/assets/no type", "bytes");
    write_file("pages/api/x.html", "never seen");
    write_file("pages/.git/config", "secret");
    write_file("pages/.env", "secret");
    write_file("pages/zero.txt", "");
    write_file("pages/..2026/mounted.txt", "mounted");
    make_link("../secret.txt", "pages/outside.txt");
    make_link("../pages-secret", "pages/neighbour");
    make_link("/etc", "pages/etc");
    make_link("..2026/mounted.txt", "pages/mounted.txt");
    snprintf(pages, sizeof(pages), "%s/pages", folder);
    options.static_dir = pages;
    assert_int_equal(fr_http_start(&options, &server), FR_OK);
    return 0;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static int
tear_down(void **state)
{
    (void)state;
    fr_http_stop(&server, fr_millis(50));
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
ask(struct client *client, const char *method, const char *path, const char *lines)
{
    char text[1024];

    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, path, lines);
    client_say(client, text);
    client_reply(client, &reply, strcmp(method, "HEAD") == 0);
}

static void
paths_lead_to_files_inside_and_nowhere_else(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *body, *type;
    } cases[] = {
        {"/", 200, "<p>start</p>", "text/html; charset=utf-8"},
        {"/index.html", 200, "<p>start</p>", "text/html; charset=utf-8"},
        {"/?x=1", 200, "<p>start</p>", "text/html; charset=utf-8"},
        {"/assets/", 200, "<p>inner</p>", "text/html; charset=utf-8"},
        {"/assets/app-DiwrgTda.js", 200, "hashed", "text/javascript; charset=utf-8"},
        {"/assets/main.0a1b2c3d4e.css", 200, "hashed", "text/css; charset=utf-8"},
        {"/assets/no%20type", 200, "bytes", "application/octet-stream"},
        {"/assets/../index.html", 200, "<p>start</p>", "text/html; charset=utf-8"},
        {"/mounted.txt", 200, "mounted", "text/plain; charset=utf-8"},
        {"/zero.txt", 200, "", "text/plain; charset=utf-8"},
        {"/api/x.html", 200, "the route", "text/plain"},
        {"/assets", 404, NULL, NULL},
        {"/empty/", 404, NULL, NULL},
        {"/nothing", 404, NULL, NULL},
        {"/index.html/", 404, NULL, NULL},
        {"/.env", 404, NULL, NULL},
        {"/.git/config", 404, NULL, NULL},
        {"/%2egit/config", 404, NULL, NULL},
        {"/..2026/mounted.txt", 404, NULL, NULL},
        {"/outside.txt", 404, NULL, NULL},
        {"/neighbour/x.txt", 404, NULL, NULL},
        {"/etc/passwd", 404, NULL, NULL},
        {"/..%5csecret.txt", 404, NULL, NULL},
        {"/../secret.txt", 400, NULL, NULL},
        {"/%2e%2e/secret.txt", 400, NULL, NULL},
        {"/%2e%2e%2fsecret.txt", 400, NULL, NULL},
        {"/assets/%2e%2e/%2e%2e/secret.txt", 400, NULL, NULL},
        {"/index.html%00.txt", 400, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client = client_open(fr_http_port(server));

        client_claim = cases[i].path;
        ask(client, "GET", cases[i].path, "");
        if (reply.status != cases[i].status)
            fail_msg("%s: %d", cases[i].path, reply.status);
        if (reply.status == 200) {
            assert_string_equal(reply.body, cases[i].body);
            assert_string_equal(reply_header(&reply, "content-type"), cases[i].type);
            assert_int_equal(reply_header(&reply, "content-security-policy") != NULL,
                             strcmp(cases[i].body, "the route") != 0);
        }
        assert_null(strstr(reply.body, "secret"));
        client_close(client);
    }
}

static void
a_file_that_is_known_is_not_sent_again(void **state)
{
    struct client *client = client_open(fr_http_port(server));
    char tag[128], lines[1024];

    (void)state;
    ask(client, "GET", "/assets/app-component.js", "");
    snprintf(tag, sizeof(tag), "%s", reply_header(&reply, "etag"));
    assert_string_equal(reply_header(&reply, "cache-control"), "no-cache");
    snprintf(lines, sizeof(lines), "If-None-Match: \"other\", W/%s\r\n", tag);
    ask(client, "GET", "/assets/app-component.js", lines);
    assert_int_equal(reply.status, 304);
    assert_string_equal(reply_header(&reply, "etag"), tag);
    ask(client, "GET", "/assets/app-component.js", "If-None-Match: \"other\"\r\n");
    assert_int_equal(reply.status, 200);
    write_file("pages/assets/app-component.js", "changed");
    snprintf(lines, sizeof(lines), "If-None-Match: %s\r\n", tag);
    ask(client, "GET", "/assets/app-component.js", lines);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "changed");
    ask(client, "GET", "/assets/app-DiwrgTda.js", "");
    assert_string_equal(reply_header(&reply, "cache-control"),
                        "public, max-age=31536000, immutable");
    ask(client, "GET", "/assets/main.0a1b2c3d4e.css", "");
    assert_string_equal(reply_header(&reply, "cache-control"),
                        "public, max-age=31536000, immutable");
    client_close(client);
}

static void
files_are_read_and_nothing_else(void **state)
{
    struct client *client = client_open(fr_http_port(server));

    (void)state;
    ask(client, "HEAD", "/index.html", "");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "content-length"), "12");
    ask(client, "GET", "/index.html", "");
    assert_string_equal(reply.body, "<p>start</p>");
    ask(client, "POST", "/index.html", "");
    assert_int_equal(reply.status, 404);
    ask(client, "DELETE", "/index.html", "");
    assert_int_equal(reply.status, 404);
    client_close(client);
}

/* More than a socket holds, for a client that reads little by little; then the connection goes on.
 */
static void
a_large_file_arrives_whole(void **state)
{
    enum { SIZE = 6 << 20 };
    struct client *client = client_open(fr_http_port(server));
    char *text = malloc(SIZE + 1), *got = malloc(SIZE), *end;
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + i * 7 % 23);
    text[SIZE] = '\0';
    write_file("pages/large.txt", text);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &(int){65536}, sizeof(int));
    client_say(client, "GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    while ((end = strstr(client->in, "\r\n\r\n")) == NULL)
        assert_true(client_hear(client, PATIENCE_MS) > 0);
    client_drop(client, (size_t)(end + 4 - client->in));
    while (at < SIZE) {
        size_t piece = client->size < SIZE - at ? client->size : SIZE - at;

        memcpy(got + at, client->in, piece);
        at += piece;
        client_drop(client, piece);
        if (at < SIZE)
            assert_true(client_hear(client, PATIENCE_MS) > 0);
    }
    assert_memory_equal(got, text, SIZE);
    ask(client, "GET", "/index.html", "");
    assert_string_equal(reply.body, "<p>start</p>");
    client_close(client);
    free(text);
    free(got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_files_inside_and_nowhere_else),
        cmocka_unit_test(a_file_that_is_known_is_not_sent_again),
        cmocka_unit_test(files_are_read_and_nothing_else),
        cmocka_unit_test(a_large_file_arrives_whole),
    };

    fr_log_init("static_test", FR_ERROR + 1, FR_LOG_AUTO);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
