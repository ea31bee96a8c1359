/* wait_test.c - how long it takes: what stands before the customer, and what he may choose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/stage/given.h"
#include "services/channel_webchat/tables.h"

#define ONE "11111111111111111111111111111111"
#define TWO "22222222222222222222222222222222"
#define NOW_US (FR_GIVEN_EPOCH_S * INT64_C(1000000))
#define FROM (NOW_US + INT64_C(3600000000))
#define TO (NOW_US + INT64_C(7200000000))

static struct fr_given *
given(void)
{
    struct fr_given *g = fr_given_new(&webchat_stage, "brands: {acme: {title: Acme}}\n"
                                                      "channel_webchat:\n"
                                                      "  accounts: {shop: {brand: acme}}\n");
    Fr__MessageReceived message = FR__MESSAGE_RECEIVED__INIT;

    message.channel = WEBCHAT_CHANNEL;
    message.account = "shop";
    message.address = ONE;
    message.external_id = ONE ":m1";
    message.text = "hello";
    message.received_us = NOW_US;
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, "acme", &message.base), FR_OK);
    return g;
}

static void
finish(struct fr_given *g)
{
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

static size_t
tell(struct fr_given *g, const char *session, uint32_t position, bool over)
{
    Fr__WaitTold told = FR__WAIT_TOLD__INIT;
    Fr__WaitWindow window = FR__WAIT_WINDOW__INIT, *windows[] = {&window};

    window.from_us = FROM;
    window.to_us = TO;
    told.task_id = 7;
    told.conversation_id = 8;
    told.channel = WEBCHAT_CHANNEL;
    told.account = "shop";
    told.address = (char *)session;
    told.at_us = NOW_US;
    told.over = over;
    if (!over) {
        told.has_position = told.has_p50_us = told.has_p90_us = true;
        told.position = position;
        told.p50_us = INT64_C(300000000);
        told.p90_us = INT64_C(700000000);
        told.windows = windows;
        told.n_windows = 1;
    }
    assert_int_equal(fr_given_input(g, "conversations", 8, "acme", &told.base), FR_OK);
    return fr_given_count(g);
}

static size_t
choose(struct fr_given *g, const char *session, Fr__WaitChoice choice, int64_t from_us)
{
    Fr__WaitChosen chosen = FR__WAIT_CHOSEN__INIT;

    chosen.address = (char *)session;
    chosen.choice = choice;
    chosen.has_from_us = chosen.has_to_us = from_us != 0;
    chosen.from_us = from_us;
    chosen.to_us = TO;
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, "acme", &chosen.base), FR_OK);
    return fr_given_count(g);
}

/* What a window that comes back is told of it; new reference. */
static json_t *
shown(struct fr_given *g, const char *session)
{
    Fr__AnswersAsked asked = FR__ANSWERS_ASKED__INIT;
    json_t *answer, *wait;

    asked.address = (char *)session;
    asked.account = "shop";
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, "acme", &asked.base), FR_OK);
    answer = json_loadb(fr_given_answer(g).data, fr_given_answer(g).size, 0, NULL);
    wait = json_incref(json_object_get(answer, "wait"));
    json_decref(answer);
    return wait;
}

static void
a_window_that_comes_back_sees_how_long_it_takes(void **state)
{
    struct fr_given *g = given();
    json_t *wait = shown(g, ONE);

    (void)state;
    assert_true(json_is_null(wait));
    json_decref(wait);
    assert_int_equal(tell(g, ONE, 3, false), 1);
    assert_non_null(fr_given_find(g, FR_WAIT_SHOWN));
    fr_given_at(g, 60); /* a minute of it is over */
    wait = shown(g, ONE);
    assert_int_equal(json_integer_value(json_object_get(wait, "position")), 3);
    assert_int_equal(json_integer_value(json_object_get(wait, "p50_s")), 240);
    assert_int_equal(json_integer_value(json_object_get(wait, "p90_s")), 640);
    assert_int_equal(json_array_size(json_object_get(wait, "windows")), 1);
    json_decref(wait);
    fr_given_at(g, 400);
    wait = shown(g, ONE);
    assert_int_equal(json_integer_value(json_object_get(wait, "p50_s")), 0);
    json_decref(wait);
    finish(g);
}

static void
what_is_over_is_shown_no_more(void **state)
{
    struct fr_given *g = given();
    json_t *wait;

    (void)state;
    tell(g, ONE, 1, false);
    tell(g, ONE, 0, true);
    wait = shown(g, ONE);
    assert_true(json_is_null(wait));
    json_decref(wait);
    finish(g);
}

static void
a_session_that_is_not_kept_is_told_nothing(void **state)
{
    struct fr_given *g = given();

    (void)state;
    assert_int_equal(tell(g, TWO, 1, false), 0);
    finish(g);
}

static void
what_is_offered_may_be_chosen_and_names_its_task(void **state)
{
    struct fr_given *g = given();
    const Fr__WaitChosen *chosen;

    (void)state;
    tell(g, ONE, 3, false);
    assert_int_equal(choose(g, ONE, FR__WAIT_CHOICE__CALL_ME_BACK, FROM), 1);
    chosen = fr_given_find(g, FR_WAIT_CHOSEN);
    assert_int_equal(chosen->task_id, 7);
    assert_int_equal(chosen->conversation_id, 8);
    assert_int_equal(choose(g, ONE, FR__WAIT_CHOICE__KEEP_WAITING, 0), 1);
    finish(g);
}

static void
what_is_not_offered_is_refused(void **state)
{
    struct fr_given *g = given();

    (void)state;
    assert_int_equal(choose(g, ONE, FR__WAIT_CHOICE__KEEP_WAITING, 0), 0);
    assert_string_equal(fr_given_rejected(g), "nobody is waited for in this chat");
    assert_int_equal(choose(g, TWO, FR__WAIT_CHOICE__KEEP_WAITING, 0), 0);
    tell(g, ONE, 3, false);
    assert_int_equal(choose(g, ONE, FR__WAIT_CHOICE__CALL_ME_BACK, FROM + 1), 0);
    assert_string_equal(fr_given_rejected(g), "that is not offered any more");
    assert_int_equal(choose(g, ONE, FR__WAIT_CHOICE__SELF_SERVICE, 0), 0);
    assert_string_equal(fr_given_rejected(g), "that is not offered any more");
    finish(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_that_comes_back_sees_how_long_it_takes),
        cmocka_unit_test(what_is_over_is_shown_no_more),
        cmocka_unit_test(a_session_that_is_not_kept_is_told_nothing),
        cmocka_unit_test(what_is_offered_may_be_chosen_and_names_its_task),
        cmocka_unit_test(what_is_not_offered_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
