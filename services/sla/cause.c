/* cause.c - where it lay when the deadline passed, in words. */
#include "services/sla/cause.h"

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
        return fr_arena_printf(arena, "parked for %s: %s", since, place->why);
    case FR__PLACE__AT_OFFER:
        return fr_arena_printf(arena, "on offer to %s at %s for %s, from queue %s", place->agent,
                               place->site, since, place->queue);
    default:
        return fr_arena_printf(arena, "with %s at %s for %s", place->agent, place->site, since);
    }
}
