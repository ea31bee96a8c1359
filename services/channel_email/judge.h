/* judge.h - what a mail that came is: new or known, a person's or a machine's, about which of ours.
 *
 * Reads the tables and the configuration, writes nothing; decide_arrived.c says what follows.
 */
#ifndef FR_EMAIL_JUDGE_H
#define FR_EMAIL_JUDGE_H

#include "services/channel_email/tables.h"

struct email_mail { /* one EmailArrived on its way through decide; strings are the input's */
    struct fr_turn *turn;
    const struct fr_record *input;
    const struct email_config *config;
    const struct email_account *account;
    const Fr__EmailArrived *arrived;
    const Fr__EmailParsed *parsed; /* NULL: it could not be understood */
    const char *from;              /* the author's address, lower case; "" when there is none */
    const char *external_id;       /* its name in the outside world */
    uint64_t proven;          /* conversation that its recipient address was signed for; 0: none */
    uint64_t about;           /* message of ours that it reports on; 0: none */
    struct email_known known; /* if email_judge_known */
};

/* Fills external_id, and *known: was it taken before?  Three levels: its Message-ID as its author
 * used it (same author, and same date or same text: broken senders use one Message-ID for many
 * mails, and strangers may use anybody's); else its place in a mailbox; else its bytes. */
enum fr_error email_judge_known(struct email_mail *mail, bool *known);

/* Fills from, proven and about. */
enum fr_error email_judge_relations(struct email_mail *mail);

Fr__EmailFate email_judge_fate(const struct email_mail *mail);

/* May, and should, its author get an acknowledgement?  *about names what it is about: at most
 * EMAIL_ABOUT_SIZE bytes. */
#define EMAIL_ABOUT_SIZE 16
enum fr_error email_judge_acknowledge(struct email_mail *mail, uint8_t about[EMAIL_ABOUT_SIZE],
                                      bool *should);

#endif
