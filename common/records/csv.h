/* csv.h - rows of a file with commas between, as RFC 4180 has them, and as people's exports have
 * them.
 *
 * Reads plain files and gzip alike.  Fields may be quoted, with doubled quotes and line ends
 * inside; lines end in LF or CRLF; a byte order mark is skipped.  The first row names the columns.
 * A row with too many or too few fields, or with a quote that never closes, is not a row: it is
 * reported and passed over.
 */
#ifndef FR_RECORDS_CSV_H
#define FR_RECORDS_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/error.h"

#define FR_CSV_COLUMNS_MAX 256
#define FR_CSV_ROW_SIZE_MAX (256 * 1024) /* bytes of one row */

struct fr_csv; /* opaque */

/* `delimiter` 0: the one of comma, semicolon and tab that the first row has most of.
 * FR_NOT_FOUND, FR_IO; FR_INVALID: it has no first row. */
enum fr_error fr_csv_open(const char *path, char delimiter, struct fr_csv **out);
void fr_csv_free(struct fr_csv **csv);

/* Names from the first row, in order. */
size_t fr_csv_column_count(const struct fr_csv *csv);
const char *fr_csv_column_name(const struct fr_csv *csv, size_t index);
/* Column of that name, or -1. */
int fr_csv_column(const struct fr_csv *csv, const char *name);

/* The next row's fields: fr_csv_column_count() strings, borrowed until the next call.
 * FR_END: no more.  FR_INVALID: not a row; fr_csv_why() says what is wrong, and reading goes on
 * behind it.  FR_IO. */
enum fr_error fr_csv_next(struct fr_csv *csv, const char *const **fields);
const char *fr_csv_why(const struct fr_csv *csv);
/* Line on which the row of the last fr_csv_next began, from 1 (the first row is line 1). */
uint64_t fr_csv_line(const struct fr_csv *csv);
/* How far it has read, and how much there is: bytes of the file as stored, for progress bars. */
void fr_csv_progress(const struct fr_csv *csv, uint64_t *done, uint64_t *size);

#endif
