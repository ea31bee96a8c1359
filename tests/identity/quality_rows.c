/* quality_rows.c - records of a file, as the import sends them, and their truth. */
#include "tests/identity/quality.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "common/records/people.h"

void
quality_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("quality: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(64);
}

static char *
copy(const char *text)
{
    char *fresh = strdup(text);

    fr_assert(fresh != NULL);
    return fresh;
}

/* Field by field; empty ones are left out. */
static void
say(Fr__ObservationImported *said, const struct fr_mapping_field *field, const char *value)
{
    const ProtobufCFieldDescriptor *target = NULL;

    if (value[0] == '\0')
        return;
    target = protobuf_c_message_descriptor_get_field_by_name(&fr__attributes__descriptor,
                                                             fr_people_attribute(field->name));
    fr_assert(target != NULL);
    *(char **)((char *)said->attributes + target->offset) = copy(value);
    if (strcmp(field->name, "birth") == 0 && field->formats[0] != '\0')
        said->birth_formats = copy(field->formats);
}

static Fr__Key *
key_of(const struct fr_mapping_key *mapped, const char *value)
{
    Fr__Key *key = malloc(sizeof(*key));

    fr_assert(key != NULL);
    fr__key__init(key);
    key->type = copy(mapped->type);
    key->value = copy(value);
    key->assurance =
        mapped->assurance == FR_MAPPING_VERIFIED ? FR__ASSURANCE__VERIFIED : FR__ASSURANCE__CLAIMED;
    key->region = mapped->region[0] != '\0' ? copy(mapped->region) : NULL;
    return key;
}

static Fr__ObservationImported *
observation(const struct fr_mapping *mapping, const char *const *row)
{
    const struct fr_mapping_field *fields = mapping->fields.items;
    const struct fr_mapping_key *keys = mapping->keys.items;
    Fr__ObservationImported *said = malloc(sizeof(*said));
    char text[4096];

    fr_assert(said != NULL);
    fr__observation_imported__init(said);
    said->attributes = malloc(sizeof(*said->attributes));
    fr_assert(said->attributes != NULL);
    fr__attributes__init(said->attributes);
    said->keys = calloc(mapping->keys.count + 1, sizeof(Fr__Key *));
    fr_assert(said->keys != NULL);
    for (size_t i = 0; i < mapping->fields.count; i++)
        say(said, &fields[i], fr_mapping_value(&fields[i], row, text, sizeof(text)));
    for (size_t i = 0; i < mapping->keys.count; i++)
        if (row[keys[i].at][0] != '\0')
            said->keys[said->n_keys++] = key_of(&keys[i], row[keys[i].at]);
    return said;
}

static int
column(const struct fr_csv *csv, const char *path, const char *name)
{
    int at = name == NULL ? -1 : fr_csv_column(csv, name);

    if (name != NULL && at < 0)
        quality_die("%s has no column \"%s\"", path, name);
    return at;
}

static struct fr_csv *
open_csv(const char *path)
{
    struct fr_csv *csv;
    enum fr_error err = fr_csv_open(path, 0, &csv);

    if (err != FR_OK)
        quality_die("%s: %s", path, fr_error_name(err));
    return csv;
}

static struct quality_row *
add_row(struct quality_rows *rows)
{
    if ((rows->count & (rows->count - 1)) == 0) {
        rows->rows =
            realloc(rows->rows, (rows->count == 0 ? 1 : 2 * rows->count) * sizeof(rows->rows[0]));
        fr_assert(rows->rows != NULL);
    }
    memset(&rows->rows[rows->count], 0, sizeof(rows->rows[0]));
    return &rows->rows[rows->count++];
}

void
quality_read(const char *path, const char *mapping_path, const char *target, const char *expected,
             struct quality_rows *rows)
{
    struct fr_csv *csv = open_csv(path);
    struct fr_config *config;
    struct fr_mapping *mapping;
    const char *const *row;
    int target_at = column(csv, path, target), expected_at = column(csv, path, expected);
    enum fr_error err = FR_OK;

    memset(rows, 0, sizeof(*rows));
    if (fr_mapping_load(mapping_path, fr_people_fields, stderr, &config, &mapping) != FR_OK ||
        fr_mapping_bind(mapping, csv, stderr) != FR_OK)
        quality_die("%s does not fit %s", mapping_path, path);
    if (mapping->id_at < 0 && target == NULL)
        quality_die("%s: say which column is the `id`", mapping_path);
    while ((err = fr_csv_next(csv, &row)) != FR_END) {
        struct quality_row *one;

        if (err == FR_INVALID) {
            fprintf(stderr, "%s:%llu: %s\n", path, (unsigned long long)fr_csv_line(csv),
                    fr_csv_why(csv));
            rows->rejected++;
            continue;
        }
        if (err != FR_OK)
            quality_die("%s: %s", path, fr_error_name(err));
        one = add_row(rows);
        one->id = copy(mapping->id_at >= 0 ? row[mapping->id_at] : "");
        one->said = observation(mapping, row);
        one->target = target_at < 0 ? NULL : copy(row[target_at]);
        one->expected = expected_at < 0 ? NULL : copy(row[expected_at]);
    }
    fr_config_free(&config);
    fr_csv_free(&csv);
}

/* ---- the truth ---- */

struct name { /* of a record or a person, and its number */
    const char *text;
    size_t index;
};

static int
by_text(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* Persons are numbered by the order of their names, so that nothing depends on the file's order. */
static void
number_persons(struct name *persons, size_t count, uint32_t *numbers)
{
    uint32_t number = 0;

    qsort(persons, count, sizeof(*persons), by_text);
    for (size_t i = 0; i < count; i++) {
        number += i > 0 && strcmp(persons[i].text, persons[i - 1].text) != 0;
        numbers[persons[i].index] = number;
    }
}

void
quality_truth(const char *path, struct quality_rows *rows)
{
    struct fr_csv *csv = open_csv(path);
    int id = column(csv, path, "id"), cluster = column(csv, path, "cluster");
    struct name *ids = calloc(rows->count, sizeof(*ids));
    struct name *persons = calloc(rows->count, sizeof(*persons));
    uint32_t *numbers = calloc(rows->count, sizeof(*numbers));
    const char *const *row;

    fr_assert(ids != NULL && persons != NULL && numbers != NULL);
    for (size_t i = 0; i < rows->count; i++)
        ids[i] = (struct name){rows->rows[i].id, i};
    qsort(ids, rows->count, sizeof(*ids), by_text);
    for (enum fr_error err; (err = fr_csv_next(csv, &row)) != FR_END;) {
        const struct name wanted = {err == FR_OK ? row[id] : "", 0};
        const struct name *known = bsearch(&wanted, ids, rows->count, sizeof(*ids), by_text);

        if (known != NULL)
            persons[known->index] = (struct name){copy(row[cluster]), known->index};
    }
    for (size_t i = 0; i < rows->count; i++)
        if (persons[i].text == NULL)
            quality_die("%s does not say who %s is", path, rows->rows[i].id);
    number_persons(persons, rows->count, numbers);
    for (size_t i = 0; i < rows->count; i++) {
        rows->rows[i].person = numbers[i];
        free((char *)persons[i].text);
    }
    free(ids);
    free(persons);
    free(numbers);
    fr_csv_free(&csv);
}

void
quality_shuffle(struct quality_rows *rows, uint64_t seed)
{
    uint64_t state = seed;

    for (size_t i = rows->count; seed != 0 && i > 1; i--) {
        struct quality_row swapped = rows->rows[i - 1];
        size_t other;

        state = state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
        other = (size_t)((state >> 33) % i);
        rows->rows[i - 1] = rows->rows[other];
        rows->rows[other] = swapped;
    }
}

void
quality_rows_free(struct quality_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        fr__observation_imported__free_unpacked(rows->rows[i].said, NULL);
        free(rows->rows[i].id);
        free((char *)rows->rows[i].target);
        free((char *)rows->rows[i].expected);
    }
    free(rows->rows);
    rows->rows = NULL;
    rows->count = 0;
}
