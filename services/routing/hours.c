/* hours.c - opening hours of queues and sites. */
#include "services/routing/hours.h"

#include "common/calendar/calendar.h"

static const struct fr_calendar *
find(const struct fr_calendars *calendars, const char *name)
{
    const struct fr_calendar *calendar = NULL;

    if (name != NULL && calendars != NULL)
        calendar = fr_calendars_find(calendars, name);
    return calendar;
}

struct routing_hours
routing_hours_at(const struct fr_calendars *calendars, const char *name, struct fr_time now)
{
    const struct fr_calendar *calendar = find(calendars, name);
    struct routing_hours hours = {0};
    enum fr_error err;

    if (calendar == NULL)
        return hours;
    hours.closed = !fr_calendar_open(calendar, now);
    err = hours.closed ? fr_calendar_next_open(calendar, now, &hours.next)
                       : fr_calendar_next_close(calendar, now, &hours.next);
    if (err != FR_OK)
        hours.next = (struct fr_time){0};
    return hours;
}

const char *
routing_hours_text(const struct fr_turn *turn, const char *name, struct fr_time t)
{
    const struct fr_calendar *calendar = find(turn->calendars, name);
    char *text = fr_arena_alloc(turn->arena, FR_CALENDAR_TEXT_SIZE);

    if (text == NULL)
        return NULL;
    return fr_calendar_format(calendar != NULL ? calendar : fr_calendar_always(), t, text);
}

/* ---- sites that are all closed ---- */

/* Who can serve the lane, of one chunk of agents. */
static enum fr_error
members(const struct routing_look *look, const struct routing_lane *lane, uint32_t index,
        struct routing_chunk *out)
{
    enum fr_error err = FR_OK;

    *out = (struct routing_chunk){0};
    for (uint64_t left = lane->ranks; err == FR_OK && left != 0; left &= left - 1) {
        struct routing_chunk rank;

        err = routing_set_get(
            look->view,
            (struct routing_set_of){ROUTING_RANKED, lane->number, (uint32_t)__builtin_ctzll(left)},
            index, &rank);
        routing_chunk_or(out, &rank);
    }
    return err;
}

/* Does every one of them work at a site that is gated? */
static enum fr_error
all_gated(const struct routing_look *look, const struct routing_lane *lane, uint32_t chunk_count,
          bool *out)
{
    enum fr_error err = FR_OK;

    *out = true;
    for (uint32_t i = 0; err == FR_OK && *out && i < chunk_count; i++) {
        struct routing_chunk gated, chunk;

        err = routing_set_get(look->view, (struct routing_set_of){ROUTING_GATED, 0, 0}, i, &gated);
        if (err == FR_OK)
            err = members(look, lane, i, &chunk);
        if (err != FR_OK)
            return err;
        routing_chunk_without(&chunk, &gated);
        *out = routing_chunk_size(&chunk) == 0;
    }
    return err;
}

static enum fr_error
works_there(const struct routing_look *look, const struct routing_lane *lane, uint32_t site,
            uint32_t chunk_count, bool *out)
{
    enum fr_error err = FR_OK;

    *out = false;
    for (uint32_t i = 0; err == FR_OK && !*out && i < chunk_count; i++) {
        struct routing_chunk agents, chunk;

        err = routing_set_get(look->view, (struct routing_set_of){ROUTING_AT_SITE, site, 0}, i,
                              &agents);
        if (err == FR_OK)
            err = members(look, lane, i, &chunk);
        if (err != FR_OK)
            return err;
        routing_chunk_and(&chunk, &agents);
        *out = routing_chunk_size(&chunk) > 0;
    }
    return err;
}

static enum fr_error
site_opens(const struct routing_look *look, const struct routing_site *site, struct fr_time *until,
           const char **calendar)
{
    const struct routing_site_config *config = routing_site_named(look->config, site->name);

    if (!site->closed || site->silent || site->recalled || site->next_us <= look->now.unix_us)
        return FR_NOT_FOUND; /* it may work again any minute */
    if (until->unix_us == 0 || site->next_us < until->unix_us) {
        until->unix_us = site->next_us;
        *calendar = config != NULL ? config->calendar : NULL;
    }
    return FR_OK;
}

enum fr_error
routing_hours_of_lane(const struct routing_look *look, const struct routing_lane *lane,
                      struct fr_time *until, const char **calendar)
{
    struct routing_numbers numbers;
    uint32_t chunk_count;
    bool all = false;
    enum fr_error err = routing_numbers_get(look->view, &numbers);

    chunk_count = routing_chunk_count(numbers.agents);
    if (err == FR_OK)
        err = all_gated(look, lane, chunk_count, &all);
    if (err != FR_OK || !all)
        return err != FR_OK ? err : FR_NOT_FOUND;
    *until = (struct fr_time){0};
    for (uint32_t number = 1; err == FR_OK && number <= numbers.sites; number++) {
        struct routing_site site;
        bool there = false;

        err = routing_site_get(look->view, number, &site);
        if (err == FR_OK)
            err = works_there(look, lane, number, chunk_count, &there);
        if (err == FR_OK && there)
            err = site_opens(look, &site, until, calendar);
    }
    return err == FR_OK && until->unix_us == 0 ? FR_NOT_FOUND : err;
}
