/* say.h - emitting what several decisions say in the same words. */
#ifndef FR_SITES_SAY_H
#define FR_SITES_SAY_H

#include "services/sites/tables.h"

/* "site.<name>" into route[FR_ROUTE_SIZE]; returns route. */
const char *sites_route(const char *site, char *route);

/* LeaseEnded, routed to the lease's site; with it starts the time until the lease may be forgotten.
 */
enum fr_error sites_say_ended(struct fr_turn *turn, const struct fr_record *input,
                              const struct sites_lease *lease, const char *reason);

/* LeaseConfirmed: holds for the contract's lease time, counted from `from`. */
enum fr_error sites_say_confirmed(struct fr_turn *turn, const struct fr_record *input,
                                  const struct sites_lease *lease, struct fr_time from);

/* An id or name that fits our tables and labels. */
bool sites_fits(const char *text, size_t size);

#endif
