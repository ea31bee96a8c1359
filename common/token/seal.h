/* seal.h - short tokens of our own: a ticket, a chat session.  Nobody can make one or guess one.
 *
 *     base64url(payload, first 16 bytes of HMAC-SHA256(secret, purpose NUL payload))
 *
 * The secret is made at the first start in the service's own state directory and is nobody else's:
 * a token of one service, or of one purpose, is worth nothing to another.  Losing the file ends all
 * tokens that are out; it belongs to the backup of the state.
 *
 * 16 bytes of MAC: a forger has to guess 2^127 times on average, and has to ask us each time.
 */
#ifndef FR_TOKEN_SEAL_H
#define FR_TOKEN_SEAL_H

#include <sodium.h>
#include "common/base/error.h"
#include "common/base/slice.h"

#define FR_SEAL_PAYLOAD_MAX 96
#define FR_SEAL_MAC_SIZE 16
/* Characters of a token with that payload, and its NUL. */
#define FR_SEAL_TEXT_SIZE(payload_size) ((((payload_size) + FR_SEAL_MAC_SIZE) * 4 + 2) / 3 + 1)

struct fr_seal { /* copies of it are as good; wipe with sodium_memzero */
    crypto_auth_hmacsha256_state keyed;
};

/* Reads dir/name, or makes it (32 random bytes, mode 0600, synced with its directory).  FR_DENIED:
 * others may read the file; FR_CORRUPT: it is not 32 bytes long; FR_IO: errno tells. */
enum fr_error fr_seal_open(const char *dir, const char *name, struct fr_seal *out);
/* From a key that the caller has. */
void fr_seal_init(struct fr_seal *seal, const void *key, size_t key_size);

/* Writes the token for `payload` into text[FR_SEAL_TEXT_SIZE(payload.size)]. */
void fr_seal_write(const struct fr_seal *seal, const char *purpose, struct fr_slice payload,
                   char *text);
/* The payload, which must be payload_size bytes.  FR_INVALID: not one of our tokens for that
 * purpose; the payload is then untouched. */
enum fr_error fr_seal_read(const struct fr_seal *seal, const char *purpose, struct fr_slice text,
                           void *payload, size_t payload_size);

#endif
