/* expect.c - is this scenario a case that theory knows, and what does theory say of it? */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/routing/queues.h"
#include "services/routing/simulate/report.h"

struct system { /* one pool of like agents, Poisson arrivals, exponential lengths */
    double lambda, mu, theta;
    double lambdas[64];
    unsigned servers;
};

static bool
is_steady(const struct sim_class_config *class, double *per_second)
{
    const struct sim_arrivals_config *arrivals = class->arrivals.items;

    if (class->spacing != SIM_EXPONENTIAL || class->arrivals.count != 1)
        return false;
    *per_second = arrivals[0].per_hour / 3600;
    return arrivals[0].from.us == 0 && arrivals[0].to.us == INT64_C(86400000000);
}

static bool
all_always_there(const struct sim_scenario *scenario)
{
    for (size_t i = 0; i < scenario->agent_count; i++) {
        const struct sim_agent *agent = &scenario->agents[i];

        if (agent->traced != NULL || (agent->staff != NULL && agent->staff->shifts.count > 0))
            return false;
    }
    return scenario->agent_count > 0;
}

/* One at a time, whatever it is, and no skill that some lack: then agents are servers. */
static bool
all_alike(const struct sim_scenario *scenario)
{
    const struct routing_agent_config *agents = scenario->routing.agents.items;

    for (size_t i = 0; i < scenario->agent_count; i++) {
        const struct routing_capacity *capacity = agents[i].capacity.items;

        for (size_t c = 0; c < agents[i].capacity.count; c++)
            if (2 * capacity[c].weight <= agents[i].room)
                return false;
        if (agents[i].skills.items != agents[0].skills.items || agents[i].brands.count > 0)
            return false;
    }
    return true;
}

static bool
same_lengths(const struct sim_scenario *scenario)
{
    const struct sim_class *classes = scenario->classes;

    for (size_t i = 0; i < scenario->class_count; i++)
        if (classes[i].service.law != SIM_EXPONENTIAL ||
            classes[i].service.mean_s != classes[0].service.mean_s ||
            classes[i].patience.law != classes[0].patience.law ||
            classes[i].patience.mean_s != classes[0].patience.mean_s)
            return false;
    return classes[0].patience.law == SIM_NEVER || classes[0].patience.law == SIM_EXPONENTIAL;
}

static bool
system_of(const struct sim_scenario *scenario, struct system *out)
{
    const struct sim_class *classes = scenario->classes;

    *out = (struct system){.servers = (unsigned)scenario->agent_count};
    if (scenario->row_count > 0 || scenario->config->answer.us > 0 || !all_always_there(scenario) ||
        !all_alike(scenario) || !same_lengths(scenario))
        return false;
    for (size_t i = 0; i < scenario->class_count; i++) {
        if (!is_steady(classes[i].config, &out->lambdas[i]))
            return false;
        out->lambda += out->lambdas[i];
    }
    out->mu = 1 / classes[0].service.mean_s;
    out->theta = classes[0].patience.law == SIM_NEVER ? 0 : 1 / classes[0].patience.mean_s;
    return out->lambda > 0 && (out->theta > 0 || out->lambda < out->servers * out->mu);
}

static void
put(struct sim_expected *out, size_t class_index, enum sim_figure figure, double value)
{
    out->values[class_index * SIM_FIGURE_COUNT + figure] = value;
}

/* Everybody together, whatever the order among them: work is conserved. */
static void
expect_all(const struct sim_scenario *scenario, const struct system *system,
           struct sim_expected *out)
{
    struct sim_theory theory;
    double within_s = (double)scenario->config->within.us / 1e6;

    sim_theory_erlang(system->lambda, system->mu, system->servers, system->theta, &theory);
    put(out, 0, SIM_P_WAIT, theory.p_wait);
    put(out, 0, SIM_P_ABANDON, theory.p_abandon);
    put(out, 0, SIM_MEAN_ALL, theory.wait_all);
    put(out, 0, SIM_MEAN_WAITED, theory.wait_all / theory.p_wait);
    put(out, 0, SIM_QUEUE_LENGTH, theory.queue);
    put(out, 0, SIM_OCCUPANCY, theory.occupancy);
    if (scenario->class_count > 1)
        return; /* the spread of the waits depends on the order */
    put(out, 0, SIM_MEAN_SERVED, theory.wait_served);
    if (system->theta == 0)
        put(out, 0, SIM_P_WITHIN,
            sim_theory_within(system->lambda, system->mu, system->servers, within_s));
}

/* Strict when it is said to be, or when nobody's credit can be waited away: an hour is longer than
 * any wait here. */
#define STRICT_US INT64_C(3600000000)

static int64_t
head_start(const struct sim_scenario *scenario, size_t index)
{
    const struct sim_class_config *class = scenario->classes[index].config;
    Fr__RoutingStateTask facts = FR__ROUTING_STATE_TASK__INIT;
    const struct routing_queue *queue;
    struct routing_credit credit;

    sim_class_facts(class, &facts);
    queue = routing_queue_for(&scenario->routing, class->brand, &facts);
    credit = routing_credit_of(&scenario->routing, queue, &facts);
    return credit.credit.us + credit.strict * 100 * STRICT_US;
}

/* Most urgent first; false: two of them are not strictly apart. */
static bool
rank_classes(const struct sim_scenario *scenario, size_t *order)
{
    size_t count = scenario->class_count;

    for (size_t i = 0; i < count; i++) {
        size_t at = i;

        for (; at > 0 && head_start(scenario, order[at - 1]) < head_start(scenario, i); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 1; i < count; i++)
        if (head_start(scenario, order[i - 1]) - head_start(scenario, order[i]) < STRICT_US)
            return false;
    return true;
}

static void
expect_classes(const struct sim_scenario *scenario, const struct system *system,
               struct sim_expected *out)
{
    double lambdas[64], waits[64];
    size_t order[64];

    if (system->theta > 0 || scenario->class_count < 2 || !rank_classes(scenario, order))
        return;
    for (size_t i = 0; i < scenario->class_count; i++)
        lambdas[i] = system->lambdas[order[i]];
    sim_theory_priorities(lambdas, scenario->class_count, system->mu, system->servers, waits);
    for (size_t i = 0; i < scenario->class_count; i++)
        put(out, order[i] + 1, SIM_MEAN_ALL, waits[i]);
    out->name = "Cobham";
}

bool
sim_expect(const struct sim_scenario *scenario, struct sim_expected *out)
{
    size_t count = (scenario->class_count + 1) * SIM_FIGURE_COUNT;
    struct system system;

    *out = (struct sim_expected){.name = NULL};
    if (!system_of(scenario, &system))
        return false;
    out->values = malloc(count * sizeof(double));
    fr_assert(out->values != NULL);
    for (size_t i = 0; i < count; i++)
        out->values[i] = NAN;
    out->name = system.theta > 0 ? "Erlang A" : "Erlang C";
    expect_all(scenario, &system, out);
    expect_classes(scenario, &system, out);
    return true;
}

void
sim_expected_fini(struct sim_expected *expected)
{
    free(expected->values);
    expected->values = NULL;
}
