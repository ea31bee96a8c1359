/* command.h - reading the options of a command, and its help. */
#ifndef FR_FIL_COMMAND_H
#define FR_FIL_COMMAND_H

#include "services/fil/fil.h"

/* Fills `given` (zeroed before) from argv[0 .. argc - 1]; what is no option is moved to the front
 * of argv, and counted in *rest.  "--" ends the options.  --config, --run, --json and their like go
 * to `fil`.
 *
 *   FR_OK
 *   FR_END      --help was asked for
 *   FR_INVALID  error[error_size] says why
 */
enum fr_error fil_command_read(const struct fil_command *command, struct fil *fil, void *given,
                               int argc, char **argv, int *rest, char *error, size_t error_size);

void fil_command_help(const struct fil_command *command, FILE *out);

#endif
