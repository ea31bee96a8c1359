/* thread.h - which mails belong together: References first, In-Reply-To only without it, and never
 * the subject alone.
 *
 * Method: the containers of RFC 5256 (REFERENCES, steps 1 and 2; J. Zawinski's algorithm), without
 * its step 5, which joins by subject.
 */
#ifndef FR_EMAIL_THREAD_H
#define FR_EMAIL_THREAD_H

#include <stddef.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/base/error.h"

/* The ids by which a mail finds its conversation, nearest first: References from the last to the
 * first; without References those of In-Reply-To; in front of them `about`, the mail that a bounce
 * or a complaint is about (NULL: none).  Returns how many; ids has room for count + 1. */
size_t email_thread_ids(char *const *references, size_t reference_count, char *const *in_reply_to,
                        size_t in_reply_to_count, char *about, char **ids);

struct email_threaded {      /* one mail of a folder */
    const char *message_id;  /* or NULL */
    char *const *references; /* what threads it, oldest first: References, or one In-Reply-To */
    size_t reference_count;
    const char *subject; /* tells only whether a second mail under one id answers the first */
    size_t parent; /* result: index, or EMAIL_NO_PARENT; the nearest of the mails it names that is
                      there */
    size_t root;   /* result: mails of one thread have one number, absent mails counted */
};
#define EMAIL_NO_PARENT SIZE_MAX

/* Parents and threads of a whole folder, in order of arrival.  O(ids * depth).  FR_OK,
 * FR_NO_MEMORY. */
enum fr_error email_thread(struct fr_arena *arena, struct email_threaded *mails, size_t count);

#endif
