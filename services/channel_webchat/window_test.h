/* window_test.h - a browser window for tests: opens, says, hears, in one line each. */
#ifndef FR_WEBCHAT_WINDOW_TEST_H
#define FR_WEBCHAT_WINDOW_TEST_H

#include "common/token/token.h"
#include "common/stage/running.h"
#include "services/channel_webchat/webchat.h"

#define ACCOUNTS                                                                                   \
    "  listen: 127.0.0.1:0\n"                                                                      \
    "  accounts:\n"                                                                                \
    "    shop: {brand: acme, allow_origins: [\"https://shop.example\"], greeting: Hello!}\n"       \
    "    other: {brand: bolt, allow_origins: [\"*\"]}\n"                                           \
    "    own: {brand: acme}\n"
#define STAGE "  stage: {admin: \"127.0.0.1:0\", log_format: json"
#define TOP "stage: {log_format: json}\nchannels: [channel_webchat]"

__attribute__((unused)) static struct run
start(void)
{
    run_configure(TOP, WEBCHAT_CHANNEL, ACCOUNTS STAGE "}\n");
    return run_start(&webchat_stage, true);
}

/* ---- a window ---- */

static char last_session[256]; /* the token of the last "opened" */

__attribute__((unused)) static struct client *
window_at(const struct run *run, const char *account)
{
    static struct reply reply;
    struct client *client = client_open(run->port);
    char target[128];

    snprintf(target, sizeof(target), "/chat/socket?account=%s", account);
    client_upgrade(client, target,
                   "Sec-WebSocket-Protocol: filrouge.chat.1\r\n"
                   "Origin: https://shop.example\r\n");
    client_reply(client, &reply, false);
    assert_int_equal(reply.status, 101);
    return client;
}

/* The next message; NULL: the connection was closed. */
__attribute__((unused)) static json_t *
hear(struct client *client)
{
    static char text[1 << 20];
    json_t *json;
    size_t size;
    int first;

    while ((first = client_read_frame(client, text, sizeof(text), &size)) == 0x89)
        ;
    if (first != 0x81)
        return NULL;
    json = json_loadb(text, size, 0, NULL);
    assert_non_null(json);
    return json;
}

__attribute__((unused)) static json_t *
expect(struct client *client, const char *type)
{
    json_t *json = hear(client);

    assert_non_null(json);
    if (strcmp(json_string_value(json_object_get(json, "type")), type) != 0)
        fail_msg("not %s but %s", type, json_dumps(json, 0));
    return json;
}

__attribute__((unused)) static void
expect_error(struct client *client, const char *code)
{
    json_t *json = expect(client, "error");

    if (strcmp(json_string_value(json_object_get(json, "code")), code) != 0)
        fail_msg("not %s but %s", code, json_dumps(json, 0));
    json_decref(json);
}

/* "from text" of the entries of one message, and whether they begin at `seq` without a gap. */
__attribute__((unused)) static const char *
expect_entries(struct client *client, int seq)
{
    static char text[65536];
    json_t *json = expect(client, "entries"), *entry;
    size_t i;

    text[0] = '\0';
    json_array_foreach(json_object_get(json, "entries"), i, entry)
    {
        assert_int_equal(json_integer_value(json_object_get(entry, "seq")), seq + (int)i);
        sprintf(text + strlen(text), "%s%s %s", i == 0 ? "" : ", ",
                json_string_value(json_object_get(entry, "from")),
                json_string_value(json_object_get(entry, "text")));
    }
    json_decref(json);
    return text;
}

__attribute__((unused)) static void
expect_tick(struct client *client, const char *id, int seq)
{
    json_t *json = expect(client, "tick");

    assert_string_equal(json_string_value(json_object_get(json, "id")), id);
    assert_int_equal(json_integer_value(json_object_get(json, "seq")), seq);
    json_decref(json);
}

/* Says open with these members; what comes is "opened", whose session is kept. */
__attribute__((unused)) static json_t *
open_with(struct client *client, const char *members)
{
    char text[8192];
    json_t *json;

    snprintf(text, sizeof(text), "{\"type\":\"open\"%s%s}", members[0] == '\0' ? "" : ",", members);
    client_text(client, text);
    json = expect(client, "opened");
    snprintf(last_session, sizeof(last_session), "%s",
             json_string_value(json_object_get(json, "session")));
    return json;
}

__attribute__((unused)) static struct client *
new_window(const struct run *run)
{
    struct client *client = window_at(run, "shop");

    json_decref(open_with(client, ""));
    return client;
}

__attribute__((unused)) static struct client *
back_window(const struct run *run, const char *session, int last)
{
    struct client *client = window_at(run, "shop");
    char members[512];

    snprintf(members, sizeof(members), "\"session\":\"%s\",\"last\":%d", session, last);
    json_decref(open_with(client, members));
    return client;
}

__attribute__((unused)) static void
say(struct client *client, const char *id, const char *text)
{
    char message[9000];

    snprintf(message, sizeof(message), "{\"type\":\"message\",\"id\":\"%s\",\"text\":\"%s\"}", id,
             text);
    client_text(client, message);
}

__attribute__((unused)) static const char *
signed_token(const char *login, const char *brand, const char *secret, int64_t seconds)
{
    static char text[FR_TOKEN_TEXT_SIZE];
    struct fr_token token = {.expires_s = fr_time_wall().unix_us / 1000000 + seconds};

    snprintf(token.sub, sizeof(token.sub), "%s", login);
    snprintf(token.brand, sizeof(token.brand), "%s", brand);
    assert_int_equal(fr_token_sign(&token, secret, text, sizeof(text)), FR_OK);
    return text;
}

__attribute__((unused)) static const char *
shop_token(const char *login)
{
    return signed_token(login, "acme", "the secret of acme", 600);
}

__attribute__((unused)) static long
stored(const struct run *run)
{
    return run_metric(run, "filrouge_webchat_messages_total");
}

#endif
