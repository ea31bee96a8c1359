/* key.c - parts of a key, put together and taken apart. */
#include "common/base/key.h"

#define SIGN_BIT (UINT64_C(1) << 63)

struct fr_key *
fr_key_bytes(struct fr_key *key, const void *data, size_t size)
{
    /* Once too long, too long for good: a later, shorter part must not make it look whole. */
    if (key->size > FR_KEY_SIZE_MAX || size > FR_KEY_SIZE_MAX - key->size) {
        key->size = FR_KEY_SIZE_MAX + 1;
        return key;
    }
    if (size > 0)
        memcpy(key->bytes + key->size, data, size);
    key->size += size;
    return key;
}

struct fr_key *
fr_key_u8(struct fr_key *key, uint8_t value)
{
    return fr_key_bytes(key, &value, 1);
}

struct fr_key *
fr_key_u32(struct fr_key *key, uint32_t value)
{
    uint8_t bytes[4];

    for (int i = 0; i < 4; i++)
        bytes[i] = value >> (24 - 8 * i);
    return fr_key_bytes(key, bytes, sizeof(bytes));
}

struct fr_key *
fr_key_u64(struct fr_key *key, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = value >> (56 - 8 * i);
    return fr_key_bytes(key, bytes, sizeof(bytes));
}

struct fr_key *
fr_key_i64(struct fr_key *key, int64_t value)
{
    return fr_key_u64(key, (uint64_t)value ^ SIGN_BIT);
}

struct fr_key *
fr_key_str(struct fr_key *key, const char *text)
{
    return fr_key_bytes(key, text, strlen(text) + 1);
}

static void
advance(struct fr_slice *rest, size_t size)
{
    rest->data = (const uint8_t *)rest->data + size;
    rest->size -= size;
}

static enum fr_error
take_big_endian(struct fr_slice *rest, size_t size, uint64_t *value)
{
    const uint8_t *bytes = rest->data;
    uint64_t sum = 0;

    if (rest->size < size)
        return FR_CORRUPT;
    for (size_t i = 0; i < size; i++)
        sum = sum << 8 | bytes[i];
    advance(rest, size);
    *value = sum;
    return FR_OK;
}

enum fr_error
fr_key_take_u8(struct fr_slice *rest, uint8_t *value)
{
    uint64_t wide;
    enum fr_error err = take_big_endian(rest, 1, &wide);

    if (err == FR_OK)
        *value = wide;
    return err;
}

enum fr_error
fr_key_take_u32(struct fr_slice *rest, uint32_t *value)
{
    uint64_t wide;
    enum fr_error err = take_big_endian(rest, 4, &wide);

    if (err == FR_OK)
        *value = wide;
    return err;
}

enum fr_error
fr_key_take_u64(struct fr_slice *rest, uint64_t *value)
{
    return take_big_endian(rest, 8, value);
}

enum fr_error
fr_key_take_i64(struct fr_slice *rest, int64_t *value)
{
    uint64_t flipped;
    enum fr_error err = take_big_endian(rest, 8, &flipped);

    if (err == FR_OK)
        *value = (int64_t)(flipped ^ SIGN_BIT);
    return err;
}

enum fr_error
fr_key_take_str(struct fr_slice *rest, const char **text)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->data, '\0', rest->size);

    if (end == NULL)
        return FR_CORRUPT;
    *text = rest->data;
    advance(rest, end + 1 - *text);
    return FR_OK;
}
