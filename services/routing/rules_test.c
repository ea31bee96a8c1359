/* rules_test.c - given, when, then: what operators configure beyond queues and skills. */
#include "services/routing/routing_cases.h"

/* Each case has a house of its own. */
static void
house(const char *text)
{
    testing_free(&g);
    g = fr_given_new(testing_stage(), text);
}

static int
teardown_own(void **state)
{
    bool same = fr_given_rebuilds(g);

    (void)state;
    testing_free(&g);
    return same ? 0 : -1;
}

static void
request_on(uint64_t task, const char *channel, const char *language)
{
    Fr__TaskRequested message = testing_request(task, 0);

    message.channel = (char *)channel;
    message.language = (char *)language;
    message.arrived_us = INT64_MAX / 2; /* now */
    testing_send_request(g, &message, "acme");
}

static void
take(const char *agent, uint64_t task)
{
    testing_answer(g, agent, task, testing_task(g, task).offer_id, true);
    assert_int_equal(testing_task(g, task).state, ROUTING_ASSIGNED);
}

/* ---- relaxation ---- */

static void
less_is_asked_the_longer_it_waits(void **state)
{
    (void)state;
    house(
        "desks: [inhouse, tana]\n"
        "routing:\n"
        "  queues:\n"
        "    - {name: q, sites: [inhouse], skills: [{name: tax, level: 4}], relax: ["
        "{after: 30s, level: 2}, {after: 60s, add_sites: [tana]}, {after: 2m, any_skill: true}]}\n"
        "  agents:\n"
        "    ann: {site: inhouse, skills: [{name: tax, level: 2}]}\n"
        "    tom: {site: tana, skills: [{name: tax, level: 3}]}\n"
        "    bob: {site: inhouse}\n");
    available("ann");
    available("bob");
    testing_presence(g, "tom", "tana", FR__AGENT_STATE__AVAILABLE);
    request(1, 0);
    assert_offered(1, NULL);
    assert_non_null(fr_given_find(g, FR_TASK_QUEUED)); /* not parked: somebody will do later */
    request(2, 0);
    request(3, 0);
    fr_given_at(g, 29);
    assert_int_equal(testing_task(g, 1).state, ROUTING_WAITING);
    fr_given_at(g, 31);
    assert_offered(1, "ann");
    take("ann", 1);
    fr_given_at(g, 61);
    assert_offered(2, "tom");
    assert_int_equal(testing_task(g, 2).order_us, testing_us(0)); /* it kept its key */
    take("tom", 2);
    fr_given_at(g, 121);
    assert_offered(3, "bob");
}

/* ---- places ---- */

static void
strict_classes_come_before_any_credit(void **state)
{
    Fr__TaskRequested urgent = testing_request(3, 50);

    (void)state;
    house("routing:\n"
          "  tiers: {gold: {credit: 10m}}\n"
          "  priorities: [{from: 90, strict: 1}]\n"
          "  queues: [{name: q}]\n"
          "  agents: {ann: {site: inhouse}}\n");
    fr_given_at(g, 100);
    request(1, 0);
    {
        Fr__TaskRequested gold = testing_request(2, 90);

        gold.tier = "gold";
        testing_send_request(g, &gold, "acme");
    }
    urgent.has_priority = 1;
    urgent.priority = 95;
    testing_send_request(g, &urgent, "acme");
    available("ann");
    assert_offered(3, "ann");
    take("ann", 3);
    testing_finish(g, "ann", 3);
    assert_offered(2, "ann");
    take("ann", 2);
    testing_finish(g, "ann", 2);
    assert_offered(1, "ann");
}

static void
a_change_of_priority_moves_the_one_task(void **state)
{
    Fr__ConversationClassified said = FR__CONVERSATION_CLASSIFIED__INIT;

    (void)state;
    house("routing:\n"
          "  priorities: [{from: 5, credit: 10m}]\n"
          "  queues: [{name: q}]\n"
          "  agents: {ann: {site: inhouse}}\n");
    fr_given_at(g, 100);
    request(1, 10);
    request(2, 20);
    request(3, 30);
    said.conversation_id = CONVERSATION_OF(3);
    said.priority = 5;
    said.reason = "an agent said so";
    assert_int_equal(fr_given_input(g, "conversations", said.conversation_id, "acme", &said.base),
                     FR_OK);
    assert_int_equal(fr_given_count_of(g, FR_TASK_RAISED), 1);
    assert_int_equal(fr_given_input(g, "conversations", said.conversation_id, "acme", &said.base),
                     FR_OK);
    assert_int_equal(fr_given_count(g), 0); /* sent twice */
    assert_int_equal(testing_task(g, 1).order_us, testing_us(10));
    available("ann");
    assert_offered(3, "ann");
}

/* ---- capacity ---- */

static const char mixed[] = "routing:\n"
                            "  queues: [{name: q}]\n"
                            "  channel_classes:\n"
                            "    voice: {channels: [sip]}\n"
                            "    chat: {channels: [webchat, facebook], idle_after: 60s}\n"
                            "    mail: {channels: [email, webform]}\n"
                            "  agents:\n"
                            "    ann:\n"
                            "      site: inhouse\n"
                            "      room: 12\n"
                            "      capacity:\n"
                            "        - {channel: voice, weight: 12}\n"
                            "        - {channel: chat, weight: 4}\n"
                            "        - {channel: mail, weight: 2}\n";

static void
one_call_or_three_chats_or_a_chat_and_four_mails(void **state)
{
    static const struct {
        const char *claim;
        int voice, chat, mail;
        const char *more; /* one more of it does not fit */
    } rows[] = {{"one call", 1, 0, 0, "email"},
                {"three chats", 0, 3, 0, "webchat"},
                {"a chat and four mails", 0, 1, 4, "email"},
                {"no call beside a mail", 0, 0, 1, "sip"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t task = 1;

        print_message("  %s\n", rows[i].claim);
        house(mixed);
        available("ann");
        for (int n = 0; n < rows[i].voice; n++, task++)
            request_on(task, "sip", NULL), assert_offered(task, "ann");
        for (int n = 0; n < rows[i].chat; n++, task++)
            request_on(task, n % 2 == 0 ? "webchat" : "facebook", NULL),
                assert_offered(task, "ann");
        for (int n = 0; n < rows[i].mail; n++, task++)
            request_on(task, n % 2 == 0 ? "email" : "webform", NULL), assert_offered(task, "ann");
        request_on(task, rows[i].more, NULL);
        assert_offered(task, NULL);
        assert_true(testing_agent(g, "ann").used <= 12);
    }
}

static void
what_excludes_each_other_never_meets(void **state)
{
    (void)state;
    house("routing:\n"
          "  queues: [{name: q}]\n"
          "  agents:\n"
          "    ann: {site: inhouse, capacity: [{channel: chat, weight: 10, most: 2, excludes: "
          "[mail]}, "
          "{channel: mail, weight: 10}]}\n");
    available("ann");
    request_on(1, "mail", NULL);
    assert_offered(1, "ann");
    request_on(2, "chat", NULL);
    assert_offered(2, NULL); /* though only chat says so */
    testing_withdraw(g, 1);
    assert_offered(2, "ann");
    request_on(3, "chat", NULL);
    assert_offered(3, "ann");
    request_on(4, "chat", NULL);
    assert_offered(4, NULL); /* two at most, whatever room is left */
    request_on(5, "mail", NULL);
    assert_offered(5, NULL);
}

static void
wrote(uint64_t task, Fr__Direction direction)
{
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
    Fr__Entry entry = FR__ENTRY__INIT;

    entry.message_id = 77;
    entry.direction = direction;
    entry.channel = entry.account = entry.address = entry.text = "x";
    entry.at_us = 1;
    added.conversation_id = CONVERSATION_OF(task);
    added.customer_id = 0x200;
    added.entry = &entry;
    added.reason = "test";
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION_OF(task), "acme", &added.base),
                     FR_OK);
}

static void
a_silent_chat_takes_nothing_and_finds_room_again_when_it_wakes(void **state)
{
    (void)state;
    house(mixed);
    available("ann");
    for (uint64_t task = 1; task <= 3; task++) {
        request_on(task, "webchat", NULL);
        take("ann", task);
    }
    request_on(4, "webchat", NULL);
    request_on(5, "webchat", NULL);
    assert_offered(4, NULL);
    wrote(1, FR__DIRECTION__TO_CUSTOMER);
    wrote(2, FR__DIRECTION__TO_CUSTOMER);
    fr_given_at(g, 30);
    wrote(2, FR__DIRECTION__FROM_CUSTOMER); /* not silent any more */
    fr_given_at(g, 61);
    assert_int_equal(testing_agent(g, "ann").used, 12);
    assert_offered(4, "ann"); /* 1 is silent, so there is room */
    take("ann", 4);
    wrote(1, FR__DIRECTION__FROM_CUSTOMER); /* but none for 1 now */
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    assert_int_equal(testing_agent(g, "ann").used, 12);
    wrote(3, FR__DIRECTION__TO_CUSTOMER);
    testing_withdraw(g, 5);
    fr_given_at(g, 130);
    assert_int_equal(testing_agent(g, "ann").used, 8);
    wrote(3, FR__DIRECTION__FROM_CUSTOMER);
    assert_int_equal(fr_given_count_of(g, FR_TASK_WOKEN), 1);
    assert_int_equal(testing_agent(g, "ann").used, 12);
    testing_finish(g, "ann", 3);
    assert_int_equal(testing_agent(g, "ann").used, 8);
}

/* ---- who is preferred ---- */

static void
the_best_level_first_then_the_one_who_has_been_idle_longest(void **state)
{
    (void)state;
    house("routing:\n"
          "  queues: [{name: q, skills: [{name: tax}], choose: longest_idle}]\n"
          "  agents:\n"
          "    ann: {site: inhouse, skills: [{name: tax, level: 3}]}\n"
          "    bob: {site: inhouse, skills: [{name: tax, level: 3}]}\n"
          "    cleo: {site: inhouse, skills: [{name: tax, level: 5}]}\n");
    available("bob");
    fr_given_at(g, 1);
    available("ann");
    fr_given_at(g, 2);
    available("cleo");
    request(1, 0);
    assert_offered(1, "cleo");
    request(2, 0);
    assert_offered(2, "bob");
    request(3, 0);
    assert_offered(3, "ann");
}

static void
the_site_that_costs_least_comes_first(void **state)
{
    (void)state;
    house("desks: [inhouse, tana]\n"
          "routing:\n"
          "  queues: [{name: q, prefer: cost}]\n"
          "  sites: {inhouse: {cost: 5}, tana: {cost: 2}}\n"
          "  agents:\n"
          "    ann: {site: inhouse}\n"
          "    tom: {site: tana}\n");
    available("ann");
    testing_presence(g, "tom", "tana", FR__AGENT_STATE__AVAILABLE);
    request(1, 0);
    assert_offered(1, "tom");
    request(2, 0);
    assert_offered(2, "ann");
}

static void
he_has_to_speak_the_language_and_his_site_to_serve_it(void **state)
{
    (void)state;
    house("desks: [inhouse, tana]\n"
          "routing:\n"
          "  queues: [{name: q}]\n"
          "  sites: {tana: {languages: [fr]}}\n"
          "  agents:\n"
          "    ann: {site: inhouse, languages: [de, en]}\n"
          "    tom: {site: tana, languages: [fr, de]}\n");
    available("ann");
    testing_presence(g, "tom", "tana", FR__AGENT_STATE__AVAILABLE);
    request_on(1, "webchat", "fr-CA");
    assert_offered(1, "tom");
    request_on(2, "webchat", "de-AT");
    assert_offered(2, "ann");
    request_on(3, "webchat", "it");
    assert_non_null(fr_given_find(g, FR_TASK_PARKED));
    assert_string_equal(((const Fr__TaskParked *)fr_given_find(g, FR_TASK_PARKED))->reason,
                        "none of 2 agents speaks it");
}

/* ---- after a conversation ---- */

static const char wrapping[] = "routing:\n"
                               "  queues: [{name: q, wrap_up: 40s}]\n"
                               "  agents: {ann: {site: inhouse}}\n";

static void
wrap_up_is_time_for_notes(void **state)
{
    (void)state;
    house(wrapping);
    available("ann");
    request(1, 0);
    take("ann", 1);
    request(2, 0);
    fr_given_at(g, 10);
    testing_finish(g, "ann", 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    assert_offered(2, NULL);
    assert_int_equal(testing_agent(g, "ann").wrapping, 1);
    testing_finish(g, "ann", 1);
    testing_resolve(g, 1);
    assert_int_equal(fr_given_count(g), 0); /* it is over, whoever says so again */
    fr_given_at(g, 49);
    assert_int_equal(testing_task(g, 2).state, ROUTING_WAITING);
    fr_given_at(g, 51);
    assert_offered(2, "ann");
    assert_int_equal(testing_agent(g, "ann").wrapping, 0);
}

static void
who_needs_less_of_it_says_so(void **state)
{
    Fr__WrapUpDone done = FR__WRAP_UP_DONE__INIT;

    (void)state;
    house(wrapping);
    available("ann");
    request(1, 0);
    take("ann", 1);
    request(2, 0);
    testing_finish(g, "ann", 1);
    done.agent = "ann";
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, NULL, &done.base), FR_OK);
    assert_offered(2, "ann");
    take("ann", 2);
    fr_given_at(g, 100);
    assert_int_equal(fr_given_count(g), 0); /* and the timer is disarmed */
}

static void
a_supervisor_sets_him_away(void **state)
{
    Fr__AgentSetAway said = FR__AGENT_SET_AWAY__INIT;

    (void)state;
    house("routing:\n  queues: [{name: q}]\n  agents: {ann: {site: inhouse}, bob: {site: "
          "inhouse}}\n");
    available("ann");
    request(1, 0);
    assert_offered(1, "ann");
    available("bob");
    said.agent = "ann";
    said.reason = "lunch";
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, NULL, &said.base), FR_OK);
    assert_int_equal(testing_agent(g, "ann").state, FR__AGENT_STATE__AWAY);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_RESCINDED), 1);
    assert_offered(1, "bob");
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, NULL, &said.base), FR_OK);
    assert_string_equal(fr_given_rejected(g), "ann is not available as it is");
}

static void
what_a_removed_agent_had_goes_to_others_after_a_grace(void **state)
{
    (void)state;
    house("routing:\n  removed_grace: 10m\n  queues: [{name: q}]\n"
          "  agents: {ann: {site: inhouse}, bob: {site: inhouse}}\n");
    available("ann");
    request(1, 0);
    take("ann", 1);
    testing_reload(g, "routing:\n  removed_grace: 10m\n  queues: [{name: q}]\n"
                      "  agents: {bob: {site: inhouse}}\n");
    fr_given_at(g, 599);
    assert_int_equal(testing_task(g, 1).state, ROUTING_ASSIGNED);
    fr_given_at(g, 601);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
}

static void
a_lane_that_nobody_needs_is_closed_and_its_number_given_anew(void **state)
{
    struct routing_lane lane;

    (void)state;
    house("routing:\n  lane_idle: 10m\n  queues: [{name: q}]\n  agents: {ann: {site: inhouse}}\n");
    available("ann");
    request_on(1, "webchat", "fr");
    take("ann", 1);
    fr_given_at(g, 601);
    assert_int_equal(fr_given_count_of(g, FR_LANE_CLOSED), 1);
    assert_int_equal(routing_lane_get(fr_given_view(g), 1, &lane), FR_NOT_FOUND);
    testing_finish(g, "ann", 1);
    request_on(2, "webchat", "de");
    assert_offered(2, "ann");
    assert_int_equal(testing_task(g, 2).lane, 1);
    testing_withdraw(g, 2);
    request_on(3, "webchat", "fr");
    assert_offered(3, "ann");
    assert_int_equal(testing_task(g, 3).lane, 2);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown_own)
    const struct CMUnitTest tests[] = {
        CASE(less_is_asked_the_longer_it_waits),
        CASE(strict_classes_come_before_any_credit),
        CASE(a_change_of_priority_moves_the_one_task),
        CASE(one_call_or_three_chats_or_a_chat_and_four_mails),
        CASE(what_excludes_each_other_never_meets),
        CASE(a_silent_chat_takes_nothing_and_finds_room_again_when_it_wakes),
        CASE(the_best_level_first_then_the_one_who_has_been_idle_longest),
        CASE(the_site_that_costs_least_comes_first),
        CASE(he_has_to_speak_the_language_and_his_site_to_serve_it),
        CASE(wrap_up_is_time_for_notes),
        CASE(who_needs_less_of_it_says_so),
        CASE(a_supervisor_sets_him_away),
        CASE(what_a_removed_agent_had_goes_to_others_after_a_grace),
        CASE(a_lane_that_nobody_needs_is_closed_and_its_number_given_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
