/* check.c - fil check: what every service says of its own section, and what only the whole can say.
 */
#include "services/fil/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "common/config/suggest.h"
#include "services/fil/show.h"
#include "services/fil/tree.h"

#define NAME_MAX_COUNT 160
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

struct check {
    struct fil *fil;
    const struct fil_install *install;
    struct fil_tree *tree; /* the file as it stands, for places */
    struct fil_seen seen;
    size_t count; /* of complaints */
};

/* ---- pure ---- */

static bool
seen_before(struct fil_seen *seen, const char *line, size_t size)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strlen(seen->heads[i]) == size && memcmp(seen->heads[i], line, size) == 0)
            return true;
    seen->heads = realloc(seen->heads, (seen->count + 1) * sizeof(*seen->heads));
    fr_assert(seen->heads != NULL);
    seen->heads[seen->count++] = strndup(line, size);
    return false;
}

size_t
fil_check_print_new(struct fil_seen *seen, const char *text, FILE *out)
{
    bool printing = false;
    size_t count = 0;

    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        bool head = size > 0 && text[0] != ' ' && text[0] != '\t';

        if (head) {
            printing = !seen_before(seen, text, size);
            count += printing;
        }
        if (printing)
            fprintf(out, "%.*s\n", (int)size, text);
        text += size + (text[size] == '\n');
    }
    return count;
}

void
fil_seen_free(struct fil_seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        free(seen->heads[i]);
    free(seen->heads);
    *seen = (struct fil_seen){.heads = NULL};
}

bool
fil_check_collision(const char *const *names, size_t count, size_t *a, size_t *b)
{
    for (*a = 0; *a < count; ++*a)
        for (*b = *a + 1; *b < count; ++*b)
            if (strcmp(names[*a], names[*b]) != 0 &&
                fr_id_journal_number(names[*a]) == fr_id_journal_number(names[*b]))
                return true;
    return false;
}

/* ---- what every service says ---- */

static void
check_service(struct check *check, const struct fil_service *service)
{
    char *errors = NULL, *out;
    int status = 0;

    out = fil_program_output(check->fil, service->name, "--check", &status, &errors);
    if (out == NULL) {
        check->count++;
    } else if (status != 0) {
        size_t fresh = fil_check_print_new(&check->seen, errors != NULL ? errors : "", stderr);

        check->count += fresh;
        if (fresh == 0 && check->count == 0) { /* it said nothing: a crash */
            fil_complain("%s: its check ended with status %d", service->name, status);
            check->count++;
        }
    }
    free(out);
    free(errors);
}

/* ---- sections that nobody reads ---- */

__attribute__((format(printf, 3, 4))) static void
complain_at(struct check *check, const struct config_node *node, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    check->tree->source.complaints = stderr;
    config_node_complain_key(&check->tree->source, node, "%s", text);
    check->count++;
}

static bool
is_top_level_key(const char *name)
{
    for (const struct fr_config_key *key = fr_common_keys; key->name != NULL; key++)
        if (strcmp(key->name, name) == 0)
            return true;
    return false;
}

/* A section is known when there is a program for it, whether this installation runs it or not. */
static bool
is_known_section(struct check *check, const char *name)
{
    char program[FIL_PATH_SIZE];

    return is_top_level_key(name) || fil_program_path(check->fil, name, program);
}

static void
suggest_section(struct check *check, const char *name, struct config_suggestion *suggestion)
{
    *suggestion = (struct config_suggestion){.word = name};
    for (const struct fr_config_key *key = fr_common_keys; key->name != NULL; key++)
        config_suggest(suggestion, key->name);
    for (size_t i = 0; i < check->install->service_count; i++)
        config_suggest(suggestion, check->install->services[i].name);
    config_suggest(suggestion, "desk");
}

static void
check_sections(struct check *check)
{
    for (const struct config_node *node = check->tree->root->first; node != NULL;
         node = node->next) {
        struct config_suggestion suggestion;

        if (is_known_section(check, node->key)) {
            if (strncmp(node->key, "channel_", 8) == 0 &&
                fil_service_find(check->install, node->key) == NULL)
                complain_at(check, node, "is not among `channels`, so nobody would run or hear it");
            continue;
        }
        suggest_section(check, node->key, &suggestion);
        if (suggestion.best != NULL)
            complain_at(check, node, "no service reads this; did you mean `%s`?", suggestion.best);
        else
            complain_at(check, node, "no service reads this");
    }
}

/* ---- names, numbers, paths ---- */

static size_t
all_journals(const struct check *check, const char *names[NAME_MAX_COUNT],
             char desks[][FR_NAME_SIZE])
{
    const struct fr_common_config *common = check->install->options->common;
    const struct fr_endpoint_config *endpoints = common->endpoints.items;
    size_t count = 0;

    for (size_t i = 0; i < check->install->service_count; i++)
        names[count++] = check->install->services[i].journal;
    for (size_t i = 0; i < common->sites.count; i++) {
        snprintf(desks[i], FR_NAME_SIZE, "desk.%.30s",
                 ((const char *const *)common->sites.items)[i]);
        names[count++] = desks[i];
    }
    for (size_t i = 0; i < common->endpoints.count && count < NAME_MAX_COUNT; i++)
        names[count++] = endpoints[i].name;
    return count;
}

static void
check_names(struct check *check)
{
    const char *names[NAME_MAX_COUNT];
    char desks[64][FR_NAME_SIZE];
    size_t count = all_journals(check, names, desks), a, b;

    if (fil_check_collision(names, count, &a, &b)) {
        fil_complain(
            "%s: the names '%s' and '%s' give the same journal number (%u): ids of the one "
            "would be taken for the other's; rename one of them",
            check->install->config_path, names[a], names[b], fr_id_journal_number(names[a]));
        check->count++;
    }
    for (size_t i = 0; i < count; i++) {
        size_t size =
            strlen(check->install->run) + strlen("/") + strlen(names[i]) + strlen(".standby.ctl");

        if (size > SOCKET_PATH_MAX) {
            fil_complain(
                "%s: %s/%s.standby.ctl has %zu bytes, and a socket's path has at most %zu: "
                "choose a shorter `run`",
                check->install->config_path, check->install->run, names[i], size, SOCKET_PATH_MAX);
            check->count++;
            return;
        }
    }
}

static void
check_desk(struct check *check)
{
    const struct fr_common_config *common = check->install->options->common;
    const char *site = check->install->desk[0] != '\0' ? check->install->desk + 5 : NULL;

    if (site == NULL || common->channels.count == 0) /* a remote site's own file */
        return;
    for (size_t i = 0; i < common->sites.count; i++)
        if (strcmp(((const char *const *)common->sites.items)[i], site) == 0)
            return;
    complain_at(check, fil_tree_node(check->tree, "desk"),
                "this is the desk of '%s', which is not among `desks`: nobody would hear it", site);
}

/* ---- addresses ---- */

struct address {
    char text[100], where[80];
};

static void
check_address(struct check *check, struct address *known, size_t *count, const char *text,
              const char *service, const char *key)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(known[i].text, text) == 0) {
            fil_complain("%s: %s.%s and %s are both %s", check->install->config_path, service, key,
                         known[i].where, text);
            check->count++;
            return;
        }
    snprintf(known[*count].text, sizeof(known[*count].text), "%s", text);
    snprintf(known[*count].where, sizeof(known[*count].where), "%s.%s", service, key);
    ++*count;
}

/* Two services that listen in the same place: the second would not start. */
static void
check_addresses(struct check *check)
{
    static const char *const keys[] = {"listen", "stage.admin"};
    struct address known[2 * FIL_SERVICE_MAX];
    size_t count = 0;

    for (size_t i = 0; i < check->install->service_count; i++) {
        const char *service = check->install->services[i].name;

        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            char path[120], text[100];

            snprintf(path, sizeof(path), "%s.%s", service, keys[k]);
            if (fil_tree_text(check->tree, path, text, sizeof(text)))
                check_address(check, known, &count, text, service, keys[k]);
        }
    }
    if (fil_tree_node(check->tree, "stage.admin") != NULL) {
        complain_at(check, fil_tree_node(check->tree, "stage.admin"),
                    "every service would listen there; give each its own <service>.stage.admin");
    }
}

int
fil_check(struct fil *fil, bool say_good)
{
    struct check check = {.fil = fil, .install = fil_install_get(fil)};

    if (check.install == NULL)
        return FIL_FAILED;
    if (check.install->options == NULL)
        return fil_complain("which file? Name it with --config FILE");
    check.tree = fil_tree_load(check.install->config_path);
    for (size_t i = 0; i < check.install->service_count; i++)
        check_service(&check, &check.install->services[i]);
    if (check.tree != NULL) {
        check_sections(&check);
        check_desk(&check);
        check_addresses(&check);
    }
    check_names(&check);
    if (say_good && check.count == 0 && !fil->json)
        printf("%s: good: %zu services\n", check.install->config_path,
               check.install->service_count);
    if (fil->json && (say_good || check.count > 0))
        fil_show_json(json_pack("{s:b, s:I, s:I}", "good", check.count == 0, "complaints",
                                (json_int_t)check.count, "services",
                                (json_int_t)check.install->service_count));
    fil_tree_free(&check.tree);
    fil_seen_free(&check.seen);
    return check.count == 0 ? FIL_OK : FIL_FAILED;
}

static int
run_check(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    (void)argc;
    (void)argv;
    return fil_check(fil, true);
}

const struct fil_command fil_check_commands[] = {
    {.noun = "check",
     .doc = "Say what is wrong with the configuration, for all services.",
     .examples = "  fil check\n"
                 "  fil check --config /etc/filrouge/filrouge.yaml\n",
     .run = run_check},
    {.noun = NULL},
};
