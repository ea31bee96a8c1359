/* config.c - queues and agents as operators write them. */
#include <stdio.h>

#include "services/routing/routing.h"

#define QUEUE(field) offsetof(struct routing_queue, field)
#define AGENT(field) offsetof(struct routing_agent_config, field)
#define WAITING(field) offsetof(struct routing_waiting_config, field)
#define TOP(field) offsetof(struct routing_config, field)

/* clang-format off */
static const struct fr_config_key skill_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct routing_skill, name), NULL, .required = true,
      .min = 1, .max = ROUTING_SKILL_SIZE - 1, .doc = "The skill: a word of your own." },
    { "level", FR_CONFIG_INT, offsetof(struct routing_skill, level), "1", .min = 1, .max = 5,
      .doc = "1 (some) to 5 (expert); a queue asks for this level or more." },
    { NULL },
};
static const struct fr_config_key queue_keys[] = {
    { "name", FR_CONFIG_STRING, QUEUE(name), NULL, .required = true, .min = 1, .max = ROUTING_QUEUE_SIZE - 1,
      .doc = "The queue, as supervisors see it." },
    { "brands", FR_CONFIG_STRINGS, QUEUE(brands), NULL, .max = 1000, .doc = "Brands that it takes; none: all of them." },
    { "channels", FR_CONFIG_STRINGS, QUEUE(channels), NULL, .max = 24,
      .doc = "Channel services that it takes (channel_webchat); none: all of them." },
    { "languages", FR_CONFIG_STRINGS, QUEUE(languages), NULL, .max = 100,
      .doc = "Languages that it takes (de takes de-AT too); none: all of them, unknown ones included." },
    { "skills", FR_CONFIG_LIST, QUEUE(skills), NULL, .max = ROUTING_SKILL_MAX, .keys = skill_keys,
      .item_size = sizeof(struct routing_skill), .doc = "What an agent needs for its tasks: all of these." },
    { "credit", FR_CONFIG_SPAN, QUEUE(credit), "0", .min = 0, .max = 86400000000,
      .doc = "Head start of its tasks over those of other queues; nobody is overtaken by more than this." },
    { NULL },
};
static const struct fr_config_key capacity_keys[] = {
    { "channel", FR_CONFIG_STRING, offsetof(struct routing_capacity, channel), NULL, .required = true,
      .min = 1, .max = FR_NAME_SIZE - 1, .doc = "A channel service, or * for all that are not named." },
    { "weight", FR_CONFIG_INT, offsetof(struct routing_capacity, weight), NULL, .required = true,
      .min = 1, .max = ROUTING_FULL,
      .doc = "What one conversation there takes of his 100: at 100 he has one at a time, at 50 two, at 33 three." },
    { NULL },
};
static const struct fr_config_key agent_keys[] = {
    { "name", FR_CONFIG_STRING, AGENT(name), NULL, .required = true, .min = 1, .max = ROUTING_AGENT_SIZE - 1,
      .doc = "His log-in name at the desk." },
    { "title", FR_CONFIG_STRING, AGENT(title), NULL, .max = 100, .doc = "The name that customers read; his log-in name if absent." },
    { "site", FR_CONFIG_STRING, AGENT(site), NULL, .required = true, .min = 1, .max = ROUTING_SITE_SIZE - 1,
      .doc = "The site where he works." },
    { "skills", FR_CONFIG_LIST, AGENT(skills), NULL, .max = 64, .keys = skill_keys,
      .item_size = sizeof(struct routing_skill), .doc = "What he knows, each with its level." },
    { "brands", FR_CONFIG_STRINGS, AGENT(brands), NULL, .max = 1000, .doc = "Brands that he works for; none: all of them." },
    { "capacity", FR_CONFIG_LIST, AGENT(capacity), NULL, .max = 24, .keys = capacity_keys,
      .item_size = sizeof(struct routing_capacity),
      .doc = "How much each channel's conversation takes of him; all together never more than 100. None: one at a time." },
    { NULL },
};
static const struct fr_config_key waiting_keys[] = {
    { "channels", FR_CONFIG_STRINGS, WAITING(channels), NULL, .max = 24,
      .doc = "Channels whose customers are told their position and expected wait; none: nobody is told." },
    { "every", FR_CONFIG_SPAN, WAITING(every), "15s", .min = 1000000, .max = 3600000000,
      .doc = "They are told anew when it has changed, and never more often than this." },
    { "offer_above", FR_CONFIG_SPAN, WAITING(offer_above), "180s", .min = 0, .max = 604800000000,
      .doc = "Who is expected to wait longer is offered self-service, or a call-back that keeps his place." },
    { "turn", FR_CONFIG_SPAN, WAITING(turn), "5m", .min = 1000000, .max = 86400000000,
      .doc = "Until a line has been seen to move: how long it takes from one customer to the next." },
    { "windows", FR_CONFIG_INT, WAITING(windows), "3", .min = 1, .max = 24, .doc = "How many windows for a call-back are offered." },
    { "window", FR_CONFIG_SPAN, WAITING(window), "2h", .min = 1000000, .max = 86400000000, .doc = "How long each of them is." },
    { NULL },
};
const struct fr_config_key routing_config_keys[] = {
    { "offer_time", FR_CONFIG_SPAN, TOP(offer_time), "20s", .min = 1000000, .max = 3600000000,
      .doc = "How long an agent has to answer an offer; then it goes to somebody else." },
    { "away_after", FR_CONFIG_INT, TOP(away_after), "2", .min = 0, .max = 1000,
      .doc = "An agent who lets this many offers in a row expire is set away, for all to see; 0: never." },
    { "continuity_for", FR_CONFIG_SPAN, TOP(continuity_for), "30s", .min = 0, .max = 86400000000,
      .doc = "How long a task waits for the agent who served this customer last, if he is there but busy; then for anybody." },
    { "declined_for", FR_CONFIG_SPAN, TOP(declined_for), "60s", .min = 0, .max = 86400000000,
      .doc = "How long an agent who declined a task is not offered it again, even when he is the only one." },
    { "raise_by", FR_CONFIG_SPAN, TOP(raise_by), "5m", .min = 0, .max = 86400000000,
      .doc = "How far a task moves up, once, when a promise to its customer is about to break; 0: not at all." },
    { "waiting", FR_CONFIG_SECTION, TOP(waiting), NULL, .keys = waiting_keys, .doc = "What customers in line are told." },
    { "queues", FR_CONFIG_LIST, TOP(queues), NULL, .max = 1000, .keys = queue_keys,
      .item_size = sizeof(struct routing_queue),
      .doc = "Queues in order: the first whose conditions hold takes the task. None: one queue `all`." },
    { "agents", FR_CONFIG_MAP, TOP(agents), NULL, .max = 10000, .keys = agent_keys,
      .item_size = sizeof(struct routing_agent_config), .doc = "Everybody who answers customers, by log-in name." },
    { NULL },
};
/* clang-format on */

static bool
names(const struct fr_config_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(((const char *const *)list->items)[i], name) == 0)
            return true;
    return false;
}

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
check_brands(struct fr_config *config, const struct fr_common_config *common, const char *path,
             const struct fr_config_list *list)
{
    for (size_t i = 0; common->brands.count > 0 && i < list->count; i++) {
        const char *name = ((const char *const *)list->items)[i];

        if (!is_brand(common, name))
            fr_config_complain(config, "routing", path,
                               "'%s' is not among the brands named at the top level", name);
    }
}

static void
check_channel(struct fr_config *config, const struct fr_common_config *common, const char *path,
              const char *name)
{
    if (common->channels.count > 0 && !names(&common->channels, name))
        fr_config_complain(config, "routing", path,
                           "'%s' is not among the channels named at the top level", name);
}

static void
check_skills(struct fr_config *config, const char *path, const struct fr_config_list *list)
{
    const struct routing_skill *skills = list->items;

    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(skills[i].name, skills[j].name) == 0)
                fr_config_complain(config, "routing", path, "skill '%s' is there twice",
                                   skills[i].name);
}

static void
check_queue(struct fr_config *config, const struct fr_common_config *common,
            const struct routing_queue *queues, size_t index)
{
    const struct routing_queue *queue = &queues[index];
    char path[64];

    for (size_t j = 0; j < index; j++)
        if (strcmp(queue->name, queues[j].name) == 0) {
            snprintf(path, sizeof(path), "queues[%zu].name", index);
            fr_config_complain(config, "routing", path, "there is a queue '%s' already",
                               queue->name);
        }
    snprintf(path, sizeof(path), "queues[%zu].skills", index);
    check_skills(config, path, &queue->skills);
    if (common == NULL)
        return;
    snprintf(path, sizeof(path), "queues[%zu].brands", index);
    check_brands(config, common, path, &queue->brands);
    snprintf(path, sizeof(path), "queues[%zu].channels", index);
    for (size_t i = 0; i < queue->channels.count; i++)
        check_channel(config, common, path, ((const char *const *)queue->channels.items)[i]);
}

static void
check_capacity(struct fr_config *config, const struct fr_common_config *common, const char *path,
               const struct fr_config_list *list)
{
    const struct routing_capacity *capacity = list->items;

    for (size_t i = 0; i < list->count; i++) {
        if (common != NULL && strcmp(capacity[i].channel, "*") != 0)
            check_channel(config, common, path, capacity[i].channel);
        for (size_t j = 0; j < i; j++)
            if (strcmp(capacity[i].channel, capacity[j].channel) == 0)
                fr_config_complain(config, "routing", path, "channel '%s' is there twice",
                                   capacity[i].channel);
    }
}

static void
check_agent(struct fr_config *config, const struct fr_common_config *common,
            const struct routing_agent_config *agent)
{
    char path[96];

    snprintf(path, sizeof(path), "agents.%s.skills", agent->name);
    check_skills(config, path, &agent->skills);
    snprintf(path, sizeof(path), "agents.%s.capacity", agent->name);
    check_capacity(config, common, path, &agent->capacity);
    if (common == NULL)
        return;
    snprintf(path, sizeof(path), "agents.%s.site", agent->name);
    if (common->sites.count > 0 && !names(&common->sites, agent->site))
        fr_config_complain(config, "routing", path,
                           "'%s' is not among the `desks` of the top level", agent->site);
    snprintf(path, sizeof(path), "agents.%s.brands", agent->name);
    check_brands(config, common, path, &agent->brands);
}

void
routing_config_check(struct fr_config *config, const void *section)
{
    const struct fr_common_config *common = fr_config_get(config, "");
    const struct routing_config *routing = section;
    const struct routing_queue *queues = routing->queues.items;
    const struct routing_agent_config *agents = routing->agents.items;

    for (size_t i = 0; common != NULL && i < routing->waiting.channels.count; i++)
        check_channel(config, common, "waiting.channels",
                      ((const char *const *)routing->waiting.channels.items)[i]);
    for (size_t i = 0; i < routing->queues.count; i++)
        check_queue(config, common, queues, i);
    for (size_t i = 0; i < routing->agents.count; i++)
        check_agent(config, common, &agents[i]);
}
