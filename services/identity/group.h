/* group.h - a customer as a whole: all origins that are one person today, and what they have in
 * common.
 *
 * Vetoes are checked against whole groups, so that a chain cannot smuggle two accounts together.
 * Loading costs the size of the group and is done only where something could contradict.
 */
#ifndef FR_IDENTITY_GROUP_H
#define FR_IDENTITY_GROUP_H

#include "services/identity/birth.h"
#include "services/identity/names.h"
#include "services/identity/tables.h"

#define IDENTITY_GROUP_NAMES_MAX 64

struct identity_group {
    uint64_t root;
    struct identity_customer customer;
    uint64_t *origins; /* root first, parents before children */
    size_t origin_count;
    struct identity_name *names; /* of observations with proof, if there are any with a name */
    size_t name_count;
    struct identity_birth *births; /* likewise */
    size_t birth_count;
    struct identity_exclusive *exclusives;
    size_t exclusive_count;
};

/* In arena memory.  Without `facts` only the origins. */
enum fr_error identity_group_load(const struct fr_view *view, struct fr_arena *arena, uint64_t root,
                                  bool facts, struct identity_group **group);

enum identity_fit { IDENTITY_FIT_UNKNOWN, IDENTITY_FITS, IDENTITY_DIFFERS };

/* Does some name of the group fit, or do they all speak against it? */
enum identity_fit identity_group_name_fit(const struct identity_group *group,
                                          const struct identity_name *name);
enum identity_fit identity_groups_name_fit(const struct identity_group *a,
                                           const struct identity_group *b);
/* Dates of birth are known, and none of them can be this one. */
bool identity_group_birth_differs(const struct identity_group *group,
                                  const struct identity_birth *birth);
bool identity_groups_birth_differ(const struct identity_group *a, const struct identity_group *b);
/* Has the group another account or log-in (of the same brand)? */
bool identity_group_excludes(const struct identity_group *group, const char *type,
                             const char *value);
bool identity_groups_exclude(const struct identity_group *a, const struct identity_group *b);

/* A cannot-link stands between some origin of the one and some origin of the other. */
enum fr_error identity_groups_apart(const struct fr_view *view, struct fr_arena *arena,
                                    const struct identity_group *a, const struct identity_group *b,
                                    bool *apart);

struct identity_decided { /* what people decided about two customers */
    bool open;            /* a suggestion stands */
    bool settled;         /* rejected once, or a cannot-link: no suggestion is made again */
    uint64_t a, b;        /* the suggestion that stands, as it was made */
};
enum fr_error identity_groups_decided(const struct fr_view *view, struct fr_arena *arena,
                                      const struct identity_group *a,
                                      const struct identity_group *b,
                                      struct identity_decided *pair);

/* In one piece: name, or given and family name; "" when nothing is said.  In arena memory. */
const char *identity_full_name(const Fr__Attributes *said, struct fr_arena *arena);

/* Do two exclusive values of one type and one brand contradict? */
bool identity_values_exclude(const char *type_a, const char *value_a, const char *type_b,
                             const char *value_b);

#endif
