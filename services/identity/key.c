/* key.c - identifiers in normal form. */
#include "services/identity/key.h"

#include "services/identity/phone.h"

enum identity_class
identity_key_class(const char *type)
{
    if (strcmp(type, "account") == 0 || strcmp(type, "login") == 0)
        return IDENTITY_EXCLUSIVE;
    if (strcmp(type, "email") == 0 || strcmp(type, "forum") == 0 ||
        (strncmp(type, "social:", 7) == 0 && type[7] != '\0' && strlen(type) <= 40))
        return IDENTITY_PERSON;
    if (strcmp(type, "phone") == 0 || strcmp(type, "device") == 0)
        return IDENTITY_LINE;
    return IDENTITY_UNKNOWN;
}

/* The value as it is, without the blanks around it: whoever issued it knows what else it means. */
static enum fr_error
as_issued(const char *raw, const char *space, char out[IDENTITY_VALUE_SIZE], const char **why)
{
    size_t start = strspn(raw, " \t\r\n"), size = strlen(raw + start), lead = strlen(space);

    while (size > 0 && strchr(" \t\r\n", raw[start + size - 1]) != NULL)
        size--;
    *why = size == 0 ? "it is empty" : "it is too long";
    if (size == 0 || lead + 1 + size >= IDENTITY_VALUE_SIZE)
        return FR_INVALID;
    snprintf(out, IDENTITY_VALUE_SIZE, "%s%s%.*s", space, lead > 0 ? "/" : "", (int)size,
             raw + start);
    return FR_OK;
}

/* Names of accounts change hands; the platform's own number never does.  Platforms write it with or
 * without letters around it, a handle is what has no digit at all or stands behind an @. */
static bool
is_handle(const char *raw)
{
    raw += strspn(raw, " \t");
    return raw[0] == '@' || strpbrk(raw, "0123456789") == NULL;
}

static bool
is_ours(const char *type, const char *value, const struct identity_config *config)
{
    const struct identity_own_key *own = config->own_keys.items;

    for (size_t i = 0; i < config->own_keys.count; i++)
        if (strcmp(own[i].value, value) == 0 && strcmp(own[i].type, type) == 0)
            return true;
    return false;
}

static enum fr_error
normal_value(const char *type, const char *raw, const char *region, const char *brand,
             const struct identity_config *config, char out[IDENTITY_VALUE_SIZE], const char **why)
{
    if (strcmp(type, "email") == 0)
        return identity_email(raw, config, out, why);
    if (strcmp(type, "phone") == 0)
        return identity_phone(raw, region, out, IDENTITY_VALUE_SIZE, why) ? FR_OK : FR_INVALID;
    switch (identity_key_class(type)) {
    case IDENTITY_EXCLUSIVE:
        return as_issued(raw, config->one_account_space ? "" : brand, out, why);
    case IDENTITY_PERSON:
        *why = "a handle can change hands; the platform's own number is the key";
        return is_handle(raw) ? FR_INVALID : as_issued(raw, "", out, why);
    case IDENTITY_LINE:
        return as_issued(raw, "", out, why);
    default:
        *why = "a type of key that is not known";
        return FR_INVALID;
    }
}

enum fr_error
identity_key_normal(const char *type, const char *raw, const char *region, const char *brand,
                    const struct identity_config *config, char out[IDENTITY_VALUE_SIZE],
                    const char **why)
{
    enum fr_error err = normal_value(type, raw, region, brand, config, out, why);

    if (err == FR_OK && is_ours(type, out, config)) {
        *why = "it is one of our own addresses";
        return FR_INVALID;
    }
    return err;
}

struct fr_slice
identity_key_space(const char *value)
{
    const char *slash = strchr(value, '/');

    return slash == NULL ? fr_slice("", 0) : fr_slice(value, (size_t)(slash + 1 - value));
}
