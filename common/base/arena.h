/* arena.h - memory for one turn: many small allocations, freed all at once, within a budget. */
#ifndef FR_BASE_ARENA_H
#define FR_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include "common/base/slice.h"

struct fr_arena; /* opaque */

/* An arena that hands out at most `size_max` bytes between two resets.  It keeps its first block
 * (`block_size` bytes) over resets, so a turn that fits allocates nothing.  NULL: out of memory. */
struct fr_arena *fr_arena_new(size_t block_size, size_t size_max);
void fr_arena_free(struct fr_arena **arena);

/* 16-byte aligned.  NULL when the budget or the memory is spent.  Not zeroed. */
void *fr_arena_alloc(struct fr_arena *arena, size_t size);
void *fr_arena_zalloc(struct fr_arena *arena, size_t count, size_t item_size);

/* Copies with a final NUL.  NULL when the budget is spent. */
char *fr_arena_strdup(struct fr_arena *arena, const char *text);
char *fr_arena_strndup(struct fr_arena *arena, const void *text, size_t size);
char *fr_arena_printf(struct fr_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Everything handed out becomes invalid. */
void fr_arena_reset(struct fr_arena *arena);

/* Nested use: what was handed out after the mark becomes invalid. */
struct fr_arena_mark {
    void *block;
    size_t used;
    size_t total;
};
struct fr_arena_mark fr_arena_mark(struct fr_arena *arena);
void fr_arena_release(struct fr_arena *arena, struct fr_arena_mark mark);

size_t fr_arena_used(const struct fr_arena *arena);

#endif
