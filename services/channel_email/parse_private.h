/* parse_private.h - what the files of the parser share, and nobody else. */
#ifndef FR_EMAIL_PARSE_PRIVATE_H
#define FR_EMAIL_PARSE_PRIVATE_H

#include "services/channel_email/classify.h"
#include "services/channel_email/mime.h"
#include "services/channel_email/parse.h"

struct email_parsing { /* one mail under way */
    struct fr_arena *arena;
    struct email_mime mime;
    const Fr__EmailOptions *options;
    const struct email_sink *sink;
    Fr__EmailParsed *parsed;
    size_t from_count;   /* addresses in From itself; `from` may be from elsewhere */
    const char *charset; /* of the body: what raw bytes in the header are in, most likely */
};

/* Said once, however often it happens. */
void email_warn(struct email_parsing *parsing, const char *warning);

/* Everything that stands in the header.  parse_header.c */
void email_parse_header(struct email_parsing *parsing);

/* text, html_text, html, visible, signature, invites.  parse_body.c */
enum fr_error email_parse_body(struct email_parsing *parsing);

/* Every leaf that is not the text, through the sink.  parse_attachments.c */
enum fr_error email_parse_attachments(struct email_parsing *parsing);

/* Is the leaf shown as the mail's text? */
bool email_is_body(const struct email_part *part);

/* The first event of a calendar; NULL: arena spent.  parse_invite.c */
Fr__EmailInvite *email_invite(struct fr_arena *arena, const char *text, const char *method);

/* Microseconds since 1970 of a Date field; false: senseless. mime_date.c */
bool email_date_parse(struct fr_slice raw, struct fr_arena *arena, int64_t *unix_us);

#endif
