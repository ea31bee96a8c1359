/* reply.h - what somebody wrote just now, without what he quotes and how he signs.
 *
 * Method: each line gets a kind by its looks alone (reply_lines.c: quoted, "On ... wrote:", a
 * copied header, a signature's beginning, text), then a few rules on the order of kinds decide
 * where the reply is.  Kinds of line first and rules on their order after that is the way of
 * Carvalho & Cohen, "Learning to Extract Signature and Reply Lines from Email", CEAS 2004; ours are
 * written by hand, because an agent must be able to guess what was folded.
 *
 * In doubt a line stays: what is folded needs a click, what is shown wrongly is only longer.
 */
#ifndef FR_EMAIL_REPLY_H
#define FR_EMAIL_REPLY_H

#include "common/base/arena.h"
#include "common/base/error.h"

struct email_reply {
    const char *visible;   /* trimmed; the whole text when nothing else would be left */
    const char *signature; /* what was folded as one, or NULL */
};

/* `text` is valid UTF-8 with LF.  FR_NO_MEMORY leaves *reply with the whole text. */
enum fr_error email_reply_trim(struct fr_arena *arena, const char *text, struct email_reply *reply);

#endif
