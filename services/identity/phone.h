/* phone.h - the normal form of a telephone number: E.164, and ";ext=" when there is an extension.
 *
 * Pure.  Numbering plans are Google's libphonenumber (phone.cc, C++ behind this C header): every
 * region's calling code, prefixes and possible lengths.  A number need not be in use, only
 * possible: which ranges are assigned changes faster than libraries do.
 */
#ifndef FR_IDENTITY_PHONE_H
#define FR_IDENTITY_PHONE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `region` is the channel account's default ("GB"), never guessed from the text; "" or NULL: only
 * international forms give a key.  Writes at most size - 1 bytes and a NUL.  False: it gives no
 * key, and *why is a constant phrase that says so. */
bool identity_phone(const char *raw, const char *region, char *out, size_t size, const char **why);

#ifdef __cplusplus
}
#endif

#endif
