/* query_private.h - what the query*.c share. */
#ifndef FR_ROUTING_QUERY_PRIVATE_H
#define FR_ROUTING_QUERY_PRIVATE_H

#include "services/routing/explain.h"

#define ITEM_MAX 1000      /* of one answer */
#define EXAMINED_MAX 20000 /* rows looked at for one answer: read transactions stay short */

json_t *routing_id_json(uint64_t id);
json_t *routing_time_json(int64_t unix_us); /* null for 0 */
const char *routing_text_arg(const json_t *args, const char *name);
enum fr_error routing_task_arg(const struct fr_query_turn *turn, const json_t *args,
                               struct routing_task *task, const char **error);
json_t *routing_task_json(const struct fr_query_turn *turn, const struct routing_task *task);

typedef json_t *routing_answer_fn(const struct fr_query_turn *turn, const json_t *args,
                                  const char **error);
routing_answer_fn routing_answer_explain; /* query_explain.c */
routing_answer_fn routing_answer_check;   /* query_check.c */
routing_answer_fn routing_answer_sites;   /* query_site.c */

#endif
