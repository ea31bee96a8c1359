/* address_fuzz.c - any bytes as an address field: what comes out is addresses, in valid UTF-8. */
#include <stdlib.h>
#include "common/base/error.h"
#include "services/channel_email/address.h"
#include "services/channel_email/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fr_arena *arena;
    struct email_addresses found;
    char *ids[5];
    size_t count;

    if (arena == NULL)
        arena = fr_arena_new(1024 * 1024, EMAIL_PARSE_BUDGET);
    fr_arena_reset(arena);
    found = email_address_parse(arena, fr_slice(data, size), size % 2 == 0 ? "koi8-r" : NULL, 20);
    fr_assert(found.count <= 20);
    for (size_t i = 0; i < found.count; i++) {
        const Fr__EmailAddress *one = found.list[i];

        fr_assert(one->address[0] != '\0' && fr_utf8_valid(fr_slice_str(one->address)));
        fr_assert(strpbrk(one->address, "\r\n") == NULL);
        fr_assert(one->name == NULL ||
                  (fr_utf8_valid(fr_slice_str(one->name)) && strpbrk(one->name, "\r\n") == NULL));
    }
    count = email_ids_parse(arena, fr_slice(data, size), ids, 5);
    fr_assert(count <= 5);
    for (size_t i = 0; i < count; i++)
        fr_assert(ids[i][0] == '<' && ids[i][strlen(ids[i]) - 1] == '>' && strlen(ids[i]) > 2);
    return 0;
}
