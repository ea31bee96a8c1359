/* print.c - what is in force, as YAML that can be loaded again. */
#include <string.h>
#include "common/config/value.h"

struct printer {
    FILE *out;
    bool dash; /* the next line is the first of a list's entry */
};

static void print_keys(struct printer *printer, const struct fr_config_key *keys, const void *base,
                       const struct config_node *node, int indent);

static void
begin_line(struct printer *printer, int indent)
{
    if (printer->dash)
        fprintf(printer->out, "%*s- ", indent - 2, "");
    else
        fprintf(printer->out, "%*s", indent, "");
    printer->dash = false;
}

static const struct config_node *
child_of(const struct config_node *node, const char *key)
{
    return node == NULL ? NULL : config_node_child(node, key);
}

/* What has no value and no default is left out: there is no way to write it. */
static bool
is_unset(const struct fr_config_key *key, const void *target)
{
    bool pointer = key->type == FR_CONFIG_STRING || key->type == FR_CONFIG_SECRET ||
                   key->type == FR_CONFIG_ENDPOINT;

    return pointer && *(const char *const *)target == NULL;
}

/* The zero of a number that was not given may lie outside its range: then it cannot be written. */
static bool
is_unwritable_zero(const struct fr_config_key *key)
{
    bool number = key->type == FR_CONFIG_INT || key->type == FR_CONFIG_REAL ||
                  key->type == FR_CONFIG_SIZE || key->type == FR_CONFIG_SPAN;

    return number && key->default_text == NULL && !config_in_range(key, 0);
}

static void
print_scalar(struct printer *printer, const struct fr_config_key *key, const void *target,
             const struct config_node *node, int indent)
{
    const char *reference = node != NULL ? node->text : key->default_text;

    if (is_unset(key, target) || (node == NULL && is_unwritable_zero(key)))
        return;
    begin_line(printer, indent);
    fprintf(printer->out, "%s: ", key->name);
    config_value_print(key, target, reference, printer->out);
    fputs(node == NULL ? " # default\n" : "\n", printer->out);
}

static void
print_strings(struct printer *printer, const struct fr_config_list *list)
{
    const char *const *texts = list->items;

    fputs(" [", printer->out);
    for (size_t i = 0; i < list->count; i++) {
        fputs(i > 0 ? ", " : "", printer->out);
        config_text_print(texts[i], printer->out);
    }
    fputs("]\n", printer->out);
}

static void
print_list(struct printer *printer, const struct fr_config_key *key,
           const struct fr_config_list *list, const struct config_node *node, int indent)
{
    const struct config_node *child = node == NULL ? NULL : node->first;
    const char *item = list->items;

    fputs(list->count == 0 ? " []\n" : "\n", printer->out);
    for (size_t i = 0; i < list->count; i++, item += key->item_size) {
        printer->dash = true;
        print_keys(printer, key->keys, item, child, indent + 4);
        if (printer->dash) { /* nothing to say about this one */
            begin_line(printer, indent + 4);
            fputs("{}\n", printer->out);
        }
        child = child == NULL ? NULL : child->next;
    }
}

static void
print_map(struct printer *printer, const struct fr_config_key *key,
          const struct fr_config_list *list, const struct config_node *node, int indent)
{
    const struct config_node *child = node == NULL ? NULL : node->first;
    const char *item = list->items;

    fputs(list->count == 0 ? " {}\n" : "\n", printer->out);
    for (size_t i = 0; i < list->count; i++, item += key->item_size) {
        begin_line(printer, indent + 2);
        config_text_print(*(const char *const *)(item + key->keys->offset), printer->out);
        fputs(":\n", printer->out);
        print_keys(printer, key->keys + 1, item, child, indent + 4);
        child = child == NULL ? NULL : child->next;
    }
}

static void
print_key(struct printer *printer, const struct fr_config_key *key, const void *target,
          const struct config_node *node, int indent)
{
    if (config_value_is_scalar(key->type)) {
        print_scalar(printer, key, target, node, indent);
        return;
    }
    begin_line(printer, indent);
    fprintf(printer->out, "%s:", key->name);
    if (key->type == FR_CONFIG_SECTION) {
        fputc('\n', printer->out);
        print_keys(printer, key->keys, target, node, indent + 2);
    } else if (key->type == FR_CONFIG_STRINGS) {
        print_strings(printer, target);
    } else if (key->type == FR_CONFIG_LIST) {
        print_list(printer, key, target, node, indent);
    } else {
        print_map(printer, key, target, node, indent);
    }
}

static void
print_keys(struct printer *printer, const struct fr_config_key *keys, const void *base,
           const struct config_node *node, int indent)
{
    for (; keys->name != NULL; keys++)
        print_key(printer, keys, (const char *)base + keys->offset, child_of(node, keys->name),
                  indent);
}

void
fr_config_print(const struct fr_config *config, const char *section, FILE *out)
{
    struct printer printer = {.out = out};

    for (size_t i = 0; i < config->part_count; i++) {
        const struct config_part *part = &config->parts[i];
        bool top = section[0] == '\0';

        if (strcmp(part->schema.name, section) != 0)
            continue;
        if (!top)
            fprintf(out, "%s:\n", section);
        print_keys(&printer, part->schema.keys, part->filled, part->node, top ? 0 : 2);
    }
}
