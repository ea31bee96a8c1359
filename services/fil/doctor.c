/* doctor.c - fil doctor: what would go wrong, or does, before start and at any time. */
#include "services/fil/doctor.h"

#include <stdarg.h>
#include "services/fil/check.h"
#include "services/fil/show.h"

void
fil_find(struct fil_doctor *doctor, const char *about, enum fil_finding finding, const char *next,
         const char *format, ...)
{
    static const char *const states[] = {"fine", "warning", "bad"};
    char found[600];
    va_list args;

    va_start(args, format);
    vsnprintf(found, sizeof(found), format, args);
    va_end(args);
    doctor->bad |= finding == FIL_BAD;
    json_array_append_new(doctor->items, json_pack("{s:s, s:s, s:s, s:s}", "about", about, "state",
                                                   states[finding], "found", found, "next",
                                                   finding == FIL_FINE ? "" : next));
}

static void
configuration(struct fil_doctor *doctor)
{
    bool json = doctor->fil->json;
    int status;

    doctor->fil->json = false; /* there is one answer, and it is ours */
    status = fil_check(doctor->fil, false);
    doctor->fil->json = json;
    if (status == FIL_OK)
        fil_find(doctor, "configuration", FIL_FINE, "", "%s", doctor->install->config_path);
    else
        fil_find(doctor, "configuration", FIL_BAD, "what is wrong was said above; fil check",
                 "%s is refused", doctor->install->config_path);
}

static void
print(const struct fil *fil, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        const char *state = json_string_value(json_object_get(item, "state"));
        const char *next = json_string_value(json_object_get(item, "next"));
        const char *colour = state[0] == 'f'   ? "\033[32m"
                             : state[0] == 'w' ? "\033[33m"
                                               : "\033[31m";

        printf("%s%-8s%s %-16s %s\n", fil->colour ? colour : "", state,
               fil->colour ? "\033[0m" : "", json_string_value(json_object_get(item, "about")),
               json_string_value(json_object_get(item, "found")));
        if (next[0] != '\0')
            printf("%26s-> %s\n", "", next);
    }
}

static int
run(struct fil *fil, const void *given, int argc, char **argv)
{
    struct fil_doctor doctor = {.fil = fil, .install = fil_install_get(fil), .items = json_array()};

    (void)given;
    (void)argc;
    (void)argv;
    if (doctor.install == NULL) {
        json_decref(doctor.items);
        return FIL_FAILED;
    }
    if (doctor.install->options != NULL)
        configuration(&doctor);
    fil_doctor_machine(&doctor);
    if (doctor.install->options != NULL)
        fil_doctor_install(&doctor);
    if (fil->json)
        fil_show_json(json_pack("{s:O, s:b}", "items", doctor.items, "good", !doctor.bad));
    else
        print(fil, doctor.items);
    json_decref(doctor.items);
    return doctor.bad ? FIL_FAILED : FIL_OK;
}

const struct fil_command fil_doctor_commands[] = {
    {.noun = "doctor",
     .doc = "Looks at versions, disk, clock, ports, keys, limits and every service.",
     .examples = "  fil doctor\n  fil doctor --json | jq '.items[] | select(.state != \"fine\")'\n",
     .run = run},
    {.noun = NULL},
};
