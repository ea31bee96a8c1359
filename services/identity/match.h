/* match.h - are two records one person's, and does a record belong to a group of them?
 *
 * Pure.  The weight of a pair is the sum of its fields' weights (weights.h) and of the prior odds
 * that one of so many known records is this very person: log2(1 / records).  Fields that say the
 * same thing twice (suburb and postal code) count for the better one and a part of the other.
 *
 * Groups are joined by the mean over their members (centroid or average linkage: Sokal & Michener,
 * 1958), since transitive closure over good pairs is where strangers end up in one customer.
 */
#ifndef FR_IDENTITY_MATCH_H
#define FR_IDENTITY_MATCH_H

#include "services/identity/weights.h"

struct identity_query { /* the person to look for, with how rare his values are */
    const struct identity_person *person;
    double exact[IDENTITY_FIELD_COUNT][IDENTITY_FIELD_VALUES_MAX]; /* bits of an exact agreement */
    double prior; /* bits, negative: of how many records one is looked for */
};

struct identity_likeness {
    double weight;    /* bits, with the prior */
    double personal;  /* of the person's own fields, without it */
    bool crossed;     /* given name and surname have changed places */
    const char *veto; /* constant: why they cannot be linked whatever they weigh; NULL */
    float bits[IDENTITY_FIELD_COUNT];    /* of each field, for explanations */
    uint8_t level[IDENTITY_FIELD_COUNT]; /* enum identity_level */
};

/* log2(1 / records), from a thousand on: with fewer, chance agreements are no rarer. */
double identity_prior(double records);

void identity_match(const struct identity_weights *weights, const struct identity_query *query,
                    const struct identity_person *other, struct identity_likeness *pair);

#endif
