/* site_test.c - given, when, then: sites and queues have hours, contracts, and fall silent. */
#include "services/routing/routing_cases.h"

/* The test's epoch is a Friday, 08:00 UTC, which is 09:00 in Paris. */
#define CALENDARS                                                                                  \
    "desks: [inhouse, tana]\n"                                                                     \
    "calendars:\n"                                                                                 \
    "  early: {zone: Europe/Paris, hours: {fri: [\"09:00-09:10\"], mon: [\"09:00-17:00\"]}}\n"     \
    "  late: {zone: Europe/Paris, hours: {fri: [\"09:20-17:00\"], mon: [\"09:00-17:00\"]}}\n"
#define BOTH                                                                                       \
    "  agents:\n"                                                                                  \
    "    ann: {site: inhouse}\n"                                                                   \
    "    tom: {site: tana}\n"
#define MINUTE 60

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
tom(Fr__AgentState state)
{
    testing_presence(g, "tom", "tana", state);
}

static void
take(const char *agent, uint64_t task)
{
    testing_answer(g, agent, task, testing_task(g, task).offer_id, true);
    assert_int_equal(testing_task(g, task).state, ROUTING_ASSIGNED);
}

static void
new_request(uint64_t task)
{
    Fr__TaskRequested message = testing_request(task, 0);

    message.arrived_us = INT64_MAX / 2; /* now */
    testing_send_request(g, &message, "acme");
}

/* ---- hours ---- */

static void
outside_of_hours_a_task_is_parked_until_a_stated_time(void **state)
{
    const Fr__TaskParked *parked;

    (void)state;
    house(CALENDARS "routing:\n  queues: [{name: q, calendar: late}]\n" BOTH);
    available("ann");
    new_request(1);
    parked = fr_given_find(g, FR_TASK_PARKED);
    assert_non_null(parked);
    assert_true(parked->closed && parked->tell);
    assert_int_equal(parked->until_us, testing_us(20 * MINUTE));
    assert_string_equal(parked->until_text, "Fri 2027-01-15 09:20 CET");
    assert_string_equal(parked->reason, "queue q is closed until Fri 2027-01-15 09:20 CET");
    fr_given_at(g, 20 * MINUTE - 1);
    assert_true(testing_task(g, 1).parked);
    fr_given_at(g, 20 * MINUTE + 1);
    assert_offered(1, "ann");
}

static void
what_waits_when_it_closes_is_parked_and_opens_in_its_order(void **state)
{
    (void)state;
    house(CALENDARS "routing:\n  tiers: {gold: {credit: 5m}}\n"
                    "  queues: [{name: q, calendar: early}]\n" BOTH);
    for (uint64_t task = 1; task <= 3; task++) {
        Fr__TaskRequested message = testing_request(task, (double)task);

        message.tier = task == 3 ? "gold" : NULL;
        testing_send_request(g, &message, "acme");
    }
    fr_given_at(g, 10 * MINUTE + 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_PARKED), 3);
    available("ann");
    assert_offered(3, NULL); /* closed is closed */
    fr_given_at(g, 3 * 24 * 60 * MINUTE - 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_OFFERED), 0);
    fr_given_at(g, 3 * 24 * 60 * MINUTE + 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_QUEUED), 2);
    assert_offered(3, "ann"); /* the one with credit, though it came last */
}

static void
a_closed_sites_agents_are_offered_nothing(void **state)
{
    const Fr__TaskParked *parked;

    (void)state;
    house(CALENDARS "routing:\n  sites: {tana: {calendar: late}}\n"
                    "  queues: [{name: q}, {name: far, sites: [tana]}]\n" BOTH);
    tom(FR__AGENT_STATE__AVAILABLE);
    new_request(1);
    assert_offered(1, NULL);
    assert_non_null(fr_given_find(g, FR_TASK_QUEUED)); /* ann may come */
    fr_given_at(g, 20 * MINUTE + 1);
    assert_offered(1, "tom");
    house(CALENDARS "routing:\n  sites: {tana: {calendar: late}}\n"
                    "  queues: [{name: far, sites: [tana]}]\n" BOTH);
    tom(FR__AGENT_STATE__AVAILABLE);
    new_request(1);
    parked = fr_given_find(g, FR_TASK_PARKED);
    assert_non_null(parked); /* nobody else could */
    assert_int_equal(parked->until_us, testing_us(20 * MINUTE));
    fr_given_at(g, 20 * MINUTE + 1);
    assert_offered(1, "tom");
}

static void
a_site_that_closes_gives_back_what_it_has_not_accepted(void **state)
{
    (void)state;
    house(CALENDARS "routing:\n  offer_time: 30m\n  sites: {tana: {calendar: early}}\n"
                    "  queues: [{name: q}]\n"
                    "  agents:\n    ann: {site: inhouse}\n"
                    "    tom: {site: tana, capacity: [{channel: '*', weight: 50}]}\n");
    tom(FR__AGENT_STATE__AVAILABLE);
    new_request(1);
    take("tom", 1);
    new_request(2);
    assert_offered(2, "tom");
    fr_given_at(g, 10 * MINUTE + 1);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_RESCINDED), 1);
    assert_int_equal(testing_task(g, 1).state, ROUTING_ASSIGNED);
    available("ann");
    assert_offered(2, "ann");
}

/* ---- silence ---- */

static void
silent(const char *site)
{
    Fr__SiteSilent said = FR__SITE_SILENT__INIT;

    said.site = (char *)site;
    assert_int_equal(fr_given_input(g, "sites", 0, NULL, &said.base), FR_OK);
}

static void
a_silent_site_gives_back_offers_at_once_and_the_rest_after_its_grace(void **state)
{
    Fr__SiteHeard heard = FR__SITE_HEARD__INIT;

    (void)state;
    house("desks: [inhouse, tana]\n"
          "routing:\n  offer_time: 1h\n  sites: {tana: {grace: 5m}}\n  queues: [{name: q}]\n"
          "  agents:\n    ann: {site: inhouse}\n"
          "    tom: {site: tana, capacity: [{channel: '*', weight: 50}]}\n");
    tom(FR__AGENT_STATE__AVAILABLE);
    new_request(1);
    take("tom", 1);
    new_request(2);
    assert_offered(2, "tom");
    silent("tana");
    fr_given_at(g, 0);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_RESCINDED), 1);
    silent("tana");
    assert_int_equal(fr_given_count(g), 0); /* sent twice */
    new_request(3);
    assert_offered(3, NULL);
    fr_given_at(g, 299);
    assert_int_equal(testing_task(g, 1).state, ROUTING_ASSIGNED);
    fr_given_at(g, 301);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    heard.site = "tana";
    assert_int_equal(fr_given_input(g, "sites", 0, NULL, &heard.base), FR_OK);
    fr_given_at(g, 302);
    assert_offered(2, "tom");
    assert_offered(3, "tom");
}

static void
one_who_is_heard_in_time_keeps_what_it_has(void **state)
{
    Fr__SiteHeard heard = FR__SITE_HEARD__INIT;

    (void)state;
    house("desks: [inhouse, tana]\n"
          "routing:\n  sites: {tana: {grace: 5m}}\n  queues: [{name: q}]\n" BOTH);
    tom(FR__AGENT_STATE__AVAILABLE);
    new_request(1);
    take("tom", 1);
    silent("tana");
    fr_given_at(g, 200);
    heard.site = "tana";
    assert_int_equal(fr_given_input(g, "sites", 0, NULL, &heard.base), FR_OK);
    fr_given_at(g, 1000);
    assert_int_equal(testing_task(g, 1).state, ROUTING_ASSIGNED);
}

/* ---- contracts ---- */

/* tom takes everything at once, as far as he may. */
#define CONTRACT(what)                                                                             \
    "desks: [inhouse, tana]\n"                                                                     \
    "routing:\n"                                                                                   \
    "  sites: {tana: {contracts: [{queue: q, " what ", per: 1h}]}}\n"                              \
    "  queues: [{name: other, brands: [bolt]}, {name: q}]\n"                                       \
    "  agents:\n"                                                                                  \
    "    ann: {site: inhouse}\n"                                                                   \
    "    tom: {site: tana, room: 100, capacity: [{channel: '*', weight: 1}]}\n"

static void
a_volume_is_not_exceeded_and_begins_anew(void **state)
{
    (void)state;
    house(CONTRACT("volume: 2"));
    tom(FR__AGENT_STATE__AVAILABLE);
    for (uint64_t task = 1; task <= 4; task++)
        new_request(task);
    assert_int_equal(testing_agent(g, "tom").offered, 2);
    testing_answer(g, "tom", 2, testing_task(g, 2).offer_id, false); /* counts back */
    assert_offered(3, "tom");
    assert_int_equal(testing_agent(g, "tom").offered, 2);
    take("tom", 1);
    take("tom", 3);
    fr_given_at(g, 3599);
    assert_int_equal(testing_agent(g, "tom").offered, 0);
    fr_given_at(g, 3601);
    assert_int_equal(testing_agent(g, "tom").offered, 2);
}

static void
a_share_is_a_part_of_what_arrives(void **state)
{
    unsigned with_tom = 0;

    (void)state;
    house(CONTRACT("share: 30"));
    tom(FR__AGENT_STATE__AVAILABLE);
    for (uint64_t task = 1; task <= 20; task++) {
        new_request(task);
        with_tom = testing_agent(g, "tom").offered;
        assert_true(with_tom * 100 < 30 * task + 100);
    }
    assert_int_equal(with_tom, 6);
    /* and never one who came later before one who came earlier */
    for (uint64_t task = 1; task <= 6; task++)
        assert_int_equal(testing_task(g, task).state, ROUTING_OFFERED);
    assert_int_equal(testing_task(g, 7).state, ROUTING_WAITING);
}

static void
queues_that_no_contract_names_are_not_served(void **state)
{
    Fr__TaskRequested message = testing_request(1, 0);

    (void)state;
    house(CONTRACT("volume: 2"));
    tom(FR__AGENT_STATE__AVAILABLE);
    testing_send_request(g, &message, "bolt");
    assert_offered(1, NULL);
    available("ann");
    assert_offered(1, "ann");
}

static void
recall(const char *queue, bool recalled, bool assigned)
{
    Fr__SiteRecalled said = FR__SITE_RECALLED__INIT;

    said.site = "tana";
    said.queue = (char *)queue;
    said.recalled = recalled;
    said.has_assigned = 1;
    said.assigned = assigned;
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, NULL, &said.base), FR_OK);
}

#define TWO_QUEUES                                                                                 \
    "desks: [inhouse, tana]\n"                                                                     \
    "routing:\n  offer_time: 1h\n  sites: {tana: {grace: 5m}}\n"                                   \
    "  queues: [{name: q, brands: [acme]}, {name: other}]\n"                                       \
    "  agents:\n    ann: {site: inhouse}\n"                                                        \
    "    tom: {site: tana, capacity: [{channel: '*', weight: 25}]}\n"

static void
recalled_work_comes_back_and_returns(void **state)
{
    Fr__TaskRequested message = testing_request(3, 0);

    (void)state;
    house(TWO_QUEUES);
    tom(FR__AGENT_STATE__AVAILABLE);
    new_request(1);
    take("tom", 1);
    new_request(2);
    assert_offered(2, "tom");
    testing_send_request(g, &message, "bolt");
    assert_offered(3, "tom");
    recall("q", true, false);
    fr_given_at(g, 1);
    assert_int_equal(testing_task(g, 2).state, ROUTING_WAITING);
    assert_int_equal(testing_task(g, 3).state, ROUTING_OFFERED); /* another queue's */
    assert_int_equal(testing_task(g, 1).state, ROUTING_ASSIGNED);
    recall("q", false, false);
    fr_given_at(g, 2);
    assert_offered(2, "tom");
    recall(NULL, true, true);
    fr_given_at(g, 3);
    assert_int_equal(testing_task(g, 3).state, ROUTING_WAITING);
    assert_int_equal(testing_task(g, 1).state, ROUTING_ASSIGNED);
    fr_given_at(g, 310);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown_own)
    const struct CMUnitTest tests[] = {
        CASE(outside_of_hours_a_task_is_parked_until_a_stated_time),
        CASE(what_waits_when_it_closes_is_parked_and_opens_in_its_order),
        CASE(a_closed_sites_agents_are_offered_nothing),
        CASE(a_site_that_closes_gives_back_what_it_has_not_accepted),
        CASE(a_silent_site_gives_back_offers_at_once_and_the_rest_after_its_grace),
        CASE(one_who_is_heard_in_time_keeps_what_it_has),
        CASE(a_volume_is_not_exceeded_and_begins_anew),
        CASE(a_share_is_a_part_of_what_arrives),
        CASE(queues_that_no_contract_names_are_not_served),
        CASE(recalled_work_comes_back_and_returns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
