/* mapping.h - which column of somebody's file is which field of ours, as YAML.
 *
 *     id: customer_no                     the column that names a record; else its line does
 *     fields:
 *       given_name: {column: first_name}
 *       surname:    {column: last_name}
 *       birth:      {column: dob, formats: "YYYYMMDD|DD/MM/YYYY"}
 *       address:    {columns: [line_1, line_2]}      several columns, a blank between
 *     keys:                               what leads to one customer by itself
 *       - {type: account, column: customer_no}
 *       - {type: email, column: mail, assurance: claimed}
 *
 * A field that the file has not is left out.  Which fields there are is the caller's to say.
 */
#ifndef FR_RECORDS_MAPPING_H
#define FR_RECORDS_MAPPING_H

#include <stdio.h>
#include "common/config/config.h"
#include "common/records/csv.h"

struct fr_mapping_field {
    const char *name;              /* ours */
    const char *column;            /* theirs; "" when `columns` says it */
    struct fr_config_list columns; /* const char * */
    const char *formats;           /* of a date; "" the common ones */
    int at[8];                     /* columns in the file, after fr_mapping_bind; -1 ends them */
};

enum fr_mapping_assurance { FR_MAPPING_VERIFIED, FR_MAPPING_CLAIMED };

struct fr_mapping_key {
    const char *type, *column, *region;
    int assurance; /* enum fr_mapping_assurance */
    int at;
};

struct fr_mapping {
    const char *id;
    const char *delimiter;        /* "" or one character */
    struct fr_config_list fields; /* struct fr_mapping_field */
    struct fr_config_list keys;   /* struct fr_mapping_key */
    int id_at;                    /* -1: none */
};

/* Reads the file; what is wrong goes to `complaints`, with file, line and column.  `known` are the
 * fields that there are (NULL ends them).  *config owns *mapping: fr_config_free. */
enum fr_error fr_mapping_load(const char *path, const char *const *known, FILE *complaints,
                              struct fr_config **config, struct fr_mapping **mapping);
/* Finds the columns in a file; FR_NOT_FOUND: one is missing, said on complaints. */
enum fr_error fr_mapping_bind(struct fr_mapping *mapping, const struct fr_csv *csv,
                              FILE *complaints);
/* The field's text in a row, its columns joined, in `text` (borrowed from the row, or from `text`).
 */
const char *fr_mapping_value(const struct fr_mapping_field *field, const char *const *row,
                             char *text, size_t size);

#endif
