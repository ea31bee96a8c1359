/* sites_test.c - given, when, then: what sites grants, relays and forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/sites/play.h"

/* ---- offers and leases ---- */

static void
an_offer_is_leased_to_its_site_under_the_next_fence(void **state)
{
    struct fr_given *g = given();
    struct lease first = offered(g, 0x501, "ann", "inhouse");
    const struct fr_record_head *head = fr_given_event(g, 0);

    (void)state;
    assert_int_equal(fr_given_count(g), 1);
    assert_string_equal(head->route, "site.inhouse");
    assert_string_equal(head->brand, "acme");
    assert_int_equal(head->key, CONVERSATION);
    assert_int_equal(head->id, first.id);
    assert_int_equal(first.fence, 1);

    task_offered(g, 0x501, "ann", "inhouse", "acme"); /* the same offer again */
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
fences_rise_with_every_lease_and_never_go_back(void **state)
{
    struct fr_given *g = given();
    uint64_t last = 0;

    (void)state;
    for (uint64_t offer = 0x501; offer < 0x520; offer++) {
        struct lease lease = offered(g, offer, offer % 2 ? "ann" : "bob", "inhouse");

        assert_int_equal(lease.fence, last + 1);
        last = lease.fence;
        if (offer % 3 == 0)
            continue; /* still live: the next offer must end it first */
        Fr__OfferExpired expired = FR__OFFER_EXPIRED__INIT;
        expired.offer_id = offer;
        expired.task_id = TASK;
        expired.conversation_id = CONVERSATION;
        expired.agent = expired.site = "";
        fr_given_input(g, "routing", CONVERSATION, "acme", &expired.base);
        assert_int_equal(fr_given_count_of(g, FR_LEASE_ENDED), 1);
    }
    fr_given_at(g, 30 * 3600); /* all forgotten: the fence is not */
    assert_int_equal(offered(g, 0x600, "ann", "inhouse").fence, last + 1);
    finish(g);
}

static void
two_leases_of_one_conversation_are_never_live(void **state)
{
    struct fr_given *g = given();
    struct lease old = held(g, 0x501, "ann", "inhouse");

    (void)state;
    task_offered(g, 0x502, "tina", "tana", "acme");
    assert_int_equal(fr_given_count(g), 2);
    const Fr__LeaseEnded *ended = fr_given_body(g, 0, FR_LEASE_ENDED);
    assert_int_equal(ended->lease_id, old.id);
    assert_true(ended->held);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    assert_string_equal(fr_given_event(g, 1)->route, "site.tana");
    reply(g, "desk.inhouse", old, "ann", "c1");
    refused(g, "site.inhouse", "somebody else has been given the conversation since");
    finish(g);
}

struct forbidden_case {
    const char *claim, *agent, *site, *brand, *reason;
};

static void
what_the_contract_forbids_is_declined_in_the_sites_name(void **state)
{
    static const struct forbidden_case cases[] = {
        {"a brand outside the contract", "tina", "tana", "bolt",
         "the site's contract does not cover the brand"},
        {"no brand where brands are listed", "tina", "tana", "",
         "the site's contract does not cover the brand"},
        {"no contract", "zoe", "moon", "acme", "the site has no contract"},
        {"an agent of another site", "ann", "tana", "acme", "the agent does not work at that site"},
        {"an unknown agent", "zoe", "tana", "acme", "the agent does not work at that site"},
        {"a removed agent", "rob", "inhouse", "acme", "the agent does not work at that site"},
    };
    struct fr_given *g = given();

    (void)state;
    define_agent(g, "rob", "inhouse", false);
    define_agent(g, "rob", "inhouse", true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        task_offered(g, 0x501 + i, cases[i].agent, cases[i].site, cases[i].brand);
        const Fr__OfferAnswered *answered = fr_given_find(g, FR_OFFER_ANSWERED);
        if (answered == NULL)
            fail_msg("%s: not declined", cases[i].claim);
        assert_false(answered->accepted);
        assert_string_equal(answered->reason, cases[i].reason);
        assert_int_equal(fr_given_count(g), 1);
        assert_string_equal(fr_given_event(g, 0)->route, "");
    }
    finish(g);
}

static void
an_accepted_offer_holds_for_the_lease_time(void **state)
{
    struct fr_given *g = given();
    const Fr__LeaseConfirmed *confirmed;

    (void)state;
    fr_given_at(g, 100);
    struct lease lease = held(g, 0x501, "ann", "inhouse");
    confirmed = fr_given_find(g, FR_LEASE_CONFIRMED);
    assert_int_equal(confirmed->lease_id, lease.id);
    assert_int_equal(confirmed->runs_out_us, (FR_GIVEN_EPOCH_S + 100 + 8 * 3600) * 1000000LL);
    assert_int_equal(confirmed->ends_us - confirmed->runs_out_us, 60000000);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    offer_accepted(g, 0x501, "ann", "inhouse");
    assert_int_equal(fr_given_count(g), 0);
    offer_accepted(g, 0x999, "ann", "inhouse");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
every_end_of_an_offer_ends_the_lease_once_with_its_reason(void **state)
{
    struct fr_given *g = given();
    Fr__OfferDeclined declined = FR__OFFER_DECLINED__INIT;
    Fr__OfferExpired expired = FR__OFFER_EXPIRED__INIT;
    Fr__OfferRescinded rescinded = FR__OFFER_RESCINDED__INIT;
    const struct {
        ProtobufCMessage *message;
        const char *reason;
    } cases[] = {{&declined.base, "declined"},
                 {&expired.base, "expired"},
                 {&rescinded.base, "rescinded: the customer left"}};

    (void)state;
    declined.offer_id = 0x501, expired.offer_id = 0x502, rescinded.offer_id = 0x503;
    declined.agent = expired.agent = rescinded.agent = "ann";
    declined.site = expired.site = rescinded.site = "inhouse";
    rescinded.reason = "the customer left";
    for (size_t i = 0; i < 3; i++) {
        struct lease lease = offered(g, 0x501 + i, "ann", "inhouse");

        fr_given_input(g, "routing", CONVERSATION, "acme", cases[i].message);
        const Fr__LeaseEnded *ended = fr_given_find(g, FR_LEASE_ENDED);
        assert_non_null(ended);
        assert_int_equal(ended->lease_id, lease.id);
        assert_int_equal(ended->fence, lease.fence);
        assert_string_equal(ended->reason, cases[i].reason);
        assert_false(ended->held);
        assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
        fr_given_input(g, "routing", CONVERSATION, "acme", cases[i].message);
        assert_int_equal(fr_given_count(g), 0);
    }
    finish(g);
}

static void
a_lease_ends_with_its_own_task_only(void **state)
{
    struct fr_given *g = given();

    (void)state;
    task_ended(g, TASK, "before anything was leased");
    assert_int_equal(fr_given_count(g), 0);
    held(g, 0x501, "ann", "inhouse");
    task_ended(g, 0x999, "another task");
    assert_int_equal(fr_given_count(g), 0);
    task_ended(g, TASK, "customer left");
    const Fr__LeaseEnded *ended = fr_given_find(g, FR_LEASE_ENDED);
    assert_string_equal(ended->reason, "customer left");
    assert_true(ended->held);
    task_ended(g, TASK, "customer left");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

/* ---- time ---- */

static void
a_lease_nobody_works_on_runs_out_after_the_grace(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    fr_given_at(g, 8 * 3600 + 59);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 8 * 3600 + 61);
    const Fr__LeaseEnded *ended = fr_given_find(g, FR_LEASE_ENDED);
    assert_non_null(ended);
    assert_string_equal(ended->reason, "lease_expired");
    reply(g, "desk.inhouse", lease, "ann", "c1");
    refused(g, "site.inhouse", "the lease has ended: lease_expired");
    assert_string_equal(((const Fr__WorkRefused *)fr_given_find(g, FR_WORK_REFUSED))->text,
                        "on its way");
    finish(g);
}

static void
work_renews_a_lease_and_what_was_held_up_within_the_grace_counts(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    fr_given_at(g, 8 * 3600 + 30); /* run out for the desk; the hub still waits */
    reply(g, "desk.inhouse", lease, "ann", "c1");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    fr_given_at(g, 8 * 3600 + 61);
    const Fr__LeaseConfirmed *confirmed = fr_given_find(g, FR_LEASE_CONFIRMED);
    assert_non_null(confirmed);
    assert_int_equal(confirmed->runs_out_us, (FR_GIVEN_EPOCH_S + 16 * 3600 + 30) * 1000000LL);
    reply(g, "desk.inhouse", lease, "ann", "c2");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    fr_given_at(g, 40 * 3600); /* renewed once more by c2, then out */
    assert_int_equal(fr_given_count_of(g, FR_LEASE_ENDED), 1);
    finish(g);
}

static void
ended_leases_are_forgotten_in_time_with_all_that_hangs_on_them(void **state)
{
    struct fr_given *g = given();
    struct sites_lease row;

    (void)state;
    struct lease lease = held(g, 0x501, "ann", "inhouse");
    reply(g, "desk.inhouse", lease, "ann", "c1");
    task_ended(g, TASK, "over");
    fr_given_at(g, 10 * 3600 - 1);
    assert_int_equal(sites_lease_get(fr_given_view(g), lease.id, &row), FR_OK);
    assert_int_equal(sites_taken_get(fr_given_view(g), lease.id, "c1"), FR_OK);
    fr_given_at(g, 10 * 3600 + 1);
    assert_int_equal(fr_given_count_of(g, FR_LEASES_FORGOTTEN), 1);
    assert_int_equal(sites_lease_get(fr_given_view(g), lease.id, &row), FR_NOT_FOUND);
    assert_int_equal(sites_lease_of_offer(fr_given_view(g), 0x501, &row), FR_NOT_FOUND);
    assert_int_equal(sites_taken_get(fr_given_view(g), lease.id, "c1"), FR_NOT_FOUND);
    reply(g, "desk.inhouse", lease, "ann", "c9");
    refused(g, "site.inhouse", "there is no such lease");
    finish(g);
}

static void
many_leases_ended_at_once_are_all_forgotten(void **state)
{
    struct fr_given *g = given();
    int64_t first;

    (void)state;
    for (uint64_t offer = 1; offer <= 2 * SITES_FORGET_MAX + 10; offer++)
        offered(g, 0x1000 + offer, "ann", "inhouse");
    fr_given_at(g, 11 * 3600);
    assert_int_equal(fr_given_count_of(g, FR_LEASES_FORGOTTEN), 3);
    assert_int_equal(sites_ended_first(fr_given_view(g), &first), FR_NOT_FOUND);
    finish(g);
}

/* ---- what the hub tells a site ---- */

static void
an_answer_that_routing_refused_is_shown_to_its_agent(void **state)
{
    struct fr_given *g = given();
    Fr__OfferAnswerRefused refusal = FR__OFFER_ANSWER_REFUSED__INIT;

    (void)state;
    offered(g, 0x501, "ann", "inhouse");
    refusal.offer_id = 0x501;
    refusal.agent = "ann";
    refusal.site = "inhouse";
    refusal.reason = "the offer had expired";
    fr_given_input(g, "routing", 0, "acme", &refusal.base);
    refused(g, "site.inhouse", "the offer had expired");
    refusal.offer_id = 0x999;
    fr_given_input(g, "routing", 0, "acme", &refusal.base);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
an_agent_who_moves_is_removed_where_he_was(void **state)
{
    struct fr_given *g = given();
    struct sites_agent row;

    (void)state;
    define_agent(g, "ann", "tana", false);
    assert_int_equal(fr_given_count(g), 2);
    const Fr__RosterShared *left = fr_given_body(g, 0, FR_ROSTER_SHARED);
    const Fr__RosterShared *came = fr_given_body(g, 1, FR_ROSTER_SHARED);
    assert_true(left->agent->removed);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    assert_false(came->agent->removed);
    assert_string_equal(fr_given_event(g, 1)->route, "site.tana");
    assert_int_equal(sites_agent_get(fr_given_view(g), "ann", &row), FR_OK);
    assert_string_equal(row.site, "tana");
    assert_int_equal(row.removed, 0);
    finish(g);
}

static void
presence_goes_to_the_agents_site_and_an_unknown_agent_is_set_aside(void **state)
{
    struct fr_given *g = given();
    Fr__AgentStateChanged changed = FR__AGENT_STATE_CHANGED__INIT;

    (void)state;
    changed.agent = "tina";
    changed.state = FR__AGENT_STATE__AWAY;
    changed.reason = "an offer expired";
    fr_given_input(g, "routing", 0, NULL, &changed.base);
    const Fr__PresenceShared *shared = fr_given_find(g, FR_PRESENCE_SHARED);
    assert_int_equal(shared->state, FR__AGENT_STATE__AWAY);
    assert_string_equal(fr_given_event(g, 0)->route, "site.tana");
    changed.agent = "nobody";
    fr_given_input(g, "routing", 0, NULL, &changed.base);
    assert_string_equal(fr_given_rejected(g), "AgentStateChanged names an unknown agent");
    finish(g);
}

static void
names_that_fit_no_label_are_set_aside(void **state)
{
    struct fr_given *g = given();

    (void)state;
    define_agent(g, "", "inhouse", false);
    assert_string_not_equal(fr_given_rejected(g), "");
    define_agent(g, "zed", "a-site-with-a-name-that-no-route-holds", false);
    assert_string_not_equal(fr_given_rejected(g), "");
    task_offered(g, 0x501, "ann", "", "acme");
    assert_string_not_equal(fr_given_rejected(g), "");
    finish(g);
}

static void
a_conversation_is_relayed_only_to_the_site_that_holds_it(void **state)
{
    struct fr_given *g = given();
    Fr__ConversationShared conversation = FR__CONVERSATION_SHARED__INIT;
    Fr__EntryShared shared = FR__ENTRY_SHARED__INIT;
    Fr__Entry entry = FR__ENTRY__INIT;

    (void)state;
    conversation.site = shared.site = "inhouse";
    conversation.conversation_id = shared.conversation_id = CONVERSATION;
    conversation.agent = "ann";
    entry.direction = FR__DIRECTION__FROM_CUSTOMER;
    entry.channel = entry.account = entry.address = "x";
    entry.text = "hello";
    shared.entry = &entry;

    fr_given_input(g, "conversations", CONVERSATION, "acme", &conversation.base);
    assert_int_equal(fr_given_count(g), 0);
    offered(g, 0x501, "ann", "inhouse");
    fr_given_input(g, "conversations", CONVERSATION, "acme", &conversation.base);
    assert_int_equal(fr_given_count_of(g, FR_CONVERSATION_SHARED), 1);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    fr_given_input(g, "conversations", CONVERSATION, "acme", &shared.base);
    const Fr__EntryShared *relayed = fr_given_find(g, FR_ENTRY_SHARED);
    assert_string_equal(relayed->entry->text, "hello");
    shared.site = "tana";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &shared.base);
    assert_int_equal(fr_given_count(g), 0);
    task_ended(g, TASK, "over");
    shared.site = "inhouse";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &shared.base);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

/* ---- configuration and queries ---- */

static bool
accepts(const char *text)
{
    static const struct fr_config_key top[] = {
        {"desks", FR_CONFIG_STRINGS, offsetof(struct fr_common_config, sites), .doc = "Sites."},
        {NULL},
    };
    const struct fr_config_section sections[] = {
        {"", top, sizeof(struct fr_common_config), NULL},
        {"sites", sites_config_keys, sizeof(struct sites_config), sites_config_check},
    };
    FILE *complaints = fopen("/dev/null", "w");
    struct fr_config *config = NULL;
    enum fr_error err =
        fr_config_parse(text, strlen(text), "test", sections, 2, complaints, &config);

    fclose(complaints);
    fr_config_free(&config);
    return err == FR_OK;
}

static void
contracts_and_desks_must_name_the_same_sites(void **state)
{
    (void)state;
    assert_true(accepts("desks: [a]\nsites: {contracts: [{name: a}]}"));
    assert_false(accepts("desks: [a]\nsites: {contracts: [{name: b}]}"));
    assert_false(accepts("desks: [a, b]\nsites: {contracts: [{name: a}]}"));
    assert_false(accepts("desks: [a]\nsites: {contracts: [{name: a}, {name: b}]}"));
    assert_false(accepts("sites: {contracts: [{name: a}, {name: a}]}"));
    assert_false(accepts("sites: {contracts: [{name: 'A b'}]}"));
    assert_false(accepts("sites: {contracts: [{name: a, lease_time: 5}]}"));
    assert_false(accepts("sites: {contracts: [{brands: [acme]}]}"));
}

static void
operators_see_sites_and_leases(void **state)
{
    struct fr_given *g = given();
    json_t *args = json_pack("{s:s}", "site", "inhouse"), *answer;

    (void)state;
    held(g, 0x501, "ann", "inhouse");
    answer = fr_given_query(g, "site.ls", NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 2);
    json_decref(answer);
    answer = fr_given_query(g, "site.show", args);
    assert_int_equal(json_integer_value(json_object_get(answer, "leases_live")), 1);
    assert_int_equal(json_array_size(json_object_get(answer, "agents")), 2);
    json_decref(answer);
    answer = fr_given_query(g, "lease.ls", args);
    json_t *first = json_array_get(json_object_get(answer, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "state")), "held");
    assert_string_equal(json_string_value(json_object_get(first, "agent")), "ann");
    json_decref(answer);
    json_object_set_new(args, "site", json_string("tana"));
    answer = fr_given_query(g, "lease.ls", args);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 0);
    json_decref(answer);
    json_object_set_new(args, "site", json_string("moon"));
    assert_null(fr_given_query(g, "site.show", args));
    json_decref(args);
    finish(g);
}

static void
a_desk_is_known_by_its_journal(void **state)
{
    (void)state;
    assert_string_equal(sites_site_of_journal("desk.tana"), "tana");
    assert_null(sites_site_of_journal("desk."));
    assert_null(sites_site_of_journal("desktop"));
    assert_null(sites_site_of_journal("routing"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_leased_to_its_site_under_the_next_fence),
        cmocka_unit_test(fences_rise_with_every_lease_and_never_go_back),
        cmocka_unit_test(two_leases_of_one_conversation_are_never_live),
        cmocka_unit_test(what_the_contract_forbids_is_declined_in_the_sites_name),
        cmocka_unit_test(an_accepted_offer_holds_for_the_lease_time),
        cmocka_unit_test(every_end_of_an_offer_ends_the_lease_once_with_its_reason),
        cmocka_unit_test(a_lease_ends_with_its_own_task_only),
        cmocka_unit_test(a_lease_nobody_works_on_runs_out_after_the_grace),
        cmocka_unit_test(work_renews_a_lease_and_what_was_held_up_within_the_grace_counts),
        cmocka_unit_test(ended_leases_are_forgotten_in_time_with_all_that_hangs_on_them),
        cmocka_unit_test(many_leases_ended_at_once_are_all_forgotten),
        cmocka_unit_test(an_answer_that_routing_refused_is_shown_to_its_agent),
        cmocka_unit_test(an_agent_who_moves_is_removed_where_he_was),
        cmocka_unit_test(presence_goes_to_the_agents_site_and_an_unknown_agent_is_set_aside),
        cmocka_unit_test(names_that_fit_no_label_are_set_aside),
        cmocka_unit_test(a_conversation_is_relayed_only_to_the_site_that_holds_it),
        cmocka_unit_test(contracts_and_desks_must_name_the_same_sites),
        cmocka_unit_test(operators_see_sites_and_leases),
        cmocka_unit_test(a_desk_is_known_by_its_journal),
    };

    make_stage();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
