/* crowd.c - the customers of a script, writing through the contact form. */
#include "services/fil/crowd.h"

#include <stdlib.h>
#include <string.h>
#include "common/token/token.h"
#include "services/fil/reply.h"

#define PATIENCE_US 15000000 /* for an acknowledgement; then the connection is given up */
#define RETRY_US 200000
#define TOKEN_LIFE_S (7 * 86400)
#define NONE SIZE_MAX

enum duty { SAY, LOOK };

struct line { /* one connection to the form */
    struct fil_net net;
    size_t index; /* of the message under way; NONE: idle */
    int64_t until_us;
};

struct fil_crowd {
    struct fil_crowd_options options;
    enum duty duty;
    struct line *lines;
    int64_t *due_us; /* when each message is said at the earliest */
    size_t *next;    /* messages of one customer, one behind the other */
    size_t *head;    /* of each customer: what he says next, NONE: nothing more */
    bool *talking;   /* each customer: his message is ready or under way */
    char **tokens;   /* of customers, made when first needed */
    char **tickets;  /* of messages */
    size_t *ready;   /* a ring of messages that wait for a connection */
    size_t ready_first, ready_count;
    struct {
        size_t index;
        int64_t at_us;
    } again[2 * FIL_CROWD_CONNECTION_MAX]; /* to be said again; new ones begin while half of it is
                                              free */
    size_t again_count;
    size_t started; /* messages whose time has come */
    bool stopped;
    int64_t cut_until_us; /* the form was not there: no new connection before */
    struct fil_crowd_stats stats;
};

/* ---- who says what when ---- */

static void
make_ready(struct fil_crowd *crowd, size_t index)
{
    size_t room = crowd->options.script->count;

    crowd->ready[(crowd->ready_first + crowd->ready_count++) % room] = index;
}

static void
plan(struct fil_crowd *crowd, int64_t now_us)
{
    const struct fil_script *script = crowd->options.script;
    size_t *last = calloc(script->customer_count + 1, sizeof(*last));

    fr_assert(last != NULL);
    for (size_t c = 0; c < script->customer_count; c++)
        crowd->head[c] = NONE;
    for (size_t i = 0; i < script->count; i++) {
        size_t customer = script->items[i].customer;
        double after = crowd->options.rate > 0
                           ? (double)i / crowd->options.rate
                           : (script->items[i].t - script->items[0].t) / crowd->options.speed;

        crowd->due_us[i] = now_us + (int64_t)(after * 1e6);
        crowd->next[i] = NONE;
        if (crowd->head[customer] == NONE)
            crowd->head[customer] = i;
        else
            crowd->next[last[customer]] = i;
        last[customer] = i;
    }
    free(last);
}

/* His next message, when its time has come and nothing else of his is under way. */
static void
let_talk(struct fil_crowd *crowd, size_t customer)
{
    size_t index = crowd->head[customer];

    if (crowd->talking[customer] || index == NONE || index >= crowd->started || crowd->stopped)
        return;
    crowd->head[customer] = crowd->next[index];
    crowd->talking[customer] = true;
    make_ready(crowd, index);
}

static void
start_due(struct fil_crowd *crowd, int64_t now_us)
{
    const struct fil_script *script = crowd->options.script;

    while (!crowd->stopped && crowd->started < script->count &&
           crowd->due_us[crowd->started] <= now_us) {
        size_t customer = script->items[crowd->started++].customer;

        let_talk(crowd, customer);
    }
}

/* ---- what is said ---- */

static const char *
token_of(struct fil_crowd *crowd, size_t customer)
{
    struct fr_token token = {.expires_s = fr_time_wall().unix_us / 1000000 + TOKEN_LIFE_S};
    char text[FR_TOKEN_TEXT_SIZE];

    if (crowd->tokens[customer] != NULL)
        return crowd->tokens[customer];
    snprintf(token.sub, sizeof(token.sub), "replay-%.100s", crowd->options.script->names[customer]);
    snprintf(token.name, sizeof(token.name), "%.100s", crowd->options.script->names[customer]);
    snprintf(token.brand, sizeof(token.brand), "%s", crowd->options.form->brand);
    if (fr_token_sign(&token, crowd->options.form->token_secret, text, sizeof(text)) != FR_OK)
        return NULL;
    crowd->tokens[customer] = strdup(text);
    return crowd->tokens[customer];
}

static void
write_submission(struct fil_crowd *crowd, struct line *line, size_t index)
{
    const struct fil_said *said = &crowd->options.script->items[index];
    json_t *form =
        json_pack("{s:s, s:s, s:s}", "message", said->text, "id", crowd->options.keys[index],
                  "customer_token", token_of(crowd, said->customer));
    char *body = json_dumps(form, JSON_COMPACT), path[100];

    json_decref(form);
    snprintf(path, sizeof(path), "/form/%s", crowd->options.form->account);
    fil_request_write(&line->net.out, "POST", crowd->options.form->address.text, path, NULL, body);
    free(body);
}

static void
write_look(struct fil_crowd *crowd, struct line *line, size_t index)
{
    char path[600];

    snprintf(path, sizeof(path), "/form/answer?ticket=%s", crowd->tickets[index]);
    fil_request_write(&line->net.out, "GET", crowd->options.form->address.text, path, NULL, NULL);
}

static void
say_again(struct fil_crowd *crowd, size_t index, int64_t at_us)
{
    fr_assert(crowd->again_count < 2 * FIL_CROWD_CONNECTION_MAX);
    crowd->again[crowd->again_count].index = index;
    crowd->again[crowd->again_count++].at_us = at_us;
    crowd->stats.retries++;
}

/* ---- lines ---- */

static void
break_line(struct fil_crowd *crowd, struct line *line, int64_t now_us)
{
    fil_net_close(&line->net);
    crowd->stats.broken++;
    crowd->cut_until_us = now_us + RETRY_US;
    if (line->index != NONE)
        say_again(crowd, line->index, now_us + RETRY_US);
    line->index = NONE;
}

static void
begin(struct fil_crowd *crowd, struct line *line, size_t index, int64_t now_us)
{
    line->index = index;
    line->until_us = now_us + PATIENCE_US;
    crowd->stats.sent++;
    if (line->net.fd < 0 && fil_net_connect(&line->net, &crowd->options.form->address) != FR_OK) {
        break_line(crowd, line, now_us);
        return;
    }
    if (crowd->duty == SAY)
        write_submission(crowd, line, index);
    else
        write_look(crowd, line, index);
    if (!line->net.connecting && fil_net_turn(&line->net, POLLOUT) != FR_OK)
        break_line(crowd, line, now_us);
}

/* ---- what is answered ---- */

static void
over(struct fil_crowd *crowd, size_t index)
{
    size_t customer = crowd->options.script->items[index].customer;

    if (crowd->duty == LOOK)
        return;
    crowd->talking[customer] = false;
    let_talk(crowd, customer);
}

static void
take_acknowledgement(struct fil_crowd *crowd, size_t index, int status, const json_t *answer)
{
    const char *id = json_string_value(json_object_get(answer, "id"));
    const char *ticket = json_string_value(json_object_get(answer, "ticket"));
    uint64_t message_id;

    if (id == NULL || ticket == NULL || fr_id_parse(fr_slice_str(id), &message_id) != FR_OK) {
        crowd->options.calls.refused(crowd->options.calls.context, index, status,
                                     "the form's answer names no message");
        return;
    }
    crowd->stats.acknowledged++;
    crowd->stats.repeated += status == 200;
    free(crowd->tickets[index]);
    crowd->tickets[index] = strdup(ticket);
    crowd->options.calls.acknowledged(crowd->options.calls.context, index, message_id);
}

static void
take_answers(struct fil_crowd *crowd, size_t index, const json_t *ticket)
{
    const json_t *answer;
    size_t i;

    json_array_foreach(json_object_get(ticket, "answers"), i, answer)
    {
        const char *id = json_string_value(json_object_get(answer, "id"));
        uint64_t answer_id;

        if (id != NULL && !json_is_true(json_object_get(answer, "notice")) &&
            fr_id_parse(fr_slice_str(id), &answer_id) == FR_OK)
            crowd->options.calls.answer(crowd->options.calls.context, index, answer_id);
    }
}

static void
take_reply(struct fil_crowd *crowd, size_t index, const struct fil_reply *reply, int64_t now_us)
{
    json_t *answer = json_loadb(reply->body.data, reply->body.size, 0, NULL);
    const char *why = json_string_value(json_object_get(answer, "message"));

    if (reply->status == 503 || reply->status == 429 || reply->status == 504 ||
        reply->status == 408) {
        crowd->cut_until_us = now_us + RETRY_US; /* nobody else need ask either */
        say_again(crowd, index, now_us + RETRY_US);
    } else {
        if (crowd->duty == SAY && (reply->status == 201 || reply->status == 200))
            take_acknowledgement(crowd, index, reply->status, answer);
        else if (crowd->duty == LOOK && reply->status == 200)
            take_answers(crowd, index, answer);
        else if (crowd->duty == SAY)
            crowd->options.calls.refused(crowd->options.calls.context, index, reply->status,
                                         why != NULL ? why : "");
        over(crowd, index);
    }
    json_decref(answer);
}

static void
turn_line(struct fil_crowd *crowd, struct line *line, short revents, int64_t now_us)
{
    struct fil_reply reply;
    enum fr_error gone, err;
    size_t index;

    if (line->net.fd < 0)
        return;
    gone = fil_net_turn(&line->net, revents);
    if (line->index != NONE) {
        err = fil_reply_read(line->net.in.bytes, line->net.in.size, &reply);
        if (err == FR_OK) {
            index = line->index;
            line->index = NONE;
            take_reply(crowd, index, &reply, now_us);
            if (reply.closes)
                gone = FR_GONE;
            else
                fil_net_drop(&line->net, reply.size);
        } else if (err == FR_INVALID || now_us > line->until_us) {
            gone = FR_GONE;
        }
    }
    if (gone == FR_OK)
        return;
    if (line->index != NONE)
        break_line(crowd, line, now_us);
    else
        fil_net_close(&line->net); /* it was idle: the server may close it whenever it likes */
}

/* ---- for the loop ---- */

static void *
zeroed(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);

    fr_assert(memory != NULL);
    return memory;
}

struct fil_crowd *
fil_crowd_new(const struct fil_crowd_options *options, int64_t now_us)
{
    struct fil_crowd *crowd = zeroed(1, sizeof(*crowd));
    size_t count = options->script->count, customers = options->script->customer_count;

    crowd->options = *options;
    crowd->lines = zeroed(options->connections, sizeof(*crowd->lines));
    crowd->due_us = zeroed(count, sizeof(*crowd->due_us));
    crowd->next = zeroed(count, sizeof(*crowd->next));
    crowd->ready = zeroed(count, sizeof(*crowd->ready));
    crowd->tickets = zeroed(count, sizeof(*crowd->tickets));
    crowd->head = zeroed(customers, sizeof(*crowd->head));
    crowd->talking = zeroed(customers, sizeof(*crowd->talking));
    crowd->tokens = zeroed(customers, sizeof(*crowd->tokens));
    for (size_t i = 0; i < options->connections; i++) {
        fil_net_init(&crowd->lines[i].net);
        crowd->lines[i].index = NONE;
    }
    plan(crowd, now_us);
    for (size_t c = 0; c < customers; c++)
        if (token_of(crowd, c) == NULL) {
            fil_complain("customer '%s' cannot be signed in", options->script->names[c]);
            fil_crowd_free(&crowd);
            return NULL;
        }
    return crowd;
}

void
fil_crowd_free(struct fil_crowd **crowd_pointer)
{
    struct fil_crowd *crowd = *crowd_pointer;

    if (crowd == NULL)
        return;
    for (size_t i = 0; i < crowd->options.connections; i++)
        fil_net_fini(&crowd->lines[i].net);
    for (size_t c = 0; c < crowd->options.script->customer_count; c++)
        free(crowd->tokens[c]);
    for (size_t i = 0; i < crowd->options.script->count; i++)
        free(crowd->tickets[i]);
    free(crowd->lines);
    free(crowd->due_us);
    free(crowd->next);
    free(crowd->ready);
    free(crowd->tickets);
    free(crowd->head);
    free(crowd->talking);
    free(crowd->tokens);
    free(crowd);
    *crowd_pointer = NULL;
}

size_t
fil_crowd_wait(const struct fil_crowd *crowd, struct pollfd *polled, int64_t *due_us)
{
    for (size_t i = 0; i < crowd->options.connections; i++)
        polled[i] =
            (struct pollfd){crowd->lines[i].net.fd, fil_net_events(&crowd->lines[i].net), 0};
    if (!crowd->stopped && crowd->started < crowd->options.script->count &&
        crowd->due_us[crowd->started] < *due_us)
        *due_us = crowd->due_us[crowd->started];
    for (size_t i = 0; i < crowd->again_count; i++)
        if (crowd->again[i].at_us < *due_us)
            *due_us = crowd->again[i].at_us;
    return crowd->options.connections;
}

/* What is to be said again goes first: its customer waits for it. */
static bool
next_for_line(struct fil_crowd *crowd, int64_t now_us, size_t *index)
{
    for (size_t i = 0; i < crowd->again_count; i++)
        if (crowd->again[i].at_us <= now_us) {
            *index = crowd->again[i].index;
            crowd->again[i] = crowd->again[--crowd->again_count];
            return true;
        }
    if (crowd->ready_count == 0 || now_us < crowd->cut_until_us)
        return false;
    *index = crowd->ready[crowd->ready_first];
    crowd->ready_first = (crowd->ready_first + 1) % crowd->options.script->count;
    crowd->ready_count--;
    return true;
}

void
fil_crowd_turn(struct fil_crowd *crowd, const struct pollfd *polled, int64_t now_us)
{
    size_t index;

    for (size_t i = 0; i < crowd->options.connections; i++)
        if (polled[i].revents != 0 ||
            (crowd->lines[i].index != NONE && now_us > crowd->lines[i].until_us))
            turn_line(crowd, &crowd->lines[i], polled[i].revents, now_us);
    start_due(crowd, now_us);
    for (size_t i = 0; i < crowd->options.connections; i++)
        if (crowd->lines[i].index == NONE && crowd->again_count < FIL_CROWD_CONNECTION_MAX) {
            if (!next_for_line(crowd, now_us, &index))
                break;
            begin(crowd, &crowd->lines[i], index, now_us);
        }
}

void
fil_crowd_stop(struct fil_crowd *crowd)
{
    crowd->stopped = true;
    crowd->ready_count = 0;
}

void
fil_crowd_look(struct fil_crowd *crowd, int64_t now_us)
{
    (void)now_us;
    crowd->duty = LOOK;
    crowd->stopped = true;
    crowd->ready_count = crowd->again_count = 0;
    for (size_t i = 0; i < crowd->options.connections; i++)
        if (crowd->lines[i].index != NONE) {
            fil_net_close(&crowd->lines[i].net);
            crowd->lines[i].index = NONE;
        }
    for (size_t i = 0; i < crowd->options.script->count; i++)
        if (crowd->tickets[i] != NULL)
            make_ready(crowd, i);
}

static size_t
under_way(const struct fil_crowd *crowd)
{
    size_t count = crowd->ready_count + crowd->again_count;

    for (size_t i = 0; i < crowd->options.connections; i++)
        count += crowd->lines[i].index != NONE;
    return count;
}

bool
fil_crowd_done(const struct fil_crowd *crowd)
{
    if (!crowd->stopped && crowd->started < crowd->options.script->count)
        return false;
    return under_way(crowd) == 0;
}

struct fil_crowd_stats
fil_crowd_stats(const struct fil_crowd *crowd)
{
    struct fil_crowd_stats stats = crowd->stats;

    stats.under_way = under_way(crowd);
    return stats;
}
