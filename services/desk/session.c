/* session.c - who is at the window: a signed token in a cookie, nothing kept on the server. */
#include "services/desk/session.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_VERSION 1
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

struct token { /* what is signed: fixed layout, no padding */
    uint8_t version;
    uint8_t agent_size;
    uint8_t spare[6];
    int64_t expires_us;
    uint64_t nonce;
    char agent[DESK_AGENT_SIZE + 6];
};
_Static_assert(sizeof(struct token) == 56, "the signed layout is fixed");

/* ---- the key ---- */

static enum fr_error
read_key(int fd, struct desk_secret *out)
{
    struct stat info;
    uint8_t bytes[sizeof(out->key) + 1];
    ssize_t size;

    if (fstat(fd, &info) != 0)
        return FR_IO;
    if ((info.st_mode & 077) != 0)
        return FR_DENIED;
    size = read(fd, bytes, sizeof(bytes));
    if (size < 0)
        return FR_IO;
    if (size != (ssize_t)sizeof(out->key))
        return FR_CORRUPT;
    memcpy(out->key, bytes, sizeof(out->key));
    sodium_memzero(bytes, sizeof(bytes));
    return FR_OK;
}

static enum fr_error
sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0;

    if (fd >= 0)
        close(fd);
    return failed ? FR_IO : FR_OK;
}

/* Written beside and renamed: a crash leaves the whole key or none. */
static enum fr_error
make_key(const char *dir, const char *path, struct desk_secret *out)
{
    char fresh[600];
    int fd, failed;

    snprintf(fresh, sizeof(fresh), "%s.new", path);
    unlink(fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return FR_IO;
    randombytes_buf(out->key, sizeof(out->key));
    failed = write(fd, out->key, sizeof(out->key)) != (ssize_t)sizeof(out->key) || fsync(fd) != 0;
    close(fd);
    if (failed || rename(fresh, path) != 0)
        return FR_IO;
    return sync_dir(dir);
}

enum fr_error
desk_secret_load(const char *dir, struct desk_secret *out)
{
    char path[560];
    enum fr_error err;
    int fd;

    if (snprintf(path, sizeof(path), "%s/session.key", dir) >= (int)sizeof(path))
        return FR_TOO_BIG;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return make_key(dir, path, out);
    err = read_key(fd, out);
    close(fd);
    return err;
}

/* ---- tokens ---- */

static void
sign(const struct desk_secret *secret, const struct token *token, const char *credential,
     uint8_t *mac)
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, secret->key, sizeof(secret->key));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)token, sizeof(*token));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)credential, strlen(credential));
    crypto_auth_hmacsha256_final(&state, mac);
}

void
desk_session_make(const struct desk_secret *secret, const char *agent, const char *credential,
                  struct fr_time expires, struct desk_session *out, char *text)
{
    struct token token;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    size_t size;

    memset(&token, 0, sizeof(token));
    token.version = TOKEN_VERSION;
    token.agent_size = (uint8_t)strnlen(agent, DESK_AGENT_SIZE - 1);
    token.expires_us = expires.unix_us;
    randombytes_buf(&token.nonce, sizeof(token.nonce));
    memcpy(token.agent, agent, token.agent_size);
    sign(secret, &token, credential, mac);

    sodium_bin2base64(text, DESK_SESSION_SIZE, (const uint8_t *)&token, sizeof(token), BASE64);
    size = strlen(text);
    text[size++] = '.';
    sodium_bin2base64(text + size, DESK_SESSION_SIZE - size, mac, sizeof(mac), BASE64);

    memset(out, 0, sizeof(*out));
    memcpy(out->agent, token.agent, DESK_AGENT_SIZE);
    out->expires = expires;
    out->nonce = token.nonce;
}

static bool
parse(const char *text, struct token *token, uint8_t *mac)
{
    const char *dot = strchr(text, '.'), *end;
    size_t size, mac_size;

    if (dot == NULL || strlen(text) >= DESK_SESSION_SIZE)
        return false;
    if (sodium_base642bin((uint8_t *)token, sizeof(*token), text, (size_t)(dot - text), NULL, &size,
                          &end, BASE64) != 0 ||
        end != dot || size != sizeof(*token))
        return false;
    if (sodium_base642bin(mac, crypto_auth_hmacsha256_BYTES, dot + 1, strlen(dot + 1), NULL,
                          &mac_size, &end, BASE64) != 0 ||
        *end != '\0' || mac_size != crypto_auth_hmacsha256_BYTES)
        return false;
    return token->version == TOKEN_VERSION && token->agent_size > 0 &&
           token->agent_size < DESK_AGENT_SIZE &&
           strnlen(token->agent, sizeof(token->agent)) == token->agent_size;
}

enum fr_error
desk_session_read(const struct desk_secret *secret, const char *text, struct fr_time now,
                  const char *(*credential_of)(const void *context, const char *agent),
                  const void *context, struct desk_session *out)
{
    struct token token;
    uint8_t claimed[crypto_auth_hmacsha256_BYTES], mac[crypto_auth_hmacsha256_BYTES];
    const char *credential;

    if (!parse(text, &token, claimed))
        return FR_INVALID;
    credential = credential_of(context, token.agent);
    if (credential == NULL)
        return FR_INVALID;
    sign(secret, &token, credential, mac);
    if (sodium_memcmp(mac, claimed, sizeof(mac)) != 0)
        return FR_INVALID;
    if (token.expires_us <= now.unix_us)
        return FR_GONE;
    memset(out, 0, sizeof(*out));
    memcpy(out->agent, token.agent, DESK_AGENT_SIZE);
    out->expires.unix_us = token.expires_us;
    out->nonce = token.nonce;
    return FR_OK;
}
