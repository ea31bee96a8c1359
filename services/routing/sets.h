/* sets.h - sets of small numbers in a table, as bits in chunks of 4096: who is free, who can serve
 * this lane, which lanes can he serve, which of them have something that waits.
 *
 * Both judgements are an intersection of two of them (64 words of 64 bits for 4096 agents), so that
 * neither has to look at agents or lanes one by one.  A chunk's value ends behind its last word
 * that is not zero; one without any is not there.
 */
#ifndef FR_ROUTING_SETS_H
#define FR_ROUTING_SETS_H

#include "common/store/store.h"

#define ROUTING_CHUNK_WORDS 64
#define ROUTING_CHUNK_BITS (ROUTING_CHUNK_WORDS * 64)

enum routing_set {
    ROUTING_FREE = 1, /* of a channel class: agents with room for one more of it */
    ROUTING_GATED,    /* 0: agents of sites that are closed, silent or recalled */
    ROUTING_AT_SITE,  /* of a site: its agents */
    ROUTING_SERVES,   /* of an agent: the lanes that he can serve */
    ROUTING_READY,    /* of a channel class: lanes where something waits that may be offered */
    ROUTING_RANKED,   /* of a lane and rank: agents who can serve it */
    ROUTING_OF_QUEUE, /* of a queue: its lanes */
};
struct routing_set_of {
    enum routing_set set;
    uint32_t owner, rank; /* rank: 0 but for ROUTING_RANKED */
};

struct routing_chunk {
    uint64_t words[ROUTING_CHUNK_WORDS];
};

static inline uint32_t
routing_chunk_count(uint32_t number_max)
{
    return number_max / ROUTING_CHUNK_BITS + 1;
}
static inline bool
routing_chunk_has(const struct routing_chunk *chunk, uint32_t bit)
{
    return chunk->words[bit % ROUTING_CHUNK_BITS / 64] >> (bit % 64) & 1;
}
void routing_chunk_and(struct routing_chunk *chunk, const struct routing_chunk *other);
void routing_chunk_without(struct routing_chunk *chunk, const struct routing_chunk *other);
void routing_chunk_or(struct routing_chunk *chunk, const struct routing_chunk *other);
uint32_t routing_chunk_size(const struct routing_chunk *chunk); /* how many are in it */
/* The first bit at or after `from` (0 .. ROUTING_CHUNK_BITS); ROUTING_CHUNK_BITS: none. */
uint32_t routing_chunk_next(const struct routing_chunk *chunk, uint32_t from);

/* Bits index * ROUTING_CHUNK_BITS and on; all zero when it is not there. */
enum fr_error routing_set_get(const struct fr_view *view, struct routing_set_of of, uint32_t index,
                              struct routing_chunk *out);
enum fr_error routing_set_has(const struct fr_view *view, struct routing_set_of of, uint32_t bit,
                              bool *out);
enum fr_error routing_set_put(struct fr_tables *tables, struct routing_set_of of, uint32_t index,
                              const struct routing_chunk *chunk);
enum fr_error routing_set_bit(struct fr_tables *tables, struct routing_set_of of, uint32_t bit,
                              bool on);

#endif
