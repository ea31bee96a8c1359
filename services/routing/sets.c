/* sets.c - sets of small numbers in a table, as bits in chunks of 4096. */
#include "services/routing/sets.h"

#include "services/routing/tables_private.h"

void
routing_chunk_and(struct routing_chunk *chunk, const struct routing_chunk *other)
{
    for (size_t i = 0; i < ROUTING_CHUNK_WORDS; i++)
        chunk->words[i] &= other->words[i];
}

void
routing_chunk_without(struct routing_chunk *chunk, const struct routing_chunk *other)
{
    for (size_t i = 0; i < ROUTING_CHUNK_WORDS; i++)
        chunk->words[i] &= ~other->words[i];
}

void
routing_chunk_or(struct routing_chunk *chunk, const struct routing_chunk *other)
{
    for (size_t i = 0; i < ROUTING_CHUNK_WORDS; i++)
        chunk->words[i] |= other->words[i];
}

uint32_t
routing_chunk_size(const struct routing_chunk *chunk)
{
    uint32_t count = 0;

    for (size_t i = 0; i < ROUTING_CHUNK_WORDS; i++)
        count += (uint32_t)__builtin_popcountll(chunk->words[i]);
    return count;
}

uint32_t
routing_chunk_next(const struct routing_chunk *chunk, uint32_t from)
{
    uint32_t word = from / 64;
    uint64_t left;

    if (from >= ROUTING_CHUNK_BITS)
        return ROUTING_CHUNK_BITS;
    left = chunk->words[word] & (~UINT64_C(0) << (from % 64));
    while (left == 0) {
        if (++word == ROUTING_CHUNK_WORDS)
            return ROUTING_CHUNK_BITS;
        left = chunk->words[word];
    }
    return word * 64 + (uint32_t)__builtin_ctzll(left);
}

static struct fr_slice
set_key(struct fr_key *key, struct routing_set_of of, uint32_t index)
{
    fr_key_u32(fr_key_u8(fr_key_init(key), (uint8_t)of.set), of.owner);
    return fr_key_slice(fr_key_u32(key, of.rank << 16 | index));
}

enum fr_error
routing_set_get(const struct fr_view *view, struct routing_set_of of, uint32_t index,
                struct routing_chunk *out)
{
    struct fr_slice value = NOTHING;
    struct fr_key key;
    enum fr_error err = fr_get(view, TABLE(SETS), set_key(&key, of, index), &value);

    if (err != FR_OK && err != FR_NOT_FOUND)
        return err;
    if (value.size > sizeof(*out))
        return FR_CORRUPT;
    if (value.size > 0)
        memcpy(out, value.data, value.size);
    memset((uint8_t *)out + value.size, 0, sizeof(*out) - value.size);
    return FR_OK;
}

enum fr_error
routing_set_has(const struct fr_view *view, struct routing_set_of of, uint32_t bit, bool *out)
{
    struct routing_chunk chunk;

    TRY(routing_set_get(view, of, bit / ROUTING_CHUNK_BITS, &chunk));
    *out = routing_chunk_has(&chunk, bit);
    return FR_OK;
}

enum fr_error
routing_set_put(struct fr_tables *tables, struct routing_set_of of, uint32_t index,
                const struct routing_chunk *chunk)
{
    size_t words = ROUTING_CHUNK_WORDS;
    struct fr_key key;

    while (words > 0 && chunk->words[words - 1] == 0)
        words--;
    if (words == 0)
        return fr_del(tables, TABLE(SETS), set_key(&key, of, index));
    return fr_put(tables, TABLE(SETS), set_key(&key, of, index),
                  fr_slice(chunk->words, words * sizeof(chunk->words[0])));
}

enum fr_error
routing_set_bit(struct fr_tables *tables, struct routing_set_of of, uint32_t bit, bool on)
{
    uint64_t mask = UINT64_C(1) << (bit % 64);
    struct routing_chunk chunk;
    uint64_t *word;

    TRY(routing_set_get(fr_tables_view(tables), of, bit / ROUTING_CHUNK_BITS, &chunk));
    word = &chunk.words[bit % ROUTING_CHUNK_BITS / 64];
    if (((*word & mask) != 0) == on)
        return FR_OK;
    *word ^= mask;
    return routing_set_put(tables, of, bit / ROUTING_CHUNK_BITS, &chunk);
}
