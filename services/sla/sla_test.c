/* sla_test.c - given, when, then: what starts a promise, keeps it, warns of it and breaks it. */
#include "services/sla/sla_testing.h"

static json_t *
explained(void)
{
    json_t *args = json_pack("{s:s}", "conversation", "300");
    json_t *answer = fr_given_query(g, "sla.explain", args);

    json_decref(args);
    assert_non_null(answer);
    return answer;
}

static void
assert_verdict(size_t index, const char *state)
{
    json_t *answer = explained();
    json_t *target = json_array_get(json_object_get(answer, "targets"), index);

    assert_string_equal(json_string_value(json_object_get(target, "state")), state);
    json_decref(answer);
}

/* ---- arming ---- */

static void
the_first_message_starts_a_first_response(void **state)
{
    const Fr__TargetArmed *armed;

    (void)state;
    HEARD(10);
    assert_int_equal(news(), 1);
    armed = news_body(0, FR_TARGET_ARMED);
    assert_non_null(armed);
    assert_int_equal(armed->kind, FR__TARGET_KIND__FIRST_RESPONSE);
    assert_int_equal(armed->target_id, fr_given_event(g, news() == fr_given_count(g) ? 0 : 1)->id);
    assert_int_equal(armed->started_us, second(10));
    assert_int_equal(armed->due_us, second(310));
    assert_int_equal(armed->warn_us, second(250));
    assert_string_equal(armed->reason,
                        "policy acme: first response within 5m (24/7): 2027-01-15T08:00:10.000000Z "
                        "+ 5m = 2027-01-15T08:05:10.000000Z");
}

static void
the_clock_runs_from_the_moment_the_channel_had_it(void **state)
{
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
    const Fr__TargetArmed *armed;
    Fr__Entry entry = FR__ENTRY__INIT;

    (void)state;
    fr_given_at(g, 100);
    entry.message_id = 1;
    entry.direction = FR__DIRECTION__FROM_CUSTOMER;
    entry.channel = "channel_webchat";
    entry.account = entry.address = entry.text = "x";
    entry.at_us = second(99);
    entry.has_received_us = 1;
    entry.received_us = second(40);
    added.conversation_id = CONVERSATION;
    added.customer_id = CUSTOMER;
    added.entry = &entry;
    added.reason = "test";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &added.base);
    armed = fr_given_find(g, FR_TARGET_ARMED);
    assert_int_equal(armed->started_us, second(40));
    assert_int_equal(armed->due_us, second(340));
}

static void
a_message_from_the_future_counts_from_now(void **state)
{
    const Fr__TargetArmed *armed;

    (void)state;
    fr_given_at(g, 5);
    said_on(FR__DIRECTION__FROM_CUSTOMER, 500, "channel_webchat", "acme", 1);
    armed = fr_given_find(g, FR_TARGET_ARMED);
    assert_int_equal(armed->started_us, second(5));
}

static void
later_messages_do_not_move_the_deadline(void **state)
{
    (void)state;
    HEARD(10);
    HEARD(20);
    assert_int_equal(news(), 0);
    HEARD(200);
    assert_int_equal(news(), 0);
}

static void
after_an_answer_it_is_the_next_response(void **state)
{
    const Fr__TargetArmed *armed;

    (void)state;
    HEARD(0);
    SPOKE(30);
    HEARD(100);
    armed = fr_given_find(g, FR_TARGET_ARMED);
    assert_int_equal(armed->kind, FR__TARGET_KIND__NEXT_RESPONSE);
    assert_int_equal(armed->due_us, second(700));
}

static void
an_agent_who_spoke_first_is_owed_a_next_response(void **state)
{
    const Fr__TargetArmed *armed;
    const Fr__ConversationMarked *marked;

    (void)state;
    SPOKE(0);
    marked = fr_given_find(g, FR_CONVERSATION_MARKED);
    assert_true(marked->answered);
    SPOKE(1);
    assert_int_equal(news(), 0);
    HEARD(10);
    armed = fr_given_find(g, FR_TARGET_ARMED);
    assert_int_equal(armed->kind, FR__TARGET_KIND__NEXT_RESPONSE);
}

struct policy_case {
    const char *claim, *channel, *brand;
    bool complaint;
    const char *policy; /* NULL: nothing is promised */
    int due_s, warn_s;
};

/* clang-format off */
static const struct policy_case policy_cases[] = {
    { "a complaint has its own policy, whatever the channel", "channel_webform", "other", true,  "complaints", 120,  60 },
    { "the first policy that holds applies",                  "channel_webform", "acme",  false, "forms",     3600, 3000 },
    { "brand decides",                                        "channel_webchat", "acme",  false, "acme",       300, 240 },
    { "what no policy covers is not promised",                "channel_webchat", "other", false, NULL,           0,   0 },
};
/* clang-format on */

static void
policies_apply_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(policy_cases) / sizeof(policy_cases[0]); i++) {
        const struct policy_case *row = &policy_cases[i];
        struct fr_given *outer = g;
        const Fr__TargetArmed *armed;

        print_message("  %s\n", row->claim);
        g = fr_given_new(&sla_stage, yaml);
        if (row->complaint)
            opened(true);
        said_on(FR__DIRECTION__FROM_CUSTOMER, 0, row->channel, row->brand, 1);
        armed = fr_given_find(g, FR_TARGET_ARMED);
        assert_int_equal(armed != NULL, row->policy != NULL);
        if (armed != NULL) {
            assert_string_equal(armed->policy, row->policy);
            assert_int_equal(armed->due_us, second(row->due_s));
            assert_int_equal(armed->warn_us, second(row->warn_s));
        }
        assert_true(fr_given_rebuilds(g));
        fr_given_free(&g);
        g = outer;
    }
}

static void
a_complaint_is_marked_once(void **state)
{
    (void)state;
    opened(true);
    assert_int_equal(fr_given_count_of(g, FR_CONVERSATION_MARKED), 1);
    opened(true);
    assert_int_equal(fr_given_count(g), 0);
}

/* ---- meeting ---- */

static void
a_reply_meets_the_target(void **state)
{
    const Fr__TargetMet *met;

    (void)state;
    HEARD(10);
    SPOKE(70);
    assert_int_equal(news(), 1);
    met = fr_given_find(g, FR_TARGET_MET);
    assert_int_equal(met->elapsed_us, 60 * SECOND);
    assert_string_equal(met->reason, "answered after 1m, 4m before the deadline");
    fr_given_at(g, 10000);
    assert_int_equal(news(), 0);
    assert_verdict(0, "met");
}

static void
a_reply_at_the_deadline_is_in_time(void **state)
{
    (void)state;
    HEARD(0);
    fr_given_at(g, 299.999999);
    said_on(FR__DIRECTION__TO_CUSTOMER, 300, "channel_webchat", "acme", 9);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_MET), 1);
}

static void
notes_and_notices_meet_nothing(void **state)
{
    (void)state;
    HEARD(0);
    said(FR__DIRECTION__NOTE, 10);
    assert_int_equal(news(), 0);
    said(FR__DIRECTION__NOTICE, 20);
    assert_int_equal(news(), 0);
    SPOKE(30);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_MET), 1);
    said(FR__DIRECTION__NOTE, 40);
    assert_int_equal(news(), 0);
}

/* ---- warning and breaking ---- */

static void
a_warning_comes_once_and_before_the_breach(void **state)
{
    const Fr__TargetWarned *warned;
    const Fr__TargetBreached *breached;

    (void)state;
    HEARD(0);
    fr_given_at(g, 239.9);
    assert_int_equal(news(), 0);
    fr_given_at(g, 241);
    assert_int_equal(news(), 1);
    warned = fr_given_find(g, FR_TARGET_WARNED);
    assert_int_equal(warned->due_us, second(300));
    assert_int_equal(fr_given_event(g, 0)->time_us, second(240));
    assert_int_equal(fr_given_event(g, 0)->key, CONVERSATION);
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    fr_given_at(g, 299.9);
    assert_int_equal(news(), 0);
    fr_given_at(g, 300);
    assert_int_equal(news(), 1);
    breached = fr_given_find(g, FR_TARGET_BREACHED);
    assert_string_equal(breached->cause, "nobody had been asked: routing knew no task for it");
    fr_given_at(g, 599.9); /* he was told 300 s more */
    assert_int_equal(news(), 0);
    fr_given_at(g, 5000);
    assert_int_equal(fr_given_count_of(g, FR_SUPERVISOR_ALERTED), 1);
    warned = fr_given_find(g, FR_TARGET_WARNED);
    assert_true(warned->alert);
    assert_false(warned->tell);
    assert_int_equal(news(), 2);
    fr_given_at(g, 9000);
    assert_int_equal(news(), 0);
}

static void
a_breach_stays_a_breach_when_it_is_answered(void **state)
{
    const Fr__TargetAnsweredLate *late;
    json_t *breaches;

    (void)state;
    HEARD(0);
    fr_given_at(g, 300);
    HEARD(400);
    assert_int_equal(news(), 0);
    SPOKE(420);
    assert_int_equal(news(), 1);
    late = fr_given_find(g, FR_TARGET_ANSWERED_LATE);
    assert_int_equal(late->late_us, 120 * SECOND);
    assert_verdict(0, "breached");
    breaches = fr_given_query(g, "sla.breaches", NULL);
    assert_int_equal(json_array_size(json_object_get(breaches, "items")), 1);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(breaches, "items"), 0), "late")),
                        "2m");
    json_decref(breaches);
    SPOKE(430);
    assert_int_equal(news(), 0);
    HEARD(440);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_ARMED), 1);
}

static void
after_an_outage_the_customer_is_told_and_the_breach_recorded(void **state)
{
    (void)state;
    fr_given_at(g, 4000);
    said_on(FR__DIRECTION__FROM_CUSTOMER, 10, "channel_webchat", "acme", 1);
    assert_int_equal(news(), 1);
    fr_given_at(g, 4000.001);
    assert_int_equal(news(), 2);
    assert_non_null(news_body(0, FR_TARGET_WARNED));
    assert_non_null(news_body(1, FR_TARGET_BREACHED));
    fr_given_at(g, 9000);
    assert_int_equal(fr_given_count_of(g, FR_SUPERVISOR_ALERTED), 1);
    assert_int_equal(news(), 2);
}

static void
the_customer_is_told_once_however_many_steps_say_so(void **state)
{
    static const char two_steps[] = "sla:\n  policies:\n    - name: p\n      first_response: 100s\n"
                                    "      steps: [{at: 50%, do: [tell]}, {at: 75%, do: [tell, "
                                    "raise]}, {at: due, do: [tell]}]\n";
    struct fr_given *outer = g;
    const Fr__TargetWarned *warned;

    (void)state;
    g = fr_given_new(&sla_stage, two_steps);
    HEARD(0);
    fr_given_at(g, 50);
    warned = fr_given_find(g, FR_TARGET_WARNED);
    assert_true(warned->tell);
    fr_given_at(g, 75);
    warned = fr_given_find(g, FR_TARGET_WARNED);
    assert_false(warned->tell);
    assert_true(warned->raise);
    fr_given_at(g, 100);
    assert_non_null(news_body(0, FR_TARGET_BREACHED));
    warned = fr_given_find(g, FR_TARGET_WARNED);
    assert_false(warned->tell);
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
    g = outer;
}

/* An answer that outruns the deadline's timer is judged by the deadline. */
static void
an_answer_after_the_deadline_is_late_before_the_timer_says_so(void **state)
{
    (void)state;
    fr_given_at(g, 4000);
    said_on(FR__DIRECTION__FROM_CUSTOMER, 10, "channel_webchat", "acme", 1);
    said_on(FR__DIRECTION__TO_CUSTOMER, 4000, "channel_webchat", "acme", 2);
    assert_int_equal(news(), 2);
    assert_non_null(news_body(0, FR_TARGET_BREACHED));
    assert_non_null(news_body(1, FR_TARGET_ANSWERED_LATE));
    fr_given_at(g, 9000);
    assert_int_equal(news(), 0);
}

/* ---- ending, moving, repeating ---- */

static void
a_resolved_conversation_owes_nothing(void **state)
{
    (void)state;
    HEARD(0);
    resolved();
    assert_int_equal(fr_given_count_of(g, FR_TARGET_CANCELLED), 1);
    fr_given_at(g, 1000);
    assert_int_equal(news(), 0);
    resolved();
    assert_int_equal(news(), 0);
    assert_verdict(0, "cancelled");
}

static void
who_comes_back_unanswered_is_owed_a_first_response_again(void **state)
{
    const Fr__TargetArmed *armed;

    (void)state;
    HEARD(0);
    resolved();
    HEARD(1000);
    armed = fr_given_find(g, FR_TARGET_ARMED);
    assert_int_equal(armed->kind, FR__TARGET_KIND__FIRST_RESPONSE);
    assert_int_equal(armed->due_us, second(1300));
}

static void
a_resolved_breach_stays_and_waits_no_longer(void **state)
{
    (void)state;
    HEARD(0);
    fr_given_at(g, 400);
    resolved();
    assert_int_equal(news(), 0);
    assert_non_null(fr_given_find(g, FR_CONVERSATION_MARKED));
    assert_verdict(0, "breached");
    HEARD(500);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_ARMED), 1);
}

static void
the_promise_follows_a_merged_customer(void **state)
{
    Fr__ConversationRekeyed event = FR__CONVERSATION_REKEYED__INIT;
    json_t *answer;

    (void)state;
    event.conversation_id = CONVERSATION;
    event.from_customer = CUSTOMER;
    event.to_customer = 0x111;
    fr_given_input(g, "conversations", CONVERSATION, "acme", &event.base);
    assert_int_equal(news(), 0);
    HEARD(0);
    fr_given_at(g, 100);
    fr_given_input(g, "conversations", CONVERSATION, "acme", &event.base);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_REKEYED), 1);
    fr_given_input(g, "conversations", CONVERSATION, "acme", &event.base);
    assert_int_equal(news(), 0);
    answer = explained();
    assert_string_equal(json_string_value(json_object_get(answer, "customer")), "0000000000000111");
    json_decref(answer);
    fr_given_at(g, 240);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_WARNED), 1);
}

/* The same record again, as a peer sends it after a broken link. */
static void
messages_sent_twice_count_once(void **state)
{
    uint64_t heard_record, other_record, spoke_record;

    (void)state;
    HEARD(0);
    heard_record = fr_given_input_id(g);
    HEARD(5);
    other_record = fr_given_input_id(g);
    SPOKE(10);
    spoke_record = fr_given_input_id(g);
    fr_given_next_input_id(g, heard_record);
    said_on(FR__DIRECTION__FROM_CUSTOMER, 0, "channel_webchat", "acme", 0x1001);
    assert_int_equal(news(), 0);
    fr_given_next_input_id(g, other_record);
    said_on(FR__DIRECTION__FROM_CUSTOMER, 5, "channel_webchat", "acme", 0x1002);
    assert_int_equal(news(), 0);
    fr_given_next_input_id(g, spoke_record);
    said_on(FR__DIRECTION__TO_CUSTOMER, 10, "channel_webchat", "acme", 0x1003);
    assert_int_equal(news(), 0);
    /* and the message that armed the target, in a record of its own */
    said_on(FR__DIRECTION__FROM_CUSTOMER, 0, "channel_webchat", "acme", 0x1001);
    assert_int_equal(news(), 0);
    HEARD(20);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_ARMED), 1);
}

/* ---- queries ---- */

static void
the_next_deadline_stands_first(void **state)
{
    json_t *answer, *items;

    (void)state;
    HEARD(0);
    fr_given_at(g, 10);
    for (uint64_t i = 1; i <= 3; i++) {
        Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
        Fr__Entry entry = FR__ENTRY__INIT;

        entry.message_id = i;
        entry.direction = FR__DIRECTION__FROM_CUSTOMER;
        entry.channel = "channel_webchat";
        entry.account = entry.address = entry.text = "x";
        entry.at_us = second(10.0 - (double)i);
        added.conversation_id = CONVERSATION + i;
        added.customer_id = CUSTOMER;
        added.entry = &entry;
        added.reason = "test";
        fr_given_input(g, "conversations", CONVERSATION + i, "acme", &added.base);
    }
    answer = fr_given_query(g, "sla.due", NULL);
    items = json_object_get(answer, "items");
    assert_int_equal(json_array_size(items), 4);
    for (size_t i = 1; i < 4; i++)
        assert_true(strcmp(json_string_value(json_object_get(json_array_get(items, i - 1), "due")),
                           json_string_value(json_object_get(json_array_get(items, i), "due"))) <
                    0);
    json_decref(answer);
    answer = fr_given_query(g, "sla.stats", NULL);
    items = json_array_get(json_object_get(answer, "items"), 0);
    assert_int_equal(json_integer_value(json_object_get(items, "open")), 4);
    json_decref(answer);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_first_message_starts_a_first_response),
        CASE(the_clock_runs_from_the_moment_the_channel_had_it),
        CASE(a_message_from_the_future_counts_from_now),
        CASE(later_messages_do_not_move_the_deadline),
        CASE(after_an_answer_it_is_the_next_response),
        CASE(an_agent_who_spoke_first_is_owed_a_next_response),
        CASE(policies_apply_in_order),
        CASE(a_complaint_is_marked_once),
        CASE(a_reply_meets_the_target),
        CASE(a_reply_at_the_deadline_is_in_time),
        CASE(notes_and_notices_meet_nothing),
        CASE(a_warning_comes_once_and_before_the_breach),
        CASE(a_breach_stays_a_breach_when_it_is_answered),
        CASE(the_customer_is_told_once_however_many_steps_say_so),
        CASE(after_an_outage_the_customer_is_told_and_the_breach_recorded),
        CASE(an_answer_after_the_deadline_is_late_before_the_timer_says_so),
        CASE(a_resolved_conversation_owes_nothing),
        CASE(who_comes_back_unanswered_is_owed_a_first_response_again),
        CASE(a_resolved_breach_stays_and_waits_no_longer),
        CASE(the_promise_follows_a_merged_customer),
        CASE(messages_sent_twice_count_once),
        CASE(the_next_deadline_stands_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
