/* show.c - records as the JSON that the desk's page reads. */
#include "services/desk/show.h"
#include "proto/identity.pb-c.h"

static const char *const outcomes[] = {
    [FR__OUTCOME__SOLVED] = "solved",
    [FR__OUTCOME__ANSWERED] = "answered",
    [FR__OUTCOME__NO_ANSWER_NEEDED] = "no_answer_needed",
    [FR__OUTCOME__SPAM] = "spam",
    [FR__OUTCOME__CUSTOMER_LEFT] = "customer_left",
    [FR__OUTCOME__NOT_DELIVERABLE] = "not_deliverable",
};
static const char *const directions[] = {
    [FR__DIRECTION__FROM_CUSTOMER] = "from_customer",
    [FR__DIRECTION__TO_CUSTOMER] = "to_customer",
    [FR__DIRECTION__NOTE] = "note",
    [FR__DIRECTION__NOTICE] = "notice",
    [FR__DIRECTION__AUTOMATIC] = "automatic",
};
static const char *const deliveries[] = {
    [FR__DELIVERY_STATE__ACCEPTED] = "accepted",
    [FR__DELIVERY_STATE__SENT] = "sent",
    [FR__DELIVERY_STATE__DELIVERED] = "delivered",
    [FR__DELIVERY_STATE__READ] = "read",
    [FR__DELIVERY_STATE__UNDELIVERED] = "undelivered",
    [FR__DELIVERY_STATE__UNCERTAIN] = "uncertain",
};
static const char *const states[] = {
    [FR__AGENT_STATE__OFFLINE] = "offline",
    [FR__AGENT_STATE__AVAILABLE] = "available",
    [FR__AGENT_STATE__AWAY] = "away",
};
static const char *const lease_states[] = {
    [FR__DESK_LEASE_STATE__DESK_OFFERED] = "offered",
    [FR__DESK_LEASE_STATE__DESK_DECLINED] = "declined",
    [FR__DESK_LEASE_STATE__DESK_ACCEPTED] = "accepted",
    [FR__DESK_LEASE_STATE__DESK_HELD] = "held",
    [FR__DESK_LEASE_STATE__DESK_FINISHED] = "finished",
};

/* Enums come from another build than ours, perhaps a newer one. */
#define NAME(table, value) name_in(table, sizeof(table) / sizeof((table)[0]), (size_t)(value))
static const char *
name_in(const char *const *names, size_t count, size_t value)
{
    return value < count && names[value] != NULL ? names[value] : "unknown";
}

static void
set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

/* Texts come from our own records and were checked there; one that is no UTF-8 after all is left
 * out rather than spoiling the whole answer. */
static void
set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        set(object, key, json_string(text));
}

static void
set_ms(json_t *object, const char *key, int64_t us)
{
    set(object, key, json_integer(us / 1000));
}

json_t *
desk_show_id(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

const char *
desk_show_state(Fr__AgentState state)
{
    return NAME(states, state);
}

bool
desk_read_outcome(const char *text, Fr__Outcome *out)
{
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
        if (outcomes[i] != NULL && strcmp(outcomes[i], text) == 0) {
            *out = (Fr__Outcome)i;
            return true;
        }
    return false;
}

json_t *
desk_show_offer(uint64_t lease_id, const char *brand, const Fr__TaskOffered *offer,
                Fr__DeskLeaseState state)
{
    json_t *json = json_object();

    set(json, "offer", desk_show_id(lease_id));
    set(json, "conversation", desk_show_id(offer->conversation_id));
    set(json, "task", desk_show_id(offer->task_id));
    set(json, "customer", desk_show_id(offer->customer_id));
    set_text(json, "state", NAME(lease_states, state));
    set_text(json, "brand", brand);
    set_text(json, "channel", offer->channel);
    set_text(json, "queue", offer->queue);
    set_text(json, "name", offer->customer_name);
    set_text(json, "preview", offer->preview);
    set_text(json, "reason", offer->reason);
    set_ms(json, "arrived_ms", offer->arrived_us);
    set_ms(json, "waited_ms", offer->waited_us);
    set_ms(json, "expires_ms", offer->expires_us);
    set(json, "complaint", json_boolean(offer->complaint));
    return json;
}

static json_t *
attachments_json(const Fr__Entry *entry)
{
    json_t *list = json_array();

    for (size_t i = 0; i < entry->n_attachments; i++) {
        const Fr__Attachment *attachment = entry->attachments[i];
        json_t *item = json_object();

        set_text(item, "name", attachment->name);
        set_text(item, "type", attachment->type);
        set(item, "size", json_integer((json_int_t)attachment->size));
        json_array_append_new(list, item);
    }
    return list;
}

json_t *
desk_show_entry(const Fr__Entry *entry)
{
    json_t *json = json_object();

    set(json, "id", desk_show_id(entry->message_id));
    set_text(json, "direction", NAME(directions, entry->direction));
    set_text(json, "channel", entry->channel);
    set_text(json, "text", entry->text);
    set_text(json, "author", entry->author);
    set_text(json, "subject", entry->subject);
    set_text(json, "full_text", entry->full_text);
    set_text(json, "client_id", entry->client_id);
    set_ms(json, "at_ms", entry->at_us);
    if (entry->unverified)
        set(json, "unverified", json_true());
    if (entry->has_delivery)
        set_text(json, "delivery", NAME(deliveries, entry->delivery));
    if (entry->n_attachments > 0)
        set(json, "attachments", attachments_json(entry));
    return json;
}

static json_t *
entries_json(const Fr__PastConversation *past)
{
    json_t *list = json_array();

    for (size_t i = 0; i < past->n_entries; i++)
        json_array_append_new(list, desk_show_entry(past->entries[i]));
    return list;
}

static json_t *
past_json(const Fr__PastConversation *past)
{
    json_t *json = json_object();

    set(json, "conversation", desk_show_id(past->conversation_id));
    set_text(json, "channel", past->channel);
    set_ms(json, "opened_ms", past->opened_us);
    set_text(json, "subject", past->subject);
    if (past->has_outcome)
        set_text(json, "outcome", NAME(outcomes, past->outcome));
    set_text(json, "last_agent", past->last_agent);
    set(json, "entries", entries_json(past));
    if (past->has_entries_left_out)
        set(json, "entries_left_out", json_integer(past->entries_left_out));
    return json;
}

json_t *
desk_show_conversation(const Fr__ConversationShared *conversation, bool with_entries)
{
    json_t *json = json_object(), *identifiers = json_array(), *history = json_array();

    set(json, "conversation", desk_show_id(conversation->conversation_id));
    set(json, "task", desk_show_id(conversation->task_id));
    set(json, "customer", desk_show_id(conversation->customer_id));
    set_text(json, "name", conversation->customer_name);
    for (size_t i = 0; i < conversation->n_identifiers; i++)
        json_array_append_new(identifiers, json_string(conversation->identifiers[i]));
    set(json, "identifiers", identifiers);
    set(json, "history", history);
    for (size_t i = 0; i < conversation->n_history; i++) {
        const Fr__PastConversation *past = conversation->history[i];

        if (past->conversation_id != conversation->conversation_id) {
            json_array_append_new(history, past_json(past));
            continue;
        }
        set_text(json, "channel", past->channel);
        set_text(json, "subject", past->subject);
        set_ms(json, "opened_ms", past->opened_us);
        set(json, "entries_left_out", json_integer(past->entries_left_out));
        if (with_entries)
            set(json, "entries", entries_json(past));
    }
    return json;
}

json_t *
desk_show_pending(const struct desk_reply_key *key, const char *text, bool note, int64_t written_us,
                  bool taken)
{
    json_t *json = json_object();

    set_text(json, "id", key->client_id);
    set(json, "conversation", desk_show_id(key->conversation_id));
    set_text(json, "text", text);
    set(json, "note", json_boolean(note));
    set_ms(json, "at_ms", written_us);
    set(json, "taken", json_boolean(taken));
    return json;
}

json_t *
desk_show_refusal(uint64_t refusal_id, const Fr__WorkRefused *refusal)
{
    json_t *json = json_object();

    set(json, "refusal", desk_show_id(refusal_id));
    if (refusal->conversation_id != 0)
        set(json, "conversation", desk_show_id(refusal->conversation_id));
    if (refusal->client_id[0] != '\0')
        set_text(json, "id", refusal->client_id);
    set_text(json, "reason", refusal->reason);
    set_text(json, "text", refusal->text);
    return json;
}

json_t *
desk_show_presence(const Fr__DeskStateAgent *agent)
{
    json_t *json = json_object();

    set_text(json, "chosen", agent->has_chosen ? NAME(states, agent->chosen) : "offline");
    if (agent->has_state)
        set_text(json, "state", NAME(states, agent->state));
    set_text(json, "reason", agent->reason);
    return json;
}

/* ---- events ---- */

static json_t *
granted_json(const struct fr_record_head *head, const void *body)
{
    const Fr__LeaseGranted *granted = body;

    return desk_show_offer(granted->lease_id, head->brand, granted->offer,
                           FR__DESK_LEASE_STATE__DESK_OFFERED);
}

static json_t *
confirmed_json(const struct fr_record_head *head, const void *body)
{
    const Fr__LeaseConfirmed *confirmed = body;
    json_t *json = json_object();

    (void)head;
    set(json, "offer", desk_show_id(confirmed->lease_id));
    set(json, "conversation", desk_show_id(confirmed->conversation_id));
    set_ms(json, "runs_out_ms", confirmed->runs_out_us);
    return json;
}

static json_t *
ended_json(const struct fr_record_head *head, const void *body)
{
    const Fr__LeaseEnded *ended = body;
    json_t *json = json_object();

    (void)head;
    set(json, "offer", desk_show_id(ended->lease_id));
    set(json, "conversation", desk_show_id(ended->conversation_id));
    set_text(json, "reason", ended->reason);
    set(json, "held", json_boolean(ended->held));
    return json;
}

static json_t *
conversation_json(const struct fr_record_head *head, const void *body)
{
    json_t *json = desk_show_conversation(body, true);

    set_text(json, "brand", head->brand);
    return json;
}

static json_t *
entry_json(const struct fr_record_head *head, const void *body)
{
    const Fr__EntryShared *shared = body;
    json_t *json = json_object();

    (void)head;
    set(json, "conversation", desk_show_id(shared->conversation_id));
    set(json, "entry", desk_show_entry(shared->entry));
    return json;
}

static json_t *
taken_json(const struct fr_record_head *head, const void *body)
{
    const Fr__AgentReplied *replied = body;
    json_t *json = json_object();

    (void)head;
    set_text(json, "id", replied->client_id);
    set(json, "conversation", desk_show_id(replied->conversation_id));
    return json;
}

json_t *
desk_show_promise(const Fr__PromiseMade *made)
{
    json_t *json = json_object();

    set(json, "promise", desk_show_id(made->promise_id));
    set(json, "conversation", desk_show_id(made->promise->conversation_id));
    set_text(json, "what", made->promise->what);
    set_text(json, "kind",
             made->promise->kind == FR__TARGET_KIND__CALL_BACK ? "call_back" : "promise");
    set_text(json, "address", made->promise->address);
    set_text(json, "due", made->due_text);
    set(json, "due_ms", json_integer(made->promise->due_us / 1000));
    if (made->promise->has_from_us)
        set(json, "from_ms", json_integer(made->promise->from_us / 1000));
    return json;
}

json_t *
desk_show_alert(const Fr__SupervisorAlerted *alerted)
{
    json_t *json = json_object();

    set(json, "alert", desk_show_id(alerted->target_id));
    set(json, "conversation", desk_show_id(alerted->conversation_id));
    set_text(json, "reason", alerted->reason);
    set_text(json, "policy", alerted->policy);
    set_text(json, "agent", alerted->agent);
    set(json, "due_ms", json_integer(alerted->due_us / 1000));
    set(json, "breached", json_boolean(alerted->breached));
    return json;
}

static json_t *
promise_json(const struct fr_record_head *head, const void *body)
{
    (void)head;
    return desk_show_promise(body);
}

static json_t *
promise_ended_json(const struct fr_record_head *head, const void *body)
{
    const Fr__PromiseEnded *ended = body;
    json_t *json = json_object();

    (void)head;
    set(json, "promise", desk_show_id(ended->promise_id));
    set(json, "kept", json_boolean(ended->kept));
    set(json, "late", json_boolean(ended->late));
    return json;
}

static json_t *
alert_json(const struct fr_record_head *head, const void *body)
{
    (void)head;
    return desk_show_alert(body);
}

/* The id is the one that his browser had given it. */
static json_t *
identity_json(const struct fr_record_head *head, const void *body)
{
    const Fr__IdentityActionEnded *ended = body;
    const char *id = strrchr(ended->client_id, '/');
    json_t *json = json_object();

    (void)head;
    set_text(json, "id", id != NULL ? id + 1 : ended->client_id);
    set(json, "done", json_boolean(ended->done));
    set_text(json, "reason", ended->reason);
    if (ended->has_customer_id)
        set(json, "customer", desk_show_id(ended->customer_id));
    if (ended->has_other_id)
        set(json, "other", desk_show_id(ended->other_id));
    return json;
}

static json_t *
refused_json(const struct fr_record_head *head, const void *body)
{
    return desk_show_refusal(head->id, body);
}

static json_t *
seen_json(const struct fr_record_head *head, const void *body)
{
    json_t *json = json_object();

    (void)head;
    set(json, "refusal", desk_show_id(((const Fr__RefusalSeen *)body)->refusal_id));
    return json;
}

static json_t *
presence_json(const struct fr_record_head *head, const void *body)
{
    const Fr__PresenceShared *shared = body;
    json_t *json = json_object();

    (void)head;
    set_text(json, "state", NAME(states, shared->state));
    set_text(json, "reason", shared->reason);
    return json;
}

static json_t *
chosen_json(const struct fr_record_head *head, const void *body)
{
    json_t *json = json_object();

    (void)head;
    set_text(json, "chosen", NAME(states, ((const Fr__PresenceChosen *)body)->state));
    return json;
}

static json_t *
answered_json(const struct fr_record_head *head, const void *body)
{
    const Fr__OfferChosen *chosen = body;
    json_t *json = json_object();

    (void)head;
    set(json, "offer", desk_show_id(chosen->lease_id));
    set_text(json, "state", chosen->accepted ? "accepted" : "declined");
    return json;
}

static json_t *
pending_json(const struct fr_record_head *head, const void *body)
{
    const Fr__ReplyWritten *written = body;
    struct desk_reply_key key = {written->conversation_id, written->client_id};

    return desk_show_pending(&key, written->text, written->note, head->time_us, false);
}

static json_t *
finished_json(const struct fr_record_head *head, const void *body)
{
    const Fr__WorkDone *done = body;
    json_t *json = json_object();

    (void)head;
    set(json, "conversation", desk_show_id(done->conversation_id));
    set_text(json, "outcome", NAME(outcomes, done->outcome));
    return json;
}

/* clang-format off */
static const struct {
    uint32_t kind;
    const char *event;
    json_t *(*show)(const struct fr_record_head *head, const void *body);
} events[] = {
    { FR_LEASE_GRANTED,       "offer",          granted_json      },
    { FR_OFFER_CHOSEN,        "offer_answered", answered_json     },
    { FR_LEASE_CONFIRMED,     "confirmed",      confirmed_json    },
    { FR_LEASE_ENDED,         "offer_ended",    ended_json        },
    { FR_CONVERSATION_SHARED, "conversation",   conversation_json },
    { FR_ENTRY_SHARED,        "entry",          entry_json        },
    { FR_REPLY_WRITTEN,       "pending",        pending_json      },
    { FR_AGENT_REPLIED,       "taken",          taken_json        },
    { FR_WORK_DONE,           "finished",       finished_json     },
    { FR_WORK_REFUSED,        "refused",        refused_json      },
    { FR_REFUSAL_SEEN,        "refusal_seen",   seen_json         },
    { FR_PRESENCE_CHOSEN,     "presence",       chosen_json       },
    { FR_PRESENCE_SHARED,     "presence",       presence_json     },
    { FR_PROMISE_MADE,        "promise",        promise_json      },
    { FR_PROMISE_ENDED,       "promise_ended",  promise_ended_json },
    { FR_SUPERVISOR_ALERTED,  "alert",          alert_json        },
    { FR_IDENTITY_ACTION_ENDED, "identity",     identity_json     },
};
/* clang-format on */

json_t *
desk_show_event(const struct fr_record_head *head, const void *body)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i].kind == head->kind) {
            json_t *json = events[i].show(head, body);

            set_text(json, "event", events[i].event);
            return json;
        }
    return NULL;
}
