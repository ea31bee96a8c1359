/* config.h - from YAML to a C struct, and what is wrong said as file:line:column: key: reason.
 *
 * A schema is an array of keys, one row per knob; the same row checks, documents and prints it:
 *
 *     static const struct fr_config_key keys[] = {
 *         { "offer_time", FR_CONFIG_SPAN, offsetof(struct routing_config, offer_time), "20s",
 *           .min = 1000000, .max = 600000000, .doc = "How long an agent has to answer an offer." },
 *         { "queues", FR_CONFIG_LIST, offsetof(struct routing_config, queues), NULL,
 *           .keys = queue_keys, .item_size = sizeof(struct routing_queue),
 *           .doc = "Queues in order; the first whose conditions hold takes the task." },
 *         { NULL } };
 *
 * One YAML file configures a whole installation: top-level `run`, `state`..., and one section per
 * service.  A reader names the sections that it knows; whether other sections are known is asked by
 * `fil check`, which runs every service's own --check.
 *
 * Limits (hostile YAML makes libyaml quadratic): 256 KiB, 16 levels, no anchors, aliases or tags.
 * Duplicate keys, unknown keys ("did you mean"), numbers without a unit where one is due are
 * errors.
 */
#ifndef FR_CONFIG_CONFIG_H
#define FR_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "common/base/error.h"
#include "common/base/time.h"

enum fr_config_type {
    FR_CONFIG_STRING, /* const char *; min and max bound its length in bytes */
    FR_CONFIG_BOOL,   /* bool: true or false */
    FR_CONFIG_INT,    /* int64_t within [min, max] */
    FR_CONFIG_REAL,   /* double within [min, max] */
    FR_CONFIG_SIZE,   /* int64_t bytes: 4096, 64KiB, 1GiB */
    FR_CONFIG_SPAN,   /* struct fr_span; min and max in microseconds */
    FR_CONFIG_CHOICE, /* int: the position in `choices`, "auto|text|json" */
    FR_CONFIG_SECRET, /* const char *: file:PATH (its content without the last newline) or env:NAME
                       */
    FR_CONFIG_ENDPOINT, /* const char *: ipc://, tcp:// or inproc:// and nothing else */
    FR_CONFIG_STRINGS,  /* struct fr_config_list of const char * */
    FR_CONFIG_SECTION,  /* the nested struct itself, described by `keys` */
    FR_CONFIG_LIST,     /* struct fr_config_list of structs of item_size, described by `keys` */
    FR_CONFIG_MAP,      /* like LIST, written as a mapping; the first of `keys` receives the name */
};

struct fr_config_list {
    void *items; /* item_size bytes each; NULL when empty */
    size_t count;
};

struct fr_config_key {
    const char *name;
    enum fr_config_type type;
    size_t offset;            /* in the struct being filled */
    const char *default_text; /* as it would stand in the file; NULL: none */
    bool required;            /* an error when absent (then no default), also when its section is */
    int64_t min, max;    /* both 0: unbounded; max < min: no upper bound; for lists the count */
    const char *choices; /* CHOICE: names separated by | */
    const struct fr_config_key *keys; /* SECTION, LIST, MAP */
    size_t item_size;                 /* LIST, MAP */
    const char *doc;                  /* one sentence for the operator */
};

/* Called after all sections were filled, for what a row cannot say (two keys that exclude each
 * other), unless a row was complained about already.  Report with fr_config_complain; `path` is
 * e.g. "queues[2].skills". */
struct fr_config;
typedef void fr_config_check_fn(struct fr_config *config, const void *section);

struct fr_config_section {
    const char *name; /* top-level key, or "" for the file's top level itself */
    const struct fr_config_key *keys;
    size_t size;               /* of the struct to fill */
    fr_config_check_fn *check; /* or NULL */
};

/* Reads `path`, fills one struct per section (absent sections get their defaults).  With sections
 * "" and others, the top level may hold the keys of "", the others' names, and any further section
 * (skipped unread).  Everything wrong goes to `complaints` (one line each, with the offending line
 * and a caret below), not only the first error.  FR_INVALID when there was any; FR_NOT_FOUND, FR_IO
 * for the file itself (said on complaints as well).  *out owns all structs, lists and strings;
 * names and keys of the sections are borrowed for its life.
 * A secret's relative path starts at the directory of `path`, or of `name`.  complaints may be
 * NULL. */
enum fr_error fr_config_load(const char *path, const struct fr_config_section *sections,
                             size_t section_count, FILE *complaints, struct fr_config **out);

/* The same from memory; `name` stands for the file name in complaints. */
enum fr_error fr_config_parse(const char *text, size_t size, const char *name,
                              const struct fr_config_section *sections, size_t section_count,
                              FILE *complaints, struct fr_config **out);
void fr_config_free(struct fr_config **config);

/* The filled struct of section `name`; NULL if the section was not asked for. */
const void *fr_config_get(const struct fr_config *config, const char *name);

/* Where relative paths in the file start: its directory. */
const char *fr_config_dir(const struct fr_config *config);

/* Was the key in the file?  `path` is inside the section: "offer_time", "stage.listen",
 * "queues[2].name".  How one level overrides another key by key, as `<service>.stage` does the
 * top-level `stage`: load both, and take the inner value where it is set. */
bool fr_config_is_set(const struct fr_config *config, const char *section, const char *path);

/* Reports what is wrong with the value at `path`: for check functions, and as long as the stream of
 * complaints is open.  A path that is not in the file points at what it is missing from. */
void fr_config_complain(struct fr_config *config, const char *section, const char *path,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The names of all top-level keys of the file, in order, for `fil check`; borrowed. */
size_t fr_config_top_level(const struct fr_config *config, const char ***names);

/* What is in force, as YAML that could be loaded again; secrets print as their reference. */
void fr_config_print(const struct fr_config *config, const char *section, FILE *out);

/* The reference of a section: every key with type, default, range and sentence, as Markdown. */
void fr_config_reference(const struct fr_config_section *section, FILE *out);

#endif
