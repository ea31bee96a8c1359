/* decide_agent_test.c - given, when, then: what agents do, and what they may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "services/desk/play.h"

static void
presence_is_said_once_and_again_when_the_hub_thinks_otherwise(void **state)
{
    struct fr_given *g = given();

    (void)state;
    choose_presence(g, FR__AGENT_STATE__OFFLINE, NULL);
    assert_int_equal(fr_given_count(g), 0); /* he was never here */
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p1");
    assert_int_equal(fr_given_count_of(g, FR_PRESENCE_CHOSEN), 1);
    assert_string_equal(fr_given_event(g, 0)->route, "hub");
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p2");
    assert_int_equal(fr_given_count(g), 0);
    presence_shared(g, FR__AGENT_STATE__AWAY);
    choose_presence(g, FR__AGENT_STATE__AVAILABLE, "p3");
    assert_int_equal(fr_given_count_of(g, FR_PRESENCE_CHOSEN), 1);
    choose_presence(g, FR__AGENT_STATE__OFFLINE, NULL);
    assert_int_equal(fr_given_count_of(g, FR_PRESENCE_CHOSEN), 1);
    finish(g);
}

static void
an_offer_is_answered_once_with_the_fence_that_the_desk_knows(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted_to(g, LEASE, 7, "ann", "inhouse");
    choose(g, "ann", true, "a1");
    const Fr__OfferChosen *chosen = fr_given_find(g, FR_OFFER_CHOSEN);
    assert_non_null(chosen);
    assert_int_equal(chosen->fence, 7);
    assert_int_equal(chosen->offer_id, OFFER);
    assert_string_equal(fr_given_event(g, 0)->route, "hub");
    assert_int_equal(fr_given_event(g, 0)->key, CONVERSATION);
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    choose(g, "ann", true, "a1"); /* sent twice */
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    choose(g, "ann", true, "a2"); /* from another window */
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    choose(g, "ann", false, "a3");
    rejected(g, "you have accepted this offer");
    choose(g, "bob", true, "b1");
    rejected(g, "this offer is over, or was never yours");
    finish(g);
}

static void
a_declined_offer_is_out_of_sight_before_the_hub_ends_it(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted(g);
    choose(g, "ann", false, "a1");
    assert_int_equal(shown(g, "ann", "offers"), 0);
    choose(g, "ann", true, "a2");
    rejected(g, "you have declined this offer");
    lease_ended(g, LEASE);
    choose(g, "ann", true, "a3");
    rejected(g, "this offer is over, or was never yours");
    finish(g);
}

struct refusal_case {
    const char *claim, *agent, *client_id, *text, *reason;
};

static void
what_may_not_be_written_is_refused_and_nothing_kept(void **state)
{
    static char long_text[DESK_TEXT_SIZE_MAX + 2];
    static char long_id[DESK_CLIENT_ID_SIZE + 1];
    const struct refusal_case cases[] = {
        {"another agent's lease", "bob", "c1", "hello",
         "this conversation is over, or was never yours"},
        {"no id", "ann", "", "hello", "a reply needs an id"},
        {"an id too long", "ann", long_id, "hello", "the id has more than 64 bytes"},
        {"nothing to say", "ann", "c2", "", "there is nothing to send"},
        {"only blanks", "ann", "c3", " \n\t ", "there is nothing to send"},
        {"too much", "ann", "c4", long_text, "the text has more than 32768 bytes"},
    };
    struct fr_given *g = given_held();

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    memset(long_id, 'x', sizeof(long_id) - 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_reply(g, cases[i].agent, cases[i].client_id, cases[i].text);
        if (strcmp(fr_given_rejected(g), cases[i].reason) != 0)
            fail_msg("%s: %s", cases[i].claim, fr_given_rejected(g));
        rejected(g, cases[i].reason);
    }
    assert_int_equal(shown(g, "ann", "pending"), 0);
    finish(g);
}

static void
nothing_is_written_before_the_hub_has_confirmed(void **state)
{
    struct fr_given *g = given();

    (void)state;
    lease_granted(g);
    write_reply(g, "ann", "c1", "hello");
    rejected(g, "the conversation is not yours yet");
    choose(g, "ann", true, "a1");
    write_reply(g, "ann", "c2", "hello");
    rejected(g, "the conversation is not yours yet");
    finish_work(g, "ann", "f1");
    rejected(g, "the conversation is not yours yet");
    finish(g);
}

static void
a_reply_is_pending_until_it_is_an_entry(void **state)
{
    struct fr_given *g = given_held();
    Fr__Entry entry;

    (void)state;
    write_reply(g, "ann", "c1", "on its way");
    const Fr__ReplyWritten *written = fr_given_find(g, FR_REPLY_WRITTEN);
    assert_int_equal(written->lease_id, LEASE);
    assert_int_equal(written->fence, 1);
    assert_string_equal(fr_given_event(g, 0)->route, "hub");
    assert_int_equal(shown(g, "ann", "pending"), 1);
    write_reply(g, "ann", "c1", "on its way");
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");

    agent_replied(g, "c1");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    assert_int_equal(shown(g, "ann", "pending"), 1);
    init_entry(&entry, 0x12, FR__DIRECTION__TO_CUSTOMER, "on its way");
    entry_shared(g, &entry); /* the same words, from elsewhere */
    entry.message_id = 0x13;
    entry.client_id = "c2";
    entry_shared(g, &entry);
    assert_int_equal(shown(g, "ann", "pending"), 1);
    entry.message_id = 0x14;
    entry.client_id = "c1";
    entry_shared(g, &entry);
    assert_int_equal(shown(g, "ann", "pending"), 0);
    finish(g);
}

static void
a_reply_is_found_again_in_a_conversation_shared_anew(void **state)
{
    struct fr_given *g = given_held();

    (void)state;
    write_reply(g, "ann", "c1", "on its way");
    conversation_shared(g, "ann");
    assert_int_equal(shown(g, "ann", "pending"), 1);
    conversation_shared_with(g, "ann", "c1");
    assert_int_equal(shown(g, "ann", "pending"), 0);
    finish(g);
}

static void
a_reply_that_nobody_took_outlives_the_lease_until_it_is_answered_for(void **state)
{
    struct fr_given *g = given_held();

    (void)state;
    write_reply(g, "ann", "taken", "one");
    agent_replied(g, "taken");
    write_reply(g, "ann", "late", "two");
    lease_ended(g, LEASE);
    assert_int_equal(shown(g, "ann", "pending"), 1);
    work_refused(g, "late", "the lease has ended: lease_expired");
    assert_string_equal(fr_given_event(g, 0)->route, "agent.ann");
    assert_int_equal(shown(g, "ann", "pending"), 0);
    assert_int_equal(shown(g, "ann", "refused"), 1);
    write_reply(g, "ann", "late", "two"); /* sent again by a window that was cut off */
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    finish(g);
}

static void
a_refusal_is_shown_until_its_author_has_seen_it(void **state)
{
    struct fr_given *g = given_held();
    Fr__RefusalSeen seen = FR__REFUSAL_SEEN__INIT;

    (void)state;
    write_reply(g, "ann", "c1", "on its way");
    work_refused(g, "c1", "somebody else has it");
    seen.refusal_id = fr_given_event(g, 0)->id;
    seen.agent = "bob";
    fr_given_input(g, FR_LOCAL, 0, NULL, &seen.base);
    assert_int_equal(shown(g, "ann", "refused"), 1);
    seen.agent = "ann";
    fr_given_input(g, FR_LOCAL, 0, NULL, &seen.base);
    assert_string_equal(fr_given_event(g, 0)->route, "agent.ann");
    assert_int_equal(shown(g, "ann", "refused"), 0);
    for (int i = 0; i < DESK_REFUSAL_MAX + 5; i++)
        work_refused(g, "", "no");
    assert_int_equal(shown(g, "ann", "refused"), DESK_REFUSAL_MAX);
    finish(g);
}

static void
finished_work_takes_no_more_words_unless_the_finish_was_refused(void **state)
{
    struct fr_given *g = given_held();

    (void)state;
    finish_work(g, "bob", "f0");
    rejected(g, "this conversation is over, or was never yours");
    finish_work(g, "ann", "f1");
    const Fr__WorkDone *done = fr_given_find(g, FR_WORK_DONE);
    assert_int_equal(done->lease_id, LEASE);
    assert_int_equal(done->fence, 1);
    finish_work(g, "ann", "f1");
    assert_int_equal(fr_given_count(g), 0);
    assert_string_equal(fr_given_rejected(g), "");
    write_reply(g, "ann", "c1", "one more thing");
    rejected(g, "you have finished this conversation");
    work_refused(g, "f1", "a reason");
    write_reply(g, "ann", "c2", "one more thing");
    assert_int_equal(fr_given_count_of(g, FR_REPLY_WRITTEN), 1);
    finish(g);
}

static void
old_ids_make_room_for_new_ones(void **state)
{
    struct fr_given *g = given_held();
    char id[20];

    (void)state;
    for (int i = 0; i < DESK_DONE_MAX + 10; i++) {
        snprintf(id, sizeof(id), "c%d", i);
        write_reply(g, "ann", id, "more");
        assert_int_equal(fr_given_count_of(g, FR_REPLY_WRITTEN), 1);
    }
    assert_int_equal(desk_done_get(fr_given_view(g), "ann", "c0"), FR_NOT_FOUND);
    snprintf(id, sizeof(id), "c%d", DESK_DONE_MAX + 9);
    assert_int_equal(desk_done_get(fr_given_view(g), "ann", id), FR_OK);
    assert_int_equal(desk_done_get(fr_given_view(g), "ann", "c20"), FR_OK);
    finish(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presence_is_said_once_and_again_when_the_hub_thinks_otherwise),
        cmocka_unit_test(an_offer_is_answered_once_with_the_fence_that_the_desk_knows),
        cmocka_unit_test(a_declined_offer_is_out_of_sight_before_the_hub_ends_it),
        cmocka_unit_test(what_may_not_be_written_is_refused_and_nothing_kept),
        cmocka_unit_test(nothing_is_written_before_the_hub_has_confirmed),
        cmocka_unit_test(a_reply_is_pending_until_it_is_an_entry),
        cmocka_unit_test(a_reply_is_found_again_in_a_conversation_shared_anew),
        cmocka_unit_test(a_reply_that_nobody_took_outlives_the_lease_until_it_is_answered_for),
        cmocka_unit_test(a_refusal_is_shown_until_its_author_has_seen_it),
        cmocka_unit_test(finished_work_takes_no_more_words_unless_the_finish_was_refused),
        cmocka_unit_test(old_ids_make_room_for_new_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
