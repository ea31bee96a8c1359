/* script.h - recorded conversations: what customers said, in which order.  Pure.
 *
 * Two forms of lines, one JSON object each:
 *     {"conv", "brand", "messages": [{"id", "t" (unix s), "from", "in" (true: from the customer),
 * "re", "text"}]}
 *     {"id", "t", "from", "text", ...}       a single message of a customer
 * What the brand said in the recording is left out: our agents answer.
 */
#ifndef FR_FIL_SCRIPT_H
#define FR_FIL_SCRIPT_H

#include <stdio.h>
#include "common/base/error.h"

#define FIL_SAID_TEXT_MAX 16384 /* bytes that the contact form takes */

struct fil_said {    /* one message of one customer */
    char *id;        /* its own, made safe to be a key */
    char *text;      /* without control characters */
    double t;        /* unix seconds */
    size_t customer; /* index in names */
};
struct fil_script {
    struct fil_said *items; /* by time; those of the same second as they stand in the file */
    size_t count, room;
    char **names; /* of customers */
    size_t customer_count, customer_room;
    size_t line_count, skipped; /* lines; messages without text */
};

/* FR_OK; FR_INVALID with "line 12: ..." in error.  At most `limit` messages are kept (0: all), the
 * earliest ones. */
enum fr_error fil_script_read(FILE *in, size_t limit, struct fil_script *script, char *error,
                              size_t error_size);
void fil_script_free(struct fil_script *script);

#endif
