/* timers_fill.c - ten million timers into their buckets at the start of the process.
 *
 * Divided from the most significant bits down (a radix exchange: McIlroy, Bostic, McIlroy,
 * "Engineering Radix Sort", Computing Systems 6(1), 1993), in place, and only until a group fits
 * into a bucket: nothing within a bucket need be sorted.  Each group is divided between its own
 * least and greatest place, so that timers which lie close together do not cost empty passes.
 */
#include "common/stage/timers.h"

#include <string.h>

#define FILLED 896 /* places that a bucket gets at most: what is armed next finds room */
#define DIGITS 256

struct group {
    struct fr_timer_place *places;
    size_t count;
};

/* ---- dividing ---- */

struct measure { /* how a group is divided: (key - least) >> shift */
    fr_timer_key least;
    unsigned shift;
};

static inline unsigned
digit_of(const struct measure *measure, struct fr_timer_place place)
{
    return (unsigned)((fr_timer_key_of(place) - measure->least) >> measure->shift);
}

static unsigned
bit_length(fr_timer_key value)
{
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;

    if (high != 0)
        return 128 - (unsigned)__builtin_clzll(high);
    return low == 0 ? 0 : 64 - (unsigned)__builtin_clzll(low);
}

static struct measure
measure_of(const struct group *group)
{
    fr_timer_key least = fr_timer_key_of(group->places[0]), greatest = least;
    unsigned bits;

    for (size_t i = 1; i < group->count; i++) {
        fr_timer_key key = fr_timer_key_of(group->places[i]);

        least = key < least ? key : least;
        greatest = key > greatest ? key : greatest;
    }
    bits = bit_length(greatest - least);
    return (struct measure){least, bits > 8 ? bits - 8 : 0};
}

/* Moves each place to where its digit's stretch is; ends[d] is the end of it. */
static void
divide(const struct group *group, const struct measure *measure, size_t ends[DIGITS])
{
    size_t starts[DIGITS], counts[DIGITS] = {0}, at = 0;

    for (size_t i = 0; i < group->count; i++)
        counts[digit_of(measure, group->places[i])]++;
    for (unsigned d = 0; d < DIGITS; d++) {
        starts[d] = at;
        at += counts[d];
        ends[d] = at;
    }
    for (unsigned d = 0; d < DIGITS; d++)
        while (starts[d] < ends[d]) {
            struct fr_timer_place moved = group->places[starts[d]];
            unsigned digit;

            while ((digit = digit_of(measure, moved)) != d) {
                struct fr_timer_place other = group->places[starts[digit]];

                group->places[starts[digit]++] = moved;
                moved = other;
            }
            group->places[starts[d]++] = moved;
        }
}

/* ---- into buckets ---- */

/* Small groups share a bucket: `waiting` is what lies just before the next group and has none yet.
 */
struct filling {
    struct fr_timers *timers;
    struct group waiting;
};

static enum fr_error
flush(struct filling *filling)
{
    struct group *waiting = &filling->waiting;
    struct fr_timer_place low = {0, 0};
    enum fr_error err;

    if (waiting->count == 0)
        return FR_OK;
    if (filling->timers->bucket_count > 0) {
        low = waiting->places[0];
        for (size_t i = 1; i < waiting->count; i++)
            if (fr_timer_key_of(waiting->places[i]) < fr_timer_key_of(low))
                low = waiting->places[i];
    }
    err = fr_timers_append_bucket(filling->timers, low, waiting->places, waiting->count);
    waiting->places += waiting->count;
    waiting->count = 0;
    return err;
}

/* Groups come in ascending order and lie side by side. */
static enum fr_error
place_group(struct filling *filling, struct group group)
{
    size_t ends[DIGITS], from = 0;
    struct measure measure;
    enum fr_error err = FR_OK;

    if (group.count <= FILLED) {
        if (filling->waiting.count + group.count > FILLED)
            err = flush(filling);
        filling->waiting.count += group.count;
        return err;
    }
    measure = measure_of(&group);
    divide(&group, &measure, ends);
    for (unsigned d = 0; err == FR_OK && d < DIGITS; d++) {
        if (ends[d] > from)
            err = place_group(filling, (struct group){group.places + from, ends[d] - from});
        from = ends[d];
    }
    return err;
}

enum fr_error
fr_timers_fill(struct fr_timers *timers, struct fr_timer_place *places, size_t count)
{
    struct filling filling = {timers, {places, 0}};
    enum fr_error err = FR_OK;

    fr_assert(timers->count == 0);
    if (count > 0)
        err = place_group(&filling, (struct group){places, count});
    return err == FR_OK ? flush(&filling) : err;
}
