/* reference.c - the reference page of a section, from the same rows that check and print it. */
#include <string.h>
#include "common/config/value.h"

#define PREFIX_SIZE 256

/* Inside a table a bar would end the cell. */
static void
print_cell(const char *text, FILE *out)
{
    for (; *text != '\0'; text++)
        fputs(*text == '|' ? "\\|" : (char[]){*text, '\0'}, out);
}

static void
print_type(const struct fr_config_key *key, FILE *out)
{
    if (key->type == FR_CONFIG_CHOICE) {
        fputs("one of ", out);
        for (const char *p = key->choices; *p != '\0'; p++)
            fputs(*p == '|' ? ", " : (char[]){*p, '\0'}, out);
        return;
    }
    fputs(config_type_name(key->type), out);
}

static void
print_default(const struct fr_config_key *key, FILE *out)
{
    if (key->required) {
        fputs("required", out);
    } else if (key->default_text != NULL) {
        fputc('`', out);
        print_cell(key->default_text[0] == '\0' ? "\"\"" : key->default_text, out);
        fputc('`', out);
    } else {
        fputs("-", out);
    }
}

static void print_rows(const struct fr_config_key *keys, const char *prefix, FILE *out);

/* How the keys below this one are written: `queues[].name`, `brands.NAME.title`, `stage.listen`. */
static void
print_rows_below(const struct fr_config_key *key, const char *prefix, FILE *out)
{
    char below[PREFIX_SIZE];
    bool map = key->type == FR_CONFIG_MAP;

    if (key->keys == NULL)
        return;
    snprintf(below, sizeof(below), "%s%s%s", prefix, key->name,
             map                           ? ".NAME."
             : key->type == FR_CONFIG_LIST ? "[]."
                                           : ".");
    print_rows(map ? key->keys + 1 : key->keys, below, out);
}

static void
print_rows(const struct fr_config_key *keys, const char *prefix, FILE *out)
{
    char range[CONFIG_RANGE_SIZE];

    for (; keys->name != NULL; keys++) {
        fprintf(out, "| `%s%s` | ", prefix, keys->name);
        print_type(keys, out);
        fputs(" | ", out);
        print_default(keys, out);
        fprintf(out, " | %s | ", config_range(keys, range));
        print_cell(keys->doc == NULL ? "" : keys->doc, out);
        fputs(" |\n", out);
        print_rows_below(keys, prefix, out);
    }
}

void
fr_config_reference(const struct fr_config_section *section, FILE *out)
{
    if (section->name[0] == '\0')
        fputs("## Top level\n\n", out);
    else
        fprintf(out, "## `%s`\n\n", section->name);
    fputs("| Key | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n", out);
    print_rows(section->keys, "", out);
}
