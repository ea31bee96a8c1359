/* slice.c - order, well-formedness and constant-time equality of bytes. */
#include "common/base/slice.h"

#include <sodium.h>

int
fr_slice_compare(struct fr_slice a, struct fr_slice b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

/* All eight bytes are ASCII and none is NUL. */
static bool
plain_ascii(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return (word & 0x8080808080808080u) == 0 &&
           ((word - 0x0101010101010101u) & 0x8080808080808080u) == 0;
}

/* The size of the well-formed sequence at p, 0 if there is none.  Rows of Unicode 15, table 3-7:
 * the lead byte fixes the length, and for a few leads a narrower range of the second byte, which
 * is what keeps out overlong forms (E0, F0), surrogates (ED) and what is above U+10FFFF (F4). */
static size_t
sequence_size(const uint8_t *p, size_t size)
{
    uint8_t lead = p[0], low = 0x80, high = 0xbf;
    size_t need;

    if (lead < 0x80)
        return lead != 0;
    if (lead >= 0xc2 && lead <= 0xdf)
        need = 2;
    else if (lead >= 0xe0 && lead <= 0xef)
        need = 3;
    else if (lead >= 0xf0 && lead <= 0xf4)
        need = 4;
    else
        return 0;

    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;

    if (size < need || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

bool
fr_utf8_valid(struct fr_slice text)
{
    const uint8_t *p = text.data;
    size_t left = text.size;

    while (left > 0) {
        size_t size = left >= 8 && plain_ascii(p) ? 8 : sequence_size(p, left);

        if (size == 0)
            return false;
        p += size;
        left -= size;
    }
    return true;
}

bool
fr_slice_equal_secret(struct fr_slice a, struct fr_slice b)
{
    /* The size of a token is no secret, only its bytes are. */
    return a.size == b.size && (a.size == 0 || sodium_memcmp(a.data, b.data, a.size) == 0);
}
