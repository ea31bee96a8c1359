/* simulate.c - fil simulate: routing on a virtual clock, which is a program of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/install.h"

static int
run_simulate(struct fil *fil, const void *given, int argc, char **argv)
{
    char path[FIL_PATH_SIZE];
    char **words;

    (void)given;
    if (!fil_program_path(fil, "simulate", path))
        return fil_complain("filrouge-simulate is not installed: %s is not there", path);
    words = calloc((size_t)argc + 2, sizeof(*words));
    fr_assert(words != NULL);
    words[0] = path;
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    execv(path, words);
    free(words);
    return fil_complain("%s: %s", path, strerror(errno));
}

const struct fil_command fil_simulate_commands[] = {
    {.noun = "simulate",
     .args = "SCENARIO.yaml | --compare A.yaml B.yaml",
     .arg_max = -1,
     .doc = "Who would wait how long with these agents and rules? fil simulate --help says more.",
     .examples = "  fil simulate tests/routing/erlang_c.yaml --theory\n"
                 "  fil simulate --compare today.yaml tomorrow.yaml\n",
     .run = run_simulate,
     .raw = true},
    {.noun = NULL},
};
