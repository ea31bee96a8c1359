/* arena.c - a chain of blocks, newest first; the oldest one stays over resets.
 *
 * Under the address sanitizer what is not handed out is poisoned, so that a pointer kept over a
 * reset is caught at its first use.
 */
#include "common/base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include "common/base/error.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#endif

#ifdef POISONING
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define ALIGNMENT 16

struct block {
    struct block *older;
    size_t size, used; /* of bytes[] */
    alignas(ALIGNMENT) uint8_t bytes[];
};

struct fr_arena {
    struct block *newest;
    size_t block_size, size_max;
    size_t total; /* handed out, rounded up to the alignment */
};

static struct block *
block_new(size_t size, struct block *older)
{
    struct block *block;

    if (size > SIZE_MAX - sizeof(*block))
        return NULL;
    block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->older = older;
    block->size = size;
    block->used = 0;
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    return block;
}

static void
block_free(struct block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
    free(block);
}

struct fr_arena *
fr_arena_new(size_t block_size, size_t size_max)
{
    struct fr_arena *arena = malloc(sizeof(*arena));

    if (arena == NULL)
        return NULL;
    arena->newest = block_new(block_size, NULL);
    arena->block_size = block_size;
    arena->size_max = size_max;
    arena->total = 0;
    if (arena->newest == NULL) {
        free(arena);
        return NULL;
    }
    return arena;
}

void
fr_arena_free(struct fr_arena **arena)
{
    if (*arena == NULL)
        return;
    fr_arena_reset(*arena);
    block_free((*arena)->newest);
    free(*arena);
    *arena = NULL;
}

void *
fr_arena_alloc(struct fr_arena *arena, size_t size)
{
    size_t rounded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->newest;
    void *memory;

    if (rounded < size || rounded > arena->size_max - arena->total)
        return NULL;
    if (rounded > block->size - block->used) {
        /* The tail that is left unused is smaller than this request: at most half is wasted. */
        block = block_new(rounded > arena->block_size ? rounded : arena->block_size, block);
        if (block == NULL)
            return NULL;
        arena->newest = block;
    }
    memory = block->bytes + block->used;
    block->used += rounded;
    arena->total += rounded;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    return memory;
}

void *
fr_arena_zalloc(struct fr_arena *arena, size_t count, size_t item_size)
{
    size_t size;
    void *memory;

    if (__builtin_mul_overflow(count, item_size, &size))
        return NULL;
    memory = fr_arena_alloc(arena, size);
    return memory == NULL ? NULL : memset(memory, 0, size);
}

char *
fr_arena_strndup(struct fr_arena *arena, const void *text, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : fr_arena_alloc(arena, size + 1);

    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *
fr_arena_strdup(struct fr_arena *arena, const char *text)
{
    return fr_arena_strndup(arena, text, strlen(text));
}

char *
fr_arena_printf(struct fr_arena *arena, const char *format, ...)
{
    va_list args;
    int size;
    char *text;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        return NULL;
    text = fr_arena_alloc(arena, (size_t)size + 1);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}

struct fr_arena_mark
fr_arena_mark(struct fr_arena *arena)
{
    return (struct fr_arena_mark){arena->newest, arena->newest->used, arena->total};
}

void
fr_arena_release(struct fr_arena *arena, struct fr_arena_mark mark)
{
    while (arena->newest != mark.block) {
        struct block *gone = arena->newest;

        fr_assert(gone->older != NULL); /* the mark is of this arena and was not released before */
        arena->newest = gone->older;
        block_free(gone);
    }
    arena->newest->used = mark.used;
    arena->total = mark.total;
    ASAN_POISON_MEMORY_REGION(arena->newest->bytes + mark.used, arena->newest->size - mark.used);
}

void
fr_arena_reset(struct fr_arena *arena)
{
    struct block *oldest = arena->newest;

    while (oldest->older != NULL)
        oldest = oldest->older;
    fr_arena_release(arena, (struct fr_arena_mark){oldest, 0, 0});
}

size_t
fr_arena_used(const struct fr_arena *arena)
{
    return arena->total;
}
