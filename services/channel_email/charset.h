/* charset.h - bytes in whatever charset, as UTF-8: labels as people write them, and none at all.
 *
 * Labels are taken as the WHATWG Encoding Standard does (iso-8859-1 means windows-1252, gb2312
 * means gb18030...), because that is what senders mean.  Conversion is glibc's iconv.
 */
#ifndef FR_EMAIL_CHARSET_H
#define FR_EMAIL_CHARSET_H

#include "common/base/arena.h"
#include "common/base/slice.h"

/* Load the converters, so that they work where no file can be opened any more (child.h).  Returns
 * how many this system has. */
unsigned email_charset_preload(void);

/* The name that iconv knows, for a label; NULL: no such charset, it has to be guessed. */
const char *email_charset_name(const char *label);

struct email_charset_notes {
    bool guessed; /* the label was missing, unknown or wrong */
    bool broken;  /* something was not a character and became U+FFFD */
    bool cut;     /* longer than `max` */
};

/* UTF-8 of at most `max` bytes: control characters dropped, line ends made LF.
 *
 * `label` may be NULL.  Bytes that are valid UTF-8 with at least one character beyond ASCII are
 * UTF-8 when the label is missing, unknown or US-ASCII; other bytes without a usable label are
 * `otherwise` (a label, too), or windows-1252 when that is NULL.  A label of UTF-8 over bytes that
 * hold no such character is wrong, and treated as missing.  NULL: the arena is spent. */
char *email_charset_decode(struct fr_arena *arena, struct fr_slice bytes, const char *label,
                           const char *otherwise, size_t max, struct email_charset_notes *notes);

/* The value of a header field: encoded words (RFC 2047, and as they are really sent: split inside a
 * character, without blanks around them, with blanks inside), raw 8-bit bytes, folded lines.  Blank
 * space is folded.  NULL: the arena is spent. */
char *email_words_decode(struct fr_arena *arena, struct fr_slice raw, const char *otherwise);

#endif
