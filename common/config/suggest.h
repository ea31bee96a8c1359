/* suggest.h - which known word did somebody mean who wrote an unknown one? */
#ifndef FR_CONFIG_SUGGEST_H
#define FR_CONFIG_SUGGEST_H

#include <stddef.h>

/* A candidate is only offered when it is this near: one slip in three characters, at least one. */
struct config_suggestion {
    const char *word; /* what was written */
    const char *best; /* borrowed from the candidates; NULL: none is near */
    size_t distance;  /* of best */
};

/* Start with {.word = word}, call once for each candidate, read best. */
void config_suggest(struct config_suggestion *suggestion, const char *candidate);

#endif
