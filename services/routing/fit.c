/* fit.c - whether an agent fits what a task requires, and how well. */
#include <stdio.h>

#include "common/base/hash.h"
#include "services/routing/queues.h"
#include "services/routing/tables.h"

static bool
works_for(const Fr__AgentDefined *agent, const char *brand)
{
    for (size_t i = 0; i < agent->n_brands; i++)
        if (strcmp(agent->brands[i], brand) == 0)
            return true;
    return agent->n_brands == 0;
}

static bool
capacity_for(const Fr__AgentDefined *agent, uint32_t class_number, uint32_t *weight)
{
    for (size_t i = 0; i < agent->n_classes; i++)
        if (agent->classes[i]->class_number == class_number) {
            *weight = agent->classes[i]->weight;
            return *weight > 0;
        }
    return false;
}

static bool
site_of(const struct routing_need *need, const char *site, uint32_t *cost)
{
    *cost = 0;
    for (size_t i = 0; i < need->site_count; i++)
        if (strcmp(need->sites[i].name, site) == 0) {
            *cost = need->sites[i].cost;
            return true;
        }
    return need->site_count == 0;
}

static enum routing_fit
skill_fit(const Fr__AgentDefined *agent, const struct routing_skill *need, uint32_t *short_of_best)
{
    for (size_t i = 0; i < agent->n_skills; i++)
        if (strcmp(agent->skills[i]->name, need->name) == 0) {
            uint32_t level = agent->skills[i]->level;

            *short_of_best += level < 5 ? 5 - level : 0;
            return level >= (uint32_t)need->level ? ROUTING_FITS : ROUTING_LOW_LEVEL;
        }
    return ROUTING_NO_SKILL;
}

static uint32_t
at_most(uint32_t value, uint32_t max)
{
    return value < max ? value : max;
}

static uint32_t
rank_of(int prefer, uint32_t short_of_best, uint32_t cost)
{
    switch (prefer) {
    case ROUTING_PREFER_LEVEL:
        return at_most(short_of_best, ROUTING_RANK_MAX);
    case ROUTING_PREFER_COST:
        return at_most(cost, 7);
    case ROUTING_PREFER_LEVEL_COST:
        return at_most(short_of_best, 7) * 8 + at_most(cost, 7);
    case ROUTING_PREFER_COST_LEVEL:
        return at_most(cost, 7) * 8 + at_most(short_of_best, 7);
    default:
        return 0;
    }
}

enum routing_fit
routing_fit(const struct routing_need *need, const Fr__AgentDefined *agent,
            struct routing_fitting *out)
{
    uint32_t short_of_best = 0, cost;

    *out = (struct routing_fitting){0};
    if (agent->removed)
        return ROUTING_GONE;
    if (!works_for(agent, need->brand))
        return ROUTING_OTHER_BRAND;
    if (!capacity_for(agent, need->class_number, &out->weight))
        return ROUTING_NO_CHANNEL;
    if (!site_of(need, agent->site, &cost))
        return ROUTING_OTHER_SITE;
    if (need->language[0] != '\0' &&
        !routing_speaks(agent->languages, agent->n_languages, need->language))
        return ROUTING_OTHER_LANGUAGE;
    for (size_t i = 0; i < need->skill_count; i++) {
        enum routing_fit fit = skill_fit(agent, &need->skills[i], &short_of_best);

        out->skill = i;
        if (fit != ROUTING_FITS)
            return fit;
    }
    out->rank = rank_of(need->prefer, short_of_best, cost);
    return ROUTING_FITS;
}

const char *
routing_fit_text(enum routing_fit fit, const struct routing_need *need, size_t skill, char *text,
                 size_t size)
{
    const struct routing_skill *missing = &need->skills[skill];

    switch (fit) {
    case ROUTING_FITS:
        snprintf(text, size, "fits");
        break;
    case ROUTING_GONE:
        snprintf(text, size, "is no longer configured");
        break;
    case ROUTING_OTHER_BRAND:
        snprintf(text, size, "does not work for brand %s", need->brand);
        break;
    case ROUTING_NO_CHANNEL:
        snprintf(text, size, "has no capacity for %s", need->channel);
        break;
    case ROUTING_OTHER_SITE:
        snprintf(text, size, "works at a site that does not serve it now");
        break;
    case ROUTING_OTHER_LANGUAGE:
        snprintf(text, size, "does not speak %s", need->language);
        break;
    case ROUTING_NO_SKILL:
        snprintf(text, size, "lacks skill %s", missing->name);
        break;
    case ROUTING_LOW_LEVEL:
        snprintf(text, size, "is below level %d of skill %s", (int)missing->level, missing->name);
        break;
    }
    return text;
}

/* ---- fingerprints ---- */

static uint64_t
stamp_text(uint64_t stamp, const char *text)
{
    if (text == NULL)
        text = "";
    return fr_chain(stamp, strlen(text), fr_crc32c(0, text, strlen(text)));
}

static uint64_t
stamp_number(uint64_t stamp, int64_t number)
{
    return fr_chain(stamp, (uint64_t)number, 0);
}

static uint64_t
stamp_list(uint64_t stamp, const struct fr_config_list *list)
{
    stamp = stamp_number(stamp, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        stamp = stamp_text(stamp, ((const char *const *)list->items)[i]);
    return stamp;
}

static uint64_t
stamp_step(uint64_t stamp, const struct routing_step *step)
{
    stamp = stamp_number(stamp_number(stamp, step->after.us), step->level);
    stamp = stamp_number(stamp_number(stamp, step->any_skill), step->any_site);
    return stamp_list(stamp_list(stamp, &step->without), &step->add_sites);
}

uint64_t
routing_site_stamp(const struct routing_site_config *site)
{
    const struct routing_contract_config *contracts = site != NULL ? site->contracts.items : NULL;
    uint64_t stamp = 1;

    if (site == NULL)
        return stamp;
    stamp = stamp_text(stamp_text(stamp, site->name), site->calendar);
    stamp = stamp_number(stamp_list(stamp, &site->languages), site->cost);
    for (size_t i = 0; i < site->contracts.count; i++) {
        stamp = stamp_text(stamp, contracts[i].queue);
        stamp = stamp_number(stamp_number(stamp, contracts[i].share), contracts[i].volume);
        stamp = stamp_number(stamp, contracts[i].per.us);
    }
    return stamp;
}

static uint64_t
stamp_sites(uint64_t stamp, const struct routing_config *config)
{
    const struct routing_site_config *sites = config->sites.items;

    for (size_t i = 0; i < config->sites.count; i++)
        stamp = stamp_number(stamp, (int64_t)routing_site_stamp(&sites[i]));
    return stamp;
}

static uint64_t
stamp_one(uint64_t stamp, const struct routing_queue *queue)
{
    const struct routing_skill *skills = queue->skills.items;
    const struct routing_step *steps = queue->relax.items;

    stamp = stamp_text(stamp, queue->name);
    stamp = stamp_list(stamp_list(stamp, &queue->brands), &queue->channels);
    stamp = stamp_list(stamp_list(stamp, &queue->languages), &queue->tiers);
    stamp = stamp_list(stamp, &queue->sites);
    for (size_t i = 0; i < queue->skills.count; i++)
        stamp = stamp_number(stamp_text(stamp, skills[i].name), skills[i].level);
    stamp = stamp_number(stamp_number(stamp, queue->choose), queue->prefer);
    for (size_t i = 0; i < queue->relax.count; i++)
        stamp = stamp_step(stamp, &steps[i]);
    return stamp_text(stamp, queue->calendar);
}

/* Which queue takes a task depends on those before it as well, so every queue's stamp is that of
 * all. */
uint64_t
routing_queue_stamp(const struct routing_config *config, const struct routing_queue *queue)
{
    const struct routing_queue *queues = config->queues.items;
    uint64_t stamp = stamp_sites(1, config);

    for (size_t i = 0; i < config->queues.count; i++)
        stamp = stamp_one(stamp, &queues[i]);
    return queue != NULL ? stamp_text(stamp, queue->name) : stamp;
}
