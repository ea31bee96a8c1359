/* play.h - for the tests of sites, which include cmocka first: two sites with their agents, and
 * what the neighbours say in one line each. */
#ifndef FR_SITES_PLAY_H
#define FR_SITES_PLAY_H

#include <stdio.h>
#include "common/stage/given.h"
#include "services/sites/tables.h"
#include "proto/desk.pb-c.h"
#include "proto/site.pb-c.h"

/* In production the role "desk" stands for one journal per site; the bench has one journal per
 * role, so the table under test is production's with its desk rows doubled, for two sites. */
#define INPUT_MAX 40
static struct fr_input inputs[INPUT_MAX];
static struct fr_stage stage;

static inline void
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

static inline void
define_agent(struct fr_given *g, const char *agent, const char *site, bool removed)
{
    Fr__AgentDefined defined = FR__AGENT_DEFINED__INIT;

    defined.agent = (char *)agent;
    defined.site = (char *)site;
    defined.removed = removed;
    fr_given_input(g, "routing", 0, NULL, &defined.base);
}

static inline struct fr_given *
given(void)
{
    struct fr_given *g = fr_given_new(&stage, yaml);

    define_agent(g, "ann", "inhouse", false);
    define_agent(g, "bob", "inhouse", false);
    define_agent(g, "tina", "tana", false);
    return g;
}

static inline void
finish(struct fr_given *g)
{
    assert_true(fr_given_rebuilds(g));
    fr_given_free(&g);
}

static inline void
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

static inline struct lease
offered(struct fr_given *g, uint64_t offer_id, const char *agent, const char *site)
{
    const Fr__LeaseGranted *granted;

    task_offered(g, offer_id, agent, site, "acme");
    granted = fr_given_find(g, FR_LEASE_GRANTED);
    assert_non_null(granted);
    return (struct lease){granted->lease_id, granted->fence};
}

static inline void
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

static inline void
task_ended(struct fr_given *g, uint64_t task_id, const char *reason)
{
    Fr__TaskEnded ended = FR__TASK_ENDED__INIT;

    ended.task_id = task_id;
    ended.conversation_id = CONVERSATION;
    ended.reason = (char *)reason;
    fr_given_input(g, "routing", CONVERSATION, "acme", &ended.base);
}

static inline void
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

static inline struct lease
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

static inline void
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

static inline void
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

static inline void
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

#endif
