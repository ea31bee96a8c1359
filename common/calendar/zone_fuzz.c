/* zone_fuzz.c - any bytes as a zoneinfo file: refused, or a zone whose periods follow each other.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/calendar/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fr_zone *zone;

    if (fr_zone_parse(fr_slice(data, size), &zone) != FR_OK)
        return 0;
    for (int64_t at = -INT64_C(4000000000); at < INT64_C(8000000000); at += 40000000) {
        struct fr_zone_period period = fr_zone_at(zone, at);

        fr_assert(period.start_s <= at && at < period.end_s);
        if (period.end_s != INT64_MAX)
            fr_assert(fr_zone_at(zone, period.end_s).start_s == period.end_s);
    }
    fr_zone_free(&zone);
    return 0;
}
