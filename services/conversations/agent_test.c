/* agent_test.c - agents take, answer, finish and lose a conversation: each rule, each input twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/conversations/play.h"

/* ---- OfferAccepted, TaskEnded ---- */

static void
test_the_agent_gets_the_customers_history(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__ConversationShared *shared;
    uint64_t task, first = play_served(given, 1, &task), second;

    (void)state;
    play_reply(given, first, "c1", "On its way.", false);
    play_finish(given, first, task, PLAY_OUTCOME(SOLVED));
    play_attach(given, 1, "login", "acme/ann");
    play_attach(given, 1, "login", "other/annie");
    play_attach(given, 1, "device", "d1");
    play_write(given, &(struct play_message){.customer = 1, .brand = "other", .text = "elsewhere"});
    fr_given_at(given, 100 * PLAY_HOUR);
    play_write(given,
               &(struct play_message){.customer = 1, .name = "Ann", .text = "Another thing"});
    second = play_conversation(given);
    task = play_task(given);
    assert_int_equal(play_accept(given, second, task, "ben", "tana"), 2);
    assert_non_null(fr_given_body(given, 0, FR_CONVERSATION_ASSIGNED));
    shared = fr_given_body(given, 1, FR_CONVERSATION_SHARED);
    assert_string_equal(fr_given_event(given, 1)->route, "site.tana");
    assert_string_equal(shared->customer_name, "Ann");
    assert_int_equal(shared->n_identifiers, 1);
    assert_string_equal(shared->identifiers[0], "login ann (verified)");
    assert_int_equal(shared->n_history, 2); /* what was said to the other brand is not told */
    assert_int_equal(shared->history[0]->conversation_id, second);
    assert_int_equal(shared->history[1]->conversation_id, first);
    assert_int_equal(shared->history[1]->outcome, PLAY_OUTCOME(SOLVED));
    assert_string_equal(shared->history[1]->last_agent, "ben");
    assert_int_equal(shared->history[1]->n_entries, 2);
    assert_string_equal(shared->history[1]->entries[0]->text, "Where is my order?");
    assert_string_equal(shared->history[1]->entries[1]->text, "On its way.");
    /* Sent twice. */
    assert_int_equal(play_accept(given, second, task, "ben", "tana"), 0);
    play_end(given);
}

static void
test_a_late_accept_changes_nothing(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
    assert_int_equal(play_accept(given, conversation, task, "eva", "home"), 0);
    assert_int_equal(play_accept(given, 4711, task, "eva", "home"), 0);
    assert_non_null(strstr(fr_given_rejected(given), "does not exist"));
    play_end(given);
}

static void
test_a_lost_task_is_asked_for_again_after_a_moment(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    assert_int_equal(play_task_ended(given, conversation, task), 1);
    assert_non_null(fr_given_body(given, 0, FR_TASK_END_NOTED));
    assert_int_equal(play_task_ended(given, conversation, task), 0); /* twice */
    fr_given_at(given, 4);
    assert_int_equal(fr_given_count(given), 0);
    fr_given_at(given, 6);
    assert_int_equal(fr_given_count(given), 1);
    asked = fr_given_body(given, 0, FR_TASK_REQUESTED);
    assert_int_equal(asked->arrived_us, PLAY_EPOCH_US + 5);
    assert_string_equal(asked->preview, "Where is my order?");
    assert_string_equal(asked->preferred_agent, "ben");
    play_end(given);
}

static void
test_a_task_lost_after_the_answer_is_not_asked_for_again(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    play_task_ended(given, conversation, task);
    fr_given_at(given, 60);
    assert_int_equal(fr_given_count(given), 0);
    /* The next message asks for somebody. */
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1}), 2);
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    play_end(given);
}

static void
test_work_finished_after_its_task_ended_still_counts(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_task_ended(given, conversation, task); /* routing was faster than the site's journal */
    assert_int_equal(play_finish(given, conversation, task, PLAY_OUTCOME(NO_ANSWER_NEEDED)), 1);
    fr_given_at(given, 60);
    assert_int_equal(fr_given_count(given), 0);
    play_end(given);
}

static void
test_the_task_ending_after_our_own_end_only_confirms(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
    assert_int_equal(play_task_ended(given, conversation, task), 0);
    play_end(given);
}

/* ---- AgentReplied ---- */

static void
test_the_answer_goes_out_on_the_channel_the_customer_chose_last(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__OutboundRequested *outbound;
    const Fr__MessageAdded *added;
    const Fr__EntryShared *shared;
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_write(given, &(struct play_message){.customer = 1,
                                             .channel = "channel_webform",
                                             .address = "t9",
                                             .external = "form-9",
                                             .subject = "Order"});
    assert_int_equal(play_reply(given, conversation, "c1", "On its way.", false), 3);
    added = fr_given_body(given, 0, FR_MESSAGE_ADDED);
    outbound = fr_given_body(given, 1, FR_OUTBOUND_REQUESTED);
    shared = fr_given_body(given, 2, FR_ENTRY_SHARED);
    assert_int_equal(added->entry->message_id, fr_given_event(given, 0)->id);
    assert_int_equal(added->entry->direction, FR__DIRECTION__TO_CUSTOMER);
    assert_string_equal(added->entry->author, "Ben");
    assert_int_equal(outbound->message_id, added->entry->message_id);
    assert_string_equal(outbound->channel, "channel_webform");
    assert_string_equal(outbound->address, "t9");
    assert_string_equal(outbound->in_reply_to, "form-9");
    assert_string_equal(outbound->subject, "Order");
    assert_string_equal(fr_given_event(given, 1)->route, "outbound.channel_webform");
    assert_string_equal(fr_given_event(given, 2)->route, "site.tana");
    assert_string_equal(shared->entry->client_id, "c1");
    /* Sent twice; and the same name in another conversation is another answer. */
    assert_int_equal(play_reply(given, conversation, "c1", "On its way.", false), 0);
    play_write(given, &(struct play_message){.customer = 2});
    assert_int_equal(play_reply(given, play_conversation(given), "c1", "Hi", false), 3);
    play_end(given);
}

static void
test_a_note_stays_among_colleagues(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    assert_int_equal(play_reply(given, conversation, "n1", "angry", true), 2);
    assert_int_equal(fr_given_count_of(given, FR_OUTBOUND_REQUESTED), 0);
    assert_int_equal(play_reply(given, conversation, "n1", "angry", true), 0);
    /* It is no answer: silence resolves nothing. */
    fr_given_at(given, 200 * PLAY_HOUR);
    assert_int_equal(fr_given_count_of(given, FR_CONVERSATION_RESOLVED), 0);
    play_end(given);
}

static void
test_a_reply_to_nothing_is_set_aside(void **state)
{
    struct fr_given *given = play_begin();

    (void)state;
    assert_int_equal(play_reply(given, 4711, "c1", "Hi", false), 0);
    assert_non_null(strstr(fr_given_rejected(given), "does not exist"));
    play_end(given);
}

/* ---- WorkFinished, silence ---- */

static void
test_the_agent_names_the_outcome(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__ConversationResolved *resolved;
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "Done.", false);
    assert_int_equal(play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED)), 1);
    resolved = fr_given_body(given, 0, FR_CONVERSATION_RESOLVED);
    assert_int_equal(resolved->outcome, PLAY_OUTCOME(SOLVED));
    assert_string_equal(resolved->agent, "ben");
    assert_string_equal(resolved->note, "done");
    assert_int_equal(play_finish(given, conversation, task, PLAY_OUTCOME(SPAM)), 0); /* twice */
    fr_given_at(given, 200 * PLAY_HOUR); /* the quiet time's timer went with it */
    assert_int_equal(fr_given_count(given), 0);
    play_end(given);
}

static void
test_what_he_had_not_seen_is_not_closed_with_his_outcome(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "Done.", false);
    play_write(given, &(struct play_message){.id = 77, .customer = 1});
    assert_int_equal(play_finish_having_seen(given, conversation, task, 1), 0);
    play_task_ended(given, conversation, task);
    fr_given_at(given, 10); /* so somebody is asked again */
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    play_end(given);
}

static void
test_an_answer_settles_only_what_its_author_had_seen(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);
    Fr__AgentReplied replied = FR__AGENT_REPLIED__INIT;

    (void)state;
    play_write(given, &(struct play_message){.id = 77, .customer = 1});
    replied.conversation_id = conversation;
    replied.agent = "ben";
    replied.site = "tana";
    replied.client_id = "c1";
    replied.text = "Done."; /* written before 77 was at his desk */
    replied.has_seen_message_id = true;
    replied.seen_message_id = 1;
    fr_given_input(given, "sites", conversation, "acme", &replied.base);
    assert_int_equal(play_finish_having_seen(given, conversation, task, 1), 0);
    play_task_ended(given, conversation, task);
    fr_given_at(given, 10);
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    play_end(given);
}

static void
test_what_he_had_seen_is_closed_with_his_outcome(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_write(given, &(struct play_message){.id = 77, .customer = 1});
    assert_int_equal(play_finish_having_seen(given, conversation, task, 77), 1);
    assert_non_null(fr_given_find(given, FR_CONVERSATION_RESOLVED));
    play_end(given);
}

static void
test_a_finish_for_an_earlier_task_is_too_late(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_task_ended(given, conversation, task);
    fr_given_at(given, 10); /* somebody else was asked */
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    assert_int_equal(play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED)), 0);
    play_end(given);
}

static void
test_silence_after_an_answer_is_an_outcome(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__ConversationResolved *resolved;
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    fr_given_at(given, 71 * PLAY_HOUR);
    play_write(given, &(struct play_message){.customer = 1}); /* stops it */
    fr_given_at(given, 80 * PLAY_HOUR);
    assert_int_equal(fr_given_count(given), 0);
    play_reply(given, conversation, "c2", "Tomorrow.", false);
    fr_given_at(given, 153 * PLAY_HOUR);
    assert_int_equal(fr_given_count(given), 1);
    resolved = fr_given_body(given, 0, FR_CONVERSATION_RESOLVED);
    assert_int_equal(resolved->conversation_id, conversation);
    assert_int_equal(resolved->outcome, PLAY_OUTCOME(ANSWERED));
    assert_string_equal(fr_given_event(given, 0)->brand, "acme");
    play_end(given);
}

static void
test_an_unanswered_conversation_never_ends_by_itself(void **state)
{
    struct fr_given *given = play_begin();

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    fr_given_at(given, 10000 * PLAY_HOUR);
    assert_int_equal(fr_given_count(given), 0);
    play_end(given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_agent_gets_the_customers_history),
        cmocka_unit_test(test_a_late_accept_changes_nothing),
        cmocka_unit_test(test_a_lost_task_is_asked_for_again_after_a_moment),
        cmocka_unit_test(test_a_task_lost_after_the_answer_is_not_asked_for_again),
        cmocka_unit_test(test_work_finished_after_its_task_ended_still_counts),
        cmocka_unit_test(test_the_task_ending_after_our_own_end_only_confirms),
        cmocka_unit_test(test_the_answer_goes_out_on_the_channel_the_customer_chose_last),
        cmocka_unit_test(test_a_note_stays_among_colleagues),
        cmocka_unit_test(test_a_reply_to_nothing_is_set_aside),
        cmocka_unit_test(test_the_agent_names_the_outcome),
        cmocka_unit_test(test_what_he_had_not_seen_is_not_closed_with_his_outcome),
        cmocka_unit_test(test_an_answer_settles_only_what_its_author_had_seen),
        cmocka_unit_test(test_what_he_had_seen_is_closed_with_his_outcome),
        cmocka_unit_test(test_a_finish_for_an_earlier_task_is_too_late),
        cmocka_unit_test(test_silence_after_an_answer_is_an_outcome),
        cmocka_unit_test(test_an_unanswered_conversation_never_ends_by_itself),
    };

    return cmocka_run_group_tests_name("conversations: agents", tests, NULL, NULL);
}
