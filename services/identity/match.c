/* match.c - the weight of a pair: the sum over its fields, less what says the same thing twice. */
#include "services/identity/match.h"

#include <math.h>
#include <string.h>

#define RECORDS_MIN 1000.0 /* for the prior */
#define REPEATED 0.5       /* what the second of two fields counts that say one thing twice */
#define MOVED_MIN (-6.0)   /* people move: a whole other address is no worse than this */

double
identity_prior(double records)
{
    return -log2(records > RECORDS_MIN ? records : RECORDS_MIN);
}

/* Bits of the best agreement between any value here and any there. */
static double
weigh(const struct identity_weights *weights, const struct identity_query *query,
      enum identity_field field, const struct identity_field_values *theirs,
      enum identity_level *level)
{
    const struct identity_field_values *ours = &query->person->fields[field];
    const struct identity_field_weights *rows = &weights->fields[field];
    double best = 0;

    *level = IDENTITY_LEVEL_MISSING;
    for (size_t i = 0; i < ours->count; i++)
        for (size_t j = 0; j < theirs->count; j++) {
            enum identity_level one =
                identity_compare_values(field, ours->values[i], theirs->values[j]);
            double bits = one == IDENTITY_LEVEL_EXACT ? query->exact[field][i]
                                                      : identity_level_weight(rows, one);

            if (*level == IDENTITY_LEVEL_MISSING || bits > best) {
                best = bits;
                *level = one;
            }
        }
    return best;
}

static double
weigh_field(const struct identity_weights *weights, const struct identity_query *query,
            const struct identity_person *other, enum identity_field field,
            struct identity_likeness *pair)
{
    enum identity_level level;
    double bits = weigh(weights, query, field, &other->fields[field], &level);

    pair->level[field] = (uint8_t)level;
    pair->bits[field] = (float)bits;
    return bits;
}

/* A surname may stand where the other has the name at birth. */
static void
weigh_former_name(const struct identity_weights *weights, const struct identity_query *query,
                  const struct identity_person *other, struct identity_likeness *pair)
{
    enum identity_level level;
    double bits;

    if (pair->level[IDENTITY_FAMILY] < IDENTITY_LEVEL_DIFFERS)
        return;
    bits = weigh(weights, query, IDENTITY_FAMILY, &other->fields[IDENTITY_MAIDEN], &level);
    if (level <= IDENTITY_LEVEL_NEAR && bits > pair->bits[IDENTITY_FAMILY]) {
        pair->bits[IDENTITY_FAMILY] = (float)bits;
        pair->level[IDENTITY_FAMILY] = (uint8_t)level;
    }
}

/* Given name and surname straight, or having changed places: whichever fits better. */
static double
weigh_names(const struct identity_weights *weights, const struct identity_query *query,
            const struct identity_person *other, struct identity_likeness *pair)
{
    enum identity_level given, family;
    double straight, crossed, g, f;

    straight = weigh_field(weights, query, other, IDENTITY_GIVEN, pair);
    weigh_field(weights, query, other, IDENTITY_FAMILY, pair);
    weigh_former_name(weights, query, other, pair);
    straight += (double)pair->bits[IDENTITY_FAMILY];
    g = weigh(weights, query, IDENTITY_GIVEN, &other->fields[IDENTITY_FAMILY], &given);
    f = weigh(weights, query, IDENTITY_FAMILY, &other->fields[IDENTITY_GIVEN], &family);
    crossed = g + f - weights->swapped;
    if (crossed <= straight || given > IDENTITY_LEVEL_CLOSE || family > IDENTITY_LEVEL_CLOSE) {
        bool half = (given <= IDENTITY_LEVEL_NEAR && family == IDENTITY_LEVEL_MISSING) ||
                    (family <= IDENTITY_LEVEL_NEAR && given == IDENTITY_LEVEL_MISSING);

        if (crossed <= straight || !half)
            return straight;
    }
    pair->crossed = true;
    pair->level[IDENTITY_GIVEN] = (uint8_t)given;
    pair->level[IDENTITY_FAMILY] = (uint8_t)family;
    pair->bits[IDENTITY_GIVEN] = (float)(g - weights->swapped / 2);
    pair->bits[IDENTITY_FAMILY] = (float)(f - weights->swapped / 2);
    return crossed;
}

/* House, street and second line; the lines of an address may have changed places. */
static double
weigh_address(const struct identity_weights *weights, const struct identity_query *query,
              const struct identity_person *other, struct identity_likeness *pair)
{
    enum identity_level first, second;
    double house = weigh_field(weights, query, other, IDENTITY_HOUSE, pair);
    double straight = weigh_field(weights, query, other, IDENTITY_STREET, pair) +
                      weigh_field(weights, query, other, IDENTITY_UNIT, pair);
    double f = weigh(weights, query, IDENTITY_STREET, &other->fields[IDENTITY_UNIT], &first);
    double s = weigh(weights, query, IDENTITY_UNIT, &other->fields[IDENTITY_STREET], &second);

    if (f + s - weights->swapped / 2 <= straight)
        return house + straight;
    pair->level[IDENTITY_STREET] = (uint8_t)first;
    pair->level[IDENTITY_UNIT] = (uint8_t)second;
    pair->bits[IDENTITY_STREET] = (float)(f - weights->swapped / 4);
    pair->bits[IDENTITY_UNIT] = (float)(s - weights->swapped / 4);
    return house + f + s - weights->swapped / 2;
}

/* Fields that say much the same: the strongest agreement whole, the others in part; likewise for
 * the strongest disagreement. */
static double
weigh_together(const struct identity_weights *weights, const struct identity_query *query,
               const struct identity_person *other, const enum identity_field *fields, size_t count,
               struct identity_likeness *pair)
{
    double most = 0, least = 0, up = 0, down = 0;

    for (size_t i = 0; i < count; i++) {
        double bits = weigh_field(weights, query, other, fields[i], pair);

        if (bits > 0)
            up += bits;
        else
            down += bits;
        most = bits > most ? bits : most;
        least = bits < least ? bits : least;
    }
    return most + (up - most) * REPEATED + least + (down - least) * REPEATED;
}

static bool
anything_beside_names(const struct identity_likeness *pair)
{
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        if (field != IDENTITY_GIVEN && field != IDENTITY_FAMILY && field != IDENTITY_MAIDEN &&
            field != IDENTITY_SUFFIX && field != IDENTITY_GENDER && pair->bits[field] > 1)
            return true;
    return false;
}

static bool
same_door(const struct identity_likeness *pair)
{
    return pair->level[IDENTITY_STREET] <= IDENTITY_LEVEL_NEAR ||
           pair->level[IDENTITY_UNIT] <= IDENTITY_LEVEL_NEAR ||
           pair->level[IDENTITY_PHONE] == IDENTITY_LEVEL_EXACT ||
           (pair->level[IDENTITY_POSTCODE] <= IDENTITY_LEVEL_NEAR &&
            (pair->level[IDENTITY_HOUSE] == IDENTITY_LEVEL_EXACT ||
             pair->level[IDENTITY_LOCALITY] <= IDENTITY_LEVEL_NEAR));
}

/* Why a pair that weighs enough still cannot be linked: relatives share surname, address and
 * telephone, so what is a person's own has to agree, and may contradict in one point only, and then
 * only if everything else outweighs that. */
static const char *
veto_of(const struct identity_weights *weights, const struct identity_likeness *pair)
{
    bool given = pair->level[IDENTITY_GIVEN] <= IDENTITY_LEVEL_NEAR ||
                 (pair->level[IDENTITY_GIVEN] == IDENTITY_LEVEL_CLOSE &&
                  pair->level[IDENTITY_BIRTH] <= IDENTITY_LEVEL_CLOSE);
    bool birth = pair->level[IDENTITY_BIRTH] <= IDENTITY_LEVEL_NEAR;
    bool email = pair->level[IDENTITY_EMAIL] <= IDENTITY_LEVEL_NEAR;
    bool other_email = pair->level[IDENTITY_EMAIL] == IDENTITY_LEVEL_CLOSE ||
                       pair->level[IDENTITY_EMAIL] == IDENTITY_LEVEL_DIFFERS;
    bool other_given = pair->level[IDENTITY_GIVEN] == IDENTITY_LEVEL_DIFFERS;
    bool other_birth = pair->level[IDENTITY_BIRTH] == IDENTITY_LEVEL_DIFFERS;

    if (!anything_beside_names(pair))
        return "a name alone";
    if (pair->level[IDENTITY_ORGANISATION] <= IDENTITY_LEVEL_CLOSE)
        return NULL;
    if (!given && pair->level[IDENTITY_BIRTH] != IDENTITY_LEVEL_EXACT && !email &&
        !(birth && other_given))
        return "nothing of the person's own agrees";
    if (pair->level[IDENTITY_GIVEN] == IDENTITY_LEVEL_MISSING && other_email)
        return "another mailbox, and no given name";
    if (pair->level[IDENTITY_GIVEN] == IDENTITY_LEVEL_MISSING &&
        pair->level[IDENTITY_FAMILY] == IDENTITY_LEVEL_MISSING && !email)
        return "no name to compare";
    if (other_given && !birth && !email)
        return "another given name";
    if (other_birth && pair->level[IDENTITY_GIVEN] > IDENTITY_LEVEL_NEAR && !email)
        return "another date of birth";
    if ((other_given || other_birth) && !email &&
        (other_email || pair->weight < weights->contradicted || !same_door(pair)))
        return other_given ? "another given name" : "another date of birth";
    return NULL;
}

void
identity_match(const struct identity_weights *weights, const struct identity_query *query,
               const struct identity_person *other, struct identity_likeness *pair)
{
    static const enum identity_field places[] = {IDENTITY_LOCALITY, IDENTITY_POSTCODE,
                                                 IDENTITY_REGION, IDENTITY_COUNTY};
    static const enum identity_field own[] = {IDENTITY_MAIDEN, IDENTITY_BIRTH, IDENTITY_EMAIL,
                                              IDENTITY_ORGANISATION};
    static const enum identity_field rest[] = {IDENTITY_SUFFIX, IDENTITY_GENDER,
                                               IDENTITY_BIRTH_PLACE, IDENTITY_OCCUPATION};
    double where;

    pair->crossed = false;
    pair->personal = weigh_names(weights, query, other, pair);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        pair->personal += weigh_field(weights, query, other, own[i], pair);
    where =
        weigh_address(weights, query, other, pair) +
        weigh_together(weights, query, other, places, sizeof(places) / sizeof(places[0]), pair) +
        weigh_field(weights, query, other, IDENTITY_PHONE, pair); /* of a household */
    pair->weight = query->prior + pair->personal + (where > MOVED_MIN ? where : MOVED_MIN);
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        pair->weight += weigh_field(weights, query, other, rest[i], pair);
    pair->veto = veto_of(weights, pair);
}
