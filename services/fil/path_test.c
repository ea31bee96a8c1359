/* path_test.c - what belongs to the way of a message, and in which order it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "common/base/id.h"
#include "services/fil/path.h"

#define FORM 1u
#define IDENTITY 2u
#define MATTERS 3u /* the journal number of conversations */
#define DESK 4u
#define CUSTOMER_SAID 0x0101u
#define OTHER 0x0300u

static uint64_t
id(unsigned journal, uint64_t seq)
{
    return fr_id_make((uint16_t)journal, 1, seq);
}

static struct fil_step
step(unsigned journal, uint64_t seq, uint64_t cause, uint64_t key, int64_t time_us, uint32_t kind)
{
    return (struct fil_step){.id = id(journal, seq),
                             .cause = cause,
                             .key = key,
                             .seq = seq,
                             .time_us = time_us,
                             .kind = kind,
                             .journal = (uint16_t)journal};
}

/* Two customers; the first one writes twice in one conversation, and an agent answers. */
#define TALK id(MATTERS, 1)
#define OTHER_TALK id(MATTERS, 2)
#define STORY                                                                                      \
    {                                                                                              \
        step(FORM, 1, 0, 0, 100, CUSTOMER_SAID),                                                   \
            /* 0 the first message */ step(IDENTITY, 1, id(FORM, 1), 77, 110, OTHER),              \
            /* 1 */ step(MATTERS, 1, id(IDENTITY, 1), TALK, 120, OTHER),                           \
            /* 2 its conversation */ step(FORM, 2, 0, 0, 125, CUSTOMER_SAID),                      \
            /* 3 somebody else */ step(MATTERS, 2, id(FORM, 2), OTHER_TALK, 130, OTHER),           \
            /* 4 */ step(FORM, 3, 0, 0, 140, CUSTOMER_SAID),                                       \
            /* 5 the first customer again */ step(MATTERS, 3, id(FORM, 3), TALK, 150, OTHER),      \
            /* 6 */ step(DESK, 1, 0, TALK, 160, OTHER),                                            \
            /* 7 the agent writes */ step(MATTERS, 4, id(DESK, 1), TALK, 170, OTHER),              \
            /* 8 */ step(FORM, 4, id(MATTERS, 4), 0, 180, OTHER),                                  \
            /* 9 it reaches the form */ step(DESK, 2, 0, OTHER_TALK, 190, OTHER), /* 10 elsewhere  \
                                                                                   */              \
    }
#define STORY_COUNT 11

static void
expect(const struct fil_step *steps, const char *claim, const char *wanted)
{
    for (size_t i = 0; i < STORY_COUNT; i++)
        if (steps[i].wanted != (wanted[i] == 'x'))
            fail_msg("%s: step %zu", claim, i);
}

static void
test_the_way_of_a_message(void **state)
{
    struct fil_step first[] = STORY, second[] = STORY, nobody[] = STORY;

    (void)state;
    fil_path_of_message(first, STORY_COUNT, id(FORM, 1), CUSTOMER_SAID, MATTERS);
    expect(first,
           "a message's way holds what followed and what the agent did, and no other message",
           "xxx....xxx.");
    fil_path_of_message(second, STORY_COUNT, id(FORM, 3), CUSTOMER_SAID, MATTERS);
    expect(second, "a later message's way begins with itself", ".....xxxxx.");
    assert_int_equal(fil_path_of_message(nobody, STORY_COUNT, id(FORM, 9), CUSTOMER_SAID, MATTERS),
                     0);
}

static void
test_everything_of_a_conversation(void **state)
{
    struct fil_step steps[] = STORY;

    (void)state;
    assert_int_equal(fil_path_of_conversation(steps, STORY_COUNT, TALK), 8);
    expect(steps, "a conversation holds its messages with their causes and what left it",
           "xxx..xxxxx.");
}

static void
test_no_effect_before_its_cause(void **state)
{
    struct fil_step steps[] = {
        step(DESK, 5, id(MATTERS, 9), 0, 90, OTHER), /* a clock that is behind */
        step(FORM, 1, 0, 0, 100, CUSTOMER_SAID),
        step(MATTERS, 9, id(FORM, 1), 0, 100, OTHER),
        step(FORM, 2, 0, 0, 95, CUSTOMER_SAID),
    };

    (void)state;
    for (size_t i = 0; i < 4; i++)
        steps[i].wanted = i != 3;
    assert_int_equal(fil_path_order(steps, 4), 3);
    assert_int_equal(steps[0].id, id(FORM, 1));
    assert_int_equal(steps[1].id, id(MATTERS, 9));
    assert_int_equal(steps[2].id, id(DESK, 5));
    assert_int_equal(steps[2].order_us, 100);
    assert_int_equal(steps[2].depth, 3);
}

static void
test_a_circle_of_causes_ends(void **state)
{
    struct fil_step steps[] = {
        step(FORM, 1, id(FORM, 2), TALK, 100, OTHER),
        step(FORM, 2, id(FORM, 1), TALK, 100, OTHER),
    };

    (void)state;
    assert_int_equal(fil_path_of_conversation(steps, 2, TALK), 2);
    assert_int_equal(fil_path_order(steps, 2), 2);
    fil_path_of_message(steps, 2, id(FORM, 1), CUSTOMER_SAID, MATTERS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_way_of_a_message),
        cmocka_unit_test(test_everything_of_a_conversation),
        cmocka_unit_test(test_no_effect_before_its_cause),
        cmocka_unit_test(test_a_circle_of_causes_ends),
    };

    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
