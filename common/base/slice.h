/* slice.h - bytes that somebody else owns: a pointer and a size. */
#ifndef FR_BASE_SLICE_H
#define FR_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fr_slice {
    const void *data; /* borrowed; may be NULL only when size is 0 */
    size_t size;      /* bytes */
};

static inline struct fr_slice
fr_slice(const void *data, size_t size)
{
    return (struct fr_slice){data, size};
}

/* The bytes of a C string, without its final NUL; NULL gives the empty slice. */
static inline struct fr_slice
fr_slice_str(const char *text)
{
    return (struct fr_slice){text, text == NULL ? 0 : strlen(text)};
}

static inline bool
fr_slice_equal(struct fr_slice a, struct fr_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Order of unsigned bytes, shorter first among equals: the order of the tables' keys. */
int fr_slice_compare(struct fr_slice a, struct fr_slice b);

/* Well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong forms, no NUL. */
bool fr_utf8_valid(struct fr_slice text);

/* Two slices compared in constant time: for tokens and signatures. */
bool fr_slice_equal_secret(struct fr_slice a, struct fr_slice b);

#endif
