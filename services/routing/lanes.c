/* lanes.c - finding the lane of a task; opening one lists, once, who can serve it. */
#include "services/routing/lanes.h"

struct survey { /* all agents, looked at for one requirement */
    const struct routing_need *need;
    Fr__LaneMember **members;
    size_t member_count, agent_count;
    bool some_for_brand, some_on_channel;
    bool some_with[ROUTING_NEED_MAX]; /* some agent has that skill at its level */
};

/* Each condition by itself: a skill that nobody has is worth naming even where the brand fails too.
 */
static void
survey_conditions(struct survey *survey, const Fr__AgentDefined *agent)
{
    struct routing_need one = {.brand = survey->need->brand, .channel = survey->need->channel};
    uint32_t weight;
    size_t skill;
    enum routing_fit fit = routing_fit(&one, agent, &weight, &skill);

    survey->agent_count++;
    survey->some_for_brand |= fit != ROUTING_OTHER_BRAND;
    survey->some_on_channel |= fit == ROUTING_FITS;
    for (size_t i = 0; i < survey->need->skill_count; i++)
        for (size_t s = 0; s < agent->n_skills; s++)
            if (strcmp(agent->skills[s]->name, survey->need->skills[i].name) == 0 &&
                agent->skills[s]->level >= (uint32_t)survey->need->skills[i].level)
                survey->some_with[i] = true;
}

static enum fr_error
survey_member(struct survey *survey, const Fr__AgentDefined *profile, uint32_t number,
              uint32_t weight, struct fr_arena *arena)
{
    Fr__LaneMember *member = fr_arena_alloc(arena, sizeof(*member));

    if (member == NULL)
        return FR_NO_MEMORY;
    fr__lane_member__init(member);
    member->agent = profile->agent;
    member->number = number;
    member->weight = weight;
    survey->members[survey->member_count++] = member;
    return FR_OK;
}

static enum fr_error
survey_one(struct survey *survey, struct fr_turn *turn, const struct routing_agent *agent)
{
    const Fr__AgentDefined *profile;
    uint32_t weight;
    size_t skill;
    enum fr_error err = routing_profile_get(turn->view, agent->number, turn->arena, &profile);

    if (err != FR_OK || agent->removed)
        return err;
    survey_conditions(survey, profile);
    if (routing_fit(survey->need, profile, &weight, &skill) != ROUTING_FITS)
        return FR_OK;
    return survey_member(survey, profile, agent->number, weight, turn->arena);
}

static enum fr_error
survey_all(struct survey *survey, struct fr_turn *turn)
{
    struct routing_numbers numbers;
    struct routing_agent agent;
    struct fr_scan scan;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    if (err != FR_OK)
        return err;
    survey->members = fr_arena_zalloc(turn->arena, numbers.agents + 1, sizeof(Fr__LaneMember *));
    if (survey->members == NULL)
        return FR_NO_MEMORY;
    routing_agent_scan(&scan, turn->view, 0);
    while (err == FR_OK && routing_agent_next(&scan, &agent) == FR_OK)
        err = survey_one(survey, turn, &agent);
    fr_scan_fini(&scan);
    return err;
}

/* The first condition that fails for every agent; "" when somebody fits. */
static const char *
survey_reason(const struct survey *survey, struct fr_arena *arena)
{
    const struct routing_need *need = survey->need;

    if (survey->member_count > 0)
        return "";
    if (survey->agent_count == 0)
        return "no agent is configured";
    for (size_t i = 0; i < need->skill_count; i++)
        if (!survey->some_with[i])
            return fr_arena_printf(arena, "none of %zu agents has skill %s at level %d or more",
                                   survey->agent_count, need->skills[i].name,
                                   (int)need->skills[i].level);
    if (!survey->some_for_brand)
        return fr_arena_printf(arena, "none of %zu agents works for brand %s", survey->agent_count,
                               need->brand);
    if (!survey->some_on_channel)
        return fr_arena_printf(arena, "none of the agents of brand %s has capacity for %s",
                               need->brand, need->channel);
    return fr_arena_printf(arena, "no agent alone has all of it: brand %s, %s and %zu skills",
                           need->brand, need->channel, need->skill_count);
}

static const char *
no_queue_reason(const struct routing_need *need, struct fr_arena *arena)
{
    return fr_arena_printf(arena, "no queue takes brand %s on %s in this language", need->brand,
                           need->channel);
}

static Fr__Skill **
needs_message(const struct routing_need *need, struct fr_arena *arena)
{
    Fr__Skill **needs = fr_arena_zalloc(arena, need->skill_count + 1, sizeof(Fr__Skill *));
    Fr__Skill *skills = fr_arena_zalloc(arena, need->skill_count + 1, sizeof(Fr__Skill));

    if (needs == NULL || skills == NULL)
        return NULL;
    for (size_t i = 0; i < need->skill_count; i++) {
        fr__skill__init(&skills[i]);
        skills[i].name = (char *)need->skills[i].name;
        skills[i].level = (uint32_t)need->skills[i].level;
        needs[i] = &skills[i];
    }
    return needs;
}

static enum fr_error
open_lane(struct fr_turn *turn, const struct fr_record *input, const struct routing_need *need,
          const char *queue, uint32_t *number)
{
    Fr__LaneOpened opened = FR__LANE_OPENED__INIT;
    struct survey survey = {.need = need};
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(turn->view, &numbers);

    if (err == FR_OK && numbers.lanes >= ROUTING_LANE_MAX)
        return FR_FULL;
    if (err == FR_OK && queue[0] != '\0')
        err = survey_all(&survey, turn);
    if (err != FR_OK)
        return err;
    opened.n_agents = survey.member_count;
    opened.agents = survey.members;
    opened.lane = *number = numbers.lanes + 1;
    opened.queue = (char *)queue;
    opened.brand = (char *)need->brand;
    opened.channel = (char *)need->channel;
    opened.n_needs = need->skill_count;
    opened.needs = needs_message(need, turn->arena);
    opened.reason = (char *)(queue[0] == '\0' ? no_queue_reason(need, turn->arena)
                                              : survey_reason(&survey, turn->arena));
    opened.stamp = routing_queues_stamp(turn->config);
    if (opened.needs == NULL || opened.reason == NULL)
        return FR_NO_MEMORY;
    return fr_emit(turn, input, &opened.base);
}

enum fr_error
routing_lane_for(struct fr_turn *turn, const struct fr_record *input, const char *brand,
                 const Fr__RoutingStateTask *facts, struct routing_place *out)
{
    const struct routing_queue *queue =
        routing_queue_for(turn->config, brand, facts->channel, facts->language);
    struct routing_need need;
    uint32_t number = 0;
    enum fr_error err =
        routing_need_of(queue, brand, facts->channel, facts->skills, facts->n_skills, &need);

    if (err != FR_OK)
        return err;
    out->queue = queue != NULL ? queue->name : "";
    out->credit = queue != NULL ? queue->credit : fr_seconds(0);
    err = routing_lane_find(turn->view, out->queue, brand, facts->channel, need.skills,
                            need.skill_count, &number);
    if (err == FR_NOT_FOUND)
        err = open_lane(turn, input, &need, out->queue, &number);
    return err != FR_OK ? err : routing_lane_get(turn->view, number, &out->lane);
}

void
routing_lane_need(const Fr__RoutingStateLane *facts, struct routing_need *need)
{
    *need = (struct routing_need){.brand = facts->brand, .channel = facts->channel};
    for (size_t i = 0; i < facts->n_needs && i < ROUTING_NEED_MAX; i++)
        need->skills[need->skill_count++] =
            (struct routing_skill){facts->needs[i]->name, facts->needs[i]->level};
}

enum fr_error
routing_lane_nobody(struct fr_turn *turn, const Fr__RoutingStateLane *facts, const char **reason)
{
    struct routing_need need;
    struct survey survey = {.need = &need};
    enum fr_error err = FR_OK;

    routing_lane_need(facts, &need);
    if (facts->queue[0] == '\0') {
        *reason = no_queue_reason(&need, turn->arena);
    } else {
        err = survey_all(&survey, turn);
        *reason = err == FR_OK ? survey_reason(&survey, turn->arena) : NULL;
    }
    return err == FR_OK && *reason == NULL ? FR_NO_MEMORY : err;
}
