/* csv_test.c - rows as people's exports have them, and mappings of their columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>
#include "common/records/mapping.h"

static void
put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static char *
directory(void)
{
    static char dir[] = "/tmp/fr-records-XXXXXX";

    return access(dir, F_OK) == 0 ? dir : mkdtemp(dir);
}

static const char *
at(const char *name)
{
    static char path[64];

    snprintf(path, sizeof(path), "%s/%s", directory(), name);
    return path;
}

static struct fr_csv *
open_text(const char *text)
{
    struct fr_csv *csv;

    put_file(at("rows.csv"), text);
    assert_int_equal(fr_csv_open(at("rows.csv"), 0, &csv), FR_OK);
    return csv;
}

static void
rows_are_read_as_written(void **state)
{
    struct fr_csv *csv = open_text("\xef\xbb\xbfid,\"a \"\"b\"\"\"\r\n"
                                   "1,plain\r\n"
                                   "2,\"a, b\nand \"\"c\"\"\"\n"
                                   "\n"
                                   "3,5\" tape\n"
                                   "4,");
    const char *const *row;

    (void)state;
    assert_int_equal(fr_csv_column_count(csv), 2);
    assert_int_equal(fr_csv_column(csv, "id"), 0);
    assert_int_equal(fr_csv_column(csv, "a \"b\""), 1);
    assert_int_equal(fr_csv_column(csv, "none"), -1);
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    assert_string_equal(row[1], "plain");
    assert_int_equal(fr_csv_line(csv), 2);
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    assert_string_equal(row[1], "a, b\nand \"c\"");
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    assert_string_equal(row[1], "5\" tape");
    assert_int_equal(fr_csv_line(csv), 6);
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    assert_string_equal(row[0], "4");
    assert_string_equal(row[1], "");
    assert_int_equal(fr_csv_next(csv, &row), FR_END);
    assert_int_equal(fr_csv_next(csv, &row), FR_END);
    fr_csv_free(&csv);
}

static void
what_is_no_row_is_passed_over(void **state)
{
    struct fr_csv *csv = open_text("id;name\n1\n2;b;c\n3;ann\n4;\"never closed\n");
    const char *const *row;

    (void)state;
    assert_int_equal(fr_csv_next(csv, &row), FR_INVALID);
    assert_non_null(strstr(fr_csv_why(csv), "fewer"));
    assert_int_equal(fr_csv_line(csv), 2);
    assert_int_equal(fr_csv_next(csv, &row), FR_INVALID);
    assert_non_null(strstr(fr_csv_why(csv), "more"));
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    assert_string_equal(row[1], "ann");
    assert_int_equal(fr_csv_next(csv, &row), FR_INVALID);
    assert_non_null(strstr(fr_csv_why(csv), "never closed"));
    assert_int_equal(fr_csv_next(csv, &row), FR_END);
    fr_csv_free(&csv);
}

static void
a_row_that_never_ends_is_cut(void **state)
{
    char *text = malloc(FR_CSV_ROW_SIZE_MAX * 2);
    struct fr_csv *csv;
    const char *const *row;

    (void)state;
    memset(text, 'x', FR_CSV_ROW_SIZE_MAX * 2);
    memcpy(text, "id,b\n1,", 7);
    strcpy(text + FR_CSV_ROW_SIZE_MAX + 1000, "\n2,c\n");
    csv = open_text(text);
    assert_int_equal(fr_csv_next(csv, &row), FR_INVALID);
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    assert_string_equal(row[1], "c");
    fr_csv_free(&csv);
    free(text);
}

static void
compressed_files_are_read_alike(void **state)
{
    gzFile file = gzopen(at("rows.csv.gz"), "wb");
    struct fr_csv *csv;
    const char *const *row;
    uint64_t done, size;

    (void)state;
    gzputs(file, "id\tname\n1\tann\n");
    gzclose(file);
    assert_int_equal(fr_csv_open(at("rows.csv.gz"), 0, &csv), FR_OK);
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    assert_string_equal(row[1], "ann");
    assert_int_equal(fr_csv_next(csv, &row), FR_END);
    fr_csv_progress(csv, &done, &size);
    assert_true(size > 0 && done == size);
    fr_csv_free(&csv);
    assert_int_equal(fr_csv_open(at("none.csv"), 0, &csv), FR_NOT_FOUND);
    put_file(at("empty.csv"), "");
    assert_int_equal(fr_csv_open(at("empty.csv"), 0, &csv), FR_INVALID);
}

static const char *const known[] = {"given_name", "surname", "birth", "address", NULL};

static void
a_mapping_finds_its_columns(void **state)
{
    struct fr_csv *csv =
        open_text("no,first,last,line1,line2,dob\n17,Ann,Example,1 High St,,1.2.1980\n");
    struct fr_config *config;
    struct fr_mapping *mapping;
    const struct fr_mapping_field *fields;
    const struct fr_mapping_key *keys;
    const char *const *row;
    char text[64];

    (void)state;
    put_file(at("mapping.yaml"), "id: no\nfields:\n  given_name: {column: first}\n"
                                 "  birth: {column: dob, formats: DD.MM.YYYY}\n"
                                 "  address: {columns: [line1, line2, last]}\n"
                                 "keys:\n  - {type: account, column: no}\n"
                                 "  - {type: email, column: last, assurance: claimed}\n");
    assert_int_equal(fr_mapping_load(at("mapping.yaml"), known, stderr, &config, &mapping), FR_OK);
    assert_int_equal(fr_mapping_bind(mapping, csv, stderr), FR_OK);
    assert_int_equal(fr_csv_next(csv, &row), FR_OK);
    fields = mapping->fields.items;
    keys = mapping->keys.items;
    assert_string_equal(row[mapping->id_at], "17");
    assert_string_equal(fr_mapping_value(&fields[0], row, text, sizeof(text)), "Ann");
    assert_string_equal(fields[1].formats, "DD.MM.YYYY");
    assert_string_equal(fr_mapping_value(&fields[2], row, text, sizeof(text)), "1 High St Example");
    assert_int_equal(mapping->keys.count, 2);
    assert_int_equal(keys[0].assurance, FR_MAPPING_VERIFIED);
    assert_int_equal(keys[1].assurance, FR_MAPPING_CLAIMED);
    fr_config_free(&config);
    fr_csv_free(&csv);
}

static void
a_wrong_mapping_is_refused_with_its_reason(void **state)
{
    struct fr_csv *csv = open_text("no,first\n");
    struct fr_config *config;
    struct fr_mapping *mapping;
    char *said = NULL;
    size_t size;
    FILE *out = open_memstream(&said, &size);

    (void)state;
    put_file(at("mapping.yaml"), "fields: {shoe_size: {column: first}}\n");
    assert_int_equal(fr_mapping_load(at("mapping.yaml"), known, out, &config, &mapping),
                     FR_INVALID);
    put_file(at("mapping.yaml"), "fields: {birth: {formats: YYYY}}\n");
    assert_int_equal(fr_mapping_load(at("mapping.yaml"), known, out, &config, &mapping),
                     FR_INVALID);
    put_file(at("mapping.yaml"), "fields: {birth: {column: dob}}\n");
    assert_int_equal(fr_mapping_load(at("mapping.yaml"), known, out, &config, &mapping), FR_OK);
    assert_int_equal(fr_mapping_bind(mapping, csv, out), FR_NOT_FOUND);
    fclose(out);
    assert_non_null(strstr(said, "shoe_size: there is no such field; there are: given_name"));
    assert_non_null(strstr(said, "birth: say its `column`"));
    assert_non_null(strstr(said, "no column \"dob\"; it has: no first"));
    fr_config_free(&config);
    fr_csv_free(&csv);
    free(said);
}

static int
clean_up(void **state)
{
    static const char *const names[] = {"rows.csv", "rows.csv.gz", "empty.csv", "mapping.yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(at(names[i]));
    return rmdir(directory());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_as_written),
        cmocka_unit_test(what_is_no_row_is_passed_over),
        cmocka_unit_test(a_row_that_never_ends_is_cut),
        cmocka_unit_test(compressed_files_are_read_alike),
        cmocka_unit_test(a_mapping_finds_its_columns),
        cmocka_unit_test(a_wrong_mapping_is_refused_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, clean_up);
}
