/* status.c - fil status: how every service is, on one screen. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "services/fil/ask.h"
#include "services/fil/show.h"

/* clang-format off */
static const struct fil_column columns[] = {
    { "SERVICE",   "journal",      FIL_COLUMN_TEXT,   0 },
    { "STATE",     "state",        FIL_COLUMN_TEXT,   0 },
    { "PID",       "pid",          FIL_COLUMN_NUMBER, 0 },
    { "SEQ",       "seq",          FIL_COLUMN_NUMBER, 0 },
    { "UPSTREAMS", "upstreams_up", FIL_COLUMN_TEXT,   0 },
    { "BEHIND",    "behind",       FIL_COLUMN_NUMBER, 0 },
    { "DEAD",      "dead",         FIL_COLUMN_NUMBER, 0 },
    { "PRESSURE",  "pressure",     FIL_COLUMN_TEXT,   0 },
    { "MEMORY",    "memory_bytes", FIL_COLUMN_BYTES,  0 },
    { "JOURNAL",   "journal_bytes",FIL_COLUMN_BYTES,  0 },
    { "TABLES",    "tables_bytes", FIL_COLUMN_BYTES,  0 },
    { NULL },
};
/* clang-format on */

/* Pages shared with others count by their share (PSS), so that the sum over all services is true.
 */
static int64_t
memory_of(json_int_t pid)
{
    char path[64], line[200];
    int64_t bytes = -1, kib;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%lld/smaps_rollup", (long long)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Pss: %" SCNd64, &kib) == 1)
            bytes = kib * 1024;
    fclose(file);
    return bytes;
}

static void
add_upstreams(json_t *status)
{
    const json_t *upstreams = json_object_get(status, "upstreams");
    size_t i, up = 0, refused = 0;
    char text[60];
    json_t *upstream;

    json_array_foreach((json_t *)upstreams, i, upstream)
    {
        const char *state = json_string_value(json_object_get(upstream, "state"));

        up += json_is_true(json_object_get(upstream, "up"));
        refused += state != NULL && strcmp(state, "ok") != 0;
    }
    snprintf(text, sizeof(text), "%zu/%zu%s", up, json_array_size(upstreams),
             refused > 0 ? " refused" : "");
    json_object_set_new(status, "upstreams_up", json_string(text));
}

static void
add_readers(json_t *status)
{
    json_int_t behind = 0;
    json_t *reader;
    size_t i;

    json_array_foreach(json_object_get(status, "readers"), i, reader)
    {
        json_int_t own = json_integer_value(json_object_get(reader, "behind"));

        if (own > behind)
            behind = own;
    }
    json_object_set_new(status, "behind", json_integer(behind));
}

static void
add_dead(struct fil *fil, const char *journal, json_t *status)
{
    struct fil_asked asked;
    json_t *dead = fil_ask_quietly(fil, journal, "dead.ls", NULL, fr_seconds(2), &asked);

    if (dead == NULL)
        return;
    json_object_set_new(status, "dead",
                        json_integer((json_int_t)json_array_size(json_object_get(dead, "items"))));
    json_decref(dead);
}

static void
add_state(json_t *status)
{
    const char *state = "starting";

    if (json_is_true(json_object_get(status, "standby")))
        state = "standby";
    else if (json_is_true(json_object_get(status, "clock_held")))
        state = "clock held";
    else if (json_integer_value(json_object_get(status, "clock_step_us")) < 0)
        state = "clock set back";
    else if (json_is_true(json_object_get(status, "ready")))
        state = "ready";
    json_object_set_new(status, "state", json_string(state));
}

static json_t *
status_of(struct fil *fil, const struct fil_service *service, bool *good)
{
    struct fil_asked asked;
    int64_t memory;
    json_t *status = fil_ask_quietly(fil, service->journal, "status", NULL, fr_seconds(2), &asked);

    if (status == NULL) {
        *good = false;
        return json_pack("{s:s, s:s, s:s, s:b, s:s}", "service", service->name, "journal",
                         service->journal, "state",
                         asked.error == FR_GONE ? "not running" : "silent", "ready", 0, "why",
                         asked.message);
    }
    add_state(status);
    add_upstreams(status);
    add_readers(status);
    add_dead(fil, service->journal, status);
    memory = memory_of(json_integer_value(json_object_get(status, "pid")));
    if (memory >= 0)
        json_object_set_new(status, "memory_bytes", json_integer(memory));
    if (!json_is_true(json_object_get(status, "ready")))
        *good = false;
    return status;
}

static int
run_status(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    json_t *items = json_array();
    bool good = true;

    (void)given;
    (void)argc;
    (void)argv;
    if (install == NULL) {
        json_decref(items);
        return FIL_FAILED;
    }
    for (size_t i = 0; i < install->service_count; i++)
        json_array_append_new(items, status_of(fil, &install->services[i], &good));
    if (json_array_size(items) == 0)
        good = false;
    fil_show_list(fil, json_pack("{s:o, s:b}", "items", items, "more", 0), columns,
                  "no service has a socket there; start them with 'fil up'");
    return good ? FIL_OK : FIL_FAILED;
}

const struct fil_command fil_status_commands[] = {
    {.noun = "status",
     .doc = "Every service: ready, how far, who is behind, what is set aside. 1 when one is not "
            "ready.",
     .examples = "  fil status\n"
                 "  fil status --run /run/filrouge\n"
                 "  fil status --json | jq '.items[] | select(.ready | not) | .journal'\n",
     .run = run_status},
    {.noun = NULL},
};
