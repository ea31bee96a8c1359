/* zone_rule.h - the rule at a zone file's end: "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX TZ, RFC 8536
 * section 3.3).  Private to this room. */
#ifndef FR_CALENDAR_ZONE_RULE_H
#define FR_CALENDAR_ZONE_RULE_H

#include <stdbool.h>
#include "common/calendar/date.h"

#define ZONE_ABBREVIATION_SIZE 12

struct zone_change {
    char form; /* 'M': month, week, weekday; 'J': day 1..365 without leap days; 'n': day 0..365 */
    int month, week, day; /* M: week 5 is the last, day 0 is Sunday; J, n: day */
    int32_t time_s;       /* on the wall before the change, may lie outside of the day */
};
struct zone_rule {
    char standard[ZONE_ABBREVIATION_SIZE], summer[ZONE_ABBREVIATION_SIZE];
    int32_t standard_s, summer_s; /* offsets: local time less UTC */
    bool changes;                 /* false: standard all year, nothing below is set */
    struct zone_change to_summer, to_standard;
};

/* FR_INVALID when it is no such rule. */
enum fr_error zone_rule_parse(const char *text, struct zone_rule *out);
/* When a change happens in that year, seconds since 1970 UTC; offset_s holds before it. */
int64_t zone_change_at(const struct zone_change *change, int year, int32_t offset_s);

#endif
