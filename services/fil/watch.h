/* watch.h - the journals' testimony for the judge: followed while the replay runs, whoever is
 * killed meanwhile. */
#ifndef FR_FIL_WATCH_H
#define FR_FIL_WATCH_H

#include "services/fil/judge.h"
#include "services/fil/source.h"

struct fil_watch; /* opaque */

/* From now on: what was written before does not count.  `account`: the form's; `ours` says whether
 * an agent is one of ours.  NULL after saying which journal cannot be read. */
struct fil_watch *fil_watch_new(struct fil *fil, const char *account, struct fil_judge *judge,
                                bool (*ours)(const void *context, const char *agent),
                                const void *context);
void fil_watch_free(struct fil_watch **watch);
/* Takes what is there; false: nothing new was.  FR_* trouble with a journal is said once and kept.
 */
bool fil_watch_turn(struct fil_watch *watch);
/* The journal that could not be followed to the end, or NULL. */
const char *fil_watch_trouble(const struct fil_watch *watch);

#endif
