/* routing_test.c - given, when, then: who is offered what, and what becomes of offers. */
#include "services/routing/routing_cases.h"

/* ---- a task looks for an agent ---- */

static void
a_free_agent_is_offered_the_task_at_once(void **state)
{
    const Fr__TaskOffered *offered;

    (void)state;
    available("ann");
    fr_given_at(g, 10);
    request(1, 4);
    assert_int_equal(fr_given_count_of(g, FR_TASK_OFFERED), 1);
    assert_offered(1, "ann");
    offered = fr_given_find(g, FR_TASK_OFFERED);
    assert_string_equal(offered->site, "inhouse");
    assert_string_equal(offered->queue, "chat");
    assert_int_equal(offered->waited_us, 6 * SECOND);
    assert_int_equal(offered->expires_us, testing_us(30));
    assert_string_equal(offered->reason,
                        "queue chat: ann has most room (0 of 100 used); agents who fit: 2");
}

static void
nobody_free_means_waiting_and_says_why(void **state)
{
    const Fr__TaskQueued *queued;

    (void)state;
    available("bob");
    away("bob");
    fr_given_at(g, 10);
    request(1, 4);
    queued = fr_given_find(g, FR_TASK_QUEUED);
    assert_non_null(queued);
    assert_string_equal(queued->queue, "chat");
    assert_int_equal(queued->order_us, testing_us(4));
    assert_string_equal(queued->reason,
                        "queue chat: none of 2 agents who fit is free: ann offline, bob away");
}

static void
a_message_from_the_future_takes_its_place_now(void **state)
{
    const Fr__TaskQueued *queued;

    (void)state;
    fr_given_at(g, 10);
    request(1, 4000);
    queued = fr_given_find(g, FR_TASK_QUEUED);
    assert_int_equal(queued->order_us, testing_us(10));
}

static void
the_agent_with_most_room_comes_first_then_the_longest_idle_then_the_name(void **state)
{
    (void)state;
    available("bob");
    fr_given_at(g, 1);
    available("ann");
    request(1, 0);
    assert_offered(1, "bob"); /* both empty: bob has been idle longer */
    request(2, 0);
    assert_offered(2, "ann"); /* ann is empty, bob is not */
    request(3, 0);
    assert_offered(3, "bob"); /* ann is full */
    testing_finish(g, "ann", 2);
}

static void
equal_agents_go_by_name(void **state)
{
    (void)state;
    available("bob");
    available("ann");
    request(1, 0);
    assert_offered(1, "ann");
}

static void
capacity_is_never_exceeded(void **state)
{
    Fr__TaskRequested form = testing_request(4, 0);

    (void)state;
    available("bob");
    for (uint64_t task = 1; task <= 3; task++) {
        request(task, 0);
        assert_offered(task, "bob");
    }
    form.channel = "channel_webform";
    testing_send_request(g, &form, "acme");
    assert_offered(4, NULL); /* 99 of 100 used, a form takes 20 */
    accept("bob", 1);
    testing_finish(g, "bob", 1);
    assert_offered(4, "bob"); /* 66 + 20 */
    assert_int_equal(testing_agent(g, "bob").used, 86);
    request(5, 0);
    assert_offered(5, NULL);
}

static void
a_task_sent_twice_is_one_task_also_after_its_end(void **state)
{
    (void)state;
    available("ann");
    request(1, 0);
    request(1, 0);
    assert_int_equal(fr_given_count(g), 0);
    accept("ann", 1);
    testing_finish(g, "ann", 1);
    request(1, 0);
    assert_int_equal(fr_given_count(g), 0);
    request(2, 0);
    assert_offered(2, "ann");
}

/* ---- an agent looks for a task ---- */

static void
who_comes_free_takes_the_earliest_place(void **state)
{
    (void)state;
    fr_given_at(g, 100);
    request(1, 50);
    request(2, 40);
    request(3, 60);
    available("ann");
    assert_int_equal(fr_given_count_of(g, FR_TASK_OFFERED), 1);
    assert_offered(2, "ann");
    accept("ann", 2);
    testing_finish(g, "ann", 2);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    assert_offered(1, "ann");
}

static void
who_comes_free_is_filled_up(void **state)
{
    (void)state;
    for (uint64_t task = 1; task <= 5; task++)
        request(task, 0);
    available("bob");
    assert_int_equal(fr_given_count_of(g, FR_TASK_OFFERED), 3);
    assert_int_equal(testing_agent(g, "bob").used, 99);
}

static void
credit_overtakes_by_no_more_than_itself(void **state)
{
    Fr__TaskRequested gold;

    (void)state;
    fr_given_at(g, 500);
    request(1, 100);
    request(2, 219);
    request(3, 221);
    gold = testing_request(4, 340); /* 2 minutes ahead: at 220 */
    testing_send_request(g, &gold, "gold");
    available("bob");
    assert_offered(1, "bob");
    assert_offered(2, "bob");
    assert_offered(4, "bob");
    assert_offered(3, NULL);
}

/* ---- offers end once ---- */

static void
an_accepted_task_is_his(void **state)
{
    const Fr__OfferAccepted *accepted;
    uint64_t offer;

    (void)state;
    available("ann");
    request(1, 0);
    offer = assert_offered(1, "ann");
    testing_answer(g, "ann", 1, offer, true);
    accepted = fr_given_find(g, FR_OFFER_ACCEPTED);
    assert_int_equal(accepted->offer_id, offer);
    assert_int_equal(accepted->conversation_id, CONVERSATION_OF(1));
    assert_int_equal(accepted->customer_id, 0x200);
    testing_answer(g, "ann", 1, offer, true);
    assert_int_equal(fr_given_count(g), 0); /* sent twice */
    fr_given_at(g, 1000);
    assert_int_equal(fr_given_count(g), 0); /* it no longer expires */
}

static void
a_declined_task_goes_to_somebody_else(void **state)
{
    uint64_t offer;

    (void)state;
    available("ann");
    fr_given_at(g, 1);
    available("bob");
    request(1, 0);
    offer = assert_offered(1, "ann");
    testing_answer(g, "ann", 1, offer, false);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_DECLINED), 1);
    assert_offered(1, "bob");
    testing_answer(g, "ann", 1, offer, false);
    assert_int_equal(fr_given_count(g), 0); /* sent twice */
    testing_answer(g, "ann", 1, offer, true);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_ANSWER_REFUSED), 1);
}

static void
the_only_one_is_asked_again_after_a_minute(void **state)
{
    const Fr__TaskQueued *queued;

    (void)state;
    available("ann");
    fr_given_at(g, 10);
    request(1, 0);
    testing_answer(g, "ann", 1, assert_offered(1, "ann"), false);
    queued = fr_given_find(g, FR_TASK_QUEUED);
    assert_string_equal(queued->reason,
                        "queue chat: none of 2 agents who fit is free: ann let it go, bob offline");
    request(2, 0);
    assert_offered(2, "ann"); /* another task is welcome */
    testing_withdraw(g, 2);
    assert_offered(1, NULL);
    fr_given_at(g, 69.9);
    assert_offered(1, NULL);
    fr_given_at(g, 70);
    assert_offered(1, "ann");
}

static void
somebody_else_comes_before_the_one_who_is_asked_again(void **state)
{
    (void)state;
    available("ann");
    request(1, 0);
    testing_answer(g, "ann", 1, assert_offered(1, "ann"), false);
    fr_given_at(g, 30);
    available("bob");
    assert_offered(1, "bob");
    testing_answer(g, "bob", 1, testing_task(g, 1).offer_id, false);
    assert_offered(1, NULL);
    fr_given_at(g, 59.9);
    assert_offered(1, NULL);
    fr_given_at(g, 60);
    assert_offered(1, "ann"); /* her minute is over, his is not */
}

static void
an_unanswered_offer_expires_and_goes_to_somebody_else(void **state)
{
    const Fr__OfferAnswerRefused *refused;
    uint64_t offer;

    (void)state;
    available("ann");
    fr_given_at(g, 1);
    available("bob");
    request(1, 0);
    offer = assert_offered(1, "ann");
    fr_given_at(g, 20.9);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 21);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_EXPIRED), 1);
    assert_offered(1, "bob");
    testing_answer(g, "ann", 1, offer, true);
    assert_int_equal(fr_given_count(g), 1);
    refused = fr_given_find(g, FR_OFFER_ANSWER_REFUSED);
    assert_int_equal(refused->offer_id, offer);
    assert_string_equal(refused->reason, "the offer expired before the answer came");
    accept("bob", 1);
}

static void
who_lets_offers_expire_is_set_away_for_all_to_see(void **state)
{
    const Fr__AgentStateChanged *changed;

    (void)state;
    available("ann");
    request(1, 0);
    fr_given_at(g, 20);
    assert_offered(1, "ann"); /* nobody else is there: once more */
    fr_given_at(g, 40);
    changed = fr_given_find(g, FR_AGENT_STATE_CHANGED);
    assert_non_null(changed);
    assert_int_equal(changed->state, FR__AGENT_STATE__AWAY);
    assert_string_equal(changed->reason, "let 2 offers in a row expire");
    assert_offered(1, NULL);
    fr_given_at(g, 500);
    assert_int_equal(fr_given_count(g), 0);
    available("ann");
    assert_offered(1, "ann");
}

static void
one_answer_starts_the_count_anew(void **state)
{
    (void)state;
    available("ann");
    request(1, 0);
    fr_given_at(g, 20);
    accept("ann", 1);
    testing_finish(g, "ann", 1);
    request(2, 0);
    fr_given_at(g, 40);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_EXPIRED), 1);
    assert_int_equal(fr_given_count_of(g, FR_AGENT_STATE_CHANGED), 0);
}

static void
who_is_set_away_gives_his_other_offers_back(void **state)
{
    (void)state;
    available("bob");
    request(1, 0);
    request(2, 0);
    fr_given_at(g, 5);
    request(3, 0);
    fr_given_at(g, 20);
    /* 1 expires and is his again; 2 is one too many: 1 and 3 are taken back */
    assert_int_equal(fr_given_count_of(g, FR_OFFER_EXPIRED), 2);
    assert_int_equal(fr_given_count_of(g, FR_AGENT_STATE_CHANGED), 1);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_RESCINDED), 2);
    assert_int_equal(testing_agent(g, "bob").used, 0);
    available("ann");
    assert_offered(1, "ann");
}

struct refusal_case {
    const char *claim;
    void (*before)(void);
    const char *agent;
    const char *reason;
};

static void
let_bob_have_it(void)
{
    testing_answer(g, "bob", 1, testing_task(g, 1).offer_id, true);
}

static void
send_bob_away(void)
{
    away("bob");
}

static void
withdraw_it(void)
{
    testing_withdraw(g, 1);
}

static void
nothing(void)
{
}

/* clang-format off */
static const struct refusal_case refusal_cases[] = {
    { "an offer is for one agent",             nothing,         "ann", "the offer was made to somebody else" },
    { "also after he has accepted",            let_bob_have_it, "ann", "the offer was made to somebody else" },
    { "an offer taken back is not accepted",   send_bob_away,   "bob", "the offer was taken back before the answer came" },
    { "nothing to accept when it is over",     withdraw_it,     "bob", "the task is over" },
};
/* clang-format on */

static void
late_and_foreign_answers_are_refused_with_the_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusal_cases) / sizeof(refusal_cases[0]); i++) {
        const struct refusal_case *row = &refusal_cases[i];
        const Fr__OfferAnswerRefused *refused;
        struct fr_given *outer = g;
        uint64_t offer;

        print_message("  %s\n", row->claim);
        g = fr_given_new(testing_stage(), yaml);
        available("bob");
        request(1, 0);
        offer = assert_offered(1, "bob");
        row->before();
        testing_answer(g, row->agent, 1, offer, true);
        assert_int_equal(fr_given_count(g), 1);
        refused = fr_given_find(g, FR_OFFER_ANSWER_REFUSED);
        assert_string_equal(refused->reason, row->reason);
        assert_true(fr_given_rebuilds(g));
        fr_given_free(&g);
        g = outer;
    }
}

/* ---- ends ---- */

static void
a_withdrawn_task_is_over_wherever_it_was(void **state)
{
    (void)state;
    request(1, 0);
    testing_withdraw(g, 1);
    assert_int_equal(fr_given_count(g), 1);
    assert_non_null(fr_given_find(g, FR_TASK_ENDED));
    available("ann");
    request(2, 0);
    request(3, 0);
    testing_withdraw(g, 2); /* on offer: taken back, and she gets the other one */
    assert_non_null(fr_given_body(g, 0, FR_OFFER_RESCINDED));
    assert_non_null(fr_given_body(g, 1, FR_TASK_ENDED));
    assert_offered(3, "ann");
    accept("ann", 3);
    testing_withdraw(g, 3);
    assert_non_null(fr_given_find(g, FR_TASK_ENDED));
    assert_int_equal(testing_agent(g, "ann").used, 0);
    testing_withdraw(g, 3);
    assert_int_equal(fr_given_count(g), 0);
}

static void
a_resolved_conversation_ends_all_its_tasks(void **state)
{
    Fr__TaskRequested second = testing_request(2, 0);

    (void)state;
    available("ann");
    request(1, 0);
    accept("ann", 1);
    second.conversation_id = CONVERSATION_OF(1);
    testing_send_request(g, &second, "acme");
    testing_resolve(g, 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 2);
    testing_resolve(g, 1);
    assert_int_equal(fr_given_count(g), 0);
    assert_int_equal(testing_agent(g, "ann").used, 0);
}

static void
work_is_finished_once_and_by_him_who_has_it(void **state)
{
    (void)state;
    available("ann");
    request(1, 0);
    testing_finish(g, "ann", 1); /* she has not accepted it yet */
    assert_int_equal(fr_given_count(g), 0);
    accept("ann", 1);
    testing_finish(g, "bob", 1);
    assert_int_equal(fr_given_count(g), 0);
    testing_finish(g, "ann", 1);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    testing_finish(g, "ann", 1);
    assert_int_equal(fr_given_count(g), 0);
}

/* ---- raising, rekeying ---- */

static void
a_warned_task_moves_up_once(void **state)
{
    const Fr__TaskRaised *raised;

    (void)state;
    fr_given_at(g, 1000);
    request(1, 500);
    request(2, 600);
    request(3, 100);
    testing_warn(g, 2);
    raised = fr_given_find(g, FR_TASK_RAISED);
    assert_int_equal(raised->order_us, testing_us(300));
    assert_string_equal(raised->reason, "moved up by 5m: first response is due in 1m");
    testing_warn(g, 2);
    assert_int_equal(fr_given_count(g), 0);
    available("bob");
    assert_offered(3, "bob");
    assert_offered(2, "bob");
    assert_offered(1, "bob");
    assert_true(fr_given_event(g, 2)->key == CONVERSATION_OF(2)); /* after the state and 3 */
}

static void
a_task_raised_on_offer_returns_to_its_new_place(void **state)
{
    (void)state;
    fr_given_at(g, 1000);
    available("ann");
    request(2, 600);
    request(1 + 2, 500);
    testing_warn(g, 2);
    assert_int_equal(fr_given_count_of(g, FR_TASK_RAISED), 1);
    away("ann");
    available("ann");
    assert_offered(2, "ann");
    accept("ann", 2);
    testing_warn(g, 2);
    assert_int_equal(fr_given_count(g), 0);
}

static void
a_task_follows_a_merged_customer(void **state)
{
    Fr__ConversationRekeyed rekeyed = FR__CONVERSATION_REKEYED__INIT;
    const Fr__OfferAccepted *accepted;

    (void)state;
    available("ann");
    request(1, 0);
    rekeyed.conversation_id = CONVERSATION_OF(1);
    rekeyed.from_customer = 0x200;
    rekeyed.to_customer = 0x111;
    fr_given_input(g, "conversations", CONVERSATION_OF(1), "acme", &rekeyed.base);
    assert_int_equal(fr_given_count_of(g, FR_TASK_REKEYED), 1);
    fr_given_input(g, "conversations", CONVERSATION_OF(1), "acme", &rekeyed.base);
    assert_int_equal(fr_given_count(g), 0);
    accept("ann", 1);
    accepted = fr_given_find(g, FR_OFFER_ACCEPTED);
    assert_int_equal(accepted->customer_id, 0x111);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_free_agent_is_offered_the_task_at_once),
        CASE(nobody_free_means_waiting_and_says_why),
        CASE(a_message_from_the_future_takes_its_place_now),
        CASE(the_agent_with_most_room_comes_first_then_the_longest_idle_then_the_name),
        CASE(equal_agents_go_by_name),
        CASE(capacity_is_never_exceeded),
        CASE(a_task_sent_twice_is_one_task_also_after_its_end),
        CASE(who_comes_free_takes_the_earliest_place),
        CASE(who_comes_free_is_filled_up),
        CASE(credit_overtakes_by_no_more_than_itself),
        CASE(an_accepted_task_is_his),
        CASE(a_declined_task_goes_to_somebody_else),
        CASE(the_only_one_is_asked_again_after_a_minute),
        CASE(somebody_else_comes_before_the_one_who_is_asked_again),
        CASE(an_unanswered_offer_expires_and_goes_to_somebody_else),
        CASE(who_lets_offers_expire_is_set_away_for_all_to_see),
        CASE(one_answer_starts_the_count_anew),
        CASE(who_is_set_away_gives_his_other_offers_back),
        CASE(late_and_foreign_answers_are_refused_with_the_reason),
        CASE(a_withdrawn_task_is_over_wherever_it_was),
        CASE(a_resolved_conversation_ends_all_its_tasks),
        CASE(work_is_finished_once_and_by_him_who_has_it),
        CASE(a_warned_task_moves_up_once),
        CASE(a_task_raised_on_offer_returns_to_its_new_place),
        CASE(a_task_follows_a_merged_customer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
