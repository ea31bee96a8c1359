/* hours.h - opening hours of queues and sites: is it open, until when, and how that is said. */
#ifndef FR_ROUTING_HOURS_H
#define FR_ROUTING_HOURS_H

#include "services/routing/look.h"

struct routing_hours {
    bool closed;
    struct fr_time next; /* it opens or closes then; unix_us 0: never */
};
/* By a calendar's name; NULL: always open.  One that is not declared is always open, too (the
 * configuration's check has complained of it). */
struct routing_hours routing_hours_at(const struct fr_calendars *calendars, const char *name,
                                      struct fr_time now);

/* "Mon 2027-04-05 09:00 CEST", in the arena; NULL: out of memory. */
const char *routing_hours_text(const struct fr_turn *turn, const char *calendar, struct fr_time t);

/* When the first site opens at which somebody can serve that lane, and its calendar.  FR_NOT_FOUND:
 * somebody who can works at a site that is not outside of its hours. */
enum fr_error routing_hours_of_lane(const struct routing_look *look,
                                    const struct routing_lane *lane, struct fr_time *until,
                                    const char **calendar);

#endif
