/* email.c - the normal form of an e-mail address. */
#include "services/identity/email.h"

#include <ctype.h>
#include <idn2.h>
#include <stdlib.h>
#include <strings.h>
#include <unicase.h>
#include <uninorm.h>

#define LOCAL_MAX 64 /* bytes, RFC 5321 section 4.5.3.1.1 */
#define ADDRESS_MAX 254

static const char *const not_an_address = "it is not an e-mail address";

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The address inside: what stands between the last angle brackets, without mailto: and its query,
 * without blanks and dots around it. */
static struct fr_slice
bare_address(const char *raw)
{
    const char *start = raw, *end = raw + strlen(raw), *open = strrchr(raw, '<');

    if (open != NULL) {
        const char *close = strchr(open, '>');

        start = open + 1;
        if (close != NULL)
            end = close;
    }
    while (start < end && is_blank(*start))
        start++;
    if ((size_t)(end - start) > 7 && strncasecmp(start, "mailto:", 7) == 0) {
        const char *query;

        start += 7;
        query = memchr(start, '?', (size_t)(end - start));
        if (query != NULL)
            end = query;
    }
    while (end > start && (is_blank(end[-1]) || end[-1] == '.'))
        end--;
    return fr_slice(start, (size_t)(end - start));
}

static bool
all_ascii(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* "a b" in quotes is legal but rare; quotes around a plain word are only decoration. */
static bool
unquote(char *local, size_t *size)
{
    size_t used = 0;
    bool plain = true;

    if (*size < 2 || local[0] != '"')
        return memchr(local, '"', *size) == NULL;
    if (local[*size - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < *size; i++) {
        char c = local[i];

        if (c == '\\' && i + 2 < *size)
            c = local[++i];
        plain = plain && strchr(" ()<>[]:;,@\\\"", c) == NULL;
        local[used++] = c;
    }
    *size = used;
    return plain && used > 0; /* a local part that needs its quotes gives no key */
}

static bool
local_part_valid(const char *local, size_t size)
{
    if (size == 0 || size > LOCAL_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)local[i];

        if (c <= ' ' || c == 0x7f || strchr("()<>[]:;,@\\\"", c) != NULL)
            return false;
    }
    return true;
}

/* Lower case by Unicode and NFC, so that composed and decomposed letters are one. */
static bool
lower_local(char *local, size_t *size)
{
    uint8_t buffer[8 * LOCAL_MAX], *lower;
    size_t lower_size = sizeof(buffer);

    if (all_ascii(local, *size)) {
        for (size_t i = 0; i < *size; i++)
            local[i] = (char)tolower((unsigned char)local[i]);
        return true;
    }
    lower = u8_tolower((const uint8_t *)local, *size, NULL, UNINORM_NFC, buffer, &lower_size);
    if (lower == NULL)
        return false;
    if (lower_size <= LOCAL_MAX) {
        memcpy(local, lower, lower_size);
        *size = lower_size;
    }
    if (lower != buffer)
        free(lower);
    return lower_size <= LOCAL_MAX;
}

/* Letters, digits, hyphens and dots in labels of 1 to 63, at least two of them. */
static bool
domain_valid(const char *domain)
{
    size_t label = 0, dots = 0;

    for (const char *c = domain; *c != '\0'; c++) {
        if (*c == '.') {
            if (label == 0)
                return false;
            dots++;
            label = 0;
            continue;
        }
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
            return false;
        if (++label > 63)
            return false;
    }
    return label > 0 && dots > 0;
}

/* Lower case and IDNA 2008 A-labels (with the mapping of UTS 46) into out[ADDRESS_MAX + 1]. */
static bool
normal_domain(const char *domain, size_t size, char *out)
{
    char copy[ADDRESS_MAX + 1], *ascii = NULL;
    bool fits;

    if (size == 0 || size > ADDRESS_MAX)
        return false;
    memcpy(copy, domain, size);
    copy[size] = '\0';
    if (all_ascii(copy, size)) {
        for (size_t i = 0; i <= size; i++)
            out[i] = (char)tolower((unsigned char)copy[i]);
        return domain_valid(out);
    }
    if (idn2_to_ascii_8z(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    fits = strlen(ascii) <= ADDRESS_MAX;
    if (fits)
        strcpy(out, ascii);
    idn2_free(ascii);
    for (size_t end = fits ? strlen(out) : 0; end > 0 && out[end - 1] == '.'; end--)
        out[end - 1] = '\0';
    return fits && domain_valid(out);
}

static const struct identity_provider *
provider_of(const struct identity_config *config, const char *domain)
{
    const struct identity_provider *providers = config->providers.items;

    for (size_t i = 0; i < config->providers.count; i++)
        if (strcmp(providers[i].domain, domain) == 0)
            return &providers[i];
    return NULL;
}

static void
fold_as_provider(const struct identity_provider *provider, char *local, size_t *size)
{
    const char *plus = provider->drop_tag ? memchr(local, '+', *size) : NULL;
    size_t used = 0;

    if (plus != NULL)
        *size = (size_t)(plus - local);
    if (!provider->drop_dots)
        return;
    for (size_t i = 0; i < *size; i++)
        if (local[i] != '.')
            local[used++] = local[i];
    *size = used;
}

/* noreply@, No.Reply+17@, mailer-daemon@...: letters only, without a tag, against the list. */
static bool
is_nobody(const struct identity_config *config, const char *local, size_t size)
{
    const char *const *nobody = config->nobody.items;
    char letters[LOCAL_MAX + 1];
    size_t used = 0;

    for (size_t i = 0; i < size && local[i] != '+'; i++)
        if (strchr("-_.", local[i]) == NULL)
            letters[used++] = local[i];
    letters[used] = '\0';
    for (size_t i = 0; i < config->nobody.count; i++)
        if (strcmp(nobody[i], letters) == 0)
            return true;
    return false;
}

enum fr_error
identity_email(const char *raw, const struct identity_config *config, char out[IDENTITY_VALUE_SIZE],
               const char **why)
{
    struct fr_slice address = bare_address(raw);
    const struct identity_provider *provider;
    char local[LOCAL_MAX * 2 + 2], domain[ADDRESS_MAX + 1];
    const char *at = memrchr(address.data, '@', address.size), *host;
    size_t local_size;

    *why = not_an_address;
    if (at == NULL)
        return FR_INVALID;
    local_size = (size_t)(at - (const char *)address.data);
    if (local_size == 0 || local_size > sizeof(local) - 1)
        return FR_INVALID;
    memcpy(local, address.data, local_size);
    if (at[1] == '[') {
        *why = "an address literal names a machine, not a person";
        return FR_INVALID;
    }
    /* Valid after NFC, not before: NFC turns a Greek question mark into a semicolon. */
    if (!unquote(local, &local_size) || !lower_local(local, &local_size) ||
        !local_part_valid(local, local_size) ||
        !normal_domain(at + 1, address.size - (size_t)(at + 1 - (const char *)address.data),
                       domain))
        return FR_INVALID;
    if (is_nobody(config, local, local_size)) {
        *why = "nobody reads that address";
        return FR_INVALID;
    }
    provider = provider_of(config, domain);
    if (provider != NULL)
        fold_as_provider(provider, local, &local_size);
    host = provider != NULL && provider->same_as[0] != '\0' ? provider->same_as : domain;
    if (local_size == 0 || local_size + 1 + strlen(host) > ADDRESS_MAX)
        return FR_INVALID;
    snprintf(out, IDENTITY_VALUE_SIZE, "%.*s@%s", (int)local_size, local, host);
    return FR_OK;
}
