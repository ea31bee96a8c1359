/* journal_hold.c - buffers of frames that live as long as somebody sends from them, and their pool.
 */
#include "common/journal/journal_hold.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FREE_MAX 2               /* kept per class for the next taker */
#define KEPT_SIZE_MAX (4u << 20) /* a buffer touched further than this is not worth keeping */

struct fr_hold {
    atomic_uint refs;
    enum fr_hold_class which;
    size_t touched;
    uint8_t *data;
    struct fr_pool *pool;
    struct fr_hold *next; /* in the pool's free list */
};

struct fr_pool {
    pthread_mutex_t lock;
    size_t out; /* holds not in a free list, and one for the owner */
    bool closed;
    struct fr_hold *free[FR_HOLD_CLASS_COUNT];
    size_t free_count[FR_HOLD_CLASS_COUNT];
};

static const size_t capacities[FR_HOLD_CLASS_COUNT] = {FR_SLAB_CAPACITY, FR_CHUNK_CAPACITY};

struct fr_pool *
fr_pool_new(void)
{
    struct fr_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pool->out = 1;
    return pool;
}

static void
hold_free(struct fr_hold *hold)
{
    munmap(hold->data, capacities[hold->which]);
    free(hold);
}

static void
list_free(struct fr_hold *list)
{
    while (list != NULL) {
        struct fr_hold *next = list->next;

        hold_free(list);
        list = next;
    }
}

/* Takes the free lists away under the lock; unmapping is done outside it. */
void
fr_pool_settle(struct fr_pool *pool)
{
    struct fr_hold *lists[FR_HOLD_CLASS_COUNT];

    pthread_mutex_lock(&pool->lock);
    memcpy(lists, pool->free, sizeof(lists));
    memset(pool->free, 0, sizeof(pool->free));
    memset(pool->free_count, 0, sizeof(pool->free_count));
    pthread_mutex_unlock(&pool->lock);
    for (int which = 0; which < FR_HOLD_CLASS_COUNT; which++)
        list_free(lists[which]);
}

/* One share less; the last one out puts the lights off. */
static void
leave(struct fr_pool *pool)
{
    bool last;

    pthread_mutex_lock(&pool->lock);
    last = --pool->out == 0;
    pthread_mutex_unlock(&pool->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void
fr_pool_close(struct fr_pool **pool)
{
    if (*pool == NULL)
        return;
    pthread_mutex_lock(&(*pool)->lock);
    (*pool)->closed = true;
    pthread_mutex_unlock(&(*pool)->lock);
    fr_pool_settle(*pool);
    leave(*pool);
    *pool = NULL;
}

/* MAP_NORESERVE: the address space of a whole slab is taken, its memory as it is used. */
static struct fr_hold *
hold_new(struct fr_pool *pool, enum fr_hold_class which)
{
    struct fr_hold *hold = calloc(1, sizeof(*hold));

    if (hold == NULL)
        return NULL;
    hold->which = which;
    hold->pool = pool;
    hold->data = mmap(NULL, capacities[which], PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (hold->data == MAP_FAILED) {
        free(hold);
        return NULL;
    }
    return hold;
}

struct fr_hold *
fr_hold_take(struct fr_pool *pool, enum fr_hold_class which)
{
    struct fr_hold *hold;

    pthread_mutex_lock(&pool->lock);
    hold = pool->free[which];
    if (hold != NULL) {
        pool->free[which] = hold->next;
        pool->free_count[which]--;
    }
    pool->out++;
    pthread_mutex_unlock(&pool->lock);
    if (hold == NULL)
        hold = hold_new(pool, which);
    if (hold == NULL) {
        leave(pool);
        return NULL;
    }
    atomic_init(&hold->refs, 1);
    return hold;
}

struct fr_hold *
fr_hold_keep(struct fr_hold *hold)
{
    atomic_fetch_add_explicit(&hold->refs, 1, memory_order_relaxed);
    return hold;
}

void
fr_hold_release(struct fr_hold *hold)
{
    struct fr_pool *pool;
    bool kept = false;

    if (hold == NULL || atomic_fetch_sub_explicit(&hold->refs, 1, memory_order_acq_rel) != 1)
        return;
    pool = hold->pool;
    pthread_mutex_lock(&pool->lock);
    if (!pool->closed && pool->free_count[hold->which] < FREE_MAX &&
        hold->touched <= KEPT_SIZE_MAX) {
        hold->next = pool->free[hold->which];
        pool->free[hold->which] = hold;
        pool->free_count[hold->which]++;
        kept = true;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!kept)
        hold_free(hold);
    leave(pool);
}

uint8_t *
fr_hold_data(const struct fr_hold *hold)
{
    return hold->data;
}

void
fr_hold_touched(struct fr_hold *hold, size_t size)
{
    if (size > hold->touched)
        hold->touched = size;
}
