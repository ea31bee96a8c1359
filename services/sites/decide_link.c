/* decide_link.c - links to desks come up and go down; one that stays down makes its site silent. */
#include "services/sites/say.h"

#include "services/sites/counters.h"
#include "proto/site.pb-c.h"

static uint32_t
next_number(const struct fr_view *view)
{
    struct sites_link link;
    uint32_t number = 1;

    while (sites_link_at(view, number, &link) == FR_OK)
        number++;
    return number;
}

static enum fr_error
say_heard(struct fr_turn *turn, const struct fr_record *input, char *site)
{
    Fr__SiteHeard heard = FR__SITE_HEARD__INIT;

    heard.site = site;
    return fr_emit(turn, input, &heard.base);
}

/* SiteLinked, as the edge sees it: the link to a desk came up or went down.
 *
 * Reads links.  Emits SiteLinked, with the time at which the site will be silent; SiteHeard when it
 * was.  Sent twice: it is up, or down, already; nothing follows.
 */
enum fr_error
sites_decide_site_linked(struct fr_turn *turn, const struct fr_record *input)
{
    const Fr__SiteLinked *said = fr_unpack(turn, input, &fr__site_linked__descriptor);
    const struct sites_contract *contract;
    Fr__SiteLinked linked = FR__SITE_LINKED__INIT;
    struct sites_link link = {.number = 0};
    enum fr_error err;

    if (said == NULL)
        return fr_reject(turn, input, "SiteLinked does not decode");
    contract = sites_contract_of(turn->config, said->site);
    if (contract == NULL)
        return fr_reject(turn, input, "no contract for the site %.40s", said->site);
    err = sites_link_get(turn->view, said->site, &link);
    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (err == FR_OK && link.up == (said->up != 0))
        return FR_OK;
    linked.site = said->site;
    linked.up = said->up;
    linked.has_number = 1;
    linked.number = link.number != 0 ? link.number : next_number(turn->view);
    linked.has_silent_us = !said->up;
    linked.silent_us = fr_time_add(turn->now, contract->silent_after).unix_us;
    err = fr_emit(turn, input, &linked.base);
    return err == FR_OK && said->up && link.silent ? say_heard(turn, input, said->site) : err;
}

/* The link has been down for too long.
 *
 * Reads links.  Emits SiteSilent: routing takes back what the site has not accepted.
 */
enum fr_error
sites_decide_silent_due(struct fr_turn *turn, const struct fr_record *input)
{
    Fr__SiteSilent silent = FR__SITE_SILENT__INIT;
    struct sites_link link;
    enum fr_error err = sites_link_at(turn->view, (uint32_t)input->head->key, &link);

    if (err != FR_OK || link.up || link.silent)
        return err == FR_NOT_FOUND ? FR_OK : err;
    silent.site = link.site;
    silent.since_us = link.since_us;
    fr_count(turn, SITES_COUNT_SILENT, 1);
    return fr_emit(turn, input, &silent.base);
}
