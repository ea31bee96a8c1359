/* client_test.c - HTTP replies and WebSocket frames, whole, in pieces, and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/fil/websocket.h"

/* clang-format off */
static const struct {
    const char *claim, *text;
    enum fr_error verdict;
    int status;
    const char *body;
} replies[] = {
    { "a reply with its body",            "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",   FR_OK,      201, "{}" },
    { "one without a body",               "HTTP/1.1 204 No Content\r\n\r\n",                       FR_OK,      204, ""   },
    { "what follows is the next one's",   "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxHTTP/1.1", FR_OK,      200, "x"  },
    { "half a head",                      "HTTP/1.1 200 OK\r\ncontent-le",                         FR_AGAIN,   0,   NULL },
    { "half a body",                      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",       FR_AGAIN,   0,   NULL },
    { "nothing yet",                      "",                                                      FR_AGAIN,   0,   NULL },
    { "another protocol",                 "SSH-2.0-OpenSSH_9.2\r\n\r\n",                           FR_INVALID, 0,   NULL },
    { "a status that is no number",       "HTTP/1.1 abc\r\ncontent-length: 0\r\n\r\n",             FR_INVALID, 0,   NULL },
    { "a length that is no number",       "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",         FR_INVALID, 0,   NULL },
    { "a length that nobody would send",  "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",FR_INVALID, 0,   NULL },
    { "no length at all",                 "HTTP/1.1 200 OK\r\nx: y\r\n\r\n",                       FR_INVALID, 0,   NULL },
};
/* clang-format on */

static void
test_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        struct fil_reply reply = {.status = 0};
        enum fr_error err = fil_reply_read(replies[i].text, strlen(replies[i].text), &reply);

        if (err != replies[i].verdict)
            fail_msg("%s: %s", replies[i].claim, fr_error_name(err));
        if (err != FR_OK)
            continue;
        if (reply.status != replies[i].status ||
            !fr_slice_equal(reply.body, fr_slice_str(replies[i].body)))
            fail_msg("%s: %d, %zu bytes", replies[i].claim, reply.status, reply.body.size);
    }
}

static void
test_headers(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nConnection: close\r\n"
                               "content-length: 0\r\n\r\n";
    struct fil_reply reply;
    char value[40];

    (void)state;
    assert_int_equal(fil_reply_read(text, sizeof(text) - 1, &reply), FR_OK);
    assert_true(fil_reply_header(&reply, "set-cookie", value, sizeof(value)));
    assert_string_equal(value, "a=b; Path=/");
    assert_false(fil_reply_header(&reply, "cookie", value, sizeof(value)));
    assert_true(reply.closes);
    assert_int_equal(reply.size, sizeof(text) - 1);
}

/* A server's frame: not masked. */
static size_t
frame(char *out, unsigned first, const char *payload, size_t size)
{
    size_t head = 2;

    out[0] = (char)first;
    if (size < 126) {
        out[1] = (char)size;
    } else {
        out[1] = 126;
        out[2] = (char)(size >> 8);
        out[3] = (char)size;
        head = 4;
    }
    memcpy(out + head, payload, size);
    return head + size;
}

static void
test_a_text_in_pieces(void **state)
{
    char stream[4000], big[2000];
    struct fil_ws_reader reader;
    enum fil_ws_kind kind;
    struct fr_slice payload;
    size_t size = 0, at = 0, used;

    (void)state;
    memset(big, 'x', sizeof(big));
    size += frame(stream + size, 0x01, "hel", 3);
    size += frame(stream + size, 0x89, "?", 1); /* a ping in between is allowed */
    size += frame(stream + size, 0x80, "lo", 2);
    size += frame(stream + size, 0x81, big, sizeof(big));
    fil_ws_reader_init(&reader);
    assert_int_equal(fil_ws_read(&reader, stream, size, &used, &kind, &payload), FR_OK);
    assert_int_equal(kind, FIL_WS_PART);
    at += used;
    assert_int_equal(fil_ws_read(&reader, stream + at, size - at, &used, &kind, &payload), FR_OK);
    assert_int_equal(kind, FIL_WS_PING);
    assert_true(fr_slice_equal(payload, fr_slice_str("?")));
    at += used;
    assert_int_equal(fil_ws_read(&reader, stream + at, size - at, &used, &kind, &payload), FR_OK);
    assert_int_equal(kind, FIL_WS_TEXT);
    assert_true(fr_slice_equal(payload, fr_slice_str("hello")));
    at += used;
    for (size_t have = 0; have < size - at; have++) /* never more than is there */
        assert_int_equal(fil_ws_read(&reader, stream + at, have, &used, &kind, &payload), FR_AGAIN);
    assert_int_equal(fil_ws_read(&reader, stream + at, size - at, &used, &kind, &payload), FR_OK);
    assert_int_equal(payload.size, sizeof(big));
    assert_int_equal(at + used, size);
    fil_ws_reader_fini(&reader);
}

/* clang-format off */
static const struct {
    const char *claim;
    unsigned char bytes[4];
    size_t size;
} broken[] = {
    { "a masked frame",                      { 0x81, 0x81, 0, 0 }, 4 },
    { "a bit that nobody agreed on",         { 0xc1, 0x00 },       2 },
    { "binary",                              { 0x82, 0x00 },       2 },
    { "the rest of nothing",                 { 0x80, 0x00 },       2 },
    { "an opcode that does not exist",       { 0x83, 0x00 },       2 },
};
/* clang-format on */

static void
test_broken_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct fil_ws_reader reader;
        enum fil_ws_kind kind;
        struct fr_slice payload;
        size_t used;

        fil_ws_reader_init(&reader);
        if (fil_ws_read(&reader, (const char *)broken[i].bytes, broken[i].size, &used, &kind,
                        &payload) != FR_INVALID)
            fail_msg("%s is taken", broken[i].claim);
        fil_ws_reader_fini(&reader);
    }
}

/* What we send is masked; unmasked again it is what was meant, at every size of head. */
static void
test_written_frames(void **state)
{
    static const size_t sizes[] = {0, 5, 125, 126, 65535, 65536};
    char *payload = malloc(70000);

    (void)state;
    for (size_t i = 0; i < 70000; i++)
        payload[i] = (char)(i * 31);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct fil_buffer out = {.bytes = NULL};
        size_t head = sizes[i] < 126 ? 2 : sizes[i] < 65536 ? 4 : 10;
        const unsigned char *bytes;

        fil_ws_write(&out, FIL_WS_TEXT, fr_slice(payload, sizes[i]));
        bytes = (const unsigned char *)out.bytes;
        assert_int_equal(out.size, head + 4 + sizes[i]);
        assert_int_equal(bytes[0], 0x81);
        assert_true((bytes[1] & 0x80) != 0);
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(bytes[head + 4 + b] ^ bytes[head + b % 4], (unsigned char)payload[b]);
        free(out.bytes);
    }
    free(payload);
}

/* clang-format off */
static const struct {
    const char *text, *host; /* NULL: no address */
} addresses[] = {
    { "127.0.0.1:8062",             "127.0.0.1:8062" },
    { ":8062",                      "127.0.0.1:8062" },
    { "[::1]:8062",                 "[::1]:8062"     },
    { "http://127.0.0.1:8062/form", "127.0.0.1:8062" },
    { "127.0.0.1",                  NULL             },
    { "127.0.0.1:",                 NULL             },
};
/* clang-format on */

static void
test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct fil_address address;
        bool good = fil_address_parse(addresses[i].text, &address);

        if (good != (addresses[i].host != NULL))
            fail_msg("%s", addresses[i].text);
        if (good)
            assert_string_equal(address.text, addresses[i].host);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),          cmocka_unit_test(test_headers),
        cmocka_unit_test(test_a_text_in_pieces), cmocka_unit_test(test_broken_frames),
        cmocka_unit_test(test_written_frames),   cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
