/* csv.c - a CSV file with a heading, in memory. */
#include "services/routing/simulate/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
read_all(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0, room = 0;

    if (file == NULL)
        return NULL;
    do {
        if (room - size < 65536) {
            room = room * 2 + 131072;
            text = realloc(text, room);
            fr_assert(text != NULL);
        }
        size += fread(text + size, 1, room - size - 1, file);
    } while (!feof(file) && !ferror(file));
    fclose(file);
    text[size] = '\0';
    return text;
}

/* Takes one field off *rest, unquoted in place; *end is what stood behind it: ',', '\n' or '\0'. */
static char *
take_field(char **rest, char *end)
{
    char *field = *rest, *from = *rest, *to = *rest;

    if (*from == '"') {
        for (from++; *from != '\0' && (*from != '"' || from[1] == '"'); from++) {
            from += *from == '"';
            *to++ = *from;
        }
        from += *from == '"';
    }
    while (*from != ',' && *from != '\n' && *from != '\0') {
        if (*from != '\r')
            *to++ = *from;
        from++;
    }
    *end = *from;
    *rest = *from == '\0' ? from : from + 1;
    *to = '\0';
    return field;
}

static size_t
count_lines(const char *text)
{
    size_t lines = 1;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static enum fr_error
read_heading(const char *path, struct sim_csv *csv, char **rest)
{
    char end = ',';

    while (end == ',' && csv->column_count < SIM_COLUMN_MAX)
        csv->names[csv->column_count++] = take_field(rest, &end);
    if (end != ',')
        return FR_OK;
    fprintf(stderr, "%s:1: more than %d columns\n", path, SIM_COLUMN_MAX);
    return FR_INVALID;
}

static enum fr_error
read_rows(const char *path, struct sim_csv *csv, char *rest)
{
    size_t line = 2;

    csv->fields = calloc(count_lines(rest) * csv->column_count, sizeof(char *));
    fr_assert(csv->fields != NULL);
    for (; *rest != '\0'; line++) {
        const char **row = csv->fields + csv->row_count * csv->column_count;
        size_t count = 0;
        char end = ',';

        while (end == ',') {
            const char *field = take_field(&rest, &end);

            if (count < csv->column_count)
                row[count] = field;
            count++;
        }
        if (count == 1 && row[0][0] == '\0')
            continue; /* an empty line */
        if (count != csv->column_count) {
            fprintf(stderr, "%s:%zu: %zu fields, but the heading has %zu\n", path, line, count,
                    csv->column_count);
            return FR_INVALID;
        }
        csv->row_count++;
    }
    return FR_OK;
}

enum fr_error
sim_csv_load(const char *path, struct sim_csv *out)
{
    char *rest;
    enum fr_error err;

    *out = (struct sim_csv){.text = read_all(path)};
    if (out->text == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return FR_NOT_FOUND;
    }
    rest = out->text;
    err = read_heading(path, out, &rest);
    if (err == FR_OK)
        err = read_rows(path, out, rest);
    if (err != FR_OK)
        sim_csv_fini(out);
    return err;
}

void
sim_csv_fini(struct sim_csv *csv)
{
    free(csv->text);
    free(csv->fields);
    csv->text = NULL;
    csv->fields = NULL;
}

int
sim_csv_column(const struct sim_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->column_count; i++)
        if (strcmp(csv->names[i], name) == 0)
            return (int)i;
    return -1;
}
