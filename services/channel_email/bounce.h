/* bounce.h - whom did a mail of ours not reach, why, and which mail was it?
 *
 * Read in this order: the machine-readable report (RFC 3464), the header (X-Failed-Recipients), the
 * words of the daemon. The reason is one word of the list below, by what the other side said first
 * and by the status code (RFC 3463) after that; the words are those of the table in
 * bounce_reason.c.
 */
#ifndef FR_EMAIL_BOUNCE_H
#define FR_EMAIL_BOUNCE_H

#include "services/channel_email/classify.h"
#include "services/channel_email/mime.h"

#define EMAIL_RECIPIENTS_MAX 50u

/* The report of a bounce, a complaint or a receipt.  For a bounce whose report says only
 * "delivered" or "relayed" *class becomes EMAIL_RECEIPT.  NULL: the arena is spent. */
Fr__EmailReport *email_report(const struct email_evidence *evidence, struct fr_arena *arena,
                              Fr__EmailClass *class);

/* userunknown hostunknown hasmoved notaccept (hard); mailboxfull mesgtoobig exceedlimit expired
 * networkerror toomanyconn onhold systemfull systemerror mailererror (try later or elsewhere);
 * blocked badreputation requireptr authfailure norelaying securityerror policyviolation
 * notcompliantrfc contenterror spamdetected syntaxerror rejected filtered (somebody has to change
 * something); undefined. */
const char *email_bounce_reason(const char *diagnostic, const char *status, const char *smtp);

/* Never again to that address? */
bool email_bounce_hard(const char *reason);

/* The first status code "5.1.1" and reply code "550" in a text; false: none. */
bool email_bounce_status(const char *text, char status[16]);
bool email_bounce_smtp(const char *text, char smtp[4]);

#endif
