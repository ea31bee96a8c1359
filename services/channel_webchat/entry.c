/* entry.c - one thing said in a session: from a record, and as browsers get it. */
#include "services/channel_webchat/webchat.h"

const char *
webchat_external_id(const char *session, const char *client_id, char *text)
{
    snprintf(text, WEBCHAT_EXTERNAL_ID_SIZE, "%s:%s", session, client_id);
    return text;
}

Fr__WebchatStateEntry
webchat_entry_said(const Fr__MessageReceived *message)
{
    Fr__WebchatStateEntry entry = FR__WEBCHAT_STATE_ENTRY__INIT;
    const char *colon = strchr(message->external_id, ':');

    fr_assert(colon != NULL); /* webchat_external_id */
    entry.direction = FR__DIRECTION__FROM_CUSTOMER;
    entry.id = (char *)colon + 1;
    entry.text = message->text;
    entry.at_us = message->received_us;
    return entry;
}

Fr__WebchatStateEntry
webchat_entry_kept(const Fr__AnswerKept *kept, char id[FR_ID_TEXT_SIZE])
{
    Fr__WebchatStateEntry entry = FR__WEBCHAT_STATE_ENTRY__INIT;

    entry.direction = kept->direction;
    entry.id = fr_id_format(kept->message_id, id);
    entry.text = kept->text;
    entry.at_us = kept->at_us;
    entry.author = kept->author;
    entry.has_message_id = entry.has_conversation_id = true;
    entry.message_id = kept->message_id;
    entry.conversation_id = kept->conversation_id;
    return entry;
}

static const char *
from_of(Fr__Direction direction)
{
    switch (direction) {
    case FR__DIRECTION__FROM_CUSTOMER:
        return "customer";
    case FR__DIRECTION__NOTICE:
        return "notice";
    default:
        return "agent";
    }
}

json_t *
webchat_entry_json(const Fr__WebchatStateEntry *entry, uint32_t position)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:s*}", "seq", (json_int_t)position, "from",
                     from_of(entry->direction), "id", entry->id, "text", entry->text, "at",
                     (json_int_t)(entry->at_us / 1000), "author", entry->author);
}
