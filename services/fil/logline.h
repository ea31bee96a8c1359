/* logline.h - one line of a service's log, as it reaches the terminal.  Pure. */
#ifndef FR_FIL_LOGLINE_H
#define FR_FIL_LOGLINE_H

#include <stdbool.h>
#include <stdio.h>
#include "common/base/slice.h"

/* A line of JSON (common/base/log.h) becomes
 *
 *     14:03:21.733 routing offered conversation=7f3a agent=ann
 *
 * in UTC, as all logs here.  Whatever else a child says (a complaint about its configuration, a
 * crash) becomes `HH:MM:SS.mmm <service> | text`, with `now_us` for the time.  With `json` the line
 * goes out as it is, and other text is wrapped as {"time", "level": "error", "service", "verb":
 * "said", "text"}. */
struct fil_logline_style {
    bool json, colour;
};
void fil_logline(FILE *out, struct fr_slice line, const char *service, int64_t now_us,
                 struct fil_logline_style style);

#endif
