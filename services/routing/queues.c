/* queues.c - which queue takes a task, where its place is, and which agents fit what it requires.
 */
#include "services/routing/queues.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static const char *const *
texts(const struct fr_config_list *list)
{
    return list->items;
}

static bool
names(const struct fr_config_list *list, const char *text)
{
    for (size_t i = 0; text != NULL && i < list->count; i++)
        if (strcmp(texts(list)[i], text) == 0)
            return true;
    return false;
}

/* No list: everything. */
static bool
list_has(const struct fr_config_list *list, const char *text)
{
    return list->count == 0 || names(list, text);
}

/* ---- channels and languages ---- */

const struct routing_class *
routing_class_config(const struct routing_config *config, const char *channel)
{
    const struct routing_class *classes = config->classes.items;

    for (size_t i = 0; i < config->classes.count; i++)
        if (names(&classes[i].channels, channel))
            return &classes[i];
    return NULL;
}

const char *
routing_class_of(const struct routing_config *config, const char *channel)
{
    const struct routing_class *class = routing_class_config(config, channel);

    return class != NULL ? class->name : channel;
}

/* BCP 47: parts are joined by '-', case does not matter. */
static bool
language_within(const char *wanted, const char *language)
{
    size_t size = strlen(wanted);

    return strncasecmp(wanted, language, size) == 0 &&
           (language[size] == '\0' || language[size] == '-');
}

bool
routing_speaks(char *const *languages, size_t count, const char *language)
{
    for (size_t i = 0; language != NULL && i < count; i++)
        if (language_within(languages[i], language))
            return true;
    return count == 0;
}

/* The primary part, in lower case; "" when there is none that makes sense. */
static void
primary_language(const char *language, char *out)
{
    size_t size = language != NULL ? strcspn(language, "-_") : 0;

    out[0] = '\0';
    if (size == 0 || size >= ROUTING_LANGUAGE_SIZE)
        return;
    for (size_t i = 0; i < size; i++)
        out[i] = (char)tolower((unsigned char)language[i]);
    out[size] = '\0';
}

/* ---- which queue ---- */

static const char *
tier_of(const Fr__RoutingStateTask *facts)
{
    return facts->rule != NULL && facts->rule->tier != NULL ? facts->rule->tier : facts->tier;
}

static bool
takes(const struct routing_config *config, const struct routing_queue *queue, const char *brand,
      const Fr__RoutingStateTask *facts)
{
    return list_has(&queue->brands, brand) &&
           (list_has(&queue->channels, facts->channel) ||
            names(&queue->channels, routing_class_of(config, facts->channel))) &&
           routing_speaks((char *const *)queue->languages.items, queue->languages.count,
                          facts->language) &&
           list_has(&queue->tiers, tier_of(facts));
}

const struct routing_queue *
routing_queue_for(const struct routing_config *config, const char *brand,
                  const Fr__RoutingStateTask *facts)
{
    const struct routing_queue *queues = config->queues.items, *named = NULL;

    if (facts->rule != NULL && facts->rule->queue != NULL)
        named = routing_queue_named(config, facts->rule->queue);
    if (named != NULL || config->queues.count == 0)
        return named != NULL ? named : routing_queue_named(config, "all");
    for (size_t i = 0; i < config->queues.count; i++)
        if (takes(config, &queues[i], brand, facts))
            return &queues[i];
    return NULL;
}

/* ---- where its place is ---- */

static const struct routing_grade *
grade_of(const struct fr_config_list *list, int64_t value)
{
    const struct routing_grade *grades = list->items, *best = NULL;

    for (size_t i = 0; i < list->count; i++)
        if (grades[i].from <= value && (best == NULL || grades[i].from > best->from))
            best = &grades[i];
    return best;
}

static void
add_grade(struct routing_credit *credit, const struct routing_grade *grade)
{
    if (grade == NULL)
        return;
    credit->credit.us += grade->credit.us;
    if (grade->strict > credit->strict)
        credit->strict = (uint32_t)grade->strict;
}

struct routing_credit
routing_credit_of(const struct routing_config *config, const struct routing_queue *queue,
                  const Fr__RoutingStateTask *facts)
{
    const struct routing_tier *tiers = config->tiers.items;
    const Fr__RuleResult *rule = facts->rule;
    struct routing_credit credit = {0};
    const char *tier = tier_of(facts);

    if (queue != NULL)
        credit = (struct routing_credit){queue->credit, (uint32_t)queue->strict};
    for (size_t i = 0; tier != NULL && i < config->tiers.count; i++)
        if (strcmp(tiers[i].name, tier) == 0)
            credit.credit.us += tiers[i].credit.us;
    if (rule != NULL && rule->has_priority)
        add_grade(&credit, grade_of(&config->priorities, rule->priority));
    else if (facts->has_priority)
        add_grade(&credit, grade_of(&config->priorities, facts->priority));
    if (rule != NULL && rule->has_urgency)
        add_grade(&credit, grade_of(&config->urgencies, rule->urgency));
    else if (facts->has_urgency)
        add_grade(&credit, grade_of(&config->urgencies, facts->urgency));
    return credit;
}

/* ---- what it requires ---- */

uint32_t
routing_step_at(const struct routing_queue *queue, struct fr_time entered, struct fr_time now,
                int64_t *next_us)
{
    const struct routing_step *steps = queue != NULL ? queue->relax.items : NULL;
    uint32_t count = queue != NULL ? (uint32_t)queue->relax.count : 0, step = 0;

    *next_us = 0;
    while (step < count && fr_time_add(entered, steps[step].after).unix_us <= now.unix_us)
        step++;
    if (step < count)
        *next_us = fr_time_add(entered, steps[step].after).unix_us;
    return step;
}

/* Into its place by name; the same skill twice keeps the higher level. */
static void
need_add(struct routing_need *need, const char *name, int64_t level)
{
    size_t at = 0;

    while (at < need->skill_count && strcmp(need->skills[at].name, name) < 0)
        at++;
    if (at < need->skill_count && strcmp(need->skills[at].name, name) == 0) {
        if (level > need->skills[at].level)
            need->skills[at].level = level;
        return;
    }
    memmove(&need->skills[at + 1], &need->skills[at],
            (need->skill_count - at) * sizeof(need->skills[0]));
    need->skills[at] = (struct routing_skill){name, level};
    need->skill_count++;
}

static enum fr_error
add_requested(struct routing_need *need, char *const *skills, size_t count)
{
    if (count > ROUTING_SKILL_MAX)
        return FR_TOO_BIG;
    for (size_t i = 0; i < count; i++) {
        if (strlen(skills[i]) >= ROUTING_SKILL_SIZE)
            return FR_TOO_BIG;
        need_add(need, skills[i], 1);
    }
    return FR_OK;
}

static void
relax_skills(struct routing_need *need, const struct routing_step *step)
{
    size_t kept = 0;

    for (size_t i = 0; i < need->skill_count && !step->any_skill; i++) {
        struct routing_skill skill = need->skills[i];

        if (names(&step->without, skill.name))
            continue;
        if (step->level > 0 && skill.level > step->level)
            skill.level = step->level;
        need->skills[kept++] = skill;
    }
    need->skill_count = kept;
}

static bool
site_listed(const struct routing_need *need, const char *name)
{
    for (size_t i = 0; i < need->site_count; i++)
        if (strcmp(need->sites[i].name, name) == 0)
            return true;
    return false;
}

/* In the order of their names, so that one set of sites is one requirement. */
static void
add_site(struct routing_need *need, const struct routing_config *config, const char *name)
{
    const struct routing_site_config *site = routing_site_named(config, name);
    bool costs = need->prefer != ROUTING_PREFER_LEVEL && need->prefer != ROUTING_PREFER_NOTHING;
    size_t at = 0;

    if (site_listed(need, name) || need->site_count == ROUTING_NEED_SITES)
        return;
    while (at < need->site_count && strcmp(need->sites[at].name, name) < 0)
        at++;
    memmove(&need->sites[at + 1], &need->sites[at],
            (need->site_count - at) * sizeof(need->sites[0]));
    need->sites[at] =
        (struct routing_need_site){name, costs && site != NULL ? (uint32_t)site->cost : 0};
    need->site_count++;
}

static void
add_sites(struct routing_need *need, const struct routing_config *config,
          const struct fr_config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_site(need, config, texts(list)[i]);
}

/* A site whose contracts do not name the queue does not serve it. */
static bool
site_barred(const struct routing_site_config *site, const char *queue)
{
    const struct routing_contract_config *contracts = site->contracts.items;

    for (size_t i = 0; i < site->contracts.count; i++)
        if (strcmp(contracts[i].queue, queue) == 0)
            return false;
    return site->contracts.count > 0;
}

/* "All sites" has to be spelled out where some are barred, or where their cost counts. */
static bool
must_spell_sites(const struct routing_config *config, const struct routing_queue *queue)
{
    const struct routing_site_config *sites = config->sites.items;

    if (queue->prefer != ROUTING_PREFER_LEVEL && queue->prefer != ROUTING_PREFER_NOTHING)
        return config->sites.count > 0;
    for (size_t i = 0; i < config->sites.count; i++)
        if (site_barred(&sites[i], queue->name))
            return true;
    return false;
}

static void
all_sites(struct routing_need *need, const struct routing_config *config)
{
    const struct routing_agent_config *agents = config->agents.items;
    const struct routing_site_config *sites = config->sites.items;

    for (size_t i = 0; i < config->sites.count; i++)
        add_site(need, config, sites[i].name);
    for (size_t i = 0; i < config->agents.count; i++)
        add_site(need, config, agents[i].site);
}

static void
without_barred(struct routing_need *need, const struct routing_config *config, const char *queue)
{
    size_t kept = 0;

    for (size_t i = 0; i < need->site_count; i++) {
        const struct routing_site_config *site = routing_site_named(config, need->sites[i].name);

        if (site == NULL || !site_barred(site, queue))
            need->sites[kept++] = need->sites[i];
    }
    need->site_count = kept;
}

static void
need_sites(struct routing_need *need, const struct routing_config *config,
           const struct routing_queue *queue, uint32_t step)
{
    const struct routing_step *steps = queue->relax.items;
    bool all = queue->sites.count == 0;

    for (uint32_t i = 0; i < step; i++)
        all |= steps[i].any_site;
    if (all) {
        if (must_spell_sites(config, queue))
            all_sites(need, config);
    } else {
        add_sites(need, config, &queue->sites);
        for (uint32_t i = 0; i < step; i++)
            add_sites(need, config, &steps[i].add_sites);
    }
    if (need->site_count > 0) {
        without_barred(need, config, queue->name);
        if (need->site_count == 0) /* nobody: "none" would mean all of them */
            need->sites[need->site_count++] = (struct routing_need_site){"", 0};
    }
}

enum fr_error
routing_need_of(const struct routing_config *config, const struct routing_queue *queue,
                const char *brand, const Fr__RoutingStateTask *facts, uint32_t step,
                struct routing_need *need)
{
    const struct routing_skill *asked = queue != NULL ? queue->skills.items : NULL;
    size_t asked_count = queue != NULL ? queue->skills.count : 0;
    enum fr_error err = FR_OK;

    *need = (struct routing_need){.brand = brand, .channel = facts->channel};
    primary_language(facts->language, need->language);
    for (size_t i = 0; i < asked_count && i < ROUTING_SKILL_MAX; i++)
        need_add(need, asked[i].name, asked[i].level);
    err = add_requested(need, facts->skills, facts->n_skills);
    if (err == FR_OK && facts->rule != NULL)
        err = add_requested(need, facts->rule->skills, facts->rule->n_skills);
    if (err != FR_OK || queue == NULL)
        return err;
    need->prefer = queue->prefer;
    need->longest_idle = queue->choose == ROUTING_LONGEST_IDLE_FIRST;
    for (uint32_t i = 0; i < step; i++)
        relax_skills(need, &((const struct routing_step *)queue->relax.items)[i]);
    need_sites(need, config, queue, step);
    return FR_OK;
}
