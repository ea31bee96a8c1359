/* query.c - what `fil` may ask the chat. */
#include "services/channel_webchat/tables.h"

static json_t *
last_entry(const struct fr_query_turn *turn, const char *session, uint32_t position)
{
    const Fr__WebchatStateEntry *entry;

    if (position == 0 ||
        webchat_entry_get(turn->view, turn->arena, session, position, &entry) != FR_OK)
        return json_null();
    return webchat_entry_json(entry, position);
}

static json_t *
show_session(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const char *session = json_string_value(json_object_get(args, "session"));
    const Fr__WebchatStateSession *row;
    json_t *json;

    if (session == NULL || strlen(session) != WEBCHAT_SESSION_SIZE - 1) {
        *error = "a session has 32 hexadecimal digits";
        return NULL;
    }
    if (webchat_session_get(turn->view, turn->arena, session, &row) != FR_OK) {
        *error = "there is no such session";
        return NULL;
    }
    json = fr_message_json(&row->base);
    json_object_set_new(json, "session", json_string(session));
    json_object_set_new(json, "last_entry", last_entry(turn, session, row->count));
    return json;
}

/* clang-format off */
const struct fr_query webchat_queries[] = {
    { "session.show", "SESSION", "A browser's session: whose it is, and how far it has read.", show_session },
    { NULL, NULL, NULL, NULL },
};
/* clang-format on */
