/* compose.h - an answer as a mail (RFC 5322, 2045, 2047, 2231, 3834), the same at each try.
 *
 *     From, To, Reply-To (with the signed token), Subject, Date, Message-ID, In-Reply-To,
 * References Auto-Submitted, X-Auto-Response-Suppress, Precedence (automatic mail only),
 * X-Filrouge-Loop multipart/alternative: text/plain, text/html; both quoted-printable UTF-8
 *
 * Pure.  What would break a header (CR, LF, NUL in an address, a name or a subject) is refused, not
 * repaired: it did not come from where it says.
 */
#ifndef FR_EMAIL_COMPOSE_H
#define FR_EMAIL_COMPOSE_H

#include "services/channel_email/email.h"

struct email_letter {
    const struct email_account *account;
    const char *secret; /* reply_secret */
    const Fr__EmailQueued *queued;
};

/* The whole mail with CRLF line ends, in arena memory.  FR_INVALID: a header cannot be written;
 * *why says which.  FR_NO_MEMORY. */
enum fr_error email_compose(const struct email_letter *letter, struct fr_arena *arena,
                            struct fr_slice *mail, const char **why);

/* MAIL FROM: the null sender "" for automatic mail; else an address that a bounce finds its mail
 * by. */
void email_envelope_sender(const struct email_letter *letter, char text[EMAIL_ADDRESS_SIZE]);

#endif
