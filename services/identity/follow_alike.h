/* follow_alike.h - what follows from what is said of people: suggestions always, links where an
 * operator asked.
 *
 * Reads tables and emits; writes nothing.
 */
#ifndef FR_IDENTITY_FOLLOW_ALIKE_H
#define FR_IDENTITY_FOLLOW_ALIKE_H

#include "services/identity/alike.h"
#include "services/identity/identity.h"

/* Customers and their origins as the tables have them; `view` and `arena` are the context. */
struct identity_forest_of {
    const struct fr_view *view;
    struct fr_arena *arena;
};
struct identity_forest identity_forest(struct identity_forest_of *of);

struct identity_alike_order {
    bool link;             /* import mode: link above the threshold; else only suggest (I8) */
    const char *who, *why; /* on record with every link; NULL: a register's row by itself */
};

/* After something was said of `origin`.  Emits CustomersMerged for customers that are alike enough,
 * while there are any and as the order says; then SuggestionMade for those that a person should
 * look at.  *customer is who the origin belongs to in the end. */
enum fr_error identity_follow_alike(struct fr_turn *turn, const struct fr_record *input,
                                    uint64_t origin, const struct identity_alike_order *order,
                                    uint64_t *customer);

/* What a register's row says, its date of birth read by the row's formats: `said` itself, or
 * `room`. */
const Fr__Attributes *identity_register_says(struct fr_turn *turn, const Fr__Attributes *said,
                                             const char *birth_formats, Fr__Attributes *room);

#endif
