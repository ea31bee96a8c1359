/* contracts.c - may this site take one more task of that queue? */
#include "services/routing/contracts.h"

#include "common/calendar/calendar.h"
#include "common/calendar/date.h"

#define DAY_US (INT64_C(86400) * 1000000)

const struct routing_contract_config *
routing_contract_of(const struct routing_config *config, const char *queue, const char *site)
{
    const struct routing_site_config *row = routing_site_named(config, site);
    const struct routing_contract_config *contracts = row != NULL ? row->contracts.items : NULL;

    for (size_t i = 0; row != NULL && i < row->contracts.count; i++)
        if (strcmp(contracts[i].queue, queue) == 0)
            return &contracts[i];
    return NULL;
}

bool
routing_contracted(const struct routing_config *config, const char *queue)
{
    const struct routing_site_config *sites = config->sites.items;

    for (size_t i = 0; i < config->sites.count; i++) {
        const struct routing_contract_config *contract =
            routing_contract_of(config, queue, sites[i].name);

        if (contract != NULL && (contract->share > 0 || contract->volume > 0))
            return true;
    }
    return false;
}

/* ---- intervals ---- */

static const struct fr_calendar *
calendar_of(const struct routing_look *look, const char *site)
{
    const struct routing_site_config *row = routing_site_named(look->config, site);
    const struct fr_calendar *calendar = NULL;

    if (row != NULL && row->calendar != NULL && look->calendars != NULL)
        calendar = fr_calendars_find(look->calendars, row->calendar);
    return calendar != NULL ? calendar : fr_calendar_always();
}

/* The day on the wall there, since 1970. */
static int64_t
local_day(const struct fr_calendar *calendar, struct fr_time t)
{
    int64_t unix_s = fr_floor_div(t.unix_us, 1000000);

    return fr_floor_div(unix_s + fr_zone_at(fr_calendar_zone(calendar), unix_s).offset_s,
                        FR_DAY_SECONDS);
}

static struct fr_time
interval_at(const struct routing_look *look, const char *site,
            const struct routing_contract_config *contract, struct fr_time t, int64_t index_added)
{
    int64_t per = contract->per.us, days = per / DAY_US;
    const struct fr_calendar *calendar;

    if (per % DAY_US != 0)
        return (struct fr_time){(fr_floor_div(t.unix_us, per) + index_added) * per};
    calendar = calendar_of(look, site);
    return fr_calendar_instant(
        calendar, (fr_floor_div(local_day(calendar, t), days) + index_added) * days, 0);
}

struct fr_time
routing_interval_start(const struct routing_look *look, const char *site,
                       const struct routing_contract_config *contract, struct fr_time t)
{
    return interval_at(look, site, contract, t, 0);
}

struct fr_time
routing_interval_end(const struct routing_look *look, const char *site,
                     const struct routing_contract_config *contract, struct fr_time t)
{
    return interval_at(look, site, contract, t, 1);
}

/* ---- allowance ---- */

static enum routing_allowance
judge(const struct routing_contract_config *contract, const struct routing_contract *counted)
{
    bool once = false;

    if (contract->volume > 0) {
        if (counted->taken >= contract->volume)
            return ROUTING_VOLUME_TAKEN;
        once |= counted->taken + 1 >= contract->volume;
    }
    if (contract->share > 0) {
        uint64_t part = (uint64_t)contract->share * counted->arrived;

        if ((uint64_t)counted->taken * 100 >= part)
            return ROUTING_SHARE_TAKEN;
        once |= (uint64_t)(counted->taken + 1) * 100 >= part;
    }
    return once ? ROUTING_ALLOWED_ONCE : ROUTING_ALLOWED;
}

enum fr_error
routing_allowance(const struct routing_look *look, uint32_t queue, const char *queue_name,
                  const struct routing_site *site, enum routing_allowance *out)
{
    const struct routing_contract_config *contract =
        routing_contract_of(look->config, queue_name, site->name);
    struct routing_contract counted;
    enum fr_error err = routing_contract_get(look->view, queue, site->number, &counted);

    if (err != FR_OK)
        return err;
    *out = counted.recalled ? ROUTING_RECALLED : ROUTING_ALLOWED;
    if (counted.recalled || contract == NULL)
        return FR_OK;
    if (counted.start_us != routing_interval_start(look, site->name, contract, look->now).unix_us)
        counted.arrived = counted.taken = 0;
    if (look->arriving == queue)
        counted.arrived++;
    *out = judge(contract, &counted);
    return FR_OK;
}

static bool
is_listed(const struct routing_blocked *blocked, uint32_t site)
{
    for (size_t i = 0; i < blocked->count; i++)
        if (blocked->sites[i] == site)
            return true;
    return false;
}

static enum fr_error
block_if(const struct routing_look *look, uint32_t queue, const char *queue_name,
         const struct routing_site *site, struct routing_blocked *out)
{
    enum routing_allowance allowance;
    enum fr_error err = routing_allowance(look, queue, queue_name, site, &allowance);

    if (err == FR_OK && allowance > ROUTING_ALLOWED_ONCE && out->count < ROUTING_SITE_MAX &&
        !is_listed(out, site->number))
        out->sites[out->count++] = site->number;
    return err;
}

enum fr_error
routing_blocked_sites(const struct routing_look *look, uint32_t queue, const char *queue_name,
                      struct routing_blocked *out)
{
    const struct routing_site_config *sites = look->config->sites.items;
    uint32_t known[ROUTING_SITE_MAX];
    struct routing_site site;
    size_t count;
    enum fr_error err = routing_contract_sites(look->view, queue, ROUTING_SITE_MAX, known, &count);

    out->count = 0;
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        err = routing_site_get(look->view, known[i], &site);
        if (err == FR_OK)
            err = block_if(look, queue, queue_name, &site, out);
    }
    for (size_t i = 0; err == FR_OK && i < look->config->sites.count; i++) {
        if (routing_contract_of(look->config, queue_name, sites[i].name) == NULL)
            continue;
        err = routing_site_by_name(look->view, sites[i].name, &site);
        if (err == FR_OK)
            err = block_if(look, queue, queue_name, &site, out);
        else if (err == FR_NOT_FOUND)
            err = FR_OK; /* nobody works there yet */
    }
    return err;
}
