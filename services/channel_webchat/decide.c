/* decide.c - what browsers do: open and catch up, sign in, write, show what we said. */
#include "services/channel_webchat/counters.h"
#include "services/channel_webchat/tables.h"

#define KEY_MAX 8
#define BATCH_SIZE_MAX (256 * 1024) /* bytes of texts in one answer */

const char webchat_session_full[] = "this chat is full";

static const Fr__WebchatStateSession nobody = FR__WEBCHAT_STATE_SESSION__INIT;

/* A session without a row is one in which nothing was said or proved: FR_OK, and `nobody`. */
static enum fr_error
session_row(struct fr_turn *turn, const char *session, const Fr__WebchatStateSession **row)
{
    enum fr_error err = webchat_session_get(turn->view, turn->arena, session, row);

    if (err == FR_NOT_FOUND) {
        *row = &nobody;
        return FR_OK;
    }
    return err;
}

static bool
belongs(const Fr__WebchatStateSession *row, const char *account)
{
    return row == &nobody || strcmp(row->account, account) == 0;
}

/* ---- keys ---- */

struct keys {
    Fr__Key rows[KEY_MAX], *list[KEY_MAX];
    size_t count;
};

static void
add_key(struct keys *keys, const char *type, const char *value, bool verified)
{
    Fr__Key *key = &keys->rows[keys->count];

    if (value == NULL || value[0] == '\0')
        return;
    fr_assert(keys->count < KEY_MAX);
    fr__key__init(key);
    key->type = (char *)type;
    key->value = (char *)value;
    key->assurance = verified ? FR__ASSURANCE__VERIFIED : FR__ASSURANCE__CLAIMED;
    keys->list[keys->count++] = key;
}

/* What the session proves: the browser itself, and whoever signed in in it. */
static void
collect_keys(struct keys *keys, const char *session, const Fr__WebchatStateSession *row)
{
    keys->count = 0;
    add_key(keys, "login", row->login, true);
    add_key(keys, "account", row->customer_number, true);
    add_key(keys, "email", row->email, row->email_verified);
    add_key(keys, "device", session, true);
}

static const Fr__Key *
find_key(const Fr__AnswersAsked *asked, const char *type)
{
    for (size_t i = 0; i < asked->n_keys; i++)
        if (strcmp(asked->keys[i]->type, type) == 0)
            return asked->keys[i];
    return NULL;
}

static bool
same(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

/* ---- opening, catching up, signing in ---- */

/* Nothing new in what was proved: nobody needs to hear it again. */
static bool
is_known(const Fr__WebchatStateSession *row, const Fr__AnswersAsked *asked)
{
    const Fr__Key *login = find_key(asked, "login"), *number = find_key(asked, "account"),
                  *email = find_key(asked, "email");

    return same(row->login, login == NULL ? NULL : login->value) &&
           same(row->customer_number, number == NULL ? NULL : number->value) &&
           same(row->email, email == NULL ? NULL : email->value) &&
           row->email_verified == (email != NULL && email->assurance == FR__ASSURANCE__VERIFIED) &&
           same(row->name, asked->name);
}

static enum fr_error
say_identified(struct fr_turn *turn, const struct fr_record *input, const Fr__AnswersAsked *asked,
               const char *session)
{
    Fr__VisitorIdentified identified = FR__VISITOR_IDENTIFIED__INIT;
    struct keys keys = {.count = 0};

    for (size_t i = 0; i < asked->n_keys; i++)
        add_key(&keys, asked->keys[i]->type, asked->keys[i]->value,
                asked->keys[i]->assurance == FR__ASSURANCE__VERIFIED);
    add_key(&keys, "device", session, true);
    identified.channel = WEBCHAT_CHANNEL;
    identified.account = asked->account;
    identified.address = (char *)session;
    identified.keys = keys.list;
    identified.n_keys = keys.count;
    identified.name = asked->name;
    fr_count(turn, WEBCHAT_COUNT_IDENTIFIED, 1);
    return fr_emit(turn, input, &identified.base);
}

/* What stands behind `after`, as far as one answer holds it. */
static enum fr_error
list_entries(struct fr_turn *turn, const char *session, uint32_t after, uint32_t last, json_t *list)
{
    size_t size = 0;

    for (uint32_t position = after + 1;
         position <= last && json_array_size(list) < WEBCHAT_BATCH_MAX && size < BATCH_SIZE_MAX;
         position++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);
        const Fr__WebchatStateEntry *entry;
        enum fr_error err = webchat_entry_get(turn->view, turn->arena, session, position, &entry);

        if (err != FR_OK)
            return err == FR_NOT_FOUND ? FR_CORRUPT : err;
        size += strlen(entry->text);
        json_array_append_new(list, webchat_entry_json(entry, position));
        fr_arena_release(turn->arena, mark);
    }
    return FR_OK;
}

static enum fr_error
answer_session(struct fr_turn *turn, const Fr__AnswersAsked *asked, const char *session)
{
    bool parted = strcmp(session, asked->address) != 0;
    const Fr__WebchatStateSession *row;
    json_t *list = json_array();
    uint32_t after;
    bool lost;
    enum fr_error err = session_row(turn, session, &row);

    if (err != FR_OK) {
        json_decref(list);
        return err;
    }
    lost = !parted && asked->after > row->count; /* forgotten here, remembered there */
    after = parted || lost ? 0 : asked->after;
    err = list_entries(turn, session, after, row->count, list);
    if (err != FR_OK) {
        json_decref(list);
        return err;
    }
    fr_answer_json(turn, json_pack("{s:s, s:b, s:b, s:b, s:I, s:I, s:I, s:o, s:o}", "session",
                                   session, "parted", parted, "reset", parted || lost, "signed_in",
                                   row->login != NULL, "after", (json_int_t)after, "last",
                                   (json_int_t)row->count, "read", (json_int_t)row->read, "wait",
                                   webchat_wait_json(row->wait, turn->now), "entries", list));
    return FR_OK;
}

/* AnswersAsked: a browser opens its session, comes back to it, or signs in in it.
 *
 * Reads sessions, entries.  Emits VisitorIdentified when something was proved that was not known.
 * Answers with what stands behind `after`.  A session that belongs to another log-in is left alone:
 * the answer is about the spare one, so that nobody ever reads what somebody else wrote.
 * Sent twice: the second time nothing is new.
 */
enum fr_error
webchat_decide_asked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AnswersAsked *asked = fr_unpack(turn, input, &fr__answers_asked__descriptor);
    const Fr__WebchatStateSession *row;
    const Fr__Key *login;
    const char *session;
    enum fr_error err;

    if (asked == NULL || asked->n_keys >= KEY_MAX)
        return fr_reject(turn, input, "AnswersAsked does not decode");
    err = session_row(turn, asked->address, &row);
    if (err != FR_OK)
        return err;
    if (!belongs(row, asked->account))
        return fr_reject(turn, input, "this session belongs to another account");
    session = asked->address;
    login = find_key(asked, "login");
    if (login != NULL && row->login != NULL && strcmp(row->login, login->value) != 0) {
        if (asked->spare == NULL)
            return fr_reject(turn, input, "this session belongs to another customer");
        session = asked->spare;
        row = &nobody;
        fr_count(turn, WEBCHAT_COUNT_PARTED, 1);
    }
    if (login != NULL && !is_known(row, asked))
        err = say_identified(turn, input, asked, session);
    return err == FR_OK ? answer_session(turn, asked, session) : err;
}

/* ---- writing ---- */

/* MessageReceived, submitted by the edge: the customer wrote something.
 *
 * Reads said, sessions.  Emits MessageReceived with its position and with what the session proves.
 * Answers with the position.
 * Sent twice (the browser repeats itself until it sees the tick): the position of the first time.
 */
enum fr_error
webchat_decide_said(struct fr_turn *turn, const struct fr_record *input)
{
    const struct webchat_config *config = turn->config;
    const Fr__MessageReceived *said = fr_unpack(turn, input, &fr__message_received__descriptor);
    const Fr__WebchatStateSession *row;
    Fr__MessageReceived message;
    struct keys keys;
    uint32_t position;
    enum fr_error err;

    if (said == NULL || strchr(said->external_id, ':') == NULL)
        return fr_reject(turn, input, "MessageReceived does not decode");
    err = webchat_said_get(turn->view, said->external_id, &position);
    if (err == FR_OK) {
        fr_count(turn, WEBCHAT_COUNT_REPEATED, 1);
        fr_answer(turn, &position, sizeof(position));
        return FR_OK;
    }
    if (err != FR_NOT_FOUND)
        return err;
    err = session_row(turn, said->address, &row);
    if (err != FR_OK)
        return err;
    if (!belongs(row, said->account))
        return fr_reject(turn, input, "this session belongs to another account");
    if (row->count >= (uint64_t)config->entries_max) {
        fr_count(turn, WEBCHAT_COUNT_FULL, 1);
        return fr_reject(turn, input, "%s", webchat_session_full);
    }
    collect_keys(&keys, said->address, row);
    message = *said;
    message.keys = keys.list;
    message.n_keys = keys.count;
    message.name = row->name;
    message.has_position = true;
    message.position = position = row->count + 1;
    err = fr_emit(turn, input, &message.base);
    if (err != FR_OK)
        return err;
    fr_count(turn, WEBCHAT_COUNT_MESSAGES, 1);
    fr_answer(turn, &position, sizeof(position));
    return FR_OK;
}

/* ---- showing what we said ---- */

static enum fr_error
say_state(struct fr_turn *turn, const struct fr_record *input, const char *session,
          uint32_t position, Fr__DeliveryState delivery)
{
    struct fr_arena_mark mark = fr_arena_mark(turn->arena);
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;
    const Fr__WebchatStateEntry *entry;
    enum fr_error err = webchat_entry_get(turn->view, turn->arena, session, position, &entry);

    if (err == FR_OK && entry->has_message_id) {
        changed.message_id = entry->message_id;
        changed.conversation_id = entry->conversation_id;
        changed.state = delivery;
        changed.at_us = turn->now.unix_us;
        err = fr_emit(turn, input, &changed.base);
    }
    fr_arena_release(turn->arena, mark);
    return err == FR_NOT_FOUND ? FR_CORRUPT : err;
}

static uint32_t
bounded(uint32_t claimed, uint32_t known, uint32_t count)
{
    if (claimed > count)
        claimed = count; /* it cannot have seen what was not said */
    if (claimed > known + WEBCHAT_SEEN_MAX)
        claimed = known + WEBCHAT_SEEN_MAX;
    return claimed > known ? claimed : known;
}

/* AnswersSeen, submitted by the edge: the browser got, or showed, everything up to a position.
 *
 * Reads sessions, entries.  Emits AnswersSeen, then DeliveryChanged READ or DELIVERED for each
 * thing we said of which that is news. Sent twice, or late: what is known already is left out;
 * nothing new emits nothing.
 */
enum fr_error
webchat_decide_seen(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AnswersSeen *told = fr_unpack(turn, input, &fr__answers_seen__descriptor);
    const Fr__WebchatStateSession *row;
    Fr__AnswersSeen seen = FR__ANSWERS_SEEN__INIT;
    enum fr_error err;

    if (told == NULL)
        return fr_reject(turn, input, "AnswersSeen does not decode");
    err = session_row(turn, told->address, &row);
    if (err != FR_OK)
        return err;
    seen.address = told->address;
    seen.read = bounded(told->read, row->read, row->count);
    seen.delivered = bounded(told->delivered > seen.read ? told->delivered : seen.read,
                             row->delivered, row->count);
    if (seen.read > seen.delivered)
        seen.read = seen.delivered;
    if (seen.delivered == row->delivered && seen.read == row->read)
        return FR_OK;
    err = fr_emit(turn, input, &seen.base);
    for (uint32_t p = row->read + 1; err == FR_OK && p <= seen.read; p++)
        err = say_state(turn, input, told->address, p, FR__DELIVERY_STATE__READ);
    for (uint32_t p = (seen.read > row->delivered ? seen.read : row->delivered) + 1;
         err == FR_OK && p <= seen.delivered; p++)
        err = say_state(turn, input, told->address, p, FR__DELIVERY_STATE__DELIVERED);
    return err;
}
