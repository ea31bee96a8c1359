/* tree.c - libyaml's events, built into nodes.
 *
 * Events and not libyaml's documents, because a document has forgotten what was an alias, accepts
 * what we refuse, and is built whole before one can object to its depth.
 */
#include "common/config/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define KEY_SIZE_MAX 128 /* escaped it must stay below the 1,024 that YAML allows a simple key */

struct builder {
    yaml_parser_t parser;
    struct config_source *source;
    struct fr_arena *arena;
    bool given;
    enum fr_error err; /* the first that ends it all */
};

static struct config_mark
mark_of(yaml_mark_t mark)
{
    return (struct config_mark){mark.line + 1, mark.column + 1};
}

/* Ends the building: `reason` about a place that no node stands for. */
__attribute__((format(printf, 3, 4))) static void
fail(struct builder *b, struct config_mark mark, const char *format, ...)
{
    va_list args;

    b->err = FR_INVALID;
    va_start(args, format);
    config_complain(b->source, mark, "", true, format, args);
    va_end(args);
}

/* libyaml's own words, but for the mistake that everybody makes once. */
static void
fail_by_parser(struct builder *b)
{
    const yaml_parser_t *parser = &b->parser;
    struct config_mark mark = mark_of(parser->problem_mark);

    if (parser->error == YAML_MEMORY_ERROR)
        b->err = FR_NO_MEMORY;
    else if (parser->error == YAML_READER_ERROR)
        fail(b, (struct config_mark){0, 0}, "%s at byte %zu", parser->problem,
             parser->problem_offset + 1);
    else if (parser->problem_mark.index < b->source->size &&
             strstr(parser->problem, "cannot start any token") != NULL &&
             memchr(b->source->text, '\t', b->source->size) != NULL)
        fail(b, mark, "not YAML here: a tab cannot indent, blanks do");
    else if (parser->context != NULL)
        fail(b, mark, "not YAML: %s %s", parser->context, parser->problem);
    else
        fail(b, mark, "not YAML: %s", parser->problem);
}

static bool
next_event(struct builder *b, yaml_event_t *event)
{
    if (b->err == FR_OK && !yaml_parser_parse(&b->parser, event))
        fail_by_parser(b);
    return b->err == FR_OK;
}

/* `place` says where the node hangs: parent, key, key_mark, index. */
static struct config_node *
node_new(struct builder *b, enum config_node_kind kind, const yaml_event_t *event,
         const struct config_node *place)
{
    struct config_node *node = fr_arena_alloc(b->arena, sizeof(*node));

    if (node == NULL) {
        b->err = FR_NO_MEMORY;
        return NULL;
    }
    *node = *place;
    node->kind = kind;
    node->given = b->given;
    node->mark = mark_of(event->start_mark);
    return node;
}

static void
append(struct config_node *parent, struct config_node *child)
{
    parent->count++;
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
}

/* The text of a scalar, which must be a C string; NULL after a complaint. */
static const char *
scalar_text(struct builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value, *text;
    size_t size = event->data.scalar.length;

    if (memchr(value, '\0', size) != NULL) {
        fail(b, mark_of(event->start_mark), "a NUL character cannot be part of a configuration");
        return NULL;
    }
    text = fr_arena_strndup(b->arena, value, size);
    if (text == NULL)
        b->err = FR_NO_MEMORY;
    return text;
}

static void
refuse_decoration(struct builder *b, struct config_mark mark, const yaml_char_t *anchor,
                  const yaml_char_t *tag)
{
    if (anchor != NULL)
        fail(b, mark, "anchors (&%s) are not allowed: write the value where it is meant", anchor);
    else if (tag != NULL)
        fail(b, mark, "tags (%s) are not allowed: the key decides its type", tag);
}

static struct config_node *take_node(struct builder *b, yaml_event_t *event,
                                     const struct config_node *place, int depth);

static void
take_sequence(struct builder *b, struct config_node *sequence, int depth)
{
    yaml_event_t event;

    while (next_event(b, &event)) {
        struct config_node place = {.parent = sequence, .index = sequence->count}, *child;

        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return;
        }
        child = take_node(b, &event, &place, depth);
        if (child != NULL)
            append(sequence, child);
    }
}

static int
by_key_then_place(const void *a, const void *b)
{
    const struct config_node *left = *(const struct config_node *const *)a;
    const struct config_node *right = *(const struct config_node *const *)b;
    int order = strcmp(left->key, right->key);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* Sorted and not compared each with each: a hostile file has tens of thousands of keys. */
static void
refuse_duplicates(struct builder *b, struct config_node *mapping)
{
    struct fr_arena_mark mark = fr_arena_mark(b->arena);
    struct config_node **sorted, *first, *child;
    size_t count = 0;

    if (mapping->count < 2)
        return;
    sorted = fr_arena_zalloc(b->arena, mapping->count, sizeof(*sorted));
    if (sorted == NULL) {
        b->err = FR_NO_MEMORY;
        return;
    }
    for (child = mapping->first; child != NULL; child = child->next)
        sorted[count++] = child;
    qsort(sorted, count, sizeof(*sorted), by_key_then_place);
    first = sorted[0];
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i]->key, first->key) != 0) {
            first = sorted[i];
            continue;
        }
        sorted[i]->bad = true;
        config_node_complain_key(b->source, sorted[i],
                                 "stands here a second time, first in line %zu",
                                 first->key_mark.line);
    }
    fr_arena_release(b->arena, mark);
}

/* The key that `event` is.  Takes the event.  NULL when b->err is set. */
static const char *
take_key(struct builder *b, yaml_event_t *event)
{
    const char *key = NULL;

    if (event->type == YAML_SCALAR_EVENT && event->data.scalar.length > KEY_SIZE_MAX) {
        fail(b, mark_of(event->start_mark), "a key of more than %d bytes", KEY_SIZE_MAX);
    } else if (event->type == YAML_SCALAR_EVENT) {
        refuse_decoration(b, mark_of(event->start_mark), event->data.scalar.anchor,
                          event->data.scalar.tag);
        key = scalar_text(b, event);
    } else {
        fail(b, mark_of(event->start_mark), "a key must be a plain word");
    }
    yaml_event_delete(event);
    return key;
}

static void
take_mapping(struct builder *b, struct config_node *mapping, int depth)
{
    yaml_event_t event;

    while (next_event(b, &event)) {
        struct config_node place = {.parent = mapping, .index = mapping->count}, *child;

        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            refuse_duplicates(b, mapping);
            return;
        }
        place.key_mark = mark_of(event.start_mark);
        place.key = take_key(b, &event);
        if (!next_event(b, &event))
            return;
        child = take_node(b, &event, &place, depth);
        if (child != NULL)
            append(mapping, child);
    }
}

static struct config_node *
take_scalar(struct builder *b, const yaml_event_t *event, const struct config_node *place)
{
    struct config_node *node = node_new(b, CONFIG_SCALAR, event, place);

    refuse_decoration(b, mark_of(event->start_mark), event->data.scalar.anchor,
                      event->data.scalar.tag);
    if (node == NULL)
        return NULL;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = scalar_text(b, event);
    return node;
}

/* The node that begins with `event`, to its end.  Takes the event.  NULL when b->err is set. */
static struct config_node *
take_node(struct builder *b, yaml_event_t *event, const struct config_node *place, int depth)
{
    struct config_mark mark = mark_of(event->start_mark);
    struct config_node *node = NULL;

    if (depth > CONFIG_DEPTH_MAX && event->type != YAML_SCALAR_EVENT) {
        fail(b, mark, "deeper than %d levels", CONFIG_DEPTH_MAX);
    } else if (event->type == YAML_SCALAR_EVENT) {
        node = take_scalar(b, event, place);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        refuse_decoration(b, mark, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        node = node_new(b, CONFIG_SEQUENCE, event, place);
        if (node != NULL)
            take_sequence(b, node, depth + 1);
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        refuse_decoration(b, mark, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        node = node_new(b, CONFIG_MAPPING, event, place);
        if (node != NULL)
            take_mapping(b, node, depth + 1);
    } else {
        fail(b, mark, "aliases (*%s) are not allowed: write the value where it is meant",
             event->type == YAML_ALIAS_EVENT ? (const char *)event->data.alias.anchor : "");
    }
    yaml_event_delete(event);
    return b->err == FR_OK ? node : NULL;
}

/* The first document's root; NULL without b->err when the text holds none. */
static struct config_node *
take_document(struct builder *b, const struct config_node *place)
{
    struct config_node *root = NULL;
    yaml_event_t event;
    bool end = false;

    while (!end && next_event(b, &event)) {
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (root != NULL)
                fail(b, mark_of(event.start_mark), "a second document: one file is one document");
            break;
        case YAML_STREAM_END_EVENT:
            end = true;
            break;
        default:
            root = take_node(b, &event, place, 1);
            continue; /* the event was taken */
        }
        yaml_event_delete(&event);
    }
    return root;
}

static enum fr_error
build(struct config_source *source, struct fr_arena *arena, bool given,
      const struct config_node *place, struct config_node **root)
{
    struct builder b = {.source = source, .arena = arena, .given = given};

    if (!yaml_parser_initialize(&b.parser))
        return FR_NO_MEMORY;
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)source->text, source->size);
    *root = take_document(&b, place);
    yaml_parser_delete(&b.parser);
    return b.err;
}

enum fr_error
config_tree_parse(struct config_source *source, struct fr_arena *arena, struct config_node **root)
{
    const struct config_node top = {.parent = NULL};
    struct config_node *node = NULL;
    enum fr_error err = build(source, arena, true, &top, &node);

    if (err != FR_OK)
        return err;
    if (node == NULL || config_node_empty(node)) {
        node = config_node_made(arena, NULL, NULL, NULL);
        if (node == NULL)
            return FR_NO_MEMORY;
    } else if (node->kind != CONFIG_MAPPING) {
        config_node_complain(source, node, "the top level must be made of `key: value` lines");
        return FR_INVALID;
    }
    *root = node;
    return FR_OK;
}

struct config_node *
config_tree_default(struct fr_arena *arena, const struct config_node *parent, const char *key,
                    const char *yaml)
{
    struct config_source source = {.name = "default", .text = yaml, .size = strlen(yaml)};
    const struct config_node place = {.parent = parent, .key = key};
    struct config_node *root = NULL;

    return build(&source, arena, false, &place, &root) == FR_OK ? root : NULL;
}
