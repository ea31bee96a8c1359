/* config_fuzz.c - any bytes as a configuration: refused with a complaint, or printed so that it
 * loads again and prints the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/config/shop_schema_fixture.h"

/* The print without its remarks, which say of the first round what was a default. */
static char *
printed(const struct fr_config *config)
{
    char *text = NULL, *remark;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    fr_config_print(config, "", out);
    fr_config_print(config, "routing", out);
    fclose(out);
    while ((remark = strstr(text, " # default\n")) != NULL)
        memmove(remark, remark + 10, strlen(remark + 10) + 1);
    return text;
}

static void
round_trip(const struct fr_config *config)
{
    char *once = printed(config), *twice;
    struct fr_config *again = NULL;

    fr_assert(fr_config_parse(once, strlen(once), "printed.yaml", shop_sections, SHOP_SECTION_COUNT,
                              stderr, &again) == FR_OK);
    twice = printed(again);
    fr_assert(strcmp(once, twice) == 0);
    free(once);
    free(twice);
    fr_config_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *said = NULL;
    size_t said_size = 0;
    FILE *complaints = open_memstream(&said, &said_size);
    struct fr_config *config = NULL;
    enum fr_error err = fr_config_parse((const char *)data, size, "fuzz.yaml", shop_sections,
                                        SHOP_SECTION_COUNT, complaints, &config);

    fclose(complaints);
    fr_assert((err == FR_OK) == (config != NULL));
    fr_assert((err == FR_OK) == (said_size == 0));
    if (config != NULL && size < 128 * 1024) /* what is printed is longer and must fit as well */
        round_trip(config);
    free(said);
    fr_config_free(&config);
    return 0;
}
