/* config_check.c - what a row of the configuration cannot say by itself: names that must exist,
 * things that exclude each other. */
#include <stdio.h>

#include "common/calendar/calendar.h"
#include "services/routing/profile.h"
#include "services/routing/rule.h"

struct check {
    struct fr_config *config;
    const struct fr_common_config *common; /* or NULL */
    const struct routing_config *routing;
};

#define COMPLAIN(check, path, ...) fr_config_complain((check)->config, "routing", path, __VA_ARGS__)

static const char *
text_at(const struct fr_config_list *list, size_t index)
{
    return ((const char *const *)list->items)[index];
}

static bool
names(const struct fr_config_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(text_at(list, i), name) == 0)
            return true;
    return false;
}

/* ---- names that must exist ---- */

static bool
is_brand(const struct fr_common_config *common, const char *name)
{
    const struct fr_brand_config *brands = common->brands.items;

    for (size_t i = 0; i < common->brands.count; i++)
        if (strcmp(brands[i].name, name) == 0)
            return true;
    return false;
}

static void
check_brands(const struct check *check, const char *path, const struct fr_config_list *list)
{
    if (check->common == NULL || check->common->brands.count == 0)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (!is_brand(check->common, text_at(list, i)))
            COMPLAIN(check, path, "'%s' is not among the brands named at the top level",
                     text_at(list, i));
}

static bool
is_class(const struct check *check, const char *name)
{
    const struct routing_class *classes = check->routing->classes.items;

    for (size_t i = 0; i < check->routing->classes.count; i++)
        if (strcmp(classes[i].name, name) == 0)
            return true;
    return false;
}

static void
check_channel(const struct check *check, const char *path, const char *name)
{
    if (check->common != NULL && check->common->channels.count > 0 && !is_class(check, name) &&
        !names(&check->common->channels, name))
        COMPLAIN(check, path, "'%s' is not among the channels named at the top level", name);
}

static void
check_site(const struct check *check, const char *path, const char *name)
{
    if (check->common != NULL && check->common->sites.count > 0 &&
        !names(&check->common->sites, name))
        COMPLAIN(check, path, "'%s' is not among the `desks` of the top level", name);
}

static void
check_sites(const struct check *check, const char *path, const struct fr_config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        check_site(check, path, text_at(list, i));
}

static void
check_calendar(const struct check *check, const char *path, const char *name)
{
    if (name != NULL && check->common != NULL &&
        !fr_calendars_declared(&check->common->calendar_rows, name))
        COMPLAIN(check, path, "'%s' is not among the `calendars` of the top level", name);
}

static void
check_skills(const struct check *check, const char *path, const struct fr_config_list *list)
{
    const struct routing_skill *skills = list->items;

    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(skills[i].name, skills[j].name) == 0)
                COMPLAIN(check, path, "skill '%s' is there twice", skills[i].name);
}

/* ---- queues ---- */

static void
check_relax(const struct check *check, const struct routing_queue *queue, size_t index)
{
    const struct routing_step *steps = queue->relax.items;
    char path[80];

    for (size_t i = 0; i < queue->relax.count; i++) {
        snprintf(path, sizeof(path), "queues[%zu].relax[%zu].after", index, i);
        if (i > 0 && steps[i].after.us <= steps[i - 1].after.us)
            COMPLAIN(check, path,
                     "not after the step before it: times count from when the task came in");
        snprintf(path, sizeof(path), "queues[%zu].relax[%zu].add_sites", index, i);
        check_sites(check, path, &steps[i].add_sites);
        if (steps[i].add_sites.count > 0 && queue->sites.count == 0)
            COMPLAIN(check, path, "the queue names no `sites`, so all of them serve it already");
    }
}

static void
check_tiers(const struct check *check, const struct routing_queue *queue, size_t index)
{
    const struct routing_tier *tiers = check->routing->tiers.items;
    char path[64];

    snprintf(path, sizeof(path), "queues[%zu].tiers", index);
    for (size_t i = 0; i < queue->tiers.count; i++) {
        bool found = false;

        for (size_t t = 0; t < check->routing->tiers.count; t++)
            found |= strcmp(tiers[t].name, text_at(&queue->tiers, i)) == 0;
        if (!found)
            COMPLAIN(check, path, "'%s' is not among the `tiers`", text_at(&queue->tiers, i));
    }
}

static void
check_queue(const struct check *check, size_t index)
{
    const struct routing_queue *queues = check->routing->queues.items, *queue = &queues[index];
    char path[64];

    snprintf(path, sizeof(path), "queues[%zu].name", index);
    for (size_t j = 0; j < index; j++)
        if (strcmp(queue->name, queues[j].name) == 0)
            COMPLAIN(check, path, "there is a queue '%s' already", queue->name);
    snprintf(path, sizeof(path), "queues[%zu].skills", index);
    check_skills(check, path, &queue->skills);
    snprintf(path, sizeof(path), "queues[%zu].brands", index);
    check_brands(check, path, &queue->brands);
    snprintf(path, sizeof(path), "queues[%zu].channels", index);
    for (size_t i = 0; i < queue->channels.count; i++)
        check_channel(check, path, text_at(&queue->channels, i));
    snprintf(path, sizeof(path), "queues[%zu].sites", index);
    check_sites(check, path, &queue->sites);
    snprintf(path, sizeof(path), "queues[%zu].calendar", index);
    check_calendar(check, path, queue->calendar);
    check_relax(check, queue, index);
    check_tiers(check, queue, index);
}

/* ---- agents ---- */

static void
check_capacity_row(const struct check *check, const char *path,
                   const struct routing_agent_config *agent, const struct routing_capacity *row)
{
    const struct routing_class *class = routing_class_config(check->routing, row->channel);

    if (strcmp(row->channel, "*") != 0)
        check_channel(check, path, row->channel);
    if (class != NULL)
        COMPLAIN(check, path, "'%s' is one of the class '%s': give the class's weight",
                 row->channel, class->name);
    if (row->weight > agent->room)
        COMPLAIN(check, path, "a weight of %d does not fit his room of %d", (int)row->weight,
                 (int)agent->room);
    for (size_t i = 0; i < row->excludes.count; i++)
        if (strcmp(text_at(&row->excludes, i), "*") != 0)
            check_channel(check, path, text_at(&row->excludes, i));
}

static void
check_capacity(const struct check *check, const char *path,
               const struct routing_agent_config *agent)
{
    const struct routing_capacity *rows = agent->capacity.items;

    for (size_t i = 0; i < agent->capacity.count; i++) {
        check_capacity_row(check, path, agent, &rows[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(rows[i].channel, rows[j].channel) == 0)
                COMPLAIN(check, path, "channel '%s' is there twice", rows[i].channel);
    }
}

static void
check_agent(const struct check *check, const struct routing_agent_config *agent)
{
    char path[96];

    snprintf(path, sizeof(path), "agents.%s.skills", agent->name);
    check_skills(check, path, &agent->skills);
    snprintf(path, sizeof(path), "agents.%s.capacity", agent->name);
    check_capacity(check, path, agent);
    snprintf(path, sizeof(path), "agents.%s.site", agent->name);
    check_site(check, path, agent->site);
    snprintf(path, sizeof(path), "agents.%s.brands", agent->name);
    check_brands(check, path, &agent->brands);
}

/* ---- sites, classes, the rule ---- */

static void
check_contracts(const struct check *check, const struct routing_site_config *site)
{
    const struct routing_contract_config *contracts = site->contracts.items;
    char path[96];

    for (size_t i = 0; i < site->contracts.count; i++) {
        snprintf(path, sizeof(path), "sites.%s.contracts[%zu].queue", site->name, i);
        if (routing_queue_named(check->routing, contracts[i].queue) == NULL)
            COMPLAIN(check, path, "there is no queue '%s'", contracts[i].queue);
        for (size_t j = 0; j < i; j++)
            if (strcmp(contracts[i].queue, contracts[j].queue) == 0)
                COMPLAIN(check, path, "queue '%s' is there twice", contracts[i].queue);
    }
}

static void
check_site_config(const struct check *check, const struct routing_site_config *site)
{
    char path[96];

    snprintf(path, sizeof(path), "sites.%s", site->name);
    check_site(check, path, site->name);
    snprintf(path, sizeof(path), "sites.%s.calendar", site->name);
    check_calendar(check, path, site->calendar);
    check_contracts(check, site);
}

static void
check_classes(const struct check *check)
{
    const struct routing_class *classes = check->routing->classes.items;
    const char *known[ROUTING_CLASS_MAX];
    char path[96];
    bool more;

    for (size_t i = 0; i < check->routing->classes.count; i++) {
        snprintf(path, sizeof(path), "channel_classes.%s.channels", classes[i].name);
        for (size_t c = 0; c < classes[i].channels.count; c++) {
            const char *channel = text_at(&classes[i].channels, c);

            if (routing_class_config(check->routing, channel) != &classes[i])
                COMPLAIN(check, path, "'%s' is in a class already", channel);
            if (check->common != NULL && check->common->channels.count > 0 &&
                !names(&check->common->channels, channel))
                COMPLAIN(check, path, "'%s' is not among the channels named at the top level",
                         channel);
        }
    }
    routing_classes_configured(check->routing, known, ROUTING_CLASS_MAX - 1, &more);
    if (more)
        COMPLAIN(check, "channel_classes",
                 "more than %d classes and single channels have weights of their own: put channels "
                 "together",
                 ROUTING_CLASS_MAX - 1);
}

static void
check_rule(const struct check *check)
{
    char trouble[240];

    if (check->routing->rule != NULL &&
        !routing_rule_check(check->routing->rule, check->routing->rule_steps,
                            check->routing->rule_memory, trouble, sizeof(trouble)))
        COMPLAIN(check, "rule", "%s", trouble);
}

void
routing_config_check(struct fr_config *config, const void *section)
{
    const struct routing_config *routing = section;
    const struct check check = {config, fr_config_get(config, ""), routing};
    const struct routing_agent_config *agents = routing->agents.items;
    const struct routing_site_config *sites = routing->sites.items;

    check_classes(&check);
    for (size_t i = 0; i < routing->waiting.channels.count; i++)
        check_channel(&check, "waiting.channels", text_at(&routing->waiting.channels, i));
    for (size_t i = 0; i < routing->queues.count; i++)
        check_queue(&check, i);
    for (size_t i = 0; i < routing->sites.count; i++)
        check_site_config(&check, &sites[i]);
    for (size_t i = 0; i < routing->agents.count; i++)
        check_agent(&check, &agents[i]);
    check_rule(&check);
}
