/* scenario.h - scenario files: a stream of observations, and what must be true at checkpoints.
 *
 * The format ends the identity contract; README.md shows it.  Loading says where a file is wrong;
 * what cannot be understood inside one scenario fails that scenario and no other.
 */
#ifndef FR_TESTS_IDENTITY_SCENARIO_H
#define FR_TESTS_IDENTITY_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <yaml.h>

struct policy {
    long fan_out;
    double dormancy_days;
    char default_region[8];
    const yaml_node_t *own_keys; /* list, or NULL */
};

struct verdict {
    unsigned over_merges, under_merges;
    char *text; /* what was expected and what was found, line by line; "" when it passed */
    FILE *out;  /* writes text */
    bool failed;
};

struct document { /* one file */
    const char *path;
    yaml_document_t yaml;
};

/* A complaint about the file itself, on stderr with its line; false. */
bool complain(const struct document *document, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const yaml_node_t *node_at(const struct document *document, int index);
/* The value of a key of a mapping, or NULL. */
const yaml_node_t *member(const struct document *document, const yaml_node_t *map,
                          const char *name);
/* A scalar's text, or NULL. */
const char *text_of(const yaml_node_t *node);
size_t list_size(const yaml_node_t *list);
const yaml_node_t *list_item(const struct document *document, const yaml_node_t *list,
                             size_t index);
/* The first key of the mapping that is not among `known` (blank separated), or NULL. */
const char *unknown_member(const struct document *document, const yaml_node_t *map,
                           const char *known, const yaml_node_t **where);
bool number_of(const yaml_node_t *node, double *number);

/* Plays one scenario from its first to its last step. */
void play(const struct document *document, const yaml_node_t *scenario, const struct policy *policy,
          bool rebuild, struct verdict *verdict);
/* Reads `policy` over what *policy has already. */
bool read_policy(const struct document *document, const yaml_node_t *node, struct policy *policy);

#endif
