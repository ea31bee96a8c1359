/* bench.c - how fast is identity?  Real decide and apply over tables in memory, beside plain LMDB.
 *
 *   filrouge-bench-identity [--customers N] [--messages N] [--json]        (what `fil bench
 * identity` runs)
 *
 * First a register of N people is imported by what it says of them; then people are looked for
 * among them, with a slip in each name; then messages of known customers arrive by their e-mail
 * address.  Times are those of one input in one process, without the frame's sync, which the other
 * benchmarks measure.
 */
#include <getopt.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "common/stage/given.h"
#include "proto/identity.pb-c.h"
#include "services/identity/follow_alike.h"

struct figures {
    double median_us, p99_us, per_s;
};

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct figures
figures_of(double *spent, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += spent[i];
    qsort(spent, count, sizeof(*spent), by_size);
    return (struct figures){spent[count / 2], spent[count * 99 / 100],
                            sum > 0 ? (double)count * 1e6 / sum : 0};
}

/* ---- people ---- */

static const char *const parts[] = {"al",  "bar", "ce",   "dun", "el",  "far", "gre", "hol",
                                    "is",  "jan", "kel",  "lo",  "mar", "nor", "os",  "per",
                                    "qui", "ro",  "sten", "tur", "ul",  "vi",  "wes", "yor"};

struct person {
    char given[24], family[24], birth[16], street[32], city[16], postcode[8], email[48];
};

static uint64_t
mixed(uint64_t number, uint64_t salt)
{
    uint64_t x = (number + 1) * 0x9e3779b97f4a7c15u + salt * 0xbf58476d1ce4e5b9u;

    x = (x ^ (x >> 30)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Person `number`, always the same; few names are common, many are rare. */
static void
invent(uint64_t number, struct person *person)
{
    uint64_t g = mixed(number, 1), f = mixed(number, 2), b = mixed(number, 3), a = mixed(number, 4);
    uint64_t common = g % 4 == 0 ? 3 : 24;

    snprintf(person->given, sizeof(person->given), "%s%s", parts[(g >> 8) % common],
             parts[(g >> 16) % 24]);
    snprintf(person->family, sizeof(person->family), "%s%s%s", parts[(f >> 8) % common],
             parts[(f >> 16) % 24], f % 3 == 0 ? "son" : parts[(f >> 24) % 24]);
    snprintf(person->birth, sizeof(person->birth), "19%02u-%02u-%02u", (unsigned)(b % 90 + 10),
             (unsigned)((b >> 8) % 12 + 1), (unsigned)((b >> 16) % 28 + 1));
    snprintf(person->street, sizeof(person->street), "%u %s%s street", (unsigned)(a % 200 + 1),
             parts[(a >> 8) % 24], parts[(a >> 16) % 24]);
    snprintf(person->city, sizeof(person->city), "%stown", parts[(a >> 24) % 24]);
    snprintf(person->postcode, sizeof(person->postcode), "%05u",
             (unsigned)((a >> 24) % 24 * 700 + a % 500));
    snprintf(person->email, sizeof(person->email), "c%llu@mail.example",
             (unsigned long long)number);
}

static void
attributes_of(struct person *person, Fr__Attributes *said)
{
    fr__attributes__init(said);
    said->given_name = person->given;
    said->family_name = person->family;
    said->birth_date = person->birth;
    said->street = person->street;
    said->city = person->city;
    said->postcode = person->postcode;
}

/* ---- the three measurements ---- */

static struct figures
measure_import(struct fr_given *given, uint64_t customers, double *spent)
{
    for (uint64_t i = 0; i < customers; i++) {
        Fr__ObservationImported row = FR__OBSERVATION_IMPORTED__INIT;
        Fr__Key key = FR__KEY__INIT;
        Fr__Key *keys[] = {&key};
        Fr__Attributes said;
        struct person person;
        double begun;

        invent(i, &person);
        attributes_of(&person, &said);
        key.type = (char *)"email";
        key.value = person.email;
        key.assurance = FR__ASSURANCE__VERIFIED;
        row.keys = keys;
        row.n_keys = 1;
        row.attributes = &said;
        begun = now_us();
        fr_assert(fr_given_input(given, "local", 0, "", &row.base) == FR_OK);
        spent[i] = now_us() - begun;
    }
    return figures_of(spent, customers);
}

static struct figures
measure_candidates(struct fr_given *given, uint64_t customers, size_t looks, double *spent,
                   double *found_share, double *candidates)
{
    struct identity_forest_of of = {fr_given_view(given), fr_given_arena(given)};
    struct identity_alike_look look = {
        .view = of.view, .weights = &identity_weights_default, .forest = identity_forest(&of)};
    size_t right = 0;

    *candidates = 0;
    for (size_t i = 0; i < looks; i++) {
        struct identity_packed packed = {0};
        struct identity_alike found[8];
        Fr__Attributes said;
        struct person person;
        size_t count;
        double begun;

        invent(mixed(i, 9) % customers, &person);
        person.given[strlen(person.given) / 2] = 'x';
        person.family[strlen(person.family) / 2] = 'x';
        attributes_of(&person, &said);
        begun = now_us();
        identity_person_say(&packed, &said);
        fr_assert(identity_alike_person(&look, &packed, found, 8, &count) == FR_OK);
        spent[i] = now_us() - begun;
        right += count > 0 && found[0].verdict == IDENTITY_ALIKE_LINK;
        *candidates += (double)look.candidates / (double)looks;
    }
    *found_share = (double)right / (double)looks;
    return figures_of(spent, looks);
}

static struct figures
measure_exact(struct fr_given *given, uint64_t customers, size_t messages, double *spent)
{
    for (size_t i = 0; i < messages; i++) {
        Fr__MessageReceived message = FR__MESSAGE_RECEIVED__INIT;
        Fr__Key key = FR__KEY__INIT;
        Fr__Key *keys[] = {&key};
        struct person person;
        char external[32];
        double begun;

        invent(mixed(i, 11) % customers, &person);
        snprintf(external, sizeof(external), "m%zu", i);
        key.type = (char *)"email";
        key.value = person.email;
        key.assurance = FR__ASSURANCE__VERIFIED;
        message.channel = (char *)"channel_email";
        message.account = (char *)"support";
        message.external_id = external;
        message.address = person.email;
        message.keys = keys;
        message.n_keys = 1;
        message.text = (char *)"Where is my parcel?";
        begun = now_us();
        fr_assert(fr_given_input(given, "channel", 0, "", &message.base) == FR_OK);
        spent[i] = now_us() - begun;
        fr_assert(fr_given_find(given, FR_CUSTOMER_CREATED) == NULL);
    }
    return figures_of(spent, messages);
}

/* Plain LMDB, as many customers, values of 200 bytes: a get and a put of one key in an open
 * transaction. */
static struct figures
measure_lmdb(uint64_t customers, size_t rounds, double *spent)
{
    char dir[] = "/tmp/fr-bench-identity-XXXXXX", path[64], bytes[200] = {0};
    MDB_env *env = NULL;
    MDB_txn *txn;
    MDB_dbi table;

    fr_assert(mkdtemp(dir) != NULL);
    snprintf(path, sizeof(path), "%s/lmdb", dir);
    fr_assert(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, (size_t)1 << 30) == 0 &&
              mdb_env_open(env, path, MDB_NOSUBDIR, 0600) == 0 &&
              mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, &table) == 0);
    for (uint64_t i = 0; i < customers + rounds; i++) {
        uint64_t id = mixed(i < customers ? i : mixed(i, 13) % customers, 12);
        MDB_val key = {sizeof(id), &id}, value = {sizeof(bytes), bytes}, known;
        double begun = now_us();

        if (i >= customers)
            fr_assert(mdb_get(txn, table, &key, &known) == 0);
        fr_assert(mdb_put(txn, table, &key, &value, 0) == 0);
        if (i >= customers)
            spent[i - customers] = now_us() - begun;
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
    unlink(path);
    snprintf(path, sizeof(path), "%s/lmdb-lock", dir);
    unlink(path);
    rmdir(dir);
    return figures_of(spent, rounds);
}

static void
print_row(bool json, const char *what, const char *name, struct figures figures)
{
    if (json)
        printf("\"%s\": {\"median_us\": %.1f, \"p99_us\": %.1f, \"per_s\": %.0f}, ", name,
               figures.median_us, figures.p99_us, figures.per_s);
    else
        printf("  %-42s %9.1f us %11.1f us %12.0f /s\n", what, figures.median_us, figures.p99_us,
               figures.per_s);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {{"customers", required_argument, NULL, 'c'},
                                            {"messages", required_argument, NULL, 'm'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    uint64_t customers = 50000;
    size_t messages = 50000, looks;
    struct figures import, candidates, exact, lmdb;
    double *spent, found, compared;
    struct fr_given *given;
    bool json = false;

    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;)
        switch (option) {
        case 'c':
            customers = strtoull(optarg, NULL, 10);
            break;
        case 'm':
            messages = strtoull(optarg, NULL, 10);
            break;
        case 'j':
            json = true;
            break;
        default:
            fprintf(option == 'h' ? stdout : stderr, "usage: fil bench identity [--customers N "
                                                     "(50000)] [--messages N (50000)] [--json]\n");
            return option == 'h' ? 0 : 64;
        }
    if (customers < 100 || messages < 100) {
        fprintf(stderr, "at least 100 customers and messages\n");
        return 64;
    }
    looks = messages < 5000 ? messages : 5000;
    spent = calloc(customers > messages ? customers : messages, sizeof(*spent));
    fr_assert(spent != NULL);
    given = fr_given_new(&identity_stage, "");
    import = measure_import(given, customers, spent);
    candidates = measure_candidates(given, customers, looks, spent, &found, &compared);
    exact = measure_exact(given, customers, messages, spent);
    fr_given_free(&given);
    lmdb = measure_lmdb(customers, messages, spent);
    free(spent);
    if (!json)
        printf("identity with %llu customers, processor time of one input, no sync\n"
               "  %-42s %12s %14s\n",
               (unsigned long long)customers, "", "median", "99 of 100");
    else
        printf("{\"customers\": %llu, ", (unsigned long long)customers);
    print_row(json, "a register's row becomes a customer", "import", import);
    print_row(json, "a person is looked for by what he says", "candidates", candidates);
    print_row(json, "a message with a known key", "exact", exact);
    print_row(json, "yardstick: LMDB get and put of 200 bytes", "lmdb_get_put", lmdb);
    printf(json ? "\"found\": %.4f, \"candidates_compared\": %.1f}\n"
                : "  %.1f %% of those looked for were found, among %.1f candidates each\n",
           json ? found : 100 * found, compared);
    return 0;
}
