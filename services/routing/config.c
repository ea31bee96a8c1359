/* config.c - queues, sites and agents as operators write them. */
#include "services/routing/routing.h"

#define QUEUE(field) offsetof(struct routing_queue, field)
#define STEP(field) offsetof(struct routing_step, field)
#define AGENT(field) offsetof(struct routing_agent_config, field)
#define SITE(field) offsetof(struct routing_site_config, field)
#define CONTRACT(field) offsetof(struct routing_contract_config, field)
#define GRADE(field) offsetof(struct routing_grade, field)
#define WAITING(field) offsetof(struct routing_waiting_config, field)
#define CLASS(field) offsetof(struct routing_class, field)
#define TOP(field) offsetof(struct routing_config, field)
#define HOUR INT64_C(3600000000)
#define DAY (24 * HOUR)

/* clang-format off */
static const struct fr_config_key skill_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct routing_skill, name), NULL, .required = true,
      .min = 1, .max = ROUTING_SKILL_SIZE - 1, .doc = "The skill: a word of your own." },
    { "level", FR_CONFIG_INT, offsetof(struct routing_skill, level), "1", .min = 1, .max = 5,
      .doc = "1 (some) to 5 (expert); a queue asks for this level or more." },
    { NULL },
};
static const struct fr_config_key step_keys[] = {
    { "after", FR_CONFIG_SPAN, STEP(after), NULL, .required = true, .min = 1000000, .max = 30 * DAY,
      .doc = "Since the task came in, not since the step before." },
    { "level", FR_CONFIG_INT, STEP(level), "0", .min = 0, .max = 5,
      .doc = "Skills are asked at this level at most; 0: as they are." },
    { "without", FR_CONFIG_STRINGS, STEP(without), NULL, .max = ROUTING_SKILL_MAX, .doc = "Skills that are asked no more." },
    { "any_skill", FR_CONFIG_BOOL, STEP(any_skill), "false",
      .doc = "No skill is asked: anybody of the brand, channel and language will do." },
    { "add_sites", FR_CONFIG_STRINGS, STEP(add_sites), NULL, .max = 40, .doc = "Sites that may serve it, too, from then on." },
    { "any_site", FR_CONFIG_BOOL, STEP(any_site), "false", .doc = "Every site may." },
    { NULL },
};
static const struct fr_config_key queue_keys[] = {
    { "name", FR_CONFIG_STRING, QUEUE(name), NULL, .required = true, .min = 1, .max = ROUTING_QUEUE_SIZE - 1,
      .doc = "The queue, as supervisors see it." },
    { "brands", FR_CONFIG_STRINGS, QUEUE(brands), NULL, .max = 1000, .doc = "Brands that it takes; none: all of them." },
    { "channels", FR_CONFIG_STRINGS, QUEUE(channels), NULL, .max = 24,
      .doc = "Channel services or classes that it takes; none: all of them." },
    { "languages", FR_CONFIG_STRINGS, QUEUE(languages), NULL, .max = 100,
      .doc = "Languages that it takes (de takes de-AT too); none: all of them, unknown ones included." },
    { "tiers", FR_CONFIG_STRINGS, QUEUE(tiers), NULL, .max = 100, .doc = "Tiers of customers that it takes; none: all of them." },
    { "skills", FR_CONFIG_LIST, QUEUE(skills), NULL, .max = ROUTING_SKILL_MAX, .keys = skill_keys,
      .item_size = sizeof(struct routing_skill), .doc = "What an agent needs for its tasks: all of these." },
    { "sites", FR_CONFIG_STRINGS, QUEUE(sites), NULL, .max = 40,
      .doc = "Sites that serve it from the start; none: all of them. Others come in by `relax`." },
    { "credit", FR_CONFIG_SPAN, QUEUE(credit), "0", .min = 0, .max = DAY,
      .doc = "Head start of its tasks over those of other queues; nobody is overtaken by more than this." },
    { "strict", FR_CONFIG_INT, QUEUE(strict), "0", .min = 0, .max = 9,
      .doc = "Its tasks come before all of a lower class, whatever their credit: for emergencies only, because nothing bounds it." },
    { "choose", FR_CONFIG_CHOICE, QUEUE(choose), "most_room", .choices = "most_room|longest_idle",
      .doc = "Among equally preferred agents: who has most room, or who has been idle longest." },
    { "prefer", FR_CONFIG_CHOICE, QUEUE(prefer), "level", .choices = "level|cost|level_cost|cost_level|nothing",
      .doc = "Who is preferred before that choice: the best level in the skills asked, the site that costs least, or both in that order." },
    { "relax", FR_CONFIG_LIST, QUEUE(relax), NULL, .max = 8, .keys = step_keys, .item_size = sizeof(struct routing_step),
      .doc = "What is asked less of an agent the longer a task waits; the task keeps its place." },
    { "wrap_up", FR_CONFIG_SPAN, QUEUE(wrap_up), "0", .min = 0, .max = HOUR,
      .doc = "Time that the agent has for notes after a conversation before it counts as done." },
    { "calendar", FR_CONFIG_STRING, QUEUE(calendar), NULL, .min = 1, .max = 31,
      .doc = "One of the top level's `calendars`: outside of it tasks are parked and customers are told until when; none: always open." },
    { NULL },
};
static const struct fr_config_key capacity_keys[] = {
    { "channel", FR_CONFIG_STRING, offsetof(struct routing_capacity, channel), NULL, .required = true,
      .min = 1, .max = FR_NAME_SIZE - 1, .doc = "A channel service, a class of them, or * for all that are not named." },
    { "weight", FR_CONFIG_INT, offsetof(struct routing_capacity, weight), NULL, .required = true,
      .min = 1, .max = 10000,
      .doc = "What one conversation there takes of his `room`: of 100, at 100 he has one at a time, at 50 two, at 33 three." },
    { "most", FR_CONFIG_INT, offsetof(struct routing_capacity, most), "0", .min = 0, .max = 1000,
      .doc = "How many of them at a time, whatever room is left; 0: as many as fit." },
    { "excludes", FR_CONFIG_STRINGS, offsetof(struct routing_capacity, excludes), NULL, .max = ROUTING_CLASS_MAX,
      .doc = "Classes or channels that do not go together with these: while he has one, none of the other." },
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
    { "languages", FR_CONFIG_STRINGS, AGENT(languages), NULL, .max = 100, .doc = "Languages that he speaks; none: all of them." },
    { "room", FR_CONFIG_INT, AGENT(room), "100", .min = 1, .max = 10000,
      .doc = "The whole that the weights below are parts of: 12 makes thirds, quarters and sixths exact." },
    { "capacity", FR_CONFIG_LIST, AGENT(capacity), NULL, .max = 24, .keys = capacity_keys,
      .item_size = sizeof(struct routing_capacity),
      .doc = "How much each channel's conversation takes of him; all together never more than `room`. None: one at a time." },
    { NULL },
};
static const struct fr_config_key class_keys[] = {
    { "name", FR_CONFIG_STRING, CLASS(name), NULL, .required = true, .min = 1, .max = 23, .doc = "The class: voice, chat, mail..." },
    { "channels", FR_CONFIG_STRINGS, CLASS(channels), NULL, .min = 1, .max = 24, .doc = "Channel services that count as one." },
    { "idle_after", FR_CONFIG_SPAN, CLASS(idle_after), "0", .min = 0, .max = 7 * DAY,
      .doc = "When the agent has answered and the customer is silent for so long, the conversation takes nothing of the agent "
             "until he writes again; then it has to find room like any other. 0: never." },
    { NULL },
};
static const struct fr_config_key tier_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct routing_tier, name), NULL, .required = true, .min = 1, .max = 31,
      .doc = "The tier: gold..." },
    { "credit", FR_CONFIG_SPAN, offsetof(struct routing_tier, credit), "0", .min = 0, .max = DAY, .doc = "Head start of its customers." },
    { NULL },
};
static const struct fr_config_key grade_keys[] = {
    { "from", FR_CONFIG_INT, GRADE(from), NULL, .required = true, .min = -1000000, .max = 1000000,
      .doc = "Counts from this number on, up to the next row's." },
    { "credit", FR_CONFIG_SPAN, GRADE(credit), "0", .min = 0, .max = DAY, .doc = "Head start." },
    { "strict", FR_CONFIG_INT, GRADE(strict), "0", .min = 0, .max = 9, .doc = "As of a queue: before all of a lower class." },
    { NULL },
};
static const struct fr_config_key contract_keys[] = {
    { "queue", FR_CONFIG_STRING, CONTRACT(queue), NULL, .required = true, .min = 1, .max = ROUTING_QUEUE_SIZE - 1,
      .doc = "The queue that it is for." },
    { "share", FR_CONFIG_INT, CONTRACT(share), "0", .min = 0, .max = 100,
      .doc = "Percent of what arrives there in an interval that the site may take; 0: no such bound." },
    { "volume", FR_CONFIG_INT, CONTRACT(volume), "0", .min = 0, .max = 100000000,
      .doc = "Tasks in an interval; 0: no such bound." },
    { "per", FR_CONFIG_SPAN, CONTRACT(per), "1h", .min = 1000000, .max = 31 * DAY,
      .doc = "The interval; one of whole days begins at midnight on the site's own calendar." },
    { NULL },
};
static const struct fr_config_key site_keys[] = {
    { "name", FR_CONFIG_STRING, SITE(name), NULL, .required = true, .min = 1, .max = ROUTING_SITE_SIZE - 1,
      .doc = "The site, as in `desks`." },
    { "calendar", FR_CONFIG_STRING, SITE(calendar), NULL, .min = 1, .max = 31,
      .doc = "One of the top level's `calendars`: its agents are offered nothing outside of it; none: always." },
    { "languages", FR_CONFIG_STRINGS, SITE(languages), NULL, .max = 100, .doc = "Languages that it may serve; none: all." },
    { "cost", FR_CONFIG_INT, SITE(cost), "0", .min = 0, .max = 7,
      .doc = "Where a queue prefers by cost, lower ones come first." },
    { "grace", FR_CONFIG_SPAN, SITE(grace), "10m", .min = 0, .max = 7 * DAY,
      .doc = "How long what its agents have accepted stays with them after it fell silent, or was recalled with it." },
    { "contracts", FR_CONFIG_LIST, SITE(contracts), NULL, .max = 200, .keys = contract_keys,
      .item_size = sizeof(struct routing_contract_config),
      .doc = "Queues that it serves, and how much of them; none: every queue, without bound." },
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
    { "offer_time", FR_CONFIG_SPAN, TOP(offer_time), "20s", .min = 1000000, .max = HOUR,
      .doc = "How long an agent has to answer an offer; then it goes to somebody else." },
    { "away_after", FR_CONFIG_INT, TOP(away_after), "2", .min = 0, .max = 1000,
      .doc = "An agent who lets this many offers in a row expire is set away, for all to see; 0: never." },
    { "continuity_for", FR_CONFIG_SPAN, TOP(continuity_for), "30s", .min = 0, .max = DAY,
      .doc = "How long a task waits for the agent who served this customer last, if he is there but busy; then for anybody." },
    { "continuity_most", FR_CONFIG_INT, TOP(continuity_most), "2", .min = 1, .max = 100,
      .doc = "When this many wait for him already he will not be free soon, and anybody may take the next." },
    { "declined_for", FR_CONFIG_SPAN, TOP(declined_for), "60s", .min = 0, .max = DAY,
      .doc = "How long an agent who declined a task is not offered it again, even when he is the only one." },
    { "raise_by", FR_CONFIG_SPAN, TOP(raise_by), "5m", .min = 0, .max = DAY,
      .doc = "How far a task moves up, once, when a promise to its customer is about to break; 0: not at all." },
    { "waiting", FR_CONFIG_SECTION, TOP(waiting), NULL, .keys = waiting_keys, .doc = "What customers in line are told." },
    { "removed_grace", FR_CONFIG_SPAN, TOP(removed_grace), "1h", .min = 0, .max = 7 * DAY,
      .doc = "How long an agent who is no longer configured keeps what he had accepted; then it goes to others." },
    { "park_for", FR_CONFIG_SPAN, TOP(park_for), "4h", .min = 60000000, .max = 7 * DAY,
      .doc = "A task that nobody could ever serve is looked at again after so long; its customer is told." },
    { "lane_idle", FR_CONFIG_SPAN, TOP(lane_idle), "1h", .min = 1000000, .max = 30 * DAY,
      .doc = "A kind of requirement that no task has had for so long is forgotten." },
    { "channel_classes", FR_CONFIG_MAP, TOP(classes), NULL, .max = ROUTING_CLASS_MAX - 1, .keys = class_keys,
      .item_size = sizeof(struct routing_class), .doc = "Channels that count as one for agents' capacity." },
    { "tiers", FR_CONFIG_MAP, TOP(tiers), NULL, .max = 100, .keys = tier_keys, .item_size = sizeof(struct routing_tier),
      .doc = "Customers' tiers and their head start." },
    { "priorities", FR_CONFIG_LIST, TOP(priorities), NULL, .max = 32, .keys = grade_keys, .item_size = sizeof(struct routing_grade),
      .doc = "What a task's priority is worth: the row with the highest `from` that it reaches." },
    { "urgencies", FR_CONFIG_LIST, TOP(urgencies), NULL, .max = 32, .keys = grade_keys, .item_size = sizeof(struct routing_grade),
      .doc = "The same for its urgency." },
    { "sites", FR_CONFIG_MAP, TOP(sites), NULL, .max = 40, .keys = site_keys, .item_size = sizeof(struct routing_site_config),
      .doc = "Contracts of sites; one that is not named works always, for every queue." },
    { "rule", FR_CONFIG_SECRET, TOP(rule), NULL,
      .doc = "file:PATH of a Lua 5.4 file whose function route(task) may name queue, tier, priority, urgency and more skills." },
    { "rule_steps", FR_CONFIG_INT, TOP(rule_steps), "100000", .min = 1000, .max = 100000000,
      .doc = "Instructions that it may take for one task; beyond them the task goes on without it." },
    { "rule_memory", FR_CONFIG_SIZE, TOP(rule_memory), "1MiB", .min = 131072, .max = 67108864, .doc = "Likewise, its memory." },
    { "queues", FR_CONFIG_LIST, TOP(queues), NULL, .max = 1000, .keys = queue_keys,
      .item_size = sizeof(struct routing_queue),
      .doc = "Queues in order: the first whose conditions hold takes the task. None: one queue `all`." },
    { "agents", FR_CONFIG_MAP, TOP(agents), NULL, .max = 100000, .keys = agent_keys,
      .item_size = sizeof(struct routing_agent_config), .doc = "Everybody who answers customers, by log-in name." },
    { NULL },
};
/* clang-format on */

const struct routing_queue *
routing_queue_named(const struct routing_config *config, const char *name)
{
    static const struct routing_queue everything = {.name = "all"};
    const struct routing_queue *queues = config->queues.items;

    for (size_t i = 0; i < config->queues.count; i++)
        if (strcmp(queues[i].name, name) == 0)
            return &queues[i];
    return config->queues.count == 0 && strcmp(name, "all") == 0 ? &everything : NULL;
}

const struct routing_site_config *
routing_site_named(const struct routing_config *config, const char *name)
{
    const struct routing_site_config *sites = config->sites.items;

    for (size_t i = 0; i < config->sites.count; i++)
        if (strcmp(sites[i].name, name) == 0)
            return &sites[i];
    return NULL;
}
