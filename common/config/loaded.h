/* loaded.h - what one loaded configuration consists of; private to this room. */
#ifndef FR_CONFIG_LOADED_H
#define FR_CONFIG_LOADED_H

#include "common/base/arena.h"
#include "common/config/config.h"
#include "common/config/tree.h"

struct config_part { /* one section that was asked for */
    struct fr_config_section schema;
    const struct config_node *node; /* CONFIG_ABSENT when the file does not have it */
    void *filled;
};

struct config_secret { /* wiped when the configuration is freed */
    char *text;
    size_t size;
    struct config_secret *next;
};

struct fr_config {
    struct fr_arena *arena; /* owns everything below */
    struct config_source source;
    const char *dir; /* relative paths of secrets start here */
    const struct config_node *root;
    struct config_part *parts;
    size_t part_count;
    const char **top_level;
    struct config_secret *secrets;
    bool spent; /* the arena: what was filled is incomplete */
};

/* From the arena, zeroed; NULL sets config->spent. */
void *config_alloc(struct fr_config *config, size_t count, size_t item_size);

/* fill.c - Fill base (a struct described by keys) from a mapping: what is given, then defaults for
 * the rest. An absent or empty node gives all defaults. */
void config_fill(struct fr_config *config, const struct fr_config_key *keys,
                 const struct config_node *node, void *base);

/* The two halves of it, for the top level, where not every key is the schema's.  config_fill_given
 * is false when keys has no such name. */
bool config_fill_given(struct fr_config *config, const struct fr_config_key *keys,
                       const struct config_node *child, void *base);
void config_fill_rest(struct fr_config *config, const struct fr_config_key *keys,
                      const struct config_node *node, void *base);

/* secret.c - The content behind "file:PATH" or "env:NAME"; NULL after a complaint. */
const char *config_secret(struct fr_config *config, const struct config_node *node);
void config_secrets_wipe(struct fr_config *config);

#endif
