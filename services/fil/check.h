/* check.h - what is wrong with a configuration, over all services. */
#ifndef FR_FIL_CHECK_H
#define FR_FIL_CHECK_H

#include "services/fil/install.h"

/* `fil check`: complaints on stderr.  Returns the exit status. */
int fil_check(struct fil *fil, bool say_good);

/* Every service repeats what is wrong at the top level: prints of `text` only the complaints (a
 * head line and the indented lines below it) whose head is not yet in `seen`, and remembers them.
 * Pure but for `out`; returns how many were printed. */
struct fil_seen {
    char **heads;
    size_t count;
};
size_t fil_check_print_new(struct fil_seen *seen, const char *text, FILE *out);
void fil_seen_free(struct fil_seen *seen);

/* Do two of these names share a journal number (base/id.h)?  Then ids of the one would be taken for
 * the other's. */
bool fil_check_collision(const char *const *names, size_t count, size_t *a, size_t *b);

#endif
