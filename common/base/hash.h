/* hash.h - checksums and hashes: against accidents, not against forgers (those meet libsodium). */
#ifndef FR_BASE_HASH_H
#define FR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the SSE 4.2 or ARMv8 instruction where the
 * machine has it.  Start with crc 0; feed the result back in to go on. */
uint32_t fr_crc32c(uint32_t crc, const void *data, size_t size);

/* The same without the instruction: what other machines do, and what the test compares with. */
uint32_t fr_crc32c_by_table(uint32_t crc, const void *data, size_t size);

/* One step of a hash chain: the hash of a record, given the one before it and its checksum.
 * The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static inline uint64_t
fr_chain(uint64_t previous, uint64_t seq, uint32_t crc)
{
    uint64_t x = previous ^ (seq * 0x9e3779b97f4a7c15u) ^ ((uint64_t)crc << 17);

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* For hash tables in memory. */
uint64_t fr_hash(const void *data, size_t size);

#endif
