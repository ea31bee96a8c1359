/* decide_offer.c - how offers end: accepted, declined, expired; and answers that come too late. */
#include "proto/site.pb-c.h"
#include "services/routing/counters.h"
#include "services/routing/place.h"

/* ---- answers ---- */

struct answer {
    const struct fr_record *input;
    const Fr__OfferAnswered *said;
    struct routing_task task; /* as it is now; task_id 0: there is none */
    struct routing_agent agent;
};

static enum fr_error
refuse(struct fr_turn *turn, const struct answer *answer, const char *reason)
{
    const struct fr_labels labels = {.key = answer->task.conversation_id,
                                     .brand =
                                         answer->task.task_id != 0 ? answer->task.brand : NULL};
    Fr__OfferAnswerRefused refused = FR__OFFER_ANSWER_REFUSED__INIT;

    refused.offer_id = answer->said->offer_id;
    refused.agent = answer->said->agent;
    refused.site = answer->said->site;
    refused.reason = (char *)reason;
    fr_count(turn, ROUTING_COUNT_REFUSED, 1);
    return fr_emit_as(turn, answer->input, &refused.base, &labels);
}

/* Did this very answer count already? */
static bool
said_before(const struct answer *answer)
{
    const struct routing_task *task = &answer->task;

    if (answer->said->accepted)
        return task->state == ROUTING_ASSIGNED && task->offer_id == answer->said->offer_id &&
               task->agent == answer->agent.number;
    return task->ended_offer == answer->said->offer_id && task->ended_how == ROUTING_DECLINED;
}

static const char *
why_late(const struct answer *answer)
{
    const struct routing_task *task = &answer->task;

    if (task->task_id == 0 || task->state == ROUTING_WRAPPING)
        return "the task is over";
    if (task->offer_id == answer->said->offer_id)
        return task->agent != answer->agent.number ? "the offer was made to somebody else"
                                                   : "the offer was accepted already";
    if (task->ended_offer == answer->said->offer_id) {
        static const char *const how[] = {
            [ROUTING_NONE] = "the offer has ended",
            [ROUTING_DECLINED] = "the offer was declined",
            [ROUTING_EXPIRED] = "the offer expired before the answer came",
            [ROUTING_RESCINDED] = "the offer was taken back before the answer came",
        };
        return how[task->ended_how];
    }
    return task->state == ROUTING_WAITING ? "the offer has ended; the task waits again"
                                          : "the offer has ended; the task is with somebody else";
}

static enum fr_error
accept(struct fr_turn *turn, const struct answer *answer)
{
    const struct fr_labels labels = routing_labels(&answer->task);
    Fr__OfferAccepted accepted = FR__OFFER_ACCEPTED__INIT;

    accepted.offer_id = answer->task.offer_id;
    accepted.task_id = answer->task.task_id;
    accepted.conversation_id = answer->task.conversation_id;
    accepted.customer_id = answer->task.customer_id;
    accepted.agent = (char *)answer->agent.name;
    accepted.site = (char *)answer->agent.site_name;
    fr_count(turn, ROUTING_COUNT_ACCEPTED, 1);
    return fr_emit_as(turn, answer->input, &accepted.base, &labels);
}

static enum fr_error
decline(struct fr_turn *turn, const struct answer *answer)
{
    const struct routing_config *config = turn->config;
    const struct fr_labels labels = routing_labels(&answer->task);
    Fr__OfferDeclined declined = FR__OFFER_DECLINED__INIT;
    enum fr_error err;

    declined.offer_id = answer->task.offer_id;
    declined.task_id = answer->task.task_id;
    declined.conversation_id = answer->task.conversation_id;
    declined.agent = (char *)answer->agent.name;
    declined.site = (char *)answer->agent.site_name;
    declined.reason = answer->said->reason;
    declined.has_again_us = 1;
    declined.again_us = fr_time_add(turn->now, config->declined_for).unix_us;
    fr_count(turn, ROUTING_COUNT_DECLINED, 1);
    err = fr_emit_as(turn, answer->input, &declined.base, &labels);
    if (err == FR_OK)
        err = routing_place_again(turn, answer->input, answer->task.task_id);
    return err != FR_OK ? err : routing_serve(turn, answer->input, answer->agent.number);
}

/* OfferAnswered: the agent takes it, or lets it go.
 *
 * Reads tasks, agents.  Emits OfferAccepted; or OfferDeclined, where the task goes next, and what
 * the agent gets next; or OfferAnswerRefused when the offer has ended otherwise. Sent twice: the
 * answer that counted already is ignored.
 */
enum fr_error
routing_decide_offer_answered(struct fr_turn *turn, const struct fr_record *input)
{
    struct answer answer = {.input = input};
    enum fr_error err;

    answer.said = fr_unpack(turn, input, &fr__offer_answered__descriptor);
    if (answer.said == NULL)
        return fr_reject(turn, input, "OfferAnswered does not decode");
    err = routing_agent_by_name(turn->view, answer.said->agent, &answer.agent);
    if (err == FR_NOT_FOUND)
        return fr_reject(turn, input, "OfferAnswered names an unknown agent");
    if (err == FR_OK)
        err = routing_task_get(turn->view, answer.said->task_id, &answer.task);
    if (err == FR_NOT_FOUND)
        return refuse(turn, &answer, "the task is over");
    if (err != FR_OK)
        return err;
    if (said_before(&answer)) {
        fr_count(turn, ROUTING_COUNT_REPEATED, 1);
        return FR_OK;
    }
    if (answer.task.state != ROUTING_OFFERED || answer.task.offer_id != answer.said->offer_id ||
        answer.task.agent != answer.agent.number)
        return refuse(turn, &answer, why_late(&answer));
    return answer.said->accepted ? accept(turn, &answer) : decline(turn, &answer);
}

/* ---- expiry ---- */

static enum fr_error
set_away(struct fr_turn *turn, const struct fr_record *input, const struct routing_agent *agent)
{
    Fr__AgentStateChanged changed = FR__AGENT_STATE_CHANGED__INIT;
    const struct fr_labels labels = {.brand = ""};

    changed.agent = (char *)agent->name;
    changed.state = FR__AGENT_STATE__AWAY;
    changed.reason =
        fr_arena_printf(turn->arena, "let %u offers in a row expire", agent->expired_in_row);
    fr_count(turn, ROUTING_COUNT_SET_AWAY, 1);
    return changed.reason == NULL ? FR_NO_MEMORY : fr_emit_as(turn, input, &changed.base, &labels);
}

static enum fr_error
expire(struct fr_turn *turn, const struct fr_record *input, const struct routing_task *task,
       struct routing_agent *agent)
{
    const struct fr_labels labels = routing_labels(task);
    Fr__OfferExpired expired = FR__OFFER_EXPIRED__INIT;
    enum fr_error err;

    expired.offer_id = task->offer_id;
    expired.task_id = task->task_id;
    expired.conversation_id = task->conversation_id;
    expired.agent = agent->name;
    expired.site = agent->site_name;
    fr_count(turn, ROUTING_COUNT_EXPIRED, 1);
    err = fr_emit_as(turn, input, &expired.base, &labels);
    return err != FR_OK ? err : routing_agent_get(turn->view, agent->number, agent);
}

/* Nobody answered in time: the task goes back to its place and on to somebody else; an agent who
 * lets several expire in a row is set away, for all to see.
 *
 * Reads the task, its agent.  Emits OfferExpired; AgentStateChanged and OfferRescinded for his
 * other offers when that was one too many; then where the tasks go, and what he gets.
 */
enum fr_error
routing_decide_offer_due(struct fr_turn *turn, const struct fr_record *input)
{
    const struct routing_config *config = turn->config;
    struct routing_agent agent;
    struct routing_task task;
    enum fr_error err = routing_task_get(turn->view, input->head->key, &task);

    if (err == FR_NOT_FOUND || (err == FR_OK && task.state != ROUTING_OFFERED))
        return FR_OK;
    if (err == FR_OK)
        err = routing_agent_get(turn->view, task.agent, &agent);
    if (err == FR_OK)
        err = expire(turn, input, &task, &agent);
    if (err != FR_OK)
        return err;
    if (config->away_after > 0 && agent.expired_in_row >= config->away_after &&
        agent.state == FR__AGENT_STATE__AVAILABLE) {
        err = set_away(turn, input, &agent);
        if (err == FR_OK)
            err = routing_place_again(turn, input, task.task_id);
        return err != FR_OK
                   ? err
                   : routing_withdraw_from(turn, input, agent.number, "the agent was set away");
    }
    err = routing_place_again(turn, input, task.task_id);
    return err != FR_OK ? err : routing_serve(turn, input, agent.number);
}
