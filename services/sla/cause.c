/* cause.c - where it lay when the deadline passed, in words. */
#include "services/sla/cause.h"

#include "services/sla/say.h"

char *
sla_cause(struct fr_arena *arena, const struct sla_place *place, struct fr_time now)
{
    char since[FR_TIME_TEXT_SIZE];

    if (place == NULL)
        return fr_arena_strdup(arena, "nobody had been asked: routing knew no task for it");
    fr_span_format((struct fr_span){now.unix_us - place->since_us}, since);
    switch ((Fr__Place)place->place) {
    case FR__PLACE__IN_QUEUE:
        return fr_arena_printf(arena, "waiting in queue %s for %s", place->queue, since);
    case FR__PLACE__IN_PARK:
    case FR__PLACE__IN_PARK_CLOSED:
        return fr_arena_printf(arena, "parked for %s: %s", since, place->why);
    case FR__PLACE__AT_OFFER:
        return fr_arena_printf(arena, "on offer to %s at %s for %s, from queue %s", place->agent,
                               place->site, since, place->queue);
    default:
        return fr_arena_printf(arena, "with %s at %s for %s", place->agent, place->site, since);
    }
}

/* An agent who has it is the cause even when the door is closed; else a closed door is. */
static enum fr_error
say_closed(const struct sla_matter *matter, const struct sla_target *target, struct sla_cause *out)
{
    const struct sla_policy *policy = sla_policy_by_name(matter->config, target->policy);
    const struct fr_calendar *calendar =
        policy == NULL ? NULL : fr_calendars_find(matter->turn->calendars, policy->calendar);
    struct fr_time now = matter->turn->now, opens;
    char text[FR_CALENDAR_TEXT_SIZE] = "never";

    if (calendar == NULL || calendar == fr_calendar_always() || fr_calendar_open(calendar, now) ||
        out->kind == FR__CAUSE_KIND__BY_AGENT)
        return FR_OK;
    if (fr_calendar_next_open(calendar, now, &opens) == FR_OK)
        fr_calendar_format(calendar, opens, text);
    out->kind = FR__CAUSE_KIND__BY_CALENDAR;
    out->text = fr_arena_printf(matter->turn->arena, "closed until %s (calendar %s); %s", text,
                                policy->calendar, out->text);
    return out->text == NULL ? FR_NO_MEMORY : FR_OK;
}

static char *
copy_of(struct fr_arena *arena, const char *text)
{
    return text[0] == '\0' ? NULL : fr_arena_strdup(arena, text);
}

static Fr__CauseKind
kind_of(const struct sla_place *place)
{
    switch ((Fr__Place)place->place) {
    case FR__PLACE__IN_PARK:
        return FR__CAUSE_KIND__BY_SITE;
    case FR__PLACE__IN_PARK_CLOSED:
        return FR__CAUSE_KIND__BY_CALENDAR;
    case FR__PLACE__AT_OFFER:
    case FR__PLACE__AT_AGENT:
        return FR__CAUSE_KIND__BY_AGENT;
    default:
        return FR__CAUSE_KIND__BY_QUEUE;
    }
}

enum fr_error
sla_cause_now(const struct sla_matter *matter, const struct sla_target *target,
              struct sla_cause *out)
{
    struct fr_arena *arena = matter->turn->arena;
    struct sla_place place;
    enum fr_error err = sla_place_get(matter->turn->view, target->conversation_id, &place);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    *out = (struct sla_cause){.kind = FR__CAUSE_KIND__BY_QUEUE};
    out->text = sla_cause(arena, err == FR_OK ? &place : NULL, matter->turn->now);
    if (out->text == NULL)
        return FR_NO_MEMORY;
    if (err == FR_OK) {
        out->kind = kind_of(&place);
        out->queue = copy_of(arena, place.queue);
        out->agent = copy_of(arena, place.agent);
        out->site = copy_of(arena, place.site);
    }
    return say_closed(matter, target, out);
}
