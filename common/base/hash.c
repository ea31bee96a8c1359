/* hash.c - CRC-32C by the machine's instruction or by table, and a hash for tables in memory.
 *
 * The SSE 4.2 instruction takes eight bytes per cycle but answers three cycles later, so one stream
 * of bytes leaves it idle two cycles in three.  Three streams side by side fill it; their checksums
 * are joined by "shifting" one past the bytes of the next, a linear operation over GF(2) that four
 * table look-ups do (V. Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32
 * Instruction", Intel, 2011).
 */
#include "common/base/hash.h"

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* Castagnoli's, lowest bit first */

typedef uint32_t crc_fn(uint32_t crc, const uint8_t *p, size_t size);

static uint32_t byte_table[256];
static crc_fn *fastest;

/* All crc_fn work on the register as it is; the inversions at both ends are fr_crc32c()'s. */
static uint32_t
crc_by_table(uint32_t crc, const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ byte_table[(crc ^ p[i]) & 0xff];
    return crc;
}

static void
fill_byte_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        byte_table[byte] = crc;
    }
}

#if defined(__x86_64__)

#include <nmmintrin.h>

/* What happens to a checksum when `size` zero bytes follow, byte by byte of the checksum. */
struct shift {
    size_t size;
    uint32_t table[4][256];
};

static struct shift long_shift, short_shift;

static void
fill_shift(struct shift *shift, size_t size)
{
    shift->size = size;
    for (int byte = 0; byte < 4; byte++) {
        for (int bit = 0; bit < 8; bit++) {
            uint32_t crc = UINT32_C(1) << (8 * byte + bit);

            for (size_t i = 0; i < size; i++)
                crc = crc >> 8 ^ byte_table[crc & 0xff];
            /* Linear: an entry is the sum of its bits' entries, and those of lower bits are there.
             */
            for (int lower = 0; lower < 1 << bit; lower++)
                shift->table[byte][lower | 1 << bit] = shift->table[byte][lower] ^ crc;
        }
    }
}

static uint32_t
shifted(const struct shift *shift, uint32_t crc)
{
    return shift->table[0][crc & 0xff] ^ shift->table[1][crc >> 8 & 0xff] ^
           shift->table[2][crc >> 16 & 0xff] ^ shift->table[3][crc >> 24];
}

static uint64_t
word_at(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* Three neighbouring blocks of shift->size bytes. */
__attribute__((target("sse4.2"))) static uint32_t
crc_three_streams(uint32_t crc, const uint8_t *p, const struct shift *shift)
{
    uint64_t a = crc, b = 0, c = 0;

    for (size_t i = 0; i < shift->size; i += 8) {
        a = _mm_crc32_u64(a, word_at(p + i));
        b = _mm_crc32_u64(b, word_at(p + i + shift->size));
        c = _mm_crc32_u64(c, word_at(p + i + 2 * shift->size));
    }
    b ^= shifted(shift, (uint32_t)a);
    return (uint32_t)c ^ shifted(shift, (uint32_t)b);
}

__attribute__((target("sse4.2"))) static uint32_t
crc_by_sse42(uint32_t crc, const uint8_t *p, size_t size)
{
    uint64_t wide;

    for (; size >= 3 * long_shift.size; p += 3 * long_shift.size, size -= 3 * long_shift.size)
        crc = crc_three_streams(crc, p, &long_shift);
    for (; size >= 3 * short_shift.size; p += 3 * short_shift.size, size -= 3 * short_shift.size)
        crc = crc_three_streams(crc, p, &short_shift);
    for (wide = crc; size >= 8; p += 8, size -= 8)
        wide = _mm_crc32_u64(wide, word_at(p));
    for (crc = (uint32_t)wide; size > 0; p++, size--)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}

static crc_fn *
by_machine(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2"))
        return NULL;
    fill_shift(&long_shift, 2048);
    fill_shift(&short_shift, 128);
    return crc_by_sse42;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

#define HAS_CRC32 (1 << 7) /* HWCAP_CRC32 of <asm/hwcap.h> */

/* The builtins and not <arm_acle.h>, which hides them unless the whole file is built for CRC. */
#if defined(__clang__)
#define TARGET_CRC __attribute__((target("crc")))
#define CRC_U64 __builtin_arm_crc32cd
#define CRC_U8 __builtin_arm_crc32cb
#else
#define TARGET_CRC __attribute__((target("+crc")))
#define CRC_U64 __builtin_aarch64_crc32cx
#define CRC_U8 __builtin_aarch64_crc32cb
#endif

TARGET_CRC static uint32_t
crc_by_armv8(uint32_t crc, const uint8_t *p, size_t size)
{
    for (; size >= 8; p += 8, size -= 8) {
        uint64_t word;

        memcpy(&word, p, sizeof(word));
        crc = CRC_U64(crc, word);
    }
    for (; size > 0; p++, size--)
        crc = CRC_U8(crc, *p);
    return crc;
}

static crc_fn *
by_machine(void)
{
    return getauxval(AT_HWCAP) & HAS_CRC32 ? crc_by_armv8 : NULL;
}

#else

static crc_fn *
by_machine(void)
{
    return NULL;
}

#endif

/* Before main(), so that no call pays for asking and no thread can come too early. */
__attribute__((constructor)) static void
choose_fastest(void)
{
    fill_byte_table();
    fastest = by_machine();
    if (fastest == NULL)
        fastest = crc_by_table;
}

uint32_t
fr_crc32c(uint32_t crc, const void *data, size_t size)
{
    return ~fastest(~crc, data, size);
}

uint32_t
fr_crc32c_by_table(uint32_t crc, const void *data, size_t size)
{
    return ~crc_by_table(~crc, data, size);
}

/* Eight bytes at a time into a product whose high bits are folded back (so that they reach the low
 * bits that a table's index is made of), closed by the finalizer of SplitMix64 like fr_chain(). */
uint64_t
fr_hash(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t hash = size * 0x9e3779b97f4a7c15u;

    for (size_t left = size; left > 0;) {
        size_t step = left < 8 ? left : 8;
        uint64_t word = 0;

        memcpy(&word, p, step);
        hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
        hash ^= hash >> 32;
        p += step;
        left -= step;
    }
    return fr_chain(hash, 0, 0);
}
