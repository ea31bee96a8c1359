/* scenario.c - reading SCENARIO.yaml, and making the staff that it asks for. */
#include "services/routing/simulate/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAW(field) offsetof(struct sim_law_config, field)
#define ARRIVALS(field) offsetof(struct sim_arrivals_config, field)
#define MATCH(field) offsetof(struct sim_match_config, field)
#define CLASS(field) offsetof(struct sim_class_config, field)
#define STAFF(field) offsetof(struct sim_staff_config, field)
#define SHIFT(field) offsetof(struct sim_shift_config, field)
#define TRACE(field) offsetof(struct sim_trace_config, field)
#define TOP(field) offsetof(struct sim_config, field)
#define DAY_US INT64_C(86400000000)

/* clang-format off */
#define LAW_KEYS(usual) \
    { "law", FR_CONFIG_CHOICE, LAW(law), usual, .choices = SIM_LAWS, .doc = "How the lengths are spread." }, \
    { "mean", FR_CONFIG_SPAN, LAW(mean), "1m", .min = 0, .max = 30 * DAY_US, .doc = "Their mean." }, \
    { "sd", FR_CONFIG_SPAN, LAW(sd), "1m", .min = 0, .max = 30 * DAY_US, .doc = "lognormal: their standard deviation." }, \
    { "file", FR_CONFIG_STRING, LAW(file), NULL, .doc = "empirical: a CSV file with a heading; the trace's if absent." }, \
    { "column", FR_CONFIG_STRING, LAW(column), NULL, .doc = "empirical: the column that holds lengths in seconds." }, \
    { "longer_than", FR_CONFIG_SPAN, LAW(longer_than), "0", .min = 0, .doc = "empirical: shorter ones are left out." }, \
    { NULL }
static const struct fr_config_key service_keys[] = { LAW_KEYS("exponential") };
static const struct fr_config_key patience_keys[] = { LAW_KEYS("never") };
static const struct fr_config_key arrivals_keys[] = {
    { "from", FR_CONFIG_SPAN, ARRIVALS(from), "0", .min = 0, .max = DAY_US, .doc = "From this time of the day (UTC)..." },
    { "to", FR_CONFIG_SPAN, ARRIVALS(to), "24h", .min = 0, .max = DAY_US, .doc = "...up to this one." },
    { "per_hour", FR_CONFIG_REAL, ARRIVALS(per_hour), NULL, .required = true, .min = 0, .max = 10000000, .doc = "Contacts an hour." },
    { NULL },
};
static const struct fr_config_key match_keys[] = {
    { "column", FR_CONFIG_STRING, MATCH(column), NULL, .required = true, .doc = "A column of the trace." },
    { "values", FR_CONFIG_STRINGS, MATCH(values), NULL, .max = 100, .doc = "It holds one of these." },
    { "empty", FR_CONFIG_STRINGS, MATCH(empty), NULL, .max = 10, .doc = "And these columns are empty." },
    { NULL },
};
static const struct fr_config_key class_keys[] = {
    { "name", FR_CONFIG_STRING, CLASS(name), NULL, .required = true, .min = 1, .max = 40, .doc = "The class, as the tables show it." },
    { "brand", FR_CONFIG_STRING, CLASS(brand), "acme", .min = 1, .max = FR_BRAND_SIZE - 1, .doc = "Whom they think they talk to." },
    { "channel", FR_CONFIG_STRING, CLASS(channel), "channel_webchat", .min = 1, .max = FR_NAME_SIZE - 1, .doc = "Where they come in." },
    { "language", FR_CONFIG_STRING, CLASS(language), NULL, .max = 35, .doc = "What they speak (de, en-GB)." },
    { "skills", FR_CONFIG_STRINGS, CLASS(skills), NULL, .max = ROUTING_SKILL_MAX, .doc = "What their requests ask for beside the queue's." },
    { "priority", FR_CONFIG_INT, CLASS(priority), "0", .min = -1000, .max = 1000, .doc = "The priority that their requests carry; 0: none." },
    { "tier", FR_CONFIG_STRING, CLASS(tier), NULL, .max = 31, .doc = "Their tier, one of routing's `tiers`." },
    { "urgency", FR_CONFIG_INT, CLASS(urgency), "0", .min = -1000, .max = 1000, .doc = "The urgency that their requests carry; 0: none." },
    { "spacing", FR_CONFIG_CHOICE, CLASS(spacing), "exponential", .choices = "exponential|lognormal|deterministic", .doc = "Time between two of them: exponential (they come by themselves) or deterministic." },
    { "arrivals", FR_CONFIG_LIST, CLASS(arrivals), NULL, .max = 96, .keys = arrivals_keys, .item_size = sizeof(struct sim_arrivals_config), .doc = "How many come, by time of day; other times: none." },
    { "match", FR_CONFIG_LIST, CLASS(match), NULL, .max = 8, .keys = match_keys, .item_size = sizeof(struct sim_match_config), .doc = "Rows of the trace that are of this class: the first class all of whose conditions hold." },
    { "service", FR_CONFIG_SECTION, CLASS(service), NULL, .keys = service_keys, .doc = "How long an agent works on one." },
    { "patience", FR_CONFIG_SECTION, CLASS(patience), NULL, .keys = patience_keys, .doc = "After how long they leave unserved." },
    { NULL },
};
static const struct fr_config_key shift_keys[] = {
    { "from", FR_CONFIG_SPAN, SHIFT(from), "0", .min = 0, .max = DAY_US, .doc = "From this time of each day (UTC)..." },
    { "to", FR_CONFIG_SPAN, SHIFT(to), "24h", .min = 0, .max = DAY_US, .doc = "...up to this one." },
    { NULL },
};
static const struct fr_config_key staff_keys[] = {
    { "like", FR_CONFIG_STRING, STAFF(like), NULL, .required = true, .doc = "An agent of the configuration..." },
    { "count", FR_CONFIG_INT, STAFF(count), "1", .min = 0, .max = 10000, .doc = "...this many times; 0: he is not there." },
    { "shifts", FR_CONFIG_LIST, STAFF(shifts), NULL, .max = 24, .keys = shift_keys, .item_size = sizeof(struct sim_shift_config), .doc = "When they work; none: always." },
    { NULL },
};
static const struct fr_config_key trace_keys[] = {
    { "file", FR_CONFIG_STRING, TRACE(file), NULL, .doc = "A CSV file with a heading, one contact a row; no trace: arrivals are drawn." },
    { "day", FR_CONFIG_STRING, TRACE(day), NULL, .doc = "The column with the date (YYYY-MM-DD); none: all on the first day." },
    { "arrival", FR_CONFIG_STRINGS, TRACE(arrival), NULL, .max = 4, .doc = "Columns in seconds of that day, whose sum is the arrival." },
    { "service", FR_CONFIG_STRING, TRACE(service), NULL, .doc = "The column with the seconds of service; 0, empty or none: drawn by the class." },
    { "skip", FR_CONFIG_LIST, TRACE(skip), NULL, .max = 8, .keys = match_keys, .item_size = sizeof(struct sim_match_config), .doc = "Rows to leave out: those for which any of these holds." },
    { "agent", FR_CONFIG_STRING, TRACE(agent), NULL, .doc = "The column with who served; then agents are present as the trace tells." },
    { "served", FR_CONFIG_STRING, TRACE(served), NULL, .doc = "The column with the second at which that service began." },
    { "waited", FR_CONFIG_STRING, TRACE(waited), NULL, .doc = "The column with the seconds waited: while somebody waited, an agent without work was not there." },
    { "like", FR_CONFIG_STRING, TRACE(like), NULL, .doc = "The agent of the configuration whom those of the trace are like." },
    { "gap", FR_CONFIG_SPAN, TRACE(gap), "10m", .min = 0, .doc = "An agent without work for longer than this was not there meanwhile." },
    { NULL },
};
static const struct fr_config_key sim_keys[] = {
    { "configuration", FR_CONFIG_STRING, TOP(configuration), NULL, .doc = "The file with the routing section, seen from this one; absent: it is in here." },
    { "start", FR_CONFIG_STRING, TOP(start), "2027-01-04T00:00:00Z", .doc = "The virtual clock begins there." },
    { "seed", FR_CONFIG_INT, TOP(seed), "1", .min = 0, .max = INT64_MAX, .doc = "The same seed gives the same customers, whatever the configuration." },
    { "contacts", FR_CONFIG_INT, TOP(contacts), "100000", .min = 1, .max = 1000000000, .doc = "How many come, warm-up included (with a trace: at most)." },
    { "duration", FR_CONFIG_SPAN, TOP(duration), "0", .min = 0, .doc = "Or: for how long they come; 0: until there were `contacts`." },
    { "warm_up", FR_CONFIG_REAL, TOP(warm_up), "0.1", .min = 0, .max = 1, .doc = "This share of the contacts, or of the duration, is not measured." },
    { "batches", FR_CONFIG_INT, TOP(batches), "20", .min = 2, .max = 1000, .doc = "Standard errors come from this many batches." },
    { "repetitions", FR_CONFIG_INT, TOP(repetitions), "1", .min = 1, .max = 1000, .doc = "Runs with seeds of their own; two or more: each is one batch." },
    { "within", FR_CONFIG_SPAN, TOP(within), "20s", .min = 0, .doc = "The service level counts who is served within this." },
    { "answer", FR_CONFIG_SPAN, TOP(answer), "0", .min = 0, .doc = "How long an agent takes to accept an offer." },
    { "classes", FR_CONFIG_MAP, TOP(classes), NULL, .min = 1, .max = 64, .keys = class_keys, .item_size = sizeof(struct sim_class_config), .doc = "Kinds of customers." },
    { "staff", FR_CONFIG_LIST, TOP(staff), NULL, .max = 1000, .keys = staff_keys, .item_size = sizeof(struct sim_staff_config), .doc = "Who works, and when; absent: every configured agent, always." },
    { "trace", FR_CONFIG_SECTION, TOP(trace), NULL, .keys = trace_keys, .doc = "Recorded traffic instead of drawn." },
    { NULL },
};
/* clang-format on */

static void
check_law(struct fr_config *config, const char *path, const struct sim_law_config *law,
          const struct sim_config *sim)
{
    if (law->law == SIM_EMPIRICAL && law->column == NULL)
        fr_config_complain(config, "simulate", path, "empirical needs `column`");
    if (law->law == SIM_EMPIRICAL && law->file == NULL && sim->trace.file == NULL)
        fr_config_complain(config, "simulate", path, "empirical needs `file`, or a trace");
}

static void
check(struct fr_config *config, const void *section)
{
    const struct sim_config *sim = section;
    const struct sim_class_config *classes = sim->classes.items;
    struct fr_time start;
    char path[128];

    if (fr_time_parse(fr_slice_str(sim->start), &start) != FR_OK)
        fr_config_complain(config, "simulate", "start", "not a time like 2027-01-04T00:00:00Z");
    if (sim->trace.file != NULL && sim->trace.arrival.count == 0)
        fr_config_complain(config, "simulate", "trace", "needs `arrival`: when did each come?");
    if (sim->trace.agent != NULL &&
        (sim->trace.served == NULL || sim->trace.service == NULL || sim->trace.like == NULL))
        fr_config_complain(config, "simulate", "trace.agent",
                           "needs `served`, `service` and `like`");
    for (size_t i = 0; i < sim->classes.count; i++) {
        const struct sim_arrivals_config *arrivals = classes[i].arrivals.items;

        snprintf(path, sizeof(path), "classes.%s", classes[i].name);
        if (sim->trace.file == NULL && classes[i].arrivals.count == 0)
            fr_config_complain(config, "simulate", path, "needs `arrivals`: how many come?");
        for (size_t a = 0; a < classes[i].arrivals.count; a++)
            if (arrivals[a].from.us >= arrivals[a].to.us)
                fr_config_complain(config, "simulate", path,
                                   "arrivals[%zu]: `from` is not before `to`", a);
        check_law(config, path, &classes[i].service, sim);
        check_law(config, path, &classes[i].patience, sim);
        if (classes[i].service.law == SIM_NEVER)
            fr_config_complain(config, "simulate", path, "a service that never ends");
    }
}

const struct fr_config_section sim_section = {
    .name = "simulate", .keys = sim_keys, .size = sizeof(struct sim_config), .check = check};

/* ---- the staff ---- */

void *
sim_keep(struct sim_scenario *scenario, void *block)
{
    fr_assert(block != NULL);
    scenario->kept = realloc(scenario->kept, (scenario->kept_count + 1) * sizeof(void *));
    fr_assert(scenario->kept != NULL);
    scenario->kept[scenario->kept_count++] = block;
    return block;
}

static const struct routing_agent_config *
agent_like(const struct sim_scenario *scenario, const char *name)
{
    const struct routing_config *routing = scenario->options->service;
    const struct routing_agent_config *agents = routing->agents.items;

    for (size_t i = 0; i < routing->agents.count; i++)
        if (strcmp(agents[i].name, name) == 0)
            return &agents[i];
    return NULL;
}

/* The first keeps his name, the others are numbered: ann, ann.2, ann.3... */
static void
add_agent(struct sim_scenario *scenario, const struct routing_agent_config *like, int64_t number,
          const struct sim_staff_config *staff)
{
    struct sim_agent *agent = &scenario->agents[scenario->agent_count];
    struct routing_agent_config *config =
        (struct routing_agent_config *)scenario->routing.agents.items + scenario->agent_count++;

    *config = *like;
    if (number > 1)
        snprintf(agent->name, sizeof(agent->name), "%.*s.%u", ROUTING_AGENT_SIZE - 12, like->name,
                 (unsigned)number);
    else
        snprintf(agent->name, sizeof(agent->name), "%s", like->name);
    snprintf(agent->site, sizeof(agent->site), "%s", like->site);
    config->name = agent->name;
    agent->staff = staff;
}

static bool
add_traced(struct sim_scenario *scenario)
{
    const char *name = scenario->config->trace.like;
    const struct routing_agent_config *like = agent_like(scenario, name);

    if (like == NULL) {
        fprintf(stderr, "%s: simulate.trace.like: no agent '%s' is configured\n", scenario->path,
                name);
        return false;
    }
    for (size_t i = 0; i < scenario->trace_agent_count; i++) {
        struct sim_agent *agent = &scenario->agents[scenario->agent_count];

        add_agent(scenario, like, 1, NULL);
        memcpy(agent->name, scenario->trace_agents[i].name, sizeof(agent->name));
        agent->traced = &scenario->trace_agents[i];
    }
    return true;
}

static enum fr_error
make_staff(struct sim_scenario *scenario)
{
    const struct routing_config *routing = scenario->options->service;
    const struct routing_agent_config *agents = routing->agents.items;
    const struct sim_staff_config *staff = scenario->config->staff.items;
    size_t count = routing->agents.count;

    for (size_t i = 0; i < scenario->config->staff.count; i++)
        count += (size_t)staff[i].count;
    count += scenario->trace_agent_count;
    scenario->agents = sim_keep(scenario, calloc(count + 1, sizeof(*scenario->agents)));
    scenario->routing = *routing;
    scenario->routing.agents = (struct fr_config_list){
        sim_keep(scenario, calloc(count + 1, sizeof(struct routing_agent_config))), 0};
    for (size_t i = 0; i < scenario->config->staff.count; i++) {
        const struct routing_agent_config *like = agent_like(scenario, staff[i].like);

        if (like == NULL) {
            fprintf(stderr, "%s: simulate.staff[%zu].like: no agent '%s' is configured\n",
                    scenario->path, i, staff[i].like);
            return FR_INVALID;
        }
        for (int64_t n = 1; n <= staff[i].count; n++)
            add_agent(scenario, like, n, &staff[i]);
    }
    if (scenario->config->staff.count == 0 && scenario->config->trace.agent == NULL)
        for (size_t i = 0; i < routing->agents.count; i++)
            add_agent(scenario, &agents[i], 1, NULL);
    if (scenario->config->trace.agent != NULL && !add_traced(scenario))
        return FR_INVALID;
    scenario->routing.agents.count = scenario->agent_count;
    return FR_OK;
}

/* ---- the classes ---- */

void
sim_class_facts(const struct sim_class_config *config, Fr__RoutingStateTask *facts)
{
    facts->channel = (char *)config->channel;
    facts->preview = (char *)"";
    facts->n_skills = config->skills.count;
    facts->skills = (char **)config->skills.items;
    facts->language = (char *)config->language;
    facts->tier = (char *)config->tier;
    facts->has_priority = config->priority != 0;
    facts->priority = (int32_t)config->priority;
    facts->has_urgency = config->urgency != 0;
    facts->urgency = (int32_t)config->urgency;
}

static enum fr_error
make_length(struct sim_scenario *scenario, const struct sim_law_config *config,
            struct sim_length *out)
{
    out->law = (enum sim_law)config->law;
    out->mean_s = (double)config->mean.us / 1e6;
    out->sd_s = (double)config->sd.us / 1e6;
    return out->law == SIM_EMPIRICAL ? sim_samples_load(scenario, config, out) : FR_OK;
}

static enum fr_error
make_classes(struct sim_scenario *scenario)
{
    const struct sim_class_config *configs = scenario->config->classes.items;
    enum fr_error err = FR_OK;

    scenario->class_count = scenario->config->classes.count;
    scenario->classes =
        sim_keep(scenario, calloc(scenario->class_count + 1, sizeof(*scenario->classes)));
    for (size_t i = 0; err == FR_OK && i < scenario->class_count; i++) {
        struct sim_class *class = &scenario->classes[i];

        class->config = &configs[i];
        err = make_length(scenario, &configs[i].service, &class->service);
        if (err == FR_OK)
            err = make_length(scenario, &configs[i].patience, &class->patience);
    }
    return err;
}

/* ---- loading ---- */

const char *
sim_beside(const struct sim_scenario *scenario, const char *name, char *path)
{
    const char *slash = strrchr(scenario->path, '/');
    int folder = slash == NULL || name[0] == '/' ? 0 : (int)(slash - scenario->path + 1);

    snprintf(path, SIM_PATH_SIZE, "%.*s%s", folder, scenario->path, name);
    return path;
}

static enum fr_error
load_routing(struct sim_scenario *scenario)
{
    const char *other = scenario->config->configuration;
    char path[SIM_PATH_SIZE];

    if (other == NULL)
        return fr_options_load(&routing_stage, scenario->path, stderr, &scenario->options);
    return fr_options_load(&routing_stage, sim_beside(scenario, other, path), stderr,
                           &scenario->options);
}

enum fr_error
sim_scenario_load(const char *path, struct sim_scenario **out)
{
    struct sim_scenario *scenario = calloc(1, sizeof(*scenario));
    enum fr_error err;

    fr_assert(scenario != NULL);
    scenario->path = path;
    err = fr_config_load(path, &sim_section, 1, stderr, &scenario->loaded);
    if (err == FR_OK) {
        scenario->config = fr_config_get(scenario->loaded, "simulate");
        fr_assert(fr_time_parse(fr_slice_str(scenario->config->start), &scenario->start) == FR_OK);
        err = load_routing(scenario);
    }
    if (err == FR_OK)
        err = make_classes(scenario);
    if (err == FR_OK && scenario->config->trace.file != NULL)
        err = sim_trace_load(scenario);
    if (err == FR_OK)
        err = make_staff(scenario);
    if (err != FR_OK) {
        sim_scenario_free(&scenario);
        return err;
    }
    *out = scenario;
    return FR_OK;
}

void
sim_scenario_free(struct sim_scenario **scenario)
{
    struct sim_scenario *s = *scenario;

    if (s == NULL)
        return;
    for (size_t i = 0; i < s->kept_count; i++)
        free(s->kept[i]);
    free(s->kept);
    fr_options_free(&s->options);
    fr_config_free(&s->loaded);
    free(s);
    *scenario = NULL;
}
