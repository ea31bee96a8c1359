/* token.h - ids that stand in addresses and Message-IDs, and that nobody else can make.
 *
 *     support+r0123456789abcdef4c1d...@acme.example       an answer goes there: which conversation
 *     support+b0123456789abcdef9a02...@acme.example       a bounce goes there: of which mail
 *     <0123456789abcdef.77e0...@filrouge.acme.example>    which mail is ours
 *
 * 16 hexadecimal digits of the id and 20 of HMAC-SHA256(secret, purpose NUL account NUL id): 80
 * bits that a forger has to guess, asking us each time.  Lower case, because some systems fold
 * local parts; short, because a local part ends at 64 characters.
 */
#ifndef FR_EMAIL_TOKEN_H
#define FR_EMAIL_TOKEN_H

#include "services/channel_email/email.h"

#define EMAIL_TOKEN_SIZE 37 /* with its NUL */

enum email_token {
    EMAIL_TOKEN_REPLY = 'r',
    EMAIL_TOKEN_BOUNCE = 'b',
    EMAIL_TOKEN_MAIL = 'm',
    EMAIL_TOKEN_LOOP = 'l'
};

void email_token_write(const char *secret, enum email_token purpose, const char *account,
                       uint64_t id, char text[EMAIL_TOKEN_SIZE]);
/* FR_INVALID: nobody of ours wrote it for that purpose and account.  Upper case is accepted. */
enum fr_error email_token_read(const char *secret, enum email_token purpose, const char *account,
                               struct fr_slice text, uint64_t *id);

/* "local+r<token>@domain" into text[EMAIL_ADDRESS_SIZE]; the bare address where the account's
 * separator is "" or the local part would not fit. */
void email_token_address(const char *secret, enum email_token purpose,
                         const struct email_account *account, uint64_t id,
                         char text[EMAIL_ADDRESS_SIZE]);

#define EMAIL_MESSAGE_ID_SIZE 320
/* The Message-ID of what we send, with <>. */
void email_message_id(const char *secret, const struct email_account *account, uint64_t id,
                      char text[EMAIL_MESSAGE_ID_SIZE]);
/* FR_INVALID: not one of ours for that account. */
enum fr_error email_message_id_read(const char *secret, const struct email_account *account,
                                    const char *text, uint64_t *id);
/* The right-hand side of those Message-IDs: nobody else makes any there. */
void email_message_id_domain(const struct email_account *account, char text[EMAIL_ADDRESS_SIZE]);

/* Is this address the account's own, perhaps with something behind the separator?  *extra is that
 * (borrowed from address, empty when there is nothing). */
bool email_account_has(const struct email_account *account, const char *address,
                       struct fr_slice *extra);

/* May mail be sent to it?  local@domain; no CR, LF, NUL, blank, comma, <> or quotes that would need
 * escaping; not longer than SMTP allows.  UTF-8 is accepted. */
bool email_sendable(const char *address);

#endif
