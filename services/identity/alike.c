/* alike.c - weighing a person against the customers found under his keys. */
#include "services/identity/alike.h"

#include <stdlib.h>
#include <string.h>

struct member {
    struct identity_packed packed;
    struct identity_person person;
};

struct crowd { /* a customer, read for comparing */
    uint64_t root;
    struct member members[IDENTITY_MEMBERS_MAX];
    size_t count;
    struct identity_packed all; /* everything that any of them says */
    struct identity_person whole;
};

struct search { /* one look, and its memory */
    struct identity_alike_look *look;
    struct crowd ours, theirs;
    uint32_t counts[IDENTITY_FIELD_COUNT][IDENTITY_FIELD_VALUES_MAX]; /* of our whole's values */
    uint32_t totals[IDENTITY_FIELD_COUNT];
    double prior;
    uint64_t candidates[IDENTITY_CANDIDATES_MAX];
    uint64_t roots[IDENTITY_CANDIDATES_MAX];
};

/* ---- reading ---- */

static enum fr_error
read_whole(struct crowd *crowd)
{
    crowd->all.size = 0;
    crowd->all.claimed = false;
    for (size_t i = 0; i < crowd->count; i++) {
        identity_person_add_packed(&crowd->all, &crowd->members[i].packed);
        crowd->all.claimed = crowd->all.claimed || crowd->members[i].packed.claimed;
    }
    return identity_person_read(crowd->all.bytes, crowd->all.size, &crowd->whole);
}

static enum fr_error
add_member(struct crowd *crowd, const struct identity_packed *packed)
{
    struct member *member = &crowd->members[crowd->count];
    enum fr_error err;

    if (packed != &member->packed)
        member->packed = *packed;
    err = identity_person_read(member->packed.bytes, member->packed.size, &member->person);
    crowd->count += err == FR_OK;
    return err;
}

static enum fr_error
read_crowd(const struct identity_alike_look *look, uint64_t root, struct crowd *crowd)
{
    uint64_t origins[IDENTITY_MEMBERS_MAX];
    size_t count;
    enum fr_error err =
        look->forest.members(look->forest.context, root, origins, IDENTITY_MEMBERS_MAX, &count);

    crowd->root = root;
    crowd->count = 0;
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        struct identity_packed *packed = &crowd->members[crowd->count].packed;

        err = identity_index_get(look->view, origins[i], packed);
        if (err == FR_OK)
            err = add_member(crowd, packed);
        else if (err == FR_NOT_FOUND)
            err = FR_OK;
    }
    return err == FR_OK ? read_whole(crowd) : err;
}

/* ---- how rare is what we have in common? ---- */

static enum fr_error
count_values(struct search *search)
{
    const struct fr_view *view = search->look->view;
    uint32_t persons;
    enum fr_error err = identity_index_persons(view, &persons);

    search->prior = identity_prior(persons);
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        for (size_t i = 0; err == FR_OK && i < search->ours.whole.fields[field].count; i++)
            err = identity_index_count(view, (enum identity_field)field,
                                       search->ours.whole.fields[field].values[i],
                                       &search->counts[field][i], &search->totals[field]);
    return err;
}

static uint32_t
holders_among(const struct crowd *crowd, int field, const char *value)
{
    uint32_t count = 0;

    for (size_t i = 0; i < crowd->count; i++) {
        const struct identity_field_values *values = &crowd->members[i].person.fields[field];

        for (size_t j = 0; j < values->count; j++)
            count += strcmp(values->values[j], value) == 0;
    }
    return count;
}

/* Bits of an exact agreement on each of our values with one of theirs: how many others have it, who
 * are neither of us nor of them? */
static void
rate_values(const struct search *search,
            double exact[IDENTITY_FIELD_COUNT][IDENTITY_FIELD_VALUES_MAX])
{
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++) {
        const struct identity_field_values *values = &search->ours.whole.fields[field];

        for (size_t i = 0; i < values->count; i++) {
            uint32_t known = holders_among(&search->ours, field, values->values[i]) +
                             holders_among(&search->theirs, field, values->values[i]);
            uint32_t count = search->counts[field][i];

            exact[field][i] =
                identity_exact_weight(&search->look->weights->fields[field],
                                      count > known ? count - known : 0, search->totals[field]);
        }
    }
}

/* The ratings of our whole's values, for those that one member has. */
static void
rate_member(const struct search *search, const struct identity_query *whole,
            const struct member *member, struct identity_query *query)
{
    query->person = &member->person;
    query->prior = search->prior;
    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        for (size_t i = 0; i < member->person.fields[field].count; i++) {
            query->exact[field][i] = identity_exact_weight(&search->look->weights->fields[field], 0,
                                                           search->totals[field]);
            for (size_t j = 0; j < search->ours.whole.fields[field].count; j++)
                if (strcmp(member->person.fields[field].values[i],
                           search->ours.whole.fields[field].values[j]) == 0)
                    query->exact[field][i] = whole->exact[field][j];
        }
}

/* ---- weighing ---- */

/* The mean over all pairs; *vetoes counts those with something against them. */
static double
mean_of(const struct search *search, const struct identity_query *whole, size_t *vetoes)
{
    double sum = 0;

    *vetoes = 0;
    for (size_t i = 0; i < search->ours.count; i++) {
        struct identity_query query;

        rate_member(search, whole, &search->ours.members[i], &query);
        for (size_t j = 0; j < search->theirs.count; j++) {
            struct identity_likeness likeness;

            identity_match(search->look->weights, &query, &search->theirs.members[j].person,
                           &likeness);
            sum += likeness.weight;
            *vetoes += likeness.veto != NULL;
        }
    }
    return sum / (double)(search->ours.count * search->theirs.count);
}

static enum identity_names
names_of(const struct identity_person *a, const struct identity_person *b)
{
    const struct identity_field_values *given[] = {&a->fields[IDENTITY_GIVEN],
                                                   &b->fields[IDENTITY_GIVEN]};
    const struct identity_field_values *family[] = {&a->fields[IDENTITY_FAMILY],
                                                    &b->fields[IDENTITY_FAMILY]};
    char text[2][2 * IDENTITY_FIELD_SIZE + 1];

    for (int i = 0; i < 2; i++)
        snprintf(text[i], sizeof(text[i]), "%s %s", given[i]->count > 0 ? given[i]->values[0] : "",
                 family[i]->count > 0 ? family[i]->values[0] : "");
    return identity_names_verdict(text[0], text[1], NULL);
}

/* I8: compatible name and the same date of birth; or the same name, the same address and nothing
 * against it. */
static const char *
worth_a_look(const struct identity_person *a, const struct identity_person *b,
             const struct identity_likeness *likeness)
{
    enum identity_names names;
    const uint8_t *level = likeness->level;
    bool street = level[IDENTITY_STREET] == IDENTITY_LEVEL_EXACT;
    bool house = level[IDENTITY_HOUSE] == IDENTITY_LEVEL_EXACT ||
                 (level[IDENTITY_HOUSE] == IDENTITY_LEVEL_MISSING &&
                  a->fields[IDENTITY_HOUSE].count == 0 && b->fields[IDENTITY_HOUSE].count == 0);
    bool elsewhere = level[IDENTITY_POSTCODE] == IDENTITY_LEVEL_DIFFERS ||
                     (level[IDENTITY_LOCALITY] == IDENTITY_LEVEL_DIFFERS &&
                      level[IDENTITY_POSTCODE] != IDENTITY_LEVEL_EXACT);

    if (level[IDENTITY_BIRTH] != IDENTITY_LEVEL_EXACT && !street)
        return NULL;
    names = names_of(a, b);
    if (names >= IDENTITY_NAMES_COMPATIBLE && level[IDENTITY_BIRTH] == IDENTITY_LEVEL_EXACT)
        return "compatible name and the same date of birth";
    if (names == IDENTITY_NAMES_SAME && street && house && !elsewhere &&
        (level[IDENTITY_BIRTH] == IDENTITY_LEVEL_MISSING ||
         level[IDENTITY_BIRTH] == IDENTITY_LEVEL_EXACT))
        return "the same name and the same address";
    return NULL;
}

/* One date of birth, both names as they should be, and no other generation with a short form
 * between. */
static bool
beyond_doubt(const struct identity_alike *found)
{
    const uint8_t *level = found->likeness.level;

    if (!found->by_rule || found->likeness.crossed || level[IDENTITY_BIRTH] != IDENTITY_LEVEL_EXACT)
        return false;
    if (level[IDENTITY_GIVEN] != IDENTITY_LEVEL_EXACT &&
        level[IDENTITY_SUFFIX] == IDENTITY_LEVEL_DIFFERS)
        return false;
    return level[IDENTITY_GIVEN] <= IDENTITY_LEVEL_NEAR &&
           level[IDENTITY_FAMILY] <= IDENTITY_LEVEL_NEAR;
}

static void
judge(struct search *search, struct identity_alike *found)
{
    const struct identity_weights *weights = search->look->weights;
    struct identity_query whole = {.person = &search->ours.whole, .prior = search->prior};
    size_t vetoes, pairs = search->ours.count * search->theirs.count;
    const char *look;

    memset(found, 0, sizeof(*found));
    rate_values(search, whole.exact);
    identity_match(weights, &whole, &search->theirs.whole, &found->likeness);
    found->root = search->theirs.root;
    found->weight = found->likeness.weight;
    found->members = search->theirs.count;
    found->claimed = search->ours.all.claimed || search->theirs.all.claimed;
    look = worth_a_look(&search->ours.whole, &search->theirs.whole, &found->likeness);
    found->by_rule = look != NULL;
    if (found->weight < weights->suggest && look == NULL)
        return;
    found->mean = mean_of(search, &whole, &vetoes);
    if (found->likeness.veto != NULL)
        found->reason = found->likeness.veto;
    else if (found->likeness.personal < weights->personal)
        found->reason = "too little of it is the person's own";
    else if (found->mean < weights->group || vetoes * 2 > pairs)
        found->reason = "not alike enough as a whole";
    else if (found->weight >= weights->link && weights->careful && !beyond_doubt(found))
        found->reason = "not beyond doubt";
    else if (found->weight >= weights->link) {
        found->verdict = IDENTITY_ALIKE_LINK;
        found->reason = look != NULL ? look : "alike in what is said of them";
        return;
    }
    if (look != NULL ||
        (found->weight >= weights->suggest && found->likeness.veto == NULL && !weights->careful)) {
        found->verdict = IDENTITY_ALIKE_SUGGEST;
        found->reason = look != NULL ? look : "alike in what is said of them";
    }
}

/* ---- searching ---- */

static int
best_first(const void *a, const void *b)
{
    const struct identity_alike *x = a, *y = b;

    if (x->verdict != y->verdict)
        return x->verdict > y->verdict ? -1 : 1;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->root < y->root ? -1 : x->root > y->root;
}

static void
keep(struct identity_alike *found, size_t max, size_t *count, const struct identity_alike *one)
{
    size_t last = 0;

    if (*count < max) {
        found[(*count)++] = *one;
        return;
    }
    for (size_t i = 1; i < max; i++)
        last = best_first(&found[i], &found[last]) > 0 ? i : last;
    if (best_first(one, &found[last]) < 0)
        found[last] = *one;
}

static int
by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The customers of the candidates, each once, without our own, in the order of their age. */
static enum fr_error
roots_of(struct search *search, size_t candidate_count, size_t *count)
{
    size_t all = 0;
    enum fr_error err = FR_OK;

    for (size_t i = 0; err == FR_OK && i < candidate_count; i++) {
        err = search->look->forest.root(search->look->forest.context, search->candidates[i],
                                        &search->roots[all]);
        all += err == FR_OK && search->roots[all] != search->ours.root;
    }
    qsort(search->roots, all, sizeof(search->roots[0]), by_id);
    *count = 0;
    for (size_t i = 0; i < all; i++)
        if (i == 0 || search->roots[i] != search->roots[i - 1])
            search->roots[(*count)++] = search->roots[i];
    return err;
}

static enum fr_error
find(struct search *search, const struct identity_person *person, struct identity_alike *found,
     size_t max, size_t *count)
{
    size_t candidate_count, root_count = 0;
    enum fr_error err = identity_index_find(search->look->view, person, search->candidates,
                                            IDENTITY_CANDIDATES_MAX, &candidate_count);

    *count = 0;
    if (err == FR_OK)
        err = count_values(search);
    if (err == FR_OK)
        err = roots_of(search, candidate_count, &root_count);
    for (size_t i = 0; err == FR_OK && i < root_count; i++) {
        struct identity_alike one;

        err = read_crowd(search->look, search->roots[i], &search->theirs);
        if (err != FR_OK || search->theirs.count == 0)
            continue;
        judge(search, &one);
        if (one.verdict != IDENTITY_ALIKE_NOT)
            keep(found, max, count, &one);
    }
    search->look->candidates = candidate_count;
    qsort(found, *count, sizeof(*found), best_first);
    return err;
}

enum fr_error
identity_alike_find(struct identity_alike_look *look, uint64_t origin, struct identity_alike *found,
                    size_t max, size_t *count)
{
    struct search *search = calloc(1, sizeof(*search));
    struct identity_packed packed;
    struct identity_person person;
    uint64_t root;
    enum fr_error err = search == NULL ? FR_NO_MEMORY : FR_OK;

    *count = 0;
    if (err == FR_OK) {
        search->look = look;
        err = identity_index_get(look->view, origin, &packed);
    }
    if (err == FR_OK)
        err = identity_person_read(packed.bytes, packed.size, &person);
    if (err == FR_OK)
        err = look->forest.root(look->forest.context, origin, &root);
    if (err == FR_OK)
        err = read_crowd(look, root, &search->ours);
    if (err == FR_OK)
        err = find(search, &person, found, max, count);
    free(search);
    return err == FR_NOT_FOUND ? FR_OK : err; /* nothing is said of that origin */
}

enum fr_error
identity_alike_person(struct identity_alike_look *look, const struct identity_packed *person,
                      struct identity_alike *found, size_t max, size_t *count)
{
    struct search *search = calloc(1, sizeof(*search));
    enum fr_error err = search == NULL ? FR_NO_MEMORY : FR_OK;

    *count = 0;
    if (err == FR_OK) {
        search->look = look;
        err = add_member(&search->ours, person);
    }
    if (err == FR_OK)
        err = read_whole(&search->ours);
    if (err == FR_OK)
        err = find(search, &search->ours.whole, found, max, count);
    free(search);
    return err;
}
