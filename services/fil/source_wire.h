/* source_wire.h - a journal read over a link; private to source.c. */
#ifndef FR_FIL_SOURCE_WIRE_H
#define FR_FIL_SOURCE_WIRE_H

#include "services/fil/source.h"

struct fil_remote;

struct fil_remote *fil_remote_open(struct fil *fil, const char *journal, char *complaint,
                                   size_t complaint_size);
void fil_remote_free(struct fil_remote **remote);
uint64_t fil_remote_first(const struct fil_remote *remote);
uint64_t fil_remote_at(const struct fil_remote *remote); /* the one given last */
uint64_t fil_remote_end(const struct fil_remote *remote);
enum fr_error fil_remote_next(struct fil_remote *remote, struct fr_span wait,
                              const struct fr_record_head **record);
/* From the first record that is kept, once more. */
enum fr_error fil_remote_rewind(struct fil_remote *remote);

#endif
