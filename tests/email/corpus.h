/* corpus.h - what the parts of filrouge-email-corpus share: facts that were expected, and found. */
#ifndef FR_CORPUS_H
#define FR_CORPUS_H

#include <jansson.h>
#include <stdbool.h>
#include "common/base/arena.h"
#include "common/base/slice.h"
#include "proto/email_parsed.pb-c.h"

struct corpus_tally { /* of one kind of fact */
    const char *kind;
    unsigned applicable, right;
    json_t *misses; /* array of "file: expected ..., found ..." */
};

struct corpus {
    const char *dir;
    bool in_process, verbose;
    struct email_child *child;
    struct fr_arena *arena;
    struct corpus_tally tallies[48];
    unsigned tally_count;
    unsigned true_bounces, false_bounces, missed_bounces;       /* of bounces and complaints */
    unsigned true_automatic, false_automatic, missed_automatic; /* of automatic answers */
    unsigned refused;
    size_t resident_peak;
};

/* Count one fact. `what` and the two texts are for the list of misses (shortened there). */
void corpus_judge(struct corpus *corpus, const char *kind, bool right, const char *file,
                  const char *expected, const char *found);

/* The mail at DIR/folder/file, parsed; NULL: it was refused (that is reported).  Valid until the
 * next call. */
const Fr__EmailParsed *corpus_parse(struct corpus *corpus, const char *folder, const char *file);

/* The bytes of DIR/path; free() them. NULL: not there. */
char *corpus_read(const struct corpus *corpus, const char *path, size_t *size);

/* One call for each line of DIR/name; false: there is no such file. */
bool corpus_lines(struct corpus *corpus, const char *name,
                  void (*each)(struct corpus *corpus, json_t *line));

/* The kinds, each in its file. */
void corpus_headers(struct corpus *corpus);
void corpus_zammad(struct corpus *corpus);
void corpus_bounces(struct corpus *corpus);
void corpus_lists(struct corpus *corpus);
void corpus_threads(struct corpus *corpus);
void corpus_replies(struct corpus *corpus);
void corpus_signatures(struct corpus *corpus);

/* Folded as the expectations are; borrowed from the arena. */
const char *corpus_fold(struct corpus *corpus, const char *text);
const char *corpus_text(json_t *line, const char *key); /* "" when absent */

#endif
