/* child.h - parse mails in a child process that can do nothing else.
 *
 *   service --(socket: options, sealed memfd of the mail)--> filrouge-email-parser
 *           <--(socket: EmailParsed; memfd of attachments)-- no files, no network, no new process
 *
 * The child is a program of its own (GMime is not loaded into the service), kept for many mails.
 * Before the first byte of a mail it loads the charset converters, then gives up everything:
 * Landlock without any rule where the kernel has it, a seccomp filter that leaves memory, its
 * three descriptors and the clock, limits on memory and file size, no new privileges.
 * What it says is not believed: it is decoded within a budget, and attachments are hashed again by
 * the parent as they go into the store (cas.h).
 *
 * One child serves one caller at a time: a pool is several of them.
 */
#ifndef FR_EMAIL_CHILD_H
#define FR_EMAIL_CHILD_H

#include "common/base/time.h"
#include "services/channel_email/cas.h"
#include "services/channel_email/parse.h"

struct email_child; /* opaque */

struct email_child_config {  /* zero anywhere: the default */
    const char *program;     /* NULL: filrouge-email-parser beside the running program */
    size_t memory_max;       /* bytes of address space; default 256 MiB */
    size_t resident_max;     /* bytes: above it, it is replaced after the mail; default 96 MiB */
    struct fr_span time_max; /* for one mail; default 20 s */
    unsigned mails_max;      /* replaced after so many; default 1000 */
};

/* Starts nothing yet: the first mail does.  FR_OK or FR_NO_MEMORY. */
enum fr_error email_child_new(const struct email_child_config *config, struct email_child **child);
void email_child_free(struct email_child **child);

/* As email_parse, through the child.  With `store`, every attachment is durable there before this
 * returns (by its sha256); NULL: they are only hashed.
 *
 *   FR_OK, FR_TOO_BIG, FR_INVALID, FR_NO_MEMORY   as email_parse
 *   FR_REJECTED  the child crashed, ran out of memory or time, or lied over this mail; *why says
 *                which.  It is replaced before the next mail: this mail is to be set aside.
 *   FR_IO, FR_FULL  the attachments could not be stored, or no child can be started; *why.  Not the
 *                mail's fault: try again later.
 *
 * Blocks for at most time_max.  *parsed and *why are borrowed from the arena. */
enum fr_error email_child_parse(struct email_child *child, struct fr_slice mail,
                                const Fr__EmailOptions *options, struct email_cas *store,
                                struct fr_arena *arena, const Fr__EmailParsed **parsed,
                                const char **why);

struct email_child_figures {
    uint64_t mails;       /* parsed so far */
    uint64_t crashes;     /* ended by a signal, memory or time: each cost one mail */
    uint64_t starts;      /* processes started */
    size_t resident_peak; /* bytes: the highest of any child so far */
};
struct email_child_figures email_child_figures(const struct email_child *child);

#endif
