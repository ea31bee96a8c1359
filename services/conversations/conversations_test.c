/* conversations_test.c - given these events, when this arrives, then these events: each input, each
 * rule, each input twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/conversations/conversations.h"
#include "services/conversations/play.h"

#define HOUR 3600.0
#define OUTCOME(name) FR__OUTCOME__##name

static struct fr_given *
begin(void)
{
    return fr_given_new(&conversations_stage, "");
}

static void
end(struct fr_given *given)
{
    json_t *ignored = fr_given_query(given, "conversations.ignored", NULL);

    assert_int_equal(json_array_size(json_object_get(ignored, "items")), 0);
    json_decref(ignored);
    assert_true(fr_given_rebuilds(given));
    fr_given_free(&given);
}

static const struct fr_record_head *
head_of(const struct fr_given *given, uint32_t kind)
{
    for (size_t i = 0; i < fr_given_count(given); i++)
        if (fr_given_event(given, i)->kind == kind)
            return fr_given_event(given, i);
    fail_msg("no %s", fr_kind_name(kind));
    return NULL;
}

/* One customer's conversation that Ben at site tana has accepted. */
static uint64_t
served(struct fr_given *given, uint64_t customer, uint64_t *task)
{
    uint64_t conversation;

    play_write(given, &(struct play_message){.customer = customer, .text = "Where is my order?"});
    conversation = play_conversation(given);
    *task = play_task(given);
    assert_int_equal(play_accept(given, conversation, *task, "ben", "tana"), 2);
    return conversation;
}

/* ---- MessageIdentified ---- */

static void
test_a_first_message_opens_and_asks_for_an_agent(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationOpened *opened;
    const Fr__TaskRequested *task;
    const Fr__MessageAdded *added;

    (void)state;
    assert_int_equal(play_write(given, &(struct play_message){.id = 77,
                                                              .customer = 1,
                                                              .name = "Ann",
                                                              .language = "fr",
                                                              .text = " Hello\nthere "}),
                     3);
    opened = fr_given_body(given, 0, FR_CONVERSATION_OPENED);
    added = fr_given_body(given, 1, FR_MESSAGE_ADDED);
    task = fr_given_body(given, 2, FR_TASK_REQUESTED);
    assert_int_equal(opened->conversation_id, fr_given_event(given, 0)->id);
    assert_int_equal(added->conversation_id, opened->conversation_id);
    assert_int_equal(added->entry->message_id, 77);
    assert_int_equal(added->entry->direction, FR__DIRECTION__FROM_CUSTOMER);
    assert_int_equal(added->entry->received_us, PLAY_EPOCH_US + 5);
    assert_int_equal(task->task_id, fr_given_event(given, 2)->id);
    assert_int_equal(task->arrived_us, PLAY_EPOCH_US + 5);
    assert_string_equal(task->preview, "Hello there");
    assert_string_equal(task->customer_name, "Ann");
    assert_string_equal(task->language, "fr");
    assert_null(task->preferred_agent);
    assert_int_equal(fr_given_event(given, 1)->key, opened->conversation_id);
    assert_string_equal(fr_given_event(given, 2)->brand, "acme");
    end(given);
}

static void
test_a_message_sent_twice_is_added_once(void **state)
{
    struct fr_given *given = begin();
    const struct play_message message = {.id = 77, .customer = 1};

    (void)state;
    assert_int_equal(play_write(given, &message), 3);
    assert_int_equal(play_write(given, &message), 0);
    end(given);
}

static void
test_a_second_message_waits_with_the_first(void **state)
{
    struct fr_given *given = begin();
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1}), 1);
    assert_int_equal(play_conversation(given), conversation);
    end(given);
}

static void
test_another_channel_is_the_same_conversation_and_a_switch(void **state)
{
    struct fr_given *given = begin();
    const Fr__ChannelSwitched *switched;
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    assert_int_equal(
        play_write(given, &(struct play_message){.customer = 1, .channel = "channel_webform"}), 2);
    assert_int_equal(play_conversation(given), conversation);
    switched = fr_given_body(given, 0, FR_CHANNEL_SWITCHED);
    assert_string_equal(switched->from, "channel_webchat");
    assert_string_equal(switched->to, "channel_webform");
    assert_true(switched->by_customer);
    end(given);
}

static void
test_another_brand_is_another_conversation(void **state)
{
    struct fr_given *given = begin();
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1, .brand = "other"}), 3);
    assert_int_not_equal(play_conversation(given), conversation);
    end(given);
}

static void
test_an_unverified_message_joins_nothing_proven(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationShared *shared;
    uint64_t proven, unproven, task;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1, .text = "my secret"});
    proven = play_conversation(given);
    play_attach(given, 1, "login", "acme/ann");
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1, .unverified = true}),
                     3);
    unproven = play_conversation(given);
    task = play_task(given);
    assert_int_not_equal(unproven, proven);
    play_write(given, &(struct play_message){.customer = 1, .unverified = true});
    assert_int_equal(play_conversation(given), unproven);
    play_write(given, &(struct play_message){.customer = 1});
    assert_int_equal(play_conversation(given), proven);
    /* The agent sees what the unproven word said, and nothing of the customer whose name it used.
     */
    play_accept(given, unproven, task, "ben", "tana");
    shared = fr_given_find(given, FR_CONVERSATION_SHARED);
    assert_int_equal(shared->n_history, 1);
    assert_int_equal(shared->history[0]->conversation_id, unproven);
    assert_int_equal(shared->history[0]->n_entries, 2);
    assert_true(shared->history[0]->entries[0]->unverified);
    assert_int_equal(shared->n_identifiers, 0);
    end(given);
}

static void
test_while_an_agent_has_it_new_messages_go_to_his_site(void **state)
{
    struct fr_given *given = begin();
    const Fr__EntryShared *shared;
    uint64_t task;

    (void)state;
    served(given, 1, &task);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1, .text = "Hello?"}), 2);
    shared = fr_given_find(given, FR_ENTRY_SHARED);
    assert_string_equal(shared->entry->text, "Hello?");
    assert_string_equal(head_of(given, FR_ENTRY_SHARED)->route, "site.tana");
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 0);
    end(given);
}

static void
test_back_within_the_reopening_time_the_same_agent_is_preferred(void **state)
{
    struct fr_given *given = begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, OUTCOME(SOLVED));
    fr_given_at(given, 71 * HOUR);
    assert_int_equal(
        play_write(given, &(struct play_message){.customer = 1, .channel = "channel_webform"}), 4);
    assert_int_equal(play_conversation(given), conversation);
    assert_non_null(fr_given_body(given, 0, FR_CONVERSATION_REOPENED));
    assert_non_null(fr_given_body(given, 1, FR_CHANNEL_SWITCHED));
    asked = fr_given_find(given, FR_TASK_REQUESTED);
    assert_string_equal(asked->preferred_agent, "ben");
    assert_int_not_equal(asked->task_id, task);
    end(given);
}

static void
test_later_it_is_a_new_matter_with_the_same_agent_preferred(void **state)
{
    struct fr_given *given = begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, OUTCOME(SOLVED));
    fr_given_at(given, 73 * HOUR);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1}), 3);
    assert_int_not_equal(play_conversation(given), conversation);
    asked = fr_given_find(given, FR_TASK_REQUESTED);
    assert_string_equal(asked->preferred_agent, "ben");
    end(given);
}

static void
test_spam_is_not_reopened(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, OUTCOME(SPAM));
    play_write(given, &(struct play_message){.customer = 1});
    assert_int_not_equal(play_conversation(given), conversation);
    end(given);
}

static void
test_what_does_not_decode_is_set_aside(void **state)
{
    struct fr_given *given = begin();

    (void)state;
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1, .text = "\xff"}), 0);
    assert_string_equal(fr_given_rejected(given), "MessageIdentified does not decode");
    end(given);
}

/* ---- OfferAccepted, TaskEnded ---- */

static void
test_the_agent_gets_the_customers_history(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationShared *shared;
    uint64_t task, first = served(given, 1, &task), second;

    (void)state;
    play_reply(given, first, "c1", "On its way.", false);
    play_finish(given, first, task, OUTCOME(SOLVED));
    play_attach(given, 1, "login", "acme/ann");
    play_attach(given, 1, "login", "other/annie");
    play_attach(given, 1, "device", "d1");
    play_write(given, &(struct play_message){.customer = 1, .brand = "other", .text = "elsewhere"});
    fr_given_at(given, 100 * HOUR);
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
    assert_int_equal(shared->history[1]->outcome, OUTCOME(SOLVED));
    assert_string_equal(shared->history[1]->last_agent, "ben");
    assert_int_equal(shared->history[1]->n_entries, 2);
    assert_string_equal(shared->history[1]->entries[0]->text, "Where is my order?");
    assert_string_equal(shared->history[1]->entries[1]->text, "On its way.");
    /* Sent twice. */
    assert_int_equal(play_accept(given, second, task, "ben", "tana"), 0);
    end(given);
}

static void
test_a_late_accept_changes_nothing(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, OUTCOME(SOLVED));
    assert_int_equal(play_accept(given, conversation, task, "eva", "home"), 0);
    assert_int_equal(play_accept(given, 4711, task, "eva", "home"), 0);
    assert_non_null(strstr(fr_given_rejected(given), "does not exist"));
    end(given);
}

static void
test_a_lost_task_is_asked_for_again_after_a_moment(void **state)
{
    struct fr_given *given = begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = served(given, 1, &task);

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
    end(given);
}

static void
test_a_task_lost_after_the_answer_is_not_asked_for_again(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    play_task_ended(given, conversation, task);
    fr_given_at(given, 60);
    assert_int_equal(fr_given_count(given), 0);
    /* The next message asks for somebody. */
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1}), 2);
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    end(given);
}

static void
test_work_finished_after_its_task_ended_still_counts(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_task_ended(given, conversation, task); /* routing was faster than the site's journal */
    assert_int_equal(play_finish(given, conversation, task, OUTCOME(NO_ANSWER_NEEDED)), 1);
    fr_given_at(given, 60);
    assert_int_equal(fr_given_count(given), 0);
    end(given);
}

static void
test_the_task_ending_after_our_own_end_only_confirms(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, OUTCOME(SOLVED));
    assert_int_equal(play_task_ended(given, conversation, task), 0);
    end(given);
}

/* ---- AgentReplied ---- */

static void
test_the_answer_goes_out_on_the_channel_the_customer_chose_last(void **state)
{
    struct fr_given *given = begin();
    const Fr__OutboundRequested *outbound;
    const Fr__MessageAdded *added;
    const Fr__EntryShared *shared;
    uint64_t task, conversation = served(given, 1, &task);

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
    end(given);
}

static void
test_a_note_stays_among_colleagues(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    assert_int_equal(play_reply(given, conversation, "n1", "angry", true), 2);
    assert_int_equal(fr_given_count_of(given, FR_OUTBOUND_REQUESTED), 0);
    assert_int_equal(play_reply(given, conversation, "n1", "angry", true), 0);
    /* It is no answer: silence resolves nothing. */
    fr_given_at(given, 200 * HOUR);
    assert_int_equal(fr_given_count_of(given, FR_CONVERSATION_RESOLVED), 0);
    end(given);
}

static void
test_a_reply_to_nothing_is_set_aside(void **state)
{
    struct fr_given *given = begin();

    (void)state;
    assert_int_equal(play_reply(given, 4711, "c1", "Hi", false), 0);
    assert_non_null(strstr(fr_given_rejected(given), "does not exist"));
    end(given);
}

/* ---- WorkFinished, silence ---- */

static void
test_the_agent_names_the_outcome(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationResolved *resolved;
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "Done.", false);
    assert_int_equal(play_finish(given, conversation, task, OUTCOME(SOLVED)), 1);
    resolved = fr_given_body(given, 0, FR_CONVERSATION_RESOLVED);
    assert_int_equal(resolved->outcome, OUTCOME(SOLVED));
    assert_string_equal(resolved->agent, "ben");
    assert_string_equal(resolved->note, "done");
    assert_int_equal(play_finish(given, conversation, task, OUTCOME(SPAM)), 0); /* twice */
    fr_given_at(given, 200 * HOUR); /* the quiet time's timer went with it */
    assert_int_equal(fr_given_count(given), 0);
    end(given);
}

static void
test_a_finish_for_an_earlier_task_is_too_late(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_task_ended(given, conversation, task);
    fr_given_at(given, 10); /* somebody else was asked */
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    assert_int_equal(play_finish(given, conversation, task, OUTCOME(SOLVED)), 0);
    end(given);
}

static void
test_silence_after_an_answer_is_an_outcome(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationResolved *resolved;
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    fr_given_at(given, 71 * HOUR);
    play_write(given, &(struct play_message){.customer = 1}); /* stops it */
    fr_given_at(given, 80 * HOUR);
    assert_int_equal(fr_given_count(given), 0);
    play_reply(given, conversation, "c2", "Tomorrow.", false);
    fr_given_at(given, 153 * HOUR);
    assert_int_equal(fr_given_count(given), 1);
    resolved = fr_given_body(given, 0, FR_CONVERSATION_RESOLVED);
    assert_int_equal(resolved->conversation_id, conversation);
    assert_int_equal(resolved->outcome, OUTCOME(ANSWERED));
    assert_string_equal(fr_given_event(given, 0)->brand, "acme");
    end(given);
}

static void
test_an_unanswered_conversation_never_ends_by_itself(void **state)
{
    struct fr_given *given = begin();

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    fr_given_at(given, 10000 * HOUR);
    assert_int_equal(fr_given_count(given), 0);
    end(given);
}

/* ---- TargetWarned ---- */

static void
test_the_customer_is_told_once_before_the_promise_breaks(void **state)
{
    struct fr_given *given = begin();
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
    end(given);
}

static void
test_the_site_sees_the_notice_too(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    assert_int_equal(play_warn(given, conversation, 5), 3);
    assert_string_equal(head_of(given, FR_ENTRY_SHARED)->route, "site.tana");
    end(given);
}

static void
test_who_has_his_answer_is_not_warned(void **state)
{
    struct fr_given *given = begin();
    uint64_t task, conversation = served(given, 1, &task);

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    assert_int_equal(play_warn(given, conversation, 5), 0);
    play_finish(given, conversation, task, OUTCOME(SOLVED));
    assert_int_equal(play_warn(given, conversation, 6), 0);
    end(given);
}

static void
test_a_notice_is_not_an_answer(void **state)
{
    struct fr_given *given = begin();
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    play_warn(given, conversation, 5);
    fr_given_at(given, 200 * HOUR);
    assert_int_equal(fr_given_count(given), 0);
    end(given);
}

/* ---- DeliveryChanged ---- */

static void
test_ticks_reach_the_agent_and_only_news_counts(void **state)
{
    struct fr_given *given = begin();
    const Fr__EntryShared *shared;
    uint64_t task, conversation = served(given, 1, &task), answer;

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
    end(given);
}

static void
test_an_undelivered_answer_opens_the_matter_again(void **state)
{
    struct fr_given *given = begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = served(given, 1, &task), answer;

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    answer = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    play_finish(given, conversation, task, OUTCOME(SOLVED));
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL), 3);
    assert_non_null(fr_given_body(given, 0, FR_DELIVERY_NOTED));
    assert_non_null(fr_given_body(given, 1, FR_CONVERSATION_REOPENED));
    asked = fr_given_body(given, 2, FR_TASK_REQUESTED);
    assert_string_equal(asked->preview, "Not delivered (mailbox full): On its way.");
    assert_string_equal(asked->preferred_agent, "ben");
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL), 0);
    /* The agent gives up: that is an outcome, and it stays. */
    play_accept(given, conversation, asked->task_id, "ben", "tana");
    end(given);
}

static void
test_undelivered_while_the_agent_has_it_shows_and_ends_as_such(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationResolved *resolved;
    const Fr__EntryShared *shared;
    uint64_t task, conversation = served(given, 1, &task), answer;

    (void)state;
    play_reply(given, conversation, "c1", "On its way.", false);
    answer = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    assert_int_equal(
        play_delivery(given, conversation, answer, FR__DELIVERY_STATE__UNDELIVERED, NULL), 2);
    shared = fr_given_find(given, FR_ENTRY_SHARED);
    assert_int_equal(shared->entry->delivery, FR__DELIVERY_STATE__UNDELIVERED);
    fr_given_at(given, 73 * HOUR);
    resolved = fr_given_find(given, FR_CONVERSATION_RESOLVED);
    assert_int_equal(resolved->outcome, OUTCOME(NOT_DELIVERABLE));
    end(given);
}

static void
test_an_undelivered_notice_asks_nobody(void **state)
{
    struct fr_given *given = begin();
    uint64_t conversation, notice;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    play_warn(given, conversation, 5);
    notice = ((const Fr__MessageAdded *)fr_given_find(given, FR_MESSAGE_ADDED))->entry->message_id;
    assert_int_equal(
        play_delivery(given, conversation, notice, FR__DELIVERY_STATE__UNDELIVERED, NULL), 1);
    end(given);
}

/* ---- CustomersMerged, KeyAttached ---- */

static void
test_merged_customers_have_one_timeline(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationRekeyed *rekeyed;
    json_t *args = json_pack("{s:s}", "customer", "2"), *timeline;
    uint64_t older, younger, task;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    older = play_conversation(given);
    task = play_task(given);
    play_write(given, &(struct play_message){.customer = 2, .address = "s2"});
    younger = play_conversation(given);
    assert_int_equal(play_merge(given, 1, 2), 2);
    assert_non_null(fr_given_body(given, 0, FR_CUSTOMER_REKEYED));
    rekeyed = fr_given_body(given, 1, FR_CONVERSATION_REKEYED);
    assert_int_equal(rekeyed->conversation_id, younger);
    assert_non_null(strstr(rekeyed->reason, "the older is continued"));
    assert_int_equal(play_merge(given, 1, 2), 0); /* twice */
    play_write(given, &(struct play_message){.customer = 1});
    assert_int_equal(play_conversation(given), older);
    /* When the older has ended, the younger, still open, goes on. */
    play_accept(given, older, task, "ben", "tana");
    play_finish(given, older, task, OUTCOME(SOLVED));
    play_write(given, &(struct play_message){.customer = 1});
    assert_int_equal(play_conversation(given), younger);
    /* The merged id still answers. */
    timeline = fr_given_query(given, "customer.timeline", args);
    assert_int_equal(json_array_size(json_object_get(timeline, "items")), 2);
    json_decref(timeline);
    json_decref(args);
    end(given);
}

static void
test_signing_in_during_a_chat_shows_the_agent_the_history(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationShared *shared;
    uint64_t task, past = served(given, 1, &task), chat;

    (void)state;
    play_attach(given, 1, "login", "acme/ann");
    play_finish(given, past, task, OUTCOME(SOLVED));
    chat = served(given, 2, &task); /* an anonymous visitor */
    assert_int_equal(play_merge(given, 1, 2), 3);
    shared = fr_given_find(given, FR_CONVERSATION_SHARED);
    assert_int_equal(shared->conversation_id, chat);
    assert_int_equal(shared->customer_id, 1);
    assert_string_equal(shared->agent, "ben");
    assert_int_equal(shared->n_history, 2);
    assert_string_equal(shared->identifiers[0], "login ann (verified)");
    end(given);
}

static void
test_what_was_known_of_the_merged_is_known_of_the_survivor(void **state)
{
    struct fr_given *given = begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = served(given, 2, &task);

    (void)state;
    play_finish(given, conversation, task, OUTCOME(SOLVED));
    play_attach(given, 2, "email", "ann@x.example");
    play_merge(given, 1, 2);
    play_write(given, &(struct play_message){.customer = 1}); /* reopens what was customer 2's */
    assert_int_equal(play_conversation(given), conversation);
    asked = fr_given_find(given, FR_TASK_REQUESTED);
    assert_string_equal(asked->preferred_agent, "ben");
    assert_int_equal(asked->customer_id, 1);
    play_accept(given, conversation, asked->task_id, "ben", "tana");
    assert_int_equal(((const Fr__ConversationShared *)fr_given_find(given, FR_CONVERSATION_SHARED))
                         ->n_identifiers,
                     1);
    end(given);
}

/* ---- bounds ---- */

static void
test_a_long_history_is_bounded_and_says_what_is_left_out(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationShared *shared;
    uint64_t task = 0, conversation = 0;
    char *text = calloc(1, 4001);

    (void)state;
    memset(text, 'x', 4000);
    for (int matter = 0; matter < 14; matter++) {
        fr_given_at(given, matter * 100 * HOUR);
        for (int i = 0; i < 20; i++) {
            play_write(given,
                       &(struct play_message){.customer = 1, .text = matter == 13 ? text : "hi"});
            if (i == 0)
                task = play_task(given);
        }
        conversation = play_conversation(given);
        play_accept(given, conversation, task, "ben", "tana");
        shared = fr_given_find(given, FR_CONVERSATION_SHARED);
        if (matter == 12) { /* fifty entries in all */
            size_t entries = 0;

            assert_int_equal(shared->n_history, 11);
            for (size_t i = 0; i < shared->n_history; i++)
                entries += shared->history[i]->n_entries;
            assert_int_equal(entries, 50);
            assert_int_equal(shared->history[0]->entries_left_out, 0);
            assert_int_equal(shared->history[2]->n_entries, 10);
            assert_int_equal(shared->history[2]->entries_left_out, 10);
            assert_int_equal(shared->history[10]->entries_left_out, 20);
        }
        if (matter < 13)
            play_finish(given, conversation, task, OUTCOME(SOLVED));
    }
    /* 64 KiB in all: sixteen of four kilobytes do not fit. */
    shared = fr_given_find(given, FR_CONVERSATION_SHARED);
    assert_in_range(shared->history[0]->n_entries, 14, 16);
    assert_int_equal(shared->history[0]->n_entries + shared->history[0]->entries_left_out, 20);
    assert_int_equal(shared->history[1]->n_entries, 0); /* nothing older after a gap */
    assert_true(protobuf_c_message_get_packed_size(&shared->base) < (64 << 10) + 4096);
    free(text);
    end(given);
}

static void
test_a_text_beyond_all_bounds_is_shown_from_its_beginning(void **state)
{
    struct fr_given *given = begin();
    const Fr__ConversationShared *shared;
    char *text = calloc(1, 200001);
    uint64_t conversation;

    (void)state;
    for (int i = 0; i < 100000; i++)
        memcpy(text + 2 * i, "\xc3\xa9", 2);
    play_write(given, &(struct play_message){.customer = 1, .text = text});
    conversation = play_conversation(given);
    play_accept(given, conversation, play_task(given), "ben", "tana");
    shared = fr_given_find(given, FR_CONVERSATION_SHARED);
    assert_int_equal(shared->history[0]->n_entries, 1);
    assert_in_range(strlen(shared->history[0]->entries[0]->text), 60000, 65536);
    assert_true(fr_utf8_valid(fr_slice_str(shared->history[0]->entries[0]->text)));
    free(text);
    end(given);
}

static void
test_names_from_outside_may_be_long(void **state)
{
    struct fr_given *given = begin();
    char name[2001] = "";
    json_t *args, *found;

    (void)state;
    memset(name, 'm', 2000);
    play_write(given, &(struct play_message){.id = 77, .customer = 1, .external = name});
    args = json_pack("{s:s, s:s, s:s}", "channel", "channel_webchat", "account", "shop",
                     "external_id", name);
    found = fr_given_query(given, "message.find", args);
    assert_string_equal(json_string_value(json_object_get(found, "message_id")),
                        "000000000000004d");
    json_decref(found);
    json_decref(args);
    assert_int_equal(play_reply(given, play_conversation(given), name, "hi", false), 3);
    end(given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_first_message_opens_and_asks_for_an_agent),
        cmocka_unit_test(test_a_message_sent_twice_is_added_once),
        cmocka_unit_test(test_a_second_message_waits_with_the_first),
        cmocka_unit_test(test_another_channel_is_the_same_conversation_and_a_switch),
        cmocka_unit_test(test_another_brand_is_another_conversation),
        cmocka_unit_test(test_an_unverified_message_joins_nothing_proven),
        cmocka_unit_test(test_while_an_agent_has_it_new_messages_go_to_his_site),
        cmocka_unit_test(test_back_within_the_reopening_time_the_same_agent_is_preferred),
        cmocka_unit_test(test_later_it_is_a_new_matter_with_the_same_agent_preferred),
        cmocka_unit_test(test_spam_is_not_reopened),
        cmocka_unit_test(test_what_does_not_decode_is_set_aside),
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
        cmocka_unit_test(test_a_finish_for_an_earlier_task_is_too_late),
        cmocka_unit_test(test_silence_after_an_answer_is_an_outcome),
        cmocka_unit_test(test_an_unanswered_conversation_never_ends_by_itself),
        cmocka_unit_test(test_the_customer_is_told_once_before_the_promise_breaks),
        cmocka_unit_test(test_the_site_sees_the_notice_too),
        cmocka_unit_test(test_who_has_his_answer_is_not_warned),
        cmocka_unit_test(test_a_notice_is_not_an_answer),
        cmocka_unit_test(test_ticks_reach_the_agent_and_only_news_counts),
        cmocka_unit_test(test_an_undelivered_answer_opens_the_matter_again),
        cmocka_unit_test(test_undelivered_while_the_agent_has_it_shows_and_ends_as_such),
        cmocka_unit_test(test_an_undelivered_notice_asks_nobody),
        cmocka_unit_test(test_merged_customers_have_one_timeline),
        cmocka_unit_test(test_signing_in_during_a_chat_shows_the_agent_the_history),
        cmocka_unit_test(test_what_was_known_of_the_merged_is_known_of_the_survivor),
        cmocka_unit_test(test_a_long_history_is_bounded_and_says_what_is_left_out),
        cmocka_unit_test(test_a_text_beyond_all_bounds_is_shown_from_its_beginning),
        cmocka_unit_test(test_names_from_outside_may_be_long),
    };

    return cmocka_run_group_tests_name("conversations", tests, NULL, NULL);
}
