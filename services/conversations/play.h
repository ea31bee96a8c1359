/* play.h - for conversations' tests, which include cmocka first: what the neighbours send, in one
 * line each. */
#ifndef FR_CONVERSATIONS_PLAY_H
#define FR_CONVERSATIONS_PLAY_H

#include "common/stage/given.h"
#include "proto/conversation.pb-c.h"
#include "proto/identity.pb-c.h"
#include "proto/routing.pb-c.h"
#include "proto/site.pb-c.h"
#include "proto/sla.pb-c.h"
#include "services/conversations/conversations.h"

struct play_message { /* what is left out gets the value said beside it */
    uint64_t id;      /* a new one */
    uint64_t customer;
    uint64_t origin;      /* the customer himself */
    const char *channel;  /* "channel_webchat" */
    const char *brand;    /* "acme" */
    const char *address;  /* "s1" */
    const char *text;     /* "hello" */
    const char *external; /* made from the id */
    const char *name, *language, *subject;
    const char *refers_to; /* one external id; none */
    uint64_t proven;       /* conversation; none */
    bool unverified, automatic;
};

#define PLAY_HOUR 3600.0 /* seconds */
#define PLAY_OUTCOME(name) FR__OUTCOME__##name
#define PLAY_SECOND INT64_C(1000000)
#define PLAY_EPOCH_US (FR_GIVEN_EPOCH_S * PLAY_SECOND)

/* The number of events that followed. */
static inline size_t
play_write(struct fr_given *given, const struct play_message *message)
{
    static uint64_t next_id = 1000;
    Fr__MessageIdentified identified = FR__MESSAGE_IDENTIFIED__INIT;
    Fr__MessageReceived received = FR__MESSAGE_RECEIVED__INIT;
    char external[40], *refers_to[] = {(char *)message->refers_to};

    identified.message_id = message->id != 0 ? message->id : ++next_id;
    snprintf(external, sizeof(external), "x%llu", (unsigned long long)identified.message_id);
    received.channel = (char *)(message->channel != NULL ? message->channel : "channel_webchat");
    received.account = "shop";
    received.address = (char *)(message->address != NULL ? message->address : "s1");
    received.external_id = (char *)(message->external != NULL ? message->external : external);
    received.text = (char *)(message->text != NULL ? message->text : "hello");
    received.name = (char *)message->name;
    received.language = (char *)message->language;
    received.subject = (char *)message->subject;
    received.received_us = PLAY_EPOCH_US + 5;
    received.refers_to = refers_to;
    received.n_refers_to = message->refers_to != NULL;
    received.has_proven_conversation = message->proven != 0;
    received.proven_conversation = message->proven;
    received.has_writer = message->automatic;
    received.writer = FR__WRITER__AUTO_REPLY;
    identified.customer_id = message->customer;
    identified.has_origin = message->origin != 0;
    identified.origin = message->origin;
    identified.unverified = message->unverified;
    identified.message = &received;
    fr_given_input(given, "identity", message->customer,
                   message->brand != NULL ? message->brand : "acme", &identified.base);
    return fr_given_count(given);
}

/* The conversation of the last MessageAdded. */
static inline uint64_t
play_conversation(const struct fr_given *given)
{
    const Fr__MessageAdded *added = fr_given_find(given, FR_MESSAGE_ADDED);

    return added != NULL ? added->conversation_id : 0;
}

/* The task asked for by the last input, 0: none. */
static inline uint64_t
play_task(const struct fr_given *given)
{
    const Fr__TaskRequested *task = fr_given_find(given, FR_TASK_REQUESTED);

    return task != NULL ? task->task_id : 0;
}

static inline size_t
play_accept(struct fr_given *given, uint64_t conversation, uint64_t task, const char *agent,
            const char *site)
{
    Fr__OfferAccepted accepted = FR__OFFER_ACCEPTED__INIT;

    accepted.offer_id = task + 1;
    accepted.task_id = task;
    accepted.conversation_id = conversation;
    accepted.agent = (char *)agent;
    accepted.site = (char *)site;
    fr_given_input(given, "routing", conversation, "acme", &accepted.base);
    return fr_given_count(given);
}

static inline size_t
play_task_ended(struct fr_given *given, uint64_t conversation, uint64_t task)
{
    Fr__TaskEnded ended = FR__TASK_ENDED__INIT;

    ended.task_id = task;
    ended.conversation_id = conversation;
    ended.reason = "the site fell silent";
    fr_given_input(given, "routing", conversation, "acme", &ended.base);
    return fr_given_count(given);
}

static inline size_t
play_reply(struct fr_given *given, uint64_t conversation, const char *client_id, const char *text,
           bool note)
{
    Fr__AgentReplied replied = FR__AGENT_REPLIED__INIT;

    replied.conversation_id = conversation;
    replied.agent = "ben";
    replied.agent_title = "Ben";
    replied.site = "tana";
    replied.client_id = (char *)client_id;
    replied.text = (char *)text;
    replied.note = note;
    fr_given_input(given, "sites", conversation, "acme", &replied.base);
    return fr_given_count(given);
}

static inline size_t
play_finish(struct fr_given *given, uint64_t conversation, uint64_t task, Fr__Outcome outcome)
{
    Fr__WorkFinished finished = FR__WORK_FINISHED__INIT;

    finished.conversation_id = conversation;
    finished.task_id = task;
    finished.agent = "ben";
    finished.site = "tana";
    finished.outcome = outcome;
    finished.note = "done";
    fr_given_input(given, "sites", conversation, "acme", &finished.base);
    return fr_given_count(given);
}

static inline size_t
play_finish_having_seen(struct fr_given *given, uint64_t conversation, uint64_t task, uint64_t seen)
{
    Fr__WorkFinished finished = FR__WORK_FINISHED__INIT;

    finished.conversation_id = conversation;
    finished.task_id = task;
    finished.agent = "ben";
    finished.site = "tana";
    finished.outcome = FR__OUTCOME__SOLVED;
    finished.has_seen_message_id = true;
    finished.seen_message_id = seen;
    fr_given_input(given, "sites", conversation, "acme", &finished.base);
    return fr_given_count(given);
}

static inline size_t
play_warn(struct fr_given *given, uint64_t conversation, uint64_t target)
{
    Fr__TargetWarned warned = FR__TARGET_WARNED__INIT;

    warned.target_id = target;
    warned.kind = FR__TARGET_KIND__FIRST_RESPONSE;
    warned.conversation_id = conversation;
    warned.reason = "soon";
    fr_given_input(given, "sla", conversation, "acme", &warned.base);
    return fr_given_count(given);
}

static inline size_t
play_delivery(struct fr_given *given, uint64_t conversation, uint64_t message,
              Fr__DeliveryState state, const char *external_id)
{
    Fr__DeliveryChanged changed = FR__DELIVERY_CHANGED__INIT;

    changed.message_id = message;
    changed.conversation_id = conversation;
    changed.state = state;
    changed.at_us = PLAY_EPOCH_US + 9;
    changed.external_id = (char *)external_id;
    changed.reason = state == FR__DELIVERY_STATE__UNDELIVERED ? "mailbox full" : NULL;
    fr_given_input(given, "channel", conversation, "acme", &changed.base);
    return fr_given_count(given);
}

static inline size_t
play_merge(struct fr_given *given, uint64_t survivor, uint64_t merged)
{
    Fr__CustomersMerged event = FR__CUSTOMERS_MERGED__INIT;

    event.survivor = survivor;
    event.merged = merged;
    fr_given_input(given, "identity", survivor, "acme", &event.base);
    return fr_given_count(given);
}

static inline size_t
play_attach(struct fr_given *given, uint64_t customer, const char *type, const char *value)
{
    Fr__KeyAttached attached = FR__KEY_ATTACHED__INIT;

    attached.customer_id = customer;
    attached.type = (char *)type;
    attached.value = (char *)value;
    attached.assurance = FR__ASSURANCE__VERIFIED;
    fr_given_input(given, "identity", customer, "acme", &attached.base);
    return fr_given_count(given);
}

static inline struct fr_given *
play_begin(void)
{
    return fr_given_new(&conversations_stage, "");
}

/* Nobody is ignored, and the tables follow from the journal. */
static inline void
play_end(struct fr_given *given)
{
    json_t *ignored = fr_given_query(given, "conversations.ignored", NULL);

    assert_int_equal(json_array_size(json_object_get(ignored, "items")), 0);
    json_decref(ignored);
    assert_true(fr_given_rebuilds(given));
    fr_given_free(&given);
}

static inline const struct fr_record_head *
play_head_of(const struct fr_given *given, uint32_t kind)
{
    for (size_t i = 0; i < fr_given_count(given); i++)
        if (fr_given_event(given, i)->kind == kind)
            return fr_given_event(given, i);
    fail_msg("no %s", fr_kind_name(kind));
    return NULL;
}

/* One customer's conversation that Ben at site tana has accepted. */
static inline uint64_t
play_served(struct fr_given *given, uint64_t customer, uint64_t *task)
{
    uint64_t conversation;

    play_write(given, &(struct play_message){.customer = customer, .text = "Where is my order?"});
    conversation = play_conversation(given);
    *task = play_task(given);
    assert_int_equal(play_accept(given, conversation, *task, "ben", "tana"), 2);
    return conversation;
}

#endif
