/* list.h - the nouns that only ask one service and show what it says. */
#ifndef FR_FIL_LIST_H
#define FR_FIL_LIST_H

#include "services/fil/ask.h"
#include "services/fil/show.h"

/* Options that lists have in common. */
struct fil_list_given {
    int64_t limit;
    const char *after, *state, *brand, *customer, *site, *agent, *type, *region;
    bool all;
};
#define FIL_LIST_GIVEN(field) offsetof(struct fil_list_given, field)
#define FIL_LIST_LIMIT                                                                             \
    {                                                                                              \
        "--limit", FIL_INT, FIL_LIST_GIVEN(limit), "N", "At most so many.", "50"                   \
    }

/* What was given of them, as the query's arguments. */
json_t *fil_list_args(const struct fil_list_given *given);

/* Ask `journal` and show its list.  Takes args.  Returns the exit status. */
int fil_list(struct fil *fil, const char *journal, const char *query, json_t *args,
             const struct fil_column *columns, const char *nothing);
/* ... and show its object. */
int fil_show_answer(struct fil *fil, const char *journal, const char *query, json_t *args);

#endif
