/* judge_test.c - the judge finds what was lost and what was doubled, and accuses nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <stdio.h>
#include "services/fil/judge.h"

#define COUNT 5
static const char *const keys[COUNT] = {"r-1", "r-2", "r-3", "r-4", "r-5"};

enum { ID = 0x1000, TALK = 0x2000, ANSWER = 0x3000, TASK = 0x4000 };

/* Everything goes as it should for message i, in a conversation of its own. */
static void
all_well(struct fil_judge *judge, size_t i)
{
    char client_id[20];

    snprintf(client_id, sizeof(client_id), "c%zu", i);
    fil_judge_received(judge, keys[i], ID + i, 1000);
    fil_judge_acknowledged(judge, i, ID + i);
    fil_judge_added(judge, keys[i], ID + i, TALK + i);
    fil_judge_task(judge, TASK + i, ID + i);
    fil_judge_offered(judge, TASK + i, 1000 + 100 * (int64_t)(i + 1));
    fil_judge_shown(judge, ID + i, NULL);
    fil_judge_answered(judge, TALK + i, ANSWER + i, ID + i, client_id);
    fil_judge_got_answer(judge, i, ANSWER + i);
}

/* ---- planted faults: message 0 (or its answer) goes wrong ---- */

static void
nothing_planted(struct fil_judge *judge)
{
    all_well(judge, 0);
}
static void
not_in_any_conversation(struct fil_judge *judge)
{
    fil_judge_received(judge, keys[0], ID, 1000);
    fil_judge_acknowledged(judge, 0, ID);
}
static void
not_even_in_the_forms_journal(struct fil_judge *judge)
{
    fil_judge_acknowledged(judge, 0, ID);
}
static void
answered_unseen(struct fil_judge *judge)
{
    fil_judge_acknowledged(judge, 0, ID);
    fil_judge_added(judge, keys[0], ID, TALK);
    fil_judge_answered(judge, TALK, ANSWER, ID, "c0");
    fil_judge_got_answer(judge, 0, ANSWER);
}
static void
answered_by_others_unseen(struct fil_judge *judge)
{
    answered_unseen(judge);
    fil_judge_foreign(judge, TALK);
}
static void
answered_from_a_long_talk(struct fil_judge *judge)
{
    answered_unseen(judge);
    fil_judge_left_out(judge, TALK);
}
static void
ended_unseen(struct fil_judge *judge)
{
    fil_judge_acknowledged(judge, 0, ID);
    fil_judge_added(judge, keys[0], ID, TALK);
    fil_judge_ended(judge, TALK, true);
}
static void
ended_after_it_was_seen(struct fil_judge *judge)
{
    ended_unseen(judge);
    fil_judge_shown(judge, ID, NULL);
}
static void
kept_under_another_id(struct fil_judge *judge)
{
    fil_judge_acknowledged(judge, 0, ID);
    fil_judge_added(judge, keys[0], ID + 50, TALK);
}
static void
added_twice(struct fil_judge *judge)
{
    all_well(judge, 0);
    fil_judge_added(judge, keys[0], ID, TALK);
}
static void
added_under_two_ids(struct fil_judge *judge)
{
    all_well(judge, 0);
    fil_judge_added(judge, keys[0], ID + 50, TALK + 50);
}
static void
shown_as_two(struct fil_judge *judge)
{
    all_well(judge, 0);
    fil_judge_shown(judge, ID, keys[0]);
    fil_judge_shown(judge, ID + 50, keys[0]);
}
static void
shown_again(struct fil_judge *judge)
{
    all_well(judge, 0);
    fil_judge_shown(judge, ID, keys[0]);
    fil_judge_shown(judge, ID, keys[0]);
}
static void
two_tickets(struct fil_judge *judge)
{
    all_well(judge, 0);
    fil_judge_acknowledged(judge, 0, ID + 50);
}
static void
acknowledged_again(struct fil_judge *judge)
{
    all_well(judge, 0);
    fil_judge_acknowledged(judge, 0, ID);
}
static void
still_open(struct fil_judge *judge)
{
    fil_judge_acknowledged(judge, 0, ID);
    fil_judge_added(judge, keys[0], ID, TALK);
}
static void
refused(struct fil_judge *judge)
{
    fil_judge_refused(judge, 0);
}
static void
answer_at_no_ticket(struct fil_judge *judge)
{
    fil_judge_acknowledged(judge, 0, ID);
    fil_judge_added(judge, keys[0], ID, TALK);
    fil_judge_shown(judge, ID, NULL);
    fil_judge_answered(judge, TALK, ANSWER, ID, "c0");
}
static void
answer_at_two_tickets(struct fil_judge *judge)
{
    all_well(judge, 0);
    fil_judge_got_answer(judge, 1, ANSWER);
}
static void
answer_kept_twice(struct fil_judge *judge) /* one thing that the agent said, as two */
{
    all_well(judge, 0);
    fil_judge_answered(judge, TALK, ANSWER + 50, ID, "c0");
    fil_judge_got_answer(judge, 0, ANSWER + 50);
}
static void
answered_two_times(struct fil_judge *judge) /* two things that the agent said */
{
    all_well(judge, 0);
    fil_judge_answered(judge, TALK, ANSWER + 50, ID, "c0b");
    fil_judge_got_answer(judge, 0, ANSWER + 50);
}

/* clang-format off */
static const struct {
    const char *claim;
    void (*plant)(struct fil_judge *judge);
    enum fil_fate fate;
    uint64_t answers_lost, answers_doubled;
} cases[] = {
    { "what went well is answered",                               nothing_planted,               FIL_ANSWERED, 0, 0 },
    { "acknowledged and in no conversation is lost",              not_in_any_conversation,       FIL_LOST,     0, 0 },
    { "acknowledged and journalled nowhere is lost",              not_even_in_the_forms_journal, FIL_LOST,     0, 0 },
    { "answered without having been shown to an agent is lost",   answered_unseen,               FIL_LOST,     0, 0 },
    { "what people at the desk answered we cannot have seen",     answered_by_others_unseen,     FIL_ANSWERED, 0, 0 },
    { "what a long talk left out we cannot have seen",            answered_from_a_long_talk,     FIL_ANSWERED, 0, 0 },
    { "ended without having been shown to an agent is lost",      ended_unseen,                  FIL_LOST,     0, 0 },
    { "ended after it was seen is ended, and said",               ended_after_it_was_seen,       FIL_ENDED,    0, 0 },
    { "kept under another id than the ticket says is lost",       kept_under_another_id,         FIL_LOST,     0, 0 },
    { "added twice is doubled",                                   added_twice,                   FIL_DOUBLED,  0, 0 },
    { "added under two ids is doubled",                           added_under_two_ids,           FIL_DOUBLED,  0, 0 },
    { "shown as two messages is doubled",                         shown_as_two,                  FIL_DOUBLED,  0, 0 },
    { "shown again after a reload is not doubled",                shown_again,                   FIL_ANSWERED, 0, 0 },
    { "two tickets for one submission are doubled",               two_tickets,                   FIL_DOUBLED,  0, 0 },
    { "one ticket said twice is not",                             acknowledged_again,            FIL_ANSWERED, 0, 0 },
    { "what waits is open",                                       still_open,                    FIL_OPEN,     0, 0 },
    { "what was refused is not lost",                             refused,                       FIL_REFUSED,  0, 0 },
    { "an answer that stands at no ticket is lost",               answer_at_no_ticket,           FIL_ANSWERED, 1, 0 },
    { "an answer at two tickets is doubled",                      answer_at_two_tickets,         FIL_ANSWERED, 0, 1 },
    { "one reply kept as two answers is doubled",                 answer_kept_twice,             FIL_ANSWERED, 0, 1 },
    { "two replies are two answers",                              answered_two_times,            FIL_ANSWERED, 0, 0 },
};
/* clang-format on */

static void
test_planted(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct fil_judge *judge = fil_judge_new(keys, COUNT, true);
        struct fil_verdict verdict;

        for (size_t i = 1; i < COUNT; i++)
            all_well(judge, i);
        cases[c].plant(judge);
        fil_judge_verdict(judge, true, &verdict);
        if (fil_judge_fate(judge, 0) != cases[c].fate)
            fail_msg("%s: fate %d (%s)", cases[c].claim, fil_judge_fate(judge, 0),
                     fil_judge_reason(judge, 0));
        if (verdict.answers_lost != cases[c].answers_lost ||
            verdict.answers_doubled != cases[c].answers_doubled)
            fail_msg("%s: %d answers lost, %d doubled", cases[c].claim, (int)verdict.answers_lost,
                     (int)verdict.answers_doubled);
        for (size_t i = 1; i < COUNT; i++)
            if (fil_judge_fate(judge, i) != FIL_ANSWERED)
                fail_msg("%s: it accuses message %zu", cases[c].claim, i);
        if ((cases[c].fate >= FIL_ENDED) != (fil_judge_reason(judge, 0)[0] != '\0'))
            fail_msg("%s: the reason is \"%s\"", cases[c].claim, fil_judge_reason(judge, 0));
        fil_judge_free(&judge);
    }
}

static void
test_measures(void **state)
{
    struct fil_judge *judge = fil_judge_new(keys, COUNT, true);
    struct fil_verdict verdict;

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        all_well(judge, i);
    fil_judge_offered(judge, TASK, 9000); /* offered again later: the first time counts */
    fil_judge_verdict(judge, true, &verdict);
    assert_int_equal(verdict.offers, COUNT);
    assert_int_equal(verdict.p50_us, 300);
    assert_int_equal(verdict.p99_us, 400); /* of five */
    assert_int_equal(verdict.max_us, 500);
    assert_int_equal(verdict.received, COUNT);
    assert_int_equal(verdict.shown, COUNT);
    assert_int_equal(verdict.answers, COUNT);
    assert_int_equal(fil_judge_open_count(judge), 0);
    fil_judge_free(&judge);
}

static void
test_an_offer_may_be_heard_of_before_its_task(void **state)
{
    struct fil_judge *judge = fil_judge_new(keys, COUNT, true);
    struct fil_verdict verdict;

    (void)state;
    fil_judge_offered(judge, TASK, 1500);
    fil_judge_added(judge, keys[0], ID, TALK);
    fil_judge_task(judge, TASK, ID);
    fil_judge_received(judge, keys[0], ID, 1000);
    fil_judge_verdict(judge, true, &verdict);
    assert_int_equal(verdict.offers, 1);
    assert_int_equal(verdict.p50_us, 500);
    fil_judge_free(&judge);
}

/* Other replays, other channels, older messages. */
static void
test_strangers_are_ignored(void **state)
{
    struct fil_judge *judge = fil_judge_new(keys, COUNT, true);
    struct fil_verdict verdict;

    (void)state;
    fil_judge_received(judge, "other-1", 7, 1000);
    fil_judge_added(judge, "other-1", 7, TALK);
    fil_judge_added(judge, "other-1", 7, TALK);
    fil_judge_answered(judge, TALK, ANSWER, 7, "x");
    fil_judge_verdict(judge, true, &verdict);
    assert_int_equal(verdict.fates[FIL_UNSENT], COUNT);
    assert_int_equal(verdict.answers + verdict.answers_lost + verdict.answers_doubled, 0);
    fil_judge_free(&judge);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planted),
        cmocka_unit_test(test_measures),
        cmocka_unit_test(test_an_offer_may_be_heard_of_before_its_task),
        cmocka_unit_test(test_strangers_are_ignored),
    };

    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
