/* parse.h - the bytes of a mail, understood: who wrote what to whom, and what kind of mail it is.
 *
 *   bytes --> mime (GMime) --+--> address, charset, date --+
 *                            +--> html, reply, signature   +--> EmailParsed
 *                            +--> classify, bounce, authres+
 *
 * Pure: no clock, no file, no configuration but the options, so tests and the fuzzer call what
 * production calls.  Production calls it in a child process (child.h), because the bytes are
 * hostile and GMime is not ours.
 */
#ifndef FR_EMAIL_PARSE_H
#define FR_EMAIL_PARSE_H

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "proto/email_parsed.pb-c.h"

#define EMAIL_SIZE_MAX (25u * 1024 * 1024) /* bytes of one mail */
#define EMAIL_PARTS_MAX 200u
#define EMAIL_LEVELS_MAX 10u          /* of multiparts and enclosed mails inside one another */
#define EMAIL_HEADER_MAX (64u * 1024) /* bytes of one header, the mail's or a part's */
#define EMAIL_TEXT_MAX                                                                             \
    (192u * 1024) /* bytes of each text handed back; the rest is cut, with a warning */
#define EMAIL_ADDRESSES_MAX 5000u              /* of each field */
#define EMAIL_REFERENCES_MAX 100u              /* the first and the last 99 are kept */
#define EMAIL_PARSED_MAX (1024u * 1024)        /* bytes of a packed EmailParsed */
#define EMAIL_PARSE_BUDGET (48u * 1024 * 1024) /* an arena that is always enough */

/* Where decoded attachments go while the mail is parsed; returns FR_OK or FR_IO.  Called with the
 * bytes of one attachment after the other, in pieces; EmailAttachment.offset counts them. */
struct email_sink {
    enum fr_error (*write)(void *context, const void *data, size_t size);
    void *context;
};

/* Understand `mail`.  options may be NULL (nothing trusted, nothing own); sink may be NULL (the
 * attachments' bytes are only hashed).
 *
 *   FR_OK         *parsed, borrowed from the arena.  Every string in it is valid UTF-8 without NUL.
 *   FR_TOO_BIG    over one of the limits above; *why says which.
 *   FR_INVALID    nothing that could be called a mail (no header field at all); *why.
 *   FR_NO_MEMORY  the arena's budget is spent; *why.
 *   FR_IO         the sink refused.
 *
 * *why is constant or borrowed from the arena.  The limits are checked before GMime allocates. */
enum fr_error email_parse(struct fr_slice mail, const Fr__EmailOptions *options,
                          const struct email_sink *sink, struct fr_arena *arena,
                          Fr__EmailParsed **parsed, const char **why);

#endif
