/* scenario.c - reading scenario files. */
#include "tests/identity/scenario.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool
complain(const struct document *document, const yaml_node_t *node, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%zu: ", document->path, node != NULL ? node->start_mark.line + 1 : 1);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

const yaml_node_t *
node_at(const struct document *document, int index)
{
    return yaml_document_get_node((yaml_document_t *)&document->yaml, index);
}

const char *
text_of(const yaml_node_t *node)
{
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
                                                          : NULL;
}

const yaml_node_t *
member(const struct document *document, const yaml_node_t *map, const char *name)
{
    if (map == NULL || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
         pair < map->data.mapping.pairs.top; pair++) {
        const char *key = text_of(node_at(document, pair->key));

        if (key != NULL && strcmp(key, name) == 0)
            return node_at(document, pair->value);
    }
    return NULL;
}

static bool
among(const char *known, const char *name)
{
    size_t size = strlen(name);

    for (const char *at = known; (at = strstr(at, name)) != NULL; at += size)
        if ((at == known || at[-1] == ' ') && (at[size] == '\0' || at[size] == ' '))
            return true;
    return false;
}

const char *
unknown_member(const struct document *document, const yaml_node_t *map, const char *known,
               const yaml_node_t **where)
{
    for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
         map->type == YAML_MAPPING_NODE && pair < map->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_at(document, pair->key);
        const char *name = text_of(key);

        *where = key;
        if (name == NULL)
            return "(not a word)";
        if (!among(known, name))
            return name;
    }
    return NULL;
}

size_t
list_size(const yaml_node_t *list)
{
    return list != NULL && list->type == YAML_SEQUENCE_NODE
               ? (size_t)(list->data.sequence.items.top - list->data.sequence.items.start)
               : 0;
}

const yaml_node_t *
list_item(const struct document *document, const yaml_node_t *list, size_t index)
{
    return node_at(document, list->data.sequence.items.start[index]);
}

bool
number_of(const yaml_node_t *node, double *number)
{
    const char *text = text_of(node);
    char *end;

    if (text == NULL || text[0] == '\0')
        return false;
    *number = strtod(text, &end);
    return *end == '\0';
}

bool
read_policy(const struct document *document, const yaml_node_t *node, struct policy *policy)
{
    const yaml_node_t *where, *region = member(document, node, "default_region");
    const char *unknown;
    double number;

    if (node == NULL)
        return true;
    if (node->type != YAML_MAPPING_NODE)
        return complain(document, node, "policy is a mapping");
    unknown =
        unknown_member(document, node, "fan_out dormancy_days default_region own_keys", &where);
    if (unknown != NULL)
        return complain(document, where, "policy has no \"%s\"", unknown);
    if (member(document, node, "fan_out") != NULL) {
        if (!number_of(member(document, node, "fan_out"), &number) || number < 1 || number > 30)
            return complain(document, node, "fan_out is a number from 1 to 30");
        policy->fan_out = (long)number;
    }
    if (member(document, node, "dormancy_days") != NULL &&
        !number_of(member(document, node, "dormancy_days"), &policy->dormancy_days))
        return complain(document, node, "dormancy_days is a number");
    if (region != NULL && text_of(region) != NULL)
        snprintf(policy->default_region, sizeof(policy->default_region), "%s", text_of(region));
    if (member(document, node, "own_keys") != NULL)
        policy->own_keys = member(document, node, "own_keys");
    return true;
}
