/* bundle.c - fil bundle: what somebody who helps needs to see, without secrets and without a word
 * of any customer.
 *
 * Only what is listed here goes in: the configuration in force (secrets are references), status,
 * metrics (no customer is in them), the doctor's findings, journals and set-aside inputs by number
 * and kind.  Bodies, logs and tables stay out: they may name people.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "services/fil/ask.h"
#include "services/fil/doctor.h"
#include "services/fil/show.h"

#define BLOCK 512

struct bundle {
    struct fil *fil;
    const struct fil_install *install;
    FILE *out;
    size_t count;
};

/* POSIX ustar: a head of 512 bytes, the content, zeros up to the next 512. */
static void
add(struct bundle *bundle, const char *name, const char *content)
{
    static const char zeros[BLOCK];
    size_t size = strlen(content);
    char head[BLOCK] = {0};
    unsigned sum = 0;

    snprintf(head, 100, "filrouge/%s", name);
    strcpy(head + 100, "0000600");
    strcpy(head + 108, "0000000");
    strcpy(head + 116, "0000000");
    snprintf(head + 124, 12, "%011o", (unsigned)size & 07777777777);
    snprintf(head + 136, 12, "%011o", (unsigned)time(NULL) & 07777777777);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257, "ustar\00000", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    fwrite(head, 1, BLOCK, bundle->out);
    fwrite(content, 1, size, bundle->out);
    fwrite(zeros, 1, (BLOCK - size % BLOCK) % BLOCK, bundle->out);
    bundle->count++;
}

static void
add_json(struct bundle *bundle, const char *name, json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(1));

    add(bundle, name, text != NULL ? text : "null");
    free(text);
    json_decref(json);
}

/* Numbers, kinds and reasons' first words only: a reason may quote what was wrong. */
static json_t *
dead_without_words(json_t *dead)
{
    json_t *items = json_array(), *row;
    size_t i;

    json_array_foreach(json_object_get(dead, "items"), i, row) json_array_append_new(
        items, json_pack("{s:O, s:O, s:O}", "id", json_object_get(row, "id"), "upstream",
                         json_object_get(row, "upstream"), "kind", json_object_get(row, "kind")));
    json_decref(dead);
    return items;
}

static void
add_service(struct bundle *bundle, const struct fil_service *service)
{
    char name[100], *config, *errors = NULL;
    struct fil_asked asked;
    json_t *answer;
    int status;

    config = fil_program_output(bundle->fil, service->name, "--print-config", &status, &errors);
    snprintf(name, sizeof(name), "%s/config.yaml", service->journal);
    if (config != NULL)
        add(bundle, name, config);
    free(config);
    free(errors);
    answer = fil_ask_quietly(bundle->fil, service->journal, "status", NULL, fr_seconds(5), &asked);
    snprintf(name, sizeof(name), "%s/status.json", service->journal);
    add_json(bundle, name, answer != NULL ? answer : json_pack("{s:s}", "silent", asked.message));
    answer = fil_ask_quietly(bundle->fil, service->journal, "metrics", NULL, fr_seconds(5), &asked);
    snprintf(name, sizeof(name), "%s/metrics.txt", service->journal);
    if (json_is_string(answer))
        add(bundle, name, json_string_value(answer));
    json_decref(answer);
    answer = fil_ask_quietly(bundle->fil, service->journal, "dead.ls", NULL, fr_seconds(5), &asked);
    snprintf(name, sizeof(name), "%s/dead.json", service->journal);
    if (answer != NULL)
        add_json(bundle, name, dead_without_words(answer));
}

static void
add_findings(struct bundle *bundle)
{
    struct fil_doctor doctor = {
        .fil = bundle->fil, .install = bundle->install, .items = json_array()};

    fil_doctor_machine(&doctor);
    if (bundle->install->options != NULL)
        fil_doctor_install(&doctor);
    add_json(bundle, "doctor.json", doctor.items);
}

static int
run(struct fil *fil, const void *given, int argc, char **argv)
{
    static const char zeros[2 * BLOCK];
    struct bundle bundle = {.fil = fil, .install = fil_install_get(fil)};
    struct fil_progress progress;
    bool good;

    (void)given;
    (void)argc;
    if (bundle.install == NULL)
        return FIL_FAILED;
    bundle.out = fopen(argv[0], "wxe");
    if (bundle.out == NULL)
        return fil_complain("%s: %s", argv[0], strerror(errno));
    fil_progress_start(&progress, "gathering");
    add(&bundle, "version.txt", FR_VERSION_TEXT "\n");
    add_findings(&bundle);
    for (size_t i = 0; i < bundle.install->service_count; i++) {
        add_service(&bundle, &bundle.install->services[i]);
        fil_progress_at(&progress, i + 1, bundle.install->service_count);
    }
    fil_progress_end(&progress);
    fwrite(zeros, 1, sizeof(zeros), bundle.out);
    good = fflush(bundle.out) == 0 && fsync(fileno(bundle.out)) == 0;
    fclose(bundle.out);
    if (!good)
        return fil_complain("%s: %s", argv[0], strerror(errno));
    if (fil->json)
        return fil_show_json(
            json_pack("{s:s, s:I}", "file", argv[0], "files", (json_int_t)bundle.count));
    printf("%s holds %zu files; look at it before you send it: tar tvf %s\n", argv[0], bundle.count,
           argv[0]);
    return FIL_OK;
}

const struct fil_command fil_bundle_commands[] = {
    {.noun = "bundle",
     .args = "FILE.tar",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "An archive for whoever helps: no secrets, nothing of any customer.",
     .examples = "  fil bundle /tmp/filrouge-support.tar\n",
     .run = run},
    {.noun = NULL},
};
