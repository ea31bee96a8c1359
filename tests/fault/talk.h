/* talk.h - asking a service over its control socket, as `fil` does. */
#ifndef FR_FAULT_TALK_H
#define FR_FAULT_TALK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Any bytes, in `part_count` equal parts; the answer (new reference), or NULL when none came within
 * wait_ms. */
json_t *talk_bytes(const char *run, const char *name, const void *bytes, size_t size,
                   int part_count, int wait_ms);
/* One JSON text made like printf; tried again until the service is there. */
json_t *talk(const char *run, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "error" of an answer, "" when it has none; the reference is dropped. */
bool talk_failed_with(json_t *answer, const char *error);

#endif
