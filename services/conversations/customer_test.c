/* customer_test.c - customers write and turn out to be one person: each rule, each input twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/conversations/play.h"

/* ---- MessageIdentified ---- */

static void
test_a_first_message_opens_and_asks_for_an_agent(void **state)
{
    struct fr_given *given = play_begin();
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
    play_end(given);
}

static void
test_a_message_sent_twice_is_added_once(void **state)
{
    struct fr_given *given = play_begin();
    const struct play_message message = {.id = 77, .customer = 1};

    (void)state;
    assert_int_equal(play_write(given, &message), 3);
    assert_int_equal(play_write(given, &message), 0);
    play_end(given);
}

static void
test_a_second_message_waits_with_the_first(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1}), 1);
    assert_int_equal(play_conversation(given), conversation);
    play_end(given);
}

static void
test_another_channel_is_the_same_conversation_and_a_switch(void **state)
{
    struct fr_given *given = play_begin();
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
    play_end(given);
}

static void
test_another_brand_is_another_conversation(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    conversation = play_conversation(given);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1, .brand = "other"}), 3);
    assert_int_not_equal(play_conversation(given), conversation);
    play_end(given);
}

static void
test_an_unverified_message_joins_nothing_proven(void **state)
{
    struct fr_given *given = play_begin();
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
    play_end(given);
}

static void
test_while_an_agent_has_it_new_messages_go_to_his_site(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__EntryShared *shared;
    uint64_t task;

    (void)state;
    play_served(given, 1, &task);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1, .text = "Hello?"}), 2);
    shared = fr_given_find(given, FR_ENTRY_SHARED);
    assert_string_equal(shared->entry->text, "Hello?");
    assert_string_equal(play_head_of(given, FR_ENTRY_SHARED)->route, "site.tana");
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 0);
    play_end(given);
}

static void
test_back_within_the_reopening_time_the_same_agent_is_preferred(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
    fr_given_at(given, 71 * PLAY_HOUR);
    assert_int_equal(
        play_write(given, &(struct play_message){.customer = 1, .channel = "channel_webform"}), 4);
    assert_int_equal(play_conversation(given), conversation);
    assert_non_null(fr_given_body(given, 0, FR_CONVERSATION_REOPENED));
    assert_non_null(fr_given_body(given, 1, FR_CHANNEL_SWITCHED));
    asked = fr_given_find(given, FR_TASK_REQUESTED);
    assert_string_equal(asked->preferred_agent, "ben");
    assert_int_not_equal(asked->task_id, task);
    play_end(given);
}

static void
test_later_it_is_a_new_matter_with_the_same_agent_preferred(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
    fr_given_at(given, 73 * PLAY_HOUR);
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1}), 3);
    assert_int_not_equal(play_conversation(given), conversation);
    asked = fr_given_find(given, FR_TASK_REQUESTED);
    assert_string_equal(asked->preferred_agent, "ben");
    play_end(given);
}

static void
test_spam_is_not_reopened(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = play_served(given, 1, &task);

    (void)state;
    play_finish(given, conversation, task, PLAY_OUTCOME(SPAM));
    play_write(given, &(struct play_message){.customer = 1});
    assert_int_not_equal(play_conversation(given), conversation);
    play_end(given);
}

static void
test_what_does_not_decode_is_set_aside(void **state)
{
    struct fr_given *given = play_begin();

    (void)state;
    assert_int_equal(play_write(given, &(struct play_message){.customer = 1, .text = "\xff"}), 0);
    assert_string_equal(fr_given_rejected(given), "MessageIdentified does not decode");
    play_end(given);
}

/* ---- CustomersMerged, KeyAttached ---- */

static void
test_merged_customers_have_one_timeline(void **state)
{
    struct fr_given *given = play_begin();
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
    play_finish(given, older, task, PLAY_OUTCOME(SOLVED));
    play_write(given, &(struct play_message){.customer = 1});
    assert_int_equal(play_conversation(given), younger);
    /* The merged id still answers. */
    timeline = fr_given_query(given, "customer.timeline", args);
    assert_int_equal(json_array_size(json_object_get(timeline, "items")), 2);
    json_decref(timeline);
    json_decref(args);
    play_end(given);
}

static void
test_signing_in_during_a_chat_shows_the_agent_the_history(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__ConversationShared *shared;
    uint64_t task, past = play_served(given, 1, &task), chat;

    (void)state;
    play_attach(given, 1, "login", "acme/ann");
    play_finish(given, past, task, PLAY_OUTCOME(SOLVED));
    chat = play_served(given, 2, &task); /* an anonymous visitor */
    assert_int_equal(play_merge(given, 1, 2), 3);
    shared = fr_given_find(given, FR_CONVERSATION_SHARED);
    assert_int_equal(shared->conversation_id, chat);
    assert_int_equal(shared->customer_id, 1);
    assert_string_equal(shared->agent, "ben");
    assert_int_equal(shared->n_history, 2);
    assert_string_equal(shared->identifiers[0], "login ann (verified)");
    play_end(given);
}

static void
test_what_was_known_of_the_merged_is_known_of_the_survivor(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__TaskRequested *asked;
    uint64_t task, conversation = play_served(given, 2, &task);

    (void)state;
    play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
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
    play_end(given);
}

/* ---- bounds ---- */

static void
test_a_long_history_is_bounded_and_says_what_is_left_out(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__ConversationShared *shared;
    uint64_t task = 0, conversation = 0;
    char *text = calloc(1, 4001);

    (void)state;
    memset(text, 'x', 4000);
    for (int matter = 0; matter < 14; matter++) {
        fr_given_at(given, matter * 100 * PLAY_HOUR);
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
            play_finish(given, conversation, task, PLAY_OUTCOME(SOLVED));
    }
    /* 64 KiB in all: sixteen of four kilobytes do not fit. */
    shared = fr_given_find(given, FR_CONVERSATION_SHARED);
    assert_in_range(shared->history[0]->n_entries, 14, 16);
    assert_int_equal(shared->history[0]->n_entries + shared->history[0]->entries_left_out, 20);
    assert_int_equal(shared->history[1]->n_entries, 0); /* nothing older after a gap */
    assert_true(protobuf_c_message_get_packed_size(&shared->base) < (64 << 10) + 4096);
    free(text);
    play_end(given);
}

static void
test_a_text_beyond_all_bounds_is_shown_from_its_beginning(void **state)
{
    struct fr_given *given = play_begin();
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
    play_end(given);
}

static void
test_names_from_outside_may_be_long(void **state)
{
    struct fr_given *given = play_begin();
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
    play_end(given);
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
        cmocka_unit_test(test_merged_customers_have_one_timeline),
        cmocka_unit_test(test_signing_in_during_a_chat_shows_the_agent_the_history),
        cmocka_unit_test(test_what_was_known_of_the_merged_is_known_of_the_survivor),
        cmocka_unit_test(test_a_long_history_is_bounded_and_says_what_is_left_out),
        cmocka_unit_test(test_a_text_beyond_all_bounds_is_shown_from_its_beginning),
        cmocka_unit_test(test_names_from_outside_may_be_long),
    };

    return cmocka_run_group_tests_name("conversations: customers", tests, NULL, NULL);
}
