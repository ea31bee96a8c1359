/* bot_work.c - a scripted agent's work: offers, conversations, replies, and what was not confirmed
 * yet. */
#include "services/fil/bot_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bot_tell(const struct fil_bot *bot, const char *verb, const char *conversation, const char *detail)
{
    if (bot->options.calls.event != NULL)
        bot->options.calls.event(bot->options.calls.context, bot->options.name, verb, conversation,
                                 detail);
}

/* ---- actions: said until they are answered ---- */

static void
send_action(struct fil_bot *bot, struct bot_action *action, int64_t now_us)
{
    action->again_us = now_us + BOT_SAY_AGAIN_US;
    if (bot->step == BOT_OPEN)
        fil_ws_write(&bot->net.out, FIL_WS_TEXT, fr_slice_str(action->text));
}

/* Takes `message`. */
static void
act(struct fil_bot *bot, const char *verb, const char *conversation, json_t *message,
    int64_t now_us)
{
    struct bot_action *action = calloc(1, sizeof(*action));

    fr_assert(action != NULL && message != NULL);
    snprintf(action->id, sizeof(action->id), "%.24s.%.25s-%llu", bot->options.run,
             bot->options.name, (unsigned long long)++bot->numbers);
    snprintf(action->verb, sizeof(action->verb), "%s", verb);
    snprintf(action->conversation, sizeof(action->conversation), "%s", conversation);
    json_object_set_new(message, "action", json_string(verb));
    json_object_set_new(message, "id", json_string(action->id));
    action->text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    *bot->last_action = action;
    bot->last_action = &action->next;
    send_action(bot, action, now_us);
}

static void
free_action(struct bot_action *action)
{
    free(action->text);
    free(action);
}

static struct bot_action *
take_action(struct fil_bot *bot, const char *id)
{
    for (struct bot_action **at = &bot->actions; *at != NULL; at = &(*at)->next) {
        struct bot_action *action = *at;

        if (strcmp(action->id, id) != 0)
            continue;
        *at = action->next;
        if (*at == NULL)
            bot->last_action = at;
        return action;
    }
    return NULL;
}

void
bot_say_all_again(struct fil_bot *bot, int64_t now_us)
{
    for (struct bot_action *action = bot->actions; action != NULL; action = action->next)
        send_action(bot, action, now_us);
}

static void
say_overdue(struct fil_bot *bot, int64_t now_us)
{
    for (struct bot_action *action = bot->actions; action != NULL; action = action->next)
        if (action->again_us <= now_us)
            send_action(bot, action, now_us);
}

/* ---- matters ---- */

static struct bot_matter *
find_matter(struct fil_bot *bot, const char *conversation)
{
    for (struct bot_matter *matter = bot->matters; matter != NULL; matter = matter->next)
        if (strcmp(matter->conversation, conversation) == 0)
            return matter;
    return NULL;
}

static struct bot_matter *
want_matter(struct fil_bot *bot, const char *conversation)
{
    struct bot_matter *matter = find_matter(bot, conversation);

    if (matter != NULL)
        return matter;
    matter = calloc(1, sizeof(*matter));
    fr_assert(matter != NULL);
    snprintf(matter->conversation, sizeof(matter->conversation), "%s", conversation);
    matter->next = bot->matters;
    bot->matters = matter;
    bot->stats.holding++;
    return matter;
}

static void
drop_matter(struct fil_bot *bot, const char *conversation)
{
    for (struct bot_matter **at = &bot->matters; *at != NULL; at = &(*at)->next)
        if (strcmp((*at)->conversation, conversation) == 0) {
            struct bot_matter *matter = *at;

            *at = matter->next;
            free(matter);
            bot->stats.holding--;
            return;
        }
}

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* ---- entries ---- */

static void
note_words(struct bot_matter *matter, const json_t *entry)
{
    const char *text = text_of(entry, "text");
    size_t size = strlen(text);

    if (size > sizeof(matter->last_words) - 1)
        size = sizeof(matter->last_words) - 1;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--; /* no half character */
    memcpy(matter->last_words, text, size);
    matter->last_words[size] = '\0';
}

/* A customer's entry that is newer than any before wants an answer. An answer settles what came
 * before it, unless it is our own: that was settled when it was written. */
static void
take_entry(struct fil_bot *bot, struct bot_matter *matter, const json_t *entry, int64_t now_us)
{
    const char *direction = text_of(entry, "direction");
    int64_t at_ms = json_integer_value(json_object_get(entry, "at_ms"));
    bool newer = at_ms > matter->newest_ms ||
                 (at_ms == matter->newest_ms && strcmp(text_of(entry, "id"), matter->newest) > 0);

    if (bot->options.calls.shown != NULL)
        bot->options.calls.shown(bot->options.calls.context, bot->options.name,
                                 matter->conversation, entry);
    if (strcmp(direction, "from_customer") == 0 && newer) {
        matter->newest_ms = at_ms;
        snprintf(matter->newest, sizeof(matter->newest), "%s", text_of(entry, "id"));
        matter->unanswered = true;
        note_words(matter, entry);
        if (!matter->replying)
            matter->due_us = now_us + bot->options.think.us;
    } else if (strcmp(direction, "to_customer") == 0 && at_ms > matter->newest_ms) {
        matter->unanswered = false;
    }
}

static void
take_entries(struct fil_bot *bot, struct bot_matter *matter, const json_t *entries, int64_t now_us)
{
    const json_t *entry;
    size_t i;

    json_array_foreach((json_t *)entries, i, entry)
    {
        take_entry(bot, matter, entry, now_us);
    }
}

static void
note_left_out(struct fil_bot *bot, const json_t *conversation)
{
    if (bot->options.calls.left_out != NULL &&
        json_integer_value(json_object_get(conversation, "entries_left_out")) > 0)
        bot->options.calls.left_out(bot->options.calls.context,
                                    text_of(conversation, "conversation"));
}

/* Other conversations of the same customer are shown, not answered. */
static void
show_history(struct fil_bot *bot, const json_t *history)
{
    const json_t *past, *entry;
    size_t i, j;

    if (bot->options.calls.shown == NULL)
        return;
    json_array_foreach((json_t *)history, i, past)
    {
        note_left_out(bot, past);
        json_array_foreach(json_object_get(past, "entries"), j, entry)
        {
            bot->options.calls.shown(bot->options.calls.context, bot->options.name,
                                     text_of(past, "conversation"), entry);
        }
    }
}

/* ---- what the desk says ---- */

static void
take_offer(struct fil_bot *bot, const json_t *offer, int64_t now_us)
{
    struct bot_matter *matter;
    const char *conversation = text_of(offer, "conversation");

    matter = want_matter(bot, conversation);
    if (strcmp(matter->offer, text_of(offer, "offer")) == 0)
        return; /* from a snapshot: it is being answered already */
    snprintf(matter->offer, sizeof(matter->offer), "%s", text_of(offer, "offer"));
    matter->state = BOT_OFFERED;
    bot->stats.offers++;
    bot_tell(bot, "offer", conversation, text_of(offer, "preview"));
    act(bot, "accept", conversation, json_pack("{s:s}", "offer", matter->offer), now_us);
}

static void
take_conversation(struct fil_bot *bot, const json_t *conversation, int64_t now_us)
{
    struct bot_matter *matter = want_matter(bot, text_of(conversation, "conversation"));

    if (matter->state == BOT_OFFERED)
        matter->state = BOT_HELD;
    matter->loaded = !json_is_true(json_object_get(conversation, "loading"));
    if (json_object_get(conversation, "offer") != NULL)
        snprintf(matter->offer, sizeof(matter->offer), "%s", text_of(conversation, "offer"));
    take_entries(bot, matter, json_object_get(conversation, "entries"), now_us);
    note_left_out(bot, conversation);
    show_history(bot, json_object_get(conversation, "history"));
    if (json_is_true(json_object_get(conversation, "finished")))
        matter->state = BOT_FINISHING;
    else if (matter->loaded && !matter->unanswered && matter->due_us == 0)
        matter->due_us = now_us + bot->options.wrap_up.us; /* answered before we broke off */
}

/* What is in hand and not in the snapshot ended while we were away. */
static void
drop_missing(struct fil_bot *bot, const json_t *snapshot)
{
    struct bot_matter *next;

    for (struct bot_matter *matter = bot->matters; matter != NULL; matter = next) {
        const json_t *item;
        bool found = false;
        size_t i;

        next = matter->next;
        json_array_foreach(json_object_get(snapshot, "offers"), i, item)
        {
            found = found || strcmp(text_of(item, "conversation"), matter->conversation) == 0;
        }
        json_array_foreach(json_object_get(snapshot, "conversations"), i, item)
        {
            found = found || strcmp(text_of(item, "conversation"), matter->conversation) == 0;
        }
        if (!found)
            drop_matter(bot, matter->conversation);
    }
}

static void
take_snapshot(struct fil_bot *bot, const json_t *snapshot, int64_t now_us)
{
    const json_t *presence = json_object_get(json_object_get(snapshot, "agent"), "presence");
    const json_t *item;
    size_t i;

    bot->joined = true;
    drop_missing(bot, snapshot);
    json_array_foreach(json_object_get(snapshot, "offers"), i, item)
    {
        take_offer(bot, item, now_us);
    }
    json_array_foreach(json_object_get(snapshot, "conversations"), i, item)
    {
        take_conversation(bot, item, now_us);
    }
    if (strcmp(text_of(presence, "chosen"), "available") != 0 ||
        strcmp(text_of(presence, "state"), "available") != 0)
        act(bot, "presence", "", json_pack("{s:s}", "state", "available"), now_us);
}

static void
take_new_entry(struct fil_bot *bot, const json_t *event, int64_t now_us)
{
    struct bot_matter *matter = find_matter(bot, text_of(event, "conversation"));

    if (matter != NULL)
        take_entry(bot, matter, json_object_get(event, "entry"), now_us);
}

static void
take_confirmed(struct fil_bot *bot, const json_t *event, int64_t now_us)
{
    struct bot_matter *matter = want_matter(bot, text_of(event, "conversation"));

    if (matter->state == BOT_OFFERED)
        matter->state = BOT_HELD;
    if (matter->loaded && matter->unanswered && matter->due_us == 0)
        matter->due_us = now_us + bot->options.think.us;
}

static void
take_ended(struct fil_bot *bot, const json_t *event, int64_t now_us)
{
    (void)now_us;
    bot_tell(bot, "ended", text_of(event, "conversation"), text_of(event, "reason"));
    drop_matter(bot, text_of(event, "conversation"));
}

/* The hub did not take what we did: it is read, as people do, and put away. */
static void
take_refusal(struct fil_bot *bot, const json_t *event, int64_t now_us)
{
    bot->stats.refused++;
    bot_tell(bot, "refused", text_of(event, "conversation"), text_of(event, "reason"));
    act(bot, "dismiss", "", json_pack("{s:s}", "refusal", text_of(event, "refusal")), now_us);
}

/* Set away by the hub (he let offers expire, or was cut off): he is here after all. */
static void
take_presence(struct fil_bot *bot, const json_t *event, int64_t now_us)
{
    const char *state = text_of(event, "state");

    if (strcmp(state, "away") == 0 || strcmp(state, "offline") == 0)
        act(bot, "presence", "", json_pack("{s:s}", "state", "available"), now_us);
}

/* ---- answers to what we said ---- */

static void
reply_done(struct fil_bot *bot, struct bot_matter *matter, int64_t now_us)
{
    bot->stats.replies++;
    bot_tell(bot, "replied", matter->conversation, "");
    matter->replying = false;
    matter->due_us =
        now_us + (matter->unanswered ? bot->options.think.us : bot->options.wrap_up.us);
}

static void
take_done(struct fil_bot *bot, const char *id, int64_t now_us)
{
    struct bot_action *action = take_action(bot, id);
    struct bot_matter *matter;

    if (action == NULL)
        return;
    matter = find_matter(bot, action->conversation);
    if (strcmp(action->verb, "reply") == 0 && matter != NULL) {
        reply_done(bot, matter, now_us);
    } else if (strcmp(action->verb, "finish") == 0) {
        bot->stats.finished++;
        bot_tell(bot, "finished", action->conversation, "");
    }
    free_action(action);
}

/* "busy" passes; everything else is final. */
static void
take_error(struct fil_bot *bot, const json_t *answer, int64_t now_us)
{
    const char *code = text_of(answer, "error"), *message = text_of(answer, "message");
    struct bot_action *action = take_action(bot, text_of(answer, "id"));
    struct bot_matter *matter;

    if (action == NULL)
        return;
    if (strcmp(code, "busy") == 0) {
        action->next = NULL;
        *bot->last_action = action;
        bot->last_action = &action->next;
        action->again_us = now_us + 300000;
        return;
    }
    matter = find_matter(bot, action->conversation);
    bot_tell(bot, "not taken", action->conversation, message);
    if (matter != NULL && strcmp(action->verb, "reply") == 0) {
        matter->replying = false;
        matter->unanswered = true;
        matter->due_us = now_us + 1000000; /* "not yours yet" passes, too */
    } else if (matter != NULL && strcmp(action->verb, "accept") == 0) {
        drop_matter(bot, action->conversation);
    } else if (matter != NULL && strcmp(action->verb, "finish") == 0) {
        matter->state = BOT_HELD;
        matter->due_us = now_us + 1000000;
    }
    free_action(action);
}

/* clang-format off */
static const struct {
    const char *event;
    void (*take)(struct fil_bot *bot, const json_t *event, int64_t now_us);
} hearings[] = {
    { "snapshot",     take_snapshot     },
    { "offer",        take_offer        },
    { "confirmed",    take_confirmed    },
    { "conversation", take_conversation },
    { "entry",        take_new_entry    },
    { "offer_ended",  take_ended        },
    { "refused",      take_refusal      },
    { "presence",     take_presence     },
};
/* clang-format on */

void
bot_hear(struct fil_bot *bot, const json_t *event, int64_t now_us)
{
    const char *name = text_of(event, "event");

    if (json_object_get(event, "error") != NULL)
        take_error(bot, event, now_us);
    else if (json_object_get(event, "done") != NULL)
        take_done(bot, text_of(event, "done"), now_us);
    for (size_t i = 0; i < sizeof(hearings) / sizeof(hearings[0]); i++)
        if (strcmp(hearings[i].event, name) == 0)
            hearings[i].take(bot, event, now_us);
}

/* ---- what is due ---- */

/* "{}" in the answer becomes what the customer wrote. */
static char *
answer_text(const struct fil_bot *bot, const struct bot_matter *matter)
{
    const char *answer = bot->options.answer, *place = strstr(answer, "{}");
    char *text = NULL;

    if (place == NULL)
        return strdup(answer);
    fr_assert(asprintf(&text, "%.*s%s%s", (int)(place - answer), answer, matter->last_words,
                       place + 2) >= 0);
    return text;
}

static void
reply(struct fil_bot *bot, struct bot_matter *matter, int64_t now_us)
{
    char *text = answer_text(bot, matter);

    matter->unanswered = false;
    matter->replying = true;
    matter->due_us = 0;
    act(bot, "reply", matter->conversation,
        json_pack("{s:s, s:s}", "conversation", matter->conversation, "text", text), now_us);
    free(text);
}

static void
finish(struct fil_bot *bot, struct bot_matter *matter, int64_t now_us)
{
    matter->state = BOT_FINISHING;
    matter->due_us = 0;
    act(bot, "finish", matter->conversation,
        json_pack("{s:s, s:s}", "conversation", matter->conversation, "outcome",
                  bot->options.outcome),
        now_us);
}

void
bot_work(struct fil_bot *bot, int64_t now_us)
{
    say_overdue(bot, now_us);
    for (struct bot_matter *matter = bot->matters; matter != NULL; matter = matter->next) {
        if (matter->state != BOT_HELD || !matter->loaded || matter->due_us == 0 ||
            matter->due_us > now_us || matter->replying)
            continue;
        if (matter->unanswered)
            reply(bot, matter, now_us);
        else
            finish(bot, matter, now_us);
    }
}

int64_t
bot_work_due(const struct fil_bot *bot)
{
    int64_t due_us = INT64_MAX;

    for (const struct bot_action *action = bot->actions; action != NULL; action = action->next)
        if (action->again_us < due_us)
            due_us = action->again_us;
    for (const struct bot_matter *matter = bot->matters; matter != NULL; matter = matter->next)
        if (matter->state == BOT_HELD && matter->loaded && matter->due_us != 0 &&
            matter->due_us < due_us)
            due_us = matter->due_us;
    return due_us;
}

void
bot_work_free(struct fil_bot *bot)
{
    while (bot->actions != NULL) {
        struct bot_action *next = bot->actions->next;

        free_action(bot->actions);
        bot->actions = next;
    }
    while (bot->matters != NULL)
        drop_matter(bot, bot->matters->conversation);
}
