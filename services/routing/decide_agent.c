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
    if (strcmp(presence->site, agent.site) != 0)
        return fr_reject(turn, input, "the agent works at site %s", agent.site);
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
    return err != FR_OK ? err : routing_end(turn, input, task.task_id, "the agent is done");
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
    return err != FR_OK ? err : routing_end(turn, input, task.task_id, "its lease ran out");
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
