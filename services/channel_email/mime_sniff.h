/* mime_sniff.h - the type of an attachment by its first bytes, whatever its sender calls it. */
#ifndef FR_EMAIL_MIME_SNIFF_H
#define FR_EMAIL_MIME_SNIFF_H

#include "common/base/slice.h"

#define EMAIL_SNIFF_SIZE 4096 /* bytes from the beginning that are looked at */

/* A constant media type.  `declared` (lower case, may be NULL) decides only between types that look
 * alike: text of all kinds, and what lives in ZIP or OLE containers. */
const char *email_sniff(struct fr_slice begin, const char *declared, const char *name);

/* "png" for "image/png"; "bin" when nothing better is known. */
const char *email_extension(const char *type);

#endif
