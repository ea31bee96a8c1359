/* clock.c - fil clock: a step of the wall clock that is held as suspect. */
#include <string.h>
#include "services/fil/ask.h"
#include "services/fil/show.h"

/* clang-format off */
static const struct fil_column columns[] = {
    { "SERVICE",    "journal",       FIL_COLUMN_TEXT,    0 },
    { "CLOCK HELD", "clock_held",    FIL_COLUMN_YES,     0 },
    { "STEP",       "clock_step_us", FIL_COLUMN_SPAN_US, 0 },
    { "ANSWER",     "answer",        FIL_COLUMN_TEXT,    0 },
    { NULL },
};
/* clang-format on */

/* Only those that do not follow the wall clock are asked to. */
static int
run_confirm(struct fil *fil, const void *given, int argc, char **argv)
{
    const struct fil_install *install = fil_install_get(fil);
    const struct fil_service *only = NULL;
    json_t *items;
    bool good = true;

    (void)given;
    if (install == NULL || (argc > 0 && (only = fil_service_want(install, argv[0])) == NULL))
        return FIL_FAILED;
    items = json_array();
    for (size_t i = 0; i < install->service_count; i++) {
        const char *journal = install->services[i].journal;
        json_t *status, *answer;

        if (only != NULL && only != &install->services[i])
            continue;
        status = fil_ask(fil, journal, "status", NULL);
        if (status == NULL) {
            good = false;
            continue;
        }
        if (json_integer_value(json_object_get(status, "clock_step_us")) != 0) {
            answer = fil_ask(fil, journal, "clock.confirm", NULL);
            good = good && answer != NULL;
            json_object_set_new(status, "answer",
                                json_string(answer != NULL ? "confirmed" : "not confirmed"));
            json_decref(answer);
        }
        json_array_append_new(items, status);
    }
    fil_show_list(fil, json_pack("{s:o, s:b}", "items", items, "more", 0), columns,
                  "no service runs");
    return good ? FIL_OK : FIL_FAILED;
}

const struct fil_command fil_clock_commands[] = {
    {.noun = "clock",
     .verb = "confirm",
     .args = "[SERVICE]",
     .arg_max = 1,
     .doc = "The wall clock is right although it jumped: timers go by it (set back: once it has "
            "caught up).",
     .examples = "  fil clock confirm\n  fil clock confirm sla\n",
     .run = run_confirm},
    {.noun = NULL},
};
