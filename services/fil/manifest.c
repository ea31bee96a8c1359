/* manifest.c - what a backup says of itself, and whether it is true. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "common/journal/journal.h"
#include "services/fil/backup.h"
#include "services/fil/files.h"
#include "services/fil/show.h"

/* ---- shape ---- */

static bool
path_is_ours(const char *path)
{
    return path != NULL && path[0] != '\0' && path[0] != '/' && strstr(path, "..") == NULL &&
           strlen(path) < 512;
}

static bool
files_are_shaped(const json_t *files)
{
    const json_t *file;
    size_t i;

    json_array_foreach(files, i, file)
    {
        const char *sum = json_string_value(json_object_get(file, "sum"));

        if (!path_is_ours(json_string_value(json_object_get(file, "path"))) || sum == NULL ||
            strlen(sum) + 1 != FIL_SUM_SIZE || !json_is_integer(json_object_get(file, "size")))
            return false;
    }
    return json_is_array(files);
}

static bool
is_shaped(const json_t *manifest)
{
    const json_t *journals = json_object_get(manifest, "journals"), *journal;
    size_t i;

    json_array_foreach(journals, i, journal)
    {
        const char *name = json_string_value(json_object_get(journal, "journal"));

        if (!path_is_ours(name) || strchr(name, '/') != NULL || strlen(name) >= FR_NAME_SIZE ||
            !json_is_integer(json_object_get(journal, "seq")) ||
            !files_are_shaped(json_object_get(journal, "files")))
            return false;
    }
    return json_is_array(journals);
}

json_t *
fil_manifest_load(const char *dir)
{
    char path[PATH_MAX];
    json_error_t error;
    json_t *manifest;

    snprintf(path, sizeof(path), "%.3000s/manifest.json", dir);
    manifest = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (manifest == NULL) {
        fil_complain("%s: %s\n     is %s a backup that 'fil backup take' finished?", path,
                     error.text, dir);
        return NULL;
    }
    if (json_integer_value(json_object_get(manifest, "filrouge_backup")) != FIL_BACKUP_FORMAT ||
        !is_shaped(manifest)) {
        fil_complain("%s: not a manifest that fil %s understands", path, FR_VERSION_TEXT);
        json_decref(manifest);
        return NULL;
    }
    return manifest;
}

struct listing {
    const char *dir;
    json_t *files;
};

static bool
list_file(void *context, const char *relative)
{
    struct listing *listing = context;
    char path[PATH_MAX], sum[FIL_SUM_SIZE];
    uint64_t size;

    snprintf(path, sizeof(path), "%.3000s/%.600s", listing->dir, relative);
    if (!fil_sum_file(path, sum, &size))
        return false;
    json_array_append_new(listing->files, json_pack("{s:s, s:I, s:s}", "path", relative, "size",
                                                    (json_int_t)size, "sum", sum));
    return true;
}

json_t *
fil_manifest_files(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct listing listing = {path, json_array()};

    snprintf(path, sizeof(path), "%.3000s/%s", dir, name);
    if (fil_walk(path, NULL, list_file, &listing))
        return listing.files;
    json_decref(listing.files);
    return NULL;
}

/* ---- truth ---- */

static bool
sums_hold(const char *dir, const char *name, const json_t *files)
{
    const json_t *file;
    bool good = true;
    size_t i;

    json_array_foreach(files, i, file)
    {
        char path[PATH_MAX], sum[FIL_SUM_SIZE];
        uint64_t size;

        snprintf(path, sizeof(path), "%.3000s/%s/%s", dir, name,
                 json_string_value(json_object_get(file, "path")));
        if (!fil_sum_file(path, sum, &size)) {
            good = false;
        } else if (strcmp(sum, json_string_value(json_object_get(file, "sum"))) != 0) {
            fil_complain("%s: is not what was backed up (SHA-256 %s)", path, sum);
            good = false;
        }
    }
    return good;
}

static struct fr_journal *
open_copy(const char *dir, const char *name)
{
    char path[PATH_MAX], complaint[400] = "";
    struct fr_journal_options options = {.dir = path, .name = name, .read_only = true};
    struct fr_journal *journal = NULL;
    enum fr_error err;

    snprintf(path, sizeof(path), "%.3000s/%s/journal", dir, name);
    if (fil_dir_is_empty(path))
        return NULL;
    err = fr_journal_open(&options, &journal, complaint, sizeof(complaint));
    if (err == FR_OK)
        err = fr_journal_verify(journal, NULL, NULL, complaint, sizeof(complaint));
    if (err == FR_OK)
        return journal;
    fil_complain("%s: %s: %s", path, fr_error_name(err), complaint);
    fr_journal_free(&journal);
    return NULL;
}

/* The record that the reader took last is in the other's copy, and is the same one. */
static bool
cursor_holds(struct fr_journal *reader, struct fr_journal *read)
{
    const struct fr_record_head *record;
    struct fr_cursor cursor;
    enum fr_error err;

    if (fr_journal_get_cursor(reader, fr_journal_name(read), &cursor) != FR_OK || cursor.seq == 0)
        return true;
    err = fr_journal_get(read, cursor.seq, &record);
    if (err == FR_TRUNCATED || (err == FR_OK && record->hash == cursor.hash))
        return true;
    fil_complain("%s has read record %llu of %s, which its copy %s", fr_journal_name(reader),
                 (unsigned long long)cursor.seq, fr_journal_name(read),
                 err == FR_OK ? "has differently" : "does not have");
    return false;
}

static bool
ends_where_it_says(struct fr_journal *journal, const json_t *row)
{
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));

    if (fr_journal_end(journal).seq == seq)
        return true;
    fil_complain("%s ends with record %llu, not %llu", fr_journal_name(journal),
                 (unsigned long long)fr_journal_end(journal).seq, (unsigned long long)seq);
    return false;
}

static bool
journals_hold(const char *dir, const json_t *rows)
{
    size_t count = json_array_size(rows);
    struct fr_journal **journals = calloc(count + 1, sizeof(*journals));
    bool good = true;

    fr_assert(journals != NULL);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);

        journals[i] = open_copy(dir, json_string_value(json_object_get(row, "journal")));
        if (journals[i] != NULL)
            good &= ends_where_it_says(journals[i], row);
        else
            good &= json_integer_value(json_object_get(row, "seq")) == 0;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (i != j && journals[i] != NULL && journals[j] != NULL)
                good &= cursor_holds(journals[i], journals[j]);
    for (size_t i = 0; i < count; i++)
        fr_journal_free(&journals[i]);
    free(journals);
    return good;
}

bool
fil_backup_verify(const char *dir, const json_t *manifest)
{
    const json_t *rows = json_object_get(manifest, "journals"), *row;
    struct fil_progress progress;
    bool good = true;
    size_t i;

    fil_progress_start(&progress, "verifying");
    json_array_foreach(rows, i, row)
    {
        good &= sums_hold(dir, json_string_value(json_object_get(row, "journal")),
                          json_object_get(row, "files"));
        fil_progress_at(&progress, i + 1, json_array_size(rows) + 1);
    }
    good = good && journals_hold(dir, rows);
    fil_progress_end(&progress);
    return good;
}
