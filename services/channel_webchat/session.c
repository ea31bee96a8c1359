/* session.c - session tokens: 16 bytes of session, 8 of seconds, sealed for one account. */
#include "services/channel_webchat/session.h"

#include <endian.h>
#include <stdio.h>

struct payload {
    unsigned char session[16];
    uint64_t written_s; /* big endian */
};
_Static_assert(sizeof(struct payload) == 24, "sealed as it is");

static const char *
purpose_of(const char *account, char purpose[FR_NAME_SIZE + 16])
{
    snprintf(purpose, FR_NAME_SIZE + 16, "chat session %s", account);
    return purpose;
}

void
webchat_session_make(char session[WEBCHAT_SESSION_SIZE])
{
    unsigned char bytes[16];

    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(session, WEBCHAT_SESSION_SIZE, bytes, sizeof(bytes));
}

void
webchat_session_write(const struct fr_seal *seal, const char *account, const char *session,
                      struct fr_time now, char token[WEBCHAT_SESSION_TOKEN_SIZE])
{
    struct payload payload = {.written_s = htobe64((uint64_t)(now.unix_us / 1000000))};
    char purpose[FR_NAME_SIZE + 16];
    size_t size;

    fr_assert(sodium_hex2bin(payload.session, sizeof(payload.session), session, strlen(session),
                             NULL, &size, NULL) == 0 &&
              size == sizeof(payload.session));
    fr_seal_write(seal, purpose_of(account, purpose), fr_slice(&payload, sizeof(payload)), token);
}

enum fr_error
webchat_session_read(const struct fr_seal *seal, const char *account, struct fr_slice token,
                     struct fr_time now, struct fr_span session_time,
                     char session[WEBCHAT_SESSION_SIZE])
{
    struct payload payload;
    char purpose[FR_NAME_SIZE + 16];
    int64_t written_us;

    if (fr_seal_read(seal, purpose_of(account, purpose), token, &payload, sizeof(payload)) != FR_OK)
        return FR_INVALID;
    written_us = (int64_t)be64toh(payload.written_s) * 1000000;
    if (now.unix_us - written_us >= session_time.us)
        return FR_GONE;
    sodium_bin2hex(session, WEBCHAT_SESSION_SIZE, payload.session, sizeof(payload.session));
    return FR_OK;
}
