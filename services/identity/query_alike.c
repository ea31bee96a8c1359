/* query_alike.c - what de-duplication would do, and weights learned from what is known. */
#include "services/identity/query_alike.h"

#include <stdlib.h>
#include "services/identity/follow_alike.h"
#include "services/identity/tables.h"
#include "services/identity/train.h"

#define FOUND_MAX 8
#define LIMIT_MAX 500     /* customers looked at for one answer */
#define SAMPLE_USUAL 2000 /* persons */
#define SAMPLE_MAX 20000
#define RANDOM_PER_PERSON 5 /* pairs of two persons, to count chance agreement */

/* ---- ids of a page, or of a sample ---- */

struct ids {
    uint64_t *list;
    size_t count, max;
};

static bool
take_id(void *context, const struct identity_row *row)
{
    struct ids *ids = context;

    if (ids->count < ids->max)
        ids->list[ids->count++] = row->other;
    return ids->count < ids->max;
}

static json_t *
json_id(uint64_t id)
{
    char text[FR_ID_TEXT_SIZE];

    return json_string(fr_id_format(id, text));
}

static uint64_t
id_of(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    uint64_t id = 0;

    return text != NULL && fr_id_parse(fr_slice_str(text), &id) == FR_OK ? id : 0;
}

static size_t
number_of(const json_t *args, const char *name, size_t usual, size_t most)
{
    const json_t *given = json_object_get(args, name);
    json_int_t number = json_is_integer(given) ? json_integer_value(given) : (json_int_t)usual;

    return number < 0 ? 0 : (size_t)number > most ? most : (size_t)number;
}

/* ---- identity.alike ---- */

static json_t *
fields_json(const struct identity_alike *found)
{
    static const char *const levels[] = {"same", "near", "close", "differs"};
    json_t *list = json_array();

    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        if (found->likeness.level[field] < IDENTITY_LEVEL_COUNT)
            json_array_append_new(list, json_pack("{s:s, s:s, s:f}", "field",
                                                  identity_field_name((enum identity_field)field),
                                                  "level", levels[found->likeness.level[field]],
                                                  "bits", (double)found->likeness.bits[field]));
    return list;
}

static json_t *
name_json(const struct fr_query_turn *turn, uint64_t customer)
{
    const char *name = identity_name_get(turn->view, customer, turn->arena);
    struct identity_packed packed;
    struct identity_person person;
    char text[2 * IDENTITY_FIELD_SIZE + 1] = "";

    if (name == NULL && identity_index_get(turn->view, customer, &packed) == FR_OK &&
        identity_person_read(packed.bytes, packed.size, &person) == FR_OK) {
        const struct identity_field_values *given = &person.fields[IDENTITY_GIVEN];
        const struct identity_field_values *family = &person.fields[IDENTITY_FAMILY];

        snprintf(text, sizeof(text), "%s%s%s", given->count > 0 ? given->values[0] : "",
                 given->count > 0 && family->count > 0 ? " " : "",
                 family->count > 0 ? family->values[0] : "");
    }
    return json_string(name != NULL ? name : text);
}

static json_t *
pair_json(const struct fr_query_turn *turn, uint64_t customer, const struct identity_alike *found)
{
    bool link = found->verdict == IDENTITY_ALIKE_LINK && !found->claimed;

    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:f, s:f, s:o}", "customer_id",
                     json_id(customer), "name", name_json(turn, customer), "older_id",
                     json_id(found->root), "older_name", name_json(turn, found->root), "verdict",
                     link ? "merge" : "look", "reason", found->reason, "weight", found->weight,
                     "mean", found->mean, "fields", fields_json(found));
}

static enum fr_error
list_alike(const struct fr_query_turn *turn, struct identity_alike_look *look, uint64_t customer,
           json_t *list)
{
    struct identity_alike found[FOUND_MAX];
    struct identity_customer row;
    size_t count;
    enum fr_error err = identity_customer_get(turn->view, customer, &row);

    if (err != FR_OK || row.parent != 0)
        return err; /* merged: his survivor is looked at */
    err = identity_alike_find(look, customer, found, FOUND_MAX, &count);
    for (size_t i = 0; err == FR_OK && i < count; i++)
        if (found[i].root < customer)
            json_array_append_new(list, pair_json(turn, customer, &found[i]));
    return err;
}

json_t *
identity_query_alike(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const struct identity_config *config = turn->config;
    struct ids page = {.max = number_of(args, "limit", LIMIT_MAX / 2, LIMIT_MAX)};
    struct identity_forest_of of = {turn->view, turn->arena};
    struct identity_weights weights;
    struct identity_alike_look look = {
        .view = turn->view, .weights = &weights, .forest = identity_forest(&of)};
    uint64_t after = id_of(args, "after");
    json_t *list;
    enum fr_error err;

    page.list = fr_arena_zalloc(turn->arena, page.max + 1, sizeof(page.list[0]));
    if (page.list == NULL) {
        *error = "too much is asked for at once";
        return NULL;
    }
    identity_weights_from(&config->matching, &weights);
    list = json_array();
    err = identity_each_customer(turn->view, after, take_id, &page);
    for (size_t i = 0; err == FR_OK && i < page.count; i++) {
        struct fr_arena_mark mark = fr_arena_mark(turn->arena);

        err = list_alike(turn, &look, page.list[i], list);
        fr_arena_release(turn->arena, mark);
    }
    if (err != FR_OK) {
        json_decref(list);
        *error = fr_error_name(err);
        return NULL;
    }
    return json_pack("{s:o, s:b, s:o, s:I}", "items", list, "more", page.count == page.max, "after",
                     json_id(page.count > 0 ? page.list[page.count - 1] : after), "looked",
                     (json_int_t)page.count);
}

/* ---- identity.train ---- */

static uint64_t
next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return *state >> 33;
}

struct trainer {
    const struct fr_query_turn *turn;
    const struct identity_weights *start;
    struct identity_training *training;
    struct ids all;
    uint64_t random;
};

static bool
read_person(const struct trainer *trainer, uint64_t origin, struct identity_packed *packed,
            struct identity_person *person)
{
    return identity_index_get(trainer->turn->view, origin, packed) == FR_OK &&
           identity_person_read(packed->bytes, packed->size, person) == FR_OK;
}

static void
compare(const struct trainer *trainer, const struct identity_person *a,
        const struct identity_person *b, struct identity_likeness *likeness)
{
    struct identity_query query = {.person = a};

    for (int field = 0; field < IDENTITY_FIELD_COUNT; field++)
        for (size_t i = 0; i < a->fields[field].count; i++)
            query.exact[field][i] =
                identity_level_weight(&trainer->start->fields[field], IDENTITY_LEVEL_EXACT);
    identity_match(trainer->start, &query, b, likeness);
}

/* The person against all who share a key, and against some by chance. */
static enum fr_error
learn_from(struct trainer *trainer, uint64_t origin)
{
    uint64_t candidates[IDENTITY_CANDIDATES_MAX];
    struct identity_packed packed, other;
    struct identity_person person, theirs;
    struct identity_likeness likeness;
    size_t count;
    enum fr_error err;

    if (!read_person(trainer, origin, &packed, &person))
        return FR_OK;
    err = identity_index_find(trainer->turn->view, &person, candidates, IDENTITY_CANDIDATES_MAX,
                              &count);
    for (size_t i = 0; err == FR_OK && i < count; i++) {
        if (candidates[i] == origin || !read_person(trainer, candidates[i], &other, &theirs))
            continue;
        compare(trainer, &person, &theirs, &likeness);
        identity_training_add(trainer->training, likeness.level);
    }
    for (int i = 0; err == FR_OK && i < RANDOM_PER_PERSON; i++) {
        uint64_t by_chance = trainer->all.list[next_random(&trainer->random) % trainer->all.count];

        if (by_chance == origin || !read_person(trainer, by_chance, &other, &theirs))
            continue;
        compare(trainer, &person, &theirs, &likeness);
        identity_training_add_random(trainer->training, likeness.level);
    }
    return err;
}

static json_t *
result_json(const struct identity_training_result *result)
{
    char *yaml = NULL;
    size_t size;
    FILE *out = open_memstream(&yaml, &size);
    json_t *answer;

    fr_assert(out != NULL);
    identity_weights_print(&result->weights, out);
    fclose(out);
    answer = json_pack("{s:s, s:I, s:I, s:f, s:i}", "yaml", yaml, "pairs",
                       (json_int_t)result->pairs, "random_pairs", (json_int_t)result->random_pairs,
                       "matches", result->matches, "rounds", result->rounds);
    free(yaml);
    return answer;
}

json_t *
identity_query_train(const struct fr_query_turn *turn, const json_t *args, const char **error)
{
    const struct identity_config *config = turn->config;
    size_t sample = number_of(args, "sample", SAMPLE_USUAL, SAMPLE_MAX);
    struct trainer trainer = {.turn = turn, .random = number_of(args, "seed", 1, SIZE_MAX / 2)};
    struct identity_training_result result;
    struct identity_weights start;
    uint32_t persons = 0;
    enum fr_error err = identity_index_persons(turn->view, &persons);

    identity_weights_from(&config->matching, &start);
    trainer.start = &start;
    trainer.training = identity_training_new();
    trainer.all.max = (size_t)persons * 2 + 1000; /* some customers have nothing said of them */
    trainer.all.list = calloc(trainer.all.max, sizeof(uint64_t));
    if (trainer.training == NULL || trainer.all.list == NULL)
        err = FR_NO_MEMORY;
    if (err == FR_OK)
        err = identity_each_customer(turn->view, 0, take_id, &trainer.all);
    for (size_t i = 0; err == FR_OK && i < sample && trainer.all.count > 0; i++)
        err = learn_from(&trainer,
                         trainer.all.list[next_random(&trainer.random) % trainer.all.count]);
    if (err == FR_OK)
        err = identity_training_run(trainer.training, &start, &result);
    free(trainer.all.list);
    identity_training_free(&trainer.training);
    if (err == FR_OK)
        return result_json(&result);
    *error = err == FR_NOT_FOUND
                 ? "too few records that share anything: import more, or sample more"
                 : fr_error_name(err);
    return NULL;
}
