/* quality.c - how well identity tells people apart: the real decide and apply on a file whose truth
 * is known. */
#include "tests/identity/quality.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "services/identity/tables.h"

struct options {
    const char *cases, *target, *expected, *weights;
    bool suggest, json;
    int64_t shuffles, harmful_max; /* below 0: any number */
    uint64_t seed;
    double
        least[4]; /* precision, recall, f1, agreement or decisions: below it the exit status is 1 */
};

static void
usage(FILE *out)
{
    fputs(
        "usage: quality RECORDS.csv[.gz] TRUTH.csv[.gz] MAPPING.yaml [options]\n"
        "       quality --cases CASES.csv[.gz] RECORDS.csv[.gz] MAPPING.yaml [options]\n"
        "Imports the records, one by one in their order, as `fil identity import` does, and "
        "compares the\n"
        "customers that come out with the truth (columns id and cluster).\n"
        "  --suggest          link nothing: precision and recall of the open suggestions\n"
        "  --seed N           another order, the same for the same N\n"
        "  --shuffles N       N orders, and how many pairs they agree on\n"
        "  --weights FILE     configuration with a section identity.matching (`fil identity train` "
        "writes one)\n"
        "  --cases FILE       load the records, then judge each case alone: match, possible_match, "
        "no_match\n"
        "  --target COLUMN    of the cases: the record that is meant (default: Match Id)\n"
        "  --expected COLUMN  of the cases: the decision that is right (default: Expected Result)\n"
        "  --min-precision P, --min-f1 F, --min-agreement A, --min-decided D\n"
        "                     exit 1 when the figure is lower\n"
        "  --json             one object\n",
        out);
}

/* ---- running ---- */

static char *
read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 256 * 1024);

    fr_assert(text != NULL);
    if (file == NULL || fread(text, 1, 256 * 1024 - 1, file) == 0)
        quality_die("cannot read %s", path);
    fclose(file);
    return text;
}

static struct fr_given *
start(const struct options *options)
{
    char *yaml = options->weights != NULL ? read_file(options->weights) : NULL;
    const char *usual = options->cases != NULL ? "identity: {matching: {careful: true}}" : "";
    struct fr_given *given = fr_given_new(&identity_stage, yaml != NULL ? yaml : usual);

    free(yaml);
    return given;
}

/* One record; what decide said of it can be asked of `given` afterwards. */
static void
import(struct fr_given *given, struct quality_row *row, bool link)
{
    const Fr__ObservationResolved *resolved;

    row->said->has_link_alike = true;
    row->said->link_alike = link;
    if (fr_given_input(given, "local", 0, "", &row->said->base) != FR_OK ||
        (resolved = fr_given_find(given, FR_OBSERVATION_RESOLVED)) == NULL)
        quality_die("%s was not taken: %s", row->id, fr_given_rejected(given));
    row->customer = resolved->customer_id;
}

static uint64_t
customer_now(struct fr_given *given, uint64_t origin)
{
    struct identity_customer customer;
    uint64_t root = 0;

    fr_assert(identity_root_get(fr_given_view(given), origin, &root, &customer) == FR_OK);
    return root;
}

static double
seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long
peak_mib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/* ---- clusters and suggestions ---- */

static double
share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 1 : (double)part / (double)whole;
}

static double
f1(double precision, double recall)
{
    return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

static void
print_figures(const struct options *options, const char *what, const struct quality_rows *rows,
              const struct quality_pairs *pairs, double taken)
{
    double precision = share(pairs->right, pairs->found), recall = share(pairs->right, pairs->real);

    printf(options->json
               ? "{\"mode\": \"%s\", \"records\": %zu, \"rejected\": %zu, \"precision\": %.5f, "
                 "\"recall\": %.5f, \"f1\": %.5f, \"pairs_found\": %llu, \"pairs_wrong\": %llu, "
                 "\"pairs_true\": %llu, \"largest\": %zu, \"records_per_cpu_s\": %.0f, "
                 "\"peak_mib\": %ld}\n"
               : "mode %s: %zu records, %zu rejected\n"
                 "precision %.5f  recall %.5f  F1 %.5f\n"
                 "pairs: %llu found, %llu of them wrong, %llu true; largest cluster %zu\n"
                 "%.0f records/s of processor time; peak memory %ld MiB\n",
           what, rows->count, rows->rejected, precision, recall, f1(precision, recall),
           (unsigned long long)pairs->found, (unsigned long long)(pairs->found - pairs->right),
           (unsigned long long)pairs->real, pairs->largest,
           taken > 0 ? (double)rows->count / taken : 0, peak_mib());
}

/* One pass in the rows' order; found[i] is the customer of the row at place i. */
static void
cluster(const struct options *options, struct quality_rows *rows, uint64_t *found, double *taken)
{
    struct fr_given *given = start(options);
    double begun = seconds();

    for (size_t i = 0; i < rows->count; i++)
        import(given, &rows->rows[i], true);
    *taken = seconds() - begun;
    for (size_t i = 0; i < rows->count; i++)
        found[i] = customer_now(given, rows->rows[i].customer);
    fr_given_free(&given);
}

static bool
good_enough(const struct options *options, const struct quality_pairs *pairs)
{
    double precision = share(pairs->right, pairs->found), recall = share(pairs->right, pairs->real);

    return precision >= options->least[0] && f1(precision, recall) >= options->least[2];
}

static int
measure_clusters(const struct options *options, struct quality_rows *rows)
{
    uint64_t *found = calloc(rows->count, sizeof(*found));
    struct quality_pairs pairs;
    double taken;
    bool good;

    fr_assert(found != NULL);
    quality_shuffle(rows, options->seed);
    cluster(options, rows, found, &taken);
    quality_count(rows, found, &pairs);
    print_figures(options, "import", rows, &pairs, taken);
    good = good_enough(options, &pairs);
    free(found);
    return good ? 0 : 1;
}

/* Suggestions are pairs of customers, and with nothing linked each record is a customer. */
static int
measure_suggestions(const struct options *options, struct quality_rows *rows)
{
    struct fr_given *given = start(options);
    uint64_t *found = calloc(rows->count, sizeof(*found));
    struct quality_pairs pairs;
    uint64_t suggested = 0, right = 0;
    double begun = seconds(), taken;

    fr_assert(found != NULL);
    for (size_t i = 0; i < rows->count; i++) {
        import(given, &rows->rows[i], false);
        for (size_t j = 0; j < fr_given_count(given); j++) {
            const Fr__SuggestionMade *made = fr_given_body(given, j, FR_SUGGESTION_MADE);
            uint64_t other;
            size_t k = 0;

            if (made == NULL)
                continue;
            other =
                made->customer_a == rows->rows[i].customer ? made->customer_b : made->customer_a;
            while (k < i && rows->rows[k].customer != other)
                k++;
            suggested++;
            right += k < i && rows->rows[k].person == rows->rows[i].person;
        }
    }
    taken = seconds() - begun;
    for (size_t i = 0; i < rows->count; i++)
        found[i] = i;
    quality_count(rows, found, &pairs);
    pairs.found = suggested;
    pairs.right = right;
    print_figures(options, "suggest", rows, &pairs, taken);
    free(found);
    fr_given_free(&given);
    return good_enough(options, &pairs) ? 0 : 1;
}

/* ---- does the order matter? ---- */

static int
by_id(const void *a, const void *b)
{
    return strcmp(((const struct quality_row *)a)->id, ((const struct quality_row *)b)->id);
}

static int
measure_shuffles(const struct options *options, struct quality_rows *rows)
{
    uint64_t *first = calloc(rows->count, sizeof(*first));
    uint64_t *found = calloc(rows->count, sizeof(*found));
    double worst = 1, taken;

    fr_assert(first != NULL && found != NULL);
    for (int64_t i = 0; i <= options->shuffles; i++) {
        struct quality_pairs pairs;
        double agreed = 1;

        quality_shuffle(rows, (uint64_t)i);
        cluster(options, rows, found, &taken);
        for (size_t j = 0; j < rows->count; j++)
            rows->rows[j].customer = found[j];
        qsort(rows->rows, rows->count, sizeof(rows->rows[0]), by_id);
        for (size_t j = 0; j < rows->count; j++)
            (i == 0 ? first : found)[j] = rows->rows[j].customer;
        if (i > 0)
            agreed = quality_agreement(first, found, rows->count);
        worst = agreed < worst ? agreed : worst;
        quality_count(rows, i == 0 ? first : found, &pairs);
        printf("order %lld: F1 %.5f, %llu wrong pairs, %.5f of pairs as in the file's order\n",
               (long long)i, f1(share(pairs.right, pairs.found), share(pairs.right, pairs.real)),
               (unsigned long long)(pairs.found - pairs.right), agreed);
    }
    printf("orders agree on at least %.5f of pairs\n", worst);
    free(first);
    free(found);
    return worst >= options->least[3] ? 0 : 1;
}

/* ---- cases, each alone ---- */

enum decision { MATCH, POSSIBLE, NO_MATCH, DECISIONS };
static const char *const decision_names[] = {"match", "possible_match", "no_match"};

static uint64_t
record_of(const struct quality_rows *rows, const char *id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->rows[i].id, id) == 0)
            return rows->rows[i].customer;
    return 0;
}

/* In a child process, so that the next case finds the tables as they were. */
static enum decision
decide_case(struct fr_given *given, struct quality_row *row, uint64_t meant)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child < 0)
        quality_die("cannot start a process");
    if (child == 0) {
        uint64_t survivor;
        enum decision decision = NO_MATCH;

        import(given, row, true);
        survivor = customer_now(given, row->customer);
        if (survivor != row->customer) /* with the wrong one: a match that is none */
            decision = meant == 0 || survivor == customer_now(given, meant) ? MATCH : DECISIONS;
        else if (fr_given_find(given, FR_SUGGESTION_MADE) != NULL)
            decision = POSSIBLE;
        _exit((int)decision);
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        quality_die("a case could not be decided");
    return (enum decision)WEXITSTATUS(status);
}

static int
measure_cases(const struct options *options, struct quality_rows *rows, struct quality_rows *cases)
{
    struct fr_given *given = start(options);
    size_t counts[DECISIONS][DECISIONS + 1] = {{0}}, right = 0, harmful;

    for (size_t i = 0; i < rows->count; i++)
        import(given, &rows->rows[i], false);
    for (size_t i = 0; i < cases->count; i++) {
        enum decision expected = 0, decided;

        while (expected < DECISIONS &&
               strcmp(decision_names[expected], cases->rows[i].expected) != 0)
            expected++;
        if (expected == DECISIONS)
            quality_die("a case expects \"%s\"", cases->rows[i].expected);
        decided = decide_case(given, &cases->rows[i], record_of(rows, cases->rows[i].target));
        counts[expected][decided]++;
        right += expected == decided;
        if (getenv("QUALITY_SHOW") != NULL && expected != decided)
            printf("case %s of record %s: %s, decided %s\n", cases->rows[i].id,
                   cases->rows[i].target, decision_names[expected],
                   decided < DECISIONS ? decision_names[decided] : "another record");
    }
    harmful = counts[NO_MATCH][MATCH] + counts[NO_MATCH][DECISIONS] + counts[POSSIBLE][DECISIONS] +
              counts[MATCH][DECISIONS];
    printf("expected        match  possible  no_match  another record\n");
    for (int i = 0; i < DECISIONS; i++)
        printf("%-14s %6zu %9zu %9zu %15zu\n", decision_names[i], counts[i][MATCH],
               counts[i][POSSIBLE], counts[i][NO_MATCH], counts[i][DECISIONS]);
    printf("%zu cases, %.1f %% as expected; %zu taken for a match that are none or another's\n",
           cases->count, 100 * share(right, cases->count), harmful);
    fr_given_free(&given);
    return share(right, cases->count) >= options->least[3] &&
                   (options->harmful_max < 0 || harmful <= (size_t)options->harmful_max)
               ? 0
               : 1;
}

/* ---- arguments ---- */

static void
read_options(int argc, char **argv, struct options *options)
{
    static const struct option long_options[] = {{"suggest", no_argument, NULL, 'u'},
                                                 {"seed", required_argument, NULL, 's'},
                                                 {"shuffles", required_argument, NULL, 'n'},
                                                 {"weights", required_argument, NULL, 'w'},
                                                 {"cases", required_argument, NULL, 'c'},
                                                 {"target", required_argument, NULL, 't'},
                                                 {"expected", required_argument, NULL, 'e'},
                                                 {"min-precision", required_argument, NULL, 'P'},
                                                 {"min-f1", required_argument, NULL, 'F'},
                                                 {"min-agreement", required_argument, NULL, 'A'},
                                                 {"min-decided", required_argument, NULL, 'A'},
                                                 {"max-harmful", required_argument, NULL, 'H'},
                                                 {"json", no_argument, NULL, 'j'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {0}};

    for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;)
        switch (option) {
        case 'u':
            options->suggest = true;
            break;
        case 's':
            options->seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            options->shuffles = strtoll(optarg, NULL, 10);
            break;
        case 'w':
            options->weights = optarg;
            break;
        case 'c':
            options->cases = optarg;
            break;
        case 't':
            options->target = optarg;
            break;
        case 'e':
            options->expected = optarg;
            break;
        case 'P':
            options->least[0] = strtod(optarg, NULL);
            break;
        case 'F':
            options->least[2] = strtod(optarg, NULL);
            break;
        case 'A':
            options->least[3] = strtod(optarg, NULL);
            break;
        case 'H':
            options->harmful_max = strtoll(optarg, NULL, 10);
            break;
        case 'j':
            options->json = true;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            exit(64);
        }
}

int
main(int argc, char **argv)
{
    struct options options = {
        .target = "Match Id", .expected = "Expected Result", .harmful_max = -1};
    struct quality_rows rows, cases = {0};
    char **files;
    int status;

    read_options(argc, argv, &options);
    files = argv + optind;
    if (argc - optind != (options.cases != NULL ? 2 : 3)) {
        usage(stderr);
        return 64;
    }
    quality_read(files[0], files[options.cases != NULL ? 1 : 2], NULL, NULL, &rows);
    if (options.cases != NULL) {
        quality_read(options.cases, files[1], options.target, options.expected, &cases);
        status = measure_cases(&options, &rows, &cases);
        quality_rows_free(&cases);
    } else {
        quality_truth(files[1], &rows);
        status = options.suggest        ? measure_suggestions(&options, &rows)
                 : options.shuffles > 0 ? measure_shuffles(&options, &rows)
                                        : measure_clusters(&options, &rows);
    }
    quality_rows_free(&rows);
    return status;
}
