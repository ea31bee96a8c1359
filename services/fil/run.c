/* run.c - fil run: becomes one service; for containers and units, where one image holds them all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "services/fil/install.h"

#define ARG_MAX_COUNT 32

/* "desk" and "channel_webform" as in the configuration, or the program's own name. */
static bool
find_program(const struct fil *fil, const char *service, char path[FIL_PATH_SIZE])
{
    if (strncmp(service, "filrouge-", 9) == 0)
        service += 9;
    return fil_program_path(fil, service, path);
}

static int
run(struct fil *fil, const void *given, int argc, char **argv)
{
    char path[FIL_PATH_SIZE], *args[ARG_MAX_COUNT + 4];
    int count = 0;

    (void)given;
    if (argc < 1 || strcmp(argv[0], "--help") == 0) {
        printf("usage: fil run SERVICE [its own options]\n\n"
               "Becomes filrouge-SERVICE.  Without options of its own it reads $FILROUGE_CONFIG,\n"
               "else /etc/filrouge/filrouge.yaml.\n");
        return argc < 1 ? FIL_USAGE : FIL_OK;
    }
    if (!find_program(fil, argv[0], path))
        return fil_complain("there is no service '%s' beside fil", argv[0]);
    args[count++] = path;
    for (int i = 1; i < argc && count < ARG_MAX_COUNT; i++)
        args[count++] = argv[i];
    args[count] = NULL;
    execv(path, args);
    return fil_complain("%s: %s", path, strerror(errno));
}

const struct fil_command fil_run_commands[] = {
    {.noun = "run",
     .args = "SERVICE [OPTIONS]",
     .arg_min = 1,
     .arg_max = -1,
     .doc = "Becomes one service: for containers and units.",
     .examples = "  fil run identity\n  fil run routing --config /etc/filrouge/filrouge.yaml\n",
     .run = run,
     .raw = true},
    {.noun = NULL},
};
