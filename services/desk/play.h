/* play.h - for the desk's tests, which include cmocka first: what the hub says and what agents do,
 * in one line each. */
#ifndef FR_DESK_PLAY_H
#define FR_DESK_PLAY_H

#include "common/stage/given.h"
#include "services/desk/show.h"

#define CONVERSATION 0x300
#define LEASE 0x900
#define OFFER 0x500

static const char yaml[] = "desk:\n"
                           "  site: inhouse\n"
                           "  agents:\n"
                           "    ann: {title: Ann B., password_hash: $argon2id$v=19$x}\n"
                           "    bob: {password_hash: $argon2id$v=19$x}\n";

static inline struct fr_given *
given(void)
{
    return fr_given_new(&desk_stage, yaml);
}

static inline void
finish(struct fr_given *g)
{
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

/* ---- what the hub says ---- */

static inline void
lease_granted_to(struct fr_given *g, uint64_t lease_id, uint64_t fence, const char *agent,
                 const char *site)
{
    Fr__LeaseGranted granted = FR__LEASE_GRANTED__INIT;
    Fr__TaskOffered offer = FR__TASK_OFFERED__INIT;

    offer.offer_id = OFFER;
    offer.conversation_id = CONVERSATION;
    offer.agent = (char *)agent;
    offer.site = (char *)site;
    offer.channel = "channel_webchat";
    offer.queue = "general";
    offer.preview = "where is my parcel";
    offer.reason = "longest waiting";
    offer.customer_name = "Zoë";
    granted.lease_id = lease_id;
    granted.fence = fence;
    granted.offer = &offer;
    fr_given_input(g, "sites", CONVERSATION, "acme", &granted.base);
}

static inline void
lease_granted(struct fr_given *g)
{
    lease_granted_to(g, LEASE, 1, "ann", "inhouse");
}

static inline void
lease_confirmed(struct fr_given *g)
{
    Fr__LeaseConfirmed confirmed = FR__LEASE_CONFIRMED__INIT;

    confirmed.lease_id = LEASE;
    confirmed.fence = 1;
    confirmed.conversation_id = CONVERSATION;
    confirmed.agent = "ann";
    fr_given_input(g, "sites", CONVERSATION, "acme", &confirmed.base);
}

static inline void
lease_ended(struct fr_given *g, uint64_t lease_id)
{
    Fr__LeaseEnded ended = FR__LEASE_ENDED__INIT;

    ended.lease_id = lease_id;
    ended.conversation_id = CONVERSATION;
    ended.agent = "ann";
    ended.reason = "finished";
    fr_given_input(g, "sites", CONVERSATION, "acme", &ended.base);
}

static inline void
init_entry(Fr__Entry *entry, uint64_t message_id, Fr__Direction direction, const char *text)
{
    fr__entry__init(entry);
    entry->message_id = message_id;
    entry->direction = direction;
    entry->channel = "channel_webchat";
    entry->account = "shop-chat";
    entry->address = "s1";
    entry->text = (char *)text;
}

static inline void
conversation_shared_with(struct fr_given *g, const char *agent, const char *client_id)
{
    Fr__ConversationShared shared = FR__CONVERSATION_SHARED__INIT;
    Fr__PastConversation now = FR__PAST_CONVERSATION__INIT, past = FR__PAST_CONVERSATION__INIT;
    Fr__PastConversation *history[] = {&now, &past};
    Fr__Entry first;
    Fr__Entry *entries[] = {&first};
    char *identifiers[] = {"login zoe (verified)"};

    init_entry(&first, 0x10, FR__DIRECTION__FROM_CUSTOMER, "where is my parcel");
    first.client_id = (char *)client_id;
    now.conversation_id = CONVERSATION;
    now.channel = past.channel = "channel_webchat";
    now.n_entries = 1;
    now.entries = entries;
    past.conversation_id = 0x222;
    past.has_outcome = true;
    past.outcome = FR__OUTCOME__SOLVED;
    shared.site = "inhouse";
    shared.conversation_id = CONVERSATION;
    shared.agent = (char *)agent;
    shared.n_identifiers = 1;
    shared.identifiers = identifiers;
    shared.n_history = 2;
    shared.history = history;
    fr_given_input(g, "sites", CONVERSATION, "acme", &shared.base);
}

static inline void
conversation_shared(struct fr_given *g, const char *agent)
{
    conversation_shared_with(g, agent, NULL);
}

static inline void
entry_shared(struct fr_given *g, const Fr__Entry *entry)
{
    Fr__EntryShared shared = FR__ENTRY_SHARED__INIT;

    shared.site = "inhouse";
    shared.conversation_id = CONVERSATION;
    shared.entry = (Fr__Entry *)entry;
    fr_given_input(g, "sites", CONVERSATION, "acme", &shared.base);
}

static inline void
agent_replied(struct fr_given *g, const char *client_id)
{
    Fr__AgentReplied replied = FR__AGENT_REPLIED__INIT;

    replied.conversation_id = CONVERSATION;
    replied.agent = "ann";
    replied.site = "inhouse";
    replied.client_id = (char *)client_id;
    replied.text = "on its way";
    fr_given_input(g, "sites", CONVERSATION, "acme", &replied.base);
}

static inline void
work_refused(struct fr_given *g, const char *client_id, const char *reason)
{
    Fr__WorkRefused refused = FR__WORK_REFUSED__INIT;

    refused.agent = "ann";
    refused.conversation_id = CONVERSATION;
    refused.client_id = (char *)client_id;
    refused.reason = (char *)reason;
    refused.text = "on its way";
    fr_given_input(g, "sites", CONVERSATION, "acme", &refused.base);
}

static inline void
presence_shared(struct fr_given *g, Fr__AgentState state)
{
    Fr__PresenceShared shared = FR__PRESENCE_SHARED__INIT;

    shared.site = "inhouse";
    shared.agent = "ann";
    shared.state = state;
    shared.reason = "an offer expired";
    fr_given_input(g, "sites", 0, NULL, &shared.base);
}

/* ---- what agents do ---- */

static inline void
choose(struct fr_given *g, const char *agent, bool accepted, const char *client_id)
{
    Fr__OfferChosen chosen = FR__OFFER_CHOSEN__INIT;

    chosen.lease_id = LEASE;
    chosen.agent = (char *)agent;
    chosen.accepted = accepted;
    chosen.client_id = (char *)client_id;
    fr_given_input(g, FR_LOCAL, 0, NULL, &chosen.base);
}

static inline void
write_reply(struct fr_given *g, const char *agent, const char *client_id, const char *text)
{
    Fr__ReplyWritten written = FR__REPLY_WRITTEN__INIT;

    written.conversation_id = CONVERSATION;
    written.agent = (char *)agent;
    written.client_id = (char *)client_id;
    written.text = (char *)text;
    fr_given_input(g, FR_LOCAL, 0, NULL, &written.base);
}

static inline void
finish_work(struct fr_given *g, const char *agent, const char *client_id)
{
    Fr__WorkDone done = FR__WORK_DONE__INIT;

    done.conversation_id = CONVERSATION;
    done.agent = (char *)agent;
    done.client_id = (char *)client_id;
    done.outcome = FR__OUTCOME__SOLVED;
    fr_given_input(g, FR_LOCAL, 0, NULL, &done.base);
}

static inline void
choose_presence(struct fr_given *g, Fr__AgentState state, const char *client_id)
{
    Fr__PresenceChosen chosen = FR__PRESENCE_CHOSEN__INIT;

    chosen.agent = "ann";
    chosen.state = state;
    chosen.reason = "chose it";
    chosen.client_id = (char *)client_id;
    fr_given_input(g, FR_LOCAL, 0, NULL, &chosen.base);
}

static inline json_t *
snapshot(struct fr_given *g, const char *agent)
{
    Fr__StateAsked asked = FR__STATE_ASKED__INIT;
    json_t *json;

    asked.agent = (char *)agent;
    fr_given_input(g, FR_LOCAL, 0, NULL, &asked.base);
    assert_int_equal(fr_given_count(g), 0);
    struct fr_slice answer = fr_given_answer(g);
    json = json_loadb(answer.data, answer.size, 0, NULL);
    assert_non_null(json);
    return json;
}

static inline size_t
shown(struct fr_given *g, const char *agent, const char *list)
{
    json_t *json = snapshot(g, agent);
    size_t count = json_array_size(json_object_get(json, list));

    json_decref(json);
    return count;
}

static inline struct fr_given *
given_held(void)
{
    struct fr_given *g = given();

    lease_granted(g);
    choose(g, "ann", true, "a1");
    lease_confirmed(g);
    conversation_shared(g, "ann");
    assert_int_equal(fr_given_count_of(g, FR_CONVERSATION_SHARED), 1);
    return g;
}

static inline void
rejected(const struct fr_given *g, const char *reason)
{
    assert_string_equal(fr_given_rejected(g), reason);
    assert_int_equal(fr_given_count_of(g, FR_REPLY_WRITTEN) + fr_given_count_of(g, FR_WORK_DONE) +
                         fr_given_count_of(g, FR_OFFER_CHOSEN) +
                         fr_given_count_of(g, FR_PRESENCE_CHOSEN),
                     0);
}

#endif
