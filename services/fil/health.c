/* health.c - fil health: one exit status, for containers and scripts that have no HTTP client. */
#include <stdlib.h>
#include <string.h>
#include "services/fil/ask.h"
#include "services/fil/show.h"

#define ALIVE_WITHIN_MS 30000 /* as /health */

struct given {
    bool live;
};
static const struct fil_option options[] = {
    {"--live", FIL_FLAG, offsetof(struct given, live), NULL,
     "Only whether its loop turns: not whether it has caught up.", NULL},
    {NULL},
};

/* "ready", or why not. */
static const char *
health_of(struct fil *fil, const char *journal, bool live, bool *good)
{
    struct fil_asked asked;
    json_t *status = fil_ask_quietly(fil, journal, "status", NULL, fr_seconds(5), &asked);
    json_int_t age_ms = json_integer_value(json_object_get(status, "loop_age_ms"));
    const char *state = "ready";

    *good = false;
    if (status == NULL)
        state = asked.error == FR_GONE ? "not running" : "silent";
    else if (age_ms >= ALIVE_WITHIN_MS)
        state = "its loop does not turn";
    else if (live)
        state = "alive";
    else if (json_is_true(json_object_get(status, "standby")))
        state = "standby";
    else if (!json_is_true(json_object_get(status, "ready")))
        state = "starting";
    *good =
        strcmp(state, "ready") == 0 || strcmp(state, "alive") == 0 || strcmp(state, "standby") == 0;
    json_decref(status);
    return state;
}

static int
run(struct fil *fil, const void *given_options, int argc, char **argv)
{
    const struct given *given = given_options;
    const struct fil_install *install = fil_install_get(fil);
    json_t *items = json_array();
    const char *wanted = argc == 1 ? argv[0] : getenv("FILROUGE_SERVICE");
    bool all_good = true;

    for (size_t i = 0; install != NULL && i < install->service_count; i++) {
        const struct fil_service *service = &install->services[i];
        const char *state;
        bool good;

        if (wanted != NULL && strcmp(wanted, service->name) != 0 &&
            strcmp(wanted, service->journal) != 0)
            continue;
        state = health_of(fil, service->journal, given->live, &good);
        all_good &= good;
        json_array_append_new(items, json_pack("{s:s, s:s, s:b}", "journal", service->journal,
                                               "state", state, "good", good));
        if (!fil->json)
            printf("%s %s\n", service->journal, state);
    }
    if (install != NULL && json_array_size(items) == 0 && wanted != NULL)
        fil_service_want(install, wanted); /* complains with the names that there are */
    all_good = all_good && json_array_size(items) > 0;
    if (fil->json)
        fil_show_json(json_pack("{s:O, s:b}", "items", items, "good", all_good));
    json_decref(items);
    return all_good ? FIL_OK : FIL_FAILED;
}

const struct fil_command fil_health_commands[] = {
    {.noun = "health",
     .args = "[SERVICE]",
     .arg_max = 1,
     .doc = "Exit 0 when it (or $FILROUGE_SERVICE, or all) is ready: for container checks.",
     .examples = "  fil health routing\n  fil health --live\n",
     .options = options,
     .given_size = sizeof(struct given),
     .run = run},
    {.noun = NULL},
};
