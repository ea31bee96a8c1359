/* decide_agent.c - agents come, go and finish: what becomes free is offered what waits. */
#include "proto/site.pb-c.h"
#include "services/routing/counters.h"
#include "services/routing/place.h"

static enum fr_error
change_state(struct fr_turn *turn, const struct fr_record *input, const struct routing_agent *agent,
             Fr__AgentState state, const char *reason)
{
    Fr__AgentStateChanged changed = FR__AGENT_STATE_CHANGED__INIT;
    const struct fr_labels labels = {.brand = ""};

    changed.agent = (char *)agent->name;
    changed.state = state;
    changed.reason = (char *)reason;
    return fr_emit_as(turn, input, &changed.base, &labels);
}

/* AgentPresence: he signed in or out, or chose to be available or away.
 *
 * Reads agents.  Emits AgentStateChanged; then TaskOffered for what waits, or OfferRescinded for
 * what he had not accepted, and where that goes.  What he has accepted stays his. Sent twice: he is
 * in that state already; nothing happens.
 */
enum fr_error
routing_decide_agent_presence(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AgentPresence *presence = fr_unpack(turn, input, &fr__agent_presence__descriptor);
    struct routing_agent agent;
    enum fr_error err;

    if (presence == NULL)
        return fr_reject(turn, input, "AgentPresence does not decode");
    if (presence->state < FR__AGENT_STATE__OFFLINE || presence->state > FR__AGENT_STATE__AWAY)
        return fr_reject(turn, input, "AgentPresence has an unknown state");
    err = routing_agent_by_name(turn->view, presence->agent, &agent);
    if (err == FR_NOT_FOUND || (err == FR_OK && agent.removed))
        return fr_reject(turn, input, "AgentPresence names an unknown agent");
    if (err != FR_OK)
        return err;
    if (strcmp(presence->site, agent.site_name) != 0)
        return fr_reject(turn, input, "the agent works at site %s", agent.site_name);
    if (agent.state == presence->state) {
        fr_count(turn, ROUTING_COUNT_REPEATED, 1);
        return FR_OK;
    }
    err = change_state(turn, input, &agent, presence->state, presence->reason);
    if (err != FR_OK)
        return err;
    if (presence->state == FR__AGENT_STATE__AVAILABLE)
        return routing_serve(turn, input, agent.number);
    return routing_withdraw_from(turn, input, agent.number,
                                 presence->state == FR__AGENT_STATE__AWAY ? "the agent is away"
                                                                          : "the agent is offline");
}

/* WorkFinished: the agent is done with it, and has room for something else.
 *
 * Reads tasks, agents.  Emits TaskEnded, and TaskOffered for what waits.
 * Sent twice, or from somebody who does not hold it: ignored (sites has told him).
 */
enum fr_error
routing_decide_work_finished(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WorkFinished *finished = fr_unpack(turn, input, &fr__work_finished__descriptor);
    struct routing_agent agent;
    struct routing_task task;
    enum fr_error err;

    if (finished == NULL)
        return fr_reject(turn, input, "WorkFinished does not decode");
    err = routing_agent_by_name(turn->view, finished->agent, &agent);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "WorkFinished names an unknown agent");
    if (err == FR_OK)
        err = routing_task_get(turn->view, finished->task_id, &task);
    if (err == FR_NOT_FOUND ||
        (err == FR_OK && (task.state != ROUTING_ASSIGNED || task.agent != agent.number))) {
        fr_count(turn, ROUTING_COUNT_REPEATED, 1);
        return FR_OK;
    }
    return err != FR_OK ? err : routing_end(turn, input, task.task_id, "the agent is done", true);
}

/* LeaseEnded: only one that ran out while it was held is news here; all others ended by our own
 * word.
 *
 * Reads tasks.  Emits TaskEnded (conversations then asks again, and somebody else gets it), and
 * TaskOffered for what waits.
 * Sent twice: the task has ended.
 */
enum fr_error
routing_decide_lease_ended(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__LeaseEnded *ended = fr_unpack(turn, input, &fr__lease_ended__descriptor);
    struct routing_task task;
    enum fr_error err;

    if (ended == NULL)
        return fr_reject(turn, input, "LeaseEnded does not decode");
    if (strcmp(ended->reason, "lease_expired") != 0 || !ended->has_task_id)
        return FR_OK;
    err = routing_task_get(turn->view, ended->task_id, &task);
    if (err == FR_NOT_FOUND || (err == FR_OK && task.state != ROUTING_ASSIGNED))
        return FR_OK;
    return err != FR_OK ? err : routing_end(turn, input, task.task_id, "its lease ran out", false);
}

/* His definition changed: more room gets him more work, a removed agent gives back what he has not
 * accepted.
 *
 * Reads the agent.  Emits TaskOffered for what waits, or OfferRescinded and where that goes.
 */
enum fr_error
routing_decide_agent_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(turn->view, (uint32_t)input->head->key, &agent);

    if (err != FR_OK)
        return err == FR_NOT_FOUND ? FR_OK : err;
    if (agent.state != FR__AGENT_STATE__AVAILABLE)
        return routing_withdraw_from(turn, input, agent.number,
                                     agent.removed ? "the agent is no longer configured"
                                                   : "the agent changed his site");
    return routing_serve(turn, input, agent.number);
}

/* A removed agent's time is over: what he had accepted goes to others.
 *
 * Reads the agent, his tasks.  Emits TaskEnded for each; conversations asks for another agent.
 */
enum fr_error
routing_decide_grace_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(turn->view, (uint32_t)input->head->key, &agent);

    if (err != FR_OK || !agent.removed)
        return err == FR_NOT_FOUND ? FR_OK : err;
    return routing_take_assigned(turn, input, agent.number, "the agent is no longer configured");
}

/* AgentSetAway: a supervisor sets him away (fil agent set-away).
 *
 * Reads the agent.  Emits AgentStateChanged, OfferRescinded and where that goes.
 * Sent twice: he is away already; it is said to the supervisor.
 */
enum fr_error
routing_decide_agent_set_away(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__AgentSetAway *said = fr_unpack(turn, input, &fr__agent_set_away__descriptor);
    struct routing_agent agent;
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "AgentSetAway does not decode");
    err = routing_agent_by_name(turn->view, said->agent, &agent);
    if (err == FR_NOT_FOUND || (err == FR_OK && agent.removed))
        return fr_reject(turn, input, "there is no agent %.40s", said->agent);
    if (err != FR_OK)
        return err;
    if (agent.state != FR__AGENT_STATE__AVAILABLE)
        return fr_reject(turn, input, "%s is not available as it is", agent.name);
    err = change_state(turn, input, &agent, FR__AGENT_STATE__AWAY, said->reason);
    return err != FR_OK
               ? err
               : routing_withdraw_from(turn, input, agent.number, "the agent was set away");
}

/* ---- after a conversation ---- */

static enum fr_error
end_wrap_up(struct fr_turn *turn, const struct fr_record *input, const struct routing_task *task,
            const char *reason)
{
    const struct fr_labels labels = routing_labels(task);
    Fr__WrapUpEnded ended = FR__WRAP_UP_ENDED__INIT;
    struct routing_agent agent;
    enum fr_error err = routing_agent_get(turn->view, task->agent, &agent);

    if (err != FR_OK)
        return err;
    ended.task_id = task->task_id;
    ended.agent = agent.name;
    ended.reason = (char *)reason;
    return fr_emit_as(turn, input, &ended.base, &labels);
}

/* His time for notes is over.
 *
 * Reads the task, its agent.  Emits WrapUpEnded, and TaskOffered for what waits.
 */
enum fr_error
routing_decide_wrap_due(struct fr_turn *turn, const struct fr_record *input)
{
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, input->head->key, &task);

    if (err == FR_NOT_FOUND || (err == FR_OK && task.state != ROUTING_WRAPPING))
        return FR_OK;
    if (err == FR_OK)
        err = end_wrap_up(turn, input, &task, "the time for it is over");
    return err != FR_OK ? err : routing_serve(turn, input, task.agent);
}

/* WrapUpDone: he needs no more of it (fil agent ready).
 *
 * Reads the agent, his tasks.  Emits WrapUpEnded for each, and TaskOffered for what waits.
 */
enum fr_error
routing_decide_wrap_up_done(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__WrapUpDone *said = fr_unpack(turn, input, &fr__wrap_up_done__descriptor);
    uint64_t task_ids[ROUTING_SLICE];
    struct routing_agent agent;
    size_t count = 0;
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "WrapUpDone does not decode");
    err = routing_agent_by_name(turn->view, said->agent, &agent);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "there is no agent %.40s", said->agent);
    if (err == FR_OK)
        err = routing_tasks_with(turn->view, agent.number, ROUTING_WRAPPING, ROUTING_SLICE,
                                 task_ids, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct routing_task task;

        err = routing_task_get(turn->view, task_ids[i], &task);
        if (err == FR_OK)
            err = end_wrap_up(turn, input, &task, "the agent is ready");
    }
    return err != FR_OK ? err : routing_serve(turn, input, agent.number);
}
