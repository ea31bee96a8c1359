/* refer_test.c - messages that name a conversation: who gets in, who does not, and what machines
 * write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/conversations/play.h"

#define ZOE 1
#define EVE 2

/* Zoe's conversation, begun by her mail <z1>. */
static uint64_t
begin_hers(struct fr_given *given, bool unverified)
{
    play_write(given, &(struct play_message){.customer = ZOE,
                                             .external = "<z1>",
                                             .channel = "channel_email",
                                             .name = "Zoe",
                                             .unverified = unverified});
    return play_conversation(given);
}

static void
test_who_is_its_customer_gets_in(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, false);

    (void)state;
    play_write(given, &(struct play_message){
                          .customer = ZOE, .channel = "channel_email", .refers_to = "<z1>"});
    assert_true(play_conversation(given) == hers);
    play_end(given);
}

static void
test_a_stranger_does_not(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, false);
    const Fr__ConversationOpened *opened;
    const Fr__MessageAdded *note;
    char id[FR_ID_TEXT_SIZE];

    (void)state;
    play_write(given, &(struct play_message){
                          .customer = EVE, .channel = "channel_email", .refers_to = "<z1>"});
    opened = fr_given_find(given, FR_CONVERSATION_OPENED);
    assert_non_null(opened);
    assert_true(opened->linked == hers && play_conversation(given) != hers);
    note = fr_given_body(given, 2, FR_MESSAGE_ADDED);
    assert_int_equal(note->entry->direction, FR__DIRECTION__NOTE);
    assert_non_null(strstr(note->entry->text, fr_id_format(hers, id)));
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 1);
    assert_int_equal(fr_given_count_of(given, FR_OUTBOUND_REQUESTED), 0); /* and is told nothing */
    play_end(given);
}

static void
test_an_unproven_sender_does_not_get_into_proven_history(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, false);

    (void)state;
    play_write(given, &(struct play_message){.customer = ZOE,
                                             .channel = "channel_email",
                                             .refers_to = "<z1>",
                                             .unverified = true});
    assert_true(play_conversation(given) != hers);
    play_end(given);
}

static void
test_who_proves_himself_goes_on_with_what_he_began_unproven(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, true);

    (void)state;
    play_write(given, &(struct play_message){
                          .customer = ZOE, .channel = "channel_email", .refers_to = "<z1>"});
    assert_true(play_conversation(given) == hers);
    play_end(given);
}

static void
test_the_signed_address_lets_anybody_in(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, false);
    const Fr__MessageAdded *added;

    (void)state;
    play_write(given, &(struct play_message){.customer = EVE,
                                             .channel = "channel_email",
                                             .proven = hers,
                                             .unverified = true});
    added = fr_given_find(given, FR_MESSAGE_ADDED);
    assert_true(added->conversation_id == hers && added->customer_id == ZOE);
    assert_true(added->entry->unverified);
    play_end(given);
}

static void
test_another_brands_conversation_is_no_place(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, false);

    (void)state;
    play_write(given,
               &(struct play_message){
                   .customer = ZOE, .channel = "channel_email", .brand = "bolt", .proven = hers});
    assert_true(play_conversation(given) != hers);
    play_end(given);
}

static void
test_what_names_nothing_known_is_placed_as_ever(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, false);

    (void)state;
    play_write(given, &(struct play_message){.customer = ZOE,
                                             .channel = "channel_email",
                                             .refers_to = "<unknown>",
                                             .proven = 4711});
    assert_true(play_conversation(given) == hers);
    play_end(given);
}

static void
test_a_machine_alone_asks_for_nobody(void **state)
{
    struct fr_given *given = play_begin();
    const Fr__ConversationResolved *resolved;

    (void)state;
    play_write(given, &(struct play_message){.customer = EVE, .automatic = true});
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 0);
    resolved = fr_given_find(given, FR_CONVERSATION_RESOLVED);
    assert_non_null(resolved);
    assert_int_equal(resolved->outcome, FR__OUTCOME__NO_ANSWER_NEEDED);
    play_end(given);
}

static void
test_a_machine_joins_and_changes_nothing(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t hers = begin_hers(given, false);
    const Fr__MessageAdded *added;

    (void)state;
    play_accept(given, hers, play_task(given), "ben", "tana");
    play_reply(given, hers, "r1", "Answered.", false);
    play_write(given, &(struct play_message){.customer = ZOE,
                                             .automatic = true,
                                             .channel = "channel_webchat",
                                             .refers_to = "<z1>"});
    added = fr_given_find(given, FR_MESSAGE_ADDED);
    assert_true(added->conversation_id == hers);
    assert_int_equal(added->entry->direction, FR__DIRECTION__AUTOMATIC);
    assert_int_equal(fr_given_count_of(given, FR_CHANNEL_SWITCHED), 0);
    assert_int_equal(fr_given_count_of(given, FR_TASK_REQUESTED), 0);
    fr_given_at(given, 73 * PLAY_HOUR); /* it was answered, and silence it was */
    assert_non_null(fr_given_find(given, FR_CONVERSATION_RESOLVED));
    play_write(given, &(struct play_message){.customer = ZOE,
                                             .automatic = true,
                                             .channel = "channel_email",
                                             .refers_to = "<z1>"});
    assert_true(play_conversation(given) == hers);
    assert_int_equal(fr_given_count_of(given, FR_CONVERSATION_REOPENED), 0);
    play_end(given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_its_customer_gets_in),
        cmocka_unit_test(test_a_stranger_does_not),
        cmocka_unit_test(test_an_unproven_sender_does_not_get_into_proven_history),
        cmocka_unit_test(test_who_proves_himself_goes_on_with_what_he_began_unproven),
        cmocka_unit_test(test_the_signed_address_lets_anybody_in),
        cmocka_unit_test(test_another_brands_conversation_is_no_place),
        cmocka_unit_test(test_what_names_nothing_known_is_placed_as_ever),
        cmocka_unit_test(test_a_machine_alone_asks_for_nobody),
        cmocka_unit_test(test_a_machine_joins_and_changes_nothing),
    };

    return cmocka_run_group_tests_name("refer", tests, NULL, NULL);
}
