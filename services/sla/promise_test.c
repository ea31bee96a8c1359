/* promise_test.c - given, when, then: promises to customers, from the asking to the end. */
#include "services/sla/sla_testing.h"

#include "proto/desk.pb-c.h"

static const char with_steps[] = "sla:\n"
                                 "  promise_steps: [{at: due-15m, do: [raise, tell, alert]}]\n"
                                 "  promise_again: 1h\n"
                                 "  keep_for: 1000s\n"
                                 "  policies: [{name: acme, first_response: 5m}]\n";

static int
setup_promises(void **state)
{
    (void)state;
    g = fr_given_new(&sla_stage, with_steps);
    message_id = 0x1000;
    opened(false);
    return 0;
}

static Fr__PromiseRequested
wish(const char *id, double due)
{
    Fr__PromiseRequested promise = FR__PROMISE_REQUESTED__INIT;

    promise.request_id = (char *)id;
    promise.kind = FR__TARGET_KIND__PROMISE_BY_HAND;
    promise.conversation_id = CONVERSATION;
    promise.due_us = second(due);
    promise.what = "an offer";
    promise.owner = "ann";
    promise.site = "inhouse";
    return promise;
}

static uint64_t
ask(const Fr__PromiseRequested *promise)
{
    const Fr__PromiseMade *made;

    fr_given_input(g, "conversations", CONVERSATION, "acme", &promise->base);
    made = fr_given_find(g, FR_PROMISE_MADE);
    return made == NULL ? 0 : made->promise_id;
}

static void
settle(uint64_t promise_id, bool kept)
{
    Fr__PromiseSettled settled = FR__PROMISE_SETTLED__INIT;

    settled.promise_id = promise_id;
    settled.kept = kept;
    settled.by = "operator";
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, NULL, &settled.base), FR_OK);
}

static void
asked_twice_it_is_made_once(void **state)
{
    Fr__PromiseRequested promise = wish("a", 7200);

    (void)state;
    assert_int_not_equal(ask(&promise), 0);
    assert_int_equal(ask(&promise), 0);
    assert_string_equal(fr_given_rejected(g), "");
    promise.request_id = "b";
    assert_int_not_equal(ask(&promise), 0);
}

struct unfit {
    const char *claim, *reason;
    void (*spoil)(Fr__PromiseRequested *promise);
};
static void
in_the_past(Fr__PromiseRequested *promise)
{
    promise->due_us = second(0);
}
static void
without_words(Fr__PromiseRequested *promise)
{
    promise->what = "";
}
static void
of_a_policy(Fr__PromiseRequested *promise)
{
    promise->kind = FR__TARGET_KIND__RESOLUTION;
}
static void
backwards(Fr__PromiseRequested *promise)
{
    promise->has_from_us = 1;
    promise->from_us = promise->due_us;
}
static void
without_a_name(Fr__PromiseRequested *promise)
{
    promise->request_id = "";
}
static void
of_nobody(Fr__PromiseRequested *promise)
{
    promise->conversation_id = 0x999;
}

/* clang-format off */
static const struct unfit unfits[] = {
    { "no time that has passed",        "has passed already",       in_the_past    },
    { "something is promised",          "says what is promised",    without_words  },
    { "other targets follow policies",  "follow from policies",     of_a_policy    },
    { "a window begins before it ends", "ends before it begins",    backwards      },
    { "a promise has a name",           "needs a request id",       without_a_name },
    { "somebody is promised something", "no such conversation",     of_nobody      },
};
/* clang-format on */

static void
what_cannot_be_promised_is_refused(void **state)
{
    (void)state;
    fr_given_at(g, 1);
    for (size_t i = 0; i < sizeof(unfits) / sizeof(unfits[0]); i++) {
        Fr__PromiseRequested promise = wish("x", 100);

        print_message("  %s\n", unfits[i].claim);
        unfits[i].spoil(&promise);
        assert_int_equal(ask(&promise), 0);
        if (strstr(fr_given_rejected(g), unfits[i].reason) == NULL)
            fail_msg("%s", fr_given_rejected(g));
    }
}

static void
the_customer_is_told_before_it_breaks_and_once(void **state)
{
    const Fr__TargetWarned *warned;
    Fr__PromiseRequested promise = wish("a", 7200);
    uint64_t id = ask(&promise);

    (void)state;
    fr_given_at(g, 6299);
    assert_int_equal(news(), 0);
    fr_given_at(g, 6300);
    warned = fr_given_find(g, FR_TARGET_WARNED);
    assert_int_equal(warned->target_id, id);
    assert_true(warned->tell);
    assert_int_equal(warned->again_us, second(7200 + 3600));
    assert_string_equal(warned->again_text, "Fri 2027-01-15 11:00 UTC");
    assert_int_equal(fr_given_count_of(g, FR_SUPERVISOR_ALERTED), 1);
    fr_given_at(g, 7199);
    assert_int_equal(news(), 0);
    fr_given_at(g, 7200);
    assert_non_null(fr_given_find(g, FR_TARGET_BREACHED));
    fr_given_at(g, 7200 + 3601); /* the new time passes too: somebody looks, nobody is told again */
    warned = fr_given_find(g, FR_TARGET_WARNED);
    assert_false(warned->tell);
    assert_int_equal(fr_given_count_of(g, FR_SUPERVISOR_ALERTED), 1);
    settle(id, true);
    assert_non_null(fr_given_find(g, FR_TARGET_ANSWERED_LATE));
    assert_true(((const Fr__PromiseEnded *)fr_given_find(g, FR_PROMISE_ENDED))->late);
}

static void
a_short_promise_is_not_warned_of_at_once(void **state)
{
    Fr__PromiseRequested promise = wish("a", 400);

    (void)state;
    ask(&promise);
    fr_given_at(g, 299.9);
    assert_int_equal(news(), 0);
    fr_given_at(g, 300);
    assert_non_null(fr_given_find(g, FR_TARGET_WARNED));
}

static void
kept_in_time_is_kept(void **state)
{
    Fr__PromiseRequested promise = wish("a", 7200);
    uint64_t id = ask(&promise);

    (void)state;
    fr_given_at(g, 100);
    settle(id, true);
    assert_non_null(fr_given_find(g, FR_TARGET_MET));
    assert_false(((const Fr__PromiseEnded *)fr_given_find(g, FR_PROMISE_ENDED))->late);
    settle(id, true);
    assert_int_equal(news(), 0);
    fr_given_at(g, 100000);
    assert_int_equal(fr_given_count_of(g, FR_TARGET_BREACHED), 0);
}

static void
what_is_not_needed_any_more_is_cancelled_or_stays_broken(void **state)
{
    Fr__PromiseRequested promise = wish("a", 100);
    uint64_t first = ask(&promise), second_one;

    (void)state;
    settle(first, false);
    assert_non_null(fr_given_find(g, FR_TARGET_CANCELLED));
    promise.request_id = "b";
    second_one = ask(&promise);
    fr_given_at(g, 150);
    settle(second_one, false);
    assert_null(fr_given_find(g, FR_TARGET_CANCELLED));
    assert_non_null(fr_given_find(g, FR_PROMISE_ENDED));
    fr_given_at(g, 100000); /* nobody is alerted of what was given up */
    assert_int_equal(fr_given_count_of(g, FR_SUPERVISOR_ALERTED), 0);
}

static void
a_call_before_its_window_keeps_nothing(void **state)
{
    Fr__PromiseRequested promise = wish("a", 7200);
    uint64_t id;

    (void)state;
    promise.kind = FR__TARGET_KIND__CALL_BACK;
    promise.has_from_us = 1;
    promise.from_us = second(3600);
    id = ask(&promise);
    fr_given_at(g, 100);
    settle(id, true);
    assert_string_equal(fr_given_rejected(g), "the window of the call-back has not begun");
    fr_given_at(g, 4000);
    settle(id, true);
    assert_non_null(fr_given_find(g, FR_TARGET_MET));
}

static void
an_agent_settles_only_his_own(void **state)
{
    Fr__PromiseWritten written = FR__PROMISE_WRITTEN__INIT;
    Fr__PromiseRequested promise = wish("ignored", 7200);
    Fr__PromiseDone done = FR__PROMISE_DONE__INIT;
    const Fr__PromiseMade *made;

    (void)state;
    promise.owner = NULL;
    written.conversation_id = CONVERSATION;
    written.agent = "ann";
    written.client_id = "c1";
    written.promise = &promise;
    fr_given_input(g, "sites", CONVERSATION, "acme", &written.base);
    made = fr_given_find(g, FR_PROMISE_MADE);
    assert_string_equal(made->promise->owner, "ann");
    assert_string_equal(made->promise->request_id, "ann/c1");
    done.promise_id = made->promise_id;
    done.client_id = "c2";
    done.kept = 1;
    fr_given_input(g, "sites", CONVERSATION, "acme", &written.base);
    assert_int_equal(news(), 0);
    done.agent = "bob";
    fr_given_input(g, "sites", 0, NULL, &done.base);
    assert_string_equal(fr_given_rejected(g), "the promise is another agent's");
    done.agent = "ann";
    fr_given_input(g, "sites", 0, NULL, &done.base);
    assert_non_null(fr_given_find(g, FR_TARGET_MET));
}

static void
notice(const char *name)
{
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
    Fr__Entry entry = FR__ENTRY__INIT;

    entry.message_id = ++message_id;
    entry.direction = FR__DIRECTION__NOTICE;
    entry.channel = "channel_webchat";
    entry.account = entry.address = "x";
    entry.text = "By Friday.";
    entry.client_id = (char *)name;
    added.conversation_id = CONVERSATION;
    added.customer_id = CUSTOMER;
    added.entry = &entry;
    added.reason = "test";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &added.base);
}

static void
what_the_customer_was_told_is_on_record(void **state)
{
    Fr__PromiseRequested promise = wish("a", 7200);
    char id[FR_ID_TEXT_SIZE], name[40];
    json_t *args, *answer;

    (void)state;
    fr_id_format(ask(&promise), id);
    snprintf(name, sizeof(name), "promise-%s", id);
    notice(name);
    assert_int_equal(fr_given_count_of(g, FR_PROMISE_TOLD), 1);
    notice(name);
    assert_int_equal(fr_given_count_of(g, FR_PROMISE_TOLD), 0);
    snprintf(name, sizeof(name), "target-%s", id);
    notice(name);
    assert_true(((const Fr__PromiseTold *)fr_given_find(g, FR_PROMISE_TOLD))->warning);
    args = json_pack("{s:s}", "promise", id);
    answer = fr_given_query(g, "promise.show", args);
    assert_int_equal(json_array_size(json_object_get(answer, "told")), 2);
    assert_string_equal(json_string_value(json_object_get(answer, "state")), "open");
    json_decref(args);
    json_decref(answer);
}

/* What is over is not kept for ever: breaches are. */
static void
a_conversation_is_forgotten_and_its_breaches_are_not(void **state)
{
    Fr__PromiseRequested promise = wish("a", 400);
    struct sla_conversation row;
    uint64_t id = ask(&promise);
    struct sla_target target;
    json_t *answer;

    (void)state;
    HEARD(10);
    resolved();
    fr_given_at(g, 1500); /* the promise is broken and still owed: not yet */
    assert_int_equal(sla_target_get(fr_given_view(g), id, &target), FR_OK);
    settle(id, true);
    fr_given_at(g, 3500);
    assert_int_equal(sla_target_get(fr_given_view(g), id, &target), FR_NOT_FOUND);
    assert_int_equal(sla_conversation_get(fr_given_view(g), CONVERSATION, &row), FR_OK);
    assert_int_equal(row.newest, 0);
    answer = fr_given_query(g, "sla.breaches", NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 1);
    json_decref(answer);
    answer = fr_given_query(g, "promise.ls", NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 0);
    json_decref(answer);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_promises, teardown)
    const struct CMUnitTest tests[] = {
        CASE(asked_twice_it_is_made_once),
        CASE(what_cannot_be_promised_is_refused),
        CASE(the_customer_is_told_before_it_breaks_and_once),
        CASE(a_short_promise_is_not_warned_of_at_once),
        CASE(kept_in_time_is_kept),
        CASE(what_is_not_needed_any_more_is_cancelled_or_stays_broken),
        CASE(a_call_before_its_window_keeps_nothing),
        CASE(an_agent_settles_only_his_own),
        CASE(what_the_customer_was_told_is_on_record),
        CASE(a_conversation_is_forgotten_and_its_breaches_are_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
