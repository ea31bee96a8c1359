/* corpus.c - filrouge-email-corpus: reads what was expected, parses, compares, prints the table. */
#include "tests/email/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "services/channel_email/charset_text.h"
#include "services/channel_email/child.h"

#define ARENA_BLOCK (1024u * 1024)
/* The parser child's memory; the sanitizers' own shadow is not its fault. */
#if defined(__SANITIZE_ADDRESS__)
#define RESIDENT_MAX (1024u * 1024 * 1024)
#else
#define RESIDENT_MAX (64u * 1024 * 1024)
#endif

void
corpus_judge(struct corpus *corpus, const char *kind, bool right, const char *file,
             const char *expected, const char *found)
{
    struct corpus_tally *tally = NULL;

    for (unsigned i = 0; i < corpus->tally_count; i++)
        if (strcmp(corpus->tallies[i].kind, kind) == 0)
            tally = &corpus->tallies[i];
    if (tally == NULL) {
        tally = &corpus->tallies[corpus->tally_count++];
        *tally = (struct corpus_tally){.kind = kind, .misses = json_array()};
    }
    tally->applicable++;
    tally->right += right;
    if (!right)
        json_array_append_new(tally->misses, json_pack("{s:s, s:s, s:s}", "file", file, "expected",
                                                       expected == NULL ? "" : expected, "found",
                                                       found == NULL ? "" : found));
}

char *
corpus_read(const struct corpus *corpus, const char *path, size_t *size)
{
    char full[4096];
    FILE *file;
    char *bytes;
    long length;

    snprintf(full, sizeof(full), "%s/%s", corpus->dir, path);
    file = fopen(full, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    rewind(file);
    bytes = malloc((size_t)length + 1);
    *size = bytes == NULL ? 0 : fread(bytes, 1, (size_t)length, file);
    if (bytes != NULL)
        bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

bool
corpus_lines(struct corpus *corpus, const char *name,
             void (*each)(struct corpus *corpus, json_t *line))
{
    size_t size;
    char *bytes = corpus_read(corpus, name, &size), *rest = bytes, *text;

    if (bytes == NULL)
        return false;
    while ((text = strsep(&rest, "\n")) != NULL) {
        json_t *line = text[0] == '\0' ? NULL : json_loads(text, 0, NULL);

        if (line != NULL)
            each(corpus, line);
        json_decref(line);
    }
    free(bytes);
    return true;
}

const Fr__EmailParsed *
corpus_parse(struct corpus *corpus, const char *folder, const char *file)
{
    char path[1024];
    const char *why = "";
    const Fr__EmailParsed *parsed = NULL;
    Fr__EmailParsed *made = NULL;
    size_t size;
    char *bytes;
    enum fr_error err;

    snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] == '\0' ? "" : "/", file);
    bytes = corpus_read(corpus, path, &size);
    fr_arena_reset(corpus->arena);
    if (bytes == NULL) {
        fprintf(stderr, "corpus: %s/%s is missing\n", corpus->dir, path);
        return NULL;
    }
    if (corpus->in_process) {
        err = email_parse(fr_slice(bytes, size), NULL, NULL, corpus->arena, &made, &why);
        parsed = made;
    } else {
        err = email_child_parse(corpus->child, fr_slice(bytes, size), NULL, NULL, corpus->arena,
                                &parsed, &why);
    }
    free(bytes);
    if (err == FR_OK)
        return parsed;
    corpus->refused++;
    if (corpus->verbose)
        fprintf(stderr, "corpus: %s refused: %s (%s)\n", path, why, fr_error_name(err));
    return NULL;
}

const char *
corpus_fold(struct corpus *corpus, const char *text)
{
    const char *folded = email_fold(corpus->arena, text == NULL ? "" : text);

    return folded == NULL ? "" : folded;
}

const char *
corpus_text(json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text == NULL ? "" : text;
}

static double
percent(unsigned right, unsigned all)
{
    return all == 0 ? 100.0 : 100.0 * right / all;
}

static void
print_misses(const struct corpus_tally *tally)
{
    size_t i;
    json_t *miss;

    json_array_foreach(tally->misses, i, miss)
    {
        printf("    %s\n", corpus_text(miss, "file"));
        printf("        expected  %.240s\n", corpus_text(miss, "expected"));
        printf("        found     %.240s\n", corpus_text(miss, "found"));
    }
}

static void
print_rates(const char *what, unsigned hit, unsigned false_alarm, unsigned missed)
{
    if (hit + missed > 0)
        printf("%-32s precision %6.2f %%   recall %6.2f %%\n", what,
               percent(hit, hit + false_alarm), percent(hit, hit + missed));
}

static void
print_table(const struct corpus *corpus, bool misses)
{
    printf("%-32s %10s %8s %9s\n", "FACT", "APPLICABLE", "RIGHT", "%");
    for (unsigned i = 0; i < corpus->tally_count; i++) {
        const struct corpus_tally *tally = &corpus->tallies[i];

        printf("%-32s %10u %8u %9.2f\n", tally->kind, tally->applicable, tally->right,
               percent(tally->right, tally->applicable));
        if (misses)
            print_misses(tally);
    }
    print_rates("bounces and complaints", corpus->true_bounces, corpus->false_bounces,
                corpus->missed_bounces);
    print_rates("automatic answers", corpus->true_automatic, corpus->false_automatic,
                corpus->missed_automatic);
    printf("%-32s %10u\n", "refused", corpus->refused);
    printf("%-32s %10.1f MiB\n",
           corpus->in_process ? "peak memory of this process" : "peak memory of the parser child",
           (double)corpus->resident_peak / 1048576.0);
}

static void
print_json(const struct corpus *corpus)
{
    json_t *all = json_array(), *report;

    for (unsigned i = 0; i < corpus->tally_count; i++) {
        const struct corpus_tally *tally = &corpus->tallies[i];

        json_array_append_new(all, json_pack("{s:s, s:i, s:i, s:f, s:O}", "fact", tally->kind,
                                             "applicable", tally->applicable, "right", tally->right,
                                             "percent", percent(tally->right, tally->applicable),
                                             "misses", tally->misses));
    }
    report =
        json_pack("{s:o, s:{s:i, s:i, s:i}, s:{s:i, s:i, s:i}, s:i, s:I}", "facts", all, "bounces",
                  "true", corpus->true_bounces, "false", corpus->false_bounces, "missed",
                  corpus->missed_bounces, "automatic", "true", corpus->true_automatic, "false",
                  corpus->false_automatic, "missed", corpus->missed_automatic, "refused",
                  corpus->refused, "resident_peak_bytes", (json_int_t)corpus->resident_peak);
    json_dumpf(report, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(report);
}

/* Is what the service's README promises kept? */
static bool
good_enough(const struct corpus *corpus)
{
    static const struct {
        const char *kind; /* a prefix */
        double least;
    } promises[] = {
        {"header ", 99.0}, {"list ", 100.0}, {"thread", 100.0}, {"visible reply", 90.0}};
    bool good = true;

    for (size_t p = 0; p < sizeof(promises) / sizeof(promises[0]); p++) {
        unsigned right = 0, all = 0;

        for (unsigned i = 0; i < corpus->tally_count; i++)
            if (strncmp(corpus->tallies[i].kind, promises[p].kind, strlen(promises[p].kind)) == 0) {
                right += corpus->tallies[i].right;
                all += corpus->tallies[i].applicable;
            }
        if (percent(right, all) < promises[p].least) {
            fprintf(stderr, "corpus: %s: %.2f %% is below %.0f %%\n", promises[p].kind,
                    percent(right, all), promises[p].least);
            good = false;
        }
    }
    return good &&
           percent(corpus->true_bounces, corpus->true_bounces + corpus->false_bounces) >= 97.0 &&
           percent(corpus->true_bounces, corpus->true_bounces + corpus->missed_bounces) >= 97.0 &&
           percent(corpus->true_automatic, corpus->true_automatic + corpus->false_automatic) >=
               97.0 &&
           percent(corpus->true_automatic, corpus->true_automatic + corpus->missed_automatic) >=
               97.0 &&
           (corpus->in_process || corpus->resident_peak <= RESIDENT_MAX);
}

/* Is every fact as expected? */
static bool
all_right(const struct corpus *corpus)
{
    bool right = corpus->refused == 0;

    for (unsigned i = 0; i < corpus->tally_count; i++)
        right &= corpus->tallies[i].right == corpus->tallies[i].applicable;
    return right;
}

static int
usage(void)
{
    fputs("usage: tests/email/corpus DIR [--misses] [--json] [--exact] [--in-process]\n"
          "  DIR           shaped like ../shared/data/email\n"
          "  --misses      name each fact that was not found as expected\n"
          "  --exact       exit 1 unless every fact was found as expected\n"
          "  --in-process  without the parser child (for debuggers)\n"
          "example: tests/email/corpus ../shared/data/email --misses\n",
          stderr);
    return 64;
}

static size_t
own_peak(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

int
main(int argc, char **argv)
{
    bool good;
    struct corpus corpus = {0};
    bool misses = false, json = false, exact = false;
    char beside[4096];
    struct email_child_config config = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--misses") == 0)
            misses = corpus.verbose = true;
        else if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--exact") == 0)
            exact = true;
        else if (strcmp(argv[i], "--in-process") == 0)
            corpus.in_process = true;
        else if (argv[i][0] == '-' || corpus.dir != NULL)
            return usage();
        else
            corpus.dir = argv[i];
    }
    if (corpus.dir == NULL)
        return usage();
    snprintf(beside, sizeof(beside), "%s/headers.expect.jsonl", corpus.dir);
    if (access(beside, R_OK) != 0) {
        printf("skipped: %s is not there\n", beside);
        return 77;
    }
    corpus.arena = fr_arena_new(ARENA_BLOCK, 4 * EMAIL_PARSE_BUDGET);
    if (corpus.arena == NULL || email_child_new(&config, &corpus.child) != FR_OK)
        return 1;
    corpus_headers(&corpus);
    corpus_zammad(&corpus);
    corpus_bounces(&corpus);
    corpus_lists(&corpus);
    corpus_threads(&corpus);
    corpus_replies(&corpus);
    corpus_signatures(&corpus);
    corpus.resident_peak =
        corpus.in_process ? own_peak() : email_child_figures(corpus.child).resident_peak;
    if (json)
        print_json(&corpus);
    else
        print_table(&corpus, misses);
    email_child_free(&corpus.child);
    fr_arena_free(&corpus.arena);
    good = good_enough(&corpus) && (!exact || all_right(&corpus));
    for (unsigned i = 0; i < corpus.tally_count; i++)
        json_decref(corpus.tallies[i].misses);
    return good ? 0 : 1;
}
