/* desk_test.c - given, when, then: what the hub shares and what agents do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

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

static struct fr_given *
given(void)
{
    return fr_given_new(&desk_stage, yaml);
}

static void
finish(struct fr_given *g)
{
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

/* ---- what the hub says ---- */

static void
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

static void
lease_granted(struct fr_given *g)
{
    lease_granted_to(g, LEASE, 1, "ann", "inhouse");
}

static void
lease_confirmed(struct fr_given *g)
{
    Fr__LeaseConfirmed confirmed = FR__LEASE_CONFIRMED__INIT;

    confirmed.lease_id = LEASE;
    confirmed.fence = 1;
    confirmed.conversation_id = CONVERSATION;
    confirmed.agent = "ann";
    fr_given_input(g, "sites", CONVERSATION, "acme", &confirmed.base);
}

static void
lease_ended(struct fr_given *g, uint64_t lease_id)
{
    Fr__LeaseEnded ended = FR__LEASE_ENDED__INIT;

    ended.lease_id = lease_id;
    ended.conversation_id = CONVERSATION;
    ended.agent = "ann";
    ended.reason = "finished";
    fr_given_input(g, "sites", CONVERSATION, "acme", &ended.base);
}

static void
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

static void
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

static void
conversation_shared(struct fr_given *g, const char *agent)
{
    conversation_shared_with(g, agent, NULL);
}

static void
entry_shared(struct fr_given *g, const Fr__Entry *entry)
{
    Fr__EntryShared shared = FR__ENTRY_SHARED__INIT;

    shared.site = "inhouse";
    shared.conversation_id = CONVERSATION;
    shared.entry = (Fr__Entry *)entry;
    fr_given_input(g, "sites", CONVERSATION, "acme", &shared.base);
}

static void
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

static void
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

static void
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

static void
choose(struct fr_given *g, const char *agent, bool accepted, const char *client_id)
{
    Fr__OfferChosen chosen = FR__OFFER_CHOSEN__INIT;

    chosen.lease_id = LEASE;
    chosen.agent = (char *)agent;
    chosen.accepted = accepted;
    chosen.client_id = (char *)client_id;
    fr_given_input(g, FR_LOCAL, 0, NULL, &chosen.base);
}

static void
write_reply(struct fr_given *g, const char *agent, const char *client_id, const char *text)
{
    Fr__ReplyWritten written = FR__REPLY_WRITTEN__INIT;

    written.conversation_id = CONVERSATION;
    written.agent = (char *)agent;
    written.client_id = (char *)client_id;
    written.text = (char *)text;
    fr_given_input(g, FR_LOCAL, 0, NULL, &written.base);
}

static void
finish_work(struct fr_given *g, const char *agent, const char *client_id)
{
    Fr__WorkDone done = FR__WORK_DONE__INIT;

    done.conversation_id = CONVERSATION;
    done.agent = (char *)agent;
    done.client_id = (char *)client_id;
    done.outcome = FR__OUTCOME__SOLVED;
    fr_given_input(g, FR_LOCAL, 0, NULL, &done.base);
}

static void
choose_presence(struct fr_given *g, Fr__AgentState state, const char *client_id)
{
    Fr__PresenceChosen chosen = FR__PRESENCE_CHOSEN__INIT;

    chosen.agent = "ann";
    chosen.state = state;
    chosen.reason = "chose it";
    chosen.client_id = (char *)client_id;
    fr_given_input(g, FR_LOCAL, 0, NULL, &chosen.base);
}

static json_t *
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

static size_t
shown(struct fr_given *g, const char *agent, const char *list)
{
    json_t *json = snapshot(g, agent);
    size_t count = json_array_size(json_object_get(json, list));

    json_decref(json);
    return count;
}

static struct fr_given *
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

static void
rejected(const struct fr_given *g, const char *reason)
{
    assert_string_equal(fr_given_rejected(g), reason);
    assert_int_equal(fr_given_count_of(g, FR_REPLY_WRITTEN) + fr_given_count_of(g, FR_WORK_DONE) +
                         fr_given_count_of(g, FR_OFFER_CHOSEN) +
                         fr_given_count_of(g, FR_PRESENCE_CHOSEN),
                     0);
}

/* ---- the hub ---- */

static void
an_offer_is_kept_for_its_agent_and_routed_to_his_windows(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted(g);
    assert_int_equal(fr_given_count_of(g, FR_LEASE_GRANTED), 1);
    assert_string_equal(fr_given_event(g, 0)->route, "agent.ann");
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    lease_granted(g);
    assert_int_equal(fr_given_count(g), 0);
    assert_int_equal(shown(g, "ann", "offers"), 1);
    assert_int_equal(shown(g, "bob", "offers"), 0);
    finish(g);
}

static void
a_lease_for_another_site_is_set_aside(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted_to(g, LEASE, 1, "ann", "tana");
    assert_string_equal(fr_given_rejected(g), "LeaseGranted is for the site tana");
    assert_int_equal(shown(g, "ann", "offers"), 0);
    finish(g);
}

static void
records_about_leases_nobody_holds_are_left(void **state)
{
    struct fr_given *g = given();
    Fr__Entry entry;

    (void)state;
    init_entry(&entry, 0x11, FR__DIRECTION__FROM_CUSTOMER, "hello?");
    lease_confirmed(g);
    assert_int_equal(fr_given_count(g), 0);
    lease_ended(g, LEASE);
    assert_int_equal(fr_given_count(g), 0);
    conversation_shared(g, "ann");
    assert_int_equal(fr_given_count(g), 0);
    entry_shared(g, &entry);
    assert_int_equal(fr_given_count(g), 0);
    lease_granted(g);
    entry_shared(g, &entry); /* its conversation has not come; it will hold this entry */
    assert_int_equal(fr_given_count(g), 0);
    conversation_shared(g, "bob");
    assert_int_equal(fr_given_count(g), 0);
    agent_replied(g, "never-written");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
a_snapshot_shows_the_conversation_with_its_customer_and_history(void **state)
{
    struct fr_given *g = given_held();
    json_t *json, *conversation, *entries;
    Fr__Entry entry;

    (void)state;
    init_entry(&entry, 0x11, FR__DIRECTION__FROM_CUSTOMER, "hello?");
    entry_shared(g, &entry);
    assert_string_equal(fr_given_event(g, 0)->route, "agent.ann");
    json = snapshot(g, "ann");
    conversation = json_array_get(json_object_get(json, "conversations"), 0);
    assert_string_equal(json_string_value(json_object_get(conversation, "brand")), "acme");
    assert_false(json_is_true(json_object_get(conversation, "loading")));
    assert_int_equal(json_array_size(json_object_get(conversation, "identifiers")), 1);
    assert_int_equal(json_array_size(json_object_get(conversation, "history")), 1);
    entries = json_object_get(conversation, "entries");
    assert_int_equal(json_array_size(entries), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(entries, 1), "text")),
                        "hello?");
    json_decref(json);
    assert_int_equal(shown(g, "bob", "conversations"), 0);
    finish(g);
}

static void
a_tick_changes_its_entry_and_adds_none(void **state)
{
    struct fr_given *g = given_held();
    Fr__Entry entry;
    json_t *json, *entries;

    (void)state;
    init_entry(&entry, 0x11, FR__DIRECTION__TO_CUSTOMER, "on its way");
    entry_shared(g, &entry);
    entry.has_delivery = true;
    entry.delivery = FR__DELIVERY_STATE__READ;
    entry_shared(g, &entry);
    json = snapshot(g, "ann");
    entries = json_object_get(json_array_get(json_object_get(json, "conversations"), 0), "entries");
    assert_int_equal(json_array_size(entries), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(entries, 1), "delivery")),
                        "read");
    json_decref(json);
    finish(g);
}

static void
the_newest_entries_are_kept_and_the_oldest_go(void **state)
{
    struct fr_given *g = given_held();
    Fr__Entry entry;
    json_t *json, *entries;

    (void)state;
    for (uint64_t i = 0; i < DESK_ENTRY_MAX + 20; i++) {
        init_entry(&entry, 0x1000 + i, FR__DIRECTION__FROM_CUSTOMER, "more");
        entry_shared(g, &entry);
    }
    json = snapshot(g, "ann");
    entries = json_object_get(json_array_get(json_object_get(json, "conversations"), 0), "entries");
    assert_int_equal(json_array_size(entries), DESK_ENTRY_MAX);
    json_t *last = json_object_get(json_array_get(entries, DESK_ENTRY_MAX - 1), "id");
    assert_string_equal(json_string_value(last), "0000000000001207");
    json_decref(json);
    finish(g);
}

static void
the_end_of_a_lease_takes_its_conversation_along(void **state)
{
    struct fr_given *g = given_held();
    const Fr__ConversationShared *kept;

    (void)state;
    lease_ended(g, LEASE);
    assert_int_equal(fr_given_count_of(g, FR_LEASE_ENDED), 1);
    assert_int_equal(shown(g, "ann", "conversations"), 0);
    assert_int_equal(
        desk_conversation_get(fr_given_view(g), fr_given_arena(g), CONVERSATION, &kept),
        FR_NOT_FOUND);
    lease_ended(g, LEASE);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
a_newer_lease_keeps_the_conversation_when_the_older_one_ends(void **state)
{
    struct fr_given *g = given_held();

    (void)state;
    lease_granted_to(g, LEASE + 1, 2, "bob", "inhouse");
    conversation_shared(g, "bob");
    lease_ended(g, LEASE);
    assert_int_equal(shown(g, "ann", "conversations"), 0);
    write_reply(g, "ann", "c1", "late");
    rejected(g, "this conversation is over, or was never yours");
    assert_int_equal(shown(g, "bob", "offers"), 1);
    finish(g);
}

static void
the_roster_and_presence_of_the_hub_are_kept(void **state)
{
    struct fr_given *g = given();
    Fr__RosterShared shared = FR__ROSTER_SHARED__INIT;
    Fr__AgentDefined agent = FR__AGENT_DEFINED__INIT;
    Fr__DeskStateAgent row;

    (void)state;
    shared.site = "inhouse";
    shared.agent = &agent;
    agent.agent = "ann";
    agent.site = "inhouse";
    agent.title = "Ann";
    fr_given_input(g, "sites", 0, NULL, &shared.base);
    presence_shared(g, FR__AGENT_STATE__AWAY);
    assert_int_equal(desk_agent_get(fr_given_view(g), fr_given_arena(g), "ann", &row), FR_OK);
    assert_string_equal(row.title, "Ann");
    assert_int_equal(row.state, FR__AGENT_STATE__AWAY);
    assert_string_equal(row.reason, "an offer expired");
    agent.removed = true;
    fr_given_input(g, "sites", 0, NULL, &shared.base);
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p1");
    rejected(g, "you are no longer an agent of this site");
    finish(g);
}

/* ---- agents ---- */

static void
presence_is_said_once_and_again_when_the_hub_thinks_otherwise(void **state)
{
    struct fr_given *g = given();

    (void)state;
    choose_presence(g, FR__AGENT_STATE__OFFLINE, NULL);
    assert_int_equal(fr_given_count(g), 0); /* he was never here */
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p1");
    assert_int_equal(fr_given_count_of(g, FR_PRESENCE_CHOSEN), 1);
    assert_string_equal(fr_given_event(g, 0)->route, "hub");
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p2");
    assert_int_equal(fr_given_count(g), 0);
    presence_shared(g, FR__AGENT_STATE__AWAY);
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p3");
    assert_int_equal(fr_given_count_of(g, FR_PRESENCE_CHOSEN), 1);
    choose_presence(g, FR__AGENT_STATE__OFFLINE, NULL);
    assert_int_equal(fr_given_count_of(g, FR_PRESENCE_CHOSEN), 1);
    finish(g);
}

static void
an_offer_is_answered_once_with_the_fence_that_the_desk_knows(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted_to(g, LEASE, 7, "ann", "inhouse");
    choose(g, "ann", true, "a1");
    const Fr__OfferChosen *chosen = fr_given_find(g, FR_OFFER_CHOSEN);
    assert_non_null(chosen);
    assert_int_equal(chosen->fence, 7);
    assert_int_equal(chosen->offer_id, OFFER);
    assert_string_equal(fr_given_event(g, 0)->route, "hub");
    assert_int_equal(fr_given_event(g, 0)->key, CONVERSATION);
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    choose(g, "ann", true, "a1"); /* sent twice */
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    choose(g, "ann", true, "a2"); /* from another window */
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    choose(g, "ann", false, "a3");
    rejected(g, "you have accepted this offer");
    choose(g, "bob", true, "b1");
    rejected(g, "this offer is over, or was never yours");
    finish(g);
}

static void
a_declined_offer_is_out_of_sight_before_the_hub_ends_it(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted(g);
    choose(g, "ann", false, "a1");
    assert_int_equal(shown(g, "ann", "offers"), 0);
    choose(g, "ann", true, "a2");
    rejected(g, "you have declined this offer");
    lease_ended(g, LEASE);
    choose(g, "ann", true, "a3");
    rejected(g, "this offer is over, or was never yours");
    finish(g);
}

struct refusal_case {
    const char *claim, *agent, *client_id, *text, *reason;
};

static void
what_may_not_be_written_is_refused_and_nothing_kept(void **state)
{
    static char long_text[DESK_TEXT_SIZE_MAX + 2];
    static char long_id[DESK_CLIENT_ID_SIZE + 1];
    const struct refusal_case cases[] = {
        {"another agent's lease", "bob", "c1", "hello",
         "this conversation is over, or was never yours"},
        {"no id", "ann", "", "hello", "a reply needs an id"},
        {"an id too long", "ann", long_id, "hello", "the id has more than 64 bytes"},
        {"nothing to say", "ann", "c2", "", "there is nothing to send"},
        {"only blanks", "ann", "c3", " \n\t ", "there is nothing to send"},
        {"too much", "ann", "c4", long_text, "the text has more than 32768 bytes"},
    };
    struct fr_given *g = given_held();

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    memset(long_id, 'x', sizeof(long_id) - 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_reply(g, cases[i].agent, cases[i].client_id, cases[i].text);
        if (strcmp(fr_given_rejected(g), cases[i].reason) != 0)
            fail_msg("%s: %s", cases[i].claim, fr_given_rejected(g));
        rejected(g, cases[i].reason);
    }
    assert_int_equal(shown(g, "ann", "pending"), 0);
    finish(g);
}

static void
nothing_is_written_before_the_hub_has_confirmed(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted(g);
    write_reply(g, "ann", "c1", "hello");
    rejected(g, "the conversation is not yours yet");
    choose(g, "ann", true, "a1");
    write_reply(g, "ann", "c2", "hello");
    rejected(g, "the conversation is not yours yet");
    finish_work(g, "ann", "f1");
    rejected(g, "the conversation is not yours yet");
    finish(g);
}

static void
a_reply_is_pending_until_it_is_an_entry(void **state)
{
    struct fr_given *g = given_held();
    Fr__Entry entry;

    (void)state;
    write_reply(g, "ann", "c1", "on its way");
    const Fr__ReplyWritten *written = fr_given_find(g, FR_REPLY_WRITTEN);
    assert_int_equal(written->lease_id, LEASE);
    assert_int_equal(written->fence, 1);
    assert_string_equal(fr_given_event(g, 0)->route, "hub");
    assert_int_equal(shown(g, "ann", "pending"), 1);
    write_reply(g, "ann", "c1", "on its way");
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");

    agent_replied(g, "c1");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    assert_int_equal(shown(g, "ann", "pending"), 1);
    init_entry(&entry, 0x12, FR__DIRECTION__TO_CUSTOMER, "on its way");
    entry_shared(g, &entry); /* the same words, from elsewhere */
    entry.message_id = 0x13;
    entry.client_id = "c2";
    entry_shared(g, &entry);
    assert_int_equal(shown(g, "ann", "pending"), 1);
    entry.message_id = 0x14;
    entry.client_id = "c1";
    entry_shared(g, &entry);
    assert_int_equal(shown(g, "ann", "pending"), 0);
    finish(g);
}

static void
a_reply_is_found_again_in_a_conversation_shared_anew(void **state)
{
    struct fr_given *g = given_held();

    (void)state;
    write_reply(g, "ann", "c1", "on its way");
    conversation_shared(g, "ann");
    assert_int_equal(shown(g, "ann", "pending"), 1);
    conversation_shared_with(g, "ann", "c1");
    assert_int_equal(shown(g, "ann", "pending"), 0);
    finish(g);
}

static void
a_reply_that_nobody_took_outlives_the_lease_until_it_is_answered_for(void **state)
{
    struct fr_given *g = given_held();

    (void)state;
    write_reply(g, "ann", "taken", "one");
    agent_replied(g, "taken");
    write_reply(g, "ann", "late", "two");
    lease_ended(g, LEASE);
    assert_int_equal(shown(g, "ann", "pending"), 1);
    work_refused(g, "late", "the lease has ended: lease_expired");
    assert_string_equal(fr_given_event(g, 0)->route, "agent.ann");
    assert_int_equal(shown(g, "ann", "pending"), 0);
    assert_int_equal(shown(g, "ann", "refused"), 1);
    write_reply(g, "ann", "late", "two"); /* sent again by a window that was cut off */
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    finish(g);
}

static void
a_refusal_is_shown_until_its_author_has_seen_it(void **state)
{
    struct fr_given *g = given_held();
    Fr__RefusalSeen seen = FR__REFUSAL_SEEN__INIT;

    (void)state;
    write_reply(g, "ann", "c1", "on its way");
    work_refused(g, "c1", "somebody else has it");
    seen.refusal_id = fr_given_event(g, 0)->id;
    seen.agent = "bob";
    fr_given_input(g, FR_LOCAL, 0, NULL, &seen.base);
    assert_int_equal(shown(g, "ann", "refused"), 1);
    seen.agent = "ann";
    fr_given_input(g, FR_LOCAL, 0, NULL, &seen.base);
    assert_string_equal(fr_given_event(g, 0)->route, "agent.ann");
    assert_int_equal(shown(g, "ann", "refused"), 0);
    for (int i = 0; i < DESK_REFUSAL_MAX + 5; i++)
        work_refused(g, "", "no");
    assert_int_equal(shown(g, "ann", "refused"), DESK_REFUSAL_MAX);
    finish(g);
}

static void
finished_work_takes_no_more_words_unless_the_finish_was_refused(void **state)
{
    struct fr_given *g = given_held();

    (void)state;
    finish_work(g, "bob", "f0");
    rejected(g, "this conversation is over, or was never yours");
    finish_work(g, "ann", "f1");
    const Fr__WorkDone *done = fr_given_find(g, FR_WORK_DONE);
    assert_int_equal(done->lease_id, LEASE);
    assert_int_equal(done->fence, 1);
    finish_work(g, "ann", "f1");
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    write_reply(g, "ann", "c1", "one more thing");
    rejected(g, "you have finished this conversation");
    work_refused(g, "f1", "a reason");
    write_reply(g, "ann", "c2", "one more thing");
    assert_int_equal(fr_given_count_of(g, FR_REPLY_WRITTEN), 1);
    finish(g);
}

static void
old_ids_make_room_for_new_ones(void **state)
{
    struct fr_given *g = given_held();
    char id[20];

    (void)state;
    for (int i = 0; i < DESK_DONE_MAX + 10; i++) {
        snprintf(id, sizeof(id), "c%d", i);
        write_reply(g, "ann", id, "more");
        assert_int_equal(fr_given_count_of(g, FR_REPLY_WRITTEN), 1);
    }
    assert_int_equal(desk_done_get(fr_given_view(g), "ann", "c0"), FR_NOT_FOUND);
    snprintf(id, sizeof(id), "c%d", DESK_DONE_MAX + 9);
    assert_int_equal(desk_done_get(fr_given_view(g), "ann", id), FR_OK);
    assert_int_equal(desk_done_get(fr_given_view(g), "ann", "c20"), FR_OK);
    finish(g);
}

static void
a_snapshot_names_the_record_that_comes_next(void **state)
{
    struct fr_given *g = given_held();
    json_t *json = snapshot(g, "ann");
    json_int_t seq = json_integer_value(json_object_get(json, "seq"));

    (void)state;
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "agent"), "title")),
                        "Ann B.");
    json_decref(json);
    write_reply(g, "ann", "c1", "hello");
    assert_int_equal(fr_given_event(g, 0)->seq, seq);
    finish(g);
}

static void
operators_see_agents_offers_and_conversations(void **state)
{
    struct fr_given *g = given_held();
    json_t *args = json_pack("{s:s}", "agent", "ann"), *answer;

    (void)state;
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p1");
    answer = fr_given_query(g, "desk.agents", NULL);
    json_t *ann = json_array_get(json_object_get(answer, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(ann, "chosen")), "available");
    json_decref(answer);
    answer = fr_given_query(g, "desk.conversations", args);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 1);
    json_decref(answer);
    answer = fr_given_query(g, "desk.conversations", NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 1);
    json_decref(answer);
    answer = fr_given_query(g, "desk.offers", args);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 0);
    json_decref(answer);
    json_decref(args);
    finish(g);
}

static bool
accepts(const char *text)
{
    const struct fr_config_section section = {"desk", desk_config_keys, sizeof(struct desk_config),
                                              desk_config_check};
    FILE *complaints = fopen("/dev/null", "w");
    struct fr_config *config = NULL;
    enum fr_error err =
        fr_config_parse(text, strlen(text), "test", &section, 1, complaints, &config);

    fclose(complaints);
    fr_config_free(&config);
    return err == FR_OK;
}

static void
agents_need_one_credential_and_a_name_that_fits(void **state)
{
    (void)state;
    assert_true(accepts("desk: {agents: {ann: {password_hash: $argon2id$v=19$x}}}"));
    assert_false(accepts("desk: {agents: {ann: {title: Ann}}}"));
    assert_false(accepts("desk: {agents: {ann: {password_hash: $2b$abc}}}"));
    assert_false(accepts("desk: {agents: {ann: {password: letmein}}}")); /* not from a file */
    assert_false(accepts("desk: {agents: {Ann Bee: {password_hash: $argon2id$v=19$x}}}"));
    assert_false(accepts(
        "desk: {agents: {ann-with-a-name-of-26-signs: {password_hash: $argon2id$v=19$x}}}"));
    assert_false(accepts("desk: {site: in.house}"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_kept_for_its_agent_and_routed_to_his_windows),
        cmocka_unit_test(a_lease_for_another_site_is_set_aside),
        cmocka_unit_test(records_about_leases_nobody_holds_are_left),
        cmocka_unit_test(a_snapshot_shows_the_conversation_with_its_customer_and_history),
        cmocka_unit_test(a_tick_changes_its_entry_and_adds_none),
        cmocka_unit_test(the_newest_entries_are_kept_and_the_oldest_go),
        cmocka_unit_test(the_end_of_a_lease_takes_its_conversation_along),
        cmocka_unit_test(a_newer_lease_keeps_the_conversation_when_the_older_one_ends),
        cmocka_unit_test(the_roster_and_presence_of_the_hub_are_kept),
        cmocka_unit_test(presence_is_said_once_and_again_when_the_hub_thinks_otherwise),
        cmocka_unit_test(an_offer_is_answered_once_with_the_fence_that_the_desk_knows),
        cmocka_unit_test(a_declined_offer_is_out_of_sight_before_the_hub_ends_it),
        cmocka_unit_test(what_may_not_be_written_is_refused_and_nothing_kept),
        cmocka_unit_test(nothing_is_written_before_the_hub_has_confirmed),
        cmocka_unit_test(a_reply_is_pending_until_it_is_an_entry),
        cmocka_unit_test(a_reply_is_found_again_in_a_conversation_shared_anew),
        cmocka_unit_test(a_reply_that_nobody_took_outlives_the_lease_until_it_is_answered_for),
        cmocka_unit_test(a_refusal_is_shown_until_its_author_has_seen_it),
        cmocka_unit_test(finished_work_takes_no_more_words_unless_the_finish_was_refused),
        cmocka_unit_test(old_ids_make_room_for_new_ones),
        cmocka_unit_test(a_snapshot_names_the_record_that_comes_next),
        cmocka_unit_test(operators_see_agents_offers_and_conversations),
        cmocka_unit_test(agents_need_one_credential_and_a_name_that_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
