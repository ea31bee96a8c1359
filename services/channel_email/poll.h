/* poll.h - hosted mailboxes are read by IMAP: a thread for each, one mail after the other.
 *
 *      ask decide how far --> status --> search --> fetch --> intake --> durable --> the next one
 *             (at start)         ^                                           |
 *                                +---- wait `every` <---- nothing new -------+
 *
 * The cursor moves in the record that holds the mail, so a crash repeats at most one fetch.
 */
#ifndef FR_EMAIL_POLL_H
#define FR_EMAIL_POLL_H

#include "services/channel_email/intake.h"

struct email_pollers; /* opaque */

/* As the configuration says now; a change of mailboxes needs a restart. */
enum fr_error email_pollers_start(struct email_intake *intake, const struct email_config *config,
                                  struct email_pollers **pollers);
void email_pollers_stop(struct email_pollers **pollers);

#endif
