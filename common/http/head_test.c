/* head_test.c - what a request may look like, and what two parsers could read differently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "common/http/chunked.h"
#include "common/http/head.h"

struct line_case {
    const char *claim, *text;
    int status;
    const char *path, *query;
};

#define H " HTTP/1.1\r\nHost: a\r\n\r\n"

/* clang-format off */
static const struct line_case cases[] = {
    {"a path is a path", "GET /a/b" H, 0, "/a/b", NULL},
    {"the query is cut off", "GET /a?x=1&y=%20" H, 0, "/a", "x=1&y=%20"},
    {"an empty query is one", "GET /a?" H, 0, "/a", ""},
    {"absolute-form names the same path", "GET http://shop.example:80/a?b" H, 0, "/a", "b"},
    {"absolute-form without a path is nothing", "GET http://shop.example" H, 400, NULL, NULL},
    {"* is for OPTIONS", "OPTIONS *" H, 0, "*", NULL},
    {"* is for nothing else", "GET *" H, 400, NULL, NULL},
    {"escapes are decoded", "GET /caf%C3%A9" H, 0, "/caf\xc3\xa9", NULL},
    {"an escape ends too early", "GET /a%4" H, 400, NULL, NULL},
    {"an escape is not hexadecimal", "GET /a%zz" H, 400, NULL, NULL},
    {"%00 is refused", "GET /a%00b" H, 400, NULL, NULL},
    {"%00 is refused in the query too", "GET /a?x=%00" H, 400, NULL, NULL},
    {"%0a is refused", "GET /a%0ab" H, 400, NULL, NULL},
    {"an overlong / is refused", "GET /a%c0%af..%c0%afb" H, 400, NULL, NULL},
    {"raw bytes above ASCII are refused", "GET /caf\xc3\xa9" H, 400, NULL, NULL},
    {"dots are resolved", "GET /a/./b/../c" H, 0, "/a/c", NULL},
    {"encoded dots are resolved", "GET /a/%2e%2e/c" H, 0, "/c", NULL},
    {"an encoded slash is a slash", "GET /a%2f..%2fc" H, 0, "/c", NULL},
    {"nothing is above the root", "GET /.." H, 400, NULL, NULL},
    {"nor by way of a folder", "GET /a/../../etc/passwd" H, 400, NULL, NULL},
    {"three dots are a name", "GET /.../a" H, 0, "/.../a", NULL},
    {"double slashes are one", "GET //a///b//" H, 0, "/a/b/", NULL},
    {"a fragment does not belong here", "GET /a#b" H, 400, NULL, NULL},
    {"no version", "GET /a\r\nHost: a\r\n\r\n", 400, NULL, NULL},
    {"two blanks", "GET  /a" H, 400, NULL, NULL},
    {"a blank behind the version", "GET /a HTTP/1.1 \r\nHost: a\r\n\r\n", 400, NULL, NULL},
    {"HTTP/2 is not spoken", "GET /a HTTP/2.0\r\nHost: a\r\n\r\n", 505, NULL, NULL},
    {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\n", 505, NULL, NULL},
    {"HTTP/1.9 counts as 1.1", "GET /a HTTP/1.9\r\nHost: a\r\n\r\n", 0, "/a", NULL},
    {"version in lower case", "GET /a http/1.1\r\nHost: a\r\n\r\n", 400, NULL, NULL},
    {"an unknown method", "BREW /pot" H, 501, NULL, NULL},
    {"methods know their case", "get /a" H, 501, NULL, NULL},
    {"CONNECT is not for us", "CONNECT a:80" H, 501, NULL, NULL},
    {"HTTP/1.1 without a host", "GET /a HTTP/1.1\r\n\r\n", 400, NULL, NULL},
    {"HTTP/1.0 without a host", "GET /a HTTP/1.0\r\n\r\n", 0, "/a", NULL},
    {"two hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, NULL, NULL},
    {"a host that is more", "GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, NULL, NULL},
    {"a blank before the colon", "GET /a HTTP/1.1\r\nHost : a\r\n\r\n", 400, NULL, NULL},
    {"a folded header", "GET /a HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400, NULL, NULL},
    {"a header without a name", "GET /a HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400, NULL, NULL},
    {"a line that is no header", "GET /a HTTP/1.1\r\nHost: a\r\nhello\r\n\r\n", 400, NULL, NULL},
    {"a bare LF", "GET /a HTTP/1.1\nHost: a\r\n\r\n", 400, NULL, NULL},
    {"a bare CR", "GET /a HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, NULL, NULL},
    {"a control character", "GET /a HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400, NULL, NULL},
    {"length twice", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400, NULL, NULL},
    {"length as a list", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", 400, NULL, NULL},
    {"length with a sign", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", 400, NULL, NULL},
    {"negative length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\n", 400, NULL, NULL},
    {"length that overflows", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, NULL, NULL},
    {"length beside chunks", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, NULL, NULL},
    {"chunks twice", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, NULL, NULL},
    {"another coding", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, NULL, NULL},
    {"a coding in disguise", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501, NULL, NULL},
    {"chunks in HTTP/1.0", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, NULL, NULL},
    {"another expectation", "POST /a HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\n\r\n", 417, NULL, NULL},
};
/* clang-format on */

static void
request_lines_and_headers_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = strlen(cases[i].text);
        char *text = malloc(size); /* without a NUL: a read beyond it is caught by the sanitizer */
        struct head head;
        int status;

        memcpy(text, cases[i].text, size);
        status = fr_http_head_parse(text, size, &head);
        if (status != cases[i].status)
            fail_msg("%s: status %d, not %d", cases[i].claim, status, cases[i].status);
        if (status == 0) {
            assert_string_equal(text + head.path, cases[i].path);
            assert_int_equal(head.query == 0, cases[i].query == NULL);
            if (cases[i].query != NULL)
                assert_string_equal(text + head.query, cases[i].query);
        }
        free(text);
    }
}

static void
a_nul_is_never_the_end_of_a_line(void **state)
{
    char text[] = "GET /a HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n";
    struct head head;

    (void)state;
    assert_int_equal(fr_http_head_parse(text, sizeof(text) - 1, &head), 400);
}

static void
headers_are_found_by_lower_case_name(void **state)
{
    char text[] =
        "POST /a HTTP/1.1\r\nHost: a\r\nX-Thing:  b c \t\r\nCONTENT-LENGTH: 12\r\nEmpty:\r\n"
        "Expect: 100-Continue\r\nConnection: Foo, Close\r\n\r\n";
    struct head head;

    (void)state;
    assert_int_equal(fr_http_head_parse(text, sizeof(text) - 1, &head), 0);
    assert_string_equal(fr_http_head_value(text, &head, "x-thing"), "b c");
    assert_string_equal(fr_http_head_value(text, &head, "empty"), "");
    assert_null(fr_http_head_value(text, &head, "other"));
    assert_int_equal(head.content_length, 12);
    assert_true(head.expect_continue);
    assert_false(head.keep_alive);
}

/* The same path, worked out with a list of names. */
static int
naive_normalize(const char *path, char *out)
{
    char copy[256], *names[128], *save = NULL;
    size_t count = 0, size = strlen(path);
    bool directory;

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *name = strtok_r(copy, "/", &save); name != NULL; name = strtok_r(NULL, "/", &save)) {
        if (strcmp(name, "..") == 0) {
            if (count-- == 0)
                return 400;
        } else if (strcmp(name, ".") != 0) {
            names[count++] = name;
        }
    }
    directory = path[size - 1] == '/';
    *out = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(strcat(out, "/"), names[i]);
    if (count == 0 || directory)
        strcat(out, "/");
    return 0;
}

static void
paths_agree_with_a_naive_version(void **state)
{
    static const char *const pieces[] = {"/", "/", "/", "..", ".", "a", "bc", "%2e", "%2F", "..."};
    static const char *const decoded[] = {"/", "/", "/", "..", ".", "a", "bc", ".", "/", "..."};
    unsigned seed = (unsigned)time(NULL);

    (void)state;
    printf("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 20000; round++) {
        char text[512] = "GET /", plain[256] = "/", expected[256];
        int count = rand() % 12, status;
        struct head head;

        for (int i = 0; i < count; i++) {
            int piece = rand() % 10;

            strcat(text, pieces[piece]);
            strcat(plain, decoded[piece]);
        }
        strcat(text, H);
        status = fr_http_head_parse(text, strlen(text), &head);
        assert_int_equal(status, naive_normalize(plain, expected));
        if (status == 0)
            assert_string_equal(text + head.path, expected);
    }
}

/* ---- chunked ---- */

static void
chunks_give_the_body_however_they_are_cut(void **state)
{
    unsigned seed = (unsigned)time(NULL);

    (void)state;
    printf("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 3000; round++) {
        char raw[4096], body[512], decoded[512];
        size_t raw_size = 0, body_size = (size_t)(rand() % 500), at = 0, decoded_size = 0;
        struct chunked chunked = {0};

        for (size_t i = 0; i < body_size; i++)
            body[i] = (char)rand();
        while (at < body_size) {
            size_t piece = 1 + (size_t)rand() % (body_size - at);

            raw_size +=
                (size_t)sprintf(raw + raw_size, rand() % 2 ? "%zx\r\n" : "%03zX;a=b\r\n", piece);
            memcpy(raw + raw_size, body + at, piece);
            raw_size += piece;
            raw_size += (size_t)sprintf(raw + raw_size, "\r\n");
            at += piece;
        }
        raw_size += (size_t)sprintf(raw + raw_size, rand() % 2 ? "0\r\n\r\n" : "0\r\nA: b\r\n\r\n");
        memcpy(raw + raw_size, "next", 4);
        for (at = 0; chunked.state != CHUNK_END;) {
            size_t piece = 1 + (size_t)rand() % (raw_size + 4 - at);

            assert_true(at < raw_size);
            assert_int_equal(
                fr_http_chunked_feed(&chunked, raw + at, &piece, decoded, &decoded_size, body_size),
                0);
            at += piece;
        }
        assert_int_equal(at, raw_size); /* "next" is left alone */
        assert_int_equal(decoded_size, body_size);
        assert_memory_equal(decoded, body, body_size);
    }
}

static void
broken_chunks_are_refused(void **state)
{
    static const struct {
        const char *text;
        int status;
    } chunks[] = {
        {"\r\n", 400},
        {"g\r\n", 400},
        {"-1\r\n", 400},
        {"1\nx", 400},
        {"1\r\nxy\r\n", 400},
        {"1 \r\nx\r\n", 400},
        {"0x1\r\nx\r\n", 400},
        {"1;a\nb\r\nx\r\n", 400},
        {"0000000000000001\r\nx\r\n", 400},
        {"b\r\nx", 413},
        {"fffffffffffffff\r\nx", 413},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        struct chunked chunked = {0};
        size_t size = strlen(chunks[i].text), body_size = 0;
        char body[16];
        int status = fr_http_chunked_feed(&chunked, chunks[i].text, &size, body, &body_size, 10);

        if (status != chunks[i].status)
            fail_msg("\"%s\": %d", chunks[i].text, status);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_lines_and_headers_are_read_strictly),
        cmocka_unit_test(a_nul_is_never_the_end_of_a_line),
        cmocka_unit_test(headers_are_found_by_lower_case_name),
        cmocka_unit_test(paths_agree_with_a_naive_version),
        cmocka_unit_test(chunks_give_the_body_however_they_are_cut),
        cmocka_unit_test(broken_chunks_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
