/* rekey_test.c - who a customer is has changed: conversations follow, go back, and are forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/conversations/play.h"

static struct fr_given *
begin(void)
{
    return fr_given_new(&conversations_stage, "");
}

static void
end(struct fr_given *given)
{
    assert_true(fr_given_rebuilds(given));
    fr_given_free(&given);
}

static size_t
merge(struct fr_given *given, uint64_t survivor, uint64_t merged)
{
    Fr__CustomersMerged event = FR__CUSTOMERS_MERGED__INIT;

    event.survivor = survivor;
    event.merged = merged;
    fr_given_input(given, "identity", survivor, "acme", &event.base);
    return fr_given_count(given);
}

static size_t
split(struct fr_given *given, uint64_t origin, uint64_t from)
{
    Fr__CustomersSplit event = FR__CUSTOMERS_SPLIT__INIT;

    event.origin = origin;
    event.parent = event.from_customer = from;
    event.origins = &origin;
    event.n_origins = 1;
    fr_given_input(given, "identity", origin, "acme", &event.base);
    return fr_given_count(given);
}

static void
erase(struct fr_given *given, uint64_t customer)
{
    Fr__CustomerErased event = FR__CUSTOMER_ERASED__INIT;

    event.customer_id = customer;
    event.origins = &customer;
    event.n_origins = 1;
    event.who = "ann";
    fr_given_input(given, "identity", customer, "acme", &event.base);
    fr_given_at(given, 10); /* all chunks */
}

/* Of whom the timeline tells so many. */
static size_t
timeline_of(struct fr_given *given, uint64_t customer)
{
    char id[FR_ID_TEXT_SIZE];
    json_t *args = json_pack("{s:s, s:i}", "customer", fr_id_format(customer, id), "limit", 1000);
    json_t *timeline = fr_given_query(given, "customer.timeline", args), *row;
    size_t count = 0, index;

    json_array_foreach(json_object_get(timeline, "items"), index, row) count +=
        strcmp(json_string_value(json_object_get(row, "customer_id")), id) == 0;
    json_decref(timeline);
    json_decref(args);
    return count;
}

/* A conversation of another brand each, so that all are open at once. */
static uint64_t
speak(struct fr_given *given, uint64_t customer, uint64_t origin, unsigned number, const char *text)
{
    char brand[16];

    snprintf(brand, sizeof(brand), "brand%u", number);
    play_write(given, &(struct play_message){
                          .customer = customer, .origin = origin, .brand = brand, .text = text});
    return play_conversation(given);
}

static void
test_a_long_timeline_is_merged_in_chunks(void **state)
{
    struct fr_given *given = begin();

    (void)state;
    for (unsigned i = 0; i < 150; i++)
        speak(given, 2, 0, i, "hello");
    merge(given, 1, 2);
    assert_non_null(fr_given_find(given, FR_REKEY_ADVANCED));
    assert_true(fr_given_count_of(given, FR_CONVERSATION_REKEYED) >= 64);
    fr_given_at(given, 1);
    assert_int_equal(timeline_of(given, 1), 150);
    end(given);
}

static void
test_what_is_open_follows_at_once(void **state)
{
    struct fr_given *given = begin();
    uint64_t first = speak(given, 2, 0, 0, "hello");

    (void)state;
    for (unsigned i = 1; i < 150; i++)
        speak(given, 2, 0, i, "hello");
    merge(given, 1, 2);
    play_write(given, &(struct play_message){.customer = 1, .brand = "brand0"});
    assert_int_equal(play_conversation(given), first); /* the oldest of all, in no chunk yet */
    end(given);
}

static void
test_a_split_gives_each_what_began_with_him(void **state)
{
    struct fr_given *given = begin();
    uint64_t his, later;

    (void)state;
    play_write(given, &(struct play_message){.customer = 1});
    his = speak(given, 2, 0, 7, "hello");
    merge(given, 1, 2);
    later = speak(given, 1, 2, 8, "after the merge, with his own key");
    speak(given, 1, 0, 9, "after the merge, with the other's key");
    assert_int_equal(timeline_of(given, 1), 4);
    split(given, 2, 1);
    fr_given_at(given, 1);
    assert_int_equal(timeline_of(given, 1), 2);
    assert_int_equal(timeline_of(given, 2), 2);
    /* Each goes on with his own. */
    assert_int_equal(speak(given, 2, 0, 7, "again"), his);
    assert_int_equal(speak(given, 2, 0, 8, "again"), later);
    assert_int_not_equal(speak(given, 1, 0, 7, "again"), his);
    end(given);
}

static void
test_merged_and_split_and_merged_again(void **state)
{
    struct fr_given *given = begin();

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        speak(given, 2, 0, i, "hello");
    speak(given, 1, 0, 200, "hello");
    for (int round = 0; round < 3; round++) {
        merge(given, 1, 2);
        fr_given_at(given, 2 * round + 1);
        assert_int_equal(timeline_of(given, 1), 101);
        split(given, 2, 1);
        fr_given_at(given, 2 * round + 2);
        assert_int_equal(timeline_of(given, 1), 1);
        assert_int_equal(timeline_of(given, 2), 100);
    }
    end(given);
}

static void
test_identifiers_go_with_whom_they_came(void **state)
{
    struct fr_given *given = begin();
    Fr__KeyAttached attached = FR__KEY_ATTACHED__INIT;
    uint64_t conversation, task;

    (void)state;
    attached.customer_id = 2;
    attached.type = "email";
    attached.value = "ann@mail.example";
    attached.assurance = FR__ASSURANCE__VERIFIED;
    fr_given_input(given, "identity", 2, "acme", &attached.base);
    merge(given, 1, 2);
    split(given, 2, 1);
    play_write(given, &(struct play_message){.customer = 2});
    conversation = play_conversation(given);
    task = play_task(given);
    play_accept(given, conversation, task, "ben", "tana");
    assert_int_equal(((const Fr__ConversationShared *)fr_given_find(given, FR_CONVERSATION_SHARED))
                         ->n_identifiers,
                     1);
    end(given);
}

static void
test_a_moved_message_takes_the_matter_that_it_began(void **state)
{
    struct fr_given *given = begin();
    Fr__ObservationMoved moved = FR__OBSERVATION_MOVED__INIT;
    uint64_t conversation;

    (void)state;
    play_write(given, &(struct play_message){.id = 77, .customer = 1});
    conversation = play_conversation(given);
    moved.observation_id = 77;
    moved.from_customer = moved.from_origin = 1;
    moved.to_customer = moved.to_origin = 5;
    fr_given_input(given, "identity", 5, "acme", &moved.base);
    assert_int_equal(timeline_of(given, 1), 0);
    assert_int_equal(timeline_of(given, 5), 1);
    play_write(given, &(struct play_message){.customer = 5});
    assert_int_equal(play_conversation(given), conversation);
    end(given);
}

static bool
says(struct fr_given *given, uint64_t conversation, const char *word)
{
    char id[FR_ID_TEXT_SIZE];
    json_t *args =
        json_pack("{s:s, s:i}", "conversation", fr_id_format(conversation, id), "limit", 1000);
    json_t *answer = fr_given_query(given, "conversation.show", args);
    char *text = json_dumps(answer, 0);
    bool found = strstr(text, word) != NULL;

    free(text);
    json_decref(answer);
    json_decref(args);
    return found;
}

static void
test_what_was_said_is_forgotten(void **state)
{
    struct fr_given *given = begin();
    uint64_t conversation, task, other;
    char text[40];

    (void)state;
    play_write(given, &(struct play_message){.customer = 2,
                                             .text = "secret 0",
                                             .name = "Ann Secret",
                                             .address = "secret@mail.example",
                                             .subject = "secret"});
    conversation = play_conversation(given);
    task = play_task(given);
    for (int i = 1; i < 600; i++) { /* more than one chunk */
        snprintf(text, sizeof(text), "secret %d", i);
        play_write(given, &(struct play_message){.customer = 2,
                                                 .text = text,
                                                 .name = "Ann Secret",
                                                 .address = "secret@mail.example"});
    }
    play_accept(given, conversation, task, "ben", "tana");
    play_reply(given, conversation, "c1", "dear Ann secret", false);
    play_write(given, &(struct play_message){.customer = 3, .text = "another's"});
    other = play_conversation(given);
    assert_true(says(given, conversation, "secret"));
    erase(given, 2);
    assert_false(says(given, conversation, "secret"));
    assert_false(says(given, conversation, "Secret"));
    assert_true(says(given, conversation, "the customer was erased"));
    assert_true(says(given, other, "another's"));
    end(given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_timeline_is_merged_in_chunks),
        cmocka_unit_test(test_what_is_open_follows_at_once),
        cmocka_unit_test(test_a_split_gives_each_what_began_with_him),
        cmocka_unit_test(test_merged_and_split_and_merged_again),
        cmocka_unit_test(test_identifiers_go_with_whom_they_came),
        cmocka_unit_test(test_a_moved_message_takes_the_matter_that_it_began),
        cmocka_unit_test(test_what_was_said_is_forgotten),
    };

    return cmocka_run_group_tests_name("conversations: rekey", tests, NULL, NULL);
}
