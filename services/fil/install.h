/* install.h - which services this installation has, where their programs, sockets and journals are.
 */
#ifndef FR_FIL_INSTALL_H
#define FR_FIL_INSTALL_H

#include "services/fil/fil.h"

#define FIL_SERVICE_MAX 64
#define FIL_PATH_SIZE 1024

struct fil_service {
    char name[FR_NAME_SIZE];    /* its section and its program: "desk" */
    char journal[FR_NAME_SIZE]; /* "desk.inhouse"; for most the name itself */
};

struct fil_install {
    char config_path[FIL_PATH_SIZE]; /* "": none was found, and --run stands for it */
    struct fr_options *options;      /* NULL without a configuration */
    const char *run;
    const char *state; /* NULL without a configuration */
    struct fil_service services[FIL_SERVICE_MAX];
    size_t service_count;
    char desk[FR_NAME_SIZE]; /* the desk's journal, "" when this file has no desk section */
};

/* Loaded once.  NULL after saying what is wrong and what to do. */
const struct fil_install *fil_install_get(struct fil *fil);
/* Reads the file again (fil up, at SIGHUP).  NULL after complaining: the old one stays in force. */
const struct fil_install *fil_install_again(struct fil *fil);
void fil_install_free(struct fil_install **install);

/* By the name of a service or of a journal; "desk" is the desk of this file.  NULL: there is none.
 */
const struct fil_service *fil_service_find(const struct fil_install *install, const char *name);
/* The same, complaining with the names that there are. */
const struct fil_service *fil_service_want(const struct fil_install *install, const char *name);
/* Whose records have ids with that journal number; NULL: nobody's here. */
const struct fil_service *fil_service_of_id(const struct fil_install *install, uint64_t id);

/* filrouge-<name>: beside our own program, then in ../libexec/filrouge.  False: not installed. */
bool fil_program_path(const struct fil *fil, const char *service, char path[FIL_PATH_SIZE]);

/* The services that a configuration with these channels asks for (without channels but with a desk
 * it is a remote site's, and asks for that alone): pure, for tests. */
size_t fil_services_of(const char *const *channels, size_t channel_count, const char *desk_site,
                       struct fil_service *out, size_t out_max);

/* Runs `filrouge-<service> FLAG --config FILE` and returns its stdout (malloc'ed), with stderr
 * passed through, or kept in *errors (malloc'ed) when that is not NULL.  NULL when it could not be
 * run. */
char *fil_program_output(struct fil *fil, const char *service, const char *flag, int *status,
                         char **errors);

/* What is in force for a service, defaults included: "listen", "stage.admin", "agents.ann.title".
 * Copied into text; false: not set.  One run of the service's --print-config is kept for all
 * questions. */
struct fil_in_force;
struct fil_in_force *fil_in_force_new(struct fil *fil, const char *service); /* NULL: complained */
bool fil_in_force_text(const struct fil_in_force *in_force, const char *path, char *text,
                       size_t size);
/* The i-th name in a mapping; false when there are not so many. */
bool fil_in_force_name(const struct fil_in_force *in_force, const char *path, size_t i, char *text,
                       size_t size);
void fil_in_force_free(struct fil_in_force **in_force);

#endif
