/* tree.c - a YAML file or text as it stands. */
#include "services/fil/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fil_tree *
parse(char *text, size_t size, const char *name)
{
    struct fil_tree *tree = calloc(1, sizeof(*tree));

    fr_assert(tree != NULL);
    tree->text = text;
    tree->arena = fr_arena_new(16 << 10, 64 << 20);
    fr_assert(tree->arena != NULL);
    tree->source = (struct config_source){
        .name = fr_arena_strdup(tree->arena, name), .text = text, .size = size};
    if (config_tree_parse(&tree->source, tree->arena, &tree->root) != FR_OK)
        fil_tree_free(&tree);
    return tree;
}

struct fil_tree *
fil_tree_load(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(CONFIG_SIZE_MAX + 1);
    size_t size;

    fr_assert(text != NULL);
    if (file == NULL) {
        free(text);
        return NULL;
    }
    size = fread(text, 1, CONFIG_SIZE_MAX, file);
    text[size] = '\0';
    fclose(file);
    return parse(text, size, path);
}

struct fil_tree *
fil_tree_parse(const char *text)
{
    char *copy = strdup(text);

    fr_assert(copy != NULL);
    return parse(copy, strlen(copy), "text");
}

void
fil_tree_free(struct fil_tree **tree)
{
    if (*tree == NULL)
        return;
    fr_arena_free(&(*tree)->arena);
    free((*tree)->text);
    free(*tree);
    *tree = NULL;
}

const struct config_node *
fil_tree_node(const struct fil_tree *tree, const char *path)
{
    const struct config_node *node;
    bool whole;

    if (tree == NULL)
        return NULL;
    node = config_node_walk(tree->root, path, &whole);
    return whole ? node : NULL;
}

bool
fil_tree_text(const struct fil_tree *tree, const char *path, char *text, size_t size)
{
    const struct config_node *node = fil_tree_node(tree, path);

    if (node == NULL || node->kind != CONFIG_SCALAR || config_node_empty(node))
        return false;
    snprintf(text, size, "%s", node->text);
    return true;
}

bool
fil_tree_name(const struct fil_tree *tree, const char *path, size_t i, char *text, size_t size)
{
    const struct config_node *node = fil_tree_node(tree, path), *child;

    if (node == NULL || (node->kind != CONFIG_MAPPING && node->kind != CONFIG_SEQUENCE))
        return false;
    for (child = node->first; child != NULL && i > 0; child = child->next)
        i--;
    if (child == NULL || (node->kind == CONFIG_SEQUENCE && child->kind != CONFIG_SCALAR))
        return false;
    snprintf(text, size, "%s", node->kind == CONFIG_MAPPING ? child->key : child->text);
    return true;
}
