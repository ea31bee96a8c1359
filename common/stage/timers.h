/* timers.h - the order of the timers, in memory; the truth about them is a table (own.c).
 *
 *   lows     | 0 | 08:00:01.3 k2 id 7 | 08:00:04.9 ... |      one row per bucket, ascending
 *   buckets  [ sorted ] [ in any order ] [ in any order ] ... at most FR_TIMER_BUCKET_MAX each
 *
 * A tree of two levels with lazy leaves: a timer is put at the end of the bucket whose stretch of
 * time holds it, a full bucket is cut in two at its middle, and only the first bucket is sorted,
 * when somebody asks what comes first.  Sixteen bytes per timer, about eighteen with the room that
 * buckets keep, so ten million armed are under 200 MB.
 *
 * Why not a timing wheel: its slots are stretches of time, and ours are stretches of timers.  A
 * million that fall due in one microsecond are one slot of a wheel, to be sorted all at once; a
 * slot of its upper levels is moved down all at once.  Here nothing takes longer than sorting one
 * bucket, however the dues lie, and order within a microsecond (kind, then id) costs nothing more.
 * Why not a heap: ten million are 24 levels of cache misses per fire, and what was disarmed cannot
 * be found in it; here it is one scan of a bucket, so the order is exact and holds no stale
 * entries.
 *
 * Whoever takes back what a decide did (fr_store_undo) takes it back here too: mark and undo.
 */
#ifndef FR_STAGE_TIMERS_H
#define FR_STAGE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/error.h"
#include "common/stage/stage.h"

#define FR_TIMER_BUCKET_MAX 1024

struct fr_timer {
    int64_t due_us;
    uint64_t id;
    uint32_t kind;
    uint32_t spare;
};

/* A timer as it is kept: due in 52 bits (1970 to 2112; what lies outside is first or last), kind in
 * 12, id in 64; compared as one number. */
struct fr_timer_place {
    uint64_t when; /* due_us << 12 | kind - FR_TIMER_KIND */
    uint64_t id;
};

struct fr_timer_bucket {
    struct fr_timer_place *places;
    uint32_t count, room;
};

struct fr_timer_change { /* for undo */
    struct fr_timer_place place;
    bool added;
};

struct fr_timers {
    struct fr_timer_place *lows; /* the least place that a bucket may hold; the first holds any */
    struct fr_timer_bucket *buckets;
    size_t bucket_count, bucket_room;
    size_t count;      /* timers in all */
    bool first_sorted; /* the first bucket, latest first: the next to fire is its last */
    struct fr_timer_change *changes;
    size_t change_count, change_room;
};

void fr_timers_fini(struct fr_timers *timers);

/* FR_NO_MEMORY changes nothing.  The same timer twice is a bug of the caller's. */
enum fr_error fr_timers_add(struct fr_timers *timers, struct fr_timer timer);
/* FR_NOT_FOUND: it is not there. */
enum fr_error fr_timers_remove(struct fr_timers *timers, struct fr_timer timer);
/* The earliest (equal dues: by kind, then id); false: there is none. */
bool fr_timers_first(struct fr_timers *timers, struct fr_timer *timer);

/* Everything added and removed since the mark is taken back.  One mark at a time. */
void fr_timers_mark(struct fr_timers *timers);
void fr_timers_undo(struct fr_timers *timers);

/* All at once into an empty order: O(count) and much faster than one by one.  `places` is the
 * caller's, and is left in another order.  FR_NO_MEMORY leaves some of them in. */
enum fr_error fr_timers_fill(struct fr_timers *timers, struct fr_timer_place *places, size_t count);
struct fr_timer_place fr_timer_place(struct fr_timer timer);

/* Bytes held. */
size_t fr_timers_size(const struct fr_timers *timers);

/* Private to timers.c and timers_fill.c. */
__extension__ typedef unsigned __int128 fr_timer_key;
static inline fr_timer_key
fr_timer_key_of(struct fr_timer_place place)
{
    return (fr_timer_key)place.when << 64 | place.id;
}
enum fr_error fr_timers_append_bucket(struct fr_timers *timers, struct fr_timer_place low,
                                      const struct fr_timer_place *places, size_t count);

#endif
