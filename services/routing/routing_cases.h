/* routing_cases.h - the small house that routing's cases play in: two queues and a half, ann and
 * bob. */
#ifndef FR_ROUTING_CASES_H
#define FR_ROUTING_CASES_H

#include "services/routing/routing_testing.h"

/* clang-format off */
#define RULES \
    "  offer_time: 20s\n" \
    "  away_after: 2\n" \
    "  continuity_for: 30s\n" \
    "  declined_for: 60s\n" \
    "  raise_by: 5m\n"
#define QUEUES \
    "  queues:\n" \
    "    - {name: german, languages: [de], skills: [{name: german, level: 2}]}\n" \
    "    - {name: gold, brands: [gold], credit: 2m}\n" \
    "    - {name: chat, brands: [acme]}\n"
#define ANN  "    ann: {site: inhouse, capacity: [{channel: '*', weight: 100}]}\n"
#define BOB  "    bob: {site: inhouse, capacity: [{channel: '*', weight: 33}, {channel: channel_webform, weight: 20}]}\n"
static const char yaml[] = "routing:\n" RULES QUEUES "  agents:\n" ANN BOB;
/* clang-format on */

static struct fr_given *g;

static inline int
setup(void **state)
{
    (void)state;
    g = fr_given_new(testing_stage(), yaml);
    return 0;
}

/* Every case ends by throwing the tables away and replaying the journal. */
static inline int
teardown(void **state)
{
    bool same = fr_given_rebuilds(g);

    (void)state;
    testing_free(&g);
    return same ? 0 : -1;
}

static inline void
available(const char *agent)
{
    testing_presence(g, agent, "inhouse", FR__AGENT_STATE__AVAILABLE);
}

static inline void
away(const char *agent)
{
    testing_presence(g, agent, "inhouse", FR__AGENT_STATE__AWAY);
}

static inline void
request(uint64_t task, double arrived)
{
    Fr__TaskRequested message = testing_request(task, arrived);

    testing_send_request(g, &message, "acme");
}

static inline void
request_with(uint64_t task, const char *preferred)
{
    Fr__TaskRequested message = testing_request(task, 0);

    message.preferred_agent = (char *)preferred;
    testing_send_request(g, &message, "acme");
}

/* Offered to him, or to nobody (NULL) by the last input. */
static inline uint64_t
assert_offered(uint64_t task, const char *agent)
{
    for (size_t i = 0; i < fr_given_count(g); i++) {
        const Fr__TaskOffered *offered = fr_given_body(g, i, FR_TASK_OFFERED);

        if (offered == NULL || offered->task_id != task)
            continue;
        assert_non_null(agent);
        assert_string_equal(offered->agent, agent);
        assert_int_equal(offered->offer_id, fr_given_event(g, i)->id);
        assert_int_equal(fr_given_event(g, i)->key, CONVERSATION_OF(task));
        return offered->offer_id;
    }
    assert_null(agent);
    return 0;
}

static inline void
accept(const char *agent, uint64_t task)
{
    testing_answer(g, agent, task, testing_task(g, task).offer_id, true);
    assert_int_equal(fr_given_count_of(g, FR_OFFER_ACCEPTED), 1);
}

/* bob takes a third of himself for each, and answers. */
static inline void
occupy(const char *agent, uint64_t first_task, int count)
{
    for (int i = 0; i < count; i++) {
        request(first_task + (uint64_t)i, 0);
        assert_offered(first_task + (uint64_t)i, agent);
        accept(agent, first_task + (uint64_t)i);
    }
}

#endif
