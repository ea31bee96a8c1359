/* restore.c - fil restore: a backup becomes the state of this installation.
 *
 *   1  the backup is verified, and nothing runs
 *   2  copied to <state>/<journal>.restoring, every sum checked again
 *   3  each journal begins a new incarnation: who had read more of the old one finds out
 *   4  renamed into place; what was there is kept as <journal>.before-<time>
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "common/journal/journal.h"
#include "services/fil/ask.h"
#include "services/fil/backup.h"
#include "services/fil/files.h"
#include "services/fil/show.h"

struct given {
    bool replace;
    const char *state;
};
static const struct fil_option options[] = {
    {"--replace", FIL_FLAG, offsetof(struct given, replace), NULL,
     "What is there is moved aside, as JOURNAL.before-TIME.", NULL},
    {"--state", FIL_TEXT, offsetof(struct given, state), "DIR",
     "Into this directory instead of the configured one.", NULL},
    {NULL},
};

struct restore {
    struct fil *fil;
    const char *from, *state;
    json_t *manifest, *journals;
    char aside[40];
};

static const char *
name_of(const json_t *row)
{
    return json_string_value(json_object_get(row, "journal"));
}

static bool
nothing_runs(struct restore *restore, const struct fil_install *install)
{
    char path[200];
    const json_t *row;
    size_t i;

    if (install == NULL || install->run == NULL)
        return true;
    json_array_foreach(restore->journals, i,
                       row) if (fil_control_path(install->run, name_of(row), path, sizeof(path)) &&
                                fil_socket_alive(path))
    {
        fil_complain("%s runs; stop everything first: SIGTERM to 'fil up'", name_of(row));
        return false;
    }
    return true;
}

static bool
nothing_is_lost(struct restore *restore, bool replace)
{
    char path[PATH_MAX];
    const json_t *row;
    size_t i;

    json_array_foreach(restore->journals, i, row)
    {
        snprintf(path, sizeof(path), "%.3000s/%s", restore->state, name_of(row));
        if (replace || fil_dir_is_empty(path))
            continue;
        fil_complain("%s has state already; --replace moves it aside", path);
        return false;
    }
    return true;
}

static bool
make_way(const char *dir, const char *relative)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%.3000s/%.600s", dir, relative);
    for (char *slash = path + strlen(dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (!fil_make_dir(path))
            return false;
        *slash = '/';
    }
    return true;
}

static bool
copy_file(const struct restore *restore, const char *name, const char *to, const json_t *file)
{
    const char *relative = json_string_value(json_object_get(file, "path"));
    char from[PATH_MAX], target[PATH_MAX], sum[FIL_SUM_SIZE];
    uint64_t size;

    snprintf(from, sizeof(from), "%.2900s/%s/%.600s", restore->from, name, relative);
    snprintf(target, sizeof(target), "%.3000s/%.600s", to, relative);
    if (!make_way(to, relative) || !fil_copy_file(from, target, sum, &size))
        return false;
    if (strcmp(sum, json_string_value(json_object_get(file, "sum"))) == 0)
        return true;
    fil_complain("%s changed while it was read", from);
    return false;
}

static bool
begin_anew(const char *dir, const char *name)
{
    char path[PATH_MAX];
    enum fr_error err;

    snprintf(path, sizeof(path), "%.3000s/journal", dir);
    err = fr_journal_new_incarnation(path, name);
    if (err != FR_OK)
        fil_complain("%s: no new incarnation: %s", path, fr_error_name(err));
    return err == FR_OK && fil_sync_dir(path) && fil_sync_dir(dir);
}

static bool
copy_journal(const struct restore *restore, const json_t *row)
{
    const json_t *files = json_object_get(row, "files"), *file;
    char to[PATH_MAX], tables[PATH_MAX];
    size_t i;

    snprintf(to, sizeof(to), "%.2900s/%s.restoring", restore->state, name_of(row));
    snprintf(tables, sizeof(tables), "%.3000s/tables", to);
    if ((access(to, F_OK) == 0 && !fil_remove_all(to)) || !fil_make_dir(to))
        return false;
    json_array_foreach(files, i,
                       file) if (!copy_file(restore, name_of(row), to, file)) return false;
    return fil_sync_dir(tables) && begin_anew(to, name_of(row));
}

static bool
put_in_place(const struct restore *restore, const json_t *row)
{
    char from[PATH_MAX], to[PATH_MAX], aside[PATH_MAX];

    snprintf(from, sizeof(from), "%.2900s/%s.restoring", restore->state, name_of(row));
    snprintf(to, sizeof(to), "%.3000s/%s", restore->state, name_of(row));
    snprintf(aside, sizeof(aside), "%.2900s/%s.%s", restore->state, name_of(row), restore->aside);
    if (access(to, F_OK) == 0 && !fil_move(to, aside))
        return false;
    return fil_move(from, to);
}

static bool
copy_and_place(struct restore *restore)
{
    struct fil_progress progress;
    size_t i, count = json_array_size(restore->journals);
    const json_t *row;
    bool good = true;

    fil_progress_start(&progress, "restoring");
    json_array_foreach(restore->journals, i, row)
    {
        good = good && copy_journal(restore, row);
        fil_progress_at(&progress, i + 1, count);
    }
    fil_progress_end(&progress);
    json_array_foreach(restore->journals, i, row) good = good && put_in_place(restore, row);
    return good;
}

static int
report(struct restore *restore)
{
    const json_t *row;
    size_t i;

    if (restore->fil->json) {
        json_array_foreach(restore->journals, i, row) json_object_del((json_t *)row, "files");
        json_object_set_new(restore->manifest, "state", json_string(restore->state));
        return fil_show_json(json_incref(restore->manifest));
    }
    printf("restored %zu journals into %s, as they were at %s\n",
           json_array_size(restore->journals), restore->state,
           json_string_value(json_object_get(restore->manifest, "taken")));
    printf("what came after that is not in it; sites whose desks had read more are named by "
           "'fil status'\n");
    return FIL_OK;
}

static bool
make_state(const char *path)
{
    return access(path, F_OK) == 0 || fil_make_dir(path);
}

static int
run(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct given *given = given_options;
    const struct fil_install *install = given->state == NULL ? fil_install_get(fil) : NULL;
    struct restore restore = {.fil = fil, .from = argv[0], .state = given->state};
    int status = FIL_FAILED;
    time_t now = time(NULL);
    struct tm utc;

    (void)argc;
    if (given->state == NULL) {
        if (install == NULL)
            return FIL_FAILED;
        restore.state = install->state;
    }
    if (restore.state == NULL)
        return fil_complain("where to? give --config FILE or --state DIR");
    strftime(restore.aside, sizeof(restore.aside), "before-%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    restore.manifest = fil_manifest_load(argv[0]);
    if (restore.manifest == NULL)
        return FIL_FAILED;
    restore.journals = json_object_get(restore.manifest, "journals");
    if (nothing_runs(&restore, install) && make_state(restore.state) &&
        nothing_is_lost(&restore, given->replace) && fil_backup_verify(argv[0], restore.manifest) &&
        copy_and_place(&restore))
        status = report(&restore);
    json_decref(restore.manifest);
    return status;
}

const struct fil_command fil_restore_commands[] = {
    {.noun = "restore",
     .args = "DIR",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Makes a backup the state of this installation, as a new incarnation.",
     .examples = "  fil restore /backup/filrouge-2027-03-01\n"
                 "  fil restore /backup/filrouge-2027-03-01 --replace\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run},
    {.noun = NULL},
};
