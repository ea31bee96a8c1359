/* sites_test.c - given, when, then: what sites grants, relays, believes and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/stage/given.h"
#include "services/sites/tables.h"
#include "proto/desk.pb-c.h"
#include "proto/site.pb-c.h"

/* In production the role "desk" stands for one journal per site; the bench has one journal per
 * role, so the table under test is production's with its desk rows doubled, for two sites. */
#define INPUT_MAX 40
static struct fr_input inputs[INPUT_MAX];
static struct fr_stage stage;

static void
make_stage(void)
{
    size_t count = 0;

    stage = sites_stage;
    for (const struct fr_input *row = sites_stage.inputs; row->kind != FR_KIND_END; row++) {
        assert_true(count + 3 < INPUT_MAX);
        inputs[count] = *row;
        if (strcmp(row->upstream, "desk") == 0) {
            inputs[count++].upstream = "desk.inhouse";
            inputs[count] = *row;
            inputs[count].upstream = "desk.tana";
        }
        count++;
    }
    inputs[count].kind = FR_KIND_END;
    stage.inputs = inputs;
}

#define CONVERSATION 0x300
#define TASK 0x301
#define CUSTOMER 0x200

static const char yaml[] = "sites:\n"
                           "  memory: 10h\n"
                           "  contracts:\n"
                           "    - {name: inhouse, brands: [acme, bolt], lease_time: 8h, "
                           "offline_grace: 60s}\n"
                           "    - {name: tana, brands: [acme]}\n";

static void
define_agent(struct fr_given *g, const char *agent, const char *site, bool removed)
{
    Fr__AgentDefined defined = FR__AGENT_DEFINED__INIT;

    defined.agent = (char *)agent;
    defined.site = (char *)site;
    defined.removed = removed;
    fr_given_input(g, "routing", 0, NULL, &defined.base);
}

static struct fr_given *
given(void)
{
    struct fr_given *g = fr_given_new(&stage, yaml);

    define_agent(g, "ann", "inhouse", false);
    define_agent(g, "bob", "inhouse", false);
    define_agent(g, "tina", "tana", false);
    return g;
}

static void
finish(struct fr_given *g)
{
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

static void
task_offered(struct fr_given *g, uint64_t offer_id, const char *agent, const char *site,
             const char *brand)
{
    Fr__TaskOffered offer = FR__TASK_OFFERED__INIT;

    offer.offer_id = offer_id;
    offer.task_id = TASK;
    offer.conversation_id = CONVERSATION;
    offer.customer_id = CUSTOMER;
    offer.agent = (char *)agent;
    offer.site = (char *)site;
    offer.channel = "channel_webchat";
    offer.queue = "general";
    offer.preview = "where is my parcel";
    offer.reason = "longest waiting";
    fr_given_input(g, "routing", CONVERSATION, brand, &offer.base);
}

struct lease {
    uint64_t id, fence;
};

static struct lease
offered(struct fr_given *g, uint64_t offer_id, const char *agent, const char *site)
{
    const Fr__LeaseGranted *granted;

    task_offered(g, offer_id, agent, site, "acme");
    granted = fr_given_find(g, FR_LEASE_GRANTED);
    assert_non_null(granted);
    return (struct lease){granted->lease_id, granted->fence};
}

static void
offer_accepted(struct fr_given *g, uint64_t offer_id, const char *agent, const char *site)
{
    Fr__OfferAccepted accepted = FR__OFFER_ACCEPTED__INIT;

    accepted.offer_id = offer_id;
    accepted.task_id = TASK;
    accepted.conversation_id = CONVERSATION;
    accepted.agent = (char *)agent;
    accepted.site = (char *)site;
    fr_given_input(g, "routing", CONVERSATION, "acme", &accepted.base);
}

static void
task_ended(struct fr_given *g, uint64_t task_id, const char *reason)
{
    Fr__TaskEnded ended = FR__TASK_ENDED__INIT;

    ended.task_id = task_id;
    ended.conversation_id = CONVERSATION;
    ended.reason = (char *)reason;
    fr_given_input(g, "routing", CONVERSATION, "acme", &ended.base);
}

static void
choose(struct fr_given *g, const char *desk, struct lease lease, uint64_t offer_id,
       const char *agent, bool accepted)
{
    Fr__OfferChosen chosen = FR__OFFER_CHOSEN__INIT;

    chosen.lease_id = lease.id;
    chosen.fence = lease.fence;
    chosen.offer_id = offer_id;
    chosen.agent = (char *)agent;
    chosen.accepted = accepted;
    fr_given_input(g, desk, CONVERSATION, NULL, &chosen.base);
}

static struct lease
held(struct fr_given *g, uint64_t offer_id, const char *agent, const char *site)
{
    struct lease lease = offered(g, offer_id, agent, site);
    char desk[40];

    snprintf(desk, sizeof(desk), "desk.%s", site);
    choose(g, desk, lease, offer_id, agent, true);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_ANSWERED), 1);
    offer_accepted(g, offer_id, agent, site);
    assert_int_equal(fr_given_count_of(g, FR_LEASE_CONFIRMED), 1);
    return lease;
}

static void
reply(struct fr_given *g, const char *desk, struct lease lease, const char *agent,
      const char *client_id)
{
    Fr__ReplyWritten written = FR__REPLY_WRITTEN__INIT;

    written.lease_id = lease.id;
    written.fence = lease.fence;
    written.conversation_id = CONVERSATION;
    written.agent = (char *)agent;
    written.client_id = (char *)client_id;
    written.text = "on its way";
    fr_given_input(g, desk, CONVERSATION, NULL, &written.base);
}

static void
done(struct fr_given *g, const char *desk, struct lease lease, const char *agent,
     const char *client_id)
{
    Fr__WorkDone work = FR__WORK_DONE__INIT;

    work.lease_id = lease.id;
    work.fence = lease.fence;
    work.conversation_id = CONVERSATION;
    work.agent = (char *)agent;
    work.client_id = (char *)client_id;
    work.outcome = FR__OUTCOME__SOLVED;
    fr_given_input(g, desk, CONVERSATION, NULL, &work.base);
}

static void
refused(struct fr_given *g, const char *route, const char *reason)
{
    const Fr__WorkRefused *refusal = fr_given_find(g, FR_WORK_REFUSED);

    if (refusal == NULL)
        fr_given_print(g);
    assert_non_null(refusal);
    assert_string_equal(refusal->reason, reason);
    assert_int_equal(fr_given_count(g), 1);
    assert_string_equal(fr_given_event(g, 0)->route, route);
}

/* ---- offers and leases ---- */

static void
an_offer_is_leased_to_its_site_under_the_next_fence(void **state)
{
    struct fr_given *g = given();
    struct lease first = offered(g, 0x501, "ann", "inhouse");
    const struct fr_record_head *head = fr_given_event(g, 0);

    (void)state;
    assert_int_equal(fr_given_count(g), 1);
    assert_string_equal(head->route, "site.inhouse");
    assert_string_equal(head->brand, "acme");
    assert_int_equal(head->key, CONVERSATION);
    assert_int_equal(head->id, first.id);
    assert_int_equal(first.fence, 1);

    task_offered(g, 0x501, "ann", "inhouse", "acme"); /* the same offer again */
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
fences_rise_with_every_lease_and_never_go_back(void **state)
{
    struct fr_given *g = given();
    uint64_t last = 0;

    (void)state;
    for (uint64_t offer = 0x501; offer < 0x520; offer++) {
        struct lease lease = offered(g, offer, offer % 2 ? "ann" : "bob", "inhouse");

        assert_int_equal(lease.fence, last + 1);
        last = lease.fence;
        if (offer % 3 == 0)
            continue; /* still live: the next offer must end it first */
        Fr__OfferExpired expired = FR__OFFER_EXPIRED__INIT;
        expired.offer_id = offer;
        expired.task_id = TASK;
        expired.conversation_id = CONVERSATION;
        expired.agent = expired.site = "";
        fr_given_input(g, "routing", CONVERSATION, "acme", &expired.base);
        assert_int_equal(fr_given_count_of(g, FR_LEASE_ENDED), 1);
    }
    fr_given_at(g, 30 * 3600); /* all forgotten: the fence is not */
    assert_int_equal(offered(g, 0x600, "ann", "inhouse").fence, last + 1);
    finish(g);
}

static void
two_leases_of_one_conversation_are_never_live(void **state)
{
    struct fr_given *g = given();
    struct lease old = held(g, 0x501, "ann", "inhouse");

    (void)state;
    task_offered(g, 0x502, "tina", "tana", "acme");
    assert_int_equal(fr_given_count(g), 2);
    const Fr__LeaseEnded *ended = fr_given_body(g, 0, FR_LEASE_ENDED);
    assert_int_equal(ended->lease_id, old.id);
    assert_true(ended->held);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    assert_string_equal(fr_given_event(g, 1)->route, "site.tana");
    reply(g, "desk.inhouse", old, "ann", "c1");
    refused(g, "site.inhouse", "somebody else has been given the conversation since");
    finish(g);
}

struct forbidden_case {
    const char *claim, *agent, *site, *brand, *reason;
};

static void
what_the_contract_forbids_is_declined_in_the_sites_name(void **state)
{
    static const struct forbidden_case cases[] = {
        {"a brand outside the contract", "tina", "tana", "bolt",
         "the site's contract does not cover the brand"},
        {"no brand where brands are listed", "tina", "tana", "",
         "the site's contract does not cover the brand"},
        {"no contract", "zoe", "moon", "acme", "the site has no contract"},
        {"an agent of another site", "ann", "tana", "acme", "the agent does not work at that site"},
        {"an unknown agent", "zoe", "tana", "acme", "the agent does not work at that site"},
        {"a removed agent", "rob", "inhouse", "acme", "the agent does not work at that site"},
    };
    struct fr_given *g = given();

    (void)state;
    define_agent(g, "rob", "inhouse", false);
    define_agent(g, "rob", "inhouse", true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        task_offered(g, 0x501 + i, cases[i].agent, cases[i].site, cases[i].brand);
        const Fr__OfferAnswered *answered = fr_given_find(g, FR_OFFER_ANSWERED);
        if (answered == NULL)
            fail_msg("%s: not declined", cases[i].claim);
        assert_false(answered->accepted);
        assert_string_equal(answered->reason, cases[i].reason);
        assert_int_equal(fr_given_count(g), 1);
        assert_string_equal(fr_given_event(g, 0)->route, "");
    }
    finish(g);
}

static void
an_accepted_offer_holds_for_the_lease_time(void **state)
{
    struct fr_given *g = given();
    const Fr__LeaseConfirmed *confirmed;

    (void)state;
    fr_given_at(g, 100);
    struct lease lease = held(g, 0x501, "ann", "inhouse");
    confirmed = fr_given_find(g, FR_LEASE_CONFIRMED);
    assert_int_equal(confirmed->lease_id, lease.id);
    assert_int_equal(confirmed->runs_out_us, (FR_GIVEN_EPOCH_S + 100 + 8 * 3600) * 1000000LL);
    assert_int_equal(confirmed->ends_us - confirmed->runs_out_us, 60000000);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    offer_accepted(g, 0x501, "ann", "inhouse");
    assert_int_equal(fr_given_count(g), 0);
    offer_accepted(g, 0x999, "ann", "inhouse");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
every_end_of_an_offer_ends_the_lease_once_with_its_reason(void **state)
{
    struct fr_given *g = given();
    Fr__OfferDeclined declined = FR__OFFER_DECLINED__INIT;
    Fr__OfferExpired expired = FR__OFFER_EXPIRED__INIT;
    Fr__OfferRescinded rescinded = FR__OFFER_RESCINDED__INIT;
    const struct {
        ProtobufCMessage *message;
        const char *reason;
    } cases[] = {{&declined.base, "declined"},
                 {&expired.base, "expired"},
                 {&rescinded.base, "rescinded: the customer left"}};

    (void)state;
    declined.offer_id = 0x501, expired.offer_id = 0x502, rescinded.offer_id = 0x503;
    declined.agent = expired.agent = rescinded.agent = "ann";
    declined.site = expired.site = rescinded.site = "inhouse";
    rescinded.reason = "the customer left";
    for (size_t i = 0; i < 3; i++) {
        struct lease lease = offered(g, 0x501 + i, "ann", "inhouse");

        fr_given_input(g, "routing", CONVERSATION, "acme", cases[i].message);
        const Fr__LeaseEnded *ended = fr_given_find(g, FR_LEASE_ENDED);
        assert_non_null(ended);
        assert_int_equal(ended->lease_id, lease.id);
        assert_int_equal(ended->fence, lease.fence);
        assert_string_equal(ended->reason, cases[i].reason);
        assert_false(ended->held);
        assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
        fr_given_input(g, "routing", CONVERSATION, "acme", cases[i].message);
        assert_int_equal(fr_given_count(g), 0);
    }
    finish(g);
}

static void
a_lease_ends_with_its_own_task_only(void **state)
{
    struct fr_given *g = given();

    (void)state;
    task_ended(g, TASK, "before anything was leased");
    assert_int_equal(fr_given_count(g), 0);
    held(g, 0x501, "ann", "inhouse");
    task_ended(g, 0x999, "another task");
    assert_int_equal(fr_given_count(g), 0);
    task_ended(g, TASK, "customer left");
    const Fr__LeaseEnded *ended = fr_given_find(g, FR_LEASE_ENDED);
    assert_string_equal(ended->reason, "customer left");
    assert_true(ended->held);
    task_ended(g, TASK, "customer left");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

/* ---- time ---- */

static void
a_lease_nobody_works_on_runs_out_after_the_grace(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    fr_given_at(g, 8 * 3600 + 59);
    assert_int_equal(fr_given_count(g), 0);
    fr_given_at(g, 8 * 3600 + 61);
    const Fr__LeaseEnded *ended = fr_given_find(g, FR_LEASE_ENDED);
    assert_non_null(ended);
    assert_string_equal(ended->reason, "lease_expired");
    reply(g, "desk.inhouse", lease, "ann", "c1");
    refused(g, "site.inhouse", "the lease has ended: lease_expired");
    assert_string_equal(((const Fr__WorkRefused *)fr_given_find(g, FR_WORK_REFUSED))->text,
                        "on its way");
    finish(g);
}

static void
work_renews_a_lease_and_what_was_held_up_within_the_grace_counts(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    fr_given_at(g, 8 * 3600 + 30); /* run out for the desk; the hub still waits */
    reply(g, "desk.inhouse", lease, "ann", "c1");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    fr_given_at(g, 8 * 3600 + 61);
    const Fr__LeaseConfirmed *confirmed = fr_given_find(g, FR_LEASE_CONFIRMED);
    assert_non_null(confirmed);
    assert_int_equal(confirmed->runs_out_us, (FR_GIVEN_EPOCH_S + 16 * 3600 + 30) * 1000000LL);
    reply(g, "desk.inhouse", lease, "ann", "c2");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    fr_given_at(g, 40 * 3600); /* renewed once more by c2, then out */
    assert_int_equal(fr_given_count_of(g, FR_LEASE_ENDED), 1);
    finish(g);
}

static void
ended_leases_are_forgotten_in_time_with_all_that_hangs_on_them(void **state)
{
    struct fr_given *g = given();
    struct sites_lease row;

    (void)state;
    struct lease lease = held(g, 0x501, "ann", "inhouse");
    reply(g, "desk.inhouse", lease, "ann", "c1");
    task_ended(g, TASK, "over");
    fr_given_at(g, 10 * 3600 - 1);
    assert_int_equal(sites_lease_get(fr_given_view(g), lease.id, &row), FR_OK);
    assert_int_equal(sites_taken_get(fr_given_view(g), lease.id, "c1"), FR_OK);
    fr_given_at(g, 10 * 3600 + 1);
    assert_int_equal(fr_given_count_of(g, FR_LEASES_FORGOTTEN), 1);
    assert_int_equal(sites_lease_get(fr_given_view(g), lease.id, &row), FR_NOT_FOUND);
    assert_int_equal(sites_lease_of_offer(fr_given_view(g), 0x501, &row), FR_NOT_FOUND);
    assert_int_equal(sites_taken_get(fr_given_view(g), lease.id, "c1"), FR_NOT_FOUND);
    reply(g, "desk.inhouse", lease, "ann", "c9");
    refused(g, "site.inhouse", "there is no such lease");
    finish(g);
}

static void
many_leases_ended_at_once_are_all_forgotten(void **state)
{
    struct fr_given *g = given();
    int64_t first;

    (void)state;
    for (uint64_t offer = 1; offer <= 2 * SITES_FORGET_MAX + 10; offer++)
        offered(g, 0x1000 + offer, "ann", "inhouse");
    fr_given_at(g, 11 * 3600);
    assert_int_equal(fr_given_count_of(g, FR_LEASES_FORGOTTEN), 3);
    assert_int_equal(sites_ended_first(fr_given_view(g), &first), FR_NOT_FOUND);
    finish(g);
}

/* ---- what desks say ---- */

static void
presence_is_believed_from_the_agents_own_site_only(void **state)
{
    struct fr_given *g = given();
    Fr__PresenceChosen chosen = FR__PRESENCE_CHOSEN__INIT;

    (void)state;
    chosen.agent = "ann";
    chosen.state = FR__AGENT_STATE__AVAILABLE;
    chosen.reason = "signed in";
    fr_given_input(g, "desk.inhouse", 0, NULL, &chosen.base);
    const Fr__AgentPresence *presence = fr_given_find(g, FR_AGENT_PRESENCE);
    assert_non_null(presence);
    assert_string_equal(presence->site, "inhouse");
    assert_int_equal(presence->state, FR__AGENT_STATE__AVAILABLE);

    fr_given_input(g, "desk.tana", 0, NULL, &chosen.base);
    refused(g, "site.tana", "the agent does not work at this site");
    chosen.agent = "nobody";
    fr_given_input(g, "desk.inhouse", 0, NULL, &chosen.base);
    refused(g, "site.inhouse", "the agent does not work at this site");
    define_agent(g, "ann", "inhouse", true);
    chosen.agent = "ann";
    fr_given_input(g, "desk.inhouse", 0, NULL, &chosen.base);
    refused(g, "site.inhouse", "the agent has been removed");
    finish(g);
}

static void
a_yes_is_passed_on_once_and_a_change_of_mind_is_refused(void **state)
{
    struct fr_given *g = given();
    struct lease lease = offered(g, 0x501, "ann", "inhouse");

    (void)state;
    choose(g, "desk.inhouse", lease, 0x501, "ann", true);
    const Fr__OfferAnswered *answered = fr_given_find(g, FR_OFFER_ANSWERED);
    assert_non_null(answered);
    assert_true(answered->accepted);
    assert_int_equal(answered->task_id, TASK);
    assert_string_equal(answered->site, "inhouse");
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    choose(g, "desk.inhouse", lease, 0x501, "ann", true);
    assert_int_equal(fr_given_count(g), 0);
    choose(g, "desk.inhouse", lease, 0x501, "ann", false);
    refused(g, "site.inhouse", "the offer has been answered already");
    finish(g);
}

static void
no_work_without_a_lease_of_ones_own(void **state)
{
    struct fr_given *g = given();
    struct lease lease = offered(g, 0x501, "ann", "inhouse");
    struct lease unknown = {0x777, 1}, stale = {lease.id, 0}, ahead = {lease.id, 2};

    (void)state;
    reply(g, "desk.inhouse", lease, "ann", "c1");
    refused(g, "site.inhouse", "the offer has not been accepted");
    done(g, "desk.inhouse", lease, "ann", "c2");
    refused(g, "site.inhouse", "the offer has not been accepted");
    choose(g, "desk.inhouse", lease, 0x999, "ann", true);
    refused(g, "site.inhouse", "the lease is of another offer");
    choose(g, "desk.inhouse", lease, 0x501, "ann", true);
    offer_accepted(g, 0x501, "ann", "inhouse");

    reply(g, "desk.inhouse", unknown, "ann", "c3");
    refused(g, "site.inhouse", "there is no such lease");
    reply(g, "desk.inhouse", stale, "ann", "c4");
    refused(g, "site.inhouse", "somebody else has been given the conversation since");
    reply(g, "desk.inhouse", ahead, "ann", "c5");
    refused(g, "site.inhouse", "somebody else has been given the conversation since");
    reply(g, "desk.inhouse", lease, "bob", "c6");
    refused(g, "site.inhouse", "the lease is another agent's");
    reply(g, "desk.tana", lease, "ann", "c7");
    refused(g, "site.tana", "the agent does not work at this site");
    reply(g, "desk.tana", lease, "tina", "c8");
    refused(g, "site.tana", "the lease is another agent's");
    finish(g);
}

static void
a_reply_is_passed_on_once_however_often_it_is_said(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    reply(g, "desk.inhouse", lease, "ann", "c1");
    const Fr__AgentReplied *replied = fr_given_find(g, FR_AGENT_REPLIED);
    assert_non_null(replied);
    assert_string_equal(replied->text, "on its way");
    assert_string_equal(replied->site, "inhouse");
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    assert_int_equal(fr_given_event(g, 0)->key, CONVERSATION);
    assert_string_equal(fr_given_event(g, 0)->brand, "acme");
    reply(g, "desk.inhouse", lease, "ann", "c1");
    assert_int_equal(fr_given_count(g), 0);
    reply(g, "desk.inhouse", lease, "ann", "c2");
    assert_int_equal(fr_given_count_of(g, FR_AGENT_REPLIED), 1);
    task_ended(g, TASK, "over");
    reply(g, "desk.inhouse", lease, "ann",
          "c1"); /* taken long ago: no false alarm for its author */
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
after_the_work_is_finished_nothing_more_is_taken(void **state)
{
    struct fr_given *g = given();
    struct lease lease = held(g, 0x501, "ann", "inhouse");

    (void)state;
    done(g, "desk.inhouse", lease, "ann", "d1");
    const Fr__WorkFinished *finished = fr_given_find(g, FR_WORK_FINISHED);
    assert_non_null(finished);
    assert_int_equal(finished->task_id, TASK);
    assert_int_equal(finished->outcome, FR__OUTCOME__SOLVED);
    done(g, "desk.inhouse", lease, "ann", "d1");
    assert_int_equal(fr_given_count(g), 0);
    done(g, "desk.inhouse", lease, "ann", "d2");
    assert_int_equal(fr_given_count(g), 0);
    reply(g, "desk.inhouse", lease, "ann", "c1");
    refused(g, "site.inhouse", "the work was finished before this was written");
    task_ended(g, TASK, "agent finished");
    assert_string_equal(((const Fr__LeaseEnded *)fr_given_find(g, FR_LEASE_ENDED))->reason,
                        "finished");
    done(g, "desk.inhouse", lease, "ann", "d1");
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

/* ---- what the hub tells a site ---- */

static void
an_answer_that_routing_refused_is_shown_to_its_agent(void **state)
{
    struct fr_given *g = given();
    Fr__OfferAnswerRefused refusal = FR__OFFER_ANSWER_REFUSED__INIT;

    (void)state;
    offered(g, 0x501, "ann", "inhouse");
    refusal.offer_id = 0x501;
    refusal.agent = "ann";
    refusal.site = "inhouse";
    refusal.reason = "the offer had expired";
    fr_given_input(g, "routing", 0, "acme", &refusal.base);
    refused(g, "site.inhouse", "the offer had expired");
    refusal.offer_id = 0x999;
    fr_given_input(g, "routing", 0, "acme", &refusal.base);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

static void
an_agent_who_moves_is_removed_where_he_was(void **state)
{
    struct fr_given *g = given();
    struct sites_agent row;

    (void)state;
    define_agent(g, "ann", "tana", false);
    assert_int_equal(fr_given_count(g), 2);
    const Fr__RosterShared *left = fr_given_body(g, 0, FR_ROSTER_SHARED);
    const Fr__RosterShared *came = fr_given_body(g, 1, FR_ROSTER_SHARED);
    assert_true(left->agent->removed);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    assert_false(came->agent->removed);
    assert_string_equal(fr_given_event(g, 1)->route, "site.tana");
    assert_int_equal(sites_agent_get(fr_given_view(g), "ann", &row), FR_OK);
    assert_string_equal(row.site, "tana");
    assert_int_equal(row.removed, 0);
    finish(g);
}

static void
presence_goes_to_the_agents_site_and_an_unknown_agent_is_set_aside(void **state)
{
    struct fr_given *g = given();
    Fr__AgentStateChanged changed = FR__AGENT_STATE_CHANGED__INIT;

    (void)state;
    changed.agent = "tina";
    changed.state = FR__AGENT_STATE__AWAY;
    changed.reason = "an offer expired";
    fr_given_input(g, "routing", 0, NULL, &changed.base);
    const Fr__PresenceShared *shared = fr_given_find(g, FR_PRESENCE_SHARED);
    assert_int_equal(shared->state, FR__AGENT_STATE__AWAY);
    assert_string_equal(fr_given_event(g, 0)->route, "site.tana");
    changed.agent = "nobody";
    fr_given_input(g, "routing", 0, NULL, &changed.base);
    assert_string_equal(fr_given_rejected(g), "AgentStateChanged names an unknown agent");
    finish(g);
}

static void
names_that_fit_no_label_are_set_aside(void **state)
{
    struct fr_given *g = given();

    (void)state;
    define_agent(g, "", "inhouse", false);
    assert_string_not_equal(fr_given_rejected(g), "");
    define_agent(g, "zed", "a-site-with-a-name-that-no-route-holds", false);
    assert_string_not_equal(fr_given_rejected(g), "");
    task_offered(g, 0x501, "ann", "", "acme");
    assert_string_not_equal(fr_given_rejected(g), "");
    finish(g);
}

static void
a_conversation_is_relayed_only_to_the_site_that_holds_it(void **state)
{
    struct fr_given *g = given();
    Fr__ConversationShared conversation = FR__CONVERSATION_SHARED__INIT;
    Fr__EntryShared shared = FR__ENTRY_SHARED__INIT;
    Fr__Entry entry = FR__ENTRY__INIT;

    (void)state;
    conversation.site = shared.site = "inhouse";
    conversation.conversation_id = shared.conversation_id = CONVERSATION;
    conversation.agent = "ann";
    entry.direction = FR__DIRECTION__FROM_CUSTOMER;
    entry.channel = entry.account = entry.address = "x";
    entry.text = "hello";
    shared.entry = &entry;

    fr_given_input(g, "conversations", CONVERSATION, "acme", &conversation.base);
    assert_int_equal(fr_given_count(g), 0);
    offered(g, 0x501, "ann", "inhouse");
    fr_given_input(g, "conversations", CONVERSATION, "acme", &conversation.base);
    assert_int_equal(fr_given_count_of(g, FR_CONVERSATION_SHARED), 1);
    assert_string_equal(fr_given_event(g, 0)->route, "site.inhouse");
    fr_given_input(g, "conversations", CONVERSATION, "acme", &shared.base);
    const Fr__EntryShared *relayed = fr_given_find(g, FR_ENTRY_SHARED);
    assert_string_equal(relayed->entry->text, "hello");
    shared.site = "tana";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &shared.base);
    assert_int_equal(fr_given_count(g), 0);
    task_ended(g, TASK, "over");
    shared.site = "inhouse";
    fr_given_input(g, "conversations", CONVERSATION, "acme", &shared.base);
    assert_int_equal(fr_given_count(g), 0);
    finish(g);
}

/* ---- configuration and queries ---- */

static bool
accepts(const char *text)
{
    static const struct fr_config_key top[] = {
        {"desks", FR_CONFIG_STRINGS, offsetof(struct fr_common_config, sites), .doc = "Sites."},
        {NULL},
    };
    const struct fr_config_section sections[] = {
        {"", top, sizeof(struct fr_common_config), NULL},
        {"sites", sites_config_keys, sizeof(struct sites_config), sites_config_check},
    };
    FILE *complaints = fopen("/dev/null", "w");
    struct fr_config *config = NULL;
    enum fr_error err =
        fr_config_parse(text, strlen(text), "test", sections, 2, complaints, &config);

    fclose(complaints);
    fr_config_free(&config);
    return err == FR_OK;
}

static void
contracts_and_desks_must_name_the_same_sites(void **state)
{
    (void)state;
    assert_true(accepts("desks: [a]\nsites: {contracts: [{name: a}]}"));
    assert_false(accepts("desks: [a]\nsites: {contracts: [{name: b}]}"));
    assert_false(accepts("desks: [a, b]\nsites: {contracts: [{name: a}]}"));
    assert_false(accepts("desks: [a]\nsites: {contracts: [{name: a}, {name: b}]}"));
    assert_false(accepts("sites: {contracts: [{name: a}, {name: a}]}"));
    assert_false(accepts("sites: {contracts: [{name: 'A b'}]}"));
    assert_false(accepts("sites: {contracts: [{name: a, lease_time: 5}]}"));
    assert_false(accepts("sites: {contracts: [{brands: [acme]}]}"));
}

static void
operators_see_sites_and_leases(void **state)
{
    struct fr_given *g = given();
    json_t *args = json_pack("{s:s}", "site", "inhouse"), *answer;

    (void)state;
    held(g, 0x501, "ann", "inhouse");
    answer = fr_given_query(g, "site.ls", NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 2);
    json_decref(answer);
    answer = fr_given_query(g, "site.show", args);
    assert_int_equal(json_integer_value(json_object_get(answer, "leases_live")), 1);
    assert_int_equal(json_array_size(json_object_get(answer, "agents")), 2);
    json_decref(answer);
    answer = fr_given_query(g, "lease.ls", args);
    json_t *first = json_array_get(json_object_get(answer, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "state")), "held");
    assert_string_equal(json_string_value(json_object_get(first, "agent")), "ann");
    json_decref(answer);
    json_object_set_new(args, "site", json_string("tana"));
    answer = fr_given_query(g, "lease.ls", args);
    assert_int_equal(json_array_size(json_object_get(answer, "items")), 0);
    json_decref(answer);
    json_object_set_new(args, "site", json_string("moon"));
    assert_null(fr_given_query(g, "site.show", args));
    json_decref(args);
    finish(g);
}

static void
a_desk_is_known_by_its_journal(void **state)
{
    (void)state;
    assert_string_equal(sites_site_of_journal("desk.tana"), "tana");
    assert_null(sites_site_of_journal("desk."));
    assert_null(sites_site_of_journal("desktop"));
    assert_null(sites_site_of_journal("routing"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_leased_to_its_site_under_the_next_fence),
        cmocka_unit_test(fences_rise_with_every_lease_and_never_go_back),
        cmocka_unit_test(two_leases_of_one_conversation_are_never_live),
        cmocka_unit_test(what_the_contract_forbids_is_declined_in_the_sites_name),
        cmocka_unit_test(an_accepted_offer_holds_for_the_lease_time),
        cmocka_unit_test(every_end_of_an_offer_ends_the_lease_once_with_its_reason),
        cmocka_unit_test(a_lease_ends_with_its_own_task_only),
        cmocka_unit_test(a_lease_nobody_works_on_runs_out_after_the_grace),
        cmocka_unit_test(work_renews_a_lease_and_what_was_held_up_within_the_grace_counts),
        cmocka_unit_test(ended_leases_are_forgotten_in_time_with_all_that_hangs_on_them),
        cmocka_unit_test(many_leases_ended_at_once_are_all_forgotten),
        cmocka_unit_test(presence_is_believed_from_the_agents_own_site_only),
        cmocka_unit_test(a_yes_is_passed_on_once_and_a_change_of_mind_is_refused),
        cmocka_unit_test(no_work_without_a_lease_of_ones_own),
        cmocka_unit_test(a_reply_is_passed_on_once_however_often_it_is_said),
        cmocka_unit_test(after_the_work_is_finished_nothing_more_is_taken),
        cmocka_unit_test(an_answer_that_routing_refused_is_shown_to_its_agent),
        cmocka_unit_test(an_agent_who_moves_is_removed_where_he_was),
        cmocka_unit_test(presence_goes_to_the_agents_site_and_an_unknown_agent_is_set_aside),
        cmocka_unit_test(names_that_fit_no_label_are_set_aside),
        cmocka_unit_test(a_conversation_is_relayed_only_to_the_site_that_holds_it),
        cmocka_unit_test(contracts_and_desks_must_name_the_same_sites),
        cmocka_unit_test(operators_see_sites_and_leases),
        cmocka_unit_test(a_desk_is_known_by_its_journal),
    };

    make_stage();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
