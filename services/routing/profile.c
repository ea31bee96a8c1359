/* profile.c - an agent as configured, as the record that defines him. */
#include "services/routing/profile.h"

/* ---- channel classes ---- */

struct name_list {
    const char **names;
    size_t count, max;
    bool more;
};

static void
add_name(struct name_list *list, const char *name)
{
    if (strcmp(name, "*") == 0)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return;
    if (list->count == list->max)
        list->more = true;
    else
        list->names[list->count++] = name;
}

size_t
routing_classes_configured(const struct routing_config *config, const char **names, size_t max,
                           bool *more)
{
    const struct routing_class *classes = config->classes.items;
    const struct routing_agent_config *agents = config->agents.items;
    struct name_list list = {.names = names, .max = max};

    for (size_t i = 0; i < config->classes.count; i++)
        add_name(&list, classes[i].name);
    for (size_t a = 0; a < config->agents.count; a++) {
        const struct routing_capacity *rows = agents[a].capacity.items;

        for (size_t i = 0; i < agents[a].capacity.count; i++)
            add_name(&list, routing_class_of(config, rows[i].channel));
    }
    *more = list.more;
    return list.count;
}

/* ---- capacity ---- */

static const struct routing_capacity *
row_for(const struct routing_config *config, const struct routing_capacity *rows, size_t count,
        const char *class)
{
    const struct routing_capacity *others = NULL;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].channel, "*") == 0)
            others = &rows[i];
        else if (strcmp(routing_class_of(config, rows[i].channel), class) == 0)
            return &rows[i];
    }
    return others;
}

static uint32_t
exclusions(const struct routing_config *config, const struct routing_classes *classes,
           const struct routing_capacity *row, uint32_t own)
{
    const char *const *names = row->excludes.items;
    uint32_t bits = 0;

    for (size_t i = 0; i < row->excludes.count; i++)
        for (uint32_t number = 0; number <= classes->count; number++)
            if (number != own &&
                (strcmp(names[i], "*") == 0 ||
                 strcmp(routing_class_of(config, names[i]), classes->names[number]) == 0))
                bits |= 1u << number;
    return bits;
}

/* No row at all: one conversation at a time, on any channel. */
static bool
fill_classes(const struct routing_config *config, const struct routing_classes *classes,
             const struct routing_agent_config *agent, struct fr_arena *arena,
             Fr__AgentDefined *out)
{
    const struct routing_capacity one_at_a_time = {.channel = "*", .weight = agent->room};
    const struct routing_capacity *rows = agent->capacity.items;
    size_t count = agent->capacity.count;
    Fr__ClassCapacity *made = fr_arena_zalloc(arena, ROUTING_CLASS_MAX, sizeof(*made));

    out->classes = fr_arena_zalloc(arena, ROUTING_CLASS_MAX, sizeof(*out->classes));
    if (made == NULL || out->classes == NULL)
        return false;
    if (count == 0) {
        rows = &one_at_a_time;
        count = 1;
    }
    for (uint32_t number = 0; number <= classes->count; number++) {
        const struct routing_capacity *row = row_for(config, rows, count, classes->names[number]);

        if (row == NULL)
            continue;
        fr__class_capacity__init(&made[number]);
        made[number].class_number = number;
        made[number].weight = (uint32_t)row->weight;
        made[number].most = (uint32_t)row->most;
        made[number].excludes = exclusions(config, classes, row, number);
        out->classes[out->n_classes++] = &made[number];
    }
    return true;
}

/* As it was written, for people. */
static bool
fill_capacity(const struct routing_agent_config *agent, struct fr_arena *arena,
              Fr__AgentDefined *out)
{
    const struct routing_capacity *capacity = agent->capacity.items;
    size_t count = agent->capacity.count;
    Fr__ChannelCapacity *rows = fr_arena_zalloc(arena, count + 1, sizeof(*rows));

    out->capacity = fr_arena_zalloc(arena, count + 1, sizeof(*out->capacity));
    if (rows == NULL || out->capacity == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        fr__channel_capacity__init(&rows[i]);
        rows[i].channel = (char *)capacity[i].channel;
        rows[i].weight = (uint32_t)capacity[i].weight;
        rows[i].has_most = capacity[i].most > 0;
        rows[i].most = (uint32_t)capacity[i].most;
        rows[i].n_excludes = capacity[i].excludes.count;
        rows[i].excludes = capacity[i].excludes.items;
        out->capacity[i] = &rows[i];
    }
    out->n_capacity = count;
    return true;
}

/* ---- the rest ---- */

static bool
fill_skills(const struct routing_agent_config *agent, struct fr_arena *arena, Fr__AgentDefined *out)
{
    const struct routing_skill *skills = agent->skills.items;
    size_t count = agent->skills.count;
    Fr__Skill *rows = fr_arena_zalloc(arena, count + 1, sizeof(*rows));

    out->skills = fr_arena_zalloc(arena, count + 1, sizeof(*out->skills));
    if (rows == NULL || out->skills == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        fr__skill__init(&rows[i]);
        rows[i].name = (char *)skills[i].name;
        rows[i].level = (uint32_t)skills[i].level;
        out->skills[i] = &rows[i];
    }
    out->n_skills = count;
    return true;
}

/* What he speaks and his site may serve.  Nothing in common: a word that no language is. */
static bool
fill_languages(const struct routing_config *config, const struct routing_agent_config *agent,
               struct fr_arena *arena, Fr__AgentDefined *out)
{
    const struct routing_site_config *site = routing_site_named(config, agent->site);
    const struct fr_config_list *own = &agent->languages;

    if (site == NULL || site->languages.count == 0 || own->count == 0) {
        const struct fr_config_list *list =
            own->count == 0 && site != NULL ? &site->languages : own;

        out->n_languages = list->count;
        out->languages = list->items;
        return true;
    }
    out->languages = fr_arena_zalloc(arena, own->count + 1, sizeof(char *));
    if (out->languages == NULL)
        return false;
    for (size_t i = 0; i < own->count; i++)
        if (routing_speaks(site->languages.items, site->languages.count,
                           ((char *const *)own->items)[i]))
            out->languages[out->n_languages++] = ((char *const *)own->items)[i];
    if (out->n_languages == 0)
        out->languages[out->n_languages++] = "none";
    return true;
}

enum fr_error
routing_profile_of(const struct routing_config *config, const struct routing_classes *classes,
                   const struct routing_agent_config *agent, struct fr_arena *arena,
                   Fr__AgentDefined *out)
{
    fr__agent_defined__init(out);
    out->agent = (char *)agent->name;
    out->site = (char *)agent->site;
    out->title = (char *)agent->title;
    out->n_brands = agent->brands.count;
    out->brands = agent->brands.items;
    out->has_room = 1;
    out->room = (uint32_t)agent->room;
    return fill_skills(agent, arena, out) && fill_languages(config, agent, arena, out) &&
                   fill_capacity(agent, arena, out) &&
                   fill_classes(config, classes, agent, arena, out)
               ? FR_OK
               : FR_NO_MEMORY;
}
