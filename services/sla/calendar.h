/* calendar.h - business time: when are we open?
 *
 * All that the rest of sla knows about it.  Here every instant is open (24/7); a calendar with time
 * zone, opening hours and holidays answers the same two questions.
 */
#ifndef FR_SLA_CALENDAR_H
#define FR_SLA_CALENDAR_H

#include "common/base/error.h"
#include "common/base/time.h"

struct sla_calendar; /* opaque */

/* The calendar that is always open. */
const struct sla_calendar *sla_calendar_always(void);
const char *sla_calendar_name(const struct sla_calendar *calendar);

/* The instant at which `business` of open time have passed since `from`.  FR_NOT_FOUND: never. */
enum fr_error sla_calendar_add(const struct sla_calendar *calendar, struct fr_time from,
                               struct fr_span business, struct fr_time *out);
/* Open time between two instants; 0 when `to` is not after `from`. */
struct fr_span sla_calendar_within(const struct sla_calendar *calendar, struct fr_time from,
                                   struct fr_time to);

#endif
