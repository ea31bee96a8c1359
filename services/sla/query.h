/* query.h - what the answers of sla share. */
#ifndef FR_SLA_QUERY_H
#define FR_SLA_QUERY_H

#include "services/sla/tables.h"

#define SLA_ITEM_MAX 1000 /* of one answer */

json_t *sla_json_id(uint64_t id);       /* null for 0 */
json_t *sla_json_time(int64_t unix_us); /* likewise */
json_t *sla_json_span(int64_t us);
json_t *sla_json_text(const char *text);                   /* null for NULL and "" */
size_t sla_limit_arg(const json_t *args);                  /* "limit", at most SLA_ITEM_MAX */
uint64_t sla_id_arg(const json_t *args, const char *name); /* 0: absent or no id */
/* "2h" or what was parsed by fil: a text; 0: absent or none. */
struct fr_span sla_span_arg(const json_t *args, const char *name);
/* Every field of a target. */
json_t *sla_target_json(const struct sla_target *target);
const char *sla_state_text(const struct sla_target *target);
const char *sla_place_text(const struct fr_query_turn *turn, uint64_t conversation_id);

json_t *sla_answer_explain(const struct fr_query_turn *turn, const json_t *args,
                           const char **error); /* query_explain.c */
json_t *sla_answer_promises(const struct fr_query_turn *turn, const json_t *args,
                            const char **error); /* query_promise.c */
json_t *sla_answer_promise(const struct fr_query_turn *turn, const json_t *args,
                           const char **error);

#endif
