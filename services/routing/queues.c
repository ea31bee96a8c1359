/* queues.c - which queue takes a task, and which agents fit what it requires. */
#include "services/routing/queues.h"

#include <stdio.h>
#include <strings.h>
#include "common/base/hash.h"

static bool
list_has(const struct fr_config_list *list, const char *text)
{
    const char *const *items = list->items;

    if (list->count == 0)
        return true;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(items[i], text) == 0)
            return true;
    return false;
}

/* BCP 47: parts are joined by '-', case does not matter. */
static bool
language_within(const char *wanted, const char *language)
{
    size_t size = strlen(wanted);

    return strncasecmp(wanted, language, size) == 0 &&
           (language[size] == '\0' || language[size] == '-');
}

static bool
languages_have(const struct fr_config_list *list, const char *language)
{
    const char *const *items = list->items;

    if (list->count == 0)
        return true;
    for (size_t i = 0; language != NULL && i < list->count; i++)
        if (language_within(items[i], language))
            return true;
    return false;
}

const struct routing_queue *
routing_queue_for(const struct routing_config *config, const char *brand, const char *channel,
                  const char *language)
{
    static const struct routing_queue everything = {.name = "all"};
    const struct routing_queue *queues = config->queues.items;

    if (config->queues.count == 0)
        return &everything;
    for (size_t i = 0; i < config->queues.count; i++)
        if (list_has(&queues[i].brands, brand) && list_has(&queues[i].channels, channel) &&
            languages_have(&queues[i].languages, language))
            return &queues[i];
    return NULL;
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

enum fr_error
routing_need_of(const struct routing_queue *queue, const char *brand, const char *channel,
                char *const *skills, size_t skill_count, struct routing_need *need)
{
    const struct routing_skill *asked = queue != NULL ? queue->skills.items : NULL;
    size_t asked_count = queue != NULL ? queue->skills.count : 0;

    if (skill_count > ROUTING_SKILL_MAX || asked_count > ROUTING_SKILL_MAX)
        return FR_TOO_BIG;
    *need = (struct routing_need){.brand = brand, .channel = channel};
    for (size_t i = 0; i < asked_count; i++)
        need_add(need, asked[i].name, asked[i].level);
    for (size_t i = 0; i < skill_count; i++) {
        if (strlen(skills[i]) >= ROUTING_SKILL_SIZE)
            return FR_TOO_BIG;
        need_add(need, skills[i], 1);
    }
    return FR_OK;
}

static bool
works_for(const Fr__AgentDefined *agent, const char *brand)
{
    for (size_t i = 0; i < agent->n_brands; i++)
        if (strcmp(agent->brands[i], brand) == 0)
            return true;
    return agent->n_brands == 0;
}

/* The channel's own row counts before "*". */
static bool
capacity_for(const Fr__AgentDefined *agent, const char *channel, uint32_t *weight)
{
    bool found = false;

    for (size_t i = 0; i < agent->n_capacity; i++) {
        const Fr__ChannelCapacity *row = agent->capacity[i];
        bool exact = strcmp(row->channel, channel) == 0;

        if (exact || (!found && strcmp(row->channel, "*") == 0)) {
            *weight = row->weight;
            found = true;
        }
        if (exact)
            break;
    }
    return found;
}

static enum routing_fit
skill_fit(const Fr__AgentDefined *agent, const struct routing_skill *need)
{
    for (size_t i = 0; i < agent->n_skills; i++)
        if (strcmp(agent->skills[i]->name, need->name) == 0)
            return agent->skills[i]->level >= (uint32_t)need->level ? ROUTING_FITS
                                                                    : ROUTING_LOW_LEVEL;
    return ROUTING_NO_SKILL;
}

enum routing_fit
routing_fit(const struct routing_need *need, const Fr__AgentDefined *agent, uint32_t *weight,
            size_t *skill)
{
    uint32_t takes = 0;

    if (agent->removed)
        return ROUTING_GONE;
    if (!works_for(agent, need->brand))
        return ROUTING_OTHER_BRAND;
    if (!capacity_for(agent, need->channel, &takes))
        return ROUTING_NO_CHANNEL;
    for (size_t i = 0; i < need->skill_count; i++) {
        enum routing_fit fit = skill_fit(agent, &need->skills[i]);

        if (fit != ROUTING_FITS) {
            *skill = i;
            return fit;
        }
    }
    *weight = takes;
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
    case ROUTING_NO_SKILL:
        snprintf(text, size, "lacks skill %s", missing->name);
        break;
    case ROUTING_LOW_LEVEL:
        snprintf(text, size, "is below level %d of skill %s", (int)missing->level, missing->name);
        break;
    }
    return text;
}

/* ---- fingerprint ---- */

static uint64_t
stamp_text(uint64_t stamp, const char *text)
{
    return fr_chain(stamp, strlen(text), fr_crc32c(0, text, strlen(text)));
}

static uint64_t
stamp_list(uint64_t stamp, const struct fr_config_list *list)
{
    stamp = fr_chain(stamp, list->count, 0);
    for (size_t i = 0; i < list->count; i++)
        stamp = stamp_text(stamp, ((const char *const *)list->items)[i]);
    return stamp;
}

uint64_t
routing_queues_stamp(const struct routing_config *config)
{
    const struct routing_queue *queues = config->queues.items;
    uint64_t stamp = 1;

    for (size_t i = 0; i < config->queues.count; i++) {
        const struct routing_skill *skills = queues[i].skills.items;

        stamp = stamp_text(stamp, queues[i].name);
        stamp = stamp_list(stamp, &queues[i].brands);
        stamp = stamp_list(stamp, &queues[i].channels);
        stamp = stamp_list(stamp, &queues[i].languages);
        for (size_t s = 0; s < queues[i].skills.count; s++)
            stamp = fr_chain(stamp_text(stamp, skills[s].name), (uint64_t)skills[s].level, 0);
    }
    return stamp;
}
