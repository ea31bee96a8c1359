/* lmtp.h - the dialogue of LMTP (RFC 2033): bytes in, replies and whole mails out.  No socket here.
 *
 *      LHLO, MAIL, RCPT...  --> feed --> replies, appended to `out`
 *      DATA ... <CRLF>.<CRLF> --> calls->mail(): the mail is whole, and the dialogue waits
 *      a code per recipient <-- answered: what follows in the input is looked at only now
 *
 * With PIPELINING, SIZE, 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES; no CHUNKING.
 *
 * Smuggling: lines end with CRLF and with nothing else.  A bare LF or CR in a mail is one more byte
 * of it, and never ends a line, so "LF . CRLF" ends no mail; a command with a bare LF in it is
 * refused and ends the connection, since our sender and we disagree about what a line is.
 */
#ifndef FR_EMAIL_LMTP_H
#define FR_EMAIL_LMTP_H

#include <stdbool.h>
#include "common/base/error.h"
#include "common/base/slice.h"

#define EMAIL_LMTP_LINE_MAX                                                                        \
    2048 /* bytes of a command: RFC 5321 asks for 512 and room for parameters */
#define EMAIL_LMTP_PATH_MAX 320
#define EMAIL_LMTP_MISTAKES_MAX 20 /* refused commands of one connection; then it ends */

struct email_lmtp; /* opaque */

struct email_lmtp_recipient {
    char address[EMAIL_LMTP_PATH_MAX + 1]; /* without <> */
    unsigned account;                      /* what calls->recipient said */
};
struct email_lmtp_mail { /* borrowed until it is answered */
    const char *sender;  /* without <>; "": the null sender */
    const struct email_lmtp_recipient *recipients;
    size_t recipient_count;
    struct fr_slice bytes; /* lines end as they came, dots are unstuffed */
};

struct email_lmtp_calls {
    /* Is that mailbox ours?  *account is the caller's own number for it. */
    bool (*recipient)(void *context, const char *address, unsigned *account);
    /* May the mail under way use so many bytes more (or less)?  false: there is no room now. */
    bool (*room)(void *context, int64_t bytes);
    /* Is nothing to be taken now? */
    bool (*pressed)(void *context);
    /* A mail is whole.  email_lmtp_answered follows, later, from the same thread. */
    void (*mail)(void *context, const struct email_lmtp_mail *mail);
};

struct email_lmtp_limits {
    const char *hostname;
    uint64_t size_max;
    unsigned recipients_max;
};

/* The calls and the limits are borrowed for the dialogue's life.  NULL: no memory. */
struct email_lmtp *email_lmtp_new(const struct email_lmtp_calls *calls, void *context,
                                  const struct email_lmtp_limits *limits);
void email_lmtp_free(struct email_lmtp **lmtp);

/* The greeting; or, with `why`, the refusal that ends the connection ("421 ..."). */
void email_lmtp_greet(struct email_lmtp *lmtp, const char *why);

/* What came from the other side.  Says how many bytes were used: fewer than all only while a mail
 * waits for its answer or the dialogue is over. */
size_t email_lmtp_feed(struct email_lmtp *lmtp, struct fr_slice bytes);

/* The mail's fate, a line for each recipient, as "250 2.0.0 text" (borrowed for the call). */
void email_lmtp_answered(struct email_lmtp *lmtp, const char *const *lines);

/* Replies not yet sent; `sent` takes so many off the front. */
struct fr_slice email_lmtp_output(const struct email_lmtp *lmtp);
void email_lmtp_sent(struct email_lmtp *lmtp, size_t size);

bool email_lmtp_waits(const struct email_lmtp *lmtp);       /* for email_lmtp_answered */
bool email_lmtp_in_data(const struct email_lmtp *lmtp);     /* a mail is being received */
bool email_lmtp_idle(const struct email_lmtp *lmtp);        /* no mail has been begun */
bool email_lmtp_over(const struct email_lmtp *lmtp);        /* close when the output is sent */
unsigned email_lmtp_refused(const struct email_lmtp *lmtp); /* 5xx so far, commands and mails */

#endif
