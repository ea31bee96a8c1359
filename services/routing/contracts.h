/* contracts.h - may this site take one more task of that queue?
 *
 * A contract bounds what a site takes in an interval: a volume, a share of what arrives there, or
 * both.  A share of p percent allows one more as long as taken < p/100 * arrived: never more than
 * its part of what came, rounded up, and work never waits for others to catch up.  Offers count
 * when they are made, and count back when they end unaccepted.
 */
#ifndef FR_ROUTING_CONTRACTS_H
#define FR_ROUTING_CONTRACTS_H

#include "services/routing/look.h"

#define ROUTING_SITE_MAX 40

/* The contract of that site for that queue, or NULL. */
const struct routing_contract_config *routing_contract_of(const struct routing_config *config,
                                                          const char *queue, const char *site);
/* Has any site one for it? */
bool routing_contracted(const struct routing_config *config, const char *queue);
/* Start of the interval that holds `t`; whole days begin at midnight on the site's calendar. */
struct fr_time routing_interval_start(const struct routing_look *look, const char *site,
                                      const struct routing_contract_config *contract,
                                      struct fr_time t);
struct fr_time routing_interval_end(const struct routing_look *look, const char *site,
                                    const struct routing_contract_config *contract,
                                    struct fr_time t);

enum routing_allowance {
    ROUTING_ALLOWED,
    ROUTING_ALLOWED_ONCE, /* this one and no more before the interval's end */
    ROUTING_SHARE_TAKEN,
    ROUTING_VOLUME_TAKEN,
    ROUTING_RECALLED
};
/* What the contract says of one more task of that queue at that site. */
enum fr_error routing_allowance(const struct routing_look *look, uint32_t queue,
                                const char *queue_name, const struct routing_site *site,
                                enum routing_allowance *out);

/* Sites that may take no more of it now. */
struct routing_blocked {
    uint32_t sites[ROUTING_SITE_MAX];
    size_t count;
};
enum fr_error routing_blocked_sites(const struct routing_look *look, uint32_t queue,
                                    const char *queue_name, struct routing_blocked *out);

#endif
