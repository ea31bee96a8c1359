/* tidy.h - attachments and mails that were set aside go when they are older than `keep`.
 *
 * A thread looks through both stores once an hour.  A file that came again is as young as that.
 */
#ifndef FR_EMAIL_TIDY_H
#define FR_EMAIL_TIDY_H

#include "services/channel_email/intake.h"

struct email_tidy; /* opaque */

enum fr_error email_tidy_start(struct email_intake *intake, const struct email_config *config,
                               struct email_tidy **tidy);
void email_tidy_stop(struct email_tidy **tidy);
void email_tidy_reload(struct email_tidy *tidy, const struct email_config *config);

/* One look: what was last put before that many seconds since 1970 is removed; says how many. */
size_t email_tidy_store(struct email_cas *cas, int64_t before_s);

#endif
