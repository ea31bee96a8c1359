/* time.h - points in time and lengths of time are different types, so that they cannot be mixed up.
 *
 * A point is an instant in UTC, microseconds since 1970-01-01 (leap seconds ignored, as POSIX
 * does). Microseconds and not the usual milliseconds, because a message crosses a stage in less
 * than one.
 */
#ifndef FR_BASE_TIME_H
#define FR_BASE_TIME_H

#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"

struct fr_time {
    int64_t unix_us; /* 0 = unset */
};

struct fr_span {
    int64_t us; /* may be negative */
};

/* The wall clock.  For the stage's clock and for log lines only: decide gets turn->now instead. */
struct fr_time fr_time_wall(void);

/* CLOCK_MONOTONIC, for lengths of time inside one run. */
struct fr_span fr_time_monotonic(void);

static inline struct fr_time
fr_time_add(struct fr_time t, struct fr_span span)
{
    return (struct fr_time){t.unix_us + span.us};
}

static inline struct fr_span
fr_time_since(struct fr_time later, struct fr_time earlier)
{
    return (struct fr_span){later.unix_us - earlier.unix_us};
}

static inline struct fr_span
fr_seconds(int64_t seconds)
{
    return (struct fr_span){seconds * 1000000};
}

static inline struct fr_span
fr_millis(int64_t millis)
{
    return (struct fr_span){millis * 1000};
}

#define FR_TIME_TEXT_SIZE 32 /* bytes for either text form, with its NUL */

/* "2027-03-14T09:26:53.589793Z" into text[FR_TIME_TEXT_SIZE]; returns text. */
char *fr_time_format(struct fr_time t, char *text);

/* "840ms", "1m30s", "2h", "12us": the largest units that say it exactly enough; returns text. */
char *fr_span_format(struct fr_span span, char *text);

/* RFC 3339 in UTC or with an offset.  FR_INVALID when it is anything else. */
enum fr_error fr_time_parse(struct fr_slice text, struct fr_time *out);

/* "250ms", "60s", "5m", "2h", "7d", "1h30m".  A bare number is refused (FR_INVALID): its unit would
 * be a guess.  "0" alone is allowed. */
enum fr_error fr_span_parse(struct fr_slice text, struct fr_span *out);

#endif
