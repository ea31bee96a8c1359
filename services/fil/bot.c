/* bot.c - a scripted agent's connection: signing in, the window, coming back. */
#include "services/fil/bot_work.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBPROTOCOL "filrouge.desk.1"
#define BACK_OFF_FIRST_US 100000
#define BACK_OFF_MOST_US 2000000
#define PATIENCE_US 10000000 /* for each step until the window is open */
#define SILENCE_US 90000000  /* the desk pings every 25 s */

struct fil_bot *
fil_bot_new(const struct fil_bot_options *options)
{
    struct fil_bot *bot = calloc(1, sizeof(*bot));

    fr_assert(bot != NULL);
    bot->options = *options;
    fil_net_init(&bot->net);
    fil_ws_reader_init(&bot->reader);
    bot->last_action = &bot->actions;
    return bot;
}

void
fil_bot_free(struct fil_bot **bot)
{
    if (*bot == NULL)
        return;
    bot_work_free(*bot);
    fil_net_fini(&(*bot)->net);
    fil_ws_reader_fini(&(*bot)->reader);
    free(*bot);
    *bot = NULL;
}

/* ---- the connection ---- */

static void
break_off(struct fil_bot *bot, const char *why, int64_t now_us)
{
    if (bot->step == BOT_OPEN || bot->back_off.us == 0)
        bot_tell(bot, "disconnected", "", why);
    fil_net_close(&bot->net);
    fil_ws_reader_fini(&bot->reader);
    bot->step = BOT_CLOSED;
    bot->joined = false;
    bot->back_off.us = bot->back_off.us == 0 ? BACK_OFF_FIRST_US : bot->back_off.us * 2;
    if (bot->back_off.us > BACK_OFF_MOST_US)
        bot->back_off.us = BACK_OFF_MOST_US;
    bot->next_try_us = now_us + bot->back_off.us;
}

static void
ask_to_sign_in(struct fil_bot *bot)
{
    json_t *json =
        json_pack("{s:s, s:s}", "name", bot->options.name, "password", bot->options.password);
    char *body = json_dumps(json, JSON_COMPACT);

    json_decref(json);
    fil_request_write(&bot->net.out, "POST", bot->options.desk.text, "/api/login", NULL, body);
    free(body);
    bot->step = BOT_SIGNING_IN;
}

static void
ask_for_window(struct fil_bot *bot)
{
    char line[sizeof(bot->cookie) + 16];

    snprintf(line, sizeof(line), "cookie: %s\r\n", bot->cookie);
    fil_ws_handshake(&bot->net.out, bot->options.desk.text, "/api/socket", SUBPROTOCOL, line);
    bot->step = BOT_UPGRADING;
}

static void
begin(struct fil_bot *bot, int64_t now_us)
{
    if (fil_net_connect(&bot->net, &bot->options.desk) != FR_OK) {
        break_off(bot, "the desk cannot be reached", now_us);
        return;
    }
    bot->stuck_us = now_us + PATIENCE_US;
    if (bot->cookie[0] == '\0')
        ask_to_sign_in(bot);
    else
        ask_for_window(bot);
}

/* ---- HTTP ---- */

static void
take_login(struct fil_bot *bot, const struct fil_reply *reply, int64_t now_us)
{
    char cookie[sizeof(bot->cookie)];

    if (reply->status == 200 && fil_reply_header(reply, "set-cookie", cookie, sizeof(cookie))) {
        cookie[strcspn(cookie, ";")] = '\0';
        memcpy(bot->cookie, cookie, sizeof(bot->cookie));
        ask_for_window(bot);
    } else if (reply->status == 401 || reply->status == 400) {
        bot->refused = true;
        bot_tell(bot, "refused", "", "the desk does not know this name and password");
        break_off(bot, "not signed in", now_us);
    } else {
        break_off(bot, "the desk is busy", now_us);
    }
}

static void
take_upgrade(struct fil_bot *bot, const struct fil_reply *reply, int64_t now_us)
{
    if (!fil_ws_accepted(reply, SUBPROTOCOL)) {
        if (reply->status == 401)
            bot->cookie[0] = '\0'; /* the session is over: sign in again */
        break_off(bot, "no window was opened", now_us);
        return;
    }
    bot->step = BOT_OPEN;
    bot->heard_us = now_us;
    bot->stats.connections++;
    bot_say_all_again(bot, now_us);
}

static bool
take_reply(struct fil_bot *bot, int64_t now_us)
{
    struct fil_reply reply;
    enum fr_error err = fil_reply_read(bot->net.in.bytes, bot->net.in.size, &reply);
    bool login = bot->step == BOT_SIGNING_IN;

    if (err == FR_AGAIN)
        return false;
    if (err != FR_OK) {
        break_off(bot, "this is no desk", now_us);
        return false;
    }
    if (login)
        take_login(bot, &reply, now_us);
    else
        take_upgrade(bot, &reply, now_us);
    if (bot->step != BOT_CLOSED)
        fil_net_drop(&bot->net, reply.size);
    return bot->step != BOT_CLOSED;
}

/* ---- WebSocket ---- */

static void
take_text(struct fil_bot *bot, struct fr_slice text, int64_t now_us)
{
    json_t *event = json_loadb(text.data, text.size, 0, NULL);

    bot_hear(bot, event, now_us);
    json_decref(event);
    if (bot->joined)
        bot->back_off.us = 0;
}

static bool
take_frame(struct fil_bot *bot, int64_t now_us)
{
    struct fr_slice payload;
    enum fil_ws_kind kind;
    size_t used;
    enum fr_error err =
        fil_ws_read(&bot->reader, bot->net.in.bytes, bot->net.in.size, &used, &kind, &payload);

    if (err == FR_AGAIN)
        return false;
    bot->heard_us = now_us;
    if (err != FR_OK || kind == FIL_WS_CLOSE) {
        break_off(bot, err != FR_OK ? "the desk does not speak properly" : "closed by the desk",
                  now_us);
        return false;
    }
    if (kind == FIL_WS_TEXT)
        take_text(bot, payload, now_us);
    else if (kind == FIL_WS_PING)
        fil_ws_write(&bot->net.out, FIL_WS_PONG, payload);
    fil_net_drop(&bot->net, used);
    return true;
}

/* ---- for the loop ---- */

struct fil_bot_wait
fil_bot_wait(const struct fil_bot *bot)
{
    struct fil_bot_wait wait = {bot->net.fd, 0, INT64_MAX};

    if (bot->refused)
        return wait;
    if (bot->step == BOT_CLOSED) {
        wait.due_us = bot->next_try_us;
        return wait;
    }
    wait.events = fil_net_events(&bot->net);
    wait.due_us = bot->step == BOT_OPEN ? bot->heard_us + SILENCE_US : bot->stuck_us;
    if (bot->joined && bot_work_due(bot) < wait.due_us)
        wait.due_us = bot_work_due(bot);
    return wait;
}

void
fil_bot_turn(struct fil_bot *bot, short revents, int64_t now_us)
{
    enum fr_error err;

    if (bot->refused)
        return;
    if (bot->step == BOT_CLOSED) {
        if (now_us >= bot->next_try_us)
            begin(bot, now_us);
        return;
    }
    err = fil_net_turn(&bot->net, revents);
    while ((bot->step == BOT_SIGNING_IN || bot->step == BOT_UPGRADING) && take_reply(bot, now_us))
        ;
    while (bot->step == BOT_OPEN && bot->net.in.size > 0 && take_frame(bot, now_us))
        ;
    if (bot->step == BOT_CLOSED)
        return;
    if (err != FR_OK)
        break_off(bot, "the connection broke", now_us);
    else if (bot->step == BOT_OPEN ? now_us > bot->heard_us + SILENCE_US : now_us > bot->stuck_us)
        break_off(bot, "the desk is silent", now_us);
    else if (bot->joined)
        bot_work(bot, now_us);
    if (bot->step != BOT_CLOSED && bot->net.out.size > 0)
        fil_net_turn(&bot->net, POLLOUT);
}

void
fil_bot_sign_out(struct fil_bot *bot)
{
    char line[sizeof(bot->cookie) + 16];
    json_t *answer = NULL;
    int status;

    if (bot->cookie[0] == '\0')
        return;
    snprintf(line, sizeof(line), "cookie: %s\r\n", bot->cookie);
    fil_http_ask(&bot->options.desk, "POST", "/api/logout", line, "{}", fr_seconds(1), &status,
                 &answer);
    json_decref(answer);
    bot->cookie[0] = '\0';
    fil_net_close(&bot->net);
    bot->step = BOT_CLOSED;
    bot->joined = false;
}

enum fil_bot_state
fil_bot_state(const struct fil_bot *bot)
{
    if (bot->refused)
        return FIL_BOT_REFUSED;
    return bot->joined ? FIL_BOT_HERE : FIL_BOT_AWAY;
}

struct fil_bot_stats
fil_bot_stats(const struct fil_bot *bot)
{
    return bot->stats;
}
