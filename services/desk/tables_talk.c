/* tables_talk.c - conversations, their entries, and replies under way. */
#include "services/desk/tables_private.h"

static struct fr_slice
two_ids_key(struct fr_key *key, uint64_t first, uint64_t second)
{
    return fr_key_slice(fr_key_u64(fr_key_u64(fr_key_init(key), first), second));
}

/* ---- conversations ---- */

enum fr_error
desk_conversation_get(const struct fr_view *view, struct fr_arena *arena, uint64_t conversation_id,
                      const Fr__ConversationShared **out)
{
    struct fr_key key;

    return fr_get_message(view, TABLE(DESK_CONVERSATIONS), desk_id_key(&key, conversation_id),
                          &fr__conversation_shared__descriptor, arena, (const void **)out);
}

enum fr_error
desk_conversation_put(struct fr_tables *tables, const Fr__ConversationShared *conversation)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(DESK_CONVERSATIONS),
                          desk_id_key(&key, conversation->conversation_id), &conversation->base);
}

/* Removes every row whose key begins with the conversation.  The scan may not run over a table that
 * changes: the first one is found, copied and removed until there is none. */
static enum fr_error
clear(struct fr_tables *tables, const struct fr_table *table, uint64_t conversation_id)
{
    for (;;) {
        struct fr_scan scan;
        struct fr_key prefix, copy;
        struct fr_slice key, value;
        enum fr_error err;

        fr_scan_init(&scan, fr_tables_view(tables), table, desk_id_key(&prefix, conversation_id),
                     fr_slice(NULL, 0));
        err = fr_scan_next(&scan, &key, &value);
        if (err == FR_NOT_FOUND)
            return FR_OK;
        if (err == FR_OK)
            fr_key_bytes(fr_key_init(&copy), key.data, key.size);
        fr_scan_fini(&scan);
        if (err == FR_OK)
            err = fr_del(tables, table, fr_key_slice(&copy));
        if (err != FR_OK)
            return err;
    }
}

enum fr_error
desk_conversation_del(struct fr_tables *tables, uint64_t conversation_id)
{
    struct fr_key key;
    enum fr_error err = clear(tables, TABLE(DESK_ENTRIES), conversation_id);

    if (err == FR_OK)
        err = clear(tables, TABLE(DESK_PLACES), conversation_id);
    if (err == FR_OK)
        err = fr_del(tables, TABLE(DESK_CONVERSATIONS), desk_id_key(&key, conversation_id));
    return err;
}

/* ---- entries ---- */

/* The first or last place that is taken.  FR_NOT_FOUND: none is. */
static enum fr_error
end_place(struct fr_tables *tables, uint64_t conversation_id, bool last, uint64_t *place,
          uint64_t *message_id)
{
    void (*init)(struct fr_scan *, const struct fr_view *, const struct fr_table *, struct fr_slice,
                 struct fr_slice) = last ? fr_scan_init_back : fr_scan_init;
    struct fr_key prefix;
    struct fr_scan scan;
    struct fr_slice key, value;
    uint64_t conversation;
    enum fr_error err;

    init(&scan, fr_tables_view(tables), TABLE(DESK_ENTRIES), desk_id_key(&prefix, conversation_id),
         fr_slice(NULL, 0));
    err = fr_scan_next(&scan, &key, &value);
    if (err == FR_OK)
        err = fr_key_take_u64(&key, &conversation);
    if (err == FR_OK)
        err = fr_key_take_u64(&key, place);
    if (err == FR_OK) {
        const Fr__Entry *entry =
            fr_unpack_in(fr_tables_arena(tables), &fr__entry__descriptor, value);

        err = entry == NULL ? FR_CORRUPT : FR_OK;
        *message_id = entry == NULL ? 0 : entry->message_id;
    }
    fr_scan_fini(&scan);
    return err;
}

/* The place of a new entry; when the conversation is full, the oldest one makes room.  Places are
 * given out one after the other, so first and last tell how many there are. */
static enum fr_error
next_place(struct fr_tables *tables, uint64_t conversation_id, uint64_t *place)
{
    uint64_t first, last, first_message, last_message;
    struct fr_key key;
    enum fr_error err = end_place(tables, conversation_id, true, &last, &last_message);

    if (err == FR_NOT_FOUND) {
        *place = 1;
        return FR_OK;
    }
    if (err == FR_OK)
        err = end_place(tables, conversation_id, false, &first, &first_message);
    if (err != FR_OK)
        return err;
    *place = last + 1;
    if (*place - first < DESK_ENTRY_MAX)
        return FR_OK;
    err = fr_del(tables, TABLE(DESK_ENTRIES), two_ids_key(&key, conversation_id, first));
    if (err == FR_OK)
        err = fr_del(tables, TABLE(DESK_PLACES), two_ids_key(&key, conversation_id, first_message));
    return err;
}

enum fr_error
desk_entry_put(struct fr_tables *tables, uint64_t conversation_id, const Fr__Entry *entry)
{
    struct fr_key key, place_key;
    uint64_t place;
    struct fr_slice at = two_ids_key(&place_key, conversation_id, entry->message_id);
    enum fr_error err =
        fr_get_copy(fr_tables_view(tables), TABLE(DESK_PLACES), at, &place, sizeof(place));

    if (err == FR_NOT_FOUND) {
        err = next_place(tables, conversation_id, &place);
        if (err == FR_OK)
            err = fr_put(tables, TABLE(DESK_PLACES), at, fr_slice(&place, sizeof(place)));
    }
    if (err != FR_OK)
        return err;
    return fr_put_message(tables, TABLE(DESK_ENTRIES), two_ids_key(&key, conversation_id, place),
                          &entry->base);
}

void
desk_entries(struct fr_scan *scan, const struct fr_view *view, uint64_t conversation_id)
{
    struct fr_key key;

    fr_scan_init(scan, view, TABLE(DESK_ENTRIES), desk_id_key(&key, conversation_id),
                 fr_slice(NULL, 0));
}

enum fr_error
desk_entries_next(struct fr_scan *scan, struct fr_arena *arena, const Fr__Entry **entry)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err != FR_OK)
        return err;
    *entry = fr_unpack_in(arena, &fr__entry__descriptor, value);
    return *entry == NULL ? FR_CORRUPT : FR_OK;
}

/* ---- replies under way ---- */

static struct fr_slice
reply_key(struct fr_key *key, const char *agent, const struct desk_reply_key *reply)
{
    fr_key_u64(fr_key_str(fr_key_init(key), agent), reply->conversation_id);
    return fr_key_slice(fr_key_str(key, reply->client_id));
}

enum fr_error
desk_reply_get(const struct fr_view *view, struct fr_arena *arena, const char *agent,
               const struct desk_reply_key *key, const Fr__DeskStateReply **reply)
{
    struct fr_key bytes;

    return fr_get_message(view, TABLE(DESK_REPLIES), reply_key(&bytes, agent, key),
                          &fr__desk_state_reply__descriptor, arena, (const void **)reply);
}

enum fr_error
desk_reply_put(struct fr_tables *tables, const char *agent, const struct desk_reply_key *key,
               const Fr__DeskStateReply *reply)
{
    struct fr_key bytes;

    return fr_put_message(tables, TABLE(DESK_REPLIES), reply_key(&bytes, agent, key), &reply->base);
}

enum fr_error
desk_reply_del(struct fr_tables *tables, const char *agent, const struct desk_reply_key *key)
{
    struct fr_key bytes;

    return fr_del(tables, TABLE(DESK_REPLIES), reply_key(&bytes, agent, key));
}

void
desk_replies(struct fr_scan *scan, const struct fr_view *view, const char *agent,
             uint64_t conversation_id)
{
    struct fr_key key;

    fr_key_str(fr_key_init(&key), agent);
    if (conversation_id != 0)
        fr_key_u64(&key, conversation_id);
    fr_scan_init(scan, view, TABLE(DESK_REPLIES), fr_key_slice(&key), fr_slice(NULL, 0));
}

enum fr_error
desk_replies_next(struct fr_scan *scan, struct fr_arena *arena, struct desk_reply_key *key,
                  const Fr__DeskStateReply **reply)
{
    struct fr_slice bytes, value;
    const char *agent, *client_id;
    enum fr_error err = fr_scan_next(scan, &bytes, &value);

    if (err == FR_OK)
        err = fr_key_take_str(&bytes, &agent);
    if (err == FR_OK)
        err = fr_key_take_u64(&bytes, &key->conversation_id);
    if (err == FR_OK)
        err = fr_key_take_str(&bytes, &client_id);
    if (err != FR_OK)
        return err;
    *reply = fr_unpack_in(arena, &fr__desk_state_reply__descriptor, value);
    key->client_id = fr_arena_strdup(arena, client_id);
    return *reply == NULL || key->client_id == NULL ? FR_CORRUPT : FR_OK;
}
