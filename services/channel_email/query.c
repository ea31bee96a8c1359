/* query.c - what operators ask about e-mail: what goes out, how far mailboxes are read. */
#include "services/channel_email/tables.h"
#include "services/channel_email/token.h"

#define LIST_MAX 200

static json_t *
id_json(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

static const char *
state_of(const struct fr_view *view, const Fr__EmailStateSent *sent)
{
    struct fr_time due;

    if (sent->over)
        return sent->uncertain ? "over, perhaps sent twice" : "over";
    return fr_timer_get(view, EMAIL_TIMER_SEND, sent->queued->message_id, &due) == FR_OK
               ? "waits for its next try"
               : "is being sent";
}

static json_t *
sent_json(const struct fr_query_turn *turn, const Fr__EmailStateSent *sent)
{
    json_t *json = json_object();
    struct fr_time due;

    json_object_set_new(json, "message", id_json(sent->queued->message_id));
    if (sent->queued->has_conversation_id)
        json_object_set_new(json, "conversation", id_json(sent->queued->conversation_id));
    json_object_set_new(json, "account", json_string(sent->queued->account));
    json_object_set_new(json, "to", json_string(sent->queued->to));
    json_object_set_new(json, "state", json_string(state_of(turn->view, sent)));
    json_object_set_new(json, "tries", json_integer(sent->tries));
    json_object_set_new(json, "queued", json_integer(sent->first_us));
    if (fr_timer_get(turn->view, EMAIL_TIMER_SEND, sent->queued->message_id, &due) == FR_OK)
        json_object_set_new(json, "next_try", json_integer(due.unix_us));
    return json;
}

/* The newest ones that are not over. */
static json_t *
list_outbox(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    json_t *items = json_array();
    struct fr_scan scan;
    bool more = false;

    (void)args;
    (void)error;
    email_sent_scan(&scan, turn->view);
    for (;;) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);
        const Fr__EmailStateSent *sent;
        uint64_t message;

        if (email_sent_next(&scan, turn->arena, &message, &sent) != FR_OK)
            break;
        if (!sent->over) {
            more = json_array_size(items) == LIST_MAX;
            if (more)
                break;
            json_array_append_new(items, sent_json(turn, sent));
        }
        fr_arena_release(turn->arena, mark);
    }
    fr_scan_fini(&scan);
    return json_pack("{s:o, s:b}", "items", items, "more", more);
}

static json_t *
list_mailboxes(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const struct email_config *config = turn->config;
    const struct email_mailbox *mailboxes = config->mailboxes.items;
    json_t *items = json_array();

    (void)args;
    (void)error;
    for (size_t i = 0; i < config->mailboxes.count; i++) {
        struct email_cursor cursor = {0};

        email_cursor_get(turn->view, mailboxes[i].name, &cursor);
        json_array_append_new(items, json_pack("{s:s, s:s, s:I, s:I}", "mailbox", mailboxes[i].name,
                                               "account", mailboxes[i].account, "uidvalidity",
                                               (json_int_t)cursor.uidvalidity, "uid",
                                               (json_int_t)cursor.uid));
    }
    return json_pack("{s:o, s:b}", "items", items, "more", false);
}

/* clang-format off */
const struct fr_query email_queries[] = {
    { "outbox.ls",  "", "Mails that are on their way out, and when they are tried next.", list_outbox },
    { "mailbox.ls", "", "How far each polled mailbox has been read.", list_mailboxes },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
