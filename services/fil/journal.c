/* journal.c - fil journal: what happened, record by record. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/ask.h"
#include "services/fil/show.h"
#include "services/fil/source.h"
#include "services/fil/summary.h"

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* ---- ls ---- */

/* clang-format off */
static const struct fil_column ls_columns[] = {
    { "JOURNAL",     "journal",     FIL_COLUMN_TEXT,    0 },
    { "FIRST",       "first_seq",   FIL_COLUMN_NUMBER,  0 },
    { "LAST",        "seq",         FIL_COLUMN_NUMBER,  0 },
    { "LAST WRITTEN","time_us",     FIL_COLUMN_TIME_US, 0 },
    { "SIZE",        "bytes",       FIL_COLUMN_BYTES,   0 },
    { "INCARNATION", "incarnation", FIL_COLUMN_NUMBER,  0 },
    { "READERS",     "readers",     FIL_COLUMN_COUNT,   0 },
    { "RUNS",        "running",     FIL_COLUMN_YES,     0 },
    { NULL },
};
/* clang-format on */

static struct fr_journal *
open_read_only(const struct fil_install *install, const char *name, char *complaint, size_t size)
{
    char dir[FIL_PATH_SIZE];
    struct fr_journal_options options = {.dir = dir, .name = name, .read_only = true};
    struct fr_journal *journal = NULL;

    complaint[0] = '\0';
    if (install->state == NULL)
        return NULL;
    snprintf(dir, sizeof(dir), "%s/%s/journal", install->state, name);
    if (access(dir, R_OK | X_OK) != 0) {
        snprintf(complaint, size, "%.300s: %s", dir, strerror(errno));
        return NULL;
    }
    if (fr_journal_open(&options, &journal, complaint, size) != FR_OK)
        return NULL;
    return journal;
}

static json_t *
readers_json(struct fr_journal *journal)
{
    struct fr_journal_reader_info infos[FR_CURSOR_MAX];
    size_t count = fr_journal_readers(journal, infos, FR_CURSOR_MAX);
    json_t *list = json_array();

    for (size_t i = 0; i < count && i < FR_CURSOR_MAX; i++)
        json_array_append_new(list, json_pack("{s:s}", "name", infos[i].name));
    return list;
}

static json_t *
from_files(const struct fil_install *install, const char *name)
{
    char complaint[300];
    struct fr_journal *journal = open_read_only(install, name, complaint, sizeof(complaint));
    const struct fr_record_head *last;
    struct fr_journal_stats stats;
    struct fr_cursor end;
    json_t *row;

    if (journal == NULL)
        return NULL;
    end = fr_journal_end(journal);
    fr_journal_stats(journal, &stats);
    row = json_pack("{s:I, s:I, s:I, s:I, s:o}", "first_seq",
                    (json_int_t)fr_journal_first_seq(journal), "seq", (json_int_t)end.seq, "bytes",
                    (json_int_t)stats.size, "incarnation", (json_int_t)end.incarnation, "readers",
                    readers_json(journal));
    if (end.seq > 0 && fr_journal_get(journal, end.seq, &last) == FR_OK)
        json_object_set_new(row, "time_us", json_integer(last->time_us));
    fr_journal_free(&journal);
    return row;
}

static json_t *
journal_row(struct fil *fil, const struct fil_install *install, const char *name)
{
    struct fil_asked asked;
    json_t *row = from_files(install, name);
    json_t *status = fil_ask_quietly(fil, name, "status", NULL, fr_seconds(2), &asked);

    if (row == NULL)
        row = json_object();
    if (status != NULL) {
        json_object_set(row, "first_seq", json_object_get(status, "first_seq"));
        json_object_set(row, "seq", json_object_get(status, "seq"));
        json_object_set(row, "bytes", json_object_get(status, "journal_bytes"));
        json_object_set(row, "incarnation", json_object_get(status, "incarnation"));
        json_object_set(row, "readers", json_object_get(status, "readers"));
    }
    json_object_set_new(row, "journal", json_string(name));
    json_object_set_new(row, "running", json_boolean(status != NULL));
    json_decref(status);
    return row;
}

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    json_t *items;

    (void)given;
    (void)argc;
    (void)argv;
    if (install == NULL)
        return FIL_FAILED;
    items = json_array();
    for (size_t i = 0; i < install->service_count; i++)
        json_array_append_new(items, journal_row(fil, install, install->services[i].journal));
    return fil_show_list(fil, json_pack("{s:o, s:b}", "items", items, "more", 0), ls_columns,
                         "there are no journals yet");
}

/* ---- tail, get ---- */

struct tail_given {
    int64_t count;
    bool follow;
    const char *kind, *key, *brand, *route;
};
static const struct fil_option tail_options[] = {
    {"-n", FIL_INT, offsetof(struct tail_given, count), "N", "The last N records.", "20"},
    {"-f", FIL_FLAG, offsetof(struct tail_given, follow), NULL, "Go on as they come, until Ctrl-C.",
     NULL},
    {"--kind", FIL_TEXT, offsetof(struct tail_given, kind), "KIND", "Only these: TaskOffered.",
     NULL},
    {"--key", FIL_TEXT, offsetof(struct tail_given, key), "ID",
     "Only those of a customer or conversation.", NULL},
    {"--brand", FIL_TEXT, offsetof(struct tail_given, brand), "BRAND", "Only those of a brand.",
     NULL},
    {"--route", FIL_TEXT, offsetof(struct tail_given, route), "ROUTE", "Only those on a route.",
     NULL},
    {NULL},
};

static bool
wanted(const struct tail_given *given, uint32_t kind, uint64_t key,
       const struct fr_record_head *head)
{
    return (given->kind == NULL || head->kind == kind) &&
           (given->key == NULL || head->key == key) &&
           (given->brand == NULL || strcmp(head->brand, given->brand) == 0) &&
           (given->route == NULL || strcmp(head->route, given->route) == 0);
}

static void
print_record(struct fil *fil, const char *journal, const struct fr_record_head *head)
{
    char time[32], summary[FIL_SUMMARY_SIZE];

    if (fil->json) {
        json_t *json = fil_record_json(journal, head);

        json_dumpf(json, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(json);
    } else {
        printf("%8llu  %s  %-22s %s\n", (unsigned long long)head->seq,
               fil_clock_format(head->time_us, true, time), fr_kind_name(head->kind),
               fil_record_summary(head, summary));
    }
    fflush(stdout);
}

static bool
read_filter(const struct tail_given *given, uint32_t *kind, uint64_t *key)
{
    if (given->kind != NULL && (*kind = fr_kind_by_name(given->kind)) == FR_KIND_END) {
        fil_complain(
            "no record is called '%s'; 'fil journal tail JOURNAL' shows what they are called",
            given->kind);
        return false;
    }
    if (given->key != NULL && fr_id_parse(fr_slice_str(given->key), key) != FR_OK) {
        fil_complain("--key: '%s' is no id", given->key);
        return false;
    }
    return true;
}

/* Where the last `count` wanted records begin: the numbers of the last ones that were seen, in a
 * ring. */
static enum fr_error
find_start(struct fil_source *source, const struct tail_given *given, uint32_t kind, uint64_t key,
           uint64_t *start)
{
    size_t room = given->count > 0 ? (size_t)given->count : 1, seen = 0;
    uint64_t end = fil_source_end(source), *ring;
    const struct fr_record_head *head;
    enum fr_error err;

    *start = end > room ? end - room : 0;
    if (given->count <= 0)
        *start = end;
    if (given->kind == NULL && given->key == NULL && given->brand == NULL && given->route == NULL)
        return FR_OK;
    ring = calloc(room, sizeof(*ring));
    fr_assert(ring != NULL);
    while ((err = fil_source_next(source, (struct fr_span){0}, &head)) == FR_OK && !stopped)
        if (wanted(given, kind, key, head))
            ring[seen++ % room] = head->seq;
    if (given->count > 0 && seen > 0)
        *start = (seen > room ? ring[seen % room] : ring[0]) - 1;
    free(ring);
    return err == FR_END || err == FR_OK ? FR_OK : err;
}

static struct fil_source *
open_source(struct fil *fil, const char *name)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *service;
    struct fil_source *source;
    char complaint[500];

    if (install == NULL || (service = fil_service_want(install, name)) == NULL)
        return NULL;
    source = fil_source_open(fil, service->journal, complaint, sizeof(complaint));
    if (source == NULL)
        fil_complain(
            "the journal of %s cannot be read: %s\n     has it run yet? 'fil up' starts it",
            service->journal, complaint);
    return source;
}

static int
run_tail(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct tail_given *given = given_options;
    const struct fr_record_head *head;
    struct fil_source *source;
    uint32_t kind = 0;
    uint64_t key = 0, start;
    enum fr_error err;

    (void)argc;
    if (!read_filter(given, &kind, &key) || (source = open_source(fil, argv[0])) == NULL)
        return FIL_FAILED;
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    err = find_start(source, given, kind, key, &start);
    if (err == FR_OK)
        err = fil_source_seek(source, start);
    while (err == FR_OK && !stopped) {
        err = fil_source_next(source, given->follow ? fr_millis(200) : fr_millis(0), &head);
        if (err == FR_OK && wanted(given, kind, key, head))
            print_record(fil, fil_source_journal(source), head);
        else if (err == FR_END && given->follow)
            err = FR_OK;
    }
    fil_source_free(&source);
    if (err == FR_OK || err == FR_END)
        return FIL_OK;
    return fil_complain("%s: %s", argv[0], fr_error_name(err));
}

/* JOURNAL SEQ, or the record's id, which says both. */
static int
run_get(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *service = NULL;
    const struct fr_record_head *head;
    struct fil_source *source;
    enum fr_error err;
    uint64_t seq = 0, id;
    int status = FIL_OK;

    (void)given;
    if (install == NULL)
        return FIL_FAILED;
    if (argc == 2) {
        service = fil_service_want(install, argv[0]);
        seq = strtoull(argv[1], NULL, 10);
    } else if (fr_id_parse(fr_slice_str(argv[0]), &id) == FR_OK) {
        service = fil_service_of_id(install, id);
        seq = fr_id_seq(id);
        if (service == NULL)
            fil_complain("%s belongs to no journal of this installation", argv[0]);
    } else {
        fil_complain("'%s' is no id; give an id, or a journal and a number", argv[0]);
    }
    if (service == NULL || (source = open_source(fil, service->journal)) == NULL)
        return FIL_FAILED;
    err = fil_source_get(source, seq, &head);
    if (err == FR_OK)
        status = fil_show_object(fil, fil_record_json(service->journal, head));
    else if (err == FR_TRUNCATED)
        status =
            fil_complain("%s keeps records from %llu on; %llu has been trimmed", service->journal,
                         (unsigned long long)fil_source_first(source), (unsigned long long)seq);
    else
        status = fil_complain("%s has no record %llu; its last one is %llu", service->journal,
                              (unsigned long long)seq, (unsigned long long)fil_source_end(source));
    fil_source_free(&source);
    return status;
}

/* ---- verify ---- */

static void
on_progress(void *context, uint64_t done, uint64_t all)
{
    fil_progress_at(context, done, all);
}

static json_t *
verify(const struct fil_install *install, const char *name, bool *good)
{
    char complaint[500];
    struct fr_journal *journal = open_read_only(install, name, complaint, sizeof(complaint));
    struct fil_progress progress;
    enum fr_error err = FR_NOT_FOUND;
    json_t *row = json_pack("{s:s}", "journal", name);

    if (journal != NULL) {
        fil_progress_start(&progress, name);
        err = fr_journal_verify(journal, on_progress, &progress, complaint, sizeof(complaint));
        fil_progress_end(&progress);
        json_object_set_new(row, "first_seq",
                            json_integer((json_int_t)fr_journal_first_seq(journal)));
        json_object_set_new(row, "seq", json_integer((json_int_t)fr_journal_end(journal).seq));
        fr_journal_free(&journal);
    }
    json_object_set_new(row, "verdict", json_string(err == FR_OK ? "good" : fr_error_name(err)));
    if (err != FR_OK) {
        json_object_set_new(row, "complaint", json_string(complaint));
        *good = false;
    }
    return row;
}

/* clang-format off */
static const struct fil_column verify_columns[] = {
    { "JOURNAL",   "journal",   FIL_COLUMN_TEXT,   0 },
    { "FIRST",     "first_seq", FIL_COLUMN_NUMBER, 0 },
    { "LAST",      "seq",       FIL_COLUMN_NUMBER, 0 },
    { "VERDICT",   "verdict",   FIL_COLUMN_TEXT,   0 },
    { "COMPLAINT", "complaint", FIL_COLUMN_TEXT,   0 },
    { NULL },
};
/* clang-format on */

static int
run_verify(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    json_t *items;
    bool good = true;

    (void)given;
    if (install == NULL)
        return FIL_FAILED;
    if (install->state == NULL)
        return fil_complain("the files are needed: name the configuration with --config");
    items = json_array();
    for (size_t i = 0; i < install->service_count && argc == 0; i++)
        json_array_append_new(items, verify(install, install->services[i].journal, &good));
    for (int i = 0; i < argc; i++) {
        const struct fil_service *service = fil_service_want(install, argv[i]);

        if (service == NULL)
            good = false;
        else
            json_array_append_new(items, verify(install, service->journal, &good));
    }
    fil_show_list(fil, json_pack("{s:o, s:b}", "items", items, "more", 0), verify_columns,
                  "there was nothing to verify");
    return good ? FIL_OK : FIL_FAILED;
}

/* ---- readers, forget ---- */

/* clang-format off */
static const struct fil_column reader_columns[] = {
    { "JOURNAL",      "journal", FIL_COLUMN_TEXT,   0 },
    { "READER",       "name",    FIL_COLUMN_TEXT,   0 },
    { "ACKNOWLEDGED", "seq",     FIL_COLUMN_NUMBER, 0 },
    { "BEHIND",       "behind",  FIL_COLUMN_NUMBER, 0 },
    { NULL },
};
/* clang-format on */

static int
run_readers(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *only = NULL;
    json_t *items;

    (void)given;
    if (install == NULL || (argc > 0 && (only = fil_service_want(install, argv[0])) == NULL))
        return FIL_FAILED;
    items = json_array();
    for (size_t s = 0; s < install->service_count; s++) {
        const char *journal = install->services[s].journal;
        json_t *status, *reader;
        size_t i;

        if (only != NULL && only != &install->services[s])
            continue;
        status = fil_ask(fil, journal, "status", NULL);
        json_array_foreach(json_object_get(status, "readers"), i, reader)
        {
            json_object_set_new(reader, "journal", json_string(journal));
            json_array_append(items, reader);
        }
        json_decref(status);
    }
    return fil_show_list(fil, json_pack("{s:o, s:b}", "items", items, "more", 0), reader_columns,
                         "nobody is registered");
}

struct forget_given {
    bool yes;
};
static const struct fil_option forget_options[] = {
    {"--yes", FIL_FLAG, offsetof(struct forget_given, yes), NULL, "Do not ask.", NULL},
    {NULL},
};

static bool
confirmed(const struct forget_given *given, const char *journal, const char *reader)
{
    char answer[16];

    if (given->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        fil_complain("what %s has not read yet may then be trimmed: say --yes", reader);
        return false;
    }
    fprintf(stderr, "%s will no longer keep what %s has not read yet. Go on? [y/N] ", journal,
            reader);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int
run_forget(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *service;
    json_t *answer;

    (void)argc;
    if (install == NULL || (service = fil_service_want(install, argv[0])) == NULL)
        return FIL_FAILED;
    if (!confirmed(given, service->journal, argv[1]))
        return isatty(STDIN_FILENO) ? FIL_FAILED : FIL_USAGE;
    answer = fil_ask(fil, service->journal, "journal.forget", json_pack("{s:s}", "name", argv[1]));
    if (answer == NULL)
        return FIL_FAILED;
    if (fil->json)
        return fil_show_json(answer);
    json_decref(answer);
    printf("%s has forgotten its reader %s\n", service->journal, argv[1]);
    return FIL_OK;
}

const struct fil_command fil_journal_commands[] = {
    {.noun = "journal",
     .verb = "ls",
     .doc = "Every journal: its records, size and readers, whether its service runs or not.",
     .examples = "  fil journal ls\n",
     .run = run_ls},
    {.noun = "journal",
     .verb = "tail",
     .args = "JOURNAL",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "Its last records, and with -f what comes; with --json one object per line.",
     .examples = "  fil journal tail routing -n 50\n"
                 "  fil journal tail routing -f --kind TaskOffered\n"
                 "  fil journal tail conversations --key 05d9000000000007 --json | jq .body\n",
     .options = tail_options,
     .given_size = sizeof(struct tail_given),
     .run = run_tail},
    {.noun = "journal",
     .verb = "get",
     .args = "ID | JOURNAL SEQ",
     .arg_min = 1,
     .arg_max = 2,
     .doc = "One record, whole.",
     .examples = "  fil journal get 05d9000000000007\n  fil journal get routing 42 --json\n",
     .run = run_get},
    {.noun = "journal",
     .verb = "verify",
     .args = "[JOURNAL...]",
     .arg_max = -1,
     .doc = "Read everything again and check every sum and the chain; damage is named.",
     .examples = "  fil journal verify\n  fil journal verify identity routing --json\n",
     .run = run_verify},
    {.noun = "journal",
     .verb = "readers",
     .args = "[JOURNAL]",
     .arg_max = 1,
     .doc = "Who reads it and is waited for, and how far behind he is.",
     .examples = "  fil journal readers conversations\n",
     .run = run_readers},
    {.noun = "journal",
     .verb = "forget",
     .args = "JOURNAL READER",
     .arg_min = 2,
     .arg_max = 2,
     .doc = "No longer keep records for a reader that is gone for good.",
     .examples = "  fil journal forget sites desk.tana --yes\n",
     .options = forget_options,
     .given_size = sizeof(struct forget_given),
     .run = run_forget},
    {.noun = NULL},
};
