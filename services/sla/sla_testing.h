/* sla_testing.h - what sla's tests share: a bench with three policies, and the inputs as one-line
 * calls. */
#ifndef FR_SLA_TESTING_H
#define FR_SLA_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/stage/given.h"
#include "proto/conversation.pb-c.h"
#include "proto/routing.pb-c.h"
#include "services/sla/tables.h"

#define CONVERSATION 0x300
#define CUSTOMER 0x200
#define SECOND INT64_C(1000000)

static const char yaml[] =
    "sla:\n"
    "  policies:\n"
    "    - {name: complaints, complaint: yes, first_response: 2m, warn_at_percent: 50}\n"
    "    - {name: forms, channels: [channel_webform], first_response: 1h, warn_before: 10m}\n"
    "    - {name: acme, brands: [acme], first_response: 5m, next_response: 10m, warn_before: "
    "60s}\n";

static struct fr_given *g;
static uint64_t message_id;

static inline int
setup(void **state)
{
    (void)state;
    g = fr_given_new(&sla_stage, yaml);
    message_id = 0x1000;
    return 0;
}

/* Every case ends by throwing the tables away and replaying the journal. */
static inline int
teardown(void **state)
{
    bool same = fr_given_rebuilds(g);

    (void)state;
    fr_given_free(&g);
    return same ? 0 : -1;
}

/* Events of the last input, what sla only notes for itself left out. */
static inline size_t
news(void)
{
    return fr_given_count(g) - fr_given_count_of(g, FR_CONVERSATION_MARKED);
}

static inline const void *
news_body(size_t index, uint32_t kind)
{
    for (size_t i = 0; i < fr_given_count(g); i++) {
        if (fr_given_event(g, i)->kind == FR_CONVERSATION_MARKED)
            continue;
        if (index-- == 0)
            return fr_given_body(g, i, kind);
    }
    return NULL;
}

static inline int64_t
second(double seconds)
{
    return FR_GIVEN_EPOCH_S * SECOND + (int64_t)(seconds * 1e6);
}

static inline void
said_on(Fr__Direction direction, double at, const char *channel, const char *brand, uint64_t id)
{
    Fr__MessageAdded added = FR__MESSAGE_ADDED__INIT;
    Fr__Entry entry = FR__ENTRY__INIT;

    entry.message_id = id;
    entry.direction = direction;
    entry.channel = (char *)channel;
    entry.account = entry.address = entry.text = "x";
    entry.at_us = second(at);
    added.conversation_id = CONVERSATION;
    added.customer_id = CUSTOMER;
    added.entry = &entry;
    added.reason = "test";
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION, brand, &added.base), FR_OK);
}

static inline void
said(Fr__Direction direction, double at)
{
    fr_given_at(g, at);
    said_on(direction, at, "channel_webchat", "acme", ++message_id);
}

#define HEARD(at) said(FR__DIRECTION__FROM_CUSTOMER, at)
#define SPOKE(at) said(FR__DIRECTION__TO_CUSTOMER, at)

static inline void
opened(bool complaint)
{
    Fr__ConversationOpened event = FR__CONVERSATION_OPENED__INIT;

    event.conversation_id = CONVERSATION;
    event.customer_id = CUSTOMER;
    event.channel = event.account = "channel_webchat";
    event.reason = "test";
    event.has_complaint = 1;
    event.complaint = complaint;
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION, "acme", &event.base), FR_OK);
}

static inline void
resolved(void)
{
    Fr__ConversationResolved event = FR__CONVERSATION_RESOLVED__INIT;

    event.conversation_id = CONVERSATION;
    event.customer_id = CUSTOMER;
    event.outcome = FR__OUTCOME__SOLVED;
    event.reason = "the agent is done";
    assert_int_equal(fr_given_input(g, "conversations", CONVERSATION, "acme", &event.base), FR_OK);
}

#endif
