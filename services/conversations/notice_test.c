/* notice_test.c - what customers are told of promises, and what people say a matter is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "proto/desk.pb-c.h"
#include "services/conversations/play.h"
#include "services/conversations/text.h"

static uint64_t
begun(struct fr_given *g, const char *language)
{
    play_write(g, &(struct play_message){.customer = 7, .language = language});
    return play_conversation(g);
}

static const char *
told(struct fr_given *g)
{
    const Fr__OutboundRequested *outbound = fr_given_find(g, FR_OUTBOUND_REQUESTED);

    return outbound == NULL ? NULL : outbound->text;
}

static void
warn(struct fr_given *g, uint64_t conversation, Fr__TargetKind kind, bool tell)
{
    Fr__TargetWarned warned = FR__TARGET_WARNED__INIT;

    warned.target_id = 0x900;
    warned.kind = kind;
    warned.conversation_id = conversation;
    warned.reason = "x";
    warned.has_raise = warned.raise = 1;
    warned.has_tell = 1;
    warned.tell = tell;
    warned.has_cause = 1;
    warned.cause = FR__CAUSE_KIND__BY_CALENDAR;
    warned.again_text = "Fri 2027-04-02 17:00 CEST";
    fr_given_input(g, "sla", conversation, "acme", &warned.base);
}

static void
he_reads_reason_and_new_time_and_once(void **state)
{
    struct fr_given *g = play_begin();
    uint64_t conversation = begun(g, NULL);

    (void)state;
    warn(g, conversation, FR__TARGET_KIND__FIRST_RESPONSE, false);
    assert_null(told(g));
    warn(g, conversation, FR__TARGET_KIND__FIRST_RESPONSE, true);
    assert_string_equal(told(g),
                        "Thank you for waiting. Your answer takes longer than we promised: "
                        "we are closed at the moment. You will hear from us by Fri "
                        "2027-04-02 17:00 CEST.");
    warn(g, conversation, FR__TARGET_KIND__FIRST_RESPONSE, true);
    assert_null(told(g));
    play_end(g);
}

static void
in_his_language_and_without_a_time_too(void **state)
{
    struct fr_given *g = play_begin();
    uint64_t conversation = begun(g, "fr-CA");

    (void)state;
    play_warn(g, conversation, 0x900); /* as sla said it before it knew reasons and new times */
    assert_non_null(strstr(told(g), "beaucoup de personnes"));
    assert_non_null(strstr(told(g), "dès que possible"));
    play_end(g);
}

static void
promise_made(struct fr_given *g, uint64_t conversation, bool tell, const char *from)
{
    Fr__PromiseMade made = FR__PROMISE_MADE__INIT;
    Fr__PromiseRequested promise = FR__PROMISE_REQUESTED__INIT;
    Fr__TargetClock clock = FR__TARGET_CLOCK__INIT;

    clock.policy = clock.calendar = "24/7";
    promise.request_id = "r";
    promise.kind = from == NULL ? FR__TARGET_KIND__PROMISE_BY_HAND : FR__TARGET_KIND__CALL_BACK;
    promise.conversation_id = conversation;
    promise.what = "secret words for agents";
    promise.has_tell = 1;
    promise.tell = tell;
    made.promise_id = 0x901;
    made.promise = &promise;
    made.clock = &clock;
    made.due_text = "Fri 2027-04-02 17:00 CEST";
    made.from_text = (char *)from;
    fr_given_input(g, "sla", conversation, "acme", &made.base);
}

static void
a_promise_is_told_when_he_has_not_read_it(void **state)
{
    struct fr_given *g = play_begin();
    uint64_t conversation = begun(g, NULL);

    (void)state;
    promise_made(g, conversation, false, NULL);
    assert_null(told(g));
    promise_made(g, conversation, true, NULL);
    assert_string_equal(told(g), "You will hear from us by Fri 2027-04-02 17:00 CEST.");
    promise_made(g, conversation, true, NULL);
    assert_null(told(g));
    play_end(g);
}

static void
a_call_back_names_its_window(void **state)
{
    struct fr_given *g = play_begin();
    uint64_t conversation = begun(g, NULL);

    (void)state;
    promise_made(g, conversation, true, "Fri 2027-04-02 15:00 CEST");
    assert_string_equal(told(g), "We will call you back between Fri 2027-04-02 15:00 CEST and Fri "
                                 "2027-04-02 17:00 CEST.");
    play_end(g);
}

static const Fr__ConversationClassified *
mark(struct fr_given *g, Fr__MatterMarked *marked)
{
    marked->agent = "ann";
    marked->client_id = "m";
    fr_given_input(g, FR_LOCAL, 0, NULL, &marked->base);
    return fr_given_find(g, FR_CONVERSATION_CLASSIFIED);
}

static void
what_a_matter_is_stays_until_somebody_says_otherwise(void **state)
{
    struct fr_given *g = play_begin();
    const Fr__ConversationClassified *classified;
    Fr__MatterMarked marked = FR__MATTER_MARKED__INIT;
    char *billing[] = {"billing"}, *bad[] = {"Not A Tag"};

    (void)state;
    marked.conversation_id = begun(g, NULL);
    marked.has_priority = 1;
    marked.priority = 3;
    marked.add_tags = billing;
    marked.n_add_tags = 1;
    classified = mark(g, &marked);
    assert_int_equal(classified->priority, 3);
    assert_int_equal(classified->n_tags, 1);
    assert_null(mark(g, &marked)); /* said twice */
    marked.has_priority = 0;
    marked.has_complaint = marked.complaint = 1;
    classified = mark(g, &marked);
    assert_int_equal(classified->priority, 3);
    assert_true(classified->complaint);
    marked.drop_tags = billing;
    marked.n_drop_tags = 1;
    marked.n_add_tags = 0;
    assert_int_equal(mark(g, &marked)->n_tags, 0);
    marked.add_tags = bad;
    marked.n_add_tags = 1;
    assert_null(mark(g, &marked));
    assert_non_null(strstr(fr_given_rejected(g), "a tag has"));
    marked.conversation_id = 0x999;
    mark(g, &marked);
    assert_string_equal(fr_given_rejected(g), "no such conversation");
    play_end(g);
}

static void
words_are_put_in_their_places(void **state)
{
    static const char *const cases[][2] = {
        {"by {time}: {reason}.", "by T: R."},
        {"{{time}} {x} {", "{T} {x} {"},
        {"{from}{from}", "FF"},
        {"", ""},
        {"no place", "no place"},
    };
    const struct conversations_words words = {"R", "T", "F"}, none = {NULL, NULL, NULL};
    struct fr_arena *arena = fr_arena_new(1024, 65536);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(conversations_fill(arena, cases[i][0], &words), cases[i][1]);
    assert_string_equal(conversations_fill(arena, "a{time}b", &none), "ab");
    fr_arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(he_reads_reason_and_new_time_and_once),
        cmocka_unit_test(in_his_language_and_without_a_time_too),
        cmocka_unit_test(a_promise_is_told_when_he_has_not_read_it),
        cmocka_unit_test(a_call_back_names_its_window),
        cmocka_unit_test(what_a_matter_is_stays_until_somebody_says_otherwise),
        cmocka_unit_test(words_are_put_in_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
