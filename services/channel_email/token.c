/* token.c - ids that stand in addresses and Message-IDs, and that nobody else can make. */
#include "services/channel_email/token.h"

#include <ctype.h>
#include <endian.h>
#include <sodium.h>
#include <stdio.h>
#include <strings.h>

#define ID_DIGITS 16
#define MAC_BYTES 10
#define LOCAL_MAX 64

static void
mac(const char *secret, enum email_token purpose, const char *account, uint64_t id,
    char digits[2 * MAC_BYTES + 1])
{
    uint8_t whole[crypto_auth_hmacsha256_BYTES], letter[2] = {(uint8_t)purpose, 0};
    uint64_t big = htobe64(id);
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, letter, sizeof(letter));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)account, strlen(account) + 1);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)&big, sizeof(big));
    crypto_auth_hmacsha256_final(&state, whole);
    sodium_bin2hex(digits, 2 * MAC_BYTES + 1, whole, MAC_BYTES);
}

void
email_token_write(const char *secret, enum email_token purpose, const char *account, uint64_t id,
                  char text[EMAIL_TOKEN_SIZE])
{
    fr_id_format(id, text);
    mac(secret, purpose, account, id, text + ID_DIGITS);
}

enum fr_error
email_token_read(const char *secret, enum email_token purpose, const char *account,
                 struct fr_slice text, uint64_t *id)
{
    char given[EMAIL_TOKEN_SIZE], right[EMAIL_TOKEN_SIZE];
    uint64_t claimed;

    if (secret == NULL || text.size != EMAIL_TOKEN_SIZE - 1)
        return FR_INVALID;
    for (size_t i = 0; i < text.size; i++)
        given[i] = (char)tolower(((const unsigned char *)text.data)[i]);
    if (fr_id_parse(fr_slice(given, ID_DIGITS), &claimed) != FR_OK)
        return FR_INVALID;
    email_token_write(secret, purpose, account, claimed, right);
    if (!fr_slice_equal_secret(fr_slice(given, text.size), fr_slice(right, text.size)))
        return FR_INVALID;
    *id = claimed;
    return FR_OK;
}

void
email_token_address(const char *secret, enum email_token purpose,
                    const struct email_account *account, uint64_t id, char text[EMAIL_ADDRESS_SIZE])
{
    const char *at = strrchr(account->address, '@');
    size_t local = (size_t)(at - account->address);
    char token[EMAIL_TOKEN_SIZE];

    if (secret == NULL || account->separator[0] == '\0' ||
        local + 1 + 1 + sizeof(token) - 1 > LOCAL_MAX) {
        snprintf(text, EMAIL_ADDRESS_SIZE, "%s", account->address);
        return;
    }
    email_token_write(secret, purpose, account->name, id, token);
    snprintf(text, EMAIL_ADDRESS_SIZE, "%.*s%s%c%s%s", (int)local, account->address,
             account->separator, (char)purpose, token, at);
}

/* ---- Message-IDs ---- */

void
email_message_id_domain(const struct email_account *account, char text[EMAIL_ADDRESS_SIZE])
{
    snprintf(text, EMAIL_ADDRESS_SIZE, "filrouge.%s", strrchr(account->address, '@') + 1);
}

void
email_message_id(const char *secret, const struct email_account *account, uint64_t id,
                 char text[EMAIL_MESSAGE_ID_SIZE])
{
    char token[EMAIL_TOKEN_SIZE], domain[EMAIL_ADDRESS_SIZE];

    email_token_write(secret, EMAIL_TOKEN_MAIL, account->name, id, token);
    email_message_id_domain(account, domain);
    snprintf(text, EMAIL_MESSAGE_ID_SIZE, "<%.*s.%s@%.250s>", ID_DIGITS, token, token + ID_DIGITS,
             domain);
}

enum fr_error
email_message_id_read(const char *secret, const struct email_account *account, const char *text,
                      uint64_t *id)
{
    char right[EMAIL_MESSAGE_ID_SIZE];
    uint64_t claimed;

    if (secret == NULL || text[0] != '<' || strnlen(text, ID_DIGITS + 2) < ID_DIGITS + 2 ||
        text[1 + ID_DIGITS] != '.' || fr_id_parse(fr_slice(text + 1, ID_DIGITS), &claimed) != FR_OK)
        return FR_INVALID;
    email_message_id(secret, account, claimed, right);
    if (!fr_slice_equal_secret(fr_slice_str(text), fr_slice_str(right)))
        return FR_INVALID;
    *id = claimed;
    return FR_OK;
}

/* ---- addresses ---- */

/* Domains ignore case by RFC 5321; local parts are ours here, and ours ignore it too. */
static bool
is_address(const char *own, const char *address, const char *separator, struct fr_slice *extra)
{
    const char *own_at = strrchr(own, '@'), *at = strrchr(address, '@');
    size_t own_local = (size_t)(own_at - own), separator_size = strlen(separator);
    size_t local = at == NULL ? 0 : (size_t)(at - address);

    if (at == NULL || strcasecmp(own_at, at) != 0 || local < own_local ||
        strncasecmp(own, address, own_local) != 0)
        return false;
    *extra = fr_slice(address + local, 0);
    if (local == own_local)
        return true;
    if (separator_size == 0 || local < own_local + separator_size ||
        memcmp(address + own_local, separator, separator_size) != 0)
        return false;
    *extra = fr_slice(address + own_local + separator_size, local - own_local - separator_size);
    return true;
}

bool
email_account_has(const struct email_account *account, const char *address, struct fr_slice *extra)
{
    const char *const *aliases = account->aliases.items;

    if (is_address(account->address, address, account->separator, extra))
        return true;
    for (size_t i = 0; i < account->aliases.count; i++)
        if (is_address(aliases[i], address, account->separator, extra))
            return true;
    return false;
}

bool
email_sendable(const char *address)
{
    const char *at = strrchr(address, '@');
    size_t size = strlen(address);

    if (at == NULL || at == address || at - address > LOCAL_MAX || at[1] == '\0' ||
        size >= EMAIL_ADDRESS_SIZE - 1 || strlen(at + 1) > 255 || address[0] == '-' ||
        !fr_utf8_valid(fr_slice(address, size)))
        return false;
    for (const char *c = address; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("<>()[],;:\\\"", *c) != NULL ||
            (*c == '@' && c != at))
            return false;
    return at[1] != '.' && at[1] != '-' && address[size - 1] != '.' && strstr(at, "..") == NULL;
}
