/* wait_test.c - how long it takes: who is told, what may be chosen, and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/conversations/play.h"

#define FROM (PLAY_EPOCH_US + 3600 * PLAY_SECOND)
#define TO (PLAY_EPOCH_US + 7200 * PLAY_SECOND)

/* One customer whose conversation waits for an agent. */
static uint64_t
waiting(struct fr_given *given, uint64_t *task)
{
    play_write(given, &(struct play_message){.customer = 1, .text = "Where is my order?"});
    *task = play_task(given);
    return play_conversation(given);
}

static size_t
estimate(struct fr_given *given, uint64_t conversation, uint64_t task, uint32_t position)
{
    Fr__WaitEstimated estimated = FR__WAIT_ESTIMATED__INIT;
    Fr__WaitWindow window = FR__WAIT_WINDOW__INIT, *windows[] = {&window};

    window.from_us = FROM;
    window.to_us = TO;
    estimated.task_id = task;
    estimated.conversation_id = conversation;
    estimated.queue = "all";
    estimated.position = position;
    estimated.p50_us = 300 * PLAY_SECOND;
    estimated.p90_us = 700 * PLAY_SECOND;
    estimated.windows = windows;
    estimated.n_windows = 1;
    estimated.reason = "test";
    fr_given_input(given, "routing", conversation, "acme", &estimated.base);
    return fr_given_count(given);
}

static size_t
choose(struct fr_given *given, uint64_t conversation, uint64_t task, Fr__WaitChoice choice)
{
    Fr__WaitChosen chosen = FR__WAIT_CHOSEN__INIT;

    chosen.task_id = task;
    chosen.conversation_id = conversation;
    chosen.address = "s1";
    chosen.choice = choice;
    if (choice == FR__WAIT_CHOICE__CALL_ME_BACK) {
        chosen.has_from_us = chosen.has_to_us = true;
        chosen.from_us = FROM;
        chosen.to_us = TO;
        chosen.number = "+49 30 1234";
    }
    fr_given_input(given, "channel", conversation, "acme", &chosen.base);
    return fr_given_count(given);
}

static void
test_he_is_told_on_the_channel_that_he_chose(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);
    const Fr__WaitTold *told;

    (void)state;
    assert_int_equal(estimate(given, conversation, task, 3), 1);
    told = fr_given_find(given, FR_WAIT_TOLD);
    assert_int_equal(told->position, 3);
    assert_true(told->p50_us == 300 * PLAY_SECOND && told->p90_us == 700 * PLAY_SECOND);
    assert_int_equal(told->n_windows, 1);
    assert_string_equal(told->address, "s1");
    assert_string_equal(play_head_of(given, FR_WAIT_TOLD)->route, "outbound.channel_webchat");
    play_end(given);
}

static void
test_it_is_over_when_an_agent_has_it(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);

    (void)state;
    estimate(given, conversation, task, 1);
    assert_int_equal(play_accept(given, conversation, task, "ben", "tana"), 3);
    assert_true(((const Fr__WaitTold *)fr_given_find(given, FR_WAIT_TOLD))->over);
    assert_int_equal(play_accept(given, conversation, task, "ben", "tana"), 0);
    assert_int_equal(estimate(given, conversation, task, 1), 0); /* late */
    play_end(given);
}

static void
test_who_was_told_nothing_hears_no_end(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);

    (void)state;
    assert_int_equal(play_accept(given, conversation, task, "ben", "tana"), 2);
    assert_null(fr_given_find(given, FR_WAIT_TOLD));
    play_end(given);
}

static void
test_it_is_over_when_the_task_is(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);

    (void)state;
    estimate(given, conversation, task, 1);
    play_task_ended(given, conversation, task);
    assert_true(((const Fr__WaitTold *)fr_given_find(given, FR_WAIT_TOLD))->over);
    play_end(given);
}

static void
test_a_call_back_is_promised_once(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);
    const Fr__PromiseRequested *promise;
    const Fr__WaitChoiceMade *made;
    const Fr__MessageAdded *note;

    (void)state;
    estimate(given, conversation, task, 3);
    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__CALL_ME_BACK), 4);
    made = fr_given_find(given, FR_WAIT_CHOICE_MADE);
    assert_true(made->task_id == task && made->from_us == FROM && made->to_us == TO);
    promise = fr_given_find(given, FR_PROMISE_REQUESTED);
    assert_int_equal(promise->kind, FR__TARGET_KIND__CALL_BACK);
    assert_true(promise->from_us == FROM && promise->due_us == TO && promise->task_id == task);
    assert_string_equal(promise->address, "+49 30 1234");
    assert_string_equal(promise->told_channel, "channel_webchat");
    note = fr_given_find(given, FR_MESSAGE_ADDED);
    assert_int_equal(note->entry->direction, FR__DIRECTION__NOTE);
    assert_non_null(strstr(note->entry->text, "+49 30 1234"));
    assert_int_equal(((const Fr__WaitTold *)fr_given_find(given, FR_WAIT_TOLD))->choice,
                     FR__WAIT_CHOICE__CALL_ME_BACK);

    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__CALL_ME_BACK), 0);
    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__KEEP_WAITING), 0);
    assert_int_equal(estimate(given, conversation, task, 2), 0); /* he knows when */
    play_end(given);
}

static void
test_who_waits_on_may_think_again(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);

    (void)state;
    estimate(given, conversation, task, 3);
    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__KEEP_WAITING), 1);
    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__KEEP_WAITING), 0);
    assert_int_equal(estimate(given, conversation, task, 2), 1);
    assert_int_equal(((const Fr__WaitTold *)fr_given_find(given, FR_WAIT_TOLD))->choice,
                     FR__WAIT_CHOICE__KEEP_WAITING);
    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__CALL_ME_BACK), 4);
    play_end(given);
}

static void
test_too_late_is_not_promised(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);

    (void)state;
    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__CALL_ME_BACK), 0);
    estimate(given, conversation, task, 1);
    play_accept(given, conversation, task, "ben", "tana");
    assert_int_equal(choose(given, conversation, task, FR__WAIT_CHOICE__CALL_ME_BACK), 0);
    play_end(given);
}

static void
test_a_window_that_is_over_is_rejected(void **state)
{
    struct fr_given *given = play_begin();
    uint64_t task, conversation = waiting(given, &task);

    (void)state;
    estimate(given, conversation, task, 1);
    fr_given_at(given, 7201);
    choose(given, conversation, task, FR__WAIT_CHOICE__CALL_ME_BACK);
    assert_string_equal(fr_given_rejected(given), "the window is over");
    play_end(given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_he_is_told_on_the_channel_that_he_chose),
        cmocka_unit_test(test_it_is_over_when_an_agent_has_it),
        cmocka_unit_test(test_who_was_told_nothing_hears_no_end),
        cmocka_unit_test(test_it_is_over_when_the_task_is),
        cmocka_unit_test(test_a_call_back_is_promised_once),
        cmocka_unit_test(test_who_waits_on_may_think_again),
        cmocka_unit_test(test_too_late_is_not_promised),
        cmocka_unit_test(test_a_window_that_is_over_is_rejected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
