/* path.c - the way of a message through the services, out of all their records. */
#include "services/fil/path.h"

#include <stdlib.h>
#include "common/base/error.h"
#include "common/base/id.h"
#include "services/fil/map.h"

#define DEPTH_MAX 64 /* a way with more steps in a row is a circle that damage made */

struct paths {
    struct fil_step *steps;
    size_t count;
    struct fil_map by_id; /* id -> index */
};

static void
open_paths(struct paths *paths, struct fil_step *steps, size_t count)
{
    *paths = (struct paths){.steps = steps, .count = count};
    for (size_t i = 0; i < count; i++) {
        steps[i].wanted = false;
        if (steps[i].id != 0)
            fil_map_set(&paths->by_id, steps[i].id, i);
    }
}

static struct fil_step *
cause_of(const struct paths *paths, const struct fil_step *step)
{
    uint64_t index;

    return fil_map_get(&paths->by_id, step->cause, &index) ? &paths->steps[index] : NULL;
}

/* The first of the causes that is still known. */
static const struct fil_step *
origin_of(const struct paths *paths, const struct fil_step *step)
{
    const struct fil_step *cause;

    for (int i = 0; i < DEPTH_MAX && (cause = cause_of(paths, step)) != NULL; i++)
        step = cause;
    return step;
}

/* ---- which ones ---- */

static bool
is_conversation(uint64_t key, uint16_t conversations)
{
    return key != 0 && fr_id_number(key) == conversations;
}

/* The conversations that the message became part of. */
static void
find_conversations(const struct paths *paths, const struct fil_step *root, uint16_t conversations,
                   struct fil_map *found)
{
    for (size_t i = 0; i < paths->count; i++)
        if (is_conversation(paths->steps[i].key, conversations) &&
            origin_of(paths, &paths->steps[i]) == root)
            fil_map_set(found, paths->steps[i].key, 1);
}

/* Does it, or anything that led to it, bear one of these keys? */
static bool
bears_key(const struct paths *paths, const struct fil_step *step, const struct fil_map *keys)
{
    uint64_t one;

    for (int i = 0; i < DEPTH_MAX && step != NULL; i++) {
        if (fil_map_get(keys, step->key, &one))
            return true;
        step = cause_of(paths, step);
    }
    return false;
}

size_t
fil_path_of_message(struct fil_step *steps, size_t count, uint64_t message, uint32_t customer_kind,
                    uint16_t conversations)
{
    struct fil_map keys = {.slots = NULL};
    const struct fil_step *root;
    struct paths paths;
    uint64_t index;
    size_t wanted = 0;

    open_paths(&paths, steps, count);
    if (fil_map_get(&paths.by_id, message, &index)) {
        root = &steps[index];
        find_conversations(&paths, root, conversations, &keys);
        for (size_t i = 0; i < count; i++) {
            const struct fil_step *origin = origin_of(&paths, &steps[i]);

            steps[i].wanted = origin == root ||
                              (origin->kind != customer_kind && steps[i].time_us >= root->time_us &&
                               bears_key(&paths, &steps[i], &keys));
            wanted += steps[i].wanted;
        }
    }
    fil_map_fini(&keys);
    fil_map_fini(&paths.by_id);
    return wanted;
}

/* From here up to its origin. */
static void
want_causes(const struct paths *paths, struct fil_step *step)
{
    for (int i = 0; i < DEPTH_MAX && step != NULL && !step->wanted; i++) {
        step->wanted = true;
        step = cause_of(paths, step);
    }
}

static bool
follows_from_wanted(const struct paths *paths, const struct fil_step *step)
{
    const struct fil_step *cause = cause_of(paths, step);

    for (int i = 0; i < DEPTH_MAX && cause != NULL; i++) {
        if (cause->wanted)
            return true;
        cause = cause_of(paths, cause);
    }
    return false;
}

size_t
fil_path_of_conversation(struct fil_step *steps, size_t count, uint64_t conversation)
{
    struct paths paths;
    size_t wanted = 0;

    open_paths(&paths, steps, count);
    for (size_t i = 0; i < count; i++)
        if (steps[i].key == conversation || steps[i].id == conversation)
            want_causes(&paths, &steps[i]);
    for (size_t i = 0; i < count; i++)
        if (!steps[i].wanted)
            steps[i].wanted = follows_from_wanted(&paths, &steps[i]);
    for (size_t i = 0; i < count; i++)
        wanted += steps[i].wanted;
    fil_map_fini(&paths.by_id);
    return wanted;
}

/* ---- in which order ---- */

static void
place(const struct paths *paths, struct fil_step *step)
{
    struct fil_step *chain[DEPTH_MAX];
    int length = 0;

    while (length < DEPTH_MAX && step != NULL && step->depth == 0) {
        chain[length++] = step;
        step = cause_of(paths, step);
    }
    while (length-- > 0) {
        chain[length]->depth = step != NULL ? step->depth + 1 : 1;
        chain[length]->order_us = chain[length]->time_us;
        if (step != NULL && step->order_us > chain[length]->order_us)
            chain[length]->order_us = step->order_us;
        step = chain[length];
    }
}

static int
compare(const void *left, const void *right)
{
    const struct fil_step *a = left, *b = right;

    if (a->order_us != b->order_us)
        return a->order_us < b->order_us ? -1 : 1;
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    if (a->journal != b->journal)
        return a->journal < b->journal ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

size_t
fil_path_order(struct fil_step *steps, size_t count)
{
    struct paths paths;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (steps[i].wanted)
            steps[kept++] = steps[i];
    open_paths(&paths, steps, kept);
    for (size_t i = 0; i < kept; i++)
        steps[i].depth = 0;
    for (size_t i = 0; i < kept; i++) {
        steps[i].wanted = true;
        place(&paths, &steps[i]);
    }
    fil_map_fini(&paths.by_id);
    qsort(steps, kept, sizeof(*steps), compare);
    return kept;
}
