/* promise_test.c - given, when, then: agents promise, and supervisors are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/desk/play.h"

#define PROMISE 0x7001

static void
write_promise(struct fr_given *g, const char *agent, const char *client_id, const char *what,
              double due)
{
    Fr__PromiseWritten written = FR__PROMISE_WRITTEN__INIT;
    Fr__PromiseRequested promise = FR__PROMISE_REQUESTED__INIT;

    promise.request_id = (char *)client_id;
    promise.kind = FR__TARGET_KIND__PROMISE_BY_HAND;
    promise.conversation_id = CONVERSATION;
    promise.what = (char *)what;
    promise.due_us = FR_GIVEN_EPOCH_S * INT64_C(1000000) + (int64_t)(due * 1e6);
    written.conversation_id = CONVERSATION;
    written.agent = (char *)agent;
    written.client_id = (char *)client_id;
    written.promise = &promise;
    fr_given_input(g, FR_LOCAL, 0, NULL, &written.base);
}

static void
promise_made(struct fr_given *g, const char *owner)
{
    Fr__PromiseMade made = FR__PROMISE_MADE__INIT;
    Fr__PromiseRequested promise = FR__PROMISE_REQUESTED__INIT;
    Fr__TargetClock clock = FR__TARGET_CLOCK__INIT;

    clock.policy = clock.calendar = "24/7";
    promise.request_id = "r";
    promise.kind = FR__TARGET_KIND__PROMISE_BY_HAND;
    promise.conversation_id = CONVERSATION;
    promise.what = "an offer";
    promise.owner = (char *)owner;
    made.promise_id = PROMISE;
    made.promise = &promise;
    made.clock = &clock;
    fr_given_input(g, "sites", 0, NULL, &made.base);
}

static void
say_done(struct fr_given *g, const char *agent, const char *client_id)
{
    Fr__PromiseDone done = FR__PROMISE_DONE__INIT;

    done.promise_id = PROMISE;
    done.agent = (char *)agent;
    done.client_id = (char *)client_id;
    done.kept = 1;
    fr_given_input(g, FR_LOCAL, 0, NULL, &done.base);
}

static void
a_promise_goes_to_the_hub_under_the_lease_and_once(void **state)
{
    struct fr_given *g = given_held();
    const Fr__PromiseWritten *written;

    (void)state;
    write_promise(g, "ann", "p1", "an offer", 3600);
    written = fr_given_find(g, FR_PROMISE_WRITTEN);
    assert_non_null(written);
    assert_int_equal(written->lease_id, LEASE);
    assert_string_equal(fr_given_event(g, 0)->route, "hub");
    write_promise(g, "ann", "p1", "an offer", 3600);
    assert_int_equal(fr_given_count(g), 0);
    write_promise(g, "bob", "p2", "an offer", 3600);
    rejected(g, "this conversation is over, or was never yours");
    write_promise(g, "ann", "p3", " ", 3600);
    rejected(g, "say what is promised");
    write_promise(g, "ann", "p4", "an offer", 0);
    rejected(g, "the time that is promised has passed already");
    finish(g);
}

static void
what_was_promised_is_shown_until_it_has_ended(void **state)
{
    struct fr_given *g = given();
    Fr__PromiseEnded ended = FR__PROMISE_ENDED__INIT;

    (void)state;
    promise_made(g, "ann");
    promise_made(g, "ann");
    assert_int_equal(shown(g, "ann", "promises"), 1);
    assert_int_equal(shown(g, "bob", "promises"), 0);
    say_done(g, "bob", "d1");
    rejected(g, "this promise is over, or was never yours");
    say_done(g, "ann", "d2");
    assert_int_equal(fr_given_count_of(g, FR_PROMISE_DONE), 1);
    say_done(g, "ann", "d2");
    assert_int_equal(fr_given_count(g), 0);
    ended.promise_id = PROMISE;
    ended.conversation_id = CONVERSATION;
    ended.kept = 1;
    ended.owner = "ann";
    fr_given_input(g, "sites", 0, NULL, &ended.base);
    assert_int_equal(shown(g, "ann", "promises"), 0);
    fr_given_input(g, "sites", 0, NULL, &ended.base);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
alert(struct fr_given *g, uint64_t target, const char *owner)
{
    Fr__SupervisorAlerted alerted = FR__SUPERVISOR_ALERTED__INIT;

    alerted.target_id = target;
    alerted.kind = FR__TARGET_KIND__FIRST_RESPONSE;
    alerted.conversation_id = CONVERSATION;
    alerted.reason = "first response is due in 5m";
    alerted.agent = (char *)owner;
    fr_given_input(g, "sites", 0, NULL, &alerted.base);
}

static void
alerts_are_for_supervisors_and_for_whose_promise_it_is(void **state)
{
    static const char with_supervisor[] =
        "desk:\n  site: inhouse\n  agents:\n"
        "    ann: {password_hash: $argon2id$v=19$x}\n"
        "    bob: {password_hash: $argon2id$v=19$x}\n"
        "    sue: {supervisor: true, password_hash: $argon2id$v=19$x}\n";
    struct fr_given *g = fr_given_new(&desk_stage, with_supervisor);
    Fr__RefusalSeen seen = FR__REFUSAL_SEEN__INIT;

    (void)state;
    alert(g, 0x900, NULL);
    alert(g, 0x900, NULL); /* the same target again: one line */
    assert_int_equal(shown(g, "sue", "alerts"), 1);
    assert_int_equal(shown(g, "ann", "alerts"), 0);
    alert(g, 0x901, "ann");
    assert_int_equal(shown(g, "ann", "alerts"), 1);
    assert_int_equal(shown(g, "bob", "alerts"), 0);
    for (uint64_t i = 0; i < DESK_ALERT_MAX + 20; i++)
        alert(g, 0x1000 + i, NULL);
    assert_int_equal(shown(g, "sue", "alerts"), DESK_ALERT_MAX);
    seen.refusal_id = 0x901;
    seen.agent = "ann";
    seen.client_id = "s1";
    fr_given_input(g, FR_LOCAL, 0, NULL, &seen.base);
    assert_int_equal(shown(g, "ann", "alerts"), 0);
    finish(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promise_goes_to_the_hub_under_the_lease_and_once),
        cmocka_unit_test(what_was_promised_is_shown_until_it_has_ended),
        cmocka_unit_test(alerts_are_for_supervisors_and_for_whose_promise_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
