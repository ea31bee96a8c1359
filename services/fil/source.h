/* source.h - the records of any journal, for looking only.
 *
 *     files:  <state>/<journal>/journal, whether the service runs or not; its writer is not
 * disturbed wire:   a link to the running service, as a reader that it does not register, when the
 * files are not on this machine or not ours to read
 */
#ifndef FR_FIL_SOURCE_H
#define FR_FIL_SOURCE_H

#include "services/fil/install.h"

struct fil_source;

/* NULL with a sentence in complaint[complaint_size].  The position is before the first record that
 * is kept. */
struct fil_source *fil_source_open(struct fil *fil, const char *journal, char *complaint,
                                   size_t complaint_size);
void fil_source_free(struct fil_source **source);

const char *fil_source_journal(const struct fil_source *source);
uint64_t fil_source_first(const struct fil_source *source); /* the first record's seq */
uint64_t fil_source_end(const struct fil_source *source);   /* the last one's, when last looked */

/* The next record, borrowed until the next call.  FR_END: nothing more within `wait`. FR_TRUNCATED,
 * FR_CORRUPT, FR_IO. */
enum fr_error fil_source_next(struct fil_source *source, struct fr_span wait,
                              const struct fr_record_head **record);
/* The next one to come is the first with a number above `seq`. */
enum fr_error fil_source_seek(struct fil_source *source, uint64_t seq);
/* ... the first one written at `time_us` or later. */
enum fr_error fil_source_seek_time(struct fil_source *source, int64_t time_us);
/* One record by its number, borrowed until the next call.  Moves the position. */
enum fr_error fil_source_get(struct fil_source *source, uint64_t seq,
                             const struct fr_record_head **record);

/* A record as JSON: head, and its body unpacked (or in base64, when this build does not know the
 * kind). */
json_t *fil_record_json(const char *journal, const struct fr_record_head *head);
/* Its body alone; NULL when it does not decode. */
json_t *fil_body_json(const struct fr_record_head *head);

#endif
