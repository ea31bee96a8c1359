/* query.h - what the files of the queries share. */
#ifndef FR_IDENTITY_QUERY_H
#define FR_IDENTITY_QUERY_H

#include "services/identity/group.h"
#include "services/identity/key.h"

typedef json_t *identity_answer_fn(const struct fr_query_turn *turn, const json_t *args,
                                   const char **error);

identity_answer_fn identity_answer_explain, identity_answer_suggestions, identity_answer_shared,
    identity_answer_conflicts, identity_answer_export; /* query_list.c, query_person.c */

/* ids are strings in JSON */
json_t *identity_json_id(uint64_t id);
/* 0 when it is missing or no id. */
uint64_t identity_id_argument(const json_t *args, const char *name);
/* What a page may hold: "limit", 50 when it is not said. */
size_t identity_limit_argument(const json_t *args);
/* A row's own message as JSON, with more members put beside. */
json_t *identity_row_json(const struct identity_row *row);
/* The customer's name in any of his origins, or NULL. */
const char *identity_any_name(const struct fr_query_turn *turn, const struct identity_group *group);
/* One customer with everything: keys, origins, suggestions, conflicts.  At most `rows` of each. */
json_t *identity_person_json(const struct fr_query_turn *turn, uint64_t asked, size_t rows,
                             const char **error);

#endif
