/* tell.c - what browsers are told: ticks, what they missed, what is new.
 *
 * A window gets each entry once and in order: `sent` is how far it is.  What is published while an
 * answer is under way to it is not pushed but noted; when the answer has come, the window is asked
 * for again from where it then is.
 */
#include <stdlib.h>
#include "services/channel_webchat/counters.h"
#include "services/channel_webchat/edge.h"

#define BUSY_RETRY_MS 2000
#define KEY_MAX 3

static void
send_json(struct webchat_edge *edge, uint64_t connection, json_t *json)
{
    if (json != NULL && edge->http != NULL)
        fr_ws_send_json(edge->http, connection, json); /* gone or full: it will come back and ask */
    json_decref(json);
}

void
webchat_tell_error(struct webchat_edge *edge, uint64_t connection,
                   const struct webchat_error *error)
{
    json_t *json = json_pack("{s:s, s:s, s:s}", "type", "error", "code", error->code, "message",
                             error->message);

    if (json == NULL) /* a complaint that quotes half a character */
        json = json_pack("{s:s, s:s, s:s}", "type", "error", "code", error->code, "message",
                         "The message is not well formed.");
    if (json != NULL && error->id[0] != '\0')
        json_object_set_new(json, "id", json_string(error->id));
    if (json != NULL && error->retry_ms > 0)
        json_object_set_new(json, "retry_ms", json_integer(error->retry_ms));
    send_json(edge, connection, json);
}

void
webchat_tell_busy(struct webchat_edge *edge, uint64_t connection, const char *id)
{
    const struct webchat_error error = {
        .code = "busy",
        .message = "We cannot take this right now; it will be tried again.",
        .id = id,
        .retry_ms = BUSY_RETRY_MS};

    fr_process_count(edge->process, WEBCHAT_COUNT_BUSY, 1);
    webchat_tell_error(edge, connection, &error);
}

/* ---- how things stand ---- */

static void
tell_opened(struct webchat_edge *edge, const struct webchat_guest *guest, const json_t *answer)
{
    const struct webchat_door *door = webchat_door_find(atomic_load(&edge->doors), guest->account);
    char token[WEBCHAT_SESSION_TOKEN_SIZE];
    const char *title;

    if (door == NULL) { /* the account was taken out of the configuration a moment ago */
        fr_ws_close(edge->http, guest->id, 1008, "this chat is closed");
        return;
    }
    title = door->brand->title[0] != '\0' ? door->brand->title : door->brand->name;
    webchat_session_write(&edge->seal, guest->account, guest->session, fr_time_wall(), token);
    send_json(edge, guest->id,
              json_pack("{s:s, s:s, s:O, s:O, s:O, s:O, s:O, s:s, s:s}", "type", "opened",
                        "session", token, "parted", json_object_get(answer, "parted"), "reset",
                        json_object_get(answer, "reset"), "signed_in",
                        json_object_get(answer, "signed_in"), "last",
                        json_object_get(answer, "last"), "read", json_object_get(answer, "read"),
                        "title", title, "greeting", door->account->greeting));
    fr_process_count(edge->process, WEBCHAT_COUNT_OPENED, 1);
}

static void
tell_wait(struct webchat_edge *edge, uint64_t connection, json_t *wait)
{
    send_json(edge, connection, json_pack("{s:s, s:O}", "type", "wait", "wait", wait));
}

/* The entries that this window has not got yet. */
static void
tell_entries(struct webchat_edge *edge, struct webchat_guest *guest, json_t *entries)
{
    json_t *fresh = json_array(), *entry;
    size_t i;

    json_array_foreach(entries, i, entry)
    {
        uint32_t position = (uint32_t)json_integer_value(json_object_get(entry, "seq"));

        if (position != guest->sent + 1)
            continue;
        json_array_append(fresh, entry);
        guest->sent = position;
    }
    if (json_array_size(fresh) > 0)
        send_json(edge, guest->id, json_pack("{s:s, s:O}", "type", "entries", "entries", fresh));
    json_decref(fresh);
}

static void
take_answer(struct webchat_edge *edge, struct webchat_guest *guest, json_t *answer, bool announce)
{
    const char *session = json_string_value(json_object_get(answer, "session"));
    uint32_t last = (uint32_t)json_integer_value(json_object_get(answer, "last"));
    bool moved = strcmp(session, guest->session) != 0;
    size_t windows_max = (size_t)atomic_load(&edge->doors)->config->windows_max;

    if (moved) /* a session that was made for this window alone: there is room */
        webchat_guest_join(&edge->guests, guest, session, windows_max);
    if (moved || guest->state == WEBCHAT_OPENING ||
        json_is_true(json_object_get(answer, "reset"))) {
        guest->sent = (uint32_t)json_integer_value(json_object_get(answer, "after"));
        guest->told_delivered = guest->told_read = 0;
        guest->published = moved ? 0 : guest->published;
        guest->wait_told = !moved && guest->wait_told;
    }
    guest->state = WEBCHAT_OPENED;
    guest->asking = false;
    if (announce)
        tell_opened(edge, guest, answer);
    if (announce && !guest->wait_told && json_is_object(json_object_get(answer, "wait")))
        tell_wait(edge, guest->id, json_object_get(answer, "wait"));
    tell_entries(edge, guest, json_object_get(answer, "entries"));
    if (guest->sent < last || guest->sent < guest->published)
        webchat_ask(edge, guest, guest->sent, NULL, false);
}

/* Nothing came of it.  A window that was opening is as new as before, and may ask again. */
static void
take_refusal(struct webchat_edge *edge, struct webchat_guest *guest,
             const struct fr_outcome *outcome, bool announce)
{
    const struct webchat_error error = {.code = "session", .message = outcome->reason, .id = ""};

    guest->asking = false;
    if (guest->state == WEBCHAT_OPENING) {
        guest->state = WEBCHAT_NEW;
        webchat_guest_join(&edge->guests, guest, "", 0);
    }
    if (outcome->error != FR_REJECTED && announce)
        webchat_tell_busy(edge, guest->id, "");
    else if (outcome->error != FR_REJECTED)
        fr_ws_close(edge->http, guest->id, 1013, "busy"); /* it comes back from where it is */
    else
        webchat_tell_error(edge, guest->id, &error);
}

/* On the stage's thread. */
static void
on_asked(void *context, const struct fr_outcome *outcome)
{
    struct webchat_waiting *waiting = context;
    struct webchat_edge *edge = waiting->edge;
    struct webchat_guest *guest;
    json_t *answer = NULL;

    if (outcome->error == FR_OK)
        answer = json_loadb(outcome->answer.data, outcome->answer.size, 0, NULL);
    pthread_mutex_lock(&edge->guests.lock);
    guest = edge->http == NULL ? NULL : webchat_guest_find(&edge->guests, waiting->connection);
    if (guest != NULL && answer != NULL)
        take_answer(edge, guest, answer, waiting->announce);
    else if (guest != NULL)
        take_refusal(edge, guest, outcome, waiting->announce);
    pthread_mutex_unlock(&edge->guests.lock);
    json_decref(answer);
    free(waiting);
}

static void
set_key(Fr__Key *key, const char *type, const char *value, bool verified)
{
    fr__key__init(key);
    key->type = (char *)type;
    key->value = (char *)value;
    key->assurance = verified ? FR__ASSURANCE__VERIFIED : FR__ASSURANCE__CLAIMED;
}

static void
add_proof(Fr__AnswersAsked *asked, const struct fr_token *token, Fr__Key keys[KEY_MAX],
          Fr__Key *list[KEY_MAX])
{
    size_t count = 0;

    set_key(&keys[count++], "login", token->sub, true);
    if (token->account[0] != '\0')
        set_key(&keys[count++], "account", token->account, true);
    if (token->email[0] != '\0')
        set_key(&keys[count++], "email", token->email, token->email_verified);
    for (size_t i = 0; i < count; i++)
        list[i] = &keys[i];
    asked->keys = list;
    asked->n_keys = count;
    asked->name = token->name[0] == '\0' ? NULL : (char *)token->name;
}

enum fr_error
webchat_ask(struct webchat_edge *edge, struct webchat_guest *guest, uint32_t after,
            const struct fr_token *token, bool announce)
{
    const struct webchat_door *door = webchat_door_find(atomic_load(&edge->doors), guest->account);
    struct webchat_waiting *waiting = calloc(1, sizeof(*waiting));
    Fr__AnswersAsked asked = FR__ANSWERS_ASKED__INIT;
    char spare[WEBCHAT_SESSION_SIZE];
    Fr__Key keys[KEY_MAX], *list[KEY_MAX];
    enum fr_error err;

    if (waiting == NULL || door == NULL) {
        free(waiting);
        return FR_BUSY;
    }
    *waiting = (struct webchat_waiting){edge, guest->id, announce, ""};
    asked.address = guest->session;
    asked.account = guest->account;
    asked.has_after = true;
    asked.after = after;
    if (token != NULL) {
        webchat_session_make(spare);
        asked.spare = spare;
        add_proof(&asked, token, keys, list);
    }
    err = fr_submit_message(edge->process, FR_ANSWERS_ASKED, &asked.base, door->brand->name, 0,
                            on_asked, waiting);
    if (err != FR_OK)
        free(waiting);
    guest->asking = err == FR_OK;
    return err;
}

/* ---- ticks ---- */

static void
tell_not_said(struct webchat_edge *edge, const struct webchat_waiting *waiting, const char *reason)
{
    const struct webchat_error error = {
        .code = strcmp(reason, webchat_session_full) == 0 ? "session_full" : "refused",
        .message = reason,
        .id = waiting->client_id};

    webchat_tell_error(edge, waiting->connection, &error);
}

/* On the stage's thread, after the sync: the tick means durable. */
void
webchat_on_said(void *context, const struct fr_outcome *outcome)
{
    struct webchat_waiting *waiting = context;
    struct webchat_edge *edge = waiting->edge;
    uint32_t position;

    if (outcome->error == FR_OK && outcome->answer.size == sizeof(position)) {
        memcpy(&position, outcome->answer.data, sizeof(position));
        send_json(edge, waiting->connection,
                  json_pack("{s:s, s:s, s:I}", "type", "tick", "id", waiting->client_id, "seq",
                            (json_int_t)position));
    } else if (outcome->error == FR_REJECTED) {
        tell_not_said(edge, waiting, outcome->reason);
    } else {
        webchat_tell_busy(edge, waiting->connection, waiting->client_id);
    }
    free(waiting);
}

/* ---- what is new ---- */

static void
push(struct webchat_edge *edge, const char *session, uint32_t position,
     const Fr__WebchatStateEntry *entry)
{
    struct webchat_guest *guest = webchat_guest_first(&edge->guests, session);
    json_t *json;

    if (guest == NULL)
        return;
    json = json_pack("{s:s, s:[o]}", "type", "entries", "entries",
                     webchat_entry_json(entry, position));
    for (; guest != NULL; guest = webchat_guest_next(guest)) {
        if (guest->published < position)
            guest->published = position;
        if (guest->state != WEBCHAT_OPENED || guest->asking)
            continue;
        if (guest->sent + 1 == position) {
            guest->sent = position;
            send_json(edge, guest->id, json_incref(json));
        } else if (guest->sent < position &&
                   webchat_ask(edge, guest, guest->sent, NULL, false) != FR_OK) {
            fr_ws_close(edge->http, guest->id, 1013, "busy");
        }
    }
    json_decref(json);
}

static void
push_wait(struct webchat_edge *edge, const Fr__WaitShown *shown, struct fr_time at)
{
    struct webchat_guest *guest = webchat_guest_first(&edge->guests, shown->address);
    json_t *json = guest == NULL ? NULL : webchat_wait_json(shown->told, at);

    for (; guest != NULL; guest = webchat_guest_next(guest)) {
        guest->wait_told = true;
        if (guest->state == WEBCHAT_OPENED)
            tell_wait(edge, guest->id, json);
    }
    json_decref(json);
}

/* On the stage's thread: only what went wrong is told; what was chosen comes as a wait. */
void
webchat_on_chosen(void *context, const struct fr_outcome *outcome)
{
    struct webchat_waiting *waiting = context;
    const struct webchat_error error = {.code = "refused", .message = outcome->reason, .id = ""};

    if (outcome->error == FR_REJECTED)
        webchat_tell_error(waiting->edge, waiting->connection, &error);
    else if (outcome->error != FR_OK)
        webchat_tell_busy(waiting->edge, waiting->connection, "");
    free(waiting);
}

/* On the stage's thread, once for each event, in order, after its sync. */
void
webchat_published(void *state, const struct fr_record *event)
{
    struct webchat_edge *edge = state;
    char id[FR_ID_TEXT_SIZE];

    if (edge->http == NULL)
        return;
    if (event->head->kind == FR_MESSAGE_RECEIVED) {
        const Fr__MessageReceived *message = fr_body(event);
        Fr__WebchatStateEntry entry = webchat_entry_said(message);

        pthread_mutex_lock(&edge->guests.lock);
        push(edge, message->address, message->position, &entry);
        pthread_mutex_unlock(&edge->guests.lock);
    } else if (event->head->kind == FR_ANSWER_KEPT) {
        const Fr__AnswerKept *kept = fr_body(event);
        Fr__WebchatStateEntry entry = webchat_entry_kept(kept, id);

        pthread_mutex_lock(&edge->guests.lock);
        push(edge, kept->address, kept->position, &entry);
        pthread_mutex_unlock(&edge->guests.lock);
    } else if (event->head->kind == FR_WAIT_SHOWN) {
        const Fr__WaitShown *shown = fr_body(event);

        pthread_mutex_lock(&edge->guests.lock);
        push_wait(edge, shown, (struct fr_time){event->head->time_us});
        pthread_mutex_unlock(&edge->guests.lock);
    }
}
