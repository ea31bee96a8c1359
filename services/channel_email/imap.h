/* imap.h - one mailbox over IMAP (RFC 3501), by libcurl: how far it goes, what is in it, one mail.
 *
 * Blocking; one thread at a time.  Each look (email_imap_status) begins with a connection of its
 * own, and the calls after it go on with that.
 *
 * Reading a mail marks it as read there: libcurl's own FETCH is used because it takes a mail by its
 * announced size; a custom one (BODY.PEEK) is taken line by line, and a mail could then pretend to
 * be the server's answer.
 */
#ifndef FR_EMAIL_IMAP_H
#define FR_EMAIL_IMAP_H

#include <stdatomic.h>
#include "services/channel_email/email.h"

struct email_imap; /* opaque */

/* What `mailbox` says is borrowed for its life.  A set *stopping ends every call soon. */
enum fr_error email_imap_new(const struct email_mailbox *mailbox, const char *ca_file,
                             uint64_t size_max, _Atomic bool *stopping, struct email_imap **imap);
void email_imap_free(struct email_imap **imap);

/* FR_IO for all troubles below: email_imap_why says more. */
const char *email_imap_why(const struct email_imap *imap);

/* Its UIDVALIDITY, and the UID that comes next. */
enum fr_error email_imap_status(struct email_imap *imap, uint32_t *uidvalidity, uint32_t *uidnext);

/* UIDs between first and last, ascending; at most `max` are asked for. */
enum fr_error email_imap_search(struct email_imap *imap, uint32_t first, uint32_t last,
                                uint32_t *uids, size_t max, size_t *count);

struct email_imap_mail {
    struct fr_slice bytes; /* borrowed until the next call; its first size_max bytes */
    uint64_t size;         /* of the whole mail */
};
/* FR_NOT_FOUND: it is not there any more.  FR_INVALID: UIDVALIDITY is another one by now. */
enum fr_error email_imap_fetch(struct email_imap *imap, uint32_t uidvalidity, uint32_t uid,
                               struct email_imap_mail *mail);

/* Parsing of answers, for their tests: "* STATUS ..." and "* SEARCH ...".  FR_INVALID. */
enum fr_error email_imap_read_status(const char *text, uint32_t *uidvalidity, uint32_t *uidnext);
enum fr_error email_imap_read_search(const char *text, uint32_t first, uint32_t last,
                                     uint32_t *uids, size_t max, size_t *count);

#endif
