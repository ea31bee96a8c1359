/* suggest.c - edit distance with transpositions (Damerau, CACM 7(3), 1964; computed row by row). */
#include "common/config/suggest.h"

#include <stdint.h>
#include <string.h>

#define WORD_SIZE_MAX 64 /* longer words are no slips of known ones */

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b. */
static size_t
distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][WORD_SIZE_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_size; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *recycled = before;

        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(last[j], row[j - 1]) + 1;
            row[j] = least(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = recycled;
    }
    return last[b_size];
}

void
config_suggest(struct config_suggestion *suggestion, const char *candidate)
{
    size_t word_size = strlen(suggestion->word), candidate_size = strlen(candidate);
    size_t allowed = word_size < 6 ? 1 : word_size / 3, found;

    if (word_size > WORD_SIZE_MAX || candidate_size > WORD_SIZE_MAX)
        return;
    found = distance(suggestion->word, word_size, candidate, candidate_size);
    if (found > allowed || found >= candidate_size)
        return;
    if (suggestion->best == NULL || found < suggestion->distance) {
        suggestion->best = candidate;
        suggestion->distance = found;
    }
}
