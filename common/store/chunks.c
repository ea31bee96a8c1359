/* chunks.c - a free list of mmapped chunks. */
#include "common/store/chunks.h"

#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHUNKS_ARE_POISONED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CHUNKS_ARE_POISONED 1
#endif

/* Under the address sanitizer a value borrowed beyond its checkpoint is caught on its first use. */
#ifdef CHUNKS_ARE_POISONED
#include <sanitizer/asan_interface.h>
#define POISON(start, size) __asan_poison_memory_region(start, size)
#define UNPOISON(start, size) __asan_unpoison_memory_region(start, size)
#else
#define POISON(start, size) ((void)0)
#define UNPOISON(start, size) ((void)0)
#endif

struct fr_free_chunk { /* lies at the start of the chunk itself */
    struct fr_free_chunk *next;
};

void *
fr_pages_new(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

void
fr_pages_free(void *pages, size_t size)
{
    if (pages != NULL)
        munmap(pages, size);
}

void *
fr_chunk_take(struct fr_chunk_pool *pool)
{
    struct fr_free_chunk *chunk = pool->first;

    if (chunk == NULL)
        return fr_pages_new(FR_CHUNK_SIZE);
    pool->first = chunk->next;
    pool->count--;
    UNPOISON(chunk, FR_CHUNK_SIZE);
    return chunk;
}

void
fr_chunk_give(struct fr_chunk_pool *pool, void *chunk)
{
    struct fr_free_chunk *given = chunk;

    given->next = pool->first;
    pool->first = given;
    pool->count++;
    POISON(given + 1, FR_CHUNK_SIZE - sizeof *given);
}

void
fr_chunk_trim(struct fr_chunk_pool *pool, size_t keep)
{
    while (pool->count > keep)
        fr_pages_free(fr_chunk_take(pool), FR_CHUNK_SIZE);
}
