/* dead.c - fil dead: inputs that a service could not take, kept until somebody looks. */
#include <stdlib.h>
#include <string.h>
#include "services/fil/ask.h"
#include "services/fil/show.h"

/* clang-format off */
static const struct fil_column columns[] = {
    { "ID",       "id",       FIL_COLUMN_TEXT,    0  },
    { "SERVICE",  "service",  FIL_COLUMN_TEXT,    0  },
    { "TIME",     "time",     FIL_COLUMN_TIME_US, 0  },
    { "KIND",     "kind",     FIL_COLUMN_TEXT,    0  },
    { "FROM",     "upstream", FIL_COLUMN_TEXT,    0  },
    { "SEQ",      "seq",      FIL_COLUMN_NUMBER,  0  },
    { "REASON",   "reason",   FIL_COLUMN_TEXT,    70 },
    { NULL },
};
/* clang-format on */

/* All services that run, or the one that was named; *missing counts those that could not be asked.
 */
static json_t *
collect(struct fil *fil, const struct fil_install *install, const char *only, size_t *missing,
        bool *more)
{
    json_t *items = json_array(), *row;

    for (size_t s = 0; s < install->service_count; s++) {
        const char *journal = install->services[s].journal;
        struct fil_asked asked;
        json_t *answer;
        size_t i;

        if (only != NULL && strcmp(only, journal) != 0)
            continue;
        answer = fil_ask_quietly(fil, journal, "dead.ls", NULL, fr_seconds(5), &asked);
        if (answer == NULL) {
            fil_complain("%s was not asked: %s", journal, asked.message);
            ++*missing;
            continue;
        }
        *more = *more || json_is_true(json_object_get(answer, "more"));
        json_array_foreach(json_object_get(answer, "items"), i, row)
        {
            json_object_set_new(row, "service", json_string(journal));
            json_array_append(items, row);
        }
        json_decref(answer);
    }
    return items;
}

static int
run_ls(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *only = NULL;
    size_t missing = 0;
    bool more = false;
    json_t *items;

    (void)given;
    if (install == NULL)
        return FIL_FAILED;
    if (argc > 0 && (only = fil_service_want(install, argv[0])) == NULL)
        return FIL_FAILED;
    items = collect(fil, install, only != NULL ? only->journal : NULL, &missing, &more);
    fil_show_list(fil, json_pack("{s:o, s:b}", "items", items, "more", more), columns,
                  "nothing is set aside");
    return missing == 0 ? FIL_OK : FIL_FAILED;
}

/* The id says whose it is. */
static json_t *
ask_owner(struct fil *fil, const char *text, const char *query, const struct fil_service **service)
{
    const struct fil_install *install = fil_install_get(fil);
    uint64_t id;

    if (install == NULL)
        return NULL;
    if (fr_id_parse(fr_slice_str(text), &id) != FR_OK) {
        fil_complain("'%s' is no id: 'fil dead ls' shows them", text);
        return NULL;
    }
    *service = fil_service_of_id(install, id);
    if (*service == NULL) {
        fil_complain(
            "%s belongs to no service of this installation: 'fil dead ls' shows what there is",
            text);
        return NULL;
    }
    return fil_ask(fil, (*service)->journal, query, json_pack("{s:s}", "id", text));
}

static int
run_show(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_service *service;
    json_t *answer = ask_owner(fil, argv[0], "dead.show", &service), *row;

    (void)given;
    (void)argc;
    if (answer == NULL)
        return FIL_FAILED;
    row = json_array_get(json_object_get(answer, "items"), 0);
    if (row == NULL) {
        json_decref(answer);
        return fil_complain("%s is not set aside (any more)", argv[0]);
    }
    json_object_set_new(row, "service", json_string(service->journal));
    json_incref(row);
    json_decref(answer);
    return fil_show_object(fil, row);
}

static int
act(struct fil *fil, int argc, char **argv, const char *query, const char *done)
{
    json_t *items = json_array();
    int status = FIL_OK;

    for (int i = 0; i < argc; i++) {
        const struct fil_service *service;
        json_t *answer = ask_owner(fil, argv[i], query, &service);

        if (answer == NULL) {
            status = FIL_FAILED;
            continue;
        }
        if (!fil->json)
            printf("%s %s at %s\n", argv[i], done, service->journal);
        json_object_set_new(answer, "dead_id", json_string(argv[i]));
        json_object_set_new(answer, "service", json_string(service->journal));
        json_array_append_new(items, answer);
    }
    if (fil->json)
        fil_show_json(json_pack("{s:O}", "items", items));
    json_decref(items);
    return status;
}

static int
run_retry(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    return act(fil, argc, argv, "dead.retry", "tried again");
}

static int
run_discard(struct fil *fil, const void *given, int argc, char **argv)
{
    (void)given;
    return act(fil, argc, argv, "dead.discard", "discarded");
}

const struct fil_command fil_dead_commands[] = {
    {.noun = "dead",
     .verb = "ls",
     .args = "[SERVICE]",
     .arg_max = 1,
     .doc = "Inputs that were set aside, of all services, each with its reason.",
     .examples = "  fil dead ls\n  fil dead ls routing --json\n",
     .run = run_ls},
    {.noun = "dead",
     .verb = "show",
     .args = "ID",
     .arg_min = 1,
     .arg_max = 1,
     .doc = "One of them, with the record as it came.",
     .examples = "  fil dead show 1f2c000000000a11\n",
     .run = run_show},
    {.noun = "dead",
     .verb = "retry",
     .args = "ID...",
     .arg_min = 1,
     .arg_max = -1,
     .doc = "Let the service try again; if it fails again it is set aside again.",
     .examples = "  fil dead retry 1f2c000000000a11\n"
                 "  fil dead ls --json | jq -r '.items[].id' | xargs fil dead retry\n",
     .run = run_retry},
    {.noun = "dead",
     .verb = "discard",
     .args = "ID...",
     .arg_min = 1,
     .arg_max = -1,
     .doc = "Give it up for good; the journal keeps it and who discarded it.",
     .examples = "  fil dead discard 1f2c000000000a11\n",
     .run = run_discard},
    {.noun = NULL},
};
