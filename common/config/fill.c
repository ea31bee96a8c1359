/* fill.c - the walk over schema and tree that fills a struct. */
#include <string.h>
#include "common/config/suggest.h"
#include "common/config/value.h"

#define COMPLAIN(...) config_node_complain(&config->source, node, __VA_ARGS__)

void *
config_alloc(struct fr_config *config, size_t count, size_t item_size)
{
    void *memory = fr_arena_zalloc(config->arena, count, item_size);

    if (memory == NULL)
        config->spent = true;
    return memory;
}

static const struct fr_config_key *
key_by_name(const struct fr_config_key *keys, const char *name)
{
    for (; keys->name != NULL; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static void
complain_unknown(struct fr_config *config, const struct fr_config_key *keys,
                 const struct config_node *child)
{
    struct config_suggestion suggestion = {.word = child->key};

    for (; keys->name != NULL; keys++)
        config_suggest(&suggestion, keys->name);
    if (suggestion.best != NULL)
        config_node_complain_key(&config->source, child, "unknown key; did you mean %s?",
                                 suggestion.best);
    else
        config_node_complain_key(&config->source, child, "unknown key");
}

/* Room for count items in *list; NULL when there is nothing to fill: no items, or a complaint. */
static char *
list_room(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
          size_t item_size, struct fr_config_list *list)
{
    char range[CONFIG_RANGE_SIZE];

    if (!config_in_range(key, (int64_t)node->count) && (node->given || node->count > 0)) {
        COMPLAIN("has %zu entries, must have %s", node->count, config_range(key, range));
        return NULL;
    }
    if (node->count == 0)
        return NULL;
    list->items = config_alloc(config, node->count, item_size);
    list->count = list->items == NULL ? 0 : node->count;
    return list->items;
}

static void
fill_strings(struct fr_config *config, const struct fr_config_key *key,
             const struct config_node *node, struct fr_config_list *list)
{
    static const struct fr_config_key item = {.name = "", .type = FR_CONFIG_STRING, .min = 1};
    const char **texts;

    if (node->kind != CONFIG_SEQUENCE && !config_node_empty(node)) {
        COMPLAIN("must be a list: [one, two], or lines that begin with a dash");
        return;
    }
    texts = (const char **)list_room(config, key, node, sizeof(*texts), list);
    if (texts == NULL)
        return;
    for (const struct config_node *child = node->first; child != NULL; child = child->next)
        config_value_read(config, &item, child, texts++);
}

static void
fill_list(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
          struct fr_config_list *list)
{
    char *item;

    if (node->kind != CONFIG_SEQUENCE && !config_node_empty(node)) {
        COMPLAIN("must be a list: entries that begin with a dash");
        return;
    }
    item = list_room(config, key, node, key->item_size, list);
    if (item == NULL)
        return;
    for (const struct config_node *child = node->first; child != NULL; child = child->next) {
        config_fill(config, key->keys, child, item);
        item += key->item_size;
    }
}

/* The name of an entry of a map goes where its first row says, and under that row's bounds. */
static void
fill_name(struct fr_config *config, const struct fr_config_key *key,
          const struct config_node *child, void *item)
{
    struct config_node name = *child;

    name.kind = CONFIG_SCALAR;
    name.text = child->key;
    name.quoted = true;
    name.mark = child->key_mark;
    config_value_read(config, key, &name, (char *)item + key->offset);
}

static void
fill_map(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
         struct fr_config_list *list)
{
    char *item;

    if (node->kind != CONFIG_MAPPING && !config_node_empty(node)) {
        COMPLAIN("must be a mapping: one `name:` each, its keys below");
        return;
    }
    item = list_room(config, key, node, key->item_size, list);
    if (item == NULL)
        return;
    for (const struct config_node *child = node->first; child != NULL; child = child->next) {
        fill_name(config, key->keys, child, item);
        config_fill(config, key->keys + 1, child, item);
        item += key->item_size;
    }
}

static void
fill_key(struct fr_config *config, const struct fr_config_key *key, const struct config_node *node,
         void *base)
{
    void *target = (char *)base + key->offset;

    switch (key->type) {
    case FR_CONFIG_SECTION:
        config_fill(config, key->keys, node, target);
        break;
    case FR_CONFIG_STRINGS:
        fill_strings(config, key, node, target);
        break;
    case FR_CONFIG_LIST:
        fill_list(config, key, node, target);
        break;
    case FR_CONFIG_MAP:
        fill_map(config, key, node, target);
        break;
    default:
        config_value_read(config, key, node, target);
    }
}

bool
config_fill_given(struct fr_config *config, const struct fr_config_key *keys,
                  const struct config_node *child, void *base)
{
    const struct fr_config_key *key = key_by_name(keys, child->key);

    if (key != NULL && !child->bad)
        fill_key(config, key, child, base);
    return key != NULL;
}

/* The node that an absent key stands for; NULL when the arena is spent or the default is no YAML.
 */
static struct config_node *
default_node(struct fr_config *config, const struct fr_config_key *key,
             const struct config_node *parent)
{
    struct config_node *node;

    if (key->default_text == NULL || config_value_is_scalar(key->type)) {
        node = config_node_made(config->arena, parent, key->name, key->default_text);
        if (node != NULL)
            node->quoted = true; /* "" is an empty text and not "no value" */
    } else {
        node = config_tree_default(config->arena, parent, key->name, key->default_text);
    }
    if (node == NULL)
        config->spent = true;
    return node;
}

void
config_fill_rest(struct fr_config *config, const struct fr_config_key *keys,
                 const struct config_node *node, void *base)
{
    for (const struct fr_config_key *key = keys; key->name != NULL; key++) {
        struct config_node *absent;

        if (config_node_child(node, key->name) != NULL)
            continue;
        absent = default_node(config, key, node);
        if (absent == NULL)
            return;
        if (key->required)
            config_node_complain(&config->source, absent, "is required: %s", key->doc);
        else if (key->default_text != NULL || key->type == FR_CONFIG_SECTION)
            fill_key(config, key, absent, base);
    }
}

void
config_fill(struct fr_config *config, const struct fr_config_key *keys,
            const struct config_node *node, void *base)
{
    if (node->kind != CONFIG_MAPPING && !config_node_empty(node)) {
        COMPLAIN("must be a section: `key: value` lines below it");
        return;
    }
    for (const struct config_node *child = node->first; child != NULL; child = child->next)
        if (!config_fill_given(config, keys, child, base) && !child->bad)
            complain_unknown(config, keys, child);
    config_fill_rest(config, keys, node, base);
}
