/* decide_task.c - what conversations and sla say of a task: it is needed, withdrawn, over, urgent.
 */
#include "proto/sla.pb-c.h"
#include "services/routing/counters.h"
#include "services/routing/place.h"
#include "services/routing/rule.h"

#define TASKS_MAX 64 /* of one conversation at a time; it has one, or two while an old one ends */

/* TaskRequested: find an agent, or wait.
 *
 * Reads lanes, available agents.  Emits TaskOffered, TaskQueued or TaskParked; LaneOpened before it
 * when it is the first of its kind.  An operator's rule is asked first, once.  Sent twice: its id
 * is not newer than the newest one taken in from that journal, so it is ignored, also after the
 * task has ended.
 */
enum fr_error
routing_decide_task_requested(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskRequested *request = fr_unpack(turn, input, &fr__task_requested__descriptor);
    const Fr__RuleResult *rule = NULL;
    enum fr_error err;
    bool old;

    if (request == NULL)
        return fr_reject(turn, input, "TaskRequested does not decode");
    if (request->task_id == 0 || request->conversation_id == 0)
        return fr_reject(turn, input, "TaskRequested names no task or no conversation");
    err = routing_task_is_old(turn->view, request->task_id, &old);
    if (err != FR_OK)
        return err;
    if (old) {
        fr_count(turn, ROUTING_COUNT_REPEATED, 1);
        return FR_OK;
    }
    fr_count(turn, ROUTING_COUNT_TASKS, 1);
    err = routing_rule_ask(turn, input->head->brand, request, &rule);
    return err != FR_OK ? err : routing_place_new(turn, input, request, rule);
}

/* TaskWithdrawn: the need is gone.
 *
 * Reads tasks.  Emits OfferRescinded when it was on offer, TaskEnded, and what its agent gets
 * instead. Sent twice: there is no such task any more; nothing happens.
 */
enum fr_error
routing_decide_task_withdrawn(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskWithdrawn *withdrawn = fr_unpack(turn, input, &fr__task_withdrawn__descriptor);

    if (withdrawn == NULL)
        return fr_reject(turn, input, "TaskWithdrawn does not decode");
    return routing_end(turn, input, withdrawn->task_id, withdrawn->reason, false);
}

/* ConversationResolved: whatever it still needed is over.
 *
 * Reads tasks of the conversation.  Emits for each OfferRescinded when it was on offer, and
 * TaskEnded. Sent twice: there are none any more.
 */
enum fr_error
routing_decide_conversation_resolved(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationResolved *resolved =
        fr_unpack(turn, input, &fr__conversation_resolved__descriptor);
    uint64_t task_ids[TASKS_MAX];
    size_t count;
    enum fr_error err;

    if (resolved == NULL)
        return fr_reject(turn, input, "ConversationResolved does not decode");
    err = routing_tasks_of(turn->view, resolved->conversation_id, TASKS_MAX, task_ids, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = routing_end(turn, input, task_ids[i], "the conversation was resolved", true);
    return err;
}

/* ConversationRekeyed: its tasks belong to another customer now.
 *
 * Reads tasks of the conversation.  Emits TaskRekeyed for each.
 * Sent twice: they belong to him already.
 */
enum fr_error
routing_decide_conversation_rekeyed(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationRekeyed *rekeyed =
        fr_unpack(turn, input, &fr__conversation_rekeyed__descriptor);
    uint64_t task_ids[TASKS_MAX];
    size_t count;
    enum fr_error err;

    if (rekeyed == NULL)
        return fr_reject(turn, input, "ConversationRekeyed does not decode");
    err = routing_tasks_of(turn->view, rekeyed->conversation_id, TASKS_MAX, task_ids, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        Fr__TaskRekeyed event = FR__TASK_REKEYED__INIT;
        struct fr_labels labels;
        struct routing_task task;

        err = routing_task_get(turn->view, task_ids[i], &task);
        if (err != FR_OK || task.customer_id == rekeyed->to_customer)
            continue;
        labels = routing_labels(&task);
        event.task_id = task.task_id;
        event.conversation_id = task.conversation_id;
        event.customer_id = rekeyed->to_customer;
        err = fr_emit_as(turn, input, &event.base, &labels);
    }
    return err;
}

static enum fr_error
raise_task(struct fr_turn *turn, const struct fr_record *input, const struct routing_task *task,
           const char *why)
{
    const struct routing_config *config = turn->config;
    const struct fr_labels labels = routing_labels(task);
    Fr__TaskRaised raised = FR__TASK_RAISED__INIT;
    char by[FR_TIME_TEXT_SIZE];

    raised.task_id = task->task_id;
    raised.conversation_id = task->conversation_id;
    raised.order_us = task->order_us - config->raise_by.us;
    raised.reason = fr_arena_printf(turn->arena, "moved up by %s: %s",
                                    fr_span_format(config->raise_by, by), why);
    fr_count(turn, ROUTING_COUNT_RAISED, 1);
    return raised.reason == NULL ? FR_NO_MEMORY : fr_emit_as(turn, input, &raised.base, &labels);
}

/* TargetWarned: a promise is about to break, so the conversation's task moves up, once.
 *
 * Reads tasks of the conversation.  Emits TaskRaised for each that no agent has accepted yet.
 * Sent twice, or for a second target of the same conversation: it has been raised already.
 */
enum fr_error
routing_decide_target_warned(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TargetWarned *warned = fr_unpack(turn, input, &fr__target_warned__descriptor);
    const struct routing_config *config = turn->config;
    uint64_t task_ids[TASKS_MAX];
    size_t count;
    enum fr_error err;

    if (warned == NULL)
        return fr_reject(turn, input, "TargetWarned does not decode");
    if (config->raise_by.us == 0 || (warned->has_raise && !warned->raise && !warned->widen))
        return FR_OK;
    err = routing_tasks_of(turn->view, warned->conversation_id, TASKS_MAX, task_ids, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_task task;

        err = routing_task_get(turn->view, task_ids[i], &task);
        if (err == FR_OK && task.state != ROUTING_ASSIGNED && !task.raised)
            err = raise_task(turn, input, &task, warned->reason);
    }
    return err;
}

/* ---- a change of priority moves the one task ---- */

struct change {
    bool has_priority, has_urgency;
    int32_t priority, urgency;
    const char *tier; /* NULL: as it is */
    const char *reason;
};

static void
change_facts(const struct change *change, const Fr__RoutingStateTask *before,
             Fr__RoutingStateTask *facts)
{
    *facts = *before;
    facts->rule = NULL; /* what a person says counts more than the rule did */
    if (change->has_priority)
        facts->has_priority = 1, facts->priority = change->priority;
    if (change->has_urgency)
        facts->has_urgency = 1, facts->urgency = change->urgency;
    if (change->tier != NULL)
        facts->tier = (char *)change->tier;
}

static enum fr_error
reprioritize(struct fr_turn *turn, const struct fr_record *input, uint64_t task_id,
             const struct change *change, bool *known)
{
    const struct routing_config *config = turn->config;
    Fr__TaskRaised raised = FR__TASK_RAISED__INIT;
    const Fr__RoutingStateTask *before;
    Fr__RoutingStateTask facts;
    struct routing_credit credit;
    struct fr_labels labels;
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, task_id, &task);

    *known = err == FR_OK && task.state <= ROUTING_OFFERED;
    if (err != FR_OK || !*known)
        return err == FR_NOT_FOUND ? FR_OK : err;
    err = routing_task_facts(turn->view, task_id, turn->arena, &before);
    if (err != FR_OK)
        return err;
    change_facts(change, before, &facts);
    credit = routing_credit_of(config, routing_queue_for(config, task.brand, before), &facts);
    if (task.strict == credit.strict && before->priority == facts.priority &&
        task.order_us ==
            task.arrived_us - credit.credit.us - (task.raised ? config->raise_by.us : 0))
        return FR_OK; /* it is there already */
    labels = routing_labels(&task);
    raised.task_id = task_id;
    raised.conversation_id = task.conversation_id;
    raised.order_us = task.arrived_us - credit.credit.us - (task.raised ? config->raise_by.us : 0);
    raised.has_strict = raised.has_priority = 1;
    raised.strict = credit.strict;
    raised.priority = facts.priority;
    raised.tier = facts.tier;
    raised.has_urgency = facts.has_urgency;
    raised.urgency = facts.urgency;
    raised.reason = (char *)change->reason;
    return fr_emit_as(turn, input, &raised.base, &labels);
}

/* ConversationClassified: it is worth more, or less, now.
 *
 * Reads tasks of the conversation.  Emits TaskRaised for each that no agent has accepted yet: a
 * place from its arrival and its new credit.  Nothing else moves. Sent twice: it is in that place
 * already, and moves nowhere.
 */
enum fr_error
routing_decide_conversation_classified(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__ConversationClassified *said =
        fr_unpack(turn, input, &fr__conversation_classified__descriptor);
    uint64_t task_ids[TASKS_MAX];
    size_t count;
    bool known;
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "ConversationClassified does not decode");
    err = routing_tasks_of(turn->view, said->conversation_id, TASKS_MAX, task_ids, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        err = reprioritize(turn, input, task_ids[i],
                           &(struct change){.has_priority = true,
                                            .priority = said->priority,
                                            .tier = said->tier,
                                            .reason = said->reason},
                           &known);
    return err;
}

/* TaskPrioritized: a person says so (fil queue move).  Likewise. */
enum fr_error
routing_decide_task_prioritized(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__TaskPrioritized *said = fr_unpack(turn, input, &fr__task_prioritized__descriptor);
    bool known;
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "TaskPrioritized does not decode");
    err = reprioritize(turn, input, said->task_id,
                       &(struct change){said->has_priority, said->has_urgency, said->priority,
                                        said->urgency, said->tier,
                                        said->reason != NULL ? said->reason : "moved by hand"},
                       &known);
    return err == FR_OK && !known ? fr_reject(turn, input, "no such task waits") : err;
}

/* A task's time has come: the agent who served this customer last was waited for long enough; those
 * who let it go may be asked again; its queue asks less of an agent; its customer was told that
 * it would be looked at now.
 *
 * Reads the task, its lane.  Emits TaskOffered, TaskQueued or TaskParked.
 */
enum fr_error
routing_decide_task_due(struct fr_turn *turn, const struct fr_record *input)
{
    return routing_place_again(turn, input, input->head->key);
}
