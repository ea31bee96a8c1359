/* outcome_test.c - promises about to break, and deliveries: each rule, each input twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/conversations/play.h"

/* ---- TargetWarned ---- */

static void
test_the_customer_is_told_once_before_the_promise_breaks(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__OutboundRequested *outbound;
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1, .language = "fr-FR"});
    conversation = play_conversation(given);
    assert_int_equal(play_warn(given, conversation, 5), 2);
    outbound = fr_given_find(given, FR_OUTBOUND_REQUESTED);
    assert_int_equal(outbound->direction, FR__DIRECTION__NOTICE);
    assert_non_null(strstr(outbound->text, "Merci"));
    assert_int_equal(play_warn(given, conversation, 5), 0); /* twice */
    assert_int_equal(play_warn(given, conversation, 6), 2); /* another promise */
    play_end(given);
}

static void
test_the_site_sees_the_notice_too(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    assert_int_equal(play_warn(given, conversation, 5), 3);
    assert_string_equal(play_head_of(given, FR_ENTRY_SHARED)->route, "site.tana");
    play_end(given);
}

static void
test_who_has_his_answer_is_not_warned(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    assert_int_equal(play_warn(given, conversation, 5), 0);
    play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
    assert_int_equal(play_warn(given, conversation, 6), 0);
    play_end(given);
}

static void
test_a_notice_is_not_an_answer(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    play_warn(given, conversation, 5);
    fr_given_at(given, 200 * PLAY_HOUR);
    assert_int_equal(fr_given_count(given), 0);
    play_end(given);
}

/* ---- DeliveryChanged ---- */

static void
test_ticks_reach_the_agent_and_only_news_counts(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__EntryShared *shared;
    uint64_t task, conversation = play_served(given, 1, &task), answer;

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    answer = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__SENT, "wamid.1"), 2);
    shared = fr_given_find(given, FR_ENTRY_SHARED);
    assert_int_equal(shared->entry->message_id, answer);
    assert_int_equal(shared->entry->delivery, FR__DELIVERY_STATE__SENT);
    assert_int_equal(play_delivery(given, conversation, answer, FR__DELIVERY_STATE__SENT, NULL), 0);
    assert_int_equal(play_delivery(given, conversation, answer, FR__DELIVERY_STATE__READ, NULL), 2);
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__DELIVERED, NULL), 0);
    assert_int_equal(play_delivery(given, conversation, 4711, FR__DELIVERY_STATE__SENT, NULL), 0);
    assert_non_null(strstr(fr_given_rejected(given), "never sent"));
    play_end(given);
}

static void
test_an_undelivered_answer_opens_the_matter_again(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = play_served(given, 1, &task), answer;

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    answer = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL), 3);
    assert_non_null(fr_given_body(given, 0, FR_DELIVERY_NOTED));
    assert_non_null(fr_given_body(given, 1, FR_CONVERSATION_REOPENED));
    asked = fr_given_body(given, 2, FR_TASK_REQUESTED);
    assert_string_equal(asked->preview, "Not delivered (mailbox full): On its way.");
    assert_string_equal(asked->preferred_agent, "ben");
    task = asked->task_id;
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL), 0);
    /* The agent tries once more, then gives up: that is an outcome, and a late bounce leaves it. */
    play_accept(given, conversation, task, "ben", "tana");
    play_reply(given, conversation, "c2", "On its way!", false);
    answer = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    play_finish(given, conversation, task, PLAY_OUTCOME(NOT_DELIVERABLE));
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL), 1);
    play_end(given);
}

static void
test_undelivered_while_the_agent_has_it_shows_and_ends_as_such(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__ConversationResolved *resolved;
    const Fr__EntryShared *shared;
    uint64_t task, conversation = play_served(given, 1, &task), answer;

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    answer = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL), 2);
    shared = fr_given_find(given, FR_ENTRY_SHARED);
    assert_int_equal(shared->entry->delivery, FR__DELIVERY_STATE__UNDELIVERED);
    fr_given_at(given, 73 * PLAY_HOUR);
    resolved = fr_given_find(given, FR_CONVERSATION_RESOLVED);
    assert_int_equal(resolved->outcome, PLAY_OUTCOME(NOT_DELIVERABLE));
    play_end(given);
}

static void
test_a_bounce_stays_somebodys_task_until_it_is_answered(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task), answer;

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    answer = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    play_task_ended(given, conversation, task);
    play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL);
    task = play_task(given);
    assert_int_not_equal(task, 0);
    play_accept(given, conversation, task, "eva", "home");
    play_task_ended(given, conversation, task); /* her site falls silent too */
    fr_given_at(given, 60);
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    fr_given_at(given, 200 * PLAY_HOUR); /* and silence is no outcome: the customer has nothing */
    assert_int_equal(fr_given_count(given), 0);
    play_end(given);
}

static void
test_an_undelivered_notice_asks_nobody(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t conversation, notice;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    play_warn(given, conversation, 5);
    notice = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    assert_int_equal(
        play_delivery(given, conversation, notice, FR__DELIVERY_STATE__UNDELIVERED, NULL), 1);
    play_end(given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_customer_is_told_once_before_the_promise_breaks),
        cmocka_unit_test(test_the_site_sees_the_notice_too),
        cmocka_unit_test(test_who_has_his_answer_is_not_warned),
        cmocka_unit_test(test_a_notice_is_not_an_answer),
        cmocka_unit_test(test_ticks_reach_the_agent_and_only_news_counts),
        cmocka_unit_test(test_an_undelivered_answer_opens_the_matter_again),
        cmocka_unit_test(test_undelivered_while_the_agent_has_it_shows_and_ends_as_such),
        cmocka_unit_test(test_a_bounce_stays_somebodys_task_until_it_is_answered),
        cmocka_unit_test(test_an_undelivered_notice_asks_nobody),
    };

    return cmocka_run_group_tests_name("conversations: outcomes", tests, NULL, NULL);
}
