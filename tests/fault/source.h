/* source.h - the journal `source`, written and served by the test itself: any bytes, any copy. */
#ifndef FR_FAULT_SOURCE_H
#define FR_FAULT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/* Opens the journal in `dir` and serves it on <run>/source.sock; NULL with a line on stderr. */
struct source *source_open(const char *dir, const char *run);
void source_close(struct source **source);
/* A BenchMessage with that number. */
void source_add(struct source *source, uint64_t number);
/* A record of that kind which does not decode. */
void source_add_broken(struct source *source);
/* Serves whoever asks, for so long. */
void source_serve(struct source *source, int wait_ms);

#endif
