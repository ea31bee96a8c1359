/* decide_desk_test.c - given, when, then: what sites believes of desks, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/sites/play.h"

static void
presence_is_believed_from_the_agents_own_site_only(void **state)
{
    struct fr_given *g = given();
    Fr__PresenceChosen chosen = FR__PRESENCE_CHOSEN__INIT;

    (void)state;
    chosen.agent = "ann";
    chosen.state = FR__AGENT_STATE__AVAILABLE;
    chosen.reason = "signed in";
    fr_given_input(g, "desk.inhouse", 0, NULL, &chosen.base);
    const Fr__AgentPresence *presence = fr_given_find(g, FR_AGENT_PRESENCE);
    assert_non_null(presence);
    assert_string_equal(presence->site, "inhouse");
    assert_int_equal(presence->state, FR__AGENT_STATE__AVAILABLE);

    fr_given_input(g, "desk.tana", 0, NULL, &chosen.base);
    refused(g, "site.tana", "the agent does not work at this site");
    chosen.agent = "nobody";
    fr_given_input(g, "desk.inhouse", 0, NULL, &chosen.base);
    refused(g, "site.inhouse", "the agent does not work at this site");
    define_agent(g, "ann", "inhouse", true);
    chosen.agent = "ann";
    fr_given_input(g, "desk.inhouse", 0, NULL, &chosen.base);
    refused(g, "site.inhouse", "the agent has been removed");
    finish(g);
}

static void
a_yes_is_passed_on_once_and_a_change_of_mind_is_refused(void **state)
{
    struct fr_given *g = given();
    struct lease lease = offered(g, 0x501, "ann", "inhouse");

    (void)state;
    choose(g, "desk.inhouse", lease, 0x501, "ann", true);
    const Fr__OfferAnswered *answered = fr_given_find(g, FR_OFFER_ANSWERED);
    assert_non_null(answered);
    assert_true(answered->accepted);
    assert_int_equal(answered->task_id, TASK);
    assert_string_equal(answered->site, "inhouse");
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    choose(g, "desk.inhouse", lease, 0x501, "ann", true);
    assert_int_equal(fr_given_count(g), 0);
    choose(g, "desk.inhouse", lease, 0x501, "ann", false);
    refused(g, "site.inhouse", "the offer has been answered already");
    finish(g);
}

static void
no_work_without_a_lease_of_ones_own(void **state)
{
    struct fr_given *g = given();
    struct lease lease = offered(g, 0x501, "ann", "inhouse");
    struct lease unknown = {0x777, 1}, stale = {lease.id, 0}, ahead = {lease.id, 2};

    (void)state;
    reply(g, "desk.inhouse", lease, "ann", "c1");
    refused(g, "site.inhouse", "the offer has not been accepted");
    done(g, "desk.inhouse", lease, "ann", "c2");
    refused(g, "site.inhouse", "the offer has not been accepted");
    choose(g, "desk.inhouse", lease, 0x999, "ann", true);
    refused(g, "site.inhouse", "the lease is of another offer");
    choose(g, "desk.inhouse", lease, 0x501, "ann", true);
    offer_accepted(g, 0x501, "ann", "inhouse");

    reply(g, "desk.inhouse", unknown, "ann", "c3");
    refused(g, "site.inhouse", "there is no such lease");
    reply(g, "desk.inhouse", stale, "ann", "c4");
    refused(g, "site.inhouse", "somebody else has been given the conversation since");
    reply(g, "desk.inhouse", ahead, "ann", "c5");
    refused(g, "site.inhouse", "somebody else has been given the conversation since");
    reply(g, "desk.inhouse", lease, "bob", "c6");
    refused(g, "site.inhouse", "the lease is another agent's");
    reply(g, "desk.tana", lease, "ann", "c7");
    refused(g, "site.tana", "the agent does not work at this site");
    reply(g, "desk.tana", lease, "tina", "c8");
    refused(g, "site.tana", "the lease is another agent's");
    finish(g);
}

static void
a_reply_is_passed_on_once_however_often_it_is_said(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    reply(g, "desk.inhouse", lease, "ann", "c1");
    const Fr__AgentReplied *replied = fr_given_find(g, FR_AGENT_REPLIED);
    assert_non_null(replied);
    assert_string_equal(replied->text, "on its way");
    assert_string_equal(replied->site, "inhouse");
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    assert_int_equal(fr_given_event(g, 0)->key, CONVERSATION);
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    reply(g, "desk.inhouse", lease, "ann", "c1");
    assert_int_equal(fr_given_count(g), 0);
    reply(g, "desk.inhouse", lease, "ann", "c2");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    task_ended(g, TASK, "over");
    reply(g, "desk.inhouse", lease, "ann",
          "c1"); /* taken long ago: no false alarm for its author */
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
after_the_work_is_finished_nothing_more_is_taken(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    done(g, "desk.inhouse", lease, "ann", "d1");
    const Fr__WorkFinished *finished = fr_given_find(g, FR_WORK_FINISHED);
    assert_non_null(finished);
    assert_int_equal(finished->task_id, TASK);
    assert_int_equal(finished->outcome, FR__OUTCOME__SOLVED);
    done(g, "desk.inhouse", lease, "ann", "d1");
    assert_int_equal(fr_given_count(g), 0);
    done(g, "desk.inhouse", lease, "ann", "d2");
    assert_int_equal(fr_given_count(g), 0);
    reply(g, "desk.inhouse", lease, "ann", "c1");
    refused(g, "site.inhouse", "the work was finished before this was written");
    task_ended(g, TASK, "agent finished");
    assert_string_equal(((const Fr__LeaseEnded *)fr_given_find(g, FR_LEASE_ENDED))->reason,
                        "finished");
    done(g, "desk.inhouse", lease, "ann", "d1");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presence_is_believed_from_the_agents_own_site_only),
        cmocka_unit_test(a_yes_is_passed_on_once_and_a_change_of_mind_is_refused),
        cmocka_unit_test(no_work_without_a_lease_of_ones_own),
        cmocka_unit_test(a_reply_is_passed_on_once_however_often_it_is_said),
        cmocka_unit_test(after_the_work_is_finished_nothing_more_is_taken),
    };

    make_stage();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
