/* nicknames.h - Bob is Robert: short and pet forms of given names, and the names they stand for.
 *
 * Pure.  The table is our own, from common knowledge, mostly English with some of its neighbours;
 * an installation adds rows of its own (configuration).  One short form may stand for several names
 * (Alex), and then it agrees with each of them, while these do not agree with one another
 * (Alexander is not Alexandra).
 */
#ifndef FR_IDENTITY_NICKNAMES_H
#define FR_IDENTITY_NICKNAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Rows beyond the built-in ones, each "short: name name...", folded like names.h does (lower case,
 * no accents); a row that is written otherwise never matches. */
struct identity_nicknames {
    const char *const *rows;
    size_t count;
};

/* May the two given names (folded) belong to one person: one is a short form of the other, or both
 * are short forms of one name?  Equal names are the caller's to see first.  `more` may be NULL. */
bool identity_nicknames_agree(const char *a, const char *b, const struct identity_nicknames *more);

/* Is it in the table, as a short form or as a name?  Tells a given name from a surname. */
bool identity_nicknames_know(const char *name);

#endif
