/* tables.c - every table of the chat: key layout, get and put; nothing else touches the store. */
#include "services/channel_webchat/tables.h"

enum { SESSIONS, AGES, ENTRIES, SAID, KEPT };

/* clang-format off */
const struct fr_table webchat_tables[] = {
    [SESSIONS] = { "sessions", false, "session -> WebchatStateSession" },
    [AGES]     = { "ages",     true,  "u32 day of the last change, session -> nothing" },
    [ENTRIES]  = { "entries",  false, "session, u32 position -> WebchatStateEntry" },
    [SAID]     = { "said",     false, "session:client id -> u32 position" },
    [KEPT]     = { "kept",     false, "u64 message -> u32 position" },
    FR_TABLE_END,
};
/* clang-format on */

#define TABLE(number) (&webchat_tables[number])

static struct fr_slice
text_key(struct fr_key *key, const char *text)
{
    return fr_key_slice(fr_key_str(fr_key_init(key), text));
}

static struct fr_slice
age_key(struct fr_key *key, uint32_t day, const char *session)
{
    return fr_key_slice(fr_key_str(fr_key_u32(fr_key_init(key), day), session));
}

static struct fr_slice
entry_key(struct fr_key *key, const char *session, uint32_t position)
{
    return fr_key_slice(fr_key_u32(fr_key_str(fr_key_init(key), session), position));
}

/* ---- sessions ---- */

enum fr_error
webchat_session_get(const struct fr_view *view, struct fr_arena *arena, const char *session,
                    const Fr__WebchatStateSession **out)
{
    struct fr_key key;
    const void *message;
    enum fr_error err = fr_get_message(view, TABLE(SESSIONS), text_key(&key, session),
                                       &fr__webchat_state_session__descriptor, arena, &message);

    if (err == FR_OK)
        *out = message;
    return err;
}

enum fr_error
webchat_session_put(struct fr_tables *tables, const char *session,
                    const Fr__WebchatStateSession *row, uint32_t old_day)
{
    struct fr_key key;
    enum fr_error err = FR_OK;

    if (old_day != row->day) {
        if (old_day != 0)
            err = fr_del(tables, TABLE(AGES), age_key(&key, old_day, session));
        if (err == FR_OK)
            err = fr_put(tables, TABLE(AGES), age_key(&key, row->day, session), fr_slice("", 0));
    }
    return err == FR_OK
               ? fr_put_message(tables, TABLE(SESSIONS), text_key(&key, session), &row->base)
               : err;
}

enum fr_error
webchat_session_del(struct fr_tables *tables, const char *session, uint32_t day)
{
    struct fr_key key;
    enum fr_error err = fr_del(tables, TABLE(AGES), age_key(&key, day, session));

    return err == FR_OK ? fr_del(tables, TABLE(SESSIONS), text_key(&key, session)) : err;
}

void
webchat_session_scan(struct fr_scan *scan, const struct fr_view *view)
{
    fr_scan_init(scan, view, TABLE(AGES), fr_slice(NULL, 0), fr_slice(NULL, 0));
}

enum fr_error
webchat_session_next(struct fr_scan *scan, uint32_t *day, const char **session)
{
    struct fr_slice key, value;
    enum fr_error err = fr_scan_next(scan, &key, &value);

    if (err == FR_OK)
        err = fr_key_take_u32(&key, day);
    return err == FR_OK ? fr_key_take_str(&key, session) : err;
}

/* ---- entries ---- */

enum fr_error
webchat_entry_get(const struct fr_view *view, struct fr_arena *arena, const char *session,
                  uint32_t position, const Fr__WebchatStateEntry **out)
{
    struct fr_key key;
    const void *message;
    enum fr_error err = fr_get_message(view, TABLE(ENTRIES), entry_key(&key, session, position),
                                       &fr__webchat_state_entry__descriptor, arena, &message);

    if (err == FR_OK)
        *out = message;
    return err;
}

enum fr_error
webchat_entry_put(struct fr_tables *tables, const char *session, uint32_t position,
                  const Fr__WebchatStateEntry *entry)
{
    struct fr_key key;

    return fr_put_message(tables, TABLE(ENTRIES), entry_key(&key, session, position), &entry->base);
}

enum fr_error
webchat_entry_del(struct fr_tables *tables, const char *session, uint32_t position)
{
    struct fr_key key;

    return fr_del(tables, TABLE(ENTRIES), entry_key(&key, session, position));
}

/* ---- what must not happen twice ---- */

enum fr_error
webchat_said_get(const struct fr_view *view, const char *external_id, uint32_t *position)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(SAID), text_key(&key, external_id), position, sizeof(*position));
}

enum fr_error
webchat_said_put(struct fr_tables *tables, const char *external_id, uint32_t position)
{
    struct fr_key key;

    return fr_put(tables, TABLE(SAID), text_key(&key, external_id),
                  fr_slice(&position, sizeof(position)));
}

enum fr_error
webchat_said_del(struct fr_tables *tables, const char *external_id)
{
    struct fr_key key;

    return fr_del(tables, TABLE(SAID), text_key(&key, external_id));
}

static struct fr_slice
id_key(struct fr_key *key, uint64_t id)
{
    return fr_key_slice(fr_key_u64(fr_key_init(key), id));
}

enum fr_error
webchat_kept_get(const struct fr_view *view, uint64_t message_id, uint32_t *position)
{
    struct fr_key key;

    return fr_get_copy(view, TABLE(KEPT), id_key(&key, message_id), position, sizeof(*position));
}

enum fr_error
webchat_kept_put(struct fr_tables *tables, uint64_t message_id, uint32_t position)
{
    struct fr_key key;

    return fr_put(tables, TABLE(KEPT), id_key(&key, message_id),
                  fr_slice(&position, sizeof(position)));
}

enum fr_error
webchat_kept_del(struct fr_tables *tables, uint64_t message_id)
{
    struct fr_key key;

    return fr_del(tables, TABLE(KEPT), id_key(&key, message_id));
}
