/* id.c - ids made, taken apart, written and read. */
#include "common/base/id.h"

#define SEQ_BITS 44
#define INCARNATION_BITS 6
#define NUMBER_BITS 14
#define SEQ_MASK ((UINT64_C(1) << SEQ_BITS) - 1)

/* FNV-1a (Fowler, Noll, Vo), folded to 14 bits.  Not fr_hash(): these numbers are stored in
 * journals for good, so the function must never change. */
uint16_t
fr_id_journal_number(const char *journal_name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    uint16_t number = 0;

    for (const unsigned char *p = (const unsigned char *)journal_name; *p != '\0'; p++)
        hash = (hash ^ *p) * 0x100000001b3u;
    for (; hash != 0; hash >>= NUMBER_BITS)
        number ^= hash & ((1 << NUMBER_BITS) - 1);
    return number == 0 ? 1 : number;
}

uint64_t
fr_id_make(uint16_t journal_number, uint32_t incarnation, uint64_t seq)
{
    fr_assert(journal_number < (1 << NUMBER_BITS));
    fr_assert(seq <= SEQ_MASK);
    return (uint64_t)journal_number << (SEQ_BITS + INCARNATION_BITS) |
           (uint64_t)(incarnation % (1 << INCARNATION_BITS)) << SEQ_BITS | seq;
}

uint16_t
fr_id_number(uint64_t id)
{
    return id >> (SEQ_BITS + INCARNATION_BITS);
}

uint64_t
fr_id_seq(uint64_t id)
{
    return id & SEQ_MASK;
}

char *
fr_id_format(uint64_t id, char *text)
{
    for (int i = 0; i < 16; i++)
        text[i] = "0123456789abcdef"[id >> (60 - 4 * i) & 0xf];
    text[16] = '\0';
    return text;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum fr_error
fr_id_parse(struct fr_slice text, uint64_t *out)
{
    const char *p = text.data;
    uint64_t id = 0;

    if (text.size < 1 || text.size > 16)
        return FR_INVALID;
    for (size_t i = 0; i < text.size; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return FR_INVALID;
        id = id << 4 | (uint64_t)digit;
    }
    *out = id;
    return FR_OK;
}
