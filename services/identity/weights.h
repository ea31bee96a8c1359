/* weights.h - how much each agreement and disagreement weighs, in bits.
 *
 * Pure.  Fellegi & Sunter, "A Theory for Record Linkage", JASA 64, 1969: a level of agreement
 * weighs log2(m / u), where m is how often records of one person reach that level and u how often
 * those of two persons do.  An exact agreement on a rare value weighs more than on a common one:
 * its u is the value's own frequency (Winkler, "Frequency-based matching", 1989), seen so far,
 * mixed with the field's u as long as little was seen.
 */
#ifndef FR_IDENTITY_WEIGHTS_H
#define FR_IDENTITY_WEIGHTS_H

#include <stdio.h>
#include "common/config/config.h"
#include "services/identity/compare.h"

struct identity_field_weights {
    double m[IDENTITY_LEVEL_COUNT], u[IDENTITY_LEVEL_COUNT]; /* each sums to 1 */
    bool by_value; /* an exact agreement counts by the value's frequency */
};

struct identity_weights {
    struct identity_field_weights fields[IDENTITY_FIELD_COUNT];
    double swapped;      /* bits lost where given name and surname have changed places */
    double link;         /* bits, prior odds included, from which import mode links */
    double group;        /* bits that the mean over a group's members needs as well */
    double suggest;      /* bits from which a suggestion is made */
    double contradicted; /* bits from which one contradiction of name or birth is outweighed */
    bool careful;    /* a link also needs what I8 asks for: compatible names, one date of birth */
    double personal; /* bits that the person's own fields must bring: a shared household is none */
};

/* What ships. */
extern const struct identity_weights identity_weights_default;

/* One field's numbers as they stand in the YAML. */
struct identity_weights_row {
    const char *field;
    double exact_m, exact_u, near_m, near_u, close_m, close_u; /* below 0: the default's; what is
                                                                   left is `differs` */
};
struct identity_matching { /* configuration section `matching` */
    double link, group, suggest, contradicted, personal, swapped;
    bool careful;
    struct fr_config_list fields; /* struct identity_weights_row: over the defaults */
};
extern const struct fr_config_key identity_matching_keys[];

/* Is there such a field, and do the probabilities of each leave something for the rest?  Complains
 * at `path` (the section's own, "matching"). */
void identity_matching_check(struct fr_config *config, const char *path,
                             const struct identity_matching *matching);

/* The defaults with the configuration's rows over them. */
void identity_weights_from(const struct identity_matching *matching,
                           struct identity_weights *weights);

/* Writes `weights` as YAML that configuration section `identity.matching` reads, with a sentence
 * before each field that a person can review. */
void identity_weights_print(const struct identity_weights *weights, FILE *out);

/* log2(m / u) of a level; MISSING weighs nothing. */
double identity_level_weight(const struct identity_field_weights *field, enum identity_level level);

/* log2(m / u) of an exact agreement on a value that `count` of `total` values of its field have. */
double identity_exact_weight(const struct identity_field_weights *field, double count,
                             double total);

#endif
