/* block.h - under which keys is a person looked for, so that nobody is compared with everybody?
 *
 * Pure.  Each key is composed of parts of several fields, in the tradition of record linkage: a
 * true pair has to share only one of them, so the keys lean on different fields, and a slip of the
 * pen leaves others whole.  More recall is lost here than in weighing, hence ten families of keys
 * and not three. Sounds: the letter groups of Soundex (R. Russell, US patent 1261167, 1918),
 * beginning included.
 */
#ifndef FR_IDENTITY_BLOCK_H
#define FR_IDENTITY_BLOCK_H

#include "services/identity/person.h"

#define IDENTITY_BLOCK_SIZE 64 /* bytes of a key, with its NUL */
#define IDENTITY_BLOCKS_MAX 64 /* keys of one person */

/* Writes the keys of a person, each once, and returns how many: "family key:part:part". */
size_t identity_blocks(const struct identity_person *person,
                       char keys[IDENTITY_BLOCKS_MAX][IDENTITY_BLOCK_SIZE]);

/* Four letters and digits that names of one sound share; "" for a text without letters. */
void identity_sound(const char *word, char out[5]);

#endif
