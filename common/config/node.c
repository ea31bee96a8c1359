/* node.c - questions that are asked of a node: children, paths, places. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/config/tree.h"

struct config_node *
config_node_made(struct fr_arena *arena, const struct config_node *parent, const char *key,
                 const char *text)
{
    struct config_node *node = fr_arena_zalloc(arena, 1, sizeof(*node));

    if (node == NULL)
        return NULL;
    node->kind = text == NULL ? CONFIG_ABSENT : CONFIG_SCALAR;
    node->text = text;
    node->parent = parent;
    node->key = key;
    return node;
}

const struct config_node *
config_node_child(const struct config_node *mapping, const char *key)
{
    if (mapping->kind != CONFIG_MAPPING)
        return NULL;
    for (const struct config_node *child = mapping->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

/* The child whose name begins the path and ends where a part may end; the longest of them. */
static const struct config_node *
child_by_path(const struct config_node *mapping, const char *path, size_t *taken)
{
    const struct config_node *best = NULL;

    if (mapping->kind != CONFIG_MAPPING)
        return NULL;
    for (const struct config_node *child = mapping->first; child != NULL; child = child->next) {
        size_t size = strlen(child->key);

        if (strncmp(path, child->key, size) == 0 && strchr(".[", path[size]) != NULL &&
            (best == NULL || size > *taken)) {
            best = child;
            *taken = size;
        }
    }
    return best;
}

static const struct config_node *
child_by_index(const struct config_node *sequence, const char *path, size_t *taken)
{
    const struct config_node *child = sequence->kind == CONFIG_SEQUENCE ? sequence->first : NULL;
    char *end;
    unsigned long index = strtoul(path + 1, &end, 10);

    if (*end != ']')
        return NULL;
    *taken = end + 1 - path;
    while (child != NULL && child->index != index)
        child = child->next;
    return child;
}

const struct config_node *
config_node_walk(const struct config_node *from, const char *path, bool *whole)
{
    while (*path != '\0') {
        size_t taken = 0;
        const struct config_node *child;

        if (*path == '.')
            path++;
        child =
            *path == '[' ? child_by_index(from, path, &taken) : child_by_path(from, path, &taken);
        if (child == NULL)
            break;
        from = child;
        path += taken;
    }
    *whole = *path == '\0';
    return from;
}

bool
config_node_empty(const struct config_node *node)
{
    return node->kind == CONFIG_ABSENT ||
           (node->kind == CONFIG_SCALAR && !node->quoted && node->text[0] == '\0');
}

static size_t
write_path(const struct config_node *node, char *path, size_t used)
{
    int size;

    if (node->parent == NULL)
        return used;
    used = write_path(node->parent, path, used);
    if (node->key != NULL)
        size =
            snprintf(path + used, CONFIG_PATH_SIZE - used, "%s%s", used > 0 ? "." : "", node->key);
    else
        size = snprintf(path + used, CONFIG_PATH_SIZE - used, "[%zu]", node->index);
    used += size < 0 ? 0 : (size_t)size;
    return used < CONFIG_PATH_SIZE ? used : CONFIG_PATH_SIZE - 1;
}

char *
config_node_path(const struct config_node *node, char *path)
{
    path[0] = '\0';
    write_path(node, path, 0);
    return path;
}

struct config_mark
config_node_mark(const struct config_node *node)
{
    if (node->given)
        return node->mark;
    while (node != NULL && !node->given)
        node = node->parent;
    if (node == NULL ||
        node->parent == NULL) /* missing from the top level: nowhere in particular */
        return (struct config_mark){0, 0};
    return node->key != NULL ? node->key_mark : node->mark;
}

void
config_node_complain(struct config_source *source, const struct config_node *node,
                     const char *format, ...)
{
    char path[CONFIG_PATH_SIZE];
    va_list args;

    va_start(args, format);
    config_complain(source, config_node_mark(node), config_node_path(node, path), true, format,
                    args);
    va_end(args);
}

void
config_node_complain_key(struct config_source *source, const struct config_node *node,
                         const char *format, ...)
{
    char path[CONFIG_PATH_SIZE];
    va_list args;

    va_start(args, format);
    config_complain(source, node->key_mark, config_node_path(node, path), true, format, args);
    va_end(args);
}

void
config_node_complain_hidden(struct config_source *source, const struct config_node *node,
                            const char *format, ...)
{
    char path[CONFIG_PATH_SIZE];
    va_list args;

    va_start(args, format);
    config_complain(source, config_node_mark(node), config_node_path(node, path), false, format,
                    args);
    va_end(args);
}
