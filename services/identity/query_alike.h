/* query_alike.h - queries about people who are alike: what de-duplication would do, and training.
 */
#ifndef FR_IDENTITY_QUERY_ALIKE_H
#define FR_IDENTITY_QUERY_ALIKE_H

#include "services/identity/identity.h"

/* identity.alike [limit] [after]: customers in the order of their age, each with those older than
 * he who may be the same person; {"items": [...], "more", "after", "looked"}.  Links nothing. */
json_t *identity_query_alike(const struct fr_query_turn *turn, const json_t *args,
                             const char **error);
/* identity.train [seed] [sample]: {"yaml": "...", "pairs", "random_pairs", "matches", "rounds"}. */
json_t *identity_query_train(const struct fr_query_turn *turn, const json_t *args,
                             const char **error);

#endif
