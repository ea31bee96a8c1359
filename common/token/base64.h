/* base64.h - base64url (RFC 4648 section 5) without padding, read strictly; private to this room.
 *
 * libsodium refuses blanks, padding and stray bits at the end, but takes the byte 0xC1 for an 'A'
 * (its comparison looks at eight bits of a negative char): what is not ASCII is refused here, so
 * that each text of bytes is written in one way only.
 */
#ifndef FR_TOKEN_BASE64_H
#define FR_TOKEN_BASE64_H

#include <sodium.h>
#include <stdbool.h>

#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

static inline bool
base64_decode(const char *text, size_t size, void *out, size_t room, size_t *out_size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return sodium_base642bin(out, room, text, size, NULL, out_size, NULL, BASE64) == 0;
}

#endif
