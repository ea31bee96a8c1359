/* token.c - customer tokens, checked and signed. */
#include "common/token/token.h"

#include <jansson.h>
#include <stdlib.h>
#include "common/token/base64.h"

#define MAC_SIZE crypto_auth_hmacsha256_BYTES
#define JSON_SIZE_MAX 2048

/* ---- signature ---- */

static void
make_mac(struct fr_slice text, const char *secret, unsigned char mac[MAC_SIZE])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, text.data, text.size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof(state));
}

static bool
is_signed(struct fr_slice first, struct fr_slice second, const char *secret)
{
    unsigned char expected[MAC_SIZE], given[MAC_SIZE];
    size_t given_size;

    if (!base64_decode(second.data, second.size, given, sizeof(given), &given_size) ||
        given_size != MAC_SIZE)
        return false;
    make_mac(first, secret, expected);
    return sodium_memcmp(given, expected, MAC_SIZE) == 0;
}

/* ---- contents ---- */

static bool
take_text(const json_t *value, char *out, size_t size)
{
    const char *text = json_string_value(value);

    if (text == NULL || strlen(text) >= size)
        return false;
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f)
            return false; /* nobody's name, and a way to write lines into logs */
    strcpy(out, text);
    return true;
}

static bool
take_member(const char *key, const json_t *value, struct fr_token *token)
{
    if (strcmp(key, "sub") == 0)
        return take_text(value, token->sub, sizeof(token->sub));
    if (strcmp(key, "account") == 0)
        return take_text(value, token->account, sizeof(token->account));
    if (strcmp(key, "name") == 0)
        return take_text(value, token->name, sizeof(token->name));
    if (strcmp(key, "email") == 0)
        return take_text(value, token->email, sizeof(token->email));
    if (strcmp(key, "brand") == 0)
        return take_text(value, token->brand, sizeof(token->brand));
    if (strcmp(key, "exp") == 0) {
        token->expires_s = json_integer_value(value);
        return json_is_integer(value) && token->expires_s > 0;
    }
    if (strcmp(key, "email_verified") == 0) {
        token->email_verified = json_is_true(value);
        return json_is_boolean(value);
    }
    return false; /* a field that we do not know may be one that was meant to restrict */
}

static bool
read_contents(struct fr_slice json, struct fr_token *token)
{
    json_t *root;
    const char *key;
    json_t *value;
    bool good;

    if (!fr_utf8_valid(json))
        return false;
    root = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES, NULL);
    good = json_is_object(root);
    if (good)
        json_object_foreach(root, key, value) good = good && take_member(key, value, token);
    json_decref(root);
    return good && token->sub[0] != '\0' && token->brand[0] != '\0' && token->expires_s > 0;
}

static enum fr_error
deny(const char **why, const char *phrase)
{
    *why = phrase;
    return FR_DENIED;
}

enum fr_error
fr_token_check(struct fr_slice text, const char *secret, const char *brand, struct fr_time now,
               struct fr_token *out, const char **why)
{
    struct fr_token token = {.expires_s = 0};
    const char *dot = text.size == 0 ? NULL : memchr(text.data, '.', text.size);
    struct fr_slice first, second;
    char json[JSON_SIZE_MAX];
    size_t json_size;

    if (dot == NULL || text.size >= FR_TOKEN_TEXT_SIZE)
        return deny(why, "is not well formed");
    first = fr_slice(text.data, (size_t)(dot - (const char *)text.data));
    second = fr_slice(dot + 1, text.size - first.size - 1);
    if (secret == NULL || secret[0] == '\0')
        return deny(why, "cannot be checked: this brand has no token secret");
    if (!is_signed(first, second, secret))
        return deny(why, "is not signed by this brand's shop");
    if (!base64_decode(first.data, first.size, json, sizeof(json), &json_size) ||
        !read_contents(fr_slice(json, json_size), &token))
        return deny(why, "does not hold what a customer token must hold");
    if (strcmp(token.brand, brand) != 0)
        return deny(why, "is for another brand");
    if (now.unix_us / 1000000 >= token.expires_s)
        return deny(why, "has expired");
    *out = token;
    return FR_OK;
}

/* ---- signing ---- */

static char *
write_contents(const struct fr_token *token)
{
    json_t *json = json_pack("{s:s, s:s, s:I}", "sub", token->sub, "brand", token->brand, "exp",
                             (json_int_t)token->expires_s);
    char *text;

    if (json == NULL) /* not UTF-8 */
        return NULL;
    if ((token->account[0] != '\0' &&
         json_object_set_new(json, "account", json_string(token->account)) != 0) ||
        (token->name[0] != '\0' &&
         json_object_set_new(json, "name", json_string(token->name)) != 0) ||
        (token->email[0] != '\0' &&
         (json_object_set_new(json, "email", json_string(token->email)) != 0 ||
          json_object_set_new(json, "email_verified", json_boolean(token->email_verified)) != 0))) {
        json_decref(json);
        return NULL;
    }
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

enum fr_error
fr_token_sign(const struct fr_token *token, const char *secret, char *text, size_t size)
{
    struct fr_token again = {.expires_s = 0};
    unsigned char mac[MAC_SIZE];
    char *json = write_contents(token);
    size_t json_size = json == NULL ? 0 : strlen(json), first_size;
    enum fr_error err = FR_INVALID;

    if (json == NULL || json_size > JSON_SIZE_MAX || secret == NULL || secret[0] == '\0' ||
        !read_contents(fr_slice(json, json_size), &again))
        goto out;
    first_size = sodium_base64_ENCODED_LEN(json_size, BASE64) - 1;
    err = FR_TOO_BIG;
    if (size < first_size + 1 + sodium_base64_ENCODED_LEN(MAC_SIZE, BASE64))
        goto out;
    sodium_bin2base64(text, size, (const unsigned char *)json, json_size, BASE64);
    make_mac(fr_slice(text, first_size), secret, mac);
    text[first_size] = '.';
    sodium_bin2base64(text + first_size + 1, size - first_size - 1, mac, MAC_SIZE, BASE64);
    err = FR_OK;
out:
    free(json);
    return err;
}
