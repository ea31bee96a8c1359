/* parse_fuzz.c - any bytes as a mail, GMime and all: it is understood or refused, and what was
 * understood packs, unpacks and holds only valid text. */
#include <stdlib.h>
#include "common/stage/stage.h"
#include "services/channel_email/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fr_error
count(void *context, const void *data, size_t size)
{
    *(uint64_t *)context += size;
    (void)data;
    return FR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fr_arena *arena, *other;
    uint64_t handed = 0, claimed = 0;
    struct email_sink sink = {count, &handed};
    Fr__EmailParsed *parsed;
    const char *why = NULL;
    enum fr_error err;
    uint8_t *packed;
    size_t packed_size;

    if (arena == NULL) {
        arena = fr_arena_new(1024 * 1024, EMAIL_PARSE_BUDGET);
        other = fr_arena_new(1024 * 1024, EMAIL_PARSE_BUDGET);
    }
    fr_arena_reset(arena);
    fr_arena_reset(other);
    err = email_parse(fr_slice(data, size), NULL, &sink, arena, &parsed, &why);
    if (err != FR_OK) {
        fr_assert((err == FR_INVALID || err == FR_TOO_BIG) && why != NULL && why[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < parsed->n_attachments; i++)
        claimed += parsed->attachments[i]->size;
    fr_assert(claimed == handed);
    packed_size = fr__email_parsed__get_packed_size(parsed);
    packed = fr_arena_alloc(arena, packed_size + 1);
    fr__email_parsed__pack(parsed, packed);
    fr_assert(fr_unpack_in(other, &fr__email_parsed__descriptor, fr_slice(packed, packed_size)) !=
              NULL);
    return 0;
}
