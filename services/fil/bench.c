/* bench.c - fil bench: the measurements, which are a program of their own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/install.h"

static int
run_bench(struct fil *fil, const void *given, int argc, char **argv)
{
    char path[FIL_PATH_SIZE];
    char **words;

    (void)given;
    if (!fil_program_path(fil, "bench", path))
        return fil_complain("filrouge-bench is not installed: %s is not there", path);
    words = calloc((size_t)argc + 2, sizeof(*words));
    fr_assert(words != NULL);
    words[0] = path;
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    execv(path, words);
    free(words);
    return fil_complain("%s: %s", path, strerror(errno));
}

const struct fil_command fil_bench_commands[] = {
    {.noun = "bench",
     .args = "pipeline | path | mail | timers | identity | yardsticks ...",
     .arg_max = -1,
     .doc = "Measure this machine and the services on it; fil bench --help says more.",
     .examples = "  fil bench pipeline --messages 1000000\n",
     .run = run_bench,
     .raw = true},
    {.noun = NULL},
};
