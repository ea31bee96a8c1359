/* reply_fuzz.c - any text: the visible reply is a part of it in order, and never nothing. */
#include <stdlib.h>
#include "common/base/error.h"
#include "services/channel_email/charset_text.h"
#include "services/channel_email/parse.h"
#include "services/channel_email/reply.h"
#include "services/channel_email/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every line of the reply is a line of the text, in the same order (blank space at ends apart). */
static void
in_order(const char *text, const char *reply)
{
    while (*reply != '\0') {
        size_t size = strcspn(reply, "\n");
        const char *at = memmem(text, strlen(text), reply, size);

        fr_assert(at != NULL);
        text = at + size;
        reply += size + (reply[size] == '\n');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fr_arena *arena;
    struct email_reply reply;
    const char *folded, *texts[2];
    char *text;

    if (arena == NULL)
        arena = fr_arena_new(1024 * 1024, EMAIL_PARSE_BUDGET);
    fr_arena_reset(arena);
    text = email_utf8_clean(arena, fr_slice(data, size), EMAIL_TEXT_MAX, NULL);
    fr_assert(email_reply_trim(arena, text, &reply) == FR_OK);
    fr_assert(fr_utf8_valid(fr_slice_str(reply.visible)));
    in_order(text, reply.visible);
    folded = email_fold(arena, text);
    fr_assert(folded[0] == '\0' || reply.visible[0] != '\0');
    texts[0] = text;
    texts[1] = reply.visible;
    folded = email_signature_common(arena, texts, 2);
    fr_assert(folded == NULL || email_signature_at(text, folded) != NULL);
    return 0;
}
