/* identity_dedupe.c - fil identity dedupe and train: customers who are alike, and how that is
 * weighed. */
#include <stdlib.h>
#include <string.h>
#include "services/fil/ask.h"
#include "services/fil/identity_import.h"
#include "services/fil/show.h"

#define PAGE 200       /* customers looked at with one question */
#define PATIENCE_S 120 /* training reads many */

#define DEDUPE(field) offsetof(struct fil_dedupe_given, field)
const struct fil_option fil_dedupe_options[] = {
    {"--apply", FIL_FLAG, DEDUPE(apply), NULL, "Merge them; without it nothing is changed.", NULL},
    {"--who", FIL_TEXT, DEDUPE(who), "NAME", "Who merges: on record with each merge.", NULL},
    {"--why", FIL_TEXT, DEDUPE(why), "TEXT", "Why: on record with each merge.", NULL},
    {"--all", FIL_FLAG, DEDUPE(all), NULL, "Also pairs that a person should look at first.", NULL},
    {"--limit", FIL_INT, DEDUPE(limit), "N", "Stop after N pairs.", NULL},
    {NULL},
};

#define TRAIN(field) offsetof(struct fil_train_given, field)
const struct fil_option fil_train_options[] = {
    {"--seed", FIL_INT, TRAIN(seed), "N", "Which sample: the same number draws the same.", "1"},
    {"--sample", FIL_INT, TRAIN(sample), "N", "Customers in the sample.", "2000"},
    {"--output", FIL_TEXT, TRAIN(output), "FILE", "Write there; usual: stdout.", NULL},
    {NULL},
};

/* clang-format off */
static const struct fil_column columns[] = {
    { "CUSTOMER", "customer_id", FIL_COLUMN_TEXT,   0 },
    { "NAME",     "name",        FIL_COLUMN_TEXT,   24 },
    { "OLDER",    "older_id",    FIL_COLUMN_TEXT,   0 },
    { "NAME",     "older_name",  FIL_COLUMN_TEXT,   24 },
    { "WOULD",    "verdict",     FIL_COLUMN_TEXT,   0 },
    { "BITS",     "bits",        FIL_COLUMN_TEXT,   0 },
    { "BECAUSE",  "because",     FIL_COLUMN_TEXT,   100 },
    { NULL },
};
/* clang-format on */

/* "same birth, surname; near given_name; another unit" */
static json_t *
because(const json_t *pair)
{
    static const char *const levels[][2] = {
        {"same", "same"}, {"near", "near"}, {"close", "alike"}, {"differs", "another"}};
    const json_t *fields = json_object_get(pair, "fields"), *field;
    char text[512];
    size_t used = 0, i;

    text[0] = '\0';
    for (size_t level = 0; level < 4; level++) {
        bool first = true;

        json_array_foreach(fields, i, field)
        {
            if (strcmp(json_string_value(json_object_get(field, "level")), levels[level][0]) != 0)
                continue;
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s",
                                     first ? (used > 0 ? "; " : "") : ", ",
                                     first ? levels[level][1] : "", first ? " " : "");
            if (used >= sizeof(text))
                break;
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
                                     json_string_value(json_object_get(field, "field")));
            if (used >= sizeof(text))
                break;
            first = false;
        }
        if (used >= sizeof(text))
            break;
    }
    return json_string(text);
}

static void
word_pair(json_t *pair)
{
    char bits[32];

    snprintf(bits, sizeof(bits), "%.1f", json_number_value(json_object_get(pair, "weight")));
    json_object_set_new(pair, "bits", json_string(bits));
    json_object_set_new(pair, "because", because(pair));
}

/* All pairs, page by page; NULL after trouble. */
static json_t *
collect(struct fil *fil, const struct fil_dedupe_given *given, uint64_t *looked)
{
    json_t *pairs = json_array(), *after = json_string("");
    struct fil_progress progress;
    json_t *stats = fil_ask(fil, "identity", "identity.stats", NULL);
    uint64_t all = (uint64_t)json_integer_value(json_object_get(stats, "customers"));
    bool more = stats != NULL;

    json_decref(stats);
    fil_progress_start(&progress, "comparing");
    while (more) {
        json_t *page = fil_ask(fil, "identity", "identity.alike",
                               json_pack("{s:i, s:o}", "limit", PAGE, "after", after));
        json_t *pair;
        size_t i;

        if (page == NULL) {
            after = NULL;
            break;
        }
        json_array_foreach(json_object_get(page, "items"), i, pair)
        {
            const char *verdict = json_string_value(json_object_get(pair, "verdict"));

            if (given->all || strcmp(verdict, "merge") == 0) {
                word_pair(pair);
                json_array_append(pairs, pair);
            }
        }
        *looked += (uint64_t)json_integer_value(json_object_get(page, "looked"));
        more = json_is_true(json_object_get(page, "more")) &&
               (given->limit <= 0 || json_array_size(pairs) < (size_t)given->limit);
        after = json_incref(json_object_get(page, "after"));
        json_decref(page);
        fil_progress_at(&progress, *looked, all);
    }
    fil_progress_end(&progress);
    if (after == NULL) {
        json_decref(pairs);
        return NULL;
    }
    json_decref(after);
    return pairs;
}

/* Each customer of a pair that would merge is linked as import mode would; *merged counts those
 * that became another's. */
static bool
apply(struct fil *fil, const struct fil_dedupe_given *given, const json_t *pairs, uint64_t *merged)
{
    struct fil_progress progress;
    bool good = true;
    const json_t *pair;
    size_t i;

    fil_progress_start(&progress, "merging");
    json_array_foreach(pairs, i, pair)
    {
        json_t *id = json_object_get(pair, "customer_id"), *answer;
        const char *now;

        if (strcmp(json_string_value(json_object_get(pair, "verdict")), "merge") != 0)
            continue;
        answer = fil_tell(
            fil, "identity", "AlikeLinkAsked",
            json_pack("{s:O, s:s, s:s}", "customer_id", id, "who", given->who, "why", given->why));
        if (answer == NULL) {
            good = false;
            break;
        }
        now = json_string_value(json_object_get(answer, "customer_id"));
        *merged += now != NULL && strcmp(now, json_string_value(id)) != 0;
        json_decref(answer);
        fil_progress_at(&progress, i + 1, json_array_size(pairs));
    }
    fil_progress_end(&progress);
    return good;
}

int
fil_run_identity_dedupe(struct fil *fil, const void *arguments, int argc, char **argv)
{
    const struct fil_dedupe_given *given = arguments;
    uint64_t looked = 0, merged = 0;
    json_t *pairs;
    bool good = true;

    (void)argc;
    (void)argv;
    if (given->apply && (given->who == NULL || given->why == NULL))
        return fil_complain("--apply needs --who NAME and --why TEXT: both are on record with each "
                            "merge");
    pairs = collect(fil, given, &looked);
    if (pairs == NULL)
        return FIL_FAILED;
    if (given->apply)
        good = apply(fil, given, pairs, &merged);
    if (fil->json)
        return fil_show_json(json_pack("{s:o, s:b, s:I, s:I, s:b}", "items", pairs, "more", 0,
                                       "looked", (json_int_t)looked, "merged", (json_int_t)merged,
                                       "applied", given->apply)) == FIL_OK &&
                       good
                   ? FIL_OK
                   : FIL_FAILED;
    fil_table(stdout, pairs, columns);
    if (given->apply)
        printf("%llu customers looked at, %llu merged into an older one\n",
               (unsigned long long)looked, (unsigned long long)merged);
    else
        printf("%llu customers looked at, %zu pairs; nothing was changed: --apply merges\n",
               (unsigned long long)looked, json_array_size(pairs));
    json_decref(pairs);
    return good ? FIL_OK : FIL_FAILED;
}

/* ---- train ---- */

int
fil_run_identity_train(struct fil *fil, const void *arguments, int argc, char **argv)
{
    const struct fil_train_given *given = arguments;
    struct fil_asked asked;
    json_t *answer;
    const char *yaml;
    FILE *out;

    (void)argc;
    (void)argv;
    answer = fil_ask_quietly(fil, "identity", "identity.train",
                             json_pack("{s:I, s:I}", "seed", (json_int_t)given->seed, "sample",
                                       (json_int_t)given->sample),
                             fr_seconds(PATIENCE_S), &asked);
    if (answer == NULL) {
        fil_say_trouble("identity", &asked);
        return FIL_FAILED;
    }
    if (fil->json)
        return fil_show_json(answer);
    yaml = json_string_value(json_object_get(answer, "yaml"));
    out = given->output != NULL ? fopen(given->output, "w") : stdout;
    if (out == NULL) {
        json_decref(answer);
        return fil_complain("%s cannot be written", given->output);
    }
    fprintf(
        out,
        "# Learned from %lld pairs that share something and %lld random ones, seed %lld: %.1f %% "
        "of the former\n# are one person. Review it, then put it into the configuration.\n%s",
        (long long)json_integer_value(json_object_get(answer, "pairs")),
        (long long)json_integer_value(json_object_get(answer, "random_pairs")),
        (long long)given->seed, 100 * json_number_value(json_object_get(answer, "matches")), yaml);
    json_decref(answer);
    if (out != stdout && fclose(out) != 0)
        return fil_complain("%s could not be written to its end", given->output);
    return FIL_OK;
}
