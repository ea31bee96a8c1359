/* run.c - the virtual clock: customers come, wait, are served or leave; agents come, answer,
 * finish; between them stands the routing service as it is. */
#include "services/routing/simulate/run_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "proto/conversation.pb-c.h"
#include "proto/routing.pb-c.h"
#include "proto/site.pb-c.h"

#define DAY_US INT64_C(86400000000)

/* ---- contacts ---- */

static struct contact *
contact_at(struct run *run, uint64_t number)
{
    fr_assert(number >= run->first_contact && number < run->next_contact);
    return &run->contacts[number - run->first_contact];
}

static struct contact *
contact_new(struct run *run)
{
    uint64_t count = run->next_contact - run->first_contact;

    if (count == run->contact_room) {
        uint64_t gone = 0;

        while (gone < count && run->contacts[gone].state == GONE)
            gone++;
        if (gone > 0)
            memmove(run->contacts, run->contacts + gone, (count - gone) * sizeof(struct contact));
        run->first_contact += gone;
        count -= gone;
        if (gone <= run->contact_room / 2) {
            run->contact_room = run->contact_room * 2 + 4096;
            run->contacts = realloc(run->contacts, run->contact_room * sizeof(struct contact));
            fr_assert(run->contacts != NULL);
        }
    }
    run->next_contact++;
    run->contacts[count] = (struct contact){.batch = -1};
    return &run->contacts[count];
}

static uint64_t
task_of(uint64_t number)
{
    return fr_id_make(fr_id_journal_number("conversations"), 1, number + 1);
}

static uint64_t
number_of(uint64_t task_id)
{
    return fr_id_seq(task_id) - 1;
}

/* ---- arrivals ---- */

/* The rate a second at that time, and until when it stays so. */
static double
rate_at(const struct sim_class_config *class, int64_t us, int64_t *until_us)
{
    const struct sim_arrivals_config *arrivals = class->arrivals.items;
    int64_t midnight = us - us % DAY_US, of_day = us % DAY_US, until = DAY_US;
    double per_hour = 0;

    for (size_t i = 0; i < class->arrivals.count; i++) {
        int64_t from = arrivals[i].from.us, to = arrivals[i].to.us;

        if (from <= of_day && of_day < to)
            per_hour += arrivals[i].per_hour;
        if (from > of_day && from < until)
            until = from;
        if (to > of_day && to < until)
            until = to;
    }
    *until_us = midnight + until;
    return per_hour / 3600;
}

/* Unit steps through the integral of the rate: exact for a rate that changes by time of day.  The
 * first of evenly spaced ones comes after one step. */
static void
schedule_arrival(struct run *run, size_t class_index)
{
    const struct sim_class *class = &run->scenario->classes[class_index];
    struct arrivals *arrivals = &run->arrivals[class_index];
    double step =
        class->config->spacing == SIM_DETERMINISTIC ? 1 : -log(sim_chance_unit(&arrivals->spacing));
    double at_us = (double)arrivals->last_us;
    int days = 0;

    while (days < 400) {
        int64_t until_us;
        double rate = rate_at(class->config, (int64_t)at_us, &until_us);
        double room = rate * ((double)until_us - at_us) / 1e6;

        if (step <= room) {
            arrivals->last_us = (int64_t)llround(at_us + step / rate * 1e6);
            sim_calendar_enter(&run->calendar, arrivals->last_us, SIM_ARRIVES, class_index, 0);
            return;
        }
        step -= room;
        at_us = (double)until_us;
        days += until_us % DAY_US == 0;
    }
}

static void
schedule_row(struct run *run)
{
    const struct sim_row *row = &run->scenario->rows[run->next_row];

    if (run->next_row < run->scenario->row_count)
        sim_calendar_enter(&run->calendar, row->arrived_us, SIM_ARRIVES, row->class_index, 0);
}

/* Drawn for every contact, whether needed or not: so that what comes after stays the same. */
static int64_t
draw(struct run *run, size_t class_index, struct contact *contact)
{
    const struct sim_class *class = &run->scenario->classes[class_index];
    struct arrivals *arrivals = &run->arrivals[class_index];

    contact->service_us = sim_length_draw(&class->service, &arrivals->service);
    if (run->scenario->row_count > 0 && run->scenario->rows[run->next_row].service_us >= 0)
        contact->service_us = run->scenario->rows[run->next_row].service_us;
    return sim_length_draw(&class->patience, &arrivals->patience);
}

/* ---- what routing said ---- */

static uint32_t
agent_named(const struct run *run, const char *name)
{
    size_t low = 0, high = run->scenario->agent_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, run->scenario->agents[run->by_name[middle]].name);

        if (order == 0)
            return run->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    fr_assert(!"routing knows an agent that the scenario does not");
    return 0;
}

static void
note_offered(struct run *run, const Fr__TaskOffered *offered)
{
    uint64_t number = number_of(offered->task_id);
    struct contact *contact = contact_at(run, number);

    contact->offer_id = offered->offer_id;
    contact->agent = agent_named(run, offered->agent);
    sim_measure_waiting(run, contact, false);
    contact->state = OFFERED;
    sim_calendar_enter(&run->calendar, run->now_us + run->config->answer.us, SIM_ANSWERS, number,
                       offered->offer_id);
}

static void
note_accepted(struct run *run, const Fr__OfferAccepted *accepted)
{
    uint64_t number = number_of(accepted->task_id);
    struct contact *contact = contact_at(run, number);

    sim_measure_wait_ends(run, contact, true);
    contact->state = SERVED;
    sim_calendar_enter(&run->calendar, run->now_us + contact->service_us, SIM_FINISHES, number, 0);
}

static void
note_waiting(struct run *run, uint64_t task_id)
{
    struct contact *contact = contact_at(run, number_of(task_id));

    if (contact->state == GONE)
        return; /* he left while it was on offer: the offer's end is no news */
    contact->waited = 1;
    sim_measure_waiting(run, contact, true);
}

static void
note_told(struct run *run, const Fr__WaitEstimated *estimated)
{
    struct contact *contact = contact_at(run, number_of(estimated->task_id));

    if (!estimated->first)
        return; /* what counts is what he was told when he came */
    contact->told_p50_us = estimated->p50_us;
    contact->told_p90_us = estimated->p90_us;
}

static void
note_state(struct run *run, const Fr__AgentStateChanged *changed)
{
    struct desk *desk = &run->desks[agent_named(run, changed->agent)];
    bool present = changed->state == FR__AGENT_STATE__AVAILABLE;

    run->present += (double)present - (double)desk->present;
    desk->present = present;
}

static void
note_event(struct run *run, const struct fr_record_head *event)
{
    const void *body;

    if (event->kind < FR_AGENT_DEFINED ||
        (event->kind > FR_TASK_ENDED && event->kind != FR_WAIT_ESTIMATED))
        return;
    body = sim_service_body(&run->service, event);
    switch (event->kind) {
    case FR_TASK_OFFERED:
        note_offered(run, body);
        break;
    case FR_OFFER_ACCEPTED:
        note_accepted(run, body);
        break;
    case FR_TASK_QUEUED:
        note_waiting(run, ((const Fr__TaskQueued *)body)->task_id);
        break;
    case FR_TASK_PARKED:
        note_waiting(run, ((const Fr__TaskParked *)body)->task_id);
        break;
    case FR_OFFER_EXPIRED:
        note_waiting(run, ((const Fr__OfferExpired *)body)->task_id);
        break;
    case FR_OFFER_RESCINDED:
        note_waiting(run, ((const Fr__OfferRescinded *)body)->task_id);
        break;
    case FR_WAIT_ESTIMATED:
        note_told(run, body);
        break;
    case FR_AGENT_STATE_CHANGED:
        note_state(run, body);
        break;
    default:
        break;
    }
}

static void
note_events(struct run *run)
{
    const struct fr_record_head *event;

    while ((event = sim_service_event(&run->service)) != NULL)
        note_event(run, event);
}

/* ---- what customers do ---- */

static void
request(struct run *run, uint64_t number, const struct sim_class_config *class)
{
    Fr__TaskRequested request = FR__TASK_REQUESTED__INIT;
    uint64_t task_id = task_of(number);

    request.task_id = request.conversation_id = request.customer_id = task_id;
    request.channel = (char *)class->channel;
    request.arrived_us = run->service.engine.turn.now.unix_us;
    request.preview = (char *)"";
    request.language = (char *)class->language;
    request.n_skills = class->skills.count;
    request.skills = (char **)class->skills.items;
    request.has_priority = class->priority != 0;
    request.priority = (int32_t) class->priority;
    request.tier = (char *)class->tier;
    request.has_urgency = class->urgency != 0;
    request.urgency = (int32_t) class->urgency;
    sim_service_input(&run->service, run->service.conversations, task_id, task_id, class->brand,
                      &request.base);
    note_events(run);
}

static void
arrives(struct run *run, size_t class_index)
{
    uint64_t number = run->next_contact;
    struct contact *contact = contact_new(run);
    int64_t patience_us = draw(run, class_index, contact);

    contact->arrived_us = run->now_us;
    contact->class_index = (uint32_t)class_index;
    contact->batch = run->batch = sim_measure_batch(run, number);
    if (contact->batch >= 0)
        run->open_measured++;
    sim_measure_came(run, contact);
    if (patience_us != SIM_FOREVER)
        sim_calendar_enter(&run->calendar, run->now_us + patience_us, SIM_LEAVES, number, 0);
    if (run->scenario->row_count > 0) {
        run->next_row++;
        schedule_row(run);
    } else {
        schedule_arrival(run, class_index);
    }
    request(run, number, run->scenario->classes[class_index].config);
}

static void
leaves(struct run *run, uint64_t number)
{
    Fr__TaskWithdrawn withdrawn = FR__TASK_WITHDRAWN__INIT;
    struct contact *contact;

    if (number < run->first_contact)
        return; /* done long ago */
    contact = contact_at(run, number);
    if (contact->state != WAITING && contact->state != OFFERED)
        return;
    sim_measure_waiting(run, contact, false);
    sim_measure_wait_ends(run, contact, false);
    contact->state = GONE;
    withdrawn.task_id = withdrawn.conversation_id = task_of(number);
    withdrawn.reason = (char *)"the customer left";
    sim_service_input(&run->service, run->service.conversations, 0, withdrawn.task_id, NULL,
                      &withdrawn.base);
    note_events(run);
}

/* ---- what agents do ---- */

static void
set_busy(struct run *run, uint32_t agent, bool busy)
{
    struct desk *desk = &run->desks[agent];
    bool was = desk->used > 0;

    desk->used += busy ? 1 : -1;
    run->busy += (double)(desk->used > 0) - (double)was;
}

static void
answers(struct run *run, uint64_t number, uint64_t offer_id)
{
    Fr__OfferAnswered answered = FR__OFFER_ANSWERED__INIT;
    const struct sim_agent *agent;
    struct contact *contact;

    if (number < run->first_contact)
        return;
    contact = contact_at(run, number);
    if (contact->state != OFFERED || contact->offer_id != offer_id)
        return; /* it ended otherwise */
    agent = &run->scenario->agents[contact->agent];
    answered.offer_id = offer_id;
    answered.task_id = task_of(number);
    answered.agent = (char *)agent->name;
    answered.site = (char *)agent->site;
    answered.accepted = 1;
    set_busy(run, contact->agent, true);
    sim_service_input(&run->service, run->service.sites, 0, answered.task_id, NULL, &answered.base);
    note_events(run);
}

static void
finishes(struct run *run, uint64_t number)
{
    Fr__WorkFinished finished = FR__WORK_FINISHED__INIT;
    struct contact *contact = contact_at(run, number);
    const struct sim_agent *agent = &run->scenario->agents[contact->agent];

    finished.conversation_id = finished.task_id = task_of(number);
    finished.agent = (char *)agent->name;
    finished.site = (char *)agent->site;
    finished.outcome = FR__OUTCOME__SOLVED;
    contact->state = GONE;
    set_busy(run, contact->agent, false);
    sim_service_input(&run->service, run->service.sites, 0, finished.task_id, NULL, &finished.base);
    note_events(run);
}

static void
say_presence(struct run *run, size_t agent_index, bool available)
{
    const struct sim_agent *agent = &run->scenario->agents[agent_index];
    Fr__AgentPresence presence = FR__AGENT_PRESENCE__INIT;

    presence.agent = (char *)agent->name;
    presence.site = (char *)agent->site;
    presence.state = available ? FR__AGENT_STATE__AVAILABLE : FR__AGENT_STATE__AWAY;
    presence.reason = (char *)(available ? "shift begins" : "shift ends");
    sim_service_input(&run->service, run->service.sites, 0, 0, NULL, &presence.base);
    note_events(run);
}

/* Next shift, or next presence of the trace; none: he does not come again. */
static void
schedule_presence(struct run *run, size_t agent_index)
{
    const struct sim_agent *agent = &run->scenario->agents[agent_index];
    struct desk *desk = &run->desks[agent_index];
    int64_t from_us = 0, to_us = SIM_FOREVER;

    if (agent->traced != NULL) {
        if (desk->next_presence == agent->traced->presence_count)
            return;
        from_us = agent->traced->presence[desk->next_presence].from_us;
        to_us = agent->traced->presence[desk->next_presence].to_us;
    } else if (agent->staff != NULL && agent->staff->shifts.count > 0) {
        const struct sim_shift_config *shifts = agent->staff->shifts.items;
        size_t count = agent->staff->shifts.count, next = desk->next_presence;
        const struct sim_shift_config *shift = &shifts[next % count];

        from_us = (int64_t)(next / count) * DAY_US + shift->from.us;
        to_us = from_us - shift->from.us + shift->to.us;
        if (to_us <= from_us)
            to_us += DAY_US;
    } else if (desk->next_presence > 0) {
        return;
    }
    desk->next_presence++;
    sim_calendar_enter(&run->calendar, from_us, SIM_COMES, agent_index, 0);
    if (to_us != SIM_FOREVER)
        sim_calendar_enter(&run->calendar, to_us, SIM_GOES, agent_index, 0);
}

static void
goes(struct run *run, size_t agent_index)
{
    say_presence(run, agent_index, false);
    schedule_presence(run, agent_index);
}

/* ---- the clock ---- */

static void
happens(struct run *run, const struct sim_entry *entry)
{
    switch (entry->what) {
    case SIM_ARRIVES:
        arrives(run, entry->index);
        break;
    case SIM_ANSWERS:
        answers(run, entry->index, entry->stamp);
        break;
    case SIM_FINISHES:
        finishes(run, entry->index);
        break;
    case SIM_LEAVES:
        leaves(run, entry->index);
        break;
    case SIM_COMES:
        say_presence(run, entry->index, true);
        break;
    case SIM_GOES:
        goes(run, entry->index);
        break;
    }
}

/* Those measured are done, and nobody comes any more who would be. */
static bool
is_over(const struct run *run)
{
    if (run->config->duration.us > 0)
        return run->now_us >= run->config->duration.us && run->open_measured == 0;
    return run->next_contact >= run->limit && run->open_measured == 0;
}

static void
tell_progress(const struct run *run)
{
    double done = run->config->duration.us > 0
                      ? (double)run->now_us / (double)run->config->duration.us
                      : (double)run->next_contact / (double)run->limit;

    if (run->progress != NULL)
        run->progress(((double)run->repetition + (done < 1 ? done : 1)) /
                      (double)run->config->repetitions);
}

static void
run_clock(struct run *run)
{
    uint64_t steps = 0;

    while (!is_over(run)) {
        const struct sim_entry *first = sim_calendar_first(&run->calendar);
        int64_t timer = sim_service_timer(&run->service);

        if (timer != SIM_FOREVER)
            timer = timer - run->scenario->start.unix_us;
        if (timer < run->now_us)
            timer = run->now_us;
        if (first == NULL && timer == SIM_FOREVER)
            break; /* nothing will ever happen again */
        if (run->config->duration.us > 0)
            run->batch = sim_measure_batch(run, run->next_contact);
        if (first == NULL || timer <= first->at_us) {
            sim_measure_time(run, timer);
            sim_service_fire(&run->service);
            note_events(run);
        } else {
            struct sim_entry entry = sim_calendar_take(&run->calendar);

            sim_measure_time(run, entry.at_us);
            happens(run, &entry);
        }
        if (++steps % 16384 == 0)
            tell_progress(run);
    }
}

/* ---- from beginning to end ---- */

static int
compare_names(const void *a, const void *b, void *agents)
{
    const struct sim_agent *all = agents;

    return strcmp(all[*(const uint32_t *)a].name, all[*(const uint32_t *)b].name);
}

static void
set_limits(struct run *run)
{
    const struct sim_config *config = run->config;

    run->limit = (uint64_t)config->contacts;
    if (run->scenario->row_count > 0 && run->scenario->row_count < run->limit)
        run->limit = run->scenario->row_count;
    run->warm_count = (uint64_t)((double)run->limit * config->warm_up);
    run->warm_us = (int64_t)((double)config->duration.us * config->warm_up);
    if (run->warm_count >= run->limit)
        run->warm_count = run->limit - 1;
}

static void
begin(struct run *run)
{
    const struct sim_scenario *scenario = run->scenario;
    size_t class_count = scenario->class_count, agent_count = scenario->agent_count;
    uint64_t seed = (uint64_t)run->config->seed + (uint64_t)run->repetition * 1000003;

    set_limits(run);
    sim_service_init(&run->service, &scenario->routing, scenario->start);
    run->arrivals = calloc(class_count + 1, sizeof(*run->arrivals));
    run->waiting = calloc(class_count + 1, sizeof(*run->waiting));
    run->desks = calloc(agent_count + 1, sizeof(*run->desks));
    run->by_name = calloc(agent_count + 1, sizeof(*run->by_name));
    fr_assert(run->arrivals != NULL && run->waiting != NULL && run->desks != NULL &&
              run->by_name != NULL);
    for (uint32_t i = 0; i < agent_count; i++)
        run->by_name[i] = i;
    qsort_r(run->by_name, agent_count, sizeof(uint32_t), compare_names, scenario->agents);
    note_events(run);
    run->batch = -1;
    for (size_t i = 0; i < agent_count; i++)
        schedule_presence(run, i);
    for (size_t c = 0; c < class_count; c++) {
        sim_chance_seed(&run->arrivals[c].spacing, seed, 3 * c);
        sim_chance_seed(&run->arrivals[c].service, seed, 3 * c + 1);
        sim_chance_seed(&run->arrivals[c].patience, seed, 3 * c + 2);
        if (scenario->row_count == 0)
            schedule_arrival(run, c);
    }
    if (scenario->row_count > 0)
        schedule_row(run);
}

static void
end(struct run *run)
{
    struct sim_result *result = run->result;

    result->contacts += run->next_contact;
    result->inputs += run->service.input_seq;
    result->timers += run->service.timers_fired;
    if (run->config->duration.us > 0 && run->now_us > run->config->duration.us)
        run->now_us = run->config->duration.us; /* what came after was nobody's wait */
    result->simulated_s += (double)run->now_us / 1e6;
    sim_service_fini(&run->service);
    sim_calendar_fini(&run->calendar);
    free(run->contacts);
    free(run->arrivals);
    free(run->waiting);
    free(run->desks);
    free(run->by_name);
}

void
sim_run(const struct sim_scenario *scenario, void (*progress)(double done), struct sim_result *out)
{
    const struct sim_config *config = scenario->config;
    struct fr_span before = fr_time_monotonic();

    *out = (struct sim_result){.contacts = 0};
    sim_sums_init(&out->sums, scenario->class_count + 1,
                  (size_t)(config->repetitions > 1 ? config->repetitions : config->batches));
    sim_series_init(&out->series, scenario->class_count + 1);
    for (int64_t i = 0; i < config->repetitions; i++) {
        struct run run = {.scenario = scenario,
                          .config = config,
                          .result = out,
                          .repetition = i,
                          .progress = progress};

        begin(&run);
        run_clock(&run);
        end(&run);
    }
    out->measured = (uint64_t)sim_sums_total(&out->sums, 0, SIM_CAME);
    out->took_s = (double)(fr_time_monotonic().us - before.us) / 1e6;
}

void
sim_result_fini(struct sim_result *result)
{
    sim_sums_fini(&result->sums);
    sim_series_fini(&result->series);
}
