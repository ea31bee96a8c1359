/* key_fuzz.c - any text as an e-mail address and as a telephone number: a normal form stays within
 * its size, is valid UTF-8, and is its own normal form. */
#include <stdlib.h>
#include "services/identity/key.h"

static const char *const regions[] = {"", "GB", "US", "IT", "HU", "RU", "ZZ"};

static struct fr_config *loaded;

static const struct identity_config *
config(void)
{
    static const struct fr_config_section section = {
        "identity", identity_config_keys, sizeof(struct identity_config), identity_config_check};

    if (loaded == NULL)
        fr_assert(fr_config_parse("", 0, "fuzz", &section, 1, stderr, &loaded) == FR_OK);
    return fr_config_get(loaded, "identity");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *type, *region, *why;
    char raw[1024], normal[IDENTITY_VALUE_SIZE], again[IDENTITY_VALUE_SIZE];

    if (size < 1 || size > sizeof(raw) || !fr_utf8_valid(fr_slice(data + 1, size - 1)))
        return 0; /* records with other texts do not decode */
    type = data[0] & 1 ? "email" : "phone";
    region = regions[(data[0] >> 1) % (sizeof(regions) / sizeof(regions[0]))];
    memcpy(raw, data + 1, size - 1);
    raw[size - 1] = '\0';
    if (identity_key_normal(type, raw, region, "acme", config(), normal, &why) != FR_OK)
        return 0;
    fr_assert(fr_utf8_valid(fr_slice_str(normal)));
    fr_assert(identity_key_normal(type, normal, region, "acme", config(), again, &why) == FR_OK);
    fr_assert(strcmp(normal, again) == 0);
    return 0;
}
