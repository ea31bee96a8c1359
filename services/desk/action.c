/* action.c - what a browser asks for, as JSON, and the record that it becomes. */
#include "services/desk/action.h"

#include <stdio.h>
#include "common/http/http.h"
#include "services/desk/show.h"
#include "proto/identity.pb-c.h"

struct reading { /* one action being read */
    const json_t *json;
    const struct desk_agent_config *agent;
    struct fr_arena *arena;
    struct desk_action *out;
    char *message;
};

static enum fr_error
complain(struct reading *reading, const char *member, const char *what)
{
    snprintf(reading->message, DESK_MESSAGE_SIZE, "\"%s\" %s", member, what);
    return FR_INVALID;
}

/* A text of at most `max` bytes; absent is fine when it is optional (*out is then NULL). */
static enum fr_error
take_text(struct reading *reading, const char *member, size_t max, bool optional, char **out)
{
    const json_t *value = json_object_get(reading->json, member);

    *out = NULL;
    if (value == NULL)
        return optional ? FR_OK : complain(reading, member, "is missing");
    if (!json_is_string(value))
        return complain(reading, member, "must be a text");
    if (json_string_length(value) > max)
        return complain(reading, member, "is too long");
    if (strlen(json_string_value(value)) != json_string_length(value))
        return complain(reading, member, "holds a NUL character");
    *out = (char *)json_string_value(value);
    return FR_OK;
}

static enum fr_error
take_id(struct reading *reading, const char *member, uint64_t *out)
{
    char *text;
    enum fr_error err = take_text(reading, member, FR_ID_TEXT_SIZE - 1, false, &text);

    if (err == FR_OK && fr_id_parse(fr_slice_str(text), out) != FR_OK)
        err = complain(reading, member, "is not an id");
    return err;
}

static enum fr_error
pack(struct reading *reading, uint32_t kind, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = fr_arena_alloc(reading->arena, size + 1);

    if (bytes == NULL) {
        snprintf(reading->message, DESK_MESSAGE_SIZE, "the request is too big");
        return FR_INVALID;
    }
    protobuf_c_message_pack(message, bytes);
    reading->out->kind = kind;
    reading->out->body = fr_slice(bytes, size);
    return FR_OK;
}

/* ---- one function per action ---- */

static enum fr_error
read_presence(struct reading *reading)
{
    Fr__PresenceChosen chosen = FR__PRESENCE_CHOSEN__INIT;
    char *state;
    enum fr_error err = take_text(reading, "state", 20, false, &state);

    if (err != FR_OK)
        return err;
    if (strcmp(state, "available") == 0)
        chosen.state = FR__AGENT_STATE__AVAILABLE;
    else if (strcmp(state, "away") == 0)
        chosen.state = FR__AGENT_STATE__AWAY;
    else
        return complain(reading, "state", "must be \"available\" or \"away\"");
    chosen.agent = (char *)reading->agent->name;
    chosen.reason = "chose it";
    chosen.client_id = reading->out->id;
    return pack(reading, FR_PRESENCE_CHOSEN, &chosen.base);
}

static enum fr_error
read_answer(struct reading *reading, bool accepted)
{
    Fr__OfferChosen chosen = FR__OFFER_CHOSEN__INIT;
    enum fr_error err = take_id(reading, "offer", &chosen.lease_id);

    if (err == FR_OK && !accepted)
        err = take_text(reading, "reason", 500, true, &chosen.reason);
    if (err != FR_OK)
        return err;
    chosen.agent = (char *)reading->agent->name;
    chosen.accepted = accepted;
    chosen.client_id = reading->out->id;
    return pack(reading, FR_OFFER_CHOSEN, &chosen.base);
}

static enum fr_error
read_accept(struct reading *reading)
{
    return read_answer(reading, true);
}

static enum fr_error
read_decline(struct reading *reading)
{
    return read_answer(reading, false);
}

static enum fr_error
read_words(struct reading *reading, bool note)
{
    Fr__ReplyWritten written = FR__REPLY_WRITTEN__INIT;
    enum fr_error err = take_id(reading, "conversation", &written.conversation_id);

    if (err == FR_OK)
        err = take_text(reading, "text", DESK_TEXT_SIZE_MAX, false, &written.text);
    if (err != FR_OK)
        return err;
    written.agent = (char *)reading->agent->name;
    written.agent_title = (char *)reading->agent->title;
    written.client_id = reading->out->id;
    written.note = note;
    return pack(reading, FR_REPLY_WRITTEN, &written.base);
}

static enum fr_error
read_reply(struct reading *reading)
{
    return read_words(reading, false);
}

static enum fr_error
read_note(struct reading *reading)
{
    return read_words(reading, true);
}

static enum fr_error
read_finish(struct reading *reading)
{
    Fr__WorkDone done = FR__WORK_DONE__INIT;
    char *outcome;
    enum fr_error err = take_id(reading, "conversation", &done.conversation_id);

    if (err == FR_OK)
        err = take_text(reading, "outcome", 40, false, &outcome);
    if (err == FR_OK && !desk_read_outcome(outcome, &done.outcome))
        err = complain(reading, "outcome", "is none that we know");
    if (err == FR_OK)
        err = take_text(reading, "note", DESK_TEXT_SIZE_MAX, true, &done.note);
    if (err != FR_OK)
        return err;
    done.agent = (char *)reading->agent->name;
    done.client_id = reading->out->id;
    return pack(reading, FR_WORK_DONE, &done.base);
}

static enum fr_error
read_dismiss(struct reading *reading)
{
    Fr__RefusalSeen seen = FR__REFUSAL_SEEN__INIT;
    enum fr_error err = take_id(reading, "refusal", &seen.refusal_id);

    if (err != FR_OK)
        return err;
    seen.agent = (char *)reading->agent->name;
    seen.client_id = reading->out->id;
    return pack(reading, FR_REFUSAL_SEEN, &seen.base);
}

static enum fr_error
take_flag(struct reading *reading, const char *member, bool optional, bool *out)
{
    const json_t *value = json_object_get(reading->json, member);

    *out = false;
    if (value == NULL)
        return optional ? FR_OK : complain(reading, member, "is missing");
    if (!json_is_boolean(value))
        return complain(reading, member, "must be true or false");
    *out = json_is_true(value);
    return FR_OK;
}

static enum fr_error
read_promise(struct reading *reading)
{
    Fr__PromiseWritten written = FR__PROMISE_WRITTEN__INIT;
    Fr__PromiseRequested promise = FR__PROMISE_REQUESTED__INIT;
    const json_t *due = json_object_get(reading->json, "due_ms");
    bool tell;
    enum fr_error err = take_id(reading, "conversation", &written.conversation_id);

    if (err == FR_OK)
        err = take_text(reading, "what", 900, false, &promise.what);
    if (err == FR_OK)
        err = take_flag(reading, "tell", true, &tell);
    if (err != FR_OK)
        return err;
    if (!json_is_integer(due) || json_integer_value(due) <= 0 ||
        json_integer_value(due) > INT64_C(7258118400000))
        return complain(reading, "due_ms", "must be milliseconds since 1970");
    promise.request_id = reading->out->id;
    promise.kind = FR__TARGET_KIND__PROMISE_BY_HAND;
    promise.conversation_id = written.conversation_id;
    promise.due_us = json_integer_value(due) * 1000;
    promise.has_tell = 1;
    promise.tell = tell;
    written.agent = (char *)reading->agent->name;
    written.client_id = reading->out->id;
    written.promise = &promise;
    return pack(reading, FR_PROMISE_WRITTEN, &written.base);
}

static enum fr_error
read_keep(struct reading *reading)
{
    Fr__PromiseDone done = FR__PROMISE_DONE__INIT;
    bool kept;
    enum fr_error err = take_id(reading, "promise", &done.promise_id);

    if (err == FR_OK)
        err = take_flag(reading, "kept", false, &kept);
    if (err == FR_OK)
        err = take_text(reading, "note", 2000, true, &done.note);
    if (err != FR_OK)
        return err;
    done.agent = (char *)reading->agent->name;
    done.client_id = reading->out->id;
    done.kept = kept;
    return pack(reading, FR_PROMISE_DONE, &done.base);
}

static bool
read_waiting(const char *text, Fr__WaitingFor *out)
{
    static const char *const names[] = {"us", "customer", "third_party"};

    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (Fr__WaitingFor)(i + 1);
            return true;
        }
    return false;
}

static enum fr_error
read_mark(struct reading *reading)
{
    Fr__MatterMarked marked = FR__MATTER_MARKED__INIT;
    const json_t *priority = json_object_get(reading->json, "priority");
    char *waiting, *add, *drop;
    bool complaint;
    enum fr_error err = take_id(reading, "conversation", &marked.conversation_id);

    if (err == FR_OK)
        err = take_text(reading, "waiting", 20, true, &waiting);
    if (err == FR_OK)
        err = take_text(reading, "add_tag", 23, true, &add);
    if (err == FR_OK)
        err = take_text(reading, "drop_tag", 23, true, &drop);
    if (err == FR_OK)
        err = take_flag(reading, "complaint", true, &complaint);
    if (err != FR_OK)
        return err;
    if (priority != NULL && (!json_is_integer(priority) || json_integer_value(priority) < -100 ||
                             json_integer_value(priority) > 100))
        return complain(reading, "priority", "must be a number between -100 and 100");
    marked.has_priority = priority != NULL;
    marked.priority = (int32_t)json_integer_value(priority);
    marked.has_complaint = json_object_get(reading->json, "complaint") != NULL;
    marked.complaint = complaint;
    marked.has_waiting = waiting != NULL;
    if (waiting != NULL && !read_waiting(waiting, &marked.waiting))
        return complain(reading, "waiting", "must be \"us\", \"customer\" or \"third_party\"");
    marked.add_tags = &add;
    marked.n_add_tags = add != NULL;
    marked.drop_tags = &drop;
    marked.n_drop_tags = drop != NULL;
    marked.agent = (char *)reading->agent->name;
    marked.client_id = reading->out->id;
    return pack(reading, FR_MATTER_MARKED, &marked.base);
}

static bool
read_decision(const char *text, Fr__IdentityAction *out)
{
    static const char *const names[] = {"merge",  "unmerge", "confirm", "reject",
                                        "verify", "erase",   "lift"};

    for (int i = 0; i < 7; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (Fr__IdentityAction)(i + 1);
            return true;
        }
    return false;
}

/* Who acts is the session's agent; the hub puts his site beside him. */
static enum fr_error
read_identity(struct reading *reading)
{
    Fr__IdentityActionAsked asked = FR__IDENTITY_ACTION_ASKED__INIT;
    char *decision;
    bool lift, other = json_object_get(reading->json, "other") != NULL;
    enum fr_error err = take_text(reading, "do", 20, false, &decision);

    if (err == FR_OK && !read_decision(decision, &asked.action))
        err = complain(reading, "do", "is none that we know");
    if (err == FR_OK)
        err = take_id(reading, "customer", &asked.customer_id);
    if (err == FR_OK && other)
        err = take_id(reading, "other", &asked.other_id);
    if (err == FR_OK)
        err = take_text(reading, "why", 500, false, &asked.why);
    if (err == FR_OK)
        err = take_text(reading, "key_type", 48, true, &asked.key_type);
    if (err == FR_OK)
        err = take_text(reading, "key_value", 254, true, &asked.key_value);
    if (err == FR_OK)
        err = take_text(reading, "key_region", 2, true, &asked.key_region);
    if (err == FR_OK)
        err = take_text(reading, "key_brand", 15, true, &asked.key_brand);
    if (err == FR_OK)
        err = take_flag(reading, "lift", true, &lift);
    if (err == FR_OK && !reading->agent->supervisor)
        err = complain(reading, "identity", "is for supervisors");
    if (err != FR_OK)
        return err;
    asked.has_customer_id = true;
    asked.has_other_id = other;
    asked.has_lift = asked.lift = lift;
    asked.who = asked.agent = (char *)reading->agent->name;
    asked.client_id = reading->out->id;
    return pack(reading, FR_IDENTITY_ACTION_ASKED, &asked.base);
}

/* clang-format off */
static const struct {
    const char *name;
    const char *members; /* beside "action" and "id" */
    enum fr_error (*read)(struct reading *reading);
} actions[] = {
    { "presence", "action id state",                     read_presence },
    { "accept",   "action id offer",                     read_accept   },
    { "decline",  "action id offer reason",              read_decline  },
    { "reply",    "action id conversation text",         read_reply    },
    { "note",     "action id conversation text",         read_note     },
    { "finish",   "action id conversation outcome note", read_finish   },
    { "dismiss",  "action id refusal",                   read_dismiss  },
    { "promise",  "action id conversation what due_ms tell", read_promise },
    { "keep",     "action id promise kept note",         read_keep     },
    { "mark",     "action id conversation priority complaint waiting add_tag drop_tag", read_mark },
    { "identity", "action id do customer other why key_type key_value key_region key_brand lift", read_identity },
};
/* clang-format on */

/* Letters, digits and a few signs: it goes into logs and keys. */
static bool
is_client_id(const char *text)
{
    size_t length =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:");

    return length > 0 && length < DESK_CLIENT_ID_SIZE && text[length] == '\0';
}

enum fr_error
desk_action_read(const json_t *json, const char *name, const struct desk_agent_config *agent,
                 struct fr_arena *arena, struct desk_action *out, char *message)
{
    struct reading reading = {json, agent, arena, out, message};
    char *id, *own_name;
    enum fr_error err;

    memset(out, 0, sizeof(*out));
    err = take_text(&reading, "id", DESK_CLIENT_ID_SIZE - 1, false, &id);
    if (err == FR_OK && !is_client_id(id))
        err = complain(&reading, "id", "must be 1 to 64 letters, digits or - _ . :");
    if (err != FR_OK)
        return err;
    memcpy(out->id, id, strlen(id) + 1);
    err = take_text(&reading, "action", 40, name != NULL, &own_name);
    if (err != FR_OK)
        return err;
    if (name == NULL)
        name = own_name;
    else if (own_name != NULL && strcmp(own_name, name) != 0)
        return complain(&reading, "action", "is another one than the path says");
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, name) != 0)
            continue;
        if (!fr_json_known(json, actions[i].members, message, DESK_MESSAGE_SIZE))
            return FR_INVALID;
        return actions[i].read(&reading);
    }
    return complain(&reading, "action", "is none that we know");
}
