/* csv.c - rows of a file with commas between. */
#include "common/records/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define BUFFER_SIZE (64 * 1024)

struct fr_csv {
    gzFile file;
    char delimiter;
    uint64_t size;     /* of the file */
    uint64_t line;     /* of the byte to be read next */
    uint64_t row_line; /* where the row began */
    const char *why;
    bool failed;
    unsigned char buffer[BUFFER_SIZE];
    size_t buffered, at;
    char *row; /* the fields of one row, each with its NUL */
    const char *fields[FR_CSV_COLUMNS_MAX];
    char *names; /* the first row */
    const char *columns[FR_CSV_COLUMNS_MAX];
    size_t column_count;
};

static int
next_byte(struct fr_csv *csv)
{
    if (csv->at == csv->buffered) {
        int size = gzread(csv->file, csv->buffer, BUFFER_SIZE);

        csv->failed = csv->failed || size < 0;
        if (size <= 0)
            return EOF;
        csv->buffered = (size_t)size;
        csv->at = 0;
    }
    return csv->buffer[csv->at++];
}

static void
put_back(struct fr_csv *csv) /* the byte just read; only right after next_byte */
{
    csv->at--;
}

/* Bytes of one field into *used; answers what ended it: the delimiter, '\n' or EOF. */
static int
read_field(struct fr_csv *csv, size_t *used)
{
    bool quoted = false, was_quoted = false;

    for (;;) {
        int c = next_byte(csv);

        if (c == EOF) {
            if (quoted)
                csv->why = "a quote is never closed";
            return EOF;
        }
        csv->line += c == '\n';
        if (quoted && c == '"') {
            int after = next_byte(csv);

            if (after != '"') {
                quoted = false;
                if (after != EOF)
                    put_back(csv);
                continue;
            }
        } else if (!quoted && c == '"' && !was_quoted &&
                   (*used == 0 || csv->row[*used - 1] == '\0')) {
            quoted = was_quoted = true;
            continue;
        } else if (!quoted && (c == csv->delimiter || c == '\n'))
            return c;
        else if (!quoted && c == '\r')
            continue;
        if (c == '\0')
            csv->why = "it holds a zero byte";
        else if (*used + 2 >= FR_CSV_ROW_SIZE_MAX)
            csv->why = "it is longer than a row may be";
        else
            csv->row[(*used)++] = (char)c;
    }
}

/* One row into csv->row; *count fields.  FR_END when nothing is left. */
static enum fr_error
read_row(struct fr_csv *csv, size_t *count)
{
    size_t used = 0;
    int ended;

    *count = 0;
    csv->why = "";
    csv->row_line = csv->line;
    do {
        size_t start = used;

        ended = read_field(csv, &used);
        if (csv->failed)
            return FR_IO;
        if (ended == EOF && *count == 0 && used == start && csv->why[0] == '\0')
            return FR_END;
        csv->row[used++] = '\0';
        if (*count < FR_CSV_COLUMNS_MAX)
            csv->fields[(*count)++] = csv->row + start;
        else
            csv->why = "it has more fields than a row may have";
    } while (ended != EOF && ended != '\n');
    return csv->why[0] == '\0' ? FR_OK : FR_INVALID;
}

static size_t
count_of(const unsigned char *bytes, size_t size, char c)
{
    size_t count = 0;

    for (size_t i = 0; i < size && bytes[i] != '\n'; i++)
        count += bytes[i] == (unsigned char)c;
    return count;
}

/* Fills the buffer, skips a byte order mark and looks which delimiter the first row has. */
static void
look_at_start(struct fr_csv *csv)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t most = 0;

    if (next_byte(csv) == EOF)
        return;
    put_back(csv);
    if (csv->buffered >= 3 && memcmp(csv->buffer, "\xef\xbb\xbf", 3) == 0)
        csv->at = 3;
    if (csv->delimiter != '\0')
        return;
    csv->delimiter = ',';
    for (size_t i = 0; i < sizeof(candidates); i++) {
        size_t count = count_of(csv->buffer, csv->buffered, candidates[i]);

        if (count > most) {
            most = count;
            csv->delimiter = candidates[i];
        }
    }
}

static enum fr_error
read_names(struct fr_csv *csv)
{
    enum fr_error err;

    look_at_start(csv);
    err = read_row(csv, &csv->column_count);
    if (err != FR_OK)
        return err == FR_IO ? FR_IO : FR_INVALID;
    csv->names = csv->row;
    memcpy(csv->columns, csv->fields, csv->column_count * sizeof(csv->fields[0]));
    csv->row = malloc(FR_CSV_ROW_SIZE_MAX + 1);
    return csv->row == NULL ? FR_NO_MEMORY : FR_OK;
}

enum fr_error
fr_csv_open(const char *path, char delimiter, struct fr_csv **out)
{
    struct fr_csv *csv = calloc(1, sizeof(*csv));
    enum fr_error err = FR_NO_MEMORY;
    struct stat status;

    if (csv == NULL || (csv->row = malloc(FR_CSV_ROW_SIZE_MAX + 1)) == NULL)
        goto out;
    csv->delimiter = delimiter;
    csv->line = 1;
    csv->why = "";
    csv->file = gzopen(path, "rb");
    if (csv->file == NULL || stat(path, &status) != 0) {
        err = errno == ENOENT ? FR_NOT_FOUND : FR_IO;
        goto out;
    }
    csv->size = (uint64_t)status.st_size;
    err = read_names(csv);
    if (err == FR_OK) {
        *out = csv;
        return FR_OK;
    }
out:
    fr_csv_free(&csv);
    return err;
}

void
fr_csv_free(struct fr_csv **csv)
{
    if (*csv == NULL)
        return;
    if ((*csv)->file != NULL)
        gzclose((*csv)->file);
    if ((*csv)->names != (*csv)->row)
        free((*csv)->names);
    free((*csv)->row);
    free(*csv);
    *csv = NULL;
}

size_t
fr_csv_column_count(const struct fr_csv *csv)
{
    return csv->column_count;
}

const char *
fr_csv_column_name(const struct fr_csv *csv, size_t index)
{
    return index < csv->column_count ? csv->columns[index] : "";
}

int
fr_csv_column(const struct fr_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->column_count; i++)
        if (strcmp(csv->columns[i], name) == 0)
            return (int)i;
    return -1;
}

enum fr_error
fr_csv_next(struct fr_csv *csv, const char *const **fields)
{
    size_t count;
    enum fr_error err;

    do
        err = read_row(csv, &count);
    while (err == FR_OK && count == 1 && csv->fields[0][0] == '\0' && csv->column_count > 1);
    if (err != FR_OK)
        return err;
    if (count != csv->column_count) {
        csv->why = count < csv->column_count ? "it has fewer fields than there are columns"
                                             : "it has more fields than there are columns";
        return FR_INVALID;
    }
    *fields = csv->fields;
    return FR_OK;
}

const char *
fr_csv_why(const struct fr_csv *csv)
{
    return csv->why;
}

uint64_t
fr_csv_line(const struct fr_csv *csv)
{
    return csv->row_line;
}

void
fr_csv_progress(const struct fr_csv *csv, uint64_t *done, uint64_t *size)
{
    z_off_t offset = gzoffset(csv->file);

    *done = offset < 0 ? 0 : (uint64_t)offset;
    *size = csv->size;
}
