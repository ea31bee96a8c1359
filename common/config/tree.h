/* tree.h - the YAML text as a tree of nodes that know where they stand. */
#ifndef FR_CONFIG_TREE_H
#define FR_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/config/complain.h"

#define CONFIG_SIZE_MAX (256 * 1024)
#define CONFIG_DEPTH_MAX 16
#define CONFIG_PATH_SIZE 512 /* a path's text; longer ones are cut */

enum config_node_kind {
    CONFIG_SCALAR,
    CONFIG_SEQUENCE,
    CONFIG_MAPPING,
    CONFIG_ABSENT, /* not in the file and without a default: an empty section or list */
};

struct config_node {
    enum config_node_kind kind;
    bool given;                       /* stands in the file; false: made from a default */
    bool quoted;                      /* scalars */
    bool bad;                         /* was complained about already: do not look at it again */
    const struct config_node *parent; /* NULL: the root */
    const char *key;                  /* in its parent mapping; NULL in a sequence */
    size_t index;                     /* in its parent */
    struct config_mark key_mark, mark;
    const char *text; /* scalars; never NULL there */
    struct config_node *first, *last, *next;
    size_t count; /* of children */
};

/* Text to tree, everything in the arena.  Refuses what DESIGN.md does not want in a configuration
 * (anchors, aliases, tags, depth, a second document, duplicate keys), each with a complaint.
 *
 *   FR_OK         *root is a mapping, also for an empty text; nodes that were complained about are
 *                 marked bad.
 *   FR_INVALID    this is no YAML (said), or its top level is no mapping.
 *   FR_NO_MEMORY  the arena is spent.
 */
enum fr_error config_tree_parse(struct config_source *source, struct fr_arena *arena,
                                struct config_node **root);

/* A default that is written as YAML ("[a, b]"), as the value of `key` under `parent`.  NULL when
 * the arena is spent or the text is no YAML. */
struct config_node *config_tree_default(struct fr_arena *arena, const struct config_node *parent,
                                        const char *key, const char *yaml);

/* A node that does not stand in the file: `text` as scalar, or CONFIG_ABSENT when NULL. */
struct config_node *config_node_made(struct fr_arena *arena, const struct config_node *parent,
                                     const char *key, const char *text);

const struct config_node *config_node_child(const struct config_node *mapping, const char *key);

/* Follow "queues[2].skills" as far as it goes: the last node that exists; *whole says whether the
 * path ended there.  Names may contain dots ("shop.example"): the longest name that fits is taken.
 */
const struct config_node *config_node_walk(const struct config_node *from, const char *path,
                                           bool *whole);

/* No value at all (`key:`), or nothing in the file. */
bool config_node_empty(const struct config_node *node);

/* "routing.queues[2].name" into path[CONFIG_PATH_SIZE]; returns path. */
char *config_node_path(const struct config_node *node, char *path);

/* Where to point the reader: the value; for what is not in the file, the key of what it is missing
 * from. */
struct config_mark config_node_mark(const struct config_node *node);

/* Complaints about a node: its value (or, if it is not given, about its absence), its key, or its
 * value without showing it. */
void config_node_complain(struct config_source *source, const struct config_node *node,
                          const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_node_complain_key(struct config_source *source, const struct config_node *node,
                              const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_node_complain_hidden(struct config_source *source, const struct config_node *node,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
