/* waits_test.c - what customers in line are told, when they are told anew, and what they choose. */
#include "services/routing/routing_testing.h"
#include "services/routing/waits.h"

#define YAML                                                                                       \
    "routing:\n"                                                                                   \
    "  waiting: { channels: [channel_webchat], turn: 2m, offer_above: 180s, every: 15s,\n"         \
    "             windows: 2, window: 1h }\n"                                                      \
    "  agents: { ann: { site: inhouse } }\n"

static struct fr_given *
begin(void)
{
    struct fr_given *g = fr_given_new(testing_stage(), YAML);

    testing_presence(g, "ann", "inhouse", FR__AGENT_STATE__AVAILABLE);
    return g;
}

static void
request(struct fr_given *g, uint64_t task, const char *channel)
{
    Fr__TaskRequested asked = testing_request(task, 0);

    asked.channel = (char *)channel;
    testing_send_request(g, &asked, "acme");
}

/* ann has task 1; the others wait. */
static struct fr_given *
begin_line(uint64_t last)
{
    struct fr_given *g = begin();

    for (uint64_t task = 1; task <= last; task++) {
        request(g, task, "channel_webchat");
        if (task == 1)
            testing_answer(g, "ann", 1, testing_task(g, 1).offer_id, true);
    }
    return g;
}

static void
choose(struct fr_given *g, uint64_t task, Fr__WaitChoice choice, double from)
{
    Fr__WaitChoiceMade made = FR__WAIT_CHOICE_MADE__INIT;

    made.task_id = task;
    made.conversation_id = CONVERSATION_OF(task);
    made.customer_id = 0x200;
    made.choice = choice;
    made.has_from_us = made.has_to_us = choice == FR__WAIT_CHOICE__CALL_ME_BACK;
    made.from_us = testing_us(from);
    made.to_us = testing_us(from + 3600);
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION_OF(task), "acme", &made.base),
                     FR_OK);
}

/* What an operator is told that happens next. */
static void
assert_explained(struct fr_given *g, uint64_t task, const char *what)
{
    char id[FR_ID_TEXT_SIZE];
    json_t *args = json_pack("{s:s}", "task", fr_id_format(task, id));
    json_t *answer = fr_given_query(g, "routing.explain", args);
    json_t *next = json_array_get(json_object_get(answer, "next"), 0);

    assert_non_null(next);
    assert_string_equal(json_string_value(json_object_get(next, "what")), what);
    json_decref(answer);
    json_decref(args);
}

static void
who_is_served_at_once_is_told_nothing(void **state)
{
    struct fr_given *g = begin();

    (void)state;
    request(g, 1, "channel_webchat");
    assert_null(fr_given_find(g, FR_WAIT_ESTIMATED));
    testing_free(&g);
}

/* A turn is thought to take 2 minutes: the first waits about that, the second twice that, which is
 * long enough to be offered something else. */
static void
who_waits_is_told_his_position_and_how_long(void **state)
{
    struct fr_given *g = begin_line(2);
    const Fr__WaitEstimated *told = fr_given_find(g, FR_WAIT_ESTIMATED);

    (void)state;
    assert_non_null(told);
    assert_int_equal(told->position, 1);
    assert_true(told->p50_us > 70 * SECOND && told->p50_us < 120 * SECOND);
    assert_true(told->p90_us > 200 * SECOND && told->p90_us < 300 * SECOND);
    assert_int_equal(told->n_windows, 0);

    request(g, 3, "channel_webchat");
    told = fr_given_find(g, FR_WAIT_ESTIMATED);
    assert_int_equal(told->position, 2);
    assert_int_equal(told->n_windows, 2);
    assert_true(told->windows[0]->from_us % (1800 * SECOND) == 0);
    assert_true(told->windows[0]->from_us >= testing_us(0) + told->p90_us);
    assert_true(told->windows[0]->to_us == told->windows[1]->from_us);
    assert_true(fr_given_rebuilds(g));
    testing_free(&g);
}

/* Further back than is counted: all but those behind him. */
static void
a_long_line_is_counted_from_its_end(void **state)
{
    struct fr_given *g = begin_line(300);

    (void)state;
    assert_int_equal(((const Fr__WaitEstimated *)fr_given_find(g, FR_WAIT_ESTIMATED))->position,
                     299);
    testing_free(&g);
}

static void
other_channels_are_told_nothing(void **state)
{
    struct fr_given *g = begin_line(1);

    (void)state;
    request(g, 2, "channel_email");
    assert_null(fr_given_find(g, FR_WAIT_ESTIMATED));
    testing_free(&g);
}

/* Nothing new is not said; who moved up hears it, once, at the next look. */
static void
they_are_told_anew_when_it_changes(void **state)
{
    struct fr_given *g = begin_line(4);
    const Fr__WaitEstimated *told;

    (void)state;
    fr_given_at(g, 14);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 16);
    assert_int_equal(fr_given_count_of(g, FR_WAITS_LOOKED_AT), 1);
    assert_int_equal(fr_given_count_of(g, FR_WAIT_ESTIMATED), 0);
    testing_withdraw(g, 2);
    assert_int_equal(fr_given_count_of(g, FR_WAIT_ENDED), 1);
    fr_given_at(g, 31);
    assert_int_equal(fr_given_count_of(g, FR_WAIT_ESTIMATED), 2);
    told = fr_given_find(g, FR_WAIT_ESTIMATED);
    assert_int_equal(told->task_id, 3);
    assert_int_equal(told->position, 1);
    fr_given_at(g, 46);
    assert_int_equal(fr_given_count_of(g, FR_WAIT_ESTIMATED), 0);
    testing_free(&g);
}

static void
an_empty_line_is_looked_at_no_more(void **state)
{
    struct fr_given *g = begin_line(2);

    (void)state;
    testing_withdraw(g, 2);
    fr_given_at(g, 16);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 600);
    assert_int_equal(fr_given_count(g), 0);
    request(g, 3, "channel_webchat"); /* and again, when somebody waits */
    fr_given_at(g, 616);
    assert_int_equal(fr_given_count_of(g, FR_WAITS_LOOKED_AT), 1);
    testing_free(&g);
}

static void
told_and_actual_are_on_record(void **state)
{
    struct fr_given *g = begin_line(2);
    int64_t p50_us = ((const Fr__WaitEstimated *)fr_given_find(g, FR_WAIT_ESTIMATED))->p50_us;
    const Fr__WaitEnded *ended;

    (void)state;
    fr_given_at(g, 100);
    testing_finish(g, "ann", 1);
    assert_null(fr_given_find(g, FR_WAIT_ENDED)); /* on offer is not served */
    fr_given_at(g, 103);
    testing_answer(g, "ann", 2, testing_task(g, 2).offer_id, true);
    ended = fr_given_find(g, FR_WAIT_ENDED);
    assert_non_null(ended);
    assert_true(ended->served);
    assert_true(ended->waited_us == 103 * SECOND);
    assert_true(ended->p50_us == p50_us);
    request(g, 3, "channel_webchat"); /* what was seen counts now: 103 s and the 120 s thought */
    assert_true(((const Fr__WaitEstimated *)fr_given_find(g, FR_WAIT_ESTIMATED))->model_us ==
                (103 + 120) * SECOND / 2);
    assert_true(fr_given_rebuilds(g));
    testing_free(&g);
}

/* He keeps his place: nobody is offered him before his window; then he comes before those who came
 * after him. */
static void
a_call_back_keeps_its_place(void **state)
{
    struct fr_given *g = begin_line(3);

    (void)state;
    choose(g, 2, FR__WAIT_CHOICE__CALL_ME_BACK, 1800);
    assert_int_equal(fr_given_count_of(g, FR_TASK_DEFERRED), 1);
    choose(g, 2, FR__WAIT_CHOICE__CALL_ME_BACK, 1800);
    assert_int_equal(fr_given_count(g), 0); /* sent twice */
    fr_given_at(g, 16);
    assert_int_equal(((const Fr__WaitEstimated *)fr_given_find(g, FR_WAIT_ESTIMATED))->position, 1);
    assert_explained(g, 2, "the customer's call-back: it waits again, in its place");
    fr_given_at(g, 60);
    testing_finish(g, "ann", 1);
    assert_int_equal(((const Fr__TaskOffered *)fr_given_find(g, FR_TASK_OFFERED))->task_id, 3);
    testing_answer(g, "ann", 3, testing_task(g, 3).offer_id, true);
    fr_given_at(g, 1700);
    request(g, 4, "channel_webchat");
    fr_given_at(g, 1790);
    testing_finish(g, "ann", 3);
    assert_int_equal(((const Fr__TaskOffered *)fr_given_find(g, FR_TASK_OFFERED))->task_id, 4);
    testing_answer(g, "ann", 4, testing_task(g, 4).offer_id, true);
    request(g, 5, "channel_webchat");
    fr_given_at(g, 1801);
    assert_int_equal(fr_given_count_of(g, FR_TASK_QUEUED), 1);
    testing_finish(g, "ann", 4);
    assert_int_equal(((const Fr__TaskOffered *)fr_given_find(g, FR_TASK_OFFERED))->task_id, 2);
    assert_true(fr_given_rebuilds(g));
    testing_free(&g);
}

static void
who_chose_otherwise_waits_on(void **state)
{
    struct fr_given *g = begin_line(2);

    (void)state;
    choose(g, 2, FR__WAIT_CHOICE__KEEP_WAITING, 0);
    assert_int_equal(fr_given_count(g), 0);
    choose(g, 2, FR__WAIT_CHOICE__SELF_SERVICE, 0);
    assert_int_equal(fr_given_count(g), 0);
    testing_finish(g, "ann", 1);
    choose(g, 2, FR__WAIT_CHOICE__CALL_ME_BACK, 1800);
    assert_int_equal(fr_given_count(g), 0); /* he is on offer: somebody is about to come */
    testing_free(&g);
}

/* After a minute less is asked, and who waits stands in another lane; he is still before those who
 * came after him. */
static void
who_is_asked_less_of_keeps_his_position(void **state)
{
    struct fr_given *g =
        fr_given_new(testing_stage(),
                     "routing:\n"
                     "  waiting: { channels: [channel_webchat], turn: 2m }\n"
                     "  queues:\n"
                     "    - { name: q, skills: [{ name: red, level: 3 }],\n"
                     "        relax: [{ after: 60s, level: 1 }] }\n"
                     "  agents: { ann: { site: inhouse, skills: [{ name: red, level: 4 }] } }\n");
    const Fr__WaitEstimated *told;

    (void)state;
    testing_presence(g, "ann", "inhouse", FR__AGENT_STATE__AVAILABLE);
    request(g, 1, "channel_webchat");
    testing_answer(g, "ann", 1, testing_task(g, 1).offer_id, true);
    request(g, 2, "channel_webchat");
    fr_given_at(g, 70);
    request(g, 3, "channel_webchat");
    assert_true(testing_task(g, 2).lane != testing_task(g, 3).lane);
    told = fr_given_find(g, FR_WAIT_ESTIMATED);
    assert_int_equal(told->task_id, 3);
    assert_int_equal(told->position, 2);
    testing_withdraw(g, 2);
    fr_given_at(g, 100);
    told = fr_given_find(g, FR_WAIT_ESTIMATED);
    assert_int_equal(told->task_id, 3);
    assert_int_equal(told->position, 1);
    fr_given_at(g, 150);
    fr_given_at(g, 180); /* he has moved, and is told on */
    assert_true(fr_given_count_of(g, FR_WAITS_LOOKED_AT) > 0);
    assert_true(fr_given_rebuilds(g));
    testing_free(&g);
}

/* The tests' clock begins on Friday 2027-01-15 at 8:00 UTC. */
static void
call_backs_are_offered_within_the_hours(void **state)
{
    struct fr_given *g = fr_given_new(
        testing_stage(),
        "calendars:\n"
        "  office: {zone: Europe/London, hours: {fri: [\"08:00-10:00\"], mon: [\"08:00-10:00\"]}}\n"
        "routing:\n"
        "  waiting: { channels: [channel_webchat], turn: 10m, windows: 3, window: 1h }\n"
        "  queues: [{ name: q, calendar: office }]\n"
        "  agents: { ann: { site: inhouse } }\n");
    const Fr__WaitEstimated *told;

    (void)state;
    testing_presence(g, "ann", "inhouse", FR__AGENT_STATE__AVAILABLE);
    request(g, 1, "channel_webchat");
    testing_answer(g, "ann", 1, testing_task(g, 1).offer_id, true);
    request(g, 2, "channel_webchat");
    told = fr_given_find(g, FR_WAIT_ESTIMATED);
    assert_int_equal(told->n_windows, 3); /* 8:30 or 9:00 today; then Monday */
    assert_true(told->windows[0]->to_us <= testing_us(7200));
    assert_true(told->windows[2]->from_us >= testing_us(3 * 86400.0));
    assert_true(told->windows[2]->to_us <= testing_us(3 * 86400.0 + 7200));
    testing_free(&g);
}

static void
a_call_back_may_be_given_up(void **state)
{
    struct fr_given *g = begin_line(2);

    (void)state;
    choose(g, 2, FR__WAIT_CHOICE__CALL_ME_BACK, 1800);
    testing_withdraw(g, 2);
    assert_int_equal(fr_given_count_of(g, FR_TASK_ENDED), 1);
    testing_finish(g, "ann", 1);
    fr_given_at(g, 3600);
    assert_null(fr_given_find(g, FR_TASK_OFFERED));
    assert_true(fr_given_rebuilds(g));
    testing_free(&g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_served_at_once_is_told_nothing),
        cmocka_unit_test(who_waits_is_told_his_position_and_how_long),
        cmocka_unit_test(a_long_line_is_counted_from_its_end),
        cmocka_unit_test(other_channels_are_told_nothing),
        cmocka_unit_test(they_are_told_anew_when_it_changes),
        cmocka_unit_test(an_empty_line_is_looked_at_no_more),
        cmocka_unit_test(told_and_actual_are_on_record),
        cmocka_unit_test(a_call_back_keeps_its_place),
        cmocka_unit_test(who_chose_otherwise_waits_on),
        cmocka_unit_test(who_is_asked_less_of_keeps_his_position),
        cmocka_unit_test(call_backs_are_offered_within_the_hours),
        cmocka_unit_test(a_call_back_may_be_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
