/* value.h - one value: from its text, to its text, and what may stand there. */
#ifndef FR_CONFIG_VALUE_H
#define FR_CONFIG_VALUE_H

#include "common/config/loaded.h"

#define CONFIG_RANGE_SIZE 128

/* Whether keys like this one hold one value, and not a section or a list. */
bool config_value_is_scalar(enum fr_config_type type);

/* Reads the node into *target, whose C type is the key's; complains, and leaves it, when it cannot.
 */
void config_value_read(struct fr_config *config, const struct fr_config_key *key,
                       const struct config_node *node, void *target);

/* *target as it could stand in a file.  Secrets print as `reference`. */
void config_value_print(const struct fr_config_key *key, const void *target, const char *reference,
                        FILE *out);

/* A text as a YAML scalar: bare where every reader of YAML takes it for a text, else quoted. */
void config_text_print(const char *text, FILE *out);

/* "time, like 250ms, 60s, 5m": for the reference. */
const char *config_type_name(enum fr_config_type type);

/* "from 1s to 10m", "at least 1", "" when unbounded, into range[CONFIG_RANGE_SIZE]; returns range.
 */
char *config_range(const struct fr_config_key *key, char *range);

/* min <= value <= max.  Both 0: no bounds; max < min: no upper bound. */
bool config_in_range(const struct fr_config_key *key, int64_t value);

#endif
