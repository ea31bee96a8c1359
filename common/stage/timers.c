/* timers.c - buckets of due times: add, remove, what comes first, and taking back. */
#include "common/stage/timers.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_STEP                                                                                  \
    128 /* places by which a bucket grows; a quarter more than this empty, it shrinks */
#define DUE_MAX ((INT64_C(1) << 52) - 1)

/* ---- places ---- */

struct fr_timer_place
fr_timer_place(struct fr_timer timer)
{
    int64_t due_us = timer.due_us < 0 ? 0 : timer.due_us > DUE_MAX ? DUE_MAX : timer.due_us;

    fr_assert(timer.kind - FR_TIMER_KIND < 0x1000);
    return (struct fr_timer_place){(uint64_t)due_us << 12 | (timer.kind - FR_TIMER_KIND), timer.id};
}

static struct fr_timer
timer_at(struct fr_timer_place place)
{
    return (struct fr_timer){.due_us = (int64_t)(place.when >> 12),
                             .id = place.id,
                             .kind = FR_TIMER_KIND + (uint32_t)(place.when & 0xfff)};
}

static bool
before(struct fr_timer_place a, struct fr_timer_place b)
{
    return fr_timer_key_of(a) < fr_timer_key_of(b);
}

static int
latest_first(const void *a, const void *b)
{
    const struct fr_timer_place *x = a, *y = b;

    if (before(*y, *x))
        return -1;
    return before(*x, *y) ? 1 : 0;
}

static void
sort(struct fr_timer_bucket *bucket)
{
    qsort(bucket->places, bucket->count, sizeof(bucket->places[0]), latest_first);
}

/* ---- buckets ---- */

void
fr_timers_fini(struct fr_timers *timers)
{
    for (size_t i = 0; i < timers->bucket_count; i++)
        free(timers->buckets[i].places);
    free(timers->buckets);
    free(timers->lows);
    free(timers->changes);
    *timers = (struct fr_timers){0};
}

size_t
fr_timers_size(const struct fr_timers *timers)
{
    size_t size = timers->bucket_room * (sizeof(timers->lows[0]) + sizeof(timers->buckets[0]));

    for (size_t i = 0; i < timers->bucket_count; i++)
        size += timers->buckets[i].room * sizeof(struct fr_timer_place);
    return size;
}

static bool
index_has_room(struct fr_timers *timers)
{
    size_t room = timers->bucket_room == 0 ? 16 : timers->bucket_room * 2;
    struct fr_timer_bucket *buckets;
    struct fr_timer_place *lows;

    if (timers->bucket_count < timers->bucket_room)
        return true;
    lows = realloc(timers->lows, room * sizeof(*lows));
    if (lows == NULL)
        return false;
    timers->lows = lows;
    buckets = realloc(timers->buckets, room * sizeof(*buckets));
    if (buckets == NULL)
        return false;
    timers->buckets = buckets;
    timers->bucket_room = room;
    return true;
}

/* A new bucket at `index` with copies of `places`. */
static enum fr_error
insert_bucket(struct fr_timers *timers, size_t index, struct fr_timer_place low,
              const struct fr_timer_place *places, size_t count)
{
    size_t room = (count / ROOM_STEP + 1) * ROOM_STEP, after = timers->bucket_count - index;
    struct fr_timer_place *copy;

    if (!index_has_room(timers))
        return FR_NO_MEMORY;
    copy = malloc(room * sizeof(*copy));
    if (copy == NULL)
        return FR_NO_MEMORY;
    if (count > 0)
        memcpy(copy, places, count * sizeof(*copy));
    memmove(&timers->lows[index + 1], &timers->lows[index], after * sizeof(timers->lows[0]));
    memmove(&timers->buckets[index + 1], &timers->buckets[index],
            after * sizeof(timers->buckets[0]));
    timers->lows[index] = low;
    timers->buckets[index] = (struct fr_timer_bucket){copy, (uint32_t)count, (uint32_t)room};
    timers->bucket_count++;
    return FR_OK;
}

enum fr_error
fr_timers_append_bucket(struct fr_timers *timers, struct fr_timer_place low,
                        const struct fr_timer_place *places, size_t count)
{
    enum fr_error err = insert_bucket(timers, timers->bucket_count, low, places, count);

    if (err == FR_OK)
        timers->count += count;
    return err;
}

static void
remove_bucket(struct fr_timers *timers, size_t index)
{
    size_t after = timers->bucket_count - index - 1;

    free(timers->buckets[index].places);
    memmove(&timers->lows[index], &timers->lows[index + 1], after * sizeof(timers->lows[0]));
    memmove(&timers->buckets[index], &timers->buckets[index + 1],
            after * sizeof(timers->buckets[0]));
    timers->bucket_count--;
    if (index == 0)
        timers->first_sorted = false;
}

/* The bucket whose stretch holds `place`: the last one with a low that is not after it. */
static size_t
bucket_of(const struct fr_timers *timers, struct fr_timer_place place)
{
    size_t from = 0, count = timers->bucket_count;

    while (count > 1) {
        size_t half = count / 2;

        if (!before(place, timers->lows[from + half]))
            from += half;
        count -= half;
    }
    return from;
}

/* A full bucket is cut at its middle: the later half becomes a bucket of its own. */
static enum fr_error
split(struct fr_timers *timers, size_t index)
{
    struct fr_timer_bucket *bucket = &timers->buckets[index];
    size_t later = bucket->count / 2;
    enum fr_error err;

    if (index != 0 || !timers->first_sorted)
        sort(bucket);
    err = insert_bucket(timers, index + 1, bucket->places[later - 1], bucket->places, later);
    if (err != FR_OK)
        return err;
    bucket = &timers->buckets[index];
    bucket->count -= (uint32_t)later;
    memmove(bucket->places, bucket->places + later, bucket->count * sizeof(bucket->places[0]));
    return FR_OK;
}

static bool
resize(struct fr_timer_bucket *bucket, uint32_t room)
{
    struct fr_timer_place *places = realloc(bucket->places, room * sizeof(*places));

    if (places == NULL)
        return false;
    bucket->places = places;
    bucket->room = room;
    return true;
}

/* Where `place` stands, or would, in a bucket that is sorted latest first. */
static size_t
sorted_index(const struct fr_timer_bucket *bucket, struct fr_timer_place place)
{
    size_t from = 0, to = bucket->count;

    while (from < to) {
        size_t middle = (from + to) / 2;

        if (before(place, bucket->places[middle]))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* ---- adding and removing ---- */

static bool
same(struct fr_timer_place a, struct fr_timer_place b)
{
    return a.id == b.id && a.when == b.when;
}

static enum fr_error
add(struct fr_timers *timers, struct fr_timer_place place)
{
    struct fr_timer_bucket *bucket;
    size_t index, at;
    enum fr_error err = FR_OK;

    if (timers->bucket_count == 0)
        err = insert_bucket(timers, 0, (struct fr_timer_place){0, 0}, NULL, 0);
    if (err != FR_OK)
        return err;
    index = bucket_of(timers, place);
    if (timers->buckets[index].count == FR_TIMER_BUCKET_MAX) {
        err = split(timers, index);
        if (err != FR_OK)
            return err;
        index = bucket_of(timers, place);
    }
    bucket = &timers->buckets[index];
    if (bucket->count == bucket->room && !resize(bucket, bucket->room + ROOM_STEP))
        return FR_NO_MEMORY;
    at = index == 0 && timers->first_sorted ? sorted_index(bucket, place) : bucket->count;
    memmove(&bucket->places[at + 1], &bucket->places[at],
            (bucket->count - at) * sizeof(bucket->places[0]));
    bucket->places[at] = place;
    bucket->count++;
    timers->count++;
    return FR_OK;
}

static enum fr_error
take_out(struct fr_timers *timers, struct fr_timer_place place)
{
    bool sorted;
    struct fr_timer_bucket *bucket;
    size_t index, at = 0;

    if (timers->bucket_count == 0)
        return FR_NOT_FOUND;
    index = bucket_of(timers, place);
    sorted = index == 0 && timers->first_sorted;
    bucket = &timers->buckets[index];
    if (sorted)
        at = sorted_index(bucket, place);
    else
        while (at < bucket->count && !same(bucket->places[at], place))
            at++;
    if (at == bucket->count || !same(bucket->places[at], place))
        return FR_NOT_FOUND;
    bucket->count--;
    timers->count--;
    if (sorted)
        memmove(&bucket->places[at], &bucket->places[at + 1],
                (bucket->count - at) * sizeof(bucket->places[0]));
    else
        bucket->places[at] = bucket->places[bucket->count];
    if (bucket->count == 0)
        remove_bucket(timers, index);
    else if (bucket->room - bucket->count > ROOM_STEP + ROOM_STEP / 4)
        resize(bucket, bucket->room - ROOM_STEP); /* it is as good when it stays */
    return FR_OK;
}

static bool
changes_have_room(struct fr_timers *timers)
{
    size_t room = timers->change_room == 0 ? 64 : timers->change_room * 2;
    struct fr_timer_change *changes;

    if (timers->change_count < timers->change_room)
        return true;
    changes = realloc(timers->changes, room * sizeof(*changes));
    if (changes == NULL)
        return false;
    timers->changes = changes;
    timers->change_room = room;
    return true;
}

enum fr_error
fr_timers_add(struct fr_timers *timers, struct fr_timer timer)
{
    struct fr_timer_place place = fr_timer_place(timer);
    enum fr_error err = changes_have_room(timers) ? add(timers, place) : FR_NO_MEMORY;

    if (err == FR_OK)
        timers->changes[timers->change_count++] = (struct fr_timer_change){place, true};
    return err;
}

enum fr_error
fr_timers_remove(struct fr_timers *timers, struct fr_timer timer)
{
    struct fr_timer_place place = fr_timer_place(timer);
    enum fr_error err = changes_have_room(timers) ? take_out(timers, place) : FR_NO_MEMORY;

    if (err == FR_OK)
        timers->changes[timers->change_count++] = (struct fr_timer_change){place, false};
    return err;
}

bool
fr_timers_first(struct fr_timers *timers, struct fr_timer *timer)
{
    struct fr_timer_bucket *bucket = timers->buckets;

    if (timers->count == 0)
        return false;
    if (!timers->first_sorted)
        sort(bucket);
    timers->first_sorted = true;
    *timer = timer_at(bucket->places[bucket->count - 1]);
    return true;
}

/* ---- taking back ---- */

void
fr_timers_mark(struct fr_timers *timers)
{
    timers->change_count = 0;
}

void
fr_timers_undo(struct fr_timers *timers)
{
    while (timers->change_count > 0) {
        struct fr_timer_change change = timers->changes[--timers->change_count];
        enum fr_error err =
            change.added ? take_out(timers, change.place) : add(timers, change.place);

        fr_assert(err == FR_OK);
    }
}
