/* phone.h - the normal form of a telephone number: E.164, and ";ext=" when there is an extension.
 *
 * Pure.  A small table of numbering plans (calling code, international prefix, trunk prefix,
 * possible lengths) does the common forms: +44..., 0044..., 020... with the channel account's
 * default region. Patterns inside a plan (which area codes exist, carrier codes, letters for
 * digits) are not judged: see README.md, "What is not done".
 */
#ifndef FR_IDENTITY_PHONE_H
#define FR_IDENTITY_PHONE_H

#include "services/identity/email.h"

/* `region` is the channel account's default ("GB"), never guessed from the text; "" or NULL: only
 * international forms give a key.  Plans in `regions` (struct identity_region) come before the
 * built-in ones.  FR_INVALID: no key, *why says so. */
enum fr_error identity_phone(const char *raw, const char *region,
                             const struct fr_config_list *regions, char out[IDENTITY_VALUE_SIZE],
                             const char **why);

#endif
