/* backoff.h - how long to wait before a child that ended is started again.  Pure. */
#ifndef FR_FIL_BACKOFF_H
#define FR_FIL_BACKOFF_H

#include "common/base/time.h"

struct fil_backoff {
    struct fr_span next; /* 0: nothing went wrong lately */
};

/* The child ran for `lived` and ended: 100 ms, doubled each time up to 10 s, and from the start
 * again after 30 s of health. */
struct fr_span fil_backoff_ended(struct fil_backoff *backoff, struct fr_span lived);

#endif
