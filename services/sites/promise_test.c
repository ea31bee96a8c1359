/* promise_test.c - given, when, then: promises, marks and alerts pass between desks and the hub. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/sites/play.h"

#include "proto/sla.pb-c.h"

static void
promise(struct fr_given *g, const char *desk, struct lease lease, const char *agent,
        const char *client_id)
{
    Fr__PromiseWritten written = FR__PROMISE_WRITTEN__INIT;
    Fr__PromiseRequested wish = FR__PROMISE_REQUESTED__INIT;

    wish.request_id = (char *)client_id;
    wish.kind = FR__TARGET_KIND__PROMISE_BY_HAND;
    wish.conversation_id = CONVERSATION;
    wish.what = "an offer";
    wish.owner = "somebody else";
    wish.site = "somewhere else";
    written.lease_id = lease.id;
    written.fence = lease.fence;
    written.conversation_id = CONVERSATION;
    written.agent = (char *)agent;
    written.client_id = (char *)client_id;
    written.promise = &wish;
    fr_given_input(g, desk, CONVERSATION, NULL, &written.base);
}

static void
a_promise_is_passed_on_once_with_its_true_author(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");
    const Fr__PromiseWritten *written;

    (void)state;
    promise(g, "desk.inhouse", lease, "ann", "p1");
    written = fr_given_find(g, FR_PROMISE_WRITTEN);
    assert_non_null(written);
    assert_string_equal(written->promise->owner, "ann");
    assert_string_equal(written->promise->site, "inhouse");
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    promise(g, "desk.inhouse", lease, "ann", "p1");
    assert_int_equal(fr_given_count(g), 0);
    promise(g, "desk.tana", lease, "ann", "p2");
    refused(g, "site.tana", "the agent does not work at this site");
    lease.fence += 5;
    promise(g, "desk.inhouse", lease, "ann", "p3");
    assert_non_null(fr_given_find(g, FR_WORK_REFUSED));
    finish(g);
}

static void
what_a_matter_is_goes_on_without_the_tier(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");
    Fr__MatterMarked marked = FR__MATTER_MARKED__INIT;
    const Fr__MatterMarked *passed;

    (void)state;
    marked.conversation_id = CONVERSATION;
    marked.agent = "ann";
    marked.client_id = "m1";
    marked.has_lease_id = marked.has_fence = 1;
    marked.lease_id = lease.id;
    marked.fence = lease.fence;
    marked.has_complaint = marked.complaint = 1;
    marked.tier = "gold";
    fr_given_input(g, "desk.inhouse", CONVERSATION, NULL, &marked.base);
    passed = fr_given_find(g, FR_MATTER_MARKED);
    assert_non_null(passed);
    assert_true(passed->complaint);
    assert_null(passed->tier);
    fr_given_input(g, "desk.inhouse", CONVERSATION, NULL, &marked.base);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
a_word_about_a_promise_needs_no_lease_but_the_right_site(void **state)
{
    struct fr_given *g = given();
    Fr__PromiseDone done = FR__PROMISE_DONE__INIT;

    (void)state;
    done.promise_id = 0x900;
    done.agent = "ann";
    done.client_id = "d1";
    done.kept = 1;
    done.site = "a lie";
    fr_given_input(g, "desk.inhouse", 0, NULL, &done.base);
    assert_string_equal(((const Fr__PromiseDone *)fr_given_find(g, FR_PROMISE_DONE))->site,
                        "inhouse");
    fr_given_input(g, "desk.tana", 0, NULL, &done.base);
    refused(g, "site.tana", "the agent does not work at this site");
    finish(g);
}

static size_t
alerted(struct fr_given *g, const char *brand)
{
    Fr__SupervisorAlerted alert = FR__SUPERVISOR_ALERTED__INIT;

    alert.target_id = 0x900;
    alert.kind = FR__TARGET_KIND__FIRST_RESPONSE;
    alert.conversation_id = CONVERSATION;
    alert.reason = "x";
    fr_given_input(g, "sla", CONVERSATION, brand, &alert.base);
    return fr_given_count_of(g, FR_SUPERVISOR_ALERTED);
}

static void
alerts_go_to_the_sites_that_serve_the_brand(void **state)
{
    struct fr_given *g = given();

    (void)state;
    assert_int_equal(alerted(g, "acme"), 2);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    assert_string_equal(fr_given_event(g, 1)->route, "site.tana");
    assert_int_equal(alerted(g, "bolt"), 1);
    assert_int_equal(alerted(g, "other"), 0);
    finish(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promise_is_passed_on_once_with_its_true_author),
        cmocka_unit_test(what_a_matter_is_goes_on_without_the_tier),
        cmocka_unit_test(a_word_about_a_promise_needs_no_lease_but_the_right_site),
        cmocka_unit_test(alerts_go_to_the_sites_that_serve_the_brand),
    };

    make_stage();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
