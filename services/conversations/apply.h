/* apply.h - what the files of apply share. */
#ifndef FR_CONVERSATIONS_APPLY_H
#define FR_CONVERSATIONS_APPLY_H

#include "services/conversations/tables.h"

/* A conversation as it stands: copied out, to be changed and put back. */
enum fr_error conversations_load(struct fr_tables *tables, uint64_t conversation,
                                 conversations_matter *matter);
/* A customer at one brand; an empty row when nothing is known of him. */
enum fr_error conversations_load_customer(struct fr_tables *tables, uint64_t customer,
                                          const char *brand, conversations_customer *row);
/* The union of two lists of ids, ascending (ids grow with age), without `left_out`. */
enum fr_error conversations_join_ids(struct fr_arena *arena, uint64_t **list, size_t *count,
                                     const uint64_t *more, size_t more_count, uint64_t left_out);
void conversations_set_id(protobuf_c_boolean *has, uint64_t *field, uint64_t value);
void conversations_set_us(protobuf_c_boolean *has, int64_t *field, int64_t value);

enum fr_error conversations_count_up(struct fr_tables *tables, size_t field);
#define COUNT(tables, field)                                                                       \
    conversations_count_up(tables, offsetof(struct conversations_totals, field))

#endif
