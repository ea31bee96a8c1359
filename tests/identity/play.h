/* play.h - one scenario being played: what its steps (play.c) and its checkpoints (expect.c) share.
 */
#ifndef FR_TESTS_IDENTITY_PLAY_H
#define FR_TESTS_IDENTITY_PLAY_H

#include "common/stage/given.h"
#include "proto/identity.pb-c.h"
#include "tests/identity/scenario.h"

#define KEYS_MAX 32
#define NAME_SIZE 80
#define TEXT_SIZE 512
#define DAY_S 86400.0

struct seen { /* one observation that was made */
    char name[NAME_SIZE];
    uint64_t observation;
    uint64_t first; /* the customer id first given for it */
};

struct scene { /* one scenario being played */
    const struct document *document;
    const struct policy *policy;
    struct verdict *verdict;
    struct fr_given *given;
    struct fr_arena *texts; /* of the step at hand: the given's own memory ends with each input */
    struct seen *seen;
    size_t count, room;
    double day;
    unsigned ops;
    unsigned number; /* of the copy that a gen makes; 0: no gen */
};

/* Says what is wrong, with file and line; the scenario has failed.  False. */
bool scene_fail(struct scene *scene, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Is it a mapping with no other members than these (blank separated)?  Else it fails. */
bool scene_knows(struct scene *scene, const yaml_node_t *map, const char *known);
/* The observation of that name; NULL after failing. */
struct seen *scene_find(struct scene *scene, const yaml_node_t *node);
/* What identity put off to another turn is done now. */
void scene_settle(struct scene *scene);
/* [type, value] or [type, value, assurance, region]. */
bool scene_key(struct scene *scene, const yaml_node_t *node, bool with_assurance, Fr__Key *key);

/* expect.c: one checkpoint; every line of it must hold now. */
bool scene_expect(struct scene *scene, const yaml_node_t *step);

#endif
