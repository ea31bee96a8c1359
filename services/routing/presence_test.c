/* presence_test.c - given, when, then: agents come and go, and customers come back to theirs. */
#include "services/routing/routing_cases.h"

/* ---- presence ---- */

static void
who_leaves_keeps_what_he_accepted_and_gives_back_the_rest(void **state)
{
    const Fr__OfferRescinded *rescinded;

    (void)state;
    available("bob");
    request(1, 0);
    accept("bob", 1);
    request(2, 0);
    assert_offered(2, "bob");
    available("ann");
    away("bob");
    rescinded = fr_given_find(g, FR_OFFER_RESCINDED);
    assert_int_equal(rescinded->task_id, 2);
    assert_string_equal(rescinded->reason, "the agent is away");
    assert_offered(2, "ann");
    assert_int_equal(testing_task(g, 1).state, ROUTING_ASSIGNED);
    testing_finish(g, "bob", 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    assert_int_equal(fr_given_count(g), 1); /* he is away: nothing is offered to him */
}

static void
what_comes_back_keeps_its_old_place(void **state)
{
    (void)state;
    fr_given_at(g, 50);
    available("ann");
    request(1, 10);
    request(2, 20);
    away("ann");
    available("ann");
    assert_offered(1, "ann");
}

static void
presence_sent_twice_changes_nothing(void **state)
{
    (void)state;
    available("ann");
    assert_int_equal(fr_given_count(g), 1);
    available("ann");
    assert_int_equal(fr_given_count(g), 0);
}

static void
strangers_are_set_aside(void **state)
{
    (void)state;
    available("eve");
    assert_string_equal(fr_given_rejected(g), "AgentPresence names an unknown agent");
    testing_presence(g, "ann", "tana", FR__AGENT_STATE__AVAILABLE);
    assert_string_equal(fr_given_rejected(g), "the agent works at site inhouse");
    testing_answer(g, "eve", 1, 2, true);
    assert_string_equal(fr_given_rejected(g), "OfferAnswered names an unknown agent");
    testing_finish(g, "eve", 1);
    assert_string_equal(fr_given_rejected(g), "WorkFinished names an unknown agent");
    request(0, 0);
    assert_string_equal(fr_given_rejected(g), "TaskRequested names no task or no conversation");
}

/* ---- leases ---- */

static void
lease_ended(uint64_t task, const char *reason)
{
    Fr__LeaseEnded ended = FR__LEASE_ENDED__INIT;

    ended.agent = "bob";
    ended.reason = (char *)reason;
    ended.has_task_id = true;
    ended.task_id = task;
    assert_int_equal(fr_given_input(g, "sites", 0, NULL, &ended.base), FR_OK);
}

static void
a_lease_that_ran_out_ends_the_task_once(void **state)
{
    (void)state;
    available("bob");
    occupy("bob", 1, 1);
    lease_ended(1, "finished"); /* by our own word: no news */
    assert_int_equal(fr_given_count(g), 0);
    lease_ended(1, "lease_expired");
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    assert_int_equal(testing_agent(g, "bob").held, 0);
    lease_ended(1, "lease_expired");
    assert_int_equal(fr_given_count(g), 0);
}

/* ---- continuity ---- */

static void
who_served_last_is_preferred(void **state)
{
    const Fr__TaskOffered *offered;

    (void)state;
    available("ann");
    fr_given_at(g, 1);
    available("bob");
    request_with(1, "bob");
    assert_offered(1, "bob");
    offered = fr_given_find(g, FR_TASK_OFFERED);
    assert_string_equal(offered->reason, "queue chat: bob served this customer last and has room "
                                         "(0 of 100 used); agents who fit: 2");
}

static void
a_task_waits_for_him_while_he_is_busy(void **state)
{
    const Fr__TaskQueued *queued;

    (void)state;
    available("bob");
    occupy("bob", 1, 3);
    available("ann");
    fr_given_at(g, 10);
    request_with(9, "bob");
    queued = fr_given_find(g, FR_TASK_QUEUED);
    assert_string_equal(queued->held_for, "bob");
    assert_int_equal(queued->open_us, testing_us(40));
    request(10, 0);
    assert_offered(10, "ann"); /* others are not held up */
    testing_finish(g, "bob", 1);
    assert_offered(9, "bob");
    assert_int_equal(testing_agent(g, "bob").held, 0);
    fr_given_at(g, 29);
    assert_int_equal(fr_given_count(g), 0);
}

static void
after_the_time_anybody_may_take_it(void **state)
{
    (void)state;
    available("bob");
    occupy("bob", 1, 3);
    request_with(9, "bob");
    fr_given_at(g, 5);
    available("ann");
    assert_offered(9, NULL);
    fr_given_at(g, 29.9);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 30);
    assert_offered(9, "ann");
}

static void
what_waits_for_him_is_anybodys_when_he_leaves(void **state)
{
    (void)state;
    available("bob");
    occupy("bob", 1, 3);
    request_with(9, "bob");
    available("ann");
    assert_offered(9, NULL);
    away("bob");
    assert_offered(9, "ann");
}

struct preferred_case {
    const char *claim, *preferred, *reason;
};

/* clang-format off */
static const struct preferred_case preferred_cases[] = {
    { "not at work",     "bob", "queue chat: ann has most room (0 of 100 used); agents who fit: 2; bob, who served this customer last, is not at work" },
    { "unknown by now",  "eve", "queue chat: ann has most room (0 of 100 used); agents who fit: 2; eve, who served this customer last, cannot serve this" },
    { "never any",       "",    "queue chat: ann has most room (0 of 100 used); agents who fit: 2" },
};
/* clang-format on */

static void
without_him_it_is_anybodys_at_once(void **state)
{
    (void)state;
    available("ann");
    for (size_t i = 0; i < sizeof(preferred_cases) / sizeof(preferred_cases[0]); i++) {
        const Fr__TaskOffered *offered;

        print_message("  %s\n", preferred_cases[i].claim);
        request_with(i + 1, preferred_cases[i].preferred);
        assert_offered(i + 1, "ann");
        offered = fr_given_find(g, FR_TASK_OFFERED);
        assert_string_equal(offered->reason, preferred_cases[i].reason);
        testing_withdraw(g, i + 1);
    }
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(who_leaves_keeps_what_he_accepted_and_gives_back_the_rest),
        CASE(what_comes_back_keeps_its_old_place),
        CASE(presence_sent_twice_changes_nothing),
        CASE(strangers_are_set_aside),
        CASE(a_lease_that_ran_out_ends_the_task_once),
        CASE(who_served_last_is_preferred),
        CASE(a_task_waits_for_him_while_he_is_busy),
        CASE(after_the_time_anybody_may_take_it),
        CASE(what_waits_for_him_is_anybodys_when_he_leaves),
        CASE(without_him_it_is_anybodys_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
