/* train.c - expectation maximisation over pairs of records. */
#include "services/identity/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MIN 100
#define ROUNDS_MAX 50
#define STILL 1e-5      /* no share moves by more: done */
#define FIRST_SHARE 0.2 /* of pairs with a key in common that are one person, to begin with */
#define LEAST 1e-6

struct identity_training {
    uint8_t (*pairs)[IDENTITY_FIELD_COUNT];
    size_t count;
    double random[IDENTITY_FIELD_COUNT][IDENTITY_LEVEL_COUNT]; /* counts */
    size_t random_count;
};

struct model { /* shares of each level among pairs of one person, and of two that share a key */
    double m[IDENTITY_FIELD_COUNT][IDENTITY_LEVEL_COUNT];
    double u[IDENTITY_FIELD_COUNT][IDENTITY_LEVEL_COUNT];
    double matches;
};

struct identity_training *
identity_training_new(void)
{
    struct identity_training *training = calloc(1, sizeof(*training));

    if (training != NULL) {
        training->pairs = calloc(IDENTITY_TRAINING_PAIRS_MAX, sizeof(training->pairs[0]));
        if (training->pairs == NULL)
            identity_training_free(&training);
    }
    return training;
}

void
identity_training_free(struct identity_training **training)
{
    if (*training == NULL)
        return;
    free((*training)->pairs);
    free(*training);
    *training = NULL;
}

bool
identity_training_add(struct identity_training *training,
                      const uint8_t levels[IDENTITY_FIELD_COUNT])
{
    if (training->count == IDENTITY_TRAINING_PAIRS_MAX)
        return false;
    memcpy(training->pairs[training->count++], levels, IDENTITY_FIELD_COUNT);
    return true;
}

void
identity_training_add_random(struct identity_training *training,
                             const uint8_t levels[IDENTITY_FIELD_COUNT])
{
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        if (levels[field] < IDENTITY_LEVEL_COUNT)
            training->random[field][levels[field]]++;
    training->random_count++;
}

/* Shares from counts, with the prior's shares as so many pairs more. */
static void
settle(const double counts[IDENTITY_LEVEL_COUNT], const double prior[IDENTITY_LEVEL_COUNT],
       double shares[IDENTITY_LEVEL_COUNT])
{
    double total = IDENTITY_TRAINING_PRIOR;

    for (int level = 0; level < IDENTITY_LEVEL_COUNT; level++)
        total += counts[level];
    for (int level = 0; level < IDENTITY_LEVEL_COUNT; level++)
        shares[level] = (counts[level] + IDENTITY_TRAINING_PRIOR * prior[level]) / total;
}

/* How likely the pair is one person, as the model stands. */
static double
expect(const struct model *model, const uint8_t levels[IDENTITY_FIELD_COUNT])
{
    double odds = log(model->matches / (1 - model->matches));

    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++) {
        unsigned level = levels[field];

        if (level < IDENTITY_LEVEL_COUNT && model->m[field][level] > 0)
            odds += log(fmax(model->m[field][level], LEAST) / fmax(model->u[field][level], LEAST));
    }
    return 1 / (1 + exp(-odds));
}

/* One round; how much the share of matches moved. */
static double
maximise(const struct identity_training *training, const struct identity_weights *start,
         struct model *model)
{
    double one[IDENTITY_FIELD_COUNT][IDENTITY_LEVEL_COUNT] = {{0}};
    double two[IDENTITY_FIELD_COUNT][IDENTITY_LEVEL_COUNT] = {{0}};
    double sum = 0, before = model->matches;

    for (size_t i = 0; i < training->count; i++) {
        double p = expect(model, training->pairs[i]);

        sum += p;
        for (int field = 0; field < IDENTITY_FIELD_COUNT; field++) {
            unsigned level = training->pairs[i][field];

            if (level >= IDENTITY_LEVEL_COUNT)
                continue;
            one[field][level] += p;
            two[field][level] += 1 - p;
        }
    }
    model->matches = fmin(fmax(sum / (double)training->count, 1e-4), 1 - 1e-4);
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++) {
        settle(one[field], start->fields[field].m, model->m[field]);
        settle(two[field], start->fields[field].u, model->u[field]);
    }
    return fabs(model->matches - before);
}

enum fr_error
identity_training_run(const struct identity_training *training,
                      const struct identity_weights *start, struct identity_training_result *result)
{
    struct model model = {.matches = FIRST_SHARE};

    if (training->count < PAIRS_MIN || training->random_count < PAIRS_MIN)
        return FR_NOT_FOUND;
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++) {
        memcpy(model.m[field], start->fields[field].m, sizeof(model.m[field]));
        memcpy(model.u[field], start->fields[field].u, sizeof(model.u[field]));
    }
    result->rounds = 1;
    while (maximise(training, start, &model) > STILL && result->rounds < ROUNDS_MAX)
        result->rounds++;
    result->weights = *start;
    result->pairs = training->count;
    result->random_pairs = training->random_count;
    result->matches = model.matches;
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++) {
        struct identity_field_weights *learned = &result->weights.fields[field];

        memcpy(learned->m, model.m[field], sizeof(learned->m));
        settle(training->random[field], start->fields[field].u, learned->u);
    }
    return FR_OK;
}
