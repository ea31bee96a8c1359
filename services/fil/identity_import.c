/* identity_import.c - fil identity import: a register's rows to the identity service, a batch at a
 * time.
 *
 *     file --csv, mapping--> batch of rows --submit--> identity: decided, durable --> what became
 * of each
 *
 * A row is named by (source, its id or line), and identity takes each name once: after kill -9 of
 * either side the same command is given again, and nothing is doubled.
 */
#include "services/fil/identity_import.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "common/records/mapping.h"
#include "common/records/people.h"
#include "services/fil/ask.h"
#include "services/fil/show.h"

#define GIVEN(field) offsetof(struct fil_import_given, field)
const struct fil_option fil_import_options[] = {
    {"--mapping", FIL_TEXT, GIVEN(mapping), "FILE.yaml",
     "Which column is which field, and which are keys.", NULL},
    {"--source", FIL_TEXT, GIVEN(source), "NAME",
     "The register's name: a row of one name is taken once. Usual: the file's name.", NULL},
    {"--link-alike", FIL_FLAG, GIVEN(link_alike), NULL,
     "Also link rows without a common key that are alike enough in what they say.", NULL},
    {"--rejects", FIL_TEXT, GIVEN(rejects), "FILE",
     "Write rows that were not taken there, with line and reason; usual: stderr.", NULL},
    {"--batch", FIL_INT, GIVEN(batch), "N", "Rows in one go, 1 to 500.", "100"},
    {NULL},
};

#define BUSY_TRIES                                                                                 \
    60 /* a second apart: then the service is in trouble, and somebody should look                 \
        */
#define PATIENCE_S 30
#define BATCH_SIZE_MAX (256 * 1024) /* bytes of values */

struct import {
    struct fil *fil;
    const struct fil_import_given *given;
    const char *path;
    char source[200];
    struct fr_csv *csv;
    struct fr_config *config;
    struct fr_mapping *mapping;
    FILE *rejects;
    json_t *rows;        /* the batch being filled */
    uint64_t lines[500]; /* of its rows */
    size_t size;         /* bytes of its values */
    uint64_t counts[4];  /* new, joined, known, refused */
    struct fil_progress progress;
};
enum { NEW, JOINED, KNOWN, REFUSED };

static void
refuse(struct import *import, uint64_t line, const char *why)
{
    import->counts[REFUSED]++;
    fprintf(import->rejects, "%s:%llu: %s\n", import->path, (unsigned long long)line, why);
}

/* ---- a row as JSON ---- */

static bool
put_text(json_t *object, const char *name, const char *value)
{
    json_t *text = json_string(value); /* NULL: it is not UTF-8 */

    return text != NULL && json_object_set_new(object, name, text) == 0;
}

/* False when a value is not UTF-8. */
static bool
put_fields(struct import *import, const char *const *row, json_t *message, size_t *said)
{
    const struct fr_mapping_field *fields = import->mapping->fields.items;
    json_t *attributes = json_object();
    char text[4096];
    bool good = true;

    for (size_t i = 0; i < import->mapping->fields.count; i++) {
        const char *value = fr_mapping_value(&fields[i], row, text, sizeof(text));

        if (value[strspn(value, " \t")] == '\0')
            continue;
        good = good && put_text(attributes, fr_people_attribute(fields[i].name), value);
        if (strcmp(fields[i].name, "birth") == 0 && fields[i].formats[0] != '\0')
            good = good && put_text(message, "birth_formats", fields[i].formats);
        import->size += strlen(value);
        (*said)++;
    }
    json_object_set_new(message, "attributes", attributes);
    return good;
}

static bool
put_keys(struct import *import, const char *const *row, json_t *message, size_t *said)
{
    const struct fr_mapping_key *keys = import->mapping->keys.items;
    json_t *list = json_array();
    bool good = true;

    for (size_t i = 0; i < import->mapping->keys.count; i++) {
        json_t *key;

        if (row[keys[i].at][0] == '\0')
            continue;
        key = json_pack("{s:s, s:s}", "type", keys[i].type, "assurance",
                        keys[i].assurance == FR_MAPPING_VERIFIED ? "VERIFIED" : "CLAIMED");
        good = good && put_text(key, "value", row[keys[i].at]);
        if (keys[i].region[0] != '\0')
            good = good && put_text(key, "region", keys[i].region);
        json_array_append_new(list, key);
        (*said)++;
    }
    json_object_set_new(message, "keys", list);
    return good;
}

static void
add_row(struct import *import, const char *const *row)
{
    const struct fr_mapping *mapping = import->mapping;
    uint64_t line = fr_csv_line(import->csv);
    char name[32];
    const char *id = mapping->id_at >= 0 ? row[mapping->id_at] : name;
    json_t *message = json_object();
    size_t said = 0;
    bool good;

    snprintf(name, sizeof(name), "line %llu", (unsigned long long)line);
    good = put_text(message, "source", import->source) &&
           put_text(message, "external_id", id[0] != '\0' ? id : name) &&
           put_fields(import, row, message, &said) && put_keys(import, row, message, &said);
    json_object_set_new(message, "link_alike", json_boolean(import->given->link_alike));
    if (!good || said == 0) {
        refuse(import, line,
               good ? "it says nothing: no mapped column is filled in" : "it is not UTF-8");
        json_decref(message);
        return;
    }
    import->lines[json_array_size(import->rows)] = line;
    json_array_append_new(import->rows, message);
}

/* ---- a batch ---- */

static void
count_row(struct import *import, const json_t *told, uint64_t line)
{
    const char *status = json_string_value(json_object_get(told, "status"));

    if (status == NULL || strcmp(status, "refused") == 0) {
        const char *why = json_string_value(json_object_get(told, "why"));

        refuse(import, line, why != NULL ? why : "the service did not say what became of it");
    } else
        import->counts[strcmp(status, "new") == 0      ? NEW
                       : strcmp(status, "joined") == 0 ? JOINED
                                                       : KNOWN]++;
}

/* The answer to a batch; waits while the service is under pressure. */
static json_t *
submit(struct import *import)
{
    struct fil_asked asked;
    json_t *answer = NULL;

    for (int i = 0; i < BUSY_TRIES; i++) {
        answer = fil_tell_quietly(import->fil, "identity", "ObservationsImported",
                                  json_pack("{s:O}", "rows", import->rows), fr_seconds(PATIENCE_S),
                                  &asked);
        if (answer != NULL || (strcmp(asked.code, "busy") != 0 && asked.error != FR_AGAIN))
            break;
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
    if (answer == NULL) {
        fil_progress_end(&import->progress);
        fil_say_trouble("identity", &asked);
    }
    return answer;
}

static bool
send_batch(struct import *import)
{
    size_t count = json_array_size(import->rows);
    uint64_t done, size;
    json_t *answer, *told;

    if (count == 0)
        return true;
    answer = submit(import);
    if (answer == NULL)
        return false;
    told = json_object_get(json_object_get(answer, "answer"), "rows");
    if (told == NULL)
        told = json_object_get(answer, "rows");
    for (size_t i = 0; i < count; i++)
        count_row(import, json_array_get(told, i), import->lines[i]);
    json_decref(answer);
    json_array_clear(import->rows);
    import->size = 0;
    fr_csv_progress(import->csv, &done, &size);
    fil_progress_at(&import->progress, done, size);
    return true;
}

static bool
send_rows(struct import *import)
{
    size_t batch = import->given->batch > 0 && import->given->batch <= 500
                       ? (size_t)import->given->batch
                       : 100;
    const char *const *row;

    for (enum fr_error err; (err = fr_csv_next(import->csv, &row)) != FR_END;) {
        if (err == FR_INVALID)
            refuse(import, fr_csv_line(import->csv), fr_csv_why(import->csv));
        else if (err != FR_OK)
            return fil_complain("%s: %s", import->path, fr_error_name(err)), false;
        else
            add_row(import, row);
        if ((json_array_size(import->rows) >= batch || import->size > BATCH_SIZE_MAX) &&
            !send_batch(import))
            return false;
    }
    return send_batch(import);
}

/* ---- the command ---- */

static bool
open_files(struct import *import)
{
    const struct fil_import_given *given = import->given;
    char path[4096];
    enum fr_error err;

    if (given->mapping == NULL) {
        fil_complain("say with --mapping FILE.yaml which column is which field:\n"
                     "  id: customer_no\n  fields:\n    surname: {column: last_name}\n"
                     "  keys:\n    - {type: account, column: customer_no}");
        return false;
    }
    snprintf(path, sizeof(path), "%s", import->path);
    snprintf(import->source, sizeof(import->source), "%s",
             given->source != NULL ? given->source : basename(path));
    if (fr_mapping_load(given->mapping, fr_people_fields, stderr, &import->config,
                        &import->mapping) != FR_OK)
        return false;
    err = fr_csv_open(import->path, import->mapping->delimiter[0], &import->csv);
    if (err != FR_OK) {
        fil_complain("%s: %s", import->path,
                     err == FR_INVALID ? "its first row names no columns" : fr_error_name(err));
        return false;
    }
    if (fr_mapping_bind(import->mapping, import->csv, stderr) != FR_OK)
        return false;
    import->rejects = given->rejects != NULL ? fopen(given->rejects, "w") : stderr;
    if (import->rejects == NULL)
        fil_complain("%s cannot be written", given->rejects);
    return import->rejects != NULL;
}

static int
say_result(const struct import *import, bool whole)
{
    const uint64_t *counts = import->counts;

    if (import->fil->json)
        return fil_show_json(json_pack("{s:s, s:I, s:I, s:I, s:I, s:b}", "source", import->source,
                                       "new", (json_int_t)counts[NEW], "joined",
                                       (json_int_t)counts[JOINED], "known",
                                       (json_int_t)counts[KNOWN], "refused",
                                       (json_int_t)counts[REFUSED], "whole", whole)) == FIL_OK &&
                       whole
                   ? FIL_OK
                   : FIL_FAILED;
    printf("%llu rows: %llu new customers, %llu joined one that was known, %llu known before, "
           "%llu refused\n",
           (unsigned long long)(counts[NEW] + counts[JOINED] + counts[KNOWN] + counts[REFUSED]),
           (unsigned long long)counts[NEW], (unsigned long long)counts[JOINED],
           (unsigned long long)counts[KNOWN], (unsigned long long)counts[REFUSED]);
    if (!whole)
        printf("it is not all: give the same command again, and it goes on\n");
    return whole ? FIL_OK : FIL_FAILED;
}

int
fil_run_identity_import(struct fil *fil, const void *given, int argc, char **argv)
{
    struct import import = {.fil = fil, .given = given, .path = argv[0]};
    int status = FIL_FAILED;

    (void)argc;
    if (open_files(&import)) {
        import.rows = json_array();
        fil_progress_start(&import.progress, "importing");
        bool whole = send_rows(&import);

        fil_progress_end(&import.progress);
        status = say_result(&import, whole);
        json_decref(import.rows);
    }
    if (import.rejects != NULL && import.rejects != stderr && fclose(import.rejects) != 0)
        status = fil_complain("%s could not be written to its end", import.given->rejects);
    fr_csv_free(&import.csv);
    fr_config_free(&import.config);
    return status;
}
