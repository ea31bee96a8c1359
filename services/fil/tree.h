/* tree.h - a YAML file or text as it stands, for what fil must know of sections that are not its
 * own. */
#ifndef FR_FIL_TREE_H
#define FR_FIL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include "common/config/tree.h"

struct fil_tree {
    struct config_source source; /* complaints about its nodes go to source.complaints */
    struct config_node *root;
    struct fr_arena *arena;
    char *text;
};

/* NULL: cannot be read, or is no YAML (nothing is printed: the services' own check says it better).
 */
struct fil_tree *fil_tree_load(const char *path);
struct fil_tree *fil_tree_parse(const char *text);
void fil_tree_free(struct fil_tree **tree);

const struct config_node *fil_tree_node(const struct fil_tree *tree, const char *path);
/* A scalar's text; false (and text untouched) when there is none at that path.  NULL trees have
 * nothing. */
bool fil_tree_text(const struct fil_tree *tree, const char *path, char *text, size_t size);
/* The i-th key of a mapping, or the i-th scalar of a sequence. */
bool fil_tree_name(const struct fil_tree *tree, const char *path, size_t i, char *text,
                   size_t size);

#endif
