/* summary.h - a record in one line: the few fields that tell the story.  Pure. */
#ifndef FR_FIL_SUMMARY_H
#define FR_FIL_SUMMARY_H

#include "common/journal/journal.h"

#define FIL_SUMMARY_SIZE 400

/* "agent=ann queue=all reason=\"free and preferred\"" into text[FIL_SUMMARY_SIZE]; returns text. */
char *fil_record_summary(const struct fr_record_head *head, char *text);

#endif
