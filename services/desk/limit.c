/* limit.c - how often somebody may try to sign in: leaky buckets in fixed memory. */
#include "services/desk/limit.h"

#include <string.h>
#include "common/base/hash.h"

void
desk_limit_init(struct desk_limit *limit, unsigned burst, struct fr_span refill)
{
    memset(limit, 0, sizeof(*limit));
    limit->refill_us = refill.us;
    limit->burst_us = refill.us * burst;
}

static struct desk_bucket *
bucket_of(struct desk_limit *limit, const char *key, bool make)
{
    uint64_t hash = fr_hash(key, strlen(key)) | 1;
    struct desk_bucket *set = limit->buckets[(hash >> 8) % DESK_LIMIT_SETS], *emptiest = &set[0];

    for (size_t i = 0; i < DESK_LIMIT_WAYS; i++) {
        if (set[i].key == hash)
            return &set[i];
        if (set[i].empty_us < emptiest->empty_us)
            emptiest = &set[i];
    }
    if (!make)
        return NULL;
    *emptiest = (struct desk_bucket){.key = hash};
    return emptiest;
}

bool
desk_limit_take(struct desk_limit *limit, const char *key, struct fr_span now)
{
    struct desk_bucket *bucket = bucket_of(limit, key, true);
    int64_t empty_us = bucket->empty_us > now.us ? bucket->empty_us : now.us;

    if (empty_us + limit->refill_us > now.us + limit->burst_us)
        return false;
    bucket->empty_us = empty_us + limit->refill_us;
    return true;
}

void
desk_limit_give_back(struct desk_limit *limit, const char *key, struct fr_span now)
{
    struct desk_bucket *bucket = bucket_of(limit, key, false);

    if (bucket != NULL && bucket->empty_us > now.us)
        bucket->empty_us -= limit->refill_us;
}
