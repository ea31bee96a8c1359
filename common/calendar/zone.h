/* zone.h - the clock on the wall of a place: offsets from UTC, with all their changes.
 *
 * Read from the system's zoneinfo (TZif, RFC 8536: the 64-bit data and the footer's rule for the
 * years after them), so that every change counts that the tz database knows: half hours (Lord
 * Howe), a day that never was (Apia 2011), a country that changed its mind.  Our own reader,
 * because libical keeps only what an iCalendar VTIMEZONE can say and begins in 1970.
 *
 * Immutable after loading: any thread may ask.
 */
#ifndef FR_CALENDAR_ZONE_H
#define FR_CALENDAR_ZONE_H

#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"

struct fr_zone; /* opaque */

struct fr_zone_period {       /* a time during which the offset does not change */
    int64_t start_s, end_s;   /* seconds since 1970 UTC, [start, end); INT64_MIN, INT64_MAX: open */
    int32_t offset_s;         /* local time less UTC */
    const char *abbreviation; /* "CET"; borrowed from the zone */
};

/* "Europe/Paris", from $TZDIR or /usr/share/zoneinfo.  FR_NOT_FOUND: there is none of that name (or
 * it is no name of a zone); FR_CORRUPT: not a TZif file, or one that counts leap seconds; FR_IO. */
enum fr_error fr_zone_load(const char *name, struct fr_zone **out);
/* The same from the bytes of a file. */
enum fr_error fr_zone_parse(struct fr_slice bytes, struct fr_zone **out);
void fr_zone_free(struct fr_zone **zone);

struct fr_zone_period fr_zone_at(const struct fr_zone *zone, int64_t unix_s);

#endif
