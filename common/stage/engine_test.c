/* engine_test.c - decide and apply as the stage promises them, on a service of one rule per
 * promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "common/stage/engine.h"
#include "common/stage/given.h"
#include "proto/bench.pb-c.h"
#include "proto/stage.pb-c.h"

/* What a message asks the little service to do stands in its filler. */
#define ALARM (FR_TIMER_KIND + 1)
#define MAIL 0x0e02u

/* clang-format off */
static const struct fr_table tables[] = {
    { "last",  true,  "key -> id of the last message" },
    { "fired", true,  "alarm -> due time" },
    FR_TABLE_END,
};
/* clang-format on */

static const char *
wish(const Fr__BenchMessage *message)
{
    return (const char *)message->filler.data;
}

static bool
wishes(const Fr__BenchMessage *message, const char *text)
{
    return message->filler.len == strlen(text) && memcmp(wish(message), text, strlen(text)) == 0;
}

static enum fr_error
decide(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__BenchMessage *message = fr_unpack(turn, input, &fr__bench_message__descriptor);

    if (message == NULL)
        return fr_reject(turn, input, "does not decode");
    if (wishes(message, "reject"))
        return fr_reject(turn, input, "no %s today", "thanks");
    if (wishes(message, "quote"))
        return fr_reject(turn, input, "%.*s", 250, "\xc3\x28 is no character");
    if (wishes(message, "nothing"))
        return FR_OK;
    if (wishes(message, "answer")) {
        fr_answer(turn, "42", 2);
        return FR_OK;
    }
    if (fr_emit(turn, input, &message->base) != FR_OK)
        return FR_TOO_BIG;
    if (wishes(message, "two"))
        return fr_emit_as(turn, input, &message->base,
                          &(struct fr_labels){.key = 99, .brand = "other", .route = "site.tana"});
    if (wishes(message, "set aside"))
        return fr_set_aside(turn, input, "not today");
    if (wishes(message, "fail after one"))
        return FR_NO_MEMORY;
    if (wishes(message, "let through"))
        return FR_NOT_FOUND;
    return FR_OK;
}

static enum fr_error
decide_alarm(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__BenchMessage rang = FR__BENCH_MESSAGE__INIT;

    rang.key = input->head->key;
    rang.sent_us = (uint64_t)input->head->time_us;
    rang.filler.data = (uint8_t *)(rang.key == 7 ? "again" : "rang");
    rang.filler.len = rang.key == 7 ? 5 : 4;
    return fr_emit(turn, input, &rang.base);
}

static enum fr_error
apply(struct fr_tables *handle, const struct fr_record *event)
{
    const Fr__BenchMessage *message = fr_body(event);
    struct fr_time soon = {event->head->time_us + 10 * 1000000};
    struct fr_key key;

    fr_key_u64(fr_key_init(&key), event->head->key);
    if (wishes(message, "arm") || wishes(message, "again"))
        return fr_timer_arm(handle, ALARM, event->head->key, soon);
    if (wishes(message, "disarm"))
        return fr_timer_disarm(handle, ALARM, event->head->key);
    if (wishes(message, "mail"))
        return fr_effect_put(handle, MAIL, event->head->key, fr_slice("dear", 4));
    if (wishes(message, "mailed"))
        return fr_effect_done(handle, MAIL, event->head->key);
    if (wishes(message, "rang"))
        return fr_put(handle, &tables[1], fr_key_slice(&key),
                      fr_slice(&event->head->time_us, sizeof(event->head->time_us)));
    return fr_put(handle, &tables[0], fr_key_slice(&key),
                  fr_slice(&event->head->id, sizeof(event->head->id)));
}

static const struct fr_input inputs[] = {{FR_BENCH_MESSAGE, "upstream", decide},
                                         {FR_BENCH_MESSAGE, FR_LOCAL, decide},
                                         {ALARM, FR_TIMER, decide_alarm},
                                         {FR_KIND_END, NULL, NULL}};
static const struct fr_event events[] = {{FR_BENCH_MESSAGE, apply}, {FR_KIND_END, NULL}};
static const struct fr_stage little = {
    .name = "little", .tables = tables, .inputs = inputs, .events = events};

static int
setup(void **state)
{
    *state = fr_given_new(&little, "");
    return 0;
}

static int
teardown(void **state)
{
    struct fr_given *given = *state;

    assert_true(fr_given_rebuilds(given)); /* whatever the test did */
    fr_given_free(&given);
    return 0;
}

static enum fr_error
say(struct fr_given *given, const char *upstream, uint64_t key, const char *text)
{
    Fr__BenchMessage message = FR__BENCH_MESSAGE__INIT;

    message.key = key;
    message.filler.data = (uint8_t *)(uintptr_t)text;
    message.filler.len = strlen(text);
    return fr_given_input(given, upstream, key, "acme", &message.base);
}

static size_t
rows_of(struct fr_given *given, const struct fr_table *table)
{
    struct fr_slice key, value;
    struct fr_scan scan;
    size_t count = 0;

    fr_scan_init(&scan, fr_given_view(given), table, fr_slice(NULL, 0), fr_slice(NULL, 0));
    while (fr_scan_next(&scan, &key, &value) == FR_OK)
        count++;
    fr_scan_fini(&scan);
    return count;
}

static void
an_event_is_numbered_and_knows_its_cause(void **state)
{
    const struct fr_record_head *head;

    assert_int_equal(say(*state, "upstream", 5, "hello"), FR_OK);
    assert_int_equal(fr_given_count(*state), 1);
    head = fr_given_event(*state, 0);
    assert_int_equal(head->seq, 1);
    assert_int_equal(head->id, fr_id_make(fr_id_journal_number("little"), 1, 1));
    assert_int_equal(head->cause, fr_given_input_id(*state));
    assert_int_equal(head->key, 5);
    assert_string_equal(head->brand, "acme");
    assert_string_equal(head->route, "");
}

static void
labels_may_differ_from_the_input(void **state)
{
    const struct fr_record_head *head;

    assert_int_equal(say(*state, "upstream", 5, "two"), FR_OK);
    assert_int_equal(fr_given_count(*state), 2);
    head = fr_given_event(*state, 1);
    assert_int_equal(head->key, 99);
    assert_string_equal(head->brand, "other");
    assert_string_equal(head->route, "site.tana");
    assert_int_equal(rows_of(*state, &tables[0]), 2);
}

static void
an_error_takes_back_what_was_emitted(void **state)
{
    assert_int_equal(say(*state, "upstream", 1, "hello"), FR_OK);
    assert_int_equal(say(*state, "upstream", 2, "fail after one"), FR_NO_MEMORY);
    assert_int_equal(fr_given_count(*state), 0);
    assert_int_equal(rows_of(*state, &tables[0]), 1);
    assert_int_equal(say(*state, "upstream", 3, "hello"), FR_OK);
    assert_int_equal(fr_given_event(*state, 0)->seq, 2); /* no gap in the numbers */
}

static void
an_answer_let_through_is_not_taken_for_no_such_input(void **state)
{
    assert_int_equal(say(*state, "upstream", 1, "let through"), FR_INVALID);
    assert_int_equal(fr_given_count(*state), 0);
}

static void
a_reason_is_text_whatever_it_quotes(void **state)
{
    assert_int_equal(say(*state, "upstream", 1, "quote"), FR_OK);
    assert_string_equal(fr_given_rejected(*state), "?( is no character");
}

static void
an_upstream_input_that_is_rejected_is_kept_whole(void **state)
{
    assert_int_equal(say(*state, "upstream", 1, "reject"), FR_OK);
    assert_string_equal(fr_given_rejected(*state), "no thanks today");
    assert_int_equal(rows_of(*state, &fr_own_tables[FR_OWN_DEAD]), 1);
}

static void
a_submitted_input_that_is_rejected_is_only_told(void **state)
{
    assert_int_equal(say(*state, FR_LOCAL, 1, "reject"), FR_OK);
    assert_string_equal(fr_given_rejected(*state), "no thanks today");
    assert_int_equal(rows_of(*state, &fr_own_tables[FR_OWN_DEAD]), 0);
}

static void
a_submitted_input_that_is_set_aside_is_kept_whole(void **state)
{
    assert_int_equal(say(*state, FR_LOCAL, 1, "set aside"), FR_OK);
    assert_string_equal(fr_given_rejected(*state),
                        ""); /* whoever sent it is told that it was taken */
    assert_int_equal(rows_of(*state, &fr_own_tables[FR_OWN_DEAD]), 1);
}

static void
a_question_changes_nothing_and_is_answered(void **state)
{
    assert_int_equal(say(*state, FR_LOCAL, 1, "answer"), FR_OK);
    assert_int_equal(fr_given_count(*state), 0);
    assert_int_equal(fr_given_answer(*state).size, 2);
    assert_memory_equal(fr_given_answer(*state).data, "42", 2);
}

static void
a_timer_fires_once_at_its_time(void **state)
{
    say(*state, "upstream", 3, "arm");
    fr_given_at(*state, 9.9);
    assert_int_equal(fr_given_count(*state), 0);
    fr_given_at(*state, 10);
    assert_int_equal(fr_given_count(*state), 1);
    assert_int_equal(fr_given_event(*state, 0)->key, 3);
    fr_given_at(*state, 100);
    assert_int_equal(fr_given_count(*state), 0);
}

static void
timers_fire_in_the_order_of_their_dues(void **state)
{
    say(*state, "upstream", 2, "arm");
    fr_given_at(*state, 1);
    say(*state, "upstream", 1, "arm");
    fr_given_at(*state, 60);
    assert_int_equal(fr_given_count(*state), 2);
    assert_int_equal(fr_given_event(*state, 0)->key, 2);
    assert_int_equal(fr_given_event(*state, 1)->key, 1);
}

static void
a_disarmed_timer_stays_silent(void **state)
{
    say(*state, "upstream", 3, "arm");
    say(*state, "upstream", 3, "disarm");
    fr_given_at(*state, 60);
    assert_int_equal(fr_given_count(*state), 0);
}

static void
a_timer_armed_again_has_one_due_time(void **state)
{
    say(*state, "upstream", 3, "arm");
    fr_given_at(*state, 5);
    say(*state, "upstream", 3, "arm");
    fr_given_at(*state, 14);
    assert_int_equal(fr_given_count(*state), 0);
    fr_given_at(*state, 15);
    assert_int_equal(fr_given_count(*state), 1);
}

static void
a_timer_may_arm_itself_again(void **state)
{
    say(*state, "upstream", 7, "arm");
    fr_given_at(*state, 35);
    assert_int_equal(fr_given_count(*state), 3); /* at 10, 20 and 30 */
}

static void
an_effect_is_to_do_until_its_outcome(void **state)
{
    say(*state, "upstream", 4, "mail");
    assert_int_equal(rows_of(*state, &fr_own_tables[FR_OWN_EFFECTS]), 1);
    say(*state, FR_LOCAL, 4, "mailed");
    assert_int_equal(rows_of(*state, &fr_own_tables[FR_OWN_EFFECTS]), 0);
}

static void
a_record_that_is_not_a_message_is_rejected(void **state)
{
    Fr__StageStarted other = FR__STAGE_STARTED__INIT;
    struct fr_given *given = *state;

    other.version = "not what the service reads";
    other.careful = true;
    assert_int_equal(fr_given_input(given, "upstream", 1, NULL, &other.base), FR_NOT_FOUND);
    assert_int_equal(fr_given_count(given), 0);
}

static void
text_that_is_not_utf8_does_not_unpack(void **state)
{
    struct fr_given *given = *state;
    Fr__InputRejected bad = FR__INPUT_REJECTED__INIT;
    uint8_t bytes[128];
    struct fr_record_head head = {0};
    struct fr_turn turn = {.arena = fr_given_arena(given)};
    struct fr_record record = {.head = &head};

    bad.upstream = "\xc0\xaf";
    bad.reason = "";
    record.body = fr_slice(bytes, protobuf_c_message_pack(&bad.base, bytes));
    assert_null(fr_unpack(&turn, &record, &fr__input_rejected__descriptor));
    bad.upstream = "\xc3\xa9";
    record.body = fr_slice(bytes, protobuf_c_message_pack(&bad.base, bytes));
    assert_non_null(fr_unpack(&turn, &record, &fr__input_rejected__descriptor));
}

static void
a_hostile_body_cannot_cost_more_than_the_turn_may(void **state)
{
    struct fr_arena *small = fr_arena_new(1024, 4096);
    uint8_t bytes[4000];

    /* Field 100 is unknown: each occurrence of two or three bytes would become a struct. */
    for (size_t i = 0; i + 3 <= sizeof(bytes); i += 3)
        memcpy(bytes + i, "\xa0\x06\x01", 3);
    assert_null(fr_unpack_in(small, &fr__bench_message__descriptor, fr_slice(bytes, 3999)));
    assert_true(fr_arena_used(small) <= 4096);
    fr_arena_free(&small);
    (void)state;
}

int
main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CLAIM(an_event_is_numbered_and_knows_its_cause),
        CLAIM(labels_may_differ_from_the_input),
        CLAIM(an_error_takes_back_what_was_emitted),
        CLAIM(an_answer_let_through_is_not_taken_for_no_such_input),
        CLAIM(a_reason_is_text_whatever_it_quotes),
        CLAIM(an_upstream_input_that_is_rejected_is_kept_whole),
        CLAIM(a_submitted_input_that_is_rejected_is_only_told),
        CLAIM(a_submitted_input_that_is_set_aside_is_kept_whole),
        CLAIM(a_question_changes_nothing_and_is_answered),
        CLAIM(a_timer_fires_once_at_its_time),
        CLAIM(timers_fire_in_the_order_of_their_dues),
        CLAIM(a_disarmed_timer_stays_silent),
        CLAIM(a_timer_armed_again_has_one_due_time),
        CLAIM(a_timer_may_arm_itself_again),
        CLAIM(an_effect_is_to_do_until_its_outcome),
        CLAIM(a_record_that_is_not_a_message_is_rejected),
        CLAIM(text_that_is_not_utf8_does_not_unpack),
        CLAIM(a_hostile_body_cannot_cost_more_than_the_turn_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
