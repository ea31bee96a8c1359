/* email.h - the normal form of an e-mail address: two spellings of one mailbox become one key.
 *
 * Pure.  RFC 5321 leaves the local part to its host, so only what every host does alike (letter
 * case) and what a known provider does (table in the configuration) is folded.  Confusable letters
 * are never folded: a look-alike address is another person's.
 */
#ifndef FR_IDENTITY_EMAIL_H
#define FR_IDENTITY_EMAIL_H

#include "services/identity/identity.h"

#define IDENTITY_VALUE_SIZE 256 /* any key's normal form, with its NUL */

/* `raw` as received ("Ann <Ann@Mail.Example.>", "mailto:ann@mail.example") to "ann@mail.example".
 * FR_INVALID: it gives no key, and *why is a constant phrase that says so; out is then undefined.
 */
enum fr_error identity_email(const char *raw, const struct identity_config *config,
                             char out[IDENTITY_VALUE_SIZE], const char **why);

#endif
