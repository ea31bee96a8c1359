/* chunks.h - memory in equal pieces straight from the kernel, kept for the next use.
 *
 * Not malloc: pieces of this size would end up in its heap, and between two small live blocks they
 * would never go back to the system; here giving back is munmap.  Used by the writer's thread only.
 */
#ifndef FR_STORE_CHUNKS_H
#define FR_STORE_CHUNKS_H

#include <stddef.h>

#define FR_CHUNK_SIZE ((size_t)1 << 20)

/* Zeroed pages; NULL: out of memory. */
void *fr_pages_new(size_t size);
void fr_pages_free(void *pages, size_t size);

struct fr_free_chunk;
struct fr_chunk_pool { /* all zero: empty */
    struct fr_free_chunk *first;
    size_t count;
};

/* FR_CHUNK_SIZE bytes, not zeroed.  NULL: out of memory. */
void *fr_chunk_take(struct fr_chunk_pool *pool);
void fr_chunk_give(struct fr_chunk_pool *pool, void *chunk);
/* Gives all but `keep` free chunks back to the system. */
void fr_chunk_trim(struct fr_chunk_pool *pool, size_t keep);

#endif
