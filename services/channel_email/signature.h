/* signature.h - the lines that several mails of one sender have in common at their end.
 *
 * Not every signature begins with "-- "; but whoever writes often signs the same way each time.
 */
#ifndef FR_EMAIL_SIGNATURE_H
#define FR_EMAIL_SIGNATURE_H

#include <stddef.h>
#include "common/base/arena.h"

#define EMAIL_SIGNATURE_MAILS_MAX 32u
#define EMAIL_SIGNATURE_LINES_MAX 40u

/* The longest run of at least 3 lines with text that stands in most of the texts (in all when there
 * are two) near their ends, blanks at line ends apart.  NULL: there is none, or fewer than two
 * texts. */
const char *email_signature_common(struct fr_arena *arena, const char *const *texts, size_t count);

/* Where `signature` (from email_signature_common) begins in a text; NULL: it is not in it. */
const char *email_signature_at(const char *text, const char *signature);

#endif
