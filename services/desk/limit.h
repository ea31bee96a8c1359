/* limit.h - how often somebody may try to sign in: leaky buckets in fixed memory.
 *
 * Each key (a name, an address) has a bucket that holds `burst` tries and leaks one per `refill`.
 * A try that turned out right is given back, so that only failures count.  Memory is fixed: when
 * every place for a key is taken the emptiest bucket makes room, which forgives whoever has done
 * least harm.
 */
#ifndef FR_DESK_LIMIT_H
#define FR_DESK_LIMIT_H

#include <stdbool.h>
#include "common/base/time.h"

#define DESK_LIMIT_SETS 256
#define DESK_LIMIT_WAYS 4

struct desk_limit {
    int64_t burst_us;  /* burst times refill: what a full bucket holds */
    int64_t refill_us; /* one try */
    struct desk_bucket {
        uint64_t key;     /* hash; 0: free */
        int64_t empty_us; /* when it will have leaked out */
    } buckets[DESK_LIMIT_SETS][DESK_LIMIT_WAYS];
};

void desk_limit_init(struct desk_limit *limit, unsigned burst, struct fr_span refill);
/* One try more at `now` (monotonic).  False: too many. */
bool desk_limit_take(struct desk_limit *limit, const char *key, struct fr_span now);
void desk_limit_give_back(struct desk_limit *limit, const char *key, struct fr_span now);

#endif
