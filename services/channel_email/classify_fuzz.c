/* classify_fuzz.c - any header and text: class, reasons, report and verdict, without GMime. */
#include <stdlib.h>
#include "services/channel_email/address.h"
#include "services/channel_email/authres.h"
#include "services/channel_email/bounce.h"
#include "services/channel_email/charset.h"
#include "services/channel_email/charset_text.h"
#include "services/channel_email/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fr_arena *arena;
    char *trusted[] = {"mx.example"};
    Fr__EmailOptions options = FR__EMAIL_OPTIONS__INIT;
    struct email_mime mime = {.type = "text/plain"};
    struct email_evidence evidence = {.mime = &mime, .options = &options};
    struct email_addresses from;
    const char *reasons[EMAIL_REASONS_MAX];
    Fr__EmailClass class;
    Fr__EmailReport *report;

    if (arena == NULL)
        arena = fr_arena_new(1024 * 1024, EMAIL_PARSE_BUDGET);
    fr_arena_reset(arena);
    options.trusted_authserv = trusted;
    options.n_trusted_authserv = 1;
    mime.header = email_header_read(arena, fr_slice(data, size));
    from = email_address_parse(arena, email_mime_field(&mime, "from"), NULL, 1);
    evidence.from = from.count > 0 ? from.list[0]->address : "";
    evidence.subject = email_words_decode(arena, email_mime_field(&mime, "subject"), NULL);
    evidence.text = email_utf8_clean(arena, mime.header.body, EMAIL_TEXT_MAX, NULL);
    class = email_classify(&evidence, arena);
    fr_assert(email_no_autoanswer(&evidence, arena, reasons) <= EMAIL_REASONS_MAX);
    report = email_report(&evidence, arena, &class);
    fr_assert(report != NULL && report->n_recipients <= EMAIL_RECIPIENTS_MAX);
    for (size_t i = 0; i < report->n_recipients; i++)
        fr_assert(report->recipients[i]->reason != NULL &&
                  (report->recipients[i]->diagnostic == NULL ||
                   fr_utf8_valid(fr_slice_str(report->recipients[i]->diagnostic))));
    fr_assert(email_authres(&mime, &options, evidence.from, from.count, arena) != NULL);
    return 0;
}
