/* config.c - a configuration's life: read, filled, checked, asked, freed. */
#include "common/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/config/loaded.h"
#include "common/config/suggest.h"

/* Far more than 256 KiB of YAML need, unless somebody tries. */
#define ARENA_SIZE_MAX (64 * 1024 * 1024)
#define ARENA_BLOCK_SIZE (64 * 1024)

__attribute__((format(printf, 2, 3))) static void
complain_about_file(struct config_source *source, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    config_complain(source, (struct config_mark){0, 0}, "", false, format, args);
    va_end(args);
}

/* ---- the sections ------------------------------------------------------------------------------
 */

static struct config_part *
part_by_name(const struct fr_config *config, const char *name)
{
    for (size_t i = 0; i < config->part_count; i++)
        if (strcmp(config->parts[i].schema.name, name) == 0)
            return &config->parts[i];
    return NULL;
}

static bool
prepare_parts(struct fr_config *config, const struct fr_config_section *sections,
              size_t section_count)
{
    config->parts = config_alloc(config, section_count, sizeof(*config->parts));
    if (config->parts == NULL)
        return false;
    for (size_t i = 0; i < section_count; i++) {
        struct config_part *part = &config->parts[config->part_count];

        fr_assert(part_by_name(config, sections[i].name) == NULL);
        part->schema = sections[i];
        part->filled = config_alloc(config, 1, sections[i].size);
        part->node = config_node_made(config->arena, config->root, sections[i].name, NULL);
        if (part->filled == NULL || part->node == NULL)
            return false;
        config->part_count++;
    }
    return true;
}

static bool
list_top_level(struct fr_config *config)
{
    size_t count = 0;

    config->top_level = config_alloc(config, config->root->count, sizeof(*config->top_level));
    if (config->top_level == NULL)
        return false;
    for (const struct config_node *child = config->root->first; child != NULL; child = child->next)
        config->top_level[count++] = child->key;
    return true;
}

/* A single value or a list at the top level is no section of somebody else: it is a slip. */
static void
complain_stray(struct fr_config *config, const struct config_node *child)
{
    struct config_suggestion suggestion = {.word = child->key};

    for (size_t i = 0; i < config->part_count; i++) {
        const struct fr_config_section *schema = &config->parts[i].schema;

        if (schema->name[0] != '\0')
            config_suggest(&suggestion, schema->name);
        for (const struct fr_config_key *key = schema->keys;
             schema->name[0] == '\0' && key->name != NULL; key++)
            config_suggest(&suggestion, key->name);
    }
    config_node_complain_key(&config->source, child, "unknown key%s%s%s",
                             suggestion.best == NULL ? "" : "; did you mean ",
                             suggestion.best == NULL ? "" : suggestion.best,
                             suggestion.best == NULL ? "" : "?");
}

static void
fill_part(struct fr_config *config, struct config_part *part, const struct config_node *node)
{
    part->node = node;
    config_fill(config, part->schema.keys, node, part->filled);
}

/* What stands in the file, in its order, so that complaints come from top to bottom. */
static void
fill_given(struct fr_config *config)
{
    const struct config_part *top = part_by_name(config, "");

    for (const struct config_node *child = config->root->first; child != NULL;
         child = child->next) {
        struct config_part *part = child->key[0] == '\0' ? NULL : part_by_name(config, child->key);

        if (child->bad)
            continue;
        if (part != NULL)
            fill_part(config, part, child);
        else if (top != NULL && !config_fill_given(config, top->schema.keys, child, top->filled) &&
                 child->kind != CONFIG_MAPPING && !config_node_empty(child))
            complain_stray(config, child);
    }
}

static void
fill_rest(struct fr_config *config)
{
    for (size_t i = 0; i < config->part_count; i++) {
        struct config_part *part = &config->parts[i];

        if (part->schema.name[0] == '\0') {
            part->node = config->root;
            config_fill_rest(config, part->schema.keys, config->root, part->filled);
        } else if (part->node->kind == CONFIG_ABSENT) {
            fill_part(config, part, part->node);
        }
    }
}

/* Checks look at whole structs, so they wait until nothing is wrong with any row. */
static void
check_parts(struct fr_config *config)
{
    if (config->source.complaint_count > 0 || config->spent)
        return;
    for (size_t i = 0; i < config->part_count; i++)
        if (config->parts[i].schema.check != NULL)
            config->parts[i].schema.check(config, config->parts[i].filled);
}

/* ---- from text to configuration ----------------------------------------------------------------
 */

static const char *
directory_of(struct fr_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return ".";
    return slash == path ? "/" : fr_arena_strndup(arena, path, slash - path);
}

/* Everything but the verdict: complaints are counted in the source. */
static enum fr_error
read_text(struct fr_config *config, const struct fr_config_section *sections, size_t section_count)
{
    struct config_node *root = NULL;
    enum fr_error err;

    if (config->source.size > CONFIG_SIZE_MAX) {
        complain_about_file(&config->source, "is larger than %d bytes", CONFIG_SIZE_MAX);
        return FR_INVALID;
    }
    err = config_tree_parse(&config->source, config->arena, &root);
    if (err != FR_OK)
        return err;
    config->root = root;
    if (!prepare_parts(config, sections, section_count) || !list_top_level(config))
        return FR_NO_MEMORY;
    fill_given(config);
    fill_rest(config);
    check_parts(config);
    if (config->spent)
        return FR_NO_MEMORY;
    return config->source.complaint_count > 0 ? FR_INVALID : FR_OK;
}

static struct fr_config *
config_new(const char *name, FILE *complaints)
{
    struct fr_arena *arena = fr_arena_new(ARENA_BLOCK_SIZE, ARENA_SIZE_MAX);
    struct fr_config *config =
        arena == NULL ? NULL : fr_arena_zalloc(arena, 1, sizeof(struct fr_config));

    if (config == NULL) {
        fr_arena_free(&arena);
        return NULL;
    }
    config->arena = arena;
    config->source.name = fr_arena_strdup(arena, name);
    config->source.complaints = complaints;
    config->dir = directory_of(arena, name);
    if (config->source.name == NULL || config->dir == NULL)
        fr_config_free(&config);
    return config;
}

enum fr_error
fr_config_parse(const char *text, size_t size, const char *name,
                const struct fr_config_section *sections, size_t section_count, FILE *complaints,
                struct fr_config **out)
{
    struct fr_config *config = config_new(name, complaints);
    enum fr_error err;

    if (config == NULL)
        return FR_NO_MEMORY;
    /* A copy, for the lines that complaints show; a text over the limit is not looked at. */
    config->source.size = size;
    config->source.text = size > CONFIG_SIZE_MAX ? "" : fr_arena_strndup(config->arena, text, size);
    err = config->source.text == NULL ? FR_NO_MEMORY : read_text(config, sections, section_count);
    if (err == FR_NO_MEMORY)
        complain_about_file(&config->source, "needs more memory than a configuration may");
    config_complain_end(&config->source);
    if (err == FR_OK)
        *out = config;
    else
        fr_config_free(&config);
    return err;
}

/* Up to `size_max` bytes of the file into buffer. */
static enum fr_error
read_whole(const char *path, char *buffer, size_t size_max, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t part = 1;

    if (fd < 0)
        return errno == ENOENT ? FR_NOT_FOUND : FR_IO;
    *size = 0;
    while (part > 0 && *size < size_max) {
        part = read(fd, buffer + *size, size_max - *size);
        if (part < 0 && errno == EINTR)
            part = 1;
        else if (part > 0)
            *size += part;
    }
    if (part < 0) {
        int saved_errno = errno;

        close(fd);
        errno = saved_errno;
        return FR_IO;
    }
    close(fd);
    return FR_OK;
}

enum fr_error
fr_config_load(const char *path, const struct fr_config_section *sections, size_t section_count,
               FILE *complaints, struct fr_config **out)
{
    struct config_source source = {.name = path, .complaints = complaints};
    char *buffer = malloc(CONFIG_SIZE_MAX + 1);
    size_t size = 0;
    enum fr_error err;

    if (buffer == NULL)
        return FR_NO_MEMORY;
    err = read_whole(path, buffer, CONFIG_SIZE_MAX + 1, &size);
    if (err == FR_OK)
        err = fr_config_parse(buffer, size, path, sections, section_count, complaints, out);
    else
        complain_about_file(&source, "cannot read it: %s", strerror(errno));
    free(buffer);
    return err;
}

void
fr_config_free(struct fr_config **config)
{
    struct fr_arena *arena;

    if (*config == NULL)
        return;
    config_secrets_wipe(*config);
    arena = (*config)->arena; /* the struct itself lives in it */
    fr_arena_free(&arena);
    *config = NULL;
}

/* ---- questions ---------------------------------------------------------------------------------
 */

const char *
fr_config_dir(const struct fr_config *config)
{
    return config->dir;
}

const void *
fr_config_get(const struct fr_config *config, const char *name)
{
    const struct config_part *part = part_by_name(config, name);

    return part == NULL ? NULL : part->filled;
}

static const struct config_node *
section_node(const struct fr_config *config, const char *section)
{
    return section[0] == '\0' ? config->root : config_node_child(config->root, section);
}

bool
fr_config_is_set(const struct fr_config *config, const char *section, const char *path)
{
    const struct config_node *node = section_node(config, section);
    bool whole = false;

    if (node == NULL)
        return false;
    node = config_node_walk(node, path, &whole);
    return whole && node->given;
}

void
fr_config_complain(struct fr_config *config, const char *section, const char *path,
                   const char *format, ...)
{
    const struct config_node *node = section_node(config, section);
    bool whole = false;
    struct config_mark mark = {0, 0};
    char full[CONFIG_PATH_SIZE];
    va_list args;

    if (node != NULL) {
        node = config_node_walk(node, path, &whole);
        mark = whole || node->key == NULL ? config_node_mark(node) : node->key_mark;
        if (node->parent == NULL) /* about the whole file */
            mark = (struct config_mark){0, 0};
    }
    snprintf(full, sizeof(full), "%s%s%s", section,
             section[0] != '\0' && path[0] != '\0' && path[0] != '[' ? "." : "", path);
    va_start(args, format);
    config_complain(&config->source, mark, full, true, format, args);
    va_end(args);
}

size_t
fr_config_top_level(const struct fr_config *config, const char ***names)
{
    *names = config->top_level;
    return config->root->count;
}
