/* say.c - what becomes of a task, as records: offered, queued, parked. */
#include "services/routing/say.h"

#include "services/routing/counters.h"
#include "services/routing/place.h"

struct fr_labels
routing_labels(const struct routing_task *task)
{
    return (struct fr_labels){.key = task->conversation_id, .brand = task->brand};
}

/* ---- contracts ---- */

static bool
mark_of(const struct routing_look *look, const struct routing_placing *p, const char *site_name,
        Fr__ContractMark *mark)
{
    const struct routing_contract_config *contract =
        routing_contract_of(look->config, p->place.name, site_name);
    struct routing_site site;

    if (contract == NULL || routing_site_by_name(look->view, site_name, &site) != FR_OK)
        return false;
    fr__contract_mark__init(mark);
    mark->queue = p->place.lane.queue;
    mark->site = site.number;
    mark->start_us = routing_interval_start(look, site_name, contract, look->now).unix_us;
    return true;
}

/* The contracts that count a new task as arrived. */
static bool
marks_of(struct fr_turn *turn, const struct routing_placing *p, Fr__ContractMark ***out,
         size_t *count)
{
    struct routing_look look = routing_look_of(turn);
    const struct routing_site_config *sites = look.config->sites.items;
    Fr__ContractMark *marks;

    *count = 0;
    if (p->request == NULL || !p->place.lane.contracted)
        return true;
    marks = fr_arena_zalloc(turn->arena, look.config->sites.count + 1, sizeof(*marks));
    *out = fr_arena_zalloc(turn->arena, look.config->sites.count + 1, sizeof(**out));
    if (marks == NULL || *out == NULL)
        return false;
    for (size_t i = 0; i < look.config->sites.count; i++)
        if (mark_of(&look, p, sites[i].name, &marks[*count])) {
            (*out)[*count] = &marks[*count];
            (*count)++;
        }
    return true;
}

/* The interval that counts this offer, and when it allows the next one if this is the last. */
static enum fr_error
count_offer(struct fr_turn *turn, const struct routing_placing *p, const struct routing_pick *pick,
            Fr__ContractMark *mark, Fr__TaskOffered *offered)
{
    struct routing_look look = routing_look_of(turn);
    const struct routing_contract_config *contract;
    enum routing_allowance allowance;
    struct routing_site site;
    enum fr_error err;

    if (!p->place.lane.contracted || !mark_of(&look, p, pick->agent.site_name, mark))
        return FR_OK;
    offered->counted = mark;
    if (p->request != NULL)
        look.arriving = p->place.lane.queue;
    err = routing_site_get(look.view, mark->site, &site);
    if (err == FR_OK)
        err = routing_allowance(&look, p->place.lane.queue, p->place.name, &site, &allowance);
    if (err != FR_OK || allowance == ROUTING_ALLOWED)
        return err;
    contract = routing_contract_of(look.config, p->place.name, site.name);
    offered->has_contract_again_us = 1;
    offered->contract_again_us =
        routing_interval_end(&look, site.name, contract, turn->now).unix_us;
    return FR_OK;
}

/* ---- offered ---- */

static void
offer_facts(const struct routing_placing *p, Fr__TaskOffered *offered)
{
    const Fr__RoutingStateTask *facts = p->facts;

    offered->channel = facts->channel;
    offered->preview = facts->preview;
    offered->customer_name = facts->customer_name;
    offered->has_complaint = facts->has_complaint;
    offered->complaint = facts->complaint;
    offered->has_priority = facts->has_priority;
    offered->priority = facts->priority;
    if (p->request == NULL)
        return;
    offered->has_entered = offered->entered = 1;
    offered->n_skills = facts->n_skills;
    offered->skills = facts->skills;
    offered->language = facts->language;
    offered->tier = facts->tier;
    offered->has_urgency = facts->has_urgency;
    offered->urgency = facts->urgency;
    offered->rule = facts->rule;
}

static void
offer_row(const struct routing_placing *p, const struct routing_pick *pick,
          Fr__TaskOffered *offered)
{
    offered->task_id = p->task.task_id;
    offered->conversation_id = p->task.conversation_id;
    offered->customer_id = p->task.customer_id;
    offered->agent = (char *)pick->agent.name;
    offered->site = (char *)pick->agent.site_name;
    offered->queue = (char *)p->place.name;
    offered->arrived_us = p->task.arrived_us;
    offered->has_order_us = offered->has_lane = offered->has_weight = 1;
    offered->order_us = p->task.order_us;
    offered->lane = p->place.lane.number;
    offered->weight = pick->weight;
    offered->has_strict = offered->has_step = offered->has_class_number = 1;
    offered->strict = p->task.strict;
    offered->step = p->place.step;
    offered->class_number = p->place.lane.class_number;
}

enum fr_error
routing_say_offered(struct fr_turn *turn, const struct routing_placing *p,
                    const struct routing_pick *pick)
{
    const struct routing_config *config = turn->config;
    const struct fr_labels labels = routing_labels(&p->task);
    Fr__TaskOffered offered = FR__TASK_OFFERED__INIT;
    Fr__ContractMark counted;
    char *reason = routing_explain_offer(turn, &p->place, pick);
    enum fr_error err;

    if (reason == NULL || !marks_of(turn, p, &offered.marks, &offered.n_marks))
        return FR_NO_MEMORY;
    offered.offer_id = fr_next_id(turn);
    offer_row(p, pick, &offered);
    offer_facts(p, &offered);
    offered.expires_us = fr_time_add(turn->now, config->offer_time).unix_us;
    offered.waited_us = turn->now.unix_us - p->task.arrived_us;
    offered.reason =
        p->remark[0] == '\0' ? reason : fr_arena_printf(turn->arena, "%s%s", reason, p->remark);
    err = count_offer(turn, p, pick, &counted, &offered);
    if (err != FR_OK)
        return err;
    fr_count(turn, ROUTING_COUNT_OFFERED, 1);
    return offered.reason == NULL ? FR_NO_MEMORY
                                  : fr_emit_as(turn, p->input, &offered.base, &labels);
}

/* ---- parked ---- */

enum fr_error
routing_say_parked(struct fr_turn *turn, const struct routing_placing *p,
                   const struct routing_parking *parking)
{
    const struct fr_labels labels = routing_labels(&p->task);
    Fr__TaskParked parked = FR__TASK_PARKED__INIT;

    if (!marks_of(turn, p, &parked.marks, &parked.n_marks))
        return FR_NO_MEMORY;
    parked.task_id = p->task.task_id;
    parked.conversation_id = p->task.conversation_id;
    parked.reason = (char *)parking->reason;
    parked.has_order_us = parked.has_lane = parked.has_strict = parked.has_step = 1;
    parked.order_us = p->task.order_us;
    parked.lane = p->place.lane.number;
    parked.strict = p->task.strict;
    parked.step = p->place.step;
    parked.task = (Fr__TaskRequested *)p->request;
    parked.rule = p->request != NULL ? p->facts->rule : NULL;
    parked.has_until_us = parked.has_closed = parked.has_tell = 1;
    parked.until_us = parking->until.unix_us;
    parked.until_text = (char *)parking->until_text;
    parked.closed = parking->closed;
    parked.tell = !p->task.parked || p->task.until_us != parking->until.unix_us;
    fr_count(turn, ROUTING_COUNT_PARKED, 1);
    return fr_emit_as(turn, p->input, &parked.base, &labels);
}

/* ---- queued ---- */

static char *
queued_reason(struct fr_turn *turn, const struct routing_placing *p,
              const struct routing_agent *holder)
{
    char *reason;

    if (holder != NULL)
        return fr_arena_printf(turn->arena, "queue %s: waits for %s, who served this customer last",
                               p->place.name, holder->name);
    reason = routing_explain_wait(turn, &p->place, &p->task);
    return reason == NULL || p->remark[0] == '\0'
               ? reason
               : fr_arena_printf(turn->arena, "%s%s", reason, p->remark);
}

enum fr_error
routing_say_queued(struct fr_turn *turn, const struct routing_placing *p,
                   const struct routing_agent *holder)
{
    const struct routing_config *config = turn->config;
    const struct fr_labels labels = routing_labels(&p->task);
    Fr__TaskQueued queued = FR__TASK_QUEUED__INIT;

    queued.reason = queued_reason(turn, p, holder);
    if (queued.reason == NULL || !marks_of(turn, p, &queued.marks, &queued.n_marks))
        return FR_NO_MEMORY;
    queued.task_id = p->task.task_id;
    queued.conversation_id = p->task.conversation_id;
    queued.queue = (char *)p->place.name;
    queued.order_us = p->task.order_us;
    queued.task = (Fr__TaskRequested *)p->request;
    queued.rule = p->request != NULL ? p->facts->rule : NULL;
    queued.has_lane = queued.has_strict = queued.has_step = 1;
    queued.lane = p->place.lane.number;
    queued.strict = p->task.strict;
    queued.step = p->place.step;
    queued.has_relax_us = holder == NULL && p->place.relax_us != 0;
    queued.relax_us = p->place.relax_us;
    if (p->task.refusals > 0 &&
        routing_refusal_next(turn->view, p->task.task_id, turn->now, &queued.again_us) == FR_OK)
        queued.has_again_us = 1;
    if (holder != NULL) {
        queued.held_for = (char *)holder->name;
        queued.has_open_us = 1;
        queued.open_us = fr_time_add(turn->now, config->continuity_for).unix_us;
    }
    return fr_emit_as(turn, p->input, &queued.base, &labels);
}
