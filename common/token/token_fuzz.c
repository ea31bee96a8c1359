/* token_fuzz.c - any bytes as a customer token: as they are, and as contents that are rightly
 * signed. What is believed can be signed again and is believed again.
 */
#include <sodium.h>
#include <stdlib.h>
#include "common/token/seal.h"
#include "common/token/token.h"

#define SECRET "fuzz"
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

static const struct fr_time now = {INT64_C(1800000000) * 1000000};

static void
sign_and_check(const uint8_t *data, size_t size)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char text[FR_TOKEN_TEXT_SIZE * 2], again[FR_TOKEN_TEXT_SIZE];
    crypto_auth_hmacsha256_state state;
    struct fr_token token, second;
    const char *why;
    size_t first;

    if (size > 2048)
        return;
    sodium_bin2base64(text, sizeof(text), data, size, BASE64);
    first = strlen(text);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)SECRET, strlen(SECRET));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, first);
    crypto_auth_hmacsha256_final(&state, mac);
    text[first] = '.';
    sodium_bin2base64(text + first + 1, sizeof(text) - first - 1, mac, sizeof(mac), BASE64);
    if (fr_token_check(fr_slice_str(text), SECRET, "acme", now, &token, &why) != FR_OK)
        return;
    fr_assert(fr_token_sign(&token, SECRET, again, sizeof(again)) == FR_OK);
    fr_assert(fr_token_check(fr_slice_str(again), SECRET, "acme", now, &second, &why) == FR_OK);
    fr_assert(strcmp(token.sub, second.sub) == 0 && token.expires_s == second.expires_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fr_seal seal;
    struct fr_token token;
    const char *why;
    uint64_t id;

    fr_seal_init(&seal, SECRET, strlen(SECRET));
    fr_assert(fr_token_check(fr_slice(data, size), SECRET, "acme", now, &token, &why) == FR_DENIED);
    fr_assert(fr_seal_read(&seal, "ticket", fr_slice(data, size), &id, sizeof(id)) == FR_INVALID);
    sign_and_check(data, size);
    return 0;
}
