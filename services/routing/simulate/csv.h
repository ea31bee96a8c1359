/* csv.h - a CSV file with a heading, in memory: RFC 4180, fields by column name. */
#ifndef FR_SIMULATE_CSV_H
#define FR_SIMULATE_CSV_H

#include <stddef.h>
#include "common/base/error.h"

#define SIM_COLUMN_MAX 64

struct sim_csv {
    char *text; /* fields point into it */
    const char *names[SIM_COLUMN_MAX];
    size_t column_count;
    const char **fields; /* row after row */
    size_t row_count;
};

/* What is wrong goes to stderr with the file's name and line.  FR_NOT_FOUND, FR_INVALID. */
enum fr_error sim_csv_load(const char *path, struct sim_csv *out);
void sim_csv_fini(struct sim_csv *csv);
/* -1: there is no such column. */
int sim_csv_column(const struct sim_csv *csv, const char *name);

static inline const char *
sim_csv_field(const struct sim_csv *csv, size_t row, int column)
{
    return csv->fields[row * csv->column_count + (size_t)column];
}

#endif
