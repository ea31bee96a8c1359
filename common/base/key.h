/* key.h - keys of tables, built part by part so that byte order is the order that we mean. */
#ifndef FR_BASE_KEY_H
#define FR_BASE_KEY_H

#include <stdint.h>
#include "common/base/error.h"
#include "common/base/slice.h"

#define FR_KEY_SIZE_MAX 500 /* LMDB allows 511 */

struct fr_key {
    size_t
        size; /* > FR_KEY_SIZE_MAX: the parts did not fit; fr_get and fr_put then say FR_TOO_BIG */
    uint8_t bytes[FR_KEY_SIZE_MAX];
};

/* Each appends to the key and returns it, so that calls nest.  Integers are big endian; fr_key_i64
 * flips the sign bit so that negative sorts first; fr_key_str appends the bytes and a NUL, so that
 * "ab","c" and "a","bc" differ (a text with a NUL inside is cut there); fr_key_bytes must be last.
 */
static inline struct fr_key *
fr_key_init(struct fr_key *key)
{
    key->size = 0;
    return key;
}
struct fr_key *fr_key_u8(struct fr_key *key, uint8_t value);
struct fr_key *fr_key_u32(struct fr_key *key, uint32_t value);
struct fr_key *fr_key_u64(struct fr_key *key, uint64_t value);
struct fr_key *fr_key_i64(struct fr_key *key, int64_t value);
struct fr_key *fr_key_str(struct fr_key *key, const char *text);
struct fr_key *fr_key_bytes(struct fr_key *key, const void *data, size_t size);

static inline struct fr_slice
fr_key_slice(const struct fr_key *key)
{
    return fr_slice(key->bytes, key->size);
}

/* Reading a key part by part, from scan results.  Each takes its part off the front of *rest;
 * FR_CORRUPT when it is not there.  The string is borrowed from the key. */
enum fr_error fr_key_take_u8(struct fr_slice *rest, uint8_t *value);
enum fr_error fr_key_take_u32(struct fr_slice *rest, uint32_t *value);
enum fr_error fr_key_take_u64(struct fr_slice *rest, uint64_t *value);
enum fr_error fr_key_take_i64(struct fr_slice *rest, int64_t *value);
enum fr_error fr_key_take_str(struct fr_slice *rest, const char **text);

#endif
