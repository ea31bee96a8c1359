/* routing_testing.h - what routing's tests share: a bench, and the inputs as one-line calls. */
#ifndef FR_ROUTING_TESTING_H
#define FR_ROUTING_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/stage/given.h"
#include "common/stage/options.h"
#include "proto/bench.pb-c.h"
#include "proto/conversation.pb-c.h"
#include "proto/site.pb-c.h"
#include "proto/sla.pb-c.h"
#include "services/routing/tables.h"

#define SECOND INT64_C(1000000)
#define CONVERSATION_OF(task) ((task) + 0x100000)

static inline int64_t
testing_us(double seconds)
{
    return FR_GIVEN_EPOCH_S * SECOND + (int64_t)(seconds * 1e6);
}

/* A request to fill in further; task ids have to grow. */
static inline Fr__TaskRequested
testing_request(uint64_t task, double arrived)
{
    Fr__TaskRequested request = FR__TASK_REQUESTED__INIT;

    request.task_id = task;
    request.conversation_id = CONVERSATION_OF(task);
    request.customer_id = 0x200;
    request.channel = "channel_webchat";
    request.arrived_us = testing_us(arrived);
    request.preview = "hello";
    return request;
}

static inline void
testing_send_request(struct fr_given *g, const Fr__TaskRequested *request, const char *brand)
{
    assert_int_equal(
        fr_given_input(g, "conversations", request->conversation_id, brand, &request->base), FR_OK);
}

static inline void
testing_presence(struct fr_given *g, const char *agent, const char *site, Fr__AgentState state)
{
    Fr__AgentPresence presence = FR__AGENT_PRESENCE__INIT;

    presence.agent = (char *)agent;
    presence.site = (char *)site;
    presence.state = state;
    presence.reason = "test";
    assert_int_equal(fr_given_input(g, "sites", 0, NULL, &presence.base), FR_OK);
}

static inline void
testing_answer(struct fr_given *g, const char *agent, uint64_t task, uint64_t offer, bool accepted)
{
    Fr__OfferAnswered answered = FR__OFFER_ANSWERED__INIT;

    answered.offer_id = offer;
    answered.task_id = task;
    answered.agent = (char *)agent;
    answered.site = "inhouse";
    answered.accepted = accepted;
    assert_int_equal(fr_given_input(g, "sites", CONVERSATION_OF(task), NULL, &answered.base),
                     FR_OK);
}

static inline void
testing_finish(struct fr_given *g, const char *agent, uint64_t task)
{
    Fr__WorkFinished finished = FR__WORK_FINISHED__INIT;

    finished.conversation_id = CONVERSATION_OF(task);
    finished.task_id = task;
    finished.agent = (char *)agent;
    finished.site = "inhouse";
    finished.outcome = FR__OUTCOME__SOLVED;
    assert_int_equal(fr_given_input(g, "sites", CONVERSATION_OF(task), NULL, &finished.base),
                     FR_OK);
}

static inline void
testing_withdraw(struct fr_given *g, uint64_t task)
{
    Fr__TaskWithdrawn withdrawn = FR__TASK_WITHDRAWN__INIT;

    withdrawn.task_id = task;
    withdrawn.conversation_id = CONVERSATION_OF(task);
    withdrawn.reason = "the customer left";
    assert_int_equal(
        fr_given_input(g, "conversations", CONVERSATION_OF(task), NULL, &withdrawn.base), FR_OK);
}

static inline void
testing_resolve(struct fr_given *g, uint64_t task)
{
    Fr__ConversationResolved resolved = FR__CONVERSATION_RESOLVED__INIT;

    resolved.conversation_id = CONVERSATION_OF(task);
    resolved.customer_id = 0x200;
    resolved.outcome = FR__OUTCOME__SOLVED;
    resolved.reason = "test";
    assert_int_equal(
        fr_given_input(g, "conversations", CONVERSATION_OF(task), NULL, &resolved.base), FR_OK);
}

static inline void
testing_warn(struct fr_given *g, uint64_t task)
{
    Fr__TargetWarned warned = FR__TARGET_WARNED__INIT;

    warned.target_id = 0x900;
    warned.kind = FR__TARGET_KIND__FIRST_RESPONSE;
    warned.conversation_id = CONVERSATION_OF(task);
    warned.reason = "first response is due in 1m";
    assert_int_equal(fr_given_input(g, "sla", CONVERSATION_OF(task), NULL, &warned.base), FR_OK);
}

static inline struct routing_task
testing_task(struct fr_given *g, uint64_t task)
{
    struct routing_task row;

    assert_int_equal(routing_task_get(fr_given_view(g), task, &row), FR_OK);
    return row;
}

static inline struct routing_agent
testing_agent(struct fr_given *g, const char *name)
{
    struct routing_agent row;

    assert_int_equal(routing_agent_by_name(fr_given_view(g), name, &row), FR_OK);
    return row;
}

/* ---- another configuration in force: what SIGHUP does ----
 *
 * The bench has one configuration, so the stage under test is production's with one more input,
 * which puts another one in its place and hands on to the real decide function. */
static struct fr_options *testing_reloaded; /* owned; freed by testing_free */

static inline enum fr_error
testing_decide_reload(struct fr_turn *turn, const struct fr_record *input)
{
    turn->config = testing_reloaded->service;
    return routing_decide_config(turn, input);
}

#define TESTING_INPUT_MAX 64
static inline const struct fr_stage *
testing_stage(void)
{
    static struct fr_input inputs[TESTING_INPUT_MAX];
    static struct fr_stage stage;
    size_t count = 0;

    stage = routing_stage;
    while (routing_stage.inputs[count].kind != FR_KIND_END) {
        inputs[count] = routing_stage.inputs[count];
        count++;
    }
    assert_true(count + 2 <= TESTING_INPUT_MAX);
    inputs[count++] = (struct fr_input){FR_BENCH_MESSAGE, FR_LOCAL, testing_decide_reload};
    inputs[count] = (struct fr_input){FR_KIND_END, NULL, NULL};
    stage.inputs = inputs;
    return &stage;
}

static inline void
testing_reload(struct fr_given *g, const char *yaml)
{
    Fr__BenchMessage message = FR__BENCH_MESSAGE__INIT;
    struct fr_options *before = testing_reloaded;

    assert_int_equal(
        fr_options_parse(&routing_stage, yaml, strlen(yaml), stderr, &testing_reloaded), FR_OK);
    assert_int_equal(fr_given_input(g, FR_LOCAL, 0, NULL, &message.base), FR_OK);
    fr_options_free(&before);
}

static inline void
testing_free(struct fr_given **g)
{
    fr_given_free(g);
    fr_options_free(&testing_reloaded);
}

#endif
