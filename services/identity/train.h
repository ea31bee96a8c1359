/* train.h - learning the weights from the records themselves, without anybody saying who is who.
 *
 * Pure and deterministic: the same pairs in the same order give the same numbers.
 *
 * Expectation maximisation over pairs that share a blocking key (Winkler, "Using the EM Algorithm
 * for Weight Computation in the Fellegi-Sunter Model of Record Linkage", 1988): each pair is one
 * person with some probability, which follows from the weights, which follow from the
 * probabilities.  How often two persons agree (u) is counted over random pairs instead, since pairs
 * that share a key agree more than others. Fields are taken as independent, which they are not; so
 * what is learned is drawn towards what ships by IDENTITY_TRAINING_PRIOR pairs' worth, and a person
 * reviews the result.
 */
#ifndef FR_IDENTITY_TRAIN_H
#define FR_IDENTITY_TRAIN_H

#include "services/identity/match.h"

#define IDENTITY_TRAINING_PRIOR 100.0
#define IDENTITY_TRAINING_PAIRS_MAX 200000

struct identity_training; /* opaque */

struct identity_training *identity_training_new(void);
void identity_training_free(struct identity_training **training);

/* One pair that shares a key, or of two random persons.  Beyond IDENTITY_TRAINING_PAIRS_MAX of the
 * former, false: enough. */
bool identity_training_add(struct identity_training *training,
                           const uint8_t levels[IDENTITY_FIELD_COUNT]);
void identity_training_add_random(struct identity_training *training,
                                  const uint8_t levels[IDENTITY_FIELD_COUNT]);

struct identity_training_result {
    struct identity_weights weights;
    size_t pairs, random_pairs;
    double matches; /* share of the pairs taken for one person */
    int rounds;
};
/* From `start`; FR_NOT_FOUND: too few pairs to learn anything from (fewer than 100 of either). */
enum fr_error identity_training_run(const struct identity_training *training,
                                    const struct identity_weights *start,
                                    struct identity_training_result *result);

#endif
