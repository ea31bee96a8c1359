/* rate.h - so many in a minute, some of them at once; later ones are told how long to wait.
 *
 * Method: the generic cell rate algorithm (ITU-T I.371), which needs one number per guest: the time
 * at which he would be even if he had been as fast as allowed all along.
 */
#ifndef FR_WEBCHAT_RATE_H
#define FR_WEBCHAT_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include "common/base/time.h"

struct webchat_rate { /* all zero at the start */
    int64_t even_us;  /* monotonic */
};

/* Takes one at `now` if that is allowed.  false: nothing is taken, and *wait is how long until it
 * is. Allowed are per_minute in the long run, and a third of them (at least one) at once. */
static inline bool
webchat_rate_take(struct webchat_rate *rate, int64_t per_minute, struct fr_span now,
                  struct fr_span *wait)
{
    int64_t step = 60 * INT64_C(1000000) / per_minute;
    int64_t ahead_max = step * (per_minute / 3 > 1 ? per_minute / 3 : 1);
    int64_t even = rate->even_us > now.us ? rate->even_us : now.us;

    if (even + step - now.us > ahead_max) {
        wait->us = even + step - now.us - ahead_max;
        return false;
    }
    rate->even_us = even + step;
    return true;
}

#endif
