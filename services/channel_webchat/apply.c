/* apply.c - one function per event: the only callers of the tables' put. */
#include "services/channel_webchat/tables.h"

#define DAY_US (86400 * INT64_C(1000000))

/* The session's row to change, as it is or new; *old_day is 0 when it is new. */
static enum fr_error
take_row(struct fr_tables *tables, const char *session, const char *account,
         const struct fr_record *event, Fr__WebchatStateSession *row, uint32_t *old_day)
{
    const Fr__WebchatStateSession *stored;
    enum fr_error err =
        webchat_session_get(fr_tables_view(tables), fr_tables_arena(tables), session, &stored);

    *old_day = 0;
    if (err == FR_OK) {
        *row = *stored;
        *old_day = stored->day;
    } else if (err == FR_NOT_FOUND) {
        fr__webchat_state_session__init(row);
        row->account = (char *)account;
        err = FR_OK;
    }
    row->day = (uint32_t)(event->head->time_us / DAY_US);
    return err;
}

/* MessageReceived.  Writes entries, said, sessions (one entry more). */
enum fr_error
webchat_apply_message_received(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__MessageReceived *message = fr_body(event);
    Fr__WebchatStateEntry entry = webchat_entry_said(message);
    Fr__WebchatStateSession row;
    uint32_t old_day;
    enum fr_error err = take_row(tables, message->address, message->account, event, &row, &old_day);

    row.count = message->position;
    if (err == FR_OK)
        err = webchat_session_put(tables, message->address, &row, old_day);
    if (err == FR_OK)
        err = webchat_entry_put(tables, message->address, message->position, &entry);
    if (err == FR_OK)
        err = webchat_said_put(tables, message->external_id, message->position);
    return err;
}

/* VisitorIdentified.  Writes sessions (what was proved). */
enum fr_error
webchat_apply_visitor_identified(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__VisitorIdentified *identified = fr_body(event);
    Fr__WebchatStateSession row;
    uint32_t old_day;
    enum fr_error err =
        take_row(tables, identified->address, identified->account, event, &row, &old_day);

    if (err != FR_OK)
        return err;
    row.name = identified->name;
    row.customer_number = row.email = NULL;
    row.has_email_verified = row.email_verified = false;
    for (size_t i = 0; i < identified->n_keys; i++) {
        const Fr__Key *key = identified->keys[i];

        if (strcmp(key->type, "login") == 0)
            row.login = key->value;
        else if (strcmp(key->type, "account") == 0)
            row.customer_number = key->value;
        else if (strcmp(key->type, "email") == 0) {
            row.email = key->value;
            row.has_email_verified = true;
            row.email_verified = key->assurance == FR__ASSURANCE__VERIFIED;
        }
    }
    return webchat_session_put(tables, identified->address, &row, old_day);
}

/* AnswerKept.  Writes entries, kept, sessions (one entry more). */
enum fr_error
webchat_apply_answer_kept(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AnswerKept *kept = fr_body(event);
    char id[FR_ID_TEXT_SIZE];
    Fr__WebchatStateEntry entry = webchat_entry_kept(kept, id);
    Fr__WebchatStateSession row;
    uint32_t old_day;
    enum fr_error err = take_row(tables, kept->address, kept->account, event, &row, &old_day);

    row.count = kept->position;
    if (err == FR_OK)
        err = webchat_session_put(tables, kept->address, &row, old_day);
    if (err == FR_OK)
        err = webchat_entry_put(tables, kept->address, kept->position, &entry);
    if (err == FR_OK)
        err = webchat_kept_put(tables, kept->message_id, kept->position);
    return err;
}

/* AnswersSeen.  Writes sessions (how far the browser is). */
enum fr_error
webchat_apply_answers_seen(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AnswersSeen *seen = fr_body(event);
    Fr__WebchatStateSession row;
    uint32_t old_day;
    enum fr_error err = take_row(tables, seen->address, "", event, &row, &old_day);

    row.delivered = seen->delivered;
    row.read = seen->read;
    return err == FR_OK ? webchat_session_put(tables, seen->address, &row, old_day) : err;
}

/* WaitShown.  Writes sessions (what stands before him). */
enum fr_error
webchat_apply_wait_shown(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__WaitShown *shown = fr_body(event);
    Fr__WebchatStateSession row;
    uint32_t old_day;
    enum fr_error err = take_row(tables, shown->address, "", event, &row, &old_day);

    row.wait = shown->told->over ? NULL : shown->told;
    return err == FR_OK ? webchat_session_put(tables, shown->address, &row, old_day) : err;
}

static enum fr_error
forget_entry(struct fr_tables *tables, const char *session, uint32_t position)
{
    struct fr_arena_mark mark = fr_arena_mark(fr_tables_arena(tables));
    const Fr__WebchatStateEntry *entry;
    char external_id[WEBCHAT_EXTERNAL_ID_SIZE];
    enum fr_error err = webchat_entry_get(fr_tables_view(tables), fr_tables_arena(tables), session,
                                          position, &entry);

    if (err == FR_OK)
        err = entry->has_message_id
                  ? webchat_kept_del(tables, entry->message_id)
                  : webchat_said_del(tables, webchat_external_id(session, entry->id, external_id));
    if (err == FR_OK)
        err = webchat_entry_del(tables, session, position);
    fr_arena_release(fr_tables_arena(tables), mark);
    return err;
}

static enum fr_error
forget(struct fr_tables *tables, const char *session)
{
    const Fr__WebchatStateSession *row;
    enum fr_error err =
        webchat_session_get(fr_tables_view(tables), fr_tables_arena(tables), session, &row);

    if (err != FR_OK)
        return err;
    for (uint32_t position = 1; err == FR_OK && position <= row->count; position++)
        err = forget_entry(tables, session, position);
    return err == FR_OK ? webchat_session_del(tables, session, row->day) : err;
}

/* AddressesForgotten.  Deletes them from every table; arms the timer of the next look. */
enum fr_error
webchat_apply_forgotten(struct fr_tables *tables, const struct fr_record *event)
{
    const Fr__AddressesForgotten *forgotten = fr_body(event);
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < forgotten->n_addresses; i++)
        err = forget(tables, forgotten->addresses[i]);
    if (err == FR_OK)
        err = fr_timer_arm(tables, WEBCHAT_TIMER_SWEEP, 0, (struct fr_time){forgotten->again_us});
    return err;
}
