/* cause_test.c - given, when, then: a breach says where the conversation lay. */
#include "services/sla/sla_testing.h"

static void
queued(uint64_t task)
{
    Fr__TaskQueued event = FR__TASK_QUEUED__INIT;

    event.task_id = task;
    event.conversation_id = CONVERSATION;
    event.queue = "chat";
    event.reason = "test";
    fr_given_input(g, "routing", CONVERSATION, "acme", &event.base);
}

static void
parked(uint64_t task)
{
    Fr__TaskParked event = FR__TASK_PARKED__INIT;

    event.task_id = task;
    event.conversation_id = CONVERSATION;
    event.reason = "none of 3 agents has skill german at level 2 or more";
    fr_given_input(g, "routing", CONVERSATION, "acme", &event.base);
}

static void
offered(uint64_t task)
{
    Fr__TaskOffered event = FR__TASK_OFFERED__INIT;

    event.offer_id = 0x500;
    event.task_id = task;
    event.conversation_id = CONVERSATION;
    event.agent = "ann";
    event.site = "inhouse";
    event.channel = "channel_webchat";
    event.queue = "chat";
    event.preview = event.reason = "x";
    fr_given_input(g, "routing", CONVERSATION, "acme", &event.base);
}

static void
accepted(uint64_t task)
{
    Fr__OfferAccepted event = FR__OFFER_ACCEPTED__INIT;

    event.task_id = task;
    event.conversation_id = CONVERSATION;
    event.agent = "ann";
    event.site = "inhouse";
    fr_given_input(g, "routing", CONVERSATION, "acme", &event.base);
}

static void
ended(uint64_t task)
{
    Fr__TaskEnded event = FR__TASK_ENDED__INIT;

    event.task_id = task;
    event.conversation_id = CONVERSATION;
    event.reason = "test";
    fr_given_input(g, "routing", CONVERSATION, "acme", &event.base);
}

struct cause_case {
    const char *claim;
    void (*told)(uint64_t task);
    const char *cause;
};

/* clang-format off */
static const struct cause_case cause_cases[] = {
    { "in a queue",       queued,   "waiting in queue chat for 4m10s" },
    { "parked",           parked,   "parked for 4m10s: none of 3 agents has skill german at level 2 or more" },
    { "on offer",         offered,  "on offer to ann at inhouse for 4m10s, from queue chat" },
    { "with an agent",    accepted, "with ann at inhouse for 4m10s" },
    { "its task is over", ended,    "nobody had been asked: routing knew no task for it" },
};
/* clang-format on */

static void
the_cause_is_where_it_lay(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cause_cases) / sizeof(cause_cases[0]); i++) {
        const Fr__TargetBreached *breached;
        struct fr_given *outer = g;

        print_message("  %s\n", cause_cases[i].claim);
        g = fr_given_new(&sla_stage, yaml);
        HEARD(0);
        fr_given_at(g, 50);
        if (cause_cases[i].told == ended)
            queued(7);
        cause_cases[i].told(7);
        assert_int_equal(fr_given_count_of(g, FR_PLACE_NOTED), 1);
        cause_cases[i].told(7);
        assert_int_equal(news(), 0);
        fr_given_at(g, 300);
        breached = fr_given_find(g, FR_TARGET_BREACHED);
        assert_string_equal(breached->cause, cause_cases[i].cause);
        assert_true(fr_given_rebuilds(g));
        fr_given_free(&g);
        g = outer;
    }
}

static void
the_end_of_an_old_task_does_not_hide_the_new_one(void **state)
{
    const Fr__TargetBreached *breached;

    (void)state;
    HEARD(0);
    accepted(7);
    queued(8);
    ended(7);
    assert_int_equal(news(), 0);
    fr_given_at(g, 300);
    breached = fr_given_find(g, FR_TARGET_BREACHED);
    assert_string_equal(breached->cause, "waiting in queue chat for 5m");
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_cause_is_where_it_lay),
        CASE(the_end_of_an_old_task_does_not_hide_the_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
