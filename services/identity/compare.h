/* compare.h - how alike are two values of one field?  Three levels of agreement and one of none.
 *
 * Pure.  Jaro's similarity with Winkler's weight on the beginning: W. Winkler, "String Comparator
 * Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record Linkage", 1990.
 * Distance: Damerau's, insertions, deletions, substitutions and swaps of neighbours (the restricted
 * form, where nothing is edited twice).  Both work on bytes of folded text.
 */
#ifndef FR_IDENTITY_COMPARE_H
#define FR_IDENTITY_COMPARE_H

#include <stddef.h>
#include "services/identity/person.h"

enum identity_level {
    IDENTITY_LEVEL_EXACT,   /* the same value */
    IDENTITY_LEVEL_NEAR,    /* a slip of the pen, a short form, one digit */
    IDENTITY_LEVEL_CLOSE,   /* alike: two slips, an initial, part of it */
    IDENTITY_LEVEL_DIFFERS, /* something else */
    IDENTITY_LEVEL_MISSING, /* one of them is not known */
};
#define IDENTITY_LEVEL_COUNT 4 /* that weigh */

/* 0 to 1. */
double identity_jaro_winkler(const char *a, const char *b);
/* Up to `most`; most + 1 stands for all that is beyond. */
size_t identity_distance(const char *a, const char *b, size_t most);

/* Two known values of one field. */
enum identity_level identity_compare_values(enum identity_field field, const char *a,
                                            const char *b);

#endif
