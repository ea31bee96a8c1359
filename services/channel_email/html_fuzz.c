/* html_fuzz.c - any text as HTML: what comes out is valid, never much longer, and has no NUL. */
#include <stdlib.h>
#include "common/base/error.h"
#include "services/channel_email/charset_text.h"
#include "services/channel_email/html.h"
#include "services/channel_email/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fr_arena *arena;
    char *html, *text;
    bool cut;

    if (arena == NULL)
        arena = fr_arena_new(1024 * 1024, EMAIL_PARSE_BUDGET);
    fr_arena_reset(arena);
    html = email_utf8_clean(arena, fr_slice(data, size), EMAIL_TEXT_MAX, NULL);
    text = email_html_text(arena, html, 4096, &cut);
    fr_assert(text != NULL && strlen(text) <= 4096 && fr_utf8_valid(fr_slice_str(text)));
    email_html_shows(html, "a@b");
    return 0;
}
