/* quality.h - what the files of the measuring program share. */
#ifndef FR_QUALITY_H
#define FR_QUALITY_H

#include <stdint.h>
#include "common/records/mapping.h"
#include "common/stage/given.h"
#include "proto/identity.pb-c.h"

struct quality_row { /* one record of the file */
    char *id;
    Fr__ObservationImported *said; /* owned */
    const char *target, *expected; /* of a case; NULL */
    uint64_t customer;             /* as it was given first */
    uint32_t person;               /* the truth, as a number */
};

struct quality_rows {
    struct quality_row *rows;
    size_t count;
    size_t rejected; /* lines that are no rows */
};

/* Reads a file by a mapping; `target` and `expected` name further columns, or NULL.  Complains and
 * exits when it cannot. */
void quality_read(const char *path, const char *mapping, const char *target, const char *expected,
                  struct quality_rows *rows);
/* Sets rows[].person from a file with the columns id and cluster. */
void quality_truth(const char *path, struct quality_rows *rows);
/* The same order for the same seed on every machine; 0 leaves it. */
void quality_shuffle(struct quality_rows *rows, uint64_t seed);
void quality_rows_free(struct quality_rows *rows);

struct quality_pairs {           /* of records */
    uint64_t found, right, real; /* said to be one person; rightly; in truth */
    size_t largest;              /* group found */
};
/* `found[i]` and rows[i].person: equal numbers are one group. */
void quality_count(const struct quality_rows *rows, const uint64_t *found,
                   struct quality_pairs *pairs);
/* How many of the pairs that either partition has does the other have too: 0 to 1.  Rows are
 * matched by their place. */
double quality_agreement(const uint64_t *a, const uint64_t *b, size_t count);

_Noreturn void quality_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
