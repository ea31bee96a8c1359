/* desk_test.c - given, when, then: what the hub shares, and what is shown of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/desk/play.h"

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
        cmocka_unit_test(a_snapshot_names_the_record_that_comes_next),
        cmocka_unit_test(operators_see_agents_offers_and_conversations),
        cmocka_unit_test(agents_need_one_credential_and_a_name_that_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
