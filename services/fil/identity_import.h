/* identity_import.h - the verbs of `fil identity` that work on many customers at once. */
#ifndef FR_FIL_IDENTITY_IMPORT_H
#define FR_FIL_IDENTITY_IMPORT_H

#include "services/fil/fil.h"

struct fil_import_given {
    const char *mapping, *source, *rejects;
    bool link_alike;
    int64_t batch;
};
extern const struct fil_option fil_import_options[];
int fil_run_identity_import(struct fil *fil, const void *given, int argc, char **argv);

struct fil_dedupe_given {
    bool apply, all;
    const char *who, *why;
    int64_t limit;
};
extern const struct fil_option fil_dedupe_options[];
int fil_run_identity_dedupe(struct fil *fil, const void *given, int argc, char **argv);

struct fil_train_given {
    int64_t seed, sample;
    const char *output;
};
extern const struct fil_option fil_train_options[];
int fil_run_identity_train(struct fil *fil, const void *given, int argc, char **argv);

#endif
