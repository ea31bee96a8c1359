/* mapping.c - columns of somebody's file to fields of ours. */
#include "common/records/mapping.h"

#include <string.h>

#define COLUMNS_MAX ((int)(sizeof(((struct fr_mapping_field *)NULL)->at) / sizeof(int)) - 1)

/* clang-format off */
static const struct fr_config_key field_keys[] = {
    { "name", FR_CONFIG_STRING, offsetof(struct fr_mapping_field, name), NULL, .required = true,
      .doc = "The field." },
    { "column", FR_CONFIG_STRING, offsetof(struct fr_mapping_field, column), "",
      .doc = "The column of the file that holds it." },
    { "columns", FR_CONFIG_STRINGS, offsetof(struct fr_mapping_field, columns), NULL, .max = COLUMNS_MAX,
      .doc = "Several columns that hold it together, in order." },
    { "formats", FR_CONFIG_STRING, offsetof(struct fr_mapping_field, formats), "",
      .doc = "How its dates are written: YYYYMMDD|DD/MM/YYYY; empty: the common ways that cannot be mistaken." },
    { NULL },
};
static const struct fr_config_key key_keys[] = {
    { "type", FR_CONFIG_STRING, offsetof(struct fr_mapping_key, type), NULL, .required = true,
      .doc = "account, login, social:<platform>, forum, email, phone or device." },
    { "column", FR_CONFIG_STRING, offsetof(struct fr_mapping_key, column), NULL, .required = true,
      .doc = "The column of the file that holds it." },
    { "assurance", FR_CONFIG_CHOICE, offsetof(struct fr_mapping_key, assurance), "verified",
      .choices = "verified|claimed", .doc = "What it is worth: our own records are verified." },
    { "region", FR_CONFIG_STRING, offsetof(struct fr_mapping_key, region), "", .max = 2,
      .doc = "Region of telephone numbers that are written without a country's code." },
    { NULL },
};
static const struct fr_config_key mapping_keys[] = {
    { "id", FR_CONFIG_STRING, offsetof(struct fr_mapping, id), "",
      .doc = "The column that names a record; empty: its line does." },
    { "delimiter", FR_CONFIG_STRING, offsetof(struct fr_mapping, delimiter), "", .max = 1,
      .doc = "What stands between fields; empty: comma, semicolon or tab, as the first row has it." },
    { "fields", FR_CONFIG_MAP, offsetof(struct fr_mapping, fields), NULL, .keys = field_keys,
      .item_size = sizeof(struct fr_mapping_field), .max = 64, .doc = "Our fields and their columns." },
    { "keys", FR_CONFIG_LIST, offsetof(struct fr_mapping, keys), NULL, .keys = key_keys,
      .item_size = sizeof(struct fr_mapping_key), .max = 16,
      .doc = "Columns that lead to one customer by themselves." },
    { NULL },
};
/* clang-format on */

static bool
is_known(const char *const *known, const char *name)
{
    for (; *known != NULL; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

/* Complains about the first field that is nobody's or has no column. */
static bool
fields_make_sense(const struct fr_mapping *mapping, const char *const *known, const char *path,
                  FILE *complaints)
{
    const struct fr_mapping_field *fields = mapping->fields.items;

    for (size_t i = 0; i < mapping->fields.count; i++) {
        if (!is_known(known, fields[i].name)) {
            fprintf(complaints, "%s: fields.%s: there is no such field; there are:", path,
                    fields[i].name);
            for (const char *const *name = known; *name != NULL; name++)
                fprintf(complaints, " %s", *name);
            fputc('\n', complaints);
            return false;
        }
        if (fields[i].column[0] == '\0' && fields[i].columns.count == 0) {
            fprintf(complaints, "%s: fields.%s: say its `column`\n", path, fields[i].name);
            return false;
        }
    }
    return true;
}

enum fr_error
fr_mapping_load(const char *path, const char *const *known, FILE *complaints,
                struct fr_config **config, struct fr_mapping **mapping)
{
    const struct fr_config_section section = {"", mapping_keys, sizeof(struct fr_mapping), NULL};
    enum fr_error err = fr_config_load(path, &section, 1, complaints, config);

    if (err != FR_OK)
        return err;
    *mapping = (struct fr_mapping *)fr_config_get(*config, "");
    if (fields_make_sense(*mapping, known, path, complaints))
        return FR_OK;
    fr_config_free(config);
    return FR_INVALID;
}

static int
find(const struct fr_csv *csv, const char *column, FILE *complaints)
{
    int at = fr_csv_column(csv, column);

    if (at >= 0)
        return at;
    fprintf(complaints, "the file has no column \"%s\"; it has:", column);
    for (size_t i = 0; i < fr_csv_column_count(csv); i++)
        fprintf(complaints, " %s", fr_csv_column_name(csv, i));
    fputc('\n', complaints);
    return -1;
}

static bool
bind_field(struct fr_mapping_field *field, const struct fr_csv *csv, FILE *complaints)
{
    const char *const *columns = field->columns.items;
    int count = 0;

    if (field->column[0] != '\0' && (field->at[count++] = find(csv, field->column, complaints)) < 0)
        return false;
    for (size_t i = 0; i < field->columns.count && count < COLUMNS_MAX; i++)
        if ((field->at[count++] = find(csv, columns[i], complaints)) < 0)
            return false;
    field->at[count] = -1;
    return true;
}

enum fr_error
fr_mapping_bind(struct fr_mapping *mapping, const struct fr_csv *csv, FILE *complaints)
{
    struct fr_mapping_field *fields = mapping->fields.items;
    struct fr_mapping_key *keys = mapping->keys.items;

    mapping->id_at = -1;
    if (mapping->id[0] != '\0' && (mapping->id_at = find(csv, mapping->id, complaints)) < 0)
        return FR_NOT_FOUND;
    for (size_t i = 0; i < mapping->fields.count; i++)
        if (!bind_field(&fields[i], csv, complaints))
            return FR_NOT_FOUND;
    for (size_t i = 0; i < mapping->keys.count; i++)
        if ((keys[i].at = find(csv, keys[i].column, complaints)) < 0)
            return FR_NOT_FOUND;
    return FR_OK;
}

const char *
fr_mapping_value(const struct fr_mapping_field *field, const char *const *row, char *text,
                 size_t size)
{
    size_t used = 0;

    if (field->at[0] >= 0 && field->at[1] < 0)
        return row[field->at[0]];
    text[0] = '\0';
    for (const int *at = field->at; *at >= 0; at++) {
        int written = snprintf(text + used, size - used, "%s%s",
                               used > 0 && row[*at][0] != '\0' ? " " : "", row[*at]);

        used += written < 0 ? 0 : (size_t)written;
        if (used >= size)
            break;
    }
    return text;
}
