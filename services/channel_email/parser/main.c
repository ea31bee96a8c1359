/* main.c - filrouge-email-parser: reads mails for channel_email, and can do nothing else.
 *
 * Started by child.c only: filrouge-email-parser <bytes of address space>, with its socket as
 * descriptor 3.
 */
#include <gmime/gmime.h>
#include <linux/close_range.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "services/channel_email/charset.h"
#include "services/channel_email/child_sandbox.h"
#include "services/channel_email/child_wire.h"

/* Everything that needs a file happens before the door closes. */
static bool
warm_up(void)
{
    static const char mail[] =
        "From: a@b.example\nDate: Thu, 1 Jan 2026 00:00:00 +0100\n"
        "Content-Type: text/plain; charset=iso-8859-1; name*=utf-8''a\n\nx\n";
    struct fr_arena *arena = fr_arena_new(65536, EMAIL_PARSE_BUDGET);
    Fr__EmailParsed *parsed;
    const char *why;
    bool good =
        sodium_init() >= 0 && email_charset_preload() > 0 && arena != NULL &&
        email_parse(fr_slice(mail, sizeof(mail) - 1), NULL, NULL, arena, &parsed, &why) == FR_OK;

    fr_arena_free(&arena);
    return good;
}

int
main(int argc, char **argv)
{
    struct email_sandbox sandbox;
    const char *why;

    if (argc != 2) {
        fputs("filrouge-email-parser is started by filrouge-channel-email, and by nobody else\n",
              stderr);
        return 64;
    }
    close_range(EMAIL_CHILD_SOCKET + 1, ~0u, 0);
    if (!warm_up()) {
        fputs("filrouge-email-parser: the charset converters cannot be loaded\n", stderr);
        return 1;
    }
    if (!email_sandbox_enter(strtoull(argv[1], NULL, 10), &sandbox, &why)) {
        fprintf(stderr, "filrouge-email-parser: %s\n", why);
        return 1;
    }
    return email_child_serve(email_parse);
}
