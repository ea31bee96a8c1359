/* index.h - who could be meant: what is known of each origin in comparable form, the keys under
 * which it is looked for, and how common each value is.
 *
 *     persons   origin        what was said of it, packed (person.h)
 *     blocks    key           origins that have it; 0 alone: too many, not looked under any more
 *     terms     field, value  how many origins have that value; field alone: how many values there
 * are
 *
 * All three follow from what was said of the origin; apply keeps them, decide reads them.  An
 * origin and not a customer is what stands in them, so that merges and their undoing touch none of
 * it.
 */
#ifndef FR_IDENTITY_INDEX_H
#define FR_IDENTITY_INDEX_H

#include "common/stage/stage.h"
#include "proto/identity_state.pb-c.h"
#include "services/identity/person.h"

#define IDENTITY_BLOCK_HOLDERS_MAX 200 /* beyond, a key says too little */

/* Everything that a set of attributes says, added to a packed person. */
void identity_person_say(struct identity_packed *packed, const Fr__Attributes *said);

/* Field by field; absent and empty are the same. */
bool identity_attributes_same(const Fr__Attributes *a, const Fr__Attributes *b);

/* For apply: from now on the origin is known by these profiles (NULL: by nothing); those with proof
 * if there are any, else what was claimed. */
enum fr_error identity_index_profiles(struct fr_tables *tables, uint64_t origin,
                                      const Fr__IdentityStateProfiles *profiles);

/* What is known of the origin; FR_NOT_FOUND: nothing. */
enum fr_error identity_index_get(const struct fr_view *view, uint64_t origin,
                                 struct identity_packed *packed);

/* From now on this is known of the origin, instead of what was; an empty one forgets it. */
enum fr_error identity_index_put(struct fr_tables *tables, uint64_t origin,
                                 const struct identity_packed *packed);

/* Origins that share a key with the person, in the order of keys, each once; at most `max`.  The
 * person's own origin is among them once it is in the index. */
enum fr_error identity_index_find(const struct fr_view *view, const struct identity_person *person,
                                  uint64_t *origins, size_t max, size_t *count);

/* How many origins have this value (0 to *total), and how many values of the field there are. */
enum fr_error identity_index_count(const struct fr_view *view, enum identity_field field,
                                   const char *value, uint32_t *count, uint32_t *total);
/* How many origins there are with anything known of them. */
enum fr_error identity_index_persons(const struct fr_view *view, uint32_t *count);

#endif
