/* survey.c - all agents, looked at for one requirement. */
#include "services/routing/survey.h"

/* Each condition by itself: a skill that nobody has is worth naming even where the brand fails too.
 */
static void
note_conditions(struct routing_survey *survey, const Fr__AgentDefined *agent)
{
    struct routing_need one = {.brand = survey->need->brand,
                               .class_number = survey->need->class_number};
    struct routing_fitting fitting;
    enum routing_fit fit = routing_fit(&one, agent, &fitting);

    survey->agent_count++;
    survey->some_for_brand |= fit != ROUTING_OTHER_BRAND;
    survey->some_on_channel |= fit == ROUTING_FITS;
    survey->some_speak |=
        routing_speaks(agent->languages, agent->n_languages, survey->need->language);
    for (size_t i = 0; i < survey->need->site_count; i++)
        survey->some_at_site |= strcmp(survey->need->sites[i].name, agent->site) == 0;
    for (size_t i = 0; i < survey->need->skill_count; i++)
        for (size_t s = 0; s < agent->n_skills; s++)
            if (strcmp(agent->skills[s]->name, survey->need->skills[i].name) == 0 &&
                agent->skills[s]->level >= (uint32_t)survey->need->skills[i].level)
                survey->some_with[i] = true;
}

/* What his profile says; it is given back before anything else takes memory. */
static enum fr_error
judge(struct routing_survey *survey, const struct routing_look *look, uint32_t number,
      enum routing_fit *fit, struct routing_fitting *fitting)
{
    struct fr_arena_mark mark = fr_arena_mark(look->arena);
    const Fr__AgentDefined *profile;
    enum fr_error err = routing_profile_get(look->view, number, look->arena, &profile);

    *fit = ROUTING_GONE;
    if (err == FR_OK && !profile->removed) {
        note_conditions(survey, profile);
        *fit = routing_fit(survey->need, profile, fitting);
    }
    fr_arena_release(look->arena, mark);
    return err;
}

static enum fr_error
look_at(struct routing_survey *survey, const struct routing_look *look, uint32_t number)
{
    struct routing_fitting fitting;
    enum routing_fit fit;
    uint8_t **bits;
    enum fr_error err = judge(survey, look, number, &fit, &fitting);

    if (err != FR_OK || fit != ROUTING_FITS)
        return err;
    bits = &survey->ranks[fitting.rank];
    if (*bits == NULL)
        *bits = fr_arena_zalloc(look->arena, survey->rank_size, 1);
    if (*bits == NULL)
        return FR_NO_MEMORY;
    (*bits)[number / 8] |= (uint8_t)(1u << (number % 8));
    survey->member_count++;
    return FR_OK;
}

enum fr_error
routing_survey(const struct routing_look *look, const struct routing_need *need,
               struct routing_survey *out)
{
    struct routing_numbers numbers;
    enum fr_error err = routing_numbers_get(look->view, &numbers);

    *out = (struct routing_survey){.need = need};
    out->rank_size = numbers.agents / 8 + 1;
    for (uint32_t number = 1; err == FR_OK && number <= numbers.agents; number++)
        err = look_at(out, look, number);
    return err;
}

const char *
routing_survey_reason(const struct routing_survey *survey, struct fr_arena *arena)
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
    if (need->site_count > 0 && !survey->some_at_site)
        return fr_arena_printf(arena, "nobody works at a site that serves it");
    if (need->language[0] != '\0' && !survey->some_speak)
        return fr_arena_printf(arena, "none of %zu agents speaks %s", survey->agent_count,
                               need->language);
    return fr_arena_printf(arena, "no agent alone has all of it: brand %s, %s and %zu skills",
                           need->brand, need->channel, need->skill_count);
}
