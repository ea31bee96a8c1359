/* lanes.c - finding the lane of a task; opening one lists, once, who can serve it. */
#include "services/routing/lanes.h"

#include "services/routing/contracts.h"
#include "services/routing/survey.h"

/* ---- a requirement as a record, and back ---- */

static bool
needs_message(const struct routing_need *need, struct fr_arena *arena, Fr__RoutingStateLane *out)
{
    Fr__Skill *skills = fr_arena_zalloc(arena, need->skill_count + 1, sizeof(Fr__Skill));
    Fr__LaneSite *sites = fr_arena_zalloc(arena, need->site_count + 1, sizeof(Fr__LaneSite));

    out->needs = fr_arena_zalloc(arena, need->skill_count + 1, sizeof(Fr__Skill *));
    out->sites = fr_arena_zalloc(arena, need->site_count + 1, sizeof(Fr__LaneSite *));
    if (skills == NULL || sites == NULL || out->needs == NULL || out->sites == NULL)
        return false;
    for (size_t i = 0; i < need->skill_count; i++) {
        fr__skill__init(&skills[i]);
        skills[i].name = (char *)need->skills[i].name;
        skills[i].level = (uint32_t)need->skills[i].level;
        out->needs[i] = &skills[i];
    }
    for (size_t i = 0; i < need->site_count; i++) {
        fr__lane_site__init(&sites[i]);
        sites[i].site = (char *)need->sites[i].name;
        sites[i].cost = need->sites[i].cost;
        out->sites[i] = &sites[i];
    }
    out->n_needs = need->skill_count;
    out->n_sites = need->site_count;
    return true;
}

static bool
facts_of(const struct routing_need *need, const char *queue, struct fr_arena *arena,
         Fr__RoutingStateLane *out)
{
    fr__routing_state_lane__init(out);
    out->queue = (char *)queue;
    out->brand = (char *)need->brand;
    out->channel = (char *)need->channel;
    out->reason = "";
    out->language = (char *)need->language;
    out->has_class_number = out->has_prefer = out->has_longest_idle = 1;
    out->class_number = need->class_number;
    out->prefer = (uint32_t)need->prefer;
    out->longest_idle = need->longest_idle;
    return needs_message(need, arena, out);
}

void
routing_lane_need(const Fr__RoutingStateLane *facts, struct routing_need *need)
{
    *need = (struct routing_need){.brand = facts->brand,
                                  .channel = facts->channel,
                                  .class_number = facts->class_number,
                                  .prefer = (int)facts->prefer,
                                  .longest_idle = facts->longest_idle != 0};
    if (facts->language != NULL && strlen(facts->language) < sizeof(need->language))
        strncpy(need->language, facts->language, sizeof(need->language) - 1);
    for (size_t i = 0; i < facts->n_needs && i < ROUTING_NEED_MAX; i++)
        need->skills[need->skill_count++] =
            (struct routing_skill){facts->needs[i]->name, facts->needs[i]->level};
    for (size_t i = 0; i < facts->n_sites && i < ROUTING_NEED_SITES; i++)
        need->sites[need->site_count++] =
            (struct routing_need_site){facts->sites[i]->site, facts->sites[i]->cost};
}

/* ---- opening ---- */

static const char *
no_queue_reason(const struct routing_need *need, struct fr_arena *arena)
{
    return fr_arena_printf(arena, "no queue takes brand %s on %s in this language", need->brand,
                           need->channel);
}

static bool
ranks_message(const struct routing_survey *survey, struct fr_arena *arena, Fr__LaneOpened *out)
{
    Fr__LaneRank *ranks = fr_arena_zalloc(arena, ROUTING_RANK_MAX + 1, sizeof(*ranks));

    out->ranks = fr_arena_zalloc(arena, ROUTING_RANK_MAX + 1, sizeof(*out->ranks));
    if (ranks == NULL || out->ranks == NULL)
        return false;
    for (uint32_t rank = 0; rank <= ROUTING_RANK_MAX; rank++) {
        if (survey->ranks[rank] == NULL)
            continue;
        fr__lane_rank__init(&ranks[rank]);
        ranks[rank].rank = rank;
        ranks[rank].members = (ProtobufCBinaryData){survey->rank_size, survey->ranks[rank]};
        out->ranks[out->n_ranks++] = &ranks[rank];
    }
    return true;
}

static enum fr_error
open_lane(struct fr_turn *turn, const struct fr_record *input, const struct routing_need *need,
          const Fr__RoutingStateLane *facts, const struct routing_queue_row *queue,
          uint32_t *number)
{
    const struct fr_labels labels = {.brand = ""};
    struct routing_look look = routing_look_of(turn);
    Fr__LaneOpened opened = FR__LANE_OPENED__INIT;
    struct routing_survey survey = {.need = need};
    enum fr_error err = routing_lane_number(turn->view, number);

    if (err == FR_OK && queue->name[0] != '\0')
        err = routing_survey(&look, need, &survey);
    if (err != FR_OK)
        return err;
    opened.lane = *number;
    opened.queue = facts->queue;
    opened.brand = facts->brand;
    opened.channel = facts->channel;
    opened.n_needs = facts->n_needs;
    opened.needs = facts->needs;
    opened.n_sites = facts->n_sites;
    opened.sites = facts->sites;
    opened.language = facts->language;
    opened.reason = (char *)(queue->name[0] == '\0' ? no_queue_reason(need, turn->arena)
                                                    : routing_survey_reason(&survey, turn->arena));
    opened.has_class_number = opened.has_queue_number = opened.has_longest_idle = 1;
    opened.has_closed = opened.has_contracted = opened.has_prefer = 1;
    opened.class_number = need->class_number;
    opened.queue_number = queue->number;
    opened.longest_idle = need->longest_idle;
    opened.closed = queue->closed;
    opened.contracted = queue->contracted;
    opened.prefer = (uint32_t)need->prefer;
    opened.has_idle_us = 1;
    opened.idle_us = ((const struct routing_config *)turn->config)->lane_idle.us;
    if (opened.reason == NULL || !ranks_message(&survey, turn->arena, &opened))
        return FR_NO_MEMORY;
    return fr_emit_as(turn, input, &opened.base, &labels);
}

/* Its row; QueueNamed before that when it has no number yet. */
static enum fr_error
queue_row_for(struct fr_turn *turn, const struct fr_record *input, const char *name,
              struct routing_queue_row *out)
{
    const struct fr_labels labels = {.brand = ""};
    Fr__QueueNamed named = FR__QUEUE_NAMED__INIT;
    struct routing_numbers numbers;
    enum fr_error err = routing_queue_row_by_name(turn->view, name, out);

    if (err != FR_NOT_FOUND)
        return err;
    err = routing_numbers_get(turn->view, &numbers);
    if (err != FR_OK)
        return err;
    named.number = numbers.queues + 1;
    named.name = (char *)name;
    err = fr_emit_as(turn, input, &named.base, &labels);
    return err != FR_OK ? err : routing_queue_row_get(turn->view, named.number, out);
}

static enum fr_error
need_at(struct fr_turn *turn, const struct routing_queue *queue, const char *brand,
        const Fr__RoutingStateTask *facts, uint32_t step, struct routing_need *out)
{
    enum fr_error err = routing_need_of(turn->config, queue, brand, facts, step, out);

    return err != FR_OK
               ? err
               : routing_class_number(turn->view, routing_class_of(turn->config, facts->channel),
                                      &out->class_number);
}

enum fr_error
routing_lane_for(struct fr_turn *turn, const struct fr_record *input, const char *brand,
                 const Fr__RoutingStateTask *facts, struct fr_time entered,
                 struct routing_place *out)
{
    Fr__RoutingStateLane lane;
    struct routing_need need;
    struct routing_queue_row row;
    uint32_t number = 0;
    enum fr_error err;

    out->queue = routing_queue_for(turn->config, brand, facts);
    out->name = out->queue != NULL ? out->queue->name : "";
    out->step = routing_step_at(out->queue, entered, turn->now, &out->relax_us);
    err = need_at(turn, out->queue, brand, facts, out->step, &need);
    if (err == FR_OK)
        err = queue_row_for(turn, input, out->name, &row);
    if (err != FR_OK)
        return err;
    if (!facts_of(&need, out->name, turn->arena, &lane))
        return FR_NO_MEMORY;
    err = routing_lane_find(turn->view, &lane, turn->arena, &number);
    if (err == FR_NOT_FOUND)
        err = open_lane(turn, input, &need, &lane, &row, &number);
    return err != FR_OK ? err : routing_lane_get(turn->view, number, &out->lane);
}

enum fr_error
routing_lane_later(struct fr_turn *turn, const char *brand, const Fr__RoutingStateTask *facts,
                   const struct routing_place *place, bool *out)
{
    struct routing_look look = routing_look_of(turn);
    uint32_t count = place->queue != NULL ? (uint32_t)place->queue->relax.count : 0;
    enum fr_error err = FR_OK;

    *out = false;
    for (uint32_t step = place->step + 1; err == FR_OK && !*out && step <= count; step++) {
        struct routing_survey survey;
        struct routing_need need;

        err = need_at(turn, place->queue, brand, facts, step, &need);
        if (err == FR_OK)
            err = routing_survey(&look, &need, &survey);
        *out = err == FR_OK && survey.member_count > 0;
    }
    return err;
}

enum fr_error
routing_lane_nobody(struct fr_turn *turn, const Fr__RoutingStateLane *facts, const char **reason)
{
    struct routing_look look = routing_look_of(turn);
    struct routing_survey survey;
    struct routing_need need;
    enum fr_error err = FR_OK;

    routing_lane_need(facts, &need);
    if (facts->queue[0] == '\0') {
        *reason = no_queue_reason(&need, turn->arena);
    } else {
        err = routing_survey(&look, &need, &survey);
        *reason = err == FR_OK ? routing_survey_reason(&survey, turn->arena) : NULL;
    }
    return err == FR_OK && *reason == NULL ? FR_NO_MEMORY : err;
}
