/* backup.c - fil backup: the whole bus of one moment, taken while it runs.
 *
 *   1  every service copies its tables, and trims nothing meanwhile     (common/stage/backup.c)
 *   2  once all of them have: how far is each journal synced?
 *   3  the cut: which frames up to there belong together                (cut.h)
 *   4  the journals up to the cut, and whatever else stands beside them
 *   5  the manifest; only then does the backup get its name
 *
 * A service that does not run is copied as it lies, and kept from starting meanwhile.
 */
#include "services/fil/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/journal/journal.h"
#include "services/fil/ask.h"
#include "services/fil/cut.h"
#include "services/fil/files.h"
#include "services/fil/show.h"

#define ASK_S 20

struct part { /* one service */
    const struct fil_service *service;
    char state_dir[FIL_PATH_SIZE];
    bool absent;  /* has never run */
    bool running; /* its own copy of the tables is used */
    int owner_fd; /* not running: keeps it so; -1 */
    uint64_t tables_seq, end_seq;
    struct fr_journal *journal;
};

struct backup {
    struct fil *fil;
    const struct fil_install *install;
    char dir[PATH_MAX]; /* DIR.partial, until it is whole */
    struct part parts[FIL_SERVICE_MAX];
    struct fil_cut_journal cuts[FIL_SERVICE_MAX];
    size_t count;
};

static bool
is_kept_elsewhere(const char *name)
{
    return strcmp(name, "journal") == 0 || strcmp(name, "tables") == 0 || strcmp(name, "copy") == 0;
}

/* ---- 1: tables ---- */

static bool
ask(struct backup *backup, struct part *part, const char *what, char state[16])
{
    struct fil_asked asked;
    json_t *answer =
        fil_ask_quietly(backup->fil, part->service->journal, what, NULL, fr_seconds(ASK_S), &asked);

    if (answer == NULL) {
        if (asked.error != FR_GONE)
            fil_complain("%s: %s", part->service->journal, asked.message);
        return false;
    }
    part->running = true;
    snprintf(state, 16, "%s", json_string_value(json_object_get(answer, "state")));
    part->tables_seq = (uint64_t)json_integer_value(json_object_get(answer, "tables_seq"));
    part->end_seq = (uint64_t)json_integer_value(json_object_get(answer, "end_seq"));
    if (strcmp(state, "failed") == 0)
        fil_complain("%s: its tables could not be copied: %s\n     a copy of them must fit on its "
                     "disk for a while",
                     part->service->journal, json_string_value(json_object_get(answer, "error")));
    json_decref(answer);
    return true;
}

static bool
hold_still(struct part *part)
{
    char path[FIL_PATH_SIZE + 20];

    snprintf(path, sizeof(path), "%s/tables/owner", part->state_dir);
    part->owner_fd = open(path, O_RDWR | O_CLOEXEC);
    if (part->owner_fd < 0 && errno == ENOENT) {
        part->absent = true;
        return true;
    }
    if (part->owner_fd >= 0 && flock(part->owner_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    fil_complain("%s runs, but does not answer at its control socket; see 'fil status'",
                 part->service->journal);
    return false;
}

static bool
begin_part(struct backup *backup, size_t index)
{
    struct part *part = &backup->parts[index];
    char state[16] = "";

    *part = (struct part){.service = &backup->install->services[index], .owner_fd = -1};
    snprintf(part->state_dir, sizeof(part->state_dir), "%.900s/%s", backup->install->state,
             part->service->journal);
    backup->count = index + 1;
    if (ask(backup, part, "backup.begin", state))
        return strcmp(state, "failed") != 0;
    return hold_still(part);
}

static bool
wait_for_tables(struct backup *backup)
{
    for (size_t i = 0; i < backup->count; i++) {
        struct part *part = &backup->parts[i];
        char state[16] = "copying";

        while (part->running && strcmp(state, "copying") == 0) {
            if (!ask(backup, part, "backup.state", state))
                return fil_complain("%s went away", part->service->journal) == FIL_OK;
            if (strcmp(state, "copying") == 0)
                usleep(20000);
        }
        if (part->running && strcmp(state, "done") != 0)
            return false;
    }
    return true;
}

/* ---- 2, 3: the cut ---- */

static size_t
part_named(const struct backup *backup, const char *journal)
{
    for (size_t i = 0; i < backup->count; i++)
        if (strcmp(backup->parts[i].service->journal, journal) == 0)
            return i;
    return SIZE_MAX;
}

static bool
open_journal(struct part *part)
{
    char dir[FIL_PATH_SIZE + 20], complaint[400] = "";
    struct fr_journal_options options = {
        .dir = dir, .name = part->service->journal, .read_only = true};
    enum fr_error err;

    snprintf(dir, sizeof(dir), "%s/journal", part->state_dir);
    err = fr_journal_open(&options, &part->journal, complaint, sizeof(complaint));
    if (err != FR_OK)
        fil_complain("%s: %s %s", dir, fr_error_name(err), complaint);
    return err == FR_OK;
}

/* A reader that meets the frame with record `seq` first: it tells the number of the frame. */
static struct fr_reader *
reader_at(struct fr_journal *journal, uint64_t seq)
{
    struct fr_cursor from = fr_journal_start(journal);
    const struct fr_record_head *record;
    struct fr_reader *reader = NULL;

    if (seq > from.seq + 1 && fr_journal_get(journal, seq - 1, &record) == FR_OK) {
        from.seq = seq - 1;
        from.hash = record->hash;
    }
    return fr_reader_new(journal, &from, &reader) == FR_OK ? reader : NULL;
}

static void
take_frame(struct backup *backup, struct fil_cut_journal *cut, uint64_t base_seq,
           const struct fr_frame_view *view)
{
    if (view->last_seq <= base_seq && cut->frame_count == 0) {
        cut->base_number = view->number;
        cut->base_seq = view->last_seq;
        return;
    }
    fil_cut_add(cut, view->number, view->last_seq);
    for (uint32_t i = 0; i < view->cursor_count; i++) {
        size_t of = part_named(backup, view->cursors[i].journal);

        if (of != SIZE_MAX)
            fil_cut_add_cursor(cut, of, view->cursors[i].seq);
    }
}

/* What lies between the tables' position and the synced end; what does not run is at rest. */
static bool
read_frames(struct backup *backup, struct part *part, struct fil_cut_journal *cut)
{
    uint64_t end_seq = part->running ? part->end_seq : fr_journal_end(part->journal).seq;
    uint64_t base_seq = part->running ? part->tables_seq : end_seq;
    struct fr_reader *reader = reader_at(part->journal, base_seq);
    enum fr_error err = reader == NULL ? FR_CORRUPT : FR_OK;
    struct fr_slice frame;
    struct fr_hold *hold;

    cut->base_seq = fr_journal_start(part->journal).seq;
    while (err == FR_OK && (err = fr_reader_next_frame(reader, &frame, &hold)) == FR_OK) {
        struct fr_frame_view view;
        bool beyond;

        err = fr_frame_open(frame, &view);
        beyond =
            err == FR_OK && (view.last_seq > end_seq || view.first_seq > end_seq) && part->running;
        if (err == FR_OK && !beyond)
            take_frame(backup, cut, base_seq, &view);
        fr_hold_release(hold);
        if (beyond)
            break;
    }
    fr_reader_free(&reader);
    if (err != FR_OK && err != FR_END)
        fil_complain("%s: its journal cannot be read: %s", part->service->journal,
                     fr_error_name(err));
    return err == FR_OK || err == FR_END;
}

static bool
find_cut(struct backup *backup)
{
    for (size_t i = 0; i < backup->count; i++) {
        struct part *part = &backup->parts[i];
        char state[16] = "";

        if (part->running && !ask(backup, part, "backup.state", state))
            return fil_complain("%s went away", part->service->journal) == FIL_OK;
    }
    for (size_t i = 0; i < backup->count; i++) {
        struct part *part = &backup->parts[i];

        if (!part->absent && (!open_journal(part) || !read_frames(backup, part, &backup->cuts[i])))
            return false;
    }
    fil_cut(backup->cuts, backup->count);
    return true;
}

/* ---- 4: files ---- */

struct beside {
    const struct part *part;
    const char *to;
};

static bool
copy_beside(void *context, const char *relative)
{
    const struct beside *beside = context;
    char from[PATH_MAX], to[PATH_MAX], sum[FIL_SUM_SIZE];
    uint64_t size;

    snprintf(from, sizeof(from), "%.3000s/%.600s", beside->part->state_dir, relative);
    snprintf(to, sizeof(to), "%.3000s/%.600s", beside->to, relative);
    for (char *slash = to + strlen(beside->to) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (!fil_make_dir(to))
            return false;
        *slash = '/';
    }
    return fil_copy_file(from, to, sum, &size);
}

static bool
copy_tables(const struct part *part, const char *to)
{
    char from[FIL_PATH_SIZE + 30], target[PATH_MAX], sum[FIL_SUM_SIZE];
    uint64_t size;

    snprintf(from, sizeof(from), "%s/%s/data.mdb", part->state_dir,
             part->running ? "copy" : "tables");
    snprintf(target, sizeof(target), "%.3000s/tables/data.mdb", to);
    return fil_copy_file(from, target, sum, &size);
}

static bool
copy_part(struct backup *backup, size_t index)
{
    struct part *part = &backup->parts[index];
    char to[PATH_MAX], journal[PATH_MAX], tables[PATH_MAX];
    struct beside beside = {part, to};
    enum fr_error err;

    if (part->absent)
        return true;
    snprintf(to, sizeof(to), "%.2900s/%s", backup->dir, part->service->journal);
    snprintf(journal, sizeof(journal), "%.3000s/journal", to);
    snprintf(tables, sizeof(tables), "%.3000s/tables", to);
    if (!fil_make_dir(to) || !fil_make_dir(journal) || !fil_make_dir(tables) ||
        !copy_tables(part, to) ||
        !fil_walk(part->state_dir, is_kept_elsewhere, copy_beside, &beside))
        return false;
    err = fr_journal_copy(part->journal, fil_cut_number(&backup->cuts[index]), journal, NULL, NULL);
    if (err != FR_OK)
        fil_complain("%s: its journal could not be copied: %s", part->service->journal,
                     fr_error_name(err));
    return err == FR_OK && fil_sync_dir(tables) && fil_sync_dir(to);
}

/* ---- 5: the manifest ---- */

static json_t *
part_json(const struct backup *backup, size_t index)
{
    const struct part *part = &backup->parts[index];
    json_t *files = fil_manifest_files(backup->dir, part->service->journal), *file;
    json_int_t bytes = 0;
    size_t i;

    if (files == NULL)
        return NULL;
    json_array_foreach(files, i, file) bytes += json_integer_value(json_object_get(file, "size"));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:o}", "journal", part->service->journal,
                     "service", part->service->name, "incarnation",
                     (json_int_t)fr_journal_incarnation(part->journal), "seq",
                     (json_int_t)fil_cut_seq(&backup->cuts[index]), "frame",
                     (json_int_t)fil_cut_number(&backup->cuts[index]), "bytes", bytes, "running",
                     part->running, "files", files);
}

static json_t *
manifest_json(const struct backup *backup)
{
    char time[FR_TIME_TEXT_SIZE];
    json_t *rows = json_array();

    for (size_t i = 0; i < backup->count; i++) {
        json_t *row;

        if (backup->parts[i].absent)
            continue;
        row = part_json(backup, i);
        if (row == NULL) {
            json_decref(rows);
            return NULL;
        }
        json_array_append_new(rows, row);
    }
    return json_pack("{s:i, s:s, s:s, s:o}", "filrouge_backup", FIL_BACKUP_FORMAT, "version",
                     FR_VERSION_TEXT, "taken", fr_time_format(fr_time_wall(), time), "journals",
                     rows);
}

static bool
write_manifest(const struct backup *backup, const json_t *manifest)
{
    char path[PATH_MAX];
    FILE *file;
    bool good;

    snprintf(path, sizeof(path), "%.3000s/manifest.json", backup->dir);
    file = fopen(path, "wxe");
    good = file != NULL && json_dumpf(manifest, file, JSON_INDENT(1)) == 0 &&
           fputc('\n', file) == '\n' && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (!good)
        fil_complain("%s: %s", path, strerror(errno));
    if (file != NULL)
        fclose(file);
    return good && fil_sync_dir(backup->dir);
}

static bool
copy_config(const struct backup *backup)
{
    char to[PATH_MAX], sum[FIL_SUM_SIZE];
    uint64_t size;

    snprintf(to, sizeof(to), "%.3000s/filrouge.yaml", backup->dir);
    return fil_copy_file(backup->install->config_path, to, sum, &size);
}

/* ---- take ---- */

static json_t *
take(struct backup *backup)
{
    struct fil_progress progress;
    json_t *manifest = NULL;
    bool good = true;

    for (size_t i = 0; good && i < backup->install->service_count; i++)
        good = begin_part(backup, i);
    good = good && wait_for_tables(backup) && find_cut(backup) && copy_config(backup);
    fil_progress_start(&progress, "copying");
    for (size_t i = 0; good && i < backup->count; i++) {
        good = copy_part(backup, i);
        fil_progress_at(&progress, i + 1, backup->count);
    }
    fil_progress_end(&progress);
    if (good)
        manifest = manifest_json(backup);
    if (manifest != NULL && !write_manifest(backup, manifest)) {
        json_decref(manifest);
        manifest = NULL;
    }
    return manifest;
}

static void
let_go(struct backup *backup)
{
    for (size_t i = 0; i < backup->count; i++) {
        struct part *part = &backup->parts[i];
        char state[16];

        fr_journal_free(&part->journal);
        fil_cut_fini(&backup->cuts[i]);
        if (part->owner_fd >= 0)
            close(part->owner_fd);
        for (int tries = 0; part->running && tries < 100; tries++) {
            if (!ask(backup, part, "backup.end", state))
                usleep(100000); /* still copying */
            else
                break;
        }
    }
}

/* clang-format off */
static const struct fil_column columns[] = {
    { "JOURNAL",     "journal",     FIL_COLUMN_TEXT,   0 },
    { "LAST RECORD", "seq",         FIL_COLUMN_NUMBER, 0 },
    { "INCARNATION", "incarnation", FIL_COLUMN_NUMBER, 0 },
    { "SIZE",        "bytes",       FIL_COLUMN_BYTES,  0 },
    { NULL },
};
/* clang-format on */

static int
show(struct fil *fil, const char *dir, json_t *manifest)
{
    const json_t *row;
    size_t i;

    if (fil->json) {
        json_array_foreach(json_object_get(manifest, "journals"), i, row)
            json_object_del((json_t *)row, "files");
        json_object_set_new(manifest, "dir", json_string(dir));
        return fil_show_json(manifest);
    }
    fil_table(stdout, json_object_get(manifest, "journals"), columns);
    printf("\n%s, taken %s by version %s\n", dir,
           json_string_value(json_object_get(manifest, "taken")),
           json_string_value(json_object_get(manifest, "version")));
    json_decref(manifest);
    return FIL_OK;
}

static int
run_take(struct fil *fil, const void *given, int argc, char **argv)
{
    struct backup *backup = calloc(1, sizeof(*backup));
    json_t *manifest = NULL;

    (void)given;
    (void)argc;
    fr_assert(backup != NULL);
    backup->fil = fil;
    backup->install = fil_install_get(fil);
    snprintf(backup->dir, sizeof(backup->dir), "%.3000s.partial", argv[0]);
    if (backup->install == NULL) {
        free(backup);
        return FIL_FAILED;
    }
    if (backup->install->state == NULL)
        fil_complain("a backup needs the configuration: --config FILE");
    else if (access(argv[0], F_OK) == 0)
        fil_complain("%s is there already; give a new name, such as %s-%s", argv[0], argv[0], "2");
    else if ((access(backup->dir, F_OK) != 0 || fil_remove_all(backup->dir)) &&
             fil_make_dir(backup->dir)) {
        manifest = take(backup);
        let_go(backup);
    }
    if (manifest != NULL && !fil_move(backup->dir, argv[0])) {
        json_decref(manifest);
        manifest = NULL;
    }
    free(backup);
    return manifest == NULL ? FIL_FAILED : show(fil, argv[0], manifest);
}

static int
run_verify(struct fil *fil, const void *given, int argc, char **argv)
{
    json_t *manifest = fil_manifest_load(argv[0]);

    (void)given;
    (void)argc;
    if (manifest == NULL)
        return FIL_FAILED;
    if (!fil_backup_verify(argv[0], manifest)) {
        json_decref(manifest);
        return fil_complain("%s is damaged", argv[0]);
    }
    return show(fil, argv[0], manifest);
}

const struct fil_command fil_backup_commands[] = {
    {.noun = "backup",
     .verb = "take",
     .args = "DIR",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Copies journals and tables of one moment to DIR, while everything runs.",
     .examples = "  fil backup take /backup/filrouge-$(date +%F)\n",
     .run = run_take},
    {.noun = "backup",
     .verb = "verify",
     .args = "DIR",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Reads it all again: sums, hash chains, and that the journals belong together.",
     .examples = "  fil backup verify /backup/filrouge-2027-03-01\n",
     .run = run_verify},
    {.noun = NULL},
};
